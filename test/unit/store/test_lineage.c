/*
 * D5 where a copy takes the store's place: when an epoch begins, when none does, and that no failing call and no
 * crash hides a copy or makes one of what is none.
 */
#include "store/lineage.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "store/inner.h"
#include "sys/sys.h"

#define NOW_S  1700000000
#define DAY_S  INT64_C(86400)
#define NOW_MS (INT64_C(1000) * NOW_S)

static char paths[4][300]; /* the store, its mark, the owner's mark, a copy */

enum { STORE, MARK, MOVED, COPY };

static void
begin(const char *name)
{
	static const char *const ends[] = { "", ".lineage", ".moved", ".copy" };
	char redo[300];

	TEST_ROW(name);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		snprintf(paths[i], sizeof paths[i], "%s/one.db%s", test_folder(), ends[i]);
		unlink(paths[i]);
	}
	snprintf(redo, sizeof redo, "%s/one.db-redo", test_folder());
	unlink(redo);
	clock_fake(1, NOW_MS);
}

/* Open and close it; the epoch. A server has a loop. */
static uint64_t
start(bool is_server)
{
	struct store *s = NULL;
	struct loop loop;
	uint64_t epoch = UINT64_MAX;

	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	if (store_open(&s, is_server ? &loop : NULL, str_c(paths[STORE]), NULL) == FAIL_NONE)
		epoch = store_epoch(s);
	store_close(&s);
	loop_release(&loop);
	return epoch;
}

static void
make_copy(void)
{
	struct store *s = NULL;

	unlink(paths[COPY]);
	CHECK_NUM(store_open(&s, NULL, str_c(paths[STORE]), NULL), FAIL_NONE);
	CHECK_NUM(store_backup(s, str_c(paths[COPY])), FAIL_NONE);
	store_close(&s);
}

static void
put_copy(void)
{
	CHECK_NUM(rename(paths[COPY], paths[STORE]), 0);
}

/* The same file gets the copy's bytes. */
static void
overwrite(void)
{
	static char bytes[1 << 20];
	int from = open(paths[COPY], O_RDONLY), to = open(paths[STORE], O_WRONLY | O_TRUNC);
	ssize_t n = read(from, bytes, sizeof bytes);

	CHECK(n > 0 && n < (ssize_t)sizeof bytes && write(to, bytes, (size_t)n) == n);
	close(from);
	close(to);
}

static bool
is_there(int path)
{
	return access(paths[path], F_OK) == 0;
}

static enum fail
put_something(struct txn *t, void *arg)
{
	(void)arg;
	return txn_put(t, STR("key"), STR("value"));
}

/* --- what is no copy ------------------------------------------------------------------------------------------ */

/* As a program wrote it that knew no beats. */
static void
forget_beat(void)
{
	struct store *s = NULL;

	CHECK_NUM(store_open(&s, NULL, str_c(paths[STORE]), NULL), FAIL_NONE);
	CHECK_NUM(s->ops->begin(s->engine, true), FAIL_NONE);
	CHECK_NUM(s->ops->del(s->engine, STR("\x01lineage")), FAIL_NONE);
	CHECK_NUM(s->ops->commit(s->engine, &(bool){ false }), FAIL_NONE);
	store_close(&s);
}

static void
test_same(void)
{
	begin("the first start, and those after it");
	CHECK_NUM(start(true), 0);
	CHECK(is_there(MARK));
	for (int i = 0; i < 3; i++) {
		CHECK_NUM(start(true), 0);
		CHECK_NUM(start(false), 0);
	}

	begin("a store of the time before there were marks");
	CHECK_NUM(start(false), 0);
	forget_beat();
	unlink(paths[MARK]);
	CHECK_NUM(start(true), 0);
	CHECK_NUM(start(true), 0);

	TEST_ROW("such a store is put back");
	forget_beat();
	CHECK_NUM(start(true), NOW_S);

	begin("a store in memory");
	{
		struct store *s = NULL;

		CHECK_NUM(store_open(&s, NULL, STR(":memory:"), NULL), FAIL_NONE);
		CHECK_NUM(store_epoch(s), 0);
		store_close(&s);
	}
}

static void
test_moved(void)
{
	begin("the owner says that it was moved");
	CHECK_NUM(start(true), 0);
	make_copy();
	put_copy();
	CHECK_NUM(rename(paths[MARK], paths[MOVED]), 0);
	CHECK_NUM(start(false), 0);
	CHECK(is_there(MARK) && !is_there(MOVED));
	CHECK_NUM(start(true), 0);

	TEST_ROW("another mark is in its place");
	make_copy();
	CHECK_NUM(rename(paths[MARK], paths[MOVED]), 0);
	CHECK_NUM(symlink("nowhere", paths[MARK]), 0); /* as good as none */
	put_copy();
	CHECK_NUM(start(true), 0);

	TEST_ROW("it was moved, and is another one");
	make_copy();
	CHECK_NUM(start(true), 0);
	CHECK_NUM(rename(paths[MARK], paths[MOVED]), 0);
	put_copy();
	CHECK_NUM(start(true), NOW_S);
	CHECK_NUM(start(true), NOW_S);
}

