#include "store/lineage.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "store/inner.h"
#include "store/record.h"
#include "sys/sys.h"

enum { RECORD_VERSION = 1 };

#define PATH_BYTES_MAX 4096
#define EPOCH_GAP_S    UINT64_C(86400)
#define EPOCH_MAX      ((uint64_t)INT64_MAX / 2) /* no clock is there, so a sum has room */
#define EPOCH_ZERO_S \
	UINT64_C(1577836800) /* 2020: counters of an epoch begin with the time since then */
#define SLACK_S UINT64_C(65536)

/* Keys of the store itself: space byte 01. */
static const struct str lineage_key = STR_INIT("\x01lineage");

static uint64_t
fresh_beat(void)
{
	uint64_t n = 0;

	while (n == 0)
		sys_random(&n, sizeof n);
	return n;
}

/* --- in the store ----------------------------------------------------------------------------------------- */

static enum fail
read_record(struct txn *t, void *arg)
{
	struct lineage *l = arg;
	struct record r;
	struct str value;
	enum fail fail = txn_get(t, lineage_key, &value);

	l->epoch = l->mark.beat = 0;
	if (fail == FAIL_MISSING)
		return FAIL_NONE;
	if (fail != FAIL_NONE)
		return fail;
	record_read(&r, value);
	l->epoch = record_u64(&r);
	l->mark.beat = record_u64(&r);
	return record_end(&r);
}

/* After a failure it is not known which of both the store has. */
static enum fail
commit_record(struct store *s, uint64_t epoch, uint64_t beat)
{
	struct buf value;
	bool has_written;
	enum fail fail;

	buf_init(&value, STORE_VALUE_MAX);
	record_begin(&value, RECORD_VERSION);
	record_add_u64(&value, epoch);
	record_add_u64(&value, beat);
	fail = store_put_alone(s, lineage_key, buf_str(&value), &has_written);
	buf_release(&value);
	if (fail != FAIL_NONE)
		return fail;
	s->lineage.epoch = s->lineage.mark.epoch = epoch;
	s->lineage.mark.beat = beat;
	return FAIL_NONE;
}

/* --- the beat --------------------------------------------------------------------------------------------- */

/* The file names the beat that comes next, so that whichever of both a crash leaves in the store is known. */
static enum fail
announce(struct lineage *l)
{
	struct lineage_mark mark = l->mark;
	enum fail fail;

	if (l->mark.next != 0)
		return FAIL_NONE;
	mark.next = fresh_beat();
	fail = lineage_mark_save(buf_c(&l->mark_path), &mark);
	if (fail == FAIL_NONE)
		l->mark = mark;
	return fail;
}

void
lineage_renew(struct store *s)
{
	struct lineage *l = &s->lineage;

	if (l->store_path.n == 0 || announce(l) != FAIL_NONE ||
	    commit_record(s, l->epoch, l->mark.next) != FAIL_NONE)
		return;
	l->mark.next = 0;
	(void)announce(l); /* else before the next time */
}

/* --- at the start ----------------------------------------------------------------------------------------- */

enum verdict { FIRST, SAME, COPY };

/* It is what the mark says; the beat that is announced next is noted. A mark that knows no redo log is written anew. */
static bool
is_known(struct lineage *l, const struct lineage_mark *m)
{
	if (l->mark.beat != m->beat && (m->next == 0 || l->mark.beat != m->next))
		return false;
	l->mark.next =
	    l->mark.beat == m->beat && birth_equal(&l->mark.redo, &m->redo) ? m->next : 0;
	return true;
}

/* What the owner's file says, when it is there. */
static enum fail
look_at_moved(struct lineage *l, enum verdict *out)
{
	struct lineage_mark mark;
	enum fail fail = lineage_mark_load(buf_c(&l->moved_path), &mark);

	*out = COPY;
	l->mark.epoch = u64_max(l->mark.epoch, mark.epoch);
	if (fail == FAIL_NONE && is_known(l, &mark)) {
		*out = SAME;
		l->mark.next = 0; /* this folder's own file is written anew */
	}
	return fail == FAIL_MISSING || fail == FAIL_PERM ? FAIL_NONE : fail;
}

/* A store that did not count on its redo log may have got one now: it was replicated, or is new. */
static bool
are_its_files(const struct lineage *l, const struct lineage_mark *m)
{
	return birth_equal(&m->store, &l->mark.store) &&
	    (!l->counts_on_redo || m->redo.inode == 0 || birth_equal(&m->redo, &l->mark.redo));
}

static enum fail
judge(struct lineage *l, enum verdict *out)
{
	struct lineage_mark mark;
	enum fail fail = lineage_mark_load(buf_c(&l->mark_path), &mark);

	*out = COPY;
	if (fail != FAIL_NONE && fail != FAIL_MISSING && fail != FAIL_PERM)
		return fail;
	l->mark.epoch = mark.epoch;
	if (l->mark.beat == 0 && (fail == FAIL_MISSING || (fail == FAIL_NONE && mark.beat == 0))) {
		*out = FIRST;
		return FAIL_NONE;
	}
	if (fail == FAIL_NONE && are_its_files(l, &mark) && is_known(l, &mark)) {
		*out = SAME;
		return FAIL_NONE;
	}
	return l->mark.beat != 0 ? look_at_moved(l, out) : FAIL_NONE;
}

