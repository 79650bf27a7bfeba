#include "store/store.h"

/* system */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "store/settings.h"

static char path_bytes[256];

/* A fresh path in the test's folder. */
static struct str
path_of(const char *name)
{
	snprintf(path_bytes, sizeof path_bytes, "%s/%s", test_folder(), name);
	return str_c(path_bytes);
}

static struct store *
open_store(struct loop *loop, struct str path)
{
	struct store *s = NULL;

	CHECK_NUM(store_open(&s, loop, path, NULL), FAIL_NONE);
	invariant(s != NULL);
	return s;
}

/* --- a script of calls ----------------------------------------------------------------------- */

/*
 * "+k=v" put, "-k" delete, "?k=v" get must give v (v "!" missing), "~a:b" delete range, "#k+3=5" add
 * gives 5, "(" .. ")" nested run that succeeds, "[" .. "]" nested run that fails.
 */
struct script {
	const char *at;
};

static struct str
word(const char **at, const char *stops)
{
	size_t n = strcspn(*at, stops);
	struct str s = str_of(*at, n);

	*at += n;
	return s;
}

static enum fail run_script(struct txn *t, void *arg);

static enum fail
one_call(struct txn *t, const char **at)
{
	struct str key, value, got;
	char call = *(*at)++;
	struct script inner;
	enum fail fail = FAIL_NONE;
	int64_t sum;

	switch (call) {
	case '+':
		key = word(at, "=");
		(*at)++;
		return txn_put(t, key, word(at, " /"));
	case '-': return txn_delete(t, word(at, " /"));
	case '?':
		key = word(at, "=");
		(*at)++;
		value = word(at, " /");
		fail = txn_get(t, key, &got);
		if (str_eq(value, STR("!"))) {
			CHECK_NUM(fail, FAIL_MISSING);
			return FAIL_NONE;
		}
		CHECK_STR(got, value);
		return fail;
	case '~':
		key = word(at, ":");
		(*at)++;
		return txn_delete_range(t, key, word(at, " /"));
	case '#':
		key = word(at, "+");
		(*at)++;
		value = word(at, "=");
		(*at)++;
		fail = txn_add(t, key, (int64_t)strtoll(value.p, NULL, 10), &sum);
		CHECK_NUM(sum, strtoll(word(at, " /").p, NULL, 10));
		return fail;
	case '(':
	case '[':
		inner.at = *at;
		fail = store_run(txn_store(t), run_script, &inner);
		CHECK_NUM(fail, call == '(' ? FAIL_NONE : FAIL_DENIED);
		*at = inner.at;
		return FAIL_NONE;
	default: CHECK(false); return FAIL_PERM;
	}
}

static enum fail
run_script(struct txn *t, void *arg)
{
	struct script *script = arg;

	while (*script->at != '\0' && *script->at != '/') {
		enum fail fail;

		if (*script->at == ' ') {
			script->at++;
			continue;
		}
		if (*script->at == ')' || *script->at == ']')
			return *script->at++ == ')' ? FAIL_NONE : FAIL_DENIED;
		fail = one_call(t, &script->at);
		if (fail != FAIL_NONE)
			return fail;
	}
	return FAIL_NONE;
}

/* All keys and values as "k=v k=v". */
static enum fail
dump(struct txn *t, void *arg)
{
	struct buf *out = arg;
	struct cursor c;
	struct str key, value;

	buf_clear(out);
	txn_scan(t, &c, STR("\x02"), STR(""), false);
	while (cursor_next(&c, &key, &value)) {
		if (out->n > 0)
			buf_add_char(out, ' ');
		buf_add(out, key);
		buf_add_char(out, '=');
		buf_add(out, value);
	}
	return cursor_end(&c);
}

