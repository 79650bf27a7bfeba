/*
 * submit.h - a user's message that comes without SMTP: where do its recipients lead, may it be sent.
 *
 * What RCPT asks for one recipient is asked here for all of them, one after the other: the directory, and for a
 * domain that is not ours whether it exists. A recipient is not refused for what may be better later (a full mailbox,
 * a directory that does not answer): its copy goes into the queue, which asks again. The message is handed over with
 * deposit.h then.
 *
 * Ownership: a submit is the caller's, zeroed before its first start, until release; rcpts, targets and their texts
 * are borrowed until then.
 */
#ifndef QUEUE_SUBMIT_H
#define QUEUE_SUBMIT_H

/* rooms */
#include "base/op.h"
#include "delivery/resolve.h"
#include "policy/policy.h"
#include "queue/deposit.h"

enum submit_verdict {
	SUBMIT_GOOD,
	SUBMIT_NO_USER,   /* the domain is ours, and nobody has the address */
	SUBMIT_DISABLED,  /* the account takes no mail */
	SUBMIT_LOOP,      /* aliases go round in a circle */
	SUBMIT_NO_DOMAIN, /* no such domain, or nothing there that takes mail (RFC 5321 5.1) */
	SUBMIT_NULL_MX,   /* the domain says that it takes no mail (RFC 7505) */
	SUBMIT_REFUSED,   /* a route of the configuration refuses it */
	SUBMIT_VERDICT_COUNT
};

struct submit_house { /* all borrowed */
	struct loop *loop;
	struct mail *mail;
	struct directory *directory;
	struct queue *queue;
	struct policy *policy;
};

struct submit_rcpt {
	struct deposit_rcpt deposit; /* .way and .to are filled in */
	enum submit_verdict verdict; /* filled in */
};

struct submit { /* fields: read only */
	struct op op;

	/* private */
	const struct submit_house *house;
	struct task task;
	struct submit_rcpt *rcpts;
	size_t count, at;
	struct delivery_targets *targets;
	bool is_held; /* it is sent later: nothing goes into mailboxes now */
	bool is_asking, is_domain;
	struct delivery_resolve resolve; /* own */
	struct policy_domain domain;     /* own */
};

/* Always ends FAIL_NONE; accounts that were found are in `targets`. */
void submit_start(struct submit *s, const struct submit_house *house, struct task *owner,
    struct submit_rcpt *rcpts, size_t count, struct delivery_targets *targets, bool is_held);

/* Forget, give back; safe in any state, also on a zeroed one. */
void submit_release(struct submit *s);

/*
 * May this account send one more message to these recipients, by its hour and its day? FAIL_LIMIT: not now.
 * FAIL_TEMP. May it still, by its day, when other messages may have gone meanwhile? And: it was sent.
 */
MUST_CHECK enum fail submit_may(const struct submit_house *house, struct str account,
    const struct submit_rcpt *rcpts, size_t count);
MUST_CHECK enum fail submit_may_still(const struct submit_house *house, struct str account,
    const struct submit_rcpt *rcpts, size_t count);
void submit_note(const struct submit_house *house, struct str account,
    const struct submit_rcpt *rcpts, size_t count);

#endif
