/* Messages: adding, flags, copying, moving, expunging, JMAP's updates, change log. */
#include "fixture.h"

static void
flags(struct fixture *f, uint32_t box, uint32_t uid, enum flags_how how, uint64_t bits,
    enum flags_outcome want)
{
	struct flags_change change = { .how = how, .flags = bits };
	enum flags_outcome outcome = FLAGS_MISSING;

	CHECK_NUM(email_flags(f->account, box, &uid, 1, &change, &outcome), FAIL_NONE);
	CHECK_NUM(outcome, want);
}

static void
test_add(struct fixture *f)
{
	uint32_t inbox = fixture_box(f, "INBOX");
	struct email_added added;
	struct mailbox *m = mailbox_get(f->account, inbox);
	struct email *e;
	struct arena arena;
	struct message *summary;
	struct blob_map map;
	uint64_t ids[4], id;
	size_t count;

	TEST_ROW("add");
	CHECK_NUM(f->account->mailbox_count, 6);
	CHECK_NUM(fixture_add(f, inbox, 0, 1, 0, "Hello", &added), FAIL_NONE);
	CHECK_NUM(added.uid[0], 1);
	CHECK_NUM(m->messages, 1);
	CHECK_NUM(m->unseen, 1);
	CHECK_NUM(m->unread_emails, 1);
	CHECK_NUM(m->unread_threads, 1);
	CHECK_NUM(f->account->used_messages, 1);
	arena_init(&arena, 1 << 20);
	CHECK_NUM(email_get(f->account, added.id, &arena, &e), FAIL_NONE);
	CHECK_NUM(e->size, f->account->used_bytes);
	CHECK_NUM(e->member_count, 1);
	CHECK_NUM(e->received_s, 1700000001);
	CHECK_NUM(email_by_blob(f->account, e->blob, &id), FAIL_NONE);
	CHECK_NUM(id, added.id);
	CHECK_NUM(email_by_message_id(f->account, STR("m1@x"), ids, 4, &count), FAIL_NONE);
	CHECK_NUM(count, 1);
	CHECK_NUM(email_by_message_id(f->account, STR("m2@x"), ids, 4, &count), FAIL_MISSING);
	CHECK_NUM(email_summary(f->account, added.id, &arena, &summary), FAIL_NONE);
	CHECK_STR(summary->preview, STR("Hello 1"));
	CHECK_NUM(email_get_outline(f->account, added.id, &arena, &e, &summary), FAIL_NONE);
	CHECK(e->id == added.id && e->member_count == 1);
	CHECK_STR(summary->preview, STR("Hello 1"));
	CHECK_NUM(email_map(f->account, added.id, &map), FAIL_NONE);
	CHECK_NUM(map.bytes.n, e->size);
	blob_unmap(&map);
	CHECK_NUM(email_get_outline(f->account, 999, &arena, &e, &summary), FAIL_MISSING);
	CHECK_NUM(email_get(f->account, 999, &arena, &e), FAIL_MISSING);
	arena_release(&arena);
	fixture_check(f);
}

static void
test_flags(struct fixture *f)
{
	uint32_t inbox = fixture_box(f, "INBOX");
	struct mailbox *m = mailbox_get(f->account, inbox);
	struct str work = STR("Work"), bad = STR("a b");
	struct flags_change change = { .how = FLAGS_ADD,
		.flags = FLAG_ANSWERED,
		.has_unchanged_since = true };
	enum flags_outcome outcome;
	uint32_t uid = 1;
	uint64_t bits;
	bool missed;

	TEST_ROW("flags");
	flags(f, inbox, 1, FLAGS_ADD, FLAG_SEEN, FLAGS_CHANGED);
	CHECK_NUM(m->unseen, 0);
	CHECK_NUM(m->unread_emails, 0);
	CHECK_NUM(m->unread_threads, 0);
	flags(f, inbox, 1, FLAGS_ADD, FLAG_SEEN, FLAGS_SAME);
	flags(f, inbox, 7, FLAGS_ADD, FLAG_SEEN, FLAGS_MISSING);
	flags(f, inbox, 1, FLAGS_REPLACE, FLAG_FLAGGED, FLAGS_CHANGED);
	CHECK_NUM(m->unseen, 1);
	change.unchanged_since = m->highest_modseq - 1;
	CHECK_NUM(email_flags(f->account, inbox, &uid, 1, &change, &outcome), FAIL_NONE);
	CHECK_NUM(outcome, FLAGS_MODIFIED);
	CHECK_NUM(keyword_bits(f->account, &work, 1, false, &bits, &missed), FAIL_NONE);
	CHECK(bits == 0 && missed);
	CHECK_NUM(keyword_bits(f->account, &bad, 1, true, &bits, NULL), FAIL_SYNTAX);
	CHECK_NUM(keyword_bits(f->account, &work, 1, true, &bits, &missed), FAIL_NONE);
	CHECK(bits == FLAG(KEYWORD_CUSTOM) && !missed);
	CHECK_STR(keyword_imap_name(f->account, KEYWORD_CUSTOM), STR("work"));
	CHECK_STR(keyword_imap_name(f->account, KEYWORD_SEEN), STR("\\Seen"));
	flags(f, inbox, 1, FLAGS_ADD, bits, FLAGS_CHANGED);
	CHECK((mailbox_get(f->account, inbox)->keywords & bits) != 0);
	fixture_check(f);
}