static const struct {
	const char *name,
	    *runs;        /* runs of one turn, separated by '/' ; "/!" fails the one before */
	const char *want; /* the store afterwards */
} turn_rows[] = {
	{ "nothing", "", "" },
	{ "put and get", "+a=1 ?a=1 ?b=!", "a=1" },
	{ "replace", "+a=1 +a=2 ?a=2", "a=2" },
	{ "empty value", "+a= ?a=", "a=" },
	{ "delete", "+a=1 +b=2 -a ?a=!", "b=2" },
	{ "delete what is not there", "-a +b=2", "b=2" },
	{ "order is bytewise", "+b=1 +a=2 +ab=3 +aa=4 +B=5", "B=5 a=2 aa=4 ab=3 b=1" },
	{ "delete range", "+a=1 +b=2 +c=3 +d=4 ~b:d", "a=1 d=4" },
	{ "delete range to the end", "+a=1 +b=2 +c=3 ~b:", "a=1" },
	{ "runs of one turn see each other", "+a=1/?a=1 +b=2/?b=2", "a=1 b=2" },
	{ "nested", "+a=1 (+b=2 ?a=1 ) ?b=2", "a=1 b=2" },
	{ "nested undone", "+a=1 [+b=2 -a ?b=2 ] ?b=! ?a=1", "a=1" },
	{ "nested undone before any write", "[+b=2 ] ?b=! +a=1", "a=1" },
	{ "nested twice", "+a=1 [+b=2 (+c=3 ) ?c=3 ] ?c=! +d=4", "a=1 d=4" },
	{ "nested undone in nested kept", "+a=1 (+b=2 [+c=3 -b ] ?b=2 )", "a=1 b=2" },
	{ "undone, then again", "[+b=2 ] [+b=3 ] (+b=4 ) +c=1", "b=4 c=1" },
};

static void
run_turn(struct store *s, const char *runs)
{
	struct script script = { runs };

	for (;;) {
		CHECK_NUM(store_run(s, run_script, &script), FAIL_NONE);
		if (*script.at != '/')
			return;
		script.at++;
	}
}

static void
test_turns(void)
{
	struct buf got;

	buf_init(&got, 65536);
	for (size_t i = 0; i < ARRAY_LEN(turn_rows); i++) {
		struct store *s;

		TEST_ROW(turn_rows[i].name);
		s = open_store(NULL, path_of("turns.db"));
		run_turn(s, turn_rows[i].runs);
		CHECK_NUM(store_commit(s), FAIL_NONE);
		store_close(&s);
		s = open_store(NULL, path_of("turns.db"));
		CHECK_NUM(store_read(s, dump, &got), FAIL_NONE);
		CHECK_STR(buf_str(&got), str_c(turn_rows[i].want));
		store_close(&s);
		unlink(path_of("turns.db").p);
		unlink(path_of("turns.db.lineage").p);
	}
	buf_release(&got);
}

/* --- a failed run undoes itself and nothing else --------------------------------------------- */

static enum fail
put_then_fail(struct txn *t, void *arg)
{
	(void)arg;
	CHECK_NUM(txn_put(t, STR("x"), STR("bad")), FAIL_NONE);
	CHECK_NUM(txn_put(t, STR("a"), STR("bad")), FAIL_NONE);
	return FAIL_MISSING;
}

static enum fail
ignore_failure(struct txn *t, void *arg)
{
	static char big[STORE_VALUE_MAX + 1];

	(void)arg;
	CHECK_NUM(txn_put(t, STR("x"), STR("bad")), FAIL_NONE);
	CHECK_NUM(txn_put(t, STR("y"), str_of(big, sizeof big)), FAIL_LIMIT);
	CHECK_NUM(txn_put(t, STR("z"), STR("late")), FAIL_LIMIT);
	return FAIL_NONE;
}

static enum fail
limits(struct txn *t, void *arg)
{
	static char big[STORE_VALUE_MAX];
	static char key[STORE_KEY_MAX];
	struct str got;

	(void)arg;
	memset(key, 'k', sizeof key);
	memset(big, 'v', sizeof big);
	CHECK_NUM(txn_put(t, str_of(key, sizeof key), str_of(big, sizeof big)), FAIL_NONE);
	CHECK_NUM(txn_get(t, str_of(key, sizeof key), &got), FAIL_NONE);
	CHECK_STR(got, str_of(big, sizeof big));
	return txn_delete(t, str_of(key, sizeof key));
}

static enum fail
long_key(struct txn *t, void *arg)
{
	static char key[STORE_KEY_MAX + 1];

	(void)arg;
	CHECK_NUM(txn_put(t, str_of(key, sizeof key), STR("")), FAIL_LIMIT);
	return FAIL_NONE;
}

