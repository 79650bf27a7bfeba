/*
 * email_new.h - putting a message into the account, for Email/import, Email/set create and Email/copy.
 */
#ifndef JMAP_EMAIL_NEW_H
#define JMAP_EMAIL_NEW_H

/* rooms */
#include "jmap/blob.h"
#include "jmap/set.h"

struct jmap_email_added {
	uint64_t id, thread_id, size;
};

/* receivedAt as an EmailImport has it (UTCDate); missing and null leave *out alone. */
enum jmap_set_said jmap_received_at(const struct json *v, int64_t *out, struct jmap_set_error *e);

/*
 * Add the message that was written; the writer is the caller's to cancel, and so is the wait. SET_YIELD: the file is
 * on its way to where it is kept. Then again, with *new made anew: others may have done anything meanwhile.
 */
enum jmap_set_said jmap_email_add_written(struct jmap_call *c, struct email_new *new,
    struct blob_writer *writer, struct blob_wait *w, struct jmap_email_added *out,
    struct jmap_set_error *e);

/* Add the whole message of an account (this one or another): its file is linked. The same. */
enum jmap_set_said jmap_email_add_from(struct jmap_call *c, const struct account *from,
    struct email_new *new, const struct jmap_blob *blob, struct blob_wait *w,
    struct jmap_email_added *out, struct jmap_set_error *e);

/* {id, blobId, threadId, size} */
void jmap_email_added_write(struct json_writer *w, const struct jmap_email_added *added);

#endif
