/*
 * inner.h - what the files of the queue share (private to the room).
 *
 * A site that has something to do is open: its struct is in memory and agents work for it. Everything that
 * must not be lost is in the store: site.c keeps a site's keys right in every transaction that changes what
 * waits for it, so that closing a site writes nothing and a crash loses nothing.
 *
 *     site:   closed --due--> open: agents pick jobs --nothing due, agents gone, rate allows--> closed
 *                              open --its hosts fail--> closed, resting until retry_s
 *     job:    picked --agent--> outcomes set --job_settle--> settling --commit--> gone
 *                                                settling --commit failed--> unsettled --store well--> settling
 *             .. of @local, or of a time: what failed is taken back, unsettled --a little later--> gone, picked anew
 *             picked --its turn's commit failed, agent stopped--> gone, waits in the store as before
 */
#ifndef QUEUE_INNER_H
#define QUEUE_INNER_H

#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "loop/loop.h"
#include "queue/queue.h"
#include "queue/record.h"
#include "smtpc/content.h"
#include "store/store.h"

#define JOB_RCPTS_MAX   1000              /* recipients of one try: as many as a message can have */
#define JOB_ARENA_MAX   (4 * 1024 * 1024) /* bytes: JOB_RCPTS_MAX rows with their last answers */
#define SITES_SLICE     20   /* sites opened, or times looked at, in one step of the scheduler */
#define SETTLE_AGAIN_MS 1000 /* between tries to write an outcome to a bad disk */
#define UNSETTLED_MAX   200 /* outcomes waiting for a bad disk; with so many, nothing new is tried */
#define EXPIRY_BUSY_S   60  /* a message under way is given up this much later */
#define SITE_BROKEN_MAX 3   /* conversations broken in a row before the site counts as down */

struct queue_site {
	struct queue *queue; /* borrow */
	struct map_node by_name;
	struct buf name; /* own; holds the key of by_name */
	struct map jobs; /* picked or settling: by message */
	struct list agents;
	size_t agent_count;
	size_t window;     /* agents allowed now: grows with success */
	size_t busy_count; /* agents that have a working connection */
	uint32_t failures; /* of the site as a whole, in a row, when it was opened */
	unsigned broken;   /* conversations that broke in a row */
	int64_t next_ms;   /* rate: not before, monotonic */
	int64_t
	    next_due_s; /* when the next one is due, as job_pick() saw when it found none; 0: unknown */
	bool is_resting;  /* failed as a whole: agents end, then it closes */
	bool is_yielding; /* others wait for connections: agents end, then it closes */
};

/* Somebody who works for a site: embedded first in what agent.c and local.c make. */
struct queue_agent {
	struct list_node node; /* in site->agents */
	struct task task;
	struct queue_site *site;             /* borrow */
	struct queue_job *job;               /* own; NULL between two */
	void (*stop)(struct queue_agent *a); /* break off what is under way; the job is given up */
};

/* What a site learns with a settling; zeroed but for the site: nothing. */
struct site_change {
	struct str site;
	bool has_failed;  /* as a whole: it rests */
	bool is_well;     /* it took a message: its failures are forgotten */
	bool is_yielding; /* it goes behind others that are due */
	struct queue_last last;
};

/* A message about to be taken in; its file is in QUEUE_FOLDER already. */
struct addition {
	struct queue *queue;
	const struct queue_new *new;
	struct str blob;
	uint64_t id; /* set */
};

enum job_outcome {
	JOB_PENDING,   /* nothing known */
	JOB_DELIVERED, /* and the other side will tell of success itself, if it was asked to */
	JOB_RELAYED,   /* handed to a host that tells nobody of success */
	JOB_STORED,    /* in mailboxes here */
	JOB_EXPANDED,  /* became other messages, to members of a list */
	JOB_FORWARDED, /* became another message, which carries what was asked for */
	JOB_DISCARDED, /* by a route that throws away */
	JOB_DEFERRED,  /* try again by its own schedule */
	JOB_POSTPONED, /* its site failed, not it: stays due */
	JOB_MOVED,     /* waits at another site now */
	JOB_FAILED,
	JOB_OUTCOME_COUNT
};

