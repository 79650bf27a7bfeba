/*
 * dsn_inner.h - what dsn.c and dsn_text.c share. Private.
 */
#ifndef QUEUE_DSN_INNER_H
#define QUEUE_DSN_INNER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "queue/dsn.h"

/* What is known of a report before it is written. */
struct dsn {
	const struct dsn_report *report;
	struct str host;        /* arena; our name, of letters that a name may have */
	struct str header;      /* borrow: the message's header, or as much of it as comes back */
	struct str subject;     /* arena; of the message, decoded; empty: none */
	enum dsn_action action; /* the gravest news */
	bool is_full;           /* the whole message comes back */
	bool is_utf8;           /* fields may be UTF-8 */
	bool is_global;         /* the header that comes back is UTF-8 */
	struct arena arena;
};

/* What others wrote, cut to DSN_TEXT_MAX: controls become '?', and all that is not ASCII if is_utf8 is not. */
#define DSN_TEXT_MAX 2000 /* bytes of a server's answer: far more than anyone reads */
void dsn_clean(struct buf *out, struct str text, bool is_utf8);

/* The status, or the general one of the action. */
struct status dsn_status(const struct dsn_rcpt *rcpt);

/* What the status means, and what the sender can do. */
struct dsn_meaning {
	uint16_t subject, detail;
	const char *meaning, *advice;
};
const struct dsn_meaning *dsn_meaning(const struct dsn_rcpt *rcpt);

/* The address in ORCPT= as people read it; empty when there is none. */
struct str dsn_original(struct dsn *d, const struct dsn_rcpt *rcpt, struct str *type_out);

/* A field whose value is clean, folded; out->overflow when it cannot be. A date; nothing for 0. */
void dsn_field_write(struct buf *out, const char *name, struct str value);
void dsn_date_write(struct buf *out, const char *name, int64_t unix_s);

/* The parts for people and for programs. */
void dsn_text_write(struct buf *out, struct dsn *d);
void dsn_status_write(struct buf *out, struct dsn *d);

#endif
