/* GETMETADATA and SETMETADATA (RFC 5464); METADATA of LIST (RFC 9590). */
#include "imap/command.h"

/* rooms */
#include "imap/metadata.h"
#include "imap/rights.h"
#include "imap/search_run.h"
#include "message/imap_string.h"

struct telling { /* one METADATA response */
	struct imap_session *s;
	struct buf *out;
	const struct mailbox *m; /* NULL: of the server */
	bool is_begun;
	uint64_t longest; /* of the values above MAXSIZE, 0: none */
};

/* --- writing ------------------------------------------------------------------------------------ */

/* value = nstring / literal8 */
static void
value_write(struct buf *out, struct str value)
{
	if (!value.p || str_find_char(value, '\0') == STR_NONE) {
		imap_nstring_write(out, value);
		return;
	}
	buf_add_c(out, "~{");
	buf_add_u64(out, value.n);
	buf_add_c(out, "}\r\n");
	buf_add(out, value);
}

static void
note_write(struct telling *t, struct str name, struct str value)
{
	if (t->is_begun) {
		buf_add_char(t->out, ' ');
	} else {
		buf_add_c(t->out, "* METADATA ");
		if (t->m)
			imap_path_write(t->s, t->out, t->m);
		else
			buf_add_c(t->out, "\"\"");
		buf_add_c(t->out, " (");
		t->is_begun = true;
	}
	imap_astring_write(t->out, name);
	buf_add_char(t->out, ' ');
	value_write(t->out, value);
}

/* The annotation, when an entry means it; under the name that the client gave it. */
static void
note_tell(struct telling *t, const struct imap_entries *entries, const struct annotation *note)
{
	for (size_t i = 0; i < entries->count; i++) {
		uint32_t depth = imap_entry_depth(entries->names[i], note->name);

		if (depth == UINT32_MAX || depth > entries->depth)
			continue;
		if (t->m && !imap_is_own(t->s, t->m->account) && imap_entry_is_private(note->name))
			return;
		if (note->value.n <= entries->size_max)
			note_write(t, depth == 0 ? entries->names[i] : note->name, note->value);
		else if (note->value.n > t->longest)
			t->longest = note->value.n;
		return;
	}
}

static bool
has_note(const struct telling *t, const struct annotation *list, size_t count, struct str name)
{
	if (t->m && !imap_is_own(t->s, t->m->account) && imap_entry_is_private(name))
		return false;
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(list[i].name, name))
			return true;
	return false;
}

static bool
is_shared(struct str name)
{
	return str_starts_nocase(name, STR("/shared"));
}

/* Those of one scope, behind what is in the list. */
static void
take_scope(struct annotation *list, size_t *count, const struct annotation *from, size_t from_count,
    bool wants_shared)
{
	for (size_t i = 0; i < from_count; i++)
		if (is_shared(from[i].name) == wants_shared)
			list[(*count)++] = from[i];
}

/* Of the server: the user's own private ones, then those that all share. */
static enum fail
list_of_server(struct imap_session *s, struct arena *arena, struct annotation **out,
    size_t *count_out)
{
	struct account *shared = NULL;
	struct annotation *own, *all = NULL;
	size_t own_count, all_count = 0;
	enum fail fail = annotation_list(s->account, 0, arena, &own, &own_count);

	if (fail == FAIL_NONE)
		fail = imap_shared_account(s, &shared);
	if (fail == FAIL_NONE && shared)
		fail = annotation_list(shared, 0, arena, &all, &all_count);
	if (fail != FAIL_NONE)
		return fail;
	*count_out = 0;
	*out = arena_alloc(arena, own_count + all_count + 1, sizeof(**out));
	if (!*out)
		return FAIL_LIMIT;
	take_scope(*out, count_out, own, own_count, false);
	take_scope(*out, count_out, all, all_count, true);
	return FAIL_NONE;
}

