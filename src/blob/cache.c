/*
 * The cache of the S3 engine: <cache>/<generation>/<account's folder>/<name>, and <cache>/new/<n> for downloads.
 *
 * Nothing here is synced, so after a power loss a file may have its length and not its bytes. The file
 * <cache>/state tells: "clean" behind an orderly end, else the kernel's number of the boot in which files were
 * written. With another boot than this one's, all of it is given up, and so is what lies in tmp; only when both are gone
 * is the state this boot's, so that a kill before that changes nothing.
 */
#include "blob/remote.h"

/* system */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "sys/sys.h"

#define CLEAN_SLICE  64 /* files deleted in one step */
#define STATE_MAX    64 /* bytes */
#define STATE_CLEAN  STR("clean")
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

/* --- paths ----------------------------------------------------------------------------------- */

static void
add_number(struct blob_path *p, uint64_t number)
{
	struct buf text;

	buf_init(&text, 24);
	buf_add_char(&text, '/');
	buf_add_u64(&text, number);
	blob_path_add(p, buf_str(&text));
	buf_release(&text);
}

static void
generation(const struct blob_cache *c, struct blob_path *out, uint64_t number)
{
	out->n = 0;
	blob_path_add(out, c->folder);
	add_number(out, number);
}

void
blob_cache_path(const struct blob_cache *c, struct blob_path *out, unsigned place,
    struct str folder, struct str name)
{
	generation(c, out, c->young - place);
	blob_path_add(out, STR("/"));
	blob_path_add(out, folder);
	blob_path_add(out, STR("/"));
	blob_path_add(out, name);
}

void
blob_cache_download_path(const struct blob_cache *c, struct blob_path *out, uint64_t number)
{
	out->n = 0;
	blob_path_add(out, c->folder);
	blob_path_add(out, STR("/new"));
	add_number(out, number);
}

/* --- generations ----------------------------------------------------------------------------- */

/* What was there in the turn of the last change stays until the end of the next one (blob.h). */
static bool
is_settled(const struct blob_cache *c)
{
	return c->turn == UINT64_MAX || c->loop->turns >= c->turn + 2;
}

/* What came is half of the bound: the elder goes, and a younger one begins; in a moment if one just did. */
static void
grow_old(struct blob_cache *c)
{
	if (c->young_bytes < c->bound / 2)
		return;
	if (!is_settled(c)) {
		task_wake(&c->task);
		return;
	}
	c->young++;
	c->young_bytes = 0;
	c->turn = c->loop->turns;
	task_wake(&c->task);
}

