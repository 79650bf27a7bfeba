/*
 * results.h - the Authentication-Results field (RFC 8601 2.2): written, read, and known again when it is forged.
 *
 *     Authentication-Results: mx.example.org;
 *             spf=pass smtp.mailfrom=ann@example.net;
 *             dkim=fail reason="body hash" header.d=example.net header.s=a
 *
 * Pure. ARC's field is the same behind its "i=1;". What is written is one field whatever strangers put
 * into values: what is no token or address is quoted, controls and what is no UTF-8 become "?", long values are cut.
 *
 * Ownership: what was read points into the value or into the arena.
 */
#ifndef MAILAUTH_RESULTS_H
#define MAILAUTH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mailauth/verdict.h"

#define RESULTS_MAX            64  /* of one field that is read; the rest is passed over */
#define RESULTS_PROPERTIES_MAX 16  /* of one result; the rest is passed over */
#define RESULTS_VALUE_MAX      512 /* bytes of a value that is written: an address has 320 */
#define RESULTS_ARENA_MAX      (256 * 1024) /* bytes; enough for any field with those limits */

struct result_property { /* smtp.mailfrom=ann@example.net */
	struct str type, name, value;
};

struct result {
	struct str method; /* "spf" */
	enum verdict verdict;
	struct str reason; /* for people; empty: none */
	const struct result_property *properties;
	size_t property_count;
};

struct results {
	struct str id; /* authserv-id: who says this */
	const struct result *items;
	size_t count; /* 0: "none" */
};

/*
 * Append "HEAD id; .." with its line end; HEAD is "Authentication-Results: ", or ARC's with its instance. Method, type
 * and name are words of ours; properties with an empty value are left out.
 */
void results_write(struct buf *out, struct str head, const struct results *results);

/*
 * The value of a field, folds inside. Liberal: a result that does not follow the grammar, or whose word is unknown
 * (RFC 8601 2.7.7), or of another version of a method, or of a ptype that nobody registered, is passed over, as are
 * comments; the rest counts. FAIL_SYNTAX: no authserv-id, or a version of the field other than 1 (RFC 8601 2.6);
 * FAIL_LIMIT: the arena is full.
 */
MUST_CHECK enum fail results_parse(struct str value, struct arena *a, struct results *out);

/* The value of a property; false: it is not there. */
bool result_find(const struct result *r, struct str type, struct str name, struct str *out);

/*
 * Could anybody take the field for one of ours, whose authserv-id is `id` (RFC 8601 5)? True for the name in any case,
 * quoted, escaped, folded, behind comments and stray characters, with a version, a dot or rubbish behind it, as an
 * encoded word, or in Unicode.
 */
bool results_is_ours(struct str value, struct str id);

/* Is it of another version than 1, the only one that there is (RFC 8601 2.5)? Then nobody knows what it says. */
bool results_is_other_version(struct str value);

#endif
