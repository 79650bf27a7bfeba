/*
 * LIST and LSUB (RFC 9051 6.3.9, RFC 3501 6.3.9, RFC 5258, 5819, 6154, 9590): three walks over the rows that
 * the user may see (list_rows.h), the long ones in slices:
 *
 *     MATCH   which rows do the patterns match, which do the selection options take
 *     MARK    what stands above those that were taken
 *     TELL    a response for each row that is to be told
 */
#include "imap/list.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/command.h"
#include "imap/list_rows.h"
#include "imap/name.h"
#include "imap/rights.h"

struct list_work { /* arena: the command's */
	struct imap_list list;
	struct str *paths;             /* the patterns behind their reference, as paths */
	struct imap_pattern *patterns; /* what is in them, for MATCH only */
	struct imap_rows rows;
	size_t at;
	bool is_telling; /* MATCH and MARK are over */
	bool is_lsub;
};

/* --- MATCH -------------------------------------------------------------------------------------- */

/* Its special use (RFC 6154); that of others' mailboxes is for others. */
static struct str
use_of(const struct imap_session *s, const struct mailbox *m)
{
	return m && imap_is_own(s, m->account) ? mailbox_role_imap_names[m->role] : STR("");
}

/* Do the selection options take it? All of them must. */
static bool
is_taken(const struct imap_session *s, const struct list_work *w, const struct imap_row *row,
    const struct mailbox *m)
{
	if (w->list.selects & LIST_SPECIAL_USE && use_of(s, m).n == 0)
		return false;
	if (w->list.selects & LIST_SUBSCRIBED)
		return row->is_subscribed;
	return m != NULL;
}

static bool
matches(struct list_work *w, struct str path)
{
	for (size_t i = 0; i < w->list.pattern_count; i++)
		if (w->paths[i].p && imap_pattern_matches(&w->patterns[i], path))
			return true;
	return false;
}

static void
patterns_release(struct list_work *w)
{
	for (size_t i = 0; i < w->list.pattern_count; i++)
		imap_pattern_release(&w->patterns[i]);
}

/* False when the slice is used up before the end. */
static bool
match_all(struct imap_session *s, struct list_work *w, struct imap_slice *slice)
{
	struct buf path;

	buf_init(&path, IMAP_NAME_MAX);
	for (; w->at < w->rows.count && !imap_slice_over_now(s, slice); w->at++) {
		struct imap_row *row = &w->rows.rows[w->at];

		buf_clear(&path);
		imap_row_path(s, row, &path);
		row->is_matched = matches(w, buf_str(&path));
		row->is_taken = is_taken(s, w, row, imap_row_mailbox(row));
	}
	buf_release(&path);
	return w->at == w->rows.count;
}

/* --- MARK --------------------------------------------------------------------------------------- */

static void
mark_above(struct list_work *w)
{
	for (size_t i = w->rows.count; i-- > 0;) {
		const struct imap_row *row = &w->rows.rows[i];
		struct imap_row *above;

		if (row->above == 0)
			continue;
		above = &w->rows.rows[row->above - 1];
		above->has_child |= imap_row_mailbox(row) != NULL || row->has_child;
		above->has_taken |= row->is_taken || row->has_taken;
		above->has_untold |= (row->is_taken && !row->is_matched) || row->has_untold;
	}
}

/*
 * Is a row that was not taken told for one below it? Asked for by RECURSIVEMATCH, by the last "%" of LSUB, or
 * because a level without a mailbox is shown where what lies below it is not (RFC 5258 3.4, RFC 9051 6.3.9).
 */
static bool
is_told_for_others(const struct list_work *w, const struct imap_row *row)
{
	if (!row->has_untold)
		return false;
	if (w->is_lsub)
		return str_ends(w->paths[0], STR("%"));
	if (w->list.selects & LIST_RECURSIVE)
		return true;
	return !imap_row_mailbox(row) && !(w->list.selects & (LIST_SUBSCRIBED | LIST_SPECIAL_USE));
}

