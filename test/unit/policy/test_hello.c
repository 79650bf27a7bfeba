#include "fixture.h"

static const struct {
	const char *helo, *peer;
	enum policy_hello want;
} rows[] = {
	{ "mx.example.org", "8.8.8.8", HELLO_GOOD },
	{ "mx.example.org.", "8.8.8.8", HELLO_GOOD },
	{ "xn--bcher-kva.example", "8.8.8.8", HELLO_GOOD },
	{ "mail.own.test", "8.8.8.8", HELLO_FORGED },
	{ "MAIL.own.TEST.", "8.8.8.8", HELLO_FORGED },
	{ "mail.own.test", "9.9.9.9", HELLO_GOOD }, /* our own end: we talk to ourselves */
	{ "own.test", "8.8.8.8", HELLO_GOOD },
	{ "[8.8.8.8]", "8.8.8.8", HELLO_GOOD },
	{ "8.8.8.8", "8.8.8.8", HELLO_GOOD },
	{ "[8.8.4.4]", "8.8.8.8", HELLO_NO_NAME },
	{ "8.8.4.4", "8.8.8.8", HELLO_NO_NAME },
	{ "[127.0.0.1]", "8.8.8.8", HELLO_NO_NAME },
	{ "[9.9.9.9]", "8.8.8.8", HELLO_FORGED },
	{ "9.9.9.9", "8.8.8.8", HELLO_FORGED },
	{ "[IPv6:2600::1]", "2600::1", HELLO_GOOD },
	{ "[ipv6:2600:0:0::1]", "2600::1", HELLO_GOOD },
	{ "[IPv6:2600::2]", "2600::1", HELLO_NO_NAME },
	{ "[2600::1]", "2600::1", HELLO_NO_NAME },
	{ "2600::1", "2600::1", HELLO_GOOD },
	{ "[8.8.8.8", "8.8.8.8", HELLO_NO_NAME },
	{ "[mx.example.org]", "8.8.8.8", HELLO_NO_NAME },
	{ "[]", "8.8.8.8", HELLO_NO_NAME },
	{ "localhost", "8.8.8.8", HELLO_NO_NAME },
	{ "pc.", "8.8.8.8", HELLO_NO_NAME },
	{ ".", "8.8.8.8", HELLO_NO_NAME },
	{ ".org", "8.8.8.8", HELLO_NO_NAME },
	{ "", "8.8.8.8", HELLO_NO_NAME },
	{ "localhost", "127.0.0.1", HELLO_GOOD },
	{ "mail.own.test", "127.0.0.1", HELLO_GOOD },
};

static enum policy_hello
look(struct fixture *f, const char *helo, const char *peer, const char *own)
{
	struct net_address a = fixture_peer(peer), own_address = fixture_peer("9.9.9.9");

	own_address.port = 25;
	return policy_hello_look(f->policy, str_c(helo), str_c(own), &a, &own_address);
}

int
main(void)
{
	struct fixture f;

	fixture_open(&f, "hello");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].helo);
		CHECK_NUM(look(&f, rows[i].helo, rows[i].peer, "mail.own.test"), rows[i].want);
		CHECK_NUM(look(&f, rows[i].helo, rows[i].peer, "Mail.own.test."), rows[i].want);
	}
	TEST_ROW("we have no name");
	CHECK_NUM(look(&f, "mx.example.org", "8.8.8.8", ""), HELLO_GOOD);
	CHECK_NUM(look(&f, "", "8.8.8.8", ""), HELLO_NO_NAME);
	f.settings.helo = HELO_OFF;
	fixture_restart(&f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].helo);
		CHECK_NUM(look(&f, rows[i].helo, rows[i].peer, "mail.own.test"), HELLO_GOOD);
	}
	fixture_stop(&f);
	return test_end();
}
