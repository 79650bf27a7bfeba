#include "mailauth/results.h"

/* rooms */
#include "codec/utf8.h"
#include "mailauth/dkim_signature.h"
#include "mailauth/results_lex.h"
#include "message/quoted_string.h"

#define LINE_BYTES 78 /* RFC 5322 2.1.1: lines should be no longer */

struct writer {
	struct buf *out;
	struct buf piece; /* what must stand on one line */
	size_t line;      /* bytes of the line until here */
};

static bool
is_token(struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!results_is_token_char(value.p[i]))
			return false;
	return value.n > 0;
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

/* dot-atom-text of RFC 5322 3.2.3, with RFC 6532's UTF-8 */
static bool
is_dot_atom(struct str s)
{
	static const struct str marks = STR_INIT("()<>[]:;@\\,\"");
	char before = '.';

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 32 || c == 127 || str_find_char(marks, s.p[i]) != STR_NONE ||
		    (c == '.' && before == '.'))
			return false;
		before = s.p[i];
	}
	return before != '.';
}

/* value = token / quoted-string (RFC 2045 5.1) */
static void
add_value(struct buf *out, struct str value)
{
	if (is_token(value))
		buf_add(out, value);
	else
		quoted_string_write(out, value);
}

/*
 * pvalue = value / [ [ local-part ] "@" ] domain-name, and addresses MUST be the latter (2.2): an address is never
 * quoted as a whole, but its local part may have to be. Of an address literal it cannot be.
 */
static void
add_pvalue(struct buf *out, struct str value)
{
	size_t at = str_rfind_char(value, '@');
	struct str local = str_head(value, at);

	if (at == STR_NONE || !dkim_is_domain(str_from(value, at + 1))) {
		add_value(out, value);
		return;
	}
	if (str_empty(local) || is_dot_atom(local))
		buf_add(out, local);
	else
		quoted_string_write(out, local);
	buf_add(out, str_from(value, at));
}

/* What a stranger may have said: cleaned, cut, and written in the form of its place. */
static void
add_clean_value(struct buf *out, struct str raw, void (*add)(struct buf *, struct str))
{
	struct buf clean;

	buf_init(&clean, RESULTS_VALUE_MAX);
	add_clean(&clean, utf8_cut(raw, RESULTS_VALUE_MAX));
	add(out, buf_str(&clean));
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
		add_clean_value(&w->piece, r->reason, add_value);
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
		add_clean_value(&w->piece, p->value, add_pvalue);
		end_piece(w, false);
	}
}

void
results_write(struct buf *out, struct str head, const struct results *results)
{
	struct writer w = { .out = out };

	buf_init(&w.piece, 4 * RESULTS_VALUE_MAX);
	buf_add(out, head);
	add_clean_value(out, results->id, add_value);
	for (size_t i = 0; i < results->count; i++)
		add_result(&w, &results->items[i]);
	if (results->count == 0)
		buf_add(out, STR("; none"));
	buf_add(out, STR("\r\n"));
	buf_release(&w.piece);
}
