/*
 * mdn.h - an MDN that is sent (private to the room; RFC 9007 2.1): what the client says, and the message of it.
 */
#ifndef JMAP_MDN_H
#define JMAP_MDN_H

/* rooms */
#include "jmap/submission.h"
#include "message/mdn.h"

struct jmap_mdn {
	uint32_t given;           /* bits of mdn_read.c: what the client set, and not to null */
	struct str email;         /* forEmailId */
	struct str subject;       /* p is NULL: ours */
	struct str text;          /* .. */
	bool has_original;        /* includeOriginalMessage */
	struct str final;         /* the address of finalRecipient; p is NULL: the Identity's */
	struct mdn_fields fields; /* recipients and Message-ID come from jmap_mdn_make() */
};

/* What a creation says, by itself: invalidProperties names all that is wrong. Texts are borrowed, or in `a`. */
enum jmap_set_said jmap_mdn_read(const struct json *object, struct arena *a, struct jmap_mdn *out,
    struct jmap_set_error *e);

struct mdn_making {
	struct str from, from_name;        /* who reads; the name may be empty */
	const struct mdn_request *request; /* of the message .. */
	struct str message;                /* .. with these bytes, which live as long as the tree */
	int64_t now_s;
	struct str random; /* BUILD_RANDOM_BYTES, borrowed */
};

/*
 * Complete what the client left out, and make the message: a tree in `a`. FAIL_SYNTAX: a text cannot stand in a
 * header · FAIL_LIMIT: something is too long.
 */
MUST_CHECK enum fail jmap_mdn_make(const struct mdn_making *making, struct jmap_mdn *mdn,
    struct arena *a, struct build_part **root_out);

/* Write what the client did not set, as one object. */
void jmap_mdn_write(struct json_writer *w, const struct jmap_mdn *mdn);

#endif
