/*
 * collation.h - the order of texts (RFC 4790, RFC 5051): a text becomes a key, and keys compare by bytes.
 */
#ifndef JMAP_COLLATION_H
#define JMAP_COLLATION_H

/* rooms */
#include "jmap/args.h"

#define COLLATION_TEXT_MAX 255 /* bytes of a text that count */

enum collation {
	COLLATION_ASCII,   /* i;ascii-casemap */
	COLLATION_NUMERIC, /* i;ascii-numeric: the digits in front; a text without them comes last */
	COLLATION_UNICODE, /* i;unicode-casemap: what counts when nothing is said */
	COLLATION_COUNT
};

extern const struct str collation_names[COLLATION_COUNT];

/* "collation" of a Comparator (RFC 8620 5.5); false: the call's error is set (unsupportedSort). */
MUST_CHECK bool collation_read(struct jmap_call *c, const struct json *comparator,
    enum collation *out);

/* FAIL_LIMIT: the arena is full. */
MUST_CHECK enum fail collation_key(enum collation by, struct str text, struct arena *a,
    struct str *out);

#endif
