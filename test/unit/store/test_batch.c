/*
 * Many turns in one transaction, against a model: random turns, some of them undone or too large for the redo log,
 * while system calls fail; and after any turn what a killed process leaves must hold all that was told.
 */
/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "../../lib/chance.h"
#include "store/settings.h"
#include "store/store.h"
#include "sys/sys.h"

#define KEYS   40
#define TURNS  300
#define ROUNDS 2
#define CALLS  4  /* in a turn, at most */
#define DOUBTS 50 /* commits that fail one after the other, at most */

/* What the store must have: 0 is no key. */
struct model {
	uint32_t value[KEYS];
};

static struct model told;
static struct model
    doubtful[DOUBTS]; /* of commits that failed, with none since: one may be on the disk */
static size_t doubts;
static uint32_t serial;
static char data[256], copy[256];

static struct str
key_of(uint32_t n, char *room)
{
	room[0] = 'k';
	room[1] = (char)('0' + n / 10);
	room[2] = (char)('0' + n % 10);
	return str_of(room, 3);
}

/* --- a turn -------------------------------------------------------------------------------- */

struct turn {
	struct model model;
	bool is_large;
};

static enum fail
one_call(struct txn *t, struct model *m, bool is_large)
{
	static char bytes[STORE_VALUE_MAX];
	uint32_t n = (uint32_t)chance_below(KEYS), end = n + (uint32_t)chance_below(6);
	char from[3], to[3];

	switch (chance_below(4)) {
	case 0: m->value[n] = 0; return txn_delete(t, key_of(n, from));
	case 1:
		for (uint32_t i = n; i < end && i < KEYS; i++)
			m->value[i] = 0;
		return txn_delete_range(t, key_of(n, from), key_of(end, to));
	default:
		m->value[n] = ++serial;
		memcpy(bytes, &serial, sizeof serial);
		return txn_put(t, key_of(n, from),
		    str_of(bytes, is_large ? sizeof bytes : sizeof serial + chance_below(500)));
	}
}

static enum fail
undone(struct txn *t, void *arg)
{
	struct model ignored = { { 0 } };
	enum fail fail = one_call(t, &ignored, false);

	(void)arg;
	return fail != FAIL_NONE ? fail : FAIL_DENIED;
}

static enum fail
run_turn(struct txn *t, void *arg)
{
	struct turn *turn = arg;
	uint32_t calls = turn->is_large ? 40 : 1 + (uint32_t)chance_below(CALLS);
	enum fail fail = FAIL_NONE;

	for (uint32_t i = 0; fail == FAIL_NONE && i < calls; i++) {
		if (chance_below(4) == 0 && store_run(txn_store(t), undone, NULL) == FAIL_NONE)
			fail = FAIL_PERM;
		if (fail == FAIL_NONE)
			fail = one_call(t, &turn->model, turn->is_large);
	}
	return fail;
}

/* Two runs in a turn, as two sessions have them; what failed is no part of it. */
static void
do_turn(struct store *s)
{
	struct turn turn = { told, chance_below(40) == 0 }, before;
	uint64_t commits = store_commits(s);

	for (int i = 0; i < 2; i++) {
		before = turn;
		if (store_run(s, run_turn, &turn) != FAIL_NONE)
			turn = before;
	}
	if (store_commit(s) == FAIL_NONE) {
		told = turn.model;
		if (store_commits(s) != commits)
			doubts = 0;
	} else {
		invariant(doubts < DOUBTS);
		doubtful[doubts++] = turn.model;
	}
}

/* --- comparing ----------------------------------------------------------------------------- */

static enum fail
read_all(struct txn *t, void *arg)
{
	struct model *out = arg;
	struct cursor c;
	struct str key, value;

	*out = (struct model){ { 0 } };
	txn_scan(t, &c, STR("k"), STR("l"), false);
	while (cursor_next(&c, &key, &value))
		memcpy(&out->value[(key.p[1] - '0') * 10 + key.p[2] - '0'], value.p,
		    sizeof(uint32_t));
	return cursor_end(&c);
}

static bool
has(const struct model *m, const struct model *want)
{
	return memcmp(m, want, sizeof *m) == 0;
}

static void
fresh_folder(const char *folder)
{
	static const char *const names[] = { "store.db", "store.db-wal", "store.db-shm",
		"store.db-redo", "store.db.lineage" };
	char path[300];

	invariant(mkdir(folder, 0700) == 0 || errno == EEXIST);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
}

