#include "store/record.h"

#define VARINT_BYTES_MAX 10

static void
add_varint(struct buf *b, uint64_t n)
{
	char bytes[VARINT_BYTES_MAX];
	size_t count = 0;

	while (n >= 0x80) {
		bytes[count++] = (char)((n & 0x7f) | 0x80);
		n >>= 7;
	}
	bytes[count++] = (char)n;
	buf_add(b, str_of(bytes, count));
}

void
record_begin(struct buf *b, uint32_t version)
{
	add_varint(b, version);
}

void
record_add_u64(struct buf *b, uint64_t n)
{
	add_varint(b, n);
}

/* Zigzag: 0, -1, 1, -2 .. become 0, 1, 2, 3 .. */
void
record_add_i64(struct buf *b, int64_t n)
{
	uint64_t sign = n < 0 ? UINT64_MAX : 0;

	add_varint(b, (uint64_t)n << 1 ^ sign);
}

void
record_add_bool(struct buf *b, bool is_set)
{
	buf_add_char(b, is_set ? '\1' : '\0');
}

void
record_add_bytes(struct buf *b, struct str s)
{
	add_varint(b, s.n);
	buf_add(b, s);
}

/* --- reading ------------------------------------------------------------------------------- */

static uint64_t
bad(struct record *r)
{
	r->is_bad = true;
	r->rest = (struct str){ 0 };
	return 0;
}

static uint64_t
take_varint(struct record *r)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < r->rest.n && i < VARINT_BYTES_MAX; i++) {
		uint64_t byte = (unsigned char)r->rest.p[i];

		if (i == VARINT_BYTES_MAX - 1 && byte > 1)
			return bad(r); /* more than 64 bits */
		n |= (byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			r->rest = str_from(r->rest, i + 1);
			return n;
		}
	}
	return bad(r);
}

void
record_read(struct record *r, struct str value)
{
	*r = (struct record){ .rest = value };
	r->version = record_u32(r);
}

uint64_t
record_u64(struct record *r)
{
	return take_varint(r);
}

uint32_t
record_u32(struct record *r)
{
	uint64_t n = take_varint(r);

	return n > UINT32_MAX ? (uint32_t)bad(r) : (uint32_t)n;
}

int64_t
record_i64(struct record *r)
{
	uint64_t n = take_varint(r);
	uint64_t sign = n & 1 ? UINT64_MAX : 0;

	return (int64_t)(n >> 1 ^ sign);
}

bool
record_bool(struct record *r)
{
	uint64_t n = take_varint(r);

	return n > 1 ? bad(r) != 0 : n == 1;
}

struct str
record_bytes(struct record *r)
{
	uint64_t n = take_varint(r);
	struct str s = { 0 };

	if (n > r->rest.n || !str_take(&r->rest, (size_t)n, &s))
		bad(r);
	return s;
}
