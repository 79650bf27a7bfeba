#include "mail/push.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "crypto/p256.h"
#include "crypto/random.h"
#include "mail/inner.h"

#define PUSH_ID_MAX      ((uint64_t)1 << 53) /* ids are below: numbers that every language holds */
#define PUSH_RECORD_MAX  8192                /* bytes of a record with the longest of all texts */
#define PUSH_KEY_ACCOUNT 0                   /* whose place the server's key has */

/* --- the record -------------------------------------------------------------------------------- */

static void
record_write(struct buf *out, const struct push_subscription *s)
{
	record_begin(out, 2);
	record_add_bytes(out, s->device);
	record_add_bytes(out, s->url);
	record_add_bytes(out, s->p256dh);
	record_add_bytes(out, s->auth);
	record_add_bytes(out, s->code);
	record_add_bool(out, s->is_asked);
	record_add_bool(out, s->is_verified);
	record_add_bool(out, s->has_types);
	record_add_bytes(out, s->types);
	record_add_i64(out, s->expires_s);
	record_add_u64(out, s->told);
	record_add_bytes(out, s->credential);
	record_add_u64(out, s->others);
}

static enum fail
record_to(struct str value, struct arena *arena, struct push_subscription *out)
{
	struct str *texts[] = { &out->device, &out->url, &out->p256dh, &out->auth, &out->code };
	struct record r;

	record_read(&r, value);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = arena_str(arena, record_bytes(&r));
	out->is_asked = record_bool(&r);
	out->is_verified = record_bool(&r);
	out->has_types = record_bool(&r);
	out->types = arena_str(arena, record_bytes(&r));
	out->expires_s = record_i64(&r);
	out->told = record_u64(&r);
	if (record_more(&r)) /* since version 2 */
		out->credential = arena_str(arena, record_bytes(&r));
	out->others = record_more(&r) ? record_u64(&r) : PUSH_OTHERS_NOW;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!texts[i]->p)
			return FAIL_LIMIT;
	return out->types.p ? record_end(&r) : FAIL_LIMIT;
}

/* --- writing ----------------------------------------------------------------------------------- */

struct push_write {
	struct account *account;
	const struct push_subscription *new; /* NULL: drop */
	uint64_t id;                         /* 0: add */
};

/* How many there are. */
static enum fail
count_all(struct txn *t, uint64_t account, size_t *count_out)
{
	struct key from = key_account(SPACE_PUSH, account), to = key_after(from);
	struct str key, value;
	struct cursor c;

	*count_out = 0;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value))
		++*count_out;
	return cursor_end(&c);
}

