#include "imap/command.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

#define SECRET (NEED_NO_AUTH | NEED_SECRECY | HAS_ARGUMENTS)
#define BOX    (NEED_AUTH | HAS_ARGUMENTS)
#define SETS   (NEED_AUTH | NEED_SELECTED | HAS_ARGUMENTS | HAS_UID)
#define CHANGE (NEED_AUTH | NEED_SELECTED | NEED_WRITE)

static const struct imap_command commands[] = {
	/* name, run, what must hold before it runs, what brought it; RFC 9051 or as said */
	{ STR_INIT("CAPABILITY"), imap_cmd_capability, 0, CAP_BASE },            /* 6.1.1 */
	{ STR_INIT("NOOP"), imap_cmd_noop, 0, CAP_BASE },                        /* 6.1.2 */
	{ STR_INIT("LOGOUT"), imap_cmd_logout, 0, CAP_BASE },                    /* 6.1.3 */
	{ STR_INIT("ID"), imap_cmd_id, HAS_ARGUMENTS, CAP_ID },                  /* RFC 2971 */
	{ STR_INIT("STARTTLS"), imap_cmd_starttls, NEED_NO_AUTH, CAP_STARTTLS }, /* 6.2.1 */
	{ STR_INIT("AUTHENTICATE"), imap_cmd_authenticate, NEED_NO_AUTH | HAS_ARGUMENTS,
	    CAP_BASE },                                                   /* 6.2.2 */
	{ STR_INIT("LOGIN"), imap_cmd_login, SECRET, CAP_BASE },          /* 6.2.3 */
	{ STR_INIT("ENABLE"), imap_cmd_enable, BOX, CAP_ENABLE },         /* 6.3.1 */
	{ STR_INIT("SELECT"), imap_cmd_select, BOX, CAP_BASE },           /* 6.3.2 */
	{ STR_INIT("EXAMINE"), imap_cmd_examine, BOX, CAP_BASE },         /* 6.3.3 */
	{ STR_INIT("CREATE"), imap_cmd_create, BOX, CAP_BASE },           /* 6.3.4 */
	{ STR_INIT("DELETE"), imap_cmd_delete, BOX, CAP_BASE },           /* 6.3.5 */
	{ STR_INIT("RENAME"), imap_cmd_rename, BOX, CAP_BASE },           /* 6.3.6 */
	{ STR_INIT("SUBSCRIBE"), imap_cmd_subscribe, BOX, CAP_BASE },     /* 6.3.7 */
	{ STR_INIT("UNSUBSCRIBE"), imap_cmd_unsubscribe, BOX, CAP_BASE }, /* 6.3.8 */
	{ STR_INIT("LIST"), imap_cmd_list, BOX, CAP_BASE },               /* 6.3.9 */
	{ STR_INIT("LSUB"), imap_cmd_lsub, BOX, CAP_BASE },               /* RFC 3501 6.3.9 */
	{ STR_INIT("NAMESPACE"), imap_cmd_namespace, NEED_AUTH, CAP_NAMESPACE }, /* 6.3.10 */
	{ STR_INIT("STATUS"), imap_cmd_status, BOX, CAP_BASE },                  /* 6.3.11 */
	{ STR_INIT("GETACL"), imap_cmd_getacl, BOX, CAP_ACL },                   /* RFC 4314 3.3 */
	{ STR_INIT("SETACL"), imap_cmd_setacl, BOX, CAP_ACL },                   /* RFC 4314 3.1 */
	{ STR_INIT("DELETEACL"), imap_cmd_deleteacl, BOX, CAP_ACL },             /* RFC 4314 3.2 */
	{ STR_INIT("LISTRIGHTS"), imap_cmd_listrights, BOX, CAP_ACL },           /* RFC 4314 3.4 */
	{ STR_INIT("MYRIGHTS"), imap_cmd_myrights, BOX, CAP_ACL },               /* RFC 4314 3.5 */
	{ STR_INIT("GETMETADATA"), imap_cmd_getmetadata, BOX, CAP_METADATA },    /* RFC 5464 4.2 */
	{ STR_INIT("SETMETADATA"), imap_cmd_setmetadata, BOX, CAP_METADATA },    /* RFC 5464 4.3 */
	{ STR_INIT("GETQUOTA"), imap_cmd_getquota, BOX, CAP_QUOTA },         /* RFC 9208 4.1.1 */
	{ STR_INIT("GETQUOTAROOT"), imap_cmd_getquotaroot, BOX, CAP_QUOTA }, /* RFC 9208 4.1.2 */
	{ STR_INIT("SETQUOTA"), imap_cmd_setquota, BOX, CAP_QUOTASET },      /* RFC 9208 4.1.3 */
	{ STR_INIT("APPEND"), imap_cmd_append, BOX, CAP_BASE },              /* 6.3.12 */
	{ STR_INIT("IDLE"), imap_cmd_idle, NEED_AUTH, CAP_IDLE },            /* 6.3.13 */
	{ STR_INIT("COMPRESS"), imap_cmd_compress, BOX, CAP_COMPRESS },      /* RFC 4978 3 */
	{ STR_INIT("UNAUTHENTICATE"), imap_cmd_unauthenticate, NEED_AUTH,
	    CAP_UNAUTHENTICATE }, /* RFC 8437 3 */
	{ STR_INIT("GETJMAPACCESS"), imap_cmd_getjmapaccess, NEED_AUTH,
	    CAP_JMAPACCESS },                                     /* RFC 9698 */
	{ STR_INIT("NOTIFY"), imap_cmd_notify, BOX, CAP_NOTIFY }, /* RFC 5465 3 */
	{ STR_INIT("CHECK"), imap_cmd_check, NEED_AUTH | NEED_SELECTED,
	    CAP_BASE }, /* RFC 3501 6.4.1 */
	{ STR_INIT("CLOSE"), imap_cmd_close, NEED_AUTH | NEED_SELECTED, CAP_BASE }, /* 6.4.1 */
	{ STR_INIT("UNSELECT"), imap_cmd_unselect, NEED_AUTH | NEED_SELECTED,
	    CAP_UNSELECT }, /* 6.4.2 */
	{ STR_INIT("EXPUNGE"), imap_cmd_expunge, CHANGE | HAS_UID | ONLY_UID | RIGHTS(ACL_EXPUNGE),
	    CAP_BASE },                                                            /* 6.4.3 */
	{ STR_INIT("SEARCH"), imap_cmd_search, SETS | USES_NUMBERS, CAP_BASE },    /* 6.4.4 */
	{ STR_INIT("SORT"), imap_cmd_sort, SETS | USES_NUMBERS, CAP_SORT },        /* RFC 5256 */
	{ STR_INIT("THREAD"), imap_cmd_thread, SETS | USES_NUMBERS, CAP_BASE },    /* RFC 5256 */
	{ STR_INIT("ESEARCH"), imap_cmd_esearch, BOX | HAS_UID, CAP_MULTISEARCH }, /* RFC 7377 */
	{ STR_INIT("CANCELUPDATE"), imap_cmd_cancelupdate, BOX | NEED_SELECTED,
	    CAP_CONTEXT_SEARCH },                                             /* RFC 5267 4.3.5 */
	{ STR_INIT("FETCH"), imap_cmd_fetch, SETS | USES_NUMBERS, CAP_BASE }, /* 6.4.5 */
	{ STR_INIT("STORE"), imap_cmd_store, SETS | NEED_WRITE | USES_NUMBERS,
	    CAP_BASE },                                      /* 6.4.6 */
	{ STR_INIT("COPY"), imap_cmd_copy, SETS, CAP_BASE }, /* 6.4.7 */
	{ STR_INIT("REPLACE"), imap_cmd_replace,
	    SETS | NEED_WRITE | RIGHTS(ACL_DELETE | ACL_EXPUNGE), CAP_REPLACE }, /* RFC 8508 */
	{ STR_INIT("MOVE"), imap_cmd_move, SETS | NEED_WRITE | RIGHTS(ACL_DELETE | ACL_EXPUNGE),
	    CAP_MOVE }, /* 6.4.8 */
};

