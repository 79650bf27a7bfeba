#include "jmap/share.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/patch.h"
#include "mail/share_notice.h"

#define SHARE_WITH STR("shareWith")

static const struct {
	struct str name;
	unsigned rights;
	bool is_inbox_denied; /* nobody removes or renames the Inbox */
} mailbox_rights[MAILBOX_RIGHT_COUNT] = { { STR_INIT("mayReadItems"), MAY_READ_ITEMS, false },
	{ STR_INIT("mayAddItems"), MAY_ADD_ITEMS, false },
	{ STR_INIT("mayRemoveItems"), MAY_REMOVE_ITEMS, false },
	{ STR_INIT("maySetSeen"), MAY_SET_SEEN, false },
	{ STR_INIT("maySetKeywords"), MAY_SET_KEYWORDS, false },
	{ STR_INIT("mayCreateChild"), MAY_CREATE_CHILD, false },
	{ STR_INIT("mayRename"), MAY_RENAME, true }, { STR_INIT("mayDelete"), MAY_DELETE, true },
	{ STR_INIT("maySubmit"), MAY_SUBMIT, false }, { STR_INIT("mayShare"), MAY_SHARE, false } };

/* --- ids ------------------------------------------------------------------------------------------ */

bool
principal_id_write(struct buf *out, struct str identifier)
{
	size_t start = buf_str(out).n;

	if (str_starts(identifier, STR("-")) || str_empty(identifier))
		return false;
	if (str_eq(identifier, STR("anyone"))) {
		buf_add(out, PRINCIPAL_ANYONE);
		return true;
	}
	buf_add_char(out, str_skip_char(&identifier, '$') ? 'G' : 'P');
	for (size_t i = 0; i < identifier.n; i++) {
		unsigned char ch = (unsigned char)identifier.p[i];

		if ((ch >= 'a' && ch <= 'z') || char_is_digit((char)ch) || ch == '-') {
			buf_add_char(out, (char)ch);
			continue;
		}
		buf_add_char(out, '_');
		buf_add_char(out, char_hex(ch >> 4));
		buf_add_char(out, char_hex(ch));
	}
	return buf_ok(out) && buf_str(out).n - start <= JMAP_ID_MAX;
}

static bool
hex_digit(char ch, unsigned *out)
{
	if (char_is_digit(ch))
		*out = (unsigned)(ch - '0');
	else if (ch >= 'a' && ch <= 'f')
		*out = (unsigned)(ch - 'a') + 10;
	else
		return false;
	return true;
}

/* Only what principal_id_write() makes is read: each Principal has one id. */
bool
principal_id_parse(struct str id, struct buf *out)
{
	struct buf again;
	unsigned high, low;
	bool is_same;

	buf_clear(out);
	if (str_eq(id, PRINCIPAL_ANYONE)) {
		buf_add(out, STR("anyone"));
		return true;
	}
	if (id.n < 2 || id.n > JMAP_ID_MAX || (id.p[0] != 'P' && id.p[0] != 'G'))
		return false;
	if (id.p[0] == 'G')
		buf_add_char(out, '$');
	for (size_t i = 1; i < id.n; i++) {
		if (id.p[i] != '_') {
			buf_add_char(out, id.p[i]);
			continue;
		}
		if (i + 2 >= id.n || !hex_digit(id.p[i + 1], &high) ||
		    !hex_digit(id.p[i + 2], &low))
			return false;
		buf_add_char(out, (char)(high << 4 | low));
		i += 2;
	}
	buf_init(&again, JMAP_ID_MAX + 4);
	is_same = acl_identifier_is_allowed(buf_str(out)) &&
	    principal_id_write(&again, buf_str(out)) && str_eq(buf_str(&again), id);
	buf_release(&again);
	return is_same;
}

/* --- writing -------------------------------------------------------------------------------------- */

void
mailbox_rights_write(struct json_writer *w, unsigned acl, bool is_inbox, bool has_share)
{
	size_t count = has_share ? MAILBOX_RIGHT_COUNT : MAILBOX_RIGHT_COUNT - 1;

	json_object_begin(w);
	for (size_t i = 0; i < count; i++)
		json_name_bool(w, mailbox_rights[i].name,
		    (acl & mailbox_rights[i].rights) == mailbox_rights[i].rights &&
			!(is_inbox && mailbox_rights[i].is_inbox_denied));
	json_object_end(w);
}

