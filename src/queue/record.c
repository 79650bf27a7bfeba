/* Keys and records (record.h). */
#include "queue/record.h"

#define RECORD_VERSION 1

/* --- records ----------------------------------------------------------------------------------------- */

static void
envelope_write(struct buf *out, const struct envelope *e)
{
	record_add_bytes(out, e->sender);
	record_add_bytes(out, e->id);
	record_add_u64(out, e->body);
	record_add_u64(out, e->ret);
	record_add_bool(out, e->is_utf8);
	record_add_bool(out, e->is_tls_must);
	record_add_i64(out, e->priority);
	record_add_u64(out, e->by);
	record_add_bool(out, e->is_by_traced);
	record_add_i64(out, e->by_s);
	record_add_i64(out, e->hold_s);
	record_add_u64(out, e->size);
}

/* A number that must be one of the first `count`. */
static unsigned
read_choice(struct record *r, unsigned count)
{
	uint64_t n = record_u64(r);

	r->is_bad |= n >= count;
	return r->is_bad ? 0 : (unsigned)n;
}

static void
envelope_read(struct record *r, struct envelope *e)
{
	int64_t priority;

	e->sender = record_bytes(r);
	e->id = record_bytes(r);
	e->body = (enum envelope_body)read_choice(r, BODY_BINARYMIME + 1);
	e->ret = (enum envelope_return)read_choice(r, RETURN_HEADERS + 1);
	e->is_utf8 = record_bool(r);
	e->is_tls_must = record_bool(r);
	priority = record_i64(r);
	r->is_bad |= priority < -ENVELOPE_PRIORITY_MAX || priority > ENVELOPE_PRIORITY_MAX;
	e->priority = (int8_t)(r->is_bad ? 0 : priority);
	e->by = (enum envelope_by)read_choice(r, BY_RETURN + 1);
	e->is_by_traced = record_bool(r);
	e->by_s = record_i64(r);
	e->hold_s = record_i64(r);
	e->size = record_u64(r);
}

void
queue_message_write(struct buf *out, const struct queue_message *m)
{
	record_begin(out, RECORD_VERSION);
	envelope_write(out, &m->envelope);
	record_add_bytes(out, m->blob);
	record_add_u64(out, m->skip);
	record_add_bytes(out, m->fields);
	record_add_bytes(out, m->helo);
	record_add_bytes(out, m->owner);
	record_add_bytes(out, m->log_id);
	record_add_i64(out, m->arrived_s);
	record_add_i64(out, m->expires_s);
	record_add_i64(out, m->time_s);
	record_add_u64(out, m->rcpt_next);
	record_add_u64(out, m->rcpt_left);
	record_add_bool(out, m->is_held);
	record_add_u64(out, m->submission);
	record_add_u64(out, m->traits);
}

enum fail
queue_message_read(struct str value, struct queue_message *out)
{
	struct record r;

	*out = (struct queue_message){ 0 };
	record_read(&r, value);
	envelope_read(&r, &out->envelope);
	out->blob = record_bytes(&r);
	out->skip = record_u64(&r);
	out->fields = record_bytes(&r);
	out->helo = record_bytes(&r);
	out->owner = record_bytes(&r);
	out->log_id = record_bytes(&r);
	out->arrived_s = record_i64(&r);
	out->expires_s = record_i64(&r);
	out->time_s = record_i64(&r);
	out->rcpt_next = record_u32(&r);
	out->rcpt_left = record_u32(&r);
	out->is_held = record_bool(&r);
	out->submission = record_more(&r) ? record_u64(&r) : 0;
	out->traits = record_more(&r) ? record_u32(&r) : 0;
	return record_end(&r);
}

static void
last_write(struct buf *out, const struct queue_last *last)
{
	record_add_i64(out, last->time_s);
	record_add_u64(out, last->code);
	record_add_u64(out, last->status.kind);
	record_add_u64(out, last->status.subject);
	record_add_u64(out, last->status.detail);
	record_add_bytes(out, last->text);
	record_add_bytes(out, last->remote);
	record_add_u64(out, last->stage);
	record_add_bytes(out, last->tls);
	record_add_bool(out, last->is_verified);
}

static void
last_read(struct record *r, struct queue_last *last)
{
	last->time_s = record_i64(r);
	last->code = record_u32(r);
	last->status.kind = (uint8_t)read_choice(r, 10);
	last->status.subject = (uint16_t)read_choice(r, 1000);
	last->status.detail = (uint16_t)read_choice(r, 1000);
	last->text = record_bytes(r);
	last->remote = record_bytes(r);
	last->stage = record_u32(r);
	if (record_more(r)) { /* came later */
		last->tls = record_bytes(r);
		last->is_verified = record_bool(r);
	}
}

void
queue_rcpt_write(struct buf *out, const struct queue_rcpt *rcpt)
{
	record_begin(out, RECORD_VERSION);
	record_add_bytes(out, rcpt->envelope.address);
	record_add_bytes(out, rcpt->envelope.original);
	record_add_u64(out, rcpt->envelope.notify);
	record_add_bytes(out, rcpt->site);
	record_add_i64(out, rcpt->due_s);
	record_add_u64(out, rcpt->attempts);
	record_add_bool(out, rcpt->is_told);
	record_add_bool(out, rcpt->is_late);
	last_write(out, &rcpt->last);
	record_add_u64(out, rcpt->expanded);
}

