/*
 * Mailbox/get (RFC 8621 2, 2.1): from memory, the account holds all its mailboxes.
 */
#include "mail/mailbox.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/get.h"
#include "jmap/mailbox.h"
#include "jmap/methods.h"

enum property {
	PROPERTY_ID,
	PROPERTY_NAME,
	PROPERTY_PARENT_ID,
	PROPERTY_ROLE,
	PROPERTY_SORT_ORDER,
	PROPERTY_TOTAL_EMAILS,
	PROPERTY_UNREAD_EMAILS,
	PROPERTY_TOTAL_THREADS,
	PROPERTY_UNREAD_THREADS,
	PROPERTY_MY_RIGHTS,
	PROPERTY_IS_SUBSCRIBED,
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("id"), STR_INIT("name"), STR_INIT("parentId"),
	STR_INIT("role"), STR_INIT("sortOrder"), STR_INIT("totalEmails"), STR_INIT("unreadEmails"),
	STR_INIT("totalThreads"), STR_INIT("unreadThreads"), STR_INIT("myRights"),
	STR_INIT("isSubscribed") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

static enum fail
all(struct jmap_call *c, uint64_t **ids_out, size_t *count_out)
{
	size_t count = c->account->mailbox_count;
	struct mailbox **tree = arena_alloc(&c->arena, count + 1, sizeof(struct mailbox *));

	*ids_out = arena_alloc(&c->arena, count + 1, sizeof(**ids_out));
	if (!tree || !*ids_out)
		return FAIL_LIMIT;
	mailbox_tree(c->account, tree);
	for (size_t i = 0; i < count; i++)
		(*ids_out)[i] = tree[i]->id;
	*count_out = count;
	return FAIL_NONE;
}

static bool
begin(struct jmap_call *c, const struct json *properties, void **more_out)
{
	uint32_t *asked = arena_alloc(&c->arena, 1, sizeof(*asked));

	if (!asked) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	*more_out = asked;
	return jmap_properties(c, properties, property_names, PROPERTY_COUNT,
	    (1 << PROPERTY_COUNT) - 1, asked);
}

/* The owner may do everything, but not remove or rename the Inbox (RFC 8621 2: MailboxRights). */
static void
write_rights(struct json_writer *w, const struct mailbox *m)
{
	static const struct {
		struct str name;
		bool is_inbox_denied;
	} rights[] = { { STR_INIT("mayReadItems"), false }, { STR_INIT("mayAddItems"), false },
		{ STR_INIT("mayRemoveItems"), false }, { STR_INIT("maySetSeen"), false },
		{ STR_INIT("maySetKeywords"), false }, { STR_INIT("mayCreateChild"), false },
		{ STR_INIT("mayRename"), true }, { STR_INIT("mayDelete"), true },
		{ STR_INIT("maySubmit"), false } };
	bool is_inbox = m->role == MAILBOX_ROLE_INBOX;

	json_object_begin(w);
	for (size_t i = 0; i < ARRAY_LEN(rights); i++)
		json_name_bool(w, rights[i].name, !(is_inbox && rights[i].is_inbox_denied));
	json_object_end(w);
}

static void
write_property(struct json_writer *w, const struct mailbox *m, enum property property)
{
	json_name(w, property_names[property]);
	switch (property) {
	case PROPERTY_ID: jmap_write_id(w, ID_MAILBOX, m->id); break;
	case PROPERTY_NAME: json_string(w, m->name); break;
	case PROPERTY_PARENT_ID:
		if (m->parent)
			jmap_write_id(w, ID_MAILBOX, m->parent);
		else
			json_null(w);
		break;
	case PROPERTY_ROLE:
		if (m->role != MAILBOX_ROLE_NONE)
			json_string(w, mailbox_role_names[m->role]);
		else
			json_null(w);
		break;
	case PROPERTY_SORT_ORDER: json_u64(w, m->sort_order); break;
	case PROPERTY_TOTAL_EMAILS: json_u64(w, m->total_emails); break;
	case PROPERTY_UNREAD_EMAILS: json_u64(w, m->unread_emails); break;
	case PROPERTY_TOTAL_THREADS: json_u64(w, m->total_threads); break;
	case PROPERTY_UNREAD_THREADS: json_u64(w, m->unread_threads); break;
	case PROPERTY_MY_RIGHTS: write_rights(w, m); break;
	case PROPERTY_IS_SUBSCRIBED: json_bool(w, m->is_subscribed); break;
	case PROPERTY_COUNT: break;
	}
}

static enum fail
write_mailbox(struct jmap_call *c, uint32_t asked, uint64_t id)
{
	const struct mailbox *m = id <= UINT32_MAX ? mailbox_get(c->account, (uint32_t)id) : NULL;

	if (!m || m->is_dead)
		return FAIL_MISSING;
	json_object_begin(&c->w);
	for (unsigned p = 0; p < PROPERTY_COUNT; p++)
		if (asked & (uint32_t)1 << p)
			write_property(&c->w, m, (enum property)p);
	json_object_end(&c->w);
	return FAIL_NONE;
}

static enum fail
one(struct jmap_call *c, void *more, uint64_t id)
{
	const uint32_t *asked = more;

	return write_mailbox(c, *asked, id);
}

enum fail
jmap_mailbox_write(struct jmap_call *c, uint64_t id)
{
	return write_mailbox(c, (1 << PROPERTY_COUNT) - 1, id);
}

static const struct jmap_get_type mailbox_type = {
	.kind = ID_MAILBOX,
	.change = CHANGE_MAILBOX,
	.all = all,
	.begin = begin,
	.one = one,
};

enum jmap_step
jmap_mailbox_get(struct jmap_call *c)
{
	return jmap_get(c, &mailbox_type);
}
