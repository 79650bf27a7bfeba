/*
 * sink - a host that takes all mail and keeps nothing, told by lines on standard input what to be.
 *
 *     sink PORT
 *
 * Listens on 127.0.0.1. Offers what a large host does: PIPELINING, SIZE, 8BITMIME, SMTPUTF8, DSN, CHUNKING. One
 * poll loop. Begins with `down`. Each command has one line of answer on standard output:
 *
 *     up         listen, take everything                         ok
 *     refuse     listen, answer 450 to every recipient           ok
 *     down       close all connections and the port              ok
 *     single     from now on one message per connection (LIMITS  ok
 *                of RFC 9422), and the moment of each RCPT in
 *                microseconds of the monotonic clock is told:    rcpt USEC
 *     count      messages and connections so far                 MESSAGES CONNECTIONS
 *     until N    .. as soon as it is N messages                  MESSAGES CONNECTIONS
 *
 * It ends with its input.
 */
/* system */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

#define LINKS_MAX 1000
#define IN_MAX    (256U * 1024)
#define OUT_MAX   (64U * 1024)
#define PIECE     (64U * 1024)
#define END_LEN   5 /* CRLF.CRLF */

enum state { COMMAND, DATA, CHUNK };

struct link {
	int fd; /* -1: closed */
	enum state state;
	struct buf in;
	struct buf out;
	uint64_t chunk_left;
	bool is_last_chunk;
	bool has_rcpt;
	bool is_ending; /* QUIT was said */
};

struct sink {
	uint16_t port;
	int listener; /* -1: down */
	bool is_refusing, is_single;
	uint64_t messages, connections, until; /* until 0: nobody waits */
	struct buf commands;
	struct link *links;
	uint32_t n_links;
	struct pollfd *polls; /* standard input, the listener, the links */
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "sink: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- what it is told ---------------------------------------------------------------------------------------- */

static void
tell_count(const struct sink *s)
{
	printf("%llu %llu\n", (unsigned long long)s->messages, (unsigned long long)s->connections);
}

static void
hear_until(struct sink *s)
{
	if (s->until == 0 || s->messages < s->until)
		return;
	s->until = 0;
	tell_count(s);
}

static void
go_up(struct sink *s)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(s->port) };
	int on = 1;

	if (s->listener >= 0)
		return;
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0 ||
	    setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(s->listener, (struct sockaddr *)&here, sizeof here) < 0 ||
	    listen(s->listener, LINKS_MAX) < 0)
		die("cannot listen");
}

static void
hang_up(struct link *k)
{
	close(k->fd);
	k->fd = -1;
	buf_release(&k->in);
	buf_release(&k->out);
}

static void
go_down(struct sink *s)
{
	for (uint32_t i = 0; i < s->n_links; i++)
		if (s->links[i].fd >= 0)
			hang_up(&s->links[i]);
	s->n_links = 0;
	if (s->listener >= 0)
		close(s->listener);
	s->listener = -1;
}

static void
obey(struct sink *s, struct str line)
{
	struct str number = line;

	if (str_skip(&number, STR("until ")) && str_u64(&number, UINT64_MAX, &s->until)) {
		hear_until(s);
		return;
	}
	if (str_eq(line, STR("count"))) {
		tell_count(s);
		return;
	}
	if (str_eq(line, STR("down"))) {
		go_down(s);
	} else if (str_eq(line, STR("single"))) {
		s->is_single = true;
	} else {
		s->is_refusing = str_eq(line, STR("refuse"));
		go_up(s);
	}
	printf("ok\n");
}

static void
hear_commands(struct sink *s)
{
	char *room = buf_room(&s->commands, 256);
	ssize_t n = room ? read(STDIN_FILENO, room, 256) : -1;
	struct str rest, line;

	if (n <= 0)
		exit(0);
	buf_grow(&s->commands, (size_t)n);
	rest = buf_str(&s->commands);
	while (str_take_until(&rest, '\n', &line))
		obey(s, line);
	buf_consume(&s->commands, s->commands.n - rest.n);
}

/* --- SMTP ----------------------------------------------------------------------------------------------------- */

static void
say(struct link *k, const char *reply)
{
	buf_add_c(&k->out, reply);
	buf_add_c(&k->out, "\r\n");
}

static void
take_message(struct sink *s, struct link *k)
{
	s->messages++;
	k->has_rcpt = false;
	k->state = COMMAND;
	say(k, "250 2.0.0 taken");
}

static void
hear_hello(const struct sink *s, struct link *k)
{
	say(k, "250-sink.test");
	if (s->is_single)
		say(k, "250-LIMITS MAILMAX=1");
	say(k,
	    "250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250 CHUNKING");
}

static void
hear_rcpt(const struct sink *s, struct link *k)
{
	if (s->is_single)
		printf("rcpt %lld\n", (long long)clock_precise_us());
	k->has_rcpt |= !s->is_refusing;
	say(k, s->is_refusing ? "450 4.2.1 later" : "250 2.1.5 ok");
}

static void
hear_bdat(struct link *k, struct str rest)
{
	if (!str_u64(&rest, UINT64_MAX, &k->chunk_left))
		die("BDAT without a number");
	k->is_last_chunk = !str_empty(str_trim(rest));
	k->state = CHUNK;
}

