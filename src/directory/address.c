#include "directory/address.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/idna.h"
#include "codec/utf8.h"

/* atext of RFC 5322 3.2.3, with UTF-8 (RFC 6531 3.3). */
static bool
is_atext(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || (c & 0x80) ||
	    str_find_char(STR("!#$%&'*+-/=?^_`{|}~"), c) != STR_NONE;
}

/* Dot-string = Atom *("." Atom) */
static bool
is_dot_string(struct str local)
{
	char before = '.';

	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '.' ? before == '.' : !is_atext(local.p[i]))
			return false;
		before = local.p[i];
	}
	return before != '.';
}

/* The length of a Quoted-string at the start of s, both quotes included; 0 when there is none. */
static size_t
quoted_length(struct str s)
{
	for (size_t i = 1; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"')
			return i + 1;
		if (c == '\\' && ++i < s.n)
			c = (unsigned char)s.p[i];
		if (c < ' ' || c == 0x7f)
			return 0;
	}
	return 0;
}

enum fail
address_split(struct str address, bool is_catch_all, struct str *local_out, struct str *domain_out)
{
	size_t at;

	if (address.n > ADDRESS_MAX || !utf8_is_valid(address))
		return FAIL_SYNTAX;
	if (str_starts(address, STR("\""))) {
		at = quoted_length(address);
		if (at == 0 || at >= address.n || address.p[at] != '@')
			return FAIL_SYNTAX;
	} else {
		at = str_rfind_char(address, '@');
		if (at == STR_NONE)
			return FAIL_SYNTAX;
		if (!is_dot_string(str_head(address, at)) && !(at == 0 && is_catch_all))
			return FAIL_SYNTAX;
	}
	if (at + 1 == address.n || at > SMTP_LOCAL_MAX)
		return FAIL_SYNTAX;
	*local_out = str_head(address, at);
	*domain_out = str_from(address, at + 1);
	return FAIL_NONE;
}

/* The meaning of a Quoted-string: without quotes and backslashes. */
static void
unquote(struct buf *out, struct str local)
{
	for (size_t i = 1; i + 1 < local.n; i++) {
		if (local.p[i] == '\\')
			i++;
		buf_add_char(out, local.p[i]);
	}
}

static void
write_local(struct buf *out, struct str local)
{
	struct buf plain;

	if (!str_starts(local, STR("\""))) {
		utf8_lower(out, local);
		return;
	}
	buf_init(&plain, ADDRESS_MAX);
	unquote(&plain, local);
	if (is_dot_string(buf_str(&plain))) {
		utf8_lower(out, buf_str(&plain));
	} else {
		struct str rest = buf_str(&plain);

		buf_add_char(out, '"');
		for (size_t i = 0; i < rest.n; i++) {
			if (rest.p[i] == '"' || rest.p[i] == '\\')
				buf_add_char(out, '\\');
			buf_add_char(out, char_lower(rest.p[i]));
		}
		buf_add_char(out, '"');
	}
	buf_release(&plain);
}

/* address-literal = "[" .. "]" (RFC 5321 4.1.3) */
static bool
is_literal(struct str domain)
{
	for (size_t i = 1; i + 1 < domain.n; i++) {
		char c = domain.p[i];

		if (!char_is_alpha(c) && !char_is_digit(c) && c != '.' && c != ':' && c != '-')
			return false;
	}
	return domain.n > 2 && domain.p[0] == '[' && domain.p[domain.n - 1] == ']';
}

enum fail
address_write(struct buf *out, struct str address, bool is_catch_all)
{
	struct str local, domain;
	enum fail fail = address_split(address, is_catch_all, &local, &domain);

	if (fail != FAIL_NONE)
		return fail;
	write_local(out, local);
	buf_add_char(out, '@');
	if (is_literal(domain)) {
		for (size_t i = 0; i < domain.n; i++)
			buf_add_char(out, char_lower(domain.p[i]));
	} else {
		fail = idna_write_ascii(out, domain);
	}
	if (fail == FAIL_NONE && !buf_ok(out))
		fail = FAIL_LIMIT;
	return fail;
}

bool
address_tag(struct str local, struct str separators, struct str *user_out, struct str *tag_out)
{
	for (size_t i = 1; i < local.n; i++) {
		if (str_find_char(separators, local.p[i]) == STR_NONE)
			continue;
		*user_out = str_head(local, i);
		*tag_out = str_from(local, i + 1);
		return !str_starts(local, STR("\""));
	}
	return false;
}

bool
address_is_name(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	}
	return text.n > 0 && text.n <= ADDRESS_MAX;
}
