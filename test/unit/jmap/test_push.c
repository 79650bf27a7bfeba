/*
 * The agent and its clock: how often it tries, when it gives up, what it still tells. The URL leads to an
 * address that nobody may be pushed to, so every try fails without a network; e2e has those that succeed.
 */
#include "jmap/push_inner.h"

/* system */
#include <arpa/inet.h>
#include <sys/socket.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "blob/blob.h"
#include "mail/mailbox.h"
#include "mail/notify.h"
#include "store/store.h"

#define URL "http://127.0.0.1:1/push"

static struct loop loop;
static struct net net;
static struct dns dns;
static struct dns_settings dns_settings;
static struct http_client client;
static struct store *store;
static struct blob_store *blobs;
static struct mail *mail;
static struct account *account;
static struct jmap_settings settings;
static struct jmap_push *push;
static const char *url = URL;
static char dns_server[30]; /* one that never answers */
static struct state_house states;
static struct jmap_push_house house;

static void
turns(void)
{
	for (unsigned i = 0; i < 20; i++)
		loop_turn(&loop, 0);
}

/* Time passes; how many pushes were tried then. */
static unsigned
pass(int64_t ms)
{
	uint64_t before = client.counts.fetches;

	clock_fake(clock_mono_ms() + ms, clock_wall_ms() + ms);
	turns();
	return (unsigned)(client.counts.fetches - before);
}

static uint64_t
add(bool is_verified, const char *types, int64_t life_s)
{
	struct push_subscription s = { .device = STR("d"),
		.url = str_c(url),
		.code = STR("code"),
		.is_asked = is_verified,
		.is_verified = is_verified,
		.has_types = types != NULL,
		.types = str_c(types),
		.expires_s = clock_wall_s() + life_s,
		.told = account->modseq };
	uint64_t id;

	CHECK_NUM(push_add(account, &s, &id), FAIL_NONE);
	jmap_push_look(push, account->id);
	return id;
}

static bool
is_there(uint64_t id)
{
	struct push_subscription s;
	struct arena arena;
	enum fail fail;

	arena_init(&arena, PUSH_TARGET_BYTES);
	fail = push_get(account, id, &arena, &s);
	arena_release(&arena);
	return fail == FAIL_NONE;
}

/* A mailbox more. */
static void
change(void)
{
	static unsigned n;
	char name[20];
	uint32_t id;

	snprintf(name, sizeof(name), "box %u", ++n);
	CHECK_NUM(mailbox_create(account, &(struct mailbox_new){ .name = str_c(name) }, &id),
	    FAIL_NONE);
}

/* A code that cannot be brought: five tries, longer and longer apart, then it is gone. */
static void
test_asking(void)
{
	uint64_t id = add(false, NULL, PUSH_LIFE_S);
	int64_t wait_ms = PUSH_WAIT_MS;

	TEST_ROW("at once");
	CHECK_NUM(pass(0), 1);
	for (unsigned tries = 1; tries < PUSH_ASKS_MAX; tries++) {
		TEST_ROW("then after longer and longer waits");
		CHECK_NUM(pass(wait_ms - 1), 0);
		CHECK(is_there(id));
		CHECK_NUM(pass(1), 1);
		wait_ms *= 2;
	}
	TEST_ROW("then it is gone");
	CHECK(!is_there(id));
	CHECK_NUM(pass(PUSH_WAIT_MAX_MS), 0);
}

