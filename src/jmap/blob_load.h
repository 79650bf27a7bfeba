/*
 * blob_load.h - a blob with its encodings undone, in slices.
 *
 *     START --its file is far away--> START .. (blob.h)
 *     START --found, nothing to undo--> READY
 *     START --found--> DECODE --slice over--> DECODE .. --a layer is undone--> DECODE the next --none is left--> READY
 *
 * A part of a message that is itself attached in base64 has layers (blob_id.h); each is undone into memory, at most
 * JMAP_DECODED_MAX bytes of it, and takes the place of what it came from.
 */
#ifndef JMAP_BLOB_LOAD_H
#define JMAP_BLOB_LOAD_H

/* rooms */
#include "jmap/blob.h"
#include "jmap/run.h"
#include "message/message.h"

struct jmap_blob_load {        /* zeroed at first; fields: read only */
	struct blob_wait wait; /* of START */
	struct jmap_blob blob; /* own: what is there so far, when it is over the blob */
	bool is_found;
	unsigned layer; /* that is undone now */
	struct message shell;
	struct body_reader *reader; /* own; NULL: none is under way */
	struct buf decoded;         /* own */
};

/*
 * Go on until it is over (true), or the slice is, or while op_pending(&l->wait.op), which wakes `owner` (false: again,
 * with the same arguments). `is_whole`: what the blob
 * stands for, else only its layers are undone, and blob.encoding says what is left to undo. *fail_out as
 * jmap_blob_map() says; FAIL_LIMIT also: it is too large for that. After a failure only blob.decoded is left.
 */
MUST_CHECK bool jmap_blob_load(struct jmap_blob_load *l, struct jmap_access *access,
    struct task *owner, const struct blob_id *id, bool is_whole, struct arena *a,
    int64_t slice_end_us, enum fail *fail_out);

/* The same in a slice of a call; when it waits, the call does (jmap_waits()). */
MUST_CHECK bool jmap_blob_load_in(struct jmap_call *c, struct jmap_blob_load *l,
    struct jmap_access *access, const struct blob_id *id, bool is_whole, struct arena *a,
    enum fail *fail_out);

/* The same until it is over, for tests and for what must not wait. */
MUST_CHECK enum fail jmap_blob_load_all(struct jmap_blob_load *l, struct jmap_access *access,
    const struct blob_id *id, bool is_whole, struct arena *a);

/* Give all back, and be zeroed; safe in any state. */
void jmap_blob_load_release(struct jmap_blob_load *l);

/* Write the bytes from *at on; true when all are, or it failed, false when the slice is over. */
MUST_CHECK bool jmap_blob_write_on(struct blob_writer *w, struct str bytes, size_t *at,
    int64_t slice_end_us, enum fail *fail_out);

#endif
