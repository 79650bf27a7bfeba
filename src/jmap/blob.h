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
#include "jmap/limits.h"
#include "mail/email.h"

#define JMAP_BLOB_TYPES 3 /* types that Blob/lookup knows */
extern const struct str jmap_blob_type_names[JMAP_BLOB_TYPES];

struct body_reader;

struct jmap_blob {
	struct blob_map map;    /* own: blob_unmap() */
	struct str bytes;       /* in the map; still encoded when `encoding` says so */
	struct str name;        /* of the file, when it is a whole one; arena */
	struct str type;        /* media type; arena or static */
	enum encoding encoding; /* what is left to undo */
	uint64_t decoded;       /* bytes that had to be decoded to get there, also when it failed */
};

/*
 * A message that the user may read, or what the user itself uploaded: the file that an id is about. For a part its
 * layers and its range are still to be looked for (blob_load.h).
 * FAIL_MISSING: there is no such blob for this user · FAIL_LIMIT arena · FAIL_TEMP. It may be far away: as
 * email_map_wait().
 */
MUST_CHECK enum fail jmap_blob_map(struct jmap_access *access, const struct blob_id *id,
    struct arena *a, struct blob_wait *w, struct task *owner, struct jmap_blob *out);

/* The same without its bytes: nothing is waited for, and whether they can be read is not said. */
MUST_CHECK enum fail jmap_blob_find(struct jmap_access *access, const struct blob_id *id,
    struct arena *a, struct jmap_blob *out);

/* A piece of the bytes, with this encoding. FAIL_MISSING: they are not so many. */
MUST_CHECK enum fail jmap_blob_slice(struct jmap_blob *blob, struct range range,
    enum encoding encoding);

/* A reader of what the bytes stand for; `shell` is room for it, and lives as long. */
struct body_reader *jmap_blob_reader(const struct jmap_blob *blob, struct message *shell);

#endif
