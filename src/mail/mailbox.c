#include "mail/mailbox.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

const struct str mailbox_role_names[MAILBOX_ROLE_COUNT] = {
	[MAILBOX_ROLE_NONE] = STR_INIT(""),
	[MAILBOX_ROLE_INBOX] = STR_INIT("inbox"),
	[MAILBOX_ROLE_DRAFTS] = STR_INIT("drafts"),
	[MAILBOX_ROLE_SENT] = STR_INIT("sent"),
	[MAILBOX_ROLE_JUNK] = STR_INIT("junk"),
	[MAILBOX_ROLE_TRASH] = STR_INIT("trash"),
	[MAILBOX_ROLE_ARCHIVE] = STR_INIT("archive"),
	[MAILBOX_ROLE_ALL] = STR_INIT("all"),
	[MAILBOX_ROLE_FLAGGED] = STR_INIT("flagged"),
	[MAILBOX_ROLE_IMPORTANT] = STR_INIT("important"),
};

const struct str mailbox_role_imap_names[MAILBOX_ROLE_COUNT] = {
	[MAILBOX_ROLE_NONE] = STR_INIT(""),
	[MAILBOX_ROLE_INBOX] = STR_INIT(""),
	[MAILBOX_ROLE_DRAFTS] = STR_INIT("\\Drafts"),
	[MAILBOX_ROLE_SENT] = STR_INIT("\\Sent"),
	[MAILBOX_ROLE_JUNK] = STR_INIT("\\Junk"),
	[MAILBOX_ROLE_TRASH] = STR_INIT("\\Trash"),
	[MAILBOX_ROLE_ARCHIVE] = STR_INIT("\\Archive"),
	[MAILBOX_ROLE_ALL] = STR_INIT("\\All"),
	[MAILBOX_ROLE_FLAGGED] = STR_INIT("\\Flagged"),
	[MAILBOX_ROLE_IMPORTANT] = STR_INIT("\\Important"),
};

static bool
role_find(const struct str *names, struct str name, enum mailbox_role *out)
{
	for (unsigned i = 1; i < MAILBOX_ROLE_COUNT; i++) {
		if (names[i].n && str_eq_nocase(names[i], name)) {
			*out = (enum mailbox_role)i;
			return true;
		}
	}
	return false;
}

bool
mailbox_role_parse(struct str jmap_name, enum mailbox_role *out)
{
	return role_find(mailbox_role_names, jmap_name, out);
}

bool
mailbox_role_parse_imap(struct str attribute, enum mailbox_role *out)
{
	return role_find(mailbox_role_imap_names, attribute, out);
}

/* --- finding ------------------------------------------------------------------------------------------- */

size_t
mailbox_place(const struct account *a, uint32_t id)
{
	size_t low = 0, high = a->mailbox_count; /* ids ascend */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (a->mailboxes[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct mailbox *
mailbox_get(const struct account *a, uint32_t id)
{
	size_t at = mailbox_place(a, id);

	return at < a->mailbox_count && a->mailboxes[at]->id == id ? a->mailboxes[at] : NULL;
}

struct mailbox *
mailbox_by_role(const struct account *a, enum mailbox_role role)
{
	for (size_t i = 0; role != MAILBOX_ROLE_NONE && i < a->mailbox_count; i++)
		if (a->mailboxes[i]->role == role)
			return a->mailboxes[i];
	return NULL;
}

struct mailbox *
mailbox_child(const struct account *a, uint32_t parent, struct str name)
{
	if (parent == 0 && str_eq_nocase(name, STR("INBOX")))
		return mailbox_by_role(a, MAILBOX_ROLE_INBOX);
	for (size_t i = 0; i < a->mailbox_count; i++)
		if (a->mailboxes[i]->parent == parent && str_eq(a->mailboxes[i]->name, name))
			return a->mailboxes[i];
	return NULL;
}

struct mailbox *
mailbox_by_path(const struct account *a, struct str path)
{
	struct mailbox *m = NULL;
	struct str name;

	while (str_next_part(&path, '/', &name)) {
		m = mailbox_child(a, m ? m->id : 0, name);
		if (!m)
			return NULL;
	}
	return m;
}

bool
mailbox_has_children(const struct account *a, uint32_t id)
{
	for (size_t i = 0; i < a->mailbox_count; i++)
		if (a->mailboxes[i]->parent == id)
			return true;
	return false;
}

void
mailbox_path_write(const struct account *a, const struct mailbox *m, struct buf *out)
{
	const struct mailbox *chain[MAILBOX_DEPTH_MAX];
	size_t depth = 0;

	while (m && depth < MAILBOX_DEPTH_MAX) {
		chain[depth++] = m;
		m = m->parent ? mailbox_get(a, m->parent) : NULL;
	}
	while (depth) {
		m = chain[--depth];
		buf_add(out, m->role == MAILBOX_ROLE_INBOX ? STR("INBOX") : m->name);
		if (depth)
			buf_add_char(out, '/');
	}
}

/* --- the order of LIST ----------------------------------------------------------------------------------- */

static int
sibling_cmp(const void *a, const void *b)
{
	const struct mailbox *x = *(struct mailbox *const *)a;
	const struct mailbox *y = *(struct mailbox *const *)b;
	bool x_inbox = x->role == MAILBOX_ROLE_INBOX, y_inbox = y->role == MAILBOX_ROLE_INBOX;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x_inbox != y_inbox)
		return x_inbox ? -1 : 1;
	if (x->sort_order != y->sort_order)
		return x->sort_order < y->sort_order ? -1 : 1;
	return str_cmp(x->name, y->name);
}

/* First of the children of `parent` in a list sorted by sibling_cmp(). */
static size_t
children_at(struct mailbox *const *sorted, size_t count, uint32_t parent)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sorted[middle]->parent < parent)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
mailbox_tree(const struct account *a, struct mailbox **out)
{
	size_t count = a->mailbox_count, n = 0, depth = 0;
	struct mailbox **sorted;
	size_t at[MAILBOX_DEPTH_MAX + 1];
	uint32_t parent[MAILBOX_DEPTH_MAX + 1];

	if (count == 0)
		return;
	sorted = mem_new(count, sizeof(*sorted));
	memcpy(sorted, a->mailboxes, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), sibling_cmp);
	at[0] = 0;
	parent[0] = 0;
	while (n < count) {
		if (at[depth] == count || sorted[at[depth]]->parent != parent[depth]) {
			if (depth == 0)
				break;
			depth--;
			continue;
		}
		out[n] = sorted[at[depth]++];
		if (depth < MAILBOX_DEPTH_MAX) {
			parent[depth + 1] = out[n]->id;
			depth++;
			at[depth] = children_at(sorted, count, out[n]->id);
		}
		n++;
	}
	invariant(n == count);
	mem_free(sorted);
}
