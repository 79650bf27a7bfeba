/*
 * origin.h - all that mail from another host says of where it is from, checked: SPF, DKIM, ARC, DMARC.
 *
 *     o = origin_new(&house, &s->task, &claim);   the envelope is known: SPF begins
 *     origin_header(o, block);                    keys and policies are asked for while the body comes in
 *     origin_body(o, piece); ..  origin_end(o);
 *     while waiting, each time the task runs: origin_look(o)
 *     .. o->advice, origin_write(o, ..) ..
 *     origin_free(&o);
 *
 *     ENVELOPE --header--> CONTENT --SPF, DKIM, ARC are settled, and the policy was found--> SETTLED
 *
 * A host that cannot be asked now is never a reason to refuse (RFC 8601 2.7: temperror).
 *
 * Ownership: what the claim points to must live as long; the header is copied.
 */
#ifndef MAILAUTH_ORIGIN_H
#define MAILAUTH_ORIGIN_H

#include "mailauth/arc_verify.h"
#include "mailauth/dkim_verify.h"
#include "mailauth/dmarc.h"
#include "mailauth/dmarc_from.h"
#include "mailauth/settings.h"
#include "mailauth/spf.h"

struct origin_house {
	struct dns *dns;
	const struct mailauth_settings *settings;
	struct str id; /* who says the results: authserv-id, our host name (RFC 8601 2.5) */
};

struct origin_claim {
	struct spf_claim envelope;
	enum verdict
	    reverse; /* iprev (RFC 8601 2.7.3): PASS FAIL TEMPERROR PERMERROR; NONE: not asked */
};

enum origin_advice {
	ORIGIN_TAKE,
	ORIGIN_JUNK,   /* take it, into Junk */
	ORIGIN_REFUSE, /* its author's domain wants it rejected, and nothing vouches for it */
};

struct origin { /* fields: read only */
	struct origin_house house;
	struct origin_claim claim;
	struct task *owner; /* borrow */
	struct spf spf;     /* of MAIL FROM, or of HELO when the sender is null */
	struct spf hello;   /* of HELO beside it (RFC 7208 2.3); not started without a sender */
	struct dkim_content content;
	struct dkim_verify dkim;
	struct arc_verify arc;
	struct buf from;        /* own; the one domain of the authors, as A-labels; or empty */
	struct str why_no_from; /* .. and why there is none, in words */
	bool has_authors;       /* there is a From field at all */
	struct dmarc policy;
	struct dmarc_judgement dmarc; /* once settled */
	bool has_header, is_ended, is_settled;
	bool is_vouched_for; /* DMARC failed, and a trusted sealer says that it did not before */
	enum origin_advice advice; /* once settled */
};

/* HELO was asked about, too. */
static inline bool
origin_has_hello(const struct origin *o)
{
	return !str_empty(o->claim.envelope.sender);
}

struct origin *origin_new(const struct origin_house *house, struct task *owner,
    const struct origin_claim *claim);

/* Safe in any state; nulls it. */
void origin_free(struct origin **o);

/* The header as it came, up to and with its blank line; then the body in pieces; then its end. Twice is once. */
void origin_header(struct origin *o, struct str block);
void origin_body(struct origin *o, struct str piece);
void origin_end(struct origin *o);

/* Go on: true when all is settled, which cannot be before the end. */
bool origin_look(struct origin *o);

/* --- what is told of it (origin_told.c) --------------------------------------------------------- */

/* Bytes that origin_write() may need, once the header is there. */
size_t origin_room(const struct origin *o);

/*
 * Append Authentication-Results, and Received-SPF where it is wanted, once settled: origin_room() bytes at most, or
 * with `is_exact` exactly as many, filled up with comments and blanks.
 */
void origin_write(const struct origin *o, bool is_exact, struct buf *out);

#endif
