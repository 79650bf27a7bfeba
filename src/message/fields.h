/*
 * fields.h - which header fields the parser keeps, and what they say about a part. Private.
 */
#ifndef MESSAGE_FIELDS_H
#define MESSAGE_FIELDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "message/header.h"
#include "message/message.h"

enum content {
	CONTENT_TYPE,
	CONTENT_TRANSFER_ENCODING,
	CONTENT_DISPOSITION,
	CONTENT_ID,
	CONTENT_DESCRIPTION,
	CONTENT_LANGUAGE,
	CONTENT_LOCATION,
	CONTENT_MD5,
	CONTENT_COUNT
};

/* Raw values of the first instance of each field that describes the part. */
struct collected {
	struct str raw[CONTENT_COUNT]; /* p is NULL: not there */
	bool in_digest;                /* the default type is message/rfc822 (RFC 2046 5.1.5) */
};

/* Keep h if it is of interest; `fields` may be NULL. */
void fields_collect(struct collected *found, struct fields *fields, const struct header *h);

/* Fill in what describes a part. */
void fields_apply(const struct collected *found, struct part *p, struct arena *a);

#endif
