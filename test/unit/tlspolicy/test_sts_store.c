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
	CHECK_NUM(sts_kept_note_failure(s, STR("a.test"), &kept), FAIL_NONE);
	CHECK_NUM(sts_kept_read(s, STR("a.test"), &kept), FAIL_NONE);
	CHECK_STR(str_c(kept.failed_id), STR("id2"));
	CHECK_NUM(kept.failed_s, NOW + 5);
	CHECK(sts_kept_is_valid(&kept, NOW + 6));

	TEST_ROW("a failure alone");
	CHECK_NUM(sts_kept_read(s, STR("b.test"), &kept), FAIL_MISSING);
	sts_kept_fail(&kept, STR("id3"), NOW);
	CHECK_NUM(sts_kept_note_failure(s, STR("b.test"), &kept), FAIL_NONE);
	CHECK_NUM(sts_kept_read(s, STR("b.test"), &kept), FAIL_NONE);
	CHECK(!kept.has_policy && kept.failed_s == NOW);
	sts_kept_release(&kept);
}

/* Two that have the same domain at hand: what was read before does not undo what came since. */
static void
test_two(struct store *s)
{
	struct sts_kept kept = { 0 }, older = { 0 };
	struct sts_policy policy;

	CHECK_NUM(sts_policy_parse(text, &policy), FAIL_NONE);
	put(s, STR("two.test"));
	CHECK_NUM(sts_kept_read(s, STR("two.test"), &older), FAIL_NONE);
	CHECK_NUM(sts_kept_read(s, STR("two.test"), &kept), FAIL_NONE);
	sts_kept_set(&kept, &policy, STR("id2"), NOW + 100);
	CHECK_NUM(sts_kept_write(s, STR("two.test"), &kept), FAIL_NONE);

	TEST_ROW("a failure is noted beside the newer policy");
	sts_kept_fail(&older, STR("id1"), NOW + 101);
	CHECK_NUM(sts_kept_note_failure(s, STR("two.test"), &older), FAIL_NONE);
	CHECK_NUM(sts_kept_read(s, STR("two.test"), &kept), FAIL_NONE);
	CHECK_STR(str_c(kept.id), STR("id2"));
	CHECK_NUM(kept.fetched_s, NOW + 100);
	CHECK_NUM(kept.failed_s, NOW + 101);

	TEST_ROW("so is a use");
	older.used_s = NOW + 102;
	CHECK_NUM(sts_kept_note_use(s, STR("two.test"), &older), FAIL_NONE);
	CHECK_NUM(sts_kept_read(s, STR("two.test"), &kept), FAIL_NONE);
	CHECK_STR(str_c(kept.id), STR("id2"));
	CHECK_NUM(kept.failed_s, NOW + 101);
	CHECK_NUM(kept.used_s, NOW + 102);

	TEST_ROW("a policy leaves a later use noted");
	older.used_s = NOW;
	sts_kept_set(&older, &policy, STR("id3"), NOW + 103);
	CHECK_NUM(sts_kept_write(s, STR("two.test"), &older), FAIL_NONE);
	CHECK_NUM(sts_kept_read(s, STR("two.test"), &kept), FAIL_NONE);
	CHECK_STR(str_c(kept.id), STR("id3"));
	CHECK_NUM(kept.used_s, NOW + 102);

	TEST_ROW("a use makes no record");
	CHECK_NUM(sts_kept_note_use(s, STR("none.test"), &older), FAIL_NONE);
	CHECK_NUM(sts_kept_read(s, STR("none.test"), &kept), FAIL_MISSING);

	TEST_ROW("its own id may be the one that failed, and the one of the next policy");
	sts_kept_set(&older, &policy, str_c(older.id), NOW + 104);
	sts_kept_fail(&older, str_c(older.failed_id), NOW + 104);
	CHECK_STR(str_c(older.id), STR("id3"));
	CHECK_STR(str_c(older.failed_id), STR("id1"));
	sts_kept_release(&kept);
	sts_kept_release(&older);
	CHECK_NUM(sts_kept_drop(s, STR("two.test")), FAIL_NONE);
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
		STR_INIT("\1\1\0\0\5hello\0\0"),
		STR_INIT("\1\0\0\0\0\0\1"), /* a failure before 1970 */
		STR_INIT("\1\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1") };

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

/* What programs wrote that did not note uses. */
static void
test_older(struct store *s)
{
	struct sts_kept kept = { 0 };
	struct str value =
	    STR("\1\1\3id7\x80\xc4\x9f\xd5\x0c\x39"
		"version: STSv1\r\nmode: none\r\nmx: *.a.test\r\nmax_age: 1000\r\n\0\0");

	TEST_ROW("a record of old: used when it was fetched");
	CHECK_NUM(store_run(s, damage, &value), FAIL_NONE);
	CHECK_NUM(sts_kept_read(s, STR("a.test"), &kept), FAIL_NONE);
	CHECK(kept.has_policy && kept.policy.mode == STS_NONE);
	CHECK_STR(str_c(kept.id), STR("id7"));
	CHECK_NUM(kept.fetched_s, NOW);
	CHECK_NUM(kept.used_s, NOW);
	sts_kept_release(&kept);
}

/* All of them in their order, each once, also when some go meanwhile. */
static void
test_all(struct store *s)
{
	static const char *const names[] = { "b.test", "c.test", "ca.test", "d.test" };
	struct sts_kept kept = { 0 };
	struct str broken = STR("\1");
	struct buf at;
	int64_t count = 0;

	buf_init(&at, STORE_KEY_MAX);
	for (size_t i = 1; i < ARRAY_LEN(names); i++)
		put(s, str_c(names[i]));
	CHECK_NUM(store_run(s, damage, &broken), FAIL_NONE);
	TEST_ROW("one that cannot be read is there to be dropped");
	CHECK_NUM(sts_kept_next(s, &at, &kept), FAIL_NONE);
	CHECK_STR(buf_str(&at), STR("a.test"));
	CHECK(!kept.has_policy && kept.failed_s == 0);
	CHECK_NUM(sts_kept_drop(s, buf_str(&at)), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		TEST_ROW(names[i]);
		CHECK_NUM(sts_kept_next(s, &at, &kept), FAIL_NONE);
		CHECK_STR(buf_str(&at), str_c(names[i]));
		CHECK(kept.has_policy == (i > 0)); /* of the first a failure is noted */
		if (i % 2 == 1)
			CHECK_NUM(sts_kept_drop(s, buf_str(&at)), FAIL_NONE);
	}
	TEST_ROW("the end");
	CHECK_NUM(sts_kept_next(s, &at, &kept), FAIL_MISSING);
	CHECK_STR(buf_str(&at), STR("d.test"));
	TEST_ROW("they are counted");
	CHECK_NUM(sts_kept_count(s, &count), FAIL_NONE);
	CHECK_NUM(count, 2);
	CHECK_NUM(sts_kept_drop(s, STR("c.test")), FAIL_NONE);
	CHECK_NUM(sts_kept_drop(s, STR("B.Test")), FAIL_NONE);
	CHECK_NUM(sts_kept_count(s, &count), FAIL_NONE);
	CHECK_NUM(count, 1);
	sts_kept_release(&kept);
	buf_release(&at);
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
	test_two(s);
	test_damage(s);
	test_older(s);
	test_all(s);
	test_most(s);
	store_close(&s);
	return test_end();
}
