/*
 * context.h - searches that go on: RETURN (UPDATE) of SEARCH, SORT and ESEARCH (RFC 5267 4.3).
 *
 * A context knows which messages its client believes to be the result, in their order. Whenever
 * changes of the mailbox are told, messages that changed since are matched again, in slices, and the
 * difference is told as ADDTO and REMOVEFROM: what the session itself changed, too. Sequence numbers
 * and "$" in the program mean the messages they meant when the command came.
 *
 * Bounded: IMAP_CONTEXTS_MAX of a session, each with a number of messages; what does not fit is
 * refused by NO [NOUPDATE], also later, when a result outgrows its bound.
 *
 * Ownership: the session's; all end when the mailbox is left.
 */
#ifndef IMAP_CONTEXT_H
#define IMAP_CONTEXT_H

#include "imap/search_eval.h"

#define IMAP_CONTEXT_MESSAGES_MAX    100000 /* in the result of a search: 400 KB */
#define IMAP_CONTEXT_SORTED_MAX      10000  /* in that of a sort: a look-up goes through all */
#define IMAP_CONTEXT_SORT_KEYS_BYTES (1024 * 1024) /* of its sort keys, 100 each */
#define IMAP_CONTEXT_ARENA_BYTES     (512 * 1024)  /* of its program */

struct imap_context_key { /* where its sort key is */
	uint32_t at, n;
};

struct imap_context { /* fields: read only */
	struct arena arena;
	struct str tag; /* arena */
	struct imap_search search;
	struct imap_matcher matcher;
	bool is_uid, is_sorted;
	bool is_over;      /* the result outgrew its bound */
	bool is_unreached; /* a message cannot be looked at now */
	uint32_t *uids;    /* own; the result in its order */
	size_t count, cap;
	struct imap_context_key *keys;     /* own; when is_sorted, as many */
	struct buf key_bytes;              /* own */
	uint64_t told_modseq;              /* all changes up to it are told */
	uint64_t scan_modseq;              /* 0: no look through the mailbox is under way */
	uint32_t next;                     /* .. and it goes on from this UID */
	struct imap_ranges added, removed; /* own; not yet told, of a search */
};

/* A context of this session goes by the tag of its command: BAD (RFC 5267 4.3). */
bool imap_context_has_tag(const struct imap_session *s);

/*
 * The command asked for updates and its result is known: a context to which the result is added in its
 * order, or NULL after NO [NOUPDATE] stands in the answer. `modseq` is that of the mailbox when the
 * command began to look.
 */
struct imap_context *imap_context_begin(struct imap_session *s, const struct imap_search *search,
    bool is_uid, uint64_t modseq);
void imap_context_add(struct imap_context *c, uint32_t uid, struct str key);

/* NO [NOUPDATE] into the answer: there is nothing to follow. */
void imap_context_refuse(struct imap_session *s, const char *why);

/* The same for a search, whose result is in the order of the mailbox. */
void imap_context_search(struct imap_session *s, const struct imap_search *search, bool is_uid,
    uint64_t modseq, const struct imap_ranges *uids);

/* CANCELUPDATE of one; all, with the mailbox. */
void imap_context_cancel(struct imap_session *s, struct str tag);
void imap_contexts_end(struct imap_session *s);

/* One of them tells by sequence numbers: an expunge before must be told before them. */
bool imap_contexts_count(const struct imap_session *s);

/* EXPUNGE of this message is told next. */
void imap_contexts_expunge(struct imap_session *s, uint32_t uid, uint32_t seq);

/* Match what changed and tell the difference; true when there is nothing more to tell. */
bool imap_contexts_update(struct imap_session *s, struct imap_slice *slice);

/* --- the result (context_result.c) ----------------------------------------------------------------- */

/* Put in, where the order wants it: its place from 1; take out: its place, 0 when it was not in. */
size_t imap_context_put(struct imap_context *c, uint32_t uid, struct str key);
size_t imap_context_take(struct imap_context *c, uint32_t uid);
bool imap_context_has(const struct imap_context *c, uint32_t uid);

#endif
