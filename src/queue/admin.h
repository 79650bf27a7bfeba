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
	size_t damaged;  /* others, whose rows cannot be read: they are held */
	bool is_damaged; /* the message's record cannot be read: it has its id and nothing else */
};

/* The first message behind `after_id` in `arena` (reset by the caller). FAIL_MISSING: there is none. */
MUST_CHECK enum fail queue_entry_next(struct queue *q, uint64_t after_id, struct arena *arena,
    struct queue_entry *out);

/* One message. FAIL_MISSING. */
MUST_CHECK enum fail queue_entry_get(struct queue *q, uint64_t id, struct arena *arena,
    struct queue_entry *out);

/* The same as queue_entry_next() within a transaction. */
MUST_CHECK enum fail queue_entry_read(struct txn *t, uint64_t after_id, struct arena *arena,
    struct queue_entry *out);

/* One message, within a transaction. FAIL_MISSING. */
MUST_CHECK enum fail queue_entry_load(struct txn *t, uint64_t id, struct arena *arena,
    struct queue_entry *out);

/* As queue_entry_next(), of those that are held. */
MUST_CHECK enum fail queue_held_next(struct queue *q, uint64_t after_id, struct arena *arena,
    struct queue_entry *out);

/* Messages that are held, counted up to ADMIN_COUNT_MAX. FAIL_TEMP. */
MUST_CHECK enum fail queue_count_held(struct queue *q, uint64_t *out);

/* When a recipient is tried next: by its own schedule and that of its site; 0: it is held. */
int64_t queue_next_try(struct queue *q, const struct queue_entry *e, const struct queue_rcpt *r);

struct queue_site_entry {
	struct str site;        /* arena */
	struct queue_host host; /* arena */
	uint64_t waiting;       /* recipients, counted up to ADMIN_COUNT_MAX */
};

#define ADMIN_COUNT_MAX 100000 /* recipients of one site, or held messages, that are counted */

/* The first site behind `after` (empty: the first of all) by name. FAIL_MISSING: there is none. */
MUST_CHECK enum fail queue_site_next(struct queue *q, struct str after, struct arena *arena,
    struct queue_site_entry *out);

struct queue_blocked { /* a route over which nobody answers; its mail takes another one */
	struct str route, fallback; /* borrow: the configuration's */
	int64_t failures;           /* attempts in a row */
	int64_t probe_s;            /* it is tried again then */
};

/* The next one from *at on, which moves behind it; false: there is none. Known while the server runs. */
MUST_CHECK bool queue_blocked_next(const struct queue *q, size_t *at, struct queue_blocked *out);

/* --- checking --------------------------------------------------------------------------------------------- */

/*
 * Without a server: does everything agree? Each finding is told in a line; with is_repair what can be mended
 * is; messages that lost their file or their record go, and recipients that lost theirs, for nothing could be
 * sent of them. FAIL_TEMP.
 */
struct queue_check {
	void (*report)(struct queue_check *check, struct str line);
	bool is_repair;
	uint64_t messages, findings; /* filled in */
};
MUST_CHECK enum fail queue_check(struct queue *q, struct queue_check *check);

/* --- interfering ---------------------------------------------------------------------------------------- */

/* All: FAIL_MISSING: there is no such message; FAIL_TEMP: the store failed. */

struct queue_found { /* how a message was before */
	bool is_held;
	int64_t
	    until_s; /* its sender asked for this time (RFC 4865), which is still ahead; 0: not */
};

/* Nothing happens with it until it is released; what is under way may end. */
MUST_CHECK enum fail queue_hold(struct queue *q, uint64_t id);

/* It is due now, even before the time that its sender asked for: nothing else frees it early. */
MUST_CHECK enum fail queue_release(struct queue *q, uint64_t id, struct queue_found *found_out);

/* It is gone, whatever is damaged of it; nobody is told. */
MUST_CHECK enum fail queue_cancel(struct queue *q, uint64_t id);

/*
 * Its recipients are due now, and so are their sites. Nothing changes when it is held, or waits for the time
 * that its sender asked for: *found_out says so.
 */
MUST_CHECK enum fail queue_retry(struct queue *q, uint64_t id, struct queue_found *found_out);

struct queue_retried { /* zeroed before the first slice */
	uint64_t
	    future; /* recipients left where they are, until the time that their sender asked for */
	bool is_tried; /* something is due there now */
};

/*
 * A slice of what waits for a site ("example.org", "route/NAME", "@local") is due now. `mark` is empty at
 * first, keeps the place between two calls, and is empty again when all is done. FAIL_MISSING: nothing waits
 * there.
 */
MUST_CHECK enum fail queue_retry_site(struct queue *q, struct str site, struct buf *mark,
    struct queue_retried *out);

/* queue_site_meant() by the routes of this queue. */
MUST_CHECK bool queue_find_site(const struct queue *q, struct buf *out, struct str word,
    enum site_meaning meaning);

#endif
