#include "imap/list_rows.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/name.h"
#include "mail/subscription.h"

#define LIST_NAMES_MAX 10000 /* names alone: 1000 subscriptions, and what stands above them */

struct name_alone { /* arena */
	struct map_node node;
	size_t row;
};

/* --- rows ---------------------------------------------------------------------------------------- */

static struct imap_row *
row_add(struct imap_rows *rows)
{
	if (rows->count == rows->cap) {
		rows->cap = rows->cap ? rows->cap * 2 : 64;
		rows->rows = mem_resize(rows->rows, rows->cap, sizeof(*rows->rows));
	}
	rows->rows[rows->count] = (struct imap_row){ .id = 0 };
	return rows->rows + rows->count++;
}

void
imap_rows_release(struct imap_rows *rows)
{
	for (size_t i = 0; i < rows->source_count; i++)
		account_close(&rows->sources[i].account);
	mem_free(rows->sources);
	mem_free(rows->rows);
	map_release(&rows->names);
	*rows = (struct imap_rows){ 0 };
}

struct mailbox *
imap_row_mailbox(const struct imap_row *row)
{
	return row->rights & ACL_LOOKUP ? mailbox_get(row->account, row->id) : NULL;
}

bool
imap_row_is_gone(const struct imap_row *row)
{
	return row->account && !mailbox_get(row->account, row->id);
}

void
imap_row_path(struct imap_session *s, const struct imap_row *row, struct buf *out)
{
	const struct mailbox *m = row->account ? mailbox_get(row->account, row->id) : NULL;

	if (m)
		imap_visible_path_of(s, out, m);
	else
		buf_add(out, row->path);
}

/* --- names alone --------------------------------------------------------------------------------- */

/* Index + 1 of the row of this name alone, made when it is not there; 0: no room. */
static size_t
name_row(struct imap_session *s, struct imap_rows *rows, struct str path, size_t above)
{
	struct map_node *node = map_find(&rows->names, path);
	struct name_alone *name;
	struct imap_row *row;

	if (node)
		return container_of(node, struct name_alone, node)->row + 1;
	name = arena_alloc(&s->run.arena, 1, sizeof(*name));
	path = arena_str(&s->run.arena, path);
	if (!name || !path.p || rows->names.count == LIST_NAMES_MAX)
		return 0;
	name->row = rows->count;
	map_insert(&rows->names, &name->node, path);
	row = row_add(rows);
	row->path = path;
	row->above = above;
	return rows->count;
}

/* --- one account ---------------------------------------------------------------------------------- */

static struct imap_row_source *
source_add(struct imap_rows *rows, struct account *a)
{
	if (rows->source_count == rows->source_cap) {
		rows->source_cap = rows->source_cap ? rows->source_cap * 2 : 4;
		rows->sources = mem_resize(rows->sources, rows->source_cap, sizeof(*rows->sources));
	}
	rows->sources[rows->source_count] = (struct imap_row_source){ .account = account_ref(a) };
	return rows->sources + rows->source_count++;
}

/* The mailboxes of an account, below row `top` (index + 1, 0: none) but for one's own INBOX. */
static enum fail
account_rows(struct imap_session *s, struct imap_rows *rows, struct account *a, size_t top,
    const unsigned *rights)
{
	struct mailbox **tree = arena_alloc(&s->run.arena, a->mailbox_count + 1, sizeof(*tree));
	size_t *row_of = arena_alloc(&s->run.arena, a->mailbox_count + 1, sizeof(*row_of));
	bool is_own = imap_is_own(s, a);

	if (!tree || !row_of)
		return FAIL_LIMIT;
	mailbox_tree(a, tree);
	for (size_t i = 0; i < a->mailbox_count; i++) {
		struct imap_row *row = row_add(rows);
		const struct mailbox *m = tree[i];
		size_t place = mailbox_place(a, m->id);

		row_of[place] = rows->count - 1;
		row->account = a;
		row->id = m->id;
		row->rights = rights ? rights[place] : ACL_ALL;
		row->is_subscribed = is_own && m->is_subscribed;
		if (m->parent)
			row->above = row_of[mailbox_place(a, m->parent)] + 1;
		else if (m->role != MAILBOX_ROLE_INBOX || !is_own)
			row->above = top;
	}
	source_add(rows, a)->row_of = row_of;
	return FAIL_NONE;
}

/* The user's own; their prefix is a level above them, INBOX itself or a name alone. */
static enum fail
own_rows(struct imap_session *s, struct imap_rows *rows)
{
	struct str prefix = imap_prefix(s);

	if (imap_name_is_inbox(prefix)) /* INBOX comes first */
		rows->own_top = 1;
	else if (prefix.n > 0)
		rows->own_top = name_row(s, rows, prefix, 0);
	return account_rows(s, rows, s->account, rows->own_top, NULL);
}

/* --- others --------------------------------------------------------------------------------------- */

/* Those of another account of which the user may see, or search, something. */
static enum fail
other_rows(struct imap_session *s, struct imap_rows *rows, struct account *a)
{
	struct str space = namespace_names[imap_namespace_of(s, a)];
	struct acl_user who = imap_user(s);
	unsigned *rights = arena_alloc(&s->run.arena, a->mailbox_count + 1, sizeof(*rights));
	enum fail fail = rights ? acl_rights_all(a, &who, rights) : FAIL_LIMIT;
	enum mail_namespace found;
	bool has_any = false;
	struct buf path;
	size_t top;

	for (size_t i = 0; fail == FAIL_NONE && i < a->mailbox_count; i++)
		has_any |= (rights[i] & (ACL_LOOKUP | ACL_READ)) != 0;
	if (fail != FAIL_NONE || !has_any || !imap_in_namespace(s, space, &found))
		return fail;
	top = name_row(s, rows, space, 0);
	buf_init(&path, IMAP_NAME_MAX);
	buf_add(&path, space);
	buf_add_char(&path, IMAP_DELIMITER);
	buf_add(&path, a->name);
	if (top > 0)
		top = name_row(s, rows, buf_str(&path), top);
	buf_release(&path);
	return top > 0 ? account_rows(s, rows, a, top, rights) : FAIL_LIMIT;
}

