/*
 * D5 where a copy took the store's place: clients were told things in a tail that the copy does not have. What they
 * were told of must not come again for something else, and no state of before may be gone on from.
 */
/* system */
#include <stdio.h>
#include <unistd.h>

/* base */
#include "base/clock.h"

/* rooms */
#include "fixture.h"
#include "mail/identity.h"
#include "mail/inner.h"
#include "mail/upload.h"
#include "sys/sys.h"

#define NOW_MS INT64_C(1700000000000)

static struct fixture f;
static char copy_path[320];

/* --- copies -------------------------------------------------------------------------------------------------- */

static void
make_copy(void)
{
	snprintf(copy_path, sizeof copy_path, "%s.copy", f.store_path);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	unlink(copy_path);
	CHECK_NUM(store_backup(f.store, str_c(copy_path)), FAIL_NONE);
}

static void
copy_file(const char *from, const char *to)
{
	static char bytes[4 << 20];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t n = fread(bytes, 1, sizeof bytes, in);

	CHECK(n > 0 && n < sizeof bytes && fwrite(bytes, 1, n, out) == n);
	fclose(in);
	fclose(out);
}

/* The copy stays, to be put back once more. */
static void
put_copy(int64_t seconds_later)
{
	char path[320];

	clock_fake(clock_mono_ms(), clock_wall_ms() + 1000 * seconds_later);
	fixture_close(&f, true);
	unlink(f.store_path);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s%s", f.store_path, i == 0 ? "-wal" : "-shm");
		unlink(path);
	}
	copy_file(copy_path, f.store_path);
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
}

/* --- what clients are told ------------------------------------------------------------------------------------- */

struct told { /* the largest of each */
	uint64_t modseq, email, thread, upload, thing, account;
	uint32_t mailbox, validity;
};

static uint64_t
add_account(const char *name)
{
	struct account *a = NULL;
	uint64_t id;

	CHECK_NUM(account_open(f.mail, str_c(name), NULL, &a), FAIL_NONE);
	id = a->id;
	account_close(&a);
	return id;
}

static uint64_t
add_upload(void)
{
	struct blob_writer w = { .store = NULL };
	struct blob_name name;
	uint64_t id = 0;

	CHECK_NUM(blob_write_start(f.blobs, &w, f.account->name), FAIL_NONE);
	CHECK_NUM(blob_write(&w, STR("uploaded")), FAIL_NONE);
	CHECK_NUM(blob_write_finish(&w, &name), FAIL_NONE);
	CHECK_NUM(upload_add(f.account, blob_name_str(&name), 8, STR("a/b"), 0, &id), FAIL_NONE);
	return id;
}

/* Some of everything. */
static void
live(struct told *t, unsigned number)
{
	struct mailbox_new box = { .is_subscribed = true };
	struct identity identity = { .email = STR("alice@example.test") };
	struct email_added added;
	char name[40];
	const struct mailbox *m;

	snprintf(name, sizeof name, "Box %u", number);
	box.name = str_c(name);
	CHECK_NUM(mailbox_create(f.account, &box, &t->mailbox), FAIL_NONE);
	m = mailbox_get(f.account, t->mailbox);
	t->validity = m->uid_validity;
	for (unsigned i = 0; i < 3; i++)
		CHECK_NUM(fixture_add(&f, i ? t->mailbox : fixture_box(&f, "INBOX"), 0,
			      100 * number + i, 0, name, &added),
		    FAIL_NONE);
	CHECK_NUM(email_expunge(f.account, t->mailbox, added.uid, 1, false, NULL), FAIL_NONE);
	t->email = added.id;
	t->thread = added.thread_id;
	CHECK_NUM(identity_add(f.account, &identity, &t->thing), FAIL_NONE);
	t->upload = add_upload();
	snprintf(name, sizeof name, "user%u@example.test", number);
	t->account = add_account(name);
	t->modseq = f.account->modseq;
}

/* What is told now is not what was told there. */
static void
check_new(const struct told *now, const struct told *before)
{
	CHECK(now->modseq > before->modseq);
	CHECK(now->email > before->email);
	CHECK(now->thread > before->thread);
	CHECK(now->upload > before->upload);
	CHECK(now->thing > before->thing);
	CHECK(now->account > before->account);
	CHECK(now->mailbox > before->mailbox);
	CHECK(now->validity > before->validity);
	CHECK(now->modseq < UINT64_C(1) << 53);
}

