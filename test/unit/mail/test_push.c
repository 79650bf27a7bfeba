/* Push subscriptions: whole, bounded, gone with the account; one key for all time. */
#include "fixture.h"

/* system */
#include <string.h>

/* rooms */
#include "mail/push.h"
#include "mail/record.h"

static struct fixture f;
static struct arena arena;

static size_t
count(void)
{
	struct push_subscription room[PUSH_MAX];
	size_t n = 0;

	arena_reset(&arena);
	CHECK_NUM(push_list(f.account, &arena, room, &n), FAIL_NONE);
	for (size_t i = 1; i < n; i++)
		CHECK(room[i - 1].id < room[i].id);
	return n;
}

static void
test_record(void)
{
	struct push_subscription s = { .device = STR("phone"),
		.url = STR("https://push.example.net/x"),
		.p256dh = STR("\x04point"),
		.auth = STR("secret\0x"),
		.code = STR("code"),
		.has_types = true,
		.types = STR("Email\nMailbox\n"),
		.expires_s = 1800000000,
		.credential = STR("x8Fq"),
		.told = 77 };
	struct push_subscription got;
	uint64_t id, other;

	TEST_ROW("add and get");
	CHECK_NUM(push_add(f.account, &s, &id), FAIL_NONE);
	CHECK(id > 0 && id < (uint64_t)1 << 53);
	CHECK_NUM(push_get(f.account, id, &arena, &got), FAIL_NONE);
	CHECK_NUM(got.id, id);
	CHECK_STR(got.device, s.device);
	CHECK_STR(got.url, s.url);
	CHECK_STR(got.p256dh, s.p256dh);
	CHECK_STR(got.auth, s.auth);
	CHECK_STR(got.code, s.code);
	CHECK_STR(got.types, s.types);
	CHECK_STR(got.credential, s.credential);
	CHECK(got.has_types && !got.is_asked && !got.is_verified);
	CHECK(got.expires_s == s.expires_s && got.told == s.told);

	TEST_ROW("change");
	got.is_asked = got.is_verified = true;
	got.has_types = false;
	got.types = STR("");
	CHECK_NUM(push_change(f.account, &got), FAIL_NONE);
	CHECK_NUM(push_get(f.account, id, &arena, &got), FAIL_NONE);
	CHECK(got.is_asked && got.is_verified && !got.has_types);

	TEST_ROW("after a new start");
	fixture_close(&f, true);
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	CHECK_NUM(push_get(f.account, id, &arena, &got), FAIL_NONE);
	CHECK_STR(got.url, s.url);
	CHECK_STR(got.credential, s.credential);

	TEST_ROW("another");
	CHECK_NUM(push_add(f.account, &s, &other), FAIL_NONE);
	CHECK(other != id);
	CHECK_NUM(count(), 2);
	CHECK_NUM(push_drop(f.account, id), FAIL_NONE);
	CHECK_NUM(push_drop(f.account, id), FAIL_MISSING);
	CHECK_NUM(push_get(f.account, id, &arena, &got), FAIL_MISSING);
	got.id = id;
	CHECK_NUM(push_change(f.account, &got), FAIL_MISSING);
	CHECK_NUM(push_drop(f.account, 0), FAIL_MISSING);
	CHECK_NUM(count(), 1);
}

/* As they were written before there were credentials. */
static enum fail
put_old(struct txn *t, void *arg)
{
	struct key k = key_id(SPACE_PUSH, f.account->id, *(uint64_t *)arg);
	struct buf value;
	enum fail fail;

	buf_init(&value, 1000);
	record_begin(&value, 1);
	for (unsigned i = 0; i < 5; i++)
		record_add_bytes(&value, STR("text"));
	for (unsigned i = 0; i < 3; i++)
		record_add_bool(&value, true);
	record_add_bytes(&value, STR("Email\n"));
	record_add_i64(&value, 1800000000);
	record_add_u64(&value, 77);
	fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	return fail;
}

