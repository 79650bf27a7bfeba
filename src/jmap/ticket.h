/*
 * ticket.h - tickets, with which a web page opens what takes no password of a page (private to the room).
 *
 * A browser lets a page send no Authorization on a WebSocket or an EventSource. So a page asks for a ticket with a
 * login that it can send, and puts that into the URL: "/jmap/ws?ticket=..". An URL may be written down on its way, so a
 * ticket is good for one opening, within TICKET_MS, of these two only; and it opens no more than the password or token
 * that it was asked for with does at that time. It is not bound to an address: a page's two connections may go out by
 * IPv4 and IPv6.
 *
 * RFC 8887 has nothing for this. The capability, its endpoints and the answer are those of Apache James and Twake Mail
 * (com:linagora:params:jmap:ws:ticket), which web clients know.
 *
 * Ownership: tickets live in memory and die with the server. Units: now_ms of clock_mono_ms().
 */
#ifndef JMAP_TICKET_H
#define JMAP_TICKET_H

/* base */
#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "base/str.h"

#define TICKET_MS          (60 * 1000) /* from its making until it is good no more */
#define TICKET_CHARS       32   /* 190 bits: nobody guesses one, so wrong ones need no counting */
#define TICKETS_MAX        4096 /* that are good at once, of all users */
#define TICKETS_OF_ONE_MAX 16   /* of one user; past it his oldest goes */

struct jmap_tickets {        /* zeroed at first; fields: read only */
	struct map by_value; /* struct ticket */
	struct list by_age;  /* the oldest first */
};

/* Make one, borrowed until the next call; p is NULL: there are too many. */
MUST_CHECK struct str jmap_ticket_make(struct jmap_tickets *t, int64_t now_ms, struct str name,
    struct str credential);

/*
 * Use one up: whose it is and what it was asked for with, in the arena. False: it was never there, was used, is too
 * old, or the arena is full.
 */
MUST_CHECK bool jmap_ticket_take(struct jmap_tickets *t, int64_t now_ms, struct str value,
    struct arena *a, struct str *name_out, struct str *credential_out);

/* Take one back that is this user's. */
void jmap_ticket_revoke(struct jmap_tickets *t, struct str value, struct str name);

void jmap_tickets_release(struct jmap_tickets *t);

#endif
