#include "search/page.h"

/* rooms */
#include "search/grams.h"

#define LIST_MAX (CHUNK_SIZE / 8 - 1) /* bytes of a list; bits are shorter from there */

enum page_kind { PAGE_LIST, PAGE_BITS, PAGE_ALL };

/* --- the directory ------------------------------------------------------------------------------------------- */

void
directory_write(struct buf *out, const struct directory *d)
{
	bits_write(out, &d->all);
	buf_add_char(out, (char)(d->word_pages >> 8));
	buf_add_char(out, (char)(d->word_pages & 0xff));
	buf_add(out, d->firsts);
}

bool
directory_read(struct str from, struct directory *out)
{
	const unsigned char *p = (const unsigned char *)from.p + CHUNK_SIZE / 8;

	if (from.n < CHUNK_SIZE / 8 + 2 || !bits_read(str_head(from, CHUNK_SIZE / 8), &out->all))
		return false;
	out->word_pages = (unsigned)p[0] << 8 | p[1];
	out->firsts = str_from(from, CHUNK_SIZE / 8 + 2);
	return out->firsts.n % 4 == 0;
}

static uint32_t
first_gram(const struct directory *d, size_t page)
{
	const unsigned char *p = (const unsigned char *)d->firsts.p + 4 * page;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

size_t
directory_page_of(const struct directory *d, uint32_t gram)
{
	size_t low = 0, high = d->firsts.n / 4;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (first_gram(d, middle) <= gram)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
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

/* What stands behind a gram, and twice behind a word. */
static void
have_write(struct buf *page, const struct bits *have, const struct bits *all)
{
	struct buf list;

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

/* The next of them, not looked into. */
static bool
have_take(struct str *page, enum page_kind *kind_out, struct str *out)
{
	uint32_t shape;

	if (!gram_varint(page, &shape) || shape >> 2 > page->n)
		return false;
	*kind_out = (enum page_kind)(shape & 3);
	*out = str_head(*page, shape >> 2);
	*page = str_from(*page, shape >> 2);
	return true;
}

static bool
have_read(enum page_kind kind, struct str content, const struct bits *all, struct bits *out)
{
	switch (kind) {
	case PAGE_LIST: return list_read(content, out);
	case PAGE_BITS: return bits_read(content, out);
	case PAGE_ALL: *out = *all; return true;
	}
	return false;
}

/* --- grams -------------------------------------------------------------------------------------------------- */

void
page_add(struct buf *page, uint32_t was, uint32_t gram, const struct bits *have,
    const struct bits *all)
{
	gram_varint_write(page, gram - was);
	have_write(page, have, all);
}

bool
page_find(struct str page, uint32_t gram, const struct bits *all, struct bits *out)
{
	enum page_kind kind;
	struct str content;
	uint32_t at = 0, more;

	*out = (struct bits){ { 0 } };
	while (page.n > 0) {
		if (!gram_varint(&page, &more) || !have_take(&page, &kind, &content) ||
		    more > GRAM_END - at)
			return false;
		at += more;
		if (at > gram)
			return true;
		if (at == gram)
			return have_read(kind, content, all, out);
	}
	return true;
}

/* --- words -------------------------------------------------------------------------------------------------- */

void
page_add_word(struct buf *page, const struct word *word, const struct bits *in_header,
    const struct bits *in_body, const struct bits *all)
{
	word_write(page, word);
	have_write(page, in_header, all);
	have_write(page, in_body, all);
}

static bool
have_join(enum page_kind kind, struct str content, const struct bits *all, struct bits *to)
{
	struct bits one;

	if (!have_read(kind, content, all, &one))
		return false;
	bits_or(to, &one);
	return true;
}

bool
page_prove(struct str page, struct str needle, const struct bits *all, struct bits *in_header,
    struct bits *in_body)
{
	struct word word;

	while (page.n > 0) {
		enum page_kind kinds[2];
		struct str contents[2];

		if (!word_take(&page, &word) || !have_take(&page, &kinds[0], &contents[0]) ||
		    !have_take(&page, &kinds[1], &contents[1]))
			return false;
		if (word.n < needle.n || str_find(word_str(&word), needle) == STR_NONE)
			continue;
		if (!have_join(kinds[0], contents[0], all, in_header) ||
		    !have_join(kinds[1], contents[1], all, in_body))
			return false;
	}
	return true;
}
