/*
 * state_change.h - what changed, as clients are told: the StateChange object (RFC 8620 7.1), the same by
 * EventSource, WebSocket and push.
 *
 * One table has the types that have a state. A set of them is a word with a bit for each. What a client was not told
 * yet is its debt to us turned round: the moment up to which it knows everything, in ticks of state_watch.h, and what
 * it missed while it was away. A debt is told in pieces of STATE_CHANGE_MAX bytes, account after account.
 *
 * A push state, and the id of an event, is "s123" or "s123-456": the modseq of the user's own account, behind which
 * every type whose state is larger moved, and a number made of what the user sees in other accounts. When that
 * differs all states of those are told: they are few, and nothing has to be kept for who is away.
 */
#ifndef JMAP_STATE_CHANGE_H
#define JMAP_STATE_CHANGE_H

#include <stdint.h>

/* base */
#include "base/str.h"

/* rooms */
#include "codec/json.h"
#include "mail/changes.h"
#include "mail/notify.h"

#define STATE_TYPES_ALL  0xffffffffu /* those that there are, and will be */
#define STATE_TYPE_COUNT 8
#define STATE_CHANGE_MAX 3600 /* bytes of one object: a push message holds no more (RFC 8291 4) */
#define STATE_TOKEN_MAX  48   /* bytes of a push state */

struct state_user;

/* The bit of a type's name, or 0. */
unsigned state_type(struct str name);

/* The types whose states moved, by the bits of a watch on the account (mail/notify.h). */
unsigned state_types_by(unsigned mail_bits);

/* The types that another's account has. */
unsigned state_types_shared(void);

/* --- what a client was not told yet ------------------------------------------------------------ */

struct state_debt {
	uint64_t told; /* up to this tick it knows everything, but for .. */
	unsigned own;  /* .. these types of its own account */
	bool others;   /* .. and all other accounts */
	uint64_t
	    after; /* a row of pieces is under way: told up to the account of this id (1: its own) .. */
	uint64_t began; /* .. since this tick; 0: none is */
};

/* It knows everything. */
void state_debt_clear(struct state_debt *d, const struct state_user *u);

/* It knows what was so at this push state: nothing when that is none of ours, everything without one (p is NULL). */
void state_debt_since(struct state_debt *d, const struct state_user *u, struct str push_state);

/* The same from its two numbers. */
void state_debt_from(struct state_debt *d, const struct state_user *u, uint64_t modseq,
    uint64_t others);

/* The types that are to be told, of any account; 0: nothing is. */
unsigned state_debt_types(const struct state_debt *d, const struct state_user *u, unsigned types);

/*
 * Write {"@type":"StateChange","changed":{..}} with the next piece, and take it off the debt. True when the
 * client knows everything now: then with "pushState", when asked (RFC 8887 4.3.5.1).
 */
bool state_change_write(struct json_writer *w, const struct state_user *u, struct state_debt *d,
    unsigned types, bool has_push_state);

/* Append the push state of now. */
void state_token_write(struct buf *out, const struct state_user *u);

#endif
