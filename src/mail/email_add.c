/* Storing a new message (email.h). */
/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/inner.h"
#include "message/message.h"
#include "message/summary.h"

struct addition {
	const struct email_new *new;
	struct email_added *out;
	struct static_record fixed;
	uint32_t size;
};

/* By the counters of this change: messages before it in the same change count, what it replaced does not. */
static enum fail
quota_take(struct edit *e, uint32_t size)
{
	const struct account_limits *limits = &e->account->limits;
	struct account_counters *c = &e->counters;

	if (limits->quota_bytes && c->used_bytes + size > limits->quota_bytes)
		return FAIL_LIMIT;
	if (limits->quota_messages && c->used_messages >= limits->quota_messages)
		return FAIL_LIMIT;
	c->used_bytes += size;
	c->used_messages++;
	return FAIL_NONE;
}

/* The records that stay as they are until the Email goes. */
static enum fail
static_put(struct edit *e, const struct addition *add)
{
	struct email_edit *w = &e->email;
	uint64_t id = e->account->id;
	struct key k = key_id(SPACE_STATIC, id, w->id);
	struct hash_record h = { .thread_id = w->thread_id };
	enum fail fail;

	buf_clear(&e->value);
	static_record_write(&e->value, &add->fixed);
	fail = edit_put(e, &k);
	k = key_blob(id, add->fixed.blob);
	buf_clear(&e->value);
	blob_record_write(&e->value, BLOB_OF_EMAIL, w->id);
	if (fail == FAIL_NONE)
		fail = edit_put(e, &k);
	for (size_t i = 0; fail == FAIL_NONE && i < add->fixed.id_count; i++) {
		h.subject = add->fixed.ids[i].subject;
		h.is_own = add->fixed.ids[i].is_own;
		k = key_hash(id, add->fixed.ids[i].hash, w->id);
		buf_clear(&e->value);
		hash_record_write(&e->value, &h);
		fail = edit_put(e, &k);
	}
	return fail;
}

static enum fail
members_join(struct edit *e, const struct email_new *new)
{
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; fail == FAIL_NONE && i < new->mailbox_count; i++)
		fail = email_edit_join(e, new->mailboxes[i], (new->flags &FLAG_DELETED) != 0);
	return fail;
}

static void
uids_tell(const struct email_edit *w, const struct email_new *new, struct email_added *out)
{
	for (size_t i = 0; i < new->mailbox_count; i++)
		for (size_t k = 0; k < w->now_count; k++)
			if (w->now[k].mailbox == new->mailboxes[i])
				out->uid[i] = w->now[k].uid;
}

static enum fail
add_one(struct edit *e, struct addition *add)
{
	const struct email_new *new = add->new;
	struct email_edit *w = &e->email;
	enum fail fail = quota_take(e, add->size);

	w->was_count = w->now_count = 0;
	w->is_new = true;
	w->size = add->size;
	w->received_s = new->received_s;
	w->was_keywords = w->keywords = new->flags & ~FLAG_DELETED;
	w->modseq = w->created_modseq = 0;
	if (fail == FAIL_NONE)
		fail = thread_find(e, add->fixed.ids, add->fixed.id_count, &w->thread_id);
	if (fail)
		return fail;
	w->id = e->counters.next_email++;
	if (w->thread_id == 0)
		w->thread_id = w->id;
	fail = members_join(e, new);
	if (fail == FAIL_NONE)
		fail = static_put(e, add);
	if (fail == FAIL_NONE)
		fail = email_save(e);
	add->out->id = w->id;
	add->out->thread_id = w->thread_id;
	add->out->modseq = e->counters.modseq;
	uids_tell(w, new, add->out);
	return fail;
}

static struct str
envelope_cut(struct str s)
{
	return str_head(s, EMAIL_ENVELOPE_MAX);
}

struct email_digest *
email_digest_new(struct mail *m, struct str bytes)
{
	struct email_digest *d = mem_new(1, sizeof(*d));
	struct message message;

	buf_init(&d->summary, SUMMARY_MAX + 1);
	arena_reset(&m->parse);
	message_parse(&message, bytes, &m->parse);
	d->id_count = thread_hashes(&message, &m->parse, d->ids, THREAD_IDS_MAX);
	message_summary_write(&message, &d->summary);
	arena_reset(&m->parse);
	return d;
}

