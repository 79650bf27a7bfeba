#include "imap/sort.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "imap/capability.h"
#include "mail/view.h"
#include "message/message.h"

static struct arena arena;

static const struct {
	const char *name, *in;
	bool want;
	size_t count;
	bool needs_summary;
} criteria_rows[] = {
	{ "one", "(ARRIVAL)", true, 1, false },
	{ "all", "(CC DATE FROM SIZE SUBJECT TO DISPLAYFROM DISPLAYTO RELEVANCY)", true, 9, true },
	{ "reverse", "(reverse size REVERSE arrival)", true, 2, false },
	{ "reverse alone", "(REVERSE)", false, 0, false },
	{ "reverse twice", "(REVERSE REVERSE DATE)", false, 0, false },
	{ "empty", "()", false, 0, false },
	{ "open", "(DATE", false, 0, false },
	{ "no list", "DATE", false, 0, false },
	{ "unknown", "(FOO)", false, 0, false },
	{ "blank", "(DATE )", false, 0, false },
};

/* The messages, each of which sorts behind the one before it by its criteria; "=": like it. */
static const struct {
	const char *criteria, *header;
	bool is_same;
} order_rows[] = {
	{ "(SUBJECT)", "Subject: \r\n", false },
	{ "(SUBJECT)", "X-No: subject\r\n", true },
	{ "(SUBJECT)", "Subject: [list] Re: alpha (fwd)\r\n", false },
	{ "(SUBJECT)", "Subject: ALPHA\r\n", true },
	{ "(SUBJECT)", "Subject: =?utf-8?Q?Re:_alph?= =?utf-8?Q?a?=\r\n", true },
	{ "(SUBJECT)", "Subject: alpha b\r\n", false },
	{ "(SUBJECT)", "Subject: Fwd: alphab\r\n", false },
	{ "(SUBJECT)", "Subject: =?iso-8859-1?Q?=E4rger?=\r\n", false },
	{ "(SUBJECT)", "Subject: =?utf-8?Q?=C3=84RGER?=\r\n", true },
	{ "(SUBJECT)", "Subject: beta\r\n", false },
	{ "(FROM)", "To: zoe@x\r\n", false },
	{ "(FROM)", "From: Zoe <amy@z.test>\r\n", false },
	{ "(FROM)", "From: <AMY@a.test>, bob@x\r\n", true },
	{ "(FROM)", "From: Adam <bob@a.test>\r\n", false },
	{ "(FROM)", "From: \"club\": amy@x;\r\n", false },
	{ "(CC TO)", "Cc: a@x\r\nTo: b@x\r\n", false },
	{ "(CC TO)", "Cc: a@x\r\nTo: c@x\r\n", false },
	{ "(CC TO)", "Cc: aa@x\r\nTo: a@x\r\n", false },
	{ "(DISPLAYFROM)", "Subject: x\r\n", false },
	{ "(DISPLAYFROM)", "From: \"Amy Z\" <zoe@b.test>\r\n", false },
	{ "(DISPLAYFROM)", "From: amy@a.test\r\n", false },
	{ "(DISPLAYFROM)", "From: amy@b.test\r\n", false },
	{ "(DISPLAYTO)", "To: =?utf-8?B?w6Q=?= <zoe@b.test>\r\n", false },
	{ "(DISPLAYTO)", "To: \xc3\x84 <amy@b.test>\r\n", true },
	{ "(DISPLAYTO)", "To: B <amy@b.test>\r\n", false },
	{ "(DATE)", "Date: Mon, 1 Jan 1900 00:00:00 +0000\r\n", false },
	{ "(DATE)", "X-None: the internal date, 1970\r\n", false },
	{ "(DATE)", "Date: 31 Dec 2000 16:01:33 -0800\r\n", false },
	{ "(DATE)", "Date: 1 Jan 2001 00:01:33 +0000\r\n", true },
	{ "(DATE)", "Date: 1 Jan 2001 00:01:34 +0000\r\n", false },
	{ "(DATE)", "Date: 1 Jan 2002 00:00:00 +0000\r\n", false },
	{ "(DATE)", "Date: 1 Jan 2002 00:00:00 +9999\r\n", true },
	{ "(DATE)", "Date: 1 Jan 2002 00:00:00 NOWHERE\r\n", true },
	{ "(DATE)", "Date: 1 Jan 2002 99:99:99 +9999\r\n", true },
	{ "(DATE)", "Date: 1 Jan 2002 whenever\r\n", true },
	{ "(REVERSE DATE)", "Date: 1 Jan 2001 00:01:33 +0000\r\n", false },
	{ "(REVERSE DATE)", "Date: 31 Dec 2000 16:01:32 -0800\r\n", false },
	{ "(REVERSE SUBJECT)", "Subject: b\r\n", false },
	{ "(REVERSE SUBJECT)", "Subject: ab\r\n", false },
	{ "(REVERSE SUBJECT)", "Subject: a\r\n", false },
	{ "(REVERSE SUBJECT)", "Subject: \r\n", false },
	{ "(SUBJECT REVERSE FROM)", "Subject: a\r\nFrom: b@x\r\n", false },
	{ "(SUBJECT REVERSE FROM)", "Subject: a\r\nFrom: a@x\r\n", false },
	{ "(SUBJECT REVERSE FROM)", "Subject: a b\r\nFrom: c@x\r\n", false },
};

