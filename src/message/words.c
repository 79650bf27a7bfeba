#include "message/header.h"

/* system */
#include <string.h>

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/base64.h"
#include "codec/qp.h"
#include "codec/utf8.h"
#include "message/charset.h"
#include "message/charset_private.h"

#define TEXT_MAX (8 * MESSAGE_HEADER_MAX) /* bytes of one decoded value */

/*
 * Adjacent encoded words of one charset share a decoder, because senders cut multi-byte characters
 * between words although RFC 2047 section 5 forbids it.
 */
struct decoder {
	struct buf *out;
	struct buf bytes, text; /* of one word */
	struct charset_decoder d;
	bool is_open; /* d is in use */
	bool is_strict;
};

struct word {
	struct str charset, text;
	char encoding; /* 'B' or 'Q' */
	struct str rest;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
 * (RFC 2047 section 2, RFC 2231 section 5). `s` begins with "=?".
 */
static bool
parse_word(struct str s, struct word *out)
{
	struct str cur = str_from(s, 2);
	size_t n = 0, star;

	while (n < cur.n && cur.p[n] != '?' && (unsigned char)cur.p[n] > 32)
		n++;
	out->charset = str_head(cur, n);
	cur = str_from(cur, n);
	if (n == 0 || cur.n < 3 || cur.p[0] != '?' || cur.p[2] != '?')
		return false;
	star = str_find_char(out->charset, '*');
	if (star != STR_NONE)
		out->charset = str_head(out->charset, star);
	out->encoding = char_upper(cur.p[1]);
	cur = str_from(cur, 3);
	n = 0;
	while (n < cur.n && cur.p[n] != '?' && (unsigned char)cur.p[n] > 32)
		n++;
	out->text = str_head(cur, n);
	out->rest = str_from(cur, n + 2);
	return n + 1 < cur.n && cur.p[n] == '?' && cur.p[n + 1] == '=' &&
	    (out->encoding == 'B' || out->encoding == 'Q') && charset_find(out->charset) != NULL;
}

/* Append valid UTF-8 without control characters. */
static void
add_clean(struct buf *out, struct str s, bool keeps_tabs)
{
	size_t start = 0, n;

	for (size_t i = 0; i < s.n; i += n) {
		unsigned char c = (unsigned char)s.p[i];
		bool is_c1 = c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0;

		n = is_c1 ? 2 : 1;
		if (!is_c1 && ((c >= 32 && c != 127) || (c == '\t' && keeps_tabs)))
			continue;
		buf_add(out, str_slice(s, start, i - start));
		start = i + n;
	}
	buf_add(out, str_from(s, start));
}

/* Append valid UTF-8; line ends before blanks go, and that is all (RFC 5322 2.2.3). */
static void
add_unfolded(struct buf *out, struct str s)
{
	size_t start = 0;

	for (size_t i = 0; i < s.n; i++) {
		size_t n = s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n' ? 2 : 1;

		if (s.p[i + n - 1] != '\n')
			continue;
		buf_add(out, str_slice(s, start, i - start));
		start = i + n;
		i = start - 1;
	}
	buf_add(out, str_from(s, start));
}

static void
end_words(struct decoder *w)
{
	if (!w->is_open)
		return;
	buf_clear(&w->text);
	charset_decode_end(&w->d, &w->text);
	add_clean(w->out, buf_str(&w->text), !w->is_strict);
	w->is_open = false;
}

/* The bytes of a word into text, without NUL (RFC 8621 4.1.2.2) where that is one byte. */
static void
decode_bytes(struct decoder *w, bool is_wide)
{
	struct str s = buf_str(&w->bytes), piece;

	while (!is_wide && str_take_until(&s, '\0', &piece))
		charset_decode(&w->d, piece, &w->text);
	charset_decode(&w->d, s, &w->text);
}

static void
add_word(struct decoder *w, const struct word *word)
{
	const struct charset *charset = charset_find(word->charset);

	if (!w->is_open || w->d.charset != charset) {
		end_words(w);
		charset_decoder_init(&w->d, charset);
		w->is_open = true;
	}
	buf_clear(&w->bytes);
	buf_clear(&w->text);
	if (word->encoding == 'B') {
		struct base64_decoder base64 = { 0 };

		base64_decoder_feed(&base64, word->text, &w->bytes);
		base64_decoder_end(&base64, &w->bytes);
	} else {
		qp_word_parse(&w->bytes, word->text);
	}
	decode_bytes(w, charset->is_wide);
	add_clean(w->out, buf_str(&w->text), !w->is_strict);
}

/* Text outside of encoded words: line ends go, what is not UTF-8 is guessed. */
static void
add_text(struct decoder *w, struct str s)
{
	struct charset_decoder d;

	if (s.n == 0)
		return;
	end_words(w);
	buf_clear(&w->text);
	charset_decoder_init(&d, charset_guess());
	while (s.n > 0) {
		size_t nul = str_find_char(s, '\0');
		size_t n = nul == STR_NONE ? s.n : nul;

		charset_decode(&d, str_head(s, n), &w->text);
		s = str_from(s, n + 1);
	}
	charset_decode_end(&d, &w->text);
	if (w->is_strict)
		add_unfolded(w->out, buf_str(&w->text));
	else
		add_clean(w->out, buf_str(&w->text), true);
}

static bool
is_blank(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_space(s.p[i]))
			return false;
	return true;
}

