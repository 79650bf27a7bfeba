#include "tlspolicy/txt.h"

#define NAME_MAX 32 /* RFC 8461 3.1: sts-ext-name */

/* Does it begin with the version and a field delimiter, *WSP ";" *WSP? What follows. */
static bool
skip_version(struct str *cur, struct str version)
{
	struct str rest = *cur;

	if (!str_skip(&rest, version))
		return false;
	rest = str_trim(rest);
	if (!str_skip_char(&rest, ';'))
		return false;
	*cur = rest;
	return true;
}

enum fail
txt_choose(const struct dns_record *records, size_t count, struct str version, struct str *out)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		struct str rest = records[i].bytes;

		if (!skip_version(&rest, version))
			continue;
		*out = records[i].bytes;
		found++;
	}
	return found == 1 ? FAIL_NONE : FAIL_MISSING;
}

/* (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".") */
static bool
is_name(struct str s)
{
	if (str_empty(s) || s.n > NAME_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!char_is_alpha(c) && !char_is_digit(c) &&
		    (i == 0 || (c != '_' && c != '-' && c != '.')))
			return false;
	}
	return true;
}

/* 1*(%x21-3A / %x3C / %x3E-7E), and "=" and blanks within, as URIs and lists of them have. */
static bool
is_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x21 && !char_is_space(s.p[i])) || c > 0x7e)
			return false;
	}
	return !str_empty(s);
}

enum fail
txt_parse(struct str text, struct str version, struct str name, struct str *out)
{
	struct str part, field_name;
	bool is_found = false;

	*out = STR("");
	if (!skip_version(&text, version))
		return FAIL_SYNTAX;
	while (str_next_part(&text, ';', &part)) {
		part = str_trim(part);
		if (str_empty(part) && text.p == NULL)
			break; /* behind the last ";" */
		if (!str_take_until(&part, '=', &field_name) || !is_name(field_name) ||
		    !is_value(part))
			return FAIL_SYNTAX;
		if (is_found || !str_eq(field_name, name))
			continue;
		is_found = true;
		*out = part;
	}
	return FAIL_NONE;
}
