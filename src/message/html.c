#include "message/html.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "message/charset_tables.h"
#include "message/html_entities.h"

/*
 *   TEXT --"<"--> OPEN --letter, "/"--> TAG --name read--> ATTRIBUTES --">"--> TEXT
 *                  |--"!"--> MARKUP --"--"--> COMMENT --"-->"--> TEXT
 *                  |           '--">"--> TEXT
 *                  '--other--> TEXT ("<" was text)
 *   TEXT --"&"--> ENTITY --";" or other--> TEXT
 *   SKIP: like TEXT, but nothing is written until the end tag of the skipped element.
 *
 * SKIP is not a state of its own: h->skip names the element; meanwhile only "</" opens a tag, and
 * writing does nothing.
 */
enum state { TEXT, OPEN, TAG, ATTRIBUTES, MARKUP, COMMENT, ENTITY };

enum effect {
	PLAIN,
	BREAK,     /* one line end before and after */
	PARAGRAPH, /* an empty line before and after */
	ITEM,      /* a list item */
	CELL,      /* a blank */
	RULE,
	PRE,
	SKIP, /* the content is dropped */
};

static const struct {
	const char *name;
	enum effect effect;
} tags[] = {
	{ "", PLAIN },
	{ "script", SKIP },
	{ "style", SKIP },
	{ "title", SKIP },
	{ "noscript", SKIP },
	{ "template", SKIP },
	{ "br", BREAK },
	{ "p", PARAGRAPH },
	{ "div", BREAK },
	{ "tr", BREAK },
	{ "li", ITEM },
	{ "td", CELL },
	{ "th", CELL },
	{ "h1", PARAGRAPH },
	{ "h2", PARAGRAPH },
	{ "h3", PARAGRAPH },
	{ "h4", PARAGRAPH },
	{ "h5", PARAGRAPH },
	{ "h6", PARAGRAPH },
	{ "blockquote", PARAGRAPH },
	{ "ul", BREAK },
	{ "ol", BREAK },
	{ "dl", BREAK },
	{ "dt", BREAK },
	{ "dd", BREAK },
	{ "table", BREAK },
	{ "hr", RULE },
	{ "pre", PRE },
	{ "address", BREAK },
	{ "article", BREAK },
	{ "section", BREAK },
	{ "header", BREAK },
	{ "footer", BREAK },
	{ "center", BREAK },
	{ "form", BREAK },
	{ "fieldset", BREAK },
};

void
html_text_init(struct html_text *h)
{
	*h = (struct html_text){ .state = TEXT };
}

/* --- writing ------------------------------------------------------------------------------- */

static void
break_lines(struct html_text *h, uint8_t lines)
{
	if (h->breaks_due < lines)
		h->breaks_due = lines;
	h->is_blank_due = false;
}

/* What is due before the next visible character. */
static void
settle(struct html_text *h, struct buf *out)
{
	if (h->has_text) {
		for (uint8_t i = 0; i < h->breaks_due; i++)
			buf_add_char(out, '\n');
		if (h->is_blank_due && h->breaks_due == 0)
			buf_add_char(out, ' ');
	}
	h->is_blank_due = false;
	h->breaks_due = 0;
	h->has_text = true;
}

static void
add_char(struct html_text *h, char c, struct buf *out)
{
	if (h->skip)
		return;
	if (c == '\n' && h->is_pre) {
		if (h->breaks_due < 2)
			h->breaks_due++;
		return;
	}
	if (c == '\n' || c == '\r' || c == ' ' || c == '\t' || c == '\f') {
		if (h->is_pre && c != '\r') {
			settle(h, out);
			buf_add_char(out, c);
		} else if (h->breaks_due == 0) {
			h->is_blank_due = true;
		}
		return;
	}
	if (h->is_blank_due || h->breaks_due || !h->has_text)
		settle(h, out);
	buf_add_char(out, c);
}

static void
add_point(struct html_text *h, uint32_t c, struct buf *out)
{
	if (h->skip)
		return;
	if (c == 0xa0 || c < 0x80) { /* a no-break space is a blank to us */
		add_char(h, c == 0xa0 ? ' ' : c < 32 ? ' ' : (char)c, out);
		return;
	}
	if (c == 0xad || c == 0x200b || c == 0x200c || c == 0x200d || c == 0xfeff || c == 0x34f)
		return; /* fillers of mass mail */
	settle(h, out);
	utf8_write(out, c);
}

/* --- entities ------------------------------------------------------------------------------ */

