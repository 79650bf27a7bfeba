/*
 * seven_inner.h - what the files of seven.h share. Private.
 */
#ifndef MESSAGE_SEVEN_INNER_H
#define MESSAGE_SEVEN_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "codec/base64.h"
#include "codec/qp.h"
#include "message/header.h"
#include "message/lines.h"
#include "message/message.h"
#include "message/seven.h"
#include "message/text.h"

#define SEVEN_LINE_CUT     900 /* where lines of junk are broken, with room for what is added */
#define SEVEN_BOUNDARY_MAX 200 /* bytes; a longer one is replaced when its field is written anew */

/* What becomes of the body of a leaf. */
enum seven_body {
	SEVEN_BODY_KEEP,
	SEVEN_BODY_LINES, /* CRLF for LF */
	SEVEN_BODY_QP,
	SEVEN_BODY_BASE64,
};

struct seven_plan { /* of one part */
	const struct part *part;
	enum seven_body body;
	bool is_text;     /* LF in the body are line ends */
	bool is_raw;      /* the encoding that it has now is not undone */
	bool is_new;      /* its header is written anew */
	bool is_moved;    /* a multipart, broken or not, that gets a boundary of ours */
	bool has_news;    /* something in its body changes, here or further down */
	struct str label; /* the Content-Transfer-Encoding to be; empty: as it was */
};

/*
 * What stands between two parts of a multipart, or before the first or behind the last: text that nobody
 * reads (before the first delimiter and behind the last one), a delimiter, such text again.
 */
struct seven_gap {
	const struct part *owner; /* the multipart */
	const struct part *next;  /* NULL: the close delimiter, or none */
	struct range lead, delimiter, trail;
};

enum seven_run_kind { RUN_COPY, RUN_LINES, RUN_JUNK, RUN_ENCODE };

/* Bytes of the message that are being written; at == end: none. */
struct seven_run {
	enum seven_run_kind kind;
	size_t at, end;
	unsigned column; /* RUN_JUNK: in the line that comes out */
};

/* A header that is being written anew, field by field. */
struct seven_header {
	const struct seven_plan *plan; /* NULL: none is */
	struct str rest;
	bool had_encoding, had_type, had_disposition; /* the first of each is the one that counts */
	bool is_labelled;
};

enum seven_stage {
	STAGE_HEADER, /* of s->part is next */
	STAGE_BODY,
	STAGE_LEAD, /* of s->gap, and so on */
	STAGE_DELIMITER,
	STAGE_TRAIL,
	STAGE_UP, /* s->part is written, with all that is in it */
	STAGE_END,
};

struct seven_inner {
	struct arena arena;   /* the tree and the plans */
	struct arena scratch; /* of one field */
	struct message m;
	struct seven_plan *plans; /* arena; one for each part, by index */
	enum seven_target target;
	unsigned bad; /* BAD_ bits that cannot stay */
	uint32_t
	    fresh; /* the number that makes boundaries of ours differ from all texts that are there */
	/* the walk */
	enum seven_stage stage;
	const struct part *part;
	struct seven_gap gap;
	struct seven_run run;
	struct seven_header header;
	struct buf held;  /* own; written and not yet given out */
	struct buf piece; /* own; work */
	/* a body that is encoded */
	struct body_reader *reader; /* own; NULL: bytes are taken as they are */
	struct qp_encoder qp;
	struct base64_encoder base64;
	bool had_cr;
};

/* Is there something in the text that cannot stay? */
static inline bool
seven_is_bad(const struct seven_inner *s, struct str text)
{
	return (lines_scan(text) & s->bad) != 0;
}

/* seven_plan.c: what becomes of all parts; what is between two. */
MUST_CHECK enum fail seven_plan_all(struct seven_inner *s);
void seven_gap_find(const struct message *m, const struct part *owner, const struct part *before,
    struct seven_gap *out);

/* seven_header.c: the next field to s->held; false after the last one, when the blank line is there, too. */
void seven_header_begin(struct seven_inner *s, const struct seven_plan *plan);
bool seven_header_next(struct seven_inner *s);
bool seven_header_is_ended(struct str header);

/*
 * seven_mime.c: Content-Type (`is_type`) or Content-Disposition, and Content-Transfer-Encoding, to s->held. FAIL_LIMIT:
 * it is too long.
 */
MUST_CHECK enum fail seven_params_write(struct seven_inner *s, const struct header *h,
    bool is_type);
MUST_CHECK enum fail seven_encoding_write(struct seven_inner *s, const struct header *h);

/* The boundary of ours for p. */
void seven_boundary_write(const struct seven_inner *s, const struct part *p, struct buf *out);

#endif
