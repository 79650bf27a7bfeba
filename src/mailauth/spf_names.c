#include "mailauth/spf_machine.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "dns/name.h"

_Static_assert(SPF_HOSTS_MAX <= 16, "bits of validated");

enum dns_type
spf_address_type(const struct spf *s)
{
	return s->client.family == NET_ADDRESS_IPV6 ? DNS_AAAA : DNS_A;
}

enum spf_state
spf_names_begin(struct spf *s, enum spf_state resume)
{
	struct buf name;

	s->resume = resume;
	buf_init(&name, DNS_NAME_MAX);
	dns_reverse_name(&s->client, &name);
	dns_query_start(s->dns, &s->pointers, s->owner, buf_str(&name), DNS_PTR);
	buf_release(&name);
	return SPF_POINTERS;
}

/* Those behind the first ten are ignored (4.6.4). */
static enum spf_state
next_name(struct spf *s)
{
	if (s->at == s->pointers.record_count || s->at == SPF_HOSTS_MAX) {
		dns_query_release(&s->host);
		s->has_names = true;
		return s->resume;
	}
	dns_query_start(s->dns, &s->host, s->owner, s->pointers.records[s->at].name,
	    spf_address_type(s));
	return SPF_NAME;
}

/* No answer: no names (5.5). */
enum spf_state
spf_pointers_answered(struct spf *s)
{
	s->at = 0;
	return next_name(s);
}

/* No answer: not this name (5.5). */
enum spf_state
spf_name_answered(struct spf *s)
{
	for (size_t i = 0; i < s->host.record_count; i++) {
		const struct net_address *a = &s->host.records[i].address;

		if (a->family == s->client.family &&
		    memcmp(a->bytes, s->client.bytes, sizeof a->bytes) == 0)
			s->validated |= (uint16_t)(1u << s->at);
	}
	s->at++;
	return next_name(s);
}

static bool
is_below(struct str name, struct str domain)
{
	return name.n > domain.n && str_ends(name, domain) && name.p[name.n - domain.n - 1] == '.';
}

static bool
is_validated(const struct spf *s, size_t i)
{
	return (s->validated >> i & 1) != 0;
}

/* Both are texts of dns_name_parse(): in lower case. */
bool
spf_names_lead_to(const struct spf *s, struct str domain)
{
	for (size_t i = 0; i < s->pointers.record_count && i < SPF_HOSTS_MAX; i++) {
		struct str name = s->pointers.records[i].name;

		if (is_validated(s, i) && (str_eq(name, domain) || is_below(name, domain)))
			return true;
	}
	return false;
}

/* The domain itself, else one below it, else any. */
struct str
spf_names_pick(const struct spf *s, struct str domain)
{
	struct str below = { 0 }, any = { 0 };

	for (size_t i = 0; i < s->pointers.record_count && i < SPF_HOSTS_MAX; i++) {
		struct str name = s->pointers.records[i].name;

		if (!is_validated(s, i))
			continue;
		if (str_eq(name, domain))
			return name;
		if (below.p == NULL && is_below(name, domain))
			below = name;
		if (any.p == NULL)
			any = name;
	}
	return below.p ? below : any;
}