enum fail
imap_metadata_write(struct imap_session *s, struct buf *out, const struct mailbox *m,
    const struct imap_entries *entries, uint64_t *longest_out)
{
	struct telling t = { .s = s, .out = out, .m = m };
	const struct annotation use = { imap_use_name,
		m ? mailbox_role_imap_names[m->role] : STR("") }; /* RFC 6154 4 */
	struct annotation *list;
	struct arena arena;
	size_t count;
	enum fail fail;

	arena_init(&arena, ANNOTATIONS_MAX * (ANNOTATION_VALUE_MAX + ANNOTATION_NAME_MAX) * 4);
	fail = m ? annotation_list(m->account, m->id, &arena, &list, &count)
		 : list_of_server(s, &arena, &list, &count);
	for (size_t i = 0; fail == FAIL_NONE && i < count; i++)
		note_tell(&t, entries, list + i);
	if (fail == FAIL_NONE && use.value.n > 0)
		note_tell(&t, entries, &use);
	/* an entry without value is told when it alone was asked for */
	for (size_t i = 0; fail == FAIL_NONE && entries->depth == 0 && i < entries->count; i++)
		if (!has_note(&t, list, count, entries->names[i]) &&
		    !(use.value.n > 0 && has_note(&t, &use, 1, entries->names[i])))
			note_write(&t, entries->names[i], (struct str){ NULL, 0 });
	if (t.is_begun)
		buf_add_c(out, ")\r\n");
	*longest_out = t.longest;
	arena_release(&arena);
	return fail;
}

/* --- /private/specialuse --------------------------------------------------------------------------- */

/* RFC 6154 4: what a mailbox is used for is its role, by this name, too. */
static bool
is_use(struct str name)
{
	return str_eq_nocase(name, imap_use_name);
}

/* May the mailbox have what the value says? FAIL_PERM: no such use, or not for INBOX; FAIL_DENIED: taken. */
static enum fail
use_check(const struct mailbox *m, struct str value, enum mailbox_role *role_out)
{
	const struct mailbox *other;

	*role_out = MAILBOX_ROLE_NONE;
	if (m->role == MAILBOX_ROLE_INBOX || (value.p && !mailbox_role_parse_imap(value, role_out)))
		return FAIL_PERM;
	other = mailbox_by_role(m->account, *role_out);
	return other && other != m ? FAIL_DENIED : FAIL_NONE;
}

/* The last of the notes that is about the use goes out of the list. False: there is none. */
static bool
use_take(struct imap_notes *notes, struct str *value_out)
{
	bool has_use = false;
	size_t kept = 0;

	for (size_t i = 0; i < notes->count; i++) {
		if (!is_use(notes->list[i].name)) {
			notes->list[kept++] = notes->list[i];
			continue;
		}
		*value_out = notes->list[i].value;
		has_use = true;
	}
	notes->count = kept;
	return has_use;
}

/* --- the commands ---------------------------------------------------------------------------------- */

/*
 * The mailbox of a name, NULL for the empty one: the server. False after answering. RFC 5464 3.3 asks for "l" and
 * a right to the content; what others see too is changed by those who may change what others see.
 */
static bool
find_mailbox(struct imap_session *s, struct str name, bool is_change, struct mailbox **out,
    enum imap_state *state_out)
{
	struct imap_need need = { .all = ACL_LOOKUP | (is_change ? ACL_WRITE : 0),
		.any = RIGHTS_OF_CONTENT };
	struct str path;
	enum fail fail;

	*out = NULL;
	if (name.n == 0)
		return true;
	fail = imap_name_path(s, name, &path);
	if (fail == FAIL_NONE)
		*out = imap_find(s, path, need, state_out);
	else
		*state_out = imap_fail(s, fail);
	return *out != NULL;
}

