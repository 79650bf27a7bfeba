#include "blob/blob.h"

/* system */
#include <errno.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "../../lib/small_mail.h"
#include "sys/sys.h"
#include "blob/inner.h"
#include "sys/sys.h"

static char folder_bytes[256];

static struct str
fresh(void)
{
	snprintf(folder_bytes, sizeof folder_bytes, "%s/tree", test_folder());
	small_fresh_folder(folder_bytes);
	return str_c(folder_bytes);
}

/* How many entries a folder below the tree has; -1 when it is not there. */
static int
entries(const char *below)
{
	char path[512];
	DIR *dir;
	int n = 0;
	struct dirent *entry;

	snprintf(path, sizeof path, "%s/%s", folder_bytes, below);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* --- folder names ----------------------------------------------------------------------------- */

static const struct {
	const char *name, *account, *folder; /* folder NULL: too long or empty */
} folder_rows[] = {
	{ "plain", "ann@example.org", "ann@example.org" },
	{ "digits and signs", "a-1_b+c=d.e", "a-1_b+c=d.e" },
	{ "upper case is another account", "Ann", "%41nn" },
	{ "slash", "a/b", "a%2fb" },
	{ "dot first", ".a", "%2ea" },
	{ "dots", "..", "%2e." },
	{ "percent", "a%41", "a%2541" },
	{ "colon and space", "a: b", "a%3a%20b" },
	{ "UTF-8", "z\xc3\xbc", "z%c3%bc" },
	{ "empty", "", NULL },
	{ "too long",
	    "////////////////////////////////////////////////////////////////////////////////////",
	    NULL },
};

static const struct {
	const char *name, *folder; /* not a folder of ours */
} foreign_rows[] = {
	{ "cut escape", "a%2" },
	{ "no hex", "a%zz" },
	{ "needless escape", "%61" },
	{ "upper case", "Ann" },
	{ "upper hex", "a%2F" },
	{ "dot", ".ann" },
};

static void
test_folders(void)
{
	struct buf folder, account;

	buf_init(&account, 1024);
	for (size_t i = 0; i < ARRAY_LEN(folder_rows); i++) {
		enum fail fail = blob_folder_name(str_c(folder_rows[i].account), &folder);

		TEST_ROW(folder_rows[i].name);
		CHECK((fail == FAIL_NONE) == (folder_rows[i].folder != NULL));
		if (fail == FAIL_NONE) {
			CHECK_STR(buf_str(&folder), str_c(folder_rows[i].folder));
			CHECK(blob_folder_account(buf_str(&folder), &account));
			CHECK_STR(buf_str(&account), str_c(folder_rows[i].account));
		}
		buf_release(&folder);
	}
	for (size_t i = 0; i < ARRAY_LEN(foreign_rows); i++) {
		TEST_ROW(foreign_rows[i].name);
		CHECK(!blob_folder_account(str_c(foreign_rows[i].folder), &account));
	}
	buf_release(&account);
}

/* --- messages of all sizes -------------------------------------------------------------------- */

#define CARRIED 3                    /* of these sizes */
#define LARGE   (BLOB_CARRY_MAX + 1) /* bytes that the commit does not carry */

static const uint32_t sizes[] = { 1, 4096, BLOB_CARRY_MAX, LARGE, 0, BLOB_BUFFER_MAX - 1,
	BLOB_BUFFER_MAX, BLOB_BUFFER_MAX + 1, BLOB_READ_MAX, BLOB_READ_MAX + 1, 3 << 20 };

static void
test_sizes(void)
{
	struct small_mail m;

	TEST_ROW("sizes");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	for (uint32_t i = 0; i < ARRAY_LEN(sizes); i++) {
		CHECK_NUM(small_add(&m, STR("ann"), i, sizes[i]), FAIL_NONE);
		CHECK_NUM(small_look(&m, i), FAIL_NONE); /* before the commit */
	}
	CHECK_NUM(entries("mail/ann/tmp"), ARRAY_LEN(sizes) - CARRIED);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/tmp"), 0);
	CHECK_NUM(entries("mail/ann/new"), 0);
	CHECK_NUM(entries("mail/ann/cur"), ARRAY_LEN(sizes));
	CHECK_NUM(small_verify(&m, true), 0);
	small_close(&m);
}

static void
test_names(void)
{
	struct small_mail m;
	struct blob_writer w;
	struct blob_name name;
	struct blob_map map;

	TEST_ROW("names");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	CHECK_NUM(blob_write_start(m.blob, &w, STR("ann")), FAIL_NONE);
	CHECK_NUM(blob_write(&w, STR("hello")), FAIL_NONE);
	CHECK_NUM(blob_write_finish(&w, &name), FAIL_NONE);
	CHECK(w.store == NULL);
	CHECK_NUM(blob_name_size(blob_name_str(&name)), 5);
	CHECK_NUM(str_find_char(blob_name_str(&name), '/'), STR_NONE);
	CHECK_NUM(str_find_char(blob_name_str(&name), ':'), STR_NONE);
	CHECK_NUM(blob_map(m.blob, STR("ann"), blob_name_str(&name), &map), FAIL_NONE);
	CHECK_STR(map.bytes, STR("hello"));
	blob_unmap(&map);
	CHECK_NUM(blob_name_size(STR("1.M2")), 0);
	CHECK_NUM(blob_name_size(STR("1,S=x")), 0);
	CHECK_NUM(blob_map(m.blob, STR("ann"), STR("../../store.db"), &map), FAIL_MISSING);
	CHECK_NUM(blob_map(m.blob, STR("ann"), STR(""), &map), FAIL_MISSING);
	CHECK_NUM(blob_map(m.blob, STR("nobody"), STR("x"), &map), FAIL_MISSING);
	CHECK_NUM(blob_exists(m.blob, STR("ann"), STR("x")), FAIL_MISSING);
	CHECK_NUM(blob_exists(m.blob, STR("ann"), blob_name_str(&name)), FAIL_NONE);

	TEST_ROW("a file that no run named is dropped with the turn");
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(blob_exists(m.blob, STR("ann"), blob_name_str(&name)), FAIL_MISSING);
	CHECK_NUM(entries("mail/ann"), -1);

	TEST_ROW("cancel");
	CHECK_NUM(blob_write_start(m.blob, &w, STR("ann")), FAIL_NONE);
	blob_write_cancel(&w);
	blob_write_cancel(&w);
	CHECK_NUM(blob_write_start(m.blob, &w, STR("ann")), FAIL_NONE);
	for (int i = 0; i < 100; i++)
		CHECK_NUM(blob_write(&w, str_of(folder_bytes, sizeof folder_bytes)), FAIL_NONE);
	for (int i = 0; i < 300; i++)
		CHECK_NUM(blob_write(&w, str_of(folder_bytes, sizeof folder_bytes)), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/tmp"), 1);
	blob_write_cancel(&w);
	CHECK_NUM(entries("mail/ann/tmp"), 0);
	small_close(&m);
}

/* Parked ones wait without descriptors, and are written on, finished and given up like others. */
static void
test_park(void)
{
	static const char *const whole[] = { "one", "onetwo", "" };
	struct blob_writer w[ARRAY_LEN(whole)];
	struct blob_name name;
	struct blob_map map;
	struct small_mail m;

	TEST_ROW("park");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		CHECK_NUM(blob_write_start(m.blob, &w[i], STR("ann")), FAIL_NONE);
		if (i < 2)
			CHECK_NUM(blob_write(&w[i], STR("one")), FAIL_NONE);
		CHECK_NUM(blob_write_park(&w[i]), FAIL_NONE);
		CHECK(w[i].file->fd < 0 && w[i].buffer.p == NULL);
	}
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/tmp"), 3);
	CHECK_NUM(blob_write(&w[1], STR("two")), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		CHECK_NUM(blob_write_finish(&w[i], &name), FAIL_NONE);
		CHECK_NUM(blob_name_size(blob_name_str(&name)), str_c(whole[i]).n);
		CHECK_NUM(blob_map(m.blob, STR("ann"), blob_name_str(&name), &map), FAIL_NONE);
		CHECK_STR(map.bytes, str_c(whole[i]));
		blob_unmap(&map);
	}
	CHECK_NUM(blob_write_start(m.blob, &w[0], STR("ann")), FAIL_NONE);
	CHECK_NUM(blob_write_park(&w[0]), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/tmp"), 4);
	blob_write_cancel(&w[0]);
	CHECK_NUM(entries("mail/ann/tmp"), 3);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/tmp"), 0);
	small_close(&m);
}

static const struct {
	const char *name;
	size_t before, room, after,
	    filled; /* bytes; filled: of the room, when it need not be all */
} room_rows[] = {
	{ "a small message, the room filled", 10, 20, 30, 20 },
	{ "a small message, the rest closed up", 10, 20, 30, 5 },
	{ "nothing for the room", 10, 20, 30, 0 },
	{ "at the beginning and the end", 0, 20, 0, 7 },
	{ "as much as the buffer has", 10, 20, BLOB_BUFFER_MAX - 30, 3 },
	{ "one byte more", 10, 20, BLOB_BUFFER_MAX - 29, 3 },
	{ "a big message", 10, 1000, 10 * BLOB_BUFFER_MAX, 3 },
	{ "the room across the buffer's end", BLOB_BUFFER_MAX - 10, 1000, 10, 3 },
	{ "room as big as the buffer", 10, BLOB_BUFFER_MAX, 10, 3 },
};

static void
write_many(struct blob_writer *w, struct buf *whole, size_t n, char c)
{
	for (size_t i = 0; i < n; i++) {
		buf_add_char(whole, c);
		CHECK(blob_write(w, str_of(&c, 1)) == FAIL_NONE);
	}
}

/* Room is left, and filled when the rest is there. */
static void
test_room(void)
{
	struct small_mail m;

	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(room_rows); i++) {
		struct blob_writer w;
		struct blob_name name;
		struct blob_map map;
		struct buf whole, fill;
		size_t filled = room_rows[i].filled;

		TEST_ROW(room_rows[i].name);
		buf_init(&whole, 16 * BLOB_BUFFER_MAX);
		buf_init(&fill, 2 * BLOB_BUFFER_MAX);
		CHECK_NUM(blob_write_start(m.blob, &w, STR("ann")), FAIL_NONE);
		write_many(&w, &whole, room_rows[i].before, 'a');
		CHECK_NUM(blob_write_reserve(&w, room_rows[i].room), FAIL_NONE);
		if (room_rows[i].before + room_rows[i].room + room_rows[i].after > BLOB_BUFFER_MAX)
			filled = room_rows[i].room;
		for (size_t n = 0; n < filled; n++)
			buf_add_char(&fill, 'r');
		buf_add(&whole, buf_str(&fill));
		write_many(&w, &whole, room_rows[i].after, 'b');
		CHECK_NUM(blob_write_is_exact(&w), w.size > BLOB_BUFFER_MAX);
		CHECK_NUM(blob_write_fill(&w, buf_str(&fill)), FAIL_NONE);
		CHECK_NUM(w.size, whole.n);
		write_many(&w, &whole, 3, 'c');
		CHECK_NUM(blob_write_finish(&w, &name), FAIL_NONE);
		CHECK_NUM(blob_map(m.blob, STR("ann"), blob_name_str(&name), &map), FAIL_NONE);
		CHECK_STR(map.bytes, buf_str(&whole));
		blob_unmap(&map);
		buf_release(&whole);
		buf_release(&fill);
	}
	small_close(&m);
}

static ssize_t
no_pwrite(int fd, const void *p, size_t n, off_t at)
{
	(void)fd;
	(void)p;
	(void)n;
	(void)at;
	errno = ENOSPC;
	return -1;
}

/* A disk that is full when the room is filled: the message is not finished. */
static void
test_room_fails(void)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = sys.pwrite;
	struct blob_writer w;
	struct blob_name name;
	struct small_mail m;
	struct buf whole;

	TEST_ROW("the disk is full");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	buf_init(&whole, 4 * BLOB_BUFFER_MAX);
	CHECK_NUM(blob_write_start(m.blob, &w, STR("ann")), FAIL_NONE);
	CHECK_NUM(blob_write_reserve(&w, 3), FAIL_NONE);
	write_many(&w, &whole, 2 * BLOB_BUFFER_MAX, 'a');
	sys.pwrite = no_pwrite;
	CHECK_NUM(blob_write_fill(&w, STR("abc")), FAIL_TEMP);
	sys.pwrite = real;
	CHECK_NUM(blob_write(&w, STR("more")), FAIL_TEMP);
	CHECK_NUM(blob_write_finish(&w, &name), FAIL_TEMP);
	blob_write_cancel(&w);
	CHECK_NUM(entries("mail/ann/tmp"), 0);
	buf_release(&whole);
	small_close(&m);
}

