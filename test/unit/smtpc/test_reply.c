#include "smtpc/reply.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "smtpc/smtpc.h"

/* Lines are separated by "|"; the last step is what `want` says, those before are REPLY_MORE. */
static const struct {
	const char *name, *in;
	enum reply_step want;
	unsigned code;
	struct status status;
	const char *text;
} rows[] = {
	{ "one line", "250 Ok", REPLY_WHOLE, 250, { 2, 0, 0 }, "Ok" },
	{ "code alone", "250", REPLY_WHOLE, 250, { 2, 0, 0 }, "" },
	{ "code and blank", "250 ", REPLY_WHOLE, 250, { 2, 0, 0 }, "" },
	{ "several lines", "250-a|250-b|250 c", REPLY_WHOLE, 250, { 2, 0, 0 }, "a b c" },
	{ "empty lines between", "250-|250-b|250", REPLY_WHOLE, 250, { 2, 0, 0 }, "b" },
	{ "more to come", "250-a", REPLY_MORE, 250, { 0, 0, 0 }, "a" },
	{ "status", "550 5.1.1 No such user", REPLY_WHOLE, 550, { 5, 1, 1 }, "5.1.1 No such user" },
	{ "status alone", "550 5.1.1", REPLY_WHOLE, 550, { 5, 1, 1 }, "5.1.1" },
	{ "status on each line", "550-5.7.1 No:|550 5.7.1 never", REPLY_WHOLE, 550, { 5, 7, 1 },
	    "5.7.1 No: never" },
	{ "the first status counts", "550-5.7.1 a|550 5.1.1 b", REPLY_WHOLE, 550, { 5, 7, 1 },
	    "5.7.1 a b" },
	{ "status on the second line only", "550-a|550 5.1.1 b", REPLY_WHOLE, 550, { 5, 1, 1 },
	    "a 5.1.1 b" },
	{ "status of another class", "550 4.1.1 b", REPLY_WHOLE, 550, { 5, 1, 0 }, "4.1.1 b" },
	{ "no status, known code", "452 full", REPLY_WHOLE, 452, { 4, 3, 1 }, "full" },
	{ "no status, unknown code", "499 x", REPLY_WHOLE, 499, { 4, 0, 0 }, "x" },
	{ "UTF-8", "250 \xc3\xa4 \xe2\x82\xac", REPLY_WHOLE, 250, { 2, 0, 0 },
	    "\xc3\xa4 \xe2\x82\xac" },
	{ "not UTF-8", "250 a\xe4z\xff", REPLY_WHOLE, 250, { 2, 0, 0 }, "a?z?" },
	{ "a replacement is what it is", "250 \xef\xbf\xbd", REPLY_WHOLE, 250, { 2, 0, 0 },
	    "\xef\xbf\xbd" },
	{ "controls", "250 a\x1b[31m\tb\x7f\xc2\x85", REPLY_WHOLE, 250, { 2, 0, 0 }, "a?[31m?b??" },
	{ "blanks around", "250   a  ", REPLY_WHOLE, 250, { 2, 0, 0 }, "a" },
	{ "go ahead", "354 go", REPLY_WHOLE, 354, { 3, 0, 0 }, "go" },
	{ "another code", "250-a|251 b", REPLY_GARBAGE, 250, { 0, 0, 0 }, "a" },
	{ "glued", "250x", REPLY_GARBAGE, 0, { 0, 0, 0 }, "" },
	{ "two digits", "25 a", REPLY_GARBAGE, 0, { 0, 0, 0 }, "" },
	{ "four digits", "2500", REPLY_GARBAGE, 0, { 0, 0, 0 }, "" },
	{ "1xx", "150 a", REPLY_GARBAGE, 0, { 0, 0, 0 }, "" },
	{ "6xx", "650 a", REPLY_GARBAGE, 0, { 0, 0, 0 }, "" },
	{ "words", "HTTP/1.1 400 Bad Request", REPLY_GARBAGE, 0, { 0, 0, 0 }, "" },
	{ "empty", "", REPLY_GARBAGE, 0, { 0, 0, 0 }, "" },
};

static enum reply_step
feed(struct reply *r, struct str in)
{
	enum reply_step step = REPLY_MORE;
	struct str line;

	while (str_next_part(&in, '|', &line)) {
		CHECK(step == REPLY_MORE);
		step = reply_line(r, line);
	}
	return step;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct reply r = { 0 };

		TEST_ROW(rows[i].name);
		CHECK_NUM(feed(&r, str_c(rows[i].in)), rows[i].want);
		CHECK_NUM(r.code, rows[i].code);
		CHECK_STR(buf_str(&r.text), str_c(rows[i].text));
		if (rows[i].want == REPLY_WHOLE) {
			CHECK_NUM(r.status.kind, rows[i].status.kind);
			CHECK_NUM(r.status.subject, rows[i].status.subject);
			CHECK_NUM(r.status.detail, rows[i].status.detail);
		}
		reply_clear(&r);
		CHECK_NUM(r.code, 0);
	}
}

static void
test_limits(void)
{
	struct reply r = { 0 };
	char line[3000];

	TEST_ROW("lines");
	for (size_t i = 0; i < SMTPC_REPLY_LINES_MAX; i++)
		CHECK(reply_line(&r, STR("250-x")) == REPLY_MORE);
	CHECK(reply_line(&r, STR("250 x")) == REPLY_GARBAGE);
	reply_clear(&r);

	TEST_ROW("words are cut");
	memset(line, 'a', sizeof line);
	memcpy(line, "250-", 4);
	CHECK(reply_line(&r, str_of(line, sizeof line)) == REPLY_MORE);
	CHECK_NUM(r.text.n, SMTPC_ANSWER_MAX);
	CHECK(reply_line(&r, STR("250 more")) == REPLY_WHOLE);
	CHECK_NUM(r.text.n, SMTPC_ANSWER_MAX);
	CHECK(buf_ok(&r.text));
	reply_clear(&r);

	TEST_ROW("not within a character");
	for (size_t i = 5; i + 1 < sizeof line; i += 2)
		memcpy(line + i, "\xc3\xa4", 2);
	line[3] = ' ';
	line[4] = 'x';
	CHECK(reply_line(&r, str_of(line, sizeof line)) == REPLY_WHOLE);
	CHECK_NUM(r.text.n, SMTPC_ANSWER_MAX - 1);
	CHECK(str_ends(buf_str(&r.text), STR("\xc3\xa4")));
	reply_clear(&r);
}

int
main(void)
{
	test_rows();
	test_limits();
	return test_end();
}
