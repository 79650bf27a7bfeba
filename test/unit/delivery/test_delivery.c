/* One message to many accounts: targets, quota per account, hard links, faults at every call. */
#include "../mail/fixture.h"

/* system */
#include <errno.h>

/* rooms */
#include "delivery/delivery.h"
#include "mail/keyword.h"
#include "sys/sys.h"

static const char message[] = "Received: by here\r\nFrom: bob@example.test\r\nSubject: To all\r\n"
			      "Message-ID: <all@x>\r\n\r\nHello.\r\n";

/* Write the file for `account` and store it for the targets. */
static enum fail
deliver_as(struct fixture *f, const char *account, struct delivery_targets *targets, bool is_junk)
{
	struct delivery d = { .account = str_c(account),
		.sender = STR("bob@example.test"),
		.received_s = 1700000000,
		.is_junk = is_junk };
	struct blob_writer w = { .store = NULL };
	struct blob_name name;
	enum fail fail = blob_write_start(f->blobs, &w, d.account);

	if (fail == FAIL_NONE)
		fail = blob_write(&w, str_c(message));
	if (fail == FAIL_NONE)
		fail = blob_write_finish(&w, &name);
	blob_write_cancel(&w);
	if (fail)
		return fail;
	d.blob = blob_name_str(&name);
	return delivery_store(f->mail, &d, targets);
}

static enum fail
deliver(struct fixture *f, const char *account, struct delivery_targets *targets)
{
	return deliver_as(f, account, targets, false);
}

static uint32_t
role_count(struct fixture *f, const char *account, enum mailbox_role role)
{
	struct account *a;
	struct mailbox *mailbox;
	uint32_t count;

	if (account_find(f->mail, str_c(account), &a))
		return 0;
	mailbox = mailbox_by_role(a, role);
	count = mailbox ? mailbox->messages : 0;
	account_close(&a);
	return count;
}

static uint32_t
inbox_count(struct fixture *f, const char *account)
{
	return role_count(f, account, MAILBOX_ROLE_INBOX);
}

static uint64_t
flags_of(struct fixture *f, const char *account, uint64_t email_id)
{
	struct arena arena;
	struct account *a;
	struct email *e;
	uint64_t flags;

	arena_init(&arena, 1 << 16);
	CHECK_NUM(account_find(f->mail, str_c(account), &a), FAIL_NONE);
	CHECK_NUM(email_get(a, email_id, &arena, &e), FAIL_NONE);
	flags = e->keywords;
	account_close(&a);
	arena_release(&arena);
	return flags;
}

/* What is believed to be junk goes to Junk, or is at least marked where there is none (any more). */
static void
test_junk(struct fixture *f)
{
	struct account_limits none = { 0, 0 };
	struct delivery_targets t;
	struct arena arena;
	struct account *a;
	uint32_t inbox = inbox_count(f, "ann@x");

	TEST_ROW("junk");
	arena_init(&arena, 1 << 20);
	delivery_targets_init(&t, &arena);
	CHECK_NUM(delivery_targets_add(&t, STR("ann@x"), STR("ann@x"), &none), FAIL_NONE);
	CHECK_NUM(deliver_as(f, "ann@x", &t, true), FAIL_NONE);
	CHECK_NUM(role_count(f, "ann@x", MAILBOX_ROLE_JUNK), 1);
	CHECK_NUM(inbox_count(f, "ann@x"), inbox);
	CHECK_NUM(flags_of(f, "ann@x", t.targets[0].email_id), FLAG(KEYWORD_JUNK));
	TEST_ROW("junk without Junk");
	CHECK_NUM(account_find(f->mail, STR("ann@x"), &a), FAIL_NONE);
	CHECK_NUM(mailbox_delete(a, mailbox_by_role(a, MAILBOX_ROLE_JUNK)->id, true), FAIL_NONE);
	account_close(&a);
	CHECK_NUM(deliver_as(f, "ann@x", &t, true), FAIL_NONE);
	CHECK_NUM(inbox_count(f, "ann@x"), inbox + 1);
	CHECK_NUM(flags_of(f, "ann@x", t.targets[0].email_id), FLAG(KEYWORD_JUNK));
	CHECK_NUM(fixture_commit(f), FAIL_NONE);
	fixture_check(f);
	arena_release(&arena);
}

