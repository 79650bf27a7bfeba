/*
 * birth.h - which file is this: its inode, and when that was made.
 *
 * Two numbers that stay with a file as long as it lives, and that a copy of it does not have. File systems
 * that do not know when a file was made (ext4 with small inodes, NFS) give 0, and an inode number alone may
 * come again. The device's number is left out: it may be another one after the next start of the machine.
 */
#ifndef SYS_BIRTH_H
#define SYS_BIRTH_H

#include <stdbool.h>
#include <stdint.h>

struct birth {
	uint64_t inode;
	uint64_t made_ns; /* since 1970; 0: not known */
};

/* False, and errno: the file cannot be looked at. Counts as one call of sys.stat. */
bool sys_birth(const char *path, struct birth *out);

static inline bool
birth_equal(const struct birth *a, const struct birth *b)
{
	return a->inode == b->inode && a->made_ns == b->made_ns;
}

#endif
