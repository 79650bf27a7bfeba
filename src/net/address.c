#include "net/address.h"

/* system */
#include <arpa/inet.h>
#include <string.h>

/* base */
#include "base/mem.h"

#define SITE_IPV6_BYTES 8 /* a /64: what one customer or one machine can draw addresses from */

void
net_address_unmap(struct net_address *a)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (a->family != NET_ADDRESS_IPV6 || memcmp(a->bytes, mapped, sizeof mapped) != 0)
		return;
	memmove(a->bytes, a->bytes + 12, 4);
	memset(a->bytes + 4, 0, 12);
	a->family = NET_ADDRESS_IPV4;
}

enum fail
net_address_parse(struct str text, struct net_address *out)
{
	struct net_address a = { 0 };
	char c[NET_ADDRESS_TEXT_MAX];

	if (text.n == 0 || text.n >= sizeof c || memchr(text.p, '\0', text.n))
		return FAIL_SYNTAX;
	memcpy(c, text.p, text.n);
	c[text.n] = '\0';
	if (inet_pton(AF_INET, c, a.bytes) == 1) {
		a.family = NET_ADDRESS_IPV4;
	} else if (inet_pton(AF_INET6, c, a.bytes) == 1) {
		a.family = NET_ADDRESS_IPV6;
		net_address_unmap(&a);
	} else {
		return FAIL_SYNTAX;
	}
	*out = a;
	return FAIL_NONE;
}

enum fail
net_address_parse_port(struct str text, struct net_address *out)
{
	struct str host, rest = text;
	struct net_address a;
	uint32_t port;

	if (str_skip_char(&rest, '[')) {
		if (!str_take_until(&rest, ']', &host) || !str_skip_char(&rest, ':') ||
		    str_find_char(host, ':') == STR_NONE)
			return FAIL_SYNTAX;
	} else if (!str_take_until(&rest, ':', &host)) {
		return FAIL_SYNTAX;
	}
	if (!str_u32(&rest, UINT16_MAX, &port) || rest.n > 0 ||
	    net_address_parse(host, &a) != FAIL_NONE)
		return FAIL_SYNTAX;
	a.port = (uint16_t)port;
	*out = a;
	return FAIL_NONE;
}

struct str
net_address_text(const struct net_address *a, char p[NET_ADDRESS_TEXT_MAX])
{
	switch ((enum net_address_family)a->family) {
	case NET_ADDRESS_IPV4: inet_ntop(AF_INET, a->bytes, p, NET_ADDRESS_TEXT_MAX); break;
	case NET_ADDRESS_IPV6: inet_ntop(AF_INET6, a->bytes, p, NET_ADDRESS_TEXT_MAX); break;
	case NET_ADDRESS_UNIX: memcpy(p, "local", sizeof "local"); break;
	case NET_ADDRESS_NONE: p[0] = '\0'; break;
	}
	return str_c(p);
}

/* Everything of IPv4 that is not global, RFC 6890 2.2.2, and multicast. */
static const struct {
	uint32_t net;
	unsigned bits;
} special_v4[] = {
	{ 0x00000000, 8 },  /* this network */
	{ 0x0a000000, 8 },  /* private */
	{ 0x64400000, 10 }, /* behind a carrier's translator */
	{ 0x7f000000, 8 },  /* loopback */
	{ 0xa9fe0000, 16 }, /* link-local */
	{ 0xac100000, 12 }, /* private */
	{ 0xc0000000, 24 }, /* protocol assignments */
	{ 0xc0000200, 24 }, /* documentation */
	{ 0xc0586300, 24 }, /* 6to4 relays */
	{ 0xc0a80000, 16 }, /* private */
	{ 0xc6120000, 15 }, /* benchmarks */
	{ 0xc6336400, 24 }, /* documentation */
	{ 0xcb007100, 24 }, /* documentation */
	{ 0xe0000000, 3 },  /* multicast, reserved, broadcast */
};

/* Of IPv6 only 2000::/3 is handed out (RFC 4291 2.4); in it, these are not for everybody. */
static const struct {
	uint32_t net; /* the first four bytes */
	unsigned bits;
} special_v6[] = {
	{ 0x20010000, 23 }, /* protocol assignments, Teredo */
	{ 0x20010db8, 32 }, /* documentation */
	{ 0x20020000, 16 }, /* 6to4: an IPv4 address inside */
	{ 0x3fff0000, 20 }, /* documentation */
};

static bool
in_net(const uint8_t *bytes, uint32_t net, unsigned bits)
{
	uint32_t head = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	    (uint32_t)bytes[2] << 8 | bytes[3];

	return ((head ^ net) >> (32 - bits)) == 0;
}

bool
net_address_is_public(const struct net_address *a)
{
	if (a->family == NET_ADDRESS_IPV4) {
		for (size_t i = 0; i < ARRAY_LEN(special_v4); i++)
			if (in_net(a->bytes, special_v4[i].net, special_v4[i].bits))
				return false;
		return true;
	}
	if (a->family != NET_ADDRESS_IPV6 || (a->bytes[0] & 0xe0) != 0x20)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(special_v6); i++)
		if (in_net(a->bytes, special_v6[i].net, special_v6[i].bits))
			return false;
	return true;
}

bool
net_address_is_loopback(const struct net_address *a)
{
	static const unsigned char one[16] = { [15] = 1 };

	switch ((enum net_address_family)a->family) {
	case NET_ADDRESS_IPV4: return a->bytes[0] == 127;
	case NET_ADDRESS_IPV6: return memcmp(a->bytes, one, sizeof one) == 0;
	case NET_ADDRESS_UNIX: return true;
	case NET_ADDRESS_NONE: break;
	}
	return false;
}

struct str
net_address_site(const struct net_address *a)
{
	return str_of(a->bytes, a->family == NET_ADDRESS_IPV6 ? SITE_IPV6_BYTES : 4);
}

socklen_t
net_address_to_system(const struct net_address *a, struct sockaddr_storage *out)
{
	*out = (struct sockaddr_storage){ 0 };
	if (a->family == NET_ADDRESS_IPV6) {
		struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };

		memcpy(&six.sin6_addr, a->bytes, 16);
		memcpy(out, &six, sizeof six);
		return sizeof six;
	}
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(a->port) };

	memcpy(&four.sin_addr, a->bytes, 4);
	memcpy(out, &four, sizeof four);
	return sizeof four;
}

void
net_address_from_system(const struct sockaddr_storage *in, struct net_address *out)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	*out = (struct net_address){ 0 };
	switch (in->ss_family) {
	case AF_INET:
		memcpy(&four, in, sizeof four);
		out->family = NET_ADDRESS_IPV4;
		out->port = ntohs(four.sin_port);
		memcpy(out->bytes, &four.sin_addr, 4);
		break;
	case AF_INET6:
		memcpy(&six, in, sizeof six);
		out->family = NET_ADDRESS_IPV6;
		out->port = ntohs(six.sin6_port);
		memcpy(out->bytes, &six.sin6_addr, 16);
		net_address_unmap(out);
		break;
	case AF_UNIX: out->family = NET_ADDRESS_UNIX; break;
	}
}
