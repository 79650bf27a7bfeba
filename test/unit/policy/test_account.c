/* What accounts send in a day. */
#include "fixture.h"

static struct fixture f;
static struct policy_day day;

static const struct str ann = STR_INIT("ann@own.test");

/* "a@x b@x" as recipients. */
static size_t
split(const char *text, struct str *out)
{
	struct str cur = str_c(text), word;
	size_t n = 0;

	while (str_next_part(&cur, ' ', &word))
		if (!str_empty(word))
			out[n++] = word;
	return n;
}

static enum fail
may(struct str account, const char *recipients)
{
	struct str list[40];
	size_t n = split(recipients, list);

	return policy_account_may(f.policy, account, list, n, &day);
}

static enum fail
count(struct str account, const char *recipients)
{
	struct str list[40];
	size_t n = split(recipients, list);
	enum fail fail = policy_account_count(f.policy, account, list, n);

	fixture_turn(&f);
	return fail;
}

static void
test_messages(void)
{
	f.settings.account_messages = 3;
	f.settings.account_new_recipients = 0;
	fixture_restart(&f);
	TEST_ROW("three messages a day");
	for (int i = 0; i < 3; i++) {
		CHECK_NUM(may(ann, "a@x b@x"), FAIL_NONE);
		CHECK_NUM(day.messages, i);
		CHECK_NUM(count(ann, "a@x b@x"), FAIL_NONE);
	}
	CHECK_NUM(may(ann, "a@x"), FAIL_LIMIT);
	CHECK_NUM(day.messages, 3);
	CHECK_NUM(day.messages_max, 3);
	CHECK_NUM(day.recipients_new_max, 0);
	TEST_ROW("the account's name is folded; others have their own");
	CHECK_NUM(may(STR("ANN@own.test"), "a@x"), FAIL_LIMIT);
	CHECK_NUM(may(STR("bob@own.test"), "a@x"), FAIL_NONE);
	TEST_ROW("after a restart");
	fixture_restart(&f);
	CHECK_NUM(may(ann, "a@x"), FAIL_LIMIT);
	TEST_ROW("without a limit on them recipients are not remembered");
	CHECK_NUM(fixture_count(&f, KEEP_RECIPIENT), 0);
	TEST_ROW("until midnight of UTC");
	fixture_pass(&f, 18 * HOUR_MS - 1000);
	CHECK_NUM(may(ann, "a@x"), FAIL_LIMIT);
	fixture_pass(&f, 1000);
	CHECK_NUM(may(ann, "a@x"), FAIL_NONE);
	CHECK_NUM(day.messages, 0);
	CHECK_NUM(count(ann, "a@x"), FAIL_NONE);
	CHECK_NUM(may(ann, "a@x"), FAIL_NONE);
	CHECK_NUM(day.messages, 1);
	TEST_ROW("a lower limit than what was sent");
	f.settings.account_messages = 1;
	fixture_restart(&f);
	CHECK_NUM(may(ann, "a@x"), FAIL_LIMIT);
}

static void
test_recipients(void)
{
	f.settings.account_messages = 1000;
	f.settings.account_new_recipients = 5;
	fixture_pass(&f, DAY_MS);
	fixture_restart(&f);
	TEST_ROW("five new recipients a day");
	CHECK_NUM(may(ann, "a@x b@x c@x"), FAIL_NONE);
	CHECK_NUM(day.recipients_new, 0);
	CHECK_NUM(count(ann, "a@x b@x c@x"), FAIL_NONE);
	CHECK_NUM(may(ann, "d@x e@x f@x"), FAIL_LIMIT);
	CHECK_NUM(day.recipients_new, 3);
	CHECK_NUM(day.recipients_new_max, 5);
	CHECK(day.messages < day.messages_max);
	CHECK_NUM(may(ann, "d@x e@x"), FAIL_NONE);
	TEST_ROW("known ones do not count, in any spelling of A-Z");
	CHECK_NUM(may(ann, "a@x B@X c@x d@x e@x"), FAIL_NONE);
	TEST_ROW("named twice counts once");
	CHECK_NUM(may(ann, "d@x d@x D@x e@x e@x d@x"), FAIL_NONE);
	CHECK_NUM(count(ann, "d@x d@x D@x e@x e@x d@x"), FAIL_NONE);
	CHECK_NUM(may(ann, "a@x e@x"), FAIL_NONE);
	CHECK_NUM(day.recipients_new, 5);
	CHECK_NUM(may(ann, "f@x"), FAIL_LIMIT);
	CHECK_NUM(fixture_count(&f, KEEP_RECIPIENT), 5);
	TEST_ROW("another account knows nobody");
	CHECK_NUM(may(STR("bob@own.test"), "a@x b@x c@x d@x e@x"), FAIL_NONE);
	CHECK_NUM(may(STR("bob@own.test"), "a@x b@x c@x d@x e@x f@x"), FAIL_LIMIT);
	TEST_ROW("over the limit, since more were let through than may be: known ones still pass");
	CHECK_NUM(count(ann, "over1@x over2@x"), FAIL_NONE);
	CHECK_NUM(may(ann, "a@x over1@x"), FAIL_NONE);
	CHECK_NUM(day.recipients_new, 7);
	CHECK_NUM(may(ann, "over3@x"), FAIL_LIMIT);
	TEST_ROW("no recipients");
	CHECK_NUM(may(ann, ""), FAIL_NONE);
	CHECK_NUM(count(ann, ""), FAIL_NONE);
	TEST_ROW("the next day");
	fixture_pass(&f, DAY_MS);
	CHECK_NUM(may(ann, "a@x f@x g@x h@x i@x j@x"), FAIL_NONE);
	CHECK_NUM(day.recipients_new, 0);
	TEST_ROW("known for 180 days after the last message");
	for (int i = 0; i < 3; i++) {
		fixture_pass(&f, 170 * DAY_MS);
		CHECK_NUM(count(ann, "a@x"), FAIL_NONE);
	}
	fixture_pass(&f, 180 * DAY_MS);
	CHECK_NUM(may(ann, "a@x f@x g@x h@x i@x j@x"), FAIL_NONE);
	CHECK_NUM(may(ann, "b@x f@x g@x h@x i@x j@x"), FAIL_LIMIT);
	fixture_pass(&f, 2000);
	CHECK_NUM(may(ann, "a@x f@x g@x h@x i@x j@x"), FAIL_LIMIT);
}

