// A tight loop of recvmmsg, about what the kernel costs: it blocks for the first datagram and takes what else there is. With
// "nap" it waits as leat does. With "drop" a filter lets nothing in, which shows what a sender reaches when receiving is free.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <poll.h>
#include <time.h>

#define BATCH 64
#define SIZE 2048

static volatile sig_atomic_t over;
static void end(int s) { over = s; }

static long long now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
	int nap = argc > 1 && !strcmp(argv[1], "nap"), drop = argc > 1 && !strcmp(argv[1], "drop");
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 8 << 20;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size)) return 1;
	if (bind(fd, (struct sockaddr *)&a, n) || getsockname(fd, (struct sockaddr *)&a, &n)) return 1;
	if (drop) {
		struct sock_filter f = {BPF_RET | BPF_K, 0, 0, 0};
		struct sock_fprog p = {1, &f};
		if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof p)) return 1;
	}
	struct sigaction sa = {.sa_handler = end};
	sigaction(SIGTERM, &sa, 0);
	printf("127.0.0.1:%d\n", ntohs(a.sin_port));
	fflush(stdout);

	static char buf[BATCH][SIZE];
	static struct sockaddr_in from[BATCH];
	static struct iovec iov[BATCH];
	static struct mmsghdr h[BATCH];
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){buf[i], SIZE};
		h[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &iov[i], .msg_iovlen = 1};
	}
	unsigned long long packets = 0;
	int napping = 0;
	while (!over) {
		long long began = 0;
		if (napping) {
			struct timespec t = {0, 50000};
			nanosleep(&t, 0);
		} else {
			began = now();
			struct pollfd p = {fd, POLLIN, 0};
			poll(&p, 1, -1);
		}
		int got = 0, k;
		do {
			k = recvmmsg(fd, h, BATCH, MSG_DONTWAIT, 0);
			for (int i = 0; i < k; i++) h[i].msg_hdr.msg_namelen = sizeof from[i];
			if (k > 0) got += k;
		} while (k == BATCH && !over);
		packets += got;
		napping = nap && (napping ? got >= 2 : now() - began < 50000);
	}
	printf("%llu\n", packets);
	return 0;
}
