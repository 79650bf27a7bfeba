/* Damage by rows: mail_check() finds each, repairs it, and then finds nothing (D4). */
#include "fixture.h"

/* rooms */
#include "mail/acl.h"
#include "mail/annotation.h"
#include "mail/record.h"
#include "mail/thing.h"
#include "sys/sys.h"

static struct fixture f;
static uint32_t inbox;

enum damage {
	DAMAGE_NONE,
	DAMAGE_VIEW,
	DAMAGE_DATE,
	DAMAGE_THREAD,
	DAMAGE_LOG,
	DAMAGE_HASH,
	DAMAGE_OWNER,
	DAMAGE_EXTRA,
	DAMAGE_RECORD,
	DAMAGE_STATIC,
	DAMAGE_FILE,
	DAMAGE_COUNTERS,
	DAMAGE_NOTE,
	DAMAGE_NOTE_BOX,
	DAMAGE_ACL,
	DAMAGE_GRANT,
	DAMAGE_THING,
	DAMAGE_THING_LOG,
};

static const struct {
	const char *name;
	enum damage damage;
	unsigned lost; /* messages that cannot be kept */
} rows[] = {
	{ "nothing", DAMAGE_NONE, 0 },
	{ "view entry gone", DAMAGE_VIEW, 0 },
	{ "index by date", DAMAGE_DATE, 0 },
	{ "thread record", DAMAGE_THREAD, 0 },
	{ "log entry", DAMAGE_LOG, 0 },
	{ "message id", DAMAGE_HASH, 0 },
	{ "owner of a file", DAMAGE_OWNER, 0 },
	{ "view entry of nothing", DAMAGE_EXTRA, 0 },
	{ "counters", DAMAGE_COUNTERS, 0 },
	{ "annotation unreadable", DAMAGE_NOTE, 0 },
	{ "annotation of no mailbox", DAMAGE_NOTE_BOX, 0 },
	{ "rights unreadable", DAMAGE_ACL, 0 },
	{ "rights that nobody finds", DAMAGE_GRANT, 0 },
	{ "small record unreadable", DAMAGE_THING, 0 },
	{ "small record not in the log", DAMAGE_THING_LOG, 0 },
	{ "message record unreadable", DAMAGE_RECORD, 1 },
	{ "fixed record gone", DAMAGE_STATIC, 1 },
	{ "file lost", DAMAGE_FILE, 1 },
};

/* Delete every record of a space of this account. */
static enum fail
space_delete(struct txn *t, char space)
{
	struct key from = key_account(space, f.account->id), to = key_after(from);

	return txn_delete_range(t, key_str(&from), key_str(&to));
}

static enum fail
first_record(struct txn *t, char space, struct key *out)
{
	struct key from = key_account(space, f.account->id), to = key_after(from);
	struct str key, value;
	struct cursor c;

	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	key_init(out, space);
	if (cursor_next(&c, &key, &value))
		key_rest(out, str_from(key, 1));
	return cursor_end(&c);
}

static enum fail
counters_break(struct txn *t)
{
	struct key k = key_mailbox(f.account->id, inbox);
	struct mailbox m = *mailbox_get(f.account, inbox);
	struct buf value;
	enum fail fail;

	m.unseen += 3;
	m.total_threads = 0;
	buf_init(&value, 1000);
	mailbox_record_write(&value, &m);
	fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	return fail;
}

/* The file goes behind the model's back, as if the disk had lost it. */
static enum fail
file_lose(struct txn *t)
{
	struct static_record s;
	struct str value;
	struct key k;
	char path[1000];
	enum fail fail = first_record(t, SPACE_STATIC, &k);

	if (fail == FAIL_NONE)
		fail = txn_get(t, key_str(&k), &value);
	if (fail == FAIL_NONE)
		fail = static_record_read(value, &s);
	if (fail)
		return fail;
	snprintf(path, sizeof(path), "%s/alice@example.test/cur/%.*s:2,", f.blob_path,
	    STR_ARG(s.blob));
	return sys.unlink(path) == 0 ? FAIL_NONE : FAIL_PERM;
}

