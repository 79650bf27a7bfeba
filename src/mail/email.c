/* Reading messages and finding them (email.h). */
#include "mail/email.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/inner.h"

struct email_reading {
	struct account *account;
	uint64_t id;
	struct arena *arena;
	struct email *email;
	bool has_summary; /* it is wanted, too */
	struct message *summary;
};

/* --- one Email ------------------------------------------------------------------------------------------ */

static bool
texts_copy(struct arena *arena, struct str **texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		*texts[i] = arena_str(arena, *texts[i]);
		if (!texts[i]->p)
			return false;
	}
	return true;
}

/* Memberships in mailboxes that are being deleted are not shown. */
static size_t
members_alive(const struct account *a, struct membership *members, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (account_inner(a)->dead_count == 0 || mailbox_get(a, members[i].mailbox))
			members[kept++] = members[i];
	return kept;
}

/* The record beside an Email's, which never changes; its texts are the store's. */
static enum fail
static_get(struct txn *t, const struct account *a, uint64_t id, struct str *value_out,
    struct static_record *out)
{
	struct key k = key_id(SPACE_STATIC, a->id, id);
	enum fail fail = txn_get(t, key_str(&k), value_out);

	return fail == FAIL_NONE ? static_record_read(*value_out, out) : fail;
}

/* What stands beside the record and never changes; a summary that does not do is NULL. */
static enum fail
static_read(struct txn *t, struct email_reading *in, struct email *e)
{
	struct static_record s;
	struct str value;
	enum fail fail = static_get(t, in->account, in->id, &value, &s);

	if (fail)
		return fail == FAIL_MISSING ? FAIL_PERM : fail;
	e->blob = s.blob;
	e->sender = s.sender;
	e->recipient = s.recipient;
	if (!texts_copy(in->arena, (struct str *[]){ &e->blob, &e->sender, &e->recipient }, 3))
		return FAIL_LIMIT;
	if (in->has_summary)
		fail = summary_take(value, in->arena, &in->summary);
	return fail == FAIL_PERM ? FAIL_NONE : fail;
}

static enum fail
email_get_read(struct txn *t, void *arg)
{
	struct email_reading *in = arg;
	struct key k = key_id(SPACE_EMAIL, in->account->id, in->id);
	struct membership room[EMAIL_MEMBERSHIPS_MAX];
	struct email *e = arena_alloc(in->arena, 1, sizeof(*e));
	struct email_record r;
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_NONE)
		fail = email_record_read(value, room, EMAIL_MEMBERSHIPS_MAX, &r);
	if (fail || !e)
		return fail ? fail : FAIL_LIMIT;
	e->members = arena_alloc(in->arena, r.member_count, sizeof(*e->members));
	if (!e->members)
		return FAIL_LIMIT;
	memcpy(e->members, room, r.member_count * sizeof(room[0]));
	e->member_count = members_alive(in->account, e->members, r.member_count);
	if (e->member_count == 0)
		return FAIL_MISSING;
	e->id = in->id;
	e->thread_id = r.thread_id;
	e->size = r.size;
	e->received_s = r.received_s;
	e->keywords = r.keywords;
	e->modseq = r.modseq;
	e->created_modseq = r.created_modseq;
	in->email = e;
	return static_read(t, in, e);
}

enum fail
email_get(struct account *a, uint64_t id, struct arena *arena, struct email **out)
{
	struct email_reading in = { .account = a, .id = id, .arena = arena };
	enum fail fail = account_read(a, email_get_read, &in);

	*out = fail ? NULL : in.email;
	return fail;
}

enum fail
email_get_outline(struct account *a, uint64_t id, struct arena *arena, struct email **out,
    struct message **summary_out)
{
	struct email_reading in = { .account = a, .id = id, .arena = arena, .has_summary = true };
	enum fail fail = account_read(a, email_get_read, &in);

	*out = fail ? NULL : in.email;
	*summary_out = fail ? NULL : in.summary;
	return fail;
}

bool
email_is_visible(const struct email *e)
{
	for (size_t i = 0; i < e->member_count; i++)
		if (!e->members[i].is_deleted)
			return true;
	return false;
}

/* --- its file ------------------------------------------------------------------------------------------ */

struct file_reading {
	struct account *account;
	uint64_t id;
	struct buf *blob;
};

static enum fail
blob_name_read(struct txn *t, void *arg)
{
	struct file_reading *in = arg;
	struct static_record s;
	struct str value;
	enum fail fail = static_get(t, in->account, in->id, &value, &s);

	if (fail)
		return fail;
	buf_clear(in->blob);
	buf_add(in->blob, s.blob);
	return FAIL_NONE;
}

