#include "policy/private.h"

/* system */
#include <string.h>

/* The address of a literal, "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 4.1.3). */
static bool
parse_literal(struct str text, struct net_address *out)
{
	if (!str_skip_char(&text, '[') || !str_ends(text, STR("]")))
		return false;
	text = str_head(text, text.n - 1);
	if (!str_skip_nocase(&text, STR("IPv6:")))
		return net_address_parse(text, out) == FAIL_NONE &&
		    str_find_char(text, ':') == STR_NONE;
	return net_address_parse(text, out) == FAIL_NONE;
}

static bool
is_same(const struct net_address *a, const struct net_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static struct str
without_dot(struct str name)
{
	return str_ends(name, STR(".")) ? str_head(name, name.n - 1) : name;
}

enum policy_hello
policy_hello_look(const struct policy *p, struct str helo, struct str own,
    const struct net_address *peer, const struct net_address *own_address)
{
	bool is_ours = is_same(peer, own_address);
	struct net_address address;

	if (p->settings->helo == HELO_OFF || policy_is_trusted(p, peer))
		return HELLO_GOOD;
	/* Liberal: an address without brackets is what some devices say, and says as much. */
	if (parse_literal(helo, &address) || net_address_parse(helo, &address) == FAIL_NONE) {
		if (is_same(&address, peer))
			return HELLO_GOOD;
		return is_same(&address, own_address) ? HELLO_FORGED : HELLO_NO_NAME;
	}
	helo = without_dot(helo);
	if (!str_empty(own) && str_eq_nocase(helo, without_dot(own)))
		return is_ours ? HELLO_GOOD : HELLO_FORGED;
	/* Strict: RFC 5321 4.1.4 lets nobody refuse mail for a name that is not the peer's; this asks for
	 * no more than that it could be anybody's (RFC 5321 2.3.5: fully qualified). */
	return str_find_char(helo, '.') == STR_NONE || helo.p[0] == '.' || helo.p[0] == '['
	    ? HELLO_NO_NAME
	    : HELLO_GOOD;
}
