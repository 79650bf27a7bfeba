/* Bob in the account of Alice, who shares some mailboxes: each row what is shared, a request, the answer. */
#include "fixture.h"

/* rooms */
#include "mail/acl.h"
#include "mail/changes.h"
#include "mail/namespace.h"
#include "mail/subscription.h"

#define MAILBOX_SHARED 7 /* "Team", below it 8 "Team/Inner" and 9 "Team/Inner/Deep" */
#define LR             (ACL_LOOKUP | ACL_READ)

static const struct {
	const char *name;
	struct { /* what Alice gives Bob before; mailbox 0: nothing */
		uint32_t mailbox;
		unsigned rights;
	} give;
	const char *calls, *want;
} rows[] = {
#include "access.rows"
};

static void
check_rows(struct fixture *f, struct account *alice, struct account *bob)
{
	struct buf got, want;

	buf_init(&got, 1 << 20);
	buf_init(&want, 1 << 20);
	f->account = bob;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		if (rows[i].give.mailbox)
			CHECK_NUM(
			    acl_set(alice, rows[i].give.mailbox, bob->name, rows[i].give.rights),
			    FAIL_NONE);
		fixture_run(f, rows[i].calls, &got);
		buf_clear(&want);
		unquote(&want, "{'methodResponses':");
		unquote(&want, rows[i].want);
		unquote(&want, ",'sessionState':'x'}");
		CHECK_STR(buf_str(&got), buf_str(&want));
	}
	buf_release(&got);
	buf_release(&want);
}

/* What Alice does where Bob sees nothing is not told; what leaves what he sees is gone for him. */
static void
check_changes(struct fixture *f, struct account *alice)
{
	static const char calls[] =
	    "[['Email/changes',{'accountId':'a1','sinceState':'s%u'},'c'],"
	    "['Thread/changes',{'accountId':'a1','sinceState':'s%u'},'d'],"
	    "['Email/changes',{'accountId':'a1','sinceState':'s%u','maxChanges':1},'e']]";
	uint32_t inbox = 1, deep = 9;
	struct email_new hidden = { .bytes = STR("Subject: more\r\n\r\n"),
		.mailboxes = &inbox,
		.mailbox_count = 1 };
	struct email_update out_of_sight = { .mailboxes_add = &inbox,
		.mailboxes_add_count = 1,
		.mailboxes_remove = &deep,
		.mailboxes_remove_count = 1 };
	struct email_update flag = { .keywords_add = FLAG_FLAGGED };
	unsigned since = (unsigned)change_state(alice, CHANGE_EMAIL);
	struct email_added added;
	struct buf got;
	char text[512];

	TEST_ROW("changes");
	buf_init(&got, 1 << 20);
	CHECK_NUM(email_add_bytes(alice, &hidden, &added), FAIL_NONE);
	CHECK_NUM(email_update(alice, 4, &out_of_sight), FAIL_NONE);
	CHECK_NUM(email_update(alice, 2, &flag), FAIL_NONE);
	snprintf(text, sizeof(text), calls, since, since, since);
	fixture_run(f, text, &got);
	CHECK(str_find(buf_str(&got),
		  STR("\"hasMoreChanges\":false,\"created\":[],\"updated\":[\"e2\"],"
		      "\"destroyed\":[\"e4\"]},\"c\"]")) != STR_NONE);
	CHECK(str_find(buf_str(&got),
		  STR("\"created\":[],\"updated\":[\"t2\"],\"destroyed\":[]},\"d\"]")) != STR_NONE);
	CHECK(str_find(buf_str(&got),
		  STR("\"hasMoreChanges\":true,\"created\":[],\"updated\":[],"
		      "\"destroyed\":[]},\"e\"]")) != STR_NONE);
	buf_release(&got);
}

