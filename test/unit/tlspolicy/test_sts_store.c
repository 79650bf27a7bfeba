/* Policies that are kept: as they were, as long as they say, and no more than fit. */

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "store/key.h"
#include "tlspolicy/sts_store.h"

#define NOW 1700000000
#define AGE 1000

static const struct str text =
    STR_INIT("version: STSv1\r\nmode: enforce\r\nmx: *.a.test\r\nmax_age: 1000\r\n");

static void
policy_key(struct key *k, struct str domain)
{
	key_init(k, TLSPOLICY_SPACE);
	key_char(k, 's');
	key_rest(k, domain);
}

static void
put(struct store *s, struct str domain)
{
	struct sts_kept kept = { 0 };
	struct sts_policy policy;

	CHECK(sts_kept_read(s, domain, &kept) != FAIL_TEMP);
	CHECK_NUM(sts_policy_parse(text, &policy), FAIL_NONE);
	sts_kept_set(&kept, &policy, STR("id1"), NOW);
	CHECK_NUM(sts_kept_write(s, domain, &kept), FAIL_NONE);
	sts_kept_release(&kept);
}

static void
test_kept(struct store *s)
{
	struct sts_kept kept = { 0 };

	TEST_ROW("nothing is kept");
	CHECK_NUM(sts_kept_read(s, STR("a.test"), &kept), FAIL_MISSING);
	CHECK(!sts_kept_is_valid(&kept, NOW));

	TEST_ROW("as it was");
	put(s, STR("a.test"));
	CHECK_NUM(sts_kept_read(s, STR("A.Test"), &kept), FAIL_NONE);
	CHECK_STR(str_c(kept.id), STR("id1"));
	CHECK_STR(buf_str(&kept.text), text);
	CHECK(sts_policy_names(&kept.policy, STR("mx.a.test")));

	TEST_ROW("as long as it says");
	CHECK(sts_kept_is_valid(&kept, NOW));
	CHECK(sts_kept_is_valid(&kept, NOW + AGE - 1));
	CHECK(!sts_kept_is_valid(&kept, NOW + AGE));
	CHECK(!sts_kept_is_valid(&kept, NOW - 1)); /* the clock was set back */

	TEST_ROW("a failure beside it");
	sts_kept_fail(&kept, STR("id2"), NOW + 5);
	CHECK_NUM(sts_kept_write(s, STR("a.test"), &kept), FAIL_NONE);
	CHECK_NUM(sts_kept_read(s, STR("a.test"), &kept), FAIL_NONE);
	CHECK_STR(str_c(kept.failed_id), STR("id2"));
	CHECK_NUM(kept.failed_s, NOW + 5);
	CHECK(sts_kept_is_valid(&kept, NOW + 6));

	TEST_ROW("a failure alone");
	CHECK_NUM(sts_kept_read(s, STR("b.test"), &kept), FAIL_MISSING);
	sts_kept_fail(&kept, STR("id3"), NOW);
	CHECK_NUM(sts_kept_write(s, STR("b.test"), &kept), FAIL_NONE);
	CHECK_NUM(sts_kept_read(s, STR("b.test"), &kept), FAIL_NONE);
	CHECK(!kept.has_policy && kept.failed_s == NOW);
	sts_kept_release(&kept);
}

static enum fail
damage(struct txn *t, void *arg)
{
	struct key k;

	policy_key(&k, STR("a.test"));
	return txn_put(t, key_str(&k), *(const struct str *)arg);
}

static void
test_damage(struct store *s)
{
	static const struct str values[] = { STR_INIT(""), STR_INIT("\1"), STR_INIT("\1\1\3abc"),
		STR_INIT("\1\1\0\0\5hello\0\0") };

	TEST_ROW("what is damaged is not kept, and can be kept again");
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct sts_kept kept = { 0 };
		struct str value = values[i];

		CHECK_NUM(store_run(s, damage, &value), FAIL_NONE);
		CHECK_NUM(sts_kept_read(s, STR("a.test"), &kept), FAIL_MISSING);
		CHECK(!kept.has_policy && kept.text.n == 0);
		sts_kept_release(&kept);
		put(s, STR("a.test"));
		CHECK_NUM(sts_kept_read(s, STR("a.test"), &kept), FAIL_NONE);
		sts_kept_release(&kept);
	}
}

static enum fail
count(struct txn *t, void *arg)
{
	struct key from, to;
	struct cursor c;
	struct str key, value;
	size_t *n = arg;

	policy_key(&from, STR(""));
	to = from;
	key_end(&to);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	for (*n = 0; cursor_next(&c, &key, &value);)
		++*n;
	return cursor_end(&c);
}

static void
test_most(struct store *s)
{
	char name[40];
	size_t n = 0;

	TEST_ROW("no more than fit");
	for (int i = 0; i < STS_KEPT_MAX + 50; i++) {
		snprintf(name, sizeof name, "%c%d.test", 'a' + i % 26, i);
		put(s, str_c(name));
	}
	CHECK_NUM(store_read(s, count, &n), FAIL_NONE);
	CHECK_NUM(n, STS_KEPT_MAX);
	TEST_ROW("the last one is there");
	{
		struct sts_kept kept = { 0 };

		CHECK_NUM(sts_kept_read(s, str_c(name), &kept), FAIL_NONE);
		sts_kept_release(&kept);
	}
}

int
main(void)
{
	struct store *s;

	CHECK_NUM(store_open(&s, NULL, STR(":memory:"), NULL), FAIL_NONE);
	test_kept(s);
	test_damage(s);
	test_most(s);
	store_close(&s);
	return test_end();
}
