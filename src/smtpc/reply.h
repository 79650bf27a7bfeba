/*
 * reply.h - what a host replies, line by line (RFC 5321 4.2).
 *
 * Pure grammar: lines in, one reply out. The words are made harmless here, once: what is not printable
 * UTF-8 becomes "?", the status of RFC 2034 stands in front once and no more, lines are joined by a blank, and
 * no more than SMTPC_ANSWER_MAX bytes are kept.
 */
#ifndef SMTPC_REPLY_H
#define SMTPC_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "envelope/status.h"

#define SMTPC_REPLY_LINE_MAX  4096 /* bytes; RFC 5321 4.5.3.1.5 says 512, long URLs say more */
#define SMTPC_REPLY_LINES_MAX 128  /* of one reply: EHLO of the busiest hosts has some 30 */

struct reply {           /* zeroed: nothing came yet; fields: read only */
	unsigned code;   /* 220 .. 559 */
	size_t lines;    /* that came */
	struct str line; /* borrow: the text of the last line, as it came */
	bool has_status; /* the host said one that fits the code; else it follows from the code */
	struct status status; /* .. of the first line that has one; set when the reply is whole */
	struct buf text;      /* own */
};

enum reply_step {
	REPLY_MORE,    /* the line says that another follows */
	REPLY_WHOLE,   /* that was the last */
	REPLY_GARBAGE, /* not a reply, another code than before, or too many lines */
};

/* Take the next line, without its CRLF; borrowed in r->line. */
enum reply_step reply_line(struct reply *r, struct str line);

/* Ready for the next reply. */
void reply_clear(struct reply *r);

/* Is it a 2xx (and so on: the first digit)? */
static inline bool
reply_is(const struct reply *r, unsigned digit)
{
	return r->code / 100 == digit;
}

#endif
