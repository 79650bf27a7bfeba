#include "codec/idna.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define L31 "abcdefghijklmnopqrstuvwxyz01234"
#define L63 L31 L31 "5"

static const struct {
	const char *name, *in;
	enum fail want;
	const char *ascii, *unicode;
} rows[] = {
	{ "plain", "Example.ORG", FAIL_NONE, "example.org", "example.org" },
	{ "final dot", "example.org.", FAIL_NONE, "example.org", "example.org" },
	{ "umlaut",
	    "B\xc3\xbc"
	    "cher.example",
	    FAIL_NONE, "xn--bcher-kva.example",
	    "b\xc3\xbc"
	    "cher.example" },
	{ "upper umlaut",
	    "B\xc3\x9c"
	    "CHER.example",
	    FAIL_NONE, "xn--bcher-kva.example",
	    "b\xc3\xbc"
	    "cher.example" },
	{ "A-label", "XN--Bcher-Kva.example", FAIL_NONE, "xn--bcher-kva.example",
	    "b\xc3\xbc"
	    "cher.example" },
	{ "more than 63 bytes in UTF-8",
	    "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
	    "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
	    "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
	    "\xe6\x97\xa5",
	    FAIL_NONE, "xn--wgvaaaaaaaaaaaaaaaaaaaaa", NULL },
	{ "ideographic dot",
	    "a\xe3\x80\x82"
	    "b",
	    FAIL_NONE, "a.b", "a.b" },
	{ "underscore", "_dmarc.example", FAIL_NONE, "_dmarc.example", "_dmarc.example" },
	{ "63 bytes", L63 ".de", FAIL_NONE, L63 ".de", L63 ".de" },
	{ "64 bytes", L63 "x.de", FAIL_SYNTAX, NULL, NULL },
	{ "too long in all", L63 "." L63 "." L63 "." L63, FAIL_SYNTAX, NULL, NULL },
	{ "empty", "", FAIL_SYNTAX, NULL, NULL },
	{ "dot", ".", FAIL_SYNTAX, NULL, NULL },
	{ "empty label", "a..b", FAIL_SYNTAX, NULL, NULL },
	{ "two final dots", "a..", FAIL_SYNTAX, NULL, NULL },
	{ "blank", "a b.c", FAIL_SYNTAX, NULL, NULL },
	{ "hyphen first", "-a.b", FAIL_SYNTAX, NULL, NULL },
	{ "hyphen last", "a-.b", FAIL_SYNTAX, NULL, NULL },
	{ "malformed", "a\xff.b", FAIL_SYNTAX, NULL, NULL },
	{ "no-break space", "a\xc2\xa0.b", FAIL_SYNTAX, NULL, NULL },
	{ "slash", "a/b", FAIL_SYNTAX, NULL, NULL },
};

static const struct {
	const char *name, *in;
} bad_a_labels[] = {
	{ "no Punycode", "xn--99999999.de" },
	{ "only ASCII inside", "xn--abc-.de" },
	{ "upper case inside", "xn--bcher-2pa.de" },
	{ "nothing inside", "xn--.de" },
};

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		TEST_ROW(rows[i].name);
		buf_init(&out, 2000);
		CHECK_NUM(idna_write_ascii(&out, str_c(rows[i].in)), rows[i].want);
		CHECK_STR(buf_str(&out), str_c(rows[i].ascii));
		buf_clear(&out);
		if (rows[i].want == FAIL_NONE) {
			CHECK(idna_write_unicode(&out, str_c(rows[i].in)) == FAIL_NONE);
			CHECK_STR(buf_str(&out),
			    str_c(rows[i].unicode ? rows[i].unicode : rows[i].in));
		}
		buf_release(&out);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad_a_labels); i++) {
		struct buf out;

		TEST_ROW(bad_a_labels[i].name);
		buf_init(&out, 2000);
		CHECK_NUM(idna_write_ascii(&out, str_c(bad_a_labels[i].in)), FAIL_SYNTAX);
		buf_release(&out);
	}
	return test_end();
}
