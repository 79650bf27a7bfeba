/*
 * search.h - which messages may hold a text: the full-text index.
 *
 * The index narrows: a candidate may hold the text, all other messages do not. And it proves: that many of the
 * candidates surely hold the text. Whoever asks checks the others against the messages (message/text.h), so answers
 * are exact substrings by the same comparison. What cannot be narrowed (texts under 3 bytes, no index, a damaged
 * one) makes everything a candidate: slow, but right.
 *
 * A message is known by the set of three-byte pieces ("grams") of its searchable text, header and body apart,
 * folded by i;unicode-casemap as the comparison does; many messages together by the words that several of them
 * have. They lie in plain tables of SQLite in a file of its own, which follows from the store and the messages, is never part of the store's transaction, and
 * is made anew when it is lost. Messages are indexed behind their commit, when nobody else has something to do;
 * those that are not yet indexed are candidates. When most messages of an account are gone it is indexed anew.
 *
 * Who has the messages says so by a struct search_source (room mail); this room knows accounts and Emails by
 * their numbers, which are never used twice. Not done: ranking, languages.
 *
 * Everything works in slices of the caller's. A message that is far away is waited for; one that cannot be reached
 * comes again later. Who asks does not wait for those: they are candidates.
 */
#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

struct blob_map;
struct blob_wait;
struct loop;
struct search;
struct task;

/* --- whose messages ----------------------------------------------------------------------------------------- */

struct search_account {
	uint64_t id;
	uint64_t last;   /* no durable Email has a higher id */
	uint64_t emails; /* how many there are, about */
};

struct search_source {
	/* The account after `after`, by id; FAIL_MISSING: there is none. */
	enum fail (*account)(void *arg, uint64_t after, struct search_account *out);
	/* The account's first Email with an id above `after`; FAIL_MISSING: none, or no such account. */
	enum fail (*next)(void *arg, uint64_t account, uint64_t after, uint64_t *email_out);
	/*
	 * Its file, for blob_unmap(). FAIL_MISSING: it is gone. It may be far away: as blob_map_wait(); where there is
	 * no loop, that waits in place.
	 */
	enum fail (*map)(void *arg, uint64_t account, uint64_t email, struct blob_wait *w,
	    struct task *owner, struct blob_map *out);
};

/* --- the index ---------------------------------------------------------------------------------------------- */

/*
 * Use the index in the file `path`, made when it is not there. One that is damaged or of another form is set
 * aside as `path`.broken and made anew; when that cannot be, nothing is narrowed until the next start. `loop`
 * NULL: the caller indexes with search_work(). `source` and `arg` are borrowed.
 */
void search_open(struct search **out, struct loop *loop, struct str path,
    const struct search_source *source, void *arg);

/* What was indexed becomes durable. */
void search_close(struct search **s);

/*
 * After a durable commit: the account has Emails up to `last` now. Only of those may the index know, or a failed
 * commit would leave it with texts of Emails that never were.
 */
void search_news(struct search *s, const struct search_account *account);

/* The account is gone for good. */
void search_forget(struct search *s, uint64_t account);

/* Index the account's messages anew (0: all accounts, in a new file), behind all else. */
void search_reindex(struct search *s, uint64_t account);

/*
 * One slice of what is to be done, until about `end_us` (clock_precise_us()); false: nothing is left, or nothing
 * can be done now.
 */
bool search_work(struct search *s, int64_t end_us);

/* A message is far away, and on its way here. */
bool search_is_waiting(const struct search *s);

struct search_status {     /* since the opening, but `waiting` */
	uint64_t indexed;  /* messages */
	uint64_t waiting;  /* messages not yet indexed, at most */
	uint64_t asked;    /* questions */
	uint64_t narrowed; /* those that did not make everything a candidate */
	uint64_t renewed;  /* times that the index was set aside */
	bool is_usable;
};
struct search_status search_status(const struct search *s);

/* --- asking ------------------------------------------------------------------------------------------------- */

enum search_where { SEARCH_IN_HEADER, SEARCH_IN_BODY, SEARCH_IN_ALL };

enum search_kind {
	SEARCH_ANYTHING, /* what the index cannot tell */
	SEARCH_TEXT,     /* `text` in `where` */
	SEARCH_EACH,     /* all of the children */
	SEARCH_EITHER,   /* one of the children */
};

/* What is looked for, as a tree; what a negation is about is SEARCH_ANYTHING. */
struct search_term {
	enum search_kind kind;
	enum search_where where;
	struct str text; /* borrow: UTF-8 */
	unsigned *proof; /* borrow, may be NULL. Out: the text's number for search_query_proves() */
	struct search_term *child, *next;
};

/* Add a term to its parent (NULL: it is the root); NULL when the arena is full. */
struct search_term *search_term_add(struct arena *a, struct search_term *parent,
    enum search_kind kind);

#define SEARCH_IDS_MAX \
	(1024 * 1024) /* candidates of one question; with more of them nothing is narrowed */

enum search_stage {
	SEARCH_CATCHING_UP, /* messages that just came are indexed first */
	SEARCH_ASKING,      /* a thousand ids at a time */
	SEARCH_ANSWERED,
};

struct search_plan;
struct search_proof;

struct search_query {             /* fields: read only; zeroed: everything is a candidate */
	struct search *search;    /* borrow */
	struct search_plan *plan; /* own: what is looked for */
	uint64_t account;
	enum search_stage stage;
	uint64_t generation; /* of the index */
	uint64_t at;         /* the first thousand not yet asked about */
	uint64_t indexed_to; /* later ones are candidates */
	uint64_t *ids;       /* own: candidates, ascending */
	size_t count, cap;
	struct search_proof *proofs; /* own: by chunk and number, ascending */
	size_t proof_count, proof_cap;
	bool is_narrow; /* else everything is a candidate */
};

/*
 * Begin to ask about the account's messages. `s` NULL: there is no index. A zeroed or released query before.
 * The term is not used after this call; a proof that it names stays as it is when it gets no number.
 */
void search_query_start(struct search_query *q, struct search *s, uint64_t account,
    const struct search_term *term);

/*
 * One slice: first the messages that just came are indexed (when they are few), then the index is asked. False:
 * go on in a later turn. Answered or not, candidates may be asked for only after true.
 */
bool search_query_step(struct search_query *q, int64_t end_us);

/* May this Email match? */
bool search_query_has(const struct search_query *q, uint64_t email);

/*
 * Is the text with this number surely there (SEARCH_IN_ALL: in the header or the body)? False: it is not known, so
 * the message is looked at. Number 0: a text that has none.
 */
bool search_query_proves(const struct search_query *q, unsigned number, enum search_where where,
    uint64_t email);

void search_query_release(struct search_query *q);

#endif