static enum fail
says(void *arg, struct str account, struct str name)
{
	(void)account;
	(void)name;
	return *(const enum fail *)arg;
}

/* Each file belongs to one of several rooms; none of them knows the others' files. */
static void
test_namers(void)
{
	static const struct {
		const char *name;
		enum fail second, third;
		int left_in_cur, left_in_tmp;
	} namer_rows[] = {
		{ "nobody names it", FAIL_MISSING, FAIL_MISSING, 0, 0 },
		{ "the second does", FAIL_NONE, FAIL_MISSING, 1, 0 },
		{ "the third does", FAIL_MISSING, FAIL_NONE, 1, 0 },
		{ "the second cannot say now", FAIL_TEMP, FAIL_MISSING, 0, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(namer_rows); i++) {
		struct blob_writer w = { .store = NULL };
		struct blob_namer second, third;
		enum fail answers[2] = { namer_rows[i].second, namer_rows[i].third };
		struct blob_name name;
		struct small_mail m;

		TEST_ROW(namer_rows[i].name);
		CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
		blob_add_namer(m.blob, &second, says, &answers[0]);
		blob_add_namer(m.blob, &third, says, &answers[1]);
		CHECK_NUM(blob_write_start(m.blob, &w, STR("ann")), FAIL_NONE);
		for (size_t n = 0; n < LARGE; n++)
			CHECK_NUM(blob_write(&w, STR("x")), FAIL_NONE);
		CHECK_NUM(blob_write_finish(&w, &name), FAIL_NONE);
		CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
		CHECK_NUM(entries("mail/ann/cur"), namer_rows[i].left_in_cur);
		CHECK_NUM(entries("mail/ann/tmp"), namer_rows[i].left_in_tmp);
		blob_remove_namer(&second);
		blob_remove_namer(&third);
		small_close(&m);
	}
}

/* --- runs, turns ------------------------------------------------------------------------------ */

static void
test_undone(void)
{
	struct small_mail m;

	TEST_ROW("an undone run leaves no file, others stay");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("ann"), 1, 100), FAIL_NONE);
	CHECK_NUM(small_add_undone(&m, STR("ann"), 2, 100), FAIL_DENIED);
	CHECK_NUM(small_add_undone(&m, STR("ann"), 3, 100000), FAIL_DENIED);
	CHECK_NUM(small_add(&m, STR("ann"), 4, 100000), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(small_verify(&m, true), 0);
	CHECK_NUM(small_count(&m), 2);
	CHECK_NUM(entries("mail/ann/cur"), 2);
	CHECK_NUM(entries("mail/ann/tmp"), 0);
	small_close(&m);
}

