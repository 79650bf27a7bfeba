/* How many records there are at most, what goes for a new one, and what damage does. */
#include "fixture.h"

/* rooms */
#include "store/record.h"

static struct fixture f;

static const struct str ann = STR_INIT("ann@own.test");

static bool
knows(unsigned n)
{
	struct net_address a = { .family = NET_ADDRESS_IPV4,
		.bytes = { 8, (uint8_t)(n >> 8), (uint8_t)n, 1 } };

	return policy_is_known(f.policy, &a, STR("s@x.test"));
}

static void
learn(unsigned n)
{
	struct net_address a = { .family = NET_ADDRESS_IPV4,
		.bytes = { 8, (uint8_t)(n >> 8), (uint8_t)n, 1 } };

	policy_known(f.policy, &a, STR("s@x.test"));
}

static void
test_bound(void)
{
	unsigned left = 0, young = 0;

	TEST_ROW("at the bound one drawn by lot makes room");
	f.policy->keep_max[KEEP_SENDER] = 100;
	for (unsigned i = 0; i < 400; i++) {
		learn(i);
		CHECK(knows(i));
		if (i % 50 == 0)
			CHECK_NUM(fixture_count(&f, KEEP_SENDER), i < 100 ? i + 1 : 100);
	}
	fixture_turn(&f);
	CHECK_NUM(fixture_count(&f, KEEP_SENDER), 100);
	for (unsigned i = 0; i < 400; i++) {
		left += knows(i);
		young += i >= 200 && knows(i);
	}
	CHECK_NUM(left, 100);
	CHECK(young > 50); /* the older, the more often drawn: 86 are expected */
	TEST_ROW("one that is there needs no room");
	fixture_pass(&f, 20 * DAY_MS);
	for (unsigned i = 0; i < 400; i++) {
		if (knows(i))
			learn(i);
	}
	fixture_turn(&f);
	left = 0;
	for (unsigned i = 0; i < 400; i++)
		left += knows(i);
	CHECK_NUM(left, 100);
	TEST_ROW("no room at all");
	f.policy->keep_max[KEEP_LOGIN] = 0;
	struct net_address peer = fixture_peer("8.8.8.8");

	policy_logged_in(f.policy, &peer);
	policy_logged_in(f.policy, &peer);
	CHECK_NUM(fixture_count(&f, KEEP_LOGIN), 1);
}

static unsigned
recipients_known(struct str account, unsigned most)
{
	struct policy_day day;
	unsigned known = 0;
	char text[16];

	for (unsigned i = 0; i < most; i++) {
		struct str r;

		snprintf(text, sizeof text, "r%u@x", i);
		r = str_c(text);
		/* its only new recipient would be one too many */
		known += policy_account_may(f.policy, account, &r, 1, &day) == FAIL_NONE;
	}
	return known;
}

static void
write_to(struct str account, unsigned from, unsigned to)
{
	char text[16];

	for (unsigned i = from; i < to; i++) {
		struct str r;

		snprintf(text, sizeof text, "r%u@x", i);
		r = str_c(text);
		CHECK_NUM(policy_account_count(f.policy, account, &r, 1), FAIL_NONE);
	}
}

/* An account that writes to everybody makes only itself forget. */
static void
test_accounts(void)
{
	f.settings.account_messages = 0;
	f.settings.account_new_recipients = 1;
	fixture_restart(&f);
	f.policy->keep_max[KEEP_RECIPIENT] = 60;
	TEST_ROW("recipients");
	write_to(ann, 0, 20);
	write_to(STR("eve@own.test"), 0, 300);
	CHECK_NUM(recipients_known(ann, 20), 20);
	CHECK_NUM(recipients_known(STR("eve@own.test"), 300), 40);
	CHECK_NUM(fixture_count(&f, KEEP_RECIPIENT), 60);
	TEST_ROW("a new account finds room");
	write_to(STR("new@own.test"), 0, 2);
	CHECK_NUM(recipients_known(STR("new@own.test"), 2), 1);
	CHECK_NUM(fixture_count(&f, KEEP_RECIPIENT), 60);
}

/* --- damage ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct str value;
} damages[] = {
	{ "empty", STR_INIT("") },
	{ "cut", STR_INIT("\1") },
	{ "text", STR_INIT("hello, world") },
	{ "endless number", STR_INIT("\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") },
	{ "before all time", STR_INIT("\1\1\0\0") },
	{ "after all time", STR_INIT("\1\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1\0\0") },
};

struct damage {
	const struct keep_name *name;
	struct str value;
};

static enum fail
write_damage(struct txn *t, void *arg)
{
	struct damage *d = arg;
	struct key k;

	keep_key(&k, KEEP_SENDER);
	key_rest(&k, str_of(d->name->bytes, d->name->n));
	return txn_put(t, key_str(&k), d->value);
}

static void
test_damage(void)
{
	struct net_address peer = fixture_peer("9.9.9.9");
	struct keep_name name = { 0 };
	int64_t before;

	keep_name_sender(&name, &peer, STR("ann@x.test"));
	policy_known(f.policy, &peer, STR("ann@x.test"));
	before = fixture_count(&f, KEEP_SENDER);
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct damage d = { &name, damages[i].value };

		TEST_ROW(damages[i].name);
		CHECK(policy_is_known(f.policy, &peer, STR("ann@x.test")));
		CHECK_NUM(store_run(f.store, write_damage, &d), FAIL_NONE);
		CHECK(!policy_is_known(f.policy, &peer, STR("ann@x.test")));
		policy_known(f.policy, &peer, STR("ann@x.test"));
		CHECK_NUM(fixture_count(&f, KEEP_SENDER), before);
	}
	TEST_ROW("swept");
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct damage d = { &name, damages[i].value };

		CHECK_NUM(store_run(f.store, write_damage, &d), FAIL_NONE);
		fixture_restart(&f);
		fixture_pass(&f, SWEEP_FIRST_MS);
		CHECK_NUM(fixture_count(&f, KEEP_SENDER), before - 1);
		policy_known(f.policy, &peer, STR("ann@x.test"));
	}
}

/* What a newer program wrote is read as far as we know it. */
static void
test_newer(void)
{
	struct net_address peer = fixture_peer("9.9.9.9");
	struct keep_name name = { 0 };
	struct damage d = { .name = &name };
	struct buf value;

	TEST_ROW("a longer record");
	keep_name_sender(&name, &peer, STR("newer@x.test"));
	buf_init(&value, 100);
	record_begin(&value, 2);
	record_add_i64(&value, clock_wall_s());
	record_add_u64(&value, 0);
	record_add_u64(&value, 0);
	record_add_bytes(&value, STR("more"));
	d.value = buf_str(&value);
	CHECK_NUM(store_run(f.store, write_damage, &d), FAIL_NONE);
	CHECK(policy_is_known(f.policy, &peer, STR("newer@x.test")));
	buf_release(&value);
}

int
main(void)
{
	log_capture(fixture_quiet, NULL);
	fixture_open(&f, "keep");
	test_bound();
	test_accounts();
	test_damage();
	test_newer();
	fixture_stop(&f);
	return test_end();
}
