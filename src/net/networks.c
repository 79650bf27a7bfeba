#include "net/networks.h"

/* system */
#include <string.h>

#define IPV4_BITS 32
#define IPV6_BITS 128

struct network {
	struct net_address base;
	unsigned bits;
};

static unsigned
bits_of(const struct net_address *a)
{
	return a->family == NET_ADDRESS_IPV4 ? IPV4_BITS : IPV6_BITS;
}

/* address [ "/" bits ] */
static bool
parse_network(struct str word, struct network *out)
{
	struct str address = str_head(word, str_find_char(word, '/'));
	struct str rest = str_from(word, address.n);
	uint32_t bits;

	if (net_address_parse(address, &out->base) != FAIL_NONE)
		return false;
	out->bits = bits_of(&out->base);
	if (!str_skip_char(&rest, '/'))
		return rest.n == 0;
	if (!str_u32(&rest, out->bits, &bits) || rest.n > 0)
		return false;
	out->bits = bits;
	return true;
}

static bool
has(const struct network *n, const struct net_address *a)
{
	size_t whole = n->bits / 8;
	unsigned left = n->bits % 8;

	if (a->family != n->base.family || memcmp(a->bytes, n->base.bytes, whole) != 0)
		return false;
	return left == 0 || (a->bytes[whole] ^ n->base.bytes[whole]) >> (8 - left) == 0;
}

enum fail
net_networks_check(struct str list, struct str *wrong_out)
{
	struct network network;
	struct str word;

	while (str_next_part(&list, ' ', &word)) {
		if (str_empty(word) || str_eq(word, STR("loopback")) ||
		    str_eq(word, STR("private")))
			continue;
		*wrong_out = word;
		if (!parse_network(word, &network))
			return FAIL_SYNTAX;
		if (network.bits == 0)
			return FAIL_DENIED;
	}
	return FAIL_NONE;
}

static bool
word_has(struct str word, const struct net_address *a)
{
	struct network network;

	if (str_eq(word, STR("loopback")))
		return net_address_is_loopback(a);
	if (str_eq(word, STR("private")))
		return !net_address_is_public(a);
	return parse_network(word, &network) && has(&network, a);
}

bool
net_networks_have(struct str list, const struct net_address *a)
{
	struct str word;

	while (str_next_part(&list, ' ', &word))
		if (word_has(word, a))
			return true;
	return false;
}
