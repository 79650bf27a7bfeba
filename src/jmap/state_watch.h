/*
 * state_watch.h - who is to be told of changes: the users that listen, and the accounts that each of them sees.
 *
 * A user who listens, by EventSource, WebSocket or push, however often, is here once: with a watch on the own account
 * and on each other one that the session lists. When something moved its task notes the types, once for all of its
 * listeners, and wakes them; so what one of them costs does not depend on how many accounts there are.
 *
 *     listener: asleep --a type moved--> woken: asks state_debt_types(), tells, asleep again
 *     account:  watched --its rights say nothing any more--> gone: told once more --sharing asked again--> forgotten
 *     user:     made with the first listener, freed with the last
 *
 * What is told of others' accounts: Email and Thread when something happened in a mailbox that the user may read,
 * Mailbox when one that is shown changed, all of them when the user's rights did. What happens elsewhere in such an
 * account is not told; but states count everything in it, so that the next one told is larger by more than one.
 * Rights are read again before anything is told of an account whose lists changed: what was withdrawn is withdrawn
 * at once. An account that is no longer seen is told once with the states of that moment, so that the client asks
 * and finds it gone. The user's groups are those of the login; for push those that the directory has.
 *
 * Bounds: JMAP_SHARED_MAX other accounts of a user; STATE_LOOKS times in a turn the store is asked for rights or
 * accounts, all users together, so that one change of rights in an account that thousands see is no long turn.
 */
#ifndef JMAP_STATE_WATCH_H
#define JMAP_STATE_WATCH_H

/* base */
#include "base/map.h"

/* rooms */
#include "jmap/access.h"
#include "jmap/state_change.h"
#include "loop/loop.h"
#include "mail/notify.h"

#define STATE_LOOKS 20 /* in one turn: some 50 us each */

struct state_house { /* zeroed at first */
	struct map users;
	uint64_t turn;  /* of the loop, in which .. */
	unsigned looks; /* .. the store was asked so often */
};

struct state_account {
	struct jmap_access access; /* its account is NULL: it is gone */
	struct mail_watch watch;
	uint64_t id;
	unsigned bits;                    /* of the watch, not looked at yet */
	uint64_t acl_modseq;              /* when rights were read */
	uint64_t emails, mailboxes;       /* numbers made of what is seen */
	uint64_t moved[STATE_TYPE_COUNT]; /* tick of the last time */
	uint64_t gone_state;              /* the states that are told of one that is gone */
};

struct state_user { /* fields: read only */
	struct map_node node;
	struct state_house *house; /* borrow */
	struct loop *loop;         /* borrow */
	struct account *account;   /* own: counted */
	struct str groups;         /* own: behind the struct, as is the key */
	struct task task;
	struct mail_watch sharing;
	struct list listeners;
	struct state_account **accounts; /* own: the user's first, the others by id */
	size_t account_count;
	uint64_t tick;
	bool is_stale; /* the accounts are to be found again */
};

struct state_listener { /* zeroed at first; fields: read only */
	struct list_node node;
	struct state_user *user; /* NULL: it does not listen */
	struct task *task;       /* borrow: woken */
	bool is_lost;            /* a commit failed: close the account */
};

/* Listen: `groups` as in acl.h, copied. What moves from here on is noted. Stop is safe in any state. */
void state_listen(struct state_listener *l, struct state_house *house, struct loop *loop,
    struct account *account, struct str groups, struct task *task);
void state_listen_stop(struct state_listener *l);

/* A number made of what the user sees in others' accounts; 0 when there are none. */
uint64_t state_others(const struct state_user *u);

#endif