/* One that was confirmed: tried for hours, then only when something changes. */
static void
test_failing(void)
{
	uint64_t id = add(true, "Mailbox\n", PUSH_LIFE_S);
	unsigned tries = 0;

	TEST_ROW("nothing to say");
	CHECK_NUM(pass(PUSH_WAIT_MAX_MS), 0);
	TEST_ROW("a change");
	change();
	CHECK_NUM(pass(0), 1);
	TEST_ROW("changes while it waits are no tries");
	change();
	change();
	CHECK_NUM(pass(PUSH_WAIT_MS - 1), 0);
	for (tries = 1; pass(PUSH_WAIT_MAX_MS) > 0 && tries < 100; tries++)
		continue;
	TEST_ROW("tries until it rests");
	CHECK_NUM(tries, PUSH_FAILS_MAX);
	CHECK_NUM(pass(10 * PUSH_WAIT_MAX_MS), 0);
	CHECK(is_there(id));
	TEST_ROW("one try for the next change");
	change();
	CHECK_NUM(pass(0), 1);
	CHECK_NUM(pass(10 * PUSH_WAIT_MAX_MS), 0);
	TEST_ROW("a change of another type");
	CHECK_NUM(push_drop(account, id), FAIL_NONE);
	jmap_push_look(push, account->id);
	id = add(true, "Email\n", PUSH_LIFE_S);
	change();
	CHECK_NUM(pass(PUSH_WAIT_MAX_MS), 0);
	CHECK_NUM(push_drop(account, id), FAIL_NONE);
	jmap_push_look(push, account->id);
	CHECK_NUM(pass(0), 0);
}

/* What it was told is in the store: a new agent tells what moved since. */
static void
test_start(void)
{
	uint64_t id = add(true, NULL, PUSH_LIFE_S);

	TEST_ROW("a new start, nothing moved");
	CHECK_NUM(pass(0), 0);
	jmap_push_close(&push);
	jmap_push_open(&push, &house);
	CHECK_NUM(pass(PUSH_WAIT_MAX_MS), 0);
	TEST_ROW("a new start, something moved");
	jmap_push_close(&push);
	change();
	jmap_push_open(&push, &house);
	CHECK_NUM(pass(0), 1);
	TEST_ROW("a new start while one waits");
	jmap_push_close(&push);
	jmap_push_open(&push, &house);
	CHECK_NUM(pass(0), 1);
	CHECK_NUM(push_drop(account, id), FAIL_NONE);
	jmap_push_look(push, account->id);
	CHECK_NUM(pass(PUSH_WAIT_MAX_MS), 0);
}

static void
test_expiry(void)
{
	uint64_t id = add(true, NULL, 100);

	TEST_ROW("its time is over");
	CHECK_NUM(pass(99 * 1000), 0);
	CHECK(is_there(id));
	CHECK_NUM(pass(1000), 0);
	CHECK(!is_there(id));
	change();
	CHECK_NUM(pass(0), 0);
}

static void
test_rate(void)
{
	TEST_ROW("not more than so many in an hour");
	for (unsigned i = 0; i < PUSH_MADE_MAX; i++)
		CHECK(jmap_push_may_add(push, account->id));
	CHECK(!jmap_push_may_add(push, account->id));
	CHECK(jmap_push_may_add(push, account->id + 1));
	pass(PUSH_MADE_MS - 1);
	CHECK(!jmap_push_may_add(push, account->id));
	TEST_ROW("and then forgotten");
	pass(1);
	CHECK_NUM(push->accounts.count, 0);
	CHECK(jmap_push_may_add(push, account->id));
}

/* Twenty URLs of one user on hosts that never answer take some of the client's connections, not all of them. */
static void
test_at_once(void)
{
	uint64_t ids[PUSH_MAX];
	unsigned tried = 0;

	TEST_ROW("not all of one user at once");
	url = "https://silent.test/push";
	for (size_t i = 0; i < PUSH_MAX; i++)
		ids[i] = add(true, NULL, PUSH_LIFE_S);
	CHECK_NUM(pass(0), 0);
	change();
	CHECK_NUM(pass(0), PUSH_AT_ONCE);
	CHECK_NUM(pass(0), 0);
	TEST_ROW("those that are destroyed make room");
	for (size_t i = 0; i < PUSH_MAX; i++)
		CHECK_NUM(push_drop(account, ids[i]), FAIL_NONE);
	jmap_push_look(push, account->id);
	CHECK_NUM(pass(0), 0);
	for (size_t i = 0; i < PUSH_MAX; i++)
		ids[i] = add(true, NULL, PUSH_LIFE_S);
	change();
	TEST_ROW("each has its turn");
	tried = pass(0);
	CHECK_NUM(tried, PUSH_AT_ONCE);
	for (unsigned i = 0; i < 20 && tried < PUSH_MAX; i++) {
		unsigned now = pass(PUSH_TIMEOUT_MS);

		CHECK(now <= 2 * PUSH_AT_ONCE);
		tried += now;
	}
	CHECK(tried >= PUSH_MAX);
	for (size_t i = 0; i < PUSH_MAX; i++)
		CHECK_NUM(push_drop(account, ids[i]), FAIL_NONE);
	jmap_push_look(push, account->id);
	pass(0);
	url = URL;
}

