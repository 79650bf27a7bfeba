/*
 * Does the queue agree with itself and with its files (admin.h)? Messages and their recipients are the
 * truth, the other keys follow. Each key that must be there is looked for, then those of each kind are
 * counted: one too many is a stray. Mending throws away what follows and writes it anew.
 */
#include "queue/admin.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "queue/inner.h"

#define FINDING_MAX       400               /* bytes of a finding in words */
#define MESSAGE_ARENA_MAX (8 * 1024 * 1024) /* bytes: one message with all its recipients */

enum derived { RCPTS, PLACES, TIMES, BLOBS, HELDS, HOSTS, WAKES, DERIVED_COUNT };

static const struct {
	enum queue_kind kind;
	const char *missing, *stray;
} derived[] = {
	[RCPTS] = { QUEUE_RCPT, "a recipient is missing", "recipients of no message" },
	[PLACES] = { QUEUE_SITE, "a recipient waits nowhere", "places of no recipient" },
	[TIMES] = { QUEUE_TIME, "a message has no end", "ends of no message" },
	[BLOBS] = { QUEUE_BLOB, "a file is named by nobody", "names of no file" },
	[HELDS] = { QUEUE_HELD, "a held message is not listed", "held messages that are none" },
	[HOSTS] = { QUEUE_HOST, "a site has no record", "sites that nothing waits for" },
	[WAKES] = { QUEUE_WAKE, "a site has no alarm", "alarms of no site" },
};

struct checking {
	struct queue *queue;
	struct queue_check *check;
	struct arena arena; /* one message */
	uint64_t want[DERIVED_COUNT];
};

static void
find(struct checking *in, const char *what, uint64_t number)
{
	struct buf line;

	in->check->findings++;
	buf_init(&line, FINDING_MAX);
	buf_add(&line, STR("queue: "));
	buf_add_c(&line, what);
	buf_add(&line, STR(" ("));
	buf_add_u64(&line, number);
	buf_add_char(&line, ')');
	in->check->report(in->check, buf_str(&line));
	buf_release(&line);
}

