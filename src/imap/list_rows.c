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
	mem_free(rows->rows);
	map_release(&rows->names);
	*rows = (struct imap_rows){ 0 };
}

struct mailbox *
imap_row_mailbox(const struct imap_row *row)
{
	return row->account ? mailbox_get(row->account, row->id) : NULL;
}

void
imap_row_path(struct imap_session *s, const struct imap_row *row, struct buf *out)
{
	const struct mailbox *m = imap_row_mailbox(row);

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

/* Where a mailbox stands among those of its account, which ascend by id. */
static size_t
place_of(const struct account *a, uint32_t id)
{
	size_t low = 0, high = a->mailbox_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (a->mailboxes[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The mailboxes of an account, below row `top` (index + 1, 0: none) but for INBOX; *row_of_out by place. */
static bool
account_rows(struct imap_session *s, struct imap_rows *rows, struct account *a, size_t top,
    size_t **row_of_out)
{
	struct mailbox **tree = arena_alloc(&s->run.arena, a->mailbox_count + 1, sizeof(*tree));
	size_t *row_of = arena_alloc(&s->run.arena, a->mailbox_count + 1, sizeof(*row_of));

	if (!tree || !row_of)
		return false;
	mailbox_tree(a, tree);
	for (size_t i = 0; i < a->mailbox_count; i++) {
		struct imap_row *row = row_add(rows);
		const struct mailbox *m = tree[i];

		row_of[place_of(a, m->id)] = rows->count - 1;
		row->account = a;
		row->id = m->id;
		row->is_subscribed = m->is_subscribed;
		if (m->parent)
			row->above = row_of[place_of(a, m->parent)] + 1;
		else if (m->role != MAILBOX_ROLE_INBOX)
			row->above = top;
	}
	*row_of_out = row_of;
	return true;
}

/* The user's own; their prefix is a level above them, INBOX itself or a name alone. */
static bool
own_rows(struct imap_session *s, struct imap_rows *rows)
{
	struct str prefix = imap_prefix(s);

	if (imap_name_is_inbox(prefix)) /* INBOX comes first */
		rows->own_top = 1;
	else if (prefix.n > 0)
		rows->own_top = name_row(s, rows, prefix, 0);
	return account_rows(s, rows, s->account, rows->own_top, &rows->own);
}

/* --- subscriptions --------------------------------------------------------------------------------- */

/* The row of one's own mailbox, or of a name alone below `above`; index + 1, 0: no room. */
static size_t
own_or_name(struct imap_session *s, struct imap_rows *rows, struct str path, size_t above)
{
	const struct mailbox *m = mailbox_by_path(s->account, path);
	struct str prefix = imap_prefix(s);
	struct buf visible;
	size_t row;

	if (m)
		return rows->own[place_of(s->account, m->id)] + 1;
	buf_init(&visible, IMAP_NAME_MAX);
	if (prefix.n > 0) {
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
	size_t row = rows->own_top;

	for (size_t i = 0; i <= path.n; i++) {
		if (i < path.n && path.p[i] != IMAP_DELIMITER)
			continue;
		row = own_or_name(s, rows, str_head(path, i), row);
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
	if (!own_rows(s, rows))
		return FAIL_LIMIT;
	return subscribed_rows(s, rows);
}