/* The time; or that many days later that at least one lies behind the last epoch. */
static uint64_t
next_epoch(const struct lineage *l)
{
	uint64_t before = u64_max(l->epoch, l->mark.epoch);
	int64_t now_s = clock_wall_s();
	uint64_t epoch = now_s > 0 ? (uint64_t)now_s : 1;

	before = before < EPOCH_MAX ? before : EPOCH_MAX;
	if (before == 0 || epoch >= before + EPOCH_GAP_S)
		return epoch;
	return epoch + (before + EPOCH_GAP_S - epoch + EPOCH_GAP_S - 1) / EPOCH_GAP_S * EPOCH_GAP_S;
}

/* Before anything else is read or served. A crash before the file is written makes one epoch more. */
static enum fail
begin_epoch(struct store *s)
{
	struct lineage *l = &s->lineage;
	uint64_t epoch = next_epoch(l);
	enum fail fail = commit_record(s, epoch, fresh_beat());

	if (fail != FAIL_NONE)
		return fail;
	l->mark.next = 0;
	log_warn(&store_log, "store.restored", LOG_TEXT("file", buf_str(&l->store_path)),
	    LOG_NUM("epoch", epoch),
	    LOG_TEXT("reason", STR("it is a copy; mail programs will read their mailboxes anew")));
	return FAIL_NONE;
}

static enum fail
settle(struct store *s, enum verdict verdict, bool is_server)
{
	struct lineage *l = &s->lineage;
	enum fail fail;

	switch (verdict) {
	case FIRST: lineage_renew(s); break;
	case SAME:
		if (announce(l) !=
		    FAIL_NONE) /* the disk is full, perhaps; the old mark is as good */
			break;
		(void)sys.unlink(buf_c(&l->moved_path));
		if (is_server)
			lineage_renew(s);
		break;
	case COPY: fail = begin_epoch(s); return fail == FAIL_NONE ? announce(l) : fail;
	}
	return FAIL_NONE;
}

static bool
set_paths(struct lineage *l, struct str path)
{
	struct buf *paths[] = { &l->store_path, &l->mark_path, &l->moved_path };
	static const char *const ends[] = { "", ".lineage", ".moved" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		buf_init(paths[i], PATH_BYTES_MAX);
		buf_add(paths[i], path);
		buf_add_c(paths[i], ends[i]);
		if (!buf_ok(paths[i]))
			return false;
	}
	return true;
}

enum fail
lineage_open(struct store *s, struct str path, bool is_server, struct buf *errors)
{
	struct lineage *l = &s->lineage;
	enum verdict verdict = SAME;
	enum fail fail;

	if (str_eq(path, STR(":memory:")))
		return FAIL_NONE;
	fail = set_paths(l, path) ? store_read(s, read_record, l) : FAIL_LIMIT;
	l->counts_on_redo = s->ops->companion(s->engine, &l->mark.redo);
	if (fail == FAIL_NONE && !sys_birth(buf_c(&l->store_path), &l->mark.store))
		fail = FAIL_TEMP;
	if (fail == FAIL_NONE)
		fail = judge(l, &verdict);
	if (fail == FAIL_NONE)
		fail = settle(s, verdict, is_server);
	if (fail != FAIL_NONE && errors != NULL && errors->n == 0) {
		buf_add(errors, buf_str(&l->mark_path));
		buf_add_c(errors, ": cannot be read or written\n");
	}
	return fail;
}

void
lineage_release(struct store *s)
{
	buf_release(&s->lineage.store_path);
	buf_release(&s->lineage.mark_path);
	buf_release(&s->lineage.moved_path);
}

/* --- for the rooms above ---------------------------------------------------------------------------------- */

uint64_t
store_epoch(const struct store *s)
{
	return s->lineage.epoch;
}

struct epoch_run {
	struct str key;
	store_fn *fn;
	void *arg;
};

static enum fail
epoch_run(struct txn *t, void *arg)
{
	const struct epoch_run *run = arg;
	int64_t epoch = (int64_t)store_epoch(txn_store(t)), known;
	enum fail fail = txn_count(t, run->key, &known);

	if (fail != FAIL_NONE || known == epoch)
		return fail;
	fail = txn_add(t, run->key, epoch - known, &known);
	return fail == FAIL_NONE ? run->fn(t, run->arg) : fail;
}

enum fail
store_run_in_epoch(struct store *s, struct str key, store_fn *fn, void *arg)
{
	struct epoch_run run = { key, fn, arg };
	enum fail fail;

	if (store_epoch(s) == 0)
		return FAIL_NONE;
	fail = store_run(s, epoch_run, &run);
	return fail == FAIL_NONE ? store_commit(s) : fail;
}

/*
 * A time alone: two copies of the same store get different numbers. Only where the clock is behind, what the copy had
 * counts; the slack is for counters that ran ahead of the clock, and for a clock that was set back.
 */
uint64_t
store_epoch_above(const struct store *s, uint64_t was, unsigned bits)
{
	uint64_t epoch = s->lineage.epoch, time_s, sum;

	if (epoch == 0)
		return was;
	time_s = (epoch > EPOCH_ZERO_S ? epoch - EPOCH_ZERO_S : 0) + SLACK_S;
	if (time_s >> (63 - bits) == 0 && time_s << bits > was)
		return time_s << bits;
	return u64_add(was, SLACK_S << bits, &sum) ? sum : was;
}
