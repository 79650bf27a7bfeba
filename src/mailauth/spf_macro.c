#include "mailauth/spf_macro.h"

/* system */
#include <string.h>

/* rooms */
#include "dns/name.h"

#define PARTS_MAX   1000 /* what "*DIGIT" counts to; there are never more parts (7.3: at least 127) */
#define SCRATCH_MAX 64   /* bytes of an IPv6 address as nibbles, and of all shorter values */

/* A piece of a macro-string. */
struct piece {
	struct str literal; /* what it means, when `letter` is 0 */
	bool is_macro;      /* also "%%", "%_", "%-" */
	char letter;        /* lower case */
	bool is_escaped;    /* the letter was a capital: for URLs */
	bool is_reversed;
	uint32_t parts;      /* on the right; 0: all */
	struct str_set cuts; /* the delimiters */
};

/* --- grammar ---------------------------------------------------------------------------------- */

static bool
is_alphanum(char c)
{
	return char_is_alpha(c) || char_is_digit(c);
}

static void
set_add(struct str_set *set, char c)
{
	set->bits[(unsigned char)c >> 5] |= UINT32_C(1) << ((unsigned char)c & 31);
}

/* "*DIGIT": more than there can be is as many as there are; 0 is not allowed. */
static bool
next_parts(struct str *cur, uint32_t *out)
{
	bool has_digits = false;

	*out = 0;
	while (!str_empty(*cur) && char_is_digit(cur->p[0])) {
		*out = *out * 10 + (uint32_t)(cur->p[0] - '0');
		if (*out > PARTS_MAX)
			*out = PARTS_MAX;
		*cur = str_from(*cur, 1);
		has_digits = true;
	}
	return *out > 0 || !has_digits;
}

/* macro-letter transformers *delimiter "}", behind "%{" */
static bool
next_macro(struct str *cur, struct piece *out)
{
	char c = str_empty(*cur) ? '\0' : cur->p[0];

	out->letter = char_lower(c);
	out->is_escaped = out->letter != c;
	if (str_find_char(STR("slodiphcrtv"), out->letter) == STR_NONE)
		return false;
	*cur = str_from(*cur, 1);
	if (!next_parts(cur, &out->parts))
		return false;
	out->is_reversed = str_skip_nocase(cur, STR("r"));
	if (str_skip_char(cur, '}')) {
		set_add(&out->cuts, '.');
		return true;
	}
	while (!str_empty(*cur) && str_find_char(STR(".-+,/_="), cur->p[0]) != STR_NONE) {
		set_add(&out->cuts, cur->p[0]);
		*cur = str_from(*cur, 1);
	}
	return str_skip_char(cur, '}');
}

/* The next piece; false at the end, and at what is none: then the cursor has a rest. */
static bool
next_piece(struct str *cur, struct piece *out)
{
	struct str rest = *cur;
	bool is_good = true;

	*out = (struct piece){ .is_macro = true };
	if (str_empty(rest))
		return false;
	if (rest.p[0] != '%') {
		*out = (struct piece){ .literal = str_head(rest, str_find_char(rest, '%')) };
		rest = str_from(rest, out->literal.n);
	} else if (str_skip(&rest, STR("%%"))) {
		out->literal = STR("%");
	} else if (str_skip(&rest, STR("%_"))) {
		out->literal = STR(" ");
	} else if (str_skip(&rest, STR("%-"))) {
		out->literal = STR("%20");
	} else {
		is_good = str_skip(&rest, STR("%{")) && next_macro(&rest, out);
	}
	if (is_good)
		*cur = rest;
	return is_good;
}

/* toplabel: letters, digits and "-", not at its ends, and not digits alone */
static bool
is_top_label(struct str label)
{
	bool has_other = false;

	for (size_t i = 0; i < label.n; i++) {
		if (!is_alphanum(label.p[i]) && label.p[i] != '-')
			return false;
		has_other = has_other || !char_is_digit(label.p[i]);
	}
	return has_other && is_alphanum(label.p[0]) && is_alphanum(label.p[label.n - 1]);
}

/* domain-end = ( "." toplabel [ "." ] ) / macro-expand */
static bool
is_domain_end(const struct piece *last)
{
	struct str text = last->literal;
	size_t dot;

	if (last->is_macro)
		return true;
	if (str_ends(text, STR(".")))
		text = str_head(text, text.n - 1);
	dot = str_rfind_char(text, '.');
	return dot != STR_NONE && is_top_label(str_from(text, dot + 1));
}

static bool
is_literal(struct str text, enum spf_text kind)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if ((c < '!' || c > '~') && !(c == ' ' && kind == SPF_EXPLAIN_STRING))
			return false;
	}
	return true;
}

bool
spf_text_is_good(struct str text, enum spf_text kind)
{
	struct piece piece, last = { .is_macro = false };

	while (next_piece(&text, &piece)) {
		if (!piece.is_macro && !is_literal(piece.literal, kind))
			return false;
		if (kind == SPF_DOMAIN_SPEC && piece.letter != '\0' &&
		    str_find_char(STR("crt"), piece.letter) != STR_NONE)
			return false;
		last = piece;
	}
	return str_empty(text) && (kind != SPF_DOMAIN_SPEC || is_domain_end(&last));
}

bool
spf_text_needs_name(struct str text)
{
	struct piece piece;

	while (next_piece(&text, &piece)) {
		if (piece.letter == 'p')
			return true;
	}
	return false;
}

/* --- values ----------------------------------------------------------------------------------- */

