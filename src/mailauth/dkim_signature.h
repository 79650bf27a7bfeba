/*
 * dkim_signature.h - what a DKIM-Signature says (RFC 6376 3.5), and the fields of ARC that look like it (RFC 8617 4.1).
 *
 * Pure. Everything points into the field's text.
 * Strict: whatever 3.5 does not allow makes the field worthless (6.1.1), but for tags that nobody knows.
 */
#ifndef MAILAUTH_DKIM_SIGNATURE_H
#define MAILAUTH_DKIM_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mailauth/verdict.h"

#define DKIM_DIGEST_BYTES 32   /* SHA-256, the only one */
#define DKIM_NAMES_MAX    1000 /* in one h=; the longest of honest signers have some 100 */

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256, DKIM_ALGORITHM_COUNT };
extern const struct str dkim_algorithm_names[DKIM_ALGORITHM_COUNT];

enum dkim_canon { DKIM_RELAXED, DKIM_SIMPLE, DKIM_CANON_COUNT };
extern const struct str dkim_canon_names[DKIM_CANON_COUNT];

#define DKIM_LENGTH_ALL UINT64_MAX /* there is no l= */

enum dkim_form { DKIM_FORM_SIGNATURE, DKIM_FORM_ARC_MESSAGE, DKIM_FORM_ARC_SEAL };

struct dkim_signature {
	struct str a, b, bh, d, s, h; /* as they stand */
	struct str i;                 /* DKIM: "" without one */
	enum dkim_algorithm algorithm;
	enum dkim_canon header_canon, body_canon;
	bool has_canon;            /* c= is there */
	uint64_t length;           /* l= */
	int64_t time_s, expires_s; /* t=, x=; -1 without one */
	uint32_t instance;         /* ARC: i= */
	enum verdict chain;        /* ARC-Seal: cv= */
};

/*
 * From the value of a field. VERDICT_NONE: it can be checked; else what came of it, with `reason` in words, and out->a,
 * b, d, s, i are what could be found of them: NEUTRAL (it is damaged, or says what nobody defined), PERMERROR
 * (rsa-sha1, RFC 8301 3.1) or POLICY (more than we look at).
 */
enum verdict dkim_signature_parse(struct str value, enum dkim_form form, struct dkim_signature *out,
    struct str *reason);

/* The next name of h=, cursor; false at the end. */
bool dkim_next_name(struct str *names, struct str *out);

/* Does the name stand in h=? Without case. */
bool dkim_has_name(struct str names, struct str name);

/* Is it a domain, as s= may be one? */
bool dkim_is_domain(struct str s);

/* Can it stand in d=? Nobody signs for "com". */
bool dkim_is_signer(struct str s);

/* Can it stand in h=? */
bool dkim_is_name(struct str s);

/* Can we write it as h=: From is among them, and not too many? */
bool dkim_are_names(struct str names);

#endif
