#include "sys/sys.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

/* base */
#include "base/mem.h"

static struct {
	unsigned long calls, fail_at;
	int error;
	bool for_good, has_failed;
} fault;

void
sys_fail_at(unsigned long nth, int error, bool for_good)
{
	fault.calls = 0;
	fault.fail_at = nth;
	fault.error = error;
	fault.for_good = for_good;
	fault.has_failed = false;
}

unsigned long
sys_calls(void)
{
	return fault.calls;
}

bool
sys_has_failed(void)
{
	return fault.has_failed;
}

/* True when this call is the one to fail; errno is set. */
static bool
is_failing(void)
{
	fault.calls++;
	if (fault.fail_at == 0 || fault.calls < fault.fail_at)
		return false;
	if (fault.calls > fault.fail_at && !fault.for_good)
		return false;
	fault.has_failed = true;
	errno = fault.error;
	return true;
}

static int
real_open(const char *path, int flags, mode_t mode)
{
	return is_failing() ? -1 : open(path, flags | O_CLOEXEC, mode);
}

static int
real_openat(int dir, const char *path, int flags, mode_t mode)
{
	return is_failing() ? -1 : openat(dir, path, flags | O_CLOEXEC, mode);
}

static ssize_t
real_read(int fd, void *p, size_t n)
{
	return is_failing() ? -1 : read(fd, p, n);
}

static ssize_t
real_write(int fd, const void *p, size_t n)
{
	return is_failing() ? -1 : write(fd, p, n);
}

static ssize_t
real_pread(int fd, void *p, size_t n, off_t at)
{
	return is_failing() ? -1 : pread(fd, p, n, at);
}

static ssize_t
real_pwrite(int fd, const void *p, size_t n, off_t at)
{
	return is_failing() ? -1 : pwrite(fd, p, n, at);
}

static int
real_fsync(int fd)
{
	return is_failing() ? -1 : fsync(fd);
}

static int
real_fdatasync(int fd)
{
	return is_failing() ? -1 : fdatasync(fd);
}

static int
real_syncfs(int fd)
{
	return is_failing() ? -1 : syncfs(fd);
}

static int
real_ftruncate(int fd, off_t n)
{
	return is_failing() ? -1 : ftruncate(fd, n);
}

static int
real_rename(const char *from, const char *to)
{
	return is_failing() ? -1 : rename(from, to);
}

static int
real_link(const char *from, const char *to)
{
	return is_failing() ? -1 : link(from, to);
}

static int
real_unlink(const char *path)
{
	return is_failing() ? -1 : unlink(path);
}

static int
real_mkdir(const char *path, mode_t mode)
{
	return is_failing() ? -1 : mkdir(path, mode);
}

static void *
real_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	return is_failing() ? MAP_FAILED : mmap(at, n, protection, flags, fd, offset);
}

static int
real_fstat(int fd, struct stat *out)
{
	return is_failing() ? -1 : fstat(fd, out);
}

static int
real_stat(const char *path, struct stat *out)
{
	return is_failing() ? -1 : stat(path, out);
}

static ssize_t
real_send(int fd, const void *p, size_t n, int flags)
{
	return send(fd, p, n, flags | MSG_NOSIGNAL);
}

/* The real calls, as an initialiser for both the table and its spare. */
#define REAL_CALLS \
	{ \
		.open = real_open, .openat = real_openat, .close = close, .read = real_read, \
		.write = real_write, .pread = real_pread, .pwrite = real_pwrite, \
		.fsync = real_fsync, .fdatasync = real_fdatasync, .syncfs = real_syncfs, \
		.ftruncate = real_ftruncate, .rename = real_rename, .link = real_link, \
		.unlink = real_unlink, .mkdir = real_mkdir, .mmap = real_mmap, .munmap = munmap, \
		.fstat = real_fstat, .stat = real_stat, .recv = recv, .send = real_send, \
		.accept4 = accept4, .connect = connect, \
	}

static const struct sys real = REAL_CALLS;
struct sys sys = REAL_CALLS;

void
sys_restore(void)
{
	sys = real;
	sys_fail_at(0, 0, false);
}

void
sys_random(void *p, size_t n)
{
	unsigned char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		invariant(got > 0);
		at += got;
		n -= (size_t)got;
	}
}
