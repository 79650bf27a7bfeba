/*
 * dmarc_report.h - aggregate reports: what was seen of a domain's mail in a day (RFC 7489 7.2, appendix C).
 *
 * Pure: XML in and out (report_file.h compresses it). Reading keeps to the elements below and passes over others; words
 * that are unknown count as "none", numbers that are none as 0.
 *
 * Ownership: texts of a report that was read are in the arena, those of a row are borrowed during the call.
 */
#ifndef MAILAUTH_DMARC_REPORT_H
#define MAILAUTH_DMARC_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "mailauth/dmarc_record.h"
#include "mailauth/verdict.h"

#define DMARC_REPORT_CHECKS_MAX 16 /* DKIM results of one row; the rest is left out */
#define DMARC_REPORT_ARENA_MAX  ((size_t)1 << 20) /* bytes: the texts of a head, or of a row */

struct dmarc_report {
	struct str organization, email, contact, id; /* of the reporter; contact may be empty */
	uint64_t begin_s, end_s;                     /* seconds since 1970, UTC */
	/* the policy that was found */
	struct str domain;
	enum dmarc_policy policy, subdomain_policy;
	bool is_dkim_strict, is_spf_strict;
	unsigned percent, failure_options;
};

struct dmarc_report_check {
	struct str domain, selector; /* of SPF: the selector is empty */
	enum verdict verdict;
};

struct dmarc_report_row {  /* messages that are alike */
	struct str source; /* an address */
	uint64_t count;
	enum dmarc_policy disposition; /* what was done */
	bool is_dkim_aligned, is_spf_aligned;
	struct str reason,
	    comment; /* why not what the policy asks: "mailing_list" ..; empty: none */
	struct str header_from, envelope_from, envelope_to; /* domains; the last two may be empty */
	struct dmarc_report_check dkim[DMARC_REPORT_CHECKS_MAX];
	size_t dkim_count;
	struct dmarc_report_check spf; /* without a domain: there is none */
	bool is_spf_of_helo;
};

/* Append the report in three kinds of pieces: begin, rows, end. */
void dmarc_report_begin(struct buf *out, const struct dmarc_report *report);
void dmarc_report_row(struct buf *out, const struct dmarc_report_row *row);
void dmarc_report_end(struct buf *out);

/* What a report says but for its rows. FAIL_SYNTAX: malformed, or no report; FAIL_LIMIT: too long texts, arena full. */
MUST_CHECK enum fail dmarc_report_read(struct str xml, struct arena *a, struct dmarc_report *out);

/* Each row in its order; failures as above, rows before it were told. */
typedef void dmarc_report_row_fn(void *arg, const struct dmarc_report_row *row);
MUST_CHECK enum fail dmarc_report_rows(struct str xml, dmarc_report_row_fn *fn, void *arg);

#endif
