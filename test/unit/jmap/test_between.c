/* What other sessions do between two slices of a method: nothing that it held before may be believed behind. */
#include "fixture.h"

/* rooms */
#include "lib/chance.h"

static const struct fixture_row rows[] = {
#include "all.rows"
};

/* An Email with this keyword, which makes a bit its own. */
static void
carry(struct fixture *f, const char *name)
{
	struct str key = str_c(name);
	uint64_t bits;

	CHECK_NUM(keyword_bits(f->account, &key, 1, true, &bits, NULL), FAIL_NONE);
	fixture_add(f, "Subject: carries\r\n\r\nx\r\n", 1700000002, bits);
}

/* --- keywords ---------------------------------------------------------------------------------------- */

static void
carry_other(struct fixture *f)
{
	struct str key = STR("other");
	uint64_t bits;

	if (keyword_bits(f->account, &key, 1, false, &bits, NULL) == FAIL_NONE && bits == 0)
		carry(f, "other");
}

/*
 * One bit is free. While an Email is written that shall have it, another session takes it: then there is no room. The
 * Email would have the other keyword otherwise.
 */
static void
check_keyword_taken(struct fixture *f)
{
	struct buf got;
	char name[16];

	TEST_ROW("a keyword's bit is taken");
	buf_init(&got, 1 << 20);
	for (unsigned i = 1; i < KEYWORD_CUSTOM_MAX; i++) {
		snprintf(name, sizeof(name), "used%u", i);
		carry(f, name);
	}
	f->between = carry_other;
	fixture_run(f,
	    "[['Email/set',{'accountId':'a1','create':{'k':{'mailboxIds':{'m1':true},'keywords':{'"
	    "mine':true},'subject':'k'}}},'c'],['Email/query',{'accountId':'a1','filter':{"
	    "'subject':'k'}},'d']]",
	    &got);
	f->between = NULL;
	CHECK(f->slices > 1);
	CHECK_HAS(buf_str(&got), STR("\"notCreated\":{\"k\":{\"type\":\"tooManyKeywords\""));
	CHECK_HAS(buf_str(&got), STR("\"ids\":[]"));
	buf_release(&got);
}

/* The same while the part that becomes an Email is decoded: nobody carries "other" any more, so it is given away. */
static void
check_keyword_taken_of_import(struct fixture *f)
{
	struct buf calls, got;

	TEST_ROW("a keyword's bit is taken during an import");
	buf_init(&calls, 1000);
	buf_init(&got, 1 << 20);
	fixture_run(f,
	    "[['Email/query',{'accountId':'a1','filter':{'hasKeyword':'other'}},'a'],['Email/set',{"
	    "'accountId':'a1','#destroy':{'resultOf':'a','name':'Email/query','path':'/ids'}},'b']]",
	    &got);
	CHECK_HAS(buf_str(&got), STR("\"destroyed\":[\""));
	buf_add_c(&calls, "[['Email/import',{'accountId':'a1','emails':{'k':{'blobId':'u");
	buf_add_u64(&calls, fixture_upload(f, "U3ViamVjdDogaW1wb3J0ZWQNCg0KeA0K")); /* a message */
	buf_add_c(&calls,
	    "_0_32_b','mailboxIds':{'m1':true},'keywords':{'mine':true}}}},'c'],['Email/query',{"
	    "'accountId':'a1','filter':{'subject':'imported'}},'d']]");
	f->between = carry_other;
	fixture_run(f, buf_c(&calls), &got);
	f->between = NULL;
	CHECK(f->slices > 1);
	CHECK_HAS(buf_str(&got), STR("\"notCreated\":{\"k\":{\"type\":\"tooManyKeywords\""));
	CHECK_HAS(buf_str(&got), STR("\"ids\":[]"));
	buf_release(&calls);
	buf_release(&got);
}

/* --- mailboxes --------------------------------------------------------------------------------------- */

static void
delete_target(struct fixture *f)
{
	const struct mailbox *m = mailbox_child(f->account, 0, STR("Target"));

	if (m)
		CHECK_NUM(mailbox_delete(f->account, m->id, true), FAIL_NONE);
}

static void
check_mailbox_gone(struct fixture *f)
{
	uint32_t id;
	struct buf got;

	TEST_ROW("the mailbox is deleted");
	buf_init(&got, 1 << 20);
	CHECK_NUM(mailbox_create_path(f->account, STR("Target"), MAILBOX_ROLE_NONE, true, &id),
	    FAIL_NONE);
	f->between = delete_target;
	fixture_run(f,
	    "[['Mailbox/query',{'accountId':'a1','filter':{'name':'Target'}},'a'],['Email/set',{"
	    "'accountId':'a1','create':{'k':{'mailboxIds':{'#t':true},'subject':'k'}}},'c']]",
	    &got);
	CHECK_HAS(buf_str(&got), STR("\"type\":\"invalidProperties\""));
	fixture_run(f,
	    "[['Mailbox/set',{'accountId':'a1','create':{'t':{'name':'Target'}}},'a'],['Email/set"
	    "',{'accountId':'a1','create':{'k':{'mailboxIds':{'#t':true},'subject':'k'}}},'c'],['"
	    "Email/query',{'accountId':'a1','filter':{'inMailbox':'#t'}},'d']]",
	    &got);
	f->between = NULL;
	CHECK_HAS(buf_str(&got), STR("\"created\":{\"t\":"));
	CHECK_HAS(buf_str(&got), STR("\"notCreated\":{\"k\":{\"type\":\"invalidProperties\""));
	CHECK_HAS(buf_str(&got), STR("\"ids\":[]"));
	buf_release(&got);
}

