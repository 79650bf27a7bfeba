/*
 * rpt_report.h - a report of how connections to a domain went, as JSON (RFC 8460 4.4): written, and read.
 *
 * Pure. What is read was written by strangers: members that we do not know are passed over, texts may hold anything.
 *
 * Ownership: what is read lives in the arena and the text; what is written is borrowed.
 */
#ifndef TLSPOLICY_RPT_REPORT_H
#define TLSPOLICY_RPT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define RPT_FILE_MAX ((size_t)16 * 1024 * 1024) /* bytes of JSON, unpacked: Google's have some KB */

struct rpt_failure {
	struct str result;  /* "certificate-expired" .. */
	struct str host;    /* receiving-mx-hostname */
	struct str address; /* receiving-ip */
	struct str sender;  /* sending-mta-ip */
	struct str reason;  /* failure-reason-code */
	int64_t sessions;
};

struct rpt_policy {
	struct str type; /* "tlsa", "sts", "no-policy-found" */
	struct str domain;
	const struct str *strings; /* the policy, line by line, or records */
	size_t string_count;
	const struct str *hosts; /* that it names */
	size_t host_count;
	int64_t successes, failures; /* sessions */
	const struct rpt_failure *details;
	size_t detail_count;
};

struct rpt_report {
	struct str organization, contact, id;
	int64_t start_s, end_s;
	const struct rpt_policy *policies;
	size_t policy_count;
};

void rpt_report_write(struct buf *out, const struct rpt_report *report);

/* FAIL_SYNTAX: not a report; FAIL_LIMIT: the arena is full. */
MUST_CHECK enum fail rpt_report_read(struct str text, struct arena *arena, struct rpt_report *out);

#endif
