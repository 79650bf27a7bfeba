/*
 * chain.h - a server's certificates as it showed them, and whether they lead to an anchor.
 *
 * A chain is one text, as TLS sends it (RFC 5246 7.4.2): each certificate behind its length in three bytes, the
 * server's own first. Anchors are given by name and key, so that one can be a key alone (RFC 6698 2.1.1 usage 2).
 * Pure.
 */
#ifndef TLS_CHAIN_H
#define TLS_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define TLS_CHAIN_BYTES_MAX 65536 /* of a chain that is kept: eight large certificates */
#define TLS_CHAIN_COUNT_MAX 10    /* certificates of it that are looked at */
#define TLS_ANCHORS_MAX     16    /* of one question: each may cost a signature */

/* Append a certificate; or the length of one whose bytes follow. */
void chain_add(struct buf *chain, struct str der);
void chain_begin(struct buf *chain, size_t n);

/* The next certificate of a chain (a cursor); false at the end and when it is damaged. */
MUST_CHECK bool chain_next(struct str *chain, struct str *der_out);

struct tls_anchor {
	struct str name; /* distinguished name, the whole element */
	struct str spki; /* SubjectPublicKeyInfo, the whole element */
};

enum chain_verdict {
	CHAIN_RIGHT,
	CHAIN_EXPIRED,   /* a certificate below the anchor is not valid at that time */
	CHAIN_UNTRUSTED, /* it does not lead there, or is damaged */
};

/* Do signatures lead from the first certificate to one of the anchors? Nobody asks for a host's name here. */
enum chain_verdict chain_verify(struct str chain, const struct tls_anchor *anchors, size_t count,
    int64_t now_s);

#endif
