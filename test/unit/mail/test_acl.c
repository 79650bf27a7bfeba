/* Rights by rows; limits; what goes with mailbox and account; who finds whom. */
#include "fixture.h"

/* rooms */
#include "mail/acl.h"
#include "mail/notify.h"

static struct fixture f;

/* --- identifiers ----------------------------------------------------------------------------------- */

static const struct {
	const char *identifier;
	bool is_allowed;
} identifier_rows[] = {
	{ "bob@example.test", true },
	{ "anyone", true },
	{ "$sales", true },
	{ "-$sales", true },
	{ "-bob", true },
	{ "", false },
	{ "-", false },
	{ "$", false },
	{ "-$", false },
	{ "a b", false },
	{ "a\x01", false },
};

static void
test_identifiers(void)
{
	char most[ACL_NAME_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(identifier_rows); i++) {
		TEST_ROW(identifier_rows[i].identifier);
		CHECK(acl_identifier_is_allowed(str_c(identifier_rows[i].identifier)) ==
		    identifier_rows[i].is_allowed);
	}
	TEST_ROW("longest");
	memset(most, 'x', sizeof(most));
	CHECK(acl_identifier_is_allowed(str_of(most, ACL_NAME_MAX)));
	CHECK(!acl_identifier_is_allowed(str_of(most, ACL_NAME_MAX + 1)));
}

/* --- rights ------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	struct acl_entry entries[3]; /* of the Inbox */
	struct acl_user who;
	unsigned want;
} rows[] = {
	{ "owner", { { STR_INIT("anyone"), 0 } }, { STR_INIT("alice@example.test"), STR_INIT("") },
	    ACL_ALL },
	{ "nobody", { { STR_INIT("x"), ACL_READ } }, { STR_INIT("bob"), STR_INIT("") }, 0 },
	{ "by name", { { STR_INIT("BOB"), ACL_READ } }, { STR_INIT("bob"), STR_INIT("") },
	    ACL_READ },
	{ "by anyone", { { STR_INIT("anyone"), ACL_LOOKUP } }, { STR_INIT("bob"), STR_INIT("") },
	    ACL_LOOKUP },
	{ "by group", { { STR_INIT("$sales"), ACL_INSERT } },
	    { STR_INIT("bob"), STR_INIT("staff sales") }, ACL_INSERT },
	{ "group without $", { { STR_INIT("sales"), ACL_INSERT } },
	    { STR_INIT("bob"), STR_INIT("sales") }, 0 },
	{ "no group like that", { { STR_INIT("$sale"), ACL_INSERT } },
	    { STR_INIT("bob"), STR_INIT("sales") }, 0 },
	{ "added up", { { STR_INIT("anyone"), ACL_LOOKUP }, { STR_INIT("bob"), ACL_READ } },
	    { STR_INIT("bob"), STR_INIT("") }, ACL_LOOKUP | ACL_READ },
	{ "taken",
	    { { STR_INIT("anyone"), ACL_LOOKUP | ACL_READ }, { STR_INIT("-bob"), ACL_READ } },
	    { STR_INIT("bob"), STR_INIT("") }, ACL_LOOKUP },
	{ "taken from a group", { { STR_INIT("bob"), ACL_ALL }, { STR_INIT("-$sales"), ACL_READ } },
	    { STR_INIT("bob"), STR_INIT("sales") }, ACL_ALL - ACL_READ },
	{ "member of the account's group", { { STR_INIT("anyone"), 0 } },
	    { STR_INIT("bob"), STR_INIT("x alice@example.test") }, ACL_ALL },
};

static void
test_rights(uint32_t inbox)
{
	unsigned all[100], rights;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		for (size_t j = 0; j < 3 && rows[i].entries[j].identifier.n; j++)
			CHECK_NUM(acl_set(f.account, inbox, rows[i].entries[j].identifier,
				      rows[i].entries[j].rights),
			    FAIL_NONE);
		CHECK_NUM(acl_rights(f.account, inbox, &rows[i].who, &rights), FAIL_NONE);
		CHECK_NUM(rights, rows[i].want);
		CHECK_NUM(acl_rights_all(f.account, &rows[i].who, all), FAIL_NONE);
		CHECK_NUM(all[0], rows[i].want);
		CHECK_NUM(all[1], rows[i].want == ACL_ALL ? ACL_ALL : 0);
		CHECK_NUM(acl_rights(f.account, 9999, &rows[i].who, &rights), FAIL_NONE);
		CHECK_NUM(rights, 0);
		for (size_t j = 0; j < 3 && rows[i].entries[j].identifier.n; j++)
			CHECK_NUM(acl_set(f.account, inbox, rows[i].entries[j].identifier, 0),
			    FAIL_NONE);
		fixture_check(&f);
	}
}

/* --- finding ------------------------------------------------------------------------------------------ */

static size_t
found(const char *name, const char *groups)
{
	const struct acl_user who = { str_c(name), str_c(groups) };
	uint64_t ids[10];
	size_t count;

	CHECK_NUM(acl_accounts(f.mail, &who, ids, ARRAY_LEN(ids), &count), FAIL_NONE);
	for (size_t i = 0; i < count; i++)
		CHECK(ids[i] == f.account->id);
	return count;
}

