/*
 * From what is looked for to candidates.
 *
 *     CATCHING_UP --few messages wait, and are indexed--> ASKING --a chunk after the other--> ANSWERED
 *          `------------ nothing that narrows, or the index is not usable ----------------------^
 */
#include "search/inner.h"

/* system */
#include <sqlite3.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "search/plan.h"
#include "search/proof.h"

#define FILE_PAGES 10 /* pages of words that are looked at in the time of one message's file */

void
search_query_start(struct search_query *q, struct search *s, uint64_t account,
    const struct search_term *term)
{
	*q = (struct search_query){ .search = s, .account = account, .stage = SEARCH_ANSWERED };
	if (!s || !term)
		return;
	s->status.asked++;
	if (!search_is_usable(s) || !search_can_have(account, 0))
		return;
	q->plan = mem_new(1, sizeof *q->plan);
	if (!plan_make(q->plan, term))
		return;
	q->generation = s->generation;
	q->stage = SEARCH_CATCHING_UP;
}

void
search_query_release(struct search_query *q)
{
	mem_free(q->plan);
	mem_free(q->ids);
	mem_free(q->proofs);
	*q = (struct search_query){ .search = NULL };
}

static bool
answer(struct search_query *q, bool is_narrow)
{
	q->stage = SEARCH_ANSWERED;
	q->is_narrow = is_narrow;
	q->search->status.narrowed += is_narrow;
	return true;
}

/* --- catching up -------------------------------------------------------------------------------------------- */

/* Index what just came; *done_out: there is nothing to wait for (any more). */
static enum fail
catch_up(struct search_query *q, int64_t end_us, bool *done_out)
{
	struct search_work_account *a = search_account_find(q->search, q->account);
	uint64_t rows;
	bool has_more = false;
	enum fail fail = FAIL_NONE;

	*done_out = true;
	if (!a) {
		fail = search_mark_get(q->search, q->account, &q->indexed_to, &rows);
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	}
	if (!a->is_gone && !a->is_dropping && a->now.last - a->done <= SEARCH_WAIT_MAX &&
	    !search_is_stuck(q->search))
		fail = search_index(q->search, a, end_us, &has_more);
	if (search_is_stuck(q->search)) /* those that are far away are candidates */
		has_more = false;
	if (fail == FAIL_NONE && !has_more && q->search->group.account == a)
		fail = search_group_flush(q->search);
	q->indexed_to = a->is_gone || a->is_dropping ? 0 : a->done;
	*done_out = !has_more;
	return fail;
}

/* --- one chunk ---------------------------------------------------------------------------------------------- */

struct chunk { /* that is asked */
	struct search_query *query;
	uint64_t number;
	struct directory directory; /* unless fresh */
	struct bits *have; /* own: of fresh rows, by place of the gram in the plan; NULL: pages */
};

/* The one blob of a row. FAIL_MISSING: there is none. */
static enum fail
get_page(struct search *s, int64_t row, struct str *out)
{
	sqlite3_stmt *get = search_db_statement(s, SQL_GET_PAGE);
	int code;

	sqlite3_reset(get);
	sqlite3_bind_int64(get, 1, row);
	code = sqlite3_step(get);
	if (code == SQLITE_ROW)
		return search_db_content(s, get, 0, row, out) ? FAIL_NONE : FAIL_TEMP;
	return code == SQLITE_DONE ? FAIL_MISSING : search_db_fail(s, code);
}

/* A page of the chunk; false: it is not there, or damaged. */
static bool
read_page(const struct chunk *c, size_t page, struct str *out)
{
	struct search_query *q = c->query;

	return get_page(q->search, search_page_row(q->account, c->number, (unsigned)page), out) ==
	    FAIL_NONE;
}

static bool
have_in_pages(void *arg, size_t place, struct bits *out)
{
	struct chunk *c = arg;
	uint32_t gram = c->query->plan->grams[place];
	size_t page_number = directory_page_of(&c->directory, gram);
	struct str page;

	*out = (struct bits){ { 0 } };
	if (page_number == 0 ||
	    (read_page(c, page_number, &page) && page_find(page, gram, &c->directory.all, out)))
		return true;
	(void)search_db_fail(c->query->search, SQLITE_CORRUPT);
	return false;
}