static void
test_keyword_table(struct fixture *f)
{
	struct str name;
	char text[16];
	uint64_t bits;

	TEST_ROW("keyword table");
	for (unsigned i = 1; i < KEYWORD_CUSTOM_MAX; i++) {
		snprintf(text, sizeof(text), "tag%u", i);
		name = str_c(text);
		CHECK_NUM(keyword_bits(f->account, &name, 1, true, &bits, NULL), FAIL_NONE);
	}
	name = STR("onemore"); /* the table is full, but nobody carries tag1 */
	CHECK_NUM(keyword_bits(f->account, &name, 1, true, &bits, NULL), FAIL_NONE);
	name = STR("work"); /* carried by a message: kept */
	CHECK_NUM(keyword_bits(f->account, &name, 1, false, &bits, NULL), FAIL_NONE);
	CHECK(bits == FLAG(KEYWORD_CUSTOM));
	name = STR("tag1");
	CHECK_NUM(keyword_bits(f->account, &name, 1, false, &bits, NULL), FAIL_NONE);
	CHECK(bits == 0);
}

/* Many new ones at once: those that are wanted do not take each other's place. */
static void
test_keywords_at_once(struct fixture *f)
{
	struct str names[KEYWORD_CUSTOM_MAX];
	char text[KEYWORD_CUSTOM_MAX][16];
	uint64_t bits;

	TEST_ROW("keywords at once");
	for (unsigned i = 0; i < KEYWORD_CUSTOM_MAX; i++) {
		snprintf(text[i], sizeof(text[i]), "many%u", i);
		names[i] = str_c(text[i]);
	}
	CHECK_NUM(keyword_bits(f->account, names, KEYWORD_CUSTOM_MAX, true, &bits, NULL),
	    FAIL_LIMIT); /* one is carried by a message */
	CHECK_NUM(keyword_bits(f->account, names, KEYWORD_CUSTOM_MAX - 1, true, &bits, NULL),
	    FAIL_NONE);
	CHECK_NUM(__builtin_popcountll(bits), KEYWORD_CUSTOM_MAX - 1);
}

static void
test_copy_move(struct fixture *f)
{
	uint32_t inbox = fixture_box(f, "INBOX"), archive = fixture_box(f, "Archive"), uid = 1;
	uint32_t trash = fixture_box(f, "Trash");
	struct email_copied copied[2];
	struct mailbox *a = mailbox_get(f->account, archive);
	size_t count;

	TEST_ROW("copy and move");
	CHECK_NUM(email_copy(f->account, inbox, &uid, 1, archive, copied, &count), FAIL_NONE);
	CHECK_NUM(count, 1);
	CHECK_NUM(copied[0].to_uid, 1);
	CHECK_NUM(email_copy(f->account, inbox, &uid, 1, archive, copied, &count), FAIL_NONE);
	CHECK_NUM(copied[0].to_uid, 2);
	CHECK_NUM(a->messages, 2);
	CHECK_NUM(a->total_emails, 1);
	CHECK_NUM(f->account->used_messages, 1);
	flags(f, archive, 1, FLAGS_ADD, FLAG_DELETED, FLAGS_CHANGED);
	CHECK_NUM(a->deleted, 1);
	CHECK_NUM(a->total_emails, 1); /* uid 2 still shows it */
	CHECK_NUM(email_move(f->account, archive, &uid, 1, trash, copied, &count), FAIL_NONE);
	CHECK_NUM(count, 1);
	CHECK_NUM(mailbox_get(f->account, trash)->messages, 1);
	uid = 9;
	CHECK_NUM(email_move(f->account, archive, &uid, 1, trash, copied, &count), FAIL_NONE);
	CHECK_NUM(count, 0);
	CHECK_NUM(email_copy(f->account, inbox, &uid, 1, 77, copied, &count), FAIL_MISSING);
	fixture_check(f);
}

