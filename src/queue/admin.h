/*
 * admin.h - look into the queue and interfere: for the command line, within the server or without one.
 *
 * Everything is a matter of the store, so it works the same while the server runs and while it does not;
 * agents that are at work with a message go on, and find out when they write what came of it. Calls that may
 * have much to do work in slices: call again until they say that they are done.
 */
#ifndef QUEUE_ADMIN_H
#define QUEUE_ADMIN_H

#include "base/arena.h"
#include "queue/queue.h"
#include "queue/record.h"

#define ADMIN_SLICE 200 /* recipients changed by one call: a few milliseconds */

/* --- looking ------------------------------------------------------------------------------------------ */

struct queue_entry {
	struct queue_message message; /* arena */
	struct queue_rcpt *rcpts;     /* arena; those that are not settled */
	size_t rcpt_count;
};

/* The first message behind `after_id` in `arena` (reset by the caller). FAIL_MISSING: there is none. */
MUST_CHECK enum fail queue_entry_next(struct queue *q, uint64_t after_id, struct arena *arena,
    struct queue_entry *out);

/* One message. FAIL_MISSING. */
MUST_CHECK enum fail queue_entry_get(struct queue *q, uint64_t id, struct arena *arena,
    struct queue_entry *out);

/* The same as queue_entry_next() within a transaction. FAIL_PERM: damaged; out->message.id is set. */
MUST_CHECK enum fail queue_entry_read(struct txn *t, uint64_t after_id, struct arena *arena,
    struct queue_entry *out);

/* When a recipient is tried next: by its own schedule and that of its site; 0: it is held. */
int64_t queue_next_try(struct queue *q, const struct queue_entry *e, const struct queue_rcpt *r);

struct queue_site_entry {
	struct str site;        /* arena */
	struct queue_host host; /* arena */
	uint64_t waiting;       /* recipients, counted up to ADMIN_COUNT_MAX */
};

#define ADMIN_COUNT_MAX 100000 /* recipients of one site that are counted */

/* The first site behind `after` (empty: the first of all) by name. FAIL_MISSING: there is none. */
MUST_CHECK enum fail queue_site_next(struct queue *q, struct str after, struct arena *arena,
    struct queue_site_entry *out);

/* --- checking --------------------------------------------------------------------------------------------- */

/*
 * Without a server: does everything agree? Each finding is told in a line; with is_repair what can be mended
 * is, and messages that lost their file or their record go, for nothing could be sent of them. FAIL_TEMP.
 */
struct queue_check {
	void (*report)(struct queue_check *check, struct str line);
	bool is_repair;
	uint64_t messages, findings; /* filled in */
};
MUST_CHECK enum fail queue_check(struct queue *q, struct queue_check *check);

/* --- interfering ---------------------------------------------------------------------------------------- */

/* All: FAIL_MISSING: there is no such message; FAIL_TEMP: the store failed. */

/* Nothing happens with it until it is released; what is under way may end. */
MUST_CHECK enum fail queue_hold(struct queue *q, uint64_t id);
MUST_CHECK enum fail queue_release(struct queue *q, uint64_t id);

/* It is gone; nobody is told. */
MUST_CHECK enum fail queue_cancel(struct queue *q, uint64_t id);

/* Its recipients are due now, and so are their sites. */
MUST_CHECK enum fail queue_retry(struct queue *q, uint64_t id);

/* A slice of what waits for a site ("example.org", "route/NAME", "@local") is due now. FAIL_MISSING: nothing
 * waits there. */
MUST_CHECK enum fail queue_retry_site(struct queue *q, struct str site, bool *done_out);

#endif
