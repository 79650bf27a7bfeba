/*
 * threads_inner.h - what the files of threads.h share.
 */
#ifndef IMAP_THREADS_INNER_H
#define IMAP_THREADS_INNER_H

#include "imap/threads.h"

#define THREAD_NONE UINT32_MAX

struct imap_thread_node {
	uint64_t id;      /* 0: none of its own */
	uint64_t subject; /* 0: empty */
	uint32_t number;  /* 0: a missing one */
	uint32_t parent;
	uint32_t children; /* while linking: how many; later those that a missing one would keep */
	uint32_t child, last, next; /* first and last child, sibling: when placed */
	uint32_t top;               /* REFS: the root of its thread */
	bool is_reply;
	bool is_placed;
};

/* A new missing node; THREAD_NONE, and is_over, when there are too many. */
uint32_t imap_thread_node_new(struct imap_threads *t);

/* The slot of this hash in a table: its node, or THREAD_NONE to be set by the caller. */
uint32_t *imap_thread_slot(struct imap_threads *t, struct imap_thread_table *table, uint64_t hash);

/* Which hash a table goes by. */
static inline uint64_t
imap_thread_hash(const struct imap_threads *t, const struct imap_thread_table *table, uint32_t node)
{
	return table == &t->ids ? t->nodes[node].id : t->nodes[node].subject;
}

static inline bool
imap_thread_is_missing(const struct imap_threads *t, uint32_t node)
{
	return t->nodes[node].number == 0;
}

#endif