/* False: what follows is not ours to read as commands. */
static bool
hear_command(struct sink *s, struct link *k, struct str line)
{
	struct str rest = line;

	if (str_starts_nocase(line, STR("EHLO"))) {
		hear_hello(s, k);
	} else if (str_starts_nocase(line, STR("RCPT"))) {
		hear_rcpt(s, k);
	} else if (str_skip_nocase(&rest, STR("BDAT "))) {
		hear_bdat(k, rest);
		return false;
	} else if (str_starts_nocase(line, STR("DATA"))) {
		say(k, k->has_rcpt ? "354 go on" : "554 5.5.1 nobody to take it");
		k->state = k->has_rcpt ? DATA : COMMAND;
		return !k->has_rcpt;
	} else if (str_starts_nocase(line, STR("QUIT"))) {
		say(k, "221 2.0.0 bye");
		k->is_ending = true;
	} else { /* HELO, MAIL, RSET, NOOP */
		k->has_rcpt = false;
		say(k, "250 2.0.0 ok");
	}
	return true;
}

/* Each takes what it can from the front of k->in; false: there has to be more. */
static bool
read_commands(struct sink *s, struct link *k)
{
	struct str rest = buf_str(&k->in), line;
	size_t all = rest.n;
	bool goes_on = true;

	while (goes_on && !k->is_ending && str_take_until(&rest, '\n', &line))
		goes_on = hear_command(s, k, line);
	/* The CRLF of DATA stays: the content may begin with its end. */
	buf_consume(&k->in, all - rest.n - (k->state == DATA ? 2 : 0));
	return !goes_on;
}

static bool
read_data(struct sink *s, struct link *k)
{
	size_t end = str_find(buf_str(&k->in), STR("\r\n.\r\n"));

	if (end == STR_NONE) {
		if (k->in.n >= END_LEN)
			buf_consume(&k->in, k->in.n - (END_LEN - 1));
		return false;
	}
	buf_consume(&k->in, end + END_LEN);
	take_message(s, k);
	return true;
}

static bool
read_chunk(struct sink *s, struct link *k)
{
	size_t n = k->chunk_left < k->in.n ? (size_t)k->chunk_left : k->in.n;

	buf_consume(&k->in, n);
	k->chunk_left -= n;
	if (k->chunk_left > 0)
		return false;
	k->state = COMMAND;
	if (!k->has_rcpt)
		say(k, "554 5.5.1 nobody to take it");
	else if (k->is_last_chunk)
		take_message(s, k);
	else
		say(k, "250 2.0.0 go on");
	return true;
}

static bool
read_more(struct sink *s, struct link *k)
{
	switch (k->state) {
	case COMMAND: return read_commands(s, k);
	case DATA: return read_data(s, k);
	case CHUNK: return read_chunk(s, k);
	}
	return false;
}

/* --- the loop ------------------------------------------------------------------------------------------------- */

static void
move_bytes(struct sink *s, struct link *k)
{
	char *room = buf_room(&k->in, PIECE);
	ssize_t n = room ? read(k->fd, room, PIECE) : -1;

	if (n > 0) {
		buf_grow(&k->in, (size_t)n);
		while (read_more(s, k))
			;
	} else if (n == 0 || errno != EAGAIN) {
		hang_up(k);
		return;
	}
	while (k->out.n > 0) { /* replies are short: the kernel has room for them */
		n = send(k->fd, buf_str(&k->out).p, k->out.n, MSG_NOSIGNAL);
		if (n <= 0) {
			hang_up(k);
			return;
		}
		buf_consume(&k->out, (size_t)n);
	}
	if (k->is_ending)
		hang_up(k);
}

static void
accept_link(struct sink *s)
{
	struct link *k;
	int fd;

	if (s->n_links == LINKS_MAX)
		return;
	fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	k = &s->links[s->n_links++];
	*k = (struct link){ .fd = fd };
	buf_init(&k->in, IN_MAX);
	buf_init(&k->out, OUT_MAX);
	s->connections++;
	buf_add_c(&k->out, "220 sink.test ESMTP\r\n");
	move_bytes(s, k);
}

/* Closed ones make room. */
static void
close_ranks(struct sink *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_links; i++)
		if (s->links[i].fd >= 0)
			s->links[n++] = s->links[i];
	s->n_links = n;
}

static void
serve(struct sink *s)
{
	uint32_t n = s->n_links;

	s->polls[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	s->polls[1] = (struct pollfd){ .fd = s->listener, .events = POLLIN };
	for (uint32_t i = 0; i < n; i++)
		s->polls[i + 2] = (struct pollfd){ .fd = s->links[i].fd, .events = POLLIN };
	if (poll(s->polls, n + 2, -1) < 0)
		die("poll");
	for (uint32_t i = 0; i < n; i++)
		if (s->polls[i + 2].revents != 0)
			move_bytes(s, &s->links[i]);
	if (s->polls[1].revents != 0)
		accept_link(s);
	hear_until(s);
	if (s->polls[0].revents != 0)
		hear_commands(s);
	close_ranks(s);
}

int
main(int argc, char **argv)
{
	struct sink s = { .listener = -1 };
	struct str port = argc == 2 ? str_c(argv[1]) : STR("");
	uint32_t number;

	if (!str_u32(&port, UINT16_MAX, &number) || port.n > 0) {
		fprintf(stderr, "usage: sink PORT\n");
		return 2;
	}
	s.port = (uint16_t)number;
	s.links = mem_new(LINKS_MAX, sizeof *s.links);
	s.polls = mem_new(LINKS_MAX + 2, sizeof *s.polls);
	buf_init(&s.commands, 4096);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;)
		serve(&s);
}
