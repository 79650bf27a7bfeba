#include "message/compose.h"

/* system */
#include <string.h>

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/base64.h"
#include "codec/qp.h"
#include "codec/utf8.h"
#include "message/date.h"
#include "message/quoted_string.h"

#define LINE_WANTED 78  /* RFC 5322 2.1.1 */
#define LINE_MAX    998 /* the same */
#define WORD_BYTES  36  /* of text in one encoded word, so that the first fits behind a name */
#define Q_MAX       48  /* characters of "Q" text in one encoded word, as many as base64's */

/* --- checks -------------------------------------------------------------------------------- */

static bool
is_safe(struct str s)
{
	return str_find_char(s, '\r') == STR_NONE && str_find_char(s, '\n') == STR_NONE &&
	    str_find_char(s, '\0') == STR_NONE;
}

/* field-name = 1*ftext (RFC 5322 3.6.8) */
static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 32 || (unsigned char)s.p[i] >= 127 || s.p[i] == ':')
			return false;
	return s.n > 0 && s.n < LINE_WANTED - 2;
}

static bool
is_atext(char c)
{
	return (unsigned char)c > 32 && (unsigned char)c < 127 &&
	    strchr("()<>[]:;@\\,.\"", c) == NULL;
}

static bool
is_plain_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 32 && s.p[i] != '\t') || (unsigned char)s.p[i] >= 127)
			return false;
	return str_find(s, STR("=?")) == STR_NONE;
}

/* --- folding ------------------------------------------------------------------------------- */

/*
 * Write the field with line ends before blanks where lines would grow too long. FAIL_LIMIT: a word
 * is too long for any line.
 */
static enum fail
fold(struct buf *out, struct str name, struct str value)
{
	size_t column = name.n + 1, at = 0, start = out->n;

	while (value.n > 0 && char_is_space(value.p[value.n - 1]))
		value.n--;
	buf_add(out, name);
	buf_add_char(out, ':');
	while (at < value.n) {
		size_t blanks = at, end;

		while (blanks < value.n && char_is_space(value.p[blanks]))
			blanks++;
		for (end = blanks; end < value.n && !char_is_space(value.p[end]); end++)
			continue;
		if (end - at >= LINE_MAX - name.n - 2) {
			buf_truncate(out, start);
			return FAIL_LIMIT;
		}
		if (blanks == at) {
			buf_add_char(out, ' ');
			column++;
		} else if (column + end - at > LINE_WANTED && at > 0) {
			buf_add_c(out, "\r\n");
			column = 0;
		}
		buf_add(out, str_slice(value, at, end - at));
		column += end - at;
		at = end;
	}
	buf_add_c(out, "\r\n");
	return FAIL_NONE;
}

enum fail
header_write_raw(struct buf *out, struct str name, struct str value)
{
	if (!is_name(name) || !is_safe(value))
		return FAIL_SYNTAX;
	while (value.n > 0 && char_is_space(value.p[0]))
		value = str_from(value, 1);
	return fold(out, name, value);
}

/* --- encoded words (RFC 2047) -------------------------------------------------------------- */

/* How many characters "Q" makes of s. */
static size_t
q_size(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += char_is_alpha(s.p[i]) || char_is_digit(s.p[i]) || s.p[i] == ' ' ? 1 : 3;
	return n;
}

/* Encoded words for all of s, a blank between two. No character is cut. */
static void
words_write(struct buf *out, struct str s)
{
	/* "Q" can be read with bare eyes, so it may take half as much again. */
	bool is_q = 2 * q_size(s) <= 3 * base64_length(s.n);
	bool is_first = true;

	while (s.n > 0) {
		struct str piece = utf8_cut(s, WORD_BYTES);

		while (is_q && q_size(piece) > Q_MAX)
			piece = utf8_cut(piece, piece.n - 1);
		if (piece.n == 0)
			piece = str_head(s, 1);
		buf_add_c(out, is_first ? "=?UTF-8?" : " =?UTF-8?");
		buf_add_c(out, is_q ? "Q?" : "B?");
		if (is_q)
			qp_word_write(out, piece);
		else
			base64_write(out, piece);
		buf_add_c(out, "?=");
		s = str_from(s, piece.n);
		is_first = false;
	}
}

