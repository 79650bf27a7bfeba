/*
 * path.h - the arguments of MAIL and RCPT (RFC 5321 4.1.2, RFC 6531 3.3).
 *
 * Pure grammar: slices in, slices out; a cursor moves on success only. Addresses are kept as they
 * were written (a quoted local part stays quoted); the directory compares them by its own rules.
 */
#ifndef ENVELOPE_PATH_H
#define ENVELOPE_PATH_H

#include <stdbool.h>

#include "base/fail.h"
#include "base/str.h"

struct path {
	struct str address; /* borrow: the input; "local@domain", empty for the null path "<>" */
	struct str local;   /* borrow; may be a quoted string */
	struct str domain;  /* borrow; name or [literal]; empty only for "<postmaster>" */
	bool is_utf8;       /* a byte above 127: SMTPUTF8 must have been asked for */
};

/*
 * Reverse-path / Forward-path. A source route ("<@a,@b:c@d>") is taken and ignored (RFC 5321 C).
 *   FAIL_SYNTAX  not a path; nothing moved
 *   FAIL_LIMIT   local part over 250, domain over 255 bytes, or all over SMTP_PATH_MAX
 */
MUST_CHECK enum fail path_parse(struct str *cur, struct path *out);

/* Do two addresses name the same recipient? Case counts in local parts only (RFC 5321 2.4). */
bool path_is_same(struct str one, struct str other);

/*
 * The next " KEYWORD[=VALUE]" of the ESMTP parameters; false at the end. A malformed rest gives an
 * empty name once.
 */
MUST_CHECK bool path_param_next(struct str *cur, struct str *name_out, struct str *value_out);

/* The argument of HELO, EHLO and LHLO: a domain or an address literal (RFC 5321 4.1.1.1). Never UTF-8: it
 * would get into the header of messages without SMTPUTF8 (RFC 6531 3.7.1). */
bool path_is_hello_name(struct str name);

#endif
