#include "store/redo.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "store/inner.h"
#include "store/sqlite_vfs.h"
#include "sys/sys.h"

#define CHECK_BYTES  8
#define LENGTH_BYTES 4
#define HEADER_BYTES (CHECK_BYTES + LENGTH_BYTES)
#define KEPT_BYTES   (64 * 1024) /* of memory between turns */

struct redo {
	int fd;
	uint64_t first;   /* what the first record is checked with */
	uint64_t chain;   /* the check of the last record, or `first` */
	uint64_t end;     /* where the next one goes */
	bool is_doubtful; /* behind `end` there may be a record that failed */
	struct buf turn;  /* its header, then its operations */
};

/* --- bytes --------------------------------------------------------------------------------- */

static void
put_number(char *p, uint64_t n, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		p[i] = (char)(n >> (8 * i) & 0xff);
}

static void
add_length(struct buf *b, size_t n)
{
	char bytes[LENGTH_BYTES];

	put_number(bytes, n, sizeof bytes);
	buf_add(b, str_of(bytes, sizeof bytes));
}

static uint64_t
number_at(const char *p, size_t bytes)
{
	uint64_t n = 0;

	for (size_t i = 0; i < bytes; i++)
		n |= (uint64_t)(unsigned char)p[i] << (8 * i);
	return n;
}

/*
 * As FNV-1a, but of eight bytes at a time, and each product is folded, so that its high bits count below. It tells
 * torn and old bytes; nobody forges them. The length is in the bytes.
 */
