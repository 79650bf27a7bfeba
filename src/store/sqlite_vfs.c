#include "store/sqlite_vfs.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mman.h>

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

/* rooms */
#include "store/inner.h"
#include "store/sqlite_memory.h"
#include "sys/sys.h"

#define FOLDER_MAX 4096 /* bytes of a path */

struct vfs_file {
	sqlite3_file base;
	int fd;              /* of the file below; -1 when it reused another one's */
	bool is_new;         /* its folder is to be synced with it */
	const char *path;    /* borrow: SQLite's, until xClose */
	sqlite3_file *below; /* follows this struct in the same memory */
};

static sqlite3_vfs *unix_vfs;
static sqlite3_vfs our_vfs;
static int last_opened = -1; /* what our_open() gave last: xOpen learns its descriptor by it */

/* --- system calls -------------------------------------------------------------------------- */

static int
our_open(const char *path, int flags, int mode)
{
	last_opened = sys.open(path, flags, (mode_t)mode & 0700);
	return last_opened;
}

static ssize_t
our_read(int fd, void *p, size_t n)
{
	return sys.read(fd, p, n);
}

static ssize_t
our_write(int fd, const void *p, size_t n)
{
	return sys.write(fd, p, n);
}

/*
 * What cannot be read now, SQLite would call a damaged file: a failure for good, behind which it goes on with a
 * transaction whose tree may be half changed. By another error it is one that may pass, and all is rolled back.
 */
static ssize_t
our_pread(int fd, void *p, size_t n, off_t at)
{
	ssize_t got = sys.pread(fd, p, n, at);

	if (got < 0 && (errno == EIO || errno == ENXIO)) {
		(void)fail_because(&store_log, FAIL_TEMP, "store.sqlite.read", errno);
		errno = ENODATA;
	}
	return got;
}

static ssize_t
our_pwrite(int fd, const void *p, size_t n, off_t at)
{
	return sys.pwrite(fd, p, n, at);
}

static int
our_ftruncate(int fd, off_t n)
{
	return sys.ftruncate(fd, n);
}

static int
our_unlink(const char *path)
{
	return sys.unlink(path);
}

static void *
our_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	return sys.mmap(at, n, protection, flags, fd, offset);
}

static int
our_stat(const char *path, struct stat *out)
{
	return sys.stat(path, out);
}

static int
our_fstat(int fd, struct stat *out)
{
	return sys.fstat(fd, out);
}

static const struct {
	const char *name;
	sqlite3_syscall_ptr call;
} calls[] = {
	{ "open", (sqlite3_syscall_ptr)our_open },
	{ "read", (sqlite3_syscall_ptr)our_read },
	{ "write", (sqlite3_syscall_ptr)our_write },
	{ "pread", (sqlite3_syscall_ptr)our_pread },
	{ "pread64", (sqlite3_syscall_ptr)our_pread },
	{ "pwrite", (sqlite3_syscall_ptr)our_pwrite },
	{ "pwrite64", (sqlite3_syscall_ptr)our_pwrite },
	{ "ftruncate", (sqlite3_syscall_ptr)our_ftruncate },
	{ "unlink", (sqlite3_syscall_ptr)our_unlink },
	{ "mmap", (sqlite3_syscall_ptr)our_mmap },
	{ "stat", (sqlite3_syscall_ptr)our_stat },
	{ "fstat", (sqlite3_syscall_ptr)our_fstat },
};

/* --- files --------------------------------------------------------------------------------- */

static struct vfs_file *
file_of(sqlite3_file *file)
{
	return (struct vfs_file *)(void *)file;
}

static int
file_close(sqlite3_file *file)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xClose(f->below);
}

static int
file_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xRead(f->below, p, n, at);
}

static int
file_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xWrite(f->below, p, n, at);
}

static int
file_truncate(sqlite3_file *file, sqlite3_int64 n)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xTruncate(f->below, n);
}

