/* Messages on an S3 server that works, is down, lies. */
#include "far.h"

/* system */
#include <errno.h>

/* rooms */
#include "sys/sys.h"

/* --- the S3 engine --------------------------------------------------------------------------- */

static const size_t sizes[] = { 0, 1, 64 << 10, (64 << 10) + 1, 300000, 9 << 20 };

static void
test_put(void)
{
	struct blob_name name[ARRAY_LEN(sizes)];

	TEST_ROW("put, and read from the cache");
	fresh(BLOB_S3);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		add(ANN, sizes[i], &name[i]);
		CHECK_NUM(is_readable(ANN, &name[i]), FAIL_NONE);
	}
	CHECK_NUM(s3_server_count(&server), ARRAY_LEN(sizes));
	CHECK_NUM(entries("mail/ann/tmp"), 0);
	CHECK_NUM(entries("mail/ann/cur"), 0);
	CHECK_NUM(server.get_count, 0);

	TEST_ROW("an empty cache");
	empty_cache();
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		CHECK_NUM(is_readable(ANN, &name[i]), FAIL_TEMP);
		CHECK_NUM(fetch(ANN, &name[i]), FAIL_NONE);
		CHECK_NUM(is_readable(ANN, &name[i]), FAIL_NONE);
	}
	CHECK_NUM(server.get_count, ARRAY_LEN(sizes));
	reopen(BLOB_S3);
	CHECK_NUM(fetch(ANN, &name[4]), FAIL_NONE);
	CHECK_NUM(server.get_count, ARRAY_LEN(sizes));

	TEST_ROW("a message of the account that stays");
	add(LOCAL, 100, &name[0]);
	CHECK_NUM(s3_server_count(&server), ARRAY_LEN(sizes));
	CHECK_NUM(entries("mail/%2fqueue/cur"), 1);
	CHECK_NUM(is_readable(LOCAL, &name[0]), FAIL_NONE);
	shut();
}

static void
test_not_taken(void)
{
	struct blob_writer w;
	struct blob_wait wait = { .state = NULL };
	struct blob_name name;
	struct deed d = { .account = ANN, .is_undone = true };

	fresh(BLOB_S3);
	TEST_ROW("finish without put");
	write_all(&w, ANN, 10);
	CHECK_NUM(blob_write_finish(&w, &name), FAIL_TEMP);
	blob_write_cancel(&w);
	CHECK_NUM(entries("mail/ann/tmp"), 0);

	TEST_ROW("put, and the run is undone");
	write_all(&w, ANN, 10);
	blob_put_start(&w, &wait, &task);
	wait_for(&wait);
	CHECK_NUM(blob_write_finish(&w, &name), FAIL_NONE);
	blob_wait_release(&wait);
	CHECK_NUM(is_readable(ANN, &name), FAIL_NONE);
	d.name = blob_name_str(&name);
	CHECK_NUM(store_run(store, run, &d), FAIL_DENIED);
	CHECK_NUM(s3_server_count(&server), 1);
	CHECK(settles(0));

	TEST_ROW("put, and cancelled");
	write_all(&w, ANN, 100000);
	blob_put_start(&w, &wait, &task);
	wait_for(&wait);
	CHECK_NUM(s3_server_count(&server), 1);
	blob_wait_release(&wait);
	CHECK_NUM(blob_write_finish(&w, &name), FAIL_TEMP);
	blob_write_cancel(&w);
	CHECK(settles(0));

	TEST_ROW("cancelled at any time, in any order");
	for (int turns = 0; turns < 24; turns++) {
		write_all(&w, ANN, 9 << 20);
		blob_put_start(&w, &wait, &task);
		for (int i = 0; i < turns; i++)
			loop_turn(&loop, 1);
		if (turns % 2)
			blob_wait_release(&wait);
		blob_write_cancel(&w);
		blob_wait_release(&wait);
	}
	CHECK(settles(0));
	empties("mail/ann/tmp");
	shut();
}

static void
set_state(const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/cache/state", folder);
	f = fopen(path, "w");
	CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void
get_state(char *text, size_t size)
{
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "%s/cache/state", folder);
	f = fopen(path, "r");
	CHECK(f != NULL);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	CHECK(fclose(f) == 0);
}

