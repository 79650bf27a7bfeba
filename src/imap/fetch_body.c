/* BODY[..] and BINARY[..] (RFC 9051 6.4.5): sections of a message and decoded parts, which leave piece by piece. */
#include "imap/fetch_content_inner.h"

/* rooms */
#include "message/header.h"
#include "message/section.h"
#include "message/text.h"

/* --- BODY[..] ------------------------------------------------------------------------------------ */

/* The bytes of the section; false when there is no such section. */
static bool
section_text(struct imap_content *c, const struct imap_fetch_item *item, struct str *out)
{
	const struct message *m;
	const struct part *p;
	struct range range;

	if (!imap_content_map(c))
		return false;
	*out = c->map.bytes;
	if (item->part.n == 0) {
		size_t header = header_size(c->map.bytes);

		if (item->section == SECTION_TEXT)
			*out = str_from(c->map.bytes, header);
		else if (item->section != SECTION_ALL)
			*out = str_head(c->map.bytes, header);
		return true;
	}
	m = imap_content_outline(c);
	p = m ? part_find(m, item->part) : NULL;
	if (!p || !section_range(m, p, false, item->section, &range))
		return false;
	*out = str_slice(c->map.bytes, (size_t)range.start, (size_t)range.n);
	return true;
}

static struct str
part_of(struct str text, const struct imap_fetch_item *item)
{
	if (!item->has_partial)
		return text;
	text = item->start < text.n ? str_from(text, (size_t)item->start) : STR("");
	return item->count < text.n ? str_head(text, (size_t)item->count) : text;
}

bool
imap_content_bytes(struct imap_content *c, const struct imap_fetch_item *item, struct str *out)
{
	if (!section_text(c, item, out))
		return false;
	if (item->section == SECTION_FIELDS || item->section == SECTION_FIELDS_NOT) {
		buf_clear(&c->piece);
		header_subset_write(&c->piece, *out, item->fields, item->field_count,
		    item->section == SECTION_FIELDS_NOT);
		*out = buf_str(&c->piece);
	}
	*out = part_of(*out, item);
	return buf_ok(&c->piece);
}

/* "{12}CRLF", and for nothing at all a quoted string */
static void
literal_begin(struct buf *out, uint64_t bytes, bool is_binary)
{
	if (bytes == 0) {
		buf_add_c(out, "\"\"");
		return;
	}
	buf_add_c(out, is_binary ? "~{" : "{");
	buf_add_u64(out, bytes);
	buf_add_c(out, "}\r\n");
}

/* HEADER.FIELDS: chosen fields, made in the piece behind the literal's marker. */
static void
fields_begin(struct imap_content *c, const struct imap_fetch_item *item, struct str header)
{
	struct buf fields;
	struct str text;

	buf_init(&fields, IMAP_CONTENT_PIECE_MAX);
	header_subset_write(&fields, header, item->fields, item->field_count,
	    item->section == SECTION_FIELDS_NOT);
	text = part_of(buf_str(&fields), item);
	literal_begin(&c->piece, text.n, false);
	buf_add(&c->piece, text);
	buf_release(&fields);
}

void
imap_body_begin(struct imap_content *c, const struct imap_fetch_item *item)
{
	struct str text;

	if (!section_text(c, item, &text)) {
		buf_add_c(&c->piece, "NIL");
		return;
	}
	if (item->section == SECTION_FIELDS || item->section == SECTION_FIELDS_NOT) {
		fields_begin(c, item, text);
		return;
	}
	c->left = part_of(text, item);
	literal_begin(&c->piece, c->left.n, false);
}

/* --- BINARY[..] ---------------------------------------------------------------------------------- */

/* The part, or NULL; its encoding can be undone. */
static const struct part *
binary_part(struct imap_content *c, const struct imap_fetch_item *item)
{
	const struct message *m = imap_content_whole(c);
	const struct part *p = m ? part_find(m, item->part) : NULL;

	if (!p || !body_is_unknown_encoding(p))
		return p;
	c->is_some_unknown = true;
	return NULL;
}

/* Only leaves are encoded; a multipart, a message, the whole are what they are. */
static bool
is_decoded(const struct part *p, const struct imap_fetch_item *item)
{
	return item->part.n > 0 && p->kind == PART_LEAF;
}

void
imap_binary_begin(struct imap_content *c, const struct imap_fetch_item *item)
{
	const struct part *p = binary_part(c, item);
	uint64_t size;

	if (!p) {
		buf_add_c(&c->piece, "NIL");
		return;
	}
	if (!is_decoded(p, item)) {
		c->left = part_of(item->part.n > 0 ? part_body(&c->parsed, p) : c->map.bytes, item);
		literal_begin(&c->piece, c->left.n, true);
		return;
	}
	size = body_decoded_size(&c->parsed, p);
	c->skip = item->has_partial ? item->start : 0;
	c->rest = c->skip < size ? size - c->skip : 0;
	if (item->has_partial && item->count < c->rest)
		c->rest = item->count;
	literal_begin(&c->piece, c->rest, true);
	if (c->rest > 0)
		c->reader = body_reader_new(&c->parsed, p, BODY_BYTES);
}

void
imap_binary_size_write(struct imap_content *c, const struct imap_fetch_item *item)
{
	const struct part *p = binary_part(c, item);
	uint64_t size = 0;

	if (p && is_decoded(p, item))
		size = body_decoded_size(&c->parsed, p);
	else if (p)
		size = item->part.n > 0 ? p->body.n : c->map.bytes.n;
	buf_add_u64(&c->piece, size);
}

/* Decode the next piece of the body into c->piece, without what lies outside the partial. */
static bool
binary_more(struct imap_content *c)
{
	bool has_more = body_read(c->reader, &c->piece);
	size_t skipped = c->skip < c->piece.n ? (size_t)c->skip : c->piece.n;

	buf_consume(&c->piece, skipped);
	c->skip -= skipped;
	if (c->piece.n > c->rest)
		buf_truncate(&c->piece, (size_t)c->rest);
	c->rest -= c->piece.n;
	if (c->rest == 0 || !has_more)
		body_reader_free(&c->reader);
	return c->rest == 0 || has_more; /* else it is shorter than was said */
}

/* --- piece by piece ------------------------------------------------------------------------------ */

enum imap_pump
imap_content_pump(struct imap_content *c)
{
	struct imap_session *s = c->session;

	if (!buf_ok(&c->piece))
		return PUMP_BROKEN;
	for (;;) {
		if (!imap_drain(s, &c->piece))
			return PUMP_MORE;
		if (c->left.n > 0) {
			struct str next = str_head(c->left, IMAP_PIECE_BYTES);

			if (conn_is_high(s->conn))
				return PUMP_MORE;
			buf_add(conn_out(s->conn), next);
			c->left = str_from(c->left, next.n);
		} else if (!c->reader) {
			return PUMP_DONE;
		} else if (!binary_more(c)) {
			return PUMP_BROKEN;
		}
	}
}
