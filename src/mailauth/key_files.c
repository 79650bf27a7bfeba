#include "mailauth/key_files.h"

/* system */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>

/* base */
#include "base/mem.h"
#include "sys/sys.h"

/* rooms */
#include "codec/idna.h"

#define ENTRIES_MAX 1000 /* of a folder that are looked at, whatever somebody put there */

const struct str key_state_names[] = {
	[KEY_SIGNS] = STR_INIT("signs"),
	[KEY_NEXT] = STR_INIT("next"),
	[KEY_OLD] = STR_INIT("old"),
};
static_assert(ARRAY_LEN(key_state_names) == KEY_STATE_COUNT, "every state has its name");

static const struct str suffixes[] = {
	[KEY_SIGNS] = STR_INIT(".pem"),
	[KEY_NEXT] = STR_INIT(".next"),
	[KEY_OLD] = STR_INIT(".old"),
};
static_assert(ARRAY_LEN(suffixes) == KEY_STATE_COUNT, "every state has its suffix");

/* --- paths ------------------------------------------------------------------------------------ */

struct key_path {
	char bytes[PATH_MAX];
};

/* "FOLDER/DOMAIN/SELECTOR.SUFFIX", without what is empty; FAIL_TEMP and ENAMETOOLONG when it is too long. */
static enum fail
write_path(struct key_path *out, struct str folder, struct str domain, struct str selector,
    struct str suffix)
{
	struct buf path;
	enum fail fail = FAIL_NONE;

	buf_init(&path, sizeof out->bytes - 1);
	buf_add(&path, folder);
	if (!str_empty(domain))
		buf_add_char(&path, '/');
	buf_add(&path, domain);
	if (!str_empty(selector))
		buf_add_char(&path, '/');
	buf_add(&path, selector);
	buf_add(&path, suffix);
	if (!buf_ok(&path)) {
		errno = ENAMETOOLONG;
		fail = FAIL_TEMP;
	}
	memcpy(out->bytes, buf_c(&path), path.n + 1);
	buf_release(&path);
	return fail;
}

static enum fail
path_of(struct key_path *out, struct str folder, struct str domain, const struct key_file *file)
{
	return write_path(out, folder, domain, str_c(file->selector), suffixes[file->state]);
}