/* --- copies --------------------------------------------------------------------------------------------------- */

static void
test_copies(void)
{
	begin("a copy in its place");
	CHECK_NUM(start(true), 0);
	make_copy();
	put_copy();
	CHECK_NUM(start(false), NOW_S);
	CHECK_NUM(start(true), NOW_S);

	TEST_ROW("once more, in the same second");
	make_copy();
	put_copy();
	CHECK_NUM(start(true), NOW_S + DAY_S);

	TEST_ROW("the clock stands still");
	make_copy();
	put_copy();
	clock_fake(1, 5000);
	CHECK_NUM(start(true), 5 + (NOW_S / DAY_S + 3) * DAY_S);
	CHECK_NUM(start(true), 5 + (NOW_S / DAY_S + 3) * DAY_S);

	TEST_ROW("the same copy twice: neither has the other's epoch");
	make_copy();
	put_copy();
	make_copy();
	clock_fake(1, NOW_MS + 100000);
	put_copy();
	CHECK_NUM(start(true), NOW_S + 100 + 5 * DAY_S);

	begin("an older one, written into the same file");
	CHECK_NUM(start(true), 0);
	make_copy();
	CHECK_NUM(start(true), 0);
	overwrite();
	CHECK_NUM(start(true), NOW_S);

	begin("the same copy again, in the same second, and with the clock set back");
	CHECK_NUM(start(true), 0);
	make_copy();
	CHECK_NUM(start(true), 0);
	overwrite();
	CHECK_NUM(start(true), NOW_S);
	CHECK_NUM(start(true), NOW_S);
	overwrite();
	CHECK_NUM(start(true), NOW_S + DAY_S);
	overwrite();
	clock_fake(1, NOW_MS - 5000);
	CHECK_NUM(start(true), NOW_S - 5 + 3 * DAY_S);
	overwrite();
	clock_fake(1, NOW_MS + 1000 * 30 * DAY_S);
	CHECK_NUM(start(true), NOW_S + 30 * DAY_S);

	begin("another host: the mark is not there");
	CHECK_NUM(start(true), 0);
	unlink(paths[MARK]);
	CHECK_NUM(start(false), NOW_S);
	CHECK_NUM(start(true), NOW_S);

	begin("a new store beside the mark of one that is lost");
	CHECK_NUM(start(true), 0);
	unlink(paths[STORE]);
	CHECK_NUM(start(true), NOW_S);
	CHECK_NUM(start(true), NOW_S);

	begin("a mark that cannot be read is not taken for none");
	CHECK_NUM(start(true), 0);
	unlink(paths[MARK]);
	CHECK_NUM(mkdir(paths[MARK], 0700), 0);
	CHECK_NUM(start(true), UINT64_MAX);
	CHECK_NUM(rmdir(paths[MARK]), 0);
}

static void
test_hour(void)
{
	struct store *s = NULL;
	struct loop loop;
	uint64_t beat;
	int64_t now_ms = 1;

	begin("an hour with mail");
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	CHECK_NUM(store_open(&s, &loop, str_c(paths[STORE]), NULL), FAIL_NONE);
	beat = s->lineage.mark.beat;
	for (int hour = 0; hour < 3; hour++) {
		CHECK(store_probe(s));
		loop_turn(&loop, 0);
		now_ms += LINEAGE_RENEW_MS;
		clock_fake(now_ms, NOW_MS);
		loop_turn(&loop, 0);
		loop_turn(&loop, 0);
	}
	CHECK(s->lineage.mark.beat == beat); /* probes are no mail */
	upkeep_after_commit(s);
	clock_fake(now_ms + LINEAGE_RENEW_MS, NOW_MS);
	loop_turn(&loop, 0);
	loop_turn(&loop, 0);
	CHECK(s->lineage.mark.beat != beat);
	CHECK_NUM(loop.timer_count, 1); /* what was written for it is flushed */
	clock_fake(now_ms + LINEAGE_RENEW_MS + STORE_IDLE_MS, NOW_MS);
	loop_turn(&loop, 0);
	loop_turn(&loop, 0);
	CHECK_NUM(loop.timer_count, 0);
	store_close(&s);
	loop_release(&loop);
	CHECK_NUM(start(true), 0);
}

/* A copy is made while the server runs, mail comes, it stops, and the copy is written over the store: cp keeps the file. */
static void
test_stop(void)
{
	struct store *s = NULL;
	struct loop loop;

	begin("a copy of a moment ago, written into the same file after an orderly stop");
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	CHECK_NUM(store_open(&s, &loop, str_c(paths[STORE]), NULL), FAIL_NONE);
	CHECK_NUM(store_backup(s, str_c(paths[COPY])), FAIL_NONE);
	CHECK_NUM(store_run(s, put_something, NULL), FAIL_NONE);
	loop_turn(&loop, 0);
	store_close(&s);
	loop_release(&loop);
	overwrite();
	CHECK_NUM(start(true), NOW_S);

	begin("a stop without mail is no new beat");
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	CHECK_NUM(store_open(&s, &loop, str_c(paths[STORE]), NULL), FAIL_NONE);
	CHECK_NUM(store_backup(s, str_c(paths[COPY])), FAIL_NONE);
	store_close(&s);
	loop_release(&loop);
	overwrite();
	CHECK_NUM(start(true), 0);
}

