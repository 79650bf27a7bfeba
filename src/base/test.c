#include "base/test.h"

/* system */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* base */
#include "base/mem.h"

#define SHOWN_BYTES 2000 /* of a text that has not what it should */

static struct {
	const char *row;
	int passed, failed;
	char folder[64];
} test;

void
test_row(const char *name)
{
	test.row = name;
}

bool
test_check(bool ok, const char *what, const char *file, int line)
{
	if (ok) {
		test.passed++;
		return true;
	}
	test.failed++;
	printf("%s:%d: [%s] failed: %s\n", file, line, test.row ? test.row : "-", what);
	return false;
}

bool
test_check_str(struct str got, struct str want, const char *what, const char *file, int line)
{
	bool ok = str_eq(got, want);

	test_check(ok, what, file, line);
	if (!ok)
		printf("    got  \"%.*s\"\n    want \"%.*s\"\n", STR_ARG(got), STR_ARG(want));
	return ok;
}

bool
test_check_has(struct str text, struct str part, const char *what, const char *file, int line)
{
	bool ok = str_find(text, part) != STR_NONE;

	test_check(ok, what, file, line);
	if (!ok)
		printf("    got  \"%.*s\"\n    want \"%.*s\" in it\n",
		    STR_ARG(str_head(text, SHOWN_BYTES)), STR_ARG(part));
	return ok;
}

bool
test_check_num(long long got, long long want, const char *what, const char *file, int line)
{
	test_check(got == want, what, file, line);
	if (got != want)
		printf("    got %lld, want %lld\n", got, want);
	return got == want;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

const char *
test_folder(void)
{
	if (test.folder[0] == '\0') {
		const char *base = getenv("TMPDIR");

		snprintf(test.folder, sizeof test.folder, "%s/staunch-test-XXXXXX",
		    base ? base : "/tmp");
		invariant(mkdtemp(test.folder) != NULL);
	}
	return test.folder;
}

int
test_end(void)
{
	if (test.folder[0] != '\0')
		nftw(test.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	printf("%d passed, %d failed\n", test.passed, test.failed);
	return test.failed == 0 ? 0 : 1;
}