/* What was changed in this folder is durable. */
static enum fail
sync_folder(struct str folder, struct str domain)
{
	struct key_path path;
	int fd;
	bool is_done;

	if (write_path(&path, folder, domain, STR(""), STR("")) != FAIL_NONE)
		return FAIL_TEMP;
	fd = sys.open(path.bytes, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return FAIL_TEMP;
	is_done = sys.fsync(fd) == 0;
	sys.close(fd);
	return is_done ? FAIL_NONE : FAIL_TEMP;
}

/* --- listing ---------------------------------------------------------------------------------- */

/* A selector is a domain name of its own (RFC 6376 3.1), in the form that we look for in DNS. */
static bool
is_selector(struct str name)
{
	struct buf ascii;
	bool is_good;

	buf_init(&ascii, KEY_SELECTOR_MAX);
	is_good = idna_write_ascii(&ascii, name) == FAIL_NONE && str_eq(buf_str(&ascii), name);
	buf_release(&ascii);
	return is_good;
}

static bool
parse_name(struct str name, struct key_file *out)
{
	for (enum key_state state = 0; state < KEY_STATE_COUNT; state++) {
		struct str selector = str_head(name, name.n - suffixes[state].n);

		if (!str_ends(name, suffixes[state]) || !is_selector(selector))
			continue;
		*out = (struct key_file){ .state = state };
		memcpy(out->selector, selector.p, selector.n);
		return true;
	}
	return false;
}

/* Into its place by the order of selectors. */
static void
insert(struct key_files *files, const struct key_file *file)
{
	size_t at = files->count;

	if (files->count == KEY_FILES_MAX) {
		files->has_more = true;
		return;
	}
	while (at > 0 && str_cmp(str_c(file->selector), str_c(files->items[at - 1].selector)) < 0) {
		files->items[at] = files->items[at - 1];
		at--;
	}
	files->items[at] = *file;
	files->count++;
}

/* One name of the folder; FAIL_MISSING: no key, or gone. */
static enum fail
look_at(struct str folder, struct str domain, struct str name, struct key_file *out)
{
	struct key_path path;
	struct stat st;

	if (!parse_name(name, out))
		return FAIL_MISSING;
	if (path_of(&path, folder, domain, out) != FAIL_NONE)
		return FAIL_TEMP;
	if (sys.stat(path.bytes, &st) != 0)
		return errno == ENOENT ? FAIL_MISSING : FAIL_TEMP;
	out->since_s = st.st_mtim.tv_sec;
	return FAIL_NONE;
}

enum fail
key_files_list(struct str folder, struct str domain, struct key_files *out)
{
	struct key_path path;
	struct dirent *entry;
	struct key_file file;
	enum fail fail = FAIL_NONE;
	DIR *dir;

	*out = (struct key_files){ 0 };
	if (write_path(&path, folder, domain, STR(""), STR("")) != FAIL_NONE)
		return FAIL_TEMP;
	dir = opendir(path.bytes);
	if (dir == NULL)
		return errno == ENOENT || errno == ENOTDIR ? FAIL_MISSING : FAIL_TEMP;
	for (size_t n = 0; n < ENTRIES_MAX && (entry = readdir(dir)) != NULL; n++) {
		fail = look_at(folder, domain, str_c(entry->d_name), &file);
		if (fail == FAIL_TEMP)
			break;
		if (fail == FAIL_NONE)
			insert(out, &file);
	}
	closedir(dir);
	return fail == FAIL_TEMP ? FAIL_TEMP : FAIL_NONE;
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum fail
read_all(int fd, struct buf *out)
{
	for (;;) {
		char *room = buf_room(out, 1024);
		ssize_t n;

		if (room == NULL)
			return FAIL_SYNTAX; /* no key is so long */
		n = sys.read(fd, room, 1024);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? FAIL_TEMP : FAIL_NONE;
		buf_grow(out, (size_t)n);
	}
}

enum fail
key_file_read(struct str folder, struct str domain, const struct key_file *file,
    struct private_key *out)
{
	struct key_path path;
	struct stat st;
	struct buf pem;
	enum fail fail;
	int fd;

	if (path_of(&path, folder, domain, file) != FAIL_NONE)
		return FAIL_TEMP;
	fd = sys.open(path.bytes, O_RDONLY | O_NONBLOCK, 0); /* should it be a pipe */
	if (fd < 0 && errno == ENOENT)
		return FAIL_MISSING;
	if (fd < 0)
		return errno == EACCES ? FAIL_DENIED : FAIL_TEMP;
	buf_init_secret(&pem, PRIVATE_KEY_PEM_MAX + 1024);
	if (sys.fstat(fd, &st) != 0)
		fail = FAIL_TEMP;
	else
		fail = S_ISREG(st.st_mode) ? read_all(fd, &pem) : FAIL_SYNTAX;
	if (fail == FAIL_NONE)
		fail = private_key_parse(out, buf_str(&pem));
	sys.close(fd);
	buf_release(&pem);
	return fail;
}

/* --- writing ---------------------------------------------------------------------------------- */

enum fail
key_files_make(struct str folder, struct str domain)
{
	struct key_path path;
	size_t slash = str_rfind_char(folder, '/');

	if (write_path(&path, folder, STR(""), STR(""), STR("")) != FAIL_NONE)
		return FAIL_TEMP;
	if (sys.mkdir(path.bytes, 0700) == 0) {
		struct str above = slash == STR_NONE ? STR(".") : str_head(folder, slash + 1);

		if (sync_folder(above, STR("")) != FAIL_NONE)
			return FAIL_TEMP;
	} else if (errno != EEXIST) {
		return FAIL_TEMP;
	}
	if (write_path(&path, folder, domain, STR(""), STR("")) != FAIL_NONE)
		return FAIL_TEMP;
	if (sys.mkdir(path.bytes, 0700) != 0)
		return errno == EEXIST ? FAIL_NONE : FAIL_TEMP;
	return sync_folder(folder, STR(""));
}

enum fail
key_files_lock(struct str folder, struct str domain, int *fd_out)
{
	struct key_path path;
	int fd;

	if (write_path(&path, folder, domain, STR(""), STR("")) != FAIL_NONE)
		return FAIL_TEMP;
	fd = sys.open(path.bytes, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? FAIL_MISSING : FAIL_TEMP;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int error = errno;

		sys.close(fd);
		errno = error;
		return error == EWOULDBLOCK ? FAIL_DENIED : FAIL_TEMP;
	}
	*fd_out = fd;
	return FAIL_NONE;
}

static enum fail
write_whole(const char *path, struct str bytes)
{
	int fd = sys.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool is_done = fd >= 0;
	int error;

	while (is_done && bytes.n > 0) {
		ssize_t n = sys.write(fd, bytes.p, bytes.n);

		is_done = n > 0 || (n < 0 && errno == EINTR);
		bytes = str_from(bytes, n > 0 ? (size_t)n : 0);
	}
	is_done = is_done && sys.fsync(fd) == 0;
	error = errno;
	if (fd >= 0)
		sys.close(fd);
	errno = error;
	return is_done ? FAIL_NONE : FAIL_TEMP;
}

enum fail
key_file_write(struct str folder, struct str domain, struct str selector, enum key_state state,
    const struct private_key *key)
{
	struct key_path part, whole;
	struct buf pem;
	enum fail fail = key_files_make(folder, domain);
	int error;

	if (fail == FAIL_NONE)
		fail = write_path(&part, folder, domain, selector, STR(".tmp"));
	if (fail == FAIL_NONE)
		fail = write_path(&whole, folder, domain, selector, suffixes[state]);
	if (fail != FAIL_NONE)
		return fail;
	buf_init_secret(&pem, PRIVATE_KEY_PEM_MAX);
	private_key_write(key, &pem);
	fail = write_whole(part.bytes, buf_str(&pem));
	buf_release(&pem);
	if (fail == FAIL_NONE && sys.rename(part.bytes, whole.bytes) != 0)
		fail = FAIL_TEMP;
	if (fail != FAIL_NONE) {
		error = errno;
		sys.unlink(part.bytes);
		errno = error;
		return fail;
	}
	return sync_folder(folder, domain);
}

enum fail
key_file_move(struct str folder, struct str domain, const struct key_file *file, enum key_state to)
{
	struct key_path from_path, to_path;

	if (path_of(&from_path, folder, domain, file) != FAIL_NONE ||
	    write_path(&to_path, folder, domain, str_c(file->selector), suffixes[to]) !=
		FAIL_NONE ||
	    utimensat(AT_FDCWD, from_path.bytes, NULL, 0) != 0 ||
	    sys.rename(from_path.bytes, to_path.bytes) != 0)
		return FAIL_TEMP;
	return sync_folder(folder, domain);
}

enum fail
key_file_remove(struct str folder, struct str domain, const struct key_file *file)
{
	struct key_path path;

	if (path_of(&path, folder, domain, file) != FAIL_NONE || sys.unlink(path.bytes) != 0)
		return FAIL_TEMP;
	return sync_folder(folder, domain);
}
