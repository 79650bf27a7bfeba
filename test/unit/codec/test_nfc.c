/* Normalization Form C. */
#include "codec/utf8.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *in, *want;
} rows[] = {
	{ "nothing", "", "" },
	{ "ascii", "Hello", "Hello" },
	{ "composed already", "K\xc3\xa4se \xe6\xbc\xa2\xe5\xad\x97",
	    "K\xc3\xa4se \xe6\xbc\xa2\xe5\xad\x97" },
	{ "one mark", "a\xcc\x88x", "\xc3\xa4x" },
	{ "two marks", "s\xcc\x87\xcc\xa3", "\xe1\xb9\xa9" },
	{ "two marks in order", "s\xcc\xa3\xcc\x87", "\xe1\xb9\xa9" },
	{ "half composed", "\xe1\xb9\xa3\xcc\x87", "\xe1\xb9\xa9" },
	{ "order without composing", "q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87" },
	{ "blocked", "a\xcc\x85\xcc\x88", "a\xcc\x85\xcc\x88" },
	{ "over one of a lower class", "d\xcc\xa4\xcc\xa7\xcc\x87",
	    "\xe1\xb8\x91\xcc\xa4\xcc\x87" },
	{ "other code point", "\xe2\x84\xab \xe2\x84\xa6", "\xc3\x85 \xce\xa9" },
	{ "never composed", "\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc" },
	{ "two starters", "\xe0\xa7\x87\xe0\xa6\xbe", "\xe0\xa7\x8b" },
	{ "mark at the start",
	    "\xcc\x88"
	    "a",
	    "\xcc\x88"
	    "a" },
	{ "hangul", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xea\xb0\x81" },
	{ "hangul half composed", "\xea\xb0\x80\xe1\x86\xa8", "\xea\xb0\x81" },
	{ "hangul composed", "\xea\xb0\x81\xe1\x86\xa8", "\xea\xb0\x81\xe1\x86\xa8" },
	{ "hangul without a vowel", "\xe1\x84\x80\xe1\x86\xa8", "\xe1\x84\x80\xe1\x86\xa8" },
	{ "damaged", "\xffo\xcc\x88", "\xef\xbf\xbd\xc3\xb6" },
};

/* Marks without end are kept, and do not take time without end. */
static void
test_many_marks(void)
{
	struct buf in, out;

	TEST_ROW("many marks");
	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 21);
	buf_add_c(&in, "a");
	for (unsigned i = 0; i < 100 * 1000; i++)
		buf_add_c(&in, i % 2 ? "\xcc\xa3" : "\xcc\x87");
	utf8_nfc(&out, buf_str(&in));
	CHECK(buf_ok(&out));
	CHECK_NUM(utf8_length(buf_str(&out)), 100000); /* one of them went into the letter */
	buf_release(&in);
	buf_release(&out);
}

int
main(void)
{
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		buf_clear(&out);
		utf8_nfc(&out, str_c(rows[i].in));
		CHECK_STR(buf_str(&out), str_c(rows[i].want));
	}
	test_many_marks();
	buf_release(&out);
	return test_end();
}
