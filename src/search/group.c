/*
 * Messages on their way into the file, a thousand with neighbouring ids at a time (inner.h).
 *
 * Each message is first a list of its grams. While its chunk is not complete the list is a row of its own; a
 * complete chunk becomes pages (page.h): the bits of all its messages, gram by gram. So everything is written
 * once or twice, and never merged. A bucket of grams is looked at at a time: its bits fit in half a megabyte.
 */
#include "search/inner.h"

/* system */
#include <sqlite3.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

#define BUCKET_GRAMS (1u << BUCKET_BITS)

/* --- in memory ---------------------------------------------------------------------------------------------- */

static void
build_release(struct search_group *g)
{
	mem_free(g->cursors);
	mem_free(g->bucket);
	mem_free(g->counts);
	buf_release(&g->page);
	buf_release(&g->directory);
	g->cursors = NULL;
	g->bucket = NULL;
	g->counts = NULL;
	g->is_building = false;
}

void
search_group_drop(struct search *s)
{
	struct search_group *g = &s->group;

	build_release(g);
	for (unsigned bit = 0; g->lists && bit < CHUNK_SIZE; bit++)
		buf_release(&g->lists[bit]);
	mem_free(g->lists);
	*g = (struct search_group){ 0 };
}

enum fail
search_group_choose(struct search *s, struct search_work_account *a, uint64_t chunk)
{
	struct search_group *g = &s->group;
	enum fail fail = FAIL_NONE;

	if (g->account == a && g->chunk == chunk)
		return FAIL_NONE;
	if (g->account)
		fail = search_group_flush(s);
	if (fail != FAIL_NONE)
		return fail;
	search_group_drop(s);
	g->account = a;
	g->chunk = chunk;
	g->lists = mem_new(CHUNK_SIZE, sizeof *g->lists);
	return FAIL_NONE;
}

void
search_group_add(struct search *s, uint64_t email, struct str list)
{
	struct search_group *g = &s->group;
	unsigned bit = (unsigned)(email % CHUNK_SIZE);

	buf_init(&g->lists[bit], GRAMS_LIST_MAX); /* it grows to what it holds */
	buf_add(&g->lists[bit], list);
	bits_set(&g->have, bit);
	search_db_due(s);
}

/* --- rows of single messages -------------------------------------------------------------------------------- */

static enum fail
drop(struct search *s, enum search_sql which, int64_t from, int64_t to)
{
	sqlite3_stmt *drop = search_db_statement(s, which);

	sqlite3_bind_int64(drop, 1, from);
	sqlite3_bind_int64(drop, 2, to);
	return search_db_run(s, drop);
}

enum fail
search_group_flush(struct search *s)
{
	struct search_group *g = &s->group;
	struct search_work_account *a = g->account;
	uint64_t first = g->chunk << CHUNK_BITS;
	enum fail fail = a ? search_db_begin(s) : FAIL_NONE;

	for (unsigned bit = 0; a && fail == FAIL_NONE && bit < CHUNK_SIZE; bit++) {
		struct bits one = { { 0 } };

		bits_set(&one, bit);
		bits_and(&one, &g->have);
		if (bits_empty(&one) || g->written.words[bit / 64] >> bit % 64 & 1)
			continue;
		fail = search_db_put(s, SQL_PUT_FRESH, search_fresh_row(a->now.id, first + bit),
		    buf_str(&g->lists[bit]));
		bits_set(&g->written, bit);
	}
	if (a && fail == FAIL_NONE)
		fail = search_mark_set(s, a->now.id, a->done, a->rows);
	return fail;
}

/* Lists of the chunk that came before this group was in memory. */
static enum fail
load(struct search *s)
{
	struct search_group *g = &s->group;
	sqlite3_stmt *get = search_db_statement(s, SQL_GET_FRESH);
	uint64_t account = g->account->now.id, first = g->chunk << CHUNK_BITS;
	int code;

	sqlite3_bind_int64(get, 1, search_fresh_row(account, first));
	sqlite3_bind_int64(get, 2, search_fresh_row(account, first + CHUNK_SIZE - 1));
	while ((code = sqlite3_step(get)) == SQLITE_ROW) {
		int64_t row = sqlite3_column_int64(get, 0);
		unsigned bit = (unsigned)(row % CHUNK_SIZE);
		struct str list;

		if (g->have.words[bit / 64] >> bit % 64 & 1)
			continue;
		if (!search_db_content(s, get, 1, row, &list))
			return FAIL_TEMP;
		buf_init(&g->lists[bit], GRAMS_LIST_MAX);
		buf_add(&g->lists[bit], list);
		bits_set(&g->have, bit);
		bits_set(&g->written, bit);
	}
	sqlite3_reset(get);
	return code == SQLITE_DONE ? FAIL_NONE : search_db_fail(s, code);
}

/* --- pages -------------------------------------------------------------------------------------------------- */