void
email_digest_free(struct email_digest **d)
{
	if (*d)
		buf_release(&(*d)->summary);
	mem_free(*d);
	*d = NULL;
}

/* Parse it, unless somebody did, and write all of it. */
static enum fail
add_parsed(struct edit *e, const struct email_new *new, struct email_added *out)
{
	struct addition add = { .new = new, .out = out, .size = (uint32_t) new->bytes.n };
	struct email_digest *own = NULL;
	const struct email_digest *digest = new->digest;
	enum fail fail;

	if (!digest)
		digest = own = email_digest_new(e->account->mail, new->bytes);
	add.fixed.blob = new->blob;
	add.fixed.sender = envelope_cut(new->sender);
	add.fixed.recipient = envelope_cut(new->recipient);
	memcpy(add.fixed.ids, digest->ids, sizeof(add.fixed.ids));
	add.fixed.id_count = digest->id_count;
	add.fixed.summary = buf_str(&digest->summary);
	fail = add_one(e, &add);
	email_digest_free(&own);
	return fail;
}

static enum fail
replaced_go(struct edit *e, const struct email_batch *batch)
{
	size_t at = 0;
	enum fail fail;

	if (batch->replaced_uid == 0)
		return FAIL_NONE;
	fail = email_edit_at(e, batch->replaced_mailbox, batch->replaced_uid, &at);
	if (fail)
		return fail == FAIL_MISSING ? FAIL_NONE : fail; /* somebody was faster */
	email_edit_leave(e, at);
	return email_save(e);
}

struct batch_run {
	const struct email_batch *batch;
	struct email_added *out;
};

static enum fail
batch_run(struct edit *e, void *arg)
{
	struct batch_run *run = arg;
	enum fail fail = replaced_go(e, run->batch);

	for (size_t i = 0; fail == FAIL_NONE && i < run->batch->count; i++)
		fail = add_parsed(e, &run->batch->news[i], &run->out[i]);
	return fail;
}

/* What needs no parsing to be refused. */
static enum fail
batch_check(const struct account *a, const struct email_batch *batch)
{
	enum fail fail = account_usable(a);
	uint64_t sum = 0;

	if (fail)
		return fail;
	if (batch->count > EMAIL_BATCH_MAX)
		return FAIL_LIMIT;
	for (size_t i = 0; i < batch->count; i++) {
		const struct email_new *new = &batch->news[i];

		if (new->mailbox_count == 0)
			return FAIL_MISSING;
		if (new->mailbox_count > EMAIL_TARGETS_MAX || new->bytes.n > UINT32_MAX)
			return FAIL_LIMIT;
		sum += new->bytes.n;
	}
	return batch->replaced_uid ? FAIL_NONE : account_room(a, sum);
}

enum fail
email_add_batch(struct account *a, const struct email_batch *batch, struct email_added *out)
{
	struct batch_run run = { batch, out };
	enum fail fail = batch_check(a, batch);

	for (size_t i = 0; i < batch->count; i++)
		out[i] = (struct email_added){ .id = 0 };
	return fail ? fail : edit_run(a, NULL, batch_run, &run);
}

enum fail
email_add(struct account *a, const struct email_new *new, struct email_added *out)
{
	struct email_batch batch = { .news = new, .count = 1 };

	return email_add_batch(a, &batch, out);
}

enum fail
email_add_bytes(struct account *a, const struct email_new *new, struct email_added *out)
{
	struct email_new with_file = *new;
	struct blob_writer writer = { .store = NULL };
	struct blob_name name;
	enum fail fail = account_usable(a);

	*out = (struct email_added){ .id = 0 };
	if (fail == FAIL_NONE)
		fail = account_room(a, new->bytes.n);
	if (fail == FAIL_NONE)
		fail = blob_write_start(a->mail->blobs, &writer, a->name);
	if (fail == FAIL_NONE)
		fail = blob_write(&writer, new->bytes);
	if (fail == FAIL_NONE)
		fail = blob_write_finish(&writer, &name);
	blob_write_cancel(&writer);
	if (fail)
		return fail;
	with_file.blob = blob_name_str(&name);
	return email_add(a, &with_file, out);
}
