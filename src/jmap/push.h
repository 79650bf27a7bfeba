/*
 * push.h - telling clients by POST what changed (RFC 8620 7.2, RFC 8030): who does it (private to the room).
 *
 * An agent knows the users who have subscriptions and watches what they see (state_watch.h). The directory is asked for
 * their groups at first; later the guards of the subscriptions bring them when it changed. Each user has a task, which
 * sleeps until something changes that the user sees, an answer comes, or something is due. At the start the agent looks
 * for them in the store, in slices, and tells what moved while nobody could.
 *
 * Limits: PUSH_MAX subscriptions of an account, PUSH_MADE_MAX new ones in an hour (each costs one request
 * to a URL that nobody has confirmed yet), PUSH_LIFE_S of life without the client asking for more.
 */
#ifndef JMAP_PUSH_H
#define JMAP_PUSH_H

/* rooms */
#include "http/client.h"
#include "jmap/guard.h"
#include "jmap/settings.h"
#include "mail/push.h"

#define PUSH_LIFE_S     (7 * 24 * 3600) /* RFC 8620 7.2: at least 48 hours, should be 7 days */
#define PUSH_MADE_MAX   60              /* subscriptions made in an hour by one user */
#define PUSH_MADE_MS    (3600 * 1000)
#define PUSH_CODE_CHARS 32 /* of a verification code: 190 bits */

struct directory;
struct jmap_push;
struct state_house;

struct jmap_push_house { /* what it needs; all borrowed */
	struct mail *mail;
	struct directory *directory; /* NULL: users have no groups */
	struct state_house *states;  /* those who listen */
	struct http_client *client;
	const struct jmap_settings *settings;
	struct jmap_guards *guards; /* NULL: logins hold for ever */
};

/* Cannot fail: without the store there is no key, and no subscription either. */
void jmap_push_open(struct jmap_push **out, const struct jmap_push_house *house);

/* Cancels what is under way. */
void jmap_push_close(struct jmap_push **push);

/* May this account have one more now? Counts it. */
MUST_CHECK bool jmap_push_may_add(struct jmap_push *push, uint64_t account);

/* The subscriptions of this account are not what they were. */
void jmap_push_look(struct jmap_push *push, uint64_t account);

/* http URLs and private addresses are fine. */
bool jmap_push_may_private(const struct jmap_push *push);

/* Append our public key (RFC 9749 3); false: there is none. */
bool jmap_push_key_write(const struct jmap_push *push, struct buf *out);

#endif
