/*
 * Email/copy between the accounts of Alice (a1), of her team (a2), of Carol (a3), who lets her read the Inbox and add
 * to the Archive, of Dave (a4), who shares nothing, and one that is
 * full (a5): each row a request, and what must be answered.
 */
#include "fixture.h"

/* rooms */
#include "mail/acl.h"

static const char hello[] = "Subject: Hello\r\nMessage-ID: <m1@x>\r\n\r\nHello there\r\n";
static const char secret[] = "Subject: Secret\r\n\r\nNot for Alice\r\n";

static const struct {
	const char *name, *calls, *want;
} rows[] = {
#include "email_copy.rows"
};

static void
check_rows(struct fixture *f)
{
	struct buf got, want;

	buf_init(&got, 1 << 20);
	buf_init(&want, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TEST_ROW(rows[i].name);
		fixture_run(f, rows[i].calls, &got);
		buf_clear(&want);
		fixture_unquote(&want, "{'methodResponses':");
		fixture_unquote(&want, rows[i].want);
		fixture_unquote(&want, ",'sessionState':'x'}");
		CHECK_STR(buf_str(&got), buf_str(&want));
	}
	buf_release(&got);
	buf_release(&want);
}

static void
test_copy(bool is_far)
{
	struct fixture f;
	struct account *alice, *team, *carol, *dave, *small;
	struct account_limits tiny = { .quota_bytes = 10 };

	fixture_open_as(&f, is_far ? "far" : "near");
	alice = f.account;
	CHECK_NUM(account_open(f.mail, STR("team@example.test"), NULL, &team), FAIL_NONE);
	CHECK_NUM(account_open(f.mail, STR("carol@example.test"), NULL, &carol), FAIL_NONE);
	CHECK_NUM(account_open(f.mail, STR("dave@example.test"), NULL, &dave), FAIL_NONE);
	CHECK_NUM(account_open(f.mail, STR("small@example.test"), &tiny, &small), FAIL_NONE);
	fixture_add(&f, hello, 1700000001, FLAG_SEEN | FLAG_FLAGGED);
	fixture_add(&f, hello, 1700000002, 0);
	fixture_add(&f, hello, 1700000003, 0);
	f.account = carol;
	fixture_add(&f, hello, 1700000004, FLAG_SEEN);
	f.account = dave;
	fixture_add(&f, secret, 1700000005, 0);
	CHECK_NUM(acl_set(carol, 1, alice->name, ACL_LOOKUP | ACL_READ), FAIL_NONE);
	CHECK_NUM(acl_set(carol, 6, alice->name, ACL_LOOKUP | ACL_READ | ACL_INSERT), FAIL_NONE);
	CHECK_NUM(acl_set(carol, 5, alice->name, ACL_LOOKUP | ACL_READ | ACL_INSERT | ACL_SEEN),
	    FAIL_NONE);
	f.account = alice;
	f.groups = STR("team@example.test small@example.test ");
	if (is_far)
		fixture_far(&f);
	check_rows(&f);
	CHECK_NUM(fake_blobs_left(), 0);
	account_close(&team);
	account_close(&carol);
	account_close(&dave);
	account_close(&small);
	fixture_close(&f);
}

int
main(void)
{
	test_copy(false);
	test_copy(true);
	return test_end();
}
