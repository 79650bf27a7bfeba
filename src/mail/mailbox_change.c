/* Creating, renaming, moving, deleting mailboxes (mailbox.h). */
/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "mail/inner.h"

/* --- rules ------------------------------------------------------------------------------------------- */

static bool
name_is_allowed(struct str name)
{
	if (name.n == 0 || name.n > MAILBOX_NAME_MAX || !utf8_is_valid(name))
		return false;
	if (name.p[0] == ' ' || name.p[name.n - 1] == ' ')
		return false;
	while (name.n > 0) {
		uint32_t c = utf8_take(&name);

		if (c == '/' || c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
			return false;
	}
	return true;
}

/* Levels above and at `id`, 0 for the top. */
static size_t
depth_of(const struct account *a, uint32_t id)
{
	size_t depth = 0;
	const struct mailbox *m;

	while (id && depth <= MAILBOX_DEPTH_MAX && (m = mailbox_get(a, id)) != NULL) {
		depth++;
		id = m->parent;
	}
	return depth;
}

/* Levels of the tree below `id`, itself not counted. */
static size_t
height_of(const struct account *a, uint32_t id, size_t guard)
{
	size_t height = 0;

	for (size_t i = 0; guard && i < a->mailbox_count; i++) {
		if (a->mailboxes[i]->parent == id) {
			size_t below = 1 + height_of(a, a->mailboxes[i]->id, guard - 1);

			height = below > height ? below : height;
		}
	}
	return height;
}

static bool
is_below(const struct account *a, uint32_t id, uint32_t ancestor)
{
	const struct mailbox *m;

	for (size_t i = 0; id && i <= MAILBOX_DEPTH_MAX; i++) {
		if (id == ancestor)
			return true;
		m = mailbox_get(a, id);
		id = m ? m->parent : 0;
	}
	return false;
}

/* May `id` (0: a new one) have this parent, name and role? */
static enum fail
place_check(const struct account *a, uint32_t id, const struct mailbox_new *new)
{
	const struct mailbox *other;

	if (!name_is_allowed(new->name))
		return FAIL_SYNTAX;
	if (new->parent && !mailbox_get(a, new->parent))
		return FAIL_MISSING;
	other = mailbox_child(a, new->parent, new->name);
	if (other && other->id != id)
		return FAIL_DENIED;
	other = mailbox_by_role(a, new->role);
	if (other && other->id != id)
		return FAIL_DENIED;
	if (id && is_below(a, new->parent, id))
		return FAIL_PERM;
	if (depth_of(a, new->parent) + 1 + (id ? height_of(a, id, MAILBOX_DEPTH_MAX) : 0) >
	    MAILBOX_DEPTH_MAX)
		return FAIL_LIMIT;
	return FAIL_NONE;
}

/* --- creating ------------------------------------------------------------------------------------------ */

struct creation {
	const struct mailbox_new *new;
	uint32_t id;
};

static enum fail
create_run(struct edit *e, void *arg)
{
	struct creation *creation = arg;
	struct mailbox_edit *m = edit_mailbox_new(e);

	m->now.parent = creation->new->parent;
	m->now.name = creation->new->name;
	m->now.role = creation->new->role;
	m->now.sort_order = creation->new->sort_order;
	m->now.is_subscribed = creation->new->is_subscribed;
	creation->id = m->now.id;
	return FAIL_NONE;
}

enum fail
mailbox_create(struct account *a, const struct mailbox_new *new, uint32_t *id_out)
{
	struct creation creation = { .new = new };
	enum fail fail = account_usable(a);

	*id_out = 0;
	if (fail == FAIL_NONE && a->mailbox_count >= MAILBOX_COUNT_MAX)
		fail = FAIL_LIMIT;
	if (fail == FAIL_NONE)
		fail = place_check(a, 0, new);
	if (fail == FAIL_NONE)
		fail = edit_run(a, NULL, create_run, &creation);
	if (fail == FAIL_NONE)
		*id_out = creation.id;
	return fail;
}

/* All names of a path are allowed: checked before the first parent is made. */
static enum fail
path_check(struct str path)
{
	struct str name;
	size_t depth = 0;

	if (path.n == 0)
		return FAIL_SYNTAX;
	while (str_next_part(&path, '/', &name)) {
		if (!name_is_allowed(name))
			return FAIL_SYNTAX;
		if (++depth > MAILBOX_DEPTH_MAX)
			return FAIL_LIMIT;
	}
	return FAIL_NONE;
}

/* Make the missing parents of `path`; its last name and their id. */
static enum fail
parents_make(struct account *a, struct str path, bool is_subscribed, struct mailbox_new *last)
{
	struct str name;
	enum fail fail = path_check(path);

	last->parent = 0;
	if (fail)
		return fail;
	while (str_take_until(&path, '/', &name)) {
		struct mailbox *m = mailbox_child(a, last->parent, name);
		struct mailbox_new new = { .parent = last->parent,
			.name = name,
			.is_subscribed = is_subscribed };

		if (m) {
			last->parent = m->id;
			continue;
		}
		fail = mailbox_create(a, &new, &last->parent);
		if (fail)
			return fail;
	}
	last->name = path;
	return FAIL_NONE;
}

enum fail
mailbox_create_path(struct account *a, struct str path, enum mailbox_role role, bool is_subscribed,
    uint32_t *id_out)
{
	struct mailbox_new new = { .role = role, .is_subscribed = is_subscribed };
	enum fail fail;

	*id_out = 0;
	if (path.n && path.p[path.n - 1] == '/') /* RFC 9051 6.3.4 */
		path.n--;
	if (mailbox_by_path(a, path) || mailbox_by_role(a, role))
		return FAIL_DENIED;
	fail = parents_make(a, path, is_subscribed, &new);
	return fail ? fail : mailbox_create(a, &new, id_out);
}

/* --- updating ------------------------------------------------------------------------------------------- */

struct update {
	uint32_t id;
	struct mailbox_new to;
};

static enum fail
update_run(struct edit *e, void *arg)
{
	const struct update *update = arg;
	struct mailbox_edit *m = edit_mailbox(e, update->id);
	enum fail fail = FAIL_NONE;

	if (!m)
		return FAIL_MISSING;
	if (m->now.parent != update->to.parent)
		fail = acl_log_move(e);
	m->has_properties = true;
	m->now.parent = update->to.parent;
	m->now.name = update->to.name;
	m->now.role = update->to.role;
	m->now.sort_order = update->to.sort_order;
	m->now.is_subscribed = update->to.is_subscribed;
	return fail;
}

enum fail
mailbox_update(struct account *a, uint32_t id, unsigned what, const struct mailbox_new *to)
{
	struct mailbox *m = mailbox_get(a, id);
	struct update update = { .id = id };
	struct mailbox_new *new = &update.to;
	enum fail fail = account_usable(a);

	if (fail || !m)
		return fail ? fail : FAIL_MISSING;
	new->parent = what &MAILBOX_SET_PARENT ? to->parent : m->parent;
	new->name = what &MAILBOX_SET_NAME ? to->name : m->name;
	new->role = what &MAILBOX_SET_ROLE ? to->role : m->role;
	new->sort_order = what &MAILBOX_SET_SORT_ORDER ? to->sort_order : m->sort_order;
	new->is_subscribed = what &MAILBOX_SET_SUBSCRIBED ? to->is_subscribed : m->is_subscribed;
	if (m->role == MAILBOX_ROLE_INBOX) {
		if (new->parent != 0 || new->role != m->role || !str_eq_nocase(new->name, m->name))
			return FAIL_PERM;
		new->name = m->name;
	}
	if (new->parent == m->parent && str_eq(new->name, m->name) &&
	    new->role == m->role &&new->sort_order == m->sort_order &&new->is_subscribed ==
		m->is_subscribed)
		return FAIL_NONE;
	fail = place_check(a, id, new);
	return fail ? fail : edit_run(a, NULL, update_run, &update);
}

enum fail
mailbox_rename_path(struct account *a, uint32_t id, struct str path)
{
	struct mailbox *m = mailbox_get(a, id), *other;
	struct mailbox_new to = { .parent = 0 };
	struct str start = path, name;
	enum fail fail;

	if (!m)
		return FAIL_MISSING;
	if (m->role == MAILBOX_ROLE_INBOX)
		return FAIL_PERM;
	other = mailbox_by_path(a, path);
	if (other && other != m)
		return FAIL_DENIED;
	for (other = NULL; str_take_until(&start, '/', &name);) { /* not below itself */
		other = mailbox_child(a, other ? other->id : 0, name);
		if (!other)
			break;
		if (other == m)
			return FAIL_PERM;
	}
	fail = parents_make(a, path, m->is_subscribed, &to);
	if (fail)
		return fail;
	return mailbox_update(a, id, MAILBOX_SET_PARENT | MAILBOX_SET_NAME, &to);
}

/* --- emptying and deleting -------------------------------------------------------------------------------- */

struct removal {
	uint32_t mailbox, to; /* to: move there, 0: remove */
	bool is_done;
};

/* The lowest UIDs of a mailbox. */
static enum fail
uids_first(struct edit *e, uint32_t mailbox, uint32_t *out, size_t max, size_t *count)
{
	struct key from = key_account(SPACE_VIEW, e->account->id), to;
	struct str key, value;
	struct key_reader r;
	struct cursor c;

	key_u32(&from, mailbox);
	to = key_after(from);
	*count = 0;
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (*count < max && cursor_next(&c, &key, &value)) {
		key_read(&r, str_from(key, from.n));
		out[(*count)++] = key_read_u32(&r);
	}
	return cursor_end(&c);
}

static enum fail
slice_run(struct edit *e, void *arg)
{
	struct removal *removal = arg;
	uint32_t uids[PURGE_SLICE];
	size_t count = 0, at = 0;
	enum fail fail = uids_first(e, removal->mailbox, uids, PURGE_SLICE, &count);

	for (size_t i = 0; fail == FAIL_NONE && i < count; i++) {
		fail = email_edit_at(e, removal->mailbox, uids[i], &at);
		if (fail == FAIL_NONE)
			email_edit_leave(e, at);
		if (fail == FAIL_NONE && removal->to)
			fail = email_edit_join(e, removal->to, false);
		if (fail == FAIL_NONE)
			fail = email_save(e);
	}
	removal->is_done = count < PURGE_SLICE;
	return fail;
}

/* The mailbox record and what hangs on it. */
static enum fail
mailbox_drop(struct edit *e, struct mailbox_edit *m)
{
	struct key from = key_account(SPACE_EXPUNGED, e->account->id), to;
	enum fail fail = annotations_drop(e, m->now.id);

	if (fail == FAIL_NONE)
		fail = acl_drop(e, m->now.id);
	key_u32(&from, m->now.id);
	to = key_after(from);
	m->is_deleted = true;
	m->bits |= MAIL_CHANGED_LIST;
	return fail ? fail : txn_delete_range(e->txn, key_str(&from), key_str(&to));
}

static enum fail
delete_run(struct edit *e, void *arg)
{
	struct removal *removal = arg;
	struct mailbox_edit *m = edit_mailbox(e, removal->mailbox);
	uint64_t modseq = edit_modseq(e);
	enum fail fail;

	if (!m)
		return FAIL_MISSING;
	fail = edit_tombstone(e, CHANGE_MAILBOX, m->now.id, modseq, m->now.created_modseq);
	e->counters.state[CHANGE_MAILBOX] = modseq;
	e->bits |= MAIL_CHANGED_MAILBOXES | MAIL_CHANGED_LIST;
	m->bits |= MAIL_CHANGED_MAILBOXES | MAIL_CHANGED_LIST;
	if (fail == FAIL_NONE)
		fail = acl_log_dead(e, removal->mailbox);
	m = edit_mailbox(e, removal->mailbox);
	if (!m)
		return FAIL_PERM;
	m->now.is_dead = true;
	removal->is_done = true;
	if (fail == FAIL_NONE && m->now.messages > 0)
		fail = slice_run(e, removal);
	m = edit_mailbox(e, removal->mailbox);
	if (fail == FAIL_NONE && removal->is_done && m)
		fail = mailbox_drop(e, m);
	return fail;
}

enum fail
mailbox_delete(struct account *a, uint32_t id, bool with_messages)
{
	struct mailbox *m = mailbox_get(a, id);
	struct removal removal = { .mailbox = id };
	enum fail fail = account_usable(a);

	if (fail || !m)
		return fail ? fail : FAIL_MISSING;
	if (m->role == MAILBOX_ROLE_INBOX)
		return FAIL_PERM;
	if (mailbox_has_children(a, id) || (m->messages > 0 && !with_messages))
		return FAIL_DENIED;
	fail = edit_run(a, NULL, delete_run, &removal);
	if (fail == FAIL_NONE && !removal.is_done)
		account_purge_later(account_inner(a));
	return fail;
}

static enum fail
purge_run(struct edit *e, void *arg)
{
	struct removal *removal = arg;
	struct mailbox_edit *m;
	enum fail fail = slice_run(e, removal);

	m = edit_mailbox(e, removal->mailbox);
	if (fail == FAIL_NONE && removal->is_done && m)
		fail = mailbox_drop(e, m);
	return fail;
}

enum fail
mailbox_purge(struct account *a, bool *done)
{
	struct account_private *p = account_inner(a);
	struct removal removal = { .is_done = false };
	enum fail fail = account_usable(a);

	*done = p->dead_count == 0;
	if (fail || *done)
		return fail;
	removal.mailbox = p->dead[0]->id;
	fail = edit_run(a, NULL, purge_run, &removal);
	*done = p->dead_count == 0;
	return fail;
}

enum fail
mailbox_empty_into(struct account *a, uint32_t from, uint32_t to, bool *done)
{
	struct removal removal = { .mailbox = from, .to = to };
	enum fail fail = account_usable(a);

	*done = false;
	if (fail)
		return fail;
	if (!mailbox_get(a, from) || !mailbox_get(a, to) || from == to)
		return FAIL_MISSING;
	fail = edit_run(a, NULL, slice_run, &removal);
	*done = fail == FAIL_NONE && removal.is_done;
	return fail;
}