static void
test_finding(uint32_t inbox)
{
	uint32_t other;

	TEST_ROW("finding");
	CHECK_NUM(mailbox_create_path(f.account, STR("a/b"), MAILBOX_ROLE_NONE, false, &other),
	    FAIL_NONE);
	CHECK_NUM(found("bob", "sales"), 0);
	CHECK_NUM(acl_set(f.account, inbox, STR("$sales"), ACL_READ), FAIL_NONE);
	CHECK_NUM(acl_set(f.account, other, STR("$sales"), ACL_READ), FAIL_NONE);
	CHECK_NUM(acl_set(f.account, other, STR("bob"), ACL_READ), FAIL_NONE);
	CHECK_NUM(found("bob", "sales"), 1);
	CHECK_NUM(found("bob", ""), 1);
	CHECK_NUM(found("carol", "staff sales"), 1);
	CHECK_NUM(found("carol", "sale"), 0);
	CHECK_NUM(acl_set(f.account, inbox, STR("$sales"), 0), FAIL_NONE);
	CHECK_NUM(found("carol", "sales"), 1);
	fixture_check(&f);
	CHECK_NUM(mailbox_delete(f.account, other, true), FAIL_NONE);
	CHECK_NUM(found("bob", "sales"), 0);
	fixture_check(&f);
	CHECK_NUM(acl_set(f.account, inbox, STR("anyone"), ACL_READ), FAIL_NONE);
	CHECK_NUM(found("bob", ""), 1);
}

/* --- limits, inheriting, the end ------------------------------------------------------------------- */

static void
test_limits(uint32_t inbox)
{
	char name[ACL_NAME_MAX + 1];
	struct acl_entry *entries;
	struct arena arena;
	uint32_t box = 0;
	size_t count, made = 0;
	enum fail fail = FAIL_NONE;

	TEST_ROW("limits");
	CHECK_NUM(acl_set(f.account, inbox, STR("anyone"), 0), FAIL_NONE);
	memset(name, 'x', sizeof(name));
	for (size_t i = 0; i < ACL_ENTRIES_MAX; i++) {
		name[0] = (char)('!' + i);
		if (name[0] == '-' || name[0] == '$')
			name[0] = '~';
		(void)!acl_set(f.account, inbox, str_of(name, ACL_NAME_MAX), ACL_READ);
	}
	CHECK_NUM(acl_set(f.account, inbox, STR("one"), ACL_READ), FAIL_NONE);
	CHECK_NUM(acl_set(f.account, inbox, STR("more"), ACL_READ), FAIL_LIMIT);
	CHECK_NUM(acl_set(f.account, inbox, STR("one"), ACL_SEEN), FAIL_NONE);
	CHECK_NUM(acl_set(f.account, 9999, STR("one"), ACL_SEEN), FAIL_MISSING);
	CHECK_NUM(acl_set(f.account, inbox, STR("a b"), ACL_SEEN), FAIL_SYNTAX);
	for (; fail == FAIL_NONE && made < 1000; made++) {
		snprintf(name, sizeof(name), "box%zu", made);
		CHECK_NUM(
		    mailbox_create_path(f.account, str_c(name), MAILBOX_ROLE_NONE, false, &box),
		    FAIL_NONE);
		fail = acl_inherit(f.account, inbox, box);
	}
	CHECK_NUM(fail, FAIL_LIMIT);
	CHECK(made < 100);
	arena_init(&arena, 100000);
	CHECK_NUM(acl_list(f.account, inbox, &arena, &entries, &count), FAIL_NONE);
	CHECK_NUM(count, ACL_ENTRIES_MAX);
	CHECK_NUM(acl_list(f.account, box, &arena, &entries, &count), FAIL_NONE);
	CHECK_NUM(count, 0);
	arena_release(&arena);
	fixture_check(&f);
}

static void
test_end_of_account(void)
{
	bool done = false;

	TEST_ROW("with the account");
	CHECK_NUM(found("one", ""), 1);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	account_close(&f.account);
	while (!done)
		CHECK_NUM(account_delete(f.mail, STR("alice@example.test"), &done), FAIL_NONE);
	CHECK_NUM(account_open(f.mail, STR("alice@example.test"), NULL, &f.account), FAIL_NONE);
	CHECK_NUM(found("one", ""), 0);
}

/* Who waits for what is shared is woken when that is durable. */
static void
test_watch(uint32_t inbox)
{
	struct mail_watch watch = { .task = NULL };

	TEST_ROW("watch");
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	mail_watch_sharing(&watch, f.mail, NULL);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	CHECK_NUM(mail_watch_take(&watch), 0);
	CHECK_NUM(acl_set(f.account, inbox, STR("bob@example.test"), ACL_LOOKUP), FAIL_NONE);
	CHECK_NUM(mail_watch_take(&watch), 0);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	CHECK_NUM(mail_watch_take(&watch), MAIL_CHANGED_SHARING);
	CHECK_NUM(acl_set(f.account, inbox, STR("bob@example.test"), 0), FAIL_NONE);
	mail_watch_stop(&watch);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	CHECK_NUM(mail_watch_take(&watch), 0);
}

/* The directory's limits are known without the directory, too. */
static void
test_quota_kept(void)
{
	const struct account_limits limits = { 1000, 2 };

	TEST_ROW("limits are kept");
	account_limit(f.account, &limits);
	fixture_close(&f, true);
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	CHECK_NUM(f.account->limits.quota_bytes, 1000);
	CHECK_NUM(f.account->limits.quota_messages, 2);
	fixture_check(&f);
}

int
main(void)
{
	uint32_t inbox;

	test_identifiers();
	fixture_open(&f, "acl");
	inbox = fixture_box(&f, "INBOX");
	test_rights(inbox);
	test_finding(inbox);
	test_watch(inbox);
	test_limits(inbox);
	test_end_of_account();
	test_quota_kept();
	fixture_close(&f, true);
	return test_end();
}