struct job_rcpt {
	struct queue_rcpt row;
	enum job_outcome outcome;
	struct queue_last last; /* arena; of this try */
	struct str moved_to;    /* arena; JOB_MOVED */
	bool is_told_now;       /* a delay report goes out with this settling */
	bool is_expired;        /* failed because its time is over */
	bool is_gone;           /* its row is: somebody else settled it, or cancelled */
};

/* A message that comes of a recipient: for its members elsewhere, or for accounts that could not take it. */
struct job_child {
	struct list_node node; /* in job.children */
	struct job_rcpt *of;
	struct envelope envelope;
	struct envelope_rcpt *rcpts; /* child_arena */
	struct queue_new new;        /* points to the two above */
	struct blob_name blob;       /* these two are set when it is linked */
	struct addition added;
};

struct queue_job {
	struct queue *queue;     /* borrow */
	struct queue_site *site; /* borrow; NULL: made for a time that came, not for a try */
	struct list_node node;   /* in queue.settling or queue.unsettled */
	struct map_node by_message;
	char id_key[8]; /* of by_message */
	uint64_t turn;  /* in which it was picked, or settled last */
	struct arena arena;
	struct queue_message message; /* arena */
	struct job_rcpt *rcpts;       /* arena */
	size_t rcpt_count;
	struct blob_map map; /* the whole file; mapped when needed */
	struct arena child_arena;
	struct list children;      /* child_arena; messages taken in with the settling */
	struct site_change change; /* arena */
	int64_t again_ms;          /* unsettled: not before, monotonic */
	bool is_given_up;          /* .. then it goes, and is picked anew */
	/* private to sign.c */
	struct job_signing *signing; /* own; while it is signed */
	bool is_plain;               /* nothing signs it */
	bool is_signed;              /* as it goes in this form: */
	unsigned needs;              /* SEVEN_NEEDS_ bits of its content */
	enum content_form form;
	struct buf signed_fields; /* own; the signatures, and message.fields */
};

struct queue {
	struct queue_house house;
	struct log log;
	struct blob_namer namer;
	struct task task; /* the scheduler */
	struct timer timer;
	struct turn_hook sync, committed;
	struct map sites;                /* open ones, by name */
	size_t agent_count;              /* but those of @local */
	struct list settling, unsettled; /* jobs */
	size_t unsettled_count;
	int64_t
	    times_ms; /* messages whose time came are not looked at before, monotonic: a bad disk */
	unsigned char secret[32];
	bool has_secret; /* it is in the store */
	uint64_t count;  /* messages, as the store has it */
	struct queue_counts counts;
	bool is_started, is_stopping;
	struct pick *pick;           /* own; job.c */
	bool has_starved;            /* sites wait for a free connection */
	struct route_health *health; /* own; of each route that was asked for, by its place */
	size_t health_count;
	struct buf ahead_at; /* own; places behind this key are looked at (ahead.c); empty: none */
	int64_t clock_offset_s; /* of the wall clock, as the last step saw it */
	bool is_turn_lost; /* what was done in it could not be taken back: its commit must fail */
};

/* The key of rewritten senders, made when there is none. Belongs to the turn. */
MUST_CHECK enum fail queue_secret(struct queue *q, struct str *out);

/* --- site.c ---------------------------------------------------------------------------------------------- */

/* In a transaction that added, removed or moved places of a site: make QUEUE_HOST and QUEUE_WAKE right. */
MUST_CHECK enum fail site_update(struct queue *q, struct txn *t, const struct site_change *change,
    int64_t now_s);

/* The earliest due time of all that wait for it; FAIL_MISSING: nothing does. */
MUST_CHECK enum fail site_first_due(struct txn *t, struct str site, int64_t *due_out);

