/*
 * search.h - SEARCH: its keys as a tree (RFC 9051 6.4.4, RFC 3501 6.4.4, RFC 4731, 5182, 8474).
 *
 * The children of AND and OR are sorted by cost: first what the mailbox's index in memory can
 * answer, then what the stored summary can, then what needs the message file; so evaluating from
 * left to right, stopping early, opens as few files as possible.
 *
 * Ownership: everything lies in the arena of the cursor, texts are UTF-8.
 */
#ifndef IMAP_SEARCH_H
#define IMAP_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"
#include "imap/set.h"
#include "imap/token.h"

#define IMAP_SEARCH_KEYS_MAX  1000 /* keys of one command */
#define IMAP_SEARCH_DEPTH_MAX 50   /* nested NOT, OR and parentheses */

enum imap_key_kind {
	KEY_ALL,
	KEY_AND, /* all of the children */
	KEY_OR,  /* one of the children */
	KEY_SEQUENCE,
	KEY_UID,
	KEY_FLAG,    /* a system flag: bits */
	KEY_KEYWORD, /* text */
	KEY_RECENT,
	KEY_NEW,     /* RECENT UNSEEN */
	KEY_EMAILID, /* text */
	KEY_THREADID,
	KEY_BEFORE, /* number: seconds of the day's midnight; of the internal date */
	KEY_ON,
	KEY_SINCE,
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
	COST_SUMMARY, /* the stored summary */
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
	uint64_t asked; /* KEY_BODY, KEY_TEXT: the matcher's message that `is_found` is about */
	bool is_found;
	struct imap_key *child; /* first, sorted by cost */
	struct imap_key *next;  /* sibling */
};

enum {
	SEARCH_MIN = 1,
	SEARCH_MAX = 2,
	SEARCH_ALL = 4,
	SEARCH_COUNT = 8,
	SEARCH_SAVE = 16,
};

struct imap_search {
	bool has_return;  /* RETURN (..) stood there, perhaps empty */
	unsigned returns; /* SEARCH_MIN ..; an empty RETURN () is SEARCH_ALL */
	bool has_charset;
	struct imap_key *root; /* KEY_AND of all keys */
};

/*
 * search-return-opts and search-program, behind "SEARCH SP":
 *   FAIL_SYNTAX   not the grammar; FAIL_LIMIT too many keys or too deep
 *   FAIL_MISSING  a charset we do not know: NO [BADCHARSET]
 */
MUST_CHECK enum fail imap_search_parse(struct imap_cursor *c, struct imap_search *out);

/* Resolve the sets in the tree: "*" of sequence numbers and of UIDs. */
void imap_search_resolve(struct imap_key *key, uint32_t last_sequence, uint32_t last_uid);

/* The largest sequence number that the (resolved) tree names; larger than the mailbox: BAD. */
uint32_t imap_search_last_sequence(const struct imap_key *key);

/* The tree as text, for tests: "(AND (FLAG 1) (NOT (UID 1:4)))". */
void imap_search_write(struct buf *out, const struct imap_key *key);

#endif