static enum fail
blob_of(struct account *a, uint64_t id, struct buf *out)
{
	struct file_reading in = { .account = a, .id = id, .blob = out };

	buf_init(out, STORE_VALUE_MAX);
	return account_read(a, blob_name_read, &in);
}

enum fail
email_map(struct account *a, uint64_t id, struct blob_map *out)
{
	struct buf blob;
	enum fail fail = blob_of(a, id, &blob);

	*out = (struct blob_map){ .is_mapped = false };
	if (fail == FAIL_NONE)
		fail = blob_map(a->mail->blobs, a->name, buf_str(&blob), out);
	buf_release(&blob);
	return fail;
}

enum fail
email_map_wait(struct account *a, uint64_t id, struct blob_wait *w, struct task *owner,
    struct blob_map *out)
{
	struct buf blob;
	enum fail fail = FAIL_TEMP;

	*out = (struct blob_map){ .is_mapped = false };
	if (op_pending(&w->op))
		return fail;
	fail = blob_of(a, id, &blob);
	if (fail == FAIL_NONE)
		fail = blob_map_wait(a->mail->blobs, w, owner, a->name, buf_str(&blob), out);
	else
		blob_wait_release(w);
	buf_release(&blob);
	return fail;
}

/* --- finding ---------------------------------------------------------------------------------------------- */

struct email_search {
	struct account *account;
	struct str blob;
	uint64_t hash;
	uint64_t *ids;
	size_t max, count;
};

static enum fail
by_blob_read(struct txn *t, void *arg)
{
	struct email_search *in = arg;
	struct key k = key_blob(in->account->id, in->blob);
	enum blob_owner owner;
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_NONE)
		fail = blob_record_read(value, &owner, in->ids);
	if (fail == FAIL_NONE && owner != BLOB_OF_EMAIL)
		fail = FAIL_MISSING;
	return fail;
}

enum fail
email_by_blob(struct account *a, struct str blob, uint64_t *id_out)
{
	struct email_search in = { .account = a, .blob = blob, .ids = id_out };

	return account_read(a, by_blob_read, &in);
}

static enum fail
by_message_id_read(struct txn *t, void *arg)
{
	struct email_search *in = arg;
	struct key from = key_id(SPACE_HASH, in->account->id, in->hash), to = key_after(from);
	struct str key, value;
	struct hash_record h;
	struct key_reader r;
	struct cursor c;
	enum fail fail;

	in->count = 0;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (in->count < in->max && cursor_next(&c, &key, &value)) {
		key_read(&r, str_from(key, from.n));
		if (hash_record_read(value, &h) == FAIL_NONE && h.is_own)
			in->ids[in->count++] = key_read_u64(&r);
	}
	fail = cursor_end(&c);
	return fail ? fail : in->count ? FAIL_NONE : FAIL_MISSING;
}

enum fail
email_by_message_id(struct account *a, struct str message_id, uint64_t *ids_out, size_t max,
    size_t *count_out)
{
	struct email_search in = { .account = a,
		.hash = thread_hash(message_id),
		.ids = ids_out,
		.max = max };
	enum fail fail = account_read(a, by_message_id_read, &in);

	*count_out = fail ? 0 : in.count;
	return fail;
}

uint64_t
email_last(const struct account *a)
{
	return account_inner(a)->counters.next_email - 1;
}

struct order_reading {
	struct account *account;
	bool is_newest_first;
	const struct email_order *from;
	struct email_order *out;
	size_t max, count;
};

static enum fail
ordered_read(struct txn *t, void *arg)
{
	struct order_reading *in = arg;
	struct key from = key_account(SPACE_RECEIVED, in->account->id), to = key_after(from);
	size_t prefix = from.n;
	struct str key, value;
	struct key_reader r;
	struct cursor c;

	if (in->from && in->is_newest_first)
		to = key_received(in->account->id, in->from->received_s, in->from->id);
	else if (in->from)
		from = key_after(key_received(in->account->id, in->from->received_s, in->from->id));
	in->count = 0;
	txn_scan(t, &c, key_str(&from), key_str(&to), in->is_newest_first);
	while (in->count < in->max && cursor_next(&c, &key, &value)) {
		struct email_order *item = in->out + in->count;

		key_read(&r, str_from(key, prefix));
		item->received_s = key_read_i64(&r);
		item->id = key_read_u64(&r);
		if (number_record_read(value, &item->thread_id) == FAIL_NONE)
			in->count++;
	}
	return cursor_end(&c);
}

enum fail
email_ordered(struct account *a, bool is_newest_first, const struct email_order *from,
    struct email_order *out, size_t max, size_t *count_out)
{
	struct order_reading in = { .account = a,
		.is_newest_first = is_newest_first,
		.from = from,
		.out = out,
		.max = max };
	enum fail fail = account_read(a, ordered_read, &in);

	*count_out = fail ? 0 : in.count;
	return fail;
}
