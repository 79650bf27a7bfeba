/*
 * lock.h - one server per data folder.
 *
 * The file `lock` in the folder carries a POSIX record lock of the process (fcntl): it dies with the
 * process, children do not inherit it, and a second server learns the holder's pid.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

struct store_lock {
	int fd; /* own; -1 when not held */
};

/*
 * Take the lock of the folder, which must exist. A line about a failure goes to `errors` (may be
 * NULL). The caller keeps the struct; the lock is held until store_unlock() or the process ends.
 *   FAIL_DENIED  another process has it
 *   FAIL_TEMP    the folder or the file cannot be opened
 */
MUST_CHECK enum fail store_lock(struct store_lock *lock, struct str folder, struct buf *errors);
void store_unlock(struct store_lock *lock);

#endif