static void
overwrite(const char *below, const struct blob_name *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s/%.*s", folder, below, STR_ARG(blob_name_str(name)));
	f = fopen(path, "r+");
	CHECK(f != NULL && fseek(f, -1, SEEK_END) == 0 && fputc('?', f) == '?' && fclose(f) == 0);
}

/* What lay in the cache when the power went stays suspect until it is gone, however often the server is killed. */
static void
test_power_and_kill(void)
{
	struct blob_name name, noted;
	char from[512], to[512], state[64], after[64];

	fresh(BLOB_S3);
	TEST_ROW("the power was lost, then a kill before the cache is given up");
	add(ANN, 100, &name);
	add(ANN, 100, &noted);
	overwrite("cache/0/ann", &name);
	overwrite("cache/0/ann", &noted);
	snprintf(from, sizeof from, "%s/cache/0/ann/%.*s", folder, STR_ARG(blob_name_str(&noted)));
	snprintf(to, sizeof to, "%s/mail/ann/tmp/%.*s", folder, STR_ARG(blob_name_str(&noted)));
	CHECK_NUM(rename(from, to), 0);
	shut();
	set_state("another");
	open_unrecovered(&loop, BLOB_S3);
	get_state(state, sizeof state);
	shut();
	set_state(state); /* as if it had been killed */
	open_with(&loop, BLOB_S3);
	CHECK_NUM(is_readable(ANN, &name), FAIL_TEMP);
	CHECK_NUM(is_readable(ANN, &noted), FAIL_TEMP);
	TEST_ROW("an orderly end before that");
	shut();
	get_state(after, sizeof after);
	CHECK(strcmp(after, "another") == 0);
	open_with(&loop, BLOB_S3);
	CHECK_NUM(is_readable(ANN, &name), FAIL_TEMP);
	TEST_ROW("it is gone");
	for (int i = 0; i < 10; i++)
		loop_turn(&loop, 1);
	CHECK_NUM(entries("cache/0"), 0);
	get_state(after, sizeof after);
	CHECK(strcmp(after, "another") != 0);
	CHECK_NUM(fetch(ANN, &name), FAIL_NONE);
	reopen(BLOB_S3);
	CHECK_NUM(is_readable(ANN, &name), FAIL_NONE);
	shut();
}