/* Nothing goes on from a state of before, and everything from the one that is told now. */
static void
check_states(uint64_t last_before)
{
	struct change room[64];
	struct departed left[4];
	struct arena arena;
	uint32_t *uids;
	size_t count = 0;

	arena_init(&arena, 1 << 20);
	for (int type = 0; type < CHANGE_TYPE_COUNT; type++) {
		struct changes changes = { .items = room, .max = ARRAY_LEN(room) };
		uint64_t now = change_state(f.account, (enum change_type)type);

		for (uint64_t since = 0; since <= last_before; since++)
			CHECK_NUM(changes_since(f.account, (enum change_type)type, since, &changes),
			    FAIL_PERM);
		CHECK_NUM(changes_since(f.account, (enum change_type)type, now - 1, &changes),
		    FAIL_PERM);
		CHECK_NUM(changes_since(f.account, (enum change_type)type, now, &changes),
		    FAIL_NONE);
		CHECK_NUM(changes.count, 0);
	}
	for (size_t i = 0; i < f.account->mailbox_count; i++) {
		const struct mailbox *m = f.account->mailboxes[i];

		CHECK_NUM(expunged_since(f.account, m->id, last_before, &arena, &uids, &count),
		    FAIL_PERM);
		count = 0;
		CHECK_NUM(departed_since(f.account, m->id, last_before, left, 4, &count),
		    FAIL_PERM);
		CHECK_NUM(
		    expunged_since(f.account, m->id, m->highest_modseq, &arena, &uids, &count),
		    FAIL_NONE);
	}
	arena_release(&arena);
}

/* --- tests ------------------------------------------------------------------------------------------------------ */

static void
check_validities(const uint32_t *before, size_t count, uint32_t above)
{
	CHECK_NUM(f.account->mailbox_count, count);
	for (size_t i = 0; i < count; i++) {
		uint32_t now = f.account->mailboxes[i]->uid_validity;

		CHECK(now > before[i] && now > above);
		for (size_t k = 0; k < i; k++)
			CHECK(f.account->mailboxes[k]->uid_validity != now);
	}
}

static void
test_tail(void)
{
	struct told before, tail, after, again, other;
	uint32_t validities[16];
	size_t boxes;
	uint64_t sharing;

	TEST_ROW("a tail is lost");
	clock_fake(1, NOW_MS);
	fixture_open(&f, "tail");
	live(&before, 1);
	CHECK(
	    before.email < 10 && before.modseq < 100); /* without copies ids are as small as ever */
	boxes = f.account->mailbox_count;
	make_copy();
	live(&tail, 2);
	for (size_t i = 0; i < boxes; i++)
		validities[i] = f.account->mailboxes[i]->uid_validity;
	sharing = acl_sharing(f.mail);
	put_copy(10);
	check_validities(validities, boxes, tail.validity);
	check_states(tail.modseq);
	CHECK(acl_sharing(f.mail) > sharing);
	live(&after, 2);
	check_new(&after, &tail);
	fixture_check(&f);

	TEST_ROW("the next start is none");
	for (size_t i = 0; i < boxes; i++)
		validities[i] = f.account->mailboxes[i]->uid_validity;
	fixture_close(&f, true);
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	for (size_t i = 0; i < boxes; i++)
		CHECK_NUM(f.account->mailboxes[i]->uid_validity, validities[i]);
	live(&again, 3);
	check_new(&again, &after);
	CHECK(again.email < after.email + 10); /* nothing jumped */

	TEST_ROW("the same copy a second time");
	put_copy(60);
	check_validities(validities, boxes, again.validity);
	check_states(tail.modseq);
	live(&other, 2);
	CHECK(other.modseq > again.modseq && other.email > again.email);
	CHECK(other.mailbox > before.mailbox && other.validity > again.validity);
	fixture_check(&f);
	fixture_close(&f, true);
}

