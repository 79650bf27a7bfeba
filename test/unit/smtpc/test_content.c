#include "smtpc/content.h"

/* system */
#include <string.h>

/* base */
#include "base/test.h"

#include "fake_seven.h"

enum { TAKES_NOTHING = 0, TAKES_8BIT = SEVEN_NEEDS_8BIT, TAKES_BINARY = SEVEN_NEEDS_BINARY };

static const struct {
	const char *name, *fields;
	struct str content;
	unsigned takes;
	enum fail want;
	enum envelope_body body;
	uint64_t size;
	const char *out; /* NULL: as it is */
} rows[] = {
	{ "plain", "", STR_INIT("a: b\r\n\r\nc\r\n"), TAKES_NOTHING, FAIL_NONE, BODY_7BIT, 11,
	    NULL },
	{ "fields before", "F: 1\r\n", STR_INIT("a: b\r\n\r\n"), TAKES_NOTHING, FAIL_NONE,
	    BODY_7BIT, 14, "F: 1\r\na: b\r\n\r\n" },
	{ "fields only", "F: 1\r\n", STR_INIT(""), TAKES_NOTHING, FAIL_NONE, BODY_7BIT, 6,
	    "F: 1\r\n" },
	{ "nothing", "", STR_INIT(""), TAKES_NOTHING, FAIL_NONE, BODY_7BIT, 0, "" },
	{ "no line end", "", STR_INIT("abc"), TAKES_8BIT, FAIL_NONE, BODY_7BIT, 5, "abc\r\n" },
	{ "one byte", "F: 1\r\n", STR_INIT("a"), TAKES_8BIT, FAIL_NONE, BODY_7BIT, 9,
	    "F: 1\r\na\r\n" },
	{ "LF alone at the end", "", STR_INIT("a\n"), TAKES_8BIT, FAIL_NONE, BODY_7BIT, 4,
	    "a=0a\r\n" },
	{ "8-bit goes", "", STR_INIT("\xc3\xa4\r\n"), TAKES_8BIT, FAIL_NONE, BODY_8BITMIME, 4,
	    NULL },
	{ "8-bit is converted", "", STR_INIT("\xc3\xa4\r\n"), TAKES_NOTHING, FAIL_NONE, BODY_7BIT,
	    4, "=c3=a4\r\n" },
	{ "8-bit as binary", "", STR_INIT("\xc3\xa4\r\n"), TAKES_BINARY, FAIL_NONE, BODY_BINARYMIME,
	    4, NULL },
	{ "8-bit without a line end", "", STR_INIT("\xc3"), TAKES_NOTHING, FAIL_NONE, BODY_7BIT, 3,
	    "=c3\r\n" },
	{ "our fields too", "F: \xc3\xa4\r\n", STR_INIT("a\r\n"), TAKES_NOTHING, FAIL_NONE,
	    BODY_7BIT, 10, "F: ?\?\r\na\r\n" },
	{ "binary goes", "", STR_INIT("a\0b\r\n"), TAKES_BINARY, FAIL_NONE, BODY_BINARYMIME, 5,
	    NULL },
	{ "two NULs", "", STR_INIT("\0\0"), TAKES_BINARY, FAIL_NONE, BODY_BINARYMIME, 4, NULL },
	{ "text to a host for binary", "", STR_INIT("ab\r\n"), TAKES_BINARY | TAKES_8BIT, FAIL_NONE,
	    BODY_7BIT, 4, NULL },
	{ "8-bit text to a host for both", "", STR_INIT("\xc3\xa4\r\n"), TAKES_BINARY | TAKES_8BIT,
	    FAIL_NONE, BODY_8BITMIME, 4, NULL },
	{ "binary to a host for 8-bit", "", STR_INIT("\xc3\xa4\0\r\n"), TAKES_8BIT, FAIL_NONE,
	    BODY_8BITMIME, 5, "\xc3\xa4=00\r\n" },
	{ "binary to a host for neither", "", STR_INIT("\xc3\xa4\0\r\n"), TAKES_NOTHING, FAIL_NONE,
	    BODY_7BIT, 5, "=c3=a4=00\r\n" },
	{ "bare line ends", "", STR_INIT("a\nb\rc\r\n"), TAKES_8BIT, FAIL_NONE, BODY_7BIT, 7,
	    "a=0ab=0dc\r\n" },
	{ "cannot be converted", "", STR_INIT("Impossible \xc3\r\n"), TAKES_NOTHING, FAIL_LIMIT,
	    BODY_7BIT, 14, NULL },
};

static void
pull(struct content *c, size_t most, struct buf *out)
{
	struct str piece;

	while (!content_is_done(c)) {
		piece = content_next(c, most);
		CHECK(piece.n > 0 && piece.n <= most);
		buf_add(out, piece);
	}
	CHECK(str_empty(content_next(c, most)));
	CHECK(content_is_done(c));
}

static void
check_row(size_t i, size_t most)
{
	struct content c;
	struct buf out = { .max = 1000 };
	enum fail fail;

	content_init(&c, str_c(rows[i].fields), rows[i].content);
	CHECK(content_look(&c));
	fail = content_begin(&c, rows[i].takes);
	CHECK_NUM(fail, rows[i].want);
	CHECK_NUM(c.size, rows[i].size);
	CHECK_NUM(c.body, rows[i].body);
	if (fail == FAIL_NONE) {
		pull(&c, most, &out);
		if (rows[i].out)
			CHECK_STR(buf_str(&out), str_c(rows[i].out));
		else
			CHECK_STR(str_head(buf_str(&out), rows[i].content.n), rows[i].content);
		CHECK(c.form != CONTENT_AS_IS || out.n == rows[i].size);
	}
	content_release(&c);
	content_release(&c);
	buf_release(&out);
}

/* Slices end where lines do, so that a cut makes nothing binary and hides nothing. */
static void
test_slices(void)
{
	static char big[1200000];
	struct content c;
	unsigned slices = 1;

	for (size_t i = 0; i < sizeof big; i++)
		big[i] = i % 77 == 75 ? '\r' : i % 77 == 76 ? '\n' : 'a';
	TEST_ROW("text in slices");
	content_init(&c, STR(""), str_of(big, sizeof big / 77 * 77));
	while (!content_look(&c))
		slices++;
	CHECK_NUM(c.needs, 0);
	CHECK_NUM(slices, 5);
	content_release(&c);
	TEST_ROW("one byte in the last slice");
	big[sizeof big / 77 * 77 - 5] = '\0';
	content_init(&c, STR(""), str_of(big, sizeof big / 77 * 77));
	while (!content_look(&c))
		CHECK_NUM(c.needs, 0);
	CHECK_NUM(c.needs, SEVEN_NEEDS_BINARY);
	content_release(&c);
	TEST_ROW("one line");
	memset(big, 'a', sizeof big);
	content_init(&c, STR(""), str_of(big, sizeof big));
	while (!content_look(&c))
		CHECK_NUM(c.needs, SEVEN_NEEDS_BINARY);
	CHECK_NUM(c.needs, SEVEN_NEEDS_BINARY);
	content_release(&c);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		TEST_ROW(rows[i].name);
		check_row(i, 1000);
		check_row(i, 2);
	}
	test_slices();
	return test_end();
}
