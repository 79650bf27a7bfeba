#include "lib/dialogue.h"

/* system */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/fake_blobs.h"
#include "lib/fake_directory.h"
#include "lib/fake_dns.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "net/private.h"
#include "sys/sys.h"

#define TURNS_MAX   20000
#define FILE_MAX    200000 /* bytes of a dialogue */
#define WALL_OFFSET 800000000000

struct dialogue dialogue;

static const struct dialogue_room *room;
static const char *const way_names[DIALOGUE_WAY_COUNT] = { "whole", "byte by byte", "held" };

/* --- the stage ----------------------------------------------------------------------------------- */

static bool
is_alive(const struct conn *c)
{
	struct list *conns = &dialogue.net.conns;

	for (struct list_node *n = list_first(conns); n; n = list_next(conns, n))
		if (container_of(n, struct conn, node) == c)
			return true;
	return false;
}

void
dialogue_collect(void)
{
	for (size_t i = 1; i <= DIALOGUE_PEERS_MAX; i++) {
		struct dialogue_peer *p = &dialogue.peers[i];

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

void
dialogue_settle(void)
{
	unsigned idle = 0;

	for (unsigned i = 0; i < TURNS_MAX && idle < 3; i++) {
		loop_turn(&dialogue.loop, 0);
		idle = list_empty(&dialogue.loop.tasks.ready) ? idle + 1 : 0;
		if (fake_directory_release())
			idle = 0;
		if (fake_dns_release())
			idle = 0;
		dialogue_collect();
	}
}

static void
feed(struct dialogue_peer *p, struct str bytes)
{
	if (dialogue.way != DIALOGUE_BYTES) {
		if (p->conn)
			conn_memory_feed(p->conn, bytes);
		return;
	}
	for (size_t i = 0; i < bytes.n && p->conn; i++) {
		conn_memory_feed(p->conn, str_slice(bytes, i, 1));
		loop_turn(&dialogue.loop, 0);
		dialogue_collect();
	}
}

bool
dialogue_next_line(struct dialogue_peer *p, struct str *out)
{
	struct str seen = buf_str(&p->seen);
	size_t end = str_find(seen, STR("\r\n"));

	if (end == STR_NONE)
		return false;
	*out = str_head(seen, end);
	return true;
}

bool
dialogue_matches(struct str line, struct str want)
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
		if (dialogue_matches(str_from(line, at), want))
			return true;
	return false;
}

struct dialogue_peer *
dialogue_peer(size_t number)
{
	struct dialogue_peer *p = &dialogue.peers[number];
	struct service *service = dialogue.listener->service;

	invariant(number > 0 && number <= DIALOGUE_PEERS_MAX);
	if (p->conn || p->seen.max > 0)
		return p;
	buf_init(&p->seen, 64 * 1024 * 1024);
	p->conn = conn_memory(&dialogue.net, dialogue.listener, dialogue.from);
	service->accept(service, dialogue.listener, p->conn);
	dialogue_settle();
	if (!dialogue.is_bare && room->greet)
		room->greet(p);
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
	CHECK(account_open(dialogue.mail, STR(DIALOGUE_ACCOUNT), NULL, &account) == FAIL_NONE);
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
	fake_blobs_far(false);
	CHECK(email_add_bytes(account, &new, &added) == FAIL_NONE);
	fake_blobs_far(true);
	account_close(&account);
	buf_release(&text);
	dialogue_settle();
}

static void
set_clock(int64_t now_ms)
{
	dialogue.now_ms = now_ms;
	clock_fake(now_ms, WALL_OFFSET + now_ms);
}

void
dialogue_later(int64_t ms)
{
	set_clock(dialogue.now_ms + ms);
}

void
dialogue_open(const struct dialogue_room *r, enum dialogue_way way)
{
	char store[300], blobs[300], search[300];

	room = r;
	dialogue.way = way;
	dialogue.is_bare = false;
	dialogue.from = STR("127.0.0.1");
	dialogue.stores++;
	fake_directory_hold(way == DIALOGUE_HELD);
	fake_dns_hold(way == DIALOGUE_HELD);
	clock_fake_step(way == DIALOGUE_HELD ? LOOP_SLICE_US - 100 : 0);
	snprintf(store, sizeof(store), "%s/%u.db", test_folder(), dialogue.stores);
	snprintf(blobs, sizeof(blobs), "%s/%u", test_folder(), dialogue.stores);
	snprintf(search, sizeof(search), "%s/%u.index", test_folder(), dialogue.stores);
	set_clock(1000);
	CHECK(loop_init(&dialogue.loop) == FAIL_NONE);
	CHECK(store_open(&dialogue.store, &dialogue.loop, str_c(store), NULL) == FAIL_NONE);
	CHECK(
	    blob_open(&dialogue.blobs, &dialogue.loop, dialogue.store, str_c(blobs)) == FAIL_NONE);
	CHECK(
	    mail_open(&dialogue.mail, &dialogue.loop, dialogue.store, dialogue.blobs) == FAIL_NONE);
	CHECK(blob_recover(dialogue.blobs) == FAIL_NONE);
	if (way == DIALOGUE_HELD)
		fake_blobs_begin(dialogue.blobs, &dialogue.loop, 2);
	search_open(&dialogue.search, &dialogue.loop, str_c(search), &mail_source, dialogue.mail);
	mail_use_search(dialogue.mail, dialogue.search);
	net_init(&dialogue.net, &dialogue.loop, &net_settings_default);
	room->open();
}

void
dialogue_close(void)
{
	for (size_t i = 1; i <= DIALOGUE_PEERS_MAX; i++) {
		dialogue_collect();
		if (dialogue.peers[i].conn)
			conn_memory_end(dialogue.peers[i].conn);
		dialogue_settle();
		CHECK_STR(buf_str(&dialogue.peers[i].seen), STR(""));
		buf_release(&dialogue.peers[i].seen);
		dialogue.peers[i] = (struct dialogue_peer){ 0 };
	}
	CHECK(list_empty(dialogue.sessions));
	if (room->close)
		room->close();
	sys_restore();
	net_release(&dialogue.net);
	search_close(&dialogue.search);
	mail_close(&dialogue.mail);
	fake_blobs_end();
	blob_close(&dialogue.blobs);
	store_close(&dialogue.store);
	loop_release(&dialogue.loop);
}

/* --- directives ----------------------------------------------------------------------------------- */

static int
bad_sync(int fd)
{
	(void)fd;
	errno = EIO;
	return -1;
}

static void
set_disk(struct str how)
{
	sys_fail_at(0, 0, false);
	sys_restore();
	if (str_eq(how, STR("full")))
		sys_fail_at(1, ENOSPC, true);
	else if (str_eq(how, STR("bad")))
		sys.fsync = sys.fdatasync = sys.syncfs = bad_sync;
	else
		CHECK_STR(how, STR("well"));
	log_set_level(LOG_LEVEL_ERROR);
}

static void
set_far(struct str how)
{
	uint64_t after = 0, count = UINT_MAX;
	enum fail fail = FAIL_TEMP;

	if (str_empty(how)) {
		fake_blobs_begin(dialogue.blobs, &dialogue.loop, 0);
		return;
	}
	fake_blobs_fail(0, 0, FAIL_NONE);
	fake_blobs_hold(str_eq(how, STR("stuck")));
	if (str_skip(&how, STR("after ")))
		CHECK(str_u64(&how, 1000, &after));
	if (str_starts(how, STR("lost ")))
		fail = FAIL_MISSING;
	if (str_skip(&how, STR("fail ")) || str_skip(&how, STR("lost ")))
		CHECK(str_u64(&how, 1000, &count));
	if (after > 0 || count < UINT_MAX || str_eq(how, STR("down")))
		fake_blobs_fail((unsigned)after, (unsigned)count, fail);
	else if (!str_eq(how, STR("stuck")))
		CHECK_STR(how, STR("well"));
	dialogue_settle();
}

static void
numbered(struct str word, struct str rest)
{
	uint64_t number = 0;
	struct dialogue_peer *p;

	CHECK(str_u64(&rest, 100000000, &number));
	if (str_eq(word, STR("@wait"))) {
		dialogue_later((int64_t)number);
		dialogue_settle();
		return;
	}
	if (number == 0 || number > DIALOGUE_PEERS_MAX) {
		CHECK_STR(rest, STR("(a session)"));
		return;
	}
	p = &dialogue.peers[number];
	if (str_eq(word, STR("@closed"))) {
		CHECK(!p->conn || conn_memory_finished(p->conn));
	} else if (str_eq(word, STR("@lost"))) {
		CHECK(!p->conn);
		CHECK_STR(buf_str(&p->seen), STR(""));
	} else if (str_eq(word, STR("@hangup"))) {
		conn_memory_end(p->conn);
		dialogue_settle();
	} else if (str_eq(word, STR("@break"))) {
		conn_break(p->conn);
		dialogue_settle();
	} else {
		CHECK_STR(word, STR("(a directive)"));
	}
}

static void
directive(struct str word, struct str rest)
{
	if (str_eq(word, STR("@deliver"))) {
		deliver(rest);
	} else if (str_eq(word, STR("@reindex"))) {
		search_reindex(dialogue.search, 0);
		dialogue_settle();
	} else if (str_eq(word, STR("@bare"))) {
		dialogue.is_bare = true;
	} else if (str_eq(word, STR("@peer"))) {
		dialogue.from = rest;
	} else if (str_eq(word, STR("@disk"))) {
		set_disk(rest);
	} else if (str_eq(word, STR("@far"))) {
		set_far(rest);
	} else if (str_eq(word, STR("@stop"))) {
		room->stop();
		dialogue_settle();
	} else if (!room->directive || !room->directive(word, rest)) {
		numbered(word, rest);
	}
}

/* --- lines of a file ------------------------------------------------------------------------------ */

static void
expect(struct dialogue_peer *p, struct str want)
{
	struct str line;

	if (!dialogue_next_line(p, &line)) {
		CHECK_STR(STR("(nothing)"), want);
		return;
	}
	if (!dialogue_matches(line, want))
		CHECK_STR(line, want);
	else
		CHECK(true);
	buf_consume(&p->seen, line.n + 2);
}

/* S* any number of lines like this */
static void
expect_all(struct dialogue_peer *p, struct str want)
{
	struct str line;

	while (dialogue_next_line(p, &line) && dialogue_matches(line, want))
		buf_consume(&p->seen, line.n + 2);
}

/* Client lines up to the next line of another kind are sent together. */
static void
flush_sent(struct buf *sent, size_t number)
{
	if (sent->n == 0)
		return;
	feed(dialogue_peer(number), buf_str(sent));
	dialogue_settle();
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
			n += line.n - (line.n > 2 ? 3 : 2) + 2;
		else if (!str_starts(line, STR("S")))
			break;
	}
	return n;
}

