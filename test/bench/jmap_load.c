/*
 * jmap_load - many JMAP clients at once, each with one request under way on a connection that stays.
 *
 *     jmap_load PORT PATH CLIENTS PASSWORD
 *
 * Goes to 127.0.0.1. For each line "COUNT FILE" of its input it sends COUNT requests by POST and prints
 *
 *     SECONDS COUNT MEDIAN P99 WORST BYTES
 *
 * times in milliseconds, bytes of an answer in the mean. The file has a request on each line, "USER JSON"; the
 * clients take one after the other, and from the beginning again. An answer that is no 200, or one with an error in it,
 * ends the program.
 */
/* system */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "lib/load.h"
#include "lib/samples.h"

#define FILE_MAX (256U * 1024 * 1024)
#define HEAD_MAX 4096

struct clients {
	struct load load;
	const char *path, *password;
	struct buf file;  /* requests */
	struct str ahead; /* of it: those that come next */
	int64_t *sent_us; /* of each client */
	uint32_t left, busy;
	uint64_t bytes;
	struct samples samples;
};

/* --- requests -------------------------------------------------------------------------------------- */

static void
load_file(struct clients *c, const char *path)
{
	FILE *f = fopen(path, "r");
	char piece[65536];
	size_t n;

	if (!f) {
		load_die(&c->load, "cannot open", str_c(path));
		return;
	}
	buf_clear(&c->file);
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_add(&c->file, str_of(piece, n));
	fclose(f);
	c->ahead = buf_str(&c->file);
}

static struct str
next_line(struct clients *c)
{
	struct str line;
	size_t n;

	if (str_empty(c->ahead))
		c->ahead = buf_str(&c->file);
	n = str_find_char(c->ahead, '\n');
	if (n == STR_NONE)
		load_die(&c->load, "no line of requests", c->ahead);
	line = str_head(c->ahead, n);
	c->ahead = str_from(c->ahead, n + 1);
	return line;
}

static void
add_authorization(struct clients *c, struct buf *out, struct str user)
{
	struct buf plain;

	buf_init(&plain, HEAD_MAX);
	buf_add(&plain, user);
	buf_add_char(&plain, ':');
	buf_add_c(&plain, c->password);
	buf_add_c(out, "Authorization: Basic ");
	base64_write(out, buf_str(&plain));
	buf_add_c(out, "\r\n");
	buf_release(&plain);
}

static void
next_request(struct clients *c, struct load_link *k)
{
	struct str line = next_line(c);
	size_t blank = str_find_char(line, ' ');
	struct buf *out = &k->out;

	if (blank == STR_NONE)
		load_die(&c->load, "no USER JSON", line);
	buf_add_c(out, "POST ");
	buf_add_c(out, c->path);
	buf_add_c(out, " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n");
	add_authorization(c, out, str_head(line, blank));
	buf_add_c(out, "Content-Length: ");
	buf_add_u64(out, line.n - blank - 1);
	buf_add_c(out, "\r\n\r\n");
	buf_add(out, str_from(line, blank + 1));
	c->sent_us[k->number] = clock_precise_us();
	c->left--;
}

/* --- answers --------------------------------------------------------------------------------------- */

/* The answer's body has come, counted or in chunks (RFC 9112 7.1): how many bytes of `in` it takes. */
static bool
is_complete(struct clients *c, struct str head, struct str in, size_t *n_out)
{
	size_t at = str_find_nocase(head, STR("\r\ncontent-length:"));

	if (at != STR_NONE) {
		*n_out = strtoul(str_from(head, at + 17).p, NULL, 10);
		return in.n >= *n_out;
	}
	if (str_find_nocase(head, STR("\r\ntransfer-encoding: chunked")) == STR_NONE)
		load_die(&c->load, "an answer without end", head);
	for (*n_out = 0;;) {
		struct str rest = str_from(in, *n_out);
		size_t line = str_find(rest, STR("\r\n"));
		size_t size = line != STR_NONE ? strtoul(rest.p, NULL, 16) : 0;

		if (line == STR_NONE || rest.n < line + 2 + size + 2)
			return false;
		*n_out += line + 2 + size + 2;
		if (size == 0)
			return true;
	}
}

static void
look_at(struct clients *c, struct str head, struct str body)
{
	static const struct str wrong[] = { STR_INIT("[\"error\""), STR_INIT("\"notUpdated\":{\""),
		STR_INIT("\"notFound\":[\"") };

	if (!str_starts(head, STR("HTTP/1.1 200")))
		load_die(&c->load, "refused", head);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (str_find(body, wrong[i]) != STR_NONE)
			load_die(&c->load, "an error", str_from(body, str_find(body, wrong[i])));
}

/* A server that sends an answer in two pieces without TCP_NODELAY is not to wait 40 ms for our ACK of the first. */
static void
acknowledge_at_once(const struct load_link *k)
{
	int on = 1;

	(void)setsockopt(k->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void
take(struct load_link *k, void *arg)
{
	struct clients *c = arg;
	struct str in = buf_str(&k->in);
	size_t blank = str_find(in, STR("\r\n\r\n")), n;

	acknowledge_at_once(k);
	if (blank == STR_NONE || !is_complete(c, str_head(in, blank), str_from(in, blank + 4), &n))
		return;
	samples_add(&c->samples, clock_precise_us() - c->sent_us[k->number]);
	look_at(c, str_head(in, blank), str_slice(in, blank + 4, n));
	c->bytes += n;
	buf_consume(&k->in, blank + 4 + n);
	if (c->left > 0)
		next_request(c, k);
	else
		c->busy--;
}

/* --- the course of it ------------------------------------------------------------------------------ */

static void
run(struct clients *c, uint32_t count)
{
	int64_t began_us = clock_precise_us();

	c->left = count;
	c->bytes = 0;
	for (uint32_t i = 0; i < c->load.count && c->left > 0; i++) {
		c->busy++;
		next_request(c, c->load.links[i]);
		load_send(&c->load, c->load.links[i]);
	}
	while (c->busy > 0)
		load_turn_bytes(&c->load, take, c);
	printf("%.6f", (double)(clock_precise_us() - began_us) / 1e6);
	samples_print(&c->samples);
	printf("\t%llu\n", (unsigned long long)(count > 0 ? c->bytes / count : 0));
	fflush(stdout);
	samples_release(&c->samples);
}

int
main(int argc, char **argv)
{
	struct clients c = { .busy = 0 };
	uint32_t count;
	char line[1000];

	load_init(&c.load, "jmap_load");
	if (argc != 5)
		load_die(&c.load, "usage", STR("jmap_load PORT PATH CLIENTS PASSWORD"));
	c.path = argv[2];
	c.password = argv[4];
	count = load_number(&c.load, argv[3]);
	buf_init(&c.file, FILE_MAX);
	c.sent_us = mem_new(count, sizeof *c.sent_us);
	for (uint32_t i = 0; i < count; i++)
		load_dial(&c.load, (uint16_t)load_number(&c.load, argv[1]));
	while (fgets(line, sizeof line, stdin) != NULL) {
		char *blank = strchr(line, ' ');

		line[strcspn(line, "\n")] = '\0';
		if (!blank)
			break; /* no COUNT FILE */
		*blank = '\0';
		load_file(&c, blank + 1);
		run(&c, load_number(&c.load, line));
	}
	load_release(&c.load);
	buf_release(&c.file);
	mem_free(c.sent_us);
	return 0;
}