enum imap_state
imap_cmd_getmetadata(struct imap_session *s, struct imap_cursor *args)
{
	struct imap_entries entries;
	enum imap_state refused;
	uint64_t longest = 0;
	struct mailbox *m;
	struct str name;
	struct buf *out;
	enum fail fail;

	if (!imap_getmetadata_parse(args, &name, &entries))
		return imap_wrong(s, args);
	if (!find_mailbox(s, name, false, &m, &refused))
		return refused;
	fail = imap_metadata_write(s, &s->run.before, m, &entries, &longest);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	if (longest == 0)
		return imap_ok(s, NULL, "Metadata told");
	s->errors = 0;
	out = imap_reply(s, "OK");
	buf_add_c(out, "[METADATA LONGENTRIES ");
	buf_add_u64(out, longest);
	buf_add_c(out, "] The longer ones are left out\r\n");
	return IMAP_REPLY;
}

/* RFC 5464 4.3: all are set, or none */
static enum imap_state
set_fail(struct imap_session *s, enum fail fail)
{
	struct buf *out;

	switch (fail) {
	case FAIL_SYNTAX: return imap_bad(s, "Not the name of an entry");
	case FAIL_LIMIT: return imap_no(s, "METADATA TOOMANY", "There are too many already");
	case FAIL_PERM: break;
	case FAIL_NONE:
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_COUNT: return imap_fail(s, fail);
	}
	out = imap_reply(s, "NO");
	buf_add_c(out, "[METADATA MAXSIZE ");
	buf_add_u64(out, ANNOTATION_VALUE_MAX);
	buf_add_c(out, "] That is too long\r\n");
	return IMAP_REPLY;
}

/* All of it or nothing: whether the use can change is known before. */
static enum imap_state
set_of_mailbox(struct imap_session *s, struct mailbox *m, struct imap_notes *notes)
{
	struct mailbox_new to = { .role = MAILBOX_ROLE_NONE };
	struct account *account = m->account;
	uint32_t id = m->id;
	struct str value;
	bool has_use = use_take(notes, &value);
	enum fail fail;

	if (has_use && use_check(m, value, &to.role) != FAIL_NONE)
		return imap_no(s, "USEATTR", "It cannot have that use");
	fail = annotation_set(account, id, notes->list, notes->count);
	if (fail == FAIL_NONE && has_use)
		fail = mailbox_update(account, id, MAILBOX_SET_ROLE, &to);
	return fail == FAIL_NONE ? imap_ok(s, NULL, "Metadata set") : set_fail(s, fail);
}

/* "SETMETADATA" SP mailbox SP entry-values */
enum imap_state
imap_cmd_setmetadata(struct imap_session *s, struct imap_cursor *args)
{
	struct imap_notes notes;
	enum imap_state refused;
	struct mailbox *m;
	struct str name;
	enum fail fail;

	if (!imap_astring(args, &name) || !imap_sp(args) || !imap_entry_values_parse(args, &notes))
		return imap_wrong(s, args);
	if (!find_mailbox(s, name, true, &m, &refused))
		return refused;
	for (size_t i = 0; !m && i < notes.count; i++)
		if (is_shared(notes.list[i].name) &&
		    !str_eq(s->account->name, s->service->settings->admin))
			return imap_no(s, "NOPERM", "What all users share is the admin's to set");
	for (size_t i = 0; m && !imap_is_own(s, m->account) && i < notes.count; i++)
		if (imap_entry_is_private(notes.list[i].name))
			return imap_no(s, "METADATA NOPRIVATE", "Only its owner can have that");
	if (m)
		return set_of_mailbox(s, m, &notes);
	for (size_t i = 0; i < notes.count; i++)
		if (imap_is_filter(notes.list[i].name) && notes.list[i].value.p &&
		    !imap_filter_is_whole(notes.list[i].value, &s->run.arena))
			return imap_no(s, "CANNOT",
			    "A filter is a search program"); /* RFC 5466 3.2 */
	fail = annotation_set(s->account, 0, notes.list, notes.count);
	return fail == FAIL_NONE ? imap_ok(s, NULL, "Metadata set") : set_fail(s, fail);
}
