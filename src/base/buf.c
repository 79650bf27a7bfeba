#include "base/buf.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

#define BUF_FIRST_BYTES 256 /* smallest allocation: most replies and lines fit */
#define BUF_KEEP_BYTES  512 /* an emptied buffer larger than this gives its memory back */

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_init_secret(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max, .is_secret = true };
}

void
buf_release(struct buf *b)
{
	if (b->is_secret && b->p)
		mem_wipe(b->p, b->cap);
	mem_free(b->p);
	*b = (struct buf){ .max = b->max, .is_secret = b->is_secret };
}

struct str
buf_take(struct buf *b)
{
	struct str taken;

	if (b->start > 0)
		memmove(b->p, b->p + b->start, b->n);
	taken = (struct str){ b->p, b->n };
	*b = (struct buf){ .max = b->max, .is_secret = b->is_secret };
	return taken;
}

void
buf_clear(struct buf *b)
{
	b->start = 0;
	b->n = 0;
	b->overflow = false;
}

/* The content, which begins the memory, in more of it. */
static void
move(struct buf *b, size_t cap)
{
	char *p;

	if (!b->is_secret) {
		b->p = mem_resize(b->p, cap, 1);
	} else {
		p = mem_new(cap, 1);
		if (b->p) {
			memcpy(p, b->p, b->n);
			mem_wipe(b->p, b->cap);
		}
		mem_free(b->p);
		b->p = p;
	}
	b->cap = cap;
}

char *
buf_room(struct buf *b, size_t n)
{
	size_t need, cap;

	if (!size_add(b->n, n, &need) || need > b->max)
		return NULL;
	if (b->start + need <= b->cap)
		return b->p + b->start + b->n;
	if (b->start > 0) {
		memmove(b->p, b->p + b->start, b->n);
		b->start = 0;
		if (need <= b->cap)
			return b->p + b->n;
	}
	cap = size_max(b->cap, BUF_FIRST_BYTES);
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	cap = size_max(need, size_min(cap, b->max));
	move(b, cap);
	return b->p + b->n;
}

void
buf_grow(struct buf *b, size_t n)
{
	invariant(n <= b->cap - b->start - b->n);
	b->n += n;
}

char *
buf_extend(struct buf *b, size_t n)
{
	char *room = b->overflow ? NULL : buf_room(b, n);

	if (room)
		b->n += n;
	else
		b->overflow = true;
	return room;
}

void
buf_add(struct buf *b, struct str s)
{
	char *room = s.n > 0 ? buf_extend(b, s.n) : NULL;

	if (room)
		memcpy(room, s.p, s.n);
}

void
buf_add_char(struct buf *b, char c)
{
	if (b->start + b->n < b->cap && b->n < b->max && !b->overflow)
		b->p[b->start + b->n++] = c;
	else
		buf_add(b, str_of(&c, 1));
}

void
buf_add_again(struct buf *b, size_t from, size_t n)
{
	invariant(n <= b->n && from <= b->n - n);
	if (buf_room(b, n) == NULL)
		b->overflow = true;
	else
		buf_add(b, str_of(b->p + b->start + from, n));
}

void
buf_add_c(struct buf *b, const char *c)
{
	buf_add(b, str_c(c));
}

void
buf_add_u64_padded(struct buf *b, uint64_t n, unsigned width)
{
	char digits[20];
	size_t at = sizeof digits;

	invariant(width <= sizeof digits);
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	while (sizeof digits - at < width)
		digits[--at] = '0';
	buf_add(b, str_of(digits + at, sizeof digits - at));
}

void
buf_add_u64(struct buf *b, uint64_t n)
{
	buf_add_u64_padded(b, n, 1);
}

void
buf_add_i64(struct buf *b, int64_t n)
{
	if (n < 0)
		buf_add_char(b, '-');
	buf_add_u64(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void
buf_add_hex(struct buf *b, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		buf_add_char(b, char_hex(c >> 4));
		buf_add_char(b, char_hex(c));
	}
}

void
buf_add_escape(struct buf *b, char mark, char c)
{
	char text[3] = { mark, char_hex_upper((unsigned char)c >> 4),
		char_hex_upper((unsigned char)c) };

	buf_add(b, str_of(text, sizeof(text)));
}

void
buf_drop(struct buf *b, size_t n)
{
	invariant(n <= b->n);
	b->start = n < b->n ? b->start + n : 0;
	b->n -= n;
}

void
buf_consume(struct buf *b, size_t n)
{
	buf_drop(b, n);
	if (b->n == 0 && b->cap > BUF_KEEP_BYTES) {
		bool overflow = b->overflow;

		buf_release(b);
		b->overflow = overflow;
	}
}

void
buf_truncate(struct buf *b, size_t n)
{
	b->n = size_min(b->n, n);
}

void
buf_rewind(struct buf *b, size_t n)
{
	buf_truncate(b, n);
	b->overflow = false;
}

const char *
buf_c(struct buf *b)
{
	size_t max = b->max;
	char *end;

	b->max = size_max(max, b->n + 1);
	end = buf_room(b, 1);
	b->max = max;
	*end = '\0';
	return b->p + b->start;
}
