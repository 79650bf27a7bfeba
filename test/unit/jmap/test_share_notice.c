/* ShareNotifications (RFC 9670 3): the methods, and what JMAP's own sharing leaves. */
#include "fixture.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "mail/share_notice.h"

static const struct fixture_row rows[] = {
#include "share_notice.rows"
};

static void
check_using(struct fixture *f, const struct fixture_row *row)
{
	struct buf got;

	TEST_ROW(row->name);
	buf_init(&got, 1 << 16);
	f->using = "";
	fixture_run(f, row->calls, &got);
	CHECK(str_find(buf_str(&got), STR("unknownMethod")) != STR_NONE);
	buf_release(&got);
}

/* Alice shares by Mailbox/set: Bob is told, of each mailbox once, and not of what is over again. */
static void
check_sharing(struct fixture *f, struct account *alice, struct account *bob)
{
	static const char *const shares[] = { "{'Pbob_40example_2etest':{'mayReadItems':true}}",
		"{'Pbob_40example_2etest':{'mayReadItems':true,'mayAddItems':true},'Gstaff':{'mayReadItems':true}}",
		"null" };
	static const size_t wants[] = { 2, 2, 1 };
	struct buf got;
	char calls[400];

	f->using = ",'urn:ietf:params:jmap:principals','urn:ietf:params:jmap:mail:share'";
	buf_init(&got, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
		struct share_notice *list;
		struct arena arena;
		size_t count;

		TEST_ROW(shares[i]);
		f->account = alice;
		snprintf(calls, sizeof(calls),
		    "[['Mailbox/set',{'accountId':'a1','update':{'m4':{'shareWith':%s}}},'c']]",
		    shares[i]);
		fixture_run(f, calls, &got);
		CHECK(str_find(buf_str(&got), STR("\"updated\":{\"m4\":null}")) != STR_NONE);
		arena_init(&arena, 1 << 20);
		CHECK_NUM(share_notices(bob, &arena, &list, &count), FAIL_NONE);
		if (CHECK_NUM(count, wants[i]) && count == 2) {
			CHECK_NUM(list[1].mailbox, 4);
			CHECK_NUM(list[1].was, 0);
			CHECK_NUM(list[1].now, i ? 19 : 3);
			CHECK_STR(list[1].by, alice->name);
		}
		arena_release(&arena);
	}
	buf_release(&got);
}

/* Each method that tells of them lets those that are too old go before; here it is the first that is asked. */
static void
check_age(struct fixture *f, struct account *alice, struct account *bob)
{
	static const struct {
		const char *call, *want;
	} methods[] = {
		{ "[['ShareNotification/get',{'accountId':'a2'},'c']]", "\"list\":[]" },
		{ "[['ShareNotification/query',{'accountId':'a2'},'c']]", "\"ids\":[]" },
		{ "[['ShareNotification/changes',{'accountId':'a2','sinceState':'s0'},'c']]",
		    "\"created\":[],\"updated\":[],\"destroyed\":[" },
		{ "[['ShareNotification/queryChanges',{'accountId':'a2','sinceQueryState':'s0'},'c']]",
		    "\"added\":[]" },
	};
	int64_t now_ms = 1700000010000;
	struct buf got;

	f->account = bob;
	buf_init(&got, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		unsigned rights = ACL_LOOKUP | (i % 2 ? ACL_READ : 0);

		TEST_ROW(methods[i].call);
		CHECK_NUM(acl_set_by(alice, 5, bob->name, rights, alice->name), FAIL_NONE);
		now_ms += 1000 * (SHARE_NOTICE_AGE_S + 1);
		clock_fake(1020000, now_ms);
		fixture_run(f, methods[i].call, &got);
		CHECK(str_find(buf_str(&got), str_c(methods[i].want)) != STR_NONE);
		buf_clear(&got);
	}
	buf_release(&got);
}

int
main(void)
{
	struct account *alice, *bob;
	struct fixture f;

	clock_fake(1000000, 1700000000000);
	fixture_open(&f);
	alice = f.account;
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	CHECK_NUM(acl_set_by(alice, 6, STR("bob@example.test"), ACL_LOOKUP | ACL_READ, alice->name),
	    FAIL_NONE);
	clock_fake(1010000, 1700000010000);
	CHECK_NUM(acl_set_by(alice, 1, STR("Bob@example.test"),
		      ACL_LOOKUP | ACL_READ | ACL_ADMINISTER, STR("eve")),
	    FAIL_NONE);
	f.account = bob;
	f.using = ",'urn:ietf:params:jmap:principals','urn:ietf:params:jmap:mail:share'";
	fixture_rows(&f, rows, ARRAY_LEN(rows) - 1);
	check_using(&f, &rows[ARRAY_LEN(rows) - 1]);
	check_sharing(&f, alice, bob);
	check_age(&f, alice, bob);
	f.account = alice;
	account_close(&bob);
	fixture_close(&f);
	return test_end();
}