/* An id that nobody has; it is random, so the first one is. */
static enum fail
choose_id(struct txn *t, uint64_t account, uint64_t *id_out)
{
	enum fail fail = FAIL_NONE;
	struct str value;

	while (fail == FAIL_NONE) {
		struct key k;

		*id_out = 1 + random_below(PUSH_ID_MAX - 1);
		k = key_id(SPACE_PUSH, account, *id_out);
		fail = txn_get(t, key_str(&k), &value);
	}
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

static enum fail
find_place(struct txn *t, struct push_write *w)
{
	uint64_t account = w->account->id;
	size_t count = 0;
	struct str value;
	struct key k;
	enum fail fail;

	if (w->id) {
		k = key_id(SPACE_PUSH, account, w->id);
		return txn_get(t, key_str(&k), &value);
	}
	fail = count_all(t, account, &count);
	if (fail == FAIL_NONE && count >= PUSH_MAX)
		fail = FAIL_LIMIT;
	return fail ? fail : choose_id(t, account, &w->id);
}

static enum fail
write_run(struct txn *t, void *arg)
{
	struct push_write *in = arg, w = *in;
	enum fail fail = find_place(t, &w);
	struct buf value;
	struct key k;

	if (fail)
		return fail;
	k = key_id(SPACE_PUSH, w.account->id, w.id);
	if (!w.new)
		return txn_delete(t, key_str(&k));
	buf_init_secret(&value,
	    PUSH_RECORD_MAX); /* RFC 8620 7.2: URL and keys leave nothing behind */
	record_write(&value, w.new);
	fail = buf_ok(&value) ? txn_put(t, key_str(&k), buf_str(&value)) : FAIL_LIMIT;
	buf_release(&value);
	in->id = w.id;
	return fail;
}

static enum fail
run_write(struct account *a, const struct push_subscription *new, uint64_t *id)
{
	struct push_write w = { .account = a, .new = new, .id = *id };
	enum fail fail = account_usable(a);

	if (fail == FAIL_NONE && new &&
	    (new->url.n > PUSH_URL_MAX || new->device.n > PUSH_DEVICE_MAX ||
		new->types.n > PUSH_TYPES_MAX))
		fail = FAIL_LIMIT;
	if (fail == FAIL_NONE)
		fail = store_run(a->mail->store, write_run, &w);
	*id = fail ? 0 : w.id;
	return fail;
}

enum fail
push_add(struct account *a, const struct push_subscription *new, uint64_t *id_out)
{
	*id_out = 0;
	return run_write(a, new, id_out);
}

enum fail
push_change(struct account *a, const struct push_subscription *new)
{
	uint64_t id = new->id;

	return id ? run_write(a, new, &id) : FAIL_MISSING;
}

enum fail
push_drop(struct account *a, uint64_t id)
{
	return id ? run_write(a, NULL, &id) : FAIL_MISSING;
}

/* --- reading ----------------------------------------------------------------------------------- */

struct push_reading {
	struct account *account;
	uint64_t id;
	struct arena *arena;
	struct push_subscription *room;
	size_t count;
};

static enum fail
get_read(struct txn *t, void *arg)
{
	struct push_reading *in = arg;
	struct key k = key_id(SPACE_PUSH, in->account->id, in->id);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	return fail ? fail : record_to(value, in->arena, in->room);
}

enum fail
push_get(struct account *a, uint64_t id, struct arena *arena, struct push_subscription *out)
{
	struct push_reading in = { .account = a, .id = id, .arena = arena, .room = out };

	*out = (struct push_subscription){ .id = id };
	return account_read(a, get_read, &in);
}

static enum fail
list_read(struct txn *t, void *arg)
{
	struct push_reading *in = arg;
	struct key from = key_account(SPACE_PUSH, in->account->id), to = key_after(from);
	enum fail fail = FAIL_NONE, end;
	struct str key, value;
	struct cursor c;

	in->count = 0;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && in->count < PUSH_MAX && cursor_next(&c, &key, &value)) {
		struct push_subscription *s = &in->room[in->count];
		struct key_reader r;

		key_read(&r, str_from(key, from.n));
		*s = (struct push_subscription){ .id = key_read_u64(&r) };
		fail = record_to(value, in->arena, s);
		in->count++;
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

enum fail
push_list(struct account *a, struct arena *arena, struct push_subscription *room, size_t *count_out)
{
	struct push_reading in = { .account = a, .arena = arena, .room = room };
	enum fail fail = account_read(a, list_read, &in);

	*count_out = fail ? 0 : in.count;
	return fail;
}

static enum fail
next_read(struct txn *t, void *arg)
{
	uint64_t *id = arg;
	struct key from = key_account(SPACE_PUSH, *id + 1), to;
	struct key_reader r;
	struct str key, value;
	struct cursor c;
	bool has_one;
	enum fail end;

	key_init(&to, SPACE_PUSH);
	key_end(&to);
	*id = 0;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	has_one = cursor_next(&c, &key, &value);
	if (has_one) {
		key_read(&r, key);
		(void)key_read_char(&r);
		*id = key_read_u64(&r);
	}
	end = cursor_end(&c);
	return end ? end : has_one ? FAIL_NONE : FAIL_MISSING;
}

enum fail
push_account_next(struct mail *m, uint64_t after_id, uint64_t *id_out)
{
	*id_out = after_id;
	return store_read(m->store, next_read, id_out);
}

/* --- the server's key -------------------------------------------------------------------------- */

static enum fail
secret_run(struct txn *t, void *arg)
{
	struct key k = key_account(SPACE_PUSH, PUSH_KEY_ACCOUNT);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_NONE && value.n == PUSH_SECRET_BYTES) {
		memcpy(arg, value.p, PUSH_SECRET_BYTES);
		return FAIL_NONE;
	}
	if (fail && fail != FAIL_MISSING)
		return fail;
	p256_secret(arg);
	return txn_put(t, key_str(&k), str_of(arg, PUSH_SECRET_BYTES));
}

enum fail
push_server_secret(struct mail *m, unsigned char out[PUSH_SECRET_BYTES])
{
	return store_run(m->store, secret_run, out);
}
