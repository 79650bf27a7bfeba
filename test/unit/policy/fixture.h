/*
 * fixture.h - a policy on a store of its own, in a loop whose clocks the test moves.
 */
#ifndef TEST_POLICY_FIXTURE_H
#define TEST_POLICY_FIXTURE_H

/* system */
#include <stdio.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "policy/private.h"
#include "store/inner.h"
#include "store/store.h"

#define MINUTE_MS    (60 * 1000LL)
#define HOUR_MS      (60 * MINUTE_MS)
#define DAY_MS       (24 * HOUR_MS)
#define FIXTURE_WALL (20000 * DAY_MS + 6 * HOUR_MS) /* some morning in 2024 */

struct fixture {
	char path[300];
	struct loop loop;
	struct store *store;
	struct policy_settings settings;
	struct policy *policy;
	int64_t mono_ms, wall_ms;
};

static inline void
fixture_clock(struct fixture *f)
{
	clock_fake(f->mono_ms, f->wall_ms);
}

/* Open the store and the policy, as after a start. */
static inline void
fixture_start(struct fixture *f)
{
	invariant(loop_init(&f->loop) == FAIL_NONE);
	invariant(store_open(&f->store, &f->loop, str_c(f->path), NULL) == FAIL_NONE);
	policy_open(&f->policy, &f->loop, f->store, NULL, &f->settings);
}

static inline void
fixture_stop(struct fixture *f)
{
	policy_close(&f->policy);
	store_close(&f->store);
	loop_release(&f->loop);
}

/* Default settings; change them and fixture_restart(). `name` keeps stores of one program apart. */
static inline void
fixture_open(struct fixture *f, const char *name)
{
	*f = (struct fixture){ .settings = policy_settings_default,
		.mono_ms = 1000 * HOUR_MS,
		.wall_ms = FIXTURE_WALL };
	snprintf(f->path, sizeof f->path, "%s/%s.db", test_folder(), name);
	fixture_clock(f);
	fixture_start(f);
}

/* The end of a turn: what was written is durable. */
static inline void
fixture_turn(struct fixture *f)
{
	loop_turn(&f->loop, 0);
}

static inline void
fixture_restart(struct fixture *f)
{
	fixture_turn(f);
	fixture_stop(f);
	fixture_start(f);
}

/* Both clocks go on; timers fire, and what they woke runs to its end. */
static inline void
fixture_pass(struct fixture *f, int64_t ms)
{
	f->mono_ms += ms;
	f->wall_ms += ms;
	fixture_clock(f);
	fixture_turn(f);
	while (f->policy->sweep.is_walking)
		fixture_turn(f);
}

static inline struct net_address
fixture_peer(const char *text)
{
	struct net_address a;

	invariant(net_address_parse(str_c(text), &a) == FAIL_NONE);
	a.port = 4711;
	return a;
}

struct fixture_counting {
	enum keep_kind kind;
	int64_t counter, keys;
};

static inline enum fail
fixture_count_run(struct txn *t, void *arg)
{
	struct fixture_counting *in = arg;
	struct key from, to;
	struct str key, value;
	struct cursor c;

	in->keys = 0;
	keep_key(&from, in->kind);
	to = from;
	key_end(&to);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value))
		in->keys++;
	if (cursor_end(&c) != FAIL_NONE)
		return FAIL_TEMP;
	return keep_count(t, in->kind, 0, &in->counter);
}

/* How many records of a kind there are; the counter must say the same. */
static inline int64_t
fixture_count(struct fixture *f, enum keep_kind kind)
{
	struct fixture_counting in = { .kind = kind };

	CHECK_NUM(store_read(f->store, fixture_count_run, &in), FAIL_NONE);
	CHECK_NUM(in.counter, in.keys);
	return in.keys;
}

/*
 * Until the end of the turn every call to the store fails, as after a disk error that cost it its transaction;
 * then it is not well until a commit succeeds.
 */
static inline void
fixture_break(struct fixture *f)
{
	f->store->is_broken = true;
}

/* For log_capture(): nothing is said. */
static inline void
fixture_quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

#endif
