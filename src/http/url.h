/*
 * url.h - the parts of an http or https URL (RFC 3986 3, RFC 9110 4.2).
 *
 * Pure and strict: what cannot be sent as it stands is refused, not repaired. No user names or
 * passwords, no percent-encoding in the host, no zone identifiers, and no host that only looks like
 * a name but that others read as an IPv4 address ("0x7f.1", "2130706433"). A fragment is cut off.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

/* base */
#include "base/fail.h"
#include "base/str.h"

/* rooms */
#include "net/address.h"

#define HTTP_URL_MAX  8000 /* bytes; RFC 9110 4.1 asks for 8000 */
#define HTTP_HOST_MAX 255  /* bytes of a host name; the DNS has 253 */

struct http_url { /* slices of the text */
	bool is_tls;
	bool is_address;            /* the host is a literal address */
	uint16_t port;              /* given or the scheme's */
	struct str host;            /* as written, without brackets and final dot */
	struct net_address address; /* when is_address; with the port */
	struct str target;          /* path and query; may be empty or begin with '?' */
};

MUST_CHECK enum fail http_url_parse(struct str text, struct http_url *out);

#endif
