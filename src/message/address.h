/*
 * address.h - address lists (RFC 5322 3.4 with the obsolete forms of 4.4, RFC 6532), as they come.
 *
 * Mailboxes, groups, comments as names (`ann@example.org (Ann)`), routes, missing or doubled commas,
 * names with dots or unquoted specials, bare words without '@': everything gives some address, text
 * that cannot be understood gives one without a domain. Semicolons separate like commas outside
 * groups. At most ADDRESS_MAX addresses are taken from one field.
 *
 * Ownership: texts point into the raw value or into the arena.
 */
#ifndef MESSAGE_ADDRESS_H
#define MESSAGE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define ADDRESS_MAX \
	10000 /* addresses of one field: a header of 1 MB holds more than anyone reads */

enum address_kind {
	ADDRESS_MAILBOX,
	ADDRESS_GROUP,     /* a group begins; `name` is its name */
	ADDRESS_GROUP_END, /* and ends */
};

struct address {
	enum address_kind kind;
	struct str name;   /* phrase or comment, unquoted, still encoded; p is NULL: none */
	struct str route;  /* "@a,@b" of an obsolete route; p is NULL: none */
	struct str local;  /* unquoted */
	struct str domain; /* as written, "[..]" for a literal; n is 0: missing */
};

#define ADDRESS_FEW 2 /* as most fields have; they need nothing of the arena */

struct address_list {          /* must not be moved */
	struct address *items; /* `few`, or arena */
	size_t count;
	bool is_cut; /* there were more, or the arena was full */
	struct address few[ADDRESS_FEW];
};

/* Parse the raw value of From, To .. into `out`. Never fails. */
void address_parse(struct str raw, struct arena *a, struct address_list *out);

/* The name, decoded to UTF-8; empty when there is none. */
struct str address_name(const struct address *address, struct arena *a);

/* local@domain, the local part quoted where it must be; `local` alone when there is no domain. */
void address_spec_write(struct buf *out, const struct address *address);
struct str address_spec(const struct address *address, struct arena *a);

#endif
