/* CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 6.3.4 - 6.3.8). */
#include "imap/command.h"

/* rooms */
#include "imap/name.h"
#include "mail/annotation.h"
#include "mail/id.h"

enum fail
imap_name_path(struct imap_session *s, struct str name, struct str *path_out)
{
	return imap_name_parse(&s->run.arena, name, imap_is_utf8(s), path_out);
}

bool
imap_path(struct imap_session *s, struct imap_cursor *args, struct str *path_out,
    enum imap_state *state_out)
{
	struct str name;
	enum fail fail;

	if (!imap_astring(args, &name)) {
		*state_out = imap_wrong(s, args);
		return false;
	}
	fail = imap_name_path(s, name, path_out);
	if (fail == FAIL_NONE)
		return true;
	*state_out = imap_fail(s, fail);
	return false;
}

struct mailbox *
imap_mailbox(struct imap_session *s, struct imap_cursor *args, bool is_target,
    enum imap_state *state_out)
{
	struct mailbox *m;
	struct str path;

	if (!imap_path(s, args, &path, state_out))
		return NULL;
	m = mailbox_by_path(s->account, path);
	if (!m)
		*state_out =
		    imap_no(s, is_target ? "TRYCREATE" : "NONEXISTENT", "There is no such mailbox");
	return m;
}

void
imap_path_write(struct imap_session *s, struct buf *out, const struct mailbox *m)
{
	struct buf path;

	buf_init(&path, IMAP_NAME_MAX);
	mailbox_path_write(m->account, m, &path);
	imap_name_write(out, buf_str(&path), imap_is_utf8(s));
	buf_release(&path);
}

/* What creating, renaming and deleting can meet. */
static enum imap_state
mailbox_fail(struct imap_session *s, enum fail fail)
{
	if (fail == FAIL_DENIED)
		return imap_no(s, "ALREADYEXISTS", "There is a mailbox of that name");
	return imap_fail(s, fail);
}

/* create-param of RFC 6154: SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")" */
static bool
use_parse(struct imap_cursor *args, struct str *attribute_out)
{
	struct imap_cursor start;
	struct str word;

	if (!imap_sp(args) || !imap_char(args, '(') || !imap_keyword(args, STR("USE")) ||
	    !imap_sp(args) || !imap_char(args, '('))
		return false;
	while (!imap_char(args, ')')) {
		start = *args;
		if (!imap_char(args, '\\') || !imap_atom(args, &word))
			return false;
		*attribute_out = str_head(start.at, word.n + 1);
		if (!imap_next_is(args, ')') && !imap_sp(args))
			return false;
	}
	return imap_char(args, ')');
}

enum imap_state
imap_cmd_create(struct imap_session *s, struct imap_cursor *args)
{
	enum mailbox_role role = MAILBOX_ROLE_NONE;
	struct str path, attribute = { 0 };
	enum imap_state refused;
	struct buf *out;
	enum fail fail;
	uint32_t id;

	if (!imap_path(s, args, &path, &refused))
		return refused;
	if (!imap_at_end(args) && !use_parse(args, &attribute))
		return imap_wrong(s, args);
	if (!imap_at_end(args))
		return imap_wrong(s, args);
	if (attribute.n > 0 && !mailbox_role_parse_imap(attribute, &role))
		return imap_no(s, "USEATTR", "That use is not known");
	if (imap_name_is_inbox(path))
		return mailbox_fail(s, FAIL_DENIED);
	fail = mailbox_create_path(s->account, path, role, false, &id);
	if (fail == FAIL_DENIED && role != MAILBOX_ROLE_NONE && !mailbox_by_path(s->account, path))
		return imap_no(s, "USEATTR", "Another mailbox has that use");
	if (fail != FAIL_NONE)
		return mailbox_fail(s, fail);
	s->errors = 0;
	out = imap_reply(s, "OK");
	buf_add_c(out, "[MAILBOXID (");
	id_write(out, ID_MAILBOX, id);
	buf_add_c(out, ")] Mailbox created\r\n");
	return IMAP_REPLY;
}

