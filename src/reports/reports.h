/*
 * reports.h - what we tell other domains about their mail, and connections to them: collected, sent once a day.
 *
 * DMARC's aggregate reports (RFC 7489 7.2): a message from outside that was judged is a row of its domain's report,
 * counted in the turn of the message's reply. Some hours after midnight UTC (a time of this host, period.h) each
 * domain's rows become one message to those that its record names, if they want it (7.1). The transaction that
 * queues it deletes the rows: a crash neither loses nor doubles it.
 *
 * TLS-RPT (RFC 8460): how a conversation with a host went is a row of its domain's report, by the same way. It goes to
 * the first address of the domain's record that takes it, by mail or HTTPS; a crash between a POST and its commit
 * reports twice, with the same id.
 *
 * Both are off unless the owner switches them on. Not done of RFC 7489: reports of failures (ruf), hourly reports (ri),
 * error reports (7.2.2).
 *
 * Ownership: one per program; it borrows everything in the house.
 */
#ifndef REPORTS_REPORTS_H
#define REPORTS_REPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "reports/settings.h"

struct blob_store;
struct dns;
struct http_client;
struct loop;
struct origin;
struct queue;
struct reports;
struct rpt_session;
struct store;

struct reports_house {
	struct loop *loop; /* NULL on the command line: nothing is sent then */
	struct store *store;
	const struct reports_settings *settings;
	struct str hostname;
	/* from here on only used for sending: */
	struct blob_store *blobs;
	struct dns *dns;
	struct queue *queue;
	struct http_client *(*get_http)(void *arg); /* NULL: nothing is sent by HTTPS */
	void *http_arg;
	bool allow_private; /* .. to addresses, too, that are not public */
};

struct reports *reports_open(const struct reports_house *house);

/* Begin sending; the house has a loop. */
void reports_start(struct reports *r);

/* Nothing more is sent; what is under way is done anew after the next start. */
void reports_close(struct reports **r);

/*
 * A message was judged, and is answered in this turn, whatever the answer but "later" is: count it, if its domain
 * wants to know. NULL, or a store that fails: nothing happens; it is logged then.
 */
void reports_dmarc_note(struct reports *r, const struct origin *origin);

/*
 * A conversation with a host went so (tlspolicy/rpt_session.h): count it, if the owner wants that. NULL, or a store that
 * fails: as above. Belongs to the turn.
 */
void reports_tls_note(struct reports *r, const struct rpt_session *session);

/* --- looking ------------------------------------------------------------------------------------ */

struct reports_pending { /* what waits for its report */
	struct str kind; /* "dmarc", "tls" */
	struct str domain;
	int64_t begin_s, end_s, due_s;
	uint64_t things, rows, dropped; /* messages, or conversations */
};

/*
 * The first behind the place `at`, which becomes its place; empty: the first of all. Texts are copied to `copy`.
 * FAIL_MISSING: there is none. FAIL_TEMP.
 */
MUST_CHECK enum fail reports_next(struct reports *r, struct buf *at, struct buf *copy,
    struct reports_pending *out);

/* Since the start. */
struct reports_counts {
	uint64_t noted, dropped; /* messages, conversations: counted; without room */
	uint64_t sent,
	    failed; /* reports: queued, or taken; that nobody wanted, or could be sent to */
};
const struct reports_counts *reports_counts(const struct reports *r);

#endif
