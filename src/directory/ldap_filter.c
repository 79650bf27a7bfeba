#include "directory/ldap_filter.h"

/* rooms */
#include "directory/query.h"

/* RFC 4515 3: NUL, "(", ")", "*" and "\" must be; other bytes are UTF-8 and stand as they are. */
void
ldap_filter_escape(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\0' || c == '(' || c == ')' || c == '*' || c == '\\') {
			buf_add_char(out, '\\');
			buf_add_hex(out, str_of(&c, 1));
		} else {
			buf_add_char(out, c);
		}
	}
}

/* What stands for {word}; false: there is no such thing here. */
static bool
find_value(const struct ldap_values *values, struct str word, struct str *out)
{
	if (!str_empty(word) && str_eq(word, values->word))
		*out = values->key;
	else if (values->has_dn && str_eq(word, STR("dn")))
		*out = values->dn;
	else if (!str_empty(values->word) && str_eq(word, STR("local")))
		*out = query_value(QUERY_LOCAL, values->key);
	else if (!str_empty(values->word) && str_eq(word, STR("domain")))
		*out = query_value(QUERY_DOMAIN, values->key);
	else
		return false;
	return true;
}

/* The part up to the next "{word}", and the word; false: the rest has none, and is the part. */
static bool
take_part(struct str *rest, struct str *part_out, struct str *word_out)
{
	size_t open = str_find_char(*rest, '{');
	size_t close = str_find_char(str_from(*rest, open), '}');

	if (open == STR_NONE || close == STR_NONE) {
		*part_out = *rest;
		*rest = STR("");
		return false;
	}
	*part_out = str_head(*rest, open);
	*word_out = str_slice(*rest, open + 1, close - 1);
	*rest = str_from(*rest, open + close + 1);
	return true;
}

static bool
is_balanced(struct str filter)
{
	size_t depth = 0;

	for (size_t i = 0; i < filter.n; i++) {
		if (filter.p[i] == '(')
			depth++;
		else if (filter.p[i] == ')' && depth-- == 0)
			return false;
		if (depth == 0 && i + 1 < filter.n)
			return false;
	}
	return depth == 0;
}

enum fail
ldap_filter_check(struct str filter, const struct ldap_values *values, const char **why_out)
{
	struct str rest = filter, part, word, value;
	bool is_word;

	if (!str_starts(filter, STR("(")) || !is_balanced(filter)) {
		*why_out = "a filter stands in parentheses, each with its other";
		return FAIL_SYNTAX;
	}
	do {
		is_word = take_part(&rest, &part, &word);
		if (str_find_char(part, '{') != STR_NONE || str_find_char(part, '}') != STR_NONE) {
			*why_out = "a brace without its other; \\7b and \\7d are braces as such";
			return FAIL_SYNTAX;
		}
		if (is_word && !find_value(values, word, &value)) {
			*why_out = "there is no such {name} here";
			return FAIL_SYNTAX;
		}
	} while (is_word);
	return FAIL_NONE;
}

void
ldap_filter_write(struct buf *out, struct str filter, const struct ldap_values *values)
{
	struct str rest = filter, part, word, value;

	while (take_part(&rest, &part, &word)) {
		buf_add(out, part);
		if (find_value(values, word, &value))
			ldap_filter_escape(out, value);
	}
	buf_add(out, part);
}

bool
ldap_filter_uses(struct str filter, struct str word)
{
	struct str rest = filter, part, one;

	while (take_part(&rest, &part, &one)) {
		if (str_eq(one, word))
			return true;
	}
	return false;
}
