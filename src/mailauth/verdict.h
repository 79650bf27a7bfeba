/*
 * verdict.h - what a check of a message's origin came to (RFC 8601 2.7).
 *
 * One set of words for SPF, DKIM, DMARC and ARC; each uses some of them.
 */
#ifndef MAILAUTH_VERDICT_H
#define MAILAUTH_VERDICT_H

#include <stdbool.h>

#include "base/str.h"

enum verdict {
	VERDICT_NONE,      /* nothing was claimed */
	VERDICT_PASS,      /* what was claimed is true */
	VERDICT_FAIL,      /* it is not */
	VERDICT_SOFTFAIL,  /* SPF: probably not */
	VERDICT_NEUTRAL,   /* nothing can be said */
	VERDICT_POLICY,    /* true, but by means that we do not accept */
	VERDICT_TEMPERROR, /* DNS did not answer: a later try may tell */
	VERDICT_PERMERROR, /* what is published, or the message, is wrong in itself */
	VERDICT_COUNT
};

extern const struct str verdict_names[VERDICT_COUNT]; /* "none", "pass" .. */

/* The word in any case; false: it is none of them. */
MUST_CHECK bool verdict_parse(struct str word, enum verdict *out);

#endif
