/*
 * Every method of the table, asked by Bob for what is in the account of Alice: as a stranger, as one who may read or
 * change one mailbox, and as one who lost his rights. What Bob must not know has "secret" in it, wherever it is.
 */
#include "fixture.h"

/* rooms */
#include "jmap/methods.h"
#include "mail/acl.h"
#include "mail/identity.h"
#include "mail/submission.h"
#include "mail/vacation.h"

#define TEAM 7 /* the mailbox that is shared; 8 is "secretbox" */
#define GONE "accountNotFound"
#define OWN  "accountNotSupportedByMethod" /* the type is not in accounts of others */
#define READ "accountReadOnly"

/*
 * A method with arguments that ask for all that there is to get; what it says while one mailbox may be read, NULL for
 * an answer. A method that is not here fails the test: think of what it gives away, and add it.
 */
static const struct {
	const char *method, *args, *reader;
} rows[] = {
	{ "Blob/copy", "'fromAccountId':'a2','blobIds':['b1','b3','u1']", READ },
	{ "Blob/get", "'ids':['b1','b1_0_9_n','b3','u1','u1_0_9_n','b2']", NULL },
	{ "Blob/lookup", "'ids':['b1','b3','u1','b2'],'typeNames':['Mailbox','Thread','Email']",
	    NULL },
	{ "Blob/upload", "'create':{'k':{'data':[{'blobId':'b1'}]},'l':{'data':[{'blobId':'u1'}]}}",
	    READ },
	{ "Email/changes", "'sinceState':'s0'", NULL },
	{ "Email/copy", "'fromAccountId':'a2','create':{'k':{'id':'e1','mailboxIds':{'m1':true}}}",
	    READ },
	{ "Email/get",
	    "'ids':['e1','e2','e3'],'fetchAllBodyValues':true,'properties':['id','subject','"
	    "keywords','mailboxIds','bodyValues','preview','headers','attachments','textBody']",
	    NULL },
	{ "Email/import",
	    "'emails':{'k':{'blobId':'b1','mailboxIds':{'m7':true}},'l':{'blobId':'"
	    "u1','mailboxIds':{'m7':true}}}",
	    READ },
	{ "Email/parse", "'blobIds':['b1','b3','u1'],'fetchAllBodyValues':true", NULL },
	{ "Email/query",
	    "'filter':{'operator':'OR','conditions':[{'text':'secret'},{'inMailbox':'m1'},{'"
	    "someInThreadHaveKeyword':'secretkey'},{'inMailboxOtherThan':['m7']}]}",
	    NULL },
	{ "Email/queryChanges", "'sinceQueryState':'s0'", NULL },
	{ "Email/set",
	    "'update':{'e1':{'keywords/$flagged':true},'e3':{'mailboxIds/m7':true},'e2':{'"
	    "mailboxIds/m8':true}},'destroy':['e1','e3'],'create':{'k':{'mailboxIds':{'m7':true},'"
	    "attachments':[{'blobId':'b1'},{'blobId':'u1'},{'blobId':'b3_0_9_n'}]},'l':{'"
	    "mailboxIds':{'m8':true}}}",
	    READ },
	{ "EmailSubmission/changes", "'sinceState':'s0'", OWN },
	{ "EmailSubmission/get", "'ids':null", OWN },
	{ "EmailSubmission/query", "'filter':null", OWN },
	{ "EmailSubmission/queryChanges", "'sinceQueryState':'s0'", OWN },
	{ "EmailSubmission/set", "'destroy':['S1'],'create':{'k':{'emailId':'e1'}}", OWN },
	{ "Identity/changes", "'sinceState':'s0'", OWN },
	{ "Identity/get", "'ids':null", OWN },
	{ "Identity/set", "'destroy':['i1']", OWN },
	{ "MDN/parse", "'blobIds':['b1','b3','u1']", NULL },
	{ "MDN/send",
	    "'identityId':'i1','send':{'k':{'forEmailId':'e1','disposition':{'actionMode':'manual-action','"
	    "sendingMode':'mdn-sent-manually','type':'displayed'}}},'onSuccessUpdateEmail':{'#k':{'"
	    "keywords/$mdnsent':true}}",
	    READ },
	{ "Mailbox/changes", "'sinceState':'s0'", NULL },
	{ "Mailbox/get", "'ids':null", NULL },
	{ "Mailbox/query", "'filter':{'operator':'NOT','conditions':[{'name':'zzz'}]}", NULL },
	{ "Mailbox/queryChanges", "'sinceQueryState':'s0'", NULL },
	{ "Mailbox/set",
	    "'update':{'m8':{'name':'x'},'m1':{'isSubscribed':true},'m7':{'parentId':'m8'}},'"
	    "destroy':['m8'],'onDestroyRemoveEmails':true,'create':{'k':{'name':'x','parentId':'"
	    "m8'},'l':{'name':'y','parentId':'m7','role':'archive'}}",
	    READ },
	{ "Principal/changes", "'sinceState':'s0'", OWN },
	{ "Principal/get", "'ids':null", OWN },
	{ "Principal/query", "'filter':null", OWN },
	{ "Principal/queryChanges", "'sinceQueryState':'s0'", OWN },
	{ "Principal/set", "'destroy':['x']", OWN },
	{ "Quota/changes", "'sinceState':'s0'", OWN },
	{ "Quota/get", "'ids':null", OWN },
	{ "Quota/query", "'filter':null", OWN },
	{ "Quota/queryChanges", "'sinceQueryState':'s0'", OWN },
	{ "SearchSnippet/get", "'emailIds':['e1','e2','e3'],'filter':{'text':'ecre'}", NULL },
	{ "ShareNotification/changes", "'sinceState':'s0'", OWN },
	{ "ShareNotification/get", "'ids':null", OWN },
	{ "ShareNotification/query", "'filter':null", OWN },
	{ "ShareNotification/queryChanges", "'sinceQueryState':'s0'", OWN },
	{ "ShareNotification/set", "'destroy':['N1']", OWN },
	{ "Thread/changes", "'sinceState':'s0'", NULL },
	{ "Thread/get", "'ids':['t1','t2','t3']", NULL },
	{ "VacationResponse/get", "'ids':null", OWN },
	{ "VacationResponse/set", "'update':{'singleton':{'isEnabled':true}}", OWN },
};

