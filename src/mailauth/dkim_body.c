#include "mailauth/dkim_body.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

enum fail
dkim_body_want(struct dkim_body *b, uint64_t length)
{
	for (size_t i = 0; i < b->length_count; i++) {
		if (b->lengths[i].length == length)
			return FAIL_NONE;
	}
	if (b->length_count == DKIM_LENGTHS_MAX)
		return FAIL_LIMIT;
	if (b->length_count == 0)
		hash_init(&b->hash, HASH_SHA256);
	b->lengths[b->length_count++] = (struct dkim_length){ .length = length };
	return FAIL_NONE;
}

static void
take_digest(const struct dkim_body *b, struct dkim_length *length)
{
	length->is_known = true;
	hash_get(&b->hash, length->digest);
}

/* Hash what is canonical, and take the digest of each length that is reached. */
static void
hash_piece(struct dkim_body *b, struct str piece)
{
	while (piece.n > 0) {
		uint64_t n = piece.n;

		for (size_t i = 0; i < b->length_count; i++) {
			struct dkim_length *length = &b->lengths[i];

			if (length->is_known)
				continue;
			if (length->length == b->bytes)
				take_digest(b, length);
			else if (length->length - b->bytes < n)
				n = length->length - b->bytes;
		}
		hash_add(&b->hash, str_head(piece, (size_t)n));
		b->bytes += n;
		piece = str_from(piece, (size_t)n);
	}
}

static void
flush_stage(struct dkim_body *b)
{
	hash_piece(b, str_of(b->stage, b->staged));
	b->staged = 0;
}

static void
put(struct dkim_body *b, char c)
{
	if (b->staged == sizeof b->stage)
		flush_stage(b);
	b->stage[b->staged++] = c;
}

/* What was held back counts, because something follows. */
static void
put_held(struct dkim_body *b)
{
	for (; b->line_ends > 0; b->line_ends--) {
		put(b, '\r');
		put(b, '\n');
	}
	if (b->has_blank)
		put(b, ' ');
	b->has_blank = false;
}

static void
put_text(struct dkim_body *b, struct str text)
{
	if (text.n == 0)
		return;
	put_held(b);
	if (text.n <= sizeof b->stage - b->staged) {
		memcpy(b->stage + b->staged, text.p, text.n);
		b->staged += text.n;
		return;
	}
	flush_stage(b);
	hash_piece(b, text);
}

static void
end_line(struct dkim_body *b)
{
	b->has_blank = false;
	b->line_ends++;
}

/* A part of a line, without CR: runs of blanks become one, and none at its end (RFC 6376 3.4.4). */
static void
put_relaxed(struct dkim_body *b, struct str text)
{
	size_t i = 0, begin;

	while (i < text.n) {
		while (i < text.n && char_is_space(text.p[i])) {
			b->has_blank = true;
			i++;
		}
		begin = i;
		while (i < text.n && !char_is_space(text.p[i]))
			i++;
		put_text(b, str_slice(text, begin, i - begin));
	}
}

void
dkim_body_add(struct dkim_body *b, struct str piece)
{
	struct str text;

	if (b->length_count == 0)
		return;
	while (piece.n > 0) {
		if (b->has_cr) {
			b->has_cr = false;
			if (str_skip_char(&piece, '\n')) {
				end_line(b);
				continue;
			}
			put_text(b, STR("\r"));
		}
		if (str_take_until(&piece, '\r', &text)) {
			b->has_cr = true;
		} else {
			text = piece;
			piece = str_from(piece, piece.n);
		}
		if (b->canon == DKIM_RELAXED)
			put_relaxed(b, text);
		else
			put_text(b, text);
	}
}

/* The empty lines at the end are one CRLF; nothing at all stays nothing, or becomes CRLF when simple (3.4.3, 3.4.4). */
void
dkim_body_end(struct dkim_body *b)
{
	if (b->length_count == 0)
		return;
	if (b->has_cr)
		put_text(b, STR("\r"));
	flush_stage(b);
	if (b->bytes > 0 || b->canon == DKIM_SIMPLE)
		hash_piece(b, STR("\r\n"));
	for (size_t i = 0; i < b->length_count; i++) {
		struct dkim_length *length = &b->lengths[i];

		if (!length->is_known &&
		    (length->length == b->bytes || length->length == DKIM_LENGTH_ALL))
			take_digest(b, length);
	}
}

const unsigned char *
dkim_body_digest(const struct dkim_body *b, uint64_t length)
{
	for (size_t i = 0; i < b->length_count; i++) {
		if (b->lengths[i].length == length && b->lengths[i].is_known)
			return b->lengths[i].digest;
	}
	return NULL;
}
