/* Reading: small files into memory, big ones mapped; and linking. */
#include "blob/remote.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

/* cur, or tmp when the turn is not over or the move failed; what is kept far away: tmp, or the cache. */
enum fail
blob_place(const struct blob_store *b, struct blob_path *out, struct str folder, struct str name,
    unsigned place)
{
	bool is_far = blob_is_remote(b, folder);

	if (name.n == 0 || blob_path(b, out, folder, place == 0 ? "cur" : "tmp", name) != FAIL_NONE)
		return FAIL_MISSING;
	if (place < 2)
		return is_far && place == 0 ? FAIL_MISSING : FAIL_NONE;
	if (!is_far || place - 2 > b->remote->cache.young)
		return FAIL_MISSING;
	blob_cache_path(&b->remote->cache, out, place - 2, folder, name);
	return FAIL_NONE;
}

bool
blob_is_whole(const char *path, struct str name)
{
	struct stat st;

	return sys.stat(path, &st) == 0 && (uint64_t)st.st_size == blob_name_size(name);
}

/* A note in tmp, or what a crash left of a file in the cache, has not all the bytes. */
static bool
is_whole(int fd, struct str name)
{
	struct stat st;

	return sys.fstat(fd, &st) == 0 && (uint64_t)st.st_size == blob_name_size(name);
}

static enum fail
open_place(struct blob_store *b, struct str folder, struct str name, unsigned place, int *fd_out)
{
	struct blob_path path;

	if (blob_place(b, &path, folder, name, place) != FAIL_NONE)
		return FAIL_NONE;
	*fd_out = sys.open(path.bytes, O_RDONLY, 0);
	if (*fd_out < 0)
		return errno == ENOENT ? FAIL_NONE
				       : fail_because(&blob_log, FAIL_TEMP, "blob.open", errno);
	if (blob_is_remote(b, folder) && !is_whole(*fd_out, name)) {
		sys.close(*fd_out);
		*fd_out = -1;
	}
	return FAIL_NONE;
}

static enum fail
open_file(struct blob_store *b, struct str account, struct str name, int *fd_out)
{
	struct buf folder;
	enum fail fail = blob_folder_name(account, &folder);

	*fd_out = -1;
	for (unsigned i = 0; i < BLOB_PLACES && fail == FAIL_NONE && *fd_out < 0; i++)
		fail = open_place(b, buf_str(&folder), name, i, fd_out);
	if (fail == FAIL_NONE && *fd_out < 0) /* far away it may well be */
		fail = blob_is_remote(b, buf_str(&folder)) && b->loop ? FAIL_TEMP : FAIL_MISSING;
	buf_release(&folder);
	return fail;
}