/* Methods without an account see nothing but the user's own. */
static const char *const without[] = { "Core/echo", "PushSubscription/get",
	"PushSubscription/set" };

static bool
is_without(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(without); i++)
		if (str_eq(name, str_c(without[i])))
			return true;
	return false;
}

/* Every row of the table is thought of here, once. */
static void
check_table(void)
{
	for (size_t i = 0; i < jmap_method_count; i++) {
		size_t count = is_without(jmap_methods[i].name);

		TEST_ROW(jmap_methods[i].name.p);
		CHECK_NUM(count, !(jmap_methods[i].flags & METHOD_ACCOUNT));
		for (size_t k = 0; k < ARRAY_LEN(rows); k++)
			count += str_eq(jmap_methods[i].name, str_c(rows[k].method));
		CHECK_NUM(count, 1);
	}
}

static void
run_row(struct fixture *f, size_t at, struct buf *got)
{
	struct buf calls;

	buf_init(&calls, 1 << 16);
	buf_add_c(&calls, "[['");
	buf_add_c(&calls, rows[at].method);
	buf_add_c(&calls, "',{'accountId':'a1',");
	buf_add_c(&calls, rows[at].args);
	buf_add_c(&calls, "},'c']]");
	fixture_run(f, buf_c(&calls), got);
	buf_release(&calls);
}

static void
check_silent(const struct buf *got)
{
	if (!CHECK(str_find(buf_str(got), STR("secret")) == STR_NONE))
		CHECK_STR(buf_str(got), STR(""));
}