enum fail
share_write(struct jmap_call *c, const struct mailbox *m)
{
	struct acl_entry *entries = NULL;
	bool has_any = false;
	struct buf id;
	size_t count = 0;
	enum fail fail = FAIL_NONE;

	if (jmap_may(c->access, m->id, MAY_SHARE))
		fail = acl_list(c->account, m->id, &c->arena, &entries, &count);
	buf_init(&id, 4 * ACL_NAME_MAX);
	for (size_t i = 0; i < count; i++) {
		buf_clear(&id);
		if (!principal_id_write(&id, entries[i].identifier))
			continue;
		if (!has_any)
			json_object_begin(&c->w);
		has_any = true;
		json_name(&c->w, buf_str(&id));
		mailbox_rights_write(&c->w, entries[i].rights, false, true);
	}
	buf_release(&id);
	if (has_any)
		json_object_end(&c->w);
	else
		json_null(&c->w);
	return fail;
}

/* --- changing ------------------------------------------------------------------------------------- */

bool
share_is_asked(struct str member)
{
	return str_eq(member, SHARE_WITH) || str_starts(member, STR("shareWith/"));
}

static enum jmap_set_said
invalid(struct jmap_set_error *e, const char *text)
{
	return jmap_set_invalid(e, SHARE_WITH, text);
}

/* The list as it is. */
static enum jmap_set_said
load(struct jmap_call *c, const struct mailbox *m, struct share *s)
{
	struct acl_entry *now = NULL;
	enum fail fail = FAIL_NONE;

	s->entries = arena_alloc(&c->arena, 2 * ACL_ENTRIES_MAX, sizeof(*s->entries));
	if (s->entries && m)
		fail = acl_list(c->account, m->id, &c->arena, &now, &s->count);
	if (!s->entries || fail) {
		jmap_fail_with(c, s->entries ? fail : FAIL_LIMIT);
		return SET_FAIL;
	}
	if (s->count > 0)
		memcpy(s->entries, now, s->count * sizeof(*now));
	return SET_OK;
}

/* The entry of a Principal, made when it is missing; NULL: there are too many, or it is none. */
static struct acl_entry *
entry_of(struct jmap_call *c, struct share *s, struct str id, struct jmap_set_error *e)
{
	struct acl_entry *entry = NULL;
	struct str identifier, name;
	struct buf text;

	buf_init(&text, 2 * ACL_NAME_MAX);
	identifier = principal_id_parse(id, &text) ? arena_str(&c->arena, buf_str(&text))
						   : (struct str){ 0 };
	buf_release(&text);
	name = identifier;
	(void)!str_skip_char(&name, '$');
	if (!identifier.p || str_eq(name, c->account->name)) {
		invalid(e, "With such a Principal it cannot be shared.");
		return NULL;
	}
	for (size_t i = 0; i < s->count && !entry; i++)
		if (str_eq(s->entries[i].identifier, identifier))
			entry = &s->entries[i];
	if (!entry && s->count < (size_t)2 * ACL_ENTRIES_MAX) {
		entry = &s->entries[s->count++];
		*entry = (struct acl_entry){ .identifier = identifier };
	}
	if (!entry)
		jmap_set_error(e, "overQuota", "It is shared with too many.");
	return entry;
}

/* One right, by its name; false: there is none, or its value is no Boolean. */
static bool
take_right(struct str name, const struct json *v, unsigned *rights)
{
	bool may;

	for (size_t i = 0; i < MAILBOX_RIGHT_COUNT; i++) {
		if (!str_eq(mailbox_rights[i].name, name))
			continue;
		if (!json_get_bool(v, &may))
			return false;
		*rights =
		    may ? *rights | mailbox_rights[i].rights : *rights & ~mailbox_rights[i].rights;
		return true;
	}
	return false;
}

