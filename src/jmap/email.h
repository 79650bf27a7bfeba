/*
 * email.h - an Email as JSON: what was asked, one Email with what is loaded of it, parts, bodies.
 *
 * Loading is lazy: the record, then the summary of the store, then the file, only when a property
 * needs it; lists never open a file.
 */
#ifndef JMAP_EMAIL_H
#define JMAP_EMAIL_H

/* rooms */
#include "jmap/args.h"
#include "jmap/blob_id.h"
#include "jmap/header_form.h"
#include "mail/email.h"
#include "message/body.h"
#include "message/message.h"

#define EMAIL_PART_ID_MAX 1024 /* bytes of a part number: MESSAGE_DEPTH_MAX levels */

struct property_set {
	uint32_t fixed; /* bits of a table of names */
	struct header_property *headers;
	size_t header_count;
};

struct email_asked {
	struct property_set email, part;
	bool text_values, html_values, all_values; /* fetchXxxBodyValues */
	uint64_t value_bytes;                      /* maxBodyValueBytes, 0: no limit */
};

struct email_scratch {              /* zeroed at first; memory that the next value uses again */
	struct body_reader *reader; /* own */
	struct buf piece;
};

struct email_values {            /* how far bodyValues are written (email_value.c) */
	const struct part *part; /* the one at hand; NULL: none is left */
	bool is_begun;           /* the member stands there */
	bool is_open;            /* the text of `part` is under way */
	bool is_cut;
	uint64_t left; /* bytes that may follow */
	size_t
	    open_tag; /* of HTML: where in the response its last tag begins that has no end yet; or STR_NONE */
};

struct email_view {
	struct account *account;    /* borrow */
	struct jmap_access *access; /* borrow */
	const struct email_asked *asked;
	struct json_writer *w;
	struct email_scratch *scratch; /* borrow */
	struct arena *a;               /* for this Email */
	uint64_t id;
	struct email *email;           /* NULL when it is a blob that is parsed */
	struct blob_id blob;           /* of the message: its parts are in it */
	struct message *summary;       /* NULL when it does not do */
	struct message *full;          /* with bytes; NULL until needed */
	struct message *parsed;        /* what it will be .. */
	struct message_parser *parser; /* arena: .. when this is through with it */
	unsigned at;                   /* property that comes next */
	bool is_begun, is_unfinished;
	struct email_values values;
	struct blob_map map;    /* own */
	struct jmap_call *call; /* borrow: it waits when the file is far away .. */
	struct blob_wait *wait; /* borrow: .. by this; then what was written is not whole */
	struct bodies *bodies;  /* NULL until needed */
	enum fail fail;         /* sticky */
};

/* Read the arguments of Email/get, or Email/parse; false when the call's error was set. */
MUST_CHECK bool email_asked_read(struct jmap_call *c, const struct json *properties, bool is_parse,
    struct email_asked *out);

/*
 * Write one Email as an object. FAIL_MISSING: JMAP must not see it. FAIL_NONE and v->is_unfinished: the slice is over;
 * again in the next one.
 */
MUST_CHECK enum fail email_write(struct email_view *v);

/* What is known of an Email without its file, for jmap_patch_is_same(). */
MUST_CHECK enum fail email_write_outline(struct jmap_call *c, uint64_t id);

/* The same of a message that is no Email: v->full and v->blob are set. */
MUST_CHECK enum fail email_write_parsed(struct email_view *v);

/* --- email_shape.c: the tree of its parts -------------------------------------------------------- */

/* Parse on; false when the slice is over. */
MUST_CHECK bool email_parse_on(struct jmap_call *c, struct message_parser *parser);

/* What is at hand of it: from the summary, or of the file. NULL: neither. */
const struct message *email_shape(struct email_view *v);

/*
 * Where the summary does not do (it is cut, of an older form, damaged) the file says all that it would. False when the
 * slice is over, or v->fail.
 */
MUST_CHECK bool email_shape_parse(struct email_view *v);

/* The message from its file, or NULL and v->fail. */
const struct message *email_full(struct email_view *v);

/* Its parts by what they are good for, or NULL and v->fail. */
const struct bodies *email_bodies(struct email_view *v);

/* email_part.c: one EmailBodyPart; with its children when `is_tree`. */
void email_part_write(struct email_view *v, const struct part *p, bool is_tree);
extern const struct str email_part_names[];
extern const size_t email_part_name_count;
#define EMAIL_PART_DEFAULT 0x7fdu /* partId .. location without headers and subParts */

/* email_value.c: the member bodyValues; false when the slice is over. */
MUST_CHECK bool email_values_write(struct email_view *v);
void email_scratch_release(struct email_scratch *s);

#endif
