/*
 * tags.h - lists of "name=value;" in signatures and DNS records (RFC 6376 3.2).
 *
 * DKIM's signatures and keys, ARC's fields, and the records of DMARC (RFC 7489 6.4) are such lists. Pure; names
 * and values point into the text. Values keep what is inside of them, but not the blanks and line ends around them.
 */
#ifndef MAILAUTH_TAGS_H
#define MAILAUTH_TAGS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

#define TAGS_MAX 32 /* in one list; DKIM knows 14, more are somebody's extensions */

struct tag {
	struct str name, value;
};

struct tag_list {
	struct tag tags[TAGS_MAX]; /* in their order */
	size_t count;
};

/*
 * The whole text. FAIL_SYNTAX: not such a list, or a name is there twice (RFC 6376 3.2: the list is invalid);
 * FAIL_LIMIT: too many.
 * Liberal: bytes above 127 in values, for RFC 8616.
 */
MUST_CHECK enum fail tag_list_parse(struct str text, struct tag_list *out);

/* The value of a name, exactly as written; false: it is not there. An empty value is there. */
bool tag_find(const struct tag_list *list, struct str name, struct str *out);

/* The value without the blanks and line ends inside it, for base64 and lists (RFC 6376 3.2: FWS). */
void tag_value_write(struct buf *out, struct str value);

#endif
