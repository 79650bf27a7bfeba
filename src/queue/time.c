/*
 * Messages whose time came: the sender hears of a delay, or gets them back (inner.h).
 *
 * A message is worked off in slices of TIME_RCPTS_MAX recipients, each with a report of its own, and a step of the
 * scheduler does no more than that either. A message that cannot be read loses its time: `staunch check` tells of it.
 */
#include "queue/inner.h"

/* base */
#include "base/clock.h"

#define TIME_RCPTS_MAX 100 /* recipients of one report: some 700 KB at most */

/* --- which ------------------------------------------------------------------------------------------------- */

static enum fail
find_times(struct txn *t, void *arg)
{
	struct queue_times *times = arg;
	struct key from = queue_key(QUEUE_TIME), end = from;
	struct str key, value;
	struct cursor c;
	int64_t time_s;

	times->count = 0;
	times->next_s = 0;
	times->has_more = false;
	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (cursor_next(&c, &key, &value)) {
		struct queue_time *next = &times->items[times->count];
		uint64_t id;

		if (!queue_time_read(key, &time_s, &id))
			continue;
		if (time_s > times->now_s)
			times->next_s = time_s;
		times->has_more = time_s <= times->now_s && times->count == SITES_SLICE;
		if (times->next_s != 0 || times->has_more)
			break;
		*next = (struct queue_time){ time_s, id };
		times->count++;
	}
	return cursor_end(&c);
}

/* --- what it means ------------------------------------------------------------------------------------------- */

/* The reason that a report gives: the recipient's last try, else that of its site. */
static void
fill_last(struct queue_job *j, struct job_rcpt *r)
{
	struct queue_host host = { .failures = 0 };
	struct buf copy;

	r->last = r->row.last;
	if (r->last.time_s != 0)
		return;
	buf_init(&copy, STORE_VALUE_MAX);
	if (site_host(j->queue, r->row.site, &host, &copy) == FAIL_NONE && host.last.time_s != 0) {
		r->last = host.last;
		r->last.text = arena_str(&j->arena, host.last.text);
		r->last.remote = arena_str(&j->arena, host.last.remote);
		r->last.tls = arena_str(&j->arena, host.last.tls);
	}
	buf_release(&copy);
}

/* What its time means for a recipient that still waits. False: nothing. */
static bool
judge_rcpt(const struct queue_job *j, struct job_rcpt *r, int64_t now_s)
{
	const struct queue_message *m = &j->message;
	bool is_late = m->envelope.by != BY_NONE && now_s >= m->envelope.by_s;

	if (now_s >= m->expires_s || (is_late && m->envelope.by == BY_RETURN)) {
		r->outcome = JOB_FAILED;
		r->is_expired = true;
		return true;
	}
	if (is_late && !r->row.is_late)
		r->is_told_now = r->row.is_late = true;
	else if (!r->row.is_told)
		r->is_told_now = true;
	return r->is_told_now;
}

struct time_look {
	struct queue_job *job;
	int64_t now_s;
	size_t busy;    /* recipients that an agent works on */
	size_t waiting; /* others that can be read */
	bool has_more;  /* more have news than fit */
};

static bool
keep(struct arena *arena, struct str *text)
{
	*text = arena_str(arena, *text);
	return text->p != NULL;
}

/* The texts of a row as long as the job lives. */
static bool
keep_row(struct arena *arena, struct queue_rcpt *row)
{
	return keep(arena, &row->envelope.address) && keep(arena, &row->envelope.original) &&
	    keep(arena, &row->site) && keep(arena, &row->last.text) &&
	    keep(arena, &row->last.remote);
}