/* An account that was made in the tail, and is made again: whatever number it gets, its clients begin anew. */
static void
test_new_account(void)
{
	struct account *a = NULL;
	struct change room[4];
	struct changes changes = { .items = room, .max = 4 };
	uint32_t validity;
	uint64_t modseq;

	TEST_ROW("an account of the tail");
	clock_fake(1, NOW_MS);
	fixture_open(&f, "account");
	make_copy();
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &a), FAIL_NONE);
	validity = mailbox_by_role(a, MAILBOX_ROLE_ARCHIVE)->uid_validity;
	modseq = a->modseq;
	account_close(&a);
	put_copy(0); /* the clock has not moved */
	CHECK_NUM(account_find(f.mail, STR("bob@example.test"), &a), FAIL_MISSING);
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &a), FAIL_NONE);
	for (size_t i = 0; i < a->mailbox_count; i++)
		CHECK(a->mailboxes[i]->uid_validity > validity);
	CHECK(a->modseq > modseq);
	for (uint64_t since = 0; since <= modseq; since++)
		CHECK_NUM(changes_since(a, CHANGE_MAILBOX, since, &changes), FAIL_PERM);
	account_close(&a);
	fixture_check(&f);
	fixture_close(&f, true);
}

/* Old tombstones and expunged UIDs go; the floor stays above them. */
static void
test_floors(void)
{
	struct email_added added[3];
	struct told told;
	uint32_t inbox;
	uint64_t floor;

	TEST_ROW("floors only rise");
	clock_fake(1, NOW_MS);
	fixture_open(&f, "floors");
	inbox = fixture_box(&f, "INBOX");
	for (unsigned i = 0; i < 2; i++) {
		CHECK_NUM(fixture_add(&f, inbox, 0, i + 1, 0, "x", &added[i]), FAIL_NONE);
		CHECK_NUM(email_expunge(f.account, inbox, added[i].uid, 1, false, NULL), FAIL_NONE);
	}
	make_copy();
	live(&told, 2);
	put_copy(10);
	CHECK_NUM(fixture_add(&f, inbox, 0, 3, 0, "x", &added[2]), FAIL_NONE);
	floor = account_inner(f.account)->counters.floor[CHANGE_EMAIL];
	account_inner(f.account)->counters.tombs[CHANGE_EMAIL] = CHANGES_TOMBSTONES_MAX;
	mailbox_get(f.account, inbox)->expunged_count = EXPUNGED_UIDS_MAX;
	CHECK_NUM(email_expunge(f.account, inbox, added[2].uid, 1, false, NULL), FAIL_NONE);
	CHECK(account_inner(f.account)->counters.tombs[CHANGE_EMAIL] < CHANGES_TOMBSTONES_MAX);
	CHECK(mailbox_get(f.account, inbox)->expunged_count < EXPUNGED_UIDS_MAX);
	CHECK(account_inner(f.account)->counters.floor[CHANGE_EMAIL] >= floor);
	CHECK(mailbox_get(f.account, inbox)->expunged_floor >= floor);
	fixture_close(&f, true);
}

/* While its disk fails an account does not open, or opens renewed; afterwards it is renewed. */
static void
test_failures(void)
{
	uint32_t validity;
	bool has_failed = true;

	clock_fake(1, NOW_MS);
	fixture_open(&f, "failures");
	validity = f.account->mailboxes[5]->uid_validity;
	make_copy();
	for (unsigned long nth = 1; has_failed; nth++) {
		struct account *a = NULL;
		enum fail fail;

		TEST_ROW("a call fails");
		put_copy(10);
		fixture_close(&f, false); /* as a crash leaves it: no account was renewed */
		CHECK_NUM(store_open(&f.store, NULL, str_c(f.store_path), NULL), FAIL_NONE);
		CHECK_NUM(blob_open(&f.blobs, NULL, f.store, str_c(f.blob_path)), FAIL_NONE);
		CHECK_NUM(mail_open(&f.mail, NULL, f.store, f.blobs), FAIL_NONE);
		sys_fail_at(nth, 5 /* EIO */, false);
		fail = account_open(f.mail, STR("alice@example.test"), NULL, &a);
		if (fail == FAIL_NONE)
			CHECK(a->mailboxes[0]->uid_validity > validity);
		account_close(&a);
		fail = blob_commit(f.blobs);
		has_failed = sys_has_failed();
		sys_fail_at(0, 0, false);
		mail_committed(f.mail, fail);
		CHECK_NUM(account_open(f.mail, STR("alice@example.test"), NULL, &f.account),
		    FAIL_NONE);
		for (size_t i = 0; i < f.account->mailbox_count; i++)
			CHECK(f.account->mailboxes[i]->uid_validity > validity);
		check_states(20);
		fixture_check(&f);
	}
	fixture_close(&f, true);
}

int
main(void)
{
	test_tail();
	test_new_account();
	test_floors();
	test_failures();
	return test_end();
}
