#include "mail/record.h"

/* base */
#include "base/mem.h"

/* Version 1 of everything; later fields are added at the end and read with record_more(). */
enum { RECORD_VERSION = 1 };

/* --- account, mailbox ----------------------------------------------------------------------------- */

#define FIRST_TYPES \
	3 /* whose numbers stand in the middle of the record; those of others at its end */

static void
change_write(struct buf *out, const struct account_counters *c, size_t type)
{
	record_add_u64(out, c->state[type]);
	record_add_u64(out, c->floor[type]);
	record_add_u64(out, c->tombs[type]);
}

/* A type that only a newer program knows is read over. */
static void
change_read(struct record *r, struct account_counters *c, size_t type)
{
	uint64_t state = record_u64(r), floor = record_u64(r), tombs = record_u64(r);

	if (type >= CHANGE_TYPE_COUNT)
		return;
	c->state[type] = state;
	c->floor[type] = floor;
	c->tombs[type] = tombs;
}

void
counters_record_write(struct buf *out, const struct account_counters *c)
{
	record_begin(out, RECORD_VERSION);
	record_add_bytes(out, c->name);
	record_add_u64(out, c->used_bytes);
	record_add_u64(out, c->used_messages);
	record_add_u64(out, c->modseq);
	for (size_t i = 0; i < FIRST_TYPES; i++)
		change_write(out, c, i);
	record_add_u64(out, c->next_email);
	record_add_u64(out, c->next_upload);
	record_add_u64(out, c->next_mailbox);
	record_add_u64(out, c->uid_validity);
	record_add_u64(out, c->annotation_bytes);
	record_add_u64(out, c->acl_bytes);
	record_add_u64(out, c->quota_bytes);
	record_add_u64(out, c->quota_messages);
	record_add_u64(out, c->acl_modseq);
	record_add_u64(out, c->next_thing);
	record_add_u64(out, CHANGE_TYPE_COUNT);
	for (size_t i = FIRST_TYPES; i < CHANGE_TYPE_COUNT; i++)
		change_write(out, c, i);
	record_add_u64(out, c->epoch);
}

enum fail
counters_record_read(struct str value, struct account_counters *out)
{
	struct record r;
	uint32_t types;

	record_read(&r, value);
	*out = (struct account_counters){ .name = record_bytes(&r) };
	out->used_bytes = record_u64(&r);
	out->used_messages = record_u64(&r);
	out->modseq = record_u64(&r);
	for (size_t i = 0; i < FIRST_TYPES; i++)
		change_read(&r, out, i);
	out->next_email = record_u64(&r);
	out->next_upload = record_u64(&r);
	out->next_mailbox = record_u32(&r);
	out->uid_validity = record_u32(&r);
	if (record_more(&r))
		out->annotation_bytes = record_u64(&r);
	if (record_more(&r)) {
		out->acl_bytes = record_u64(&r);
		out->quota_bytes = record_u64(&r);
		out->quota_messages = record_u64(&r);
	}
	if (record_more(&r))
		out->acl_modseq = record_u64(&r);
	out->next_thing = record_more(&r) ? record_u64(&r) : 1;
	types = record_more(&r) ? record_u32(&r) : FIRST_TYPES;
	for (size_t i = FIRST_TYPES; i < types && record_more(&r); i++)
		change_read(&r, out, i);
	out->epoch = record_more(&r) ? record_u64(&r) : 0;
	return record_end(&r);
}

void
mailbox_record_write(struct buf *out, const struct mailbox *m)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, m->parent);
	record_add_bytes(out, m->name);
	record_add_u64(out, m->role);
	record_add_u64(out, m->sort_order);
	record_add_bool(out, m->is_subscribed);
	record_add_bool(out, m->is_dead);
	record_add_u64(out, m->uid_validity);
	record_add_u64(out, m->uid_next);
	record_add_u64(out, m->recent_uid);
	record_add_u64(out, m->highest_modseq);
	record_add_u64(out, m->expunged_floor);
	record_add_u64(out, m->expunged_count);
	record_add_u64(out, m->keywords);
	record_add_u64(out, m->messages);
	record_add_u64(out, m->unseen);
	record_add_u64(out, m->deleted);
	record_add_u64(out, m->size);
	record_add_u64(out, m->deleted_size);
	record_add_u64(out, m->total_emails);
	record_add_u64(out, m->unread_emails);
	record_add_u64(out, m->total_threads);
	record_add_u64(out, m->unread_threads);
	record_add_u64(out, m->created_modseq);
	record_add_u64(out, m->modseq);
	record_add_u64(out, m->properties_modseq);
}

