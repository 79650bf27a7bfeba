/*
 * status.h - enhanced status codes: "5.1.1", class, subject and detail (RFC 3463).
 *
 * They tell a bounce's reader, and programs, more than the three digits of a reply do. What a peer
 * sends is parsed here; our own replies have theirs in tables. Pure.
 */
#ifndef ENVELOPE_STATUS_H
#define ENVELOPE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct status {       /* zeroed: none */
	uint8_t kind; /* class: 2 success, 4 persistent transient failure, 5 permanent failure */
	uint16_t subject; /* 0 .. 999 */
	uint16_t detail;
};

#define STATUS(kind_, subject_, detail_) \
	((struct status){ .kind = (kind_), .subject = (subject_), .detail = (detail_) })

/* status-code = class "." subject "." detail; the cursor moves behind it on success only. */
MUST_CHECK bool status_parse(struct str *cur, struct status *out);

/* Append "5.1.1". */
void status_write(struct buf *out, struct status status);

/*
 * The status of a reply: what stands at the beginning of its text when that fits the code's first
 * digit (RFC 2034 4), else the general one that follows from the code alone.
 */
struct status status_of_reply(unsigned code, struct str text);

#endif
