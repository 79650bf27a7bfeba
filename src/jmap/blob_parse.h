/*
 * blob_parse.h - what Email/parse and MDN/parse have in common (RFC 8621 4.9, RFC 9007 2.2): blobs as objects that
 * nobody keeps, one after the other, each once.
 *
 *     FIND --no such blob--> the next one
 *       +--> LOAD --slice over--> LOAD .. --its encodings are undone--> write --> the next one
 */
#ifndef JMAP_BLOB_PARSE_H
#define JMAP_BLOB_PARSE_H

/* rooms */
#include "jmap/args.h"
#include "jmap/blob_load.h"

struct jmap_blob_parse { /* fields: read only */
	const struct jmap_blob_parse_type *type;
	void *more;
	const struct json *ids; /* "blobIds" */
	uint32_t at;
	bool *is_repeated, *is_broken, *is_missing; /* arena of the call: by place in `ids` */
	bool has_parsed;
	/* of the one at hand */
	bool is_loading;
	bool is_open; /* the slice was over within one() */
	struct blob_id id;
	struct jmap_blob_load load; /* own */
	struct arena arena;         /* own: one at a time */
};

struct jmap_blob_parse_type {
	size_t arena_bytes; /* one may need while it is loaded and written */
	/* Further arguments into *more_out; false when the call's error was set. May be NULL. */
	bool (*begin)(struct jmap_call *c, void **more_out);
	/*
	 * Write p->load.blob behind jmap_blob_parsed(). FAIL_PERM: it is no such object, and nothing was written; another
	 * failure ends the call. When it sets c->is_unfinished, the slice is over, and it is called again with p->is_open.
	 */
	enum fail (*one)(struct jmap_call *c, struct jmap_blob_parse *p);
	void (*end)(void *more); /* give back what `more` holds; may be NULL */
};

enum jmap_step jmap_blob_parse(struct jmap_call *c, const struct jmap_blob_parse_type *type);

/* For one(): write the name under which its object stands in "parsed". */
void jmap_blob_parsed(struct jmap_call *c, struct jmap_blob_parse *p);

#endif
