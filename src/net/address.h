/*
 * address.h - IPv4 and IPv6 addresses with a port, and their texts.
 *
 * Pure. An IPv4-mapped IPv6 address (::ffff:192.0.2.1) is taken as the IPv4 address it means, so
 * that one peer has one text. No names are looked up here.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define ADDRESS_TEXT_MAX 46 /* bytes of the longest text, with room for a NUL */

enum address_family {
	ADDRESS_NONE, /* zeroed: no address */
	ADDRESS_IPV4,
	ADDRESS_IPV6,
	ADDRESS_UNIX, /* a unix socket: no bytes, no port */
};

struct address {           /* fields: read only; equal addresses are equal bytes */
	uint8_t bytes[16]; /* network order; the first 4 for IPv4 */
	uint16_t port;     /* host order */
	uint8_t family;    /* enum address_family */
	uint8_t spare;
};

/* "192.0.2.1" or "2001:db8::1", the whole of `text`, without port; FAIL_SYNTAX. */
MUST_CHECK enum fail address_parse(struct str text, struct address *out);

/* "192.0.2.1:25" or "[2001:db8::1]:25"; the port 0 .. 65535 must be there; FAIL_SYNTAX. */
MUST_CHECK enum fail address_parse_port(struct str text, struct address *out);

/* The text without port into p[0 .. ADDRESS_TEXT_MAX-1]; RFC 5952 for IPv6; "local" for unix. */
struct str address_text(const struct address *a, char p[ADDRESS_TEXT_MAX]);

/* 127.0.0.0/8, ::1, unix sockets. */
bool address_is_loopback(const struct address *a);

/* The bytes that limits count by: the whole IPv4 address, the /64 of an IPv6 address. */
struct str address_site(const struct address *a);

/* To and from the system's form; *n is its length. Unknown families become ADDRESS_NONE. */
socklen_t address_to_system(const struct address *a, struct sockaddr_storage *out);
void address_from_system(const struct sockaddr_storage *in, struct address *out);

#endif
