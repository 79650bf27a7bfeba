#include "imap/url.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static struct arena arena;

static const struct {
	const char *name, *in;
	bool want;
	enum imap_url_base base;
	const char *mailbox;
	uint32_t validity, uid;
	const char *section;
} rows[] = {
	{ "message", "/INBOX/;UID=20", true, URL_ROOT, "INBOX", 0, 20, "BODY[]" },
	{ "validity", "/Drafts;UIDVALIDITY=385759045/;UID=30", true, URL_ROOT, "Drafts", 385759045,
	    30, "BODY[]" },
	{ "section", "/a/b;uidvalidity=7/;uid=3/;section=1.2.MIME", true, URL_ROOT, "a/b", 7, 3,
	    "BODY[1.2.MIME]" },
	{ "fields", "/a/;UID=3/;SECTION=HEADER.FIELDS%20(DATE%20TO)", true, URL_ROOT, "a", 0, 3,
	    "BODY[HEADER.FIELDS (DATE TO)]" },
	{ "empty section", "/a/;UID=3/;SECTION=", true, URL_ROOT, "a", 0, 3, "BODY[]" },
	{ "partial", "/a/;UID=3/;SECTION=1/;PARTIAL=5.10", true, URL_ROOT, "a", 0, 3,
	    "BODY[1]<5>" },
	{ "open partial", "/a/;UID=3/;PARTIAL=0", true, URL_ROOT, "a", 0, 3, "BODY[]<0>" },
	{ "encoded", "/Entw%C3%bcrfe%3b/;UID=1", true, URL_ROOT, "Entw\xc3\xbcrfe;", 0, 1,
	    "BODY[]" },
	{ "selected", ";UID=1", true, URL_SELECTED, "", 0, 1, "BODY[]" },
	{ "selected, slash", "/;UID=1/;SECTION=TEXT", true, URL_SELECTED, "", 0, 1, "BODY[TEXT]" },
	{ "sibling", "a/;UID=1", true, URL_SIBLING, "a", 0, 1, "BODY[]" },
	{ "scheme", "imap://host/INBOX/;UID=1", true, URL_SIBLING, "imap://host/INBOX", 0, 1,
	    "BODY[]" }, /* no such mailbox can be: its levels are not empty */
	{ "empty", "", false, URL_ROOT, "", 0, 0, "" },
	{ "no message", "/INBOX", false, URL_ROOT, "", 0, 0, "" },
	{ "no slash", "/INBOX;UID=1", false, URL_ROOT, "", 0, 0, "" },
	{ "zero", "/INBOX/;UID=0", false, URL_ROOT, "", 0, 0, "" },
	{ "large", "/INBOX/;UID=4294967296", false, URL_ROOT, "", 0, 0, "" },
	{ "validity of zero", "/INBOX;UIDVALIDITY=0/;UID=1", false, URL_ROOT, "", 0, 0, "" },
	{ "unknown section", "/a/;UID=1/;SECTION=FOO", false, URL_ROOT, "", 0, 0, "" },
	{ "MIME of the top", "/a/;UID=1/;SECTION=MIME", false, URL_ROOT, "", 0, 0, "" },
	{ "bracket", "/a/;UID=1/;SECTION=1]", false, URL_ROOT, "", 0, 0, "" },
	{ "partial of nothing", "/a/;UID=1/;PARTIAL=3.0", false, URL_ROOT, "", 0, 0, "" },
	{ "more", "/a/;UID=1/;URLAUTH=x", false, URL_ROOT, "", 0, 0, "" },
	{ "half encoded", "/a%2/;UID=1", false, URL_ROOT, "", 0, 0, "" },
	{ "not hexadecimal", "/a%zz/;UID=1", false, URL_ROOT, "", 0, 0, "" },
	{ "NUL", "/a%00/;UID=1", false, URL_ROOT, "", 0, 0, "" },
	{ "not UTF-8", "/a%ff/;UID=1", false, URL_ROOT, "", 0, 0, "" },
	{ "slash alone", "//;UID=1", false, URL_ROOT, "", 0, 0, "" },
};

static void
test_parse(void)
{
	struct imap_url url;
	struct buf name;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool is_url = imap_url_parse(&arena, str_c(rows[i].in), &url);

		TEST_ROW(rows[i].name);
		CHECK(is_url == rows[i].want);
		if (!is_url)
			continue;
		CHECK_NUM(url.base, rows[i].base);
		CHECK_STR(url.mailbox, str_c(rows[i].mailbox));
		CHECK_NUM(url.uid_validity, rows[i].validity);
		CHECK_NUM(url.uid, rows[i].uid);
		buf_init(&name, 1000);
		imap_fetch_name_write(&name, &url.item);
		CHECK_STR(buf_str(&name), str_c(rows[i].section));
		buf_release(&name);
	}
}

static void
test_write(void)
{
	struct buf out;

	TEST_ROW("write");
	buf_init(&out, 1000);
	imap_url_write(&out, STR("/a%20b]\\\r\n\x80;UID=1"));
	CHECK_STR(buf_str(&out), STR("/a%20b%5d%5c%0d%0a%80;UID=1"));
	buf_release(&out);
}

int
main(void)
{
	arena_init(&arena, 100000);
	test_parse();
	test_write();
	arena_release(&arena);
	return test_end();
}
