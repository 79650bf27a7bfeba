/*
 * Power loss after every single system call. All calls that change files are recorded while some turns
 * run; then, for every beginning of that record, the tree is built again as a disk may have it: what was
 * synced is there, and of the rest nothing, everything, or a random part (also of what SQLite wrote).
 * The next start must have all that was told, and nothing that nobody names.
 *
 * Assumed of the file system: a rename happens as a whole or not at all.
 */
/* system */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "../lib/chance.h"
#include "../lib/small_mail.h"
#include "sys/sys.h"

#define OPS_MAX   4000
#define FILES_MAX 400
#define FDS_MAX   1024
#define NUMBERS   31

enum kind {
	OP_CREATE, /* path gets file */
	OP_LINK,
	OP_UNLINK,
	OP_RENAME, /* path -> to */
	OP_MKDIR,
	OP_WRITE,
	OP_CUT,
	OP_SYNC_FILE,
	OP_SYNC_FOLDER, /* path */
	OP_SYNC_ALL,
	OP_TOLD, /* message `file` is there, or (at = 1) gone */
};

struct disk_op {
	enum kind kind;
	int file;
	char path[256], to[256]; /* below the folder */
	off_t at;
	size_t n;
	char *bytes;  /* own */
	bool is_kept; /* in the state that is being built */
};

static struct disk_op *ops;
static size_t op_count;
static char data[256], rebuilt[256];
static bool is_recording;

/* --- recording ------------------------------------------------------------------------------- */

/* What the names mean now: index is the file's number. */
static struct {
	char path[256];
	int file;
} names[FILES_MAX];
static size_t name_count;
static int file_count;

static struct {
	int file; /* -1: a folder, or not ours */
	bool is_folder;
	off_t at;
	char path[256];
} fds[FDS_MAX];

static const char *
below(const char *path)
{
	size_t n = strlen(data);

	return strncmp(path, data, n) == 0 ? path + n : NULL;
}

static bool
is_ours(const char *path)
{
	return is_recording && below(path) != NULL && strstr(path, "-shm") == NULL;
}

static struct disk_op *
record(enum kind kind, int file, const char *path)
{
	struct disk_op *op = &ops[op_count++];

	invariant(op_count < OPS_MAX);
	*op = (struct disk_op){ .kind = kind, .file = file };
	snprintf(op->path, sizeof op->path, "%s", path ? below(path) : "");
	return op;
}

static int
find_name(const char *path)
{
	for (size_t i = 0; i < name_count; i++)
		if (strcmp(names[i].path, path) == 0)
			return (int)i;
	return -1;
}

static void
set_name(const char *path, int file)
{
	int at = find_name(path);

	if (at < 0) {
		invariant(name_count < FILES_MAX);
		at = (int)name_count++;
		snprintf(names[at].path, sizeof names[at].path, "%s", path);
	}
	names[at].file = file;
}

static int
file_of(const char *path)
{
	int at = find_name(path);

	return at < 0 ? -1 : names[at].file;
}

static int
rec_open(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | O_CLOEXEC, mode);

	if (fd < 0 || !is_ours(path))
		return fd;
	invariant(fd < FDS_MAX);
	fds[fd].at = 0;
	fds[fd].is_folder = (flags & O_DIRECTORY) != 0;
	snprintf(fds[fd].path, sizeof fds[fd].path, "%s", path);
	fds[fd].file = file_of(path);
	if (fds[fd].file < 0 && (flags & O_CREAT)) {
		fds[fd].file = file_count++;
		set_name(path, fds[fd].file);
		record(OP_CREATE, fds[fd].file, path);
	}
	return fd;
}

static int
rec_close(int fd)
{
	fds[fd].file = -1;
	fds[fd].is_folder = false;
	return close(fd);
}

static void
wrote(int fd, const void *p, ssize_t n, off_t at)
{
	struct disk_op *op;

	if (!is_recording || n <= 0 || fds[fd].file < 0)
		return;
	op = record(OP_WRITE, fds[fd].file, NULL);
	op->at = at;
	op->n = (size_t)n;
	op->bytes = mem_new(1, (size_t)n);
	memcpy(op->bytes, p, (size_t)n);
}

static ssize_t
rec_write(int fd, const void *p, size_t n)
{
	ssize_t done = write(fd, p, n);

	wrote(fd, p, done, fds[fd].at);
	fds[fd].at += done > 0 ? done : 0;
	return done;
}

static ssize_t
rec_pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t done = pwrite(fd, p, n, at);

	wrote(fd, p, done, at);
	return done;
}

static int
rec_ftruncate(int fd, off_t n)
{
	int result = ftruncate(fd, n);

	if (result == 0 && is_recording && fds[fd].file >= 0)
		record(OP_CUT, fds[fd].file, NULL)->at = n;
	return result;
}

