#include "reports/tally.h"

/* rooms */
#include "crypto/hash.h"
#include "store/record.h"

#define VERSION        1
#define ROW_HASH_BYTES 16 /* no two rows of a subject meet by chance, nor by will */
#define PERIOD_MAX     64 /* bytes of its record: three numbers */
#define VALUE_MAX      (TALLY_ROW_MAX + 64)
#define COST           64 /* bytes that a key and its page take beside the value, about */

/* Parts of the keys, behind the kind. */
enum { PART_PERIOD = 'p', PART_ROW = 'r', PART_SUBJECT = 's' };

const struct tally_limits tally_limits_default = {
	.subjects = TALLY_SUBJECTS_MAX,
	.rows = TALLY_ROWS_MAX,
	.bytes = TALLY_BYTES_MAX,
};

struct fill {
	uint64_t subjects, bytes, dropped;
};

/* --- keys --------------------------------------------------------------------------------------- */

static void
key_part(struct key *k, enum tally_kind kind, char part)
{
	key_init(k, TALLY_SPACE);
	key_char(k, (char)kind);
	key_char(k, part);
}

static void
key_period(struct key *k, enum tally_kind kind, int64_t begin_s)
{
	key_part(k, kind, PART_PERIOD);
	key_i64(k, begin_s);
}

static struct str
head_of_hash(struct str bytes, size_t n, unsigned char hash[HASH_SIZE_MAX])
{
	hash_once(HASH_SHA256, bytes, hash);
	return str_of(hash, n);
}

static void
key_subject(struct key *k, const struct tally_subject *s)
{
	unsigned char hash[HASH_SIZE_MAX];

	key_part(k, s->kind, PART_SUBJECT);
	key_i64(k, s->begin_s);
	key_bytes(k, s->domain);
	key_rest(k, head_of_hash(s->about, TALLY_MARK_BYTES, hash));
}

/* From the key of its subject: the same with another part, and more behind it. */
static void
key_rows(struct key *k, struct str subject)
{
	struct key_reader r;

	key_read(&r, subject);
	(void)key_read_char(&r);
	key_part(k, (enum tally_kind)key_read_char(&r), PART_ROW);
	(void)key_read_char(&r);
	key_rest(k, key_read_rest(&r));
}

static void
key_row(struct key *k, struct str subject, struct str row)
{
	unsigned char hash[HASH_SIZE_MAX];

	key_rows(k, subject);
	key_rest(k, head_of_hash(row, ROW_HASH_BYTES, hash));
}

/* --- records ------------------------------------------------------------------------------------ */

/* FAIL_NONE also when there is none, or it is damaged: all is 0 then. */
static enum fail
period_get(struct txn *t, enum tally_kind kind, int64_t begin_s, struct fill *out)
{
	struct record r;
	struct str value;
	struct key k;
	enum fail fail;

	*out = (struct fill){ 0 };
	key_period(&k, kind, begin_s);
	fail = txn_get(t, key_str(&k), &value);
	if (fail != FAIL_NONE)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	record_read(&r, value);
	out->subjects = record_u64(&r);
	out->bytes = record_u64(&r);
	out->dropped = record_u64(&r);
	if (record_end(&r) != FAIL_NONE)
		*out = (struct fill){ 0 };
	return FAIL_NONE;
}

static enum fail
period_put(struct txn *t, enum tally_kind kind, int64_t begin_s, const struct fill *p)
{
	struct buf value;
	struct key k;
	enum fail fail;

	key_period(&k, kind, begin_s);
	buf_init(&value, PERIOD_MAX);
	record_begin(&value, VERSION);
	record_add_u64(&value, p->subjects);
	record_add_u64(&value, p->bytes);
	record_add_u64(&value, p->dropped);
	fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	return fail;
}

static enum fail
subject_read(struct str value, struct tally_subject *out)
{
	struct record r;

	record_read(&r, value);
	out->end_s = record_i64(&r);
	out->rows = record_u64(&r);
	out->dropped = record_u64(&r);
	out->about = record_bytes(&r);
	return record_end(&r);
}

static enum fail
subject_put(struct txn *t, const struct key *k, const struct tally_subject *s)
{
	struct buf value;
	enum fail fail;

	buf_init(&value, VALUE_MAX);
	record_begin(&value, VERSION);
	record_add_i64(&value, s->end_s);
	record_add_u64(&value, s->rows);
	record_add_u64(&value, s->dropped);
	record_add_bytes(&value, s->about);
	fail = buf_ok(&value) ? txn_put(t, key_str(k), buf_str(&value)) : FAIL_LIMIT;
	buf_release(&value);
	return fail;
}

