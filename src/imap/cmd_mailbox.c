/* CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 6.3.4 - 6.3.8). */
#include "imap/command.h"

/* rooms */
#include "imap/name.h"
#include "mail/annotation.h"
#include "imap/object_id.h"
#include "mail/subscription.h"

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
use_parse(struct imap_cursor *args, struct str *attribute_out, size_t *count_out)
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
		++*count_out;
		*attribute_out = str_head(start.at, word.n + 1);
		if (!imap_next_is(args, ')') && !imap_sp(args))
			return false;
	}
	return imap_char(args, ')');
}

/* A name that is subscribed already brings that with it. */
static enum fail
subscription_take(struct imap_session *s, struct str path, uint32_t id)
{
	const struct mailbox_new subscribed = { .is_subscribed = true };
	enum fail fail = subscription_remove(s->account, path);

	if (fail != FAIL_NONE)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	return mailbox_update(s->account, id, MAILBOX_SET_SUBSCRIBED, &subscribed);
}

/* In the place where it shall be, which the user may use. */
static enum imap_state
create_at(struct imap_session *s, const struct imap_place *place, enum mailbox_role role)
{
	struct acl_user who = imap_user(s);
	struct buf *out;
	enum fail fail;
	uint32_t id;

	if (role != MAILBOX_ROLE_NONE && !acl_owns(place->account, &who))
		return imap_no(s, "USEATTR", "Uses are its owner's affair");
	fail = imap_create_at(place->account, place->path, role, &id);
	if (fail == FAIL_DENIED && role != MAILBOX_ROLE_NONE &&
	    !mailbox_by_path(place->account, place->path))
		return imap_no(s, "USEATTR", "Another mailbox has that use");
	if (fail == FAIL_NONE && imap_is_own(s, place->account))
		fail = subscription_take(s, place->path, id);
	if (fail != FAIL_NONE)
		return mailbox_fail(s, fail);
	s->errors = 0;
	out = imap_reply(s, "OK");
	buf_add_c(out, "[MAILBOXID (");
	imap_id_write(s, out, place->account, ID_MAILBOX, id);
	buf_add_c(out, ")] Mailbox created\r\n");
	return IMAP_REPLY;
}

/* Where a mailbox shall be made: FAIL_NONE, or a state after answering. */
static enum fail
find_place(struct imap_session *s, struct str path, struct imap_place *out,
    enum imap_state *state_out)
{
	enum fail fail = imap_place(s, path, out);

	if (fail == FAIL_NONE)
		fail = imap_may_create(s, out);
	if (fail == FAIL_MISSING ||
	    fail == FAIL_DENIED) /* both alike: nobody learns what there is */
		*state_out = imap_no(s, "NOPERM", "You may not create that");
	else if (fail != FAIL_NONE)
		*state_out = imap_fail(s, fail);
	return fail;
}

enum imap_state
imap_cmd_create(struct imap_session *s, struct imap_cursor *args)
{
	enum mailbox_role role = MAILBOX_ROLE_NONE;
	struct str path, attribute = { 0 };
	struct imap_place place;
	enum imap_state refused;
	size_t uses = 0;

	if (!imap_path(s, args, &path, &refused))
		return refused;
	if (!imap_at_end(args) && !use_parse(args, &attribute, &uses))
		return imap_wrong(s, args);
	if (!imap_at_end(args))
		return imap_wrong(s, args);
	if (uses > 1 || (uses == 1 && !mailbox_role_parse_imap(attribute, &role)))
		return imap_no(s, "USEATTR", "One of the known uses, please");
	if (str_ends(path, STR("/"))) /* RFC 9051 6.3.4: only says that others will lie below */
		path.n--;
	if (imap_name_is_inbox(path))
		return mailbox_fail(s, FAIL_DENIED);
	if (find_place(s, path, &place, &refused) != FAIL_NONE)
		return refused;
	return create_at(s, &place, role);
}

/* RFC 9051 6.3.8: a name stays subscribed without its mailbox */
static enum fail
delete_mailbox(struct account *account, uint32_t id)
{
	const struct mailbox *m = mailbox_get(account, id);
	struct buf path;
	enum fail fail = FAIL_NONE;

	if (m->is_subscribed) {
		buf_init(&path, IMAP_NAME_MAX);
		mailbox_path_write(account, m, &path);
		fail = subscription_add(account, buf_str(&path));
		buf_release(&path);
	}
	/* without room for one more name the subscription goes with the mailbox */
	return fail == FAIL_NONE || fail == FAIL_LIMIT ? mailbox_delete(account, id, true) : fail;
}

