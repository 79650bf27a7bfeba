/*
 * imap_load - many IMAP clients at once, each with one command under way.
 *
 *     imap_load append PORT CLIENTS COMMANDS SIZE PASSWORD USER..
 *     imap_load mixed  PORT CLIENTS SECONDS  SEED PASSWORD USER..
 *
 * Goes to 127.0.0.1; the users take turns. It prints "ready" when all have selected their INBOX, waits for a line of
 * input, begins, and prints for each kind of command
 *
 *     NAME COUNT MEDIAN P99 WORST
 *
 * in milliseconds, then "all" of them with the seconds it took in front. The connections stay until its input ends,
 * so that the servers' processes can be looked at. "mixed" chooses at random, the same for the same SEED, from what
 * mail programs do all day; its INBOX should have MAILBOX_COUNT messages, its mailbox Copies be there.
 */
/* system */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "lib/load.h"
#include "lib/samples.h"

#define MAILBOX_COUNT 1000
#define MIXED_BYTES   4096

enum kind {
	SELECT,
	FLAGS,
	ENVELOPES,
	BODY,
	SEARCH,
	SEARCH_TEXT,
	STORE,
	COPY,
	APPEND,
	IDLE,
	KIND_COUNT
};

static const struct {
	const char *name;
	unsigned share; /* of 100 */
} kinds[KIND_COUNT] = {
	[SELECT] = { "SELECT", 8 },
	[FLAGS] = { "FETCH flags of all", 10 },
	[ENVELOPES] = { "FETCH 50 envelopes", 15 },
	[BODY] = { "FETCH a body", 20 },
	[SEARCH] = { "SEARCH flags, date", 8 },
	[SEARCH_TEXT] = { "SEARCH TEXT", 2 },
	[STORE] = { "STORE", 15 },
	[COPY] = { "COPY", 4 },
	[APPEND] = { "APPEND", 8 },
	[IDLE] = { "IDLE", 10 },
};

struct client {
	enum kind kind;
	unsigned steps; /* before the load: login, SELECT */
	int64_t sent_us;
	bool is_busy;
};

struct clients {
	struct load load;
	bool is_mixed, is_begun;
	uint64_t random;
	uint32_t left, size, busy; /* left: of "append" */
	int64_t end_us;            /* of "mixed" */
	struct client *of;
	char **users;
	uint32_t user_count;
	const char *password;
	struct samples samples[KIND_COUNT];
};

static uint32_t
below(struct clients *c, uint32_t n)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return (uint32_t)(c->random >> 32) % n;
}

static enum kind
choose(struct clients *c)
{
	uint32_t at = below(c, 100);
	enum kind kind = 0;

	while (at >= kinds[kind].share)
		at -= kinds[kind++].share;
	return kind;
}

/* --- commands -------------------------------------------------------------------------------------- */

static void
add_range(struct buf *out, const char *command, uint32_t first, uint32_t n, const char *items)
{
	buf_add_c(out, command);
	buf_add_u64(out, first);
	buf_add_char(out, ':');
	buf_add_u64(out, first + n - 1);
	buf_add_c(out, items);
}

static void
add_append(struct clients *c, struct load_link *k)
{
	struct buf message;

	buf_init(&message, 2 * (size_t)c->size + 1000);
	load_message_write(&message, "taker@example.test", below(c, MAILBOX_COUNT) + 2, c->size);
	buf_add_c(&k->out, c->is_mixed ? "x APPEND Copies {" : "x APPEND INBOX {");
	buf_add_u64(&k->out, message.n);
	buf_add_c(&k->out, "+}\r\n");
	buf_add(&k->out, buf_str(&message));
	buf_release(&message);
}

static void
add_command(struct clients *c, struct load_link *k, enum kind kind)
{
	struct buf *out = &k->out;
	uint32_t uid = below(c, MAILBOX_COUNT) + 1;

	switch (kind) {
	case SELECT: buf_add_c(out, "x SELECT INBOX"); break;
	case FLAGS: buf_add_c(out, "x UID FETCH 1:* (UID FLAGS)"); break;
	case ENVELOPES:
		add_range(out, "x UID FETCH ", uid, 50,
		    " (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)");
		break;
	case BODY: add_range(out, "x UID FETCH ", uid, 1, " (BODY.PEEK[])"); break;
	case SEARCH: buf_add_c(out, "x UID SEARCH UNFLAGGED SINCE 1-Jan-2020"); break;
	case SEARCH_TEXT:
		buf_add_c(out, "x UID SEARCH TEXT \"meeting ");
		buf_add_u64(out, uid);
		buf_add_char(out, '"');
		break;
	case STORE:
		add_range(out, "x UID STORE ", uid, 1,
		    below(c, 2) ? " +FLAGS (\\Seen \\Flagged)" : " -FLAGS (\\Flagged)");
		break;
	case COPY: add_range(out, "x UID COPY ", uid, 1, " Copies"); break;
	case APPEND: add_append(c, k); break;
	case IDLE: buf_add_c(out, "x IDLE"); break; /* DONE follows its "+" */
	case KIND_COUNT: break;
	}
	buf_add_c(out, "\r\n");
}

