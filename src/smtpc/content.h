/*
 * content.h - the bytes of a message as a host can take them, pulled piece by piece.
 *
 * First the content is looked through, in slices, for what not every host takes (8-bit text, binary);
 * then it is handed out: as it is, or converted on the fly (message/seven.h) for a host that lacks the
 * extension. A message that does not end in CRLF gets one. Pure; no framing: dots and chunks are
 * send.c's.
 *
 * Ownership: a struct content borrows the bytes until content_release(), safe on a zeroed one. Pieces live
 * until the next call.
 */
#ifndef SMTPC_CONTENT_H
#define SMTPC_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "envelope/envelope.h"
#include "message/seven.h"

/* How the bytes go. */
enum content_form {
	CONTENT_AS_IS,
	CONTENT_FOR_8BIT, /* without what is binary */
	CONTENT_FOR_7BIT, /* without that, and what is above 127 */
};

struct content {                 /* fields: read only */
	struct str fields, rest; /* borrow: not handed out yet */
	struct str unseen;       /* borrow: not looked at yet */
	unsigned needs;          /* SEVEN_NEEDS_ bits, so far */
	uint64_t size;           /* bytes, with the CRLF at the end, when nothing is converted */
	enum envelope_body body; /* what it is as handed out */
	enum content_form form;

	/* private */
	struct seven seven;
	bool has_seven, is_dry; /* .. and it has no more */
	struct buf piece;       /* own: converted bytes */
	size_t used;            /* of piece: handed out */
	bool has_begun;
	char last[2]; /* the last bytes handed out */
};

void content_init(struct content *c, struct str fields, struct str content);
void content_release(struct content *c);

/* Look at the next slice; true when all was seen and `needs` is right. */
MUST_CHECK bool content_look(struct content *c);

/* The form for a host that takes this (SEVEN_NEEDS_ bits) of what needs that. */
enum content_form content_form(unsigned needs, unsigned takes);

/* Get ready to hand out to a host that takes this. FAIL_LIMIT: it would have to be converted and cannot be. */
MUST_CHECK enum fail content_begin(struct content *c, unsigned takes);

/* The next piece, at most `most` bytes (2 or more); empty at the end only. */
struct str content_next(struct content *c, size_t most);

/* Was that all? */
bool content_is_done(struct content *c);

#endif
