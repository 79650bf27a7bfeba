/* What senders, peers and accounts are called. */
#include "fixture.h"

/* system */
#include <string.h>

static const struct {
	const char *in, *want;
} senders[] = {
	{ "ann@example.org", "ann@example.org" },
	{ "Ann@Example.ORG", "ann@example.org" },
	{ "", "" },
	{ "ann+shop@example.org", "ann@example.org" },
	{ "+shop@example.org", "+shop@example.org" },
	{ "bounce-8172-ann=example.com@lists.example.org", "bounce-#-ann@lists.example.org" },
	{ "bounce-9917-ann=example.com@lists.example.org", "bounce-#-ann@lists.example.org" },
	{ "msprvs1=19481abc=bounces-22@x.test", "msprvs#@x.test" },
	{ "prvs=1234567890=ann@example.org", "ann@example.org" },
	{ "PRVS=1234567890=Ann.2@example.org", "ann.#@example.org" },
	{ "prvs=ann@example.org", "prvs@example.org" },
	{ "SRS0=HHH=TT=example.com=ann@forward.test", "srs#@forward.test" },
	{ "0100018f2a3b-77c0-000000@amazonses.test", "#-#-#@amazonses.test" },
	{ "list.a1b2c3.news@x.test", "list.#.news@x.test" },
	{ "ann@host7.example.org", "ann@host7.example.org" },
	{ "\"ann 12\"@x.test", "\"ann #\"@x.test" },
	{ "j\xc3\xb6rg2@x.test", "j\xc3\xb6rg#@x.test" },
	{ "ann7@x.test", "ann#@x.test" },
	{ "bob1999@x.test", "bob#@x.test" },
	{ "7ann@x.test", "#@x.test" },
	{ "ann7b@x.test", "#@x.test" },
	{ "j\xc3\xb6rg@x.test", "j\xc3\xb6rg@x.test" },
	{ "ann", "ann" },
	{ "a@b@c.test", "a@b@c.test" },
};

static void
test_senders(void)
{
	for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
		struct buf out;

		TEST_ROW(senders[i].in);
		buf_init(&out, POLICY_NAME_MAX);
		sender_write(&out, str_c(senders[i].in));
		CHECK_STR(buf_str(&out), str_c(senders[i].want));
		buf_release(&out);
	}
}

/* What is written is never longer than what was read, so a bound on one is a bound on the other. */
static void
test_long(void)
{
	char text[2000];
	struct keep_name a = { 0 }, b = { 0 };
	struct net_address peer = fixture_peer("8.8.8.8");

	TEST_ROW("long senders");
	memset(text, 'x', sizeof text);
	keep_name_sender(&a, &peer, str_of(text, sizeof text));
	keep_name_sender(&b, &peer, str_of(text, POLICY_NAME_MAX));
	CHECK(a.n == KEEP_HASH_BYTES && memcmp(&a, &b, sizeof a) == 0);
	TEST_ROW("long texts differ to their ends");
	a = b = (struct keep_name){ 0 };
	keep_name_text(&a, str_of(text, sizeof text));
	text[sizeof text - 1] = 'y';
	keep_name_text(&b, str_of(text, sizeof text));
	CHECK(memcmp(&a, &b, sizeof a) != 0);
}

static bool
same_sender(const char *peer_a, const char *a, const char *peer_b, const char *b)
{
	struct net_address pa = fixture_peer(peer_a), pb = fixture_peer(peer_b);
	struct keep_name x = { 0 }, y = { 0 };

	keep_name_sender(&x, &pa, str_c(a));
	keep_name_sender(&y, &pb, str_c(b));
	return memcmp(&x, &y, sizeof x) == 0;
}

static void
test_pairs(void)
{
	TEST_ROW("networks and senders");
	CHECK(same_sender("8.8.8.1", "ann@x.test", "8.8.8.200", "Ann@x.test"));
	CHECK(!same_sender("8.8.8.1", "ann@x.test", "8.8.9.1", "ann@x.test"));
	CHECK(!same_sender("8.8.8.1", "ann@x.test", "8.8.8.1", "bob@x.test"));
	CHECK(same_sender("2600:1:2:3::1", "ann@x.test", "2600:1:2:ffff::9", "ann@x.test"));
	CHECK(!same_sender("2600:1:2::1", "ann@x.test", "2600:1:3::1", "ann@x.test"));
	TEST_ROW("letters of an address are no letters");
	CHECK(!same_sender("65.65.65.1", "", "97.97.97.1", ""));
}

/* Parts cannot be shifted into one another. */
static void
test_parts(void)
{
	struct keep_name x = { 0 }, y = { 0 };
	struct hash_state h;

	TEST_ROW("parts");
	keep_name_begin(&h);
	keep_name_add_text(&h, STR("ab"));
	keep_name_add_text(&h, STR("c"));
	keep_name_end(&h, &x);
	keep_name_begin(&h);
	keep_name_add_text(&h, STR("a"));
	keep_name_add_text(&h, STR("bc"));
	keep_name_end(&h, &y);
	CHECK(memcmp(&x, &y, sizeof x) != 0);
	x = y = (struct keep_name){ 0 };
	keep_name_begin(&h);
	keep_name_add(&h, STR("ab"));
	keep_name_add(&h, STR("c"));
	keep_name_end(&h, &x);
	keep_name_begin(&h);
	keep_name_add(&h, STR("a"));
	keep_name_add(&h, STR("bc"));
	keep_name_end(&h, &y);
	CHECK(memcmp(&x, &y, sizeof x) != 0);
	TEST_ROW("stays the same from one version of the program to the next");
	x = (struct keep_name){ 0 };
	keep_name_text(&x, STR("Alice@example.test"));
	CHECK_NUM(x.n, 16);
	/* printf '\0\0\0\22alice@example.test' | sha256sum */
	CHECK(memcmp(x.bytes, "\xcd\xd7\x97\xb4\x00\x7b\x5a\x32\xc0\x64\x68\x9e\xc2\xae\x87\x4a",
		  16) == 0);
}

int
main(void)
{
	test_senders();
	test_long();
	test_pairs();
	test_parts();
	return test_end();
}