/* --- TELL --------------------------------------------------------------------------------------- */

static void
attribute(struct buf *out, struct str name, bool *is_first)
{
	if (!*is_first)
		buf_add_char(out, ' ');
	buf_add(out, name);
	*is_first = false;
}

/* Levels below the top: what may have none below it says so. */
static bool
is_deepest(const struct mailbox *m)
{
	size_t depth = 1;

	for (uint32_t parent = m->parent; parent && depth < MAILBOX_DEPTH_MAX; depth++)
		parent = mailbox_get(m->account, parent)->parent;
	return depth == MAILBOX_DEPTH_MAX;
}

/* Of a name without mailbox; clients that know no better are told what \NonExistent implies. */
static void
nonexistent_write(struct imap_session *s, struct buf *out, const struct list_work *w,
    bool *is_first)
{
	bool is_old = w->is_lsub || (!w->list.is_extended && !imap_is_rev2(s));

	attribute(out, is_old ? STR("\\Noselect") : STR("\\NonExistent"), is_first);
}

static void
mailbox_attributes_write(struct buf *out, const struct list_work *w, const struct imap_row *row,
    const struct mailbox *m, bool *is_first)
{
	if (w->is_lsub &&
	    !row->is_taken) /* RFC 3501 6.3.9: only what lies below it is subscribed */
		attribute(out, STR("\\Noselect"), is_first);
	if (is_deepest(m))
		attribute(out, STR("\\Noinferiors"), is_first);
	if (!w->is_lsub && row->rights & ACL_READ && view_recent(m->account, m) > 0)
		attribute(out, STR("\\Marked"), is_first);
	attribute(out, row->has_child ? STR("\\HasChildren") : STR("\\HasNoChildren"), is_first);
}

static void
attributes_write(struct imap_session *s, struct buf *out, const struct list_work *w,
    const struct imap_row *row, const struct mailbox *m)
{
	unsigned options = w->list.selects | w->list.returns;
	bool is_first = true;

	buf_add_char(out, '(');
	if (m)
		mailbox_attributes_write(out, w, row, m, &is_first);
	else
		nonexistent_write(s, out, w, &is_first);
	if (!m && row->has_child)
		attribute(out, STR("\\HasChildren"), &is_first);
	if (options & LIST_SUBSCRIBED && row->is_subscribed && !w->is_lsub)
		attribute(out, STR("\\Subscribed"), &is_first);
	if (use_of(s, m).n > 0)
		attribute(out, use_of(s, m), &is_first);
	buf_add_c(out, ") ");
	imap_delimiter_write(s, out);
	buf_add_char(out, ' ');
}

