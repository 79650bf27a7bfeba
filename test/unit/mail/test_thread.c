/* Which messages belong together, by rows; the thread's list; the summary of odd messages. */
#include "fixture.h"

static const struct {
	const char *name;
	unsigned id, parent;
	const char *subject;
	unsigned same_as; /* row whose thread it joins, counted from 1; its own number: a new one */
} rows[] = {
	{ "first", 1, 0, "Plans", 1 },
	{ "answer", 2, 1, "Re: Plans", 1 },
	{ "answer to the answer", 3, 2, "RE: re: plans", 1 },
	{ "another subject", 4, 1, "Something else", 4 },
	{ "no relation", 5, 0, "Plans", 5 },
	{ "answer before its parent", 6, 70, "Late", 6 },
	{ "the parent", 70, 0, "Late", 6 },
	{ "sibling", 8, 70, "Re: Late", 6 },
	{ "same id again", 1, 0, "Plans", 1 },
};

static void
test_rows(struct fixture *f)
{
	uint64_t threads[ARRAY_LEN(rows)];
	struct email_added added;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK_NUM(fixture_add(f, fixture_box(f, "INBOX"), 0, rows[i].id, rows[i].parent,
			      rows[i].subject, &added),
		    FAIL_NONE);
		threads[i] = added.thread_id;
		CHECK_NUM(added.thread_id, threads[rows[i].same_as - 1]);
		if (rows[i].same_as == i + 1)
			CHECK_NUM(added.thread_id, added.id);
	}
}

static void
test_list(struct fixture *f)
{
	struct mailbox *inbox = mailbox_by_role(f->account, MAILBOX_ROLE_INBOX);
	struct arena arena;
	uint64_t *ids, thread = 1;
	size_t count;

	TEST_ROW("list");
	arena_init(&arena, 1 << 20);
	CHECK_NUM(thread_emails(f->account, thread, &arena, &ids, &count), FAIL_NONE);
	CHECK_NUM(count, 4);
	CHECK_NUM(ids[0], 1); /* by receivedAt: ids 1 and 9 share it, then 2, 3 */
	CHECK_NUM(ids[3], 3);
	CHECK_NUM(inbox->total_threads, 4);
	CHECK_NUM(email_destroy(f->account, 1), FAIL_NONE);
	CHECK_NUM(thread_emails(f->account, thread, &arena, &ids, &count), FAIL_NONE);
	CHECK_NUM(count, 3);
	CHECK_NUM(thread_emails(f->account, 999, &arena, &ids, &count), FAIL_MISSING);
	arena_release(&arena);
	fixture_check(f);
}

static const struct {
	const char *name, *text;
} odd_rows[] = {
	{ "empty", "" },
	{ "no header", "\r\nbody" },
	{ "one byte", "x" },
	{ "NUL and 8 bit", "Subject: \xff\xfe\r\nMessage-ID: <\xff>\r\n\r\n\x01\x02" },
	{ "broken multipart", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--b\r\n" },
	{ "references without end", "References: <a <b <c\r\n\r\n" },
};

static void
test_odd(struct fixture *f)
{
	uint32_t inbox = fixture_box(f, "INBOX");
	struct email_new new = { .mailboxes = &inbox, .mailbox_count = 1 };
	struct email_added added;
	struct message *m;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(odd_rows); i++) {
		TEST_ROW(odd_rows[i].name);
		new.bytes = str_c(odd_rows[i].text);
		CHECK_NUM(email_add_bytes(f->account, &new, &added), FAIL_NONE);
		CHECK_NUM(email_summary(f->account, added.id, &arena, &m), FAIL_NONE);
	}
	arena_release(&arena);
	fixture_check(f);
}

/* Many references: the first and the last ones find the thread. */
static void
test_long_references(struct fixture *f)
{
	uint32_t inbox = fixture_box(f, "INBOX");
	struct email_new new = { .mailboxes = &inbox, .mailbox_count = 1 };
	struct email_added root, answer;
	struct buf text;

	TEST_ROW("long references");
	CHECK_NUM(fixture_add(f, inbox, 0, 500, 0, "Long", &root), FAIL_NONE);
	buf_init(&text, 100000);
	buf_add_c(&text, "Subject: Re: Long\r\nMessage-ID: <z@x>\r\nReferences: <m500@x>");
	for (unsigned i = 0; i < 200; i++) {
		buf_add_c(&text, "\r\n <lost");
		buf_add_u64(&text, i);
		buf_add_c(&text, "@x>");
	}
	buf_add_c(&text, "\r\n\r\nHello\r\n");
	new.bytes = buf_str(&text);
	CHECK_NUM(email_add_bytes(f->account, &new, &answer), FAIL_NONE);
	CHECK_NUM(answer.thread_id, root.id);
	buf_release(&text);
	fixture_check(f);
}

int
main(void)
{
	struct fixture f;

	fixture_open(&f, "thread");
	test_rows(&f);
	test_list(&f);
	test_odd(&f);
	test_long_references(&f);
	fixture_close(&f, true);
	return test_end();
}