static enum fail
read_whole(int fd, size_t size, struct blob_map *out)
{
	char *bytes = mem_new(1, size + 1);
	size_t got = 0;

	while (got < size) {
		ssize_t n = sys.read(fd, bytes + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO; /* shorter than it was a moment ago */
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	if (got < size) {
		mem_free(bytes);
		return fail_because(&blob_log, FAIL_TEMP, "blob.read", errno);
	}
	out->bytes = str_of(bytes, size);
	return FAIL_NONE;
}

static enum fail
map_file(int fd, struct blob_map *out)
{
	struct stat st;
	void *p;
	enum fail fail = FAIL_NONE;

	if (sys.fstat(fd, &st) != 0) {
		fail = fail_because(&blob_log, FAIL_TEMP, "blob.stat", errno);
	} else if (st.st_size <= BLOB_READ_MAX) {
		fail = read_whole(fd, (size_t)st.st_size, out);
	} else {
		p = sys.mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			fail = fail_because(&blob_log, FAIL_TEMP, "blob.map", errno);
		else
			*out = (struct blob_map){ str_of(p, (size_t)st.st_size), true };
	}
	sys.close(fd);
	return fail;
}

enum fail
blob_map(struct blob_store *b, struct str account, struct str name, struct blob_map *out)
{
	int fd = -1;
	enum fail fail = b->far ? b->far->may_map(b->far, account, name) : FAIL_NONE;

	*out = (struct blob_map){ 0 };
	if (fail != FAIL_NONE)
		return fail;
	fail = blob_carry_find(b, account, name, out);
	if (fail != FAIL_MISSING)
		return fail;
	fail = open_file(b, account, name, &fd);
	return fail == FAIL_NONE ? map_file(fd, out) : fail;
}

enum fail
blob_map_path(struct blob_store *b, const char *path, struct blob_map *out)
{
	int fd = sys.open(path, O_RDONLY, 0);

	*out = (struct blob_map){ 0 };
	return fd >= 0 ? map_file(fd, out) : blob_error(b, "blob.open", errno);
}

void
blob_unmap(struct blob_map *m)
{
	/* The memory was ours to begin with: the const of `bytes` is for readers. */
	union {
		const char *read;
		void *own;
	} p = { m->bytes.p };

	if (m->is_mapped)
		sys.munmap(p.own, m->bytes.n);
	else
		mem_free(p.own);
	*m = (struct blob_map){ 0 };
}

enum fail
blob_exists(struct blob_store *b, struct str account, struct str name)
{
	struct blob_map carried = { 0 };
	struct buf folder;
	int fd = -1;
	enum fail fail = blob_carry_find(b, account, name, &carried);

	blob_unmap(&carried);
	if (fail != FAIL_MISSING)
		return fail;
	fail = blob_folder_name(account, &folder);
	if (fail == FAIL_NONE && blob_is_remote(b, buf_str(&folder)))
		fail = blob_remote_exists(b->remote, buf_str(&folder), name);
	else
		fail = open_file(b, account, name, &fd);
	buf_release(&folder);
	if (fd >= 0)
		sys.close(fd);
	return fail;
}

/* --- linking ------------------------------------------------------------------------------- */

static enum fail
copy(struct blob_store *b, struct str from, struct str name, struct str to,
    struct blob_name *name_out)
{
	struct blob_writer w = { 0 };
	struct blob_map map = { 0 };
	enum fail fail = blob_map(b, from, name, &map);

	if (fail == FAIL_NONE)
		fail = blob_write_start(b, &w, to);
	if (fail == FAIL_NONE)
		fail = blob_write(&w, map.bytes);
	if (fail == FAIL_NONE)
		fail = blob_write_finish(&w, name_out);
	if (fail != FAIL_NONE)
		blob_write_cancel(&w);
	blob_unmap(&map);
	return fail;
}

/* One of the places; ENOENT: in none. */
int
blob_link_places(struct blob_store *b, struct str folder, struct str name,
    const struct blob_path *to)
{
	struct blob_path path;
	int error = ENOENT;

	for (unsigned i = 0; i < BLOB_PLACES && error == ENOENT; i++)
		if (blob_place(b, &path, folder, name, i) == FAIL_NONE)
			error = sys.link(path.bytes, to->bytes) == 0 ? 0 : errno;
	return error;
}

/* The same with the target's folders made when they are missing. While files are behind, there may be none: a copy. */
static int
link_file(struct blob_store *b, struct str folder, struct str name, struct blob_pending *p,
    const struct blob_path *to)
{
	int error = b->is_behind ? EMLINK : blob_link_places(b, folder, name, to);

	if (error == ENOENT && blob_make_folders(b, p->folder) == FAIL_NONE)
		error = blob_link_places(b, folder, name, to);
	return error;
}

enum fail
blob_link(struct blob_store *b, struct str from, struct str name, struct str to,
    struct blob_name *name_out)
{
	struct buf source, target;
	struct blob_path path;
	struct blob_pending *p;
	int error;
	enum fail fail = blob_folder_name(from, &source);
	enum fail fail_to = blob_folder_name(to, &target);

	if (fail == FAIL_NONE && b->far && b->far->may_link)
		fail = b->far->may_link(b->far, from, name, to);
	if (fail == FAIL_NONE && fail_to == FAIL_NONE && blob_is_remote(b, buf_str(&target))) {
		fail =
		    blob_remote_link(b->remote, buf_str(&source), name, buf_str(&target), name_out);
		buf_release(&source);
		buf_release(&target);
		return fail;
	}
	p = blob_pending_new(b, buf_str(&target));
	blob_new_name(b, &p->name);
	blob_name_add_size(&p->name, blob_name_size(name));
	fail = fail == FAIL_NONE ? fail_to : fail;
	if (fail == FAIL_NONE)
		fail = blob_path(b, &path, p->folder, "tmp", blob_name_str(&p->name));
	if (fail == FAIL_NONE)
		fail = blob_carry_lay(b, buf_str(&source), name);
	error = fail == FAIL_NONE ? link_file(b, buf_str(&source), name, p, &path) : 0;
	buf_release(&source);
	buf_release(&target);
	if (fail == FAIL_NONE && error == 0) {
		*name_out = p->name;
		blob_pending_finish(b, p);
		return FAIL_NONE;
	}
	blob_pending_free(b, &p);
	if (error == EMLINK || error == EXDEV || error == EPERM || error == EOPNOTSUPP)
		return copy(b, from, name, to, name_out);
	if (fail == FAIL_NONE)
		fail = error == ENOENT ? FAIL_MISSING : blob_error(b, "blob.link", error);
	return fail;
}
