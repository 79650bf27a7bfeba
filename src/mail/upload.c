#include "mail/upload.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

#define SWEEP_SLICE 50 /* uploads that one turn drops: each costs three records and a file */
#define NOBODY      UINT64_MAX /* whose uploads a sweep counts: it drops what is too old only */

/* One pass over the uploads of an account: what those of one user are in all, and which must go. */
struct upload_scan {
	uint64_t by;
	uint64_t bytes;
	size_t count;
	size_t dropped, drop_max;
};

static enum fail
upload_drop(struct edit *e, const struct upload *u)
{
	struct key k = key_id(SPACE_UPLOAD, e->account->id, u->id);
	enum fail fail = txn_delete(e->txn, key_str(&k));

	k = key_blob(e->account->id, u->blob);
	if (fail == FAIL_NONE)
		fail = txn_delete(e->txn, key_str(&k));
	if (fail == FAIL_NONE)
		fail =
		    blob_delete_later(e->account->mail->blobs, e->txn, e->account->name, u->blob);
	return fail;
}

/* Walk oldest first; with `drops` drop what is too old, or too much of this user beside the new one. */
static enum fail
uploads_walk(struct edit *e, struct upload_scan *scan, bool drops)
{
	struct key from = key_account(SPACE_UPLOAD, e->account->id), to = key_after(from);
	int64_t oldest_s = clock_wall_s() - UPLOAD_KEEP_S;
	struct upload_scan left = *scan;
	struct str key, value;
	struct key_reader r;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;

	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		struct upload u;
		bool is_own, is_kept;

		key_read(&r, str_from(key, from.n));
		fail = upload_record_read(value, &u);
		u.id = key_read_u64(&r);
		is_own = u.by == scan->by;
		is_kept = u.uploaded_s >= oldest_s;
		if (!drops) {
			left.bytes += is_own ? u.size : 0;
			left.count += is_own;
			continue;
		}
		if (fail || left.dropped == left.drop_max ||
		    (is_kept && left.count <= UPLOAD_COUNT_MAX && left.bytes <= UPLOAD_BYTES_MAX))
			break;
		if (is_kept && !is_own)
			continue;
		if (is_own) {
			left.bytes -= u.size;
			left.count--;
		}
		left.dropped++;
		fail = upload_drop(e, &u);
	}
	end = cursor_end(&c);
	*scan = left;
	return end ? end : fail;
}

static enum fail
upload_add_run(struct edit *e, void *arg)
{
	struct upload *u = arg;
	struct upload_scan scan = { .by = u->by,
		.bytes = u->size,
		.count = 1,
		.drop_max = SIZE_MAX };
	struct key k;
	enum fail fail = uploads_walk(e, &scan, false);

	if (fail == FAIL_NONE)
		fail = uploads_walk(e, &scan, true);
	if (fail)
		return fail;
	u->id = e->counters.next_upload++;
	k = key_id(SPACE_UPLOAD, e->account->id, u->id);
	buf_clear(&e->value);
	upload_record_write(&e->value, u);
	fail = edit_put(e, &k);
	k = key_blob(e->account->id, u->blob);
	buf_clear(&e->value);
	blob_record_write(&e->value, BLOB_OF_UPLOAD, u->id);
	return fail ? fail : edit_put(e, &k);
}

enum fail
upload_add(struct account *a, struct str blob, uint64_t size, struct str type, uint64_t by,
    uint64_t *id_out)
{
	struct upload u = { .blob = blob,
		.type = str_head(type, UPLOAD_TYPE_MAX),
		.size = size,
		.uploaded_s = clock_wall_s(),
		.by = by == a->id ? 0 : by };
	enum fail fail;

	*id_out = 0;
	if (size > UPLOAD_BYTES_MAX)
		return FAIL_LIMIT;
	fail = edit_run(a, NULL, upload_add_run, &u);
	if (fail == FAIL_NONE)
		*id_out = u.id;
	return fail;
}

struct upload_reading {
	struct account *account;
	uint64_t id;
	struct arena *arena;
	struct upload *upload;
};

static enum fail
upload_get_read(struct txn *t, void *arg)
{
	struct upload_reading *in = arg;
	struct key k = key_id(SPACE_UPLOAD, in->account->id, in->id);
	struct upload *u = arena_alloc(in->arena, 1, sizeof(*u));
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail || !u)
		return fail ? fail : FAIL_LIMIT;
	fail = upload_record_read(value, u);
	u->id = in->id;
	u->blob = arena_str(in->arena, u->blob);
	u->type = arena_str(in->arena, u->type);
	in->upload = u;
	return fail ? fail : u->blob.p && u->type.p ? FAIL_NONE : FAIL_LIMIT;
}

enum fail
upload_get(struct account *a, uint64_t id, struct arena *arena, struct upload **out)
{
	struct upload_reading in = { .account = a, .id = id, .arena = arena };
	enum fail fail = account_read(a, upload_get_read, &in);

	*out = fail ? NULL : in.upload;
	return fail;
}

/* --- what is too old --------------------------------------------------------------------------- */

static enum fail
sweep_run(struct edit *e, void *arg)
{
	return uploads_walk(e, arg, true);
}

struct sweep_look {
	uint64_t account; /* in: after this one; out: one that has uploads */
	bool is_due;      /* its oldest is too old */
};

static enum fail
look_read(struct txn *t, void *arg)
{
	struct sweep_look *look = arg;
	struct key from = key_account(SPACE_UPLOAD, look->account + 1), to;
	struct upload oldest = { 0 };
	struct key_reader r;
	struct str key, value;
	struct cursor c;
	bool has_one;
	enum fail end;

	key_init(&to, SPACE_UPLOAD);
	key_end(&to);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	has_one = cursor_next(&c, &key, &value);
	if (has_one) {
		key_read(&r, key);
		(void)key_read_char(&r);
		look->account = key_read_u64(&r);
		look->is_due = upload_record_read(value, &oldest) == FAIL_NONE &&
		    oldest.uploaded_s < clock_wall_s() - UPLOAD_KEEP_S;
	}
	end = cursor_end(&c);
	return end ? end : has_one ? FAIL_NONE : FAIL_MISSING;
}

enum fail
upload_sweep(struct mail *m, uint64_t *account_id)
{
	struct sweep_look look = { .account = *account_id };
	struct upload_scan scan = { .by = NOBODY, .drop_max = SWEEP_SLICE };
	struct account *a;
	enum fail fail = store_read(m->store, look_read, &look);

	if (fail)
		return fail;
	if (look.is_due)
		fail = account_find_id(m, look.account, &a);
	if (look.is_due && fail == FAIL_NONE) {
		fail = edit_run(a, NULL, sweep_run, &scan);
		account_close(&a);
	}
	if (scan.dropped < SWEEP_SLICE) /* else there may be more in this one */
		*account_id = look.account;
	return fail == FAIL_TEMP ? fail : FAIL_NONE; /* one that is damaged holds up no other */
}