/* What a kill leaves: the process is gone at once, files, objects and commits stay. */
static void
test_crashes(void)
{
	struct blob_writer w;
	struct blob_wait wait = { .state = NULL };
	struct blob_name name, lost;
	char from[512], to[512];

	fresh(BLOB_S3);
	TEST_ROW("F1 writing");
	write_all(&w, ANN, 100000);
	CHECK_NUM(blob_write_park(&w), FAIL_NONE);
	snprintf(to, sizeof to, "%s/mail/ann/tmp/1.M2P3Q4R5.host", folder);
	CHECK_NUM(close(creat(to, 0600)), 0);
	blob_write_cancel(&w);
	reopen(BLOB_S3);
	CHECK_NUM(entries("mail/ann/tmp"), 0);
	CHECK_NUM(server.delete_count, 0);

	TEST_ROW("F2, F3 put, not committed");
	write_all(&w, ANN, 100000);
	blob_put_start(&w, &wait, &task);
	wait_for(&wait);
	CHECK_NUM(blob_write_finish(&w, &name), FAIL_NONE);
	blob_wait_release(&wait);
	reopen(BLOB_S3); /* as if it had been killed: nothing was committed */
	CHECK_NUM(entries("mail/ann/tmp"), 1);
	CHECK(settles(0));
	empties("mail/ann/tmp");

	TEST_ROW("F4 committed, not moved");
	add(ANN, 100000, &name);
	snprintf(to, sizeof to, "%s/mail/ann/tmp/%.*s", folder, STR_ARG(blob_name_str(&name)));
	snprintf(from, sizeof from, "%s/cache/0/ann/%.*s", folder, STR_ARG(blob_name_str(&name)));
	CHECK_NUM(rename(from, to), 0);
	CHECK_NUM(is_readable(ANN, &name), FAIL_NONE);
	reopen(BLOB_S3);
	CHECK_NUM(entries("mail/ann/tmp"), 0);
	CHECK_NUM(is_readable(ANN, &name), FAIL_NONE);
	CHECK_NUM(s3_server_count(&server), 1);

	TEST_ROW("F6 a file of the cache that is cut");
	CHECK_NUM(truncate(from, 500), 0);
	CHECK_NUM(is_readable(ANN, &name), FAIL_TEMP);
	CHECK_NUM(fetch(ANN, &name), FAIL_NONE);
	CHECK_NUM(is_readable(ANN, &name), FAIL_NONE);

	TEST_ROW("F4, F6 the power was lost: another boot wrote what is here");
	add(ANN, 100, &lost);
	snprintf(to, sizeof to, "%s/mail/ann/tmp/%.*s", folder, STR_ARG(blob_name_str(&lost)));
	snprintf(from, sizeof from, "%s/cache/0/ann/%.*s", folder, STR_ARG(blob_name_str(&lost)));
	CHECK_NUM(rename(from, to), 0);
	shut();
	set_state("another");
	open_with(&loop, BLOB_S3);
	CHECK_NUM(entries("mail/ann/tmp"), 0);
	CHECK_NUM(is_readable(ANN, &name), FAIL_TEMP);
	CHECK_NUM(is_readable(ANN, &lost), FAIL_TEMP);
	CHECK_NUM(fetch(ANN, &name), FAIL_NONE);
	CHECK_NUM(fetch(ANN, &lost), FAIL_NONE);
	for (int i = 0; i < 10; i++)
		loop_turn(&loop, 1);
	CHECK_NUM(entries("cache/0"), 0);
	drop(ANN, &lost);
	CHECK(settles(1));

	TEST_ROW("F7 a download that was cut");
	snprintf(to, sizeof to, "%s/cache/new/7", folder);
	CHECK_NUM(close(creat(to, 0600)), 0);
	reopen(BLOB_S3);
	CHECK_NUM(entries("cache/new"), 0);

	TEST_ROW("F8 deletion committed, the object is there");
	s3_server_way(&server, S3_WAY_503, -1, "DELETE");
	drop(ANN, &name);
	for (int i = 0; i < 20; i++)
		loop_turn(&loop, 10);
	CHECK_NUM(s3_server_count(&server), 1);
	CHECK_NUM(fetch(ANN, &name), FAIL_NONE); /* of the server, which has it still */
	reopen(BLOB_S3);
	CHECK_NUM(s3_server_count(&server), 1);
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	CHECK(settles(0));
	shut();
}

static const struct {
	const char *name;
	enum s3_way way;
	enum fail put, fetched;
} down_rows[] = {
	{ "hangs", S3_WAY_HANG, FAIL_TEMP, FAIL_TEMP },
	{ "500", S3_WAY_500, FAIL_TEMP, FAIL_TEMP },
	{ "503", S3_WAY_503, FAIL_TEMP, FAIL_TEMP },
	{ "403", S3_WAY_403, FAIL_TEMP, FAIL_TEMP },
	{ "no bucket", S3_WAY_BUCKET, FAIL_TEMP, FAIL_TEMP },
	{ "redirect", S3_WAY_REDIRECT, FAIL_TEMP, FAIL_TEMP },
	{ "another checksum", S3_WAY_ETAG, FAIL_TEMP, FAIL_NONE },
	{ "other bytes", S3_WAY_FALSE, FAIL_NONE, FAIL_TEMP },
	{ "cut", S3_WAY_CUT, FAIL_NONE, FAIL_TEMP },
	{ "longer", S3_WAY_LONG, FAIL_NONE, FAIL_TEMP },
};

/* Nothing but "later" comes of a bad server, and when it is good again everything goes on. */
static void
test_down(void)
{
	fresh(BLOB_S3);
	for (size_t i = 0; i < ARRAY_LEN(down_rows); i++) {
		struct blob_writer w;
		struct blob_wait wait = { .state = NULL };
		struct blob_name kept, name;

		TEST_ROW(down_rows[i].name);
		s3_server_way(&server, S3_WAY_WELL, 0, NULL);
		add(ANN, 1000, &kept);
		s3_server_way(&server, down_rows[i].way, -1, NULL);
		server.settings.timeout_ms =
		    down_rows[i].way == S3_WAY_HANG ? S3_HANG_MS : S3_PATIENCE_MS;
		write_all(&w, ANN, 1000);
		blob_put_start(&w, &wait, &task);
		wait_for(&wait);
		CHECK_NUM(wait.op.fail, down_rows[i].put);
		blob_wait_release(&wait);
		CHECK_NUM(blob_write_finish(&w, &name), FAIL_TEMP);
		blob_write_cancel(&w);
		empty_cache();
		CHECK_NUM(fetch(ANN, &kept), down_rows[i].fetched);
		s3_server_way(&server, S3_WAY_WELL, 0, NULL);
		server.settings.timeout_ms = S3_PATIENCE_MS;
		CHECK(settles(i + 1)); /* what failed is deleted, should it be there */
		CHECK_NUM(fetch(ANN, &kept), FAIL_NONE);
		CHECK_NUM(is_readable(ANN, &kept), FAIL_NONE);
	}
	empties("mail/ann/tmp");
	shut();
}