/* This key must be there. */
static enum fail
expect(struct checking *in, struct txn *t, enum derived which, struct key k, uint64_t number)
{
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	in->want[which]++;
	if (fail == FAIL_MISSING)
		find(in, derived[which].missing, number);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

static struct key
place_of(const struct queue_entry *e, const struct queue_rcpt *r)
{
	const struct queue_place place = { .site = r->site,
		.priority = e->message.envelope.priority,
		.due_s = r->due_s,
		.message = e->message.id,
		.n = r->n };

	return queue_key_place(&place);
}

/* --- looking --------------------------------------------------------------------------------------------- */

static enum fail
check_message(struct checking *in, struct txn *t, const struct queue_entry *e)
{
	const struct queue_message *m = &e->message;
	enum fail fail;

	in->want[RCPTS] += e->damaged + (e->is_damaged ? e->rcpt_count : 0);
	if (e->is_damaged) {
		find(in, "a message is damaged", m->id);
		return FAIL_NONE;
	}
	if (e->damaged > 0)
		find(in, "recipients of a message are damaged", m->id);
	fail = expect(in, t, BLOBS, queue_key_blob(m->blob), m->id);
	if (blob_exists(in->queue->house.blobs, STR(QUEUE_FOLDER), m->blob) != FAIL_NONE)
		find(in, "a message has lost its file", m->id);
	if (e->rcpt_count + e->damaged == 0 || e->rcpt_count + e->damaged != m->rcpt_left)
		find(in, "a message counts its recipients wrongly", m->id);
	if (fail == FAIL_NONE && m->time_s != 0)
		fail = expect(in, t, TIMES, queue_key_time(m->time_s, m->id), m->id);
	if (fail == FAIL_NONE && m->is_held)
		fail = expect(in, t, HELDS, queue_key_held(m->id), m->id);
	for (size_t i = 0; fail == FAIL_NONE && i < e->rcpt_count; i++) {
		fail = expect(in, t, RCPTS, queue_key_rcpt(m->id, e->rcpts[i].n), m->id);
		if (fail == FAIL_NONE && !m->is_held)
			fail = expect(in, t, PLACES, place_of(e, &e->rcpts[i]), m->id);
	}
	in->check->messages++;
	return fail;
}

static enum fail
check_messages(struct checking *in, struct txn *t)
{
	struct queue_entry e = { .rcpt_count = 0 };
	enum fail fail = FAIL_NONE;

	while (fail == FAIL_NONE) {
		arena_reset(&in->arena);
		fail = queue_entry_read(t, e.message.id, &in->arena, &e);
		if (fail == FAIL_NONE)
			fail = check_message(in, t, &e);
	}
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* Every site that something waits for has its record and its alarm. */
static enum fail
check_site(struct checking *in, struct txn *t, struct str site)
{
	struct queue_host host;
	struct buf copy;
	enum fail fail = expect(in, t, HOSTS, queue_key_host(site), in->want[HOSTS]);

	buf_init(&copy, STORE_VALUE_MAX);
	if (fail == FAIL_NONE)
		fail = site_host_get(t, site, &host, &copy);
	if (fail == FAIL_NONE)
		fail = expect(in, t, WAKES, queue_key_wake(host.wake_s, site), in->want[WAKES]);
	buf_release(&copy);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* Calls `fn` once for each site that something waits for. */
static enum fail
each_site(struct checking *in, struct txn *t,
    enum fail (*fn)(struct checking *in, struct txn *t, struct str site))
{
	struct key from = queue_key(QUEUE_SITE), end = from;
	struct str key, value;
	struct cursor c;
	struct buf site, before;
	enum fail fail = FAIL_NONE, ended;

	buf_init(&site, SITE_MAX);
	buf_init(&before, SITE_MAX);
	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		buf_clear(&site);
		if (!queue_place_site(key, &site) || str_eq(buf_str(&site), buf_str(&before)))
			continue;
		buf_clear(&before);
		buf_add(&before, buf_str(&site));
		fail = fn(in, t, buf_str(&before));
	}
	ended = cursor_end(&c);
	buf_release(&site);
	buf_release(&before);
	return fail == FAIL_NONE ? ended : fail;
}

static enum fail
count_kind(struct txn *t, enum queue_kind kind, uint64_t *out)
{
	struct key from = queue_key(kind), end = from;
	struct str key, value;
	struct cursor c;

	*out = 0;
	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (cursor_next(&c, &key, &value))
		(*out)++;
	return cursor_end(&c);
}

static enum fail
check_run(struct txn *t, void *arg)
{
	struct checking *in = arg;
	struct key k = queue_key(QUEUE_COUNT);
	int64_t count;
	enum fail fail = check_messages(in, t);

	if (fail == FAIL_NONE)
		fail = each_site(in, t, check_site);
	for (size_t i = 0; fail == FAIL_NONE && i < DERIVED_COUNT; i++) {
		uint64_t have;

		fail = count_kind(t, derived[i].kind, &have);
		if (fail == FAIL_NONE && have > in->want[i])
			find(in, derived[i].stray, have - in->want[i]);
	}
	if (fail == FAIL_NONE)
		fail = txn_count(t, key_str(&k), &count);
	if (fail == FAIL_NONE && (uint64_t)count != in->check->messages)
		find(in, "messages are counted wrongly", (uint64_t)count);
	return fail;
}

/* --- mending ---------------------------------------------------------------------------------------------- */

static enum fail
delete_all(struct txn *t, struct key from)
{
	struct key end = from;

	key_end(&end);
	return txn_delete_range(t, key_str(&from), key_str(&end));
}

static enum fail
put_nothing(struct txn *t, struct key k)
{
	return txn_put(t, key_str(&k), STR(""));
}

static enum fail
write_message(struct checking *in, struct txn *t, struct queue_entry *e)
{
	struct queue_message *m = &e->message;
	struct key count = queue_key(QUEUE_COUNT);
	int64_t total;
	enum fail fail = queue_blob_put(t, m);

	m->rcpt_left = (uint32_t)e->rcpt_count;
	m->time_s = m->is_held ? 0 : queue_next_time(in->queue, m, clock_wall_s());
	if (fail == FAIL_NONE)
		fail = queue_message_put(t, m);
	if (fail == FAIL_NONE && m->time_s != 0)
		fail = put_nothing(t, queue_key_time(m->time_s, m->id));
	if (fail == FAIL_NONE && m->is_held)
		fail = put_nothing(t, queue_key_held(m->id));
	for (size_t i = 0; fail == FAIL_NONE && !m->is_held && i < e->rcpt_count; i++)
		fail = put_nothing(t, place_of(e, &e->rcpts[i]));
	return fail == FAIL_NONE ? txn_add(t, key_str(&count), 1, &total) : fail;
}

/* What cannot be sent any more goes, with all its recipients. */
static enum fail
drop_message(struct txn *t, uint64_t id)
{
	struct key k = queue_key_message(id);
	enum fail fail = txn_delete(t, key_str(&k));

	return fail == FAIL_NONE ? delete_all(t, queue_key_rcpts(id)) : fail;
}

/* Rows that cannot be read; the other recipients keep theirs. */
static enum fail
drop_damaged(struct txn *t, uint64_t id)
{
	struct key from = queue_key_rcpts(id), end = from;
	struct queue_rcpt r;
	struct str key, value;
	struct cursor c;
	enum fail fail = FAIL_NONE, ended;

	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value))
		if (queue_rcpt_read(value, &r) != FAIL_NONE)
			fail = txn_delete(t, key);
	ended = cursor_end(&c);
	return fail == FAIL_NONE ? ended : fail;
}

