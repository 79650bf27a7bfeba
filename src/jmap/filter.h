/*
 * filter.h - the filter of Email/query: read once, asked for each Email (RFC 8621 4.4.1).
 *
 * A tree of operators over conditions. An Email is judged in levels, from what is in memory to what
 * needs its file, and three-valued: most are decided before anything is loaded. Texts are words and
 * "quoted phrases"; each must be somewhere in what is searched, compared by i;unicode-casemap.
 */
#ifndef JMAP_FILTER_H
#define JMAP_FILTER_H

/* rooms */
#include "jmap/args.h"
#include "mail/email.h"
#include "message/message.h"
#include "message/text.h"
#include "search/search.h"

enum level {
	LEVEL_ENTRY,   /* what a list of candidates knows */
	LEVEL_RECORD,  /* the Email's record */
	LEVEL_SUMMARY, /* its summary */
	LEVEL_FILE,    /* its file */
	LEVEL_COUNT
};

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

struct filter; /* arena */

/*
 * The file of the Email that is judged, read and looked through in slices: what stays from one slice to the next, for
 * as long as it is the same Email. Zeroed: none. Its owner has one; candidate_file_release().
 */
struct candidate_file {
	uint64_t email; /* whose it is */
	struct blob_wait wait;
	struct blob_map map; /* own */
	struct arena arena;  /* own: of its parts; kept for the next one */
	struct message message;
	struct message_parser *parser; /* arena; NULL: not begun, or it is whole: */
	bool is_whole;
	struct text_finder *finder; /* own: a word is looked for .. */
	const struct str *word;     /* borrow: .. this one */
};

/* One Email that is judged; the caller fills the first group, filter_judge() loads the rest. */
struct candidate {
	uint64_t id, thread_id;
	int64_t received_s;
	bool has_entry;   /* size and keywords are known too */
	uint32_t mailbox; /* it is known to be in this one; 0: nothing is known */
	uint32_t size;
	uint64_t keywords;

	struct account *account;          /* borrow */
	struct jmap_access *access;       /* borrow: whose Emails and mailboxes count */
	const struct search_query *index; /* borrow; NULL: nothing is known to be there */
	struct arena *a;                  /* for this one */
	struct email *email;
	const struct message *summary;
	struct str
	    folded[FIELD_COUNT];     /* fields in the form that is compared; p is NULL: not yet */
	struct jmap_call *call;      /* borrow: it waits when the file is far away .. */
	struct candidate_file *file; /* borrow: .. by this, which outlives the candidate */
	const struct message *full;  /* its file's; NULL: not loaded */
	bool has_looked;             /* for a word in the file, in this slice */
	bool is_cut;                 /* out: there was no time for all of it, or the call waits */
};

/* Read a FilterOperator or FilterCondition; NULL when the call's error was set. */
struct filter *filter_read(struct jmap_call *c, const struct json *v);

/* The mailbox that every match must be in (inMailbox at the top or below ANDs), or 0. */
uint32_t filter_mailbox(const struct filter *f);

/* Nothing is asked but that mailbox. */
bool filter_is_mailbox_only(const struct filter *f);

/* Nothing is asked that can change of an Email; whether it matches may depend on others of its thread. */
bool filter_is_immutable(const struct filter *f);
bool filter_minds_threads(const struct filter *f);

/* The words that are looked for in subjects or in bodies, those below NOT left out; at most `max`. */
enum filter_place { FILTER_IN_SUBJECT, FILTER_IN_BODY };
size_t filter_words(const struct filter *f, enum filter_place place, struct str *out, size_t max);

/* What the full-text index is asked about it; NULL: nothing, or the arena is full. */
struct search_term *filter_narrow(const struct filter *f, struct arena *a);

/*
 * Does it match? FAIL_MISSING: it is gone or JMAP must not see it: no match. When who->is_cut is set
 * the slice ended first: the same Email is to be judged again in the next one, which goes on in the
 * file where this one stopped (some of it is looked at each time).
 */
MUST_CHECK enum fail filter_judge(const struct filter *f, struct candidate *who, bool *out);

/* Load one level of an Email (with all below it). With who->is_cut: not yet, again with another candidate. */
MUST_CHECK enum fail candidate_load(struct candidate *who, enum level level);

/*
 * Is `word` in the file, which is loaded (text.h)? `word` is known again by its address. False: who->is_cut, ask for
 * the same one in the next slice.
 */
MUST_CHECK bool candidate_find(struct candidate *who, const struct str *word, enum text_where where,
    struct str name, bool *is_found_out);

/* Behind each candidate: what is not cut is over. */
void candidate_end(struct candidate *who);
void candidate_file_release(struct candidate_file *f);

/* Do all, some, or none Emails of the thread have the keyword? Those that the user does not see do not count. */
enum filter_thread { THREAD_ALL, THREAD_SOME, THREAD_NONE };
MUST_CHECK enum fail candidate_thread(struct candidate *who, enum filter_thread what, uint64_t bit,
    bool *out);

#endif
