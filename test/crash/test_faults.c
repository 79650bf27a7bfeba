/*
 * Fail the Nth system call of a piece of work, for every N until it runs clean; once, and for good
 * from there on; with a full disk and with a broken one. Then the rules must hold: in the same process
 * as soon as the disk works again, and after a restart.
 */
/* system */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "../lib/small_mail.h"
#include "sys/sys.h"

#define CALLS_MAX 2000 /* the work is far shorter */

enum told { TOLD_NOTHING, TOLD_THERE, TOLD_GONE }; /* by a commit that went well */

#define NUMBERS 20
static enum told told[NUMBERS];

static const struct {
	const char *name;
	int error;
	bool for_good;
	int64_t log_size; /* small: each turn is followed by a flush and a checkpoint */
} rows[] = {
	{ "full once", ENOSPC, false, 0 },
	{ "full", ENOSPC, true, 0 },
	{ "broken once", EIO, false, 0 },
	{ "broken", EIO, true, 0 },
	{ "full once, small log", ENOSPC, false, 1024 },
	{ "full, small log", ENOSPC, true, 1024 },
	{ "broken once, small log", EIO, false, 1024 },
	{ "broken, small log", EIO, true, 1024 },
};

static char folder[256];

static void
swallow(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

/* Three messages that were there before. */
static void
prepare(void)
{
	struct small_mail m;

	small_fresh_folder(folder);
	invariant(small_open(&m, NULL, str_c(folder)) == FAIL_NONE);
	for (uint32_t i = 1; i <= 3; i++) {
		invariant(small_add(&m, STR("ann"), i, 3000 * i) == FAIL_NONE);
		told[i] = TOLD_THERE;
	}
	invariant(blob_commit(m.blob) == FAIL_NONE);
	for (uint32_t i = 4; i < NUMBERS; i++)
		told[i] = TOLD_NOTHING;
	small_close(&m);
}

/* What one turn did, remembered only when its commit went well. */
struct turn {
	enum told told[NUMBERS];
};

static void
commit(struct small_mail *m, const struct turn *turn)
{
	if (blob_commit(m->blob) != FAIL_NONE)
		return;
	for (size_t i = 0; i < NUMBERS; i++)
		if (turn->told[i] != TOLD_NOTHING)
			told[i] = turn->told[i];
}

/* The work: two turns with everything that rooms do. */
static void
work(struct small_mail *m)
{
	struct turn one = { 0 }, two = { 0 };

	if (small_add(m, STR("ann"), 4, 2000) == FAIL_NONE)
		one.told[4] = TOLD_THERE;
	if (small_add(m, STR("new@example.org"), 5, 150000) == FAIL_NONE)
		one.told[5] = TOLD_THERE;
	if (small_link(m, 1, STR("bob"), 6) == FAIL_NONE)
		one.told[6] = TOLD_THERE;
	CHECK(small_add_undone(m, STR("ann"), 7, 2000) != FAIL_NONE);
	if (small_drop(m, 2) == FAIL_NONE)
		one.told[2] = TOLD_GONE;
	commit(m, &one);
	if (small_drop(m, 3) == FAIL_NONE)
		two.told[3] = TOLD_GONE;
	if (small_add(m, STR("ann"), 8, 100) == FAIL_NONE)
		two.told[8] = TOLD_THERE;
	commit(m, &two);
}

/* Everything that was told is so. */
static void
compare(struct small_mail *m)
{
	for (uint32_t i = 1; i < NUMBERS; i++) {
		enum fail fail = small_look(m, i);

		if (told[i] == TOLD_THERE)
			CHECK_NUM(fail, FAIL_NONE);
		else if (told[i] == TOLD_GONE)
			CHECK_NUM(fail, FAIL_MISSING);
		else
			CHECK(fail == FAIL_NONE || fail == FAIL_MISSING);
	}
	CHECK_NUM(small_look(m, 7), FAIL_MISSING);
}

static void
after_restart(void)
{
	struct small_mail m;

	CHECK_NUM(small_open(&m, NULL, str_c(folder)), FAIL_NONE);
	if (m.store == NULL)
		return;
	compare(&m);
	CHECK_NUM(small_verify(&m, true), 0);
	small_close(&m);
}

/* One N; false when nothing failed any more. */
static bool
try_one(size_t row, unsigned long nth)
{
	struct small_mail m;
	bool has_failed;

	prepare();
	sys_fail_at(nth, rows[row].error, rows[row].for_good);
	if (small_open(&m, NULL, str_c(folder)) == FAIL_NONE)
		work(&m);
	has_failed = sys_has_failed();
	sys_fail_at(0, 0, false);
	if (m.store != NULL) {
		struct turn last = { .told[9] = TOLD_THERE };

		compare(&m);
		CHECK_NUM(small_verify(&m, false), 0);
		CHECK_NUM(small_add(&m, STR("ann"), 9, 100), FAIL_NONE);
		commit(&m, &last);
		CHECK_NUM(told[9], TOLD_THERE);
		CHECK(store_is_well(m.store) && blob_is_well(m.blob));
		compare(&m);
		CHECK_NUM(small_verify(&m, false), 0); /* a failed unlink is made up at the start */
		small_close(&m);
	}
	after_restart();
	return has_failed;
}

int
main(void)
{
	log_capture(swallow, NULL);
	snprintf(folder, sizeof folder, "%s/data", test_folder());
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned long nth = 1;

		TEST_ROW(rows[i].name);
		small_log_size(rows[i].log_size);
		while (nth < CALLS_MAX && try_one(i, nth))
			nth++;
		CHECK(nth > 50 && nth < CALLS_MAX);
	}
	return test_end();
}