/* All rows: the error that each gives, or with NULL what stands there. */
static void
check_all(struct fixture *f, const char *all, bool is_reader)
{
	struct buf got;

	buf_init(&got, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *want = all ? all : rows[i].reader;

		TEST_ROW(rows[i].method);
		run_row(f, i, &got);
		check_silent(&got);
		if (want && (all || is_reader)) {
			CHECK_HAS(buf_str(&got), STR("[[\"error\",{\"type\":\""));
			CHECK_HAS(buf_str(&got), str_c(want));
		}
		if (!want)
			CHECK(str_find(buf_str(&got), STR("[[\"error\"")) == STR_NONE);
	}
	buf_release(&got);
}

/* What the answer to a question would tell of what is not shown: e1 is in the thread of e2, e4 in the Inbox as well. */
static void
check_oracles(struct fixture *f)
{
	static const char *const nothing[] = { "{'someInThreadHaveKeyword':'secretkey'}",
		"{'operator':'NOT','conditions':[{'noneInThreadHaveKeyword':'secretkey'}]}",
		"{'inMailboxOtherThan':['m7']}", "{'inMailbox':'m1'}" };
	static const char *const same[] = { "mailboxIds/m1':true", "mailboxIds/m1':null",
		"mailboxIds':{'m7':true,'m1':true}" };
	struct buf calls, got;

	buf_init(&calls, 1 << 16);
	buf_init(&got, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
		TEST_ROW(nothing[i]);
		buf_clear(&calls);
		buf_add_c(&calls, "[['Email/query',{'accountId':'a1','filter':");
		buf_add_c(&calls, nothing[i]);
		buf_add_c(&calls, "},'c']]");
		fixture_run(f, buf_c(&calls), &got);
		CHECK_HAS(buf_str(&got), STR("\"ids\":[]"));
	}
	fixture_run(f,
	    "[['Email/query',{'accountId':'a1','sort':[{'property':'someInThreadHaveKeyword','"
	    "keyword':'secretkey','isAscending':false}]},'c']]",
	    &got);
	CHECK_HAS(buf_str(&got), STR("\"ids\":[\"e2\",\"e4\"]"));
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		TEST_ROW(same[i]);
		buf_clear(&calls);
		buf_add_c(&calls, "[['Email/set',{'accountId':'a1','update':{'e2':{'");
		buf_add_c(&calls, same[i]);
		buf_add_c(&calls, "},'e4':{'");
		buf_add_c(&calls, same[i]);
		buf_add_c(&calls, "}}},'c']]");
		fixture_run(f, buf_c(&calls), &got);
		CHECK_HAS(buf_str(&got),
		    STR("\"notUpdated\":{\"e2\":{\"type\":\"invalidProperties\",\"description\":"
			"\"There is no such mailbox.\",\"properties\":[\"mailboxIds\"]},\"e4\":{"
			"\"type\":\"invalidProperties\",\"description\":\"There is no such mailbox."
			"\",\"properties\":[\"mailboxIds\"]}}"));
	}
	buf_release(&calls);
	buf_release(&got);
}

