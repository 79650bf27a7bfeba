/*
 * build.h - a new message from its parts: delimiters, transfer encodings and their fields (RFC 2045, RFC 2046).
 *
 * A tree of parts goes in, each with its content and its fields ready (compose.h); the message comes out in
 * pieces, so that its size costs no memory. What is added: Content-Type with the charset of texts and the
 * boundary of multiparts, and Content-Transfer-Encoding. Texts and small text files that are lines of ASCII stay as
 * they are, else quoted-printable or base64, whichever is shorter to read; all other files are base64. Attached
 * messages are not encoded (RFC 2046 5.2.1): 7bit or 8bit, and what is binary in them is changed by seven.h.
 *
 * Pure. message_parse() sees the tree that went in. Ownership: everything in the tree, and the tree, is
 * borrowed until build_release().
 */
#ifndef MESSAGE_BUILD_H
#define MESSAGE_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "codec/base64.h"
#include "codec/qp.h"
#include "message/lines.h"
#include "message/message.h"
#include "message/seven.h"
#include "message/text.h"

#define BUILD_RANDOM_BYTES 16 /* that nobody can guess: no content has a boundary of ours in it */

enum build_kind {
	BUILD_MULTIPART, /* at least one child */
	BUILD_TEXT,      /* UTF-8 with LF or CRLF for line ends, which may change into each other */
	BUILD_BYTES,     /* any bytes, to be kept as they are */
	BUILD_MESSAGE,   /* a whole message */
};

enum build_code { BUILD_7BIT, BUILD_8BIT, BUILD_SEVEN, BUILD_QP, BUILD_BASE64 };

struct build_part {
	enum build_kind kind;
	struct str fields; /* whole lines; no Content-Type and no Content-Transfer-Encoding */
	struct str type;   /* "text/plain" */
	struct str params; /* "; format=flowed"; no charset of a text, no boundary */
	struct str bytes;
	enum encoding encoding; /* of BUILD_BYTES: what is to be undone first */
	struct build_part *child, *next;
	/* private */
	struct build_part *parent;
	enum build_code code;
	bool is_8bit; /* it, or something in it */
	uint32_t number;
};

/*
 *     PLAN --all parts were looked at--> HEADER of the root
 *     HEADER --multipart--> HEADER of the first child
 *     HEADER --leaf--> BODY -> UP
 *     UP --a sibling is left--> its HEADER     UP --none--> UP of the parent     UP --of the root--> END
 */
enum build_stage { BUILD_PLAN, BUILD_HEADER, BUILD_BODY, BUILD_UP, BUILD_END };

struct build { /* fields: private but `fail` */
	enum build_stage stage;
	enum fail fail; /* sticky: LIMIT, a field or an attached message is too long or too deep */
	const struct build_part *at; /* borrow */
	struct build_part *planned;  /* borrow: the part that is looked at */
	struct lines_scan scan;      /* .. and its content */
	uint32_t number;             /* of parts planned */
	struct str random;           /* borrow */
	struct message shell;        /* a message that is nothing but the content to be read */
	struct body_reader *reader;  /* own */
	struct seven seven;          /* own */
	struct qp_encoder qp;
	struct base64_encoder base64;
	struct buf piece; /* own; work */
	bool had_cr, is_line_ended;
};

/* The tree is at most MESSAGE_DEPTH_MAX deep. `random` has BUILD_RANDOM_BYTES. */
void build_init(struct build *b, struct build_part *root, struct str random);

/*
 * Append the next piece to `out`, or look at some more of the parts and append nothing; false at the end, or when
 * b->fail is set. Each call is short, but for an attached message with binary parts (seven.h).
 */
MUST_CHECK bool build_next(struct build *b, struct buf *out);

/* Safe in any state, on zeroed ones too. */
void build_release(struct build *b);

#endif