static const struct {
	const char *name, *headers;
	int64_t want_ms;
} retry_rows[] = {
	{ "none", "Date: x\r\n", 0 },
	{ "seconds", "Retry-After: 120\r\n", 120000 },
	{ "zero", "Retry-After: 0\r\n", 0 },
	{ "a day", "retry-after:86400\r\n", 86400000 },
	{ "more than a day", "Retry-After: 86401\r\n", 86400000 },
	{ "very many", "Retry-After: 99999999999999999999999\r\n", 86400000 },
	{ "a date", "Retry-After: Tue, 14 Nov 2023 22:13:30 GMT\r\n", 10000 },
	{ "a date gone by", "Retry-After: Tue, 14 Nov 2023 22:13:10 GMT\r\n", 0 },
	{ "a date in years", "Retry-After: Tue, 14 Nov 2028 22:13:10 GMT\r\n", 86400000 },
	{ "rubbish", "Retry-After: soon\r\n", 0 },
	{ "empty", "Retry-After:\r\n", 0 },
	{ "negative", "Retry-After: -5\r\n", 0 },
};

static void
test_retry_after(void)
{
	struct http_fetch f = { .status = 429 };

	for (size_t i = 0; i < ARRAY_LEN(retry_rows); i++) {
		TEST_ROW(retry_rows[i].name);
		buf_init(&f.headers, 1000);
		buf_add_c(&f.headers, retry_rows[i].headers);
		CHECK_NUM(push_retry_after_ms(&f), retry_rows[i].want_ms);
		buf_release(&f.headers);
	}
}

static void
listen_silently(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	invariant(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &n) == 0);
	snprintf(dns_server, sizeof(dns_server), "127.0.0.1:%u", ntohs(a.sin_port));
}

static void
start(void)
{
	struct buf why = { .max = 1000 };
	char store_path[300], blob_path[300];

	snprintf(store_path, sizeof(store_path), "%s/store.db", test_folder());
	snprintf(blob_path, sizeof(blob_path), "%s/mail", test_folder());
	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	dns_settings = dns_settings_default;
	listen_silently();
	dns_settings.servers = str_c(dns_server);
	invariant(dns_init(&dns, &loop, &net, &dns_settings, &why) == FAIL_NONE);
	http_client_init(&client, &loop, &net, &dns, NULL, &http_client_settings_default);
	invariant(store_open(&store, &loop, str_c(store_path), NULL) == FAIL_NONE);
	invariant(blob_open(&blobs, &loop, store, str_c(blob_path)) == FAIL_NONE);
	invariant(mail_open(&mail, &loop, store, blobs) == FAIL_NONE);
	invariant(account_open(mail, STR("alice@example.test"), NULL, &account) == FAIL_NONE);
	house = (struct jmap_push_house){ .mail = mail,
		.states = &states,
		.client = &client,
		.settings = &settings };
	jmap_push_open(&push, &house);
	turns();
	buf_release(&why);
}

static void
stop(void)
{
	jmap_push_close(&push);
	http_client_release(&client);
	account_close(&account);
	turns();
	mail_close(&mail);
	blob_close(&blobs);
	store_close(&store);
	dns_release(&dns);
	net_release(&net);
	loop_release(&loop);
}

int
main(void)
{
	clock_fake(1000000, 1700000000000);
	test_retry_after();
	start();
	test_asking();
	test_failing();
	test_start();
	test_rate();
	test_expiry();
	test_at_once();
	stop();
	return test_end();
}