/* The disk is imagined, so nothing is really synced. */
static int
rec_sync(int fd)
{
	if (!is_recording)
		return 0;
	if (fds[fd].is_folder)
		record(OP_SYNC_FOLDER, -1, fds[fd].path);
	else if (fds[fd].file >= 0)
		record(OP_SYNC_FILE, fds[fd].file, NULL);
	return 0;
}

static int
rec_syncfs(int fd)
{
	(void)fd;
	if (is_recording)
		record(OP_SYNC_ALL, -1, NULL);
	return 0;
}

static int
rec_rename(const char *from, const char *to)
{
	int result = rename(from, to);

	if (result == 0 && is_ours(from)) {
		struct disk_op *op = record(OP_RENAME, file_of(from), from);

		snprintf(op->to, sizeof op->to, "%s", below(to));
		set_name(to, op->file);
		set_name(from, -1);
	}
	return result;
}

static int
rec_link(const char *from, const char *to)
{
	int result = link(from, to);

	if (result == 0 && is_ours(to)) {
		record(OP_LINK, file_of(from), to);
		set_name(to, file_of(from));
	}
	return result;
}

static int
rec_unlink(const char *path)
{
	int result = unlink(path);

	if (result == 0 && is_ours(path)) {
		record(OP_UNLINK, file_of(path), path);
		set_name(path, -1);
	}
	return result;
}

static int
rec_mkdir(const char *path, mode_t mode)
{
	int result = mkdir(path, mode);

	if (result == 0 && is_ours(path))
		record(OP_MKDIR, -1, path);
	return result;
}

static void
start_recording(void)
{
	for (size_t i = 0; i < FDS_MAX; i++)
		fds[i].file = -1;
	sys.open = rec_open;
	sys.close = rec_close;
	sys.write = rec_write;
	sys.pwrite = rec_pwrite;
	sys.ftruncate = rec_ftruncate;
	sys.fsync = rec_sync;
	sys.fdatasync = rec_sync;
	sys.syncfs = rec_syncfs;
	sys.rename = rec_rename;
	sys.link = rec_link;
	sys.unlink = rec_unlink;
	sys.mkdir = rec_mkdir;
	is_recording = true;
}

/* --- the work -------------------------------------------------------------------------------- */

static void
tell(uint32_t number, bool is_gone)
{
	record(OP_TOLD, (int)number, NULL)->at = is_gone;
}

static void
work(void)
{
	struct small_mail m;

	CHECK_NUM(small_open(&m, NULL, str_c(data)), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("ann"), 1, 2000), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("bob"), 2, 150000), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	tell(1, false);
	tell(2, false);
	CHECK_NUM(small_link(&m, 1, STR("bob"), 3), FAIL_NONE);
	CHECK_NUM(small_add_undone(&m, STR("eve"), 4, 300), FAIL_DENIED);
	CHECK_NUM(small_add(&m, STR("eve"), 5, 300), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	tell(5, false);
	CHECK_NUM(small_drop(&m, 1), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("ann"), 6, 70000), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	tell(1, true);
	tell(6, false);
	small_close(&m);
	CHECK_NUM(small_open(&m, NULL, str_c(data)), FAIL_NONE);
	for (uint32_t i = 7; i < NUMBERS - 1; i++)
		CHECK_NUM(small_add(&m, STR("ann"), i, i), FAIL_NONE);
	CHECK_NUM(small_link(&m, 7, STR("bob"), NUMBERS - 1), FAIL_NONE);
	CHECK_NUM(small_drop(&m, 5), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	for (uint32_t i = 7; i < NUMBERS; i++)
		tell(i, false);
	tell(5, true);
	small_close(&m);
}

/* --- the disk after the power loss ----------------------------------------------------------- */

enum policy { KEEP_NOTHING, KEEP_ALL, KEEP_SOME, POLICY_COUNT };
static const char *const policy_names[] = { "nothing more", "everything", "some" };

static bool
is_in(const char *path, const char *folder)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && (size_t)(slash - path) == strlen(folder) &&
	    strncmp(path, folder, strlen(folder)) == 0;
}

static bool
is_synced_by(const struct disk_op *op, const struct disk_op *sync)
{
	switch (sync->kind) {
	case OP_SYNC_ALL: return true;
	case OP_SYNC_FILE:
		return (op->kind == OP_WRITE || op->kind == OP_CUT) && op->file == sync->file;
	case OP_SYNC_FOLDER:
		if (op->kind == OP_WRITE || op->kind == OP_CUT)
			return false;
		return is_in(op->path, sync->path) ||
		    (op->kind == OP_RENAME && is_in(op->to, sync->path));
	case OP_CREATE:
	case OP_LINK:
	case OP_UNLINK:
	case OP_RENAME:
	case OP_MKDIR:
	case OP_WRITE:
	case OP_CUT:
	case OP_TOLD: return false;
	}
	return false;
}

