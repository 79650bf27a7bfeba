/* What all Foo/set have in common (RFC 8620 5.3), tried on mailboxes, Emails and Identities. */
#include "fixture.h"

/* rooms */
#include "directory/directory.h"

static const struct fixture_row rows[] = {
#include "set.rows"
};

static const char message[] =
    "From: Bob <bob@example.test>\r\nTo: alice@example.test\r\nSubject: Hello\r\n"
    "Date: Thu, 30 Oct 2014 14:12:00 +0800\r\nMessage-ID: <m1@x>\r\n\r\nHello there\r\n";

int
main(void)
{
	const struct str addresses[] = { STR_INIT("alice@example.test") };
	struct directory_account user = { .name = STR("alice@example.test"),
		.display_name = STR("Alice A."),
		.addresses = addresses,
		.address_count = ARRAY_LEN(addresses) };
	struct fixture f;

	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:submission','urn:ietf:params:jmap:vacationresponse'";
	f.host.user = &user;
	fixture_add(&f, message, 1700000001, 0);
	fixture_rows(&f, rows, ARRAY_LEN(rows));
	fixture_close(&f);
	return test_end();
}
