/*
 * push_inner.h - the agent, its accounts, and one subscription of them (private to push*.c).
 *
 * A subscription, a target for the agent:
 *
 *     UNASKED --PushVerification taken--> ASKED --code came back--> VERIFIED <-+
 *        | PUSH_ASKS_MAX failures                                   |  StateChange due, sent, taken
 *        +--> gone <--404, 410, expired, destroyed, login over -----+----------+
 *
 * and whatever is to be sent to it:
 *
 *     REST --something to say, due--> SENDING --2xx--> REST, not before `gap`
 *                                        +--429, failed--> REST, not before a longer wait
 *
 * Facts: a fetch is under way in SENDING only. What moved meanwhile, or is not due yet, is the client's `debt`,
 * and said in one StateChange with the newest states, or in some when they are many. Keys and signature of a push take some milliseconds, so
 * one is sent per turn. `told` is stored when the client took it, so that after
 * a new start what differs from then is said, and nothing else.
 */
#ifndef JMAP_PUSH_INNER_H
#define JMAP_PUSH_INNER_H

/* base */
#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"

/* rooms */
#include "directory/directory.h"
#include "jmap/push.h"
#include "jmap/state_watch.h"
#include "jmap/web_push.h"

#define PUSH_TIMEOUT_MS   (30 * 1000)
#define PUSH_GAP_MS       1000             /* between two pushes: changes in between are one */
#define PUSH_GAP_MAX_MS   (10 * 60 * 1000) /* .. for who said 429 again and again */
#define PUSH_WAIT_MS      (30 * 1000)      /* after a failure, doubled with each further one .. */
#define PUSH_WAIT_MAX_MS  (3600 * 1000)    /* .. up to this */
#define PUSH_RETRY_MAX_S  (24 * 3600)      /* of a Retry-After */
#define PUSH_ASKS_MAX     5                /* failures until a subscription nobody confirmed goes */
#define PUSH_FAILS_MAX    10               /* .. until one waits for the next change: 5 hours */
#define PUSH_AT_ONCE      4 /* pushes of one user: the client has 32 connections for all */
#define PUSH_REPLY_MAX    (64 * 1024) /* bytes of an answer's body, which nobody reads */
#define PUSH_TARGET_BYTES (32 * 1024) /* one subscription in memory */

struct jmap_push {
	struct jmap_push_house house;
	struct tls_trust *trust; /* own; NULL until the first https URL */
	bool has_tried_trust;
	bool has_secret;
	unsigned char secret[PUSH_SECRET_BYTES]; /* VAPID's */
	struct task task;                        /* looks through the store at the start */
	uint64_t looked_to;                      /* account */
	uint64_t sent_turn; /* of the loop, in which one was sent: the next one waits for another */
	struct map accounts; /* by id: struct push_account.node */
	struct log log;
};

struct push_account {
	struct map_node node;
	uint64_t id;
	struct jmap_push *push;         /* borrow */
	struct account *account;        /* own: counted; NULL while it has no targets */
	struct state_listener listener; /* while it has targets */
	struct directory_query query;   /* for the groups */
	struct buf groups;              /* own; with blanks between them */
	bool is_asking, has_groups;
	bool must_listen; /* anew: they are others */
	struct task task;
	struct timer timer;
	struct list targets;
	unsigned sending;      /* targets with a push under way: PUSH_AT_ONCE at most */
	bool is_stale;         /* look into the store again */
	unsigned made;         /* subscriptions since .. */
	int64_t made_until_ms; /* .. an hour before this; 0: none */
};

struct push_target {
	struct list_node node;
	struct push_account *owner;   /* borrow */
	struct arena arena;           /* own: texts of `sub` */
	struct push_subscription sub; /* as stored */
	unsigned types;               /* wanted */
	struct state_debt debt;       /* moved, not told */
	bool is_sending, is_asking;
	struct state_debt had; /* .. before the StateChange under way */
	uint64_t sent_to;      /* .. and what it knows then: the account's modseq */
	uint64_t sent_others;  /* .. and state_others() .. */
	bool is_all;           /* .. if that was all there was to say */
	unsigned fails;        /* in a row */
	int64_t gap_ms;        /* between two pushes */
	int64_t due_ms;        /* nothing is sent before */
	struct buf body;       /* own; of the fetch */
	struct http_fetch fetch;
	struct jmap_guard guard; /* of the login that made it */
	bool is_denied;          /* .. which holds no more */
	bool is_seen;            /* while the store is looked through */
};

/* push.c: a guard brought the user as the directory has it now. */
void push_account_renewed(struct push_account *p, const struct directory_account *who);

/*
 * push_target.c: a subscription as stored; one that was verified since it was looked at last is told at once
 * what moved after `told`.
 */
struct push_target *push_target_new(struct push_account *owner,
    const struct push_subscription *sub);
void push_target_update(struct push_target *t, const struct push_subscription *sub);
void push_target_free(struct push_target **t);

/* Go on. False: it is over, and its record is gone. */
MUST_CHECK bool push_target_step(struct push_target *t);

/* When it wants its next step, on the monotonic clock; INT64_MAX: not by itself. */
int64_t push_target_due(const struct push_target *t);

/* push_send.c: start to say what is to be said. */
void push_send(struct push_target *t);

/* How long the peer wants us to wait, as it says with 429 or 503; 0: it does not. */
int64_t push_retry_after_ms(const struct http_fetch *f);

#endif
