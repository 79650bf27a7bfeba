/*
 * ldap_entry.h - what the attributes of an entry say, by the owner's names for them; and rows that answers are made of.
 */
#ifndef BACKEND_LDAP_ENTRY_H
#define BACKEND_LDAP_ENTRY_H

#include "backend/ldap_link.h"
#include "base/arena.h"
#include "directory/source.h"

#define LDAP_NAMES_MAX 8  /* attributes of one setting */
#define LDAP_ASKED_MAX 64 /* attributes of one search */

struct ldap_row {
	struct str columns[SOURCE_COLUMNS_MAX]; /* arena: the engine's rows */
};

struct ldap_engine {
	struct source source; /* first */
	const struct ldap_settings *settings;
	struct ldap_link link;
	struct arena names_arena;
	char *names[LDAP_ATTRIBUTE_COUNT]
		   [LDAP_NAMES_MAX + 1]; /* arena: names_arena; NULL at the end */
	/* the question at work */
	enum source_question question;
	struct arena arena;
	struct ldap_row *rows; /* own */
	size_t row_count, row_room, row_at;
	enum fail fail;
};

/* Names of attributes into C strings. FAIL_PERM: too many (said in `why`). */
MUST_CHECK enum fail ldap_entry_names(struct ldap_engine *e, struct buf *why);

/* Append a row of texts; what does not fit makes the question fail. */
void ldap_row_add(struct ldap_engine *e, const struct str *columns, size_t count);
void ldap_row_add_one(struct ldap_engine *e, struct str text);
bool ldap_row_has(const struct ldap_engine *e, struct str text);
void ldap_row_sort(struct ldap_engine *e); /* by the first column */

/* The values of an attribute, one after the other; false from the function ends it. */
typedef bool ldap_value_fn(struct ldap_engine *e, struct str value, void *arg);
void ldap_each_value(struct ldap_engine *e, LDAPMessage *entry, enum ldap_attribute attribute,
    ldap_value_fn *fn, void *arg);

/* Each of them as a row. */
void ldap_add_values(struct ldap_engine *e, LDAPMessage *entry, enum ldap_attribute attribute);

/* Append the value of the first of its names that has one; of several values, the first in order, as servers keep none. */
void ldap_write_value(struct ldap_engine *e, LDAPMessage *entry, enum ldap_attribute attribute,
    struct buf *out);

/* Is this a value of it, letter by letter? Servers match more generously: widths, accents, blanks. */
bool ldap_has_value(struct ldap_engine *e, LDAPMessage *entry, enum ldap_attribute attribute,
    struct str value);

#endif
