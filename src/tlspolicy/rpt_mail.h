/*
 * rpt_mail.h - a TLS report as a message (RFC 8460 5.3): words for people, the report packed for programs. Pure.
 */
#ifndef TLSPOLICY_RPT_MAIL_H
#define TLSPOLICY_RPT_MAIL_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "tlspolicy/rpt_report.h"

struct rpt_mail {
	const struct rpt_report *report; /* .contact is where it comes from */
	struct str hostname;             /* ours */
	struct str domain;               /* that it is about */
	struct str to;
	struct str random; /* BUILD_RANDOM_BYTES (message/build.h) */
	int64_t now_s;
};

/* The report as JSON, packed (RFC 8460 5.1). FAIL_LIMIT: it does not fit. */
MUST_CHECK enum fail rpt_pack(struct buf *out, const struct rpt_report *report);

/* FAIL_SYNTAX: a text that cannot stand in a header field; FAIL_LIMIT. */
MUST_CHECK enum fail rpt_mail_write(struct buf *out, const struct rpt_mail *mail);

#endif
