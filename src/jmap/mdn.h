/*
 * mdn.h - an MDN that is sent (private to the room; RFC 9007 2.1): what the client says, and the message of it.
 */
#ifndef JMAP_MDN_H
#define JMAP_MDN_H

/* rooms */
#include "jmap/submission.h"
#include "message/mdn.h"

enum mdn_property {
	MDN_FOR_EMAIL_ID,
	MDN_SUBJECT,
	MDN_TEXT_BODY,
	MDN_INCLUDE_ORIGINAL,
	MDN_REPORTING_UA,
	MDN_DISPOSITION,
	MDN_GATEWAY,
	MDN_ORIGINAL_RECIPIENT,
	MDN_FINAL_RECIPIENT,
	MDN_ORIGINAL_MESSAGE_ID,
	MDN_ERROR,
	MDN_EXTENSION_FIELDS,
	MDN_PROPERTY_COUNT
};
extern const struct str mdn_property_names[MDN_PROPERTY_COUNT];

struct jmap_mdn {
	uint32_t given;        /* bits of properties that the client set, and not to null */
	struct str email;      /* forEmailId */
	struct str subject;    /* p is NULL: ours */
	struct str text;       /* .. */
	bool has_original;     /* includeOriginalMessage */
	struct str final;      /* the address of finalRecipient; p is NULL: the Identity's */
	struct str final_text; /* finalRecipient as it is sent; filled in by jmap_mdn_make() */
	struct mdn_fields fields;
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