/* The wait after so many failures, in seconds. */
int64_t queue_wait_s(const struct queue *q, uint32_t failures);

/* The record of a site (failures, last answer); texts are copied to `copy`. FAIL_MISSING: there is none. */
MUST_CHECK enum fail site_host(struct queue *q, struct str site, struct queue_host *out,
    struct buf *copy);

/* The same in a transaction; *out is zeroed when there is none. */
MUST_CHECK enum fail site_host_get(struct txn *t, struct str site, struct queue_host *out,
    struct buf *copy);

struct queue_site *site_open(struct queue *q, struct str name);
struct queue_site *site_find(const struct queue *q, struct str name);
void site_free(struct queue_site *s); /* without agents and jobs */

/* Agents it may have at most. */
size_t site_window_max(const struct queue_site *s);

/* Its agents look for news: those that wait for another message find one. */
void site_wake(struct queue_site *s);
void sites_wake(struct queue *q); /* .. of all sites */

/* An owner changed what is due: agents look for it, and the scheduler. */
void queue_look_again(struct queue *q);

/* Its agents may pick another job: the site is not left alone, and the disk can keep what comes of it. */
bool site_may_try(const struct queue_site *s);

/*
 * Start agents while there are due jobs and free places; close it when it has neither. True: it was opened and
 * closed for nothing.
 */
bool site_run(struct queue_site *s);

/* The alarm at that time was for nothing: make its keys right. */
void site_mend(struct queue *q, struct str site, int64_t wake_s);

/* It is kept open until next_ms, though it may have nothing to do. */
bool site_must_stay(const struct queue_site *s);

/* --- sign.c ---------------------------------------------------------------------------------------------- */

enum job_signed {
	JOB_SIGNED,    /* or there is nothing to sign it with */
	JOB_SIGN_MORE, /* a slice of it was done */
	JOB_SIGN_WAIT, /* DNS is asked, or others compute; the owner is woken */
};

/*
 * Make our signatures, when it is ours and there are keys for its author's domain, or our seal, when it is forwarded and
 * there are keys of ours; for a host that takes this (smtpc_takes()). `message` are the bytes that are sent; job_fields() is
 * what goes in front of them.
 */
MUST_CHECK enum job_signed job_sign(struct queue_job *j, struct str message, unsigned takes,
    struct task *owner);
struct str job_fields(const struct queue_job *j);
void job_sign_end(struct queue_job *j); /* safe in any state */

/* --- blocked.c ------------------------------------------------------------------------------------------- */

/*
 * The way that mail of a site takes now, to be followed at once: its route, or the fallback while the site failed
 * often or the route is blocked, or with is_diverted. NULL: by MX.
 */
const struct queue_route *route_take(struct queue *q, const struct queue_site *s, bool is_diverted);

/* A connection over this route got a greeting. A route that is nobody's own way does not count. */
void route_works(struct queue *q, const struct queue_route *route);

/* None of an attempt did; true: the route is blocked, and the fallback can be tried at once. */
MUST_CHECK bool route_failed(struct queue *q, const struct queue_route *route);

/* --- entry.c: in a transaction --------------------------------------------------------------------------- */

/* Texts are copied to `copy`. FAIL_MISSING: there is no such message. */
MUST_CHECK enum fail queue_message_get(struct txn *t, uint64_t id, struct queue_message *out,
    struct buf *copy);
MUST_CHECK enum fail queue_message_put(struct txn *t, const struct queue_message *m);

MUST_CHECK enum fail queue_rcpt_put(struct txn *t, const struct queue_rcpt *r);

/* The key that names its file. */
MUST_CHECK enum fail queue_blob_put(struct txn *t, const struct queue_message *m);

/* Its record, file and time; its recipients are gone already. */
MUST_CHECK enum fail queue_message_delete(struct queue *q, struct txn *t,
    const struct queue_message *m);

/* Its time key and m->time_s become `time_s`, 0 for none; the record is not written. */
MUST_CHECK enum fail queue_message_retime(struct txn *t, struct queue_message *m, int64_t time_s);