/* "192.0.2.1", or the nibbles of an IPv6 address with dots between them (7.3). */
static struct str
write_client(const struct net_address *client, char scratch[SCRATCH_MAX])
{
	size_t n = 0;

	if (client->family != NET_ADDRESS_IPV6)
		return net_address_text(client, scratch);
	for (size_t i = 0; i < sizeof client->bytes; i++) {
		scratch[n++] = char_hex_upper(client->bytes[i] >> 4);
		scratch[n++] = '.';
		scratch[n++] = char_hex_upper(client->bytes[i]);
		scratch[n++] = '.';
	}
	return str_of(scratch, n - 1);
}

static struct str
write_time(int64_t now_s, char scratch[SCRATCH_MAX])
{
	struct buf text;
	struct str s;

	buf_init(&text, SCRATCH_MAX);
	buf_add_i64(&text, now_s);
	s = buf_str(&text);
	memcpy(scratch, s.p, s.n);
	buf_release(&text);
	return str_of(scratch, s.n);
}

static struct str
or_unknown(struct str name)
{
	return str_empty(name) ? STR("unknown") : name;
}

/* 7.2 */
static struct str
value_of(char letter, const struct spf_macros *m, char scratch[SCRATCH_MAX])
{
	switch (letter) {
	case 's': return m->sender;
	case 'l': return m->local;
	case 'o': return m->sender_domain;
	case 'd': return m->domain;
	case 'i': return write_client(&m->client, scratch);
	case 'p': return or_unknown(m->validated);
	case 'v': return m->client.family == NET_ADDRESS_IPV6 ? STR("ip6") : STR("in-addr");
	case 'h': return m->hello;
	case 'c': return net_address_text(&m->client, scratch);
	case 'r': return or_unknown(m->receiver);
	case 't': return write_time(m->now_s, scratch);
	}
	return STR("");
}

/* --- expansion -------------------------------------------------------------------------------- */

static bool
is_cut(const struct piece *p, char c)
{
	return str_set_has(&p->cuts, (unsigned char)c);
}

/* Append a part; for URLs with all but "unreserved" of RFC 3986 as %XX (7.3). */
static void
add_part(struct buf *out, const struct piece *p, struct str part)
{
	if (!p->is_escaped) {
		buf_add(out, part);
		return;
	}
	for (size_t i = 0; i < part.n; i++) {
		if (is_alphanum(part.p[i]) || str_find_char(STR("-._~"), part.p[i]) != STR_NONE)
			buf_add_char(out, part.p[i]);
		else
			buf_add_escape(out, '%', part.p[i]);
	}
}

/* The last part of *rest, which loses it and its delimiter; p is NULL behind the first one. */
static struct str
take_last(const struct piece *p, struct str *rest)
{
	size_t start = rest->n;
	struct str part;

	while (start > 0 && !is_cut(p, rest->p[start - 1]))
		start--;
	part = str_from(*rest, start);
	*rest = start > 0 ? str_head(*rest, start - 1) : (struct str){ 0 };
	return part;
}

static size_t
count_parts(const struct piece *p, struct str value)
{
	size_t count = 1;

	for (size_t i = 0; i < value.n; i++)
		count += is_cut(p, value.p[i]);
	return count;
}

/* The value without its parts from the one with this number on. */
static struct str
first_parts(const struct piece *p, struct str value, size_t count)
{
	for (size_t i = 0; i < value.n; i++) {
		if (is_cut(p, value.p[i]) && --count == 0)
			return str_head(value, i);
	}
	return value;
}

/* Split, reversed when so asked, the parts on the right, joined by dots (7.3). */
static void
add_value(struct buf *out, const struct piece *p, struct str value)
{
	size_t total = count_parts(p, value), from = 0;
	size_t keep = p->parts == 0 || p->parts > total ? total : p->parts;

	if (p->is_reversed) {
		value = first_parts(p, value, keep);
		while (keep-- > 0) {
			add_part(out, p, take_last(p, &value));
			if (keep > 0)
				buf_add_char(out, '.');
		}
		return;
	}
	for (size_t i = 0; i <= value.n; i++) {
		if (i < value.n && !is_cut(p, value.p[i]))
			continue;
		if (total-- <= keep) {
			add_part(out, p, str_slice(value, from, i - from));
			if (total > 0)
				buf_add_char(out, '.');
		}
		from = i + 1;
	}
}

void
spf_text_expand(struct buf *out, struct str text, const struct spf_macros *macros)
{
	char scratch[SCRATCH_MAX];
	struct piece piece;

	while (buf_ok(out) && next_piece(&text, &piece)) {
		if (piece.letter == '\0')
			buf_add(out, piece.literal);
		else
			add_value(out, &piece, value_of(piece.letter, macros, scratch));
	}
}

static bool
is_ascii(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] > 127)
			return false;
	}
	return true;
}

enum fail
spf_name_expand(struct buf *out, struct str text, const struct spf_macros *macros)
{
	struct buf whole;
	struct str name;
	enum fail fail = FAIL_SYNTAX;

	buf_init(&whole, SPF_EXPANDED_MAX);
	spf_text_expand(&whole, text, macros);
	name = buf_str(&whole);
	if (str_ends(name, STR(".")))
		name = str_head(name, name.n - 1);
	while (name.n > SPF_NAME_MAX) {
		size_t dot = str_find_char(name, '.');

		name = dot == STR_NONE ? (struct str){ 0 } : str_from(name, dot + 1);
	}
	if (buf_ok(&whole) && !str_empty(name) && is_ascii(name)) {
		dns_name_write(out, name);
		fail = FAIL_NONE;
	}
	buf_release(&whole);
	return fail;
}
