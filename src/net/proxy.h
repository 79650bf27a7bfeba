/*
 * proxy.h - the PROXY protocol's header: who a proxy in front of us speaks for.
 *
 * Pure. Versions 1 (a line) and 2 (binary) of HAProxy's proxy-protocol.txt, which is no RFC; section
 * numbers in proxy.c are of that text. May be asked again after each byte that comes: the header is
 * judged from its beginning each time, and only as far as needed to refuse it.
 *
 * Not done: the vectors behind the addresses of version 2 (TLS facts, checksum) are skipped; datagrams
 * count as LOCAL, as 2.2 allows.
 */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "net/address.h"

#define PROXY_LINE_MAX 107 /* bytes of version 1 with its CRLF (2.1) */

/*
 * Bytes of version 2. The text promises that a header is shorter than one segment of TCP, 536 bytes at
 * worst; proxies that tell of certificates and virtual networks do not always keep to it.
 */
#define PROXY_HEADER_MAX 4096

enum proxy {
	PROXY_MORE, /* all right so far; fewer than PROXY_HEADER_MAX bytes were given */
	PROXY_DONE, /* a header, and maybe bytes of the client behind it */
	PROXY_BAD,  /* not a header, whatever may follow */
};

struct proxy_header {
	size_t n;        /* bytes of the header */
	bool is_relayed; /* for a client; else the proxy's own affair (LOCAL, UNKNOWN) */
	struct net_address from, to; /* when is_relayed: the client, and where it connected to */
};

/* The header that `bytes` begin with; *out is set when it is PROXY_DONE. */
enum proxy proxy_parse(struct str bytes, struct proxy_header *out);

#endif
