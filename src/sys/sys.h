/*
 * sys.h - the system calls that can fail us, in a table that tests override.
 *
 * Everything that touches files or sockets and whose failure matters goes through `sys`. Tests
 * replace single entries, or call sys_fail_at() to let the Nth call of any of them fail, and loop
 * N upward until a body runs clean. What SQLite calls goes through here too (store/sqlite_vfs).
 */
#ifndef SYS_SYS_H
#define SYS_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

struct sys {
	/* files; each as its name in section 2 of the manual, -1 and errno on failure */
	int (*open)(const char *path, int flags, mode_t mode); /* O_CLOEXEC is always added */
	int (*openat)(int dir, const char *path, int flags, mode_t mode);
	int (*close)(int fd);
	ssize_t (*read)(int fd, void *p, size_t n);
	ssize_t (*write)(int fd, const void *p, size_t n);
	ssize_t (*pread)(int fd, void *p, size_t n, off_t at);
	ssize_t (*pwrite)(int fd, const void *p, size_t n, off_t at);
	int (*fsync)(int fd);
	int (*fdatasync)(int fd);
	int (*syncfs)(int fd);
	int (*ftruncate)(int fd, off_t n);
	int (*rename)(const char *from, const char *to);
	int (*link)(const char *from, const char *to);
	int (*unlink)(const char *path);
	int (*mkdir)(const char *path, mode_t mode);
	void *(*mmap)(void *at, size_t n, int protection, int flags, int fd, off_t offset);
	int (*munmap)(void *at, size_t n);
	int (*fstat)(int fd, struct stat *out);
	int (*stat)(const char *path, struct stat *out);
	/* sockets */
	ssize_t (*recv)(int fd, void *p, size_t n, int flags);
	ssize_t (
	    *send)(int fd, const void *p, size_t n, int flags); /* MSG_NOSIGNAL is always added */
	int (*accept4)(int fd, struct sockaddr *peer, socklen_t *n, int flags);
	int (*connect)(int fd, const struct sockaddr *to, socklen_t n);
};

extern struct sys sys;

/* Put every entry back to the real call. */
void sys_restore(void);

/*
 * Let the Nth file call from now (1 = the next) fail with `error`; with `for_good` all after it
 * fail too. The close and munmap calls are not counted: they always work. 0 switches off.
 */
void sys_fail_at(unsigned long nth, int error, bool for_good);

/* How many file calls were counted since the last sys_fail_at(), and whether one was failed. */
unsigned long sys_calls(void);
bool sys_has_failed(void);

/* Fill p with n bytes from getrandom(2); never fails (aborts in a kernel without it). */
void sys_random(void *p, size_t n);

#endif
