#include "codec/utf7.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *utf7, *utf8;
	enum fail want;
} rows[] = {
	{ "empty", "", "", FAIL_NONE },
	{ "ascii", "INBOX", "INBOX", FAIL_NONE },
	{ "ampersand", "a&-b", "a&b", FAIL_NONE },
	{ "RFC 3501 5.1.3", "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	    "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
	    FAIL_NONE },
	{ "umlaut", "Entw&APw-rfe", "Entw\xc3\xbcrfe", FAIL_NONE },
	{ "pair", "&2D3eAA-", "\xf0\x9f\x98\x80", FAIL_NONE },
	{ "after an ampersand", "&-&AOk-&-", "&\xc3\xa9&", FAIL_NONE },
	{ "control", "&AAk-", "\t", FAIL_NONE },
	{ "high byte", "caf\xc3\xa9", NULL, FAIL_SYNTAX },
	{ "raw control", "a\tb", NULL, FAIL_SYNTAX },
	{ "DEL", "a\x7f", NULL, FAIL_SYNTAX },
	{ "not closed", "&AOk", NULL, FAIL_SYNTAX },
	{ "ampersand alone", "a&", NULL, FAIL_SYNTAX },
	{ "ASCII inside", "&AGEA6Q-", NULL, FAIL_SYNTAX },
	{ "two runs", "&AOk-&AOk-", NULL, FAIL_SYNTAX },
	{ "bits left over", "&AOl-", NULL, FAIL_SYNTAX },
	{ "too short", "&AO-", NULL, FAIL_SYNTAX },
	{ "one character too many", "&AOkA-", NULL, FAIL_SYNTAX },
	{ "lone high surrogate", "&2D0-", NULL, FAIL_SYNTAX },
	{ "lone low surrogate", "&3gA-", NULL, FAIL_SYNTAX },
	{ "pair turned round", "&3gDYPQ-", NULL, FAIL_SYNTAX },
	{ "slash inside", "&U/BTFw-", NULL, FAIL_SYNTAX },
	{ "padding inside", "&AOk=-", NULL, FAIL_SYNTAX },
};

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		TEST_ROW(rows[i].name);
		buf_init(&out, 1000);
		CHECK_NUM(utf7_imap_parse(&out, str_c(rows[i].utf7)), rows[i].want);
		if (rows[i].want == FAIL_NONE) {
			CHECK_STR(buf_str(&out), str_c(rows[i].utf8));
			buf_clear(&out);
			utf7_imap_write(&out, str_c(rows[i].utf8));
			CHECK_STR(buf_str(&out), str_c(rows[i].utf7));
		}
		buf_release(&out);
	}
	return test_end();
}
