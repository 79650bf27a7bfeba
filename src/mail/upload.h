/*
 * upload.h - files that clients uploaded and that are not (yet) messages: JMAP's upload.
 *
 * An upload is a file of the account with a record {size, type, time}; it is dropped after
 * UPLOAD_KEEP_S, by a look each UPLOAD_SWEEP_MS if nothing comes before, and the oldest go first when a user has more
 * than UPLOAD_COUNT_MAX or UPLOAD_BYTES_MAX in an account (RFC 8620 section 6: at least one hour if there is room);
 * nobody's push out those of others. To make it a message,
 * blob_link() its file to a new name and email_add() that.
 */
#ifndef MAIL_UPLOAD_H
#define MAIL_UPLOAD_H

#include "base/arena.h"
#include "blob/blob.h"
#include "mail/mail.h"

#define UPLOAD_KEEP_S    (24 * 3600)
#define UPLOAD_SWEEP_MS  (3600 * 1000)
#define UPLOAD_COUNT_MAX 1000
#define UPLOAD_BYTES_MAX (500 * 1024 * 1024) /* bytes of one user's uploads to one account */
#define UPLOAD_TYPE_MAX  255                 /* bytes of the media type */

struct upload {
	uint64_t id;
	struct str blob; /* file name */
	struct str type; /* media type as the client said */
	uint64_t size;
	int64_t uploaded_s;
	uint64_t by; /* id of the account of the user who did; 0: the account itself */
};

/* Name a file as an upload of the user with account `by`, in the turn in which it was finished; drops what is
 * too old or too much. FAIL_LIMIT larger than UPLOAD_BYTES_MAX · FAIL_TEMP. */
MUST_CHECK enum fail upload_add(struct account *a, struct str blob, uint64_t size, struct str type,
    uint64_t by, uint64_t *id_out);

/*
 * Drop some of what is too old, of the account after *account_id (0 at first), which is what to go on with. mail.c
 * does so behind. FAIL_MISSING: no account is left · FAIL_TEMP.
 */
MUST_CHECK enum fail upload_sweep(struct mail *m, uint64_t *account_id);

/* FAIL_MISSING · FAIL_LIMIT arena full · FAIL_TEMP. */
MUST_CHECK enum fail upload_get(struct account *a, uint64_t id, struct arena *arena,
    struct upload **out);

#endif
