/* shareWith and mayShare of Mailboxes (RFC 9670 4), and the ids of Principals. */
#include "fixture.h"

/* rooms */
#include "jmap/share.h"

static const struct {
	const char *identifier, *id; /* NULL: there is none */
} ids[] = {
	{ "bob@example.test", "Pbob_40example_2etest" },
	{ "$sales", "Gsales" },
	{ "anyone", "E" },
	{ "a-b0", "Pa-b0" },
	{ "$anyone", "Ganyone" },
	{ "-bob", NULL },
	{ "", NULL },
};

static const char *const no_ids[] = { "", "P", "G", "X", "Bob", "Pbob@x", "PBob", "Pa_4", "Pa_",
	"Pa_4G", "Pa_4A", "Pa_61", "Pa_20b", "Pa_00", "E1", "Panyone", "P_24sales", "P_2dbob" };

static void
check_ids(void)
{
	struct buf out;

	buf_init(&out, 2000);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		TEST_ROW(ids[i].identifier);
		buf_clear(&out);
		CHECK(principal_id_write(&out, str_c(ids[i].identifier)) == (ids[i].id != NULL));
		if (!ids[i].id)
			continue;
		CHECK_STR(buf_str(&out), str_c(ids[i].id));
		CHECK(principal_id_parse(str_c(ids[i].id), &out));
		CHECK_STR(buf_str(&out), str_c(ids[i].identifier));
	}
	for (size_t i = 0; i < ARRAY_LEN(no_ids); i++) {
		TEST_ROW(no_ids[i]);
		CHECK(!principal_id_parse(str_c(no_ids[i]), &out));
	}
	buf_release(&out);
}

static const struct fixture_row rows[] = {
#include "share.rows"
};

/* What Bob may do who got the right to share. */
static const struct fixture_row bob_rows[] = {
#include "share_bob.rows"
};

int
main(void)
{
	struct fixture f;
	struct account *alice, *bob;

	check_ids();
	fixture_open(&f);
	alice = f.account;
	f.using = ",'urn:ietf:params:jmap:mail:share'";
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	fixture_rows(&f, rows, ARRAY_LEN(rows));
	f.account = bob;
	fixture_rows(&f, bob_rows, ARRAY_LEN(bob_rows));
	f.account = alice;
	account_close(&bob);
	fixture_close(&f);
	return test_end();
}
