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
key_u32(struct key *k, uint32_t n)
{
	char b[4];

	for (int i = 0; i < 4; i++)
		b[i] = (char)(n >> (24 - 8 * i) & 0xff);
	add(k, b, sizeof b);
}

void
key_u64(struct key *k, uint64_t n)
{
	key_u32(k, (uint32_t)(n >> 32));
	key_u32(k, (uint32_t)(n & UINT32_MAX));
}

void
key_i64(struct key *k, int64_t n)
{
	key_u64(k, (uint64_t)n ^ (UINT64_C(1) << 63));
}

void
key_char(struct key *k, char c)
{
	add(k, &c, 1);
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

uint32_t
key_read_u32(struct key_reader *r)
{
	struct str part = take(r, 4);
	uint32_t n = 0;

	for (size_t i = 0; i < part.n; i++)
		n = n << 8 | (unsigned char)part.p[i];
	return n;
}

uint64_t
key_read_u64(struct key_reader *r)
{
	uint64_t high = key_read_u32(r), low = key_read_u32(r);

	return r->is_bad ? 0 : high << 32 | low;
}

int64_t
key_read_i64(struct key_reader *r)
{
	uint64_t n = key_read_u64(r);

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
