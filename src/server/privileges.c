#include "server/privileges.h"

/* system */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"

#define PASSWD_LINE_MAX 1024  /* bytes of a line of /etc/passwd that we look at */
#define GROUP_LINE_MAX  16384 /* of /etc/group, which names all members */
#define GROUPS_MAX      64    /* groups of the user; more are left out */

static const struct log privileges_log = { .room = "server" };

/* name:password:uid:gid:... (passwd(5)); no NSS, which a static binary cannot have */
static bool
is_line_of(struct str line, struct str user, unsigned *uid_out, unsigned *gid_out)
{
	struct str name, password, uid, gid;

	return str_take_until(&line, ':', &name) && str_eq(name, user) &&
	    str_take_until(&line, ':', &password) && str_take_until(&line, ':', &uid) &&
	    str_take_until(&line, ':', &gid) && str_u32(&uid, UINT32_MAX - 1, uid_out) &&
	    str_u32(&gid, UINT32_MAX - 1, gid_out);
}

enum fail
privileges_find(struct str user, unsigned *uid_out, unsigned *gid_out)
{
	char line[PASSWD_LINE_MAX];
	enum fail fail = FAIL_MISSING;
	FILE *passwd = fopen("/etc/passwd", "re");

	if (passwd == NULL)
		return fail_because(&privileges_log, FAIL_MISSING, "server.passwd", errno);
	while (fail != FAIL_NONE && fgets(line, sizeof line, passwd)) {
		if (is_line_of(str_c(line), user, uid_out, gid_out))
			fail = FAIL_NONE;
	}
	fclose(passwd);
	return fail;
}

/* name:password:gid:member,member (group(5)) */
static bool
is_group_of(struct str line, struct str user, unsigned *gid_out)
{
	struct str name, password, gid, member;

	if (!str_take_until(&line, ':', &name) || !str_take_until(&line, ':', &password) ||
	    !str_take_until(&line, ':', &gid) || !str_u32(&gid, UINT32_MAX - 1, gid_out))
		return false;
	line = str_trim(line);
	while (str_next_part(&line, ',', &member)) {
		if (str_eq(member, user))
			return true;
	}
	return false;
}

/* The further groups that /etc/group puts the user into; how many. */
static size_t
find_groups(struct str user, gid_t groups[GROUPS_MAX])
{
	char line[GROUP_LINE_MAX];
	size_t n = 0;
	unsigned gid;
	FILE *group = fopen("/etc/group", "re");

	while (group && n < GROUPS_MAX && fgets(line, sizeof line, group)) {
		if (is_group_of(str_c(line), user, &gid))
			groups[n++] = gid;
	}
	if (group)
		fclose(group);
	return n;
}

enum fail
privileges_lend(unsigned uid, unsigned gid)
{
	if (geteuid() != 0 || uid == 0)
		return FAIL_NONE;
	if (setegid(gid) == 0 && seteuid(uid) == 0)
		return FAIL_NONE;
	return fail_because(&privileges_log, FAIL_DENIED, "server.seteuid", errno);
}

void
privileges_take_back(void)
{
	bool is_root_again;

	if (getuid() != 0 || geteuid() == 0)
		return;
	is_root_again = seteuid(0) == 0 && setegid(0) == 0;
	invariant(is_root_again);
}

enum fail
privileges_drop(struct str user)
{
	gid_t groups[GROUPS_MAX];
	unsigned uid, gid;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail_because(&privileges_log, FAIL_DENIED, "server.no_new_privs", errno);
	if (str_empty(user) || geteuid() != 0)
		return FAIL_NONE;
	if (privileges_find(user, &uid, &gid) != FAIL_NONE) {
		log_error(&privileges_log, "server.user.unknown", LOG_TEXT("user", user));
		return FAIL_MISSING;
	}
	if (setgroups(find_groups(user, groups), groups) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return fail_because(&privileges_log, FAIL_DENIED, "server.setuid", errno);
	if (uid != 0 && setuid(0) == 0) {
		log_error(&privileges_log, "server.root.kept", LOG_TEXT("user", user));
		return FAIL_DENIED;
	}
	return FAIL_NONE;
}