enum fail
mailbox_record_read(struct str value, struct mailbox *out)
{
	struct record r;
	uint32_t role;

	record_read(&r, value);
	*out = (struct mailbox){ .parent = record_u32(&r) };
	out->name = record_bytes(&r);
	role = record_u32(&r);
	out->sort_order = record_u32(&r);
	out->is_subscribed = record_bool(&r);
	out->is_dead = record_bool(&r);
	out->uid_validity = record_u32(&r);
	out->uid_next = record_u32(&r);
	out->recent_uid = record_u32(&r);
	out->highest_modseq = record_u64(&r);
	out->expunged_floor = record_u64(&r);
	out->expunged_count = record_u32(&r);
	out->keywords = record_u64(&r);
	out->messages = record_u32(&r);
	out->unseen = record_u32(&r);
	out->deleted = record_u32(&r);
	out->size = record_u64(&r);
	out->deleted_size = record_u64(&r);
	out->total_emails = record_u32(&r);
	out->unread_emails = record_u32(&r);
	out->total_threads = record_u32(&r);
	out->unread_threads = record_u32(&r);
	out->created_modseq = record_u64(&r);
	out->modseq = record_u64(&r);
	out->properties_modseq = record_u64(&r);
	if (role >= MAILBOX_ROLE_COUNT)
		return FAIL_PERM;
	out->role = (enum mailbox_role)role;
	return record_end(&r);
}

/* --- views, Emails -------------------------------------------------------------------------------- */

void
view_record_write(struct buf *out, const struct view_entry *entry)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, entry->email_id);
	record_add_u64(out, entry->thread_id);
	record_add_u64(out, entry->flags);
	record_add_u64(out, entry->modseq);
	record_add_u64(out, entry->size);
	record_add_i64(out, entry->received_s);
}

enum fail
view_record_read(struct str value, struct view_entry *out)
{
	struct record r;

	record_read(&r, value);
	out->email_id = record_u64(&r);
	out->thread_id = record_u64(&r);
	out->flags = record_u64(&r);
	out->modseq = record_u64(&r);
	out->size = record_u32(&r);
	out->received_s = record_i64(&r);
	return record_end(&r);
}

void
email_record_write(struct buf *out, const struct email_record *email)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, email->thread_id);
	record_add_u64(out, email->size);
	record_add_i64(out, email->received_s);
	record_add_u64(out, email->keywords);
	record_add_u64(out, email->modseq);
	record_add_u64(out, email->created_modseq);
	record_add_u64(out, email->member_count);
	for (size_t i = 0; i < email->member_count; i++) {
		const struct membership *m = email->members + i;

		record_add_u64(out, m->mailbox);
		record_add_u64(out, m->uid);
		record_add_bool(out, m->is_deleted);
		record_add_u64(out, m->modseq);
		record_add_i64(out, m->saved_s);
	}
	for (size_t i = 0; i < email->member_count; i++)
		record_add_u64(out, email->members[i].seen_modseq);
}

enum fail
email_record_read(struct str value, struct membership *room, size_t max, struct email_record *out)
{
	struct record r;
	uint32_t count;
	bool has_seen;

	record_read(&r, value);
	*out = (struct email_record){ .thread_id = record_u64(&r) };
	out->size = record_u32(&r);
	out->received_s = record_i64(&r);
	out->keywords = record_u64(&r);
	out->modseq = record_u64(&r);
	out->created_modseq = record_u64(&r);
	count = record_u32(&r);
	if (r.is_bad || count > max)
		return FAIL_PERM;
	for (uint32_t i = 0; i < count; i++) {
		room[i].mailbox = record_u32(&r);
		room[i].uid = record_u32(&r);
		room[i].is_deleted = record_bool(&r);
		room[i].modseq = record_u64(&r);
		room[i].saved_s = record_i64(&r);
	}
	has_seen = record_more(&r);
	for (uint32_t i = 0; i < count; i++)
		room[i].seen_modseq = has_seen ? record_u64(&r) : 0;
	out->members = room;
	out->member_count = count;
	return record_end(&r);
}

void
static_record_write(struct buf *out, const struct static_record *s)
{
	record_begin(out, RECORD_VERSION);
	record_add_bytes(out, s->blob);
	record_add_bytes(out, s->sender);
	record_add_bytes(out, s->recipient);
	record_add_u64(out, s->id_count);
	for (size_t i = 0; i < s->id_count; i++) {
		record_add_u64(out, s->ids[i].hash);
		record_add_u64(out, s->ids[i].subject);
		record_add_bool(out, s->ids[i].is_own);
	}
	record_add_bytes(out, s->summary);
}

