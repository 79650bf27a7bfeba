/*
 * What is to be done behind, by account (search.h).
 *
 *     account: up to date --search_news--> waiting --search_index--> up to date, its entry is freed
 *                                            |  `-- most Emails are gone --> dropping --> waiting
 *                                            `--search_forget--> gone: dropping --> no row and no mark is left
 *     index:   usable --damaged--> set aside, made anew: all accounts wait --> usable
 *                 `---disk failed--> undone to the last commit; SEARCH_RETRY_MS later all accounts are looked at
 *     message: its file is far away --waited for--> indexed
 *                                    `--it cannot be reached: nothing is indexed for SEARCH_FAR_MS, then again
 *
 * The task works in slices while nobody else has something to do, else one slice each SEARCH_PAUSE_MS. With
 * nothing to do it sleeps, after one last wake-up for the commit.
 */
#include "search/inner.h"

/* system */
#include <sqlite3.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* --- the accounts that wait --------------------------------------------------------------------------------- */

static struct str
key_of(const uint64_t *id)
{
	return str_of((const char *)id, sizeof *id);
}

struct search_work_account *
search_account_find(struct search *s, uint64_t id)
{
	struct map_node *node = map_find(&s->accounts, key_of(&id));

	return node ? container_of(node, struct search_work_account, by_id) : NULL;
}

struct search_work_account *
search_account_new(struct search *s, uint64_t id)
{
	struct search_work_account *a = mem_new(1, sizeof *a);

	a->now.id = id;
	map_insert(&s->accounts, &a->by_id, key_of(&a->now.id));
	list_append(&s->waiting, &a->node);
	return a;
}

void
search_account_free(struct search *s, struct search_work_account **a)
{
	if (s->job.account == *a)
		search_job_drop(s);
	if (s->group.account == *a)
		search_group_drop(s);
	map_remove(&s->accounts, &(*a)->by_id);
	list_remove(&(*a)->node);
	mem_free(*a);
	*a = NULL;
}

static void
forget_all(struct search *s)
{
	struct list_node *node;

	while ((node = list_first(&s->waiting)) != NULL) {
		struct search_work_account *a =
		    container_of(node, struct search_work_account, node);

		search_account_free(s, &a);
	}
}

/* Of what the index has, more than half is gone. */
static bool
is_loose(uint64_t rows, uint64_t emails)
{
	return rows > 2 * emails + SEARCH_LOOSE_ROWS;
}

/* An account as it is now, against how far it is indexed. */
static enum fail
take_up(struct search *s, const struct search_account *now)
{
	struct search_work_account *a = search_account_find(s, now->id);
	uint64_t done, rows;
	enum fail fail = FAIL_NONE;

	if (a)
		a->now = *now;
	if (a || !search_can_have(now->id, now->last))
		return FAIL_NONE;
	fail = search_mark_get(s, now->id, &done, &rows);
	if (fail == FAIL_MISSING)
		fail = FAIL_NONE;
	if (fail != FAIL_NONE || (done == now->last && !is_loose(rows, now->emails)))
		return fail;
	a = search_account_new(s, now->id);
	a->now = *now;
	/* Further than the store: that is an older copy of itself, and will use the same numbers again. */
	a->is_dropping = done > now->last;
	a->done = a->is_dropping ? 0 : done;
	a->rows = rows;
	return FAIL_NONE;
}

/* The index knows an account that is no more. */
static enum fail
take_up_gone(struct search *s, uint64_t id)
{
	struct search_work_account *a = search_account_find(s, id);

	if (!a)
		a = search_account_new(s, id);
	a->is_gone = true;
	return FAIL_NONE;
}

/* The first account after `after` that has a mark. */
static enum fail
next_mark(struct search *s, uint64_t after, uint64_t *out)
{
	sqlite3_stmt *mark = search_db_statement(s, SQL_NEXT_MARK);
	int code;

	sqlite3_bind_int64(mark, 1, (int64_t)after);
	code = sqlite3_step(mark);
	*out = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(mark, 0) : UINT64_MAX;
	sqlite3_reset(mark);
	return code == SQLITE_ROW || code == SQLITE_DONE ? FAIL_NONE : search_db_fail(s, code);
}

