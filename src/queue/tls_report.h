/*
 * tls_report.h - once a day, tell domains how connections to them went: TLS-RPT (RFC 8460). Private to the room.
 *
 *     REST --time--> NEXT --a domain of a day that is over--> RECORD --where its reports go--> SEND
 *     NEXT --none is left--> REST, until after midnight (UTC), or an hour when one is to be tried again
 *     RECORD --nobody wants them--> forgotten, NEXT        RECORD --no answer--> left, NEXT
 *     SEND --mail: into the queue, forgotten in the same turn--> NEXT
 *     SEND --https--> POST --taken--> forgotten, NEXT      POST --not--> SEND, the next address
 *     SEND --no address is left--> left, NEXT; what is older than RPT_KEEP_DAYS is forgotten
 *
 * Not done: delivering a report in spite of what the domain demands of a conversation (RFC 8460 5.3): it waits then.
 *
 * What the store has counts (tlspolicy/rpt_store.h); a crash between a POST and its commit reports twice, with the
 * same id.
 */
#ifndef QUEUE_TLS_REPORT_H
#define QUEUE_TLS_REPORT_H

#include "queue/queue.h"

struct tls_reporter;

/* What is over is reported at once, then once a day. NULL when the settings do not want it. */
struct tls_reporter *tls_reporter_start(struct queue *q);
void tls_reporter_free(struct tls_reporter **r);

#endif