/* C\ bytes with escapes */
static void
say_raw(struct buf *sent, struct str text)
{
	while (text.n > 0) {
		char c = text.p[0];
		uint64_t value;

		text = str_from(text, 1);
		if (c == '\\' && text.n > 0) {
			struct str digits = str_slice(text, 1, 2);

			c = text.p[0];
			text = str_from(text, 1);
			c = c == 'r' ? '\r' : c == 'n' ? '\n' : c == '0' ? '\0' : c;
			if (c == 'x' && str_hex(&digits, 255, &value)) {
				c = (char)(unsigned char)value;
				text = str_from(text, 2);
			}
		}
		buf_add_char(sent, c);
	}
}

/* A line of the client; `rest` is the file behind it. */
static void
say(struct buf *sent, struct str mark, struct str line, struct str rest)
{
	size_t at = str_find(line, STR("{="));
	uint64_t times = 1;

	char kind = mark.p[mark.n - 1];

	if (kind == '\\') {
		say_raw(sent, line);
		return;
	}
	if (kind == '*' || kind == '+') {
		CHECK(str_u64(&line, 1000000, &times) && str_skip_char(&line, ' '));
		for (; times > 1; times--) {
			buf_add(sent, line);
			buf_add_c(sent, kind == '*' ? "\r\n" : "");
		}
	}
	if (kind == '+') {
		buf_add(sent, line);
		return;
	}
	if (at != STR_NONE) {
		buf_add(sent, str_head(line, at + 1));
		buf_add_u64(sent, literal_bytes(rest));
		buf_add(sent, str_from(line, at + 2));
	} else if ((at = str_find(line, STR("(=)"))) != STR_NONE) {
		buf_add(sent, str_head(line, at));
		buf_add_u64(sent, literal_bytes(rest));
		buf_add(sent, str_from(line, at + 3));
	} else {
		buf_add(sent, line);
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
	if (mark.n == 3)
		n = (size_t)(mark.p[1] - '0');
	if (mark.p[0] == 'C') {
		if (n != *number)
			flush_sent(sent, *number);
		*number = n;
		say(sent, mark, rest, text);
		return;
	}
	CHECK(mark.p[0] == 'S');
	flush_sent(sent, *number);
	if (mark.p[mark.n - 1] == '*')
		expect_all(dialogue_peer(n), rest);
	else
		expect(dialogue_peer(n), rest);
}

static void
play_text(const struct dialogue_room *r, enum dialogue_way way, struct str text)
{
	struct buf sent;
	struct str line;
	size_t number = 1;
	char row[100];
	unsigned at = 0;

	buf_init(&sent, 1 << 20);
	dialogue_open(r, way);
	while (str_take_until(&text, '\n', &line)) {
		snprintf(row, sizeof(row), "line %u, %s", ++at, way_names[way]);
		TEST_ROW(row);
		play_line(line, text, &sent, &number);
	}
	flush_sent(&sent, number);
	buf_release(&sent);
	dialogue_close();
}

/* Valid until the next. */
static struct str
read_file(const struct dialogue_room *r, const char *file)
{
	static char text[FILE_MAX];
	char path[400];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", r->folder, file);
	f = fopen(path, "r");
	CHECK(f != NULL);
	if (!f)
		return STR("");
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return str_of(text, n);
}

static void
play_file(const struct dialogue_room *r, const char *file)
{
	struct str text = read_file(r, file);

	printf("%s/%s\n", r->folder, file);
	for (int way = 0; way < DIALOGUE_WAY_COUNT; way++)
		play_text(r, (enum dialogue_way)way, text);
}

static int
is_dialogue(const struct dirent *entry)
{
	return str_ends(str_c(entry->d_name), STR(".txt"));
}

void
dialogue_play(const struct dialogue_room *r, int count, char **files)
{
	struct dirent **entries;

	log_set_level(LOG_LEVEL_WARN);
	for (int i = 0; i < count; i++)
		play_file(r, files[i]);
	if (count > 0)
		return;
	count = scandir(r->folder, &entries, is_dialogue, alphasort);
	CHECK(count > 0);
	for (int i = 0; i < count; i++) {
		play_file(r, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static bool
has_word(struct str text, struct str word)
{
	struct str line, mark;

	while (str_take_until(&text, '\n', &line))
		if (str_take_until(&line, ' ', &mark) && str_starts(mark, STR("C")) &&
		    str_starts_nocase(line, word))
			return true;
	return false;
}

bool
dialogue_has_command(const struct dialogue_room *r, const char *word)
{
	struct dirent **entries;
	int count = scandir(r->folder, &entries, is_dialogue, alphasort);
	bool has = false;

	for (int i = 0; i < count; i++) {
		has = has || has_word(read_file(r, entries[i]->d_name), str_c(word));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return has;
}