/* One account, opened for as long as the rows live; a name with a delimiter in it is no level. */
static enum fail
other_account(struct imap_session *s, struct imap_rows *rows, struct account *a)
{
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; i < rows->source_count; i++)
		if (rows->sources[i].account == a)
			return FAIL_NONE;
	if (str_find_char(a->name, IMAP_DELIMITER) == STR_NONE)
		fail = other_rows(s, rows, a);
	return fail;
}

static enum fail
others_rows(struct imap_session *s, struct imap_rows *rows)
{
	struct acl_user who = imap_user(s);
	uint64_t *ids = arena_alloc(&s->run.arena, ACL_ACCOUNTS_MAX, sizeof(*ids));
	struct account *a;
	size_t count = 0;
	enum fail fail = ids ? FAIL_NONE : FAIL_LIMIT;

	if (fail == FAIL_NONE)
		fail = acl_accounts(s->service->mail, &who, ids, ACL_ACCOUNTS_MAX, &count);
	for (size_t i = 0; fail == FAIL_NONE && i < count; i++) {
		fail = account_find_id(s->service->mail, ids[i], &a);
		if (fail == FAIL_NONE)
			fail = other_account(s, rows, a);
		else if (fail == FAIL_MISSING)
			fail = FAIL_NONE;
		account_close(&a);
	}
	return fail;
}

/* --- paths to rows --------------------------------------------------------------------------------- */

/* Index + 1 of the row of a mailbox by its path in one of the accounts, 0: none. */
static size_t
mailbox_row(const struct imap_row_source *source, struct str path)
{
	const struct mailbox *m = mailbox_by_path(source->account, path);

	return m ? source->row_of[mailbox_place(source->account, m->id)] + 1 : 0;
}

/* The same by its path as imap_place() takes it. */
static size_t
place_row(struct imap_session *s, const struct imap_rows *rows, struct str path)
{
	enum mail_namespace space;
	struct str name;

	if (!imap_in_namespace(s, path, &space))
		return mailbox_row(rows->sources, path); /* the user's own come first */
	if (!str_take_until(&path, IMAP_DELIMITER, &name) ||
	    !str_take_until(&path, IMAP_DELIMITER, &name))
		return 0;
	for (size_t i = 1; i < rows->source_count; i++) {
		const struct imap_row_source *source = rows->sources + i;

		if (str_eq(source->account->name, name) &&
		    imap_namespace_of(s, source->account) == space)
			return mailbox_row(source, path);
	}
	return 0;
}

size_t
imap_rows_find(struct imap_session *s, const struct imap_rows *rows, struct str name)
{
	struct map_node *node;
	struct str path;
	size_t row = 0;

	if (imap_name_path(s, name, &path) == FAIL_NONE)
		row = place_row(s, rows, path);
	if (row > 0 || imap_visible_path(s, name, &path) != FAIL_NONE)
		return row;
	node = map_find(&rows->names, path);
	return node ? container_of(node, struct name_alone, node)->row + 1 : 0;
}

/* --- subscriptions --------------------------------------------------------------------------------- */

/* The row of one level of a subscribed path; index + 1, 0: no room. */
static size_t
level_row(struct imap_session *s, struct imap_rows *rows, struct str path, bool is_own,
    size_t above)
{
	struct str prefix = imap_prefix(s);
	struct buf visible;
	size_t row = place_row(s, rows, path);

	if (row > 0)
		return row;
	buf_init(&visible, IMAP_NAME_MAX);
	if (is_own && prefix.n > 0) {
		buf_add(&visible, prefix);
		buf_add_char(&visible, IMAP_DELIMITER);
	}
	buf_add(&visible, path);
	row = name_row(s, rows, buf_str(&visible), above);
	buf_release(&visible);
	return row;
}

static bool
subscribed_row(struct imap_session *s, struct imap_rows *rows, struct str path)
{
	enum mail_namespace space;
	bool is_own = !imap_in_namespace(s, path, &space);
	size_t row = is_own ? rows->own_top : 0;

	for (size_t i = 0; i <= path.n; i++) {
		if (i < path.n && path.p[i] != IMAP_DELIMITER)
			continue;
		row = level_row(s, rows, str_head(path, i), is_own, row);
		if (row == 0)
			return false;
	}
	rows->rows[row - 1].is_subscribed = true;
	return true;
}

static enum fail
subscribed_rows(struct imap_session *s, struct imap_rows *rows)
{
	struct str *names;
	size_t count;
	enum fail fail = subscription_list(s->account, &s->run.arena, &names, &count);

	for (size_t i = 0; fail == FAIL_NONE && i < count; i++)
		if (!subscribed_row(s, rows, names[i]))
			fail = FAIL_LIMIT;
	return fail;
}

enum fail
imap_rows_make(struct imap_session *s, struct imap_rows *rows)
{
	enum fail fail = own_rows(s, rows);

	if (fail == FAIL_NONE && imap_offers(s, CAP_ACL))
		fail = others_rows(s, rows);
	return fail == FAIL_NONE ? subscribed_rows(s, rows) : fail;
}
