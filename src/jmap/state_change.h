/*
 * state_change.h - what changed, as clients are told: the StateChange object (RFC 8620 7.1), the same by
 * EventSource, WebSocket and push.
 *
 * One table has the types that have a state. A set of them is a word with a bit for each. A push state, and
 * the id of an event, is the account's modseq at that time: every type whose state is larger moved since.
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

#define STATE_TYPES_ALL 0xffffffffu /* those that there are, and will be */

/* The bit of a type's name, or 0. */
unsigned state_type(struct str name);

/* The types whose states moved, by the bits of a watch on the account (mail/notify.h). */
unsigned state_types_by(unsigned mail_bits);

/*
 * The types that moved since this push state; all when it is not one of ours, none when it is the present
 * one. Whether mail came in is not known then: EmailDelivery moves with Email.
 */
unsigned state_types_since(const struct account *a, struct str push_state);
unsigned state_types_after(const struct account *a, uint64_t modseq);

/* {"@type":"StateChange","changed":{..}}, with "pushState" when asked (RFC 8887 4.3.5.1). */
void state_change_write(struct json_writer *w, const struct account *a, unsigned types,
    bool has_push_state);

#endif