static enum fail
counters(struct txn *t, void *arg)
{
	int64_t n;

	(void)arg;
	CHECK_NUM(txn_count(t, STR("n"), &n), FAIL_NONE);
	CHECK_NUM(n, 0);
	CHECK_NUM(txn_add(t, STR("n"), 5, &n), FAIL_NONE);
	CHECK_NUM(n, 5);
	CHECK_NUM(txn_add(t, STR("n"), -7, &n), FAIL_NONE);
	CHECK_NUM(n, -2);
	CHECK_NUM(txn_add(t, STR("n"), INT64_MIN, &n), FAIL_LIMIT);
	return FAIL_NONE;
}

static void
test_undo(void)
{
	struct store *s;
	struct buf got;

	TEST_ROW("undo");
	buf_init(&got, 65536);
	s = open_store(NULL, STR(":memory:"));
	CHECK_NUM(store_run(s, put_then_fail, NULL), FAIL_MISSING);
	run_turn(s, "+a=1");
	CHECK_NUM(store_run(s, put_then_fail, NULL), FAIL_MISSING);
	CHECK_NUM(store_run(s, ignore_failure, NULL), FAIL_LIMIT);
	CHECK_NUM(store_run(s, long_key, NULL), FAIL_LIMIT);
	CHECK_NUM(store_run(s, counters, NULL), FAIL_LIMIT);
	CHECK_NUM(store_run(s, limits, NULL), FAIL_NONE);
	CHECK_NUM(store_commit(s), FAIL_NONE);
	CHECK_NUM(store_read(s, dump, &got), FAIL_NONE);
	CHECK_STR(buf_str(&got), STR("a=1"));
	store_close(&s);
	buf_release(&got);
}

/* --- walks ------------------------------------------------------------------------------------ */

static const struct {
	const char *name, *from, *to;
	bool is_backward;
	const char *change; /* "k:call": when the walk is at k, run this */
	const char *want;   /* keys seen in a store with b d f h */
} walk_rows[] = {
	{ "all", "a", "", false, "", "bdfh" },
	{ "all backward", "a", "", true, "", "hfdb" },
	{ "half open", "b", "f", false, "", "bd" },
	{ "half open backward", "b", "f", true, "", "db" },
	{ "between keys", "c", "g", false, "", "df" },
	{ "empty range", "c", "d", false, "", "" },
	{ "turned range", "f", "b", false, "", "" },
	{ "delete itself", "a", "", false, "d:-d", "bdfh" },
	{ "delete the next", "a", "", false, "d:-f", "bdh" },
	{ "delete what was passed", "a", "", false, "f:-b", "bdfh" },
	{ "insert ahead", "a", "", false, "d:+e=1", "bdefh" },
	{ "insert behind", "a", "", false, "d:+c=1", "bdfh" },
	{ "insert just after", "a", "", false, "d:+d0=1", "bddfh" },
	{ "delete all", "a", "", false, "b:~a:", "b" },
	{ "delete itself backward", "a", "", true, "f:-f", "hfdb" },
	{ "insert ahead backward", "a", "", true, "f:+e=1", "hfedb" },
	{ "insert behind backward", "a", "", true, "f:+g=1", "hfdb" },
	{ "nested undone", "a", "", false, "d:[-f ]", "bdfh" },
};

struct walk {
	size_t row;
	struct buf *got;
};

static enum fail
walk(struct txn *t, void *arg)
{
	const struct walk *w = arg;
	struct cursor c;
	struct str key, value;
	const char *change = walk_rows[w->row].change;

	txn_scan(t, &c, str_c(walk_rows[w->row].from), str_c(walk_rows[w->row].to),
	    walk_rows[w->row].is_backward);
	while (cursor_next(&c, &key, &value)) {
		buf_add_char(w->got, key.p[0]);
		CHECK_STR(value, STR("1"));
		if (*change != '\0' && str_eq(key, str_of(change, 1))) {
			struct script script = { change + 2 };

			CHECK_NUM(run_script(t, &script), FAIL_NONE);
		}
	}
	return cursor_end(&c);
}

