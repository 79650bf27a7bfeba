/*
 * A complete chunk becomes pages (page.h), which are never written again: the bits of all its messages, gram by gram,
 * then word by word; last its directory, which makes them valid in the transaction in which the single rows go.
 *
 *     FILLING --a message of another chunk comes--> COMPLETE --> GRAMS --> WORDS --> (dropped)
 *
 * A bucket of grams is looked at at a time: its bits fit in half a megabyte. Of words only those are kept that are
 * in several messages: where a word is in few, it is cheaper to look at these.
 */
#include "search/inner.h"

/* system */
#include <sqlite3.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

#define BUCKET_GRAMS (1u << BUCKET_BITS)
#define WORDS_STEP   64 /* messages whose words are read between two looks at the clock */

void
search_build_drop(struct search_group *g)
{
	mem_free(g->cursors);
	mem_free(g->bucket);
	mem_free(g->counts);
	vocabulary_release(&g->vocabulary);
	buf_release(&g->page);
	buf_release(&g->firsts);
	g->cursors = NULL;
	g->bucket = NULL;
	g->counts = NULL;
}

static enum fail
build_begin(struct search *s)
{
	struct search_group *g = &s->group;
	enum fail fail = search_group_load(s);

	if (fail != FAIL_NONE)
		return fail;
	g->stage = GROUP_GRAMS;
	g->cursors = mem_new(CHUNK_SIZE, sizeof *g->cursors);
	g->bucket = mem_new(BUCKET_GRAMS, sizeof *g->bucket);
	g->counts = mem_new(BUCKET_GRAMS, sizeof *g->counts);
	vocabulary_init(&g->vocabulary);
	g->next = g->pages = g->word_pages = g->word_pass = g->word_bit = 0;
	buf_init(&g->page, PAGE_MAX);
	buf_init(&g->firsts, (SEARCH_PAGES_MAX + 1) * sizeof(uint32_t));
	for (unsigned bit = bits_next(&g->have, 0); bit < CHUNK_SIZE;
	     bit = bits_next(&g->have, bit + 1)) {
		struct str grams, words;

		if (!search_row_read(buf_str(&g->rows[bit]), &grams, &words))
			return search_db_fail(s, SQLITE_CORRUPT);
		gram_cursor_init(&g->cursors[bit], grams);
	}
	return FAIL_NONE;
}

static enum fail
page_end(struct search *s)
{
	struct search_group *g = &s->group;
	enum fail fail = FAIL_NONE;

	if (g->page.n > 0 && g->pages + g->word_pages <= SEARCH_PAGES_MAX)
		fail = search_db_put(s, SQL_PUT_PAGE,
		    search_page_row(g->account->now.id, g->chunk, g->pages + g->word_pages),
		    buf_str(&g->page));
	buf_clear(&g->page);
	return fail;
}

static enum fail
entry_add(struct search *s, uint32_t gram, const struct bits *have)
{
	struct search_group *g = &s->group;
	enum fail fail = FAIL_NONE;

	if (g->page.n >= PAGE_BYTES)
		fail = page_end(s);
	if (g->page.n == 0) {
		g->last = 0;
		g->pages++;
		buf_add(&g->firsts,
		    str_of((char[]){ (char)(gram >> 24), (char)(gram >> 16), (char)(gram >> 8),
			       (char)gram },
			4));
	}
	page_add(&g->page, g->last, gram, have, &g->have);
	g->last = gram;
	return fail;
}

/* The bits of all grams of the next bucket that has some. False: there is none. */
static bool
bucket_fill(struct search_group *g)
{
	uint32_t first = GRAM_END, end;

	for (unsigned bit = bits_next(&g->have, 0); bit < CHUNK_SIZE;
	     bit = bits_next(&g->have, bit + 1))
		if (g->cursors[bit].gram < first)
			first = g->cursors[bit].gram;
	if (first == GRAM_END)
		return false;
	g->next = first >> BUCKET_BITS;
	end = (g->next + 1) << BUCKET_BITS;
	for (unsigned bit = bits_next(&g->have, 0); bit < CHUNK_SIZE;
	     bit = bits_next(&g->have, bit + 1)) {
		struct gram_cursor *c = &g->cursors[bit];

		for (; c->gram < end; gram_cursor_next(c)) {
			bits_set(&g->bucket[c->gram % BUCKET_GRAMS], bit);
			g->counts[c->gram % BUCKET_GRAMS] = 1;
		}
	}
	return true;
}

