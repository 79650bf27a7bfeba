/*
 * blob_id.h - blobs as clients name them: whole messages, parts of them, uploads.
 *
 *     b12             the message file of Email 12
 *     b12_340_2000_b  its bytes 340 .. 2339 with base64 undone (q quoted-printable, u uuencode, n nothing)
 *     u5              upload 5
 *
 * So a part's blob needs no record: it is decoded when it is downloaded.
 */
#ifndef JMAP_BLOB_ID_H
#define JMAP_BLOB_ID_H

/* base */
#include "base/buf.h"

/* rooms */
#include "mail/id.h"
#include "message/message.h"

struct blob_id {
	enum id_kind kind; /* ID_BLOB, ID_UPLOAD */
	uint64_t id;
	bool is_part;
	struct range range;     /* of a part */
	enum encoding encoding; /* of a part */
};

/* Append the text. */
void blob_id_write(struct buf *out, const struct blob_id *id);

/* The whole of `text`; false when it is none. */
MUST_CHECK bool blob_id_parse(struct str text, struct blob_id *out);

/* The blob of a part of Email `email`. */
struct blob_id blob_id_of_part(uint64_t email, const struct part *p);

#endif