enum imap_state
imap_cmd_delete(struct imap_session *s, struct imap_cursor *args)
{
	enum imap_state refused;
	struct mailbox *m = imap_mailbox(s, args, false, &refused);
	struct account *account;
	uint32_t id;
	enum fail fail;

	if (!m)
		return refused;
	if (!imap_at_end(args))
		return imap_wrong(s, args);
	account = m->account;
	id = m->id;
	if (mailbox_has_children(m->account, id))
		return imap_no(s, "HASCHILDREN", "There are mailboxes below it");
	if (m->role == MAILBOX_ROLE_INBOX)
		return imap_fail(s, FAIL_PERM);
	if (imap_box_is(s, m)) {
		imap_unselect(s);
		buf_add_c(&s->run.before, "* OK [CLOSED] It was selected\r\n");
	}
	fail = mailbox_delete(account, id, true);
	return fail == FAIL_NONE ? imap_ok(s, NULL, "Mailbox deleted") : imap_fail(s, fail);
}

/* --- RENAME ------------------------------------------------------------------------------------ */

struct rename_inbox {
	struct account *account; /* borrow: the session's */
	uint32_t from, to;
};

/* One slice of moving the messages of INBOX (RFC 9051 6.3.6). */
static enum imap_state
rename_inbox_work(struct imap_session *s)
{
	struct rename_inbox *data = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	bool is_done = false;

	while (!is_done) {
		enum fail fail = mailbox_empty_into(data->account, data->from, data->to, &is_done);

		if (fail != FAIL_NONE)
			return imap_fail(s, fail);
		if (imap_slice_over_now(s, &slice))
			break;
	}
	return is_done ? imap_ok(s, NULL, "Messages moved") : IMAP_WORK;
}

static enum imap_state
rename_inbox(struct imap_session *s, struct mailbox *inbox, struct str path)
{
	struct rename_inbox *data = arena_alloc(&s->run.arena, 1, sizeof(*data));
	enum fail fail;

	if (!data)
		return imap_fail(s, FAIL_LIMIT);
	data->account = inbox->account;
	data->from = inbox->id;
	fail = mailbox_create_path(data->account, path, MAILBOX_ROLE_NONE, false, &data->to);
	if (fail == FAIL_NONE)
		fail = annotation_copy(data->account, data->from, data->to);
	if (fail != FAIL_NONE)
		return mailbox_fail(s, fail);
	s->run.data = data;
	s->run.work = rename_inbox_work;
	return IMAP_WORK;
}

enum imap_state
imap_cmd_rename(struct imap_session *s, struct imap_cursor *args)
{
	enum imap_state refused;
	struct mailbox *m = imap_mailbox(s, args, false, &refused);
	struct str path;
	enum fail fail;

	if (!m)
		return refused;
	if (!imap_sp(args))
		return imap_wrong(s, args);
	if (!imap_path(s, args, &path, &refused))
		return refused;
	if (!imap_at_end(args))
		return imap_wrong(s, args);
	if (mailbox_by_path(m->account, path))
		return mailbox_fail(s, FAIL_DENIED);
	if (m->role == MAILBOX_ROLE_INBOX)
		return rename_inbox(s, m, path);
	fail = mailbox_rename_path(m->account, m->id, path);
	return fail == FAIL_NONE ? imap_ok(s, NULL, "Mailbox renamed") : mailbox_fail(s, fail);
}

/* --- subscriptions ----------------------------------------------------------------------------- */

static enum imap_state
subscribe(struct imap_session *s, struct imap_cursor *args, bool is_subscribed)
{
	struct mailbox_new to = { .is_subscribed = is_subscribed };
	enum imap_state refused;
	struct mailbox *m = imap_mailbox(s, args, false, &refused);
	enum fail fail;

	if (!m)
		return refused;
	if (!imap_at_end(args))
		return imap_wrong(s, args);
	fail = mailbox_update(m->account, m->id, MAILBOX_SET_SUBSCRIBED, &to);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	return imap_ok(s, NULL, is_subscribed ? "Subscribed" : "Unsubscribed");
}

enum imap_state
imap_cmd_subscribe(struct imap_session *s, struct imap_cursor *args)
{
	return subscribe(s, args, true);
}

enum imap_state
imap_cmd_unsubscribe(struct imap_session *s, struct imap_cursor *args)
{
	return subscribe(s, args, false);
}
