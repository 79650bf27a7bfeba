#include "store/store.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "store/inner.h"

const struct log store_log = { .room = "store" };

/* --- walks as a whole ---------------------------------------------------------------------- */

void
store_pause_scans(struct store *s)
{
	for (size_t i = 0; i < STORE_SCANS_MAX && s->scans[i] != NULL; i++) {
		if (s->scans[i]->inner != NULL)
			s->ops->scan_end(s->scans[i]->inner);
		s->scans[i]->inner = NULL;
	}
}

void
store_stop_scans(struct store *s, unsigned level)
{
	for (size_t i = 0; i < STORE_SCANS_MAX && s->scans[i] != NULL; i++) {
		struct store_scan *scan = s->scans[i];

		if (scan->level < level)
			continue;
		if (scan->inner != NULL)
			s->ops->scan_end(scan->inner);
		scan->inner = NULL;
		scan->level = 0;
	}
}

/* --- the turn's transaction ---------------------------------------------------------------- */

enum fail
store_begin(struct store *s, bool is_write)
{
	enum fail fail;

	if (s->is_broken)
		return FAIL_TEMP;
	if (s->state == STORE_WRITING || (s->state == STORE_READING && !is_write))
		return FAIL_NONE;
	store_end_reading(s);
	fail = s->ops->begin(s->engine, is_write);
	if (fail != FAIL_NONE)
		return fail;
	s->state = is_write ? STORE_WRITING : STORE_READING;
	s->writes = 0;
	return FAIL_NONE;
}

void
store_end_reading(struct store *s)
{
	if (s->state != STORE_READING)
		return;
	store_pause_scans(s);
	s->ops->rollback(s->engine);
	s->state = STORE_CLOSED;
}

static enum fail
end_alone(struct store *s, enum fail fail, bool *has_written_out)
{
	if (fail == FAIL_NONE)
		fail = s->ops->commit(s->engine, has_written_out);
	if (fail != FAIL_NONE)
		s->ops->rollback(s->engine);
	s->state = STORE_CLOSED;
	return fail;
}

enum fail
store_put_alone(struct store *s, struct str key, struct str value, bool *has_written_out)
{
	enum fail fail;

	*has_written_out = false;
	fail = store_begin(s, true);
	if (fail == FAIL_NONE)
		fail = s->ops->put(s->engine, key, value);
	return end_alone(s, fail, has_written_out);
}

enum fail
store_delete_alone(struct store *s, struct str from, struct str to)
{
	bool has_written = false;
	enum fail fail = store_begin(s, true);

	if (fail == FAIL_NONE)
		fail = s->ops->del_range(s->engine, from, to);
	return end_alone(s, fail, &has_written);
}

static void
roll_back(struct store *s)
{
	store_pause_scans(s);
	s->serial++;
	s->ops->rollback(s->engine);
	s->state = STORE_CLOSED;
	s->writes = 0;
}

static void
failed_commit(struct store *s)
{
	roll_back(s);
	s->is_broken = false;
	if (s->is_well)
		log_error(&store_log, "store.unwell", LOG_NUM("commits", s->commits));
	s->is_well = false;
	upkeep_after_failure(s);
}

/* The end of the turn: the outcome of what was written in it. */
static enum fail
commit_turn(struct store *s, enum fail so_far)
{
	enum fail fail = so_far;
	bool has_written = false;

	invariant(s->level == 0);
	if (s->state != STORE_WRITING && !s->is_broken) {
		store_end_reading(s);
		return FAIL_NONE;
	}
	if (s->is_broken && fail == FAIL_NONE)
		fail = FAIL_TEMP;
	if (fail == FAIL_NONE) {
		store_pause_scans(s);
		fail = s->ops->commit(s->engine, &has_written);
	}
	if (fail != FAIL_NONE) {
		failed_commit(s);
		return fail;
	}
	s->state = STORE_CLOSED;
	if (has_written) {
		s->commits++;
		s->is_well = true;
		upkeep_after_commit(s);
	}
	return FAIL_NONE;
}

static enum fail
on_commit(struct turn_hook *hook, enum fail so_far)
{
	return commit_turn(container_of(hook, struct store, commit_hook), so_far);
}

/* Hooks behind the commit may have read. */
static enum fail
on_flush(struct turn_hook *hook, enum fail so_far)
{
	(void)so_far;
	store_end_reading(container_of(hook, struct store, flush_hook));
	return FAIL_NONE;
}

enum fail
store_commit(struct store *s)
{
	return commit_turn(s, FAIL_NONE);
}

void
store_rollback(struct store *s)
{
	invariant(s->level == 0);
	roll_back(s);
	s->is_broken = false;
}

/* --- runs ---------------------------------------------------------------------------------- */

