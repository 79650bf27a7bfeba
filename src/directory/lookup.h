/*
 * lookup.h - answers out of a source, as JSON members. Private: used in the child.
 *
 * Each function appends name/value pairs to an object under way and returns how the question ended.
 */
#ifndef DIRECTORY_LOOKUP_H
#define DIRECTORY_LOOKUP_H

#include "base/fail.h"
#include "base/str.h"
#include "codec/json_writer.h"
#include "directory/settings.h"
#include "directory/source.h"

#define LOOKUP_DEPTH_MAX   16    /* aliases of aliases */
#define LOOKUP_TARGETS_MAX 10000 /* of one address */

struct lookup {
	struct source *source;                     /* borrow: the process's */
	const struct directory_settings *settings; /* borrow: the process's */
};

/* "account": {..}, "credential": "..". FAIL_DENIED: unknown, wrong or disabled. A token opens its account, also without a name. */
MUST_CHECK enum fail lookup_login(struct lookup *l, struct str name, struct str secret,
    struct json_writer *w);

/* "account": {..}, if this password or token (empty: any) still opens it. FAIL_DENIED. */
MUST_CHECK enum fail lookup_credential(struct lookup *l, struct str name, struct str credential,
    struct json_writer *w);

/* "keys": "SCRAM-..". FAIL_MISSING: unknown, disabled, or no keys that begin with `mechanism`. */
MUST_CHECK enum fail lookup_scram(struct lookup *l, struct str name, struct str mechanism,
    struct json_writer *w);

/* "account": {..}. FAIL_MISSING. */
MUST_CHECK enum fail lookup_account(struct lookup *l, struct str name, struct json_writer *w);

/* Append the account's name as it is kept, in lower case. FAIL_MISSING. */
MUST_CHECK enum fail lookup_name(struct lookup *l, struct str name, struct buf *out);

/* "domains": [..] */
MUST_CHECK enum fail lookup_domains(struct lookup *l, struct json_writer *w);

/* "principals": [..], as directory_principals_start() tells. */
MUST_CHECK enum fail lookup_principals(struct lookup *l, struct str domain, struct json_writer *w);

/* "targets": [..], as directory_resolve_start() tells. */
MUST_CHECK enum fail lookup_resolve(struct lookup *l, struct str address, struct json_writer *w);

#endif
