/*
 * dmarc_from.h - the domain that a message says it is from (RFC 7489 6.6.1).
 *
 * Pure. DMARC needs one: a message with no From field, with two, or with authors of different domains has none, which is
 * "none" (RFC 7489 11.2) and no pass, for whoever shows it picks one of them.
 */
#ifndef MAILAUTH_DMARC_FROM_H
#define MAILAUTH_DMARC_FROM_H

#include "base/buf.h"
#include "base/str.h"

/*
 * Append the domain of all addresses in From, in A-labels (RFC 8616 3), from a header block. FAIL_SYNTAX: there is no
 * such one domain, *why_out says why in words of ours.
 */
MUST_CHECK enum fail dmarc_from_find(struct str block, struct buf *domain_out, struct str *why_out);

#endif
