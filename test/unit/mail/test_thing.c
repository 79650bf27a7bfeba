/* Small things: put, changed, dropped, counted; what /changes and watchers see; older account records. */
#include "fixture.h"

/* rooms */
#include "mail/thing.h"

static struct fixture f;

enum what { PUT_NEW, PUT, DROP, COUNT, LIST_DOWN };

struct work {
	enum what what;
	enum change_type type;
	uint64_t id;
	struct str body;
	size_t count;
	uint64_t first;
};

static enum fail
work_run(struct edit *e, void *arg)
{
	struct work *w = arg;
	struct thing thing = { .id = 0 };
	struct cursor c;

	switch (w->what) {
	case PUT_NEW: w->id = thing_id(e); return thing_put(e, w->type, w->id, w->body);
	case PUT: return thing_put(e, w->type, w->id, w->body);
	case DROP: return thing_drop(e, w->type, w->id);
	case COUNT: return things_count(e->txn, e->account, w->type, &w->count);
	case LIST_DOWN:
		things_scan(e->txn, &c, e->account, w->type, true);
		w->first = things_next(&c, &thing) ? thing.id : 0;
		return cursor_end(&c);
	}
	return FAIL_PERM;
}

static enum fail
work(enum what what, enum change_type type, uint64_t id, struct str body)
{
	struct work w = { .what = what, .type = type, .id = id, .body = body };

	return edit_run(f.account, NULL, work_run, &w);
}

static uint64_t
put_new(enum change_type type, const char *body)
{
	struct work w = { .what = PUT_NEW, .type = type, .body = str_c(body) };

	CHECK_NUM(edit_run(f.account, NULL, work_run, &w), FAIL_NONE);
	return w.id;
}

static size_t
count(enum change_type type)
{
	struct work w = { .what = COUNT, .type = type };

	CHECK_NUM(edit_run(f.account, NULL, work_run, &w), FAIL_NONE);
	return w.count;
}

struct reading_of {
	uint64_t id;
	char text[40];
};

static enum fail
get_read(struct txn *t, void *arg)
{
	struct reading_of *in = arg;
	struct thing thing;
	enum fail fail = thing_get(t, f.account, CHANGE_IDENTITY, in->id, &thing);

	if (fail == FAIL_NONE)
		snprintf(in->text, sizeof(in->text), "%.*s", STR_ARG(thing.body));
	return fail;
}

static void
check_body(uint64_t id, enum fail want, const char *text)
{
	struct reading_of in = { .id = id };

	CHECK_NUM(store_read(f.store, get_read, &in), want);
	CHECK_STR(str_c(in.text), str_c(text));
}

static void
check_changes(uint64_t since, size_t want, enum change_kind first, enum change_kind last)
{
	struct change items[10];
	struct changes changes = { .items = items, .max = 10 };

	CHECK_NUM(changes_since(f.account, CHANGE_IDENTITY, since, &changes), FAIL_NONE);
	CHECK_NUM(changes.state, change_state(f.account, CHANGE_IDENTITY));
	if (!CHECK_NUM(changes.count, want) || want == 0)
		return;
	CHECK_NUM(items[0].kind, first);
	CHECK_NUM(items[want - 1].kind, last);
}