/* A MailboxRights as a whole; what is not there is false. Two of them are one right: both have to be given. */
static bool
take_rights(const struct json *v, unsigned *rights_out)
{
	unsigned given = 0, taken = 0;

	if (!json_is(v, JSON_OBJECT))
		return false;
	for (uint32_t i = 0; i < v->count; i++) {
		unsigned one = 0;

		if (!take_right(v->members[i].name, &v->members[i].value, &one))
			return false;
		given |= one;
	}
	for (size_t i = 0; i < MAILBOX_RIGHT_COUNT; i++) {
		bool may = false;

		if (!json_get_bool(json_find(v, mailbox_rights[i].name), &may) || !may)
			taken |= mailbox_rights[i].rights;
	}
	*rights_out = given & ~taken;
	return true;
}

static enum jmap_set_said
take_entry(struct jmap_call *c, struct share *s, struct str id, const struct json *v,
    struct jmap_set_error *e)
{
	struct acl_entry *entry = entry_of(c, s, id, e);

	if (!entry)
		return SET_ERROR;
	if (json_is(v, JSON_NULL))
		entry->rights = 0;
	else if (!take_rights(v, &entry->rights))
		return invalid(e, "This is no MailboxRights object.");
	return SET_OK;
}

static enum jmap_set_said
take_whole(struct jmap_call *c, struct share *s, const struct json *v, struct jmap_set_error *e)
{
	enum jmap_set_said said = SET_OK;

	if (!json_is(v, JSON_NULL) && !json_is(v, JSON_OBJECT))
		return invalid(e, "shareWith is no object.");
	for (size_t i = 0; i < s->count; i++)
		if (!str_starts(s->entries[i].identifier, STR("-")))
			s->entries[i].rights = 0;
	for (uint32_t i = 0; json_is(v, JSON_OBJECT) && i < v->count && said == SET_OK; i++)
		said = take_entry(c, s, v->members[i].name, &v->members[i].value, e);
	return said;
}

enum jmap_set_said
share_take(struct jmap_call *c, const struct mailbox *m, const struct json_member *member,
    struct share *s, struct jmap_set_error *e)
{
	enum jmap_set_said said = s->entries ? SET_OK : load(c, m, s);
	struct str property, below, id;
	struct acl_entry *entry;

	if (said != SET_OK)
		return said;
	if (!jmap_patch_path(member->name, &c->arena, &property, &below))
		return jmap_set_error(e, "invalidPatch", "A path is no JSON Pointer.");
	if (!below.p)
		return take_whole(c, s, &member->value, e);
	if (!str_take_until(&below, '/', &id))
		return take_entry(c, s, below, &member->value, e);
	entry = entry_of(c, s, id, e);
	if (!entry)
		return SET_ERROR;
	return take_right(below, &member->value, &entry->rights) ? SET_OK
								 : invalid(e, "This is no right.");
}

enum jmap_set_said
share_check(struct jmap_call *c, uint32_t mailbox, const struct share *s, struct jmap_set_error *e)
{
	size_t count = 0;

	if (!s->entries)
		return SET_OK;
	if (!jmap_may(c->access, mailbox, MAY_SHARE))
		return jmap_set_error(e, "forbidden", "Your rights do not allow to share it.");
	for (size_t i = 0; i < s->count; i++)
		count += s->entries[i].rights != 0;
	return count <= ACL_ENTRIES_MAX
	    ? SET_OK
	    : jmap_set_error(e, "overQuota", "It is shared with too many.");
}

enum jmap_set_said
share_apply(struct jmap_call *c, uint32_t mailbox, const struct share *s, struct jmap_set_error *e)
{
	enum fail fail = FAIL_NONE;

	if (!s->entries)
		return SET_OK;
	for (unsigned pass = 0; pass < 2; pass++) /* those that go make room first */
		for (size_t i = 0; i < s->count && fail == FAIL_NONE; i++)
			if ((s->entries[i].rights == 0) == (pass == 0))
				fail = acl_set_by(c->account, mailbox, s->entries[i].identifier,
				    s->entries[i].rights, c->access->user->name);
	if (fail == FAIL_LIMIT)
		return jmap_set_error(e, "overQuota", "It is shared with too many.");
	if (fail == FAIL_NONE)
		return SET_OK;
	return jmap_set_failed(c);
}
