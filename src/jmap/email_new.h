/*
 * email_new.h - putting a message into the account, for Email/import and Email/set create.
 */
#ifndef JMAP_EMAIL_NEW_H
#define JMAP_EMAIL_NEW_H

/* rooms */
#include "jmap/blob.h"
#include "jmap/set.h"

struct jmap_email_added {
	uint64_t id, thread_id, size;
};

/*
 * Add the message that `blob` holds: its file is linked when it is a whole one, else its decoded
 * bytes are written anew.
 */
enum jmap_set_said jmap_email_add(struct jmap_call *c, struct email_new *new,
    const struct jmap_blob *blob, struct jmap_email_added *out, struct jmap_set_error *e);

/* {id, blobId, threadId, size} */
void jmap_email_added_write(struct json_writer *w, const struct jmap_email_added *added);

#endif
