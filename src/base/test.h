/*
 * test.h - what a unit test needs: checks that count, and the last line.
 *
 *     int main(void) { for each row: TEST_ROW(row->name); CHECK(a == b); ... return test_end(); }
 *
 * A failed check prints the row's name, file and line, and the test goes on.
 */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <stdbool.h>

#include "base/str.h"

#define TEST_ROW(name)        test_row(name)
#define CHECK(x)              test_check((x), #x, __FILE__, __LINE__)
#define CHECK_STR(got, want)  test_check_str((got), (want), #got, __FILE__, __LINE__)
#define CHECK_HAS(text, part) test_check_has((text), (part), #text, __FILE__, __LINE__)
#define CHECK_NUM(got, want) \
	test_check_num((long long)(got), (long long)(want), #got, __FILE__, __LINE__)

void test_row(const char *name);
bool test_check(bool ok, const char *what, const char *file, int line);
bool test_check_str(struct str got, struct str want, const char *what, const char *file, int line);
bool test_check_has(struct str text, struct str part, const char *what, const char *file, int line);
bool test_check_num(long long got, long long want, const char *what, const char *file, int line);

/* Print "N passed, N failed"; the value for main() to return. */
int test_end(void);

/* A fresh temporary folder for this test (removed at test_end()), as a C string. */
const char *test_folder(void);

#endif
