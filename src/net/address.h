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

#define NET_ADDRESS_TEXT_MAX 46 /* bytes of the longest text, with room for a NUL */

enum net_address_family {
	NET_ADDRESS_NONE, /* zeroed: no address */
	NET_ADDRESS_IPV4,
	NET_ADDRESS_IPV6,
	NET_ADDRESS_UNIX, /* a unix socket: no bytes, no port */
};

struct net_address {       /* fields: read only; equal addresses are equal bytes */
	uint8_t bytes[16]; /* network order; the first 4 for IPv4 */
	uint16_t port;     /* host order */
	uint8_t family;    /* enum net_address_family */
	uint8_t spare;
};

/* "192.0.2.1" or "2001:db8::1", the whole of `text`, without port; FAIL_SYNTAX. */
MUST_CHECK enum fail net_address_parse(struct str text, struct net_address *out);

/* "192.0.2.1:25" or "[2001:db8::1]:25"; the port 0 .. 65535 must be there; FAIL_SYNTAX. */
MUST_CHECK enum fail net_address_parse_port(struct str text, struct net_address *out);

/* The text without port into p; RFC 5952 for IPv6; "local" for unix. */
struct str net_address_text(const struct net_address *a, char p[NET_ADDRESS_TEXT_MAX]);

/* 127.0.0.0/8, ::1, unix sockets. */
bool net_address_is_loopback(const struct net_address *a);

/*
 * An address of the public Internet: not loopback, private, link-local, multicast, reserved, for
 * documentation, or one that hides another inside (RFC 6890, RFC 4291 2.4). What users make us
 * connect to must be one.
 */
bool net_address_is_public(const struct net_address *a);

/* An IPv4-mapped IPv6 address becomes the IPv4 address it means; others stay. */
void net_address_unmap(struct net_address *a);

/* The bytes that limits count by: the whole IPv4 address, the /64 of an IPv6 address. */
struct str net_address_site(const struct net_address *a);

/* To and from the system's form; *n is its length. Unknown families become NET_ADDRESS_NONE. */
socklen_t net_address_to_system(const struct net_address *a, struct sockaddr_storage *out);
void net_address_from_system(const struct sockaddr_storage *in, struct net_address *out);

#endif
