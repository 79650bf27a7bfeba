/* Writing a message: a buffer first, a file in tmp when it is finished or too big for the buffer. */
#include "blob/remote.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "sys/sys.h"

/* --- pending files ------------------------------------------------------------------------- */

struct blob_pending *
blob_pending_new(struct blob_store *b, struct str folder)
{
	struct blob_pending *p = mem_new(1, sizeof *p + folder.n);
	char *copy = (char *)(p + 1);

	memcpy(copy, folder.p, folder.n);
	p->folder = str_of(copy, folder.n);
	p->fd = -1;
	list_append(&b->writing, &p->node);
	return p;
}

void
blob_pending_uncarry(struct blob_store *b, struct blob_pending *p)
{
	if (p->is_carried)
		b->carried_bytes -= p->size;
	buf_release(&p->bytes);
	p->is_carried = false;
}

void
blob_pending_free(struct blob_store *b, struct blob_pending **pending)
{
	struct blob_pending *p = *pending;

	if (p->fd >= 0)
		sys.close(p->fd);
	blob_pending_uncarry(b, p);
	if (p->sums)
		s3_sums_release(p->sums);
	mem_free(p->sums);
	list_remove(&p->node);
	mem_free(p);
	*pending = NULL;
}

/* Nobody wants it. Its file in tmp stays as long as there may be an object to be deleted. */
void
blob_pending_drop(struct blob_store *b, struct blob_pending **pending)
{
	struct blob_pending *p = *pending;
	struct blob_path path;

	blob_job_forget(p);
	if (p->may_be_there)
		blob_remote_drop(b->remote, p->folder, blob_name_str(&p->name));
	else if (p->name.n > 0 &&
	    blob_path(b, &path, p->folder, "tmp", blob_name_str(&p->name)) == FAIL_NONE)
		(void)sys.unlink(path.bytes); /* what stays, the next start sweeps */
	blob_pending_free(b, pending);
}

void
blob_pending_finish(struct blob_store *b, struct blob_pending *p)
{
	struct blob_path path;

	list_remove(&p->node);
	list_append(&b->fresh, &p->node);
	if (p->fd >= 0)
		b->open_count++;
	if (!p->is_remote && !p->is_carried &&
	    blob_path(b, &path, p->folder, "tmp", STR("")) == FAIL_NONE)
		blob_touch(b, str_of(path.bytes, path.n));
}

/* --- bytes --------------------------------------------------------------------------------- */

enum fail
blob_write_all(struct blob_store *b, int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = sys.write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return blob_error(b, "blob.write", n == 0 ? ENOSPC : errno);
		bytes = str_from(bytes, (size_t)n);
	}
	return FAIL_NONE;
}

enum fail
blob_create(struct blob_store *b, struct str folder, const struct blob_path *path, int flags,
    int *fd_out)
{
	enum fail fail;

	*fd_out = sys.open(path->bytes, flags | O_CREAT, 0600);
	if (*fd_out < 0 && errno == ENOENT) {
		fail = blob_make_folders(b, folder);
		if (fail != FAIL_NONE)
			return fail;
		*fd_out = sys.open(path->bytes, flags | O_CREAT, 0600);
	}
	return *fd_out >= 0 ? FAIL_NONE : blob_error(b, "blob.create", errno);
}

/* Open a new file in tmp under p->name. */
static enum fail
create(struct blob_store *b, struct blob_pending *p)
{
	struct blob_path path;
	enum fail fail = blob_path(b, &path, p->folder, "tmp", blob_name_str(&p->name));

	if (fail == FAIL_NONE)
		fail = blob_create(b, p->folder, &path, O_WRONLY | O_EXCL, &p->fd);
	return fail;
}

enum fail
blob_pending_lay(struct blob_store *b, struct blob_pending *p, struct str bytes)
{
	enum fail fail = create(b, p);

	return fail == FAIL_NONE ? blob_write_all(b, p->fd, bytes) : fail;
}

/* A parked file. */
static enum fail
reopen(struct blob_store *b, struct blob_pending *p)
{
	struct blob_path path;
	enum fail fail = blob_path(b, &path, p->folder, "tmp", blob_name_str(&p->name));

	if (fail != FAIL_NONE)
		return fail;
	p->fd = sys.open(path.bytes, O_WRONLY | O_APPEND, 0);
	return p->fd >= 0 ? FAIL_NONE : blob_error(b, "blob.reopen", errno);
}

