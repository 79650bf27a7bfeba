/*
 * threads.h - messages as trees of replies: ORDEREDSUBJECT, REFERENCES (RFC 5256 section 3) and REFS
 * (draft-ietf-morg-inthread: REFERENCES without subjects, threads by their latest message).
 *
 * Messages are added in mailbox order, then the trees are built and written, all in slices and without
 * recursion. Message-IDs and subjects come as keyed hashes (base/map.h) of 64 bits: that two differ
 * and hash alike does not happen, and nobody outside can make it happen.
 *
 * How step 1 to 6 of RFC 5256 become passes over the messages in the order of their dates:
 *   while adding   (1) parents are linked; what is referred to and not here is a missing node
 *   sort           all messages by date, once; every list below is filled in this order
 *   prune, keep    (2, 3) each message's parent is the next one above that is here; or, when several
 *                  messages share it, the missing node at the top
 *   top            (4) the top nodes, a missing one where its first child is
 *   gather, merge  (5) top nodes of one subject
 *   place          (6) each message behind its elder siblings
 */
#ifndef IMAP_THREADS_H
#define IMAP_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "imap/sorter.h"

#define IMAP_THREAD_NODES_MAX (2 * IMAP_SORTER_THINGS_MAX) /* messages and missing ones: 24 MB */
#define IMAP_THREAD_REFS_MAX \
	100 /* of one message, the last ones: longer lists name what others do */

/*
 * Steps upwards in search of loops, for one message: 2 ms at most. Past them a link counts as a loop. Real
 * threads need some hundreds; a mailbox that was made deep on purpose could cost a second per message.
 */
#define IMAP_THREAD_STEPS_MAX 100000

enum imap_thread_by { THREAD_ORDEREDSUBJECT, THREAD_REFERENCES, THREAD_REFS, THREAD_BY_COUNT };

struct imap_thread_message {
	uint32_t number;  /* to be told: not 0 */
	int64_t date_s;   /* the sent date; for REFS the internal date */
	uint64_t id;      /* hash of its Message-ID; 0: none */
	uint64_t subject; /* hash of its base subject; 0: it is empty */
	bool is_reply;    /* something was taken off the subject */
	size_t ref_count;
	uint64_t refs[IMAP_THREAD_REFS_MAX]; /* the oldest first */
};

struct imap_thread_node;

struct imap_thread_table { /* from hashes to nodes */
	uint32_t *slots;   /* own */
	size_t cap, used;
};

struct imap_threads { /* fields: the file's own, but is_over */
	enum imap_thread_by by;
	bool is_over;                   /* a limit was met: there is nothing to build */
	struct imap_thread_node *nodes; /* own */
	size_t node_count, node_cap;
	uint32_t *messages; /* own; nodes as they were added, later by date */
	size_t message_cap;
	struct imap_sorter sorter;
	struct imap_thread_table ids, subjects;
	size_t steps;   /* upwards, for the message under way */
	uint32_t *tops; /* own */
	size_t top_count;
	uint32_t first, last; /* of the threads */
	size_t phase, at;     /* of the building */
	uint32_t writing;     /* the node to be written next */
};

void imap_threads_init(struct imap_threads *t, enum imap_thread_by by);
void imap_threads_release(struct imap_threads *t);

/* The next message, in mailbox order. */
void imap_threads_add(struct imap_threads *t, const struct imap_thread_message *m);

/* Build as much as `moves` allows; true when all is done. Not before the last one was added. */
bool imap_threads_build(struct imap_threads *t, size_t moves);

/* Append some `moves` messages of "(166)(3 6 (4 23)(44 7 96))"; true when all stand there. */
bool imap_threads_write(struct imap_threads *t, struct buf *out, size_t moves);

#endif
