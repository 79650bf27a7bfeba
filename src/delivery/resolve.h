/*
 * resolve.h - whom does mail for this address reach: accounts here, and addresses elsewhere.
 *
 * Asks the directory where the address leads and then for each account behind it (quota, enabled), and
 * adds the accounts to the targets of a delivery. SMTP asks at RCPT, the queue when it delivers.
 *
 * Ownership: a delivery_resolve is the caller's, zeroed before its first start, until release. What it
 * found elsewhere lives until release or the next start. Texts given are copied.
 */
#ifndef DELIVERY_RESOLVE_H
#define DELIVERY_RESOLVE_H

#include "base/op.h"
#include "delivery/delivery.h"
#include "directory/directory.h"
#include "loop/loop.h"

struct delivery_remote { /* an address elsewhere that ours is forwarded to */
	struct str address;
	struct str list; /* the list of ours that it is a member of; empty: an alias */
};

struct delivery_resolve { /* fields: read only */
	struct op op;
	size_t local_count;              /* accounts that were added to the targets */
	struct delivery_remote *remotes; /* own */
	size_t remote_count;
	bool is_disabled; /* with FAIL_MISSING: there was an account, which takes no mail */
	bool is_full;     /* with FAIL_LIMIT: an account is over its quota; else too many targets */

	/* private */
	struct task task;
	struct mail *mail;                     /* borrow */
	struct directory *directory;           /* borrow */
	struct delivery_targets *targets;      /* borrow */
	struct str recipient;                  /* borrow: the caller's */
	uint64_t size;                         /* bytes that must fit */
	struct directory_query query, account; /* own */
	size_t at;                             /* next of query.targets */
};

/*
 * Begin; `recipient` is borrowed until the end and is the name under which accounts are added to
 * `targets`; `size` is what must fit into them (0: unknown). `mail` NULL: mailboxes are elsewhere, whether
 * they have room is not known here. Ends with
 *   FAIL_NONE     local_count + remote_count is at least 1
 *   FAIL_MISSING  the domain is ours and the address leads nowhere
 *   FAIL_DENIED   the domain is not ours
 *   FAIL_LIMIT    an account is full, or there are too many of them
 *   FAIL_SYNTAX   no address    FAIL_PERM  aliases go round in a circle
 *   FAIL_TEMP     the directory or the store does not answer
 * When it fails, nothing of it is left in the targets.
 */
void delivery_resolve_start(struct delivery_resolve *r, struct loop *loop, struct mail *mail,
    struct directory *directory, struct task *owner, struct str recipient, uint64_t size,
    struct delivery_targets *targets);

/* Forget; safe in any state, also on a zeroed one. */
void delivery_resolve_cancel(struct delivery_resolve *r);
void delivery_resolve_release(struct delivery_resolve *r);

#endif