static void
test_fetch(void)
{
	struct blob_wait w[3] = { { .state = NULL } };
	struct blob_name name, none = { .text = "1.M2,S=5", .n = 8 }, odd = { .text = "x", .n = 1 };

	fresh(BLOB_S3);
	add(ANN, 300000, &name);
	empty_cache();
	TEST_ROW("one download however many wait, and one of them goes");
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		blob_fetch_start(blob, &w[i], &task, ANN, blob_name_str(&name));
	blob_wait_release(&w[1]);
	wait_for(&w[0]);
	wait_for(&w[2]);
	CHECK_NUM(w[0].op.fail, FAIL_NONE);
	CHECK_NUM(w[2].op.fail, FAIL_NONE);
	CHECK_NUM(server.get_count, 1);
	CHECK_NUM(is_readable(ANN, &name), FAIL_NONE);
	blob_wait_release(&w[0]);
	blob_wait_release(&w[2]);
	TEST_ROW("missing");
	CHECK_NUM(fetch(ANN, &none), FAIL_MISSING);
	CHECK_NUM(fetch(ANN, &odd), FAIL_MISSING);
	CHECK_NUM(fetch(BOB, &name), FAIL_MISSING);
	TEST_ROW("nobody waits any more");
	empty_cache();
	for (int turns = 0; turns < 8; turns++) {
		blob_fetch_start(blob, &w[0], &task, ANN, blob_name_str(&name));
		for (int i = 0; i < turns; i++)
			loop_turn(&loop, 1);
		blob_wait_release(&w[0]);
	}
	loop_turn(&loop, 1);
	CHECK_NUM(entries("cache/new"), 0);
	shut();
}

static void
test_copy(void)
{
	struct blob_name name, copy, again, queued, none = { .text = "1.M2,S=5", .n = 8 };
	struct blob_wait wait = { .state = NULL };

	fresh(BLOB_S3);
	add(ANN, 300000, &name);
	TEST_ROW("to another account");
	CHECK_NUM(blob_link(blob, ANN, blob_name_str(&name), BOB, &copy), FAIL_TEMP);
	CHECK_NUM(link_to(ANN, &name, BOB, &copy), FAIL_NONE);
	CHECK_NUM(is_readable(BOB, &copy), FAIL_NONE);
	name_it(BOB, &copy);
	loop_turn(&loop, 0);
	CHECK_NUM(is_readable(BOB, &copy), FAIL_NONE);
	CHECK_NUM(s3_server_count(&server), 2);
	TEST_ROW("whose bytes are not here");
	empty_cache();
	CHECK_NUM(link_to(ANN, &name, BOB, &again), FAIL_NONE);
	CHECK_NUM(is_readable(BOB, &again), FAIL_TEMP);
	name_it(BOB, &again);
	loop_turn(&loop, 0);
	CHECK_NUM(entries("mail/bob/tmp"), 0);
	CHECK_NUM(fetch(BOB, &again), FAIL_NONE);
	CHECK_NUM(is_readable(BOB, &again), FAIL_NONE);
	TEST_ROW("not taken");
	blob_copy_start(blob, &wait, &task, ANN, blob_name_str(&name), BOB);
	wait_for(&wait);
	CHECK_NUM(s3_server_count(&server), 4);
	blob_wait_release(&wait);
	CHECK(settles(3));
	TEST_ROW("two at a time: whoever comes first, both have one");
	for (size_t first = 0; first < 2; first++) {
		struct blob_wait both[2] = { { .state = NULL }, { .state = NULL } };
		struct blob_name names[2];

		for (size_t i = 0; i < 2; i++)
			blob_copy_start(blob, &both[i], &task, ANN, blob_name_str(&name), BOB);
		wait_for(&both[0]);
		wait_for(&both[1]);
		for (size_t i = 0; i < 2; i++) {
			struct blob_wait *w = &both[i ^ first];

			CHECK_NUM(blob_link(blob, ANN, blob_name_str(&name), BOB, &names[i]),
			    FAIL_NONE);
			blob_wait_release(w);
		}
		CHECK(!str_eq(blob_name_str(&names[0]), blob_name_str(&names[1])));
		CHECK(settles(3)); /* nobody named them */
	}
	TEST_ROW("of nothing");
	CHECK_NUM(link_to(ANN, &none, BOB, &copy), FAIL_MISSING);
	TEST_ROW("to the account that stays, and from there");
	CHECK_NUM(link_to(ANN, &name, LOCAL, &queued), FAIL_NONE);
	name_it(LOCAL, &queued);
	loop_turn(&loop, 0);
	CHECK_NUM(is_readable(LOCAL, &queued), FAIL_NONE);
	CHECK_NUM(entries("mail/%2fqueue/cur"), 1);
	CHECK_NUM(link_to(LOCAL, &queued, BOB, &copy), FAIL_NONE);
	name_it(BOB, &copy);
	loop_turn(&loop, 0);
	CHECK_NUM(is_readable(BOB, &copy), FAIL_NONE);
	CHECK(settles(4));
	CHECK_NUM(link_to(LOCAL, &queued, LOCAL, &copy), FAIL_NONE);
	CHECK_NUM(link_to(LOCAL, &none, BOB, &copy), FAIL_MISSING);
	loop_turn(&loop, 0);
	shut();
}

