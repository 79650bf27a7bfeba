/*
 * srs.h - sender rewriting: forwarded mail in our own name, so that SPF holds (the SRS scheme).
 *
 *     ann@example.org  forwarded by team@here.test  ->  SRS0=HHHHHH=TT=example.org=ann@here.test
 *     SRS0=..=..@other.test  forwarded again        ->  SRS1=HHHHHH=other.test==..=..@here.test
 *
 * HHHHHH is the beginning of an HMAC over the rest with the server's key, TT the day. A bounce to such
 * an address is led back to who sent it, if the mark is ours and not older than SRS_DAYS (SRS1 carries no
 * day: the one in the SRS0 address behind it counts). The null path stays null. The mark is made of letters
 * and digits of one case and covers the address without regard to case, because hosts that fold whole
 * addresses exist; then the bounce goes to the folded address. Pure but for the key; comparison of hashes
 * takes the same time always.
 */
#ifndef ENVELOPE_SRS_H
#define ENVELOPE_SRS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/limits.h"
#include "base/str.h"

#define SRS_KEY_BYTES 32
#define SRS_DAYS      21 /* bounces that come later are refused */
#define SRS_LOCAL_MAX \
	SMTP_LOCAL_MAX /* that we make. A host that insists on the 64 of RFC 5321 refuses the mail: still better \
			  than refusing it ourselves */

/*
 * Append the sender under which a message from `sender` is forwarded in the name of `domain` (ours, ASCII).
 * The empty path, and a sender in `domain` itself, are appended unchanged; a domain in UTF-8 becomes ASCII.
 *   FAIL_SYNTAX  no address, or one with control characters
 *   FAIL_LIMIT   the local part would be longer than SRS_LOCAL_MAX, or `out` is full
 * On failure nothing is appended.
 */
MUST_CHECK enum fail srs_forward(struct buf *out, struct str sender, struct str domain,
    struct str key, int64_t now_s);

/* Does the local part look like one of these ("SRS0=", "SRS1=", also with - or +, any case)? */
bool srs_is_rewritten(struct str address);

/*
 * Append where a bounce to `address` goes. FAIL_SYNTAX: no such address; FAIL_DENIED: not marked by this
 * key; FAIL_LIMIT: too old, or `out` is full. On failure nothing is appended.
 */
MUST_CHECK enum fail srs_reverse(struct buf *out, struct str address, struct str key,
    int64_t now_s);

#endif