static void
test_walks(void)
{
	struct buf got;

	buf_init(&got, 65536);
	for (size_t i = 0; i < ARRAY_LEN(walk_rows); i++) {
		struct walk w = { i, &got };
		struct store *s = open_store(NULL, STR(":memory:"));

		TEST_ROW(walk_rows[i].name);
		buf_clear(&got);
		run_turn(s, "+b=1 +d=1 +f=1 +h=1");
		CHECK_NUM(store_run(s, walk, &w), FAIL_NONE);
		CHECK_STR(buf_str(&got), str_c(walk_rows[i].want));
		store_close(&s);
	}
	buf_release(&got);
}

static enum fail
abandoned(struct txn *t, void *arg)
{
	struct cursor c[10];
	struct str key, value;

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		txn_scan(t, &c[i], STR("a"), STR(""), i % 2 == 1);
		CHECK(cursor_next(&c[i], &key, &value));
	}
	return FAIL_NONE;
}

static void
test_abandoned_walks(void)
{
	struct store *s = open_store(NULL, STR(":memory:"));

	TEST_ROW("walks that nobody ended");
	run_turn(s, "+b=1 +d=1");
	for (int i = 0; i < 5; i++) {
		CHECK_NUM(store_run(s, abandoned, NULL), FAIL_NONE);
		CHECK_NUM(store_read(s, abandoned, NULL), FAIL_NONE);
	}
	CHECK_NUM(store_commit(s), FAIL_NONE);
	store_close(&s);
}

/* --- the turn --------------------------------------------------------------------------------- */

struct outcome {
	struct turn_hook hook, sync;
	enum fail seen, give;
};

static enum fail
see(struct turn_hook *hook, enum fail so_far)
{
	container_of(hook, struct outcome, hook)->seen = so_far;
	return FAIL_NONE;
}

static enum fail
give(struct turn_hook *hook, enum fail so_far)
{
	(void)so_far;
	return container_of(hook, struct outcome, sync)->give;
}

static void
test_loop(void)
{
	struct loop loop;
	struct outcome outcome = { .hook.run = see, .sync.run = give };
	struct store *s;
	struct buf got;

	TEST_ROW("loop");
	buf_init(&got, 65536);
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	s = open_store(&loop, path_of("loop.db"));
	loop_hook(&loop, TURN_SYNC, &outcome.sync);
	loop_hook(&loop, TURN_COMMITTED, &outcome.hook);

	CHECK_NUM(store_read(s, dump, &got), FAIL_NONE);
	CHECK(!loop.is_dirty);
	loop_turn(&loop, 0);
	CHECK_NUM(store_commits(s), 0);

	run_turn(s, "+a=1/+b=2");
	CHECK(loop.is_dirty && store_is_dirty(s));
	loop_turn(&loop, 0);
	CHECK_NUM(outcome.seen, FAIL_NONE);
	CHECK_NUM(store_commits(s), 1);
	CHECK(!loop.is_dirty && !store_is_dirty(s));

	TEST_ROW("a failed sync rolls the turn back");
	run_turn(s, "+c=3 -a");
	outcome.give = FAIL_TEMP;
	loop_turn(&loop, 0);
	CHECK_NUM(outcome.seen, FAIL_TEMP);
	CHECK(!store_is_well(s));
	CHECK_NUM(store_commits(s), 1);
	CHECK_NUM(store_read(s, dump, &got), FAIL_NONE);
	CHECK_STR(buf_str(&got), STR("a=1 b=2"));

	TEST_ROW("well again after a probe");
	outcome.give = FAIL_NONE;
	loop_turn(&loop, 0);
	CHECK(!store_is_well(s));
	CHECK(store_probe(s));
	CHECK(store_is_well(s));

	TEST_ROW("what wrote nothing is no commit");
	{
		uint64_t commits = store_commits(s);

		CHECK_NUM(store_run(s, put_then_fail, NULL), FAIL_MISSING);
		loop_turn(&loop, 0);
		CHECK_NUM(store_commits(s), commits);
		CHECK(store_probe(s) && store_probe(s));
		CHECK_NUM(store_commits(s), commits + 2);
	}

	TEST_ROW("uncommitted at the close");
	run_turn(s, "+d=4");
	store_close(&s);
	s = open_store(NULL, path_of("loop.db"));
	CHECK_NUM(store_read(s, dump, &got), FAIL_NONE);
	CHECK_STR(buf_str(&got), STR("a=1 b=2"));
	store_close(&s);
	loop_release(&loop);
	buf_release(&got);
}

