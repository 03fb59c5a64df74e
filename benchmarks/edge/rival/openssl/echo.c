/* A TLS 1.3 echo server on OpenSSL as tight as it allows: one thread, level-triggered epoll, buffers that are given back while a
 * connection is idle (SSL_MODE_RELEASE_BUFFERS), a read of the socket for a record instead of two (read ahead), one ticket for each
 * handshake, as crypto/tls makes, and no sessions that are kept. Arguments: groups certificate key address:port. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { max_fds = 1 << 20, buffer = 16 << 10, events = 256 };

/* What a peer has not taken; while there is some, the connection is not read. */
struct conn { SSL *ssl; char *rest; int len, at; };

static struct conn *conns; /* by descriptor; pages that nobody touches are not resident */
static int ep, listener;

static void fail(const char *what) { perror(what); ERR_print_errors_fp(stderr); exit(1); }

static void watch(int op, int fd, unsigned what) {
	struct epoll_event e = { .events = what, .data.fd = fd };
	if (epoll_ctl(ep, op, fd, &e) < 0) fail("epoll_ctl");
}

static void end(int fd) {
	struct conn *c = &conns[fd];
	SSL_free(c->ssl);
	free(c->rest);
	memset(c, 0, sizeof *c);
	close(fd);
}

/* blocked waits for what OpenSSL wants, or ends the connection when it wants nothing more. */
static void blocked(int fd, int result) {
	switch (SSL_get_error(conns[fd].ssl, result)) {
	case SSL_ERROR_WANT_READ: break;
	case SSL_ERROR_WANT_WRITE: watch(EPOLL_CTL_MOD, fd, EPOLLOUT); break;
	default: ERR_clear_error(); end(fd);
	}
}

static void keep(int fd, const char *b, int n) {
	struct conn *c = &conns[fd];
	if (!(c->rest = malloc(n))) fail("malloc");
	memcpy(c->rest, b, n);
	c->len = n, c->at = 0;
	watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

static void echo(int fd, char *b) {
	struct conn *c = &conns[fd];
	do { /* what OpenSSL has read ahead raises no event */
		int n = SSL_read(c->ssl, b, buffer), m;
		if (n <= 0) { blocked(fd, n); return; }
		if ((m = SSL_write(c->ssl, b, n)) < n) {
			if (m <= 0 && SSL_get_error(c->ssl, m) != SSL_ERROR_WANT_WRITE) { blocked(fd, m); return; }
			keep(fd, b + (m < 0 ? 0 : m), n - (m < 0 ? 0 : m));
			return;
		}
	} while (SSL_has_pending(c->ssl));
}

/* flush goes on where the socket was full; a handshake may have been in the way too. */
static void flush(int fd, char *b) {
	struct conn *c = &conns[fd];
	while (c->rest && c->at < c->len) {
		int n = SSL_write(c->ssl, c->rest + c->at, c->len - c->at);
		if (n <= 0) { blocked(fd, n); return; }
		c->at += n;
	}
	free(c->rest);
	c->rest = NULL;
	watch(EPOLL_CTL_MOD, fd, EPOLLIN);
	echo(fd, b);
}

static void take(SSL_CTX *ctx) {
	int fd, on = 1;
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (fd >= max_fds) { close(fd); continue; }
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if (!(conns[fd].ssl = SSL_new(ctx)) || !SSL_set_fd(conns[fd].ssl, fd)) fail("SSL_new");
		SSL_set_accept_state(conns[fd].ssl);
		watch(EPOLL_CTL_ADD, fd, EPOLLIN);
	}
}

static SSL_CTX *context(const char *groups, const char *cert, const char *key) {
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) || !SSL_CTX_set1_groups_list(ctx, groups)
		|| !SSL_CTX_use_certificate_chain_file(ctx, cert) || !SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM)) fail("context");
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_read_ahead(ctx, 1);
	return ctx;
}

int main(int argc, char **argv) {
	char *colon = argc == 5 ? strrchr(argv[4], ':') : NULL, *b = malloc(buffer);
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct epoll_event es[events];
	struct rlimit files;
	int on = 1;
	if (!colon || !b) { fprintf(stderr, "usage: echo groups certificate key address:port\n"); return 2; }
	*colon = 0;
	a.sin_port = htons(atoi(colon + 1));
	if (inet_pton(AF_INET, argv[4], &a.sin_addr) != 1) fail("address");
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* as Go does */
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	signal(SIGPIPE, SIG_IGN);
	SSL_CTX *ctx = context(argv[1], argv[2], argv[3]);
	if (!(conns = calloc(max_fds, sizeof *conns))) fail("calloc");
	if ((listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0) fail("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&a, sizeof a) < 0) fail("bind");
	if (listen(listener, 4096) < 0) fail("listen");
	if ((ep = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("epoll_create1");
	watch(EPOLL_CTL_ADD, listener, EPOLLIN);
	for (;;) {
		int n = epoll_wait(ep, es, events, -1);
		for (int i = 0; i < n; i++) {
			int fd = es[i].data.fd;
			if (fd == listener) take(ctx);
			else if (es[i].events & EPOLLOUT) flush(fd, b);
			else echo(fd, b);
		}
	}
}