static bool
have_in_fresh(void *arg, size_t place, struct bits *out)
{
	struct chunk *c = arg;

	*out = c->have[place];
	return true;
}

/* Which of the plan's grams are in this list; both ascend. */
static void
match_list(struct chunk *c, unsigned bit, struct str list)
{
	const struct search_plan *p = c->query->plan;
	struct gram_cursor cursor;
	size_t at = 0;

	gram_cursor_init(&cursor, list);
	while (cursor.gram < GRAM_END && at < p->gram_count) {
		if (cursor.gram < p->grams[at]) {
			gram_cursor_next(&cursor);
			continue;
		}
		if (cursor.gram == p->grams[at])
			bits_set(&c->have[at], bit);
		at++;
	}
}

static enum fail
match_fresh(struct chunk *c)
{
	struct search_query *q = c->query;
	uint64_t first = c->number << CHUNK_BITS;
	sqlite3_stmt *get = search_db_statement(q->search, SQL_GET_FRESH);
	struct search_proof *proofs = proofs_add(q, c->number);
	int code;

	c->have = mem_new(q->plan->gram_count, sizeof *c->have);
	sqlite3_bind_int64(get, 1, search_fresh_row(q->account, first));
	sqlite3_bind_int64(get, 2, search_fresh_row(q->account, first + CHUNK_SIZE - 1));
	while ((code = sqlite3_step(get)) == SQLITE_ROW) {
		int64_t row = sqlite3_column_int64(get, 0);
		struct str content, grams, words;

		if (!search_db_content(q->search, get, 1, row, &content))
			return FAIL_TEMP;
		if (!search_row_read(content, &grams, &words))
			return search_db_fail(q->search, SQLITE_CORRUPT);
		match_list(c, (unsigned)(row % CHUNK_SIZE), grams);
		proofs_of_row(proofs, q->plan, (unsigned)(row % CHUNK_SIZE), words);
	}
	sqlite3_reset(get);
	return code == SQLITE_DONE ? FAIL_NONE : search_db_fail(q->search, code);
}

/* False: too many. */
static bool
keep(struct search_query *q, uint64_t email)
{
	if (q->count == SEARCH_IDS_MAX)
		return false;
	if (q->count == q->cap) {
		q->cap = q->cap ? 2 * q->cap : 64;
		q->ids = mem_resize(q->ids, q->cap, sizeof *q->ids);
	}
	q->ids[q->count++] = email;
	return true;
}

/* --- proofs ------------------------------------------------------------------------------------------------- */

/* All words of the chunk are looked at, for all texts. False: damaged. */
static bool
prove(struct chunk *c)
{
	const struct search_plan *p = c->query->plan;
	size_t first = c->directory.firsts.n / 4 + 1;
	struct search_proof *proofs;
	bool is_well = true;

	if (p->word_count == 0)
		return true;
	proofs = proofs_add(c->query, c->number);
	for (size_t i = 0; i < c->directory.word_pages && is_well; i++) {
		struct str page;

		is_well = read_page(c, first + i, &page);
		for (unsigned k = 0; k < p->word_count && is_well; k++)
			is_well = page_prove(page, word_str(&p->words[k]), &c->directory.all,
			    &proofs[k].in_header, &proofs[k].in_body);
	}
	if (!is_well)
		(void)search_db_fail(c->query->search, SQLITE_CORRUPT);
	return is_well;
}

/* --- one chunk: all of it ----------------------------------------------------------------------------------- */

static bool
run(struct chunk *c)
{
	bool is_fresh = c->have != NULL, is_whole = !is_fresh && c->directory.firsts.n == 0;
	struct bits found = c->directory.all;
	uint64_t first = c->number << CHUNK_BITS;

	if (!is_whole &&
	    !plan_run(c->query->plan, is_fresh ? have_in_fresh : have_in_pages, c, &found))
		return false;
	for (unsigned bit = bits_next(&found, 0); bit < CHUNK_SIZE;
	     bit = bits_next(&found, bit + 1))
		if (first + bit <= c->query->indexed_to && !keep(c->query, first + bit))
			return false;
	return is_fresh || bits_count(&found) * FILE_PAGES < c->directory.word_pages || prove(c);
}

