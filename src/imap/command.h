/*
 * command.h - the commands, and what must hold before each runs (private to the room).
 *
 * A new command is a function here, a row in command.c, and a file cmd_NAME.c.
 */
#ifndef IMAP_COMMAND_H
#define IMAP_COMMAND_H

#include "imap/session.h"

enum { /* what must hold before a command runs, and what it does */
	NEED_NO_AUTH = 1,
	NEED_AUTH = 2,
	NEED_SELECTED = 4,
	NEED_WRITE = 8,    /* not by EXAMINE */
	NEED_SECRECY = 16, /* TLS, or loopback where that is enough */
	HAS_ARGUMENTS = 32,
	HAS_UID = 64,       /* "UID name" exists */
	ONLY_UID = 128,     /* and "name" does not take arguments: EXPUNGE */
	USES_NUMBERS = 256, /* no EXPUNGE may be told while it runs, unless it is the UID form */
};

/* In the same flags: rights that the user must have to the selected mailbox (mail/acl.h). */
#define RIGHTS(rights)   ((unsigned)(rights) << 16)
#define RIGHTS_IN(flags) ((flags) >> 16)

struct imap_command {
	struct str name;
	enum imap_state (*run)(struct imap_session *s, struct imap_cursor *args);
	unsigned flags;
	enum imap_capability capability; /* that brought it; CAP_BASE: always there */
};

/* Run the command in reader.text. */
enum imap_state imap_dispatch(struct imap_session *s);

/* Begin it: tag and row, for the dispatcher and for APPEND, whose literal comes first. */
bool imap_command_begin(struct imap_session *s, struct imap_cursor *c);

/* Why this row may not run now: a state after answering; IMAP_READ when it may. */
enum imap_state imap_command_refuse(struct imap_session *s);

/* --- the commands ------------------------------------------------------------------------------- */

enum imap_state imap_cmd_append(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_authenticate(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_cancelupdate(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_capability(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_check(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_close(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_compress(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_copy(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_create(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_delete(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_deleteacl(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_enable(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_esearch(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_examine(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_expunge(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_fetch(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_getacl(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_getmetadata(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_getquota(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_getquotaroot(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_getjmapaccess(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_id(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_idle(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_list(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_listrights(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_login(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_logout(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_lsub(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_move(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_myrights(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_namespace(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_noop(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_notify(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_replace(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_rename(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_search(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_select(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_sort(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_setacl(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_setmetadata(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_setquota(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_starttls(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_status(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_store(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_subscribe(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_thread(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_unauthenticate(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_unselect(struct imap_session *s, struct imap_cursor *args);
enum imap_state imap_cmd_unsubscribe(struct imap_session *s, struct imap_cursor *args);

#endif
