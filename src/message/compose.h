/*
 * compose.h - write header fields: folded at 78, RFC 2047 words for what is not ASCII.
 *
 * Every writer refuses names and values with CR, LF or NUL (FAIL_SYNTAX) and then writes nothing.
 * A field ends in CRLF. Lines stay under 998 octets always, under 78 where there are blanks.
 */
#ifndef MESSAGE_COMPOSE_H
#define MESSAGE_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "message/address.h"

/* Unstructured text in UTF-8 (Subject, Comments): encoded words where needed. */
MUST_CHECK enum fail header_write(struct buf *out, struct str name, struct str text);

/* A value in its syntax already (structured, ASCII or RFC 6532 UTF-8): folded at blanks only. */
MUST_CHECK enum fail header_write_raw(struct buf *out, struct str name, struct str value);

/* An address list; names are UTF-8 (not encoded words). */
MUST_CHECK enum fail header_write_addresses(struct buf *out, struct str name,
    const struct address *items, size_t count);

/* Date: now, in that zone. */
MUST_CHECK enum fail header_write_date(struct buf *out, struct str name, int64_t unix_s,
    int32_t zone_min);

/* A phrase (display name): atom, quoted string or encoded words. */
MUST_CHECK enum fail phrase_write(struct buf *out, struct str text);

/* A MIME parameter `; name="value"`, RFC 2231 when the value is not ASCII. */
MUST_CHECK enum fail param_write(struct buf *out, struct str name, struct str value);

/*
 * A new Message-ID with its angle brackets: time, `random` (bytes, 8 or more) and the host.
 */
MUST_CHECK enum fail message_id_write(struct buf *out, int64_t unix_s, struct str random,
    struct str host);

/* Message-ID: a new one; of a host that is not ASCII as of localhost, because any will do. */
MUST_CHECK enum fail header_write_message_id(struct buf *out, int64_t unix_s, struct str random,
    struct str host);

struct received {             /* RFC 5321 4.4; what is empty is left out */
	struct str from;      /* HELO name */
	struct str from_name; /* of the peer's address, from DNS */
	struct str from_ip;   /* "192.0.2.1", "2001:db8::1" */
	struct str by;        /* our name */
	struct str with;      /* "ESMTPSA", "LMTP" .. */
	struct str tls;       /* comment: version and cipher */
	struct str id;        /* session or queue id */
	struct str for_;      /* the only recipient, without angle brackets */
	int64_t unix_s;
	int32_t zone_min;
};

/* Peer text in it is made harmless: what does not fit its syntax is replaced by '?'. */
void received_write(struct buf *out, const struct received *r);

#endif