static bool
find_named(struct str name, uint32_t *out)
{
	size_t low = 0, high = html_entity_count;

	if (str_eq_nocase(name, STR("apos"))) {
		*out = '\'';
		return true;
	}
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(name, str_c(html_entities[middle].name));

		if (order == 0) {
			*out = html_entities[middle].point;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* "#65" or "#x41" or a name; false when it is nothing. */
static bool
entity(struct str name, uint32_t *out)
{
	uint64_t n;
	bool ok;

	if (str_skip_char(&name, '#')) {
		if (str_skip_char(&name, 'x') || str_skip_char(&name, 'X'))
			ok = str_hex(&name, 0x10ffff, &n);
		else
			ok = str_u64(&name, 0x10ffff, &n);
		if (!ok || name.n > 0)
			return false;
		/* windows-1252 by number is common */
		*out = n >= 0x80 && n < 0xa0 ? charset_windows_1252[n - 0x80] : (uint32_t)n;
		return true;
	}
	return find_named(name, out);
}

static void
end_entity(struct html_text *h, bool has_semicolon, struct buf *out)
{
	struct str name = str_of(h->held, h->held_count);
	uint32_t point;

	h->state = TEXT;
	if (entity(name, &point)) {
		add_point(h, point, out);
		return;
	}
	add_char(h, '&', out);
	for (size_t i = 0; i < name.n; i++)
		add_char(h, name.p[i], out);
	if (has_semicolon)
		add_char(h, ';', out);
}

/* --- tags ---------------------------------------------------------------------------------- */

static void
apply(struct html_text *h, enum effect effect, bool is_end, struct buf *out)
{
	switch (effect) {
	case PLAIN: break;
	case BREAK: break_lines(h, 1); break;
	case PARAGRAPH: break_lines(h, 2); break;
	case ITEM:
		break_lines(h, 1);
		if (!is_end) {
			add_char(h, '-', out);
			h->is_blank_due = true;
		}
		break;
	case CELL: add_char(h, ' ', out); break;
	case RULE:
		break_lines(h, 1);
		for (int i = 0; i < 3; i++)
			add_char(h, '-', out);
		break_lines(h, 1);
		break;
	case PRE:
		h->is_pre = !is_end;
		break_lines(h, 1);
		break;
	case SKIP: break;
	}
}

static void
end_tag(struct html_text *h, struct buf *out)
{
	struct str name = str_of(h->held, h->held_count);
	bool is_end = str_skip_char(&name, '/');

	h->state = TEXT;
	for (size_t i = 1; i < ARRAY_LEN(tags); i++) {
		if (!str_eq_nocase(name, str_c(tags[i].name)))
			continue;
		if (h->skip) {
			if (h->skip == i && is_end)
				h->skip = 0;
		} else if (tags[i].effect == SKIP) {
			h->skip = is_end ? 0 : (uint8_t)i;
		} else {
			apply(h, tags[i].effect, is_end, out);
		}
		return;
	}
}

static void
hold(struct html_text *h, char c)
{
	if (h->held_count < sizeof h->held)
		h->held[h->held_count++] = c;
}

static void
begin_state(struct html_text *h, enum state state)
{
	h->state = (uint8_t)state;
	h->held_count = 0;
	h->quote = 0;
	h->dashes = 0;
}

/* One character in a tag, a comment or an entity. */
static void
take_markup(struct html_text *h, char c, struct buf *out)
{
	switch ((enum state)h->state) {
	case TEXT: break;
	case OPEN:
		if (c == '/' || (char_is_alpha(c) && !h->skip)) {
			begin_state(h, TAG);
			hold(h, c);
		} else if ((c == '!' || c == '?') && !h->skip) {
			begin_state(h, MARKUP);
		} else {
			h->state = TEXT;
			add_char(h, '<', out);
			html_text_read(h, str_of(&c, 1), out);
		}
		break;
	case TAG:
		if (c == '>')
			end_tag(h, out);
		else if (char_is_alpha(c) || char_is_digit(c) || c == ':' || c == '-')
			hold(h, c);
		else
			h->state = ATTRIBUTES;
		break;
	case ATTRIBUTES:
		if (h->quote) {
			h->quote = c == h->quote ? '\0' : h->quote;
		} else if (c == '"' || c == '\'') {
			h->quote = c;
		} else if (c == '>') {
			end_tag(h, out);
		}
		break;
	case MARKUP:
		if (c == '-' && ++h->dashes == 2)
			begin_state(h, COMMENT);
		else if (c == '>')
			h->state = TEXT;
		else if (c != '-')
			h->dashes = 3; /* a declaration */
		break;
	case COMMENT:
		if (c == '>' && h->dashes >= 2)
			h->state = TEXT;
		h->dashes = c == '-' ? (uint8_t)(h->dashes < 2 ? h->dashes + 1 : 2) : 0;
		break;
	case ENTITY:
		if (c == ';') {
			end_entity(h, true, out);
		} else if (h->held_count < 12 &&
		    (char_is_alpha(c) || char_is_digit(c) || c == '#')) {
			hold(h, c);
		} else {
			end_entity(h, false, out);
			html_text_read(h, str_of(&c, 1), out);
		}
		break;
	}
}

void
html_text_read(struct html_text *h, struct str piece, struct buf *out)
{
	while (piece.n > 0) {
		char c = piece.p[0];

		if (h->state != TEXT) {
			take_markup(h, c, out);
		} else if (c == '<') {
			begin_state(h, OPEN);
		} else if (c == '&' && !h->skip) {
			begin_state(h, ENTITY);
		} else if ((c & 0x80) == 0) {
			add_char(h, c, out);
		} else {
			uint32_t point = utf8_take(&piece);

			add_point(h, point, out);
			continue;
		}
		piece = str_from(piece, 1);
	}
}

void
html_text_end(struct html_text *h, struct buf *out)
{
	if (h->state == ENTITY)
		end_entity(h, false, out);
	if (h->state == OPEN)
		add_char(h, '<', out);
	h->state = TEXT;
}
