/* Email/query for a common word: what the full-text index proves is found without the files. */
#include "fixture.h"

/* system */
#include <stdio.h>

/* base */
#include "base/clock.h"

#define MESSAGES \
	1100 /* a complete chunk of the index (1023, for ids begin with 1), and some more */
#define FIRST_S 1700000000

static const struct {
	const char *name, *filter, *want;
} rows[] = {
	{ "body", "{'body':'invoice'}", "\"total\":1100" },
	{ "text, in part of a word", "{'text':'nvoic'}", "\"total\":1100" },
	{ "two words", "{'text':'invoice reminder'}", "\"total\":1100" },
	{ "and", "{'body':'invoice','subject':'number'}", "\"total\":1100" },
	{ "not there", "{'body':'invoices'}", "\"total\":0" },
};

static void
check_rows(struct fixture *f)
{
	struct buf calls, got;

	buf_init(&calls, 1 << 12);
	buf_init(&got, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		buf_clear(&calls);
		buf_add_c(&calls,
		    "[['Email/query',{'accountId':'a1','calculateTotal':true,'limit':1,"
		    "'filter':");
		buf_add_c(&calls, rows[i].filter);
		buf_add_c(&calls, "},'c']]");
		buf_add_char(&calls, '\0');
		fixture_run(f, buf_str(&calls).p, &got);
		CHECK(str_find(buf_str(&got), str_c(rows[i].want)) != STR_NONE);
	}
	buf_release(&calls);
	buf_release(&got);
}

int
main(void)
{
	struct fixture f;
	char there[300], away[300];

	fixture_open(&f);
	for (int i = 1; i <= MESSAGES; i++)
		fixture_add(&f,
		    "From: a@b.test\r\nSubject: number\r\n\r\nThe invoice, a reminder\r\n",
		    FIRST_S + i, 0);
	fixture_commit(&f);
	while (search_work(f.search, clock_precise_us() + 1000))
		continue;
	check_rows(&f);
	snprintf(there, sizeof there, "%s/mail", test_folder());
	snprintf(away, sizeof away, "%s/away", test_folder());
	CHECK_NUM(rename(there, away), 0);
	check_rows(&f);
	CHECK_NUM(rename(away, there), 0);
	fixture_close(&f);
	return test_end();
}
