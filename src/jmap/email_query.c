/*
 * Email/query and Email/queryChanges (RFC 8621 4.4, 4.5).
 *
 *     LIST --made, the state is the same--> answer
 *      +--made, but the state moved in between--> from the beginning, QUERY_TRIES_MAX times
 *
 * For /queryChanges the Emails that changed since are looked up before; when threads matter, all Emails of
 * their threads may have moved, too:
 *
 *     CHANGES --> THREADS --> EMAILS --> LIST --> answer
 */
#include "jmap/email_list.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/id_set.h"
#include "jmap/methods.h"
#include "jmap/query.h"
#include "mail/thread.h"

#define QUERY_TRIES_MAX \
	5 /* lists made for one answer; a list longer than a slice may be overtaken */

#define QUERY_BYTES (4 * 1024 * 1024) /* the Emails of some threads, while they are looked up */

enum stage { STAGE_CHANGES, STAGE_THREADS, STAGE_EMAILS, STAGE_LIST };

static const struct jmap_query_type query_type = { ID_EMAIL, CHANGE_EMAIL, JMAP_QUERY_MAX };

struct query {
	struct email_list list;
	struct jmap_window window; /* of /query */
	unsigned tries;
	/* of /queryChanges */
	enum stage stage;
	struct jmap_since since;
	struct changes threads; /* which lost or got Emails, or began */
	size_t email_count;     /* those that changed themselves: since.items[0 .. email_count-1] */
	size_t at;              /* thread or Email that is next */
	struct id_set seen;     /* threads */
	struct arena arena;     /* one thread at a time */
};

static void
query_release(struct jmap_call *c)
{
	struct query *q = c->state;

	email_list_release(&q->list);
	id_set_release(&q->seen);
	arena_release(&q->arena);
}

static struct query *
query_new(struct jmap_call *c)
{
	struct query *q = arena_alloc(&c->arena, 1, sizeof(*q));

	if (!q) {
		jmap_fail_with(c, FAIL_LIMIT);
		return NULL;
	}
	arena_init(&q->arena, QUERY_BYTES);
	c->state = q;
	c->release = query_release;
	return email_list_read(&q->list, c) ? q : NULL;
}

/* The state moved while the list was made, and it is worth making it again. */
static bool
is_overtaken(struct jmap_call *c, struct query *q, uint64_t state)
{
	if (change_state(c->account, CHANGE_EMAIL) == state || ++q->tries == QUERY_TRIES_MAX)
		return false;
	(void)!email_list_restart(&q->list, c); /* when it fails the call ends */
	return true;
}

/* --- Email/query ------------------------------------------------------------------------------- */

static bool
query_begin(struct jmap_call *c)
{
	struct query *q = query_new(c);

	if (!q || !jmap_window_read(c, &query_type, &q->window))
		return false;
	q->list.needed = jmap_window_needs(&q->window);
	q->list.needs_total = q->window.has_total;
	return true;
}

enum jmap_step
jmap_email_query(struct jmap_call *c)
{
	struct query *q;

	if (!c->state && !query_begin(c))
		return JMAP_DONE;
	q = c->state;
	if (!email_list_step(&q->list, c))
		return c->error ? JMAP_DONE : JMAP_YIELD;
	if (is_overtaken(c, q, q->window.state)) {
		q->window.state = change_state(c->account, CHANGE_EMAIL);
		return c->error ? JMAP_DONE : JMAP_YIELD;
	}
	return jmap_query_answer(c, &query_type, &q->window, q->list.ids, q->list.count,
	    q->list.total);
}

/* --- Email/queryChanges ------------------------------------------------------------------------ */

/* Which threads lost or got Emails since; a state is the modseq of an account, so it means the same to them. */
static enum fail
find_threads(struct jmap_call *c, struct query *q)
{
	uint64_t since = q->since.old_state, now = change_state(c->account, CHANGE_THREAD);
	enum fail fail;

	q->threads = (struct changes){ .max = JMAP_CHANGES_MAX };
	q->threads.items = arena_alloc(&c->arena, q->threads.max, sizeof(*q->threads.items));
	if (!q->threads.items)
		return FAIL_LIMIT;
	fail = changes_since(c->account, CHANGE_THREAD, since < now ? since : now, &q->threads);
	return fail == FAIL_NONE && q->threads.has_more ? FAIL_PERM : fail;
}

