#include "tlspolicy/sts_store.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "crypto/random.h"
#include "store/key.h"
#include "store/record.h"

#define KIND_POLICY    's' /* domain -> policy */
#define KIND_COUNT     'c' /* counter of them */
#define RECORD_VERSION 1
#define TEXT_MAX       32768 /* bytes: STS_PATTERNS_MAX long names; values are under 90 KB */
#define LETTERS        26
#define TIME_S_MAX     253402300799 /* the end of the year 9999: later ones are damage */

/* --- records --------------------------------------------------------------------------------------------- */

static void
policy_key(struct key *k, struct str domain)
{
	key_init(k, TLSPOLICY_SPACE);
	key_char(k, KIND_POLICY);
	for (size_t i = 0; i < domain.n; i++)
		key_char(k, char_lower(domain.p[i]));
}

static void
count_key(struct key *k)
{
	key_init(k, TLSPOLICY_SPACE);
	key_char(k, KIND_COUNT);
}

static void
copy_id(char out[STS_ID_MAX + 1], struct str id)
{
	char copy[STS_ID_MAX + 1] = { 0 };

	if (id.n > 0)
		memcpy(copy, id.p, size_min(id.n, STS_ID_MAX));
	memcpy(out, copy, sizeof copy); /* id may point into it */
}

static void
write_record(struct buf *out, const struct sts_kept *kept)
{
	record_begin(out, RECORD_VERSION);
	record_add_bool(out, kept->has_policy);
	record_add_bytes(out, str_c(kept->id));
	record_add_i64(out, kept->fetched_s);
	record_add_bytes(out, buf_str(&kept->text));
	record_add_bytes(out, str_c(kept->failed_id));
	record_add_i64(out, kept->failed_s);
	record_add_i64(out, kept->used_s);
}

static bool
is_time(int64_t time_s)
{
	return time_s >= 0 && time_s <= TIME_S_MAX;
}

/* A record that is damaged is none. */
static enum fail
read_record(struct str value, struct sts_kept *out)
{
	struct record r;

	record_read(&r, value);
	out->has_policy = record_bool(&r);
	copy_id(out->id, record_bytes(&r));
	out->fetched_s = record_i64(&r);
	buf_add(&out->text, record_bytes(&r));
	copy_id(out->failed_id, record_bytes(&r));
	out->failed_s = record_i64(&r);
	out->used_s = record_more(&r) ? record_i64(&r) : out->fetched_s;
	if (record_end(&r) != FAIL_NONE || !buf_ok(&out->text))
		return FAIL_MISSING;
	if (!is_time(out->fetched_s) || !is_time(out->failed_s) || !is_time(out->used_s))
		return FAIL_MISSING;
	if (out->has_policy && sts_policy_parse(buf_str(&out->text), &out->policy) != FAIL_NONE)
		return FAIL_MISSING;
	return FAIL_NONE;
}

/* --- transactions ------------------------------------------------------------------------------------------ */

struct access {
	struct str domain;
	struct sts_kept *out;
	const struct sts_kept *in;
	struct str after;  /* a domain; .. */
	struct buf *found; /* .. the one behind it */
};

static enum fail
read_txn(struct txn *t, void *arg)
{
	struct access *a = arg;
	struct key k;
	struct str value;
	enum fail fail;

	policy_key(&k, a->domain);
	fail = txn_get(t, key_str(&k), &value);
	return fail == FAIL_NONE ? read_record(value, a->out) : fail;
}

/* One of those that are kept, by lot of its first letter; FAIL_MISSING when there is none from there on. */
static enum fail
drop_from(struct txn *t, struct str letter)
{
	struct key from, to, found;
	struct cursor c;
	struct str key, value;
	enum fail fail = FAIL_MISSING, end;

	policy_key(&from, letter);
	policy_key(&to, STR(""));
	key_end(&to);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	if (cursor_next(&c, &key, &value)) {
		key_init(&found, TLSPOLICY_SPACE);
		key_rest(&found, str_from(key, 1));
		fail = FAIL_NONE;
	}
	end = cursor_end(&c);
	if (end != FAIL_NONE || fail != FAIL_NONE)
		return end != FAIL_NONE ? end : fail;
	return txn_delete(t, key_str(&found));
}

