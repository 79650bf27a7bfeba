/*
 * intake.h - the content of a message on its way to the disk.
 *
 * Bytes are fed as they come. Line ends are looked at first: a CR or LF alone refuses the message, or is
 * made a whole line end, or is let through (BINARYMIME); however it came, by DATA or in chunks. The header
 * (up to INTAKE_HEADER_MAX bytes) is held back until its end, so that what we add stands above it: trace
 * fields always, and at submission the Date and Message-ID that the client left out (RFC 6409 8); Bcc
 * leaves it then. Results in our name go away, which only we may write, and those of a version that nobody knows, unless
 * a host of ours hands it over; where its origin is judged, room for them is left above the trace. The rest streams into the blob writer, so a message costs no memory by its size. A
 * message over the limit is swallowed, not stored.
 *
 * Ownership: embedded in the transaction, zeroed before start; intake_cancel() is safe always.
 */
#ifndef DELIVERY_INTAKE_H
#define DELIVERY_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "blob/blob.h"
#include "mailauth/origin.h"

#define INTAKE_HEADER_MAX \
	(256 * \
	    1024) /* bytes held back; longer ones are refused where we must see all of it, else go on */

enum intake_lines {
	INTAKE_LINES_REJECT, /* has_bare tells; the bytes are kept as they are */
	INTAKE_LINES_STRIP,  /* a bare LF becomes CRLF, a bare CR goes */
	INTAKE_LINES_ANY,
};

struct intake { /* fields: read only, but the second group is set before intake_start() */
	struct blob_writer writer;
	struct buf head;         /* own; held back until the header ends */
	struct buf trace;        /* own; our fields, to stand first */
	struct buf solicitation; /* own; the value of a Solicitation field (RFC 3865), or empty */
	struct buf authors; /* own; who it says it is from, where that is looked at (author.h) */
	uint64_t size;      /* bytes fed */
	uint64_t max;       /* bytes allowed */
	bool is_started;
	bool is_in_body;      /* the header went out */
	bool has_cr;          /* the last byte fed was a CR, held back */
	bool has_bare;        /* a CR or LF stood alone */
	bool is_tls_optional; /* TLS-Required: No (RFC 8689 3) */
	bool is_loop;         /* too many Received fields, or Delivered-To is the recipient */
	enum fail fail;       /* sticky: LIMIT too big, TEMP disk */

	enum intake_lines lines;
	bool is_submission; /* complete the header, and drop Bcc */
	bool
	    is_trusted; /* a host of ours may say in our name what it found; nobody else's results (RFC 8601 5) stay */
	struct origin *origin; /* borrow: transaction; judges it. NULL: nobody does */
	size_t above;          /* bytes of the trace that stand above what it says */
	bool wants_authors;
	struct str hostname;  /* borrow: the service's */
	struct str recipient; /* borrow: transaction; the only one, or empty */
};

/* Begin; `trace` (complete fields with CRLF) is copied. FAIL_TEMP when the disk is not well. */
MUST_CHECK enum fail intake_start(struct intake *i, struct blob_store *blobs, struct str folder,
    struct str trace, uint64_t max);

void intake_feed(struct intake *i, struct str bytes);

/* All is there: the writer has it, for blob_write_finish(); or why it has not. Twice is once. */
MUST_CHECK enum fail intake_end(struct intake *i);

/* After the end, once the origin is settled: write what it says, before the writer is finished. FAIL_TEMP. */
MUST_CHECK enum fail intake_fill(struct intake *i);

void intake_cancel(struct intake *i);

#endif