enum fail
queue_rcpt_read(struct str value, struct queue_rcpt *out)
{
	struct record r;

	*out = (struct queue_rcpt){ 0 };
	record_read(&r, value);
	out->envelope.address = record_bytes(&r);
	out->envelope.original = record_bytes(&r);
	out->envelope.notify = record_u32(&r);
	out->site = record_bytes(&r);
	out->due_s = record_i64(&r);
	out->attempts = record_u32(&r);
	out->is_told = record_bool(&r);
	out->is_late = record_bool(&r);
	last_read(&r, &out->last);
	if (record_more(&r)) /* records of before lists were expanded in slices end here */
		out->expanded = record_u32(&r);
	return record_end(&r);
}

void
queue_host_write(struct buf *out, const struct queue_host *h)
{
	record_begin(out, RECORD_VERSION);
	record_add_i64(out, h->wake_s);
	record_add_u64(out, h->failures);
	record_add_i64(out, h->retry_s);
	last_write(out, &h->last);
}

enum fail
queue_host_read(struct str value, struct queue_host *out)
{
	struct record r;

	*out = (struct queue_host){ 0 };
	record_read(&r, value);
	out->wake_s = record_i64(&r);
	out->failures = record_u32(&r);
	out->retry_s = record_i64(&r);
	last_read(&r, &out->last);
	return record_end(&r);
}

/* --- keys ---------------------------------------------------------------------------------------------- */

struct key
queue_key(enum queue_kind kind)
{
	struct key k;

	key_init(&k, QUEUE_SPACE);
	key_char(&k, (char)kind);
	return k;
}

struct key
queue_key_message(uint64_t id)
{
	struct key k = queue_key(QUEUE_MESSAGE);

	key_u64(&k, id);
	return k;
}

struct key
queue_key_rcpts(uint64_t id)
{
	struct key k = queue_key(QUEUE_RCPT);

	key_u64(&k, id);
	return k;
}

struct key
queue_key_rcpt(uint64_t id, uint32_t n)
{
	struct key k = queue_key_rcpts(id);

	key_u32(&k, n);
	return k;
}

struct key
queue_key_blob(struct str name)
{
	struct key k = queue_key(QUEUE_BLOB);

	key_rest(&k, name);
	return k;
}

struct key
queue_key_held(uint64_t id)
{
	struct key k = queue_key(QUEUE_HELD);

	key_u64(&k, id);
	return k;
}

struct key
queue_key_host(struct str site)
{
	struct key k = queue_key(QUEUE_HOST);

	key_rest(&k, site);
	return k;
}

struct key
queue_key_wake(int64_t wake_s, struct str site)
{
	struct key k = queue_key(QUEUE_WAKE);

	key_i64(&k, wake_s);
	key_rest(&k, site);
	return k;
}

struct key
queue_key_time(int64_t time_s, uint64_t id)
{
	struct key k = queue_key(QUEUE_TIME);

	key_i64(&k, time_s);
	key_u64(&k, id);
	return k;
}

struct key
queue_key_site(struct str site)
{
	struct key k = queue_key(QUEUE_SITE);

	key_bytes(&k, site);
	return k;
}

struct key
queue_key_priority(struct str site, int8_t priority)
{
	struct key k = queue_key_site(site);

	key_char(&k, (char)(ENVELOPE_PRIORITY_MAX - priority)); /* 0 is the most urgent */
	return k;
}

struct key
queue_key_place(const struct queue_place *place)
{
	struct key k = queue_key_priority(place->site, place->priority);

	key_i64(&k, place->due_s);
	key_u64(&k, place->message);
	key_u32(&k, place->n);
	return k;
}

/* Begins reading a key of this kind. */
static bool
begin(struct key_reader *r, struct str key, enum queue_kind kind)
{
	key_read(r, key);
	return key_read_char(r) == QUEUE_SPACE && key_read_char(r) == (char)kind;
}

bool
queue_place_read(struct str key, struct queue_place *place)
{
	struct key_reader r;
	struct buf site;
	int rank;

	if (!begin(&r, key, QUEUE_SITE))
		return false;
	buf_init(&site, STORE_KEY_MAX);
	key_read_bytes(&r, &site);
	buf_release(&site);
	rank = (unsigned char)key_read_char(&r);
	place->due_s = key_read_i64(&r);
	place->message = key_read_u64(&r);
	place->n = key_read_u32(&r);
	if (!key_read_done(&r) || rank > 2 * ENVELOPE_PRIORITY_MAX)
		return false;
	place->priority = (int8_t)(ENVELOPE_PRIORITY_MAX - rank);
	return true;
}

bool
queue_place_site(struct str key, struct buf *site)
{
	struct key_reader r;

	if (!begin(&r, key, QUEUE_SITE))
		return false;
	key_read_bytes(&r, site);
	return !r.is_bad && buf_ok(site);
}

bool
queue_wake_read(struct str key, int64_t *wake_s, struct buf *site)
{
	struct key_reader r;

	if (!begin(&r, key, QUEUE_WAKE))
		return false;
	*wake_s = key_read_i64(&r);
	buf_add(site, key_read_rest(&r));
	return !r.is_bad && buf_ok(site);
}

bool
queue_time_read(struct str key, int64_t *time_s, uint64_t *id)
{
	struct key_reader r;

	if (!begin(&r, key, QUEUE_TIME))
		return false;
	*time_s = key_read_i64(&r);
	*id = key_read_u64(&r);
	return key_read_done(&r);
}

bool
queue_rcpt_key_read(struct str key, uint64_t *id, uint32_t *n)
{
	struct key_reader r;

	if (!begin(&r, key, QUEUE_RCPT))
		return false;
	*id = key_read_u64(&r);
	*n = key_read_u32(&r);
	return key_read_done(&r);
}