static enum fail
bucket_write(struct search *s)
{
	struct search_group *g = &s->group;
	enum fail fail = FAIL_NONE;

	for (unsigned i = 0; i < BUCKET_GRAMS && fail == FAIL_NONE; i++) {
		if (g->counts[i] == 0)
			continue;
		fail = entry_add(s, g->next << BUCKET_BITS | i, &g->bucket[i]);
		g->bucket[i] = (struct bits){ { 0 } };
		g->counts[i] = 0;
	}
	return fail;
}

/* The words of a bucket. When there is no more room the others are left out. */
static enum fail
words_write_bucket(struct search *s)
{
	struct search_group *g = &s->group;
	const struct vocabulary_word *w;
	enum fail fail = FAIL_NONE;
	size_t at = 0;

	while (fail == FAIL_NONE && (w = vocabulary_next(&g->vocabulary, &at)) != NULL) {
		if (g->page.n >= PAGE_BYTES)
			fail = page_end(s);
		if (g->page.n == 0 && g->pages + g->word_pages >= SEARCH_PAGES_MAX)
			break;
		g->word_pages += g->page.n == 0;
		page_add_word(&g->page, &w->word, &w->in_header, &w->in_body, &g->have);
	}
	vocabulary_clear(&g->vocabulary);
	return fail;
}

/* Some messages more: pass 0 counts their words, each of the others collects a bucket. */
static enum fail
words_step(struct search *s, bool *done_out)
{
	struct search_group *g = &s->group;
	unsigned bit = bits_next(&g->have, g->word_bit);
	enum fail fail = FAIL_NONE;

	for (unsigned i = 0; i < WORDS_STEP && bit < CHUNK_SIZE; i++) {
		struct str grams, words;

		if (!search_row_read(buf_str(&g->rows[bit]), &grams, &words))
			return search_db_fail(s, SQLITE_CORRUPT);
		if (g->word_pass == 0)
			vocabulary_count(&g->vocabulary, words);
		else
			vocabulary_collect(&g->vocabulary, g->word_pass - 1, bit, words);
		bit = bits_next(&g->have, bit + 1);
	}
	g->word_bit = bit;
	if (bit == CHUNK_SIZE) {
		if (g->word_pass > 0)
			fail = words_write_bucket(s);
		g->word_bit = 0;
		*done_out = ++g->word_pass > WORD_BUCKETS;
	}
	return fail;
}

static enum fail
build_end(struct search *s)
{
	struct search_group *g = &s->group;
	uint64_t account = g->account->now.id, first = g->chunk << CHUNK_BITS;
	struct directory d = { .all = g->have, .word_pages = g->word_pages };
	struct buf text;
	enum fail fail = page_end(s);

	if (g->pages <= SEARCH_PAGES_MAX) /* else it is too much: everything in it is a candidate */
		d.firsts = buf_str(&g->firsts);
	buf_init(&text, DIRECTORY_MAX);
	directory_write(&text, &d);
	if (fail == FAIL_NONE)
		fail = search_db_put(s, SQL_PUT_PAGE, search_page_row(account, g->chunk, 0),
		    buf_str(&text));
	buf_release(&text);
	if (fail == FAIL_NONE)
		fail = search_rows_drop(s, SQL_DROP_FRESH, search_fresh_row(account, first),
		    search_fresh_row(account, first + CHUNK_SIZE - 1));
	if (fail == FAIL_NONE)
		fail = search_mark_set(s, account, g->account->done, g->account->rows);
	if (fail == FAIL_NONE)
		fail = search_db_commit(s);
	search_group_drop(s);
	return fail;
}

/* One step: a bucket of grams, or the words of some messages. */
static enum fail
build_step(struct search *s, bool *done_out)
{
	struct search_group *g = &s->group;
	enum fail fail;

	*done_out = false;
	if (g->stage == GROUP_WORDS)
		return words_step(s, done_out);
	if (bucket_fill(g))
		return bucket_write(s);
	fail = page_end(s);
	*done_out = g->pages > SEARCH_PAGES_MAX;
	g->stage = GROUP_WORDS;
	return fail;
}

enum fail
search_group_build(struct search *s, int64_t end_us, bool *done_out)
{
	struct search_group *g = &s->group;
	enum fail fail = FAIL_NONE;

	*done_out = false;
	if (g->stage == GROUP_COMPLETE)
		fail = build_begin(s);
	if (fail == FAIL_NONE)
		fail = search_db_begin(s);
	if (fail == FAIL_NONE && bits_empty(&g->have)) {
		search_group_drop(s);
		*done_out = true;
		return FAIL_NONE;
	}
	while (fail == FAIL_NONE) {
		fail = build_step(s, done_out);
		if (fail == FAIL_NONE && *done_out)
			return build_end(s);
		if (clock_precise_us() >= end_us)
			break;
	}
	return fail;
}
