#include "imap/rights.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "mail/keyword.h"

static const struct {
	const char *in;
	bool want;
	enum rights_how how;
	unsigned rights;
	const char *out;
} rows[] = {
	{ "", true, RIGHTS_REPLACE, 0, "" },
	{ "lr", true, RIGHTS_REPLACE, ACL_LOOKUP | ACL_READ, "lr" },
	{ "rl", true, RIGHTS_REPLACE, ACL_LOOKUP | ACL_READ, "lr" },
	{ "+s", true, RIGHTS_ADD, ACL_SEEN, "s" },
	{ "-wi", true, RIGHTS_REMOVE, ACL_WRITE | ACL_INSERT, "wi" },
	{ "c", true, RIGHTS_REPLACE, ACL_CREATE | ACL_DELETE_MAILBOX, "kxc" },
	{ "d", true, RIGHTS_REPLACE, ACL_DELETE | ACL_EXPUNGE, "ted" },
	{ "k", true, RIGHTS_REPLACE, ACL_CREATE, "kc" },
	{ "e", true, RIGHTS_REPLACE, ACL_EXPUNGE, "ed" },
	{ "lrswipkxtea", true, RIGHTS_REPLACE, ACL_ALL, "lrswipkxteacd" },
	{ "lrswipkxteacd", true, RIGHTS_REPLACE, ACL_ALL, "lrswipkxteacd" },
	{ "+", true, RIGHTS_ADD, 0, "" },
	{ "L", false, RIGHTS_REPLACE, 0, "" },
	{ "lrq", false, RIGHTS_REPLACE, 0, "" },
	{ "l r", false, RIGHTS_REPLACE, 0, "" },
	{ "+-l", false, RIGHTS_REPLACE, 0, "" },
	{ "0", false, RIGHTS_REPLACE, 0, "" },
};

static void
test_letters(void)
{
	struct buf out;

	buf_init(&out, 100);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum rights_how how;
		unsigned rights;

		TEST_ROW(rows[i].in);
		CHECK(imap_rights_parse(str_c(rows[i].in), &how, &rights) == rows[i].want);
		if (!rows[i].want)
			continue;
		CHECK_NUM(how, rows[i].how);
		CHECK_NUM(rights, rows[i].rights);
		buf_clear(&out);
		imap_rights_write(&out, rights);
		CHECK_STR(buf_str(&out), str_c(rows[i].out));
	}
	buf_release(&out);
}

static void
test_flags(void)
{
	TEST_ROW("flags");
	CHECK(imap_rights_flags(ACL_ALL) == ~(uint64_t)0);
	CHECK(imap_rights_flags(ACL_SEEN) == FLAG_SEEN);
	CHECK(imap_rights_flags(ACL_DELETE) == FLAG_DELETED);
	CHECK(imap_rights_flags(ACL_WRITE) == ~(FLAG_SEEN | FLAG_DELETED));
	CHECK(imap_rights_flags(ACL_READ | ACL_INSERT | ACL_EXPUNGE) == 0);
}

int
main(void)
{
	test_letters();
	test_flags();
	return test_end();
}
