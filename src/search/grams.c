#include "search/grams.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"

#define SLOTS_FIRST 4096         /* enough for a short message */
#define NEEDLE_MAX  (256 * 1024) /* bytes of a folded needle */

void
grams_init(struct grams *g)
{
	*g = (struct grams){ .mask = SLOTS_FIRST - 1 };
	g->slots = mem_new(SLOTS_FIRST, sizeof(*g->slots));
	buf_init(&g->folded, GRAMS_FOLD_MAX);
}

void
grams_release(struct grams *g)
{
	mem_free(g->slots);
	buf_release(&g->folded);
	*g = (struct grams){ 0 };
}

void
grams_cut(struct grams *g)
{
	g->is_cut = true;
}

/* --- the set ------------------------------------------------------------------------------------------------ */

static size_t
slot_of(const struct grams *g, uint32_t gram)
{
	size_t at = (size_t)(gram * UINT32_C(0x9e3779b1) >> 8) & g->mask;

	while (g->slots[at] != 0 && g->slots[at] != gram)
		at = (at + 1) & g->mask;
	return at;
}

static void
grow(struct grams *g)
{
	uint32_t *was = g->slots;
	size_t count = g->mask + 1;

	g->mask = 2 * count - 1;
	g->slots = mem_new(2 * count, sizeof(*g->slots));
	for (size_t i = 0; i < count; i++)
		if (was[i] != 0)
			g->slots[slot_of(g, was[i])] = was[i];
	mem_free(was);
}

static void
add_one(struct grams *g, uint32_t gram)
{
	size_t at = slot_of(g, gram);

	if (g->slots[at] == gram)
		return;
	if (g->count == GRAMS_MAX) {
		g->is_cut = true;
		return;
	}
	g->slots[at] = gram;
	if (++g->count > g->mask / 2)
		grow(g);
}

static bool
has_nul(uint32_t three)
{
	return (three & 0xff) == 0 || (three & 0xff00) == 0 || (three & 0xff0000) == 0;
}

void
grams_add(struct grams *g, uint32_t place, struct str text, bool goes_on)
{
	uint32_t last = goes_on ? g->last : 0;

	buf_clear(&g->folded);
	g->bytes += text.n;
	if (g->bytes > GRAMS_TEXT_MAX)
		g->is_cut = true;
	if (g->is_cut)
		return;
	utf8_casemap(&g->folded, text);
	if (!buf_ok(&g->folded))
		g->is_cut = true;
	text = buf_str(&g->folded);
	for (size_t i = 0; i < text.n; i++) {
		last = (last << 8 | (unsigned char)text.p[i]) & 0xffffff;
		if (!has_nul(last))
			add_one(g, place | last);
	}
	g->last = last;
}

/* --- lists -------------------------------------------------------------------------------------------------- */

bool
gram_varint(struct str *rest, uint32_t *out)
{
	uint32_t n = 0;

	for (unsigned shift = 0; shift < 35 && rest->n > 0; shift += 7) {
		unsigned char c = (unsigned char)rest->p[0];

		*rest = str_from(*rest, 1);
		n |= (uint32_t)(c & 0x7f) << (shift < 32 ? shift : 0);
		if (!(c & 0x80)) {
			*out = n;
			return true;
		}
	}
	return false;
}

void
gram_varint_write(struct buf *out, uint32_t n)
{
	while (n >= 0x80) {
		buf_add_char(out, (char)(n | 0x80));
		n >>= 7;
	}
	buf_add_char(out, (char)n);
}

/* One pass of a radix sort, by the byte at `shift`. */
static void
sort_pass(const uint32_t *from, uint32_t *to, size_t count, unsigned shift)
{
	size_t at[257] = { 0 };

	for (size_t i = 0; i < count; i++)
		at[(from[i] >> shift & 0xff) + 1]++;
	for (unsigned i = 1; i < 256; i++)
		at[i] += at[i - 1];
	for (size_t i = 0; i < count; i++)
		to[at[from[i] >> shift & 0xff]++] = from[i];
}

void
grams_write(struct grams *g, struct buf *out)
{
	uint32_t *sorted = g->slots, *spare = mem_new(g->count + 1, sizeof *spare), was = 0;
	size_t count = 0, length = 0;
	char *to;

	if (g->is_cut) {
		mem_free(spare);
		gram_varint_write(out, GRAM_CUT);
		return;
	}
	for (size_t i = 0; i <= g->mask; i++)
		if (sorted[i] != 0)
			sorted[count++] = sorted[i];
	for (unsigned shift = 0; shift < 32; shift += 16) {
		sort_pass(sorted, spare, count, shift);
		sort_pass(spare, sorted, count, shift + 8);
	}
	to = buf_room(out, count * GRAM_VARINT_MAX);
	for (size_t i = 0; to && i < count; i++) {
		uint32_t n = sorted[i] - was;

		was = sorted[i];
		for (; n >= 0x80; n >>= 7)
			to[length++] = (char)(n | 0x80);
		to[length++] = (char)n;
	}
	buf_grow(out, length);
	mem_free(spare);
	memset(g->slots, 0, (g->mask + 1) * sizeof *g->slots);
	g->count = 0;
}

void
gram_cursor_far(struct gram_cursor *c)
{
	uint32_t more;

	if (c->rest.n == 0 || !gram_varint(&c->rest, &more) || more >= GRAM_END - c->gram)
		c->gram = GRAM_END;
	else
		c->gram += more;
}

void
gram_cursor_init(struct gram_cursor *c, struct str list)
{
	*c = (struct gram_cursor){ .rest = list };
	gram_cursor_next(c);
}

/* --- needles ------------------------------------------------------------------------------------------------ */

size_t
grams_of_needle(struct str needle, uint32_t out[GRAMS_NEEDLE])
{
	struct buf folded;
	struct str all;
	size_t count = 0, grams, wanted;

	buf_init(&folded, NEEDLE_MAX);
	utf8_casemap(&folded, needle);
	all = buf_ok(&folded) ? buf_str(&folded) : STR("");
	grams = all.n < 3 ? 0 : all.n - 2;
	wanted = grams < GRAMS_NEEDLE ? grams : GRAMS_NEEDLE;
	for (size_t i = 0; i < wanted; i++) {
		size_t at = wanted > 1 ? i * (grams - 1) / (wanted - 1) : 0;
		const unsigned char *p = (const unsigned char *)all.p + at;
		uint32_t gram = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

		if (!has_nul(gram))
			out[count++] = gram;
	}
	buf_release(&folded);
	return count;
}
