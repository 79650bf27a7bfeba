/*
 * ShareNotification/get, /query, /queryChanges and /set (RFC 9670 3): mail/share_notice.h has them. They are in the
 * user's own account, where the Principals are. A user is told of rights in mailboxes, which are all that is shared.
 */
#include "mail/share_notice.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/criteria.h"
#include "jmap/get.h"
#include "jmap/methods.h"
#include "jmap/query.h"
#include "jmap/set.h"
#include "jmap/share.h"
#include "message/date.h"

#define OBJECT_TYPE STR("Mailbox")

enum property {
	PROPERTY_ID,
	PROPERTY_CREATED,
	PROPERTY_CHANGED_BY,
	PROPERTY_OBJECT_TYPE,
	PROPERTY_OBJECT_ACCOUNT_ID,
	PROPERTY_OBJECT_ID,
	PROPERTY_OLD_RIGHTS,
	PROPERTY_NEW_RIGHTS,
	PROPERTY_NAME,
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("id"), STR_INIT("created"),
	STR_INIT("changedBy"), STR_INIT("objectType"), STR_INIT("objectAccountId"),
	STR_INIT("objectId"), STR_INIT("oldRights"), STR_INIT("newRights"), STR_INIT("name") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

/* Those that became too old go before; false when the call's error was set. */
static bool
ready(struct jmap_call *c)
{
	enum fail fail = share_notices_expire(c->account);

	if (fail)
		jmap_fail_with(c, fail);
	return fail == FAIL_NONE;
}

/* --- ShareNotification/get ----------------------------------------------------------------------- */

static enum fail
all(struct jmap_call *c, uint64_t **ids_out, size_t *count_out)
{
	struct share_notice *items;
	size_t count;
	enum fail fail = share_notices(c->account, &c->arena, &items, &count);

	*ids_out = arena_alloc(&c->arena, count + 1, sizeof(**ids_out));
	if (fail || !*ids_out)
		return fail ? fail : FAIL_LIMIT;
	for (size_t i = 0; i < count; i++)
		(*ids_out)[i] = items[i].id;
	*count_out = count;
	return FAIL_NONE;
}

/* Its address is its name here, and its Principal's id is made of it. */
static void
write_person(struct json_writer *w, struct str name)
{
	struct buf id;

	buf_init(&id, 4 * ACL_NAME_MAX);
	json_object_begin(w);
	json_name_string(w, STR("name"), name);
	if (str_find_char(name, '@') != STR_NONE)
		json_name_string(w, STR("email"), name);
	else
		json_name_null(w, STR("email"));
	if (principal_id_write(&id, name))
		json_name_string(w, STR("principalId"), buf_str(&id));
	else
		json_name_null(w, STR("principalId"));
	json_object_end(w);
	buf_release(&id);
}

/* myRights before or after it; null: there were none. */
static void
write_rights(struct jmap_call *c, const struct share_notice *n, unsigned rights)
{
	bool has_share = c->run->request->using & CAPABILITY_SHARE;

	if (rights)
		mailbox_rights_write(&c->w, rights, n->is_inbox, has_share);
	else
		json_null(&c->w);
}

static void
write_property(struct jmap_call *c, const struct share_notice *n, enum property property)
{
	struct json_writer *w = &c->w;

	json_name(w, property_names[property]);
	switch (property) {
	case PROPERTY_ID: jmap_write_id(w, ID_SHARE_NOTICE, n->id); break;
	case PROPERTY_CREATED: jmap_write_date(w, n->created_s, 0); break;
	case PROPERTY_CHANGED_BY: write_person(w, n->by); break;
	case PROPERTY_OBJECT_TYPE: json_string(w, OBJECT_TYPE); break;
	case PROPERTY_OBJECT_ACCOUNT_ID: jmap_write_id(w, ID_ACCOUNT, n->account); break;
	case PROPERTY_OBJECT_ID: jmap_write_id(w, ID_MAILBOX, n->mailbox); break;
	case PROPERTY_OLD_RIGHTS: write_rights(c, n, n->was); break;
	case PROPERTY_NEW_RIGHTS: write_rights(c, n, n->now); break;
	case PROPERTY_NAME: json_string(w, n->name); break;
	case PROPERTY_COUNT: break;
	}
}

static enum fail
one(struct jmap_call *c, void *more, uint64_t id)
{
	const uint32_t *asked = more;
	struct share_notice *n;
	enum fail fail = share_notice_get(c->account, id, &c->arena, &n);

	if (fail) /* a damaged one is none, as in the list */
		return fail == FAIL_PERM ? FAIL_MISSING : fail;
	json_object_begin(&c->w);
	for (unsigned p = 0; p < PROPERTY_COUNT; p++)
		if (*asked & (uint32_t)1 << p)
			write_property(c, n, (enum property)p);
	json_object_end(&c->w);
	return FAIL_NONE;
}

enum jmap_step
jmap_share_notice_get(struct jmap_call *c)
{
	static const struct jmap_get_type type = {
		.kind = ID_SHARE_NOTICE,
		.change = CHANGE_SHARE_NOTICE,
		.all = all,
		.names = property_names,
		.name_count = PROPERTY_COUNT,
		.one = one,
	};

	if (!c->state && !ready(c))
		return JMAP_DONE;
	return jmap_get(c, &type);
}

/* --- ShareNotification/set: only to dismiss them ------------------------------------------------- */

static enum jmap_set_said
update(struct jmap_call *c, void *more, uint64_t id, const struct json *patch,
    struct jmap_set_error *e)
{
	(void)c, (void)more, (void)id, (void)patch;
	return jmap_set_error(e, "forbidden", "These cannot be changed.");
}

static enum jmap_set_said
destroy(struct jmap_call *c, void *more, uint64_t id, struct jmap_set_error *e)
{
	enum fail fail = share_notice_remove(c->account, id);

	(void)more;
	if (fail == FAIL_NONE)
		return SET_OK;
	if (fail == FAIL_MISSING)
		return jmap_set_error(e, "notFound", NULL);
	return jmap_set_failed(c);
}

enum jmap_step
jmap_share_notice_set(struct jmap_call *c)
{
	static const struct jmap_set_type type = {
		.kind = ID_SHARE_NOTICE,
		.change = CHANGE_SHARE_NOTICE,
		.update = update,
		.destroy = destroy,
	};

	return jmap_set(c, &type);
}

/* --- ShareNotification/query and /queryChanges --------------------------------------------------- */

static const struct jmap_query_type query_type = { ID_SHARE_NOTICE, CHANGE_SHARE_NOTICE,
	SHARE_NOTICES_MAX };

/* One member of a FilterCondition; false when the call's error was set. */
static bool
judge_condition(struct jmap_criteria *k, const struct json_member *member, const void *thing,
    bool *out)
{
	const struct share_notice *n = thing;
	struct id_text account = id_text(ID_ACCOUNT, n->account);
	bool is_after = str_eq(member->name, STR("after"));
	struct date date;
	struct str text;

	if (!is_after && !str_eq(member->name, STR("before")) &&
	    !str_eq(member->name, STR("objectType")) &&
	    !str_eq(member->name, STR("objectAccountId")))
		return jmap_criteria_unknown(k);
	*out = true; /* after and before may be null */
	if (json_is(&member->value, JSON_NULL) && !str_starts(member->name, STR("object")))
		return true;
	if (!json_get_text(&member->value, &text))
		return jmap_criteria_wrong(k);
	if (str_eq(member->name, STR("objectType"))) {
		*out = str_eq(text, OBJECT_TYPE);
		return true;
	}
	if (str_eq(member->name, STR("objectAccountId"))) {
		*out = str_eq(text, id_str(&account));
		return true;
	}
	if (date_parse_3339(text, &date) != FAIL_NONE)
		return jmap_criteria_wrong(k);
	*out = is_after ? n->created_s >= date.unix_s : n->created_s < date.unix_s;
	return true;
}

/* They come oldest first: "created" is the only order, one way or the other. */
static bool
read_sort(struct jmap_call *c, bool *is_descending_out)
{
	const struct json *sort;
	bool is_descending;
	struct str by;

	*is_descending_out = false;
	if (!jmap_sort_list(c, &sort))
		return false;
	for (uint32_t i = 0; sort && i < sort->count; i++) {
		if (!jmap_comparator_read(c, &sort->items[i], &by, &is_descending))
			return false;
		if (!str_eq(by, STR("created")))
			return jmap_comparator_unknown(c);
		if (i == 0)
			*is_descending_out = is_descending;
	}
	return true;
}

struct notice_list {
	uint64_t ids[SHARE_NOTICES_MAX];
	size_t count;
};

/* Make the list; false when the call's error was set. */
static bool
make_list(struct jmap_call *c, struct notice_list *l)
{
	struct jmap_criteria criteria;
	struct share_notice *items, none = { .id = 0 };
	bool is_descending, is_match;
	size_t count;
	enum fail fail;

	l->count = 0;
	/* a wrong filter is wrong without any, too */
	if (!read_sort(c, &is_descending) ||
	    !jmap_criteria_read(&criteria, c, "A condition of the filter has the wrong type.",
		judge_condition) ||
	    !jmap_criteria_judge(&criteria, &none, &is_match) || !ready(c))
		return false;
	fail = share_notices(c->account, &c->arena, &items, &count);
	if (fail) {
		jmap_fail_with(c, fail);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct share_notice *n = &items[is_descending ? count - 1 - i : i];

		if (!jmap_criteria_judge(&criteria, n, &is_match))
			return false;
		if (is_match)
			l->ids[l->count++] = n->id;
	}
	return true;
}

enum jmap_step
jmap_share_notice_query(struct jmap_call *c)
{
	struct jmap_window window;
	struct notice_list l;

	if (!make_list(c, &l) || !jmap_window_read(c, &query_type, &window))
		return JMAP_DONE;
	return jmap_query_answer(c, &query_type, &window, l.ids, l.count, l.count);
}

enum jmap_step
jmap_share_notice_query_changes(struct jmap_call *c)
{
	struct jmap_since since;
	struct notice_list l;

	if (!make_list(c, &l) || !jmap_since_read(c, &query_type, &since))
		return JMAP_DONE;
	return jmap_query_changes_answer(c, &query_type, &since, true, l.ids, l.count);
}
