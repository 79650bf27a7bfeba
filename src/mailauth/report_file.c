#include "mailauth/report_file.h"

/* rooms */
#include "codec/deflate.h"

/* A file's header in a zip (APPNOTE 4.3.7): signature, version, flags, method, time, date, CRC, sizes, lengths. */
enum {
	ZIP_HEADER_BYTES = 30,
	ZIP_FLAGS = 6,
	ZIP_METHOD = 8,
	ZIP_SIZE = 18,
	ZIP_NAME = 26,
	ZIP_EXTRA = 28
};
enum { ZIP_STORED = 0, ZIP_DEFLATED = 8 };
#define ZIP_ENCRYPTED 1u

static enum fail
inflate_all(struct str in, enum deflate_format format, struct buf *out)
{
	struct deflate_stream s;
	enum fail fail;

	inflate_start(&s, format);
	fail = inflate_feed(&s, &in, out);
	if (fail == FAIL_NONE && !s.has_ended)
		fail = FAIL_SYNTAX;
	deflate_release(&s);
	return fail;
}

/* A number of `n` bytes, the lowest first. */
static size_t
number(struct str s, size_t at, size_t n)
{
	size_t value = 0;

	while (n-- > 0)
		value = value << 8 | (unsigned char)s.p[at + n];
	return value;
}

static enum fail
read_zip(struct str zip, struct buf *out)
{
	while (zip.n >= ZIP_HEADER_BYTES && str_starts(zip, STR("PK\x03\x04"))) {
		size_t name_bytes = number(zip, ZIP_NAME, 2), method = number(zip, ZIP_METHOD, 2);
		size_t size = number(zip, ZIP_SIZE, 4);
		struct str name = str_slice(zip, ZIP_HEADER_BYTES, name_bytes);
		struct str data =
		    str_from(zip, ZIP_HEADER_BYTES + name_bytes + number(zip, ZIP_EXTRA, 2));

		if (number(zip, ZIP_FLAGS, 2) & ZIP_ENCRYPTED)
			return FAIL_SYNTAX;
		if (method == ZIP_DEFLATED)
			return inflate_all(data, DEFLATE_RAW, out);
		if (method != ZIP_STORED || size > data.n)
			return FAIL_SYNTAX;
		if (size > 0 || !str_ends(name, STR("/"))) {
			buf_add(out, str_head(data, size));
			return buf_ok(out) ? FAIL_NONE : FAIL_LIMIT;
		}
		zip = data; /* a folder */
	}
	return FAIL_SYNTAX;
}

enum fail
report_file_read(struct str file, struct buf *out)
{
	if (str_starts(file, STR("\x1f\x8b")))
		return inflate_all(file, DEFLATE_GZIP, out);
	if (str_starts(file, STR("PK\x03\x04")))
		return read_zip(file, out);
	buf_add(out, file);
	return buf_ok(out) ? FAIL_NONE : FAIL_LIMIT;
}

void
report_file_write(struct buf *out, struct str text)
{
	struct deflate_stream s;

	deflate_start(&s, DEFLATE_GZIP, false);
	if (deflate_feed(&s, &text, DEFLATE_END, out) != FAIL_NONE)
		out->overflow = true;
	deflate_release(&s);
}
