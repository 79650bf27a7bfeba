#include "codec/der.h"

#define LENGTH_BYTES_MAX 3 /* 16 MB: no certificate or key comes near */

/* length: one byte under 128, else 0x81..0x83 and as many bytes, without leading zeros */
static bool
take_length(struct str *cur, size_t *out)
{
	struct str rest = *cur, bytes;
	size_t n, count;

	if (!str_take(&rest, 1, &bytes))
		return false;
	n = (unsigned char)bytes.p[0];
	if (n >= 0x80) {
		count = n & 0x7f;
		if (count == 0 || count > LENGTH_BYTES_MAX || !str_take(&rest, count, &bytes) ||
		    bytes.p[0] == 0)
			return false;
		n = 0;
		for (size_t i = 0; i < count; i++)
			n = n << 8 | (unsigned char)bytes.p[i];
		if (n < 0x80)
			return false;
	}
	*out = n;
	*cur = rest;
	return true;
}

bool
der_next(struct str *cur, uint8_t *tag_out, struct str *content_out)
{
	struct str rest = *cur, tag;
	size_t n;

	if (!str_take(&rest, 1, &tag) || (tag.p[0] & 0x1f) == 0x1f || !take_length(&rest, &n) ||
	    !str_take(&rest, n, content_out))
		return false;
	*tag_out = (uint8_t)tag.p[0];
	*cur = rest;
	return true;
}

bool
der_take(struct str *cur, uint8_t tag, struct str *content_out)
{
	struct str rest = *cur, content;
	uint8_t got;

	if (!der_next(&rest, &got, &content) || got != tag)
		return false;
	*content_out = content;
	*cur = rest;
	return true;
}

bool
der_unsigned(struct str *cur, struct str *bytes_out)
{
	struct str rest = *cur, bytes;

	if (!der_take(&rest, DER_INTEGER, &bytes) || bytes.n == 0 || (bytes.p[0] & 0x80))
		return false;
	if (bytes.p[0] == 0 && bytes.n > 1)
		bytes = str_from(bytes, 1);
	*bytes_out = bytes;
	*cur = rest;
	return true;
}

void
der_write(struct buf *out, uint8_t tag, struct str content)
{
	unsigned count = content.n < 0x80 ? 0 : content.n < 0x100 ? 1 : content.n < 0x10000 ? 2 : 3;

	buf_add_char(out, (char)tag);
	if (count == 0)
		buf_add_char(out, (char)content.n);
	else
		buf_add_char(out, (char)(0x80 | count));
	while (count-- > 0)
		buf_add_char(out, (char)(content.n >> (8 * count)));
	buf_add(out, content);
}

void
der_write_unsigned(struct buf *out, struct str bytes)
{
	struct buf content;

	buf_init_secret(&content, bytes.n + 1); /* it may be of a key */
	if (bytes.n == 0 || (bytes.p[0] & 0x80))
		buf_add_char(&content, '\0');
	buf_add(&content, bytes);
	der_write(out, DER_INTEGER, buf_str(&content));
	buf_release(&content);
}
