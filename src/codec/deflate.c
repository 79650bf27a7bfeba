#include "codec/deflate.h"

/* system */
#define ZLIB_CONST 1 /* input is const, as it should be */
#include <zlib.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

#define PIECE_BYTES  (16 * 1024) /* output asked for at a time */
#define INPUT_BYTES  (1u << 30)  /* zlib counts in unsigned int */
#define WINDOW_BYTES 32768       /* RFC 1951 3.2.5: no reference goes further back */

/* zlib's windowBits: the sign and 16 tell the wrapping. */
static int
window_bits(enum deflate_format format, int bits)
{
	switch (format) {
	case DEFLATE_RAW: return -bits;
	case DEFLATE_ZLIB: return bits;
	case DEFLATE_GZIP: return bits + 16;
	}
	return bits;
}

static void
deflate_open(struct deflate_stream *s)
{
	z_stream *z = mem_new(1, sizeof *z);
	int bits = window_bits(s->format, s->is_small ? 12 : 15);
	int ok = deflateInit2(z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, s->is_small ? 5 : 8,
	    Z_DEFAULT_STRATEGY);

	invariant(ok == Z_OK);
	s->z = z;
}

static void
inflate_open(struct deflate_stream *s)
{
	z_stream *z = mem_new(1, sizeof *z);
	int ok = inflateInit2(z, window_bits(s->format, 15));

	invariant(ok == Z_OK);
	s->z = z;
	if (s->history.n == 0)
		return;
	ok = inflateSetDictionary(z, (const Bytef *)buf_str(&s->history).p, (uInt)s->history.n);
	invariant(ok == Z_OK);
	buf_release(&s->history);
}

static void
close_z(struct deflate_stream *s)
{
	if (s->z && s->is_inflate)
		inflateEnd(s->z);
	else if (s->z)
		deflateEnd(s->z);
	mem_free(s->z);
	s->z = NULL;
}

void
deflate_start(struct deflate_stream *s, enum deflate_format format, bool is_small)
{
	*s = (struct deflate_stream){ .format = format, .is_small = is_small };
	deflate_open(s);
}

void
inflate_start(struct deflate_stream *s, enum deflate_format format)
{
	*s = (struct deflate_stream){ .format = format, .is_inflate = true };
	buf_init(&s->history, WINDOW_BYTES);
	inflate_open(s);
}

/* Between two blocks, with no bits of a byte left over: zlib.h, inflate(), data_type. */
static bool
at_boundary(const struct deflate_stream *s)
{
	const z_stream *z = s->z;

	return s->taken == 0 || (z->data_type & (128 | 64 | 7)) == 128;
}

bool
deflate_park(struct deflate_stream *s)
{
	uInt n = 0;
	char *to;

	if (s->z == NULL)
		return true;
	if (s->format != DEFLATE_RAW || s->has_ended)
		return false;
	if (s->is_inflate) {
		if (!at_boundary(s) || inflateGetDictionary(s->z, NULL, &n) != Z_OK)
			return false;
		to = n > 0 ? buf_room(&s->history, n) : NULL;
		if (to && inflateGetDictionary(s->z, (Bytef *)to, &n) == Z_OK)
			buf_grow(&s->history, n);
	}
	close_z(s);
	return true;
}

void
deflate_release(struct deflate_stream *s)
{
	close_z(s);
	buf_release(&s->history);
	*s = (struct deflate_stream){ 0 };
}

/* One call of the library, from *in to `out`; false when `out` has no room left. */
static bool
pump(struct deflate_stream *s, struct str *in, int flush, struct buf *out, int *result_out)
{
	z_stream *z = s->z;
	size_t room = size_min(out->max - out->n, PIECE_BYTES);
	size_t give = size_min(in->n, INPUT_BYTES);
	char *to = buf_ok(out) && room > 0 ? buf_room(out, room) : NULL;

	if (to == NULL)
		return false;
	z->next_in = give ? (const Bytef *)in->p : NULL;
	z->avail_in = (uInt)give;
	z->next_out = (Bytef *)to;
	z->avail_out = (uInt)room;
	*result_out = s->is_inflate ? inflate(z, flush) : deflate(z, flush);
	*in = str_from(*in, give - z->avail_in);
	buf_grow(out, room - z->avail_out);
	s->taken += give - z->avail_in;
	s->made += room - z->avail_out;
	return true;
}

enum fail
deflate_feed(struct deflate_stream *s, struct str *in, enum deflate_flush flush, struct buf *out)
{
	static const int flushes[] = { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH };
	const z_stream *z;
	int result;

	if (flush == DEFLATE_MORE && in->n == 0)
		return FAIL_NONE;
	if (s->z == NULL)
		deflate_open(s);
	z = s->z;
	for (;;) {
		/* a flush counts only once all input is in */
		bool is_all = in->n <= INPUT_BYTES;

		if (s->has_ended)
			return FAIL_NONE;
		if (!pump(s, in, is_all ? flushes[flush] : Z_NO_FLUSH, out, &result))
			return FAIL_LIMIT;
		s->has_ended = result == Z_STREAM_END;
		if (in->n == 0 && (z->avail_out > 0 || result == Z_BUF_ERROR) &&
		    (flush != DEFLATE_END || s->has_ended))
			return FAIL_NONE;
	}
}

enum fail
inflate_feed(struct deflate_stream *s, struct str *in, struct buf *out)
{
	const z_stream *z;
	int result;

	if (s->z == NULL && !s->has_ended)
		inflate_open(s);
	z = s->z;
	while (!s->has_ended) {
		if (!pump(s, in, Z_NO_FLUSH, out, &result))
			return FAIL_LIMIT;
		s->has_ended = result == Z_STREAM_END;
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return FAIL_SYNTAX;
		if (in->n == 0 && z->avail_out > 0)
			break;
	}
	return FAIL_NONE;
}
