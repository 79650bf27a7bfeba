#include "store/lock.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

#define LOCK_PATH_MAX 4096 /* bytes, PATH_MAX of Linux */

static const struct log lock_log = { .room = "store" };

static void
say(struct buf *errors, struct str folder, const char *text)
{
	if (errors == NULL)
		return;
	buf_add(errors, folder);
	buf_add_c(errors, text);
}

/* Who has it, as far as the kernel tells. */
static enum fail
is_taken(int fd, struct str folder, struct buf *errors)
{
	struct flock holder = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	say(errors, folder, ": in use by a running server");
	if (errors != NULL && fcntl(fd, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK) {
		buf_add_c(errors, " (process ");
		buf_add_i64(errors, holder.l_pid);
		buf_add_char(errors, ')');
	}
	say(errors, STR(""), "; stop it first\n");
	return FAIL_DENIED;
}

enum fail
store_lock(struct store_lock *lock, struct str folder, struct buf *errors)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct buf path;
	enum fail fail = FAIL_NONE;

	lock->fd = -1;
	buf_init(&path, LOCK_PATH_MAX);
	buf_add(&path, folder);
	buf_add_c(&path, "/lock");
	if (buf_ok(&path))
		lock->fd = sys.open(buf_c(&path), O_RDWR | O_CREAT, 0600);
	if (lock->fd < 0) {
		say(errors, folder, ": the lock file cannot be opened: ");
		say(errors, STR(""), strerror(errno));
		say(errors, STR(""), "\n");
		fail = fail_because(&lock_log, FAIL_TEMP, "store.lock", errno);
	} else if (fcntl(lock->fd, F_SETLK, &whole) != 0) {
		fail = is_taken(lock->fd, folder, errors);
		store_unlock(lock);
	}
	buf_release(&path);
	return fail;
}

void
store_unlock(struct store_lock *lock)
{
	if (lock->fd >= 0)
		sys.close(lock->fd);
	lock->fd = -1;
}
