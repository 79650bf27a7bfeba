/*
 * get.h - what all Foo/get methods have in common (RFC 8620 5.1), sliced.
 */
#ifndef JMAP_GET_H
#define JMAP_GET_H

/* rooms */
#include "jmap/args.h"
#include "mail/changes.h"

struct jmap_get; /* the state between slices */

struct jmap_get_type {
	enum id_kind kind;
	enum change_type change;
	/* Write the member "state" of a type without a log; else NULL. */
	void (*write_state)(struct jmap_call *c, struct str name);
	/* All ids when `ids` is null; NULL when that is refused (requestTooLarge). */
	enum fail (*all)(struct jmap_call *c, uint64_t **ids_out, size_t *count_out);
	/* Its properties, "id" first, all of which are told when none is named: `more` is their bits. */
	const struct str *names;
	size_t name_count;
	/* Or, when there is more to it: read `properties` (an array of texts, or NULL) and other
	 * arguments into `more_out`; false when the call's error was set. */
	bool (*begin)(struct jmap_call *c, const struct json *properties, void **more_out);
	/*
	 * Write one object, "id" included. FAIL_MISSING: there is no such thing. When it sets c->is_unfinished, the slice
	 * is over, and it is called again for the same one.
	 */
	enum fail (*one)(struct jmap_call *c, void *more, uint64_t id);
	void (*end)(void *more); /* give back what `more` holds; may be NULL */
	bool is_stateless;       /* no account and no state in the answer (RFC 8620 7.2.1) */
};

/* Run such a method: the method's function is nothing but this call. */
enum jmap_step jmap_get(struct jmap_call *c, const struct jmap_get_type *type);

/*
 * The position of each property in names[0 .. count-1] as bits of *out; `properties` NULL gives
 * `all`. Bit 0 ("id") is always set. False when one is unknown; the call's error is set.
 */
MUST_CHECK bool jmap_properties(struct jmap_call *c, const struct json *properties,
    const struct str *names, size_t count, uint32_t all, uint32_t *out);

/* A list of properties is not too long (JMAP_PROPERTIES_MAX); false: the call's error was set. */
MUST_CHECK bool jmap_properties_allowed(struct jmap_call *c, const struct json *properties);

#endif
