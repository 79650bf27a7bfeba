/*
 * deposit.h - a complete message goes where its recipients' copies go: into mailboxes here, into the queue.
 *
 * All of it is in the store's one transaction of this turn, so the reply stands for all of it (D1). SMTP, LMTP and
 * JMAP share this; who each recipient is was found out before (delivery/resolve.h).
 *
 *     deposit_start() --everything is where it is to be kept: deposit_is_ready()--> deposit_run()
 *
 * Others may do anything in between; what they may change (quotas, the queue's room) is looked at in deposit_run().
 *
 * Ownership: everything in a deposit is borrowed until deposit_release(), which is safe at any time.
 */
#ifndef QUEUE_DEPOSIT_H
#define QUEUE_DEPOSIT_H

/* rooms */
#include "blob/blob.h"
#include "delivery/delivery.h"
#include "delivery/intake.h"
#include "queue/queue.h"

enum deposit_way {           /* where a recipient's copy goes */
	DEPOSIT_WAY_MAILBOX, /* accounts here, in this turn */
	DEPOSIT_WAY_LOOKUP,  /* into the queue, which asks the directory: forwards, what is held */
	DEPOSIT_WAY_REMOTE,  /* into the queue, to a domain that is not ours */
	DEPOSIT_WAY_HOME, /* into the queue, to the server that has the mailboxes (queue_hands_on()) */
};

struct deposit_rcpt {
	struct deposit_rcpt *next;
	struct envelope_rcpt envelope;
	enum deposit_way way;
	struct str to; /* where the queue sends it; mostly the address itself */
};

struct deposit {
	struct queue *queue;
	struct mail *mail;
	struct blob_writer
	    *content; /* the message, complete, in the folder of deposit_content_folder() */
	struct envelope *envelope; /* .body changes when binary content is tamed */
	const struct deposit_rcpt *rcpts;
	size_t rcpt_count;
	struct delivery_targets *targets;
	size_t skip;         /* bytes of our trace that are for mailboxes only */
	struct str helo;     /* what the client called itself */
	struct str owner;    /* the account that submits it, or empty */
	uint64_t submission; /* .. and its record there; 0: none */
	struct str log_id;
	unsigned traits; /* queue.h */
	bool
	    is_each_told; /* LMTP: an answer for each recipient; else it is there for all, or for nobody */

	/* filled in: */
	uint64_t ids[3]; /* of the queue's messages: lookup, remote, home; 0: none */
	bool is_queue_full;
	enum fail queued; /* what came of the recipients that go into the queue */

	/* private */
	struct str folder;     /* whose the file is: of one of the targets, or QUEUE_FOLDER */
	struct blob_name blob; /* .. and its name, once it is finished */
	struct blob_name
	    queue_blob;           /* the queue's own, a link of it unless folder is the queue's */
	bool is_queued;           /* the queue has it, its next message takes a link */
	struct blob_writer tamed; /* own; instead of content, when that is binary */
	struct blob_wait put, to_queue;
	struct delivery_reach reach;
	enum fail fail; /* what came of the start */
};

/*
 * Whose folder the content of such a message is to be written to: that of somebody who gets it; of binary mail that of
 * the queue, for it will be written again.
 */
struct str deposit_content_folder(const struct envelope *e, const struct delivery_targets *targets);

/* What the header asks of hosts further on, once it was all read; REQUIRETLS overrules it (RFC 8689 4.1). */
void deposit_note_header(struct deposit *d, const struct intake *i);

/* With one answer for all: every account must have room for so many bytes. FAIL_LIMIT · FAIL_TEMP. */
MUST_CHECK enum fail deposit_check_room(const struct deposit *d, uint64_t bytes);

/* Bring the message to where it is kept; `owner` is woken when deposit_is_ready() is to be asked again. */
void deposit_start(struct deposit *d, struct task *owner);
MUST_CHECK bool deposit_is_ready(struct deposit *d);
void deposit_release(struct deposit *d);

/*
 * Do it, once it is ready; ask deposit_outcome() for each recipient then.
 *   FAIL_LIMIT   a mailbox is full, or the queue (is_queue_full)    FAIL_PERM  a loop
 *   FAIL_SYNTAX  binary content that cannot be kept                FAIL_TEMP  the store or the disk failed, or
 *                what is far away cannot be reached
 */
MUST_CHECK enum fail deposit_run(struct deposit *d);

enum fail deposit_outcome(const struct deposit *d, const struct deposit_rcpt *r);

#endif
