/*
 * memory.h - moving and comparing bytes, as memory.c gives them to the programs in place of the C library's.
 *
 * All that a step reads is read before it writes, so a move is right whichever way the two overlap. Both want an
 * unaligned word to be read as fast as any, and its low byte to come first.
 */
#ifndef VENDOR_MEMORY_H
#define VENDOR_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(__aarch64__)

#define MEMORY_IS_OURS 1

#define BLOCK 16 /* bytes that go at once */
#define STEP  (4 * BLOCK)

struct block {
	unsigned char bytes[BLOCK];
};
struct step {
	struct block blocks[4];
};

#define GET_PUT(type, name) \
	static inline type name##_get(const void *from) \
	{ \
		type value; \
\
		__builtin_memcpy(&value, from, sizeof(value)); \
		return value; \
	} \
	static inline void name##_put(void *to, type value) \
	{ \
		__builtin_memcpy(to, &value, sizeof(value)); \
	}

GET_PUT(uint32_t, four)
GET_PUT(uint64_t, eight)
GET_PUT(struct block, block)

/* --- moving ---------------------------------------------------------------------------------------------- */

static inline struct step
step_get(const char *from)
{
	return (struct step){ { block_get(from), block_get(from + BLOCK),
	    block_get(from + 2 * BLOCK), block_get(from + 3 * BLOCK) } };
}

static inline void
step_put(char *to, struct step s)
{
	block_put(to, s.blocks[0]);
	block_put(to + BLOCK, s.blocks[1]);
	block_put(to + 2 * BLOCK, s.blocks[2]);
	block_put(to + 3 * BLOCK, s.blocks[3]);
}

/* Less than a block: from both ends, which may overlap. */
static inline void
move_little(char *to, const char *from, size_t n)
{
	if (n >= 8) {
		uint64_t first = eight_get(from), last = eight_get(from + n - 8);

		eight_put(to, first);
		eight_put(to + n - 8, last);
	} else if (n >= 4) {
		uint32_t first = four_get(from), last = four_get(from + n - 4);

		four_put(to, first);
		four_put(to + n - 4, last);
	} else if (n > 0) {
		char first = from[0], middle = from[n / 2], last = from[n - 1];

		to[0] = first;
		to[n / 2] = middle;
		to[n - 1] = last;
	}
}

/* A block, up to a step. */
static inline void
move_some(char *to, const char *from, size_t n)
{
	size_t half = n > 2 * BLOCK ? BLOCK : 0;
	struct block first = block_get(from), second = block_get(from + half);
	struct block third = block_get(from + n - BLOCK - half), last = block_get(from + n - BLOCK);

	block_put(to, first);
	block_put(to + half, second);
	block_put(to + n - BLOCK - half, third);
	block_put(to + n - BLOCK, last);
}

/* More than a step: the last one, which need not begin where one ends, is read first and written last. */
static inline void
move_up(char *to, const char *from, size_t n)
{
	struct step last = step_get(from + n - STEP);

	for (size_t i = 0; i < n - STEP; i += STEP)
		step_put(to + i, step_get(from + i));
	step_put(to + n - STEP, last);
}

/* The same from the end. */
static inline void
move_down(char *to, const char *from, size_t n)
{
	struct step first = step_get(from);

	for (size_t i = n; i > STEP; i -= STEP)
		step_put(to + i - STEP, step_get(from + i - STEP));
	step_put(to, first);
}

static inline __attribute__((always_inline)) void /* a call costs as much as most moves */
memory_move(char *to, const char *from, size_t n)
{
	if (n < BLOCK)
		move_little(to, from, n);
	else if (n <= STEP)
		move_some(to, from, n);
	else if ((uintptr_t)to - (uintptr_t)from >= n)
		move_up(to, from, n);
	else
		move_down(to, from, n);
}

/* --- comparing ------------------------------------------------------------------------------------------- */

static inline int
order_of(uint64_t a, uint64_t b)
{
	return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
}

static inline int
memory_compare(const unsigned char *p, const unsigned char *q, size_t n)
{
	uint64_t x, y;

	for (size_t i = 0; n >= 8 && i < n; i += 8) {
		if (i > n - 8)
			i = n - 8; /* the last eight, some of which are known */
		x = eight_get(p + i);
		y = eight_get(q + i);
		if (x != y)
			return order_of(x, y);
	}
	for (size_t i = 0; n < 8 && i < n; i++)
		if (p[i] != q[i])
			return p[i] < q[i] ? -1 : 1;
	return 0;
}

#endif

#endif
