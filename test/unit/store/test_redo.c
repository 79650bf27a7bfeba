/* The redo log: what is read again after every kind of end. */
#include "store/redo.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* base */
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "store/store.h"
#include "sys/sys.h"

#define GENERATION 77

static char path[256];

static struct redo *
open_log(uint64_t generation)
{
	struct redo *r = NULL;

	CHECK_NUM(redo_open(&r, path), FAIL_NONE);
	invariant(r != NULL);
	redo_restart(r, generation);
	return r;
}

/* Everything as "+k=v -k ~a:b ". */
static enum fail
tell(void *arg, enum redo_kind kind, struct str key, struct str value)
{
	struct buf *out = arg;

	buf_add_char(out, (char)kind);
	buf_add(out, key);
	if (kind != REDO_DELETE)
		buf_add_char(out, kind == REDO_PUT ? '=' : ':');
	buf_add(out, value);
	buf_add_char(out, ' ');
	return FAIL_NONE;
}

/* What a new start finds. */
static void
expect(uint64_t generation, const char *want)
{
	struct redo *r = open_log(generation);
	struct buf got;

	buf_init(&got, 4096);
	CHECK_NUM(redo_find(r), FAIL_NONE);
	CHECK_NUM(redo_replay(r, tell, &got), FAIL_NONE);
	CHECK_STR(buf_str(&got), str_c(want));
	CHECK_NUM(redo_bytes(r) > 0, *want != '\0');
	buf_release(&got);
	redo_close(&r);
}

static void
put(struct redo *r, const char *key, const char *value)
{
	redo_add(r, REDO_PUT, str_c(key), str_c(value));
}

static void
write_turn(struct redo *r, const char *key, const char *value)
{
	put(r, key, value);
	CHECK_NUM(redo_write(r), FAIL_NONE);
}

static void
damage(off_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_RDWR);

	invariant(fd >= 0 && pwrite(fd, bytes, n, at) == (ssize_t)n);
	close(fd);
}

static void
test_turns(void)
{
	struct redo *r = open_log(GENERATION);
	struct stat st;
	size_t mark;

	TEST_ROW("turns");
	CHECK_NUM(stat(path, &st), 0);
	CHECK_NUM(st.st_mode & 0777, 0600);
	CHECK(redo_is_empty(r));
	put(r, "a", "1");
	redo_add(r, REDO_DELETE, STR("b"), STR(""));
	redo_add(r, REDO_DELETE_RANGE, STR("c"), STR("d"));
	redo_add(r, REDO_DELETE_RANGE, STR(""), STR(""));
	CHECK(!redo_is_empty(r));
	CHECK_NUM(redo_write(r), FAIL_NONE);
	CHECK(redo_is_empty(r));
	expect(GENERATION, "+a=1 -b ~c:d ~: ");

	TEST_ROW("undone parts");
	put(r, "x", "1");
	mark = redo_mark(r);
	put(r, "y", "2");
	redo_undo(r, mark);
	put(r, "z", "");
	CHECK_NUM(redo_write(r), FAIL_NONE);
	put(r, "never", "written");
	redo_clear(r);
	CHECK(redo_is_empty(r));
	expect(GENERATION, "+a=1 -b ~c:d ~: +x=1 +z= ");

	TEST_ROW("an earlier generation");
	expect(GENERATION + 1, "");
	redo_restart(r, GENERATION + 1);
	write_turn(r, "new", "1");
	expect(GENERATION + 1, "+new=1 ");
	expect(GENERATION, "");
	redo_close(&r);
	redo_close(&r);
}

/* Cut and changed at every byte: a prefix of whole turns is left. */
static void
test_damage(void)
{
	struct redo *r = open_log(GENERATION);
	char whole[4096], row[40];
	size_t one, two;
	int fd;

	write_turn(r, "a", "1");
	one = (size_t)redo_bytes(r);
	write_turn(r, "b", "2");
	two = (size_t)redo_bytes(r);
	redo_close(&r);
	fd = open(path, O_RDWR);
	invariant(fd >= 0 && pread(fd, whole, two, 0) == (ssize_t)two);
	for (size_t at = 0; at < two; at++) {
		char other = (char)(whole[at] ^ 0x10);

		snprintf(row, sizeof row, "changed at %zu", at);
		TEST_ROW(row);
		damage((off_t)at, &other, 1);
		expect(GENERATION, at < one ? "" : "+a=1 ");
		damage((off_t)at, &whole[at], 1);
		snprintf(row, sizeof row, "cut at %zu", at);
		TEST_ROW(row);
		invariant(ftruncate(fd, (off_t)at) == 0);
		expect(GENERATION, at < one ? "" : "+a=1 ");
		invariant(pwrite(fd, whole, two, 0) == (ssize_t)two);
	}
	close(fd);
	TEST_ROW("whole again");
	expect(GENERATION, "+a=1 +b=2 ");
}

static void
test_failures(void)
{
	struct redo *r = open_log(GENERATION);

	TEST_ROW("what failed is written over, also by less");
	write_turn(r, "a", "1");
	for (unsigned long nth = 1; nth <= 2; nth++) { /* the write, then the sync */
		put(r, "b", "a long value that stays behind the next one");
		sys_fail_at(nth, EIO, false);
		CHECK_NUM(redo_write(r), FAIL_TEMP);
		sys_fail_at(0, 0, false);
		redo_clear(r);
	}
	write_turn(r, "c", "3");
	expect(GENERATION, "+a=1 +c=3 ");

	TEST_ROW("it cannot be read");
	sys_fail_at(1, EIO, false);
	CHECK_NUM(redo_replay(r, tell, NULL), FAIL_TEMP);
	sys_fail_at(0, 0, false);

	TEST_ROW("it cannot be opened");
	redo_close(&r);
	sys_fail_at(1, EACCES, false);
	CHECK_NUM(redo_open(&r, path), FAIL_TEMP);
	sys_fail_at(0, 0, false);
	CHECK(r == NULL);
}

static void
test_large(void)
{
	static char big[STORE_VALUE_MAX];
	struct redo *r = open_log(GENERATION);
	size_t mark;

	TEST_ROW("a turn that is too large");
	put(r, "a", "1");
	mark = redo_mark(r);
	for (size_t n = 0; n <= REDO_TURN_MAX; n += sizeof big)
		redo_add(r, REDO_PUT, STR("b"), str_of(big, sizeof big));
	CHECK(!redo_fits(r) && !redo_is_empty(r));
	redo_undo(r, mark);
	CHECK(!redo_fits(r));
	redo_clear(r);
	CHECK(redo_fits(r) && redo_is_empty(r));
	write_turn(r, "c", "3");
	expect(GENERATION, "+c=3 ");
	redo_close(&r);
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
	snprintf(path, sizeof path, "%s/redo", test_folder());
	test_turns();
	test_damage();
	test_failures();
	test_large();
	return test_end();
}