static enum fail
make_room(struct txn *t)
{
	char letter = (char)('a' + random_below(LETTERS));
	struct key k;
	int64_t count;
	enum fail fail;

	count_key(&k);
	fail = txn_count(t, key_str(&k), &count);
	if (fail != FAIL_NONE || count < STS_KEPT_MAX)
		return fail != FAIL_NONE ? fail : txn_add(t, key_str(&k), 1, &count);
	fail = drop_from(t, str_of(&letter, 1));
	return fail == FAIL_MISSING ? drop_from(t, STR("")) : fail;
}

static enum fail
put(struct txn *t, const struct key *k, const struct sts_kept *kept)
{
	struct buf value;
	enum fail fail;

	buf_init(&value, 2 * TEXT_MAX);
	write_record(&value, kept);
	fail = buf_ok(&value) ? txn_put(t, key_str(k), buf_str(&value)) : FAIL_LIMIT;
	buf_release(&value);
	return fail;
}

/* The record as it is now, to be changed; an empty one when there is none, FAIL_MISSING, or when it is damaged. */
static enum fail
get(struct txn *t, const struct key *k, struct sts_kept *out)
{
	struct str value;
	enum fail fail = txn_get(t, key_str(k), &value);

	buf_init(&out->text, TEXT_MAX);
	if (fail == FAIL_NONE && read_record(value, out) != FAIL_NONE) {
		sts_kept_release(out);
		buf_init(&out->text, TEXT_MAX);
	}
	return fail;
}

static enum fail
write_txn(struct txn *t, void *arg)
{
	const struct access *a = arg;
	struct sts_kept old = { 0 }, new = *a->in; /* its text stays the caller's */
	struct key k;
	enum fail fail;

	policy_key(&k, a->domain);
	fail = get(t, &k, &old);
	new.used_s = i64_max(new.used_s, old.used_s);
	sts_kept_release(&old);
	if (fail == FAIL_MISSING)
		fail = make_room(t);
	return fail == FAIL_NONE ? put(t, &k, &new) : fail;
}

static enum fail
failure_txn(struct txn *t, void *arg)
{
	const struct access *a = arg;
	struct sts_kept kept = { 0 };
	struct key k;
	enum fail fail;

	policy_key(&k, a->domain);
	fail = get(t, &k, &kept);
	if (fail == FAIL_MISSING)
		fail = make_room(t);
	sts_kept_fail(&kept, str_c(a->in->failed_id), a->in->failed_s);
	if (fail == FAIL_NONE)
		fail = put(t, &k, &kept);
	sts_kept_release(&kept);
	return fail;
}

