/*
 * creations.h - the members "created" and "notCreated" of methods that are no /set: Email/import, Email/copy,
 * Blob/upload; under other names MDN/send, Blob/copy.
 */
#ifndef JMAP_CREATIONS_H
#define JMAP_CREATIONS_H

/* rooms */
#include "jmap/set.h"

struct jmap_creations {                    /* zeroed is ready; fields: private but the first two */
	struct str done_name, failed_name; /* other names for the two; p is NULL: these */
	struct buf failed;                 /* own; the notCreated object, without its end */
	struct json_writer failed_w;
	bool has_created;
};

/* Id[Object] with at most JMAP_SET_MAX members; NULL when the call's error was set. */
const struct json *jmap_creations_read(struct jmap_call *c, struct str argument);

/* One more was created, and is `id` from now on (p is NULL: it has none); its object is to be written behind this. */
void jmap_creations_add(struct jmap_call *c, struct jmap_creations *x, struct str creation_id,
    struct str id);
void jmap_creations_fail(struct jmap_creations *x, struct str creation_id,
    const struct jmap_set_error *e);

/* Write the end of the one and all of the other. */
void jmap_creations_end(struct jmap_call *c, struct jmap_creations *x);
void jmap_creations_release(struct jmap_creations *x);

#endif
