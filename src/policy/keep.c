/* What is kept in the store: short records under hashed names, all of one shape, bounded in number. */
#include "policy/private.h"

/* system */
#include <assert.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "crypto/random.h"
#include "store/record.h"

#define KEEP_VERSION   1
#define KEEP_VALUE_MAX 64  /* bytes: a version, a time, two counts */
#define KEEP_COUNTER   'c' /* second byte of the counters' keys */
#define DAY_MS         (86400 * 1000LL)
#define TIME_S_MAX     253402300799 /* the end of the year 9999: later ones are damage */
#define STALE_PART     16 /* of the lifetime: who comes daily for half a year costs 16 writes */

static const char letters[] = {
	[KEEP_TRY] = 't',
	[KEEP_PAIR] = 'p',
	[KEEP_NETWORK] = 'n',
	[KEEP_SENDER] = 's',
	[KEEP_LOGIN] = 'l',
	[KEEP_DAY] = 'd',
	[KEEP_RECIPIENT] = 'r',
};
static_assert(ARRAY_LEN(letters) == KEEP_COUNT, "a letter for each kind");

/* --- times -------------------------------------------------------------------------------------------- */

int64_t
keep_lifetime_ms(const struct policy *p, enum keep_kind kind)
{
	switch (kind) {
	case KEEP_TRY: return p->settings->greylist_window_ms;
	case KEEP_PAIR:
	case KEEP_NETWORK: return p->settings->greylist_keep_ms;
	case KEEP_SENDER:
	case KEEP_RECIPIENT: return p->settings->known_ms;
	case KEEP_LOGIN: return p->settings->ban_spare_ms;
	case KEEP_DAY: return DAY_MS;
	case KEEP_COUNT: break;
	}
	return 0;
}

int64_t
keep_age_ms(const struct keep_record *r)
{
	int64_t now_s = clock_wall_s();

	return r->time_s >= now_s ? 0 : (now_s - r->time_s) * 1000;
}

bool
keep_is_stale(const struct policy *p, enum keep_kind kind, const struct keep_record *r)
{
	return keep_age_ms(r) > keep_lifetime_ms(p, kind) / STALE_PART;
}

/* --- keys and values ---------------------------------------------------------------------------------- */

void
keep_key(struct key *k, enum keep_kind kind)
{
	key_init(k, POLICY_SPACE);
	key_char(k, letters[kind]);
}

static void
name_key(struct key *k, enum keep_kind kind, const struct keep_name *name)
{
	keep_key(k, kind);
	key_rest(k, str_of(name->bytes, name->n));
}

enum fail
keep_count(struct txn *t, enum keep_kind kind, int64_t delta, int64_t *out)
{
	struct key k;

	key_init(&k, POLICY_SPACE);
	key_char(&k, KEEP_COUNTER);
	key_char(&k, letters[kind]);
	return delta == 0 ? txn_count(t, key_str(&k), out) : txn_add(t, key_str(&k), delta, out);
}

enum fail
keep_read(struct str value, struct keep_record *out)
{
	struct record r;

	record_read(&r, value);
	*out = (struct keep_record){ .time_s = record_i64(&r) };
	out->count[0] = record_u64(&r);
	out->count[1] = record_u64(&r);
	if (out->time_s < 0 || out->time_s > TIME_S_MAX)
		return FAIL_PERM;
	return record_end(&r);
}

enum fail
keep_get(const struct policy *p, struct txn *t, enum keep_kind kind, const struct keep_name *name,
    struct keep_record *out)
{
	struct str value;
	struct key k;
	enum fail fail;

	*out = (struct keep_record){ 0 };
	name_key(&k, kind, name);
	fail = txn_get(t, key_str(&k), &value);
	if (fail != FAIL_NONE)
		return fail;
	if (keep_read(value, out) == FAIL_NONE && keep_age_ms(out) <= keep_lifetime_ms(p, kind))
		return FAIL_NONE;
	*out = (struct keep_record){ 0 };
	return FAIL_MISSING;
}

/* --- room for a new one -------------------------------------------------------------------------------- */

/* Delete the first key from `from` on, below `to`; FAIL_MISSING when there is none. */
static enum fail
drop_first(struct txn *t, const struct key *from, const struct key *to)
{
	struct key found;
	struct cursor c;
	struct str key, value;
	enum fail fail = FAIL_MISSING, end;

	txn_scan(t, &c, key_str(from), key_str(to), false);
	if (cursor_next(&c, &key, &value)) {
		key_init(&found, POLICY_SPACE);
		key_rest(&found, str_from(key, 1));
		fail = FAIL_NONE;
	}
	end = cursor_end(&c);
	if (fail == FAIL_NONE && end == FAIL_NONE)
		return txn_delete(t, key_str(&found));
	return end != FAIL_NONE ? end : fail;
}