static bool
is_over(const struct clients *c)
{
	return c->is_mixed ? clock_precise_us() >= c->end_us : c->left == 0;
}

static void
next_command(struct clients *c, struct load_link *k)
{
	struct client *client = &c->of[k->number];

	if (is_over(c)) {
		client->is_busy = false;
		c->busy--;
		return;
	}
	c->left -= c->is_mixed ? 0 : 1;
	client->kind = c->is_mixed ? choose(c) : APPEND;
	add_command(c, k, client->kind);
	client->sent_us = clock_precise_us();
}

/* --- answers --------------------------------------------------------------------------------------- */

/* Greeting, login, SELECT. */
static void
prepare(struct clients *c, struct load_link *k, struct str line)
{
	struct client *client = &c->of[k->number];
	bool is_greeting = client->steps == 0 && str_starts(line, STR("* OK "));

	if (str_starts(line, STR("x NO")) || str_starts(line, STR("x BAD")))
		load_die(&c->load, "refused", line);
	if (!is_greeting && !str_starts(line, STR("x OK")))
		return;
	switch (client->steps++) {
	case 0:
		load_login_write(&k->out, "x", c->users[k->number % c->user_count], c->password);
		break;
	case 1: buf_add_c(&k->out, "x SELECT INBOX\r\n"); break;
	case 2: c->busy--; break;
	}
}

static void
take(struct load_link *k, struct str line, void *arg)
{
	struct clients *c = arg;
	struct client *client = &c->of[k->number];

	if (!c->is_begun) {
		prepare(c, k, line);
	} else if (client->is_busy && str_starts(line, STR("x "))) {
		if (!str_starts(line, STR("x OK")))
			load_die(&c->load, "refused", line);
		samples_add(&c->samples[client->kind], clock_precise_us() - client->sent_us);
		next_command(c, k);
	} else if (client->kind == IDLE && str_starts(line, STR("+"))) {
		buf_add_c(&k->out, "DONE\r\n");
	}
}

/* --- the report ------------------------------------------------------------------------------------ */

static void
report(struct clients *c, int64_t began_us)
{
	struct samples all = { .count = 0 };
	double seconds = (double)(clock_precise_us() - began_us) / 1e6;

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		struct samples *s = &c->samples[kind];

		if (s->count == 0)
			continue;
		printf("%s", kinds[kind].name);
		samples_print(s);
		printf("\n");
		samples_add_all(&all, s);
		samples_release(s);
	}
	printf("%.6f\tall", seconds);
	samples_print(&all);
	printf("\n");
	samples_release(&all);
	fflush(stdout);
}

/* --- the course of it ------------------------------------------------------------------------------ */

/* False when the input has ended. */
static bool
wait_line(void)
{
	char line[100];

	return fgets(line, sizeof line, stdin) != NULL;
}

static void
run(struct clients *c, uint32_t seconds)
{
	int64_t began_us = clock_precise_us();

	c->is_begun = true;
	c->end_us = began_us + (int64_t)seconds * 1000000;
	for (uint32_t i = 0; i < c->load.count; i++) {
		c->of[i].is_busy = true;
		c->busy++;
		next_command(c, c->load.links[i]);
		load_send(&c->load, c->load.links[i]);
	}
	while (c->busy > 0)
		load_turn(&c->load, take, c);
	report(c, began_us);
}

int
main(int argc, char **argv)
{
	struct clients c = { .size = MIXED_BYTES };
	uint32_t count, amount, last;

	load_init(&c.load, "imap_load");
	if (argc < 8)
		load_die(&c.load, "usage",
		    STR("imap_load append|mixed PORT CLIENTS AMOUNT SIZE|SEED PASSWORD USER.."));
	c.is_mixed = strcmp(argv[1], "mixed") == 0;
	count = load_number(&c.load, argv[3]);
	amount = load_number(&c.load, argv[4]);
	last = load_number(&c.load, argv[5]);
	c.password = argv[6];
	c.users = argv + 7;
	c.user_count = (uint32_t)argc - 7;
	c.random = c.is_mixed ? last : 1;
	c.size = c.is_mixed ? MIXED_BYTES : last;
	c.left = c.is_mixed ? 0 : amount;
	c.of = mem_new(count, sizeof *c.of);
	c.busy = count;
	for (uint32_t i = 0; i < count; i++)
		load_dial(&c.load, (uint16_t)load_number(&c.load, argv[2]));
	while (c.busy > 0)
		load_turn(&c.load, take, &c);
	printf("ready\n");
	fflush(stdout);
	if (wait_line())
		run(&c, amount);
	while (wait_line())
		continue;
	load_release(&c.load);
	mem_free(c.of);
	return 0;
}