static const struct imap_command *
find_row(const struct imap_session *s, struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const struct imap_command *row = &commands[i];

		if (str_eq_nocase(row->name, name) && imap_offers(s, row->capability))
			return !s->run.is_uid || row->flags & HAS_UID ? row : NULL;
	}
	return NULL;
}

bool
imap_command_begin(struct imap_session *s, struct imap_cursor *c)
{
	struct str name;

	s->run.row = NULL;
	s->run.is_uid = false;
	if (!imap_tag(c, &s->run.tag) || !imap_sp(c)) {
		s->run.tag = (struct str){ 0 };
		return false;
	}
	if (!imap_atom(c, &name))
		return false;
	if (str_eq_nocase(name, STR("UID"))) {
		s->run.is_uid = true;
		if (!imap_sp(c) || !imap_atom(c, &name))
			return false;
	}
	s->run.row = find_row(s, name);
	return s->run.row != NULL;
}

enum imap_state
imap_command_refuse(struct imap_session *s)
{
	unsigned flags = s->run.row->flags;

	if (flags & NEED_NO_AUTH && s->have & HAVE_AUTH)
		return imap_bad(s, "You are logged in");
	if (flags & NEED_AUTH && !(s->have & HAVE_AUTH))
		return imap_bad(s, "Log in first");
	if (flags & NEED_SECRECY && !imap_can_login(s))
		return imap_no(s, "PRIVACYREQUIRED", "Start TLS first");
	if (flags & NEED_SELECTED && !imap_is_selected(s))
		return imap_bad(s, "Select a mailbox first");
	/* RFC 9586 3.1: whatever has a UID form must be that */
	if (s->have & HAVE_UIDONLY && flags & HAS_UID && flags & NEED_SELECTED &&
	    !(flags & ONLY_UID) && !s->run.is_uid)
		return imap_uid_required(s);
	if (flags & NEED_WRITE && s->view.is_read_only)
		return imap_no(s, "READ-ONLY", "The mailbox is open for reading only");
	if (RIGHTS_IN(flags) & ~s->box_rights)
		return imap_no(s, "NOPERM", "You may not do that with this mailbox");
	return IMAP_READ;
}