static void
test_deleted_is_hidden(struct fixture *f)
{
	uint32_t inbox = fixture_box(f, "INBOX");
	struct email_added added;
	struct change items[8];
	struct changes changes = { .items = items, .max = 8 };
	struct email_order order[8];
	uint64_t state;
	size_t before, after;

	TEST_ROW("deleted is hidden from JMAP");
	CHECK_NUM(fixture_add(f, inbox, 0, 50, 0, "Gone", &added), FAIL_NONE);
	state = change_state(f->account, CHANGE_EMAIL);
	CHECK_NUM(email_ordered(f->account, true, NULL, order, 8, &before), FAIL_NONE);
	flags(f, inbox, added.uid[0], FLAGS_ADD, FLAG_DELETED, FLAGS_CHANGED);
	CHECK_NUM(email_ordered(f->account, true, NULL, order, 8, &after), FAIL_NONE);
	CHECK_NUM(after + 1, before);
	CHECK_NUM(changes_since(f->account, CHANGE_EMAIL, state, &changes), FAIL_NONE);
	CHECK_NUM(changes.count, 1);
	CHECK_NUM(items[0].kind, CHANGE_DESTROYED);
	flags(f, inbox, added.uid[0], FLAGS_REMOVE, FLAG_DELETED, FLAGS_CHANGED);
	CHECK_NUM(changes_since(f->account, CHANGE_EMAIL, state, &changes), FAIL_NONE);
	CHECK_NUM(changes.count, 1); /* once, not destroyed and created */
	CHECK_NUM(items[0].kind, CHANGE_UPDATED);
	CHECK_NUM(changes_since(f->account, CHANGE_THREAD, 0, &changes), FAIL_NONE);
	CHECK_NUM(changes_since(f->account, CHANGE_THREAD, change_state(f->account, CHANGE_THREAD),
		      &changes),
	    FAIL_NONE);
	CHECK_NUM(changes.count, 0);
	CHECK_NUM(changes_since(f->account, CHANGE_EMAIL, changes.state + 1000, &changes),
	    FAIL_PERM);
	fixture_check(f);
}

static void
test_expunge(struct fixture *f)
{
	uint32_t inbox = fixture_box(f, "INBOX");
	struct mailbox *m = mailbox_get(f->account, inbox);
	uint64_t before = m->highest_modseq, messages = f->account->used_messages;
	struct email_added added;
	struct arena arena;
	uint32_t *uids;
	size_t count;

	TEST_ROW("expunge");
	CHECK_NUM(fixture_add(f, inbox, FLAG_DELETED, 60, 0, "Away", &added), FAIL_NONE);
	CHECK_NUM(m->deleted, 1);
	CHECK_NUM(
	    email_expunge(f->account, inbox, (uint32_t[]){ 1, added.uid[0] }, 2, true, &count),
	    FAIL_NONE);
	CHECK_NUM(count, 1);
	CHECK_NUM(f->account->used_messages, messages);
	arena_init(&arena, 1 << 16);
	CHECK_NUM(expunged_since(f->account, inbox, before, &arena, &uids, &count), FAIL_NONE);
	CHECK_NUM(count, 1);
	CHECK_NUM(uids[0], added.uid[0]);
	CHECK_NUM(expunged_since(f->account, inbox, m->highest_modseq, &arena, &uids, &count),
	    FAIL_NONE);
	CHECK_NUM(count, 0);
	arena_release(&arena);
	fixture_check(f);
}

static void
test_jmap(struct fixture *f)
{
	uint32_t inbox = fixture_box(f, "INBOX"), sent = fixture_box(f, "Sent"), nowhere = 99;
	struct email_update u = { .keywords_add = FLAG_FLAGGED, .keywords_remove = ~FLAG_FLAGGED };
	struct email_added added;
	struct email *e;
	struct arena arena;

	TEST_ROW("JMAP update and destroy");
	arena_init(&arena, 1 << 16);
	CHECK_NUM(fixture_add(f, inbox, FLAG_SEEN, 70, 0, "Set", &added), FAIL_NONE);
	CHECK_NUM(email_update(f->account, added.id, &u), FAIL_NONE);
	CHECK_NUM(email_get(f->account, added.id, &arena, &e), FAIL_NONE);
	CHECK(e->keywords == FLAG_FLAGGED);
	u = (struct email_update){ .replace_mailboxes = true,
		.mailboxes_add = &sent,
		.mailboxes_add_count = 1 };
	CHECK_NUM(email_update(f->account, added.id, &u), FAIL_NONE);
	CHECK_NUM(email_get(f->account, added.id, &arena, &e), FAIL_NONE);
	CHECK_NUM(e->member_count, 1);
	CHECK_NUM(e->members[0].mailbox, sent);
	u = (struct email_update){ .mailboxes_remove = &sent, .mailboxes_remove_count = 1 };
	CHECK_NUM(email_update(f->account, added.id, &u), FAIL_DENIED);
	u.mailboxes_add = &nowhere;
	u.mailboxes_add_count = 1;
	CHECK_NUM(email_update(f->account, added.id, &u), FAIL_PERM);
	u.mailboxes_add = &inbox;
	CHECK_NUM(email_update(f->account, added.id, &u), FAIL_NONE);
	CHECK_NUM(email_destroy(f->account, added.id), FAIL_NONE);
	CHECK_NUM(email_destroy(f->account, added.id), FAIL_MISSING);
	CHECK_NUM(email_update(f->account, added.id, &u), FAIL_MISSING);
	arena_release(&arena);
	fixture_check(f);
}

