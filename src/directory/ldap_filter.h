/*
 * ldap_filter.h - an owner's LDAP filter with {names} into one that is searched by: pure.
 *
 * A filter is RFC 4515's, in parentheses. {name} (the question's key by its own word, source.h), {local} and {domain} (of
 * a key that is an address), and {dn} where an entry is known, may stand anywhere in values; what is put there is escaped
 * (RFC 4515 3), so that a name of a stranger is a name and nothing else.
 */
#ifndef DIRECTORY_LDAP_FILTER_H
#define DIRECTORY_LDAP_FILTER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define LDAP_FILTER_MAX (64 * 1024) /* bytes, with all that was put in */

struct ldap_values {
	struct str word; /* of the key: "name", "address", "domain"; empty: there is none */
	struct str key;
	struct str dn;
	bool has_dn;
};

/* FAIL_SYNTAX: a {name} that there is not, a brace or a parenthesis without its other; *why_out says it. */
MUST_CHECK enum fail ldap_filter_check(struct str filter, const struct ldap_values *values,
    const char **why_out);

/* Append the filter (which was checked) with the values. */
void ldap_filter_write(struct buf *out, struct str filter, const struct ldap_values *values);

/* Does {word} stand in it? */
bool ldap_filter_uses(struct str filter, struct str word);

/* Append a value as it may stand in a filter. */
void ldap_filter_escape(struct buf *out, struct str value);

#endif
