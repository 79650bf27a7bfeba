/*
 * annotation.h - notes that clients keep with a mailbox, or with the account (RFC 5464).
 *
 * An annotation is a value under a name: "/private/comment", "/shared/vendor/x/y". Names are compared without
 * case and kept in lower case. Those of mailbox 0 belong to the account itself. They go with their mailbox and
 * with their account; RENAME keeps them. Named filters (FILTERS) can be annotations of mailbox 0.
 *
 * Ownership: what annotation_list() gives lies in the caller's arena.
 */
#ifndef MAIL_ANNOTATION_H
#define MAIL_ANNOTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"
#include "mail/mail.h"

#define ANNOTATION_NAME_MAX      255         /* bytes: a key holds it */
#define ANNOTATION_VALUE_MAX     (16 * 1024) /* bytes; RFC 5464 4.1 asks for 1024 at least */
#define ANNOTATIONS_MAX          100         /* of one mailbox; RFC 5464 4.1 asks for 10 at least */
#define ANNOTATION_ACCOUNT_BYTES (4 * 1024 * 1024) /* names and values of one account */

struct annotation {
	struct str name, value; /* to set: value.p is NULL when it shall go */
};

/* "/private/" or "/shared/" and a name of ASCII without "*", "%", "//", controls, "/" at its end. */
bool annotation_name_is_allowed(struct str name);

/*
 * Set all of `list`, or nothing. Setting what is not there to nothing is no failure. mailbox: 0 for the account.
 *   FAIL_SYNTAX   a name is not allowed        FAIL_LIMIT  too many of them, or too much in all
 *   FAIL_MISSING  no such mailbox              FAIL_PERM   a value is too long     FAIL_TEMP
 */
MUST_CHECK enum fail annotation_set(struct account *a, uint32_t mailbox,
    const struct annotation *list, size_t count);

/* All of a mailbox, by name. FAIL_LIMIT: the arena is full; FAIL_TEMP. */
MUST_CHECK enum fail annotation_list(struct account *a, uint32_t mailbox, struct arena *arena,
    struct annotation **out, size_t *count_out);

/* One value in `arena`. FAIL_MISSING: there is none; FAIL_LIMIT, FAIL_TEMP. */
MUST_CHECK enum fail annotation_get(struct account *a, uint32_t mailbox, struct str name,
    struct arena *arena, struct str *value_out);

/* `to` gets what `from` has (RENAME of INBOX, RFC 5464 4.1). Failures as annotation_set(). */
MUST_CHECK enum fail annotation_copy(struct account *a, uint32_t from, uint32_t to);

#endif