static void
test_links(void)
{
	struct small_mail m;

	TEST_ROW("one file, many accounts");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("ann"), 1, 5000), FAIL_NONE);
	CHECK_NUM(small_link(&m, 1, STR("bob"), 1001), FAIL_NONE); /* from tmp */
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(small_link(&m, 1, STR("eve"), 1002), FAIL_NONE); /* from cur */
	CHECK_NUM(small_link(&m, 77, STR("eve"), 1003), FAIL_MISSING);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(small_drop(&m, 1), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/cur"), 1);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/cur"), 0);
	CHECK_NUM(small_look(&m, 1001), FAIL_NONE);
	CHECK_NUM(small_look(&m, 1002), FAIL_NONE);
	CHECK_NUM(small_verify(&m, true), 0);
	small_close(&m);
}

static enum fail
drop_account(struct txn *t, void *arg)
{
	struct small_mail *m = arg;

	return blob_delete_account_later(m->blob, t, STR("ann"));
}

static void
test_deletions(void)
{
	struct small_mail m;
	struct str folder = fresh();

	TEST_ROW("many deletions");
	CHECK_NUM(small_open(&m, NULL, folder), FAIL_NONE);
	for (uint32_t i = 0; i < 600; i++)
		CHECK_NUM(small_add(&m, STR("ann"), i, 10), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/cur"), 600);
	for (uint32_t i = 0; i < 500; i++)
		CHECK_NUM(small_drop(&m, i), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/cur"), 600);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/cur"), 100);
	CHECK_NUM(m.blob->done_count, 500);
	CHECK_NUM(small_add(&m, STR("ann"), 1000, 10), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(m.blob->done_count, 0);
	CHECK_NUM(small_verify(&m, true), 0);

	TEST_ROW("undone at the close");
	CHECK_NUM(small_drop(&m, 501), FAIL_NONE);
	small_close(&m);
	CHECK_NUM(small_open(&m, NULL, folder), FAIL_NONE);
	CHECK_NUM(small_look(&m, 501), FAIL_NONE);

	TEST_ROW("an account that is gone, but not all of it");
	CHECK_NUM(small_add(&m, STR("bob"), 2000, 10), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(store_run(m.store, drop_account, &m), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/cur"), 101);
	CHECK_NUM(small_verify(&m, true), 0);
	small_close(&m);
}

static enum fail
nobody(void *arg, struct str account, struct str name)
{
	(void)arg;
	(void)name;
	return str_eq(account, STR("ann")) ? FAIL_MISSING : FAIL_NONE;
}

static void
test_account(void)
{
	struct small_mail m;
	char path[512];

	TEST_ROW("an account that is gone");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("ann"), 1, 10), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("bob"), 2, 10), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	snprintf(path, sizeof path, "%s/mail/ann/cur/stray", folder_bytes);
	fclose(fopen(path, "w"));
	CHECK_NUM(small_verify(&m, true), 1);
	blob_remove_namer(&m.namer);
	blob_add_namer(m.blob, &m.namer, nobody, NULL);
	CHECK_NUM(store_run(m.store, drop_account, &m), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(entries("mail/ann"), -1);
	CHECK_NUM(entries("mail/bob/cur"), 1);
	small_close(&m);
}

/* --- start and check -------------------------------------------------------------------------- */

static const struct {
	const char *name;
	bool is_named; /* the commit was durable */
	int cur;       /* files there after the start */
} start_rows[] = {
	{ "a file that was to be moved", true, 1 },
	{ "a file that nobody names", false, 0 },
};

static void
test_start(void)
{
	for (size_t i = 0; i < ARRAY_LEN(start_rows); i++) {
		struct small_mail m;
		struct str folder = fresh();

		TEST_ROW(start_rows[i].name);
		CHECK_NUM(small_open(&m, NULL, folder), FAIL_NONE);
		CHECK_NUM(small_add(&m, STR("ann"), 1, LARGE), FAIL_NONE);
		if (start_rows[i].is_named) /* the process ends between commit and move */
			CHECK_NUM(store_commit(m.store), FAIL_NONE);
		small_close(&m);
		CHECK_NUM(entries("mail/ann/tmp"), 1);
		CHECK_NUM(small_open(&m, NULL, folder), FAIL_NONE);
		CHECK_NUM(entries("mail/ann/tmp"), 0);
		CHECK_NUM(entries("mail/ann/cur"), start_rows[i].cur);
		CHECK_NUM(small_verify(&m, true), 0);
		small_close(&m);
	}
}

static void
test_repair(void)
{
	struct small_mail m;
	char path[512];

	TEST_ROW("check and repair");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("ann"), 1, 100), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	snprintf(path, sizeof path, "%s/mail/ann/cur/1.stray:2,S", folder_bytes);
	fclose(fopen(path, "w"));
	snprintf(path, sizeof path, "%s/mail/ann/new/1.other", folder_bytes);
	fclose(fopen(path, "w"));
	CHECK_NUM(small_verify(&m, true), 2);
	CHECK_NUM(blob_check(m.blob, true, NULL, NULL), FAIL_NONE);
	CHECK_NUM(small_verify(&m, true), 0);
	CHECK_NUM(entries("mail/ann/new"), 0);
	small_close(&m);
}

/* --- in the loop ------------------------------------------------------------------------------ */

static enum fail
drop_and_undo(struct txn *t, void *arg)
{
	(void)t;
	CHECK_NUM(small_drop(arg, 202), FAIL_NONE);
	return FAIL_DENIED;
}

static void
test_loop(void)
{
	struct small_mail m;
	struct loop loop;

	TEST_ROW("in the loop");
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	CHECK_NUM(small_open(&m, &loop, fresh()), FAIL_NONE);
	for (uint32_t i = 0; i < 200; i++) /* more than are kept open */
		CHECK_NUM(small_add(&m, STR("ann"), i, 1000), FAIL_NONE);
	CHECK_NUM(m.blob->carried_bytes, BLOB_CARRY_TURN / 1000 * 1000);
	CHECK_NUM(entries("mail/ann/tmp"), 200 - BLOB_CARRY_TURN / 1000);
	loop_turn(&loop, 0);
	CHECK_NUM(entries("mail/ann/cur"), 200);
	CHECK_NUM(small_drop(&m, 7), FAIL_NONE);
	loop_turn(&loop, 0);
	CHECK_NUM(entries("mail/ann/cur"), 200); /* behind the answers of that turn */
	loop_turn(&loop, 0);
	CHECK_NUM(entries("mail/ann/cur"), 199);
	CHECK_NUM(store_commits(m.store), 2);
	CHECK_NUM(small_verify(&m, true), 0);

	TEST_ROW("many deletions in slices, behind turns that write");
	for (uint32_t i = 100; i < 140; i++)
		CHECK_NUM(small_drop(&m, i), FAIL_NONE);
	loop_turn(&loop, 0);
	for (uint32_t i = 200; i < 203; i++) {
		CHECK_NUM(small_add(&m, STR("ann"), i, 1000), FAIL_NONE);
		loop_turn(&loop, 0);
		CHECK_NUM(entries("mail/ann/cur"), i == 200 ? 200 : i == 201 ? 185 : 170);
		loop_turn(&loop, 0);
		CHECK_NUM(entries("mail/ann/cur"), i == 200 ? 184 : i == 201 ? 169 : 162);
		CHECK_NUM(small_verify(&m, false), 0);
	}
	CHECK_NUM(m.blob->due_count, 0);

	TEST_ROW("asked for by a run that was undone, and again in a turn that fails");
	CHECK_NUM(store_run(m.store, drop_and_undo, &m), FAIL_DENIED);
	CHECK_NUM(small_add(&m, STR("ann"), 203, 1000), FAIL_NONE);
	loop_turn(&loop, 0);
	CHECK_NUM(m.blob->due_count, 1);
	CHECK_NUM(small_drop(&m, 202), FAIL_NONE);
	sys_fail_at(2, EIO,
	    false); /* the commit's sync; an unlink before it would be the first call */
	loop_turn(&loop, 0);
	CHECK(sys_has_failed() && !store_is_well(m.store));
	sys_fail_at(0, 0, false);
	CHECK_NUM(entries("mail/ann/cur"), 163);
	CHECK(store_probe(m.store));
	loop_turn(&loop, 0);
	CHECK_NUM(m.blob->due_count, 0);
	CHECK_NUM(entries("mail/ann/cur"), 163);
	CHECK_NUM(small_verify(&m, true), 0);

	TEST_ROW("closed before all are unlinked");
	for (uint32_t i = 140; i < 180; i++)
		CHECK_NUM(small_drop(&m, i), FAIL_NONE);
	loop_turn(&loop, 0);
	loop_turn(&loop, 0);
	CHECK_NUM(m.blob->due_count, 40 - BLOB_UNLINK_MAX);
	small_close(&m);
	CHECK_NUM(entries("mail/ann/cur"), 123 + 40 - BLOB_UNLINK_MAX);
	CHECK_NUM(small_open(&m, &loop, str_c(folder_bytes)), FAIL_NONE);
	CHECK_NUM(entries("mail/ann/cur"), 123);
	CHECK_NUM(small_verify(&m, true), 0);
	small_close(&m);
	loop_release(&loop);
}

int
main(void)
{
	test_folders();
	test_sizes();
	test_names();
	test_park();
	test_room();
	test_room_fails();
	test_namers();
	test_undone();
	test_links();
	test_deletions();
	test_account();
	test_start();
	test_repair();
	test_loop();
	return test_end();
}