static enum fail
build_begin(struct search *s)
{
	struct search_group *g = &s->group;
	enum fail fail = load(s);

	if (fail != FAIL_NONE)
		return fail;
	g->is_building = true;
	g->cursors = mem_new(CHUNK_SIZE, sizeof *g->cursors);
	g->bucket = mem_new(BUCKET_GRAMS, sizeof *g->bucket);
	g->counts = mem_new(BUCKET_GRAMS, sizeof *g->counts);
	g->next = g->pages = 0;
	buf_init(&g->page, PAGE_MAX);
	buf_init(&g->directory, (SEARCH_PAGES_MAX + 1) * sizeof(uint32_t) + CHUNK_SIZE);
	bits_write(&g->directory, &g->have);
	for (unsigned bit = bits_next(&g->have, 0); bit < CHUNK_SIZE;
	     bit = bits_next(&g->have, bit + 1))
		gram_cursor_init(&g->cursors[bit], buf_str(&g->lists[bit]));
	return FAIL_NONE;
}

static enum fail
page_end(struct search *s)
{
	struct search_group *g = &s->group;
	enum fail fail = FAIL_NONE;

	if (g->page.n > 0 && g->pages <= SEARCH_PAGES_MAX)
		fail = search_db_put(s, SQL_PUT_PAGE,
		    search_page_row(g->account->now.id, g->chunk, g->pages), buf_str(&g->page));
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
		buf_add(&g->directory,
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

/* The directory makes the pages valid, in the transaction in which the single rows go. */
static enum fail
build_end(struct search *s)
{
	struct search_group *g = &s->group;
	uint64_t account = g->account->now.id, first = g->chunk << CHUNK_BITS;
	struct str directory = buf_str(&g->directory);
	enum fail fail = page_end(s);

	if (g->pages > SEARCH_PAGES_MAX) /* too much for it: everything in it is a candidate */
		directory = str_head(directory, CHUNK_SIZE / 8);
	if (fail == FAIL_NONE)
		fail = search_db_put(s, SQL_PUT_PAGE, search_page_row(account, g->chunk, 0),
		    directory);
	if (fail == FAIL_NONE)
		fail = drop(s, SQL_DROP_FRESH, search_fresh_row(account, first),
		    search_fresh_row(account, first + CHUNK_SIZE - 1));
	if (fail == FAIL_NONE)
		fail = search_mark_set(s, account, g->account->done, g->account->rows);
	if (fail == FAIL_NONE)
		fail = search_db_commit(s);
	search_group_drop(s);
	return fail;
}

enum fail
search_group_build(struct search *s, int64_t end_us, bool *done_out)
{
	struct search_group *g = &s->group;
	enum fail fail = FAIL_NONE;

	*done_out = false;
	if (!g->is_building)
		fail = build_begin(s);
	if (fail == FAIL_NONE)
		fail = search_db_begin(s);
	if (fail == FAIL_NONE && bits_empty(&g->have)) {
		search_group_drop(s);
		*done_out = true;
		return FAIL_NONE;
	}
	while (fail == FAIL_NONE) {
		if (!bucket_fill(g)) {
			*done_out = true;
			return build_end(s);
		}
		fail = bucket_write(s);
		if (clock_precise_us() >= end_us)
			break;
	}
	return fail;
}

/* --- everything of an account ------------------------------------------------------------------------------- */

/* The account's lowest chunk that has pages; FAIL_MISSING: none. */
static enum fail
lowest_chunk(struct search *s, uint64_t account, uint64_t *out)
{
	sqlite3_stmt *next = search_db_statement(s, SQL_NEXT_PAGE);
	int code;

	sqlite3_bind_int64(next, 1, search_page_row(account, 0, 0));
	sqlite3_bind_int64(next, 2, search_page_row(account + 1, 0, 0) - 1);
	code = sqlite3_step(next);
	if (code == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(next, 0) >> SEARCH_PAGE_BITS &
		    ((UINT64_C(1) << (SEARCH_EMAIL_BITS - CHUNK_BITS)) - 1);
	sqlite3_reset(next);
	if (code == SQLITE_DONE)
		return FAIL_MISSING;
	return code == SQLITE_ROW ? FAIL_NONE : search_db_fail(s, code);
}

static enum fail
drop_end(struct search *s, struct search_work_account *a)
{
	sqlite3_stmt *mark = search_db_statement(s, SQL_DROP_MARK);

	a->is_dropping = false;
	if (!a->is_gone)
		return search_mark_set(s, a->now.id, 0, 0);
	sqlite3_bind_int64(mark, 1, (int64_t)a->now.id);
	return search_db_run(s, mark);
}

/* A chunk after the other; the mark first says that nothing is indexed. */
enum fail
search_drop(struct search *s, struct search_work_account *a, int64_t end_us, bool *more_out)
{
	uint64_t id = a->now.id, chunk = 0;
	enum fail fail;

	*more_out = true;
	if (s->group.account == a)
		search_group_drop(s);
	a->done = a->rows = 0;
	fail = search_db_begin(s);
	if (fail == FAIL_NONE)
		fail = search_mark_set(s, id, 0, 0);
	if (fail == FAIL_NONE)
		fail = drop(s, SQL_DROP_FRESH, search_fresh_row(id, 0),
		    search_fresh_row(id + 1, 0) - 1);
	while (fail == FAIL_NONE) {
		fail = lowest_chunk(s, id, &chunk);
		if (fail == FAIL_MISSING) {
			*more_out = false;
			return drop_end(s, a);
		}
		if (fail == FAIL_NONE)
			fail = drop(s, SQL_DROP_PAGES, search_page_row(id, chunk, 0),
			    search_page_row(id, chunk, SEARCH_PAGES_MAX));
		if (clock_precise_us() >= end_us)
			break;
	}
	return fail;
}
