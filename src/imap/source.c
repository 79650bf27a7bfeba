#include "imap/source.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/name.h"
#include "imap/session.h"

/* --- parsing ------------------------------------------------------------------------------------------------ */

static bool
name_add(struct imap_cursor *c, struct imap_sources *out, enum imap_source_how how)
{
	struct str name;

	if (!imap_astring(c, &name))
		return false;
	if (!out->named)
		out->named = arena_alloc(c->arena, IMAP_SOURCE_NAMES_MAX, sizeof(*out->named));
	if (!out->named || out->count == IMAP_SOURCE_NAMES_MAX) {
		c->is_over = true;
		return false;
	}
	out->named[out->count].name = name;
	out->named[out->count++].how = how;
	return true;
}

/* one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")" */
static bool
names_parse(struct imap_cursor *c, struct imap_sources *out, enum imap_source_how how)
{
	if (!imap_char(c, '('))
		return name_add(c, out, how);
	do {
		if (!name_add(c, out, how))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')');
}

bool
imap_source_parse(struct imap_cursor *c, struct imap_sources *out)
{
	static const struct {
		struct str word;
		unsigned group; /* 0: names follow */
		enum imap_source_how how;
	} rows[] = {
		{ STR_INIT("SELECTED"), SOURCE_SELECTED, SOURCE_MAILBOX },
		{ STR_INIT("INBOXES"), SOURCE_PERSONAL, SOURCE_MAILBOX },
		{ STR_INIT("PERSONAL"), SOURCE_PERSONAL, SOURCE_MAILBOX },
		{ STR_INIT("SUBSCRIBED"), SOURCE_SUBSCRIBED, SOURCE_MAILBOX },
		{ STR_INIT("SUBTREE"), 0, SOURCE_SUBTREE },
		{ STR_INIT("SUBTREE-ONE"), 0, SOURCE_SUBTREE_ONE },
		{ STR_INIT("MAILBOXES"), 0, SOURCE_MAILBOX },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!imap_keyword(c, rows[i].word))
			continue;
		out->groups |= rows[i].group;
		return rows[i].group != 0 || (imap_sp(c) && names_parse(c, out, rows[i].how));
	}
	return false;
}

bool
imap_sources_only_selected(const struct imap_sources *sources)
{
	return sources->groups == SOURCE_SELECTED && sources->count == 0;
}

/* --- finding ------------------------------------------------------------------------------------------------ */

enum { /* of a mailbox */
	MARK_TAKEN = 1,
	MARK_ALL_BELOW = 2,
	MARK_CHILDREN = 4,
};

static void
mark_named(struct imap_session *s, const struct imap_sources *sources, unsigned char *marks)
{
	static const unsigned char marks_of[] = { [SOURCE_MAILBOX] = MARK_TAKEN,
		[SOURCE_SUBTREE] = MARK_TAKEN | MARK_ALL_BELOW,
		[SOURCE_SUBTREE_ONE] = MARK_TAKEN | MARK_CHILDREN };

	for (size_t i = 0; i < sources->count; i++) {
		const struct mailbox *m = NULL;
		struct str path;

		if (imap_name_path(s, sources->named[i].name, &path) == FAIL_NONE)
			m = mailbox_by_path(s->account, path);
		if (m)
			marks[mailbox_place(s->account, m->id)] |= marks_of[sources->named[i].how];
	}
}

static bool
is_in_group(const struct imap_session *s, const struct mailbox *m, unsigned groups)
{
	return (groups & SOURCE_PERSONAL) || (groups & SOURCE_SUBSCRIBED && m->is_subscribed) ||
	    (groups & SOURCE_SELECTED && imap_box_is(s, m));
}

enum fail
imap_sources_find(struct imap_session *s, const struct imap_sources *sources,
    struct imap_source **found_out, size_t *count_out)
{
	struct account *a = s->account;
	size_t all = a->mailbox_count, count = 0;
	unsigned char *marks = arena_alloc(&s->run.arena, all + 1, sizeof(*marks));
	struct mailbox **tree = arena_alloc(&s->run.arena, all + 1, sizeof(*tree));
	struct imap_source *found = arena_alloc(&s->run.arena, all + 1, sizeof(*found));

	if (!marks || !tree || !found)
		return FAIL_LIMIT;
	mailbox_tree(a, tree);
	mark_named(s, sources, marks);
	for (size_t i = 0; i < all; i++) { /* parents come before their children */
		const struct mailbox *m = tree[i];
		unsigned char *mark = &marks[mailbox_place(a, m->id)];
		unsigned char above = m->parent ? marks[mailbox_place(a, m->parent)] : 0;

		if (above & MARK_ALL_BELOW)
			*mark |= MARK_TAKEN | MARK_ALL_BELOW;
		if (above & MARK_CHILDREN)
			*mark |= MARK_TAKEN;
		if (*mark & MARK_TAKEN || is_in_group(s, m, sources->groups))
			found[count++] = (struct imap_source){ a, m->id };
	}
	/* another's, which the view holds as long as it is selected */
	if (sources->groups & SOURCE_SELECTED && imap_is_selected(s) &&
	    !imap_is_own(s, imap_box(s)))
		found[count++] = (struct imap_source){ imap_box(s), s->view.view->mailbox };
	*found_out = found;
	*count_out = count;
	return FAIL_NONE;
}