/* What it changes itself, in this step in which nobody else does anything, it is not told of (RFC 5465 5). */
static enum imap_state
run(struct imap_session *s, struct imap_cursor *args)
{
	bool is_quiet = imap_notify_is_quiet(s);
	enum imap_state next = s->run.row->run(s, args);

	if (is_quiet && next == IMAP_REPLY)
		imap_notify_skip(s);
	return next;
}

enum imap_state
imap_dispatch(struct imap_session *s)
{
	struct imap_cursor c = { .at = buf_str(&s->reader.text), .arena = &s->run.arena };
	enum imap_state refused;
	unsigned flags;
	bool has_arguments;

	if (!imap_command_begin(s, &c))
		return imap_bad(s, s->run.tag.n > 0 ? "Unknown command" : "A tag, please");
	flags = s->run.row->flags;
	refused = imap_command_refuse(s);
	if (refused != IMAP_READ)
		return refused;
	has_arguments = (flags & HAS_ARGUMENTS) != 0 || (flags & ONLY_UID && s->run.is_uid);
	if (has_arguments ? !imap_sp(&c) : !imap_at_end(&c))
		return imap_bad(s,
		    has_arguments ? "Arguments are missing" : "No arguments, please");
	s->log.doing = s->run.row->name.p;
	s->run.progress_ms = clock_mono_ms();
	return run(s, &c);
}
