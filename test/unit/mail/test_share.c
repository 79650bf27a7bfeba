/* Copies between accounts: flags as allowed, quota, what is gone, and nothing shared but the file. */
#include "fixture.h"

static struct fixture f;
static struct account *bob;

static uint64_t
flags_in(struct account *a, uint32_t mailbox, uint32_t uid)
{
	uint64_t flags = 0;
	struct view *view;

	CHECK_NUM(view_open(a, mailbox, &view), FAIL_NONE);
	if (view_find(view, uid))
		flags = view_find(view, uid)->flags;
	view_close(&view);
	return flags;
}

static void
test_flags(uint32_t inbox, uint32_t to)
{
	const struct str names[] = { STR_INIT("work"), STR_INIT("other") };
	const uint32_t uids[] = { 1, 2, 77 };
	struct email_copied copied[3];
	struct email_added added;
	uint64_t work, bobs, both;
	size_t count;

	TEST_ROW("flags");
	CHECK_NUM(keyword_bits(bob, names, 2, true, &both, NULL), FAIL_NONE);
	CHECK_NUM(keyword_bits(f.account, names + 1, 1, true, &work, NULL), FAIL_NONE);
	CHECK_NUM(keyword_bits(f.account, names, 1, true, &work, NULL), FAIL_NONE);
	CHECK_NUM(keyword_bits(bob, names, 1, false, &bobs, NULL), FAIL_NONE);
	CHECK(work != bobs); /* the tables differ */
	CHECK_NUM(fixture_add(&f, inbox, FLAG_SEEN | FLAG_DELETED | work, 1, 0, "a", &added),
	    FAIL_NONE);
	CHECK_NUM(fixture_add(&f, inbox, FLAG_FLAGGED, 2, 0, "b", &added), FAIL_NONE);
	CHECK_NUM(email_share(f.account, inbox, uids, 3, bob, to, ~(uint64_t)0, copied, &count),
	    FAIL_NONE);
	CHECK_NUM(count, 2);
	CHECK_NUM(copied[1].from_uid, 2);
	CHECK_NUM(copied[1].to_uid, 2);
	CHECK_NUM(flags_in(bob, to, 1), FLAG_SEEN | bobs);
	CHECK_NUM(flags_in(bob, to, 2), FLAG_FLAGGED);
	CHECK_NUM(email_share(f.account, inbox, uids, 1, bob, to, FLAG_SEEN, copied, &count),
	    FAIL_NONE);
	CHECK_NUM(flags_in(bob, to, 3), FLAG_SEEN);
	CHECK_NUM(email_share(f.account, inbox, uids, 1, bob, to, 0, copied, &count), FAIL_NONE);
	CHECK_NUM(flags_in(bob, to, 4), 0);
	fixture_check(&f);
}

static void
test_limits(uint32_t inbox, uint32_t to)
{
	const uint32_t uids[] = { 1, 2 };
	struct account_limits limits = { 0, bob->used_messages + 1 };
	struct email_copied copied[2];
	struct blob_map map = { 0 };
	struct email *email;
	struct arena arena;
	size_t count;

	TEST_ROW("limits");
	account_limit(bob, &limits);
	CHECK_NUM(email_share(f.account, inbox, uids, 2, bob, to, 0, copied, &count), FAIL_LIMIT);
	CHECK_NUM(count, 1);
	CHECK_NUM(email_share(f.account, inbox, uids, 1, bob, 9999, 0, copied, &count), FAIL_LIMIT);
	limits.quota_messages = 0;
	account_limit(bob, &limits);
	CHECK_NUM(email_share(f.account, inbox, uids, 1, bob, 9999, 0, copied, &count),
	    FAIL_MISSING);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	/* the original goes, the copy stays */
	CHECK_NUM(email_expunge(f.account, inbox, uids, 2, false, NULL), FAIL_NONE);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	arena_init(&arena, 100000);
	CHECK_NUM(email_get(bob, 1, &arena, &email), FAIL_NONE);
	CHECK_NUM(email_map(bob, 1, &map), FAIL_NONE);
	CHECK_NUM(map.bytes.n, email->size);
	blob_unmap(&map);
	arena_release(&arena);
	fixture_check(&f);
}

int
main(void)
{
	uint32_t inbox, to;

	fixture_open(&f, "share");
	inbox = fixture_box(&f, "INBOX");
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	to = mailbox_by_path(bob, STR("Archive"))->id;
	test_flags(inbox, to);
	test_limits(inbox, to);
	account_close(&bob);
	fixture_close(&f, true);
	return test_end();
}
