#include "imap/fetch.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static struct arena arena;

/* `out` has the names as the response writes them, "=" before those that set \Seen. */
static const struct {
	const char *name, *in;
	bool want;
	const char *out;
} rows[] = {
	{ "one", "FLAGS", true, "FLAGS" },
	{ "list", "(UID flags RFC822.SIZE)", true, "UID FLAGS RFC822.SIZE" },
	{ "fast", "FAST", true, "FLAGS INTERNALDATE RFC822.SIZE" },
	{ "all", "all", true, "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE" },
	{ "full", "FULL", true, "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY" },
	{ "macro in list", "(ALL)", false, "" },
	{ "body", "BODY", true, "BODY" },
	{ "bodystructure", "BODYSTRUCTURE", true, "BODYSTRUCTURE" },
	{ "whole", "BODY[]", true, "=BODY[]" },
	{ "peek", "BODY.PEEK[]", true, "BODY[]" },
	{ "header", "body.peek[header]", true, "BODY[HEADER]" },
	{ "part", "BODY.PEEK[1.2.3]", true, "BODY[1.2.3]" },
	{ "mime", "BODY.PEEK[1.MIME]", true, "BODY[1.MIME]" },
	{ "mime at top", "BODY.PEEK[MIME]", false, "" },
	{ "part header", "BODY[2.HEADER]", true, "=BODY[2.HEADER]" },
	{ "fields", "BODY.PEEK[HEADER.FIELDS (From \"To\")]", true,
	    "BODY[HEADER.FIELDS (From To)]" },
	{ "not fields", "BODY.PEEK[3.HEADER.FIELDS.NOT (X)]<0.9>", true,
	    "BODY[3.HEADER.FIELDS.NOT (X)]<0>" },
	{ "fields literal", "BODY.PEEK[HEADER.FIELDS ({2}\r\nTo)]", true,
	    "BODY[HEADER.FIELDS (To)]" },
	{ "no fields", "BODY[HEADER.FIELDS ()]", false, "" },
	{ "fields without list", "BODY[HEADER.FIELDS]", false, "" },
	{ "partial", "BODY[TEXT]<10.20>", true, "=BODY[TEXT]<10>" },
	{ "partial of none", "BODY[]<0.0>", false, "" },
	{ "partial half", "BODY[]<0>", false, "" },
	{ "old", "(RFC822 RFC822.HEADER RFC822.TEXT)", true, "=RFC822 RFC822.HEADER =RFC822.TEXT" },
	{ "binary", "BINARY[1]<0.5>", true, "=BINARY[1]<0>" },
	{ "binary peek", "BINARY.PEEK[1.2]", true, "BINARY[1.2]" },
	{ "binary whole", "BINARY.PEEK[]", true, "BINARY[]" },
	{ "binary text", "BINARY[TEXT]", false, "" },
	{ "binary size", "BINARY.SIZE[3]", true, "BINARY.SIZE[3]" },
	{ "binary size partial", "BINARY.SIZE[3]<0.1>", false, "" },
	{ "object ids", "(EMAILID THREADID)", true, "EMAILID THREADID" },
	{ "modseq", "(modseq SAVEDATE)", true, "MODSEQ SAVEDATE" },
	{ "part 0", "BODY[0]", false, "" },
	{ "part dot", "BODY[1.]", false, "" },
	{ "unknown", "FOO", false, "" },
	{ "prefix", "FLAGSX", false, "" },
	{ "empty list", "()", false, "" },
	{ "open list", "(FLAGS", false, "" },
	{ "two blanks", "(FLAGS  UID)", false, "" },
	{ "open section", "BODY[HEADER", false, "" },
};

static void
names_write(struct buf *out, const struct imap_fetch_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buf_add_char(out, ' ');
		if (!list->items[i].is_peek)
			buf_add_char(out, '=');
		imap_fetch_name_write(out, &list->items[i]);
	}
}

int
main(void)
{
	struct imap_fetch_list list;
	struct buf out;

	arena_init(&arena, 100000);
	buf_init(&out, 100000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct imap_cursor c = { str_c(rows[i].in), &arena, false };
		bool is_ok = imap_fetch_parse(&c, &list) && imap_at_end(&c);

		TEST_ROW(rows[i].name);
		CHECK(is_ok == rows[i].want);
		if (!is_ok)
			continue;
		buf_clear(&out);
		names_write(&out, &list);
		CHECK_STR(buf_str(&out), str_c(rows[i].out));
		CHECK(list.sets_seen == (str_find_char(buf_str(&out), '=') != STR_NONE));
		arena_reset(&arena);
	}
	TEST_ROW("UID in front");
	struct imap_cursor c = { STR("FAST"), &arena, false };
	CHECK(imap_fetch_parse(&c, &list));
	imap_fetch_add_uid(&list);
	imap_fetch_add_uid(&list);
	buf_clear(&out);
	names_write(&out, &list);
	CHECK_STR(buf_str(&out), STR("UID FLAGS INTERNALDATE RFC822.SIZE"));
	TEST_ROW("too many");
	buf_clear(&out);
	buf_add_c(&out, "(UID");
	for (int i = 0; i < IMAP_FETCH_ITEMS_MAX; i++)
		buf_add_c(&out, " UID");
	buf_add_char(&out, ')');
	c.at = buf_str(&out);
	CHECK(!imap_fetch_parse(&c, &list) && imap_cursor_fail(&c) == FAIL_LIMIT);
	buf_release(&out);
	arena_release(&arena);
	return test_end();
}
