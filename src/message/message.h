/*
 * message.h - a message as a tree of parts (RFC 5322, RFC 2045, RFC 2046).
 *
 * The parser reads a whole message (a mapped file) once, line by line, and notes where things are;
 * nothing is copied but folded or decoded values. It never fails: a multipart without a single
 * delimiter is text/plain, a missing close delimiter ends with its parent, a missing blank line ends
 * the header where the first line stands that is no field (RFC 7103), lines may end in LF alone.
 * Limits: MESSAGE_DEPTH_MAX, MESSAGE_PARTS_MAX, MESSAGE_HEADER_MAX; beyond them parts are leaves.
 * Time is linear in the size.
 *
 * A struct message comes from message_parse() or, without the file, from message_summary_read()
 * (summary.h); both give the same tree. Then `bytes` is empty, and only functions that say so work.
 *
 * Ownership: texts point into the message's bytes or into the arena given to the parser, and die
 * with either. A struct message must not be moved, its parts point to its root. Units: octets.
 */
#ifndef MESSAGE_MESSAGE_H
#define MESSAGE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

/* A piece of the message's bytes. */
struct range {
	uint64_t start, n;
};

/*
 * A MIME parameter as it was written: quotes and comments removed, RFC 2231 continuations joined
 * under one name; the name ends in '*' when the value is an extended one (charset'language'text).
 * param_text() in mime.h gives the decoded value.
 */
struct param {
	struct str name; /* lower case */
	struct str value;
};

enum part_kind {
	PART_LEAF,
	PART_MULTIPART, /* children in order, at least one */
	PART_MESSAGE, /* message/rfc822 or message/global: one child, the root of the embedded one */
};

enum encoding {
	ENCODING_7BIT, /* also 8bit and binary: bytes stand for themselves */
	ENCODING_QUOTED_PRINTABLE,
	ENCODING_BASE64,
	ENCODING_UUENCODE,
	ENCODING_UNKNOWN, /* RFC 2045 6.4: treat as application/octet-stream */
	ENCODING_COUNT
};

/* Header fields kept for every message and embedded message. */
enum field {
	FIELD_DATE,
	FIELD_SUBJECT,
	FIELD_FROM,
	FIELD_SENDER,
	FIELD_REPLY_TO,
	FIELD_TO,
	FIELD_CC,
	FIELD_BCC,
	FIELD_IN_REPLY_TO,
	FIELD_MESSAGE_ID,
	FIELD_REFERENCES,
	FIELD_LIST_ID,
	FIELD_LIST_POST,
	FIELD_LIST_UNSUBSCRIBE,
	FIELD_COUNT
};

/* "Date", "Subject" .. */
extern const char *const field_names[FIELD_COUNT];

/* Raw values (after the colon, folded, without the last line end) of the last instance of each. */
struct fields {
	struct str raw[FIELD_COUNT]; /* p is NULL: not there */
};

#define PART_SIZE_UNKNOWN UINT64_MAX

struct part { /* fields: read only */
	enum part_kind kind;
	enum encoding encoding;
	bool is_attachment;     /* Content-Disposition: attachment */
	bool is_inline;         /* Content-Disposition: inline */
	struct str type;        /* lower case, "text" when missing or broken */
	struct str subtype;     /* lower case */
	struct param *params;   /* of Content-Type */
	struct str disposition; /* lower case; p is NULL: none */
	struct param *disposition_params;
	struct str *languages;      /* Content-Language */
	struct str id, description; /* raw, unfolded; p is NULL: none */
	struct str encoding_text;   /* Content-Transfer-Encoding, upper case; "7BIT" when missing */
	struct str location, md5;   /* raw, unfolded; p is NULL: none */
	struct str name;            /* file name, decoded to UTF-8; p is NULL: none */
	uint32_t param_count, disposition_param_count, language_count;
	struct range header;       /* with the blank line */
	struct range body;         /* without the line end that belongs to the next delimiter */
	uint64_t lines;            /* line ends in the body */
	uint64_t decoded_size;     /* of the body, transfer encoding undone; or PART_SIZE_UNKNOWN */
	struct part *parent;       /* NULL at the top; an embedded root has its PART_MESSAGE */
	struct part *child, *next; /* first child; next sibling */
	uint32_t index;            /* position in the tree, depth first, the root is 0 */
	uint32_t number;           /* 1 .. among its siblings */
	const struct fields
	    *fields; /* of a message or embedded message: at its root part, else NULL */
};

struct message_parser;

struct message {          /* fields: read only */
	struct str bytes; /* borrow: the caller's; empty when read from a summary */
	uint64_t size;
	struct part root;
	uint32_t part_count; /* all parts, the root included */
	bool is_summary;
	/* What needs the bodies; only in messages from message_summary_read(). */
	struct str preview;  /* UTF-8, see preview.h */
	bool has_attachment; /* RFC 8621 4.1.4 */
};

/*
 * Parse `bytes` (borrowed as long as m is used) into m; what must be kept is put into `a`. When the
 * arena is full the rest of the message belongs to the last part that fitted.
 */
void message_parse(struct message *m, struct str bytes, struct arena *a);

/*
 * The same in slices: begin, then step until it is true; m is whole then. NULL: the arena is full. A step takes about
 * `bytes` (> 0), but never less than a line or a field. A PC needs 0.2 ms for a MB of text, 5 ms for one of line ends.
 */
struct message_parser *message_parse_begin(struct message *m, struct str bytes, struct arena *a);
MUST_CHECK bool message_parse_step(struct message_parser *p, size_t bytes);

#define MESSAGE_PARSE_PIECE \
	(128 * 1024) /* bytes between two looks at the clock: 0.6 ms of a PC at worst */

/* The part after p, depth first, or NULL at the end; into embedded messages too. */
const struct part *part_next(const struct part *p);

/* Is p of this type? `subtype` may be empty: any. Both in lower case. */
bool part_is(const struct part *p, struct str type, struct str subtype);

/* The bytes of a part's header and of its body, as they are in the message; needs `bytes`. */
struct str part_header(const struct message *m, const struct part *p);
struct str part_body(const struct message *m, const struct part *p);

/* A field of the message whose root is `root`: raw value, p is NULL when it is not there. */
struct str message_field(const struct part *root, enum field field);

#endif