static enum fail
damage_run(struct txn *t, void *arg)
{
	struct key k, to;
	enum fail fail = FAIL_NONE;

	switch (*(const enum damage *)arg) {
	case DAMAGE_NONE: return FAIL_NONE;
	case DAMAGE_VIEW: k = key_view(f.account->id, inbox, 2); return txn_delete(t, key_str(&k));
	case DAMAGE_DATE: return space_delete(t, SPACE_RECEIVED);
	case DAMAGE_THREAD: return space_delete(t, SPACE_THREAD);
	case DAMAGE_LOG: return space_delete(t, SPACE_LOG);
	case DAMAGE_HASH: return space_delete(t, SPACE_HASH);
	case DAMAGE_OWNER: return space_delete(t, SPACE_BLOB);
	case DAMAGE_EXTRA:
		k = key_view(f.account->id, inbox, 999);
		return txn_put(t, key_str(&k), STR("\x01\x01\x01\x01\x01\x01\x01"));
	case DAMAGE_RECORD:
		fail = first_record(t, SPACE_EMAIL, &k);
		return fail ? fail : txn_put(t, key_str(&k), STR("\x01\xff"));
	case DAMAGE_STATIC:
		fail = first_record(t, SPACE_STATIC, &k);
		return fail ? fail : txn_delete(t, key_str(&k));
	case DAMAGE_FILE: return file_lose(t);
	case DAMAGE_COUNTERS: return counters_break(t);
	case DAMAGE_NOTE:
		fail = first_record(t, SPACE_ANNOTATION, &k);
		return fail ? fail : txn_put(t, key_str(&k), STR("\x01\xff"));
	case DAMAGE_ACL:
		k = key_acl(f.account->id, inbox);
		return txn_put(t, key_str(&k), STR("\x01\x7f"));
	case DAMAGE_GRANT:
		k = key_grant(STR("bob@example.test"), f.account->id);
		return txn_delete(t, key_str(&k));
	case DAMAGE_THING:
		fail = first_record(t, SPACE_THING, &k);
		return fail ? fail : txn_put(t, key_str(&k), STR("\x01"));
	case DAMAGE_THING_LOG:
		k = key_account(SPACE_LOG, f.account->id);
		key_char(&k, CHANGE_IDENTITY);
		to = key_after(k);
		return txn_delete_range(t, key_str(&k), key_str(&to));
	case DAMAGE_NOTE_BOX:
		k = key_account(SPACE_ANNOTATION, f.account->id);
		key_u32(&k, 99);
		key_rest(&k, STR("/private/comment"));
		return txn_put(t, key_str(&k), STR("\x01\x01x"));
	}
	return FAIL_PERM;
}

static enum fail
things_put(struct edit *e, void *arg)
{
	enum fail fail = thing_put(e, CHANGE_IDENTITY, thing_id(e), STR("x"));

	(void)arg;
	return fail ? fail : thing_put(e, CHANGE_IDENTITY, thing_id(e), STR("y"));
}

static void
test_row_run(const char *name, enum damage damage, unsigned lost)
{
	const struct annotation note = { STR("/private/comment"), STR("mine") };
	struct mail_check check = { .repair = false };
	struct email_added added;
	uint64_t messages;

	TEST_ROW(name);
	fixture_open(&f, name);
	inbox = fixture_box(&f, "INBOX");
	for (unsigned i = 1; i <= 5; i++)
		CHECK_NUM(fixture_add(&f, inbox, i % 2 ? FLAG_SEEN : 0, i, i - 1, "Re: x", &added),
		    FAIL_NONE);
	CHECK_NUM(annotation_set(f.account, inbox, &note, 1), FAIL_NONE);
	CHECK_NUM(acl_set(f.account, inbox, STR("Bob@example.test"), ACL_READ), FAIL_NONE);
	CHECK_NUM(edit_run(f.account, NULL, things_put, NULL), FAIL_NONE);
	messages = f.account->used_messages;
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	CHECK_NUM(store_run(f.store, damage_run, &damage), FAIL_NONE);
	fixture_close(&f, true);
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	CHECK_NUM(mail_check(f.mail, &check), FAIL_NONE);
	CHECK((check.findings > 0) == (damage != DAMAGE_NONE));
	check.repair = true;
	CHECK_NUM(mail_check(f.mail, &check), FAIL_NONE);
	CHECK_NUM(check.repaired, check.findings);
	fixture_check(&f);
	CHECK_NUM(f.account->used_messages, messages - lost);
	CHECK_NUM(mailbox_get(f.account, inbox)->messages, messages - lost);
	CHECK_NUM(fixture_add(&f, inbox, 0, 50, 1, "Re: x", &added), FAIL_NONE);
	CHECK_NUM(added.uid[0], 6);
	fixture_close(&f, true);
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		test_row_run(rows[i].name, rows[i].damage, rows[i].lost);
	return test_end();
}
