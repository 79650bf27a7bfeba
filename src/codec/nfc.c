/* Unicode Normalization Form C (UAX 15): decomposed, marks in order, composed again; segment by segment. */
#include "codec/utf8.h"

/* base */
#include "base/mem.h"

#define SEGMENT_MAX 64 /* a character and its marks; UAX 15 knows no language with more than 30 */
#define NFC_START \
	0x300 /* all before this is composed already and combines with nothing before it */

struct nfc_pair {
	uint32_t composed, first, second; /* second 0: it is another code point for the same */
};

struct nfc_class {
	uint32_t start, end;
	uint8_t combining;
};

#include "codec/nfc_table.h"

enum { /* Hangul composes by arithmetic (Unicode 3.12) */
	SYLLABLES = 0xac00,
	SYLLABLE_COUNT = 11172,
	JAMO_L = 0x1100,
	JAMO_L_COUNT = 19,
	JAMO_V = 0x1161,
	JAMO_V_COUNT = 21,
	JAMO_T = 0x11a7, /* the one before the first: none */
	JAMO_T_COUNT = 28,
};

struct segment {
	struct buf *out; /* borrow */
	uint32_t codes[SEGMENT_MAX];
	uint8_t classes[SEGMENT_MAX];
	size_t n;
};

static uint8_t
class_of(uint32_t c)
{
	size_t low = 0, high = ARRAY_LEN(nfc_classes);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c > nfc_classes[middle].end)
			low = middle + 1;
		else if (c < nfc_classes[middle].start)
			high = middle;
		else
			return nfc_classes[middle].combining;
	}
	return 0;
}

static const struct nfc_pair *
find_pair(uint32_t composed)
{
	size_t low = 0, high = ARRAY_LEN(nfc_pairs);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (nfc_pairs[middle].composed == composed)
			return &nfc_pairs[middle];
		if (nfc_pairs[middle].composed < composed)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* What these two make together; 0: nothing. */
static uint32_t
compose(uint32_t first, uint32_t second)
{
	size_t low = 0, high = ARRAY_LEN(nfc_composing);

	if (first - JAMO_L < JAMO_L_COUNT && second - JAMO_V < JAMO_V_COUNT)
		return SYLLABLES +
		    ((first - JAMO_L) * JAMO_V_COUNT + second - JAMO_V) * JAMO_T_COUNT;
	if (first - SYLLABLES < SYLLABLE_COUNT && (first - SYLLABLES) % JAMO_T_COUNT == 0 &&
	    second - JAMO_T - 1 < JAMO_T_COUNT - 1)
		return first + second - JAMO_T;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct nfc_pair *pair = &nfc_pairs[nfc_composing[middle]];

		if (pair->first == first && pair->second == second)
			return pair->composed;
		if (pair->first < first || (pair->first == first && pair->second < second))
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* Marks go into the character before them unless one of the same or a higher class stands between. */
static void
compose_all(struct segment *s)
{
	size_t kept = 1;
	uint8_t last = 0;

	if (s->n == 0 || s->classes[0] != 0)
		return;
	for (size_t i = 1; i < s->n; i++) {
		uint32_t both =
		    kept == 1 || last < s->classes[i] ? compose(s->codes[0], s->codes[i]) : 0;

		if (both) {
			s->codes[0] = both;
			continue;
		}
		last = s->classes[i];
		s->codes[kept] = s->codes[i];
		s->classes[kept++] = s->classes[i];
	}
	s->n = kept;
}

static void
flush(struct segment *s)
{
	compose_all(s);
	for (size_t i = 0; i < s->n; i++)
		utf8_write(s->out, s->codes[i]);
	s->n = 0;
}

static void
add_mark(struct segment *s, uint32_t c, uint8_t combining)
{
	size_t at;

	if (s->n == SEGMENT_MAX)
		flush(s);
	for (at = s->n++; at > 0 && s->classes[at - 1] > combining; at--) {
		s->codes[at] = s->codes[at - 1];
		s->classes[at] = s->classes[at - 1];
	}
	s->codes[at] = c;
	s->classes[at] = combining;
}

static void
add_starter(struct segment *s, uint32_t c)
{
	uint32_t both = 0;

	compose_all(s);
	if (s->n == 1 && s->classes[0] == 0)
		both = compose(s->codes[0], c);
	if (!both) {
		flush(s);
		s->n = 1;
		s->classes[0] = 0;
	}
	s->codes[0] = both ? both : c;
}

/* As deep as decompositions go, which is four. */
static void
add(struct segment *s, uint32_t c)
{
	const struct nfc_pair *pair = c < 0xc0 ? NULL : find_pair(c);
	uint8_t combining;

	if (pair) {
		add(s, pair->first);
		if (pair->second)
			add(s, pair->second);
		return;
	}
	combining = c < NFC_START ? 0 : class_of(c);
	if (combining)
		add_mark(s, c, combining);
	else
		add_starter(s, c);
}

/* Latin alone is in the form already: its code points take up to two bytes, the first below 0xcc. */
static bool
is_latin(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0xcc)
			return false;
	return true;
}

void
utf8_nfc(struct buf *out, struct str s)
{
	struct segment segment = { .out = out };

	if (is_latin(s)) {
		utf8_write_valid(out, s);
		return;
	}
	while (s.n > 0)
		add(&segment, utf8_take(&s));
	flush(&segment);
}