static enum fail
ensure(const char *path)
{
	if (sys.mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail_because(&blob_log, FAIL_TEMP, "blob.cache.folder", errno);
	return FAIL_NONE;
}

/* The folders of the young generation that this account needs. */
static enum fail
ensure_young(const struct blob_cache *c, struct str folder)
{
	struct blob_path path;
	enum fail fail;

	generation(c, &path, c->young);
	fail = ensure(path.bytes);
	blob_path_add(&path, STR("/"));
	blob_path_add(&path, folder);
	return fail == FAIL_NONE ? ensure(path.bytes) : fail;
}

static bool
move_to_young(struct blob_cache *c, const struct blob_path *from, struct str folder,
    struct str name)
{
	struct blob_path to;
	bool is_done;

	blob_cache_path(c, &to, 0, folder, name);
	is_done = sys.rename(from->bytes, to.bytes) == 0;
	if (!is_done && errno == ENOENT && ensure_young(c, folder) == FAIL_NONE)
		is_done = sys.rename(from->bytes, to.bytes) == 0;
	if (is_done) {
		c->young_bytes += blob_name_size(name);
		grow_old(c);
	}
	return is_done;
}

/* --- files ----------------------------------------------------------------------------------- */

bool
blob_cache_touch(struct blob_cache *c, struct str folder, struct str name)
{
	struct blob_path path;

	blob_cache_path(c, &path, 0, folder, name);
	if (blob_is_whole(path.bytes, name))
		return true;
	if (c->young == 0)
		return false;
	blob_cache_path(c, &path, 1, folder, name);
	return blob_is_whole(path.bytes, name) && move_to_young(c, &path, folder, name);
}

void
blob_cache_take(struct blob_cache *c, const struct blob_path *from, struct str folder,
    struct str name)
{
	if (blob_is_whole(from->bytes, name) && move_to_young(c, from, folder, name))
		return;
	if (sys.unlink(from->bytes) != 0)
		log_warn(&blob_log, "blob.cache.unlink", LOG_NUM("errno", errno));
}

void
blob_cache_drop(struct blob_cache *c, struct str folder, struct str name)
{
	struct blob_path path;

	for (unsigned place = 0; place < 2 && place <= c->young; place++) {
		blob_cache_path(c, &path, place, folder, name);
		(void)sys.unlink(path.bytes);
	}
}

int
blob_cache_create(struct blob_cache *c, uint64_t *number_out)
{
	struct blob_path path;
	int fd;

	*number_out = c->sequence++;
	blob_cache_download_path(c, &path, *number_out);
	fd = sys.open(path.bytes, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		fail_log(&blob_log, FAIL_TEMP, "blob.cache.create", errno);
	return fd;
}

/* --- power loss ------------------------------------------------------------------------------ */

/* The first bytes of a small file; empty when it cannot be read. */
static void
read_text(const char *path, struct buf *out)
{
	int fd = sys.open(path, O_RDONLY, 0);
	char *room = buf_room(out, STATE_MAX);
	ssize_t n = fd >= 0 ? sys.read(fd, room, STATE_MAX) : 0;

	buf_grow(out, n > 0 ? (size_t)n : 0);
	if (fd >= 0)
		sys.close(fd);
}

static void
state_path(const struct blob_cache *c, struct blob_path *out)
{
	out->n = 0;
	blob_path_add(out, c->folder);
	blob_path_add(out, STR("/state"));
}

/* Durable: what an orderly end wrote must not outlive the next power loss. */
static enum fail
write_state(struct blob_cache *c, struct str text)
{
	struct blob_path path;
	int fd;
	enum fail fail = FAIL_NONE;

	state_path(c, &path);
	fd = sys.open(path.bytes, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || blob_write_all(c->b, fd, text) != FAIL_NONE || sys.fsync(fd) != 0)
		fail = fail_because(&blob_log, FAIL_TEMP, "blob.cache.state", errno);
	if (fd >= 0)
		sys.close(fd);
	return fail;
}

/* All that is here and in tmp was written in this boot, or before an orderly end. */
static enum fail
mark_boot(struct blob_cache *c)
{
	struct buf boot;
	enum fail fail;

	buf_init(&boot, STATE_MAX);
	read_text(BOOT_ID_PATH, &boot);
	fail = write_state(c, buf_str(&boot));
	c->is_marked = fail == FAIL_NONE;
	buf_release(&boot);
	return fail;
}

/* Are the bytes of earlier processes what they wrote? */
static enum fail
begin_trust(struct blob_cache *c)
{
	struct blob_path path;
	struct buf boot, state;

	buf_init(&boot, STATE_MAX);
	buf_init(&state, STATE_MAX);
	state_path(c, &path);
	read_text(BOOT_ID_PATH, &boot);
	read_text(path.bytes, &state);
	c->is_trusted = str_eq(buf_str(&state), STATE_CLEAN) ||
	    (boot.n > 0 && str_eq(buf_str(&state), buf_str(&boot)));
	buf_release(&boot);
	buf_release(&state);
	return c->is_trusted ? mark_boot(c) : FAIL_NONE;
}

/* An orderly end: everything is on the disk before that is said. */
static void
end_trust(struct blob_cache *c)
{
	int fd = c->is_marked ? sys.open(c->folder.p, O_RDONLY | O_DIRECTORY, 0) : -1;
	bool is_synced = fd >= 0 && sys.syncfs(fd) == 0;

	if (fd >= 0)
		sys.close(fd);
	if (is_synced)
		(void)!write_state(c, STATE_CLEAN);
}

/* --- cleaning up ----------------------------------------------------------------------------- */

/* Unlink up to `most` files of a folder and all below; true: it is empty and gone. */
static bool
clean(struct blob_path *path, unsigned *most, unsigned depth)
{
	DIR *dir = opendir(path->bytes);
	struct dirent *entry;
	size_t before = path->n;

	while (dir && *most > 0 && (entry = readdir(dir)) != NULL) {
		if (str_eq(str_c(entry->d_name), STR(".")) ||
		    str_eq(str_c(entry->d_name), STR("..")))
			continue;
		blob_path_add(path, STR("/"));
		blob_path_add(path, str_c(entry->d_name));
		if (sys.unlink(path->bytes) == 0)
			--*most;
		else if ((errno == EISDIR || errno == EPERM) && depth > 0)
			(void)clean(path, most, depth - 1);
		path->n = before;
		path->bytes[before] = '\0';
	}
	if (dir)
		closedir(dir);
	return rmdir(path->bytes) == 0 || errno == ENOENT;
}

/* The number of a generation that is over, or the young one's when there is none. */
static uint64_t
find_old(const struct blob_cache *c)
{
	DIR *dir = opendir(c->folder.p);
	struct dirent *entry;
	uint64_t found = c->young;

	while (dir && (entry = readdir(dir)) != NULL) {
		struct str name = str_c(entry->d_name);
		uint64_t n;

		if (str_u64(&name, UINT64_MAX, &n) && name.n == 0 && n != c->young &&
		    n + 1 != c->young)
			found = n;
	}
	if (dir)
		closedir(dir);
	return found;
}

static enum step
clean_step(struct task *t)
{
	struct blob_cache *c = container_of(t, struct blob_cache, task);
	struct blob_path path;
	uint64_t old;
	unsigned most = CLEAN_SLICE;

	if (!is_settled(c))
		return STEP_YIELD;
	grow_old(c);
	old = find_old(c);
	if (old == c->young) {
		if (c->is_recovered && !c->is_marked)
			(void)!mark_boot(c);
		return STEP_WAIT;
	}
	generation(c, &path, old);
	if (!clean(&path, &most, 1) && most == CLEAN_SLICE)
		return STEP_WAIT; /* it cannot be cleaned: not for ever again */
	return STEP_YIELD;
}

/* --- open, close ----------------------------------------------------------------------------- */

static enum fail
add_size(void *arg, struct str entry)
{
	struct blob_cache *c = arg;

	c->young_bytes += blob_name_size(entry);
	return FAIL_NONE;
}

static enum fail
add_account(void *arg, struct str entry)
{
	struct blob_cache *c = arg;
	struct blob_path path;

	generation(c, &path, c->young);
	blob_path_add(&path, STR("/"));
	blob_path_add(&path, entry);
	(void)blob_each_entry(c->b, path.bytes, add_size, c);
	return FAIL_NONE;
}

/* The youngest that an earlier process left. */
static enum fail
look_at(void *arg, struct str entry)
{
	struct blob_cache *c = arg;
	uint64_t n;

	if (str_u64(&entry, UINT64_MAX - 1, &n) && entry.n == 0)
		c->young = u64_max(n, c->young);
	return FAIL_NONE;
}

enum fail
blob_cache_open(struct blob_cache *c, struct blob_store *b, struct loop *loop, struct str folder,
    uint64_t bound)
{
	struct blob_path path;
	struct stat st;
	unsigned most = UINT32_MAX;
	enum fail fail;

	*c = (struct blob_cache){ .b = b,
		.loop = loop,
		.folder = blob_copy_of(folder),
		.bound = bound,
		.turn = UINT64_MAX };
	loop_task(loop, &c->task, clean_step, NULL);
	fail = ensure(c->folder.p);
	if (fail != FAIL_NONE)
		return fail;
	path.n = 0;
	blob_path_add(&path, c->folder);
	blob_path_add(&path, STR("/new"));
	(void)clean(&path, &most, 0); /* downloads that a crash cut */
	fail = ensure(path.bytes);
	if (fail == FAIL_NONE)
		fail = blob_each_entry(b, c->folder.p, look_at, c);
	if (fail == FAIL_NONE)
		fail = begin_trust(c);
	generation(c, &path, c->young);
	if (!c->is_trusted && sys.stat(path.bytes, &st) == 0)
		generation(c, &path, c->young += 2); /* all that there are, are over */
	if (fail == FAIL_NONE)
		(void)blob_each_entry(b, path.bytes, add_account, c);
	grow_old(c);
	task_wake(&c->task);
	return fail;
}

void
blob_cache_recovered(struct blob_cache *c)
{
	c->is_recovered = true;
	task_wake(&c->task);
}

void
blob_cache_close(struct blob_cache *c)
{
	if (c->folder.p == NULL)
		return;
	task_cancel(&c->task);
	end_trust(c);
	blob_give_back(&c->folder);
}