/* Both by id, in step: accounts that exist, and accounts that have a mark. */
void
search_survey(struct search *s)
{
	struct search_account now = { .id = 0 };
	uint64_t marked = 0;
	enum fail fail = next_mark(s, 0, &marked), end = FAIL_NONE;

	forget_all(s);
	while (fail == FAIL_NONE) {
		end = s->source->account(s->arg, now.id, &now);
		if (end != FAIL_NONE)
			now.id = INT64_MAX;
		while (fail == FAIL_NONE && marked < now.id && end != FAIL_TEMP) {
			fail = take_up_gone(s, marked);
			if (fail == FAIL_NONE)
				fail = next_mark(s, marked, &marked);
		}
		if (end != FAIL_NONE)
			break;
		if (fail == FAIL_NONE && marked == now.id)
			fail = next_mark(s, marked, &marked);
		if (fail == FAIL_NONE)
			fail = take_up(s, &now);
	}
	if (fail == FAIL_NONE && end != FAIL_TEMP)
		s->retry_at_ms = 0;
	else if (s->retry_at_ms == 0)
		s->retry_at_ms = clock_mono_ms() + SEARCH_RETRY_MS;
}

/* --- what is told ------------------------------------------------------------------------------------------- */

bool
search_is_usable(const struct search *s)
{
	return s->db && !s->is_broken && s->retry_at_ms == 0;
}

void
search_news(struct search *s, const struct search_account *account)
{
	if (!search_is_usable(s)) /* it will look at all accounts */
		return;
	if (take_up(s, account) == FAIL_NONE)
		search_wake(s, SEARCH_BEHIND_MS);
}

void
search_forget(struct search *s, uint64_t account)
{
	if (!search_is_usable(s))
		return;
	if (s->job.account && s->job.account->now.id == account)
		search_job_drop(s);
	if (take_up_gone(s, account) == FAIL_NONE)
		search_wake(s, SEARCH_BEHIND_MS);
}

static enum fail
start_over(struct search *s, uint64_t id)
{
	struct search_work_account *a = search_account_find(s, id);
	struct search_account now;
	enum fail fail = s->source->account(s->arg, id - 1, &now);

	if (fail == FAIL_NONE && now.id != id)
		fail = FAIL_MISSING;
	if (fail != FAIL_NONE)
		return fail;
	if (a)
		search_account_free(s, &a);
	a = search_account_new(s, id);
	a->now = now;
	a->is_dropping = true;
	return FAIL_NONE;
}

void
search_reindex(struct search *s, uint64_t account)
{
	if (account == 0)
		s->is_broken = s->is_unwanted = true;
	else if (!search_is_usable(s) || start_over(s, account) != FAIL_NONE)
		return;
	search_wake(s, 0);
}

/* --- work --------------------------------------------------------------------------------------------------- */

/* Made anew when damaged; all accounts looked at when that is due. False: not now. */
static bool
put_right(struct search *s)
{
	if (s->is_broken) {
		forget_all(s);
		search_db_renew(s);
		if (s->db)
			search_survey(s);
	} else if (s->db && s->retry_at_ms != 0 && clock_mono_ms() >= s->retry_at_ms) {
		search_survey(s);
	}
	return search_is_usable(s);
}

/* It is indexed: its group goes into the file, and its entry. */
static enum fail
account_end(struct search *s, struct search_work_account *a)
{
	enum fail fail;

	if (s->group.account == a)
		fail = search_group_flush(s);
	else
		fail = search_db_begin(s);
	if (fail == FAIL_NONE)
		fail = search_mark_set(s, a->now.id, a->done, a->rows);
	if (fail == FAIL_NONE)
		search_account_free(s, &a);
	return fail;
}

static enum fail
work_on(struct search *s, struct search_work_account *a, int64_t end_us)
{
	bool has_more;
	enum fail fail;

	if (a->is_gone || a->is_dropping) {
		bool is_gone = a->is_gone;

		fail = search_drop(s, a, end_us, &has_more);
		if (fail == FAIL_NONE && !has_more && is_gone)
			search_account_free(s, &a);
		return fail;
	}
	fail = search_index(s, a, end_us, &has_more);
	if (fail != FAIL_NONE || has_more)
		return fail;
	if (!is_loose(a->rows, a->now.emails))
		return account_end(s, a);
	a->is_dropping = true;
	return FAIL_NONE;
}

/* What is under way first, then the account that waits longest. */
static struct search_work_account *
next_account(struct search *s)
{
	struct list_node *node = list_first(&s->waiting);

	if (s->job.account)
		return s->job.account;
	if (s->group.account && s->group.stage != GROUP_FILLING)
		return s->group.account;
	return node ? container_of(node, struct search_work_account, node) : NULL;
}

