#include "mailauth/tags.h"

static bool
is_name_char(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '_';
}

static bool
is_blank(char c)
{
	return char_is_space(c) || c == '\r' || c == '\n';
}

/* tag-name = ALPHA *ALNUMPUNC */
static bool
is_name(struct str s)
{
	if (str_empty(s) || !char_is_alpha(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++) {
		if (!is_name_char(s.p[i]))
			return false;
	}
	return true;
}

/* tag-value = [ tval *( 1*(WSP / FWS) tval ) ], without its ";" */
static bool
is_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x21 && !is_blank(s.p[i])) || c == 0x7F)
			return false;
	}
	return true;
}

enum fail
tag_list_parse(struct str text, struct tag_list *out)
{
	struct str part, unused;

	*out = (struct tag_list){ 0 };
	while (str_next_part(&text, ';', &part)) {
		size_t equals = str_find_char(part, '=');
		struct tag tag = { str_trim(str_head(part, equals)),
			str_trim(str_from(part, equals == STR_NONE ? part.n : equals + 1)) };

		if (str_empty(str_trim(part)) && text.p == NULL && out->count > 0)
			break; /* behind the last ";" */
		if (equals == STR_NONE || !is_name(tag.name) || !is_value(tag.value) ||
		    tag_find(out, tag.name, &unused))
			return FAIL_SYNTAX;
		if (out->count == TAGS_MAX)
			return FAIL_LIMIT;
		out->tags[out->count++] = tag;
	}
	return out->count > 0 ? FAIL_NONE : FAIL_SYNTAX;
}

bool
tag_find(const struct tag_list *list, struct str name, struct str *out)
{
	for (size_t i = 0; i < list->count; i++) {
		if (str_eq(list->tags[i].name, name)) {
			*out = list->tags[i].value;
			return true;
		}
	}
	return false;
}

void
tag_value_write(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (!is_blank(value.p[i]))
			buf_add_char(out, value.p[i]);
	}
}