static bool
is_lost(const struct checking *in, const struct queue_entry *e)
{
	return e->is_damaged || e->rcpt_count == 0 ||
	    blob_exists(in->queue->house.blobs, STR(QUEUE_FOLDER), e->message.blob) != FAIL_NONE;
}

static enum fail
write_messages(struct checking *in, struct txn *t)
{
	struct queue_entry e = { .rcpt_count = 0 };
	enum fail fail = FAIL_NONE;

	while (fail == FAIL_NONE) {
		arena_reset(&in->arena);
		fail = queue_entry_read(t, e.message.id, &in->arena, &e);
		if (fail != FAIL_NONE)
			break;
		if (is_lost(in, &e)) {
			fail = drop_message(t, e.message.id);
			continue;
		}
		if (e.damaged > 0)
			fail = drop_damaged(t, e.message.id);
		if (fail == FAIL_NONE)
			fail = write_message(in, t, &e);
	}
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* Recipients whose message is gone. */
static enum fail
drop_orphans(struct txn *t)
{
	struct key from = queue_key(QUEUE_RCPT), end = from;
	struct str key, value;
	struct cursor c;
	enum fail fail = FAIL_NONE, ended;

	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		struct key message;
		uint64_t id;
		uint32_t n;

		if (queue_rcpt_key_read(key, &id, &n)) {
			message = queue_key_message(id);
			fail = txn_get(t, key_str(&message), &value);
		}
		if (fail == FAIL_MISSING)
			fail = txn_delete(t, key);
	}
	ended = cursor_end(&c);
	return fail == FAIL_NONE ? ended : fail;
}

static enum fail
write_site(struct checking *in, struct txn *t, struct str site)
{
	struct site_change change = { .site = site };

	return site_update(in->queue, t, &change, clock_wall_s());
}

static enum fail
mend_run(struct txn *t, void *arg)
{
	struct checking *in = arg;
	struct key count = queue_key(QUEUE_COUNT);
	enum fail fail = txn_delete(t, key_str(&count));

	for (size_t i = 0; fail == FAIL_NONE && i < DERIVED_COUNT; i++)
		if (i != RCPTS)
			fail = delete_all(t, queue_key(derived[i].kind));
	if (fail == FAIL_NONE)
		fail = write_messages(in, t);
	if (fail == FAIL_NONE)
		fail = drop_orphans(t);
	return fail == FAIL_NONE ? each_site(in, t, write_site) : fail;
}

enum fail
queue_check(struct queue *q, struct queue_check *check)
{
	struct checking in = { .queue = q, .check = check };
	enum fail fail;

	check->messages = check->findings = 0;
	arena_init(&in.arena, MESSAGE_ARENA_MAX);
	fail = store_read(q->house.store, check_run, &in);
	if (fail == FAIL_NONE && check->findings > 0 && check->is_repair)
		fail = store_run(q->house.store, mend_run, &in);
	arena_release(&in.arena);
	return fail;
}