bool
search_work(struct search *s, int64_t end_us)
{
	struct search_work_account *a;

	if (!put_right(s))
		return false;
	while (!search_is_stuck(s) && (a = next_account(s)) != NULL) {
		if (work_on(s, a, end_us) != FAIL_NONE) { /* of the store or the disk */
			if (s->retry_at_ms == 0 && !s->is_broken)
				s->retry_at_ms = clock_mono_ms() + SEARCH_RETRY_MS;
			return false;
		}
		if (clock_precise_us() >= end_us)
			return !list_empty(&s->waiting);
	}
	return false;
}

/* --- the task ----------------------------------------------------------------------------------------------- */

void
search_wake(struct search *s, int64_t delay_ms)
{
	int64_t at_ms = clock_mono_ms() + delay_ms;

	if (!s->loop || list_linked(&s->task.node))
		return;
	if (delay_ms == 0)
		task_wake(&s->task);
	else if (!timer_running(&s->timer) || s->timer.deadline_ms > at_ms)
		timer_start(s->loop, &s->timer, &s->task, at_ms);
}

/* Nothing is left but to make durable what was done, and to hold less memory. */
static void
rest(struct search *s)
{
	if (clock_mono_ms() < s->far_at_ms)
		search_wake(s, s->far_at_ms - clock_mono_ms());
	if (!s->has_news)
		return;
	if (clock_mono_ms() < s->commit_at_ms) {
		search_wake(s, s->commit_at_ms - clock_mono_ms());
		return;
	}
	if (search_db_commit(s) == FAIL_NONE)
		sqlite3_db_release_memory(s->db);
}

static enum step
work_step(struct task *t)
{
	struct search *s = container_of(t, struct search, task);

	if (search_work(s, clock_precise_us() + SEARCH_SLICE_US)) {
		if (!loop_is_busy(s->loop))
			return STEP_YIELD;
		timer_start(s->loop, &s->timer, t, clock_mono_ms() + SEARCH_PAUSE_MS);
	} else if (search_is_usable(s)) {
		rest(s);
	} else if (s->db) {
		timer_start(s->loop, &s->timer, t,
		    s->is_broken ? clock_mono_ms() + 1 : s->retry_at_ms);
	}
	return STEP_WAIT;
}

/* --- open and close ----------------------------------------------------------------------------------------- */

void
search_open(struct search **out, struct loop *loop, struct str path,
    const struct search_source *source, void *arg)
{
	struct search *s = mem_new(1, sizeof *s);

	*out = s;
	s->loop = loop;
	s->log.room = "search";
	s->source = source;
	s->arg = arg;
	list_init(&s->waiting);
	buf_init(&s->path, path.n + 1);
	buf_add(&s->path, path);
	buf_init(&s->row, GRAMS_LIST_MAX + PAGE_MAX + SEARCH_PAGES_MAX * 4);
	if (loop)
		loop_task(loop, &s->task, work_step, NULL);
	if (search_db_open(s) == FAIL_NONE)
		search_survey(s);
	if (s->db)
		search_wake(s, SEARCH_BEHIND_MS);
}

void
search_close(struct search **ps)
{
	struct search *s = *ps;

	if (!s)
		return;
	if (s->db && s->group.account && search_group_flush(s) != FAIL_NONE)
		search_group_drop(s);
	forget_all(s);
	if (s->db && search_db_commit(s) != FAIL_NONE)
		log_warn(&s->log, "search.behind",
		    LOG_TEXT("so", STR("the next start indexes again what was not kept")));
	if (s->loop) {
		task_cancel(&s->task);
		timer_stop(s->loop, &s->timer);
	}
	search_db_close(s);
	map_release(&s->accounts);
	buf_release(&s->path);
	buf_release(&s->row);
	mem_free(s);
	*ps = NULL;
}

struct search_status
search_status(const struct search *s)
{
	struct search_status status = s->status;

	status.is_usable = search_is_usable(s);
	for (struct list_node *n = list_first(&s->waiting); n; n = list_next(&s->waiting, n)) {
		struct search_work_account *a = container_of(n, struct search_work_account, node);

		if (a->now.last > a->done)
			status.waiting += a->now.last - a->done;
	}
	return status;
}
