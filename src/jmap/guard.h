/*
 * guard.h - does the login of something that lasts still hold? (private to the room)
 *
 * A stream of events, a WebSocket and a push subscription outlive the request that was logged in. Each has a guard:
 *
 *     ASKING --it holds--> RESTING --directory.db changed--> ASKING --the password or token, or the user is gone--> OVER
 *
 * The house looks at the directory every GUARD_LOOK_MS, and lets GUARD_BATCH guards ask at a time, so that a change of
 * one user is no storm of questions by ten thousand streams. A directory that does not answer ends nothing: the
 * guard asks again at the next look. A new guard asks at once, because the directory may have changed since the login.
 *
 * Ownership: a guard is its owner's, zeroed before its start; `name` and house are borrowed until the stop.
 */
#ifndef JMAP_GUARD_H
#define JMAP_GUARD_H

/* base */
#include "base/list.h"

/* rooms */
#include "directory/directory.h"
#include "loop/loop.h"

#define GUARD_LOOK_MS  (10 * 1000) /* between two looks at the directory */
#define GUARD_BATCH    64  /* guards that ask at a time; the directory takes 1000 questions */
#define GUARD_BATCH_MS 100 /* between two of these */

struct jmap_guards {
	struct directory *directory; /* borrow */
	struct loop *loop;           /* borrow; NULL before the first guard */
	struct task task;
	struct timer timer;
	struct list resting, asking; /* struct jmap_guard.node; `asking` are not woken yet */
	uint64_t epoch;              /* of the directory, at the last look */
	int64_t look_ms;             /* when to look again */
	bool is_unsure;              /* somebody got no answer */
};

enum jmap_guarded {
	GUARD_HOLDS,
	GUARD_RENEWED, /* .. and guard->query.account is the user as it is now */
	GUARD_OVER
};

struct jmap_guard {
	struct list_node node;
	struct jmap_guards *house; /* borrow; NULL: not started */
	struct task *owner;        /* borrow: woken when there is something to step for */
	struct str name;           /* borrow: of the account */
	char credential[DIRECTORY_CREDENTIAL_CHARS];
	size_t credential_n;
	bool must_ask, is_asking;
	struct directory_query query;
};

void jmap_guards_init(struct jmap_guards *house, struct directory *directory);
void jmap_guards_release(struct jmap_guards *house);

/* `credential` (directory.h) is copied. Without a house (NULL) the login holds for ever. */
void jmap_guard_start(struct jmap_guards *house, struct loop *loop, struct jmap_guard *guard,
    struct task *owner, struct str name, struct str credential);

/* At each step of the owner; HOLDS for one that was not started. */
MUST_CHECK enum jmap_guarded jmap_guard_step(struct jmap_guard *guard);

/* Safe on a zeroed one, and twice. */
void jmap_guard_stop(struct jmap_guard *guard);

#endif
