/* Uploads and the clock: what is too old goes by itself, a little in each turn, and the files with it. */
#include "fixture.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "loop/loop.h"
#include "mail/upload.h"

#define HOUR_MS (3600 * 1000)
#define DAY_MS  (24 * HOUR_MS)

static struct loop loop;
static struct fixture f;
static struct account *bob;

/* Time passes; then turns until nothing is left to do at once. */
static void
pass(int64_t ms)
{
	clock_fake(clock_mono_ms() + ms, clock_wall_ms() + ms);
	for (unsigned i = 0; i < 50; i++)
		loop_turn(&loop, 0);
}

static uint64_t
add(struct account *a, struct blob_name *name_out)
{
	struct blob_writer w = { .store = NULL };
	uint64_t id = 0;

	CHECK_NUM(blob_write_start(f.blobs, &w, a->name), FAIL_NONE);
	CHECK_NUM(blob_write(&w, STR("uploaded")), FAIL_NONE);
	CHECK_NUM(blob_write_finish(&w, name_out), FAIL_NONE);
	CHECK_NUM(upload_add(a, blob_name_str(name_out), 8, STR("text/plain"), a->id, &id),
	    FAIL_NONE);
	return id;
}

static bool
has_record_of(struct account *a, uint64_t id)
{
	struct upload *u;
	struct arena arena;
	bool has_record;

	arena_init(&arena, 4096);
	has_record = upload_get(a, id, &arena, &u) == FAIL_NONE;
	arena_release(&arena);
	return has_record;
}

static bool
is_there(struct account *a, uint64_t id, const struct blob_name *name)
{
	struct blob_map map = { .bytes = { 0 } };
	bool has_record = has_record_of(a, id), has_file;

	has_file = blob_map(f.blobs, a->name, blob_name_str(name), &map) == FAIL_NONE;
	blob_unmap(&map);
	CHECK(has_record == has_file);
	return has_record;
}

static void
test_old(void)
{
	struct blob_name old_name, bobs_name, new_name;
	uint64_t old = add(f.account, &old_name), bobs = add(bob, &bobs_name), new;

	TEST_ROW("a day is kept");
	pass(DAY_MS / 2);
	new = add(f.account, &new_name);
	pass(DAY_MS / 2);
	CHECK(is_there(f.account, old, &old_name));
	CHECK(is_there(bob, bobs, &bobs_name));
	TEST_ROW("and an hour later not, in each account, without another upload");
	pass(HOUR_MS);
	CHECK(!is_there(f.account, old, &old_name));
	CHECK(!is_there(bob, bobs, &bobs_name));
	CHECK(is_there(f.account, new, &new_name));
	pass(DAY_MS / 2);
	CHECK(!is_there(f.account, new, &new_name));
	fixture_check(&f);
}

static void
test_many(void)
{
	struct blob_name name, names[2];
	uint64_t first, last = 0, before = 0;

	TEST_ROW("many go in slices");
	first = add(f.account, &names[0]);
	for (unsigned i = 1; i < 120; i++)
		last = add(f.account, i == 119 ? &names[1] : &name);
	loop_turn(&loop, 0);
	clock_fake(clock_mono_ms() + 2 * DAY_MS, clock_wall_ms() + 2 * DAY_MS);
	CHECK_NUM(upload_sweep(f.mail, &before), FAIL_NONE);
	CHECK_NUM(before, 0); /* there is more in this account */
	loop_turn(&loop, 0);
	CHECK(!has_record_of(f.account, first));
	pass(0);
	CHECK(!is_there(f.account, first, &names[0])); /* files go behind the turns that write */
	CHECK(!is_there(f.account, last, &names[1]));
	fixture_check(&f);
	TEST_ROW("none are left");
	before = 0;
	CHECK_NUM(upload_sweep(f.mail, &before), FAIL_MISSING);
}

/* A server that was off finds them at its start. */
static void
test_start(void)
{
	struct blob_name name;
	uint64_t id = add(f.account, &name);

	TEST_ROW("at the start");
	loop_turn(&loop, 0);
	account_close(&f.account);
	account_close(&bob);
	mail_close(&f.mail);
	clock_fake(clock_mono_ms(), clock_wall_ms() + 2 * DAY_MS);
	CHECK_NUM(mail_open(&f.mail, &loop, f.store, f.blobs), FAIL_NONE);
	pass(0);
	CHECK_NUM(account_open(f.mail, STR("alice@example.test"), NULL, &f.account), FAIL_NONE);
	CHECK(!is_there(f.account, id, &name));
}

int
main(void)
{
	clock_fake(1000000, 1700000000000);
	fixture_init(&f, "upload");
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	f.loop = &loop;
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	pass(0);
	test_old();
	test_many();
	test_start();
	loop_turn(&loop, 0);
	fixture_close(&f, false);
	loop_release(&loop);
	return test_end();
}