/*
 * RFC 2047 section 5: blanks stand round an encoded word. Liberal: quotes and parentheses may too,
 * and another encoded word.
 */
static bool
may_precede(struct str before, bool is_strict)
{
	char c = before.n > 0 ? before.p[before.n - 1] : ' ';

	return is_space(c) || (!is_strict && (c == '(' || c == '"'));
}

static bool
may_follow(struct str rest, bool is_strict)
{
	if (rest.n == 0 || is_space(rest.p[0]))
		return true;
	return !is_strict && (strchr(")\",;<", rest.p[0]) != NULL || str_starts(rest, STR("=?")));
}

/* What begins at `s`, behind `before`, is an encoded word in its place. */
static bool
take_word(struct str before, struct str s, bool is_strict, struct word *out)
{
	return parse_word(s, out) && may_precede(before, is_strict) &&
	    may_follow(out->rest, is_strict);
}

static void
decode(struct buf *out, struct str cur, bool is_strict)
{
	struct decoder w = { .out = out, .is_strict = is_strict };
	bool is_after_word = false;
	size_t at = 0;

	buf_init(&w.bytes, TEXT_MAX);
	buf_init(&w.text, TEXT_MAX);
	while (at < cur.n) {
		size_t next = str_find(str_from(cur, at), STR("=?"));
		struct str before;
		struct word word;

		if (next == STR_NONE)
			break;
		before = str_head(cur, at + next);
		if (!take_word(before, str_from(cur, at + next), is_strict, &word)) {
			at += next + 2;
			continue;
		}
		if (!is_after_word || !is_blank(before))
			add_text(&w, before);
		add_word(&w, &word);
		is_after_word = true;
		cur = word.rest;
		at = 0;
	}
	add_text(&w, cur);
	end_words(&w);
	buf_release(&w.bytes);
	buf_release(&w.text);
}

static struct str
skip_all_spaces(struct str s)
{
	while (s.n > 0 && is_space(s.p[0]))
		s = str_from(s, 1);
	return s;
}

void
header_text_write(struct buf *out, struct str raw)
{
	decode(out, skip_all_spaces(raw), false);
}

/* Nothing in it has to be decoded or taken out. */
static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 32 || c >= 127 || (c == '=' && i + 1 < s.n && s.p[i + 1] == '?'))
			return false;
	}
	return true;
}

/* RFC 8621 4.1.2.2: unfolded first, then without the spaces in front. */
static struct str
skip_spaces(struct str s)
{
	for (;;) {
		size_t n = str_starts(s, STR("\r\n")) ? 2 : 1;

		if (s.n > 0 && s.p[0] == ' ')
			s = str_from(s, 1);
		else if (s.n > n && s.p[n - 1] == '\n' && is_space(s.p[n]))
			s = str_from(s, n);
		else
			return s;
	}
}

/* `raw` decoded, of which `s` is left behind what stands in front. */
static struct str
text_of(struct str raw, struct str s, bool is_strict, struct arena *a)
{
	struct buf b;

	if (is_plain(s))
		return s.p ? s : STR("");
	buf_init(&b, TEXT_MAX);
	decode(&b, s, is_strict);
	s = arena_str(a, buf_str(&b));
	buf_release(&b);
	return s.p ? s : raw;
}

struct str
header_text_strict(struct str raw, struct arena *a)
{
	return text_of(raw, skip_spaces(raw), true, a);
}

struct str
header_text(struct str raw, struct arena *a)
{
	return text_of(raw, skip_all_spaces(raw), false, a);
}

struct str
header_raw_utf8(struct str raw, struct arena *a)
{
	struct buf b;
	struct str s = raw, piece;

	if (utf8_is_valid(raw) && str_find_char(raw, '\0') == STR_NONE)
		return raw;
	buf_init(&b, TEXT_MAX);
	while (str_take_until(&s, '\0', &piece))
		utf8_write_valid(&b, piece);
	utf8_write_valid(&b, s);
	s = arena_str(a, buf_str(&b));
	buf_release(&b);
	return s.p ? s : STR("");
}
