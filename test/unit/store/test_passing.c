/* Keys that pass through the log: there after a crash, and in the file only when they have to be. */
#include "store/store.h"

/* system */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

#define SPACE    'w'
#define KEY      STR("w1")
#define LARGE    (80 * 1024) /* bytes of a value; in one turn the log's record takes at most 1 MB */
#define LARGE_AT 8           /* of them are more than half of that */

static char path[300];
static char zeros[LARGE];

struct passing { /* what a process does before it ends */
	struct store_passing inner;
	struct store *s;
	enum fail settles;
	int asked;
};

static enum fail
settle(struct store_passing *inner)
{
	struct passing *p = container_of(inner, struct passing, inner);

	p->asked++;
	return p->settles;
}

static void
open_it(struct passing *p, enum fail settles)
{
	*p = (struct passing){ .inner = { .space = SPACE, .settle = settle }, .settles = settles };
	CHECK_NUM(store_open(&p->s, NULL, str_c(path), NULL), FAIL_NONE);
	store_set_passing(p->s, &p->inner);
}

static void
close_it(struct passing *p)
{
	store_set_passing(p->s, NULL);
	store_close(&p->s);
}

static enum fail
pass(struct txn *t, void *arg)
{
	return txn_pass(t, KEY, *(struct str *)arg);
}

static enum fail
pass_undone(struct txn *t, void *arg)
{
	enum fail fail = pass(t, arg);

	return fail == FAIL_NONE ? FAIL_DENIED : fail;
}

static enum fail
put(struct txn *t, void *arg)
{
	char key[2] = { 'k', (char)(*(int *)arg) };

	return txn_put(t, str_of(key, sizeof key), str_of(zeros, LARGE));
}

static enum fail
find(struct txn *t, void *arg)
{
	struct str value;
	enum fail fail = txn_get(t, KEY, &value);

	CHECK(fail != FAIL_NONE || str_eq(value, *(struct str *)arg));
	return fail;
}

static struct str bytes = STR_INIT("what passes");

/* --- rows: what is done, and where the key is then ------------------------------------------ */

static const struct {
	const char *name;
	enum fail settles;
	bool is_undone, is_large, is_kept, is_flushed, is_closed;
	enum fail before, after; /* found by the same process, by the next */
} rows[] = {
	{ "only the log has it", FAIL_NONE, .before = FAIL_MISSING, .after = FAIL_NONE },
	{ "undone", FAIL_NONE, .is_undone = true, .before = FAIL_MISSING, .after = FAIL_MISSING },
	{ "kept", FAIL_NONE, .is_kept = true, .before = FAIL_NONE, .after = FAIL_NONE },
	{ "settled", FAIL_NONE, .is_flushed = true, .before = FAIL_MISSING, .after = FAIL_MISSING },
	{ "kept, then settled", FAIL_NONE, .is_kept = true, .is_flushed = true,
	    .before = FAIL_MISSING, .after = FAIL_MISSING },
	{ "not settled", FAIL_TEMP, .is_flushed = true, .before = FAIL_NONE, .after = FAIL_NONE },
	{ "closed without being asked", FAIL_NONE, .is_closed = true, .before = FAIL_MISSING,
	    .after = FAIL_NONE },
	{ "in a turn too large for the log", FAIL_TEMP, .is_large = true, .before = FAIL_NONE,
	    .after = FAIL_NONE },
	{ "that is settled", FAIL_NONE, .is_large = true, .is_flushed = true,
	    .before = FAIL_MISSING, .after = FAIL_MISSING },
};

static bool
work(size_t row)
{
	struct passing p;
	bool is_well;

	open_it(&p, rows[row].settles);
	for (int i = 0; rows[row].is_large && i < LARGE_AT; i++)
		CHECK_NUM(store_run(p.s, put, &i), FAIL_NONE);
	CHECK_NUM(store_run(p.s, rows[row].is_undone ? pass_undone : pass, &bytes),
	    rows[row].is_undone ? FAIL_DENIED : FAIL_NONE);
	CHECK_NUM(store_commit(p.s), FAIL_NONE);
	if (rows[row].is_kept)
		CHECK_NUM(store_keep_passing(p.s), FAIL_NONE);
	if (rows[row].is_flushed)
		store_flush(p.s);
	CHECK_NUM(p.asked > 0, rows[row].is_flushed || rows[row].is_large);
	is_well = CHECK_NUM(store_read(p.s, find, &bytes), rows[row].before);
	if (rows[row].is_closed)
		close_it(&p);
	return is_well;
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct passing p;
		int status = -1;
		pid_t pid;

		TEST_ROW(rows[i].name);
		snprintf(path, sizeof path, "%s/store-%zu.db", test_folder(), i);
		fflush(stdout);
		pid = fork();
		if (pid == 0)
			_exit(work(i) ? 0 : 1);
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
		open_it(&p, FAIL_NONE);
		CHECK_NUM(store_read(p.s, find, &bytes), rows[i].after);

		/* a key that was found is said to be kept, and goes with the next flush */
		p.inner.is_kept = true;
		store_flush(p.s);
		CHECK_NUM(store_read(p.s, find, &bytes), FAIL_MISSING);
		close_it(&p);
	}
	return test_end();
}
