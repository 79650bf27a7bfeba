#include "mailauth/dmarc_from.h"

/* base */
#include "base/arena.h"

/* rooms */
#include "codec/idna.h"
#include "message/address.h"
#include "message/header.h"

#define FROM_MAX \
	(16 * 1024) /* bytes of the field: hundreds of authors; taken apart in half a millisecond */
#define FROM_ARENA_MAX (1024 * 1024) /* bytes: all addresses of that */

/* The one From field; NULL, or what is wrong. */
static const char *
find_field(struct str block, struct str *value_out)
{
	struct header h;
	size_t count = 0;

	while (header_next_any(&block, &h)) {
		if (!str_eq_nocase(h.name, STR("From")))
			continue;
		*value_out = h.value;
		count++;
	}
	if (count == 0)
		return "no From field";
	if (count > 1)
		return "several From fields";
	return value_out->n > FROM_MAX ? "too many addresses in From" : NULL;
}

/* "boss@bank.example"@evil.example: programs differ on where its domain begins, and readers on what they see. */
static bool
is_plain(struct str local)
{
	for (size_t i = 0; i < local.n; i++) {
		unsigned char c = (unsigned char)local.p[i];

		if (c < ' ' || c == 127 || c == '@' || c == '<' || c == '>')
			return false;
	}
	return true;
}

/* The domain of one address beside those of the others. */
static const char *
add_domain(const struct address *address, struct buf *domain)
{
	struct buf ascii;
	const char *why = NULL;

	if (address->kind != ADDRESS_MAILBOX)
		return NULL;
	if (!is_plain(address->local))
		return "an address in From that can be read in two ways";
	buf_init(&ascii, IDNA_DOMAIN_MAX + 1);
	if (str_empty(address->domain) || idna_write_ascii(&ascii, address->domain) != FAIL_NONE)
		why = "an address without a domain name in From";
	else if (domain->n == 0)
		buf_add(domain, buf_str(&ascii));
	else if (!str_eq(buf_str(domain), buf_str(&ascii)))
		why = "addresses of different domains in From";
	buf_release(&ascii);
	return why;
}

enum fail
dmarc_from_find(struct str block, struct buf *domain_out, struct str *why_out)
{
	struct address_list list;
	struct arena arena;
	struct buf domain;
	struct str value;
	const char *why = find_field(block, &value);

	arena_init(&arena, FROM_ARENA_MAX);
	buf_init(&domain, IDNA_DOMAIN_MAX + 1);
	if (why == NULL) {
		address_parse(value, &arena, &list);
		if (list.is_cut)
			why = "too many addresses in From";
		for (size_t i = 0; i < list.count && why == NULL; i++)
			why = add_domain(&list.items[i], &domain);
		if (why == NULL && domain.n == 0)
			why = "no address in From";
	}
	if (why == NULL)
		buf_add(domain_out, buf_str(&domain));
	*why_out = str_c(why);
	buf_release(&domain);
	arena_release(&arena);
	return why == NULL ? FAIL_NONE : FAIL_SYNTAX;
}