enum fail
sqlite_vfs_sync_folder(const char *path)
{
	struct str name = str_c(path);
	size_t slash = str_rfind_char(name, '/');
	struct buf folder;
	enum fail fail = FAIL_NONE;
	int fd;

	buf_init(&folder, FOLDER_MAX);
	buf_add(&folder, slash == STR_NONE ? STR(".") : str_head(name, size_max(slash, 1)));
	fd = sys.open(buf_c(&folder), O_RDONLY | O_DIRECTORY, 0);
	buf_release(&folder);
	if (fd < 0)
		return FAIL_TEMP;
	if (sys.fsync(fd) != 0)
		fail = FAIL_TEMP;
	sys.close(fd);
	return fail;
}

static int
file_sync(sqlite3_file *file, int flags)
{
	struct vfs_file *f = file_of(file);

	if (f->fd < 0)
		return f->below->pMethods->xSync(f->below, flags);
	if (sys.fdatasync(f->fd) != 0)
		return SQLITE_IOERR_FSYNC;
	if (f->is_new && sqlite_vfs_sync_folder(f->path) != FAIL_NONE)
		return SQLITE_IOERR_DIR_FSYNC;
	f->is_new = false;
	return SQLITE_OK;
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *out)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xFileSize(f->below, out);
}

static int
file_lock(sqlite3_file *file, int level)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xLock(f->below, level);
}

static int
file_unlock(sqlite3_file *file, int level)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xUnlock(f->below, level);
}

static int
file_reserved(sqlite3_file *file, int *out)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xCheckReservedLock(f->below, out);
}

static int
file_control(sqlite3_file *file, int op, void *arg)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xFileControl(f->below, op, arg);
}

static int
file_sector(sqlite3_file *file)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xSectorSize(f->below);
}

static int
file_traits(sqlite3_file *file)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xDeviceCharacteristics(f->below);
}

static int
file_shm_map(sqlite3_file *file, int region, int n, int extend, void volatile **out)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xShmMap(f->below, region, n, extend, out);
}

static int
file_shm_lock(sqlite3_file *file, int at, int n, int flags)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xShmLock(f->below, at, n, flags);
}

static void
file_shm_barrier(sqlite3_file *file)
{
	struct vfs_file *f = file_of(file);

	f->below->pMethods->xShmBarrier(f->below);
}

static int
file_shm_unmap(sqlite3_file *file, int is_delete)
{
	struct vfs_file *f = file_of(file);

	return f->below->pMethods->xShmUnmap(f->below, is_delete);
}

/* Version 2: no memory-mapped reading, which a damaged disk would answer with SIGBUS. */
static const sqlite3_io_methods file_methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

static int
vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *flags_out)
{
	struct vfs_file *f = file_of(file);
	int rc;

	(void)vfs;
	*f = (struct vfs_file){ .fd = -1, .path = path };
	f->below = (sqlite3_file *)(void *)(f + 1);
	last_opened = -1;
	rc = unix_vfs->xOpen(unix_vfs, path, f->below, flags, flags_out);
	if (f->below->pMethods == NULL)
		return rc;
	f->base.pMethods = &file_methods;
	f->fd = rc == SQLITE_OK ? last_opened : -1;
	f->is_new = path != NULL && (flags & SQLITE_OPEN_CREATE) != 0;
	return rc;
}

enum fail
sqlite_vfs_init(void)
{
	if (unix_vfs != NULL)
		return FAIL_NONE;
	if (sqlite_memory_init() != FAIL_NONE || (unix_vfs = sqlite3_vfs_find("unix")) == NULL)
		return FAIL_PERM;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (unix_vfs->xGetSystemCall(unix_vfs, calls[i].name) != NULL)
			unix_vfs->xSetSystemCall(unix_vfs, calls[i].name, calls[i].call);
	our_vfs = *unix_vfs;
	our_vfs.zName = SQLITE_VFS_NAME;
	our_vfs.pNext = NULL;
	our_vfs.szOsFile = (int)sizeof(struct vfs_file) + unix_vfs->szOsFile;
	our_vfs.xOpen = vfs_open;
	return sqlite3_vfs_register(&our_vfs, 0) == SQLITE_OK ? FAIL_NONE : FAIL_PERM;
}
