/*
 * deliver - send many messages by SMTP or LMTP over several connections at once.
 *
 *     deliver smtp|lmtp PORT CONNECTIONS MESSAGES SIZE RECIPIENT..
 *
 * Goes to 127.0.0.1; the recipients take turns, one for each message. MAIL, RCPT and DATA leave
 * together (RFC 2920). Prints the seconds from the first connection to the last reply.
 */
/* system */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* base */
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "lib/load.h"

#define OUT_MAX (64U * 1024 * 1024)

enum state { GREETING, HELLO, ENVELOPE, BODY, QUITTING, DONE };

struct link {
	int fd;
	enum state state;
	struct buf out;
	struct buf in;
	int replies; /* still to come before the next state */
};

struct sender {
	bool is_lmtp;
	uint16_t port;
	uint32_t started, finished, count;
	size_t size;
	char **recipients;
	int n_recipients;
	struct link *links;
	struct pollfd *polls;
	uint32_t n_links;
};

static _Noreturn void
die(const char *what, struct str said)
{
	fprintf(stderr, "deliver: %s: %.*s\n", what, (int)said.n, said.n > 0 ? said.p : "");
	exit(1);
}

static void
add(struct link *k, const char *text, const char *value, const char *end)
{
	buf_add_c(&k->out, text);
	buf_add_c(&k->out, value);
	buf_add_c(&k->out, end);
}

static void
next_message(struct sender *l, struct link *k)
{
	const char *recipient = l->recipients[l->started % (uint32_t)l->n_recipients];

	if (l->started == l->count) {
		buf_add_c(&k->out, "QUIT\r\n");
		k->state = QUITTING;
		k->replies = 1;
		return;
	}
	buf_add_c(&k->out, "MAIL FROM:<sender@client.test>\r\n");
	add(k, "RCPT TO:<", recipient, ">\r\nDATA\r\n");
	k->state = ENVELOPE;
	k->replies = 3;
	l->started++;
}

/* All replies that the state waited for are there. */
static void
advance(struct sender *l, struct link *k)
{
	switch (k->state) {
	case GREETING:
		buf_add_c(&k->out, l->is_lmtp ? "LHLO client.test\r\n" : "EHLO client.test\r\n");
		k->state = HELLO;
		k->replies = 1;
		break;
	case BODY:
		l->finished++;
		next_message(l, k);
		break;
	case HELLO: next_message(l, k); break;
	case ENVELOPE:
		load_message_write(&k->out,
		    l->recipients[(l->started - 1) % (uint32_t)l->n_recipients], l->started,
		    l->size);
		buf_add_c(&k->out, ".\r\n");
		k->state = BODY;
		k->replies = 1;
		break;
	case QUITTING:
		k->state = DONE;
		close(k->fd);
		k->fd = -1;
		break;
	case DONE: break;
	}
}

static void
read_replies(struct sender *l, struct link *k)
{
	while (k->state != DONE) {
		struct str in = buf_str(&k->in);
		const char *end = in.n > 0 ? memchr(in.p, '\n', in.n) : NULL;

		if (end == NULL)
			return;
		size_t n = (size_t)(end - in.p) + 1;
		if (n < 5 || (in.p[0] != '2' && in.p[0] != '3'))
			die("refused", str_of(in.p, n));
		bool is_last = in.p[3] != '-';
		buf_consume(&k->in, n);
		if (is_last && --k->replies == 0)
			advance(l, k);
	}
}

static void
move_bytes(struct sender *l, struct link *k, short events)
{
	if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
		char *room = buf_room(&k->in, 4096);
		ssize_t n = room ? read(k->fd, room, 4096) : -1;
		if (n == 0 || (n < 0 && errno != EAGAIN))
			die("connection lost", str_of(NULL, 0));
		if (n > 0)
			buf_grow(&k->in, (size_t)n);
		read_replies(l, k);
	}
	if (k->fd >= 0 && k->out.n > 0) {
		ssize_t n = send(k->fd, buf_str(&k->out).p, k->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			die("cannot send", str_of(NULL, 0));
		if (n > 0)
			buf_consume(&k->out, (size_t)n);
	}
}

static void
dial(struct sender *l, struct link *k)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(l->port) };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	k->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (k->fd < 0 || connect(k->fd, (struct sockaddr *)&to, sizeof to) < 0)
		die("cannot connect", str_of(NULL, 0));
	buf_init(&k->out, OUT_MAX);
	buf_init(&k->in, OUT_MAX);
	k->state = GREETING;
	k->replies = 1;
}

static void
serve_links(struct sender *l)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < l->n_links; i++) {
		struct link *k = &l->links[i];
		l->polls[i].fd = k->fd;
		l->polls[i].events = (short)(POLLIN | (k->fd >= 0 && k->out.n > 0 ? POLLOUT : 0));
	}
	if (poll(l->polls, l->n_links, 60000) <= 0)
		die("no answer for a minute", str_of(NULL, 0));
	for (uint32_t i = 0; i < l->n_links; i++) {
		if (l->links[i].fd >= 0 && l->polls[i].revents != 0)
			move_bytes(l, &l->links[i], l->polls[i].revents);
		open += l->links[i].fd >= 0;
	}
	l->n_links = open > 0 ? l->n_links : 0;
}

static unsigned long
number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end != '\0' || n == 0)
		die("not a number", str_of(text, strlen(text)));
	return n;
}

int
main(int argc, char **argv)
{
	if (argc < 7)
		die("usage", STR("deliver smtp|lmtp PORT CONNECTIONS MESSAGES SIZE RECIPIENT.."));
	struct sender l = { .is_lmtp = strcmp(argv[1], "lmtp") == 0,
		.port = (uint16_t)number(argv[2]),
		.n_links = (uint32_t)number(argv[3]),
		.count = (uint32_t)number(argv[4]),
		.size = number(argv[5]),
		.recipients = argv + 6,
		.n_recipients = argc - 6 };
	uint32_t n_links = l.n_links;

	l.links = mem_new(n_links, sizeof *l.links);
	l.polls = mem_new(n_links, sizeof *l.polls);
	int64_t start = clock_precise_us();
	for (uint32_t i = 0; i < n_links; i++)
		dial(&l, &l.links[i]);
	while (l.n_links > 0)
		serve_links(&l);
	printf("%.6f\n", (double)(clock_precise_us() - start) / 1e6);
	for (uint32_t i = 0; i < n_links; i++) {
		buf_release(&l.links[i].out);
		buf_release(&l.links[i].in);
	}
	mem_free(l.links);
	mem_free(l.polls);
	return l.finished == l.count ? 0 : 1;
}
