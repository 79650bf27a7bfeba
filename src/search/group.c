/*
 * Messages on their way into the file, a thousand with neighbouring ids at a time (inner.h).
 *
 * Each message is first a row: the lists of its grams and its words. While its chunk is not complete it is a row of
 * the file too; a complete chunk becomes pages (build.c). So everything is written once or twice, and never merged.
 */
#include "search/inner.h"

/* system */
#include <sqlite3.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* --- in memory ---------------------------------------------------------------------------------------------- */

void
search_group_drop(struct search *s)
{
	struct search_group *g = &s->group;

	search_build_drop(g);
	for (unsigned bit = 0; g->rows && bit < CHUNK_SIZE; bit++)
		buf_release(&g->rows[bit]);
	mem_free(g->rows);
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
	g->rows = mem_new(CHUNK_SIZE, sizeof *g->rows);
	return FAIL_NONE;
}

/* A row: how many bytes of grams there are, these, the words. */
void
search_group_add(struct search *s, uint64_t email, struct str grams, struct str words)
{
	struct search_group *g = &s->group;
	unsigned bit = (unsigned)(email % CHUNK_SIZE);
	struct buf *row = &g->rows[bit];

	buf_init(row, SEARCH_ROW_MAX);
	(void)buf_room(row, grams.n + words.n + GRAM_VARINT_MAX); /* all of it at once */
	gram_varint_write(row, (uint32_t)grams.n);
	buf_add(row, grams);
	buf_add(row, words);
	bits_set(&g->have, bit);
	search_db_due(s);
}

/* --- rows of single messages -------------------------------------------------------------------------------- */

enum fail
search_rows_drop(struct search *s, enum search_sql which, int64_t from, int64_t to)
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

	for (unsigned bit = bits_next(&g->have, 0); a && fail == FAIL_NONE && bit < CHUNK_SIZE;
	     bit = bits_next(&g->have, bit + 1)) {
		if (bits_has(&g->written, bit))
			continue;
		fail = search_db_put(s, SQL_PUT_FRESH, search_fresh_row(a->now.id, first + bit),
		    buf_str(&g->rows[bit]));
		bits_set(&g->written, bit);
	}
	if (a && fail == FAIL_NONE)
		fail = search_mark_set(s, a->now.id, a->done, a->rows);
	return fail;
}

bool
search_row_read(struct str row, struct str *grams_out, struct str *words_out)
{
	uint32_t n;

	if (!gram_varint(&row, &n) || n > row.n)
		return false;
	*grams_out = str_head(row, n);
	*words_out = str_from(row, n);
	return true;
}

enum fail
search_group_load(struct search *s)
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
		struct str content;

		if (bits_has(&g->have, bit))
			continue;
		if (!search_db_content(s, get, 1, row, &content))
			return FAIL_TEMP;
		buf_init(&g->rows[bit], SEARCH_ROW_MAX);
		buf_add(&g->rows[bit], content);
		bits_set(&g->have, bit);
		bits_set(&g->written, bit);
	}
	sqlite3_reset(get);
	return code == SQLITE_DONE ? FAIL_NONE : search_db_fail(s, code);
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
		fail = search_rows_drop(s, SQL_DROP_FRESH, search_fresh_row(id, 0),
		    search_fresh_row(id + 1, 0) - 1);
	while (fail == FAIL_NONE) {
		fail = lowest_chunk(s, id, &chunk);
		if (fail == FAIL_MISSING) {
			*more_out = false;
			return drop_end(s, a);
		}
		if (fail == FAIL_NONE)
			fail = search_rows_drop(s, SQL_DROP_PAGES, search_page_row(id, chunk, 0),
			    search_page_row(id, chunk, SEARCH_PAGES_MAX));
		if (clock_precise_us() >= end_us)
			break;
	}
	return fail;
}