static uint64_t
check_of(uint64_t chain, struct str bytes)
{
	uint64_t h = chain;
	size_t i = 0;

	for (; bytes.n - i >= 8; i += 8) {
		h = (h ^ number_at(bytes.p + i, 8)) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	h = (h ^ number_at(bytes.p + i, bytes.n - i)) * 0x9e3779b97f4a7c15u;
	return h ^ (h >> 29);
}

/* --- the turn ------------------------------------------------------------------------------ */

void
redo_clear(struct redo *r)
{
	static const char room[HEADER_BYTES];

	if (r->turn.cap > KEPT_BYTES)
		buf_release(&r->turn);
	buf_clear(&r->turn);
	buf_add(&r->turn, str_of(room, sizeof room));
}

void
redo_add(struct redo *r, enum redo_kind kind, struct str key, struct str value)
{
	buf_add_char(&r->turn, (char)kind);
	add_length(&r->turn, key.n);
	buf_add(&r->turn, key);
	add_length(&r->turn, value.n);
	buf_add(&r->turn, value);
}

size_t
redo_mark(const struct redo *r)
{
	return r->turn.n;
}

/* What did not fit stays so: the room in front of it may be a part of it. */
void
redo_undo(struct redo *r, size_t mark)
{
	buf_truncate(&r->turn, mark);
}

bool
redo_is_empty(const struct redo *r)
{
	return redo_fits(r) && r->turn.n <= HEADER_BYTES;
}

bool
redo_fits(const struct redo *r)
{
	return buf_ok(&r->turn);
}

/* --- open, close --------------------------------------------------------------------------- */

enum fail
redo_open(struct redo **out, const char *path)
{
	struct redo *r = mem_new(1, sizeof *r);
	enum fail fail = FAIL_NONE;

	*out = r;
	buf_init(&r->turn, HEADER_BYTES + REDO_TURN_MAX);
	redo_clear(r);
	r->fd = sys.open(path, O_RDWR | O_CREAT, 0600);
	/* Its name is durable before a turn counts on it; who made it may have been killed before he saw to that. */
	if (r->fd >= 0)
		fail = sqlite_vfs_sync_folder(path);
	else
		fail = fail_because(&store_log, FAIL_TEMP, "store.redo.open", errno);
	if (fail != FAIL_NONE)
		redo_close(out);
	return fail;
}

void
redo_close(struct redo **redo)
{
	struct redo *r = *redo;

	if (r == NULL)
		return;
	if (r->fd >= 0)
		sys.close(r->fd);
	buf_release(&r->turn);
	mem_free(r);
	*redo = NULL;
}

static enum fail
write_at(const struct redo *r, struct str bytes, uint64_t at)
{
	size_t done = 0;

	while (done < bytes.n) {
		ssize_t n = sys.pwrite(r->fd, bytes.p + done, bytes.n - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_because(&store_log, FAIL_TEMP, "store.redo.write",
			    n < 0 ? errno : ENOSPC);
		done += (size_t)n;
	}
	return FAIL_NONE;
}

void
redo_restart(struct redo *r, uint64_t generation)
{
	r->first = r->chain = generation;
	r->end = 0;
	r->is_doubtful = false;
	redo_clear(r);
}

/* Not synced: the next record is, in the same place, and where this fails that one will say so. */
void
redo_end_generation(struct redo *r, uint64_t next)
{
	static const char nothing[HEADER_BYTES];

	if (r->end > 0 || r->is_doubtful)
		(void)write_at(r, str_of(nothing, sizeof nothing), 0);
	redo_restart(r, next);
}

uint64_t
redo_bytes(const struct redo *r)
{
	return r->end;
}

bool
redo_is_doubtful(const struct redo *r)
{
	return r->is_doubtful;
}

/* --- writing ------------------------------------------------------------------------------- */

enum fail
redo_write(struct redo *r)
{
	struct str whole = buf_str(&r->turn);
	size_t bytes = whole.n - HEADER_BYTES;
	uint64_t check;
	char *head = r->turn.p + r->turn.start;
	enum fail fail;

	invariant(redo_fits(r) && bytes > 0);
	put_number(head + CHECK_BYTES, bytes, LENGTH_BYTES);
	check = check_of(r->chain, str_from(whole, CHECK_BYTES));
	put_number(head, check, CHECK_BYTES);
	r->is_doubtful = true;
	fail = write_at(r, whole, r->end);
	if (fail != FAIL_NONE)
		return fail;
	if (sys.fdatasync(r->fd) != 0)
		return fail_because(&store_log, FAIL_TEMP, "store.redo.sync", errno);
	r->end += whole.n;
	r->chain = check;
	r->is_doubtful = false;
	redo_clear(r);
	return FAIL_NONE;
}

/* --- reading ------------------------------------------------------------------------------- */

/* Up to n bytes; fewer at the end of the file. */
static enum fail
read_at(const struct redo *r, uint64_t at, size_t n, struct buf *out)
{
	char *room;

	buf_clear(out);
	while (out->n < n && (room = buf_room(out, n - out->n)) != NULL) {
		ssize_t got = sys.pread(r->fd, room, n - out->n, (off_t)(at + out->n));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_because(&store_log, FAIL_TEMP, "store.redo.read", errno);
		if (got == 0)
			break;
		buf_grow(out, (size_t)got);
	}
	return FAIL_NONE;
}

/* The record at `at`, checked with the one before it. FAIL_MISSING: none that is whole. */
static enum fail
read_record(const struct redo *r, uint64_t at, uint64_t *chain, struct buf *out)
{
	enum fail fail = read_at(r, at, HEADER_BYTES, out);
	uint64_t check, bytes;

	if (fail != FAIL_NONE || out->n < HEADER_BYTES)
		return fail != FAIL_NONE ? fail : FAIL_MISSING;
	check = number_at(out->p + out->start, CHECK_BYTES);
	bytes = number_at(out->p + out->start + CHECK_BYTES, LENGTH_BYTES);
	if (bytes == 0 || bytes > REDO_TURN_MAX)
		return FAIL_MISSING;
	fail = read_at(r, at, HEADER_BYTES + (size_t)bytes, out);
	if (fail != FAIL_NONE)
		return fail;
	if (out->n < HEADER_BYTES + bytes ||
	    check_of(*chain, str_from(buf_str(out), CHECK_BYTES)) != check)
		return FAIL_MISSING;
	*chain = check;
	return FAIL_NONE;
}

enum fail
redo_find(struct redo *r)
{
	struct buf record;
	enum fail fail;

	buf_init(&record, HEADER_BYTES + REDO_TURN_MAX);
	while ((fail = read_record(r, r->end, &r->chain, &record)) == FAIL_NONE)
		r->end += record.n;
	buf_release(&record);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* A length and so many bytes. */
static bool
take(struct str *cur, struct str *out)
{
	uint64_t n;

	if (cur->n < LENGTH_BYTES)
		return false;
	n = number_at(cur->p, LENGTH_BYTES);
	*cur = str_from(*cur, LENGTH_BYTES);
	if (n > cur->n)
		return false;
	*out = str_head(*cur, (size_t)n);
	*cur = str_from(*cur, (size_t)n);
	return true;
}

static enum fail
hand_out(struct str operations, redo_fn *fn, void *arg)
{
	struct str cur = operations, key, value;
	enum fail fail = FAIL_NONE;

	while (fail == FAIL_NONE && cur.n > 0) {
		char kind = cur.p[0];

		cur = str_from(cur, 1);
		if (!take(&cur, &key) || !take(&cur, &value))
			return FAIL_PERM;
		fail = fn(arg, (enum redo_kind)kind, key, value);
	}
	return fail;
}

enum fail
redo_replay(const struct redo *r, redo_fn *fn, void *arg)
{
	struct buf record;
	uint64_t chain = r->first;
	enum fail fail = FAIL_NONE;

	buf_init(&record, HEADER_BYTES + REDO_TURN_MAX);
	for (uint64_t at = 0; fail == FAIL_NONE && at < r->end; at += record.n) {
		fail = read_record(r, at, &chain, &record);
		if (fail == FAIL_NONE)
			fail = hand_out(str_from(buf_str(&record), HEADER_BYTES), fn, arg);
		else if (fail == FAIL_MISSING) /* it was whole once */
			fail = fail_because(&store_log, FAIL_TEMP, "store.redo.read", EIO);
	}
	buf_release(&record);
	return fail;
}