/* A group's account is its members' as a whole; without the group it is not there. */
static void
check_groups(struct fixture *f, struct account *alice)
{
	struct buf got;

	TEST_ROW("groups");
	buf_init(&got, 1 << 20);
	f->groups = STR("staff alice@example.test ");
	fixture_run(f,
	    "[['Mailbox/get',{'accountId':'a1','ids':['m2'],'properties':['myRights']},'c']]",
	    &got);
	CHECK(str_find(buf_str(&got), STR("\"mayDelete\":true")) != STR_NONE);
	CHECK(str_find(buf_str(&got), STR("false")) == STR_NONE);
	f->groups = STR("staff");
	fixture_run(f, "[['Mailbox/get',{'accountId':'a1','ids':['m2']},'c']]", &got);
	CHECK(str_find(buf_str(&got), STR("accountNotFound")) != STR_NONE);
	buf_release(&got);
	CHECK(alice->mailbox_count > 0);
}

/* More accounts than one request may hold. */
static void
check_many(struct fixture *f)
{
	struct buf calls, got;

	TEST_ROW("too many accounts");
	buf_init(&calls, 1 << 16);
	buf_init(&got, 1 << 20);
	buf_add_char(&calls, '[');
	for (uint64_t i = 0; i <= JMAP_ACCOUNTS_MAX; i++) {
		char name[32];
		struct account *a;

		snprintf(name, sizeof(name), "u%u@example.test", (unsigned)i);
		CHECK_NUM(account_open(f->mail, str_c(name), NULL, &a), FAIL_NONE);
		CHECK_NUM(acl_set(a, 1, STR("anyone"), LR), FAIL_NONE);
		buf_add_c(&calls,
		    i ? ",['Email/get',{'ids':[],'accountId':'a"
		      : "['Email/get',{'ids':[],'accountId':'a");
		buf_add_u64(&calls, a->id);
		buf_add_c(&calls, "'},'c']");
		account_close(&a);
	}
	buf_add_char(&calls, ']');
	buf_add_char(&calls, '\0');
	fixture_run(f, buf_str(&calls).p, &got);
	CHECK(str_find(buf_str(&got), STR("accountNotFound")) == STR_NONE);
	CHECK(str_find(buf_str(&got), STR("requestTooLarge")) != STR_NONE);
	buf_release(&calls);
	buf_release(&got);
}

int
main(void)
{
	static const char *const paths[] = { "Team", "Team/Inner", "Team/Inner/Deep" };
	struct fixture f;
	struct account *alice, *bob;
	uint32_t id, inbox = 1, both[2] = { 1, MAILBOX_SHARED }, team = MAILBOX_SHARED;
	struct email_added added;

	fixture_open(&f);
	alice = f.account;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		CHECK_NUM(mailbox_create_path(alice, str_c(paths[i]), MAILBOX_ROLE_NONE, true, &id),
		    FAIL_NONE);
		CHECK_NUM(id, MAILBOX_SHARED + i);
	}
	const struct email_new news[] = {
		{ .bytes = STR("Subject: hidden\r\nMessage-ID: <1@x>\r\n\r\nneedle\r\n"),
		    .received_s = 1700000001,
		    .mailboxes = &inbox,
		    .mailbox_count = 1 },
		{ .bytes = STR("Subject: both\r\nMessage-ID: <2@x>\r\n\r\nneedle\r\n"),
		    .received_s = 1700000002,
		    .mailboxes = both,
		    .mailbox_count = 2 },
		{ .bytes = STR("Subject: Re: hidden\r\nIn-Reply-To: <1@x>\r\n\r\nneedle\r\n"),
		    .received_s = 1700000003,
		    .mailboxes = &team,
		    .mailbox_count = 1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(news); i++)
		CHECK_NUM(email_add_bytes(alice, &news[i], &added), FAIL_NONE);
	CHECK_NUM(fixture_upload(&f, "Subject: hers\r\n\r\n"), 1);
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	check_rows(&f, alice, bob);
	check_changes(&f, alice);
	CHECK_NUM(acl_set(alice, MAILBOX_SHARED, bob->name, 0), FAIL_NONE);
	CHECK_NUM(acl_set(alice, 9, bob->name, 0), FAIL_NONE);
	check_groups(&f, alice);
	check_many(&f);
	f.account = alice;
	account_close(&bob);
	fixture_close(&f);
	return test_end();
}
