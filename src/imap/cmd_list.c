#include "imap/list.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/name.h"
#include "imap/command.h"

struct list_work { /* arena: the command's */
	struct imap_list list;
	struct str *paths; /* the patterns behind their reference, as paths */
	uint32_t *ids;     /* all mailboxes, in tree order */
	bool *has_below; /* for RECURSIVEMATCH and LSUB: one below it is selected by the options */
	size_t count, at;
	bool is_lsub;
};

/* --- what the options say ------------------------------------------------------------------------ */

/* Do the selection options take this mailbox? Both of them must, when both are there. */
static bool
is_selected(const struct list_work *w, const struct mailbox *m)
{
	if (w->list.selects & LIST_SUBSCRIBED && !m->is_subscribed)
		return false;
	if (w->list.selects & LIST_SPECIAL_USE && mailbox_role_imap_names[m->role].n == 0)
		return false;
	return true;
}

static bool
matches(const struct list_work *w, struct str path)
{
	for (size_t i = 0; i < w->list.pattern_count; i++)
		if (w->paths[i].p && imap_name_matches(w->paths[i], path))
			return true;
	return false;
}

/* The last "%" of a pattern of LSUB stands for parents of what is subscribed (RFC 3501 6.3.9). */
static bool
shows_parents(const struct list_work *w)
{
	if (!w->is_lsub)
		return (w->list.selects & LIST_RECURSIVE) != 0;
	return str_ends(w->paths[0], STR("%"));
}

/* Mark the parents of what the options select, children before parents. */
static void
mark_parents(struct imap_session *s, struct list_work *w)
{
	for (size_t i = w->count; i-- > 0;) {
		const struct mailbox *m = mailbox_get(s->account, w->ids[i]);

		if (!m || (!w->has_below[i] && !is_selected(w, m)))
			continue;
		for (size_t j = i; m->parent != 0 && j-- > 0;) {
			if (w->ids[j] != m->parent)
				continue;
			w->has_below[j] = true;
			break;
		}
	}
}

/* --- writing ------------------------------------------------------------------------------------ */

static void
attribute(struct buf *out, struct str name, bool *is_first)
{
	if (!*is_first)
		buf_add_char(out, ' ');
	buf_add(out, name);
	*is_first = false;
}

static void
attributes_write(struct buf *out, const struct mailbox *m, bool has_subscribed, bool is_no_select)
{
	bool is_first = true;

	buf_add_char(out, '(');
	if (is_no_select)
		attribute(out, STR("\\Noselect"), &is_first);
	attribute(out,
	    mailbox_has_children(m->account, m->id) ? STR("\\HasChildren") : STR("\\HasNoChildren"),
	    &is_first);
	if (has_subscribed && m->is_subscribed)
		attribute(out, STR("\\Subscribed"), &is_first);
	if (mailbox_role_imap_names[m->role].n > 0)
		attribute(out, mailbox_role_imap_names[m->role], &is_first);
	buf_add_c(out, ") " IMAP_DELIMITER_TEXT " ");
}

void
imap_list_write(struct imap_session *s, struct buf *out, const struct mailbox *m)
{
	buf_add_c(out, "LIST ");
	attributes_write(out, m, false, false);
	imap_path_write(s, out, m);
}

/* childinfo-extended-item = "CHILDINFO" SP "(" list-select-base-opt-quoted .. ")" */
static void
childinfo_write(struct buf *out, unsigned selects)
{
	bool has_both = (selects & LIST_SUBSCRIBED) && (selects & LIST_SPECIAL_USE);

	buf_add_c(out, " (CHILDINFO (");
	if (selects & LIST_SUBSCRIBED)
		buf_add_c(out, "\"SUBSCRIBED\"");
	if (has_both)
		buf_add_char(out, ' ');
	if (selects & LIST_SPECIAL_USE)
		buf_add_c(out, "\"SPECIAL-USE\"");
	buf_add_c(out, "))");
}

static enum fail
mailbox_told(struct imap_session *s, const struct list_work *w, const struct mailbox *m, size_t at)
{
	struct buf *out = conn_out(s->conn);
	unsigned options = w->list.selects | w->list.returns;
	bool is_taken = is_selected(w, m);
	uint64_t longest;

	buf_add_c(out, w->is_lsub ? "* LSUB " : "* LIST ");
	attributes_write(out, m, (options & LIST_SUBSCRIBED) && !w->is_lsub,
	    w->is_lsub && !is_taken);
	imap_path_write(s, out, m);
	if (w->list.selects & LIST_RECURSIVE && w->has_below[at])
		childinfo_write(out, w->list.selects);
	buf_add_c(out, "\r\n");
	if (!is_taken)
		return FAIL_NONE;
	if (w->list.returns & LIST_STATUS) {
		buf_add_c(out, "* ");
		imap_status_write(s, out, m, w->list.status);
	}
	if (w->list.returns & LIST_METADATA)
		return imap_metadata_write(s, out, m, &w->list.entries, &longest);
	return FAIL_NONE;
}

