/* What a store_fn does: reading, writing, counting. */
#include "store/store.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "store/inner.h"

#define COUNTER_BYTES 8

struct store *
txn_store(const struct txn *t)
{
	return t->store;
}

/* Remember the first failure, and whether the engine gave up the whole transaction. */
static enum fail
note(struct txn *t, enum fail fail)
{
	struct store *s = t->store;

	if (fail == FAIL_NONE || fail == FAIL_MISSING)
		return fail;
	if (t->fail == FAIL_NONE)
		t->fail = fail;
	if (s->state == STORE_WRITING && !s->ops->in_transaction(s->engine))
		s->is_broken = true;
	return fail;
}

/* What stands in the way of any call: an earlier failure, a transaction lost, a key of wrong size. */
static enum fail
check(struct txn *t, struct str key, size_t least)
{
	if (t->fail != FAIL_NONE)
		return t->fail;
	if (t->store->is_broken)
		return note(t, FAIL_TEMP);
	if (key.n < least || key.n > STORE_KEY_MAX)
		return note(t, FAIL_LIMIT);
	return FAIL_NONE;
}

/* Before the first write of a run: make sure that it, and those around it, can be undone alone. */
static enum fail
mark(struct txn *t)
{
	struct store *s = t->store;
	enum fail fail = FAIL_NONE;

	if (t->is_marked)
		return FAIL_NONE;
	if (t->outer != NULL && (fail = mark(t->outer)) != FAIL_NONE)
		return fail;
	if (s->writes == 0)
		t->is_whole = true;
	else
		fail = s->ops->save(s->engine);
	t->is_marked = fail == FAIL_NONE;
	return fail;
}

static enum fail
before_write(struct txn *t, struct str key, size_t least)
{
	struct store *s = t->store;
	enum fail fail;

	invariant(t->is_write);
	fail = check(t, key, least);
	if (fail == FAIL_NONE)
		fail = note(t, mark(t));
	if (fail != FAIL_NONE)
		return fail;
	s->serial++;
	s->writes++;
	if (s->loop != NULL)
		loop_dirty(s->loop);
	return FAIL_NONE;
}

enum fail
txn_get(struct txn *t, struct str key, struct str *value_out)
{
	struct store *s = t->store;
	enum fail fail = check(t, key, 1);

	*value_out = (struct str){ 0 };
	if (fail != FAIL_NONE)
		return fail;
	buf_clear(&s->value);
	fail = note(t, s->ops->get(s->engine, key, &s->value));
	if (fail == FAIL_NONE)
		*value_out = buf_str(&s->value);
	return fail;
}

static enum fail
write_by(struct txn *t, struct str key, struct str value,
    enum fail (*write)(struct engine *e, struct str key, struct str value))
{
	enum fail fail;

	if (value.n > STORE_VALUE_MAX)
		return note(t, FAIL_LIMIT);
	fail = before_write(t, key, 1);
	return fail == FAIL_NONE ? note(t, write(t->store->engine, key, value)) : fail;
}

enum fail
txn_put(struct txn *t, struct str key, struct str value)
{
	return write_by(t, key, value, t->store->ops->put);
}

enum fail
txn_pass(struct txn *t, struct str key, struct str value)
{
	return write_by(t, key, value, t->store->ops->pass);
}

enum fail
txn_delete(struct txn *t, struct str key)
{
	enum fail fail = before_write(t, key, 1);

	if (fail != FAIL_NONE)
		return fail;
	return note(t, t->store->ops->del(t->store->engine, key));
}

enum fail
txn_delete_range(struct txn *t, struct str from, struct str to)
{
	enum fail fail = check(t, to, 0);

	if (fail == FAIL_NONE)
		fail = before_write(t, from, 0);
	if (fail != FAIL_NONE)
		return fail;
	return note(t, t->store->ops->del_range(t->store->engine, from, to));
}

/* --- counters ------------------------------------------------------------------------------ */

enum fail
txn_count(struct txn *t, struct str key, int64_t *out)
{
	struct str value;
	uint64_t n = 0;
	enum fail fail = txn_get(t, key, &value);

	*out = 0;
	if (fail == FAIL_MISSING)
		return FAIL_NONE;
	if (fail != FAIL_NONE)
		return fail;
	if (value.n != COUNTER_BYTES)
		return note(t, FAIL_PERM);
	for (size_t i = 0; i < COUNTER_BYTES; i++)
		n |= (uint64_t)(unsigned char)value.p[i] << (8 * i);
	*out = (int64_t)n;
	return FAIL_NONE;
}

