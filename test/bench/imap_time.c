/*
 * imap_time - one IMAP connection that says how long each command took.
 *
 *     imap_time PORT USER PASSWORD <commands
 *
 * Goes to 127.0.0.1, logs in, then takes commands from its input, a line each, without tags. For each
 * it prints the seconds from sending it to its tagged reply, and the bytes of the answer. Besides
 *
 *     @append COUNT WINDOW SIZE MAILBOX
 *
 * which appends COUNT messages with WINDOW of them under way (LITERAL+, RFC 7888).
 */
/* system */
#include <arpa/inet.h>
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

#define OUT_MAX   (256U * 1024 * 1024)
#define READ_SIZE (256U * 1024)
#define TAG_LEN   8 /* "t000001 " */

struct link {
	int fd;
	uint32_t sent, answered; /* tags */
	uint64_t bytes;
	struct buf out;
	char *in;
	size_t n;
};

static _Noreturn void
die(const char *what, const char *said, size_t n)
{
	fprintf(stderr, "imap_time: %s: %.*s\n", what, (int)(n < 300 ? n : 300), said);
	exit(1);
}

static void
dial(struct link *k, unsigned long port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	k->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (k->fd < 0 || connect(k->fd, (struct sockaddr *)&to, sizeof to) < 0)
		die("cannot connect", "", 0);
	buf_init(&k->out, OUT_MAX);
	k->in = mem_new(1, READ_SIZE + 1);
}

static void
add_tag(struct link *k)
{
	buf_add_char(&k->out, 't');
	buf_add_u64_padded(&k->out, ++k->sent, TAG_LEN - 2);
	buf_add_char(&k->out, ' ');
}

static void
flush(struct link *k)
{
	while (k->out.n > 0) {
		ssize_t n = send(k->fd, buf_str(&k->out).p, k->out.n, MSG_NOSIGNAL);
		if (n <= 0)
			die("cannot send", "", 0);
		buf_consume(&k->out, (size_t)n);
	}
}

/* Counts tagged replies in what is held; what may be the beginning of one stays for the next time. */
static void
look_for_tags(struct link *k)
{
	char *at = k->in;
	char *end = k->in + k->n;
	char tag[TAG_LEN + 4];

	snprintf(tag, sizeof tag, "t%06u ", k->answered + 1);
	while (
	    k->answered < k->sent && (at = memmem(at, (size_t)(end - at), tag, TAG_LEN)) != NULL) {
		bool is_line = at == k->in || at[-1] == '\n';
		if (end - at < TAG_LEN + 3 || memchr(at, '\n', (size_t)(end - at)) == NULL)
			break;
		if (is_line && memcmp(at + TAG_LEN, "OK ", 3) != 0)
			die("refused", at, (size_t)(end - at));
		at += TAG_LEN;
		if (is_line)
			snprintf(tag, sizeof tag, "t%06u ", ++k->answered + 1);
	}
	size_t keep = k->n < 1024 ? k->n : 1024;
	if (k->answered == k->sent)
		keep = 0;
	memmove(k->in, end - keep, keep);
	k->n = keep;
}

static void
wait_answers(struct link *k)
{
	flush(k);
	while (k->answered < k->sent) {
		ssize_t n = read(k->fd, k->in + k->n, READ_SIZE - k->n);
		if (n <= 0)
			die("connection lost", k->in, k->n);
		k->n += (size_t)n;
		k->bytes += (uint64_t)n;
		look_for_tags(k);
	}
}

static void
add_append(struct link *k, const char *mailbox, size_t size, uint32_t number)
{
	static struct buf message;

	if (message.max == 0)
		buf_init(&message, OUT_MAX);
	buf_clear(&message);
	load_message_write(&message, "taker@example.test", number, size);
	add_tag(k);
	buf_add_c(&k->out, "APPEND ");
	buf_add_c(&k->out, mailbox);
	buf_add_c(&k->out, " {");
	buf_add_u64(&k->out, message.n);
	buf_add_c(&k->out, "+}\r\n");
	buf_add(&k->out, buf_str(&message));
	buf_add_c(&k->out, "\r\n");
}

static void
append_many(struct link *k, const char *arguments)
{
	unsigned count = 0, window = 0, size = 0;
	char mailbox[65] = "";

	if (sscanf(arguments, "%u %u %u %64s", &count, &window, &size, mailbox) != 4)
		die("wrong @append", arguments, strlen(arguments));
	for (unsigned i = 0; i < count; i++) {
		add_append(k, mailbox, size, i);
		if ((i + 1) % window == 0 || i + 1 == count)
			wait_answers(k);
	}
}

static void
perform(struct link *k, const char *command)
{
	int64_t start = clock_precise_us();

	k->bytes = 0;
	if (strncmp(command, "@append ", 8) == 0) {
		append_many(k, command + 8);
	} else {
		add_tag(k);
		buf_add_c(&k->out, command);
		buf_add_c(&k->out, "\r\n");
		wait_answers(k);
	}
	printf("%.6f %llu\n", (double)(clock_precise_us() - start) / 1e6,
	    (unsigned long long)k->bytes);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct link k = { .fd = -1 };
	char line[1000];

	if (argc != 4)
		die("usage", "imap_time PORT USER PASSWORD", 28);
	dial(&k, strtoul(argv[1], NULL, 10));
	load_login_write(&k.out, "t000001", argv[2], argv[3]);
	k.sent = 1;
	wait_answers(&k);
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		perform(&k, line);
	}
	close(k.fd);
	mem_free(k.in);
	buf_release(&k.out);
	return 0;
}
