/*
 * sort.h - sort criteria, and the key of a message by which it is sorted (RFC 5256, 5957, 6203 section 6).
 *
 * A key is a string of bytes that compares (memcmp) as the messages do: numbers are big-endian, texts
 * in the form of i;unicode-casemap (RFC 5051) with a NUL behind, REVERSE turns all bits. Texts count
 * up to IMAP_SORT_TEXT_MAX.
 */
#ifndef IMAP_SORT_H
#define IMAP_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "imap/token.h"

struct arena;
struct imap_capabilities;
struct message;
struct view_entry;

#define IMAP_SORT_CRITERIA_MAX 20   /* of one command: each of them once in both directions */
#define IMAP_SORT_TEXT_MAX     1000 /* bytes of a text that count, as in message/subject.c */

enum imap_sort_by {
	IMAP_SORT_ARRIVAL,
	IMAP_SORT_CC,
	IMAP_SORT_DATE,
	IMAP_SORT_FROM,
	IMAP_SORT_SIZE,
	IMAP_SORT_SUBJECT,
	IMAP_SORT_TO,
	IMAP_SORT_DISPLAYFROM, /* RFC 5957 */
	IMAP_SORT_DISPLAYTO,
	IMAP_SORT_RELEVANCY, /* RFC 6203 section 6 */
	IMAP_SORT_BY_COUNT
};

struct imap_sort {
	struct {
		enum imap_sort_by by;
		bool is_reverse;
	} criteria[IMAP_SORT_CRITERIA_MAX];
	size_t count;
	bool needs_summary; /* one of them is not in the view's entry */
};

/* sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"; what they need is added to `needs`. */
MUST_CHECK bool imap_sort_criteria(struct imap_cursor *c, struct imap_sort *out,
    struct imap_capabilities *needs);

struct imap_sort_of { /* the message */
	const struct view_entry *entry;
	const struct message *summary; /* NULL: cannot be read, or is not needed */
	unsigned score;                /* 1 .. 100 */
};

/* Append its key. */
void imap_sort_key_write(struct buf *out, const struct imap_sort *sort,
    const struct imap_sort_of *of, struct arena *arena);

/* The sent date (RFC 5256 2.2): of the Date field in UTC, else the internal date. */
int64_t imap_sent_date(const struct view_entry *entry, const struct message *summary);

#endif