/* Does this word need encoding? */
static bool
is_odd(struct str word)
{
	return !is_plain_ascii(word) || word.n > LINE_MAX / 2;
}

/* From the first to the last word that needs it, everything is encoded, blanks included. */
static void
text_write(struct buf *out, struct str text)
{
	size_t first = STR_NONE, last = 0, at = 0;

	while (at < text.n) {
		size_t end = at;

		while (end < text.n && text.p[end] != ' ')
			end++;
		if (is_odd(str_slice(text, at, end - at))) {
			first = first == STR_NONE ? at : first;
			last = end;
		}
		at = end + 1;
	}
	if (first == STR_NONE) {
		buf_add(out, text);
		return;
	}
	buf_add(out, str_head(text, first));
	words_write(out, str_slice(text, first, last - first));
	buf_add(out, str_from(text, last));
}

enum fail
header_write(struct buf *out, struct str name, struct str text)
{
	enum fail fail;
	struct buf value;

	if (!is_name(name) || !is_safe(text))
		return FAIL_SYNTAX;
	buf_init(&value, 8 * MESSAGE_HEADER_MAX);
	text_write(&value, str_trim(text));
	fail = buf_ok(&value) ? fold(out, name, buf_str(&value)) : FAIL_LIMIT;
	buf_release(&value);
	return fail;
}

/* --- addresses ----------------------------------------------------------------------------- */

enum fail
phrase_write(struct buf *out, struct str text)
{
	bool is_atoms = text.n > 0;

	if (!is_safe(text))
		return FAIL_SYNTAX;
	for (size_t i = 0; i < text.n && is_atoms; i++)
		is_atoms = is_atext(text.p[i]) ||
		    (text.p[i] == ' ' && i > 0 && i + 1 < text.n && text.p[i - 1] != ' ');
	if (is_odd(text)) {
		words_write(out, text);
		return FAIL_NONE;
	}
	if (is_atoms) {
		buf_add(out, text);
		return FAIL_NONE;
	}
	quoted_string_write(out, text);
	return FAIL_NONE;
}

static enum fail
address_write(struct buf *out, const struct address *x)
{
	enum fail fail = FAIL_NONE;

	if (!is_safe(x->local) || !is_safe(x->domain))
		return FAIL_SYNTAX;
	if (x->kind == ADDRESS_GROUP) {
		fail = phrase_write(out, x->name);
		buf_add_char(out, ':');
		return fail;
	}
	if (x->kind == ADDRESS_GROUP_END) {
		buf_add_char(out, ';');
		return FAIL_NONE;
	}
	if (x->name.n == 0) {
		address_spec_write(out, x);
		return FAIL_NONE;
	}
	fail = phrase_write(out, x->name);
	buf_add_c(out, " <");
	address_spec_write(out, x);
	buf_add_char(out, '>');
	return fail;
}

enum fail
header_write_addresses(struct buf *out, struct str name, const struct address *items, size_t count)
{
	enum fail fail = FAIL_NONE;
	struct buf value;

	buf_init(&value, 8 * MESSAGE_HEADER_MAX);
	for (size_t i = 0; i < count && fail == FAIL_NONE; i++) {
		if (i > 0 && items[i].kind != ADDRESS_GROUP_END)
			buf_add_c(&value, items[i - 1].kind == ADDRESS_GROUP ? " " : ", ");
		fail = address_write(&value, &items[i]);
	}
	if (fail == FAIL_NONE)
		fail = buf_ok(&value) ? header_write_raw(out, name, buf_str(&value)) : FAIL_LIMIT;
	buf_release(&value);
	return fail;
}