/* A row becomes part of the job if there is news of it. False: the job is full. */
static bool
take_rcpt(struct time_look *l, struct str key, struct str value)
{
	struct queue_job *j = l->job;
	struct job_rcpt r = { .outcome = JOB_PENDING };
	uint64_t id;
	uint32_t n;

	if (!queue_rcpt_key_read(key, &id, &n) || queue_rcpt_read(value, &r.row) != FAIL_NONE)
		return true; /* damaged: it is held */
	r.row.message = id;
	r.row.n = n;
	if (job_is_busy(j->queue, &r.row)) {
		l->busy++;
		return true;
	}
	l->waiting++;
	if (!judge_rcpt(j, &r, l->now_s))
		return true;
	l->has_more = j->rcpt_count == TIME_RCPTS_MAX || !keep_row(&j->arena, &r.row);
	if (!l->has_more)
		j->rcpts[j->rcpt_count++] = r;
	return !l->has_more;
}

static enum fail
look_run(struct txn *t, void *arg)
{
	struct time_look *l = arg;
	struct queue_job *j = l->job;
	struct key from = queue_key_rcpts(j->message.id), end = from;
	struct str key, value;
	struct cursor c;
	enum fail fail = job_load_message(t, j, j->message.id);

	if (fail != FAIL_NONE)
		return fail;
	j->rcpts = arena_alloc(&j->arena, TIME_RCPTS_MAX, sizeof *j->rcpts);
	if (j->rcpts == NULL)
		return FAIL_LIMIT;
	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (cursor_next(&c, &key, &value) && take_rcpt(l, key, value))
		;
	return cursor_end(&c);
}

/* --- doing it ------------------------------------------------------------------------------------------------ */

static enum fail
forget_run(struct txn *t, void *arg)
{
	const struct queue_time *time = arg;
	struct key k = queue_key_time(time->time_s, time->id);

	return txn_delete(t, key_str(&k));
}

/* When it is looked at next; 0: never, for all that is left of it is damaged. */
static int64_t
next_time(const struct queue *q, const struct time_look *l)
{
	int64_t next_s = queue_next_time(q, &l->job->message, l->now_s);

	if (l->has_more)
		return l->now_s;
	if (l->busy > 0 || (l->waiting > 0 && next_s <= l->now_s))
		return l->now_s + EXPIRY_BUSY_S;
	return next_s > l->now_s ? next_s : 0;
}

/* The recipients it dealt with. */
static size_t
look_at(struct queue *q, struct queue_times *times, struct queue_time *time)
{
	struct time_look l = { .job = job_new(q, NULL), .now_s = times->now_s };
	struct queue_job *j = l.job;
	size_t count;
	enum fail fail;

	j->message.id = time->id;
	fail = store_read(q->house.store, look_run, &l);
	if (fail != FAIL_NONE) {
		job_free(&j);
		if (fail == FAIL_TEMP)
			return 1;
		log_error(&q->log, "queue.damaged", LOG_NUM("message", time->id));
		if (store_run(q->house.store, forget_run, time) != FAIL_NONE)
			log_warn(&q->log, "queue.time.kept", LOG_NUM("message", time->id));
		return 1;
	}
	for (size_t i = 0; i < j->rcpt_count; i++)
		fill_last(j, &j->rcpts[i]);
	count = j->rcpt_count + 1;
	j->message.time_s = next_time(q, &l);
	times->has_more |= l.has_more;
	(void)job_settle(j); /* what could not be written is due again */
	return count;
}

bool
times_can_look(const struct queue *q)
{
	return blob_is_well(q->house.blobs) && clock_mono_ms() >= q->times_ms;
}

void
times_look(struct queue *q, struct queue_times *times)
{
	size_t done = 0;

	if (!times_can_look(q))
		return;
	times->is_unread = store_read(q->house.store, find_times, times) != FAIL_NONE;
	for (size_t i = 0; !times->is_unread && i < times->count; i++) {
		times->has_more |= done >= TIME_RCPTS_MAX;
		if (done >= TIME_RCPTS_MAX || !times_can_look(q))
			break;
		done += look_at(q, times, &times->items[i]);
	}
}
