#include "tlspolicy/rpt_store.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "store/key.h"
#include "store/record.h"
#include "tlspolicy/sts_store.h"

#define KIND_DAY       'r' /* day, domain, type -> counts */
#define KIND_COUNT     'd' /* day -> how many of them */
#define RECORD_VERSION 1
#define VALUE_MAX      65536 /* bytes: two policies' texts and RPT_DETAILS_MAX hosts */

static const struct str
    type_names[] = { [RPT_TLSA] = STR_INIT("tlsa"), [RPT_STS] = STR_INIT("sts") };
static_assert(ARRAY_LEN(type_names) == RPT_TYPE_COUNT, "a name for each kind");

struct detail {
	unsigned result;
	struct str host, address;
	int64_t sessions;
};

struct counts { /* one record */
	struct str strings, hosts;
	int64_t successes, failures;
	struct detail details[RPT_DETAILS_MAX];
	size_t detail_count;
};

/* --- keys and records ----------------------------------------------------------------------------------- */

static void
day_key(struct key *k, char kind, uint32_t day)
{
	key_init(k, TLSPOLICY_SPACE);
	key_char(k, kind);
	key_u32(k, day);
}

static void
domain_key(struct key *k, uint32_t day, struct str domain)
{
	day_key(k, KIND_DAY, day);
	key_bytes(k, domain);
}

static enum fail
read_counts(struct str value, struct counts *out)
{
	struct record r;
	uint32_t count;

	*out = (struct counts){ .detail_count = 0 };
	record_read(&r, value);
	out->strings = record_bytes(&r);
	out->hosts = record_bytes(&r);
	out->successes = record_i64(&r);
	out->failures = record_i64(&r);
	count = record_u32(&r);
	for (uint32_t i = 0; i < count && i < RPT_DETAILS_MAX; i++) {
		struct detail *d = &out->details[out->detail_count++];

		d->result = record_u32(&r);
		d->host = record_bytes(&r);
		d->address = record_bytes(&r);
		d->sessions = record_i64(&r);
		if (d->result >= TLS_RESULT_COUNT)
			return FAIL_PERM;
	}
	return record_end(&r);
}

static void
write_counts(struct buf *out, const struct counts *c)
{
	record_begin(out, RECORD_VERSION);
	record_add_bytes(out, c->strings);
	record_add_bytes(out, c->hosts);
	record_add_i64(out, c->successes);
	record_add_i64(out, c->failures);
	record_add_u64(out, c->detail_count);
	for (size_t i = 0; i < c->detail_count; i++) {
		record_add_u64(out, c->details[i].result);
		record_add_bytes(out, c->details[i].host);
		record_add_bytes(out, c->details[i].address);
		record_add_i64(out, c->details[i].sessions);
	}
}

/* --- counting --------------------------------------------------------------------------------------------- */

static void
add_session(struct counts *c, const struct rpt_session *s)
{
	/* The policy as it was last (RFC 8460 4.4 has one per report and kind). */
	c->strings = str_head(s->strings, RPT_TEXT_MAX);
	c->hosts = str_head(s->hosts, RPT_TEXT_MAX);
	if (s->result == TLS_RESULT_SUCCESS) {
		c->successes++;
		return;
	}
	c->failures++;
	for (size_t i = 0; i < c->detail_count; i++) {
		struct detail *d = &c->details[i];

		if (d->result == s->result && str_eq(d->host, s->host) &&
		    str_eq(d->address, s->address)) {
			d->sessions++;
			return;
		}
	}
	if (c->detail_count < RPT_DETAILS_MAX)
		c->details[c->detail_count++] = (struct detail){ .result = s->result,
			.host = s->host,
			.address = s->address,
			.sessions = 1 };
}

struct counting {
	int64_t now_s;
	const struct rpt_session *session;
};

static enum fail
take_place(struct txn *t, uint32_t day)
{
	struct key k;
	int64_t count;
	enum fail fail;

	day_key(&k, KIND_COUNT, day);
	fail = txn_count(t, key_str(&k), &count);
	if (fail == FAIL_NONE && count >= RPT_DAY_MAX)
		return FAIL_LIMIT;
	return fail == FAIL_NONE ? txn_add(t, key_str(&k), 1, &count) : fail;
}

static enum fail
count_txn(struct txn *t, void *arg)
{
	const struct counting *c = arg;
	uint32_t day = (uint32_t)(c->now_s / RPT_DAY_S);
	struct counts counts = { .detail_count = 0 };
	struct buf value;
	struct str old;
	struct key k;
	enum fail fail;

	domain_key(&k, day, c->session->domain);
	key_char(&k, (char)c->session->type);
	fail = txn_get(t, key_str(&k), &old);
	if (fail == FAIL_MISSING)
		fail = take_place(t, day);
	else if (fail == FAIL_NONE && read_counts(old, &counts) != FAIL_NONE)
		counts = (struct counts){ .detail_count = 0 }; /* damaged: anew */
	if (fail != FAIL_NONE)
		return fail;
	add_session(&counts, c->session);
	buf_init(&value, VALUE_MAX);
	write_counts(&value, &counts);
	fail = buf_ok(&value) ? txn_put(t, key_str(&k), buf_str(&value)) : FAIL_LIMIT;
	buf_release(&value);
	return fail;
}

enum fail
rpt_count(struct store *s, int64_t now_s, const struct rpt_session *session)
{
	struct counting c = { .now_s = now_s, .session = session };

	return store_run(s, count_txn, &c);
}

