/*
 * num.h - arithmetic on sizes that tells when it does not fit.
 *
 * Lengths, counts, offsets and times that a peer or a file can influence go through these. Each
 * returns true and sets *out when the result fits, else false and leaves *out alone.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"

MUST_CHECK static inline bool
size_add(size_t a, size_t b, size_t *out)
{
	size_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*out = sum;
	return true;
}

MUST_CHECK static inline bool
size_mul(size_t a, size_t b, size_t *out)
{
	size_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return false;
	*out = product;
	return true;
}

MUST_CHECK static inline bool
u64_add(uint64_t a, uint64_t b, uint64_t *out)
{
	uint64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*out = sum;
	return true;
}

MUST_CHECK static inline bool
i64_add(int64_t a, int64_t b, int64_t *out)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*out = sum;
	return true;
}

/* Narrowing by name: the value, or the largest that fits. */
static inline uint32_t
u32_clamp(uint64_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static inline size_t
size_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t
size_max(size_t a, size_t b)
{
	return a > b ? a : b;
}

static inline uint64_t
u64_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline int64_t
i64_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t
i64_max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

#endif
