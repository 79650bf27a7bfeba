#include "search/vocabulary.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

#define COUNTS      (256 * 1024) /* slots for counting: some times the words of a chunk */
#define SLOTS       (2 * BUCKET_WORDS)
#define ITEMS_FIRST 256

void
vocabulary_init(struct vocabulary *v)
{
	*v = (struct vocabulary){ .cap = ITEMS_FIRST };
	v->counts = mem_new(COUNTS, 1);
	v->slots = mem_new(SLOTS, sizeof *v->slots);
	v->items = mem_new(ITEMS_FIRST, sizeof *v->items);
}

void
vocabulary_release(struct vocabulary *v)
{
	mem_free(v->counts);
	mem_free(v->slots);
	mem_free(v->items);
	*v = (struct vocabulary){ .count = 0 };
}

void
vocabulary_clear(struct vocabulary *v)
{
	memset(v->slots, 0, SLOTS * sizeof *v->slots);
	v->count = 0;
}

void
vocabulary_count(struct vocabulary *v, struct str list)
{
	struct word word;

	while (word_take(&list, &word)) {
		uint8_t *count = &v->counts[word_hash(&word) % COUNTS];
		unsigned times =
		    *count + (word.places == (WORD_IN_HEADER | WORD_IN_BODY) ? 2u : 1u);

		*count = (uint8_t)(times < UINT8_MAX ? times : UINT8_MAX);
	}
}

/* Its place in the bucket, found or new; NULL: there is no room. */
static struct vocabulary_word *
item_of(struct vocabulary *v, const struct word *word, uint32_t hash)
{
	uint16_t *slot = NULL;

	for (unsigned i = 0; i < WORD_PROBES; i++) {
		slot = &v->slots[(hash / WORD_BUCKETS + i) % SLOTS];
		if (*slot == 0)
			break;
		if (str_eq(word_str(&v->items[*slot - 1].word), word_str(word)))
			return &v->items[*slot - 1];
	}
	if (*slot != 0 || v->count == BUCKET_WORDS)
		return NULL;
	if (v->count == v->cap) {
		v->cap *= 2;
		v->items = mem_resize(v->items, v->cap, sizeof *v->items);
	}
	v->items[v->count] = (struct vocabulary_word){ .word = *word };
	*slot = (uint16_t)++v->count;
	return &v->items[v->count - 1];
}

void
vocabulary_collect(struct vocabulary *v, unsigned bucket, unsigned bit, struct str list)
{
	struct word word;

	while (word_take(&list, &word)) {
		uint32_t hash = word_hash(&word);
		struct vocabulary_word *item = NULL;

		if (hash % WORD_BUCKETS == bucket && v->counts[hash % COUNTS] >= WORD_COMMON)
			item = item_of(v, &word, hash);
		if (item && word.places & WORD_IN_HEADER)
			bits_set(&item->in_header, bit);
		if (item && word.places & WORD_IN_BODY)
			bits_set(&item->in_body, bit);
	}
}

const struct vocabulary_word *
vocabulary_next(const struct vocabulary *v, size_t *at)
{
	while (*at < v->count) {
		const struct vocabulary_word *item = &v->items[(*at)++];

		if (bits_count(&item->in_header) + bits_count(&item->in_body) >= WORD_COMMON)
			return item;
	}
	return NULL;
}
