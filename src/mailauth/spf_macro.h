/*
 * spf_macro.h - macro strings of SPF: their grammar and what they expand to (RFC 7208 7).
 *
 * Pure. What a text may cost is bounded by its length; what it becomes, by SPF_EXPANDED_MAX.
 */
#ifndef MAILAUTH_SPF_MACRO_H
#define MAILAUTH_SPF_MACRO_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "net/address.h"

#define SPF_NAME_MAX     253  /* bytes of a name; longer ones lose labels on the left (7.3) */
#define SPF_EXPANDED_MAX 4096 /* bytes before that; what becomes longer is no name */

/* The texts that may hold macros, each with its own grammar (7.1). */
enum spf_text {
	SPF_DOMAIN_SPEC,    /* visible characters, a top label or a macro at the end; not c, r, t */
	SPF_MACRO_STRING,   /* visible characters: the value of a modifier that nobody knows */
	SPF_EXPLAIN_STRING, /* blanks, too (6.2) */
};

/* What the letters stand for; all borrowed. */
struct spf_macros {
	struct net_address client; /* i, c, v */
	struct str sender;         /* s: with its "@" */
	struct str local;          /* l: before it */
	struct str sender_domain;  /* o: behind it */
	struct str domain;         /* d: whose record this is */
	struct str validated;      /* p; empty: "unknown" */
	struct str hello;          /* h */
	struct str receiver;       /* r; empty: "unknown" */
	int64_t now_s;             /* t */
};

/* Is the whole text good? An empty domain-spec is not. */
bool spf_text_is_good(struct str text, enum spf_text kind);

/* Does a good text ask for %{p}, which somebody has to look up first? */
bool spf_text_needs_name(struct str text);

/* Append what a good text means. It stops when `out` overflows. */
void spf_text_expand(struct buf *out, struct str text, const struct spf_macros *macros);

/*
 * Append the name that a good domain-spec means, as text for dns_query_start(). FAIL_SYNTAX: no name, because it is
 * empty, far too long, or holds bytes above 127 (RFC 8616 4: such names do not exist). Labels are not looked at.
 */
MUST_CHECK enum fail spf_name_expand(struct buf *out, struct str text,
    const struct spf_macros *macros);

#endif