/* One mailbox by two names is one. */
static void
check_mailbox_twice(struct fixture *f)
{
	struct email *email;
	struct arena a;
	struct buf got;

	TEST_ROW("a mailbox by two names");
	buf_init(&got, 1 << 20);
	arena_init(&a, 1 << 20);
	fixture_run(f,
	    "[['Mailbox/set',{'accountId':'a1','create':{'t':{'name':'Twice'}}},'a'],['Email/set',{"
	    "'accountId':'a1','create':{'k':{'mailboxIds':{'#t':true,'m7':true}}}},'c']]",
	    &got);
	CHECK_HAS(buf_str(&got), STR("\"id\":\"m7\""));
	CHECK_HAS(buf_str(&got), STR("\"id\":\"e1\""));
	if (CHECK_NUM(email_get(f->account, 1, &a, &email), FAIL_NONE))
		CHECK_NUM(email->member_count, 1);
	fixture_run(f,
	    "[['Mailbox/set',{'accountId':'a1','create':{'u':{'name':'Updated'}}},'a'],['Mailbox/set"
	    "',{'accountId':'a1','update':{'#u':{'sortOrder':1},'m8':{'sortOrder':2}}},'b']]",
	    &got);
	CHECK_HAS(buf_str(&got), STR("\"updated\":{\"m8\":null}"));
	arena_release(&a);
	buf_release(&got);
}

/* --- anything ---------------------------------------------------------------------------------------- */

#define DISTURBED_MAX 50 /* slices of one row: a list that grows while it is made would take long */
static unsigned disturbed;

static void
disturb(struct fixture *f)
{
	struct email_update u = { .keywords_add = FLAG(chance_below(KEYWORD_BITS)) & ~FLAG_DELETED,
		.keywords_remove = FLAG(chance_below(KEYWORD_BITS)) };
	struct account *a = f->account;
	uint64_t id = 1 + chance_below(40);
	struct str name = chance_below(2) ? STR("mine") : STR("other");
	uint32_t made;
	uint64_t bits;

	if (disturbed++ == DISTURBED_MAX)
		f->between = NULL;
	switch (chance_below(7)) {
	case 0: fixture_add(f, "Subject: new\r\n\r\nx\r\n", 1700000003, 0); break;
	case 1: (void)!email_update(a, id, &u); break;
	case 2: (void)!email_destroy(a, id); break;
	case 3: (void)!keyword_bits(a, &name, 1, true, &bits, NULL); break;
	case 4: (void)!mailbox_create_path(a, STR("Noise"), MAILBOX_ROLE_NONE, true, &made); break;
	case 5:
		if (a->mailbox_count > 5)
			(void)!mailbox_delete(a, a->mailboxes[4 + chance_below(2)]->id, true);
		break;
	default: fixture_commit(f); break;
	}
}

/* All rows there are, whatever they mean now: each answer is JSON, and nothing is touched that is gone. */
static void
check_disturbed(struct fixture *f)
{
	const struct json *root;
	struct arena a;
	struct buf got;

	buf_init(&got, 1 << 22);
	arena_init(&a, 1 << 24);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		disturbed = 0;
		f->between = disturb;
		fixture_run(f, rows[i].calls, &got);
		f->between = NULL;
		CHECK_NUM(json_parse(buf_str(&got), &a, &root), FAIL_NONE);
		arena_reset(&a);
	}
	arena_release(&a);
	buf_release(&got);
}

/* The client is gone after some slices: what the method held is given back (the sanitizer tells what is not). */
static void
check_given_up(struct fixture *f)
{
	struct buf got;

	buf_init(&got, 1 << 22);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (f->give_up_at = 1; f->give_up_at < 6; f->give_up_at += 2) {
			TEST_ROW(rows[i].name);
			fixture_run(f, rows[i].calls, &got);
		}
	f->give_up_at = 0;
	buf_release(&got);
}

int
main(void)
{
	struct fixture f;

	chance_seed(8620);
	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:blob','urn:ietf:params:jmap:submission',"
		  "'urn:ietf:params:jmap:vacationresponse','urn:ietf:params:jmap:quota',"
		  "'urn:ietf:params:jmap:mdn'";
	check_mailbox_twice(&f);
	check_keyword_taken(&f);
	check_keyword_taken_of_import(&f);
	check_mailbox_gone(&f);
	check_given_up(&f);
	check_disturbed(&f);
	fixture_close(&f);
	return test_end();
}
