/*
 * address.h - split and normalise a mail address of an envelope (RFC 5321 4.1.2, RFC 6531 3.3).
 */
#ifndef DIRECTORY_ADDRESS_H
#define DIRECTORY_ADDRESS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define ADDRESS_MAX 320 /* bytes of local part, @ and domain */

/*
 * Split at the last "@" outside quotes. The local part keeps its quotes; FAIL_SYNTAX: no local part
 * (unless `is_catch_all`), no domain, or a local part that is neither Dot-string nor Quoted-string.
 */
MUST_CHECK enum fail address_split(struct str address, bool is_catch_all, struct str *local_out,
    struct str *domain_out);

/*
 * Append the one spelling under which an address is looked up: local part without needless quotes
 * and in lower case, domain in ASCII and lower case (address literals as they are).
 * FAIL_SYNTAX as above; FAIL_LIMIT: too long.
 */
MUST_CHECK enum fail address_write(struct buf *out, struct str address, bool is_catch_all);

/*
 * Cut "user+tag" into "user" and "tag" at the first character of `separators` that is not the first
 * of the local part; false when there is none.
 */
MUST_CHECK bool address_tag(struct str local, struct str separators, struct str *user_out,
    struct str *tag_out);

/*
 * What an answer may call an account, a target or a group: names go into logs, headers and file names, so no
 * controls, and no endless ones. It need not be an address.
 */
bool address_is_name(struct str text);

#endif