static void
test_quota(struct fixture *f)
{
	struct account_limits limits = { .quota_messages = f->account->used_messages };
	struct email_added added;

	TEST_ROW("quota");
	account_limit(f->account, &limits);
	CHECK_NUM(fixture_add(f, fixture_box(f, "INBOX"), 0, 80, 0, "No", &added), FAIL_LIMIT);
	limits = (struct account_limits){ .quota_bytes = f->account->used_bytes + 10 };
	account_limit(f->account, &limits);
	CHECK_NUM(fixture_add(f, fixture_box(f, "INBOX"), 0, 80, 0, "No", &added), FAIL_LIMIT);
	account_limit(f->account, &(struct account_limits){ .quota_bytes = 0 });
	CHECK_NUM(fixture_add(f, fixture_box(f, "INBOX"), 0, 80, 0, "Yes", &added), FAIL_NONE);
	fixture_check(f);
}

/* The file of message `id`, to be added. */
static struct email_new
batch_item(struct fixture *f, unsigned id, const uint32_t *mailbox, struct buf *text,
    struct blob_name *name)
{
	struct blob_writer w;

	fixture_message(text, id, 0, "Batch");
	CHECK_NUM(blob_write_start(f->blobs, &w, f->account->name), FAIL_NONE);
	CHECK_NUM(blob_write(&w, buf_str(text)), FAIL_NONE);
	CHECK_NUM(blob_write_finish(&w, name), FAIL_NONE);
	return (struct email_new){ .blob = blob_name_str(name),
		.bytes = buf_str(text),
		.received_s = 1700000000,
		.mailboxes = mailbox,
		.mailbox_count = 1 };
}

/* All or none of several messages; one takes the place of another, quota counts the difference. */
static void
test_batch(struct fixture *f)
{
	uint32_t inbox = fixture_box(f, "INBOX"), nowhere = 999;
	struct blob_name names[2];
	struct buf texts[2];
	struct email_new news[2] = { batch_item(f, 70, &inbox, &texts[0], &names[0]),
		batch_item(f, 71, &inbox, &texts[1], &names[1]) };
	struct email_batch batch = { .news = news, .count = 2 };
	struct email_added added[2];
	struct account_limits limits = { .quota_messages = f->account->used_messages + 1 };
	uint32_t messages = mailbox_get(f->account, inbox)->messages;
	uint64_t modseq = f->account->modseq;

	TEST_ROW("batch: one too many");
	account_limit(f->account, &limits);
	CHECK_NUM(email_add_batch(f->account, &batch, added), FAIL_LIMIT);
	TEST_ROW("batch: the second has no mailbox");
	account_limit(f->account, &(struct account_limits){ .quota_bytes = 0 });
	news[1].mailboxes = &nowhere;
	CHECK_NUM(email_add_batch(f->account, &batch, added), FAIL_MISSING);
	CHECK_NUM(mailbox_get(f->account, inbox)->messages, messages);
	CHECK_NUM(f->account->modseq, modseq);
	TEST_ROW("batch");
	news[1].mailboxes = &inbox;
	CHECK_NUM(email_add_batch(f->account, &batch, added), FAIL_NONE);
	CHECK_NUM(added[1].uid[0], added[0].uid[0] + 1);
	CHECK_NUM(mailbox_get(f->account, inbox)->messages, messages + 2);
	fixture_check(f);
	TEST_ROW("replace, over quota but for the old one");
	limits.quota_messages = f->account->used_messages;
	account_limit(f->account, &limits);
	buf_release(&texts[0]);
	news[0] = batch_item(f, 72, &inbox, &texts[0], &names[0]);
	batch = (struct email_batch){ news, 1, inbox, added[1].uid[0] };
	CHECK_NUM(email_add_batch(f->account, &batch, added), FAIL_NONE);
	CHECK_NUM(added[0].uid[0], batch.replaced_uid + 1);
	CHECK_NUM(mailbox_get(f->account, inbox)->messages, messages + 2);
	fixture_check(f);
	TEST_ROW("replace what is gone");
	account_limit(f->account, &(struct account_limits){ .quota_bytes = 0 });
	buf_release(&texts[0]);
	news[0] = batch_item(f, 73, &inbox, &texts[0], &names[0]);
	CHECK_NUM(email_add_batch(f->account, &batch, added), FAIL_NONE);
	CHECK_NUM(mailbox_get(f->account, inbox)->messages, messages + 3);
	fixture_check(f);
	buf_release(&texts[0]);
	buf_release(&texts[1]);
}

