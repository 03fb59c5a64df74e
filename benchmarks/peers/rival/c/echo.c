/* An echo server as tight as the kernel's interface allows: level-triggered epoll, one read and one send for each event, one
 * buffer for each thread, nothing kept for a connection but what its peer has not taken yet. The number of threads is
 * GOMAXPROCS, so that it is started like the servers in Go; the first accepts and deals connections out in turn. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { max_threads = 64, max_fds = 1 << 20, buffer = 64 << 10, events = 256 };

/* What a peer has not taken; while there is some, the connection is not read. */
struct rest { char *bytes; size_t len, at; };

static struct rest *rests; /* by descriptor; pages that nobody touches are not resident */
static int loops[max_threads], threads = 1, listener;

static void fail(const char *what) { perror(what); exit(1); }

static void watch(int ep, int op, int fd, unsigned what) {
	struct epoll_event e = { .events = what, .data.fd = fd };
	if (epoll_ctl(ep, op, fd, &e) < 0) fail("epoll_ctl");
}

static void end(int fd) {
	free(rests[fd].bytes);
	memset(&rests[fd], 0, sizeof rests[fd]);
	close(fd);
}

static void keep(int ep, int fd, const char *b, size_t n) {
	struct rest *r = &rests[fd];
	if (!(r->bytes = malloc(n))) fail("malloc");
	memcpy(r->bytes, b, n);
	r->len = n, r->at = 0;
	watch(ep, EPOLL_CTL_MOD, fd, EPOLLOUT);
}

static void flush(int ep, int fd) {
	struct rest *r = &rests[fd];
	ssize_t n = send(fd, r->bytes + r->at, r->len - r->at, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0) {
		if (errno != EAGAIN) end(fd);
		return;
	}
	if ((r->at += n) < r->len) return;
	free(r->bytes);
	memset(r, 0, sizeof *r);
	watch(ep, EPOLL_CTL_MOD, fd, EPOLLIN);
}

static void echo(int ep, int fd, char *b) {
	ssize_t n = recv(fd, b, buffer, MSG_DONTWAIT);
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN) end(fd);
		return;
	}
	ssize_t m = send(fd, b, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (m < 0 && errno != EAGAIN) end(fd);
	else if (m < n) keep(ep, fd, b + (m < 0 ? 0 : m), n - (m < 0 ? 0 : m));
}

static void take(void) {
	static int turn;
	int fd, on = 1;
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (fd >= max_fds) { close(fd); continue; }
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		watch(loops[turn++ % threads], EPOLL_CTL_ADD, fd, EPOLLIN);
	}
}

static _Noreturn void run(int ep) {
	char *b = malloc(buffer);
	struct epoll_event es[events];
	if (!b) fail("malloc");
	for (;;) {
		int n = epoll_wait(ep, es, events, -1);
		if (n < 0 && errno != EINTR) fail("epoll_wait");
		for (int i = 0; i < n; i++) {
			int fd = es[i].data.fd;
			if (fd == listener) take();
			else if (rests[fd].bytes) flush(ep, fd);
			else echo(ep, fd, b);
		}
	}
}

static void *start(void *loop) { run(*(int *)loop); }

int main(int argc, char **argv) {
	char *colon = argc == 2 ? strrchr(argv[1], ':') : NULL, *procs = getenv("GOMAXPROCS");
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct rlimit files;
	int on = 1;
	pthread_t t;
	if (!colon) { fprintf(stderr, "usage: echo address:port\n"); return 2; }
	*colon = 0;
	a.sin_port = htons(atoi(colon + 1));
	if (inet_pton(AF_INET, argv[1], &a.sin_addr) != 1) fail("address");
	if (procs && atoi(procs) > 0 && atoi(procs) <= max_threads) threads = atoi(procs);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* as Go does */
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (!(rests = calloc(max_fds, sizeof *rests))) fail("calloc");
	if ((listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0) fail("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&a, sizeof a) < 0) fail("bind");
	if (listen(listener, 4096) < 0) fail("listen");
	for (int i = 0; i < threads; i++)
		if ((loops[i] = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("epoll_create1");
	watch(loops[0], EPOLL_CTL_ADD, listener, EPOLLIN);
	for (int i = 1; i < threads; i++)
		if ((errno = pthread_create(&t, NULL, start, &loops[i]))) fail("pthread_create");
	run(loops[0]);
}