static void
test_cache(void)
{
	struct blob_name name[40];

	TEST_ROW("the bound of the cache");
	fresh(BLOB_S3);
	shut();
	settings.cache_bytes = 1 << 20;
	open_with(&loop, BLOB_S3);
	for (size_t i = 0; i < ARRAY_LEN(name); i++) {
		add(ANN, 100000, &name[i]);
		CHECK_NUM(fetch(ANN, &name[0]), FAIL_NONE); /* used all the time: it stays */
		for (int turn = 0; turn < 4; turn++)
			loop_turn(&loop, 0);
		CHECK(entries("cache") <= 5); /* new, state, two generations, one that goes */
	}
	for (int i = 0; i < 20; i++)
		loop_turn(&loop, 1);
	CHECK(entries("cache") <= 4);

	CHECK_NUM(server.get_count, 0);
	CHECK_NUM(fetch(ANN, &name[39]), FAIL_NONE);
	CHECK_NUM(server.get_count, 0);
	CHECK_NUM(fetch(ANN, &name[5]), FAIL_NONE);
	CHECK_NUM(server.get_count, 1);
	TEST_ROW("what is left of it is found again");
	reopen(BLOB_S3);
	CHECK_NUM(fetch(ANN, &name[39]), FAIL_NONE);
	CHECK_NUM(server.get_count, 1);
	shut();
}

/* What was fetched stays for this turn and the next, whatever else comes. */
static void
test_small_cache(void)
{
	struct blob_name name[2];
	char from[512], to[512];

	TEST_ROW("two messages that are each more than half of the cache");
	fresh(BLOB_S3);
	shut();
	settings.cache_bytes = 150000;
	open_with(&loop, BLOB_S3);
	for (size_t i = 0; i < ARRAY_LEN(name); i++) {
		add(ANN, 100000, &name[i]);
		for (int turn = 0; turn < 4; turn++)
			loop_turn(&loop, 0);
	}
	snprintf(from, sizeof from, "%s/cache/1/ann", folder); /* with the second; 2 is young */
	snprintf(to, sizeof to, "%s/cache/2", folder);
	CHECK_NUM(mkdir(to, 0700), 0);
	snprintf(to, sizeof to, "%s/cache/2/ann", folder);
	CHECK_NUM(rename(from, to), 0);
	CHECK_NUM(fetch(ANN, &name[0]), FAIL_NONE); /* begins 3 */
	CHECK_NUM(fetch(ANN, &name[1]), FAIL_NONE); /* is used, and moves there */
	CHECK_NUM(server.get_count, 1);
	CHECK_NUM(is_readable(ANN, &name[0]), FAIL_NONE);
	CHECK_NUM(is_readable(ANN, &name[1]), FAIL_NONE);
	TEST_ROW("then the bound holds again");
	for (int turn = 0; turn < 8; turn++)
		loop_turn(&loop, 0);
	CHECK_NUM(is_readable(ANN, &name[0]), FAIL_TEMP);
	CHECK_NUM(is_readable(ANN, &name[1]), FAIL_NONE);
	shut();
}

