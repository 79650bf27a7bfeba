#include "store/key.h"

/* system */
#include <string.h>

static void
add(struct key *k, const void *p, size_t n)
{
	if (n > STORE_KEY_MAX - (k->n > STORE_KEY_MAX ? STORE_KEY_MAX : k->n)) {
		k->n = STORE_KEY_MAX + 1;
		return;
	}
	if (n > 0)
		memcpy(k->bytes + k->n, p, n);
	k->n += n;
}

void
key_init(struct key *k, char space)
{
	k->bytes[0] = space;
	k->n = 1;
}

void
key_char(struct key *k, char c)
{
	add(k, &c, 1);
}

static void
add_bytes(struct key *k, uint64_t n, size_t count)
{
	char b[8];

	for (size_t i = 0; i < count; i++)
		b[i] = (char)(n >> (8 * (count - 1 - i)) & 0xff);
	add(k, b, count);
}

void
key_u64(struct key *k, uint64_t n)
{
	size_t count = 0;

	for (uint64_t rest = n; rest > 0; rest >>= 8)
		count++;
	key_char(k, (char)count);
	add_bytes(k, n, count);
}

void
key_u32(struct key *k, uint32_t n)
{
	key_u64(k, n);
}

void
key_i64(struct key *k, int64_t n)
{
	add_bytes(k, (uint64_t)n ^ (UINT64_C(1) << 63), 8);
}

void
key_bytes(struct key *k, struct str s)
{
	struct str part;

	while (str_take_until(&s, '\0', &part)) {
		add(k, part.p, part.n);
		add(k, "\x00\xff", 2);
	}
	add(k, s.p, s.n);
	add(k, "\x00\x01", 2);
}

void
key_rest(struct key *k, struct str s)
{
	add(k, s.p, s.n);
}

void
key_cut(struct key *k, size_t n)
{
	if (n < k->n)
		k->n = n;
}

void
key_end(struct key *k)
{
	if (k->n > STORE_KEY_MAX)
		return;
	while (k->n > 0 && (unsigned char)k->bytes[k->n - 1] == 0xff)
		k->n--;
	if (k->n > 0)
		k->bytes[k->n - 1] = (char)((unsigned char)k->bytes[k->n - 1] + 1);
}

/* --- reading ------------------------------------------------------------------------------- */

void
key_read(struct key_reader *r, struct str key)
{
	*r = (struct key_reader){ .rest = key };
}

static struct str
take(struct key_reader *r, size_t n)
{
	struct str part = { 0 };

	if (r->is_bad || !str_take(&r->rest, n, &part)) {
		r->is_bad = true;
		return (struct str){ 0 };
	}
	return part;
}

char
key_read_char(struct key_reader *r)
{
	struct str part = take(r, 1);

	return part.n ? part.p[0] : '\0';
}

static uint64_t
take_bytes(struct key_reader *r, size_t count)
{
	struct str part = take(r, count);
	uint64_t n = 0;

	for (size_t i = 0; i < part.n; i++)
		n = n << 8 | (unsigned char)part.p[i];
	return n;
}

/* Strict: a number has one form, without zeros in front. */
static uint64_t
take_number(struct key_reader *r, size_t max)
{
	size_t count = (unsigned char)key_read_char(r);
	uint64_t n = 0;

	if (count == 0)
		return 0;
	if (count <= max)
		n = take_bytes(r, count);
	if (count > max || n >> (8 * (count - 1)) == 0)
		r->is_bad = true;
	return r->is_bad ? 0 : n;
}

uint32_t
key_read_u32(struct key_reader *r)
{
	return (uint32_t)take_number(r, sizeof(uint32_t));
}

uint64_t
key_read_u64(struct key_reader *r)
{
	return take_number(r, sizeof(uint64_t));
}

int64_t
key_read_i64(struct key_reader *r)
{
	uint64_t n = take_bytes(r, 8);

	return r->is_bad ? 0 : (int64_t)(n ^ (UINT64_C(1) << 63));
}

void
key_read_bytes(struct key_reader *r, struct buf *out)
{
	struct str part, mark;

	while (!r->is_bad) {
		if (!str_take_until(&r->rest, '\0', &part) || !str_take(&r->rest, 1, &mark)) {
			r->is_bad = true;
			return;
		}
		buf_add(out, part);
		if (mark.p[0] == '\x01')
			return;
		if ((unsigned char)mark.p[0] != 0xff)
			r->is_bad = true;
		else
			buf_add_char(out, '\0');
	}
}

struct str
key_read_rest(struct key_reader *r)
{
	return take(r, r->rest.n);
}

bool
key_read_done(const struct key_reader *r)
{
	return !r->is_bad && r->rest.n == 0;
}