enum imap_state
imap_cmd_delete(struct imap_session *s, struct imap_cursor *args)
{
	enum imap_state refused;
	struct mailbox *m =
	    imap_mailbox_last(s, args, (struct imap_need){ .all = ACL_DELETE_MAILBOX }, &refused);
	struct account *account;
	uint32_t id;
	enum fail fail;

	if (!m)
		return refused;
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
	fail = delete_mailbox(account, id);
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

/* The mailbox takes the place, which the user may use. */
static enum imap_state
rename_to(struct imap_session *s, struct mailbox *m, const struct imap_place *place)
{
	struct acl_user who = imap_user(s);
	enum fail fail;

	if (place->account != m->account)
		return imap_no(s, "CANNOT", "Mailboxes stay with whose they are");
	if (mailbox_by_path(m->account, place->path))
		return mailbox_fail(s, FAIL_DENIED);
	if (m->role == MAILBOX_ROLE_INBOX && !acl_owns(m->account, &who))
		return imap_no(s, "NOPERM", "Only its owner may do that with INBOX");
	if (m->role == MAILBOX_ROLE_INBOX)
		return rename_inbox(s, m, place->path);
	fail = mailbox_rename_path(m->account, m->id, place->path);
	return fail == FAIL_NONE ? imap_ok(s, NULL, "Mailbox renamed") : mailbox_fail(s, fail);
}

enum imap_state
imap_cmd_rename(struct imap_session *s, struct imap_cursor *args)
{
	enum imap_state refused;
	struct imap_place place;
	struct str from, path;
	struct mailbox *m;

	if (!imap_path(s, args, &from, &refused))
		return refused;
	if (!imap_sp(args))
		return imap_wrong(s, args);
	if (!imap_path(s, args, &path, &refused))
		return refused;
	if (!imap_at_end(args))
		return imap_wrong(s, args);
	m = imap_find(s, from, (struct imap_need){ .all = ACL_DELETE_MAILBOX }, &refused);
	if (!m)
		return refused;
	if (find_place(s, path, &place, &refused) != FAIL_NONE)
		return refused;
	return rename_to(s, m, &place);
}

/* --- subscriptions ----------------------------------------------------------------------------- */

/* A mailbox of others: its name is kept with one's own account. */
static enum imap_state
subscribe_elsewhere(struct imap_session *s, struct str path)
{
	enum imap_state refused;
	struct mailbox *m = imap_find(s, path, (struct imap_need){ .all = ACL_LOOKUP }, &refused);
	struct buf name;
	enum fail fail;

	if (!m)
		return refused;
	buf_init(&name, IMAP_NAME_MAX);
	imap_visible_path_of(s, &name, m);
	fail = subscription_add(s->account, buf_str(&name));
	buf_release(&name);
	return fail == FAIL_NONE ? imap_ok(s, NULL, "Subscribed") : imap_fail(s, fail);
}

/* The mailbox of the name, and the name alone, which may be left from a mailbox that is gone. */
static enum imap_state
subscribe(struct imap_session *s, struct imap_cursor *args, bool is_subscribed)
{
	struct mailbox_new to = { .is_subscribed = is_subscribed };
	enum fail fail = FAIL_MISSING, alone = FAIL_MISSING;
	enum mail_namespace space;
	enum imap_state refused;
	struct mailbox *m;
	struct str path;

	if (!imap_path(s, args, &path, &refused))
		return refused;
	if (!imap_at_end(args))
		return imap_wrong(s, args);
	if (is_subscribed && imap_in_namespace(s, path, &space))
		return subscribe_elsewhere(s, path);
	m = mailbox_by_path(s->account, path);
	if (m)
		fail = mailbox_update(m->account, m->id, MAILBOX_SET_SUBSCRIBED, &to);
	if (!is_subscribed)
		alone = subscription_remove(s->account, path);
	if (fail == FAIL_MISSING || (fail == FAIL_NONE && alone == FAIL_TEMP))
		fail = alone;
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
