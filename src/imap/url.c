#include "imap/url.h"

/* rooms */
#include "codec/utf8.h"

/* enc-mailbox and enc-section: pct-encoded bytes become what they are (RFC 3986 2.1); NUL is not allowed */
static bool
decode(struct arena *arena, struct str text, struct str *out)
{
	char *p = arena_alloc(arena, text.n + 1, 1);
	size_t n = 0;

	if (!p)
		return false;
	while (text.n > 0) {
		struct str digits = str_slice(text, 1, 2);
		uint64_t byte = (unsigned char)text.p[0];

		if (text.p[0] != '%') {
			text = str_from(text, 1);
		} else {
			if (digits.n < 2 || !str_hex(&digits, 255, &byte) || digits.n > 0 ||
			    byte == 0)
				return false;
			text = str_from(text, 3);
		}
		p[n++] = (char)byte;
	}
	*out = str_of(p, n);
	return utf8_is_valid(*out);
}

/* ";NAME=" nz-number */
static bool
number(struct str *cur, struct str name, uint32_t *out)
{
	return str_skip_nocase(cur, name) && str_u32(cur, UINT32_MAX, out) && *out > 0;
}

/* uidvalidity = ";UIDVALIDITY=" nz-number, behind the mailbox */
static bool
mailbox_part(struct arena *arena, struct str *cur, struct imap_url *url)
{
	size_t end = 0;

	if (str_skip_char(cur, '/'))
		url->base = URL_ROOT;
	else
		url->base = URL_SIBLING;
	while (end < cur->n && cur->p[end] != ';')
		end++;
	if (end == 0) {
		url->base = URL_SELECTED;
		return true;
	}
	/* the slash before ";UID=" belongs to that */
	if (cur->p[end - 1] == '/')
		end--;
	if (!decode(arena, str_head(*cur, end), &url->mailbox) || url->mailbox.n == 0)
		return false;
	*cur = str_from(*cur, end);
	if (cur->n > 0 && cur->p[0] == ';' &&
	    !number(cur, STR(";UIDVALIDITY="), &url->uid_validity))
		return false;
	return str_skip_char(cur, '/');
}

/* isection = ";SECTION=" enc-section */
static bool
section_part(struct arena *arena, struct str *cur, struct imap_fetch_item *item)
{
	struct imap_cursor c = { .arena = arena };
	size_t end = 0;

	while (end < cur->n && cur->p[end] != ';' && cur->p[end] != '/')
		end++;
	if (!decode(arena, str_head(*cur, end), &c.at) || !imap_fetch_section(&c, item))
		return false;
	*cur = str_from(*cur, end);
	return true;
}

/* ipartial = ";PARTIAL=" number ["." nz-number] */
static bool
partial_part(struct str *cur, struct imap_fetch_item *item)
{
	item->has_partial = true;
	item->count = IMAP_PARTIAL_MAX;
	if (!str_u64(cur, IMAP_PARTIAL_MAX, &item->start))
		return false;
	return !str_skip_char(cur, '.') ||
	    (str_u64(cur, IMAP_PARTIAL_MAX, &item->count) && item->count > 0);
}

bool
imap_url_parse(struct arena *arena, struct str text, struct imap_url *out)
{
	struct imap_url url = { .item = { .kind = FETCH_BODY, .is_peek = true } };

	if (!mailbox_part(arena, &text, &url) || !number(&text, STR(";UID="), &url.uid))
		return false;
	if (str_skip_nocase(&text, STR("/;SECTION=")) && !section_part(arena, &text, &url.item))
		return false;
	if (str_skip_nocase(&text, STR("/;PARTIAL=")) && !partial_part(&text, &url.item))
		return false;
	*out = url;
	return text.n == 0;
}

void
imap_url_write(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c > ' ' && c < 0x7f && c != ']' && c != '\\') {
			buf_add_char(out, (char)c);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_hex(out, str_of(text.p + i, 1));
	}
}
