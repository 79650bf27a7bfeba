/*
 * What lies beside the store: its redo log, another's, an older one, none. What is in the store after the next start,
 * and whether that start takes it for a copy (lineage.h).
 */
#include "store/redo.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "store/inner.h"
#include "store/settings.h"
#include "sys/sys.h"

#define NOW_S 1700000000

enum { STORE, REDO, WAL, SHM, MARK, MOVED, FILES };

static const char *const ends[FILES] = { "", "-redo", "-wal", "-shm", ".lineage", ".moved" };

static char folder[200];
static bool is_replicated;

static const char *
path_of(int file)
{
	static char path[300];

	snprintf(path, sizeof path, "%s/one.db%s", folder, ends[file]);
	return path;
}

static const char *
copy_of(int file)
{
	static char path[300];

	snprintf(path, sizeof path, "%s/copy%s", folder, ends[file]);
	return path;
}

static void
begin(const char *name)
{
	TEST_ROW(name);
	is_replicated = false;
	for (int i = 0; i < FILES; i++) {
		unlink(path_of(i));
		unlink(copy_of(i));
	}
	clock_fake(1, INT64_C(1000) * NOW_S);
}

static bool
is_there(int file)
{
	return access(path_of(file), F_OK) == 0;
}

static void
copy(const char *from, const char *to)
{
	static char bytes[1 << 20];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = read(in, bytes, sizeof bytes);

	invariant(n >= 0 && n < (ssize_t)sizeof bytes && write(out, bytes, (size_t)n) == n);
	close(in);
	close(out);
}

/* Aside, for later; back, as a new file. */
static void
keep(int file)
{
	static char from[300];

	snprintf(from, sizeof from, "%s", path_of(file));
	copy(from, copy_of(file));
}

static void
put_back(int file)
{
	char part[300];

	snprintf(part, sizeof part, "%s/part", folder);
	copy(copy_of(file), part);
	CHECK_NUM(rename(part, path_of(file)), 0);
}

/* --- turns, starts ------------------------------------------------------------------------------------------------ */

static enum fail
put_one(struct txn *t, void *arg)
{
	return txn_put(t, str_c(arg), STR("here"));
}

static struct store *
open_store(struct loop *loop)
{
	struct store_settings settings = store_defaults;
	struct store_options options = { .settings = &settings };
	struct store *s = NULL;

	settings.is_replicated = is_replicated;
	return store_open(&s, loop, str_c(path_of(STORE)), &options) == FAIL_NONE ? s : NULL;
}

/* A server is killed after these turns, one letter each. */
static void
die_after(const char *turns)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct store *s = open_store(NULL);

		for (size_t i = 0; s != NULL && turns[i] != '\0'; i++) {
			char key[] = { turns[i], '\0' };

			if (store_run(s, put_one, key) != FAIL_NONE || store_commit(s) != FAIL_NONE)
				_exit(2);
		}
		_exit(s == NULL);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static enum fail
read_all(struct txn *t, void *arg)
{
	struct buf *out = arg;
	struct cursor c;
	struct str key, value;

	txn_scan(t, &c, STR("a"), STR("z"), false);
	while (cursor_next(&c, &key, &value))
		buf_add(out, key);
	return cursor_end(&c);
}

