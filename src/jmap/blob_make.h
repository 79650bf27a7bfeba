/*
 * blob_make.h - making blobs inside of a request: out of bytes, or of what is there already.
 *
 * What is made is an upload of the account (mail/upload.h), which only who made it sees until it is used.
 */
#ifndef JMAP_BLOB_MAKE_H
#define JMAP_BLOB_MAKE_H

/* rooms */
#include "jmap/blob.h"
#include "jmap/run.h"

struct blob_making { /* zeroed at first */
	struct blob_writer writer;
	struct blob_wait wait;
	uint64_t size, id; /* out */
};

/* Begin a file of the call's account; add bytes. Each: FAIL_TEMP, FAIL_LIMIT (larger than an upload may be). */
MUST_CHECK enum fail blob_make_start(struct blob_making *b, struct jmap_call *c);
MUST_CHECK enum fail blob_make_add(struct blob_making *b, struct str bytes);

/* Name it: b->id. False while it is on its way to where it is kept: again, when the call does not wait any more. */
MUST_CHECK bool blob_make_finish(struct blob_making *b, struct jmap_call *c, struct str type,
    enum fail *fail_out);

/* Give the file up; safe in any state. */
void blob_make_cancel(struct blob_making *b);

/* A whole file of another account as one of the call's, instead of all that; the same. */
MUST_CHECK bool blob_make_link(struct blob_making *b, struct jmap_call *c,
    const struct account *from, const struct jmap_blob *blob, enum fail *fail_out);

#endif