enum fail
txn_add(struct txn *t, struct str key, int64_t delta, int64_t *out)
{
	char bytes[COUNTER_BYTES];
	int64_t sum;
	enum fail fail = txn_count(t, key, &sum);

	*out = 0;
	if (fail != FAIL_NONE)
		return fail;
	if (!i64_add(sum, delta, &sum))
		return note(t, FAIL_LIMIT);
	for (size_t i = 0; i < COUNTER_BYTES; i++)
		bytes[i] = (char)((uint64_t)sum >> (8 * i) & 0xff);
	fail = txn_put(t, key, str_of(bytes, sizeof bytes));
	if (fail == FAIL_NONE)
		*out = sum;
	return fail;
}

/* --- walks --------------------------------------------------------------------------------- */

static struct store_scan *
free_scan(struct store *s)
{
	size_t i = 0;

	while (i < STORE_SCANS_MAX && s->scans[i] != NULL && s->scans[i]->level != 0)
		i++;
	invariant(i < STORE_SCANS_MAX);
	if (s->scans[i] == NULL)
		s->scans[i] = mem_new(1, sizeof *s->scans[i]);
	return s->scans[i];
}

void
txn_scan(struct txn *t, struct cursor *c, struct str from, struct str to, bool is_backward)
{
	struct store_scan *scan;

	*c = (struct cursor){ .txn = t, .fail = check(t, from, 0) };
	if (c->fail == FAIL_NONE)
		c->fail = check(t, to, 0);
	if (c->fail != FAIL_NONE)
		return;
	scan = free_scan(t->store);
	scan->level = t->store->level;
	scan->is_backward = is_backward;
	scan->from_n = from.n;
	scan->to_n = to.n;
	if (from.n > 0)
		memcpy(scan->from, from.p, from.n);
	if (to.n > 0)
		memcpy(scan->to, to.p, to.n);
	c->scan = scan;
}

/* Begin, or begin again behind the last key that was given out. */
static enum fail
seek(struct store *s, struct store_scan *scan)
{
	if (scan->inner != NULL && scan->serial == s->serial)
		return FAIL_NONE;
	if (scan->inner != NULL)
		s->ops->scan_end(scan->inner);
	scan->inner = NULL;
	scan->serial = s->serial;
	return s->ops->scan_begin(s->engine, str_of(scan->from, scan->from_n),
	    str_of(scan->to, scan->to_n), scan->is_backward, &scan->inner);
}

/* What is left of the range: from the byte string just after `key`, or up to before it. */
static void
pass(struct store_scan *scan, struct str key)
{
	if (scan->is_backward) {
		memcpy(scan->to, key.p, key.n);
		scan->to_n = key.n;
		return;
	}
	memcpy(scan->from, key.p, key.n);
	scan->from[key.n] = '\0';
	scan->from_n = key.n + 1;
}

bool
cursor_next(struct cursor *c, struct str *key, struct str *value)
{
	enum fail fail;

	*key = *value = (struct str){ 0 };
	if (c->scan == NULL)
		return false;
	fail = check(c->txn, (struct str){ 0 }, 0);
	if (fail == FAIL_NONE)
		fail = note(c->txn, seek(c->txn->store, c->scan));
	if (fail == FAIL_NONE)
		fail = note(c->txn, c->txn->store->ops->scan_next(c->scan->inner, key, value));
	if (fail == FAIL_NONE && (key->n == 0 || key->n > STORE_KEY_MAX))
		fail = note(c->txn, FAIL_PERM);
	if (fail == FAIL_NONE) {
		pass(c->scan, *key);
		return true;
	}
	*key = *value = (struct str){ 0 };
	c->fail = fail == FAIL_MISSING ? FAIL_NONE : fail;
	cursor_end(c);
	return false;
}

enum fail
cursor_end(struct cursor *c)
{
	if (c->scan != NULL) {
		if (c->scan->inner != NULL)
			c->txn->store->ops->scan_end(c->scan->inner);
		c->scan->inner = NULL;
		c->scan->level = 0;
		c->scan = NULL;
	}
	return c->fail;
}
