/*
 * text.h - what is in a body: decoded bytes, UTF-8 text, words to find.
 *
 * Bodies are decoded as a stream of pieces, so memory does not grow with them. All functions need
 * the message's bytes. Broken encodings give what can be had and are told by has_problem.
 */
#ifndef MESSAGE_TEXT_H
#define MESSAGE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "message/message.h"

#define BODY_PIECE_BYTES (16 * 1024) /* encoded bytes decoded by one body_read() */

enum body_mode {
	BODY_BYTES, /* the transfer encoding undone */
	BODY_TEXT, /* and the charset turned into UTF-8, CRLF into LF (RFC 8621 4.1.4, bodyValues) */
	BODY_PLAIN, /* and HTML into plain text */
};

struct body_reader;

/* Start reading the body of p; m and p are borrowed until body_reader_free(). */
struct body_reader *body_reader_new(const struct message *m, const struct part *p,
    enum body_mode mode);
void body_reader_free(struct body_reader **r);

/* Start anew with another body, in the memory that the reader has. */
void body_reader_renew(struct body_reader *r, const struct message *m, const struct part *p,
    enum body_mode mode);

/* Append the next piece to out (at most some three times BODY_PIECE_BYTES); false at the end. */
bool body_read(struct body_reader *r, struct buf *out);

/* Something could not be decoded so far: transfer encoding, charset, unknown charset. */
bool body_has_problem(const struct body_reader *r);

/* The transfer encoding of this part cannot be undone: unknown (IMAP answers NO [UNKNOWN-CTE]). */
bool body_is_unknown_encoding(const struct part *p);

/* The number of BODY_BYTES of a part; from part->decoded_size when it is known. */
uint64_t body_decoded_size(const struct message *m, const struct part *p);

enum text_where {
	TEXT_BODY,   /* decoded text parts, embedded headers too: SEARCH BODY */
	TEXT_ALL,    /* and all decoded header fields: SEARCH TEXT */
	TEXT_HEADER, /* the fields called `name`, decoded; an empty needle: there is one */
};

/*
 * The same texts one after the other, for whoever wants to see all of them (the full-text index): each
 * field for itself, its name in front unless `name` asked for it; each body in pieces of whole
 * characters. What message_contains() finds in a message stands in one of these texts. Needs m->bytes;
 * both are borrowed until text_walk_release().
 */
struct text_walk { /* fields: read only */
	const struct message *message;
	enum text_where where;
	struct str name;
	const struct part *part;    /* whose header or body is under way; NULL: the end */
	struct str header;          /* what is left of its header */
	struct body_reader *reader; /* own */
	struct buf text;            /* own: the last piece */
	size_t bytes;               /* out: of the message that were looked at for it, at most */
	bool is_body;               /* out: it belongs to what TEXT_BODY looks at */
	bool goes_on;               /* out: it continues the piece before it */
	bool
	    is_pause; /* out: it is no text, but many fields of other names than `name` were passed */
};
void text_walk_init(struct text_walk *w, const struct message *m, enum text_where where,
    struct str name);
void text_walk_release(struct text_walk *w);

/* The next piece, valid until the next call (cut where !buf_ok(&w->text)); false at the end. */
bool text_walk_next(struct text_walk *w, struct str *text_out);

/*
 * Is `needle` (UTF-8) in the message as a substring, compared by i;unicode-casemap (RFC 5051) as far
 * as codec knows it? `name` only for TEXT_HEADER. Needs m->bytes.
 */
bool message_contains(const struct message *m, struct str needle, enum text_where where,
    struct str name);

/*
 * The same in slices; all is borrowed until text_finder_free(), which any state is safe for. A step looks at about
 * BODY_PIECE_BYTES of the message, but never less than a field; true when it is known. A PC needs 0.1 ms for one.
 */
struct text_finder;
struct text_finder *text_finder_new(const struct message *m, struct str needle,
    enum text_where where, struct str name);
void text_finder_free(struct text_finder **f);
MUST_CHECK bool text_finder_step(struct text_finder *f, bool *is_found_out);

/* Is `needle` in this UTF-8 text, by the same comparison? */
bool text_contains(struct str text, struct str needle);

/* The form in which they are compared, to look for many in one; p is NULL: the arena is full. */
struct str text_folded(struct str text, struct arena *a);

#endif
