#include "mailauth/results.h"

/* rooms */
#include "codec/utf8.h"
#include "mailauth/results_lex.h"

#define LINE_BYTES 78 /* RFC 5322 2.1.1: lines should be no longer */

struct writer {
	struct buf *out;
	struct buf piece; /* what must stand on one line */
	size_t line;      /* bytes of the line until here */
};

/* A token, or local-part "@" domain of dot-atoms without "/", "=" and "?": needs no quotes. */
static bool
is_bare(struct str value)
{
	bool has_at = false;
	char before = '.';

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '@' && has_at)
			return false;
		has_at = has_at || c == '@';
		if (c != '@' && !results_is_token_char(c))
			return false;
	}
	for (size_t i = 0; has_at && i < value.n; i++) {
		bool is_mark = value.p[i] == '.' || value.p[i] == '@';

		if (is_mark && (before == '.' || before == '@') && (i > 0 || value.p[i] == '.'))
			return false;
		before = value.p[i];
	}
	return value.n > 0 && (!has_at || (before != '.' && before != '@'));
}

/* UTF-8 without controls and marks of direction. */
static void
add_clean(struct buf *out, struct str raw)
{
	uint32_t c;

	while (raw.n > 0) {
		if (!utf8_next(&raw, &c)) {
			raw = str_from(raw, 1);
			c = '?';
		}
		utf8_write(out, utf8_is_control(c) ? '?' : c);
	}
}

/* Of a property, or the one that names who says this, which is a token or in quotes (RFC 8601 2.2). */
static void
add_value(struct buf *out, struct str raw, bool is_id)
{
	struct buf clean;
	struct str value;

	buf_init(&clean, RESULTS_VALUE_MAX);
	add_clean(&clean, utf8_cut(raw, RESULTS_VALUE_MAX));
	value = buf_str(&clean);
	if (is_bare(value) && !(is_id && str_find_char(value, '@') != STR_NONE)) {
		buf_add(out, value);
	} else {
		buf_add_char(out, '"');
		for (size_t i = 0; i < value.n; i++) {
			if (value.p[i] == '"' || value.p[i] == '\\')
				buf_add_char(out, '\\');
			buf_add_char(out, value.p[i]);
		}
		buf_add_char(out, '"');
	}
	buf_release(&clean);
}

/* The piece goes on this line, or on the next. */
static void
end_piece(struct writer *w, bool begins_line)
{
	if (begins_line || w->line + 1 + w->piece.n > LINE_BYTES) {
		buf_add(w->out, STR("\r\n\t"));
		w->line = 8;
	} else {
		buf_add_char(w->out, ' ');
		w->line++;
	}
	buf_add(w->out, buf_str(&w->piece));
	w->line += w->piece.n;
	buf_clear(&w->piece);
}

static void
add_result(struct writer *w, const struct result *r)
{
	buf_add_char(w->out, ';');
	buf_add(&w->piece, r->method);
	buf_add_char(&w->piece, '=');
	buf_add(&w->piece, verdict_names[r->verdict]);
	end_piece(w, true);
	if (!str_empty(r->reason)) {
		buf_add(&w->piece, STR("reason="));
		add_value(&w->piece, r->reason, false);
		end_piece(w, false);
	}
	for (size_t i = 0; i < r->property_count; i++) {
		const struct result_property *p = &r->properties[i];

		if (str_empty(p->value))
			continue;
		buf_add(&w->piece, p->type);
		buf_add_char(&w->piece, '.');
		buf_add(&w->piece, p->name);
		buf_add_char(&w->piece, '=');
		add_value(&w->piece, p->value, false);
		end_piece(w, false);
	}
}

void
results_write(struct buf *out, struct str head, const struct results *results)
{
	struct writer w = { .out = out };

	buf_init(&w.piece, 4 * RESULTS_VALUE_MAX);
	buf_add(out, head);
	add_value(out, results->id, true);
	for (size_t i = 0; i < results->count; i++)
		add_result(&w, &results->items[i]);
	if (results->count == 0)
		buf_add(out, STR("; none"));
	buf_add(out, STR("\r\n"));
	buf_release(&w.piece);
}
