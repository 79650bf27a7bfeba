/*
 * privileges.h - give up what is not needed once the ports are open (design section 10).
 */
#ifndef SERVER_PRIVILEGES_H
#define SERVER_PRIVILEGES_H

#include "base/fail.h"
#include "base/str.h"

/*
 * Become `user` (its uid, gid and groups from /etc/passwd and /etc/group, read by ourselves) when
 * running as root, and set no_new_privs in any case. An empty user only does the latter.
 *   FAIL_MISSING  no such user
 *   FAIL_DENIED   the kernel refused, or root could be had back
 * The reason is logged.
 */
MUST_CHECK enum fail privileges_drop(struct str user);

/*
 * Act on files as this user until taken back; nothing happens unless we are root. What root makes
 * in a folder of another user would stay root's, and that user could lead it elsewhere by a link.
 * FAIL_DENIED, logged, when the kernel refuses.
 */
MUST_CHECK enum fail privileges_lend(unsigned uid, unsigned gid);
void privileges_take_back(void);

/* uid and gid of a user for owning the data folder; FAIL_MISSING when there is none. */
MUST_CHECK enum fail privileges_find(struct str user, unsigned *uid_out, unsigned *gid_out);

#endif
