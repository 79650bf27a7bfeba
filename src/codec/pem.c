#include "codec/pem.h"

/* rooms */
#include "codec/base64.h"

#define PEM_COLUMNS 64 /* RFC 7468 section 2 */

/* A line without its end; false at the end of the text. */
static bool
next_line(struct str *cur, struct str *line_out)
{
	if (cur->n == 0)
		return false;
	if (!str_take_until(cur, '\n', line_out)) {
		*line_out = *cur;
		*cur = str_from(*cur, cur->n);
	}
	*line_out = str_trim(*line_out);
	return true;
}

/* "-----BEGIN LABEL-----" */
static bool
is_boundary(struct str line, struct str word, struct str *label_out)
{
	struct str rest = line;

	if (!str_skip(&rest, STR("-----")) || !str_skip(&rest, word) ||
	    !str_ends(rest, STR("-----")))
		return false;
	*label_out = str_head(rest, rest.n - 5);
	return true;
}

static enum fail
take_body(struct str *rest, struct str label, struct buf *der)
{
	struct base64_decoder decoder = { 0 };
	struct str line, end;

	buf_clear(der);
	while (next_line(rest, &line)) {
		if (is_boundary(line, STR("END "), &end)) {
			base64_decoder_end(&decoder, der);
			if (!str_eq(end, label) || decoder.is_damaged || der->n == 0 ||
			    !buf_ok(der))
				return FAIL_SYNTAX;
			return FAIL_NONE;
		}
		base64_decoder_feed(&decoder, line, der);
	}
	return FAIL_SYNTAX;
}

enum fail
pem_next(struct str *text, struct str *label_out, struct buf *der)
{
	struct str rest = *text, line, label;
	enum fail fail;

	while (next_line(&rest, &line)) {
		if (!is_boundary(line, STR("BEGIN "), &label))
			continue;
		fail = take_body(&rest, label, der);
		if (fail != FAIL_NONE)
			return fail;
		*label_out = label;
		*text = rest;
		return FAIL_NONE;
	}
	return FAIL_MISSING;
}

static void
boundary(struct buf *out, const char *word, const char *label)
{
	buf_add_c(out, word);
	buf_add_c(out, label);
	buf_add_c(out, "-----\n");
}

void
pem_write(struct buf *out, const char *label, struct str der)
{
	struct buf text;
	struct str rest;

	buf_init_secret(&text, base64_length(der.n)); /* it may be a key */
	base64_write(&text, der);
	boundary(out, "-----BEGIN ", label);
	for (rest = buf_str(&text); rest.n > 0; rest = str_from(rest, PEM_COLUMNS)) {
		buf_add(out, str_head(rest, PEM_COLUMNS));
		buf_add_char(out, '\n');
	}
	boundary(out, "-----END ", label);
	buf_release(&text);
}