static void
choose(size_t end, enum policy policy)
{
	for (size_t i = 0; i < end; i++) {
		ops[i].is_kept =
		    policy == KEEP_ALL || (policy == KEEP_SOME && chance_below(2) == 0);
		for (size_t j = i + 1; j < end && !ops[i].is_kept; j++)
			ops[i].is_kept = is_synced_by(&ops[i], &ops[j]);
	}
}

static const char *
real_path(const char *path)
{
	static char whole[600];

	int n = snprintf(whole, sizeof whole, "%s%s", rebuilt, path);

	invariant(n > 0 && (size_t)n < sizeof whole);
	return whole;
}

/* The bytes of a file as kept. */
static void
build_file(int file, const char *path, size_t end)
{
	int fd = open(real_path(path), O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		return; /* its folder was lost */
	for (size_t i = 0; i < end; i++) {
		const struct disk_op *op = &ops[i];

		if (!op->is_kept || op->file != file)
			continue;
		if (op->kind == OP_WRITE)
			invariant(pwrite(fd, op->bytes, op->n, op->at) == (ssize_t)op->n);
		else if (op->kind == OP_CUT)
			invariant(ftruncate(fd, op->at) == 0);
	}
	close(fd);
}

static void
build(size_t end)
{
	name_count = 0;
	small_fresh_folder(rebuilt);
	for (size_t i = 0; i < end; i++) {
		const struct disk_op *op = &ops[i];

		if (!op->is_kept)
			continue;
		if (op->kind == OP_MKDIR)
			(void)mkdir(real_path(op->path), 0700);
		else if (op->kind == OP_CREATE || op->kind == OP_LINK)
			set_name(op->path, op->file);
		else if (op->kind == OP_UNLINK)
			set_name(op->path, -1);
		if (op->kind == OP_RENAME) {
			set_name(op->path, -1);
			set_name(op->to, op->file);
		}
	}
	for (size_t i = 0; i < name_count; i++)
		if (names[i].file >= 0)
			build_file(names[i].file, names[i].path, end);
}

/* --- after the restart ----------------------------------------------------------------------- */

/* A drop may be durable before it was told. */
static bool
is_dropped_later(uint32_t number, size_t end)
{
	for (size_t i = end; i < op_count; i++)
		if (ops[i].kind == OP_TOLD && ops[i].file == (int)number && ops[i].at == 1)
			return true;
	return false;
}

static void
compare(struct small_mail *m, size_t end)
{
	for (uint32_t number = 1; number < NUMBERS; number++) {
		enum fail fail = small_look(m, number);
		int told = -1; /* 0 there, 1 gone */

		for (size_t i = 0; i < end; i++)
			if (ops[i].kind == OP_TOLD && ops[i].file == (int)number)
				told = (int)ops[i].at;
		if (told == 1)
			CHECK_NUM(fail, FAIL_MISSING);
		else if (told == 0 && !(fail == FAIL_MISSING && is_dropped_later(number, end)))
			CHECK_NUM(fail, FAIL_NONE);
		else
			CHECK(fail == FAIL_NONE || fail == FAIL_MISSING);
	}
}

static void
lose_power(size_t end, enum policy policy)
{
	struct small_mail m;

	choose(end, policy);
	build(end);
	if (!CHECK_NUM(small_open(&m, NULL, str_c(rebuilt)), FAIL_NONE))
		return;
	compare(&m, end);
	CHECK_NUM(small_verify(&m, true), 0);
	small_close(&m);
}

static void
swallow(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

/* With a small log each turn is followed by a flush and a checkpoint. */
static void
lose_power_everywhere(const char *name, int64_t log_size)
{
	static char row[80];

	small_log_size(log_size);
	small_fresh_folder(data);
	op_count = name_count = 0;
	file_count = 0;
	start_recording();
	work();
	is_recording = false;
	for (size_t end = 0; end <= op_count; end++) {
		for (int policy = 0; policy < POLICY_COUNT; policy++) {
			snprintf(row, sizeof row, "%s, after call %zu, kept %s", name, end,
			    policy_names[policy]);
			TEST_ROW(row);
			lose_power(end, (enum policy)policy);
		}
	}
	for (size_t i = 0; i < op_count; i++)
		mem_free(ops[i].bytes);
	sys_restore();
}

int
main(void)
{
	unsigned seed;

	log_capture(swallow, NULL);
	sys_random(&seed, sizeof seed);
	printf("seed %u\n", seed);
	chance_seed(seed);
	ops = mem_new(OPS_MAX, sizeof *ops);
	snprintf(data, sizeof data, "%s/data", test_folder());
	snprintf(rebuilt, sizeof rebuilt, "%s/rebuilt", test_folder());
	lose_power_everywhere("large log", 0);
	lose_power_everywhere("small log", 1024);
	mem_free(ops);
	return test_end();
}
