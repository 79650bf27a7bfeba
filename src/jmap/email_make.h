/*
 * email_make.h - the message that an Email object describes (RFC 8621 4.6), as a tree for message/build.h.
 *
 * Pure: blobs are asked for by a function. mailboxIds, keywords and receivedAt are not of the message and are
 * passed over. Properties in conflict, forbidden or unknown are refused as 4.6 says, and all that are wrong at
 * the top are named.
 *
 * The body is bodyStructure as it stands; or textBody and htmlBody as multipart/alternative, with attachments that
 * the HTML shows (inline, with a cid) in a multipart/related with it, and the others behind it in a multipart/mixed.
 */
#ifndef JMAP_EMAIL_MAKE_H
#define JMAP_EMAIL_MAKE_H

/* base */
#include "base/map.h"

/* rooms */
#include "jmap/header_set.h"
#include "jmap/limits.h"
#include "jmap/set.h"
#include "message/build.h"

/* Bytes of the fields of one part: what stands behind them must still be within MESSAGE_HEADER_MAX. */
#define EMAIL_MAKE_HEADER_MAX (512 * 1024)

struct email_content {
	struct str bytes; /* must live as long as the tree */
	enum encoding encoding;
	uint64_t decoded; /* bytes that had to be decoded to get them, also when there are none */
};

struct email_maker {
	struct arena *a;         /* borrow: what is made */
	int64_t now_s;           /* for Date, when there is none */
	struct str random, host; /* borrow: for a Message-ID, when there is none */
	/* The content of a blob. `is_message`: with its encoding undone. FAIL_MISSING · FAIL_TEMP · FAIL_LIMIT. */
	enum fail (
	    *find)(void *arg, struct str blob_id, bool is_message, struct email_content *out);
	void *arg; /* borrow */
	/* private */
	const struct json *values;
	struct map *root_names; /* of the Email's fields; the root part adds its own */
	struct buf root_fields; /* own */
	struct str *missing;    /* arena: blobs that are not there */
	size_t missing_count, part_count;
	uint64_t bytes;   /* of all contents */
	uint64_t decoded; /* on the way to them */
};

/* SET_FAIL: a blob could not be looked at now. The tree lives in m->a; nothing has to be released. */
enum jmap_set_said email_make(struct email_maker *m, const struct json *object,
    struct build_part **root_out, struct jmap_set_error *e);

#endif
