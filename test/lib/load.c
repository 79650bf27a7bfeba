#include "lib/load.h"

/* system */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

#define OUT_MAX    (64U * 1024 * 1024)
#define READ_SIZE  (64U * 1024)
#define EVENTS_MAX 256
#define PATIENCE   60000 /* ms until the servers are said to be dead */
#define LINE_LEN   72

void
load_die(const struct load *l, const char *what, struct str said)
{
	fprintf(stderr, "%s: %s: %.*s\n", l->program, what, (int)(said.n < 300 ? said.n : 300),
	    said.n > 0 ? said.p : "");
	exit(1);
}

uint32_t
load_number(const struct load *l, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end != '\0' || n == 0 || n > UINT32_MAX)
		load_die(l, "not a number", str_of(text, strlen(text)));
	return (uint32_t)n;
}

void
load_init(struct load *l, const char *program)
{
	*l = (struct load){ .program = program, .epoll = epoll_create1(EPOLL_CLOEXEC) };
	if (l->epoll < 0)
		load_die(l, "no epoll", STR(""));
}

void
load_release(struct load *l)
{
	for (uint32_t i = 0; i < l->count; i++) {
		struct load_link *k = l->links[i];

		close(k->fd);
		buf_release(&k->out);
		buf_release(&k->in);
		mem_free(k);
	}
	mem_free(l->links);
	close(l->epoll);
	*l = (struct load){ .epoll = -1 };
}

/* Listen for bytes, and for room when the socket is full. */
static void
watch(struct load *l, struct load_link *k, int how)
{
	struct epoll_event event = { .events = EPOLLIN | (k->is_blocked ? EPOLLOUT : 0U),
		.data.ptr = k };

	if (epoll_ctl(l->epoll, how, k->fd, &event) < 0)
		load_die(l, "epoll", STR(""));
}

struct load_link *
load_dial(struct load *l, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct load_link *k = mem_new(1, sizeof *k);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	k->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (k->fd < 0 || connect(k->fd, (struct sockaddr *)&to, sizeof to) < 0)
		load_die(l, "cannot connect", str_of(strerror(errno), strlen(strerror(errno))));
	buf_init(&k->out, OUT_MAX);
	buf_init(&k->in, OUT_MAX);
	k->number = l->count;
	l->links = mem_resize(l->links, l->count + 1, sizeof *l->links);
	l->links[l->count++] = k;
	watch(l, k, EPOLL_CTL_ADD);
	return k;
}

void
load_send(struct load *l, struct load_link *k)
{
	bool was_blocked = k->is_blocked;

	k->is_blocked = false;
	while (k->out.n > 0 && !k->is_blocked) {
		ssize_t n = send(k->fd, buf_str(&k->out).p, k->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			buf_consume(&k->out, (size_t)n);
		else if (errno == EAGAIN)
			k->is_blocked = true;
		else
			load_die(l, "cannot send", STR(""));
	}
	if (k->is_blocked != was_blocked)
		watch(l, k, EPOLL_CTL_MOD);
}

static void
receive(struct load *l, struct load_link *k, load_bytes_fn *take, void *arg)
{
	char *room = buf_room(&k->in, READ_SIZE);
	ssize_t n = room ? recv(k->fd, room, READ_SIZE, MSG_DONTWAIT) : -1;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		load_die(l, "connection lost", buf_str(&k->in));
	buf_grow(&k->in, (size_t)n);
	take(k, arg);
}

void
load_turn_bytes(struct load *l, load_bytes_fn *take, void *arg)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(l->epoll, events, EVENTS_MAX, PATIENCE);

	if (n <= 0)
		load_die(l, "no answer for a minute", STR(""));
	for (int i = 0; i < n; i++) {
		struct load_link *k = events[i].data.ptr;

		if (events[i].events & ~(unsigned)EPOLLOUT)
			receive(l, k, take, arg);
		load_send(l, k);
	}
}

struct lines {
	load_line_fn *take;
	void *arg;
};

static void
take_lines(struct load_link *k, void *arg)
{
	struct lines *lines = arg;
	const char *end;
	struct str in;

	for (in = buf_str(&k->in); in.n > 0; in = buf_str(&k->in)) {
		end = memchr(in.p, '\n', in.n);
		if (!end)
			break;
		size_t length = (size_t)(end - in.p);
		lines->take(k, str_of(in.p, length > 0 && end[-1] == '\r' ? length - 1 : length),
		    lines->arg);
		buf_consume(&k->in, length + 1);
	}
}

void
load_turn(struct load *l, load_line_fn *take, void *arg)
{
	struct lines lines = { take, arg };

	load_turn_bytes(l, take_lines, &lines);
}

void
load_login_write(struct buf *out, const char *tag, const char *user, const char *password)
{
	const char *const pieces[] = { tag, " LOGIN \"", user, "\" \"", password, "\"\r\n" };

	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
		buf_add_c(out, pieces[i]);
}

void
load_message_write(struct buf *out, const char *to, uint32_t number, size_t size)
{
	size_t start = out->n;

	buf_add_c(out,
	    "Date: Mon, 05 Jan 2026 10:20:30 +0000\r\n"
	    "From: Sender of Mail <sender@client.test>\r\nMessage-ID: <");
	buf_add_u64(out, number);
	buf_add_char(out, '.');
	buf_add_u64(out, (uint64_t)clock_precise_us());
	buf_add_c(out, "@client.test>\r\nTo: ");
	buf_add_c(out, to);
	buf_add_c(out, "\r\nSubject: Minutes of meeting ");
	buf_add_u64(out, number);
	buf_add_c(out, "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
	if (number % LOAD_RARE == 1)
		buf_add_c(out, "Somebody had brought a xylophone.\r\n");
	while (out->n - start + LINE_LEN < size)
		buf_add_c(out,
		    "Of those who came to the meeting nobody could say why it was held, so\r\n");
	buf_add_c(out, "they left.\r\n");
}