/* --- job.c ----------------------------------------------------------------------------------------------- */

/* The next due job of a site that nobody works on; NULL: there is none. */
struct queue_job *job_pick(struct queue_site *s);

/* An empty one: of a site, or of none. */
struct queue_job *job_new(struct queue *q, struct queue_site *s);

/* Its record, into the job. FAIL_MISSING, FAIL_PERM: it is damaged; FAIL_TEMP. */
MUST_CHECK enum fail job_load_message(struct txn *t, struct queue_job *j, uint64_t id);

/* An agent works on this recipient. */
bool job_is_busy(const struct queue *q, const struct queue_rcpt *row);

/* The bytes to be sent, mapped. FAIL_MISSING: the file is lost; FAIL_TEMP. */
MUST_CHECK enum fail job_map(struct queue_job *j, struct str *content_out);

/* What became of a recipient here, in words of ours (static text). */
void job_rcpt_set(struct job_rcpt *r, enum job_outcome outcome, struct status status,
    const char *text);

/* Give it up without an outcome, or after it was settled. */
void job_free(struct queue_job **j);

/* --- settle.c -------------------------------------------------------------------------------------------- */

/*
 * Write outcomes, reports and what follows; the job is the queue's from here on. False: nothing was written.
 * What a host said is kept and written later; a job of @local or of a time is given up and comes again, so its
 * agent must take back what it stored in this turn.
 */
bool job_settle(struct queue_job *j);

/* Nothing can be written now: it is picked anew a little later. */
void job_give_up(struct queue_job *j);

/* Write again what a failed commit took back, when it is time. */
void jobs_resettle(struct queue *q);

/* The turn ended: those that settled in it are done, or not. */
void jobs_committed(struct queue *q, enum fail outcome);

/* --- follow.c -------------------------------------------------------------------------------------------- */

/* After delivery_store() and all that hangs on it went well: what else the message sets off, in the same turn. */
struct delivery;
struct delivery_targets;
void queue_follow(struct queue *q, const struct delivery *d,
    const struct delivery_targets *targets);

/* --- vacation.c ------------------------------------------------------------------------------------------ */

/* Does one of those who have it have a vacation response at all? Then: answer for those who want it now. */
bool queue_may_answer(struct queue *q, const struct delivery_targets *targets);
void queue_answer(struct queue *q, struct str bytes, const struct delivery *d,
    const struct delivery_targets *targets);

/* --- submission.c ---------------------------------------------------------------------------------------- */

/* After outcomes were written: the sender's record of it follows, in the same turn. */
void job_tell_submission(struct queue_job *j);

/* .. when the owner of the server took the message away. */
struct queue_entry;
void queue_tell_cancelled(struct queue *q, const struct queue_entry *e);

/* --- report.c -------------------------------------------------------------------------------------------- */

struct queue_report { /* a report, its file finished in this turn; or none */
	struct envelope envelope;
	struct envelope_rcpt rcpt;
	struct queue_new new; /* points to the two above */
	struct blob_name blob;
	bool is_there;
};

/* What the senders of these recipients must hear. FAIL_TEMP: the disk failed. */
MUST_CHECK enum fail report_write(struct queue_job *j, int64_t now_s, struct queue_report *out);

/* --- add.c ----------------------------------------------------------------------------------------------- */

/* The part of queue_add() inside of a transaction. */
MUST_CHECK enum fail addition_run(struct txn *t, void *addition);

/* After it: counts, the log, and the sites of its recipients learn of it. */
void addition_announce(const struct addition *a);

/* When a message must be looked at next, after that time: the notice, DELIVERBY, the end. */
int64_t queue_next_time(const struct queue *q, const struct queue_message *m, int64_t after_s);

/* --- child.c ---------------------------------------------------------------------------------------------- */

/*
 * The message goes on to these addresses elsewhere (borrowed until the settling), under a sender of ours.
 * FAIL_SYNTAX, FAIL_LIMIT: its sender cannot be rewritten; FAIL_TEMP.
 */
