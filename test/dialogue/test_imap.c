/*
 * test_imap.c - play the dialogues of test/dialogue/imap against real sessions, in this process.
 *
 * Each file is played three ways: the client's bytes at once, one byte at a time, and with every
 * answer of the directory held back a turn. The replies must be the same. Lines of a file:
 *
 *     # comment            C: line the client sends      S: line the server must send next
 *     C2: S2:              of a second, third .. session; each begins when first named
 *     C| line of a literal; "{=}" or "{=+}" in the line before stands for their bytes
 *     @bare                sessions are not logged in by themselves (must be first)
 *     @deliver BOX text    a message arrives from outside
 *     @wait MS             time passes
 *     @peer ADDRESS        where sessions come from that begin after this (127.0.0.1)
 *     @stop                the server shuts down
 *     @closed N            session N was closed by the server
 *     @hangup N            its client goes away
 *
 * "..." in S: stands for anything. Everything the server sends must be named.
 */
/* system */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "blob/blob.h"
#include "directory/directory.h"
#include "imap/imap.h"
#include "mail/email.h"
#include "mail/mail.h"
#include "mail/mailbox.h"
#include "net/memory.h"
#include "net/private.h"
#include "store/store.h"

#define SESSIONS_MAX 4
#define TURNS_MAX    20000
#define FOLDER       "test/dialogue/imap"
#define ACCOUNT      "alice@example.test"

enum way { WHOLE, BYTES, HELD, WAY_COUNT };
static const char *const way_names[WAY_COUNT] = { "whole", "byte by byte", "held" };

struct peer {
	struct conn *conn; /* borrow: the session's; NULL when it is gone */
	struct buf seen;   /* sent by the server, not yet expected */
};

static struct play {
	enum way way;
	struct loop loop;
	struct net net;
	struct store *store;
	struct blob_store *blobs;
	struct mail *mail;
	struct imap_service service;
	struct imap_listener settings;
	struct listener listener;
	struct peer peers[SESSIONS_MAX + 1];
	bool is_bare;
	struct str from; /* address of the next peers */
	int64_t now_ms;
	unsigned stores;
} play;

/* --- the directory, as far as sasl.c asks ------------------------------------------------------- */

static struct directory_query *held[SESSIONS_MAX];

static void
answer(struct directory_query *q, enum fail fail)
{
	static const struct str address = STR_INIT(ACCOUNT);

	q->account = (struct directory_account){ .name = STR(ACCOUNT),
		.addresses = &address,
		.address_count = 1,
		.is_enabled = true };
	op_begin(&q->op, q->op.owner);
	if (play.way != HELD) {
		op_finish(&q->op, fail);
		return;
	}
	q->op.fail = fail;
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (!held[i]) {
			held[i] = q;
			return;
		}
}

static void
release_held(void)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct directory_query *q = held[i];

		held[i] = NULL;
		if (q)
			op_finish(&q->op, q->op.fail);
	}
}

void
directory_login_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name, struct str secret)
{
	bool is_known = str_eq(name, STR("alice")) || str_eq(name, STR(ACCOUNT));

	(void)d;
	q->op.owner = owner;
	if (str_eq(name, STR("down")))
		answer(q, FAIL_TEMP);
	else
		answer(q, is_known && str_eq(secret, STR("secret")) ? FAIL_NONE : FAIL_DENIED);
}

void
directory_scram_start(struct directory *d, struct directory_query *q, struct task *owner,
    enum hash hash, struct str name)
{
	(void)d;
	(void)name;
	q->op.owner = owner;
	scram_keys_create(&q->scram, hash, STR("secret"));
	answer(q, FAIL_NONE);
}

void
directory_account_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name)
{
	(void)d;
	(void)name;
	q->op.owner = owner;
	answer(q, FAIL_NONE);
}

void
directory_query_cancel(struct directory_query *q)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (held[i] == q)
			held[i] = NULL;
	op_drop(&q->op);
}

void
directory_query_release(struct directory_query *q)
{
	directory_query_cancel(q);
	*q = (struct directory_query){ .op = q->op };
}

/* --- the stage ----------------------------------------------------------------------------------- */

