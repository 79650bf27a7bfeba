/*
 * blob_id.h - blobs as clients name them: whole messages, parts of them, uploads.
 *
 *     b12             the message file of Email 12
 *     b12_340_2000_b  its bytes 340 .. 2339 with base64 undone (q quoted-printable, u uuencode, n nothing)
 *     u5              upload 5
 *     u5_10_900_b_34_20_q   in what bytes 10 .. 909 of upload 5 become without base64, bytes 34 .. 53 without
 *                     quoted-printable: a part of a message that is attached in base64, and so on
 *
 * So a part's blob needs no record: it is decoded when it is downloaded. A blob has one id only: what has no
 * encoding to be undone is not a layer of its own.
 */
#ifndef JMAP_BLOB_ID_H
#define JMAP_BLOB_ID_H

/* base */
#include "base/buf.h"

/* rooms */
#include "mail/id.h"
#include "message/message.h"

#define BLOB_LAYERS_MAX \
	4 /* encoded messages around a part; as many fit into an Id of RFC 8620 1.2 */

struct blob_layer {
	struct range range;
	enum encoding encoding;
};

struct blob_id {
	enum id_kind kind; /* ID_BLOB, ID_UPLOAD */
	uint64_t id;
	bool is_part;
	struct range range;     /* of a part, in the innermost of .. */
	enum encoding encoding; /* of a part */
	struct blob_layer
	    layers[BLOB_LAYERS_MAX]; /* .. what is to be decoded first, outermost first */
	unsigned layer_count;
};

/* Append the text. */
void blob_id_write(struct buf *out, const struct blob_id *id);

/* The whole of `text`; false when it is none. */
MUST_CHECK bool blob_id_parse(struct str text, struct blob_id *out);

/* The blob of a part of Email `email`. */
struct blob_id blob_id_of_part(uint64_t email, const struct part *p);

/* The blob of a part of the message that the blob `message` is; blob_id_has_room(message). */
struct blob_id blob_id_within(const struct blob_id *message, const struct part *p);

/* False: it is encoded, and in so many layers that its parts have no ids. */
bool blob_id_has_room(const struct blob_id *message);

#endif
