/*
 * store_bench - what store and blob cost on this machine.
 *
 *     store_bench [FOLDER]      a temporary folder is made in FOLDER (default: here) and removed
 *
 * Prints one line per measurement. Sizes as mail has them: keys of about 14 bytes, values of 200.
 */
/* system */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "../lib/small_mail.h"
#include "store/key.h"

#define KEYS     20000
#define TURNS    200
#define MESSAGES 50 /* of one turn */

static char value[200];
static uint32_t round_number;

struct job {
	uint32_t first, count, sum;
};

static void
make_key(struct key *k, uint32_t n)
{
	key_init(k, 'e');
	key_u64(k, 1);
	key_u32(k, n);
}

static enum fail
put(struct txn *t, void *arg)
{
	const struct job *job = arg;
	struct key k;
	enum fail fail = FAIL_NONE;

	for (uint32_t i = 0; i < job->count && fail == FAIL_NONE; i++) {
		make_key(&k, job->first + i);
		memcpy(value, &round_number,
		    sizeof round_number); /* the same bytes would not be written */
		fail = txn_put(t, key_str(&k), str_of(value, sizeof value));
	}
	return fail;
}

static enum fail
get(struct txn *t, void *arg)
{
	struct job *job = arg;
	struct str got;
	struct key k;
	enum fail fail = FAIL_NONE;

	for (uint32_t i = 0; i < job->count && fail == FAIL_NONE; i++) {
		make_key(&k, (i * 7919 + job->first) % KEYS);
		fail = txn_get(t, key_str(&k), &got);
		job->sum += (uint32_t)got.n;
	}
	return fail;
}

static enum fail
scan(struct txn *t, void *arg)
{
	struct job *job = arg;
	struct cursor c;
	struct str key, got;

	txn_scan(t, &c, STR("e"), STR("f"), false);
	while (cursor_next(&c, &key, &got))
		job->sum += (uint32_t)got.n;
	return cursor_end(&c);
}

static void
report(const char *what, int64_t since_us, double count)
{
	double us = (double)(clock_precise_us() - since_us);

	printf("%-44s %9.2f us   %10.0f /s\n", what, us / count, count * 1e6 / us);
}

static void
must(enum fail fail)
{
	if (fail == FAIL_NONE)
		return;
	fprintf(stderr, "store_bench: %s\n", fail_names[fail]);
	exit(1);
}

static void
bench_store(struct store *s)
{
	struct job all = { .count = KEYS };
	struct job one = { .count = 1 };
	int64_t start = clock_precise_us();

	must(store_run(s, put, &all));
	report("put, new, one run", start, KEYS);
	must(store_commit(s));
	round_number++;
	start = clock_precise_us();
	must(store_run(s, put, &all));
	report("put, replacing, one run", start, KEYS);
	round_number++;
	start = clock_precise_us();
	for (one.first = 0; one.first < KEYS; one.first++)
		must(store_run(s, put, &one));
	report("put, a run each (savepoints)", start, KEYS);
	must(store_commit(s));
	start = clock_precise_us();
	must(store_read(s, get, &all));
	report("get, one read", start, KEYS);
	start = clock_precise_us();
	for (one.first = 0; one.first < KEYS; one.first++)
		must(store_read(s, get, &one));
	report("get, a read each (no loop: lock and unlock)", start, KEYS);
	start = clock_precise_us();
	must(store_read(s, scan, &all));
	report("scan", start, KEYS);
}

static void
bench_turns(struct small_mail *m, uint32_t messages, const char *what)
{
	static uint32_t number;
	int64_t start = clock_precise_us();

	for (int turn = 0; turn < TURNS; turn++) {
		for (uint32_t i = 0; i < messages; i++)
			must(small_add(m, i % 2 ? STR("ann") : STR("bob"), number++, 4096));
		must(blob_commit(m->blob));
	}
	report(what, start, (double)messages * TURNS);
}

int
main(int argc, char **argv)
{
	char folder[512];
	struct small_mail m;
	int64_t start;
	struct job one = { .count = 1 };

	snprintf(folder, sizeof folder, "%s/store-bench-XXXXXX", argc > 1 ? argv[1] : ".");
	if (mkdtemp(folder) == NULL) {
		perror(folder);
		return 1;
	}
	small_fresh_folder(folder);
	must(small_open(&m, NULL, str_c(folder)));
	bench_store(m.store);
	round_number++;
	start = clock_precise_us();
	for (int turn = 0; turn < TURNS; turn++, one.first++) {
		must(store_run(m.store, put, &one));
		must(store_commit(m.store));
	}
	report("durable commit of one put", start, TURNS);
	bench_turns(&m, 1, "message of 4 KB, 1 per turn, durable");
	bench_turns(&m, 10, "message of 4 KB, 10 per turn, durable");
	bench_turns(&m, MESSAGES, "message of 4 KB, 50 per turn, durable");
	small_close(&m);
	small_fresh_folder(folder);
	rmdir(folder);
	return 0;
}
