/*
 * blob.h - the bytes of a blob, found by its id.
 */
#ifndef JMAP_BLOB_H
#define JMAP_BLOB_H

/* base */
#include "base/arena.h"

/* rooms */
#include "jmap/access.h"
#include "jmap/blob_id.h"
#include "mail/email.h"

struct jmap_blob {
	struct blob_map map;    /* own: blob_unmap() */
	struct str bytes;       /* in the map; still encoded when `encoding` says so */
	struct str name;        /* of the file, when it is a whole one; arena */
	enum encoding encoding; /* what is left to undo */
};

/*
 * A message that the user may read, or what the user itself uploaded.
 * FAIL_MISSING: there is no such blob for this user · FAIL_LIMIT arena · FAIL_TEMP.
 */
MUST_CHECK enum fail jmap_blob_find(struct jmap_access *access, const struct blob_id *id,
    struct arena *a, struct jmap_blob *out);

#endif
