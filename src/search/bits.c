#include "search/bits.h"

/* system */
#include <string.h>

bool
bits_empty(const struct bits *b)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < CHUNK_WORDS; i++)
		any |= b->words[i];
	return any == 0;
}

unsigned
bits_count(const struct bits *b)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CHUNK_WORDS; i++)
		count += (unsigned)__builtin_popcountll(b->words[i]);
	return count;
}

bool
bits_equal(const struct bits *a, const struct bits *b)
{
	return memcmp(a->words, b->words, sizeof a->words) == 0;
}

void
bits_and(struct bits *b, const struct bits *other)
{
	for (unsigned i = 0; i < CHUNK_WORDS; i++)
		b->words[i] &= other->words[i];
}

void
bits_or(struct bits *b, const struct bits *other)
{
	for (unsigned i = 0; i < CHUNK_WORDS; i++)
		b->words[i] |= other->words[i];
}

unsigned
bits_next(const struct bits *b, unsigned from)
{
	for (unsigned i = from / 64; i < CHUNK_WORDS; i++) {
		uint64_t word = b->words[i];

		if (i == from / 64)
			word &= UINT64_MAX << from % 64;
		if (word != 0)
			return i * 64 + (unsigned)__builtin_ctzll(word);
	}
	return CHUNK_SIZE;
}

void
bits_write(struct buf *out, const struct bits *b)
{
	for (unsigned i = 0; i < CHUNK_SIZE; i += 8)
		buf_add_char(out, (char)(b->words[i / 64] >> i % 64 & 0xff));
}

bool
bits_read(struct str from, struct bits *out)
{
	*out = (struct bits){ { 0 } };
	if (from.n != CHUNK_SIZE / 8)
		return false;
	for (unsigned i = 0; i < CHUNK_SIZE; i += 8)
		out->words[i / 64] |= (uint64_t)(unsigned char)from.p[i / 8] << i % 64;
	return true;
}