static void
test_life(void)
{
	static char big[THINGS_PUT_MAX + 1];
	uint64_t one, two, state;
	struct work down = { .what = LIST_DOWN, .type = CHANGE_IDENTITY };

	TEST_ROW("life");
	one = put_new(CHANGE_IDENTITY, "one");
	two = put_new(CHANGE_IDENTITY, "two");
	CHECK(two > one);
	check_changes(0, 2, CHANGE_CREATED, CHANGE_CREATED);
	state = change_state(f.account, CHANGE_IDENTITY);
	CHECK_NUM(work(PUT, CHANGE_IDENTITY, one, STR("uno")), FAIL_NONE);
	check_body(one, FAIL_NONE, "uno");
	check_changes(state, 1, CHANGE_UPDATED, CHANGE_UPDATED);
	CHECK_NUM(work(DROP, CHANGE_IDENTITY, two, STR("")), FAIL_NONE);
	check_body(two, FAIL_MISSING, "");
	check_changes(state, 2, CHANGE_UPDATED, CHANGE_DESTROYED);
	check_changes(0, 1, CHANGE_CREATED, CHANGE_CREATED); /* what came and went is not told */
	CHECK_NUM(work(DROP, CHANGE_IDENTITY, two, STR("")), FAIL_MISSING);
	CHECK_NUM(work(DROP, CHANGE_SUBMISSION, one, STR("")), FAIL_MISSING);
	CHECK(put_new(CHANGE_IDENTITY, "three") > two); /* ids are never used twice */
	CHECK_NUM(edit_run(f.account, NULL, work_run, &down), FAIL_NONE);
	CHECK_NUM(down.first, two + 1);
	CHECK_NUM(count(CHANGE_IDENTITY), 2);
	CHECK_NUM(count(CHANGE_SUBMISSION), 0);
	CHECK_NUM(change_state(f.account, CHANGE_SUBMISSION), 0);
	memset(big, 'x', sizeof(big));
	CHECK_NUM(work(PUT, CHANGE_VACATION, 1, str_of(big, sizeof(big))), FAIL_LIMIT);
	CHECK_NUM(work(PUT, CHANGE_VACATION, 1, str_of(big, sizeof(big) - 1)), FAIL_NONE);
	fixture_check(&f);
}

static void
test_watch(void)
{
	static const struct {
		enum change_type type;
		unsigned bit;
	} rows[] = { { CHANGE_IDENTITY, MAIL_CHANGED_IDENTITIES },
		{ CHANGE_SUBMISSION, MAIL_CHANGED_SUBMISSIONS },
		{ CHANGE_VACATION, MAIL_CHANGED_VACATION } };
	struct mail_watch w = { .bits = 0 };

	TEST_ROW("watch");
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	mail_watch_start(&w, f.account, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)put_new(rows[i].type, "x");
		CHECK_NUM(mail_watch_take(&w), 0); /* not before it is durable */
		CHECK_NUM(fixture_commit(&f), FAIL_NONE);
		CHECK_NUM(mail_watch_take(&w), rows[i].bit);
	}
	mail_watch_stop(&w);
}

/* The account's record as it was before there were small things. */
static void
test_older(void)
{
	struct account_counters in = { .name = STR("a"), .next_thing = 7 }, out;
	struct buf value;

	TEST_ROW("older record");
	in.state[CHANGE_VACATION] = 9;
	in.tombs[CHANGE_THREAD] = 3;
	buf_init(&value, STORE_VALUE_MAX);
	counters_record_write(&value, &in);
	CHECK_NUM(counters_record_read(buf_str(&value), &out), FAIL_NONE);
	CHECK_NUM(out.next_thing, 7);
	CHECK_NUM(out.state[CHANGE_VACATION], 9);
	CHECK_NUM(out.tombs[CHANGE_THREAD], 3);
	/* every number but the 9 is one byte: next_thing, how many types, the epoch, and three for each new one */
	buf_truncate(&value, buf_str(&value).n - 3 - (CHANGE_TYPE_COUNT - CHANGE_IDENTITY) * 3);
	CHECK_NUM(counters_record_read(buf_str(&value), &out), FAIL_NONE);
	CHECK_NUM(out.next_thing, 1);
	CHECK_NUM(out.state[CHANGE_VACATION], 0);
	CHECK_NUM(out.tombs[CHANGE_THREAD], 3);
	buf_release(&value);
}

int
main(void)
{
	bool done = false;

	fixture_open(&f, "thing");
	test_life();
	test_watch();
	test_older();
	TEST_ROW("with the account");
	account_close(&f.account);
	while (!done)
		CHECK_NUM(account_delete(f.mail, STR("alice@example.test"), &done), FAIL_NONE);
	CHECK_NUM(account_open(f.mail, STR("alice@example.test"), NULL, &f.account), FAIL_NONE);
	CHECK_NUM(count(CHANGE_IDENTITY), 0);
	fixture_close(&f, true);
	return test_end();
}
