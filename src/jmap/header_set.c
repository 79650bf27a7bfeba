#include "jmap/header_set.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/utf8.h"
#include "message/address.h"
#include "message/compose.h"
#include "message/date.h"
#include "message/header.h"
#include "message/lines.h"
#include "message/quoted_string.h"

static const char too_long[] = "A header field has a word that is too long.";
static const char no_text[] = "The value of a header field is no text.";

/* What compose.h says of a field. */
static const char *
said(enum fail fail)
{
	if (fail == FAIL_LIMIT)
		return too_long;
	return fail
	    ? "The name of a header field is too long, or its value has a line end or NUL in it."
	    : NULL;
}

/* --- Raw ------------------------------------------------------------------------------------------- */

/* Lines of which all but the first begin with a blank and have more than blanks (RFC 5322 2.2.3). */
static bool
is_folded(struct str raw, size_t *longest_out)
{
	bool is_first = true;
	struct str line;

	*longest_out = 0;
	while (str_next_part(&raw, '\n', &line)) {
		if (raw.p && !str_ends(line, STR("\r")))
			return false;
		line.n -= raw.p != NULL;
		if (str_find_char(line, '\r') != STR_NONE || str_find_char(line, '\0') != STR_NONE)
			return false;
		if (!is_first &&
		    (!char_is_space(line.n ? line.p[0] : 'x') || str_trim(line).n == 0))
			return false;
		*longest_out = line.n > *longest_out ? line.n : *longest_out;
		is_first = false;
	}
	return true;
}

/* As it stands; a line that is too long is folded anew. */
static const char *
set_raw(struct buf *out, struct str name, const struct json *v, struct arena *a)
{
	struct str raw;
	size_t longest;

	if (!json_get_text(v, &raw))
		return no_text;
	if (!is_folded(raw, &longest))
		return "A raw header field is not folded as RFC 5322 2.2.3 says, or has a NUL in it.";
	if (name.n + 1 + longest > LINES_LENGTH_MAX)
		return said(header_write_raw(out, name, header_unfold(raw, a)));
	buf_add(out, name);
	buf_add_char(out, ':');
	buf_add(out, raw);
	buf_add_c(out, "\r\n");
	return NULL;
}

static const char *
set_text(struct buf *out, struct str name, const struct json *v)
{
	struct str text;

	return json_get_text(v, &text) ? said(header_write(out, name, text)) : no_text;
}

/* --- addresses ------------------------------------------------------------------------------------- */

struct addresses {
	struct address *items; /* arena */
	size_t count, room;
	struct arena *a; /* borrow */
};

bool
header_has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 32 || s.p[i] == 127)
			return true;
	return false;
}

/* An addr-spec, or whatever a draft has in its place: as text that reads back as the same. */
static bool
take_email(struct str email, struct arena *a, struct address *out)
{
	struct address_list list;
	struct buf quoted;

	if (header_has_control(email) || email.n > MESSAGE_HEADER_MAX)
		return false;
	address_parse(email, a, &list);
	if (list.count == 1 && list.items[0].kind == ADDRESS_MAILBOX && list.items[0].name.n == 0 &&
	    list.items[0].route.n == 0 && str_eq(address_spec(&list.items[0], a), email)) {
		out->local = list.items[0].local;
		out->domain = list.items[0].domain;
		return out->local.n > 0;
	}
	buf_init(&quoted, 2 * email.n + 2);
	quoted_string_write(&quoted, email);
	out->local = arena_str(a, buf_str(&quoted));
	buf_release(&quoted);
	return out->local.p && email.n > 0;
}

/* EmailAddress {name, email} */
static const char *
add_mailbox(struct addresses *list, const struct json *v)
{
	struct address *x = &list->items[list->count++];
	const struct json *name = json_find(v, STR("name"));
	struct str email;

	if (!json_is(v, JSON_OBJECT) ||
	    (name && name->type != JSON_NULL && !json_get_text(name, &x->name)) ||
	    !json_get_text(json_find(v, STR("email")), &email) || v->count != (name ? 2u : 1u))
		return "An EmailAddress has a name, which may be null, and an email, and nothing more.";
	x->name = str_trim(x->name);
	if (!take_email(email, list->a, x))
		return "An address is empty, or has a line end or another control character in it.";
	return NULL;
}

static bool
reserve(struct addresses *list, const struct json *v, struct arena *a)
{
	size_t room = 0;

	if (!json_is(v, JSON_ARRAY))
		return false;
	for (uint32_t i = 0; i < v->count; i++) {
		const struct json *below = json_find(&v->items[i], STR("addresses"));

		room += 2 + (json_is(below, JSON_ARRAY) ? below->count : 0);
	}
	*list = (struct addresses){ .a = a, .room = room };
	if (room <= 2 * (size_t)ADDRESS_MAX)
		list->items = arena_alloc(a, room + 1, sizeof(*list->items));
	return list->items != NULL;
}