static enum fail
use_txn(struct txn *t, void *arg)
{
	const struct access *a = arg;
	struct sts_kept kept = { 0 };
	struct key k;
	enum fail fail;

	policy_key(&k, a->domain);
	fail = get(t, &k, &kept);
	kept.used_s = a->in->used_s;
	if (fail == FAIL_NONE)
		fail = put(t, &k, &kept);
	sts_kept_release(&kept);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

static enum fail
next_txn(struct txn *t, void *arg)
{
	struct access *a = arg;
	struct key from, to;
	struct cursor c;
	struct str key, value;
	enum fail fail = FAIL_MISSING, end;

	policy_key(&from, a->after);
	if (!str_empty(a->after))
		key_char(&from, '\0'); /* the first key behind it */
	policy_key(&to, STR(""));
	key_end(&to);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	if (cursor_next(&c, &key, &value)) {
		fail = FAIL_NONE;
		buf_clear(a->found);
		buf_add(a->found, str_from(key, 2)); /* behind space and kind */
		sts_kept_release(a->out);
		buf_init(&a->out->text, TEXT_MAX);
		if (read_record(value, a->out) != FAIL_NONE)
			sts_kept_release(a->out);
	}
	end = cursor_end(&c);
	return end != FAIL_NONE ? end : fail;
}

static enum fail
drop_txn(struct txn *t, void *arg)
{
	const struct access *a = arg;
	struct key k;
	struct str value;
	int64_t left;
	enum fail fail;

	policy_key(&k, a->domain);
	fail = txn_get(t, key_str(&k), &value);
	if (fail != FAIL_NONE)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	fail = txn_delete(t, key_str(&k));
	count_key(&k);
	return fail == FAIL_NONE ? txn_add(t, key_str(&k), -1, &left) : fail;
}

static enum fail
count_txn(struct txn *t, void *arg)
{
	struct key k;

	count_key(&k);
	return txn_count(t, key_str(&k), arg);
}

/* --- from outside ------------------------------------------------------------------------------------------- */

enum fail
sts_kept_read(struct store *s, struct str domain, struct sts_kept *out)
{
	struct access a = { .domain = domain, .out = out };
	enum fail fail;

	sts_kept_release(out);
	buf_init(&out->text, TEXT_MAX);
	fail = store_read(s, read_txn, &a);
	if (fail != FAIL_NONE) {
		sts_kept_release(out);
		buf_init(&out->text, TEXT_MAX);
	}
	return fail;
}

enum fail
sts_kept_write(struct store *s, struct str domain, const struct sts_kept *kept)
{
	struct access a = { .domain = domain, .in = kept };

	return store_run(s, write_txn, &a);
}

enum fail
sts_kept_note_failure(struct store *s, struct str domain, const struct sts_kept *kept)
{
	struct access a = { .domain = domain, .in = kept };

	return store_run(s, failure_txn, &a);
}

enum fail
sts_kept_note_use(struct store *s, struct str domain, const struct sts_kept *kept)
{
	struct access a = { .domain = domain, .in = kept };

	return store_run(s, use_txn, &a);
}

enum fail
sts_kept_next(struct store *s, struct buf *domain, struct sts_kept *out)
{
	struct buf found;
	struct access a = { .after = buf_str(domain), .found = &found, .out = out };
	enum fail fail;

	buf_init(&found, STORE_KEY_MAX);
	fail = store_read(s, next_txn, &a);
	if (fail == FAIL_NONE) {
		buf_clear(domain);
		buf_add(domain, buf_str(&found));
	} else {
		sts_kept_release(out);
	}
	buf_release(&found);
	return fail;
}

enum fail
sts_kept_drop(struct store *s, struct str domain)
{
	struct access a = { .domain = domain };

	return store_run(s, drop_txn, &a);
}

enum fail
sts_kept_count(struct store *s, int64_t *out)
{
	*out = 0;
	return store_read(s, count_txn, out);
}

void
sts_kept_release(struct sts_kept *kept)
{
	buf_release(&kept->text);
	*kept = (struct sts_kept){ 0 };
}

void
sts_kept_set(struct sts_kept *kept, const struct sts_policy *policy, struct str id, int64_t now_s)
{
	buf_clear(&kept->text);
	sts_policy_write(&kept->text, policy);
	copy_id(kept->id, id);
	kept->fetched_s = now_s;
	kept->failed_s = 0;
	kept->has_policy = buf_ok(&kept->text) &&
	    sts_policy_parse(buf_str(&kept->text), &kept->policy) == FAIL_NONE;
}

void
sts_kept_fail(struct sts_kept *kept, struct str id, int64_t now_s)
{
	copy_id(kept->failed_id, id);
	kept->failed_s = now_s;
}

bool
sts_kept_is_valid(const struct sts_kept *kept, int64_t now_s)
{
	/* A clock that was set back makes no policy last longer than it was given. */
	return kept->has_policy && kept->fetched_s <= now_s &&
	    now_s - kept->fetched_s < kept->policy.max_age_s;
}
