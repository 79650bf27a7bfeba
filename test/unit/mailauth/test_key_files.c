/* Files of signing keys: their states, odd names, and calls that fail. */
#include "mailauth/key_files.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/mem.h"
#include "base/test.h"
#include "sys/sys.h"

static const struct str domain = STR_INIT("example.org");
static struct str folder;
static struct private_key key;

static const char *
path_of(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%.*s/example.org/%s", STR_ARG(folder), name);
	return path;
}

static void
fresh_folder(void)
{
	static char path[4096];
	static unsigned number;

	snprintf(path, sizeof path, "%s/dkim%u", test_folder(), number++);
	folder = str_c(path);
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	invariant(f != NULL);
	fputs(text, f);
	fclose(f);
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

static void
test_life(void)
{
	struct key_files files;
	struct private_key again;
	struct buf a, b;

	TEST_ROW("made, moved, removed");
	fresh_folder();
	buf_init(&a, PRIVATE_KEY_PEM_MAX);
	buf_init(&b, PRIVATE_KEY_PEM_MAX);
	CHECK_NUM(key_files_list(folder, domain, &files), FAIL_MISSING);
	CHECK_NUM(key_file_write(folder, domain, STR("s1"), KEY_NEXT, &key), FAIL_NONE);
	CHECK_NUM(key_file_write(folder, domain, STR("a2"), KEY_SIGNS, &key), FAIL_NONE);
	CHECK_NUM(mode_of(path_of("s1.next")), 0600);
	CHECK_NUM(mode_of(path_of("")), 0700);
	CHECK_NUM(mode_of(folder.p), 0700);
	CHECK_NUM(key_files_list(folder, domain, &files), FAIL_NONE);
	CHECK_NUM(files.count, 2);
	CHECK_STR(str_c(files.items[0].selector), STR("a2"));
	CHECK_STR(key_state_names[files.items[1].state], STR("next"));
	CHECK_NUM(key_file_read(folder, domain, &files.items[1], &again), FAIL_NONE);
	private_key_write(&key, &a);
	private_key_write(&again, &b);
	CHECK_STR(buf_str(&b), buf_str(&a));
	private_key_release(&again);
	CHECK_NUM(key_file_move(folder, domain, &files.items[1], KEY_SIGNS), FAIL_NONE);
	CHECK_NUM(key_file_read(folder, domain, &files.items[1], &again), FAIL_MISSING);
	CHECK_NUM(key_file_move(folder, domain, &files.items[1], KEY_SIGNS), FAIL_TEMP);
	CHECK_NUM(key_file_remove(folder, domain, &files.items[0]), FAIL_NONE);
	CHECK_NUM(key_files_list(folder, domain, &files), FAIL_NONE);
	CHECK_NUM(files.count, 1);
	CHECK_NUM(files.items[0].state, KEY_SIGNS);
	buf_release(&a);
	buf_release(&b);
}

/* A file that is moved counts its time from then. */
static void
test_since(void)
{
	struct timespec long_ago[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct key_files files;

	TEST_ROW("since when");
	fresh_folder();
	CHECK_NUM(key_file_write(folder, domain, STR("s"), KEY_SIGNS, &key), FAIL_NONE);
	CHECK_NUM(utimensat(AT_FDCWD, path_of("s.pem"), long_ago, 0), 0);
	CHECK_NUM(key_files_list(folder, domain, &files), FAIL_NONE);
	CHECK_NUM(files.items[0].since_s, 1000);
	CHECK_NUM(key_file_move(folder, domain, &files.items[0], KEY_OLD), FAIL_NONE);
	CHECK_NUM(key_files_list(folder, domain, &files), FAIL_NONE);
	CHECK(files.items[0].since_s > 1000);
}

static const struct {
	const char *name;
	bool is_key;
} name_rows[] = {
	{ "good.pem", true },
	{ "a.b.pem", true }, /* RFC 6376 3.1: selectors may have dots */
	{ "under_score-1.old", true },
	{ "n.next", true },
	{ ".pem", false },
	{ ".hidden.pem", false },
	{ "UPPER.pem", false },
	{ "a b.pem", false },
	{ "a..b.pem", false },
	{ "good.pem.bak", false },
	{ "good.tmp", false },
	{ "good", false },
	{ "pem", false },
	{ "\xff.pem", false },
	{ "-x.pem", false },
	{ "a23456789012345678901234567890123456789012345678901234567890123.pem", true },
	{ "a234567890123456789012345678901234567890123456789012345678901234.pem", false },
};

static void
test_names(void)
{
	struct key_files files;

	fresh_folder();
	CHECK_NUM(key_file_write(folder, domain, STR("x"), KEY_OLD, &key), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(name_rows); i++) {
		TEST_ROW(name_rows[i].name);
		put(name_rows[i].name, "");
		CHECK_NUM(key_files_list(folder, domain, &files), FAIL_NONE);
		CHECK_NUM(files.count, name_rows[i].is_key ? 2 : 1);
		unlink(path_of(name_rows[i].name));
	}
}

static void
test_many(void)
{
	struct key_files files;
	char name[32];

	TEST_ROW("more files than we look at");
	fresh_folder();
	CHECK_NUM(key_file_write(folder, domain, STR("x"), KEY_OLD, &key), FAIL_NONE);
	for (unsigned i = 0; i < KEY_FILES_MAX; i++) {
		CHECK_NUM(key_files_list(folder, domain, &files), FAIL_NONE);
		CHECK_NUM(files.count, i + 1);
		CHECK(!files.has_more);
		snprintf(name, sizeof name, "k%u.pem", i);
		put(name, "");
	}
	CHECK_NUM(key_files_list(folder, domain, &files), FAIL_NONE);
	CHECK_NUM(files.count, KEY_FILES_MAX);
	CHECK(files.has_more);
	for (size_t i = 1; i < files.count; i++)
		CHECK(str_cmp(str_c(files.items[i - 1].selector), str_c(files.items[i].selector)) <
		    0);
}

static void
test_no_files(void)
{
	struct key_file file = { .selector = "x", .state = KEY_SIGNS };
	struct private_key none;
	static char big[PRIVATE_KEY_PEM_MAX + 4096];

	TEST_ROW("what is no file of a key");
	fresh_folder();
	CHECK_NUM(key_file_write(folder, domain, STR("y"), KEY_OLD, &key), FAIL_NONE);
	CHECK_NUM(mkfifo(path_of("x.pem"), 0600), 0);
	CHECK_NUM(key_file_read(folder, domain, &file, &none), FAIL_SYNTAX);
	unlink(path_of("x.pem"));
	CHECK_NUM(mkdir(path_of("x.pem"), 0700), 0);
	CHECK_NUM(key_file_read(folder, domain, &file, &none), FAIL_SYNTAX);
	rmdir(path_of("x.pem"));
	CHECK_NUM(symlink("nowhere", path_of("x.pem")), 0);
	CHECK_NUM(key_file_read(folder, domain, &file, &none), FAIL_MISSING);
	unlink(path_of("x.pem"));
	put("x.pem", "");
	CHECK_NUM(key_file_read(folder, domain, &file, &none), FAIL_MISSING);
	memset(big, ' ', sizeof big - 1);
	put("x.pem", big);
	CHECK_NUM(key_file_read(folder, domain, &file, &none), FAIL_SYNTAX);
}

/* The Nth call fails: an error is told, nothing is there by halves, and the next try works. */
static bool
write_with_fault(unsigned long nth)
{
	struct key_files files;
	struct private_key again;
	bool has_failed;
	enum fail fail;

	fresh_folder();
	sys_fail_at(nth, EIO, false);
	fail = key_file_write(folder, domain, STR("s"), KEY_NEXT, &key);
	if (fail == FAIL_NONE)
		fail = key_files_list(folder, domain, &files);
	if (fail == FAIL_NONE)
		fail = key_file_move(folder, domain, &files.items[0], KEY_SIGNS);
	has_failed = sys_has_failed();
	sys_fail_at(0, 0, false);
	CHECK_NUM(fail, has_failed ? FAIL_TEMP : FAIL_NONE);
	if (key_files_list(folder, domain, &files) == FAIL_NONE && files.count > 0) {
		CHECK_NUM(files.count, 1);
		CHECK_NUM(key_file_read(folder, domain, &files.items[0], &again), FAIL_NONE);
		private_key_release(&again);
	} else {
		CHECK_NUM(key_file_write(folder, domain, STR("s"), KEY_NEXT, &key), FAIL_NONE);
	}
	return has_failed;
}

static void
test_faults(void)
{
	unsigned long nth = 1;

	TEST_ROW("faults");
	while (write_with_fault(nth))
		nth++;
	CHECK(nth > 12);
}

/* --- what is left in memory ---------------------------------------------------------------------- */

#define WINDOW 24 /* bytes of a secret: nothing else has these by chance */

static struct buf given_back; /* all memory that was */

static void
record(const void *p)
{
	void (*watch)(const void *) = mem_watch;

	mem_watch = NULL; /* the record grows, too */
	buf_add(&given_back, str_of(p, malloc_usable_size((void *)(uintptr_t)p)));
	mem_watch = watch;
}

static void
check_gone(const char *what, struct str secret)
{
	TEST_ROW(what);
	CHECK(secret.n >= WINDOW);
	for (size_t at = 0; at + WINDOW <= secret.n; at += WINDOW)
		CHECK(str_find(buf_str(&given_back), str_slice(secret, at, WINDOW)) == STR_NONE);
}

/* Neither as it is, nor in PEM, is anything of a key in memory that was given back: made, written, read, released. */
static void
check_wiped(enum private_key_kind kind)
{
	struct private_key mine, kept, again;
	struct buf pem, secret;
	struct key_files files;
	struct str middle;

	TEST_ROW("nothing is left in memory");
	fresh_folder();
	buf_init_secret(&pem, PRIVATE_KEY_PEM_MAX);
	buf_init_secret(&secret, PRIVATE_KEY_PEM_MAX);
	buf_init(&given_back, 64 << 20);
	mem_watch = record;
	private_key_generate(&mine, kind);
	CHECK_NUM(key_file_write(folder, domain, STR("s1"), KEY_SIGNS, &mine), FAIL_NONE);
	CHECK_NUM(key_files_list(folder, domain, &files), FAIL_NONE);
	CHECK_NUM(key_file_read(folder, domain, &files.items[0], &kept), FAIL_NONE);
	CHECK_NUM(key_file_read(folder, domain, &files.items[0], &again), FAIL_NONE);
	private_key_write(&again, &pem);
	private_key_release(&mine);
	private_key_release(&again);
	CHECK(private_key_parse(&again, STR("-----BEGIN PRIVATE KEY-----\nMC4C\n")) != FAIL_NONE);
	CHECK_NUM(private_key_parse(&again, buf_str(&pem)), FAIL_NONE);
	private_key_release(&again);
	mem_watch = NULL;
	CHECK(given_back.n > 0);
	if (kind == PRIVATE_KEY_RSA) {
		check_gone("p", kept.rsa.p);
		check_gone("dq", kept.rsa.dq);
	} else {
		check_gone("seed", str_of(kept.seed, sizeof kept.seed));
	}
	/* a line of it, without the one that begins as all do */
	middle = str_from(buf_str(&pem), kind == PRIVATE_KEY_RSA ? 700 : 28 + 24);
	check_gone("PEM", str_head(middle, WINDOW));
	private_key_release(&kept);
	buf_release(&pem);
	buf_release(&secret);
	buf_release(&given_back);
}

/* --- one at a time ------------------------------------------------------------------------------- */

static void
test_lock(void)
{
	int first, second;

	TEST_ROW("who changes keys keeps others out");
	fresh_folder();
	CHECK_NUM(key_files_lock(folder, domain, &first), FAIL_MISSING);
	CHECK_NUM(key_files_make(folder, domain), FAIL_NONE);
	CHECK_NUM(key_files_make(folder, domain), FAIL_NONE);
	CHECK_NUM(key_files_lock(folder, domain, &first), FAIL_NONE);
	CHECK_NUM(key_files_lock(folder, domain, &second), FAIL_DENIED);
	CHECK_NUM(key_file_write(folder, domain, STR("s1"), KEY_SIGNS, &key), FAIL_NONE);
	sys.close(first);
	CHECK_NUM(key_files_lock(folder, domain, &second), FAIL_NONE);
	sys.close(second);
}

int
main(void)
{
	private_key_generate(&key, PRIVATE_KEY_ED25519);
	test_life();
	test_since();
	test_names();
	test_many();
	test_no_files();
	test_faults();
	test_lock();
	check_wiped(PRIVATE_KEY_RSA);
	check_wiped(PRIVATE_KEY_ED25519);
	private_key_release(&key);
	return test_end();
}