static const char *
write_addresses(struct buf *out, struct str name, const struct addresses *list)
{
	return list->count ? said(header_write_addresses(out, name, list->items, list->count))
			   : NULL;
}

static const char *
set_addresses(struct buf *out, struct str name, const struct json *v, struct arena *a)
{
	struct addresses list;
	const char *wrong = NULL;

	if (!reserve(&list, v, a))
		return "Addresses are a list, and not too long a one.";
	for (uint32_t i = 0; i < v->count && !wrong; i++)
		wrong = add_mailbox(&list, &v->items[i]);
	return wrong ? wrong : write_addresses(out, name, &list);
}

/* EmailAddressGroup {name, addresses}; a group without a name is no group but its addresses. */
static const char *
add_group(struct addresses *list, const struct json *v)
{
	const struct json *name = json_find(v, STR("name"));
	const struct json *below = json_find(v, STR("addresses"));
	bool is_named = json_is(name, JSON_STRING);
	const char *wrong = NULL;

	if (!json_is(below, JSON_ARRAY) || (name && !is_named && name->type != JSON_NULL) ||
	    v->count != (name ? 2u : 1u))
		return "An EmailAddressGroup has a name, which may be null, and addresses, and nothing more.";
	if (is_named)
		list->items[list->count++] =
		    (struct address){ .kind = ADDRESS_GROUP, .name = str_trim(name->text) };
	for (uint32_t i = 0; i < below->count && !wrong; i++)
		wrong = add_mailbox(list, &below->items[i]);
	if (is_named)
		list->items[list->count++] = (struct address){ .kind = ADDRESS_GROUP_END };
	return wrong;
}

static const char *
set_grouped(struct buf *out, struct str name, const struct json *v, struct arena *a)
{
	struct addresses list;
	const char *wrong = NULL;

	if (!reserve(&list, v, a))
		return "Grouped addresses are a list, and not too long a one.";
	for (uint32_t i = 0; i < v->count && !wrong; i++)
		wrong = add_group(&list, &v->items[i]);
	return wrong ? wrong : write_addresses(out, name, &list);
}

/* --- lists of words, dates ------------------------------------------------------------------------- */

/* May it stand between angle brackets? */
static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 32 || s.p[i] == 127 || s.p[i] == '<' || s.p[i] == '>')
			return false;
	return s.n > 0;
}

/* <a> <b>, or <a>, <b> */
static const char *
set_words(struct buf *out, struct str name, const struct json *v, const char *between)
{
	const char *wrong = NULL;
	struct buf value;
	struct str word;

	if (!json_is(v, JSON_ARRAY))
		return "MessageIds and URLs are a list of texts.";
	buf_init(&value, MESSAGE_HEADER_MAX);
	for (uint32_t i = 0; i < v->count && !wrong; i++) {
		if (!json_get_text(&v->items[i], &word) || !is_word(word))
			wrong =
			    "A Message-ID or URL is no text, is empty, or has a blank or an angle bracket.";
		buf_add_c(&value, i > 0 ? between : "");
		buf_add_char(&value, '<');
		buf_add(&value, wrong ? STR("") : word);
		buf_add_char(&value, '>');
	}
	if (!wrong && v->count > 0)
		wrong =
		    buf_ok(&value) ? said(header_write_raw(out, name, buf_str(&value))) : too_long;
	buf_release(&value);
	return wrong;
}

static const char *
set_date(struct buf *out, struct str name, const struct json *v)
{
	struct str text;
	struct date date;

	if (!json_get_text(v, &text) || date_parse_3339(text, &date) != FAIL_NONE)
		return "A date is none of RFC 3339.";
	return said(header_write_date(out, name, date.unix_s, date.zone_min));
}

/* --- any ------------------------------------------------------------------------------------------- */

static const char *
set_one(struct buf *out, const struct header_property *p, const struct json *v, struct arena *a)
{
	if (v->type == JSON_NULL)
		return NULL;
	switch (p->form) {
	case HEADER_RAW: return set_raw(out, p->name, v, a);
	case HEADER_TEXT: return set_text(out, p->name, v);
	case HEADER_ADDRESSES: return set_addresses(out, p->name, v, a);
	case HEADER_GROUPED: return set_grouped(out, p->name, v, a);
	case HEADER_MESSAGE_IDS: return set_words(out, p->name, v, " ");
	case HEADER_DATE: return set_date(out, p->name, v);
	case HEADER_URLS: return set_words(out, p->name, v, ", ");
	case HEADER_FORM_COUNT: break;
	}
	return NULL;
}

const char *
header_property_set(struct buf *out, const struct header_property *property,
    const struct json *value, struct arena *a)
{
	size_t before = out->n;
	const char *wrong = NULL;

	if (!property->is_all || value->type == JSON_NULL)
		return set_one(out, property, value, a);
	if (value->type != JSON_ARRAY)
		return "A property with :all is a list.";
	for (uint32_t i = 0; i < value->count && !wrong; i++)
		wrong = set_one(out, property, &value->items[i], a);
	if (wrong)
		buf_truncate(out, before);
	return wrong;
}
