/*
 * tally.h - what is alike, counted in the store until it is reported: by period, subject and row.
 *
 * A subject is what gets a report of its own: a domain, and the bytes that say what it published (so who changes that
 * within a day gets two reports). A row is the bytes that a kind of report makes of one thing it saw; the same bytes
 * are the same row. Nothing here knows what the bytes mean.
 *
 * Strangers decide how many subjects and rows there are, so all of it is bounded (struct tally_limits). What does not
 * fit is counted as dropped, with its subject where that is known, else with the period.
 *
 * Ownership: texts are borrowed; those read are copied into what the caller gives.
 */
#ifndef REPORTS_TALLY_H
#define REPORTS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "store/key.h"
#include "store/store.h"

#define TALLY_SPACE      'r'  /* space byte of the room's keys */
#define TALLY_ABOUT_MAX  2048 /* bytes: longer records ask for nothing that a short one cannot */
#define TALLY_ROW_MAX    8192 /* bytes: ten names of 255 with their words, and room */
#define TALLY_COPY_MAX   (TALLY_ABOUT_MAX + STORE_KEY_MAX) /* bytes that a subject's texts take */
#define TALLY_MARK_BYTES 8 /* of a hash: tells apart what one domain published in a period */

/* The kinds of reports: a byte of the keys. */
enum tally_kind { TALLY_DMARC = 'd', TALLY_TLS = 't' };

struct tally_limits {
	uint64_t subjects; /* of one period */
	uint64_t rows;     /* of one subject */
	uint64_t bytes;    /* of all rows and subjects of one period */
};

/* Small offices see some hundred domains a day, most with one row; the bytes are what a small disk can lose. */
#define TALLY_SUBJECTS_MAX 2000
#define TALLY_ROWS_MAX     1000
#define TALLY_BYTES_MAX    (16 * 1024 * 1024)
extern const struct tally_limits tally_limits_default;

struct tally_subject {
	enum tally_kind kind;
	int64_t begin_s, end_s; /* seconds since 1970, UTC; the end is not in it */
	struct str domain;
	struct str about;
	uint64_t rows, dropped; /* read: how many there are; things that found no room */
};

enum tally_outcome {
	TALLY_COUNTED,
	TALLY_BEGUN,         /* .. the first of a subject */
	TALLY_DROPPED,       /* there was no room */
	TALLY_DROPPED_FIRST, /* .. for the first time in this subject, or for a new one in this period */
};

/* Count one thing. FAIL_LIMIT: the bytes are too long, nothing was written; else as txn_put(). */
MUST_CHECK enum fail tally_add(struct txn *t, const struct tally_limits *limits,
    const struct tally_subject *subject, struct str row, enum tally_outcome *out);

/*
 * The first subject behind the place `at`, the oldest periods first: texts are copied to `copy`, which is cleared before;
 * `at` becomes its place. Empty: from the beginning. FAIL_MISSING: there is none. A damaged one has no rows, and was over when it
 * began.
 */
MUST_CHECK enum fail tally_next(struct txn *t, enum tally_kind kind, struct buf *at,
    struct tally_subject *out, struct buf *copy);

/* The same for the rows of the subject at `place`; a damaged one is empty. */
MUST_CHECK enum fail tally_next_row(struct txn *t, struct str place, struct buf *at,
    uint64_t *count_out, struct buf *row_out);

/* The subject at `place` with its rows; none there is no failure. */
MUST_CHECK enum fail tally_delete(struct txn *t, struct str place);

#endif