/* Out of her account into his own. */
static void
check_copies(struct fixture *f, const char *want)
{
	struct buf got;

	TEST_ROW("copies");
	buf_init(&got, 1 << 20);
	fixture_run(f,
	    "[['Email/copy',{'fromAccountId':'a1','accountId':'a2','create':{'k':{'id':'e1','"
	    "mailboxIds':{'m1':true}},'l':{'id':'e3','mailboxIds':{'m1':true}}},'"
	    "onSuccessDestroyOriginal':true},'c'],['Email/get',{'accountId':'a2','ids':null},'d']]",
	    &got);
	check_silent(&got);
	CHECK_HAS(buf_str(&got), str_c(want));
	CHECK_HAS(buf_str(&got), STR("\"list\":[]"));
	fixture_run(f,
	    "[['Blob/copy',{'fromAccountId':'a1','accountId':'a2','blobIds':['b1','b3','u1','"
	    "b1_0_9_n']},'c']]",
	    &got);
	check_silent(&got);
	CHECK_HAS(buf_str(&got), str_c(want));
	CHECK(str_find(buf_str(&got), STR("\"copied\":{")) == STR_NONE);
	fixture_run(f,
	    "[['Email/import',{'accountId':'a2','emails':{'k':{'blobId':'b1','mailboxIds':{'m1':"
	    "true}},'l':{'blobId':'u1','mailboxIds':{'m1':true}}}},'c'],['Email/set',{'accountId':"
	    "'a2','create':{'k':{'mailboxIds':{'m1':true},'attachments':[{'blobId':'u1'}]}}},'d']]",
	    &got);
	CHECK_HAS(buf_str(&got), STR("\"created\":null,\"notCreated\":{\"k\""));
	CHECK(str_find(buf_str(&got), STR("\"created\":{")) == STR_NONE);
	buf_release(&got);
}

/* What Alice has and Bob may not touch. */
static void
look(struct fixture *f, struct account *alice, struct buf *out)
{
	struct account *bob = f->account;

	f->account = alice;
	fixture_run(f,
	    "[['Email/query',{'accountId':'a1','filter':{'operator':'OR','conditions':[{'inMailbox'"
	    ":'m1'},{'inMailbox':'m8'}]}},'a'],['Email/get',{'accountId':'a1','#ids':{'resultOf':"
	    "'a','name':'Email/query','path':'/ids'},'properties':['keywords','mailboxIds','blobId'"
	    "]},'b'],['Mailbox/get',{'accountId':'a1','ids':['m1','m8'],'properties':['name','"
	    "parentId','role','isSubscribed','totalEmails']},'d'],['Identity/get',{'accountId':'a1'"
	    "},'e'],['VacationResponse/get',{'accountId':'a1'},'f']]",
	    out);
	f->account = bob;
}

/* Without what moves: states. */
static void
drop_states(struct buf *b)
{
	struct str rest = buf_str(b);
	struct buf kept;
	size_t at;

	buf_init(&kept, 1 << 20);
	while ((at = str_find(rest, STR("tate\":\"s"))) != STR_NONE) {
		buf_add(&kept, str_head(rest, at));
		rest = str_from(rest, at + 8);
		while (rest.n > 0 && char_is_digit(rest.p[0]))
			rest = str_from(rest, 1);
	}
	buf_add(&kept, rest);
	buf_clear(b);
	buf_add(b, buf_str(&kept));
	buf_release(&kept);
}

/* More uploads to her account than one may have: the oldest of his go, and hers stay. */
static void
check_uploads(struct fixture *f, struct account *alice)
{
	struct account *bob = f->account;
	struct buf calls, got;

	TEST_ROW("uploads");
	buf_init(&calls, 1 << 20);
	buf_init(&got, 1 << 20);
	buf_add_c(&calls,
	    "[['Blob/upload',{'accountId':'a1','create':{'first':{'data':[]}}},'a'],['"
	    "Blob/upload',{'accountId':'a1','create':{");
	for (unsigned i = 0; i < UPLOAD_COUNT_MAX; i++) {
		buf_add_c(&calls, i ? ",'k" : "'k");
		buf_add_u64(&calls, i);
		buf_add_c(&calls, "':{'data':[]}");
	}
	buf_add_c(&calls,
	    "}},'b'],['Blob/get',{'accountId':'a1','ids':['#first']},'c'],['Blob/get',{"
	    "'accountId':'a1','ids':['#k0']},'d']]");
	fixture_run(f, buf_c(&calls), &got);
	CHECK_HAS(buf_str(&got), STR("\"notFound\":[\"#first\"]"));
	CHECK_HAS(buf_str(&got), STR("\"notFound\":[]},\"d\""));
	f->account = alice;
	fixture_run(f, "[['Blob/get',{'accountId':'a1','ids':['u1'],'properties':['id']},'c']]",
	    &got);
	f->account = bob;
	CHECK_HAS(buf_str(&got), STR("\"id\":\"u1\""));
	buf_release(&calls);
	buf_release(&got);
}