/* --- schema, strangers, copies, permissions --------------------------------------------------- */

static enum fail
step_one(struct txn *t)
{
	return txn_put(t, STR("one"), STR("1"));
}

static enum fail
step_two(struct txn *t)
{
	struct str got;

	CHECK_NUM(txn_get(t, STR("one"), &got), FAIL_NONE);
	return txn_put(t, STR("two"), STR("2"));
}

static enum fail
step_bad(struct txn *t)
{
	enum fail fail = txn_put(t, STR("bad"), STR("2"));

	return fail != FAIL_NONE ? fail : FAIL_PERM;
}

static const struct store_upgrade good_steps[] = { { 2, step_two }, { 1, step_one } };
static const struct store_upgrade bad_steps[] = { { 1, step_one }, { 2, step_bad } };

static const struct {
	const char *name;
	uint32_t version;
	const struct store_upgrade *steps;
	size_t count;
	enum fail want;
	const char *error, *content;
	bool is_copied; /* a copy of the old one is there */
} schema_rows[] = {
	{ "new", 1, NULL, 0, FAIL_NONE, "", "a=1", false },
	{ "step missing", 3, bad_steps, 1, FAIL_PERM, "cannot be brought from schema 1 to 3", "a=1",
	    false },
	{ "step fails", 3, bad_steps, 2, FAIL_PERM, "cannot be brought from schema 1 to 3", "a=1",
	    true },
	{ "still the old", 1, NULL, 0, FAIL_NONE, "", "a=1", true },
	{ "upgraded", 3, good_steps, 2, FAIL_NONE, "", "a=1 one=1 two=2", true },
	{ "older program", 2, good_steps, 2, FAIL_PERM,
	    "written by a newer program (schema 3), this one reads schema 2", NULL, true },
	{ "newest again", 3, good_steps, 2, FAIL_NONE, "", "a=1 one=1 two=2", true },
};

static void
test_schema(void)
{
	struct buf errors, got;
	struct store *s;

	buf_init(&errors, 4096);
	buf_init(&got, 65536);
	for (size_t i = 0; i < ARRAY_LEN(schema_rows); i++) {
		struct store_schema schema = { schema_rows[i].version, schema_rows[i].steps,
			schema_rows[i].count };
		struct store_options options = { .schema = &schema, .errors = &errors };

		TEST_ROW(schema_rows[i].name);
		buf_clear(&errors);
		CHECK_NUM(store_open(&s, NULL, path_of("schema.db"), &options),
		    schema_rows[i].want);
		CHECK_NUM(access(path_of("schema.db.schema-1").p, F_OK) == 0,
		    schema_rows[i].is_copied);
		CHECK(str_find(buf_str(&errors), str_c(schema_rows[i].error)) != STR_NONE);
		if (s == NULL)
			continue;
		if (i == 0) {
			run_turn(s, "+a=1");
			CHECK_NUM(store_commit(s), FAIL_NONE);
		}
		CHECK_NUM(store_read(s, dump, &got), FAIL_NONE);
		CHECK_STR(buf_str(&got), str_c(schema_rows[i].content));
		CHECK_NUM(store_verify(s, &errors), FAIL_NONE);
		store_close(&s);
	}
	TEST_ROW("the copy before the upgrade");
	s = open_store(NULL, path_of("schema.db.schema-1"));
	CHECK_NUM(store_read(s, dump, &got), FAIL_NONE);
	CHECK_STR(buf_str(&got), STR("a=1"));
	store_close(&s);
	buf_release(&errors);
	buf_release(&got);
}

static void
test_strangers(void)
{
	static const struct {
		const char *name, *content, *error;
	} rows[] = {
		{ "text",
		    "this is certainly not a database, but it is long enough to look at; "
		    "this is certainly not a database, but it is long enough to look at",
		    "is damaged, or no store" },
	};
	struct buf errors;
	struct store *s;

	buf_init(&errors, 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_options options = { .errors = &errors };
		FILE *f = fopen(path_of("strange.db").p, "w");

		TEST_ROW(rows[i].name);
		invariant(f != NULL);
		fputs(rows[i].content, f);
		fclose(f);
		buf_clear(&errors);
		CHECK_NUM(store_open(&s, NULL, path_of("strange.db"), &options), FAIL_PERM);
		CHECK(str_find(buf_str(&errors), str_c(rows[i].error)) != STR_NONE);
	}
	TEST_ROW("no folder");
	{
		struct store_options options = { .errors = &errors };

		buf_clear(&errors);
		CHECK_NUM(store_open(&s, NULL, path_of("no/such/store.db"), &options), FAIL_TEMP);
		CHECK(str_find(buf_str(&errors), STR("cannot be opened")) != STR_NONE);
	}
	buf_release(&errors);
}

