/*
 * Whose mailboxes there are, and what the user may do with them (RFC 2342, RFC 4314).
 *
 *     path                       account, path there
 *     "Drafts"                   the user's own, "Drafts"
 *     "Other Users/bob@x/a/b"    bob@x, "a/b"
 *     "Shared/sales@x/INBOX"     sales@x, whose group has the user as a member, "INBOX"
 *
 * A mailbox of the user's own by the name of a namespace comes before it. What the user may not see is told
 * from what does not exist by nothing.
 */
#include "imap/command.h"

/* rooms */
#include "imap/name.h"
#include "imap/rights.h"

struct acl_user
imap_user(const struct imap_session *s)
{
	return (struct acl_user){ .name = s->account->name, .groups = buf_str(&s->groups) };
}

bool
imap_is_own(const struct imap_session *s, const struct account *a)
{
	return a == s->account;
}

/* --- accounts ------------------------------------------------------------------------------------ */

bool
imap_in_namespace(const struct imap_session *s, struct str path, enum mail_namespace *out)
{
	for (size_t i = 0; i < NAMESPACE_COUNT; i++) {
		struct str rest = path;

		if (!str_skip(&rest, namespace_names[i]) ||
		    (rest.n > 0 && rest.p[0] != IMAP_DELIMITER))
			continue;
		*out = (enum mail_namespace)i;
		return imap_offers(s, CAP_ACL) && !mailbox_child(s->account, 0, namespace_names[i]);
	}
	return false;
}

/* In which namespace an account's mailboxes stand for this user. */
enum mail_namespace
imap_namespace_of(const struct imap_session *s, const struct account *a)
{
	struct acl_user who = imap_user(s);

	return namespace_of(a, &who);
}

/* Another account, held until the command is over. */
static enum fail
hold(struct imap_session *s, struct str name, struct account **out)
{
	struct account *a;
	enum fail fail;

	for (size_t i = 0; i < IMAP_HELD_MAX; i++) {
		*out = s->run.held[i];
		if (*out && str_eq((*out)->name, name))
			return FAIL_NONE;
		if (*out)
			continue;
		fail = account_find(s->service->mail, name, &a);
		if (fail == FAIL_NONE)
			*out = s->run.held[i] = a;
		return fail == FAIL_SYNTAX ? FAIL_MISSING : fail;
	}
	return FAIL_LIMIT;
}

void
imap_held_release(struct imap_session *s)
{
	for (size_t i = 0; i < IMAP_HELD_MAX; i++)
		account_close(&s->run.held[i]);
}