static enum fail
row_put(struct txn *t, const struct key *k, uint64_t count, struct str row)
{
	struct buf value;
	enum fail fail;

	buf_init(&value, VALUE_MAX);
	record_begin(&value, VERSION);
	record_add_u64(&value, count);
	record_add_bytes(&value, row);
	fail = buf_ok(&value) ? txn_put(t, key_str(k), buf_str(&value)) : FAIL_LIMIT;
	buf_release(&value);
	return fail;
}

/* How often the row was seen; FAIL_MISSING: never, or its record is damaged. */
static enum fail
row_get(struct txn *t, const struct key *k, uint64_t *count_out)
{
	struct record r;
	struct str value;
	enum fail fail = txn_get(t, key_str(k), &value);

	if (fail != FAIL_NONE)
		return fail;
	record_read(&r, value);
	*count_out = record_u64(&r);
	return record_end(&r) == FAIL_NONE ? FAIL_NONE : FAIL_MISSING;
}

/* --- counting ----------------------------------------------------------------------------------- */

/* What is there of it; FAIL_MISSING: nothing that can be read. */
static enum fail
subject_get(struct txn *t, const struct key *k, struct tally_subject *s)
{
	struct tally_subject old = *s;
	struct str value;
	enum fail fail = txn_get(t, key_str(k), &value);

	if (fail == FAIL_NONE && subject_read(value, &old) != FAIL_NONE)
		fail = FAIL_MISSING;
	if (fail == FAIL_NONE) { /* its bytes are those whose hash is in the key */
		s->rows = old.rows;
		s->dropped = old.dropped;
	}
	return fail;
}

static enum fail
drop(struct txn *t, const struct key *k, struct tally_subject *s, bool is_new, struct fill *p,
    enum tally_outcome *out)
{
	uint64_t *dropped = is_new ? &p->dropped : &s->dropped;

	*out = *dropped == 0 ? TALLY_DROPPED_FIRST : TALLY_DROPPED;
	++*dropped;
	return is_new ? period_put(t, s->kind, s->begin_s, p) : subject_put(t, k, s);
}

/* A row that was not seen before. */
static enum fail
add_row(struct txn *t, const struct tally_limits *limits, const struct key *k,
    const struct key *row_key, struct tally_subject *s, struct str row, enum tally_outcome *out)
{
	uint64_t cost = row.n + COST;
	struct fill p;
	bool is_new;
	enum fail fail = subject_get(t, k, s);

	is_new = fail == FAIL_MISSING;
	if (is_new)
		fail = FAIL_NONE;
	if (fail == FAIL_NONE)
		fail = period_get(t, s->kind, s->begin_s, &p);
	if (fail != FAIL_NONE)
		return fail;
	cost += is_new ? s->about.n + COST : 0;
	if ((is_new && p.subjects >= limits->subjects) || s->rows >= limits->rows ||
	    p.bytes + cost > limits->bytes)
		return drop(t, k, s, is_new, &p, out);
	*out = is_new ? TALLY_BEGUN : TALLY_COUNTED;
	p.subjects += is_new;
	p.bytes += cost;
	s->rows++;
	fail = period_put(t, s->kind, s->begin_s, &p);
	if (fail == FAIL_NONE)
		fail = subject_put(t, k, s);
	return fail == FAIL_NONE ? row_put(t, row_key, 1, row) : fail;
}

enum fail
tally_add(struct txn *t, const struct tally_limits *limits, const struct tally_subject *subject,
    struct str row, enum tally_outcome *out)
{
	struct tally_subject s = *subject;
	struct key k, row_key;
	uint64_t count;
	enum fail fail;

	if (s.about.n > TALLY_ABOUT_MAX || row.n > TALLY_ROW_MAX)
		return FAIL_LIMIT;
	s.rows = s.dropped = 0;
	key_subject(&k, &s);
	key_row(&row_key, key_str(&k), row);
	fail = row_get(t, &row_key, &count);
	if (fail == FAIL_MISSING)
		return add_row(t, limits, &k, &row_key, &s, row, out);
	*out = TALLY_COUNTED;
	return fail == FAIL_NONE ? row_put(t, &row_key, count + 1, row) : fail;
}