/* Roles are hers, and a name that is taken by what he does not see is taken, by nothing that he is told. */
static void
check_mailboxes(struct fixture *f)
{
	struct buf got;

	TEST_ROW("mailboxes");
	buf_init(&got, 1 << 20);
	fixture_run(f,
	    "[['Mailbox/set',{'accountId':'a1','update':{'m7':{'role':'archive'}},'create':{'k':{"
	    "'name':'k','parentId':'m7','role':'archive'}}},'c']]",
	    &got);
	CHECK_HAS(buf_str(&got), STR("\"notCreated\":{\"k\":{\"type\":\"forbidden\""));
	CHECK_HAS(buf_str(&got), STR("\"notUpdated\":{\"m7\":{\"type\":\"forbidden\""));
	fixture_run(f,
	    "[['Mailbox/set',{'accountId':'a1','create':{'k':{'name':'secretchild','parentId':'m7'}"
	    "}},'c']]",
	    &got);
	CHECK_HAS(buf_str(&got), STR("alreadyExists"));
	CHECK(str_find(buf_str(&got), STR("existingId")) == STR_NONE);
	buf_release(&got);
}

/* Bob may do everything in one mailbox: all else stays as it is. */
static void
check_changer(struct fixture *f, struct account *alice)
{
	struct buf before, after;

	buf_init(&before, 1 << 20);
	buf_init(&after, 1 << 20);
	look(f, alice, &before);
	check_all(f, NULL, false);
	check_copies(f, "otFound");
	look(f, alice, &after);
	drop_states(&before);
	drop_states(&after);
	TEST_ROW("as before");
	CHECK_HAS(buf_str(&before), STR("secretbox"));
	CHECK_HAS(buf_str(&before), STR("secretkey"));
	CHECK_STR(buf_str(&after), buf_str(&before));
	buf_release(&before);
	buf_release(&after);
}

/* The first slice of the first call was run with rights; they are gone then. */
static struct account *loser;

static void
take_away(struct fixture *f)
{
	CHECK_NUM(acl_set(loser, TEAM, f->account->name, 0), FAIL_NONE);
}

static void
check_withdrawn(struct fixture *f, struct account *alice)
{
	struct buf calls, got;

	buf_init(&calls, 1 << 16);
	buf_init(&got, 1 << 20);
	loser = alice;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].method);
		CHECK_NUM(acl_set(alice, TEAM, f->account->name, ACL_ALL), FAIL_NONE);
		buf_clear(&calls);
		buf_add_c(&calls,
		    "[['Thread/get',{'accountId':'a1','ids':['t1','t2','t3']},'a'],['");
		buf_add_c(&calls, rows[i].method);
		buf_add_c(&calls, "',{'accountId':'a1',");
		buf_add_c(&calls, rows[i].args);
		buf_add_c(&calls, "},'c']]");
		f->between = take_away;
		fixture_run(f, buf_c(&calls), &got);
		f->between = NULL;
		CHECK(f->slices > 1);
		CHECK_HAS(buf_str(&got), STR("[\"error\",{\"type\":\"accountNotFound\"},\"c\"]"));
		check_silent(&got);
	}
	/* and within a call: a list that is begun with rights ends without */
	TEST_ROW("within a call");
	CHECK_NUM(acl_set(alice, TEAM, f->account->name, ACL_ALL), FAIL_NONE);
	f->between = take_away;
	fixture_run(f,
	    "[['Email/query',{'accountId':'a1','filter':{'inMailbox':'m7','body':'open'}},'c']]",
	    &got);
	f->between = NULL;
	CHECK(f->slices > 1);
	CHECK_HAS(buf_str(&got), STR("\"ids\":[]"));
	buf_release(&calls);
	buf_release(&got);
}

