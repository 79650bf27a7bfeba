/*
 * sign.h - AWS Signature Version 4: who asks, in one header.
 *
 * Pure. The caller gives every part in the form in which it is sent: the path and the query percent-
 * encoded by sign_escape(), queries sorted, headers in lower case, sorted, one value each without
 * blanks around. Not done: signatures in the query, signed pieces of a body; a body's hash is known
 * before it is sent.
 */
#ifndef S3_SIGN_H
#define S3_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "http/request.h"

#define SIGN_DATE_LENGTH 16 /* "20130524T000000Z" */

struct sign_key {
	struct str access_key, secret_key, region, service; /* borrow; service: "s3" */
};

struct sign_request {
	struct str method;                 /* "GET" */
	struct str path;                   /* begins with '/' */
	struct str query;                  /* "a=1&b="; or empty */
	const struct http_header *headers; /* with `host` and `x-amz-date` */
	size_t header_count;
	struct str payload; /* SHA-256 of the body in hexadecimal */
	struct str date;    /* as in x-amz-date */
};

/* Percent-encoding as the signature wants it: all but A-Z a-z 0-9 - . _ ~ and, if kept, '/'. */
void sign_escape(struct buf *out, struct str s, bool keeps_slash);

/* The time as x-amz-date has it. */
void sign_date(struct buf *out, int64_t unix_s);

/* Append the value of the Authorization header. */
void sign_request(struct buf *out, const struct sign_request *r, const struct sign_key *key);

#endif