static enum imap_state
list_step(struct imap_session *s)
{
	struct list_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	bool has_parents = shows_parents(w);
	enum fail fail = FAIL_NONE;
	struct buf path;

	buf_init(&path, IMAP_NAME_MAX);
	for (; fail == FAIL_NONE && w->at < w->count && !imap_slice_over_now(s, &slice); w->at++) {
		const struct mailbox *m = mailbox_get(s->account, w->ids[w->at]);

		if (!m || (!is_selected(w, m) && !(has_parents && w->has_below[w->at])))
			continue;
		buf_clear(&path);
		mailbox_path_write(s->account, m, &path);
		if (matches(w, buf_str(&path)))
			fail = mailbox_told(s, w, m, w->at);
	}
	buf_release(&path);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	if (w->at < w->count)
		return IMAP_WORK;
	return imap_ok(s, NULL, "Mailboxes listed");
}

/* --- beginning ---------------------------------------------------------------------------------- */

/* The patterns as paths; one that is in no encoding matches nothing. */
static bool
paths_make(struct imap_session *s, struct list_work *w)
{
	struct arena *arena = &s->run.arena;
	struct buf text;

	w->paths = arena_alloc(arena, w->list.pattern_count, sizeof(*w->paths));
	if (!w->paths)
		return false;
	buf_init(&text, IMAP_NAME_MAX);
	for (size_t i = 0; i < w->list.pattern_count; i++) {
		buf_clear(&text);
		buf_add(&text, w->list.reference);
		buf_add(&text, w->list.patterns[i]);
		if (imap_name_parse(arena, buf_str(&text), imap_is_utf8(s), &w->paths[i]) !=
		    FAIL_NONE)
			w->paths[i] = (struct str){ 0 };
	}
	buf_release(&text);
	return true;
}

static bool
ids_make(struct imap_session *s, struct list_work *w)
{
	struct arena *arena = &s->run.arena;
	struct mailbox **tree;

	w->count = s->account->mailbox_count;
	tree = arena_alloc(arena, w->count + 1, sizeof(*tree));
	w->ids = arena_alloc(arena, w->count + 1, sizeof(*w->ids));
	w->has_below = arena_alloc(arena, w->count + 1, sizeof(*w->has_below));
	if (!tree || !w->ids || !w->has_below)
		return false;
	mailbox_tree(s->account, tree);
	for (size_t i = 0; i < w->count; i++)
		w->ids[i] = tree[i]->id;
	return true;
}

static enum imap_state
begin(struct imap_session *s, struct list_work *w)
{
	if (!paths_make(s, w) || !ids_make(s, w))
		return imap_fail(s, FAIL_LIMIT);
	if (shows_parents(w))
		mark_parents(s, w);
	s->run.data = w;
	s->run.work = list_step;
	return IMAP_WORK;
}

/* RFC 9051 6.3.9: an empty pattern asks for the delimiter */
static enum imap_state
delimiter_told(struct imap_session *s, const char *name)
{
	buf_add_c(&s->run.before, "* ");
	buf_add_c(&s->run.before, name);
	buf_add_c(&s->run.before, " (\\Noselect) " IMAP_DELIMITER_TEXT " \"\"\r\n");
	return imap_ok(s, NULL, "Delimiter told");
}

enum imap_state
imap_cmd_list(struct imap_session *s, struct imap_cursor *args)
{
	struct list_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	if (!imap_list_parse(args, &w->list) || !imap_status_begin(s, w->list.status))
		return imap_wrong(s, args);
	if (!w->list.is_extended && w->list.patterns[0].n == 0)
		return delimiter_told(s, "LIST");
	return begin(s, w);
}

/* "LSUB" SP mailbox SP list-mailbox (RFC 3501 6.3.9) */
enum imap_state
imap_cmd_lsub(struct imap_session *s, struct imap_cursor *args)
{
	struct list_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	if (!imap_list_parse(args, &w->list) || w->list.is_extended)
		return imap_wrong(s, args);
	if (w->list.patterns[0].n == 0)
		return delimiter_told(s, "LSUB");
	w->is_lsub = true;
	w->list.selects = LIST_SUBSCRIBED;
	return begin(s, w);
}
