#include "dns/name.h"

static bool
is_plain(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '_' || c == '*' || c == '/';
}

/* One byte of a label as it is kept. */
static void
add_byte(struct buf *out, char c)
{
	if (is_plain(c)) {
		buf_add_char(out, char_lower(c));
	} else {
		buf_add_char(out, '\\');
		buf_add_u64_padded(out, (unsigned char)c, 3);
	}
}

/* One byte of a label from text: a plain one, or \DDD for any (RFC 1035 5.1). */
bool
dns_label_next(struct str *cur, char *out)
{
	struct str rest = *cur, digits;
	uint32_t n;

	if (str_empty(rest))
		return false;
	if (is_plain(rest.p[0])) {
		*out = rest.p[0];
		*cur = str_from(rest, 1);
		return true;
	}
	if (!str_skip_char(&rest, '\\') || !str_take(&rest, 3, &digits) ||
	    !str_u32(&digits, UINT8_MAX, &n) || !str_empty(digits))
		return false;
	*out = (char)n;
	*cur = rest;
	return true;
}

enum fail
dns_name_parse(struct str text, struct buf *out)
{
	struct str label;
	size_t wire = 1, n;
	char c;

	if (str_ends(text, STR(".")))
		text = str_head(text, text.n - 1);
	if (str_empty(text))
		return FAIL_SYNTAX;
	buf_clear(out);
	while (str_next_part(&text, '.', &label)) {
		if (out->n > 0)
			buf_add_char(out, '.');
		for (n = 0; dns_label_next(&label, &c); n++)
			add_byte(out, c);
		if (!str_empty(label) || n == 0 || n > DNS_LABEL_MAX ||
		    (wire += n + 1) > DNS_WIRE_MAX)
			return FAIL_SYNTAX;
	}
	return buf_ok(out) ? FAIL_NONE : FAIL_SYNTAX;
}

void
dns_name_write(struct buf *out, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] == '.')
			buf_add_char(out, '.');
		else
			add_byte(out, bytes.p[i]);
	}
}

void
dns_label_add(struct buf *name, struct str bytes)
{
	if (name->n > 0)
		buf_add_char(name, '.');
	for (size_t i = 0; i < bytes.n; i++)
		add_byte(name, bytes.p[i]);
}

void
dns_reverse_name(const struct net_address *a, struct buf *out)
{
	if (a->family == NET_ADDRESS_IPV4) {
		for (int i = 3; i >= 0; i--) {
			buf_add_u64(out, a->bytes[i]);
			buf_add_char(out, '.');
		}
		buf_add_c(out, "in-addr.arpa");
		return;
	}
	for (int i = 15; i >= 0; i--) {
		buf_add_char(out, char_hex(a->bytes[i]));
		buf_add_char(out, '.');
		buf_add_char(out, char_hex(a->bytes[i] >> 4));
		buf_add_char(out, '.');
	}
	buf_add_c(out, "ip6.arpa");
}
