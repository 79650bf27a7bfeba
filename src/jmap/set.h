/*
 * set.h - what all Foo/set methods have in common (RFC 8620 5.3), sliced.
 *
 * Creates, then updates, then destroys. One that waits for another of the same call (a parent that is created with
 * it, a name that becomes free, a child that goes with it) says SET_LATER and is tried again behind the others.
 */
#ifndef JMAP_SET_H
#define JMAP_SET_H

/* rooms */
#include "jmap/args.h"
#include "mail/changes.h"

#define SET_PROPERTIES_MAX 16 /* properties named in one SetError: more than any type has to set */

struct jmap_set_error {
	const char *type; /* "invalidProperties" .. */
	const char *text; /* for people, or NULL */
	struct str properties[SET_PROPERTIES_MAX];
	size_t property_count;
	enum id_kind existing_kind;
	uint64_t existing_id;    /* "existingId" of alreadyExists; 0: none */
	const char *number_name; /* "maxSize" and the like, or NULL */
	uint64_t number;
	const char *list_name; /* "invalidRecipients", "notFound" of blobNotFound, or NULL */
	const struct str *list;
	size_t list_count;
};

enum jmap_set_said {
	SET_OK,
	SET_ERROR, /* *e says why */
	SET_LATER, /* after the others; *e says why if it never works */
	SET_FAIL,  /* the call's error was set: it ends here */
	SET_WAIT,  /* again when an op ended that it started (JMAP_WAIT) */
	SET_YIELD, /* again in the next turn */
};

struct jmap_set_type {
	enum id_kind kind;
	enum change_type change;
	/* Further arguments into *more_out; false when the call's error was set. May be NULL. */
	bool (*begin)(struct jmap_call *c, void **more_out);
	enum jmap_set_said (*create)(struct jmap_call *c, void *more, const struct json *object,
	    uint64_t *id_out, struct jmap_set_error *e); /* NULL: nothing can be created */
	/* Write what was created, as one object. */
	enum fail (*created)(struct jmap_call *c, void *more, uint64_t id);
	enum jmap_set_said (*update)(struct jmap_call *c, void *more, uint64_t id,
	    const struct json *patch, struct jmap_set_error *e);
	/* Write what else changed by it, as an object or null; NULL: never anything. */
	enum fail (*updated)(struct jmap_call *c, void *more, uint64_t id);
	enum jmap_set_said (
	    *destroy)(struct jmap_call *c, void *more, uint64_t id, struct jmap_set_error *e);
	bool is_stateless; /* no account and no states (RFC 8620 7.2.2) */
	/* All items were tried; the response is complete. May be NULL. */
	void (*done)(struct jmap_call *c, void *more);
	void (*end)(void *more); /* give back what `more` holds; may be NULL */
};

enum jmap_step jmap_set(struct jmap_call *c, const struct jmap_set_type *type);

/* Fill in an error; SET_ERROR. `property` may be empty. */
enum jmap_set_said jmap_set_invalid(struct jmap_set_error *e, struct str property,
    const char *text);
enum jmap_set_said jmap_set_error(struct jmap_set_error *e, const char *type, const char *text);

/* What two properties of one object say together: the worse of both. */
enum jmap_set_said jmap_set_both(enum jmap_set_said a, enum jmap_set_said b);

/* All that is invalid is named (RFC 8620 5.3): after this there may be more of the kind to find. */
bool jmap_set_goes_on(enum jmap_set_said said, const struct jmap_set_error *e);

/* The call's error: the store failed; SET_FAIL. */
enum jmap_set_said jmap_set_failed(struct jmap_call *c);

/* One SetError as JSON object. */
void jmap_set_error_write(struct json_writer *w, const struct jmap_set_error *e);

/* Compare ifInState, or such an argument of another account; false when the call's error was set. */
MUST_CHECK bool jmap_set_state(struct jmap_call *c, enum change_type type);
MUST_CHECK bool jmap_set_state_of(struct jmap_call *c, struct str argument,
    const struct account *account, enum change_type type);

#endif
