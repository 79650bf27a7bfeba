/* A disk that cannot be read for a moment: what fails may work later, and the store is as it was before. */
/* system */
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "store/store.h"
#include "sys/sys.h"

#define KEYS        3000 /* so many pages that a turn has to read some */
#define KEY_BYTES   6
#define VALUE_BYTES 300
#define TOUCHED     20 /* keys of a turn, far from each other */

static char path[300];

static struct str
key_of(unsigned n, char *room)
{
	snprintf(room, KEY_BYTES + 1, "k%05u", n);
	return str_of(room, KEY_BYTES);
}

static enum fail
put(struct txn *t, unsigned n, char fill)
{
	char room[KEY_BYTES + 1], value[VALUE_BYTES];

	memset(value, fill, sizeof(value));
	return txn_put(t, key_of(n, room), str_of(value, sizeof(value)));
}

static enum fail
fill_all(struct txn *t, void *arg)
{
	enum fail fail = FAIL_NONE;

	(void)arg;
	for (unsigned n = 0; fail == FAIL_NONE && n < KEYS; n++)
		fail = put(t, n, 'a');
	return fail;
}

/* Some are written, and others looked up between. */
static enum fail
touch(struct txn *t, void *arg)
{
	const char *fill = arg;
	char room[KEY_BYTES + 1];
	struct str value;
	enum fail fail = FAIL_NONE;

	for (unsigned i = 0; fail == FAIL_NONE && i < TOUCHED; i++) {
		fail = put(t, i * (KEYS / TOUCHED), *fill);
		if (fail == FAIL_NONE)
			fail = txn_get(t, key_of(KEYS - 1 - i * 97, room), &value);
	}
	return fail;
}

/* All are there, and those that turns touch have this. */
static enum fail
look(struct txn *t, void *arg)
{
	const char *want = arg;
	unsigned count = 0;
	struct cursor c;
	struct str key, value;

	txn_scan(t, &c, STR("k"), STR("l"), false);
	while (cursor_next(&c, &key, &value)) {
		CHECK(value.n == VALUE_BYTES &&
		    value.p[0] == (count % (KEYS / TOUCHED) == 0 ? *want : 'a'));
		count++;
	}
	CHECK_NUM(count, KEYS);
	return cursor_end(&c);
}

static struct store *
start(void)
{
	struct store *s = NULL;

	CHECK_NUM(store_open(&s, NULL, str_c(path), NULL), FAIL_NONE);
	invariant(s != NULL);
	return s;
}

/* The nth call fails; *now is what the touched keys have. False: nothing failed. */
static bool
turn(unsigned long nth, char *now)
{
	struct store *s = start();
	char next = *now == 'b' ? 'c' : 'b';
	enum fail fail, end;
	bool has_failed;

	sys_fail_at(nth, EIO, false);
	fail = store_run(s, touch, &next);
	has_failed = sys_has_failed();
	sys_fail_at(0, 0, false);
	end = store_commit(s);
	if (has_failed)
		CHECK_NUM(fail, FAIL_TEMP);
	if (fail == FAIL_NONE && end == FAIL_NONE)
		*now = next;
	CHECK_NUM(store_read(s, look, now), FAIL_NONE);
	next = *now == 'b' ? 'c' : 'b';
	(void)store_probe(s);
	CHECK_NUM(store_run(s, touch, &next), FAIL_NONE);
	CHECK_NUM(store_commit(s), FAIL_NONE);
	*now = next;
	CHECK_NUM(store_read(s, look, now), FAIL_NONE);
	store_close(&s);
	return has_failed;
}

static void
swallow(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

int
main(void)
{
	struct store *s;
	char now = 'b';
	unsigned long nth = 1;

	snprintf(path, sizeof(path), "%s/unreadable.db", test_folder());
	log_capture(swallow, NULL);
	s = start();
	CHECK_NUM(store_run(s, fill_all, NULL), FAIL_NONE);
	CHECK_NUM(store_run(s, touch, &now), FAIL_NONE);
	CHECK_NUM(store_commit(s), FAIL_NONE);
	store_close(&s);
	while (turn(nth, &now))
		nth++;
	CHECK(nth > TOUCHED);
	return test_end();
}
