/*
 * spf_record.h - SPF records: their grammar (RFC 7208 4.6.1, 5, 6, 12).
 *
 * Pure. A record is looked through once, whole, because a mistake anywhere in it counts (4.6); its terms are then
 * pulled one by one. Everything points into the text.
 */
#ifndef MAILAUTH_SPF_RECORD_H
#define MAILAUTH_SPF_RECORD_H

#include "base/str.h"
#include "mailauth/verdict.h"
#include "net/address.h"

#define SPF_TERMS_MAX \
	1000 /* of one record: what providers write out for customers has some hundred */

enum spf_kind {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
	SPF_REDIRECT,
	SPF_EXP,
	SPF_UNKNOWN, /* a modifier that nobody knows (6) */
};

struct spf_term {
	enum spf_kind kind;
	enum verdict verdict;            /* of a mechanism that matches: its qualifier */
	struct str text;                 /* without the qualifier */
	struct str domain;               /* domain-spec; empty: the record's own domain */
	struct net_address network;      /* ip4, ip6 */
	unsigned ip4_length, ip6_length; /* of the prefix: 32, 128 when not said */
};

struct spf_record {
	struct str terms;         /* for spf_term_next() */
	struct str redirect, exp; /* domain-specs; p is NULL: there is none */
};

/* Is this text an SPF record at all, good or bad (4.5)? */
bool spf_record_is(struct str text);

/* One such record. FAIL_SYNTAX: `bad_out` is the term that is wrong; FAIL_LIMIT: there are too many. */
MUST_CHECK enum fail spf_record_parse(struct str text, struct spf_record *out, struct str *bad_out);

/* The next term. FAIL_MISSING: there is none; FAIL_SYNTAX, with its text: it is wrong. */
MUST_CHECK enum fail spf_term_next(struct str *cur, struct spf_term *out);

/* Does it count as one of those that ask DNS (4.6.4)? */
bool spf_term_asks(const struct spf_term *term);

/* Is the client in the term's prefix of this network, or beside this host's address (5.6, 5.3)? */
bool spf_term_covers(const struct spf_term *term, const struct net_address *network,
    const struct net_address *client);

#endif