/* A start of the server and its end; the epoch. It must have the turns `want`. */
static uint64_t
start(const char *want)
{
	struct loop loop;
	struct store *s;
	struct buf got;
	uint64_t epoch = UINT64_MAX;

	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	s = open_store(&loop);
	if (s != NULL) {
		buf_init(&got, 100);
		epoch = store_epoch(s);
		CHECK_NUM(store_read(s, read_all, &got), FAIL_NONE);
		CHECK_STR(buf_str(&got), str_c(want));
		buf_release(&got);
	}
	store_close(&s);
	loop_release(&loop);
	return epoch;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

/* ab are flushed, cd in the redo log alone. */
static void
set_up(const char *name)
{
	begin(name);
	die_after("ab");
	CHECK_NUM(start("ab"), 0);
	die_after("cd");
}

static void
test_own(void)
{
	set_up("killed");
	CHECK_NUM(start("abcd"), 0);
	CHECK_NUM(start("abcd"), 0);

	set_up("killed again and again, the redo log is that of one generation each");
	for (int i = 0; i < 3; i++)
		die_after("e");
	CHECK_NUM(start("abcde"), 0);
}

static void
test_none(void)
{
	set_up("the redo log is gone with its turns");
	unlink(path_of(REDO));
	CHECK_NUM(start("ab"), NOW_S);
	CHECK_NUM(start("ab"), NOW_S);

	set_up("it is gone after a clean stop: nobody can tell");
	CHECK_NUM(start("abcd"), 0);
	unlink(path_of(REDO));
	CHECK_NUM(start("abcd"), NOW_S);
	CHECK_NUM(start("abcd"), NOW_S);

	begin("a mark from before there were redo logs");
	CHECK_NUM(start(""), 0);
	{
		struct lineage_mark m;

		CHECK_NUM(lineage_mark_load(path_of(MARK), &m), FAIL_NONE);
		CHECK(m.redo.inode != 0);
		m.redo = (struct birth){ 0 };
		CHECK_NUM(lineage_mark_save(path_of(MARK), &m), FAIL_NONE);
		CHECK_NUM(start(""), 0);
		CHECK_NUM(lineage_mark_load(path_of(MARK), &m), FAIL_NONE);
		CHECK(m.redo.inode != 0);
	}
}

static void
test_mixed(void)
{
	set_up("an older copy of the redo log, of the same generation");
	keep(REDO);
	die_after("");  /* flushed at the open */
	die_after("e"); /* and e in the next generation */
	put_back(REDO);
	CHECK_NUM(start("abcd"), NOW_S);

	set_up("an older copy of the store beside a redo log of later");
	keep(STORE);
	CHECK_NUM(start("abcd"), 0);
	die_after("e");
	unlink(path_of(WAL));
	put_back(STORE);
	CHECK_NUM(start("ab"), NOW_S);

	set_up("a copy of the store since its last flush: the redo log is its own");
	keep(STORE);
	put_back(STORE);
	CHECK_NUM(start("abcd"), NOW_S);
	CHECK_NUM(start("abcd"), NOW_S);

	set_up("all copied, the turns of later are missing");
	keep(STORE);
	keep(REDO);
	die_after("e");
	unlink(path_of(WAL));
	put_back(STORE);
	put_back(REDO);
	CHECK_NUM(start("abcd"), NOW_S);

	set_up("the redo log of a copy that went on elsewhere, beside this one that went on here");
	CHECK_NUM(start("abcd"), 0);
	keep(STORE);
	die_after("x");
	keep(REDO); /* of the copy, say: both have the generation */
	CHECK_NUM(start("abcdx"), 0);
	put_back(REDO);
	CHECK_NUM(start("abcdx"), NOW_S); /* one turn alone here ended the generation */
}

static void
test_moved(void)
{
	for (int is_with_redo = 0; is_with_redo < 2; is_with_redo++) {
		set_up(is_with_redo ? "moved with its redo log" : "moved without one");
		CHECK_NUM(start("abcd"), 0);
		keep(STORE);
		keep(REDO);
		unlink(path_of(REDO));
		put_back(STORE);
		if (is_with_redo)
			put_back(REDO);
		copy(path_of(MARK), copy_of(MARK));
		CHECK_NUM(unlink(path_of(MARK)), 0);
		CHECK_NUM(rename(copy_of(MARK), path_of(MOVED)), 0);
		CHECK_NUM(start("abcd"), 0);
		CHECK_NUM(start("abcd"), 0);
	}
}

/* --- replicated --------------------------------------------------------------------------------------------------- */

static void
test_replicated(void)
{
	set_up("from now on replicated");
	keep(REDO);
	is_replicated = true;
	CHECK_NUM(start("abcd"), 0);
	CHECK(!is_there(REDO));
	CHECK_NUM(start("abcd"), 0);
	die_after("e");
	CHECK(!is_there(REDO));

	TEST_ROW("an older redo log is put beside it: it has no generation any more");
	put_back(REDO);
	CHECK_NUM(start("abcde"), 0);

	TEST_ROW("and not replicated again");
	put_back(REDO);
	is_replicated = false;
	die_after("f");
	CHECK(is_there(REDO));
	CHECK_NUM(start("abcdef"), 0);
	CHECK_NUM(start("abcdef"), 0);

	begin("replicated from the beginning");
	is_replicated = true;
	die_after("ab");
	CHECK(!is_there(REDO));
	CHECK_NUM(start("ab"), 0);

	set_up("the redo log is gone, and replicated now");
	unlink(path_of(REDO));
	is_replicated = true;
	CHECK_NUM(start("ab"), NOW_S);
	CHECK_NUM(start("ab"), NOW_S);
}

/* --- failing calls ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	bool is_gone; /* the redo log, with its turns */
	bool is_replicated;
} fail_rows[] = {
	{ "a call fails, its own redo log", false, false },
	{ "a call fails, no redo log", true, false },
	{ "a call fails, its own redo log, from now on replicated", false, true },
	{ "a call fails, no redo log, from now on replicated", true, true },
};

/* Whatever fails in a start, once or from there on, the next one has all, and knows the store for what it is. */
static void
test_failures(size_t row, bool for_good)
{
	bool has_failed = true;
	unsigned long nth = 1;

	for (; has_failed; nth++) {
		const char *want = fail_rows[row].is_gone ? "ab" : "abcd";
		uint64_t epoch;

		set_up(fail_rows[row].name);
		is_replicated = fail_rows[row].is_replicated;
		if (fail_rows[row].is_gone)
			unlink(path_of(REDO));
		sys_fail_at(nth, EIO, for_good);
		{
			struct loop loop;
			struct store *s;

			CHECK_NUM(loop_init(&loop), FAIL_NONE);
			s = open_store(&loop);
			store_close(&s);
			has_failed = sys_has_failed();
			sys_fail_at(0, 0, false);
			loop_release(&loop);
		}
		epoch = start(want);
		CHECK(epoch != UINT64_MAX && (epoch > 0) == fail_rows[row].is_gone);
		CHECK_NUM(start(want), epoch);
	}
	CHECK(nth > 20);
}

static void
swallow(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

int
main(void)
{
	log_capture(swallow, NULL);
	snprintf(folder, sizeof folder, "%s", test_folder());
	test_own();
	test_none();
	test_mixed();
	test_moved();
	test_replicated();
	for (size_t i = 0; i < 2 * ARRAY_LEN(fail_rows); i++)
		test_failures(i / 2, i % 2);
	return test_end();
}