static void
test_delete(void)
{
	struct blob_name name[30];
	struct deed gone = { .account = ANN, .is_account = true };

	fresh(BLOB_S3);
	TEST_ROW("delete, while the server is down");
	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		add(ANN, 10 + i, &name[i]);
	s3_server_way(&server, S3_WAY_500, -1, NULL);
	for (size_t i = 0; i < 5; i++)
		drop(ANN, &name[i]);
	for (int i = 0; i < 30; i++)
		loop_turn(&loop, 10);
	CHECK_NUM(s3_server_count(&server), ARRAY_LEN(name));
	CHECK_NUM(is_readable(ANN, &name[0]), FAIL_TEMP);
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	CHECK(settles(ARRAY_LEN(name) - 5));
	TEST_ROW("an account that is gone, but for a message that is named");
	server.page = 7;
	s3_server_add(&server, STR("ann/photo.jpg"), STR("abc"));
	s3_server_add(&server, STR("ann/sub/1.M2,S=3"), STR("abc"));
	add(BOB, 5, &name[0]);
	for (size_t i = 5; i + 1 < ARRAY_LEN(name); i++) {
		struct deed d = { .account = ANN,
			.name = blob_name_str(&name[i]),
			.is_drop = true };

		CHECK_NUM(store_run(store, run, &d), FAIL_NONE);
	}
	CHECK_NUM(store_run(store, run, &gone), FAIL_NONE);
	loop_turn(&loop, 0);
	CHECK(settles(4)); /* two are not ours */
	for (int i = 0; i < 30; i++)
		loop_turn(&loop, 10);
	CHECK_NUM(s3_server_count(&server), 4);
	CHECK_NUM(fetch(ANN, &name[ARRAY_LEN(name) - 1]), FAIL_NONE);
	server.page = 0;
	shut();
}

static size_t found_count;

static void
found(void *arg, struct str account, struct str name)
{
	(void)arg;
	(void)account;
	(void)name;
	found_count++;
}

/* What somebody else keeps in the bucket, with names that our prefix begins. */
static const struct str foreign[] = { STR_INIT("store/ltx/0000/0000000000000001.ltx"),
	STR_INIT("ann/photo.jpg"), STR_INIT("ann/1.M2"), STR_INIT("ann/sub/1.M2,S=3"),
	STR_INIT("ann/1.M2,S=3.bak"), STR_INIT("ann/1.M2,S="), STR_INIT("ann/a.M2,S=3"),
	STR_INIT("ann/1.M\xc2\x9b,S=3") };

/* The command line: no loop of the store's. */
static void
test_looking(void)
{
	struct blob_name name, other;
	struct blob_wait w = { .state = NULL };

	fresh(BLOB_S3);
	TEST_ROW("check");
	add(ANN, 300000, &name);
	add(ANN, 5, &other);
	s3_server_add(&server, STR("ann/1.M2,S=3"), STR("abc"));
	s3_server_add(&server, STR("not ours"), STR("abc"));
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		s3_server_add(&server, foreign[i], STR("abc"));
	s3_server_way(&server, S3_WAY_503, -1, "DELETE");
	drop(ANN, &other);
	shut();
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	open_with(NULL, BLOB_S3);
	found_count = 0;
	CHECK_NUM(blob_check(blob, false, found, NULL), FAIL_NONE);
	CHECK_NUM(found_count, 1); /* not that whose deletion is noted */
	CHECK_NUM(blob_exists(blob, ANN, blob_name_str(&name)), FAIL_NONE);
	CHECK_NUM(blob_exists(blob, ANN, STR("1.M3,S=3")), FAIL_MISSING);
	CHECK_NUM(blob_exists(blob, BOB, blob_name_str(&name)), FAIL_MISSING);
	CHECK_NUM(blob_check(blob, true, found, NULL), FAIL_NONE);
	CHECK(s3_server_find(&server, STR("ann/1.M2,S=3")) == NULL);
	CHECK_NUM(s3_server_count(&server), 3 + ARRAY_LEN(foreign));
	TEST_ROW("reading without turns");
	empty_cache();
	CHECK_NUM(is_readable(ANN, &name), FAIL_NONE);
	empty_cache();
	blob_fetch_start(blob, &w, &task, ANN, blob_name_str(&name));
	CHECK(!op_pending(&w.op));
	CHECK_NUM(w.op.fail, FAIL_NONE);
	blob_wait_release(&w);
	s3_server_way(&server, S3_WAY_503, -1, NULL);
	empty_cache();
	CHECK_NUM(is_readable(ANN, &name), FAIL_TEMP);
	CHECK_NUM(blob_check(blob, false, found, NULL), FAIL_TEMP);
	shut();
}

