/*
 * inner.h - what the files of the room share (private to the room).
 *
 * daily.c walks over what was counted, and each kind of report (struct reports_kind) makes a message of one subject:
 *
 *     IDLE --timer, or a start--> FIND --a subject that is due--> WORK --made, or nobody wants it--> REST --timer--> FIND
 *      ^                           |                               |--not now--> FIND: the next one
 *      '-------none is left--------'
 *
 * Facts: a kind has memory in WORK only. The subject's rows are in the store until the transaction that queues its
 * message, or gives it up; whatever happens before that is done anew.
 */
#ifndef REPORTS_INNER_H
#define REPORTS_INNER_H

#include "base/buf.h"
#include "base/log.h"
#include "loop/loop.h"
#include "reports/message.h"
#include "reports/period.h"
#include "reports/reports.h"
#include "reports/tally.h"

enum reports_state { REPORTS_IDLE, REPORTS_FIND, REPORTS_WORK, REPORTS_REST };

/* What came of a step in WORK. */
enum reports_work {
	WORK_MORE,  /* a slice was done */
	WORK_WAIT,  /* the task will be woken */
	WORK_READY, /* r->message is what is sent; its texts live until end() */
	WORK_DONE,  /* it was told, and goes */
	WORK_LATER, /* not now: DNS does not answer */
	WORK_NEVER, /* nobody wants it, or nothing can be made of it: it goes */
};

struct reports_kind {
	enum tally_kind kind;
	struct str name;                        /* as the command line has it */
	bool (*is_on)(const struct reports *r); /* else what was collected goes at once */
	void (*begin)(struct reports *r);       /* r->subject, at r->place */
	enum reports_work (*step)(struct reports *r);
	void (*end)(struct reports *r); /* safe in any state */
};

extern const struct reports_kind reports_dmarc; /* dmarc_send.c */
extern const struct reports_kind reports_tls;   /* tls_send.c */

/* All of them, in the order in which they are walked over. */
#define REPORTS_KINDS 2
extern const struct reports_kind *const reports_kinds[REPORTS_KINDS];

struct reports {
	struct reports_house house;
	struct log log;
	struct tally_limits limits;
	struct reports_counts counts;
	struct buf from; /* own; the address that reports are from */

	struct task task;
	struct timer timer;
	enum reports_state state;
	size_t kind_at;               /* of reports_kinds: whose subjects are walked over */
	int64_t passed_s;             /* when the last walk ended; 0: there was none */
	struct buf place;             /* own; of the subject under work, or the one before */
	struct tally_subject subject; /* texts in copy */
	struct buf copy;              /* own */
	bool is_last_try;             /* what cannot be done now is given up */
	bool is_stale;                /* in WORK: something was counted to it meanwhile */
	struct dmarc_work *dmarc;     /* own; in WORK */
	struct tls_work *tls;         /* own; in WORK */
	struct report_message message;
};

/* The domain of r->from: who reports (RFC 7489 7.2.1.1: receiver, Submitter). */
struct str reports_submitter(const struct reports *r);

/*
 * What reports of all kinds have in common (RFC 7489 7.2.1.1, RFC 8460 5.1, 5.3), of r->subject: its id, which is the
 * same whatever stood between two tries; the Subject; the name of the file, which ends in `extension`.
 */
#define REPORT_ID_MAX    400                   /* bytes: a time, a hash, our name */
#define REPORT_NAMES_MAX (800 + REPORT_ID_MAX) /* bytes: two names of domains, two times, an id */
void reports_write_id(const struct reports *r, struct buf *out);
void reports_write_subject(const struct reports *r, struct str id, struct buf *out);
void reports_write_name(const struct reports *r, struct str extension, struct buf *out);

/* --- note.c ------------------------------------------------------------------------------------- */

/* Count it, with what the domain published; a row that overflowed is told in the log. Belongs to the turn. */
void reports_note(struct reports *r, enum tally_kind kind, struct str domain, struct str about,
    const struct buf *row);

/* --- daily.c ------------------------------------------------------------------------------------ */

/* The first of a subject was counted. */
void reports_plan(struct reports *r);

/* Something was counted to this subject. */
void reports_counted(struct reports *r, const struct tally_subject *subject);

void reports_daily_open(struct reports *r);
void reports_daily_close(struct reports *r);

/* --- send.c ------------------------------------------------------------------------------------- */

/*
 * Queue r->message, and in the same transaction let r->subject go. Belongs to the turn.
 * FAIL_LIMIT: the queue is full; FAIL_SYNTAX: no message can be made of it; FAIL_TEMP.
 */
MUST_CHECK enum fail reports_send(struct reports *r);

/* Let r->subject go without. */
MUST_CHECK enum fail reports_give_up(struct reports *r);

#endif
