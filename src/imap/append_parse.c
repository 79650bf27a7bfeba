#include "imap/append_parse.h"

/* rooms */
#include "message/date.h"

/* Nothing but the literal's marker is left of the line. */
static bool
at_marker(const struct imap_cursor *c, size_t mark)
{
	return mark > 0 && c->at.n == mark;
}

/* date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE */
static bool
date_time(struct imap_cursor *c, struct append_item *out)
{
	struct date date;
	struct str text;

	if (!imap_string(c, &text) || date_parse_imap(text, &date) != FAIL_NONE)
		return false;
	out->has_date = true;
	out->date_s = date.unix_s;
	return true;
}

/* [SP flag-list] [SP date-time] SP, up to append-data */
static enum append_what
begin(struct append_parser *p, struct imap_cursor *c, struct append_item *out)
{
	if (!imap_sp(c))
		return APPEND_WRONG;
	if (imap_next_is(c, '(') && (!imap_flag_list(c, &out->flags) || !imap_sp(c)))
		return APPEND_WRONG;
	if (imap_next_is(c, '"') && (!date_time(c, out) || !imap_sp(c)))
		return APPEND_WRONG;
	p->place = APPEND_AT_DATA;
	return APPEND_BEGIN;
}

/* "UTF8" SP "(" literal8 ")", up to the literal (RFC 6855 4); false: something else */
static bool
utf8_literal(const struct append_parser *p, struct imap_cursor *c, size_t mark,
    enum append_what *out)
{
	if (!p->takes_utf8 || !imap_keyword(c, STR("UTF8")))
		return false;
	*out = imap_sp(c) && imap_char(c, '(') && at_marker(c, mark) && imap_next_is(c, '~')
	    ? APPEND_TEXT
	    : APPEND_WRONG;
	return true;
}

/* cat-part = "TEXT" SP literal / "URL" SP astring */
static enum append_what
part(struct append_parser *p, struct imap_cursor *c, size_t mark, struct append_item *out)
{
	enum append_what what;

	p->place = APPEND_AT_UTF8_PART;
	if (utf8_literal(p, c, mark, &what))
		return what;
	p->place = APPEND_AT_PARTS;
	if (imap_keyword(c, STR("TEXT")))
		return imap_sp(c) && at_marker(c, mark) ? APPEND_TEXT : APPEND_WRONG;
	if (!imap_keyword(c, STR("URL")) || !imap_sp(c))
		return APPEND_WRONG;
	if (at_marker(c, mark))
		return APPEND_URL_LITERAL;
	return imap_astring(c, &out->url) ? APPEND_URL : APPEND_WRONG;
}

static enum append_what
data(struct append_parser *p, struct imap_cursor *c, size_t mark, struct append_item *out)
{
	enum append_what what;

	if (at_marker(c, mark)) {
		p->place = APPEND_AT_END;
		return APPEND_TEXT;
	}
	p->place = APPEND_AT_UTF8;
	if (utf8_literal(p, c, mark, &what))
		return what;
	if (!p->takes_catenate || !imap_keyword(c, STR("CATENATE")) || !imap_sp(c) ||
	    !imap_char(c, '('))
		return APPEND_WRONG;
	return part(p, c, mark, out);
}

static enum append_what
complete(struct append_parser *p)
{
	p->place = APPEND_AT_NEXT;
	return APPEND_COMPLETE;
}

/* Behind a part: the end, or the next one. */
static enum append_what
parts(struct append_parser *p, struct imap_cursor *c, size_t mark, struct append_item *out)
{
	if (imap_char(c, ')'))
		return complete(p);
	return imap_sp(c) ? part(p, c, mark, out) : APPEND_WRONG;
}

enum append_what
append_next(struct append_parser *p, struct imap_cursor *c, size_t mark, struct append_item *out)
{
	*out = (struct append_item){ 0 };
	switch (p->place) {
	case APPEND_AT_FIRST: return begin(p, c, out);
	case APPEND_AT_DATA: return data(p, c, mark, out);
	case APPEND_AT_END: return complete(p);
	case APPEND_AT_UTF8: return imap_char(c, ')') ? complete(p) : APPEND_WRONG;
	case APPEND_AT_UTF8_PART: return imap_char(c, ')') ? parts(p, c, mark, out) : APPEND_WRONG;
	case APPEND_AT_PARTS: return parts(p, c, mark, out);
	case APPEND_AT_NEXT:
		if (imap_at_end(c))
			return APPEND_OVER;
		return p->takes_many ? begin(p, c, out) : APPEND_WRONG;
	}
	return APPEND_WRONG;
}
