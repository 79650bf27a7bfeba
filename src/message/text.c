#include "message/text.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "codec/qp.h"
#include "codec/uu.h"
#include "message/charset.h"
#include "message/html.h"
#include "message/mime.h"

#define PIECE_MAX (8 * BODY_PIECE_BYTES) /* what one piece can become in each stage */

/*
 * Stages, each a stream: transfer encoding -> charset -> line ends -> HTML. A body that needs no
 * decoding skips the stages it does not need.
 */
struct body_reader {
	struct str rest; /* borrow: the message's */
	enum encoding encoding;
	enum body_mode mode;
	bool is_html;
	bool has_problem;
	bool had_cr; /* the last piece of text ended in CR */
	bool is_ended;
	struct base64_decoder base64;
	struct qp_decoder qp;
	struct uu_decoder uu;
	struct charset_decoder charset;
	struct html_text html;
	struct buf bytes, text; /* between the stages */
};

bool
body_is_unknown_encoding(const struct part *p)
{
	return p->kind == PART_LEAF && p->encoding == ENCODING_UNKNOWN;
}

void
body_reader_renew(struct body_reader *r, const struct message *m, const struct part *p,
    enum body_mode mode)
{
	const struct charset *charset = charset_find(part_charset(p));
	struct buf bytes = r->bytes, text = r->text;

	*r = (struct body_reader){ .rest = part_body(m, p),
		.mode = mode,
		.bytes = bytes,
		.text = text };
	/* Containers have no encoding of their own (RFC 2045 6.4). */
	r->encoding = p->kind == PART_LEAF ? p->encoding : ENCODING_7BIT;
	r->is_html = mode == BODY_PLAIN && part_is(p, STR("text"), STR("html"));
	r->has_problem = r->encoding == ENCODING_UNKNOWN;
	r->has_problem |= mode != BODY_BYTES && charset == NULL;
	charset_decoder_init(&r->charset, charset ? charset : charset_guess());
	html_text_init(&r->html);
}

struct body_reader *
body_reader_new(const struct message *m, const struct part *p, enum body_mode mode)
{
	struct body_reader *r = mem_new(1, sizeof *r);

	buf_init(&r->bytes, PIECE_MAX);
	buf_init(&r->text, PIECE_MAX);
	body_reader_renew(r, m, p, mode);
	return r;
}

void
body_reader_free(struct body_reader **r)
{
	if (*r == NULL)
		return;
	buf_release(&(*r)->bytes);
	buf_release(&(*r)->text);
	mem_free(*r);
	*r = NULL;
}

static bool
is_encoded(const struct body_reader *r)
{
	return r->encoding != ENCODING_7BIT && r->encoding != ENCODING_UNKNOWN;
}

static void
decode_piece(struct body_reader *r, struct str piece, struct buf *out)
{
	switch (r->encoding) {
	case ENCODING_BASE64: base64_decoder_feed(&r->base64, piece, out); break;
	case ENCODING_QUOTED_PRINTABLE: qp_decoder_feed(&r->qp, piece, out); break;
	case ENCODING_UUENCODE: uu_decoder_feed(&r->uu, piece, out); break;
	case ENCODING_7BIT:
	case ENCODING_UNKNOWN:
	case ENCODING_COUNT: buf_add(out, piece); break;
	}
}

static void
decode_end(struct body_reader *r, struct buf *out)
{
	if (r->encoding == ENCODING_BASE64)
		base64_decoder_end(&r->base64, out);
	else if (r->encoding == ENCODING_QUOTED_PRINTABLE)
		qp_decoder_end(&r->qp, out);
	else if (r->encoding == ENCODING_UUENCODE)
		uu_decoder_end(&r->uu, out);
	r->has_problem |= r->base64.is_damaged || r->qp.is_damaged;
	r->has_problem |= r->encoding == ENCODING_UUENCODE && r->uu.state == UU_BEFORE;
}

/* CRLF becomes LF; a CR alone stays. */
static void
add_lines(struct body_reader *r, struct str s, struct buf *out)
{
	if (s.n == 0)
		return;
	if (r->had_cr && s.p[0] != '\n')
		buf_add_char(out, '\r');
	r->had_cr = s.p[s.n - 1] == '\r';
	if (r->had_cr)
		s.n--;
	while (s.n > 0) {
		size_t cr = str_find(s, STR("\r\n"));

		buf_add(out, str_head(s, cr));
		s = str_from(s, cr == STR_NONE ? s.n : cr + 1);
	}
}

static void
add_text(struct body_reader *r, struct str utf8, struct buf *out)
{
	struct buf *to = r->is_html ? &r->bytes : out;

	if (r->is_html)
		buf_clear(&r->bytes);
	add_lines(r, utf8, to);
	if (r->is_html)
		html_text_read(&r->html, buf_str(to), out);
}

bool
body_read(struct body_reader *r, struct buf *out)
{
	struct str piece = str_head(r->rest, BODY_PIECE_BYTES);

	if (r->is_ended)
		return false;
	r->rest = str_from(r->rest, piece.n);
	r->is_ended = r->rest.n == 0;
	if (r->mode == BODY_BYTES) {
		decode_piece(r, piece, out);
		if (r->is_ended)
			decode_end(r, out);
		return true;
	}
	buf_clear(&r->bytes);
	buf_clear(&r->text);
	if (is_encoded(r))
		decode_piece(r, piece, &r->bytes);
	if (r->is_ended)
		decode_end(r, &r->bytes);
	charset_decode(&r->charset, is_encoded(r) ? buf_str(&r->bytes) : piece, &r->text);
	if (r->is_ended)
		charset_decode_end(&r->charset, &r->text);
	add_text(r, buf_str(&r->text), out);
	if (r->is_ended && r->had_cr)
		buf_add_char(out, '\r');
	if (r->is_ended && r->is_html)
		html_text_end(&r->html, out);
	return true;
}

bool
body_has_problem(const struct body_reader *r)
{
	return r->has_problem || r->charset.bad > 0;
}

uint64_t
body_decoded_size(const struct message *m, const struct part *p)
{
	struct body_reader *r;
	struct buf piece;
	uint64_t size = 0;

	if (p->decoded_size != PART_SIZE_UNKNOWN)
		return p->decoded_size;
	if (p->kind != PART_LEAF || p->encoding == ENCODING_7BIT || p->encoding == ENCODING_UNKNOWN)
		return p->body.n;
	r = body_reader_new(m, p, BODY_BYTES);
	buf_init(&piece, PIECE_MAX);
	while (body_read(r, &piece)) {
		size += piece.n;
		buf_clear(&piece);
	}
	buf_release(&piece);
	body_reader_free(&r);
	return size;
}