/* Delete one of the keys that begin with `prefix`, by lot: peers cannot aim at a certain one. */
static enum fail
drop_any(struct txn *t, const struct key *prefix)
{
	struct key from = *prefix, to = *prefix;
	char lot[KEEP_HASH_BYTES];
	enum fail fail;

	random_bytes(lot, sizeof lot);
	key_rest(&from, str_of(lot, sizeof lot));
	key_end(&to);
	fail = drop_first(t, &from, &to);
	return fail == FAIL_MISSING ? drop_first(t, prefix, &from) : fail;
}

/*
 * Count a new one, or let another one go for it. Of recipients one of the same account goes, so that an
 * account which writes to everybody makes only itself forget.
 */
static enum fail
make_room(struct policy *p, struct txn *t, enum keep_kind kind, const struct keep_name *name)
{
	struct key prefix;
	int64_t count;
	enum fail fail = keep_count(t, kind, 0, &count);

	if (fail != FAIL_NONE)
		return fail;
	if (count >= 0 && (uint64_t)count >= p->keep_max[kind]) {
		keep_key(&prefix, kind);
		if (kind == KEEP_RECIPIENT)
			key_rest(&prefix, str_of(name->bytes, KEEP_HASH_BYTES));
		fail = drop_any(t, &prefix);
		keep_key(&prefix, kind);
		if (fail == FAIL_MISSING)
			fail = drop_any(t, &prefix);
		if (fail != FAIL_MISSING)
			return fail;
	}
	return keep_count(t, kind, 1, &count);
}

enum fail
keep_put(struct policy *p, struct txn *t, enum keep_kind kind, const struct keep_name *name,
    const struct keep_record *r)
{
	struct str old;
	struct buf value;
	struct key k;
	enum fail fail;

	name_key(&k, kind, name);
	fail = txn_get(t, key_str(&k), &old);
	if (fail == FAIL_MISSING)
		fail = make_room(p, t, kind, name);
	if (fail != FAIL_NONE)
		return fail;
	buf_init(&value, KEEP_VALUE_MAX);
	record_begin(&value, KEEP_VERSION);
	record_add_i64(&value, r->time_s);
	record_add_u64(&value, r->count[0]);
	record_add_u64(&value, r->count[1]);
	fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	if (fail == FAIL_NONE)
		sweep_plan(p, keep_lifetime_ms(p, kind));
	return fail;
}

enum fail
keep_drop(struct txn *t, enum keep_kind kind, const struct keep_name *name)
{
	struct str old;
	struct key k;
	int64_t count;
	enum fail fail;

	name_key(&k, kind, name);
	fail = txn_get(t, key_str(&k), &old);
	if (fail == FAIL_NONE)
		fail = txn_delete(t, key_str(&k));
	if (fail == FAIL_NONE)
		fail = keep_count(t, kind, -1, &count);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* --- whole runs ------------------------------------------------------------------------------------------ */

enum fail
keep_run(struct policy *p, store_fn *fn, void *arg)
{
	enum fail fail;

	if (!store_is_well(p->store))
		return FAIL_TEMP;
	fail = store_run(p->store, fn, arg);
	if (fail != FAIL_NONE)
		log_warn(&policy_log, "policy.not-kept", LOG_TEXT("fail", str_c(fail_names[fail])));
	return fail;
}

struct lookup {
	struct policy *policy;
	enum keep_kind kind;
	const struct keep_name *name;
	struct keep_record record;
};

static enum fail
find(struct txn *t, void *arg)
{
	struct lookup *in = arg;

	return keep_get(in->policy, t, in->kind, in->name, &in->record);
}

enum fail
keep_find(struct policy *p, enum keep_kind kind, const struct keep_name *name,
    struct keep_record *out)
{
	struct lookup in = { .policy = p, .kind = kind, .name = name };
	enum fail fail = store_read(p->store, find, &in);

	*out = in.record;
	return fail == FAIL_NONE || fail == FAIL_MISSING ? fail : FAIL_TEMP;
}

static enum fail
touch(struct txn *t, void *arg)
{
	struct lookup *in = arg;
	struct keep_record now = { .time_s = clock_wall_s() };

	return keep_put(in->policy, t, in->kind, in->name, &now);
}

void
keep_touch(struct policy *p, enum keep_kind kind, const struct keep_name *name)
{
	struct lookup in = { .policy = p, .kind = kind, .name = name };
	struct keep_record r;
	enum fail fail = keep_find(p, kind, name, &r);

	if (fail == FAIL_MISSING || (fail == FAIL_NONE && keep_is_stale(p, kind, &r)))
		fail = keep_run(p, touch, &in);
	(void)fail; /* forgotten at worst: keep_run() has said so */
}