enum fail
imap_shared_account(struct imap_session *s, struct account **out)
{
	struct str name = s->service->settings->admin;
	enum fail fail = FAIL_MISSING;

	*out = NULL;
	if (str_eq(name, s->account->name)) {
		*out = s->account;
		return FAIL_NONE;
	}
	if (name.n > 0)
		fail = hold(s, name, out);
	if (fail != FAIL_NONE)
		*out = NULL;
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

enum fail
imap_place(struct imap_session *s, struct str path, struct imap_place *out)
{
	enum mail_namespace space;
	struct str name;
	enum fail fail;

	*out = (struct imap_place){ s->account, path };
	if (!imap_in_namespace(s, path, &space))
		return FAIL_NONE;
	if (!str_take_until(&path, IMAP_DELIMITER, &name) ||
	    !str_take_until(&path, IMAP_DELIMITER, &name) || str_eq(name, s->account->name))
		return FAIL_MISSING;
	fail = hold(s, name, &out->account);
	out->path = path;
	if (fail == FAIL_NONE && imap_namespace_of(s, out->account) != space)
		fail = FAIL_MISSING;
	return fail;
}

/* --- rights --------------------------------------------------------------------------------------- */

enum fail
imap_rights(struct imap_session *s, const struct mailbox *m, unsigned *rights_out)
{
	struct acl_user who = imap_user(s);

	*rights_out = ACL_ALL;
	if (imap_is_own(s, m->account))
		return FAIL_NONE;
	return acl_rights(m->account, m->id, &who, rights_out);
}

void
imap_box_look(struct imap_session *s)
{
	const struct mailbox *m;
	unsigned rights;

	if (!imap_is_selected(s) || imap_is_own(s, imap_box(s))) {
		s->box_rights = ACL_ALL;
		return;
	}
	m = s->view.is_gone ? NULL : mailbox_get(imap_box(s), s->view.view->mailbox);
	if (m &&
	    imap_rights(s, m, &rights) ==
		FAIL_NONE) /* else the store fails: that is told elsewhere */
		s->box_rights = rights;
}

struct mailbox *
imap_find(struct imap_session *s, struct str path, struct imap_need need,
    enum imap_state *state_out)
{
	struct imap_place place;
	struct mailbox *m = NULL;
	unsigned rights = 0;
	enum fail fail = imap_place(s, path, &place);

	if (fail == FAIL_NONE)
		m = mailbox_by_path(place.account, place.path);
	if (m)
		fail = imap_rights(s, m, &rights);
	if (fail != FAIL_NONE && fail != FAIL_MISSING) {
		*state_out = imap_fail(s, fail);
		return NULL;
	}
	if (m && (rights & need.all) == need.all && (need.any == 0 || rights & need.any))
		return m;
	if (rights & ACL_LOOKUP)
		*state_out = imap_no(s, "NOPERM", "You may not do that with this mailbox");
	else
		*state_out = imap_no(s, need.is_target ? "TRYCREATE" : "NONEXISTENT",
		    "There is no such mailbox");
	return NULL;
}

struct mailbox *
imap_mailbox_last(struct imap_session *s, struct imap_cursor *args, struct imap_need need,
    enum imap_state *state_out)
{
	struct str path;

	if (!imap_path(s, args, &path, state_out))
		return NULL;
	if (imap_at_end(args))
		return imap_find(s, path, need, state_out);
	*state_out = imap_wrong(s, args);
	return NULL;
}

/* --- mailboxes to be made -------------------------------------------------------------------------- */

struct mailbox *
imap_nearest(struct account *a, struct str path)
{
	for (size_t i = path.n; i-- > 0;) {
		struct mailbox *m =
		    path.p[i] == IMAP_DELIMITER ? mailbox_by_path(a, str_head(path, i)) : NULL;

		if (m)
			return m;
	}
	return NULL;
}

enum fail
imap_may_create(struct imap_session *s, const struct imap_place *place)
{
	const struct mailbox *above = imap_nearest(place->account, place->path);
	struct acl_user who = imap_user(s);
	unsigned rights = acl_owns(place->account, &who) ? ACL_ALL : 0;
	enum fail fail = FAIL_NONE;

	if (above)
		fail = imap_rights(s, above, &rights);
	return fail == FAIL_NONE && !(rights & ACL_CREATE) ? FAIL_DENIED : fail;
}

enum fail
imap_create_at(struct account *a, struct str path, enum mailbox_role role, uint32_t *id_out)
{
	const struct mailbox *above = imap_nearest(a, path), *m;
	uint32_t from = above ? above->id : 0;
	size_t known = 0;
	struct buf text;
	enum fail fail;

	buf_init(&text, IMAP_NAME_MAX);
	if (above)
		mailbox_path_write(a, above, &text);
	known = text.n;
	buf_release(&text);
	fail = mailbox_create_path(a, path, role, false, id_out);
	/* RFC 4314 4: it inherits what its parent has; parents that came with it do, too */
	for (size_t i = known + 1; from && fail == FAIL_NONE && i <= path.n; i++) {
		if (i < path.n && path.p[i] != IMAP_DELIMITER)
			continue;
		m = mailbox_by_path(a, str_head(path, i));
		if (m)
			fail = acl_inherit(a, from, m->id);
	}
	return fail;
}