static void
test_file(void)
{
	struct store *s = open_store(NULL, path_of("file.db"));
	struct stat st;
	struct buf got;

	TEST_ROW("the file");
	buf_init(&got, 65536);
	run_turn(s, "+a=1");
	CHECK_NUM(store_commit(s), FAIL_NONE);
	CHECK_NUM(stat(path_of("file.db").p, &st), 0);
	CHECK_NUM(st.st_mode & 0777, 0600);
	CHECK_NUM(stat(path_of("file.db-wal").p, &st), 0);
	CHECK_NUM(st.st_mode & 0777, 0600);
	CHECK_NUM(store_backup(s, path_of("copy.db")), FAIL_NONE);
	run_turn(s, "+b=1");
	CHECK_NUM(store_commit(s), FAIL_NONE);
	CHECK_NUM(store_backup(s, path_of("copy.db")), FAIL_NONE);
	store_close(&s);
	s = open_store(NULL, path_of("copy.db"));
	CHECK_NUM(store_read(s, dump, &got), FAIL_NONE);
	CHECK_STR(buf_str(&got), STR("a=1 b=1"));
	store_close(&s);
	buf_release(&got);
}

/* --- checkpoints ------------------------------------------------------------------------------ */

static enum fail
put_many(struct txn *t, void *arg)
{
	static char value[4000];
	int turn = *(int *)arg;

	for (int i = 0; i < 20; i++) {
		char key[32];
		int n = snprintf(key, sizeof key, "%d.%d", turn, i);
		enum fail fail = txn_put(t, str_of(key, (size_t)n), str_of(value, sizeof value));

		if (fail != FAIL_NONE)
			return fail;
	}
	return FAIL_NONE;
}

static void
test_checkpoints(void)
{
	struct store_settings settings = store_defaults;
	struct store_options options = { .settings = &settings };
	struct loop loop;
	struct store *s;
	struct stat st;

	TEST_ROW("the log stays small");
	settings.wal_bytes = 256 << 10;
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	CHECK_NUM(store_open(&s, &loop, path_of("log.db"), &options), FAIL_NONE);
	for (int turn = 0; turn < 60; turn++) {
		CHECK_NUM(store_run(s, put_many, &turn), FAIL_NONE);
		loop_turn(&loop, 0);
		loop_turn(&loop, 0);
	}
	CHECK_NUM(stat(path_of("log.db-wal").p, &st), 0);
	CHECK(st.st_size < 600 << 10);
	CHECK_NUM(stat(path_of("log.db").p, &st), 0);
	CHECK(st.st_size > 3 << 20);

	TEST_ROW("idle work happens once");
	clock_fake(clock_mono_ms() + 1, 1);
	{
		int turn = 99;

		CHECK_NUM(store_run(s, put_many, &turn), FAIL_NONE);
	}
	loop_turn(&loop, 0);
	CHECK_NUM(loop.timer_count, 2); /* the log's, and that of the beat (store/lineage.h) */
	clock_fake(clock_mono_ms() + 3600 * 1000, 1);
	loop_turn(&loop, 0);
	loop_turn(&loop, 0);
	CHECK_NUM(loop.timer_count, 1); /* the beat's own turn is flushed, too */
	clock_fake(clock_mono_ms() + 3600 * 1000, 1);
	loop_turn(&loop, 0);
	loop_turn(&loop, 0);
	CHECK_NUM(loop.timer_count, 0);
	store_close(&s);
	loop_release(&loop);
}

int
main(void)
{
	test_turns();
	test_undo();
	test_walks();
	test_abandoned_walks();
	test_loop();
	test_schema();
	test_strangers();
	test_file();
	test_checkpoints();
	return test_end();
}