/* What changed; true when it is known. */
static bool
find_changes(struct jmap_call *c, struct query *q)
{
	enum fail fail = FAIL_NONE;

	if (!jmap_since_read(c, &query_type, &q->since))
		return false;
	q->email_count = q->since.count;
	if (email_list_minds_threads(&q->list))
		fail = find_threads(c, q);
	else
		q->email_count = 0;
	if (fail == FAIL_PERM)
		jmap_fail(c, "cannotCalculateChanges", "Too much changed since.");
	else if (fail)
		jmap_fail_with(c, fail);
	return fail == FAIL_NONE;
}

/* All Emails of a thread may have moved. False: the call's error was set. */
static bool
add_thread(struct jmap_call *c, struct query *q, uint64_t thread)
{
	uint64_t *ids;
	size_t count;
	enum fail fail;

	if (!id_set_add(&q->seen, thread))
		return true;
	fail = thread_emails(c->account, thread, &q->arena, &ids, &count);
	if (fail == FAIL_MISSING)
		return true;
	if (fail) {
		jmap_fail_with(c, fail);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		fail = jmap_email_look(c->access, ids[i], &q->arena);
		if (fail == FAIL_MISSING) /* not for this user */
			continue;
		if (fail)
			jmap_fail_with(c, fail);
		if (fail || !jmap_since_add(c, &q->since, ids[i]))
			return false;
	}
	return true;
}

static bool
add_thread_of(struct jmap_call *c, struct query *q, uint64_t id)
{
	struct email *email;
	enum fail fail = email_get(c->account, id, &q->arena, &email);

	if (fail == FAIL_NONE)
		return add_thread(c, q, email->thread_id);
	if (fail != FAIL_MISSING)
		jmap_fail_with(c, fail);
	return fail == FAIL_MISSING;
}

/* Threads of the log, or those of the Emails of the log; true when all were looked at. */
static bool
add_threads(struct jmap_call *c, struct query *q)
{
	size_t count = q->stage == STAGE_THREADS ? q->threads.count : q->email_count;

	while (q->at < count) {
		uint64_t id = q->stage == STAGE_THREADS ? q->threads.items[q->at].id
							: q->since.items[q->at].id;

		arena_reset(&q->arena);
		q->at++;
		if (q->stage == STAGE_THREADS ? !add_thread(c, q, id) : !add_thread_of(c, q, id))
			return false;
		if (q->at < count && jmap_slice_over(c))
			return false;
	}
	return true;
}

/* One stage as far as the slice goes; true when it is complete. */
static bool
run_stage(struct jmap_call *c, struct query *q)
{
	switch (q->stage) {
	case STAGE_CHANGES: return find_changes(c, q);
	case STAGE_THREADS:
	case STAGE_EMAILS: return add_threads(c, q);
	case STAGE_LIST: break;
	}
	return true;
}

enum jmap_step
jmap_email_query_changes(struct jmap_call *c)
{
	struct query *q;

	if (!c->state && !query_new(c))
		return JMAP_DONE;
	q = c->state;
	for (; q->stage < STAGE_LIST; q->stage++, q->at = 0)
		if (!run_stage(c, q))
			return c->error ? JMAP_DONE : JMAP_YIELD;
	if (!email_list_step(&q->list, c))
		return c->error ? JMAP_DONE : JMAP_YIELD;
	if (is_overtaken(c, q, q->since.new_state)) {
		id_set_release(&q->seen);
		q->stage = STAGE_CHANGES;
		return c->error ? JMAP_DONE : JMAP_YIELD;
	}
	return jmap_query_changes_answer(c, &query_type, &q->since,
	    c->access->is_owner && email_list_is_immutable(&q->list), q->list.ids, q->list.count);
}