/* A clock that is set back begins another day, and does not bring back counts of it. */
static void
test_clock(void)
{
	f.settings.account_messages = 2;
	fixture_restart(&f);
	TEST_ROW("days of a future that was none");
	f.wall_ms += 400 * DAY_MS;
	fixture_clock(&f);
	CHECK_NUM(count(ann, "a@x"), FAIL_NONE);
	CHECK_NUM(count(ann, "a@x"), FAIL_NONE);
	CHECK_NUM(may(ann, "a@x"), FAIL_LIMIT);
	f.wall_ms -= 400 * DAY_MS;
	fixture_clock(&f);
	CHECK_NUM(may(ann, "a@x"), FAIL_NONE);
	CHECK_NUM(day.messages, 0);
	CHECK_NUM(count(ann, "a@x"), FAIL_NONE);
	CHECK_NUM(may(ann, "a@x"), FAIL_NONE);
	CHECK_NUM(day.messages, 1);
}

static void
test_off(void)
{
	uint64_t commits;

	f.settings.account_messages = 0;
	f.settings.account_new_recipients = 0;
	fixture_restart(&f);
	commits = store_commits(f.store);
	TEST_ROW("no limits, no writes");
	for (int i = 0; i < 10; i++) {
		CHECK_NUM(may(ann, "z@x"), FAIL_NONE);
		CHECK_NUM(count(ann, "z@x"), FAIL_NONE);
	}
	CHECK_NUM(store_commits(f.store), commits);
	TEST_ROW("a limit on recipients alone");
	f.settings.account_new_recipients = 1;
	fixture_restart(&f);
	for (int i = 0; i < 10; i++) {
		CHECK_NUM(may(ann, "z@x"), FAIL_NONE);
		CHECK_NUM(count(ann, "z@x"), FAIL_NONE);
	}
	CHECK_NUM(may(ann, "y@x"), FAIL_LIMIT);
}

static void
test_many(void)
{
	static struct str many[1000];
	static char text[1000][16];

	TEST_ROW("a thousand recipients");
	f.settings.account_new_recipients = 1000;
	fixture_pass(&f, DAY_MS);
	fixture_restart(&f);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		snprintf(text[i], sizeof text[i], "r%zu@x", i);
		many[i] = str_c(text[i]);
	}
	CHECK_NUM(policy_account_may(f.policy, ann, many, 1000, &day), FAIL_NONE);
	CHECK_NUM(policy_account_count(f.policy, ann, many, 1000), FAIL_NONE);
	CHECK_NUM(policy_account_may(f.policy, ann, many, 1000, &day), FAIL_NONE);
	CHECK_NUM(day.recipients_new, 1000);
	CHECK_NUM(may(ann, "one-more@x"), FAIL_LIMIT);
}

static void
test_fault(void)
{
	f.settings.account_messages = 5;
	f.settings.account_new_recipients = 5;
	fixture_pass(&f, DAY_MS);
	fixture_restart(&f);
	TEST_ROW("the store fails");
	CHECK_NUM(count(ann, "q1@x"), FAIL_NONE);
	fixture_break(&f);
	CHECK_NUM(may(ann, "q2@x"), FAIL_TEMP);
	CHECK_NUM(count(ann, "q2@x"), FAIL_TEMP);
	TEST_ROW("it is not well: what is known is known, but nothing is counted");
	CHECK_NUM(may(ann, "q2@x"), FAIL_NONE);
	CHECK_NUM(count(ann, "q2@x"), FAIL_TEMP);
	CHECK(store_probe(f.store));
	CHECK_NUM(may(ann, "q2@x"), FAIL_NONE);
	CHECK_NUM(day.messages, 1);
	CHECK_NUM(day.recipients_new, 1);
}

int
main(void)
{
	log_capture(fixture_quiet, NULL);
	fixture_open(&f, "account");
	test_messages();
	test_recipients();
	test_clock();
	test_off();
	test_many();
	test_fault();
	fixture_stop(&f);
	return test_end();
}
