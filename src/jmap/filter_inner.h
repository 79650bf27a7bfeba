/*
 * filter_inner.h - the tree of a filter (private to filter_read.c, which makes it, and filter.c, which asks it).
 */
#ifndef JMAP_FILTER_INNER_H
#define JMAP_FILTER_INNER_H

/* rooms */
#include "jmap/filter.h"

enum test {
	TEST_AND,
	TEST_OR,
	TEST_NOT,
	TEST_IN_MAILBOX,
	TEST_IN_OTHER_THAN,
	TEST_BEFORE,
	TEST_AFTER,
	TEST_MIN_SIZE,
	TEST_MAX_SIZE,
	TEST_ALL_IN_THREAD,
	TEST_SOME_IN_THREAD,
	TEST_NONE_IN_THREAD,
	TEST_HAS_KEYWORD,
	TEST_NOT_KEYWORD,
	TEST_HAS_ATTACHMENT,
	TEST_TEXT,
	TEST_FROM,
	TEST_TO,
	TEST_CC,
	TEST_BCC,
	TEST_SUBJECT,
	TEST_BODY,
	TEST_HEADER,
	TEST_COUNT
};

/* How far a text was looked for in the file of one Email. */
struct progress {
	uint64_t email;
	size_t found; /* words that are there */
	bool is_missing;
};

struct filter {
	enum test test;
	const struct filter **below; /* of operators */
	size_t below_count;
	uint32_t *mailboxes;
	size_t mailbox_count;
	int64_t number;     /* date, size, flag */
	uint64_t keyword;   /* 0: a keyword that no message has */
	struct str *words;  /* of a text; where it has none, the first one is empty */
	struct str *folded; /* the same in the form that is compared */
	size_t word_count;
	unsigned *proofs;          /* by word: numbers in the question to the index */
	struct progress *progress; /* arena; of a text */
	struct str name;           /* of a header */
};

#endif