static void
key_write(struct buf *out, const char *criteria, const char *header, const struct view_entry *entry,
    unsigned score)
{
	struct imap_cursor c = { str_c(criteria), &arena, false };
	struct imap_capabilities needs = { 0 };
	struct imap_sort_of of = { .entry = entry, .score = score };
	struct imap_sort sort = { 0 };
	struct message *m = arena_alloc(&arena, 1, sizeof(*m));

	CHECK(m && imap_sort_criteria(&c, &sort, &needs));
	if (m)
		message_parse(m, str_c(header), &arena);
	of.summary = sort.needs_summary ? m : NULL;
	imap_sort_key_write(out, &sort, &of, &arena);
}

static void
test_order(void)
{
	struct view_entry entry = { .received_s = 0 };
	struct buf key, before;

	buf_init(&key, 100000);
	buf_init(&before, 100000);
	for (size_t i = 0; i < ARRAY_LEN(order_rows); i++) {
		TEST_ROW(order_rows[i].header);
		buf_clear(&key);
		key_write(&key, order_rows[i].criteria, order_rows[i].header, &entry, 0);
		if (i > 0 &&
		    str_eq(str_c(order_rows[i - 1].criteria), str_c(order_rows[i].criteria))) {
			int order = str_cmp(buf_str(&before), buf_str(&key));

			CHECK(order_rows[i].is_same ? order == 0 : order < 0);
		}
		buf_clear(&before);
		buf_add(&before, buf_str(&key));
	}
	buf_release(&key);
	buf_release(&before);
}

/* What needs no header; and headers that cannot be read are empty. */
static void
test_entries(void)
{
	struct view_entry small = { .received_s = -5, .size = 255 };
	struct view_entry large = { .received_s = 5, .size = 256 };
	static const char *const criteria[] = { "(SIZE)", "(ARRIVAL)", "(REVERSE RELEVANCY)" };
	struct buf a, b;

	buf_init(&a, 100000);
	buf_init(&b, 100000);
	for (size_t i = 0; i < ARRAY_LEN(criteria); i++) {
		TEST_ROW(criteria[i]);
		buf_clear(&a);
		buf_clear(&b);
		key_write(&a, criteria[i], "", &small, 1);
		key_write(&b, criteria[i], "", &large, 100);
		CHECK(str_cmp(buf_str(&a), buf_str(&b)) < 0);
	}
	TEST_ROW("long");
	buf_clear(&a);
	buf_add_c(&a, "Subject: ");
	for (int i = 0; i < 90000; i++)
		buf_add_char(&a, 'x');
	buf_clear(&b);
	key_write(&b, "(SUBJECT)", buf_c(&a), &small, 1);
	CHECK_NUM(b.n, IMAP_SORT_TEXT_MAX + 1);
	buf_release(&a);
	buf_release(&b);
}

int
main(void)
{
	struct imap_capabilities needs = { 0 };
	struct imap_sort sort;

	arena_init(&arena, 10 << 20);
	for (size_t i = 0; i < ARRAY_LEN(criteria_rows); i++) {
		struct imap_cursor c = { str_c(criteria_rows[i].in), &arena, false };

		TEST_ROW(criteria_rows[i].name);
		CHECK(imap_sort_criteria(&c, &sort, &needs) == criteria_rows[i].want);
		if (!criteria_rows[i].want)
			continue;
		CHECK(imap_at_end(&c));
		CHECK_NUM(sort.count, criteria_rows[i].count);
		CHECK(sort.needs_summary == criteria_rows[i].needs_summary);
	}
	TEST_ROW("too many");
	struct imap_cursor c = { STR("(DATE DATE DATE DATE DATE DATE DATE DATE DATE DATE DATE DATE "
				     "DATE DATE DATE DATE DATE DATE DATE DATE DATE)"),
		&arena, false };
	CHECK(!imap_sort_criteria(&c, &sort, &needs) && c.is_over);
	test_order();
	test_entries();
	arena_release(&arena);
	return test_end();
}