/* --- reporting --------------------------------------------------------------------------------------------- */

struct finding {
	uint32_t day, before_day;
	struct str domain;
	struct buf *domain_out;
	struct arena *arena;
	struct rpt_policy *policies;
	size_t count;
};

static enum fail
next_txn(struct txn *t, void *arg)
{
	struct finding *f = arg;
	struct key from, to;
	struct key_reader r;
	struct cursor c;
	struct str key, value;
	enum fail fail = FAIL_MISSING, end;

	domain_key(&from, f->day, f->domain);
	key_end(&from);
	if (str_empty(f->domain))
		day_key(&from, KIND_DAY, f->day);
	day_key(&to, KIND_DAY, f->before_day);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	if (cursor_next(&c, &key, &value)) {
		key_read(&r, key);
		(void)key_read_char(&r);
		(void)key_read_char(&r);
		f->day = key_read_u32(&r);
		buf_clear(f->domain_out);
		key_read_bytes(&r, f->domain_out);
		fail = r.is_bad ? FAIL_PERM : FAIL_NONE;
	}
	end = cursor_end(&c);
	return end != FAIL_NONE ? end : fail;
}

enum fail
rpt_next(struct store *s, uint32_t before_day, uint32_t *day, struct buf *domain)
{
	struct finding f = { .before_day = before_day,
		.day = *day,
		.domain = buf_str(domain),
		.domain_out = domain };
	enum fail fail = store_read(s, next_txn, &f);

	if (fail == FAIL_NONE)
		*day = f.day;
	return fail;
}

/* A text's lines, copied. */
static const struct str *
split(struct arena *a, struct str text, size_t *count_out)
{
	struct str copy = arena_str(a, text), rest = copy, line;
	struct str *lines;
	size_t n = 0;

	*count_out = 0;
	while (str_next_part(&rest, '\n', &line))
		n++;
	lines = arena_alloc(a, n + 1, sizeof *lines);
	if (lines == NULL || copy.p == NULL)
		return NULL;
	while (str_next_part(&copy, '\n', &line))
		if (!str_empty(line))
			lines[(*count_out)++] = line;
	return lines;
}

static enum fail
add_policy(struct finding *f, enum rpt_type type, const struct counts *c)
{
	struct rpt_policy *p = &f->policies[f->count++];
	struct rpt_failure *details = arena_alloc(f->arena, c->detail_count + 1, sizeof *details);

	*p = (struct rpt_policy){ .type = type_names[type],
		.domain = f->domain,
		.successes = c->successes,
		.failures = c->failures,
		.details = details,
		.detail_count = c->detail_count };
	p->strings = split(f->arena, c->strings, &p->string_count);
	p->hosts = split(f->arena, c->hosts, &p->host_count);
	if (details == NULL || p->strings == NULL || p->hosts == NULL)
		return FAIL_LIMIT;
	for (size_t i = 0; i < c->detail_count; i++)
		details[i] = (struct rpt_failure){
			.result = tls_result_names[c->details[i].result],
			.host = arena_str(f->arena, c->details[i].host),
			.address = arena_str(f->arena, c->details[i].address),
			.sessions = c->details[i].sessions,
		};
	return FAIL_NONE;
}

static enum fail
load_txn(struct txn *t, void *arg)
{
	struct finding *f = arg;
	struct counts counts;
	struct key from, to;
	struct cursor c;
	struct str key, value;
	enum fail fail = FAIL_NONE, end;

	f->count = 0;
	domain_key(&from, f->day, f->domain);
	to = from;
	key_end(&to);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && f->count < RPT_TYPE_COUNT && cursor_next(&c, &key, &value)) {
		unsigned type = (unsigned char)key.p[key.n - 1];

		if (type < RPT_TYPE_COUNT && read_counts(value, &counts) == FAIL_NONE)
			fail = add_policy(f, (enum rpt_type)type, &counts);
	}
	end = cursor_end(&c);
	return end != FAIL_NONE ? end : fail;
}

enum fail
rpt_load(struct store *s, uint32_t day, struct str domain, struct arena *arena,
    const struct rpt_policy **out, size_t *count_out)
{
	struct finding f = { .day = day, .domain = domain, .arena = arena };
	enum fail fail;

	f.policies = arena_alloc(arena, RPT_TYPE_COUNT, sizeof *f.policies);
	if (f.policies == NULL)
		return FAIL_LIMIT;
	fail = store_read(s, load_txn, &f);
	*out = f.policies;
	*count_out = f.count;
	return fail;
}

static enum fail
forget_txn(struct txn *t, void *arg)
{
	const struct finding *f = arg;
	struct key from, to, days, day;
	enum fail fail;

	domain_key(&from, f->day, f->domain);
	to = from;
	key_end(&to);
	fail = txn_delete_range(t, key_str(&from), key_str(&to));
	/* Counters of days that are over are not needed: nothing is added to them. */
	day_key(&days, KIND_COUNT, 0);
	day_key(&day, KIND_COUNT, f->day);
	key_end(&day);
	return fail == FAIL_NONE ? txn_delete_range(t, key_str(&days), key_str(&day)) : fail;
}

enum fail
rpt_forget(struct store *s, uint32_t day, struct str domain)
{
	struct finding f = { .day = day, .domain = domain };

	return store_run(s, forget_txn, &f);
}