/* Move what the buffer holds, and `more`, to the file. */
static enum fail
spill(struct blob_writer *w, struct str more)
{
	struct blob_store *b = w->store;
	struct blob_pending *p = w->file;
	enum fail fail = FAIL_NONE;

	if (p->fd < 0 && p->name.n > 0) {
		fail = reopen(b, p);
	} else if (p->fd < 0) {
		blob_new_name(b, &p->name);
		fail = create(b, p);
	}
	if (fail == FAIL_NONE)
		fail = blob_write_all(b, p->fd, buf_str(&w->buffer));
	if (fail == FAIL_NONE)
		fail = blob_write_all(b, p->fd, more);
	if (fail != FAIL_NONE)
		return fail;
	p->size += w->buffer.n + more.n;
	buf_clear(&w->buffer);
	if (p->size - p->backed >= BLOB_BACK_BYTES) {
		/* Only a hint: what it does not do, the sync does. */
		(void)sync_file_range(p->fd, (off_t)p->backed, (off_t)(p->size - p->backed),
		    SYNC_FILE_RANGE_WRITE);
		p->backed = p->size;
	}
	return FAIL_NONE;
}

/* --- the writer ---------------------------------------------------------------------------- */

enum fail
blob_write_start(struct blob_store *b, struct blob_writer *w, struct str account)
{
	struct buf folder;
	enum fail fail = blob_folder_name(account, &folder);

	*w = (struct blob_writer){ 0 };
	if (fail == FAIL_NONE) {
		w->store = b;
		w->file = blob_pending_new(b, buf_str(&folder));
		buf_init(&w->buffer, BLOB_BUFFER_MAX);
		w->file->is_remote = blob_is_remote(b, w->file->folder);
	}
	buf_release(&folder);
	return fail;
}

enum fail
blob_write(struct blob_writer *w, struct str bytes)
{
	invariant(w->store != NULL && w->file->whole.n == 0);
	if (w->fail != FAIL_NONE)
		return w->fail;
	w->size += bytes.n;
	if (bytes.n <= BLOB_BUFFER_MAX - w->buffer.n)
		buf_add(&w->buffer, bytes);
	else
		w->fail = spill(w, bytes);
	return w->fail;
}

/* --- room in front of what is written ------------------------------------------------------ */

enum fail
blob_write_reserve(struct blob_writer *w, size_t n)
{
	char zeros[256] = { 0 };
	enum fail fail = FAIL_NONE;

	invariant(w->room == 0);
	w->room_at = w->size;
	w->room = n;
	for (size_t part; fail == FAIL_NONE && n > 0; n -= part) {
		part = size_min(n, sizeof zeros);
		fail = blob_write(w, str_of(zeros, part));
	}
	return fail;
}

bool
blob_write_is_exact(const struct blob_writer *w)
{
	return w->file && w->file->size > 0;
}

/* All is in the buffer: it is made anew. */
static void
fill_buffer(struct blob_writer *w, struct str bytes)
{
	struct str all = buf_str(&w->buffer);
	struct buf filled;

	buf_init(&filled, BLOB_BUFFER_MAX);
	buf_add(&filled, str_head(all, (size_t)w->room_at));
	buf_add(&filled, bytes);
	buf_add(&filled, str_from(all, (size_t)w->room_at + w->room));
	w->size = filled.n;
	buf_release(&w->buffer);
	w->buffer = filled;
}