/* Undo what the run wrote. */
static void
undo(struct store *s, const struct txn *t)
{
	if (!t->is_marked || s->is_broken)
		return;
	if (t->is_whole) {
		roll_back(s);
		if (t->outer != NULL && store_begin(s, true) != FAIL_NONE)
			s->is_broken = true;
		return;
	}
	store_pause_scans(s);
	s->serial++;
	if (s->ops->restore(s->engine) != FAIL_NONE)
		s->is_broken = true;
}

static enum fail
run(struct store *s, store_fn *fn, void *arg, struct txn *t)
{
	enum fail fail;

	s->level++;
	fail = fn(t, arg);
	if (fail == FAIL_NONE)
		fail = t->fail;
	if (fail == FAIL_NONE && s->is_broken)
		fail = FAIL_TEMP;
	store_stop_scans(s, s->level);
	s->level--;
	if (fail == FAIL_NONE && t->is_marked && !t->is_whole)
		fail = s->ops->release(s->engine);
	if (fail != FAIL_NONE)
		undo(s, t);
	return fail;
}

enum fail
store_run(struct store *s, store_fn *fn, void *arg)
{
	struct txn t = { .store = s, .outer = s->runs, .is_write = true };
	enum fail fail;

	invariant(t.outer == NULL || t.outer->is_write);
	fail = store_begin(s, true);
	if (fail != FAIL_NONE)
		return fail;
	s->runs = &t;
	fail = run(s, fn, arg, &t);
	s->runs = t.outer;
	return fail;
}

enum fail
store_read(struct store *s, store_fn *fn, void *arg)
{
	struct txn t = { .store = s, .outer = s->runs };
	enum fail fail = store_begin(s, false);

	if (fail != FAIL_NONE)
		return fail;
	s->runs = &t;
	fail = run(s, fn, arg, &t);
	s->runs = t.outer;
	if (s->loop == NULL && s->level == 0)
		store_end_reading(s);
	return fail;
}

/* --- open and close ------------------------------------------------------------------------ */

enum fail
store_open(struct store **out, struct loop *loop, struct str path,
    const struct store_options *options)
{
	static const struct store_schema first = { .version = 1 };
	static const struct store_options none = { 0 };
	const struct store_options *o = options ? options : &none;
	struct store *s = mem_new(1, sizeof *s);
	enum fail fail;

	*out = NULL;
	s->ops = &sqlite_engine;
	s->is_well = true;
	buf_init(&s->value, STORE_VALUE_MAX);
	fail =
	    s->ops->open(&s->engine, path, o->settings ? o->settings : &store_defaults, o->errors);
	if (fail == FAIL_NONE)
		fail = schema_open(s, path, o->schema ? o->schema : &first, o->errors);
	if (fail == FAIL_NONE)
		fail = lineage_open(s, path, loop != NULL, o->errors);
	if (fail == FAIL_NONE)
		fail = s->ops->settle(s->engine);
	if (fail != FAIL_NONE) {
		store_close(&s);
		return fail;
	}
	s->commits = 0;
	s->loop = loop; /* only now: what opening commits is no turn's */
	if (loop != NULL) {
		s->commit_hook.run = on_commit;
		s->flush_hook.run = on_flush;
		loop_hook(loop, TURN_COMMIT, &s->commit_hook);
		loop_hook(loop, TURN_FLUSH, &s->flush_hook);
		upkeep_init(s);
	}
	*out = s;
	return FAIL_NONE;
}

void
store_close(struct store **store)
{
	struct store *s = *store;
	bool has_news; /* since the last beat */

	if (s == NULL)
		return;
	invariant(s->level == 0 && s->passing == NULL);
	has_news = timer_running(&s->renew_timer) && s->is_well;
	if (s->commit_hook.run != NULL) {
		loop_unhook(&s->commit_hook);
		loop_unhook(&s->flush_hook);
		timer_stop(s->loop, &s->timer);
		timer_stop(s->loop, &s->renew_timer);
		task_cancel(&s->upkeep);
	}
	if (s->engine != NULL) {
		roll_back(s);
		if (has_news)
			lineage_renew(s);
		s->ops->close(&s->engine);
	}
	for (size_t i = 0; i < STORE_SCANS_MAX; i++)
		mem_free(s->scans[i]);
	buf_release(&s->value);
	lineage_release(s);
	mem_free(s);
	*store = NULL;
}

bool
store_is_well(const struct store *s)
{
	return s->is_well;
}

uint64_t
store_commits(const struct store *s)
{
	return s->commits;
}

bool
store_is_dirty(const struct store *s)
{
	return s->state == STORE_WRITING && s->writes > 0;
}

bool
store_has_log(const struct store *s)
{
	return s->ops->has_log(s->engine);
}

enum fail
store_backup(struct store *s, struct str path)
{
	invariant(s->level == 0 && s->state != STORE_WRITING);
	store_end_reading(s);
	return s->ops->backup(s->engine, path);
}

enum fail
store_verify(struct store *s, struct buf *errors)
{
	invariant(s->level == 0);
	return s->ops->verify(s->engine, errors);
}