enum fail
static_record_read(struct str value, struct static_record *out)
{
	struct record r;
	uint32_t count;

	record_read(&r, value);
	*out = (struct static_record){ .blob = record_bytes(&r) };
	out->sender = record_bytes(&r);
	out->recipient = record_bytes(&r);
	count = record_u32(&r);
	if (r.is_bad || count > THREAD_IDS_MAX)
		return FAIL_PERM;
	for (uint32_t i = 0; i < count; i++) {
		out->ids[i].hash = record_u64(&r);
		out->ids[i].subject = record_u32(&r);
		out->ids[i].is_own = record_bool(&r);
	}
	out->id_count = count;
	out->summary = record_bytes(&r);
	return record_end(&r);
}

/* --- threads ---------------------------------------------------------------------------------------- */

void
hash_record_write(struct buf *out, const struct hash_record *h)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, h->thread_id);
	record_add_u64(out, h->subject);
	record_add_bool(out, h->is_own);
}

enum fail
hash_record_read(struct str value, struct hash_record *out)
{
	struct record r;

	record_read(&r, value);
	out->thread_id = record_u64(&r);
	out->subject = record_u32(&r);
	out->is_own = record_bool(&r);
	return record_end(&r);
}

void
thread_record_write(struct buf *out, const struct thread_record *t)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, t->modseq);
	record_add_u64(out, t->created_modseq);
	record_add_u64(out, t->total);
	record_add_u64(out, t->unread);
	record_add_u64(out, t->mailbox_count);
	for (size_t i = 0; i < t->mailbox_count; i++) {
		record_add_u64(out, t->mailboxes[i].mailbox);
		record_add_u64(out, t->mailboxes[i].count);
	}
}

enum fail
thread_record_read(struct str value, struct arena *arena, struct thread_record *out)
{
	struct record r;
	uint32_t count;

	record_read(&r, value);
	*out = (struct thread_record){ .modseq = record_u64(&r) };
	out->created_modseq = record_u64(&r);
	out->total = record_u32(&r);
	out->unread = record_u32(&r);
	count = record_u32(&r);
	if (r.is_bad || count > r.rest.n)
		return FAIL_PERM;
	out->mailboxes = arena_alloc(arena, count ? count : 1, sizeof(*out->mailboxes));
	if (!out->mailboxes)
		return FAIL_LIMIT;
	for (uint32_t i = 0; i < count; i++) {
		out->mailboxes[i].mailbox = record_u32(&r);
		out->mailboxes[i].count = record_u32(&r);
	}
	out->mailbox_count = count;
	return record_end(&r);
}

/* --- small ones --------------------------------------------------------------------------------------- */

void
blob_record_write(struct buf *out, enum blob_owner owner, uint64_t id)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, owner);
	record_add_u64(out, id);
}

enum fail
blob_record_read(struct str value, enum blob_owner *owner, uint64_t *id)
{
	struct record r;
	uint32_t kind;

	record_read(&r, value);
	kind = record_u32(&r);
	*id = record_u64(&r);
	if (kind != BLOB_OF_EMAIL && kind != BLOB_OF_UPLOAD)
		return FAIL_PERM;
	*owner = (enum blob_owner)kind;
	return record_end(&r);
}

void
upload_record_write(struct buf *out, const struct upload *u)
{
	record_begin(out, RECORD_VERSION);
	record_add_bytes(out, u->blob);
	record_add_bytes(out, u->type);
	record_add_u64(out, u->size);
	record_add_i64(out, u->uploaded_s);
	record_add_u64(out, u->by);
}

enum fail
upload_record_read(struct str value, struct upload *out)
{
	struct record r;

	record_read(&r, value);
	out->blob = record_bytes(&r);
	out->type = record_bytes(&r);
	out->size = record_u64(&r);
	out->uploaded_s = record_i64(&r);
	out->by = record_more(&r) ? record_u64(&r) : 0;
	return record_end(&r);
}

void
names_record_write(struct buf *out, const struct str *names, size_t count)
{
	record_begin(out, RECORD_VERSION);
	for (size_t i = 0; i < count; i++)
		record_add_bytes(out, names[i]);
}

enum fail
names_record_read(struct str value, struct str *out, size_t count)
{
	struct record r;

	record_read(&r, value);
	for (size_t i = 0; i < count; i++)
		out[i] = record_bytes(&r);
	return record_end(&r);
}

void
thing_record_write(struct buf *out, const struct thing_record *t)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, t->modseq);
	record_add_u64(out, t->created_modseq);
	record_add_bytes(out, t->body);
}

enum fail
thing_record_read(struct str value, struct thing_record *out)
{
	struct record r;

	record_read(&r, value);
	*out = (struct thing_record){ .modseq = record_u64(&r) };
	out->created_modseq = record_u64(&r);
	out->body = record_bytes(&r);
	return record_end(&r);
}

void
number_record_write(struct buf *out, uint64_t n)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, n);
}

enum fail
number_record_read(struct str value, uint64_t *out)
{
	struct record r;

	record_read(&r, value);
	*out = record_u64(&r);
	return record_end(&r);
}
