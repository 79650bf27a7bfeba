#include "imap/source.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/list_rows.h"

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
mark_named(struct imap_session *s, const struct imap_sources *sources, const struct imap_rows *rows,
    unsigned char *marks)
{
	static const unsigned char marks_of[] = { [SOURCE_MAILBOX] = MARK_TAKEN,
		[SOURCE_SUBTREE] = MARK_TAKEN | MARK_ALL_BELOW,
		[SOURCE_SUBTREE_ONE] = MARK_TAKEN | MARK_CHILDREN };

	for (size_t i = 0; i < sources->count; i++) {
		size_t row = imap_rows_find(s, rows, sources->named[i].name);

		if (row > 0)
			marks[row - 1] |= marks_of[sources->named[i].how];
	}
}

/* Marks go down the tree: what lies above a row stands before it. */
static void
mark_below(const struct imap_rows *rows, unsigned char *marks)
{
	for (size_t i = 0; i < rows->count; i++) {
		size_t above = rows->rows[i].above;
		unsigned char mark = above > 0 ? marks[above - 1] : 0;

		if (mark & MARK_ALL_BELOW)
			marks[i] |= MARK_TAKEN | MARK_ALL_BELOW;
		if (mark & MARK_CHILDREN)
			marks[i] |= MARK_TAKEN;
	}
}

static bool
is_in_group(const struct imap_session *s, const struct imap_row *row, unsigned groups)
{
	return (groups & SOURCE_PERSONAL && imap_is_own(s, row->account)) ||
	    (groups & SOURCE_SUBSCRIBED && row->is_subscribed) ||
	    (groups & SOURCE_SELECTED && imap_box_has_id(s, row->account, row->id));
}

/* The selected mailbox: its view holds the account. */
static enum fail
find_selected(struct imap_session *s, struct imap_source **found_out, size_t *count_out)
{
	*found_out = arena_alloc(&s->run.arena, 1, sizeof(**found_out));
	if (!*found_out)
		return FAIL_LIMIT;
	**found_out = (struct imap_source){ imap_box(s), s->view.view->mailbox };
	*count_out = 1;
	return FAIL_NONE;
}

enum fail
imap_sources_find(struct imap_session *s, const struct imap_sources *sources,
    struct imap_rows *rows, struct imap_source **found_out, size_t *count_out)
{
	struct imap_source *found;
	unsigned char *marks;
	size_t count = 0;
	enum fail fail;

	if (imap_sources_only_selected(sources))
		return find_selected(s, found_out, count_out);
	fail = imap_rows_make(s, rows);
	if (fail != FAIL_NONE)
		return fail;
	marks = arena_alloc(&s->run.arena, rows->count + 1, sizeof(*marks));
	found = arena_alloc(&s->run.arena, rows->count + 1, sizeof(*found));
	if (!marks || !found)
		return FAIL_LIMIT;
	mark_named(s, sources, rows, marks);
	mark_below(rows, marks);
	for (size_t i = 0; i < rows->count; i++) {
		const struct imap_row *row = rows->rows + i;

		if (row->account && row->rights & ACL_READ &&
		    (marks[i] & MARK_TAKEN || is_in_group(s, row, sources->groups)))
			found[count++] = (struct imap_source){ row->account, row->id };
	}
	*found_out = found;
	*count_out = count;
	return FAIL_NONE;
}