/* --- failing calls, crashes ------------------------------------------------------------------------------------- */

/* Whatever fails in a start, once or from there on, the next one knows the store for what it is. */
static void
test_failures(bool is_copy, bool for_good)
{
	bool has_failed = true;

	for (unsigned long nth = 1; has_failed; nth++) {
		uint64_t epoch;

		begin(is_copy ? "a call fails, a copy" : "a call fails, no copy");
		CHECK_NUM(start(true), 0);
		if (is_copy) {
			make_copy();
			put_copy();
		}
		sys_fail_at(nth, EIO, for_good);
		epoch = start(true);
		has_failed = sys_has_failed();
		sys_fail_at(0, 0, false);
		CHECK(epoch == UINT64_MAX || (epoch > 0) == is_copy);
		epoch = start(true);
		CHECK(epoch != UINT64_MAX && (epoch > 0) == is_copy);
		CHECK_NUM(start(true), epoch);
	}
}

/* --- the mark's text, numbers of an epoch ------------------------------------------------------------------------ */

static void
test_mark(void)
{
	static const struct {
		const char *name, *text;
		bool is_good;
	} rows[] = {
		{ "whole", "not for backups or copies: beat 1 next 2 inode 3 made 4\n", true },
		{ "largest",
		    "not for backups or copies: beat 18446744073709551615 next 0 inode 3 made 4\n",
		    true },
		{ "of an epoch",
		    "not for backups or copies: beat 1 next 2 inode 3 made 4 epoch 5\n", true },
		{ "of no epoch", "not for backups or copies: beat 1 next 2 inode 3 made 4 epoch \n",
		    false },
		{ "too large",
		    "not for backups or copies: beat 18446744073709551616 next 0 inode 3 made 4\n",
		    false },
		{ "empty", "", false },
		{ "cut", "not for backups or copies: beat 1 next 2 inode 3 made 4", false },
		{ "more", "not for backups or copies: beat 1 next 2 inode 3 made 4\n\n", false },
		{ "with a redo log",
		    "not for backups or copies: beat 1 next 2 inode 3 made 4 redo 5 made 6\n",
		    true },
		{ "a redo log without time",
		    "not for backups or copies: beat 1 next 2 inode 3 made 4 redo 5 made 0\n",
		    true },
		{ "a redo log that is none",
		    "not for backups or copies: beat 1 next 2 inode 3 made 4 redo 0 made 6\n",
		    false },
		{ "a redo log, cut",
		    "not for backups or copies: beat 1 next 2 inode 3 made 4 redo 5\n", false },
		{ "no number", "not for backups or copies: beat x next 2 inode 3 made 4\n", false },
		{ "other words", "beat 1 next 2 inode 3 made 4\n", false },
	};
	struct lineage_mark m;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text;

		TEST_ROW(rows[i].name);
		CHECK(lineage_mark_parse(str_c(rows[i].text), &m) == rows[i].is_good);
		if (!rows[i].is_good)
			continue;
		buf_init(&text, 512);
		lineage_mark_write(&text, &m);
		CHECK_STR(buf_str(&text), str_c(rows[i].text));
		buf_release(&text);
	}
}

static void
test_numbers(void)
{
	struct store s = { .lineage.epoch = 0 };
	const uint64_t since_2020 = NOW_S - 1577836800 + 65536;

	TEST_ROW("numbers of an epoch");
	CHECK(store_epoch_above(&s, 7, 8) == 7);
	s.lineage.epoch = NOW_S;
	CHECK(store_epoch_above(&s, 7, 8) == since_2020 << 8);
	CHECK(store_epoch_above(&s, 7, 20) == since_2020 << 20);
	CHECK(store_epoch_above(&s, (since_2020 << 8) - 1, 8) == since_2020 << 8);
	CHECK(store_epoch_above(&s, since_2020 << 8, 8) == (since_2020 + 65536) << 8);
	s.lineage
	    .epoch++; /* another copy of the same: nothing that the one before gave out in its second */
	CHECK(store_epoch_above(&s, 7, 8) == (since_2020 + 1) << 8);
	CHECK(store_epoch_above(&s, (since_2020 << 8) + 99, 8) == (since_2020 + 1) << 8);
	s.lineage.epoch = 5; /* a clock without battery */
	CHECK(store_epoch_above(&s, 7, 0) == 65536);
	CHECK(store_epoch_above(&s, 65536, 0) == 2 * 65536);
	s.lineage.epoch = UINT64_MAX;
	CHECK(store_epoch_above(&s, 7, 20) == (UINT64_C(1) << 36) + 7);
	CHECK(store_epoch_above(&s, UINT64_MAX - 1, 20) == UINT64_MAX - 1);
}

int
main(void)
{
	test_same();
	test_moved();
	test_copies();
	test_hour();
	test_stop();
	for (int i = 0; i < 4; i++)
		test_failures(i & 1, i & 2);
	test_mark();
	test_numbers();
	return test_end();
}
