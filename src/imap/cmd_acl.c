/* GETACL, SETACL, DELETEACL, LISTRIGHTS, MYRIGHTS (RFC 4314 3). */
#include "imap/command.h"

/* rooms */
#include "codec/utf8.h"
#include "imap/rights.h"
#include "mail/share_notice.h"
#include "message/imap_string.h"

/* --- identifiers ----------------------------------------------------------------------------------- */

/*
 * The form in which lists keep an identifier: "bob" of a user of example.org is bob@example.org. False after
 * answering.
 */
static bool
identifier(struct imap_session *s, struct imap_cursor *args, struct str *given_out, struct buf *out,
    enum imap_state *state_out)
{
	struct str name;
	size_t at = str_rfind_char(s->account->name, '@');

	if (!imap_sp(args) || !imap_astring(args, given_out)) {
		*state_out = imap_wrong(s, args);
		return false;
	}
	buf_add(out, *given_out);
	name = *given_out;
	(void)!str_skip_char(&name, '-');
	if (at != STR_NONE && name.n > 0 && name.p[0] != '$' &&
	    str_find_char(name, '@') == STR_NONE && !str_eq_nocase(name, STR("anyone")))
		buf_add(out, str_from(s->account->name, at));
	if (buf_ok(out) && utf8_is_valid(*given_out) && acl_identifier_is_allowed(buf_str(out)))
		return true;
	*state_out = imap_bad(s, "That identifies nobody");
	return false;
}

static bool
is_owner(const struct mailbox *m, struct str name)
{
	return str_eq_nocase(m->account->name, name);
}

/* --- telling ---------------------------------------------------------------------------------------- */

static void
rights_string(struct buf *out, unsigned rights)
{
	buf_add_char(out, ' ');
	if (rights == 0)
		buf_add_c(out, "\"\"");
	else
		imap_rights_write(out, rights);
}

void
imap_myrights_write(struct imap_session *s, struct buf *out, const struct mailbox *m,
    unsigned rights)
{
	buf_add_c(out, "* MYRIGHTS ");
	imap_path_write(s, out, m);
	rights_string(out, rights);
	buf_add_c(out, "\r\n");
}

/* "MYRIGHTS" SP mailbox */
enum imap_state
imap_cmd_myrights(struct imap_session *s, struct imap_cursor *args)
{
	enum imap_state refused;
	struct mailbox *m =
	    imap_mailbox_last(s, args, (struct imap_need){ .any = RIGHTS_ANY }, &refused);
	unsigned rights;
	enum fail fail;

	if (!m)
		return refused;
	fail = imap_rights(s, m, &rights);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	imap_myrights_write(s, &s->run.before, m, rights);
	return imap_ok(s, NULL, "Rights told");
}

/* "GETACL" SP mailbox */
enum imap_state
imap_cmd_getacl(struct imap_session *s, struct imap_cursor *args)
{
	enum imap_state refused;
	struct mailbox *m =
	    imap_mailbox_last(s, args, (struct imap_need){ .all = ACL_ADMINISTER }, &refused);
	struct buf *out = &s->run.before;
	struct acl_entry *entries;
	size_t count;
	enum fail fail;

	if (!m)
		return refused;
	fail = acl_list(m->account, m->id, &s->run.arena, &entries, &count);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	buf_add_c(out, "* ACL ");
	imap_path_write(s, out, m);
	buf_add_char(out, ' ');
	imap_astring_write(out, m->account->name);
	rights_string(out, ACL_ALL);
	for (size_t i = 0; i < count; i++) {
		buf_add_char(out, ' ');
		imap_astring_write(out, entries[i].identifier);
		rights_string(out, entries[i].rights);
	}
	buf_add_c(out, "\r\n");
	return imap_ok(s, NULL, "Rights told");
}

