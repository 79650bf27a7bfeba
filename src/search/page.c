#include "search/page.h"

/* system */
#include <string.h>

/* rooms */
#include "search/grams.h"

#define LIST_MAX (CHUNK_SIZE / 8 - 1) /* bytes of a list; bits are shorter from there */

enum page_kind { PAGE_LIST, PAGE_BITS, PAGE_ALL };

/* --- bits --------------------------------------------------------------------------------------------------- */

bool
bits_empty(const struct bits *b)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < CHUNK_WORDS; i++)
		any |= b->words[i];
	return any == 0;
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

/* --- pages -------------------------------------------------------------------------------------------------- */

/* False, and nothing appended: it would be longer than the bits. */
static bool
list_write(struct buf *out, const struct bits *have)
{
	size_t mark = out->n;
	unsigned was = 0;

	for (unsigned bit = bits_next(have, 0); bit < CHUNK_SIZE; bit = bits_next(have, bit + 1)) {
		gram_varint_write(out, bit - was);
		was = bit;
		if (out->n - mark > LIST_MAX) {
			buf_truncate(out, mark);
			return false;
		}
	}
	return true;
}

static bool
list_read(struct str list, struct bits *out)
{
	uint32_t bit = 0, more;

	*out = (struct bits){ { 0 } };
	while (list.n > 0) {
		if (!gram_varint(&list, &more) || more >= CHUNK_SIZE - bit)
			return false;
		bit += more;
		bits_set(out, bit);
	}
	return true;
}

void
page_add(struct buf *page, uint32_t was, uint32_t gram, const struct bits *have,
    const struct bits *all)
{
	struct buf list;

	gram_varint_write(page, gram - was);
	if (bits_equal(have, all)) {
		gram_varint_write(page, PAGE_ALL);
		return;
	}
	buf_init(&list, LIST_MAX + 8);
	if (list_write(&list, have)) {
		gram_varint_write(page, (uint32_t)list.n << 2 | PAGE_LIST);
		buf_add(page, buf_str(&list));
	} else {
		gram_varint_write(page, (CHUNK_SIZE / 8) << 2 | PAGE_BITS);
		bits_write(page, have);
	}
	buf_release(&list);
}

bool
page_find(struct str page, uint32_t gram, const struct bits *all, struct bits *out)
{
	uint32_t at = 0, more, shape;

	*out = (struct bits){ { 0 } };
	while (page.n > 0) {
		if (!gram_varint(&page, &more) || !gram_varint(&page, &shape) ||
		    shape >> 2 > page.n || more > GRAM_END - at)
			return false;
		at += more;
		if (at > gram)
			return true;
		if (at == gram) {
			struct str content = str_head(page, shape >> 2);

			switch (shape & 3) {
			case PAGE_LIST: return list_read(content, out);
			case PAGE_BITS: return bits_read(content, out);
			case PAGE_ALL: *out = *all; return true;
			}
			return false;
		}
		page = str_from(page, shape >> 2);
	}
	return true;
}