static void
test_old(void)
{
	struct push_subscription got;
	uint64_t id = 5;

	TEST_ROW("an older record");
	CHECK_NUM(store_run(f.store, put_old, &id), FAIL_NONE);
	CHECK_NUM(push_get(f.account, id, &arena, &got), FAIL_NONE);
	CHECK_STR(got.url, STR("text"));
	CHECK(got.told == 77 && str_empty(got.credential));
	CHECK_NUM(push_drop(f.account, id), FAIL_NONE);
}

static void
test_limits(void)
{
	static char big[PUSH_TYPES_MAX + 1];
	struct push_subscription s = { .url = STR("u"), .device = STR("d") };
	uint64_t id;

	TEST_ROW("limits");
	memset(big, 'x', sizeof(big));
	s.url = str_of(big, PUSH_URL_MAX + 1);
	CHECK_NUM(push_add(f.account, &s, &id), FAIL_LIMIT);
	s.url = STR("u");
	s.types = str_of(big, PUSH_TYPES_MAX + 1);
	CHECK_NUM(push_add(f.account, &s, &id), FAIL_LIMIT);
	s.types = STR("");
	s.device = str_of(big, PUSH_DEVICE_MAX + 1);
	CHECK_NUM(push_add(f.account, &s, &id), FAIL_LIMIT);
	s.device = str_of(big, PUSH_DEVICE_MAX);
	s.url = str_of(big, PUSH_URL_MAX);
	s.types = str_of(big, PUSH_TYPES_MAX);
	while (count() < PUSH_MAX)
		CHECK_NUM(push_add(f.account, &s, &id), FAIL_NONE);
	CHECK_NUM(push_add(f.account, &s, &id), FAIL_LIMIT);
	CHECK_NUM(count(), PUSH_MAX);
}

static void
test_key(void)
{
	unsigned char a[PUSH_SECRET_BYTES], b[PUSH_SECRET_BYTES];

	TEST_ROW("the key stays");
	CHECK_NUM(push_server_secret(f.mail, a), FAIL_NONE);
	CHECK_NUM(push_server_secret(f.mail, b), FAIL_NONE);
	CHECK(memcmp(a, b, sizeof(a)) == 0);
	fixture_close(&f, true);
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	CHECK_NUM(push_server_secret(f.mail, b), FAIL_NONE);
	CHECK(memcmp(a, b, sizeof(a)) == 0);
}

static void
test_accounts(void)
{
	struct push_subscription s = { .url = STR("u") };
	struct account *bob, *eve;
	uint64_t id, found;
	bool done = false;

	TEST_ROW("the accounts that have some");
	CHECK_NUM(account_open(f.mail, STR("eve@example.test"), NULL, &eve), FAIL_NONE);
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	CHECK_NUM(push_add(bob, &s, &id), FAIL_NONE);
	CHECK_NUM(push_account_next(f.mail, 0, &found), FAIL_NONE);
	CHECK_NUM(found, f.account->id);
	CHECK_NUM(push_account_next(f.mail, found, &found), FAIL_NONE);
	CHECK_NUM(found, bob->id);
	CHECK_NUM(push_account_next(f.mail, found, &found), FAIL_MISSING);
	TEST_ROW("gone with the account");
	account_close(&bob);
	account_close(&eve);
	while (!done)
		CHECK_NUM(account_delete(f.mail, STR("bob@example.test"), &done), FAIL_NONE);
	CHECK_NUM(push_account_next(f.mail, f.account->id, &found), FAIL_MISSING);
}

int
main(void)
{
	arena_init(&arena, 1024 * 1024);
	fixture_open(&f, "push");
	CHECK_NUM(push_account_next(f.mail, 0, &(uint64_t){ 0 }), FAIL_MISSING);
	test_record();
	test_old();
	test_limits();
	test_key();
	test_accounts();
	fixture_close(&f, true);
	arena_release(&arena);
	return test_end();
}
