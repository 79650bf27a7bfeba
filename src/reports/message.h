/*
 * message.h - a report as a message: some words for people, and the report as a file (RFC 7489 7.2.1.1, RFC 8460 5.3).
 *
 * Pure. All texts are ASCII, as names of domains and addresses in reports are.
 */
#ifndef REPORTS_MESSAGE_H
#define REPORTS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define REPORT_RANDOM_BYTES 16
#define REPORT_TO_MAX       8 /* addresses: as many as a record may name (mailauth/dmarc_record.h) */
#define REPORT_HEAD_BYTES   8192 /* of header and words, at most */

struct report_message {
	struct str from;              /* an address */
	struct str to[REPORT_TO_MAX]; /* addresses */
	size_t to_count;              /* at least 1 */
	struct str subject;
	struct str fields;    /* more header fields, with their CRLFs; or empty */
	struct str type;      /* without the boundary: "multipart/mixed" */
	struct str text;      /* words, lines ending in CRLF */
	struct str file_type; /* "application/gzip" */
	struct str file_name;
	struct str file;
	bool is_tls_optional; /* it goes whatever who gets it demands of TLS */
	struct str random;    /* REPORT_RANDOM_BYTES */
	struct str hostname;
	int64_t now_s;
};

/* FAIL_SYNTAX: a text cannot stand where it is to; FAIL_LIMIT: `out` is full. Nothing is appended then. */
MUST_CHECK enum fail report_message_write(struct buf *out, const struct report_message *m);

/* Bytes of the message that a file of so many becomes, at most. */
size_t report_message_size(size_t file_bytes);

#endif
