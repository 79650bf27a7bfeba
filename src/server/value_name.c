#include "server/value_name.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/idna.h"
#include "net/address.h"
#include "server/config.h"

static enum fail
fail_with(struct buf *why, const char *what, struct str word)
{
	buf_add_c(why, what);
	buf_add(why, word);
	return FAIL_SYNTAX;
}

static enum fail
keep(struct arena *arena, const struct buf *text, struct str *out)
{
	*out = arena_str(arena, buf_str(text));
	return out->p && buf_ok(text) ? FAIL_NONE : FAIL_LIMIT;
}

/* A top-level domain is never all digits: an address was meant, or a number forgotten. */
static bool
is_numeric(struct str name)
{
	size_t dot = str_rfind_char(name, '.');
	struct str last = dot == STR_NONE ? name : str_from(name, dot + 1);
	uint64_t number;

	return str_u64(&last, UINT64_MAX, &number) && last.n == 0;
}

/* Append a host name; a DNS name may hold "_", a host's may not (RFC 5321 4.1.2). */
static bool
add_host(struct buf *out, struct str text)
{
	size_t before = out->n;

	return idna_write_ascii(out, text) == FAIL_NONE && !is_numeric(buf_str(out)) &&
	    str_find_char(str_from(buf_str(out), before), '_') == STR_NONE;
}

enum fail
value_host(const struct setting *row, struct str text, struct arena *arena, struct str *out,
    struct buf *why)
{
	struct buf name;
	enum fail fail = FAIL_NONE;

	buf_init(&name, IDNA_DOMAIN_MAX + 1);
	if (str_empty(text) && row->fallback == NULL)
		fail = fail_with(why, "is empty, and must be a host name, like mail.example.org",
		    STR(""));
	else if (!str_empty(text) && !add_host(&name, text))
		fail =
		    fail_with(why, "must be a host name, like mail.example.org, and is no: ", text);
	if (fail == FAIL_NONE)
		fail = keep(arena, &name, out);
	buf_release(&name);
	return fail;
}

/* "*", "example.org" or ".example.org", which stands for all below it. */
static enum fail
add_pattern(struct buf *out, struct str word, struct buf *why)
{
	struct str domain = word;
	struct buf name;
	enum fail fail = FAIL_NONE;

	if (out->n > 0)
		buf_add_char(out, ' ');
	if (str_eq(word, STR("*"))) {
		buf_add(out, word);
		return FAIL_NONE;
	}
	if (str_find_char(word, ',') != STR_NONE)
		return fail_with(why, "has a comma; blanks stand between domains: ", word);
	if (str_starts(word, STR("*.")))
		return fail_with(why,
		    "has a pattern that is written without its star, like .example.org: ", word);
	if (str_skip_char(&domain, '.'))
		buf_add_char(out, '.');
	buf_init(&name, IDNA_DOMAIN_MAX + 1);
	if (str_starts(domain, STR("[")) || idna_write_ascii(&name, domain) != FAIL_NONE)
		fail = fail_with(why, "has a word that is no domain: ", word);
	buf_add(out, buf_str(&name));
	buf_release(&name);
	return fail;
}

enum fail
value_domains(struct str text, struct arena *arena, struct str *out, struct buf *why)
{
	struct buf list;
	struct str word;
	enum fail fail = FAIL_NONE;

	buf_init(&list, CONFIG_FILE_MAX);
	while (fail == FAIL_NONE && str_next_part(&text, ' ', &word)) {
		if (!str_empty(word))
			fail = add_pattern(&list, word, why);
	}
	if (fail == FAIL_NONE)
		fail = keep(arena, &list, out);
	buf_release(&list);
	return fail;
}

enum fail
value_address(const struct setting *row, struct str text, struct arena *arena, struct str *out,
    struct buf *why)
{
	bool is_v4 = row->type == SETTING_IPV4;
	struct net_address address;

	*out = arena_str(arena, text);
	if (out->p == NULL)
		return FAIL_LIMIT;
	if (str_empty(text) ||
	    (net_address_parse(text, &address) == FAIL_NONE &&
		address.family == (is_v4 ? NET_ADDRESS_IPV4 : NET_ADDRESS_IPV6)))
		return FAIL_NONE;
	return fail_with(why, is_v4 ? "is no IPv4 address: " : "is no IPv6 address: ", text);
}
