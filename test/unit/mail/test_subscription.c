/* Subscribed names without mailboxes: once each, in order, bounded, gone with the account. */
#include "fixture.h"

/* rooms */
#include "mail/notify.h"
#include "mail/subscription.h"

static struct fixture f;

static size_t
count(struct str *last_out)
{
	static struct arena arena;
	struct str *names;
	size_t n = 0;

	arena_release(&arena);
	arena_init(&arena, 4 * 1024 * 1024);
	CHECK_NUM(subscription_list(f.account, &arena, &names, &n), FAIL_NONE);
	if (n > 0 && last_out)
		*last_out = names[n - 1];
	if (n == 0)
		arena_release(&arena);
	return n;
}

int
main(void)
{
	static char big[SUBSCRIPTION_NAME_MAX + 1];
	char name[40];
	struct mail_watch watch = { .task = NULL };
	struct str last = { 0 };
	uint64_t before;
	bool done = false;

	fixture_open(&f, "subscription");
	TEST_ROW("names");
	CHECK_NUM(subscription_remove(f.account, STR("a")), FAIL_MISSING);
	CHECK_NUM(subscription_add(f.account, STR("b")), FAIL_NONE);
	CHECK_NUM(subscription_add(f.account, STR("a")), FAIL_NONE);
	CHECK_NUM(subscription_add(f.account, STR("a")), FAIL_NONE);
	CHECK_NUM(count(&last), 2);
	CHECK_STR(last, STR("b"));
	CHECK_NUM(subscription_remove(f.account, STR("b")), FAIL_NONE);
	CHECK_NUM(count(&last), 1);
	CHECK_STR(last, STR("a"));
	TEST_ROW("changes");
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	before = subscription_changes(f.account);
	mail_watch_start(&watch, f.account, 0, NULL);
	CHECK_NUM(subscription_remove(f.account, STR("b")), FAIL_MISSING);
	CHECK_NUM(subscription_add(f.account, STR("a")), FAIL_NONE);
	CHECK(subscription_changes(f.account) == before);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	CHECK_NUM(mail_watch_take(&watch), 0);
	CHECK_NUM(subscription_add(f.account, STR("c")), FAIL_NONE);
	CHECK_NUM(subscription_remove(f.account, STR("c")), FAIL_NONE);
	CHECK(subscription_changes(f.account) == before + 2);
	CHECK_NUM(mail_watch_take(&watch), 0); /* not before it is durable */
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	CHECK_NUM(mail_watch_take(&watch), MAIL_CHANGED_SUBSCRIPTIONS);
	mail_watch_stop(&watch);
	TEST_ROW("limits");
	memset(big, 'x', sizeof(big));
	CHECK_NUM(subscription_add(f.account, str_of(big, sizeof(big))), FAIL_LIMIT);
	CHECK_NUM(subscription_remove(f.account, str_of(big, sizeof(big))), FAIL_MISSING);
	CHECK_NUM(subscription_add(f.account, str_of(big, sizeof(big) - 1)), FAIL_NONE);
	for (size_t i = 2; i < SUBSCRIPTIONS_MAX; i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		CHECK_NUM(subscription_add(f.account, str_c(name)), FAIL_NONE);
	}
	CHECK_NUM(subscription_add(f.account, STR("one more")), FAIL_LIMIT);
	CHECK_NUM(subscription_add(f.account, STR("n2")), FAIL_NONE);
	CHECK_NUM(count(NULL), SUBSCRIPTIONS_MAX);
	fixture_check(&f);
	TEST_ROW("with the account");
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	account_close(&f.account);
	while (!done)
		CHECK_NUM(account_delete(f.mail, STR("alice@example.test"), &done), FAIL_NONE);
	CHECK_NUM(account_open(f.mail, STR("alice@example.test"), NULL, &f.account), FAIL_NONE);
	CHECK_NUM(count(NULL), 0);
	fixture_close(&f, true);
	return test_end();
}
