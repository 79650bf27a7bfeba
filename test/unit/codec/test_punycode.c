#include "codec/punycode.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* RFC 3492 section 7.1 (letters in lower case where the RFC marks case) and 7.2 style oddities. */
static const struct {
	const char *name, *utf8, *text;
} rows[] = {
	{ "(B) Chinese, simplified",
	    "\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8\x8d\xe8\xaf\xb4\xe4"
	    "\xb8\xad\xe6\x96\x87",
	    "ihqwcrb4cv8a8dqg056pqjye" },
	{ "(D) Czech",
	    "Pro\xc4\x8dprost\xc4\x9bnemluv\xc3\xad\xc4\x8d"
	    "esky",
	    "Proprostnemluvesky-uyb24dma41a" },
	{ "(L) Japanese",
	    "3\xe5\xb9\xb4"
	    "B\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7\x94\x9f",
	    "3B-ww4c5e180e575a65lsy2b" },
	{ "(P) Japanese",
	    "Maji\xe3\x81\xa7Koi\xe3\x81\x99\xe3\x82\x8b"
	    "5\xe7\xa7\x92\xe5\x89\x8d",
	    "MajiKoi5-783gue6qz075azm5e" },
	{ "(S) ASCII", "-> $1.00 <-", "-> $1.00 <--" },
	{ "German",
	    "b\xc3\xbc"
	    "cher",
	    "bcher-kva" },
	{ "emoji", "\xf0\x9f\x98\x80", "e28h" },
	{ "empty", "", "" },
};

static const struct {
	const char *name, *text;
	enum fail want;
} bad_rows[] = {
	{ "hyphen first", "-abc", FAIL_SYNTAX },
	{ "no digit", "b\xc3\xbc", FAIL_SYNTAX },
	{ "cut", "bcher-kv", FAIL_SYNTAX },
	{ "overflow", "99999999999999", FAIL_SYNTAX },
	{ "surrogate", "ib9b", FAIL_SYNTAX },
};

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		TEST_ROW(rows[i].name);
		buf_init(&out, 1000);
		CHECK(punycode_write(&out, str_c(rows[i].utf8)) == FAIL_NONE);
		CHECK_STR(buf_str(&out), str_c(rows[i].text));
		buf_clear(&out);
		CHECK(punycode_parse(&out, str_c(rows[i].text)) == FAIL_NONE);
		CHECK_STR(buf_str(&out), str_c(rows[i].utf8));
		buf_release(&out);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
		struct buf out;

		TEST_ROW(bad_rows[i].name);
		buf_init(&out, 1000);
		CHECK_NUM(punycode_parse(&out, str_c(bad_rows[i].text)), bad_rows[i].want);
		buf_release(&out);
	}
	return test_end();
}