struct delivery_remote;
MUST_CHECK enum fail job_add_forward(struct queue_job *j, struct job_rcpt *r,
    const struct delivery_remote *members, size_t count);

/* These accounts (borrowed as above) are handed on: the message goes home to them. FAIL_LIMIT. */
MUST_CHECK enum fail job_add_home(struct queue_job *j, struct job_rcpt *r,
    const struct str *accounts, size_t count);

/* These accounts (borrowed as above) could not take it now: the message tries them again alone. FAIL_LIMIT. */
MUST_CHECK enum fail job_add_later(struct queue_job *j, struct job_rcpt *r,
    const struct str *accounts, size_t count);

void job_forget_children(struct queue_job *j);
struct job_child *job_child_first(const struct queue_job *j);
struct job_child *job_child_next(const struct queue_job *j, const struct job_child *c);

/* Before the transaction that names them, in the same step. FAIL_TEMP, FAIL_MISSING: the file is lost. */
MUST_CHECK enum fail job_link_children(struct queue_job *j);

/* In it; behind it. */
MUST_CHECK enum fail job_children_run(struct txn *t, struct queue_job *j);
void job_announce_children(const struct queue_job *j);

/* --- expand.c --------------------------------------------------------------------------------------------- */

struct delivery_resolve;
struct delivery_targets;

struct forwards { /* members elsewhere of a job's recipients, that have nothing yet */
	struct arena arena;
	struct list left;
	bool is_checked; /* the file is there */
};

void forwards_init(struct forwards *f);
void forwards_reset(struct forwards *f);
void forwards_release(struct forwards *f);

/* Remember what the directory found; texts are copied. FAIL_LIMIT: too many for one job. */
MUST_CHECK enum fail forwards_add(struct forwards *f, struct job_rcpt *r,
    const struct delivery_resolve *found);

/*
 * Describe the children of the next slice. A recipient whose last member is among them has its outcome; one
 * that cannot be forwarded, too, and leaves the targets. True: more are left for another slice.
 */
bool forwards_next(struct forwards *f, struct queue_job *j, struct delivery_targets *targets);

/* Take a slice in while the job goes on. FAIL_MISSING: it was cancelled; FAIL_TEMP: nothing was written. */
MUST_CHECK enum fail job_expand(struct queue_job *j);

/* --- agents ---------------------------------------------------------------------------------------------- */

/* Work for a site, beginning with this job; it ends by itself, and wakes the scheduler then. */
void agent_start(struct queue_site *s, struct queue_job *first);

/* The parts that all agents share: become known to a site, and leave it. */
void agent_join(struct queue_agent *a, struct queue_site *s, struct queue_job *first);
void agent_leave(struct queue_agent *a);

/* --- time.c ------------------------------------------------------------------------------------------------ */

struct queue_time {
	int64_t time_s;
	uint64_t id;
};

struct queue_times { /* messages whose time came */
	int64_t now_s;
	int64_t next_s; /* when the next one's does; 0: never */
	struct queue_time items[SITES_SLICE];
	size_t count;
	bool has_more;  /* more are due than were looked at */
	bool is_unread; /* the store failed */
};

/* Reports can be written, as far as we know. */
bool times_can_look(const struct queue *q);

/* Tell senders, return messages: a slice of what is due at now_s. */
void times_look(struct queue *q, struct queue_times *times);

/* --- ahead.c ----------------------------------------------------------------------------------------------- */

/* Further ahead than any wait of ours: the wall clock was set back. */
bool queue_is_ahead(const struct queue *q, int64_t time_s, int64_t now_s);

/* All places must be looked at. */
void ahead_begin(struct queue *q);

/* Look at some of them, if so, or if the clock went back. True: more are left. */
bool ahead_step(struct queue *q, int64_t now_s);

/* --- schedule.c ------------------------------------------------------------------------------------------ */

enum step queue_step(struct task *t);

#endif