void
imap_list_write(struct imap_session *s, struct buf *out, const struct mailbox *m)
{
	struct list_work none = { .at = 0 };
	struct imap_row row = { .account = m->account,
		.id = m->id,
		.rights = ACL_ALL,
		/* of others' mailboxes there may be some that the user may not know of */
		.has_child =
		    imap_is_own(s, m->account) && mailbox_has_children(m->account, m->id) };

	buf_add_c(out, "LIST ");
	attributes_write(s, out, &none, &row, m);
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

/* What RETURN asks for beside the attributes; RFC 5819 2: only of mailboxes */
static enum fail
returns_write(struct imap_session *s, const struct list_work *w, const struct imap_row *row,
    const struct mailbox *m)
{
	struct buf *out = conn_out(s->conn);
	uint64_t longest;

	if (w->list.returns & LIST_MYRIGHTS)
		imap_myrights_write(s, out, m, row->rights);
	if (w->list.returns & LIST_STATUS && row->rights & ACL_READ) {
		buf_add_c(out, "* ");
		imap_status_write(s, out, m, w->list.status);
	}
	if (w->list.returns & LIST_METADATA && row->rights & RIGHTS_OF_CONTENT)
		return imap_metadata_write(s, out, m, &w->list.entries, &longest);
	return FAIL_NONE;
}

static enum fail
row_tell(struct imap_session *s, const struct list_work *w, const struct imap_row *row)
{
	const struct mailbox *m = imap_row_mailbox(row);
	struct buf *out = conn_out(s->conn), path;

	if (imap_row_is_gone(row))
		return FAIL_NONE;
	buf_add_c(out, w->is_lsub ? "* LSUB " : "* LIST ");
	attributes_write(s, out, w, row, m);
	buf_init(&path, IMAP_NAME_MAX);
	imap_row_path(s, row, &path);
	imap_visible_path_write(s, out, buf_str(&path));
	buf_release(&path);
	if (w->list.selects & LIST_RECURSIVE && row->has_taken)
		childinfo_write(out, w->list.selects);
	buf_add_c(out, "\r\n");
	return m && row->is_taken ? returns_write(s, w, row, m) : FAIL_NONE;
}

static enum imap_state
list_step(struct imap_session *s)
{
	struct list_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	enum fail fail = FAIL_NONE;

	if (!w->is_telling) {
		if (!match_all(s, w, &slice))
			return IMAP_WORK;
		patterns_release(w);
		mark_above(w);
		w->is_telling = true;
		w->at = 0;
	}
	for (; fail == FAIL_NONE && w->at < w->rows.count && !imap_slice_over_now(s, &slice);
	     w->at++) {
		const struct imap_row *row = &w->rows.rows[w->at];

		if (row->is_matched && (row->is_taken || is_told_for_others(w, row)))
			fail = row_tell(s, w, row);
	}
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	if (w->at < w->rows.count)
		return IMAP_WORK;
	return imap_ok(s, NULL, "Mailboxes listed");
}

/* --- beginning ---------------------------------------------------------------------------------- */

static void
list_release(struct imap_session *s)
{
	struct list_work *w = s->run.data;

	patterns_release(w);
	imap_rows_release(&w->rows);
}

/* The patterns as paths; one that is in no encoding matches nothing. False: they are too long. */
static bool
paths_make(struct imap_session *s, struct list_work *w)
{
	struct arena *arena = &s->run.arena;
	size_t bytes = 0;
	struct buf text;

	w->paths = arena_alloc(arena, w->list.pattern_count, sizeof(*w->paths));
	w->patterns = arena_alloc(arena, w->list.pattern_count, sizeof(*w->patterns));
	if (!w->paths || !w->patterns)
		return false;
	buf_init(&text, IMAP_NAME_MAX);
	for (size_t i = 0; i < w->list.pattern_count; i++) {
		buf_clear(&text);
		buf_add(&text, w->list.reference);
		buf_add(&text, w->list.patterns[i]);
		if (imap_visible_path(s, buf_str(&text), &w->paths[i]) != FAIL_NONE)
			w->paths[i] = (struct str){ 0 };
		bytes += w->paths[i].n;
	}
	buf_release(&text);
	if (bytes > IMAP_PATTERNS_BYTES_MAX)
		return false;
	for (size_t i = 0; i < w->list.pattern_count; i++)
		if (w->paths[i].p)
			imap_pattern_init(&w->patterns[i], w->paths[i]);
	return true;
}

static enum imap_state
begin(struct imap_session *s, struct list_work *w)
{
	enum fail fail;

	if (!paths_make(s, w))
		return imap_fail(s, FAIL_LIMIT);
	s->run.data = w;
	s->run.release = list_release;
	fail = imap_rows_make(s, &w->rows);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	s->run.work = list_step;
	return IMAP_WORK;
}

/* RFC 9051 6.3.9: an empty pattern asks for the delimiter */
static enum imap_state
delimiter_told(struct imap_session *s, const char *name)
{
	struct buf *out = &s->run.before;

	buf_add_c(out, "* ");
	buf_add_c(out, name);
	buf_add_c(out, " (\\Noselect) ");
	imap_delimiter_write(s, out);
	buf_add_c(out, " \"\"\r\n");
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
