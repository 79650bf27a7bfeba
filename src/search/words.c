#include "search/words.h"

/* system */
#include <assert.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"

#define SLOTS       (2 * WORDS_MAX)
#define ITEMS_FIRST 256             /* enough for a short message */
#define NEEDLE_MAX  (64 * WORD_MAX) /* bytes of a folded needle: none that is longer is one word */

static_assert(WORD_MAX * 4 + WORD_IN_HEADER + WORD_IN_BODY < 256, "a word's length is a byte");
static_assert(WORDS_MAX < UINT16_MAX, "a word's place is two bytes");

/* --- the set ------------------------------------------------------------------------------------------------ */

void
words_init(struct words *w)
{
	*w = (struct words){ .cap = ITEMS_FIRST };
	w->items = mem_new(ITEMS_FIRST, sizeof *w->items);
	w->slots = mem_new(SLOTS, sizeof *w->slots);
}

void
words_release(struct words *w)
{
	mem_free(w->items);
	mem_free(w->slots);
	*w = (struct words){ .items = NULL };
}

/* FNV-1a */
static uint32_t
hash_of(struct str text)
{
	uint32_t hash = UINT32_C(2166136261);

	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * UINT32_C(16777619);
	return hash ^ hash >> 16;
}

uint32_t
word_hash(const struct word *word)
{
	return hash_of(word_str(word));
}

/* Its slot, or a free one for it; NULL: too many words want it, which may be somebody's intent. */
static uint16_t *
slot_of(const struct words *w, struct str text)
{
	size_t at = hash_of(text);

	for (unsigned i = 0; i < WORD_PROBES; i++) {
		uint16_t *slot = &w->slots[(at + i) % SLOTS];

		if (*slot == 0 || str_eq(word_str(&w->items[*slot - 1]), text))
			return slot;
	}
	return NULL;
}

static void
add_one(struct words *w, enum word_place place, struct str text)
{
	uint16_t *slot = slot_of(w, text);
	struct word *new;

	if (!slot || (*slot == 0 && w->count == WORDS_MAX))
		return;
	if (*slot == 0) {
		if (w->count == w->cap) {
			w->cap *= 2;
			w->items = mem_resize(w->items, w->cap, sizeof *w->items);
		}
		new = &w->items[w->count++];
		*new = (struct word){ .n = (unsigned char)text.n };
		memcpy(new->p, text.p, text.n);
		*slot = (uint16_t)w->count;
	}
	w->items[*slot - 1].places |= (unsigned char)place;
}

enum byte_class { BETWEEN = 0, LETTER = 1, DIGIT = 2 };

static enum byte_class
class_of(char c)
{
	if (c >= '0' && c <= '9')
		return DIGIT;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80
	    ? LETTER
	    : BETWEEN;
}

void
words_add(struct words *w, enum word_place place, struct str folded)
{
	for (size_t i = 0; i < folded.n; i++) {
		size_t first = i;
		unsigned classes = 0, one;

		for (; i < folded.n && (one = class_of(folded.p[i])) != BETWEEN; i++)
			classes |= one;
		if (i - first >= WORD_MIN && classes != (LETTER | DIGIT))
			add_one(w, place, str_head(str_slice(folded, first, i - first), WORD_MAX));
	}
}

/* --- lists --------------------------------------------------------------------------------------------------- */

void
word_write(struct buf *out, const struct word *word)
{
	buf_add_char(out, (char)(word->n << 2 | word->places));
	buf_add(out, word_str(word));
}

bool
word_take(struct str *rest, struct word *word)
{
	unsigned char first = rest->n > 0 ? (unsigned char)rest->p[0] : 0;

	word->n = first >> 2;
	word->places = first & 3;
	if (word->n == 0 || word->n > WORD_MAX || word->n >= rest->n)
		return false;
	memcpy(word->p, rest->p + 1, word->n);
	*rest = str_from(*rest, word->n + 1u);
	return true;
}

void
words_write(const struct words *w, struct buf *out)
{
	for (size_t i = 0; i < w->count; i++)
		word_write(out, &w->items[i]);
}

bool
word_of_needle(struct str needle, struct word *out)
{
	struct buf folded;
	struct str text;
	unsigned classes = 0, one;
	bool is_word;

	buf_init(&folded, NEEDLE_MAX);
	utf8_casemap(&folded, needle);
	text = buf_str(&folded);
	is_word = buf_ok(&folded) && text.n >= WORD_MIN && text.n <= WORD_MAX;
	for (size_t i = 0; i < text.n && is_word; i++) {
		one = class_of(text.p[i]);
		classes |= one;
		is_word = one != BETWEEN && classes != (LETTER | DIGIT);
	}
	*out = (struct word){ .n = 0 };
	if (is_word) {
		out->n = (unsigned char)text.n;
		memcpy(out->p, text.p, text.n);
	}
	buf_release(&folded);
	return is_word;
}