/* --- every system call fails once ------------------------------------------------------------ */

struct story {
	struct blob_name name, copy;
	bool is_named, has_copy; /* a commit said so */
};

static bool
commits(struct str account, const struct blob_name *name)
{
	uint64_t before = store_commits(store);
	struct deed d = { .account = account, .name = blob_name_str(name) };
	bool is_run = store_run(store, run, &d) == FAIL_NONE;

	loop_turn(&loop, 0);
	return is_run && store_commits(store) > before;
}

/* A message comes, is read with an empty cache, and is copied; any of it may fail. */
static void
live(struct story *story)
{
	struct blob_writer w = { .store = NULL };
	struct blob_wait wait = { .state = NULL };
	struct blob_map map;
	enum fail fail = blob_write_start(blob, &w, ANN);

	for (int i = 0; i < 20 && fail == FAIL_NONE; i++)
		fail = blob_write(&w, STR("0123456789xxxxxxxxxxxxxxxxxx"));
	if (fail == FAIL_NONE) {
		blob_put_start(&w, &wait, &task);
		wait_for(&wait);
		fail = wait.op.fail;
	}
	if (fail == FAIL_NONE)
		fail = blob_write_finish(&w, &story->name);
	blob_wait_release(&wait);
	if (fail != FAIL_NONE)
		blob_write_cancel(&w);
	else
		story->is_named = commits(ANN, &story->name);
	if (!story->is_named)
		return;
	if (blob_map(blob, ANN, blob_name_str(&story->name), &map) == FAIL_NONE)
		blob_unmap(&map);
	(void)fetch(BOB, &story->name);
	if (link_to(ANN, &story->name, BOB, &story->copy) == FAIL_NONE)
		story->has_copy = commits(BOB, &story->copy);
}

static bool
is_whole(struct str account, const struct blob_name *name)
{
	return fetch(account, name) == FAIL_NONE && is_readable(account, name) == FAIL_NONE;
}

static void
test_faults(void)
{
	static char row[40];
	bool has_failed = true;

	for (unsigned long nth = 1; has_failed && nth < 500; nth++) {
		struct story story = { .is_named = false };

		snprintf(row, sizeof row, "system call %lu fails", nth);
		TEST_ROW(row);
		fresh(BLOB_S3);
		sys_fail_at(nth, EIO, false);
		live(&story);
		has_failed = sys_has_failed();
		sys_fail_at(0, 0, false);
		reopen(BLOB_S3);
		if (story.is_named)
			CHECK(is_whole(ANN, &story.name));
		if (story.has_copy)
			CHECK(is_whole(BOB, &story.copy));
		empties("mail/ann/tmp");
		empties("mail/bob/tmp");
		shut();
		open_with(NULL, BLOB_S3); /* whatever was named or not, both sides agree */
		found_count = 0;
		CHECK_NUM(blob_check(blob, false, found, NULL), FAIL_NONE);
		CHECK_NUM(found_count, 0);
		shut();
	}
	CHECK(!has_failed);
}

int
main(void)
{
	stage_start();
	test_put();
	test_not_taken();
	test_crashes();
	test_power_and_kill();
	test_down();
	test_fetch();
	test_copy();
	test_cache();
	test_small_cache();
	test_delete();
	test_looking();
	test_faults();
	stage_stop();
	return test_end();
}