/* Candidates of a chunk: from its pages when it has a directory, else from single rows. */
static bool
ask_chunk(struct search_query *q, uint64_t number)
{
	struct chunk c = { .query = q, .number = number };
	struct buf copy; /* the statement's row goes with the next page */
	struct str directory;
	enum fail fail = get_page(q->search, search_page_row(q->account, number, 0), &directory);
	bool is_well = true;

	buf_init(&copy, DIRECTORY_MAX);
	if (fail == FAIL_MISSING) {
		is_well = match_fresh(&c) == FAIL_NONE;
	} else if (fail == FAIL_NONE) {
		buf_add(&copy, directory);
		is_well = directory_read(buf_str(&copy), &c.directory);
		if (!is_well)
			(void)search_db_fail(q->search, SQLITE_CORRUPT);
	}
	is_well = is_well && fail != FAIL_TEMP && run(&c);
	sqlite3_reset(search_db_statement(q->search, SQL_GET_PAGE));
	buf_release(&copy);
	mem_free(c.have);
	return is_well;
}

/* --- chunk by chunk ----------------------------------------------------------------------------------------- */

/* The first row from `from` to `to`; INT64_MAX: none. */
static enum fail
next_row(struct search *s, enum search_sql which, int64_t from, int64_t to, int64_t *out)
{
	sqlite3_stmt *next = search_db_statement(s, which);
	int code;

	sqlite3_bind_int64(next, 1, from);
	sqlite3_bind_int64(next, 2, to);
	code = sqlite3_step(next);
	*out = code == SQLITE_ROW ? sqlite3_column_int64(next, 0) : INT64_MAX;
	sqlite3_reset(next);
	return code == SQLITE_ROW || code == SQLITE_DONE ? FAIL_NONE : search_db_fail(s, code);
}

/* The next chunk that the index has something of, from `at` on; UINT64_MAX: none. */
static enum fail
next_chunk(struct search_query *q, uint64_t at, uint64_t *out)
{
	const uint64_t chunks = UINT64_C(1) << (SEARCH_EMAIL_BITS - CHUNK_BITS);
	int64_t page, fresh;
	enum fail fail = next_row(q->search, SQL_NEXT_PAGE, search_page_row(q->account, at, 0),
	    search_page_row(q->account, chunks - 1, SEARCH_PAGES_MAX), &page);

	if (fail == FAIL_NONE)
		fail = next_row(q->search, SQL_GET_FRESH,
		    search_fresh_row(q->account, at << CHUNK_BITS),
		    search_fresh_row(q->account, (chunks << CHUNK_BITS) - 1), &fresh);
	*out = UINT64_MAX;
	if (fail != FAIL_NONE)
		return fail;
	if (page != INT64_MAX)
		*out = (uint64_t)page >> SEARCH_PAGE_BITS & (chunks - 1);
	if (fresh != INT64_MAX && ((uint64_t)fresh >> CHUNK_BITS & (chunks - 1)) < *out)
		*out = (uint64_t)fresh >> CHUNK_BITS & (chunks - 1);
	return FAIL_NONE;
}

/* The index was renewed, or fails: what is known of it is worth nothing. */
static bool
is_index_lost(const struct search_query *q)
{
	return q->generation != q->search->generation || !search_is_usable(q->search);
}

bool
search_query_step(struct search_query *q, int64_t end_us)
{
	bool is_done;
	uint64_t chunk;

	while (q->stage != SEARCH_ANSWERED) {
		if (is_index_lost(q))
			return answer(q, false);
		if (q->stage == SEARCH_CATCHING_UP) {
			if (catch_up(q, end_us, &is_done) != FAIL_NONE)
				return answer(q, false);
			q->stage = is_done ? SEARCH_ASKING : SEARCH_CATCHING_UP;
		} else {
			if (next_chunk(q, q->at, &chunk) != FAIL_NONE)
				return answer(q, false);
			if (chunk > q->indexed_to >> CHUNK_BITS)
				return answer(q, true);
			if (!ask_chunk(q, chunk))
				return answer(q, false);
			q->at = chunk + 1;
		}
		if (clock_precise_us() >= end_us)
			return false;
	}
	return true;
}

bool
search_query_has(const struct search_query *q, uint64_t email)
{
	size_t low = 0, high = q->count;

	if (!q->is_narrow || email > q->indexed_to)
		return true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (q->ids[middle] < email)
			low = middle + 1;
		else
			high = middle;
	}
	return low < q->count && q->ids[low] == email;
}
