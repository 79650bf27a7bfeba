/*
 * [store] replicated: the log is Litestream's to fold in, whether it runs, does not run, or hangs. It is played by a
 * connection that does what it does: a read transaction that is renewed at its own passive checkpoints.
 */
#include "store/sqlite.h"

/* system */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "store/inner.h"

#define BACKSTOP_PAGES 400 /* in place of 256 MB */
#define TURN_PAGES     25  /* written in a turn, about */

static char path[300], log_path[310];
static struct loop loop;
static struct store *store;
static sqlite3 *reader;
static unsigned long_logs; /* lines that say so */
static bool says_reader;

static void
hear(struct str line, void *arg)
{
	(void)arg;
	if (memmem(line.p, line.n, "store.log.long", 14) == NULL)
		return;
	long_logs++;
	says_reader = memmem(line.p, line.n, "holds on to it", 14) != NULL;
}

static void
begin(const char *name, bool is_replicated)
{
	struct store_settings settings = store_defaults;
	struct store_options options = { .settings = &settings };

	TEST_ROW(name);
	settings.is_replicated = is_replicated;
	long_logs = 0;
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	CHECK_NUM(store_open(&store, &loop, str_c(path), &options), FAIL_NONE);
	if (is_replicated) {
		CHECK(store->engine->wal_due > 60000); /* pages of 4 KB: 256 MB */
		store->engine->wal_due = store->engine->wal_next = BACKSTOP_PAGES;
	}
}

static void
end_row(void)
{
	store_close(&store);
	loop_release(&loop);
}

static enum fail
put(struct txn *t, void *arg)
{
	static char value[1000];
	unsigned *n = arg;
	enum fail fail = FAIL_NONE;

	++*n;
	for (unsigned i = 0; i < 4 * TURN_PAGES && fail == FAIL_NONE; i++) {
		char key[20];

		snprintf(value, sizeof value, "%u", *n);
		snprintf(key, sizeof key, "k%u", i);
		fail = txn_put(t, str_c(key), str_of(value, sizeof value));
	}
	return fail;
}

static void
write_turns(unsigned turns)
{
	static unsigned n;

	for (unsigned i = 0; i < turns; i++) {
		CHECK_NUM(store_run(store, put, &n), FAIL_NONE);
		loop_turn(&loop, 0);
		loop_turn(&loop, 0);
	}
}

static long
log_pages(void)
{
	struct stat st = { .st_size = 0 };

	(void)stat(log_path, &st);
	return (long)st.st_size / 4096;
}

static void
sql(const char *text)
{
	CHECK_NUM(sqlite3_exec(reader, text, NULL, NULL, NULL), SQLITE_OK);
}

static void
read_begin(void)
{
	sql("BEGIN; SELECT count(*) FROM kv");
}

static void
test_alone(void)
{
	begin("it does not run: the log is bounded, and that is said", true);
	write_turns(4 * BACKSTOP_PAGES / TURN_PAGES);
	CHECK(log_pages() < 2 * BACKSTOP_PAGES);
	CHECK(long_logs >= 2 && long_logs <= 8 && !says_reader);
	end_row();
	CHECK(log_pages() > 0); /* left to it at the close */

	begin("it hangs: as much as can be is done, and said now and then", true);
	read_begin();
	write_turns(4 * BACKSTOP_PAGES / TURN_PAGES);
	CHECK(long_logs >= 2 && long_logs <= 12 && says_reader);
	sql("ROLLBACK");
	write_turns(2 * BACKSTOP_PAGES / TURN_PAGES);
	CHECK(!says_reader);
	end_row();
}

static void
test_beside(bool is_replicated)
{
	int pages, done, most = 0;

	begin(is_replicated ? "it runs: we keep out of its way" : "it runs, and we were not told",
	    is_replicated);
	for (unsigned round = 0; round < 40; round++) {
		read_begin();
		write_turns(4);
		sql("ROLLBACK");
		CHECK_NUM(sqlite3_wal_checkpoint_v2(reader, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages,
			      &done),
		    SQLITE_OK);
		CHECK_NUM(done, pages);
		most = pages > most ? pages : most;
	}
	CHECK(most < BACKSTOP_PAGES);
	CHECK_NUM(long_logs, 0);
	end_row();
}

int
main(void)
{
	snprintf(path, sizeof path, "%s/log.db", test_folder());
	snprintf(log_path, sizeof log_path, "%s-wal", path);
	log_capture(hear, NULL);
	begin("made", false);
	write_turns(1);
	CHECK_NUM(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	end_row();
	test_alone();
	test_beside(true);
	test_beside(false);
	sqlite3_close(reader);
	return test_end();
}