static void
test_targets(struct fixture *f)
{
	struct account_limits none = { 0, 0 }, full = { .quota_bytes = 10 };
	struct delivery_targets t;
	struct arena arena, room;
	struct account *a;
	struct email *e;

	TEST_ROW("targets");
	arena_init(&arena, 1 << 20);
	delivery_targets_init(&t, &arena);
	CHECK_NUM(delivery_targets_add(&t, STR("list@x"), STR("ann@x"), &none), FAIL_NONE);
	CHECK_NUM(delivery_targets_add(&t, STR("list@x"), STR("bob@x"), &none), FAIL_NONE);
	CHECK_NUM(delivery_targets_add(&t, STR("ann@x"), STR("ann@x"), &none), FAIL_NONE);
	CHECK_NUM(delivery_targets_add(&t, STR("full@x"), STR("full@x"), &full), FAIL_NONE);
	CHECK_NUM(t.count, 3);
	CHECK_NUM(t.targets[0].recipient_count, 2);
	CHECK_NUM(deliver(f, "ann@x", &t), FAIL_NONE);
	CHECK_NUM(delivery_outcome(&t, STR("list@x")), FAIL_NONE);
	CHECK_NUM(delivery_outcome(&t, STR("ann@x")), FAIL_NONE);
	CHECK_NUM(delivery_outcome(&t, STR("full@x")), FAIL_LIMIT);
	CHECK_NUM(delivery_outcome(&t, STR("who@x")), FAIL_MISSING);
	CHECK_NUM(fixture_commit(f), FAIL_NONE);
	CHECK_NUM(inbox_count(f, "ann@x"), 1);
	CHECK_NUM(inbox_count(f, "bob@x"), 1);
	CHECK_NUM(inbox_count(f, "full@x"), 0);
	arena_init(&room, 1 << 16);
	CHECK_NUM(account_find(f->mail, STR("bob@x"), &a), FAIL_NONE);
	CHECK_NUM(email_get(a, t.targets[1].email_id, &room, &e), FAIL_NONE);
	CHECK_STR(e->sender, STR("bob@example.test"));
	CHECK_STR(e->recipient, STR("list@x"));
	account_close(&a);
	arena_release(&room);
	fixture_check(f);
	TEST_ROW("all over quota");
	delivery_targets_init(&t, &arena);
	CHECK_NUM(delivery_targets_add(&t, STR("full@x"), STR("full@x"), &full), FAIL_NONE);
	CHECK_NUM(deliver(f, "full@x", &t), FAIL_LIMIT);
	CHECK_NUM(fixture_commit(f), FAIL_NONE);
	fixture_check(f);
	arena_release(&arena);
}

static void
count_found(void *arg, struct str account, struct str name)
{
	(void)account, (void)name;
	++*(unsigned *)arg;
}

/*
 * Fail the Nth file call of delivery and commit, then start anew: what was acknowledged is there,
 * what is there is whole (D1, D3, D4).
 */
static bool
fault_round(unsigned long nth, int error, bool for_good)
{
	struct account_limits none = { 0, 0 };
	struct delivery_targets t;
	struct fixture f;
	struct arena arena;
	char name[32];
	enum fail fail;
	unsigned swept = 0;
	uint32_t before;
	bool has_failed;

	snprintf(name, sizeof(name), "fault%d", for_good);
	fixture_init(&f, name);
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	before = inbox_count(&f, "ann@x");
	arena_init(&arena, 1 << 20);
	delivery_targets_init(&t, &arena);
	CHECK_NUM(delivery_targets_add(&t, STR("ann@x"), STR("ann@x"), &none), FAIL_NONE);
	CHECK_NUM(delivery_targets_add(&t, STR("bob@x"), STR("bob@x"), &none), FAIL_NONE);
	sys_fail_at(nth, error, for_good);
	fail = deliver(&f, "ann@x", &t);
	if (blob_commit(f.blobs)) {
		mail_committed(f.mail, FAIL_TEMP);
		fail = FAIL_TEMP;
	} else {
		mail_committed(f.mail, FAIL_NONE);
	}
	has_failed = sys_has_failed();
	sys_fail_at(0, 0, false);
	fixture_close(&f, false);
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	if (fail == FAIL_NONE && delivery_outcome(&t, STR("ann@x")) == FAIL_NONE)
		CHECK_NUM(inbox_count(&f, "ann@x"), before + 1);
	else
		CHECK_NUM(inbox_count(&f, "ann@x"), before);
	fixture_check(&f);
	CHECK_NUM(blob_check(f.blobs, false, count_found, &swept), FAIL_NONE);
	CHECK_NUM(swept, 0);
	fixture_close(&f, true);
	arena_release(&arena);
	return has_failed;
}

int
main(void)
{
	struct fixture f;
	unsigned long nth = 1;

	fixture_open(&f, "delivery");
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	test_targets(&f);
	test_junk(&f);
	fixture_close(&f, true);
	TEST_ROW("faults, one call");
	while (fault_round(nth, EIO, false))
		nth++;
	printf("%lu calls failed one by one\n", nth - 1);
	TEST_ROW("faults, for good");
	for (nth = 1; fault_round(nth, ENOSPC, true); nth++)
		;
	return test_end();
}