static bool
is_alive(const struct conn *c)
{
	for (struct list_node *n = list_first(&play.net.conns); n;
	     n = list_next(&play.net.conns, n))
		if (container_of(n, struct conn, node) == c)
			return true;
	return false;
}

static void
collect(void)
{
	for (size_t i = 1; i <= SESSIONS_MAX; i++) {
		struct peer *p = &play.peers[i];

		if (!p->conn)
			continue;
		if (!is_alive(p->conn)) {
			p->conn = NULL;
			continue;
		}
		buf_add(&p->seen, conn_memory_sent(p->conn));
		conn_memory_forget(p->conn);
	}
}

/* Until nobody has anything to do. */
static void
settle(void)
{
	unsigned idle = 0;

	for (unsigned i = 0; i < TURNS_MAX && idle < 3; i++) {
		loop_turn(&play.loop, 0);
		idle = list_empty(&play.loop.tasks.ready) ? idle + 1 : 0;
		release_held();
		collect();
	}
}

static void
feed(struct peer *p, struct str bytes)
{
	if (play.way != BYTES) {
		conn_memory_feed(p->conn, bytes);
		return;
	}
	for (size_t i = 0; i < bytes.n && p->conn; i++) {
		conn_memory_feed(p->conn, str_slice(bytes, i, 1));
		loop_turn(&play.loop, 0);
		collect();
	}
}

/* The next line that the server sent, without its CRLF; false when there is none. */
static bool
next_line(struct peer *p, struct str *out)
{
	struct str seen = buf_str(&p->seen);
	size_t end = str_find(seen, STR("\r\n"));

	if (end == STR_NONE)
		return false;
	*out = str_head(seen, end);
	return true;
}

static void
drop_line(struct peer *p, struct str line)
{
	buf_consume(&p->seen, line.n + 2);
}

/* "..." stands for anything. */
static bool
matches(struct str line, struct str want)
{
	size_t dots = str_find(want, STR("...")), at;
	struct str before = str_head(want, dots == STR_NONE ? want.n : dots);

	if (dots == STR_NONE)
		return str_eq(line, want);
	if (!str_starts(line, before))
		return false;
	line = str_from(line, before.n);
	want = str_from(want, dots + 3);
	for (at = 0; at <= line.n; at++)
		if (matches(str_from(line, at), want))
			return true;
	return false;
}

static struct peer *
peer(size_t number)
{
	struct peer *p = &play.peers[number];
	struct str line;

	if (p->conn || p->seen.p)
		return p;
	buf_init(&p->seen, 64 * 1024 * 1024);
	p->conn = conn_memory(&play.net, &play.listener, play.from);
	play.service.service.accept(&play.service.service, &play.listener, p->conn);
	settle();
	if (play.is_bare)
		return p;
	CHECK(next_line(p, &line) && str_starts(line, STR("* OK [CAPABILITY ")));
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, STR("login LOGIN alice secret\r\n"));
	settle();
	CHECK(next_line(p, &line) && str_starts(line, STR("login OK ")));
	buf_clear(&p->seen);
	return p;
}

static void
deliver(struct str arguments)
{
	struct account *account;
	struct email_added added;
	struct str box;
	struct buf text;
	uint32_t id;

	CHECK(str_take_until(&arguments, ' ', &box));
	CHECK(account_open(play.mail, STR(ACCOUNT), NULL, &account) == FAIL_NONE);
	id = mailbox_by_path(account, box)->id;
	buf_init(&text, 10000);
	buf_add_c(&text,
	    "From: Ann <ann@example.org>\r\nTo: Alice <alice@example.test>\r\n"
	    "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nSubject: ");
	buf_add(&text, arguments);
	buf_add_c(&text, "\r\nMessage-ID: <1@example.org>\r\n\r\nHello ");
	buf_add(&text, arguments);
	buf_add_c(&text, "\r\n");
	struct email_new new = { .bytes = buf_str(&text),
		.received_s = clock_wall_s(),
		.mailboxes = &id,
		.mailbox_count = 1 };
	CHECK(email_add_bytes(account, &new, &added) == FAIL_NONE);
	account_close(&account);
	buf_release(&text);
	settle();
}

