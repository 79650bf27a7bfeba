/*
 * search.h - what SEARCH, SORT, THREAD and ESEARCH ask for: their options and their search program.
 *
 * The program is a tree of keys (RFC 9051 6.4.4, RFC 3501 6.4.4, 5032, 6203, 7162, 8474, 8514). The
 * children of AND and OR are sorted by cost: first what the mailbox's index in memory can
 * answer, then what the stored summary can, then what needs the message file; so evaluating from
 * left to right, stopping early, opens as few files as possible.
 *
 * What an extension brought is noted in `needs`: the command asks whether all of it is offered.
 *
 * Ownership: everything lies in the arena of the cursor, texts are UTF-8.
 */
#ifndef IMAP_SEARCH_H
#define IMAP_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"
#include "imap/capability.h"
#include "imap/partial.h"
#include "imap/set.h"
#include "imap/sort.h"
#include "imap/source.h"
#include "imap/threads.h"
#include "imap/token.h"

struct charset;

#define IMAP_SEARCH_KEYS_MAX  1000 /* keys of one command */
#define IMAP_SEARCH_DEPTH_MAX 50   /* nested NOT, OR and parentheses */
#define IMAP_FILTERS_MAX \
	20 /* filters put in their places in one command; RFC 5466 3.1 asks for 3 */
#define IMAP_FUZZY_WORDS_MAX 20 /* words of one text that FUZZY looks for; more do not help */

enum imap_key_kind {
	KEY_ALL,
	KEY_AND,   /* all of the children */
	KEY_OR,    /* one of the children */
	KEY_FUZZY, /* the first child (the text as it is), or enough of the others (its words) */
	KEY_SEQUENCE,
	KEY_UID,
	KEY_FLAG,    /* a system flag: bits */
	KEY_KEYWORD, /* text */
	KEY_RECENT,
	KEY_NEW,     /* RECENT UNSEEN */
	KEY_EMAILID, /* text */
	KEY_THREADID,
	KEY_MODSEQ, /* number: equal or greater */
	KEY_OLDER,  /* number: seconds before now; of the internal date */
	KEY_YOUNGER,
	KEY_BEFORE, /* number: seconds of the day's midnight; of the internal date */
	KEY_ON,
	KEY_SINCE,
	KEY_SAVEDBEFORE, /* of the save date */
	KEY_SAVEDON,
	KEY_SAVEDSINCE,
	KEY_LARGER, /* number: bytes */
	KEY_SMALLER,
	KEY_SENTBEFORE, /* of the Date field */
	KEY_SENTON,
	KEY_SENTSINCE,
	KEY_FIELD, /* FROM, SUBJECT .., HEADER: text in the field `field` */
	KEY_BODY,  /* text in the decoded body */
	KEY_TEXT,  /* text in header or body */
	KEY_COUNT
};

enum imap_cost {
	COST_VIEW,    /* the index of the mailbox in memory */
	COST_SUMMARY, /* a stored record */
	COST_FILE,    /* the message */
	COST_COUNT
};

struct imap_key {
	enum imap_key_kind kind;
	enum imap_cost cost;
	bool is_not;
	uint64_t flag;   /* KEY_FLAG: FLAG_SEEN .. (mail/keyword.h) */
	struct str text; /* what is looked for */
	struct str name; /* KEY_FIELD: the header field, as given */
	int64_t number;  /* days as seconds, sizes */
	struct imap_set set;
	uint64_t asked; /* a text of field, body or all: the matcher's message of `is_found` */
	bool is_found;
	unsigned proof; /* KEY_BODY, KEY_TEXT: its number in the question to the index, 0: none */
	struct imap_key *child; /* first, sorted by cost */
	struct imap_key *next;  /* sibling */
};

enum {
	SEARCH_MIN = 1,
	SEARCH_MAX = 2,
	SEARCH_ALL = 4,
	SEARCH_COUNT = 8,
	SEARCH_SAVE = 16,
	SEARCH_PARTIAL = 32,
	SEARCH_RELEVANCY = 64,
	SEARCH_UPDATE = 128,
	SEARCH_CONTEXT = 256, /* a hint that we do not need (RFC 5267 4.2) */
};

struct imap_search {
	bool has_return;  /* RETURN (..) stood there, perhaps empty */
	unsigned returns; /* SEARCH_MIN ..; an empty RETURN () is SEARCH_ALL */
	struct imap_partial partial;
	bool has_modseq; /* a key MODSEQ: the answer has one, too (RFC 7162 3.1.6) */
	bool has_fuzzy;
	bool has_charset; /* SEARCH named one, if only UTF-8 */
	bool has_numbers; /* a key is a set of sequence numbers */
	struct imap_capabilities needs;
	struct imap_sort sort;         /* SORT */
	enum imap_thread_by thread_by; /* THREAD */
	struct imap_sources sources;   /* ESEARCH */
	struct str program;            /* the keys as they stand */
	const struct charset *charset; /* of their strings; NULL: UTF-8 */
	struct imap_key *root;         /* KEY_AND of all keys */
	struct str filter;             /* a FILTER key as it stands; p is NULL: there is none */
	struct str filter_name;        /* what it names; the key itself is KEY_ALL */
};

/*
 * The arguments of the commands, behind their name and SP:
 *   SEARCH  [search-return-opts] ["CHARSET" SP charset SP] search-key *(SP search-key)
 *   SORT    [search-return-opts] sort-criteria SP charset 1*(SP search-key)
 *   THREAD  thread-alg SP charset 1*(SP search-key)
 *   ESEARCH ["IN" SP "(" source-mbox ")" SP] [search-return-opts] as SEARCH
 * Failures:
 *   FAIL_SYNTAX   not the grammar; FAIL_LIMIT too many keys or too deep
 *   FAIL_MISSING  a charset we do not know: NO [BADCHARSET]
 */
MUST_CHECK enum fail imap_search_parse(struct imap_cursor *c, struct imap_search *out);
MUST_CHECK enum fail imap_sort_parse(struct imap_cursor *c, struct imap_search *out);
MUST_CHECK enum fail imap_thread_parse(struct imap_cursor *c, struct imap_search *out);
MUST_CHECK enum fail imap_esearch_parse(struct imap_cursor *c, struct imap_search *out);

/* search-key *(SP search-key) up to the end, in this charset: root, has_modseq, has_fuzzy, needs. */
MUST_CHECK enum fail imap_search_keys(struct imap_cursor *c, const struct charset *charset,
    struct imap_search *out);

/* Resolve the sets in the tree: "*" of sequence numbers and of UIDs. */
void imap_search_resolve(struct imap_key *key, uint32_t last_sequence, uint32_t last_uid);

/* The tree as text, for tests: "(AND (FLAG 1) (NOT (UID 1:4)))". */
void imap_search_write(struct buf *out, const struct imap_key *key);

#endif