static enum fail
fill_file(struct blob_writer *w, struct str bytes)
{
	struct blob_pending *p = w->file;
	uint64_t at = w->room_at;

	while (bytes.n > 0) {
		ssize_t n = sys.pwrite(p->fd, bytes.p, bytes.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return blob_error(w->store, "blob.fill", n == 0 ? ENOSPC : errno);
		bytes = str_from(bytes, (size_t)n);
		at += (uint64_t)n;
	}
	return FAIL_NONE;
}

enum fail
blob_write_fill(struct blob_writer *w, struct str bytes)
{
	invariant(w->store != NULL && bytes.n <= w->room);
	if (w->fail != FAIL_NONE)
		return w->fail;
	if (!blob_write_is_exact(w)) {
		fill_buffer(w, bytes);
	} else {
		invariant(bytes.n == w->room);
		w->fail = spill(w, STR("")); /* a part of the room may be in the buffer */
		if (w->fail == FAIL_NONE)
			w->fail = fill_file(w, bytes);
	}
	w->room = 0;
	return w->fail;
}

enum fail
blob_write_park(struct blob_writer *w)
{
	invariant(w->store != NULL && w->room == 0);
	if (w->fail == FAIL_NONE)
		w->fail = spill(w, STR(""));
	if (w->fail != FAIL_NONE)
		return w->fail;
	buf_release(&w->buffer);
	sys.close(w->file->fd);
	w->file->fd = -1;
	return FAIL_NONE;
}

void
blob_writer_close(struct blob_writer *w)
{
	struct blob_pending *p = w->file;

	invariant(w->room == 0 || w->fail != FAIL_NONE);
	if (p->whole.n > 0)
		return;
	if (p->name.n > 0)
		p->whole = p->name;
	else
		blob_new_name(w->store, &p->whole);
	blob_name_add_size(&p->whole, w->size);
}

struct str
blob_writer_name(const struct blob_writer *w)
{
	return w->file ? blob_name_str(&w->file->whole) : STR("");
}

/* A small message: the file gets its whole name at once. */
static enum fail
finish_small(struct blob_writer *w)
{
	struct blob_pending *p = w->file;

	p->name = p->whole;
	p->size = w->size;
	return blob_pending_lay(w->store, p, buf_str(&w->buffer));
}

/* A big one: now its size is known. */
static enum fail
finish_big(struct blob_writer *w)
{
	struct blob_store *b = w->store;
	struct blob_pending *p = w->file;
	struct blob_path from, to;
	enum fail fail = spill(w, STR(""));

	if (fail == FAIL_NONE)
		fail = blob_path(b, &from, p->folder, "tmp", blob_name_str(&p->name));
	if (fail == FAIL_NONE)
		fail = blob_path(b, &to, p->folder, "tmp", blob_name_str(&p->whole));
	if (fail != FAIL_NONE)
		return fail;
	if (sys.rename(from.bytes, to.bytes) != 0)
		return blob_error(b, "blob.rename", errno);
	p->name = p->whole;
	return FAIL_NONE;
}

static bool
is_laid(const struct blob_pending *p)
{
	return p->whole.n > 0 && str_eq(blob_name_str(&p->name), blob_name_str(&p->whole));
}

enum fail
blob_writer_lay(struct blob_writer *w)
{
	struct blob_pending *p = w->file;
	enum fail fail = FAIL_NONE;

	blob_writer_close(w);
	if (!is_laid(p))
		fail = p->name.n == 0 ? finish_small(w) : finish_big(w);
	if (p->is_remote && p->fd >= 0) {
		sys.close(p->fd);
		p->fd = -1;
	}
	return fail;
}

enum fail
blob_write_finish(struct blob_writer *w, struct blob_name *name_out)
{
	struct blob_store *b = w->store;

	invariant(b != NULL);
	if (w->fail == FAIL_NONE && b->far)
		w->fail = b->far->may_finish(b->far, w);
	blob_writer_close(w);
	if (w->fail == FAIL_NONE && blob_carry_may(w))
		blob_carry(w);
	else if (w->fail == FAIL_NONE)
		w->fail = blob_writer_lay(w);
	if (w->fail == FAIL_NONE && b->open_count >= BLOB_OPEN_MAX)
		w->fail = blob_sync_files(b);
	if (w->fail != FAIL_NONE)
		return w->fail;
	*name_out = w->file->name;
	blob_job_taken(w->file);
	blob_pending_finish(b, w->file);
	buf_release(&w->buffer);
	*w = (struct blob_writer){ 0 };
	return FAIL_NONE;
}

void
blob_write_cancel(struct blob_writer *w)
{
	if (w->store == NULL)
		return;
	blob_pending_drop(w->store, &w->file);
	buf_release(&w->buffer);
	*w = (struct blob_writer){ 0 };
}
