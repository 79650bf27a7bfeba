/*
 * name.h - names of the DNS as text (RFC 1035 2.3, 5.1).
 *
 * Pure. Labels joined by dots, A-Z folded, bytes that are not letters, digits, '-', '_', '*' or '/' written as \DDD (so
 * that no name can hold a blank, a dot in a label or a line end), no dot at the end; the root is ".".
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "net/address.h"

#define DNS_LABEL_MAX 63   /* bytes on the wire: RFC 1035 2.3.4 */
#define DNS_WIRE_MAX  255  /* of a whole name: the same */
#define DNS_NAME_MAX  1024 /* of a name as text: four times that with \DDD */

/* A name as we keep it: as above. FAIL_SYNTAX as dns_query_start(). */
MUST_CHECK enum fail dns_name_parse(struct str text, struct buf *out);

/* Append bytes that may be anything, dots between labels, as a text for dns_name_parse(). */
void dns_name_write(struct buf *out, struct str bytes);

/* "192.0.2.1" -> "1.2.0.192.in-addr.arpa", IPv6 -> ".ip6.arpa" (RFC 3596 2.5): the name for PTR. */
void dns_reverse_name(const struct net_address *a, struct buf *out);

/* Append the bytes of a label to a name. */
void dns_label_add(struct buf *name, struct str bytes);

/* The next byte of a label that dns_name_parse() wrote; false at its end, or where it is none. */
MUST_CHECK bool dns_label_next(struct str *cur, char *out);

#endif