static void
open_stage(void)
{
	char store[300], blobs[300];

	play.stores++;
	snprintf(store, sizeof(store), "%s/%u.db", test_folder(), play.stores);
	snprintf(blobs, sizeof(blobs), "%s/%u", test_folder(), play.stores);
	play.now_ms = 1000;
	clock_fake(play.now_ms, 800000000000 + play.now_ms);
	CHECK(loop_init(&play.loop) == FAIL_NONE);
	CHECK(store_open(&play.store, &play.loop, str_c(store), NULL) == FAIL_NONE);
	CHECK(blob_open(&play.blobs, &play.loop, play.store, str_c(blobs)) == FAIL_NONE);
	CHECK(mail_open(&play.mail, &play.loop, play.store, play.blobs) == FAIL_NONE);
	CHECK(blob_recover(play.blobs) == FAIL_NONE);
	net_init(&play.net, &play.loop, &net_settings_default);
	imap_service_init(&play.service);
	play.service.loop = &play.loop;
	play.service.mail = play.mail;
	play.service.settings = &imap_settings_default;
	play.settings = (struct imap_listener){ .has_plaintext_login = true };
	play.listener =
	    (struct listener){ .service = &play.service.service, .settings = &play.settings };
}

static void
close_stage(void)
{
	for (size_t i = 1; i <= SESSIONS_MAX; i++) {
		collect();
		if (play.peers[i].conn)
			conn_memory_end(play.peers[i].conn);
		settle();
		CHECK_STR(buf_str(&play.peers[i].seen), STR(""));
		buf_release(&play.peers[i].seen);
		play.peers[i] = (struct peer){ 0 };
	}
	CHECK(list_empty(&play.service.sessions));
	net_release(&play.net);
	mail_close(&play.mail);
	blob_close(&play.blobs);
	store_close(&play.store);
	loop_release(&play.loop);
}

/* --- lines of a file ------------------------------------------------------------------------------ */

static void
expect(struct peer *p, struct str want)
{
	struct str line;

	if (!next_line(p, &line)) {
		CHECK_STR(STR("(nothing)"), want);
		return;
	}
	if (!matches(line, want))
		CHECK_STR(line, want);
	else
		CHECK(true);
	drop_line(p, line);
}

static void
directive(struct str word, struct str rest)
{
	uint64_t number = 0;
	struct str digits = rest;

	if (str_eq(word, STR("@deliver"))) {
		deliver(rest);
		return;
	}
	if (str_eq(word, STR("@bare"))) {
		play.is_bare = true;
		return;
	}
	if (str_eq(word, STR("@peer"))) {
		play.from = rest;
		return;
	}
	if (str_eq(word, STR("@stop"))) {
		imap_service_stop(&play.service);
		settle();
		return;
	}
	CHECK(str_u64(&digits, 100000000, &number));
	if (str_eq(word, STR("@wait"))) {
		play.now_ms += (int64_t)number;
		clock_fake(play.now_ms, 800000000000 + play.now_ms);
		settle();
	} else if (str_eq(word, STR("@closed"))) {
		CHECK(!play.peers[number].conn || conn_memory_finished(play.peers[number].conn));
	} else if (str_eq(word, STR("@hangup"))) {
		conn_memory_end(play.peers[number].conn);
		settle();
	} else {
		CHECK_STR(word, STR("(a directive)"));
	}
}

/* Client lines up to the next line of another kind are sent together. */
static void
flush_sent(struct buf *sent, size_t number)
{
	if (sent->n == 0)
		return;
	feed(peer(number), buf_str(sent));
	settle();
	buf_clear(sent);
}

/* Bytes of the literal's lines that follow. */
static size_t
literal_bytes(struct str rest)
{
	struct str line;
	size_t n = 0;

	while (str_take_until(&rest, '\n', &line)) {
		if (str_starts(line, STR("C|")))
			n += line.n - 3 + 2;
		else if (!str_starts(line, STR("S")))
			break;
	}
	return n;
}

/* A line of the client; `rest` is the file behind it. */
static void
say(struct buf *sent, struct str line, struct str rest)
{
	size_t at = str_find(line, STR("{="));

	if (at == STR_NONE) {
		buf_add(sent, line);
	} else {
		buf_add(sent, str_head(line, at + 1));
		buf_add_u64(sent, literal_bytes(rest));
		buf_add(sent, str_from(line, at + 2));
	}
	buf_add_c(sent, "\r\n");
}

