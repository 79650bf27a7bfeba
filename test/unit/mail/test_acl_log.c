/* What a user could do with another's mailboxes some time ago: lists that changed, mailboxes that went, the floor. */
#include "fixture.h"

/* rooms */
#include "mail/acl_log.h"
#include "mail/email.h"

#define LR (ACL_LOOKUP | ACL_READ)

static const struct acl_user bob = { .name = STR_INIT("bob@example.test") };

/* Of one mailbox, as "rights ever always above.."; "-" when its list is what it was. */
static void
check_past(struct account *a, uint64_t since, uint32_t mailbox, const char *want)
{
	struct acl_pasts pasts = { .items = NULL };
	const struct acl_past *past;
	struct buf got;

	buf_init(&got, 1000);
	CHECK_NUM(acl_pasts(a, &bob, since, &pasts), FAIL_NONE);
	past = acl_past_find(&pasts, mailbox);
	if (past) {
		buf_add_u64(&got, past->rights);
		buf_add_char(&got, ' ');
		buf_add_u64(&got, past->ever);
		buf_add_char(&got, ' ');
		buf_add_u64(&got, past->always);
	}
	for (size_t i = 0; past && i < past->above_count; i++) {
		buf_add_char(&got, ' ');
		buf_add_u64(&got, past->above[i]);
	}
	CHECK_STR(past ? buf_str(&got) : STR("-"), str_c(want));
	acl_pasts_release(&pasts);
	buf_release(&got);
}

static bool
is_moved(struct account *a, uint64_t since)
{
	struct acl_pasts pasts = { .items = NULL };
	bool out;

	CHECK_NUM(acl_pasts(a, &bob, since, &pasts), FAIL_NONE);
	out = pasts.is_moved;
	acl_pasts_release(&pasts);
	return out;
}

static void
give(struct account *a, uint32_t mailbox, const char *who, unsigned rights)
{
	CHECK_NUM(acl_set(a, mailbox, str_c(who), rights), FAIL_NONE);
}

static void
test_lists(struct fixture *f, uint32_t top, uint32_t inner)
{
	struct account *a = f->account;
	uint64_t start = a->modseq, given, more;
	uint64_t parents = mailbox_get(a, top)->modseq;

	TEST_ROW("nothing changed");
	check_past(a, start, inner, "-");
	TEST_ROW("given");
	give(a, inner, "bob@example.test", LR);
	given = a->modseq;
	check_past(a, start, inner, "0 0 0 7");
	check_past(a, given, inner, "-");
	CHECK(mailbox_get(a, top)->modseq > parents);
	TEST_ROW("more, and less");
	give(a, inner, "bob@example.test", LR | ACL_SEEN);
	more = a->modseq;
	give(a, inner, "bob@example.test", LR);
	check_past(a, start, inner, "0 7 0 7");
	check_past(a, given, inner, "3 7 3 7");
	check_past(a, more, inner, "7 7 7 7");
	TEST_ROW("another's");
	more = a->modseq;
	give(a, inner, "eve@example.test", LR);
	check_past(a, more, inner, "3 3 3 7");
	TEST_ROW("moved");
	CHECK(!is_moved(a, start));
	more = a->modseq;
	CHECK_NUM(
	    mailbox_update(a, inner, MAILBOX_SET_PARENT, &(struct mailbox_new){ .parent = 0 }),
	    FAIL_NONE);
	CHECK(is_moved(a, start));
	CHECK(is_moved(a, more));
	CHECK(!is_moved(a, a->modseq));
	TEST_ROW("a new name is no move");
	more = a->modseq;
	CHECK_NUM(
	    mailbox_update(a, inner, MAILBOX_SET_NAME, &(struct mailbox_new){ .name = STR("n") }),
	    FAIL_NONE);
	CHECK(!is_moved(a, more));
	TEST_ROW("a list that comes with a new mailbox");
	more = a->modseq;
	CHECK_NUM(acl_inherit(a, inner, top), FAIL_NONE);
	check_past(a, more, top, "0 0 0");
}

/* A large mailbox that is deleted has its list until it is empty. */
static void
test_dead(struct fixture *f, uint32_t inner)
{
	struct account *a = f->account;
	struct email_added added;
	uint64_t before, dead;

	TEST_ROW("deleted");
	for (unsigned i = 1; i <= 150; i++)
		CHECK_NUM(fixture_add(f, inner, 0, i, 0, "x", &added), FAIL_NONE);
	before = a->modseq;
	CHECK_NUM(mailbox_delete(a, inner, true), FAIL_NONE);
	dead = a->modseq;
	check_past(a, before, inner, "3 3 3");
	check_past(a, dead, inner, "3 3 0");
	fixture_check(f);
}

/* The oldest changes are forgotten, and nobody is told what was before. */
static void
test_floor(struct fixture *f, uint32_t top)
{
	struct account *a = f->account;
	struct acl_pasts pasts = { .items = NULL };
	uint64_t start = a->modseq, late = 0;

	TEST_ROW("floor");
	for (unsigned i = 0; i < ACL_LOG_MAX + 30; i++) {
		if (i == ACL_LOG_MAX)
			late = a->modseq;
		give(a, top, "bob@example.test", i & 1 ? LR : LR | ACL_WRITE);
	}
	CHECK_NUM(acl_pasts(a, &bob, start, &pasts), FAIL_PERM);
	acl_pasts_release(&pasts);
	check_past(a, late, top, "3 11 3");
	fixture_check(f);
}

int
main(void)
{
	uint32_t top, inner;
	struct fixture f;

	fixture_open(&f, "acl_log");
	CHECK_NUM(mailbox_create_path(f.account, STR("Top"), MAILBOX_ROLE_NONE, true, &top),
	    FAIL_NONE);
	CHECK_NUM(mailbox_create_path(f.account, STR("Top/Inner"), MAILBOX_ROLE_NONE, true, &inner),
	    FAIL_NONE);
	CHECK_NUM(top, 7);
	test_lists(&f, top, inner);
	test_dead(&f, inner);
	test_floor(&f, top);
	fixture_close(&f, true);
	return test_end();
}