static void
add(struct account *a, const char *bytes, uint64_t flags, uint32_t mailbox, uint32_t other)
{
	uint32_t mailboxes[] = { mailbox, other };
	struct email_new new = { .bytes = str_c(bytes),
		.received_s = 1700000001,
		.flags = flags,
		.mailboxes = mailboxes,
		.mailbox_count = other ? 2 : 1 };
	struct email_added added;

	CHECK_NUM(email_add_bytes(a, &new, &added), FAIL_NONE);
}

static void
fill(struct fixture *f)
{
	static const char hidden[] =
	    "Subject: open\r\nMessage-ID: <1@x>\r\nX: secret\r\nContent-Type: multipart/mixed; "
	    "boundary=o\r\n\r\n--o\r\n\r\nthe secret\r\n--o\r\nContent-Type: image/png; "
	    "name=secret.png\r\n\r\nsecret\r\n--o--\r\n";
	struct str key = STR("secretkey");
	struct identity identity = { .name = STR("secret"), .email = STR("alice@example.test") };
	struct vacation vacation = { .subject = STR("secret"), .text = STR("secret") };
	uint32_t id, child;
	uint64_t bits, identity_id;

	CHECK_NUM(mailbox_create_path(f->account, STR("Team"), MAILBOX_ROLE_NONE, true, &id),
	    FAIL_NONE);
	CHECK_NUM(id, TEAM);
	CHECK_NUM(mailbox_create_path(f->account, STR("secretbox"), MAILBOX_ROLE_NONE, true, &id),
	    FAIL_NONE);
	CHECK_NUM(mailbox_create_path(f->account, STR("Team/secretchild"), MAILBOX_ROLE_NONE, true,
		      &child),
	    FAIL_NONE);
	CHECK_NUM(keyword_bits(f->account, &key, 1, true, &bits, NULL), FAIL_NONE);
	add(f->account, hidden, bits, 1, 0);
	add(f->account,
	    "Subject: Re: open\r\nIn-Reply-To: <1@x>\r\nMessage-ID: <2@x>\r\n\r\nopen\r\n", 0, TEAM,
	    0);
	add(f->account, "Subject: secret\r\nIn-Reply-To: <1@x>\r\n\r\nsecret\r\n", bits, id, 0);
	add(f->account, "Subject: both\r\n\r\nopen\r\n", 0, 1, TEAM);
	CHECK_NUM(fixture_upload(f, "Subject: secret\r\n\r\nsecret\r\n"), 1);
	CHECK_NUM(identity_add(f->account, &identity, &identity_id), FAIL_NONE);
	CHECK_NUM(vacation_set(f->account, &vacation), FAIL_NONE);
}

int
main(void)
{
	struct fixture f;
	struct account *alice, *bob;

	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:blob','urn:ietf:params:jmap:submission',"
		  "'urn:ietf:params:jmap:vacationresponse','urn:ietf:params:jmap:quota',"
		  "'urn:ietf:params:jmap:mdn','urn:ietf:params:jmap:principals'";
	alice = f.account;
	fill(&f);
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	f.account = bob;
	check_table();
	check_all(&f, GONE, true);
	check_copies(&f, "fromAccountNotFound");
	CHECK_NUM(acl_set(alice, TEAM, bob->name, ACL_LOOKUP | ACL_READ), FAIL_NONE);
	check_all(&f, NULL, true);
	check_copies(&f, "otFound");
	CHECK_NUM(acl_set(alice, TEAM, bob->name, ACL_ALL & ~(unsigned)ACL_ADMINISTER), FAIL_NONE);
	check_oracles(&f);
	check_mailboxes(&f);
	check_uploads(&f, alice);
	check_changer(&f, alice);
	check_withdrawn(&f, alice);
	f.account = alice;
	account_close(&bob);
	fixture_close(&f);
	return test_end();
}