/* --- reading ------------------------------------------------------------------------------------ */

/* The first key behind `at` (or `from` itself, when that is empty) below `to`, and its value; `at` becomes it. */
static enum fail
next_key(struct txn *t, const struct key *prefix, struct buf *at, struct str *value_out,
    struct cursor *c)
{
	struct key from = *prefix, to = *prefix;
	struct str key;

	key_end(&to);
	if (at->n > 0) { /* the first that is greater */
		key_cut(&from, 0);
		key_rest(&from, buf_str(at));
		key_char(&from, '\0');
	}
	txn_scan(t, c, key_str(&from), key_str(&to), false);
	if (!cursor_next(c, &key, value_out))
		return FAIL_MISSING;
	buf_clear(at);
	buf_add(at, key);
	return FAIL_NONE;
}

/* What the key says, and the value; damaged: of no rows, over since its beginning. */
static void
take_subject(struct str key, struct str value, struct tally_subject *out, struct buf *copy)
{
	struct key_reader r;
	size_t domain_n;

	buf_clear(copy);
	key_read(&r, key);
	(void)key_read_char(&r);
	*out = (struct tally_subject){ .kind = (enum tally_kind)key_read_char(&r) };
	(void)key_read_char(&r);
	out->begin_s = key_read_i64(&r);
	key_read_bytes(&r, copy);
	domain_n = copy->n;
	if (subject_read(value, out) != FAIL_NONE) {
		out->end_s = out->begin_s;
		out->rows = out->dropped = 0;
		out->about = STR("");
	}
	buf_add(copy, out->about);
	out->domain = str_head(buf_str(copy), domain_n);
	out->about = str_from(buf_str(copy), domain_n);
}

enum fail
tally_next(struct txn *t, enum tally_kind kind, struct buf *at, struct tally_subject *out,
    struct buf *copy)
{
	struct key prefix;
	struct cursor c;
	struct str value;
	enum fail fail, end;

	key_part(&prefix, kind, PART_SUBJECT);
	fail = next_key(t, &prefix, at, &value, &c);
	if (fail == FAIL_NONE)
		take_subject(buf_str(at), value, out, copy);
	end = cursor_end(&c);
	return end != FAIL_NONE ? end : fail;
}

enum fail
tally_next_row(struct txn *t, struct str place, struct buf *at, uint64_t *count_out,
    struct buf *row_out)
{
	struct key prefix;
	struct cursor c;
	struct record r;
	struct str value;
	enum fail fail, end;

	buf_clear(row_out);
	key_rows(&prefix, place);
	fail = next_key(t, &prefix, at, &value, &c);
	if (fail == FAIL_NONE) {
		record_read(&r, value);
		*count_out = record_u64(&r);
		buf_add(row_out, record_bytes(&r));
		if (record_end(&r) != FAIL_NONE)
			buf_clear(row_out);
	}
	end = cursor_end(&c);
	return end != FAIL_NONE ? end : fail;
}

/* --- the end ------------------------------------------------------------------------------------ */

/* One subject of its period less; the last takes the period with it. */
static enum fail
leave_period(struct txn *t, enum tally_kind kind, int64_t begin_s)
{
	struct fill p;
	struct key k;
	enum fail fail = period_get(t, kind, begin_s, &p);

	if (fail != FAIL_NONE)
		return fail;
	if (p.subjects > 1) {
		p.subjects--;
		return period_put(t, kind, begin_s, &p);
	}
	key_period(&k, kind, begin_s);
	return txn_delete(t, key_str(&k));
}

enum fail
tally_delete(struct txn *t, struct str place)
{
	struct key from, to;
	struct key_reader r;
	struct str old;
	enum tally_kind kind;
	int64_t begin_s;
	enum fail fail = txn_get(t, place, &old);

	if (fail != FAIL_NONE)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	key_read(&r, place);
	(void)key_read_char(&r);
	kind = (enum tally_kind)key_read_char(&r);
	(void)key_read_char(&r);
	begin_s = key_read_i64(&r);
	fail = txn_delete(t, place);
	key_rows(&from, place);
	to = from;
	key_end(&to);
	if (fail == FAIL_NONE)
		fail = txn_delete_range(t, key_str(&from), key_str(&to));
	return fail == FAIL_NONE ? leave_period(t, kind, begin_s) : fail;
}