/* D5: nothing goes back or is used twice, also over a new start. */
static void
test_reopen(struct fixture *f)
{
	uint32_t inbox = fixture_box(f, "INBOX"),
		 uid_next = mailbox_get(f->account, inbox)->uid_next;
	uint32_t validity = mailbox_get(f->account, inbox)->uid_validity;
	uint64_t modseq = f->account->modseq, last;
	struct email_added added;
	struct str work = STR("work");
	uint64_t bits;

	TEST_ROW("reopen");
	CHECK_NUM(fixture_add(f, inbox, 0, 90, 0, "Last", &added), FAIL_NONE);
	last = added.id;
	CHECK_NUM(email_expunge(f->account, inbox, &added.uid[0], 1, false, NULL), FAIL_NONE);
	fixture_close(f, true);
	CHECK_NUM(fixture_try_open(f), FAIL_NONE);
	CHECK(f->account->modseq > modseq);
	CHECK_NUM(mailbox_get(f->account, inbox)->uid_validity, validity);
	CHECK_NUM(fixture_add(f, inbox, 0, 91, 0, "Next", &added), FAIL_NONE);
	CHECK_NUM(added.uid[0], uid_next + 1);
	CHECK_NUM(added.id, last + 1);
	CHECK_NUM(keyword_bits(f->account, &work, 1, false, &bits, NULL), FAIL_NONE);
	CHECK(bits == FLAG(KEYWORD_CUSTOM));
	fixture_check(f);
}

/* Whatever the order of the ids, and whether there are such messages. */
static void
test_summaries(struct fixture *f)
{
	static const size_t orders[][6] = { { 0, 1, 2, 3, 4, 5 }, { 5, 4, 3, 2, 1, 0 },
		{ 0, 5, 0, 5, 2, 2 }, { 3, 3, 3, 4, 0, 1 } };
	uint32_t inbox = fixture_box(f, "INBOX");
	struct email_added added[6];
	struct message *out[7];
	struct arena arena;

	TEST_ROW("summaries");
	arena_init(&arena, 1 << 20);
	for (unsigned i = 0; i < 6; i++) { /* some ids lie close, some do not */
		struct email_added other;

		CHECK_NUM(fixture_add(f, inbox, 0, 500 + i, 0, "Many", added + i), FAIL_NONE);
		for (unsigned k = 0; k < 3 * i; k++)
			CHECK_NUM(fixture_add(f, inbox, 0, 600 + 20 * i + k, 0, "Between", &other),
			    FAIL_NONE);
	}
	for (size_t row = 0; row < ARRAY_LEN(orders); row++) {
		uint64_t ids[7];

		for (size_t i = 0; i < 6; i++)
			ids[i] = added[orders[row][i]].id;
		ids[6] = 1000000; /* there is no such message */
		CHECK_NUM(email_summaries(f->account, ids, 7, &arena, out), FAIL_NONE);
		for (size_t i = 0; i < 6; i++) {
			char want[40];

			snprintf(want, sizeof(want), "Hello %u", 500 + (unsigned)orders[row][i]);
			CHECK(out[i] != NULL);
			if (out[i])
				CHECK_STR(out[i]->preview, str_c(want));
		}
		CHECK(out[6] == NULL);
	}
	arena_release(&arena);
}

int
main(void)
{
	struct fixture f;

	fixture_open(&f, "email");
	test_add(&f);
	test_flags(&f);
	test_keyword_table(&f);
	test_keywords_at_once(&f);
	test_copy_move(&f);
	test_deleted_is_hidden(&f);
	test_expunge(&f);
	test_jmap(&f);
	test_quota(&f);
	test_batch(&f);
	test_summaries(&f);
	test_reopen(&f);
	fixture_close(&f, true);
	return test_end();
}