static enum imap_state
tell_possible(struct imap_session *s, struct str path, struct str given, struct str name)
{
	enum imap_state refused;
	struct mailbox *m =
	    imap_find(s, path, (struct imap_need){ .all = ACL_ADMINISTER }, &refused);
	struct buf *out = &s->run.before;

	if (!m)
		return refused;
	buf_add_c(out, "* LISTRIGHTS ");
	imap_path_write(s, out, m);
	buf_add_char(out, ' ');
	imap_astring_write(out, given);
	if (is_owner(m, name))
		rights_string(out, ACL_ALL);
	else
		buf_add_c(out, " \"\" l r s w i p k x t e a c d");
	buf_add_c(out, "\r\n");
	return imap_ok(s, NULL, "Rights told");
}

/* "LISTRIGHTS" SP mailbox SP identifier: the owner always has all, others may be given each by itself */
enum imap_state
imap_cmd_listrights(struct imap_session *s, struct imap_cursor *args)
{
	struct str path, given;
	enum imap_state next;
	struct buf name;

	if (!imap_path(s, args, &path, &next))
		return next;
	buf_init(&name, ACL_NAME_MAX);
	if (identifier(s, args, &given, &name, &next)) {
		if (imap_at_end(args))
			next = tell_possible(s, path, given, buf_str(&name));
		else
			next = imap_wrong(s, args);
	}
	buf_release(&name);
	return next;
}

/* --- changing ---------------------------------------------------------------------------------------- */

/* What an identifier has now. */
static enum fail
rights_now(struct imap_session *s, const struct mailbox *m, struct str name, unsigned *out)
{
	struct acl_entry *entries;
	size_t count;
	enum fail fail = acl_list(m->account, m->id, &s->run.arena, &entries, &count);

	*out = 0;
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(entries[i].identifier, name))
			*out = entries[i].rights;
	return fail;
}

static enum imap_state
set(struct imap_session *s, struct str path, struct str name, enum rights_how how, unsigned rights)
{
	enum imap_state refused;
	const struct mailbox *m =
	    imap_find(s, path, (struct imap_need){ .all = ACL_ADMINISTER }, &refused);
	unsigned now;
	enum fail fail;

	if (!m)
		return refused;
	if (is_owner(m, name))
		return imap_no(s, "CANNOT", "The owner has all rights");
	fail = rights_now(s, m, name, &now);
	switch (how) {
	case RIGHTS_REPLACE: break;
	case RIGHTS_ADD: rights |= now; break;
	case RIGHTS_REMOVE: rights = now & ~rights; break;
	}
	if (fail == FAIL_NONE)
		fail = acl_set_by(m->account, m->id, name, rights, s->account->name);
	return fail == FAIL_NONE ? imap_ok(s, NULL, "Rights set") : imap_fail(s, fail);
}

/* "SETACL" SP mailbox SP identifier SP mod-rights; "DELETEACL" SP mailbox SP identifier */
static enum imap_state
change(struct imap_session *s, struct imap_cursor *args, bool has_rights)
{
	enum rights_how how = RIGHTS_REPLACE;
	enum imap_state next;
	unsigned rights = 0;
	struct str path, given, letters;
	struct buf name;

	if (!imap_path(s, args, &path, &next))
		return next;
	buf_init(&name, ACL_NAME_MAX);
	if (identifier(s, args, &given, &name, &next)) {
		if (has_rights && (!imap_sp(args) || !imap_astring(args, &letters)))
			next = imap_wrong(s, args);
		else if (!imap_at_end(args))
			next = imap_wrong(s, args);
		else if (has_rights && !imap_rights_parse(letters, &how, &rights))
			next = imap_bad(s, "There is no such right");
		else
			next = set(s, path, buf_str(&name), how, rights);
	}
	buf_release(&name);
	return next;
}

enum imap_state
imap_cmd_setacl(struct imap_session *s, struct imap_cursor *args)
{
	return change(s, args, true);
}

enum imap_state
imap_cmd_deleteacl(struct imap_session *s, struct imap_cursor *args)
{
	return change(s, args, false);
}