static void
copy_file(const char *name)
{
	static char bytes[65536];
	char from[300], to[300];
	ssize_t n;
	int in, out;

	snprintf(from, sizeof from, "%s/%s", data, name);
	snprintf(to, sizeof to, "%s/%s", copy, name);
	in = open(from, O_RDONLY);
	if (in < 0)
		return;
	out = open(to, O_RDWR | O_CREAT | O_TRUNC, 0600);
	invariant(out >= 0);
	while ((n = read(in, bytes, sizeof bytes)) > 0)
		invariant(write(out, bytes, (size_t)n) == n);
	close(in);
	close(out);
}

static const struct {
	const char *name;
	int64_t log_size;
	int64_t cache;   /* small: SQLite writes pages of the batch before its end */
	uint32_t faults; /* one turn in so many has a failing call; 0: none */
} rows[] = {
	{ "no faults, large log", 4 << 20, 4 << 20, 0 },
	{ "no faults, small log", 16 << 10, 4 << 20, 0 },
	{ "faults, large log", 4 << 20, 4 << 20, 3 },
	{ "faults, small log", 16 << 10, 4 << 20, 3 },
	{ "faults, smallest log", 1024, 4 << 20, 2 },
	{ "faults, small cache", 1 << 20, 16 << 10, 3 },
};

static struct store *
open_in(const char *folder, size_t row)
{
	struct store_settings settings = store_defaults;
	struct store_options options = { .settings = &settings };
	char path[300];
	struct store *s = NULL;

	settings.wal_bytes = rows[row].log_size;
	settings.cache_bytes = rows[row].cache;
	snprintf(path, sizeof path, "%s/store.db", folder);
	CHECK_NUM(store_open(&s, NULL, str_c(path), &options), FAIL_NONE);
	return s;
}

/* What a kill at this moment leaves, opened again. */
static void
look_after_kill(size_t row)
{
	struct store *s;
	struct model got;
	bool is_there;

	fresh_folder(copy);
	copy_file("store.db");
	copy_file("store.db-wal");
	copy_file("store.db-redo");
	s = open_in(copy, row);
	if (s == NULL)
		return;
	CHECK_NUM(store_read(s, read_all, &got), FAIL_NONE);
	is_there = has(&got, &told);
	for (size_t i = 0; i < doubts && !is_there; i++)
		is_there = has(&got, &doubtful[i]);
	CHECK(is_there);
	store_close(&s);
}

static void
look_now(struct store *s)
{
	struct model got;

	CHECK_NUM(store_read(s, read_all, &got), FAIL_NONE);
	CHECK(has(&got, &told));
}

/* --- rounds -------------------------------------------------------------------------------- */

static void
play(struct store *s, size_t row)
{
	bool is_failing = rows[row].faults > 0 && chance_below(rows[row].faults) == 0;

	if (is_failing)
		sys_fail_at(1 + chance_below(12), chance_below(2) ? ENOSPC : EIO,
		    chance_below(3) == 0);
	do_turn(s);
	if (is_failing && chance_below(2) == 0)
		do_turn(s); /* one more while it may still fail */
	sys_fail_at(0, 0, false);
	if (chance_below(4) == 0)
		look_after_kill(row);
	look_now(s);
}

static void
play_round(size_t row)
{
	struct store *s;

	told = (struct model){ { 0 } };
	doubts = 0;
	fresh_folder(data);
	s = open_in(data, row);
	for (int i = 0; i < TURNS && s != NULL; i++) {
		play(s, row);
		if (chance_below(50) != 0)
			continue;
		store_close(&s);
		doubts = 0;
		s = open_in(data, row);
		if (s != NULL)
			look_now(s);
	}
	store_close(&s);
}

static void
swallow(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

static void
play_all(uint32_t seed)
{
	printf("seed %u\n", (unsigned)seed);
	chance_seed(seed);
	for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
		TEST_ROW(rows[row].name);
		for (int i = 0; i < ROUNDS; i++)
			play_round(row);
	}
}

int
main(void)
{
	uint32_t seed;

	log_capture(swallow, NULL);
	snprintf(data, sizeof data, "%s/data", test_folder());
	snprintf(copy, sizeof copy, "%s/copy", test_folder());
	play_all(2334934213); /* once, SQLite kept writes of a run in which one had failed */
	sys_random(&seed, sizeof seed);
	play_all(seed);
	return test_end();
}