static void
play_line(struct str line, struct str text, struct buf *sent, size_t *number)
{
	struct str mark, rest = line;
	size_t n = 1;

	if (line.n == 0 || line.p[0] == '#')
		return;
	if (!str_take_until(&rest, ' ', &mark))
		mark = line, rest = STR("");
	if (mark.p[0] == '@') {
		flush_sent(sent, *number);
		directive(mark, rest);
		return;
	}
	if (mark.n == 3 && mark.p[2] == ':')
		n = (size_t)(mark.p[1] - '0');
	if (mark.p[0] == 'C') {
		if (n != *number)
			flush_sent(sent, *number);
		*number = n;
		say(sent, rest, text);
		return;
	}
	CHECK(mark.p[0] == 'S');
	flush_sent(sent, *number);
	expect(peer(n), rest);
}

static void
play_text(struct str text)
{
	struct buf sent;
	struct str line;
	size_t number = 1;
	char row[100];
	unsigned at = 0;
	const char *name = play.way == WHOLE ? "whole" : way_names[play.way];

	buf_init(&sent, 1 << 20);
	play.is_bare = false;
	play.from = STR("127.0.0.1");
	open_stage();
	while (str_take_until(&text, '\n', &line)) {
		snprintf(row, sizeof(row), "line %u, %s", ++at, name);
		TEST_ROW(row);
		play_line(line, text, &sent, &number);
	}
	flush_sent(&sent, number);
	buf_release(&sent);
	close_stage();
}

static void
play_file(const char *file)
{
	static char text[200000];
	char path[400];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), FOLDER "/%s", file);
	f = fopen(path, "r");
	CHECK(f != NULL);
	if (!f)
		return;
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	printf("%s\n", path);
	for (int way = 0; way < WAY_COUNT; way++) {
		play.way = (enum way)way;
		play_text(str_of(text, n));
	}
}

/* A big message to a peer that reads slowly: output stays at its mark, all bytes come in the end. */
static void
test_slow_reader(void)
{
	size_t big = 8 * 1024 * 1024, most = 0, got = 0;
	struct peer *p;
	struct buf text;

	TEST_ROW("slow reader");
	play.way = WHOLE;
	play.is_bare = false;
	play.from = STR("127.0.0.1");
	open_stage();
	p = peer(1);
	buf_init(&text, big + 100);
	buf_add_c(&text, "a1 APPEND INBOX {8388608+}\r\n");
	for (size_t i = 0; i < big / 16; i++)
		buf_add_c(&text, "sixteen bytes.\r\n");
	buf_add_c(&text, "\r\na2 SELECT INBOX\r\n");
	conn_memory_feed(p->conn, buf_str(&text));
	buf_release(&text);
	settle();
	buf_clear(&p->seen);
	conn_memory_accept(p->conn, 0);
	conn_memory_feed(p->conn, STR("a3 FETCH 1 (BODY.PEEK[] BINARY.PEEK[1])\r\n"));
	for (int i = 0; i < 2000 && !str_ends(buf_str(&p->seen), STR("a3 OK Fetched\r\n")); i++) {
		buf_clear(&p->seen);
		conn_memory_accept(p->conn, 20000);
		loop_turn(&play.loop, 0);
		loop_turn(&play.loop, 0);
		most = p->conn->out.n > most ? p->conn->out.n : most;
		collect();
		got += p->seen.n;
	}
	CHECK(got > 2 * big && got < 2 * big + 200);
	CHECK(most < 2 * CONN_OUT_HIGH);
	buf_clear(&p->seen);
	close_stage();
}

static int
is_dialogue(const struct dirent *entry)
{
	return str_ends(str_c(entry->d_name), STR(".txt"));
}

/* All files, or those named. */
int
main(int argc, char **argv)
{
	struct dirent **entries;
	int count;

	log_set_level(LOG_LEVEL_WARN);
	for (int i = 1; i < argc; i++)
		play_file(argv[i]);
	if (argc > 1)
		return test_end();
	count = scandir(FOLDER, &entries, is_dialogue, alphasort);
	CHECK(count > 0);
	for (int i = 0; i < count; i++) {
		play_file(entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	test_slow_reader();
	return test_end();
}
