/* What others gave and took: who is told, what is one notice, how many are kept and how long. */
#include "fixture.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "mail/share_notice.h"

#define LR (ACL_LOOKUP | ACL_READ)

static const struct {
	const char *name;
	uint32_t mailbox;
	const char *identifier;
	unsigned rights;
	const char *by;
	const char *want; /* "mailbox was>now" of all that Bob has then */
} rows[] = {
	{ "given", 3, "bob@example.test", LR, "alice@example.test", "3 0>3 " },
	{ "the same again", 3, "bob@example.test", LR, "alice@example.test", "3 0>3 " },
	{ "another one", 4, "BOB@example.test", LR, "eve@example.test", "3 0>3 4 0>3 " },
	{ "more of the first: one notice, now the newest", 3, "bob@example.test", LR | ACL_SEEN,
	    "eve@example.test", "4 0>3 3 0>7 " },
	{ "taken from it", 3, "-bob@example.test", ACL_SEEN, "alice@example.test", "4 0>3 3 0>3 " },
	{ "all is as it was", 4, "bob@example.test", 0, "alice@example.test", "3 0>3 " },
	{ "by himself", 3, "bob@example.test", 0, "bob@example.test", "3 0>3 " },
	{ "a group", 5, "$sales", LR, "alice@example.test", "3 0>3 " },
	{ "everybody", 5, "anyone", LR, "alice@example.test", "3 0>3 " },
	{ "what everybody has is nothing new", 5, "bob@example.test", LR, "alice@example.test",
	    "3 0>3 " },
	{ "somebody else", 4, "carol@example.test", LR, "alice@example.test", "3 0>3 " },
};

static void
write_all(struct account *bob, struct buf *out)
{
	struct share_notice *list;
	struct arena arena;
	size_t count;

	buf_clear(out);
	arena_init(&arena, 1 << 20);
	CHECK_NUM(share_notices(bob, &arena, &list, &count), FAIL_NONE);
	for (size_t i = 0; i < count; i++) {
		buf_add_u64(out, list[i].mailbox);
		buf_add_char(out, ' ');
		buf_add_u64(out, list[i].was);
		buf_add_char(out, '>');
		buf_add_u64(out, list[i].now);
		buf_add_char(out, ' ');
		CHECK_NUM(list[i].account, 1);
	}
	arena_release(&arena);
}

static size_t
count_all(struct account *bob)
{
	struct share_notice *list;
	struct arena arena;
	size_t count;

	arena_init(&arena, 1 << 20);
	CHECK_NUM(share_notices_expire(bob), FAIL_NONE);
	CHECK_NUM(share_notices(bob, &arena, &list, &count), FAIL_NONE);
	arena_release(&arena);
	return count;
}

static void
test_get(struct account *bob)
{
	struct share_notice *list, *n;
	struct arena arena;
	uint64_t id;
	size_t count;

	TEST_ROW("one of them");
	arena_init(&arena, 1 << 20);
	CHECK_NUM(share_notices(bob, &arena, &list, &count), FAIL_NONE);
	for (size_t i = 0; i < count; i++) {
		if (!CHECK_NUM(share_notice_get(bob, list[i].id, &arena, &n), FAIL_NONE))
			continue;
		CHECK_NUM(n->id, list[i].id);
		CHECK_NUM(n->mailbox, list[i].mailbox);
		CHECK_NUM(n->now, list[i].now);
		CHECK_STR(n->by, list[i].by);
		CHECK_STR(n->name, list[i].name);
	}
	CHECK_NUM(count, 1);
	id = count ? list[0].id : 0;
	CHECK_NUM(share_notice_get(bob, 999, &arena, &n), FAIL_MISSING);
	arena_release(&arena);
	arena_init(&arena, 8);
	CHECK_NUM(share_notice_get(bob, id, &arena, &n), FAIL_LIMIT);
	arena_release(&arena);
}

static void
test_bounds(struct account *alice, struct account *bob)
{
	uint64_t state;
	uint32_t id;
	char name[20];

	TEST_ROW("bounds");
	for (unsigned i = 0; i < SHARE_NOTICES_MAX + 5; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		CHECK_NUM(mailbox_create(alice, &(struct mailbox_new){ .name = str_c(name) }, &id),
		    FAIL_NONE);
		CHECK_NUM(acl_set_by(alice, id, bob->name, LR, alice->name), FAIL_NONE);
	}
	CHECK_NUM(count_all(bob), SHARE_NOTICES_MAX);
	TEST_ROW("age");
	clock_fake(1, 1700000000000 + SHARE_NOTICE_AGE_S * 1000);
	CHECK_NUM(count_all(bob), SHARE_NOTICES_MAX);
	state = change_state(bob, CHANGE_SHARE_NOTICE);
	clock_fake(1, 1700000001000 + SHARE_NOTICE_AGE_S * 1000);
	CHECK_NUM(count_all(bob), 0);
	CHECK(change_state(bob, CHANGE_SHARE_NOTICE) > state);
	CHECK_NUM(share_notice_remove(bob, 1), FAIL_MISSING);
}

int
main(void)
{
	struct account *bob;
	struct fixture f;
	struct buf got;

	clock_fake(1, 1700000000000);
	fixture_open(&f, "share_notice");
	buf_init(&got, 1 << 16);
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK_NUM(acl_set_by(f.account, rows[i].mailbox, str_c(rows[i].identifier),
			      rows[i].rights, str_c(rows[i].by)),
		    FAIL_NONE);
		write_all(bob, &got);
		CHECK_STR(buf_str(&got), str_c(rows[i].want));
	}
	TEST_ROW("nobody gets an account by it");
	CHECK_NUM(account_find(f.mail, STR("carol@example.test"), &(struct account *){ NULL }),
	    FAIL_MISSING);
	TEST_ROW("failures are those of the list");
	CHECK_NUM(acl_set_by(f.account, 99, bob->name, LR, f.account->name), FAIL_MISSING);
	CHECK_NUM(acl_set_by(f.account, 1, STR("a b"), LR, f.account->name), FAIL_SYNTAX);
	test_get(bob);
	test_bounds(f.account, bob);
	fixture_check(&f);
	buf_release(&got);
	account_close(&bob);
	fixture_close(&f, true);
	return test_end();
}
