/*
 * Mailbox/get (RFC 8621 2, 2.1): from memory, the account holds all its mailboxes.
 */
#include "mail/mailbox.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/access_mailbox.h"
#include "jmap/get.h"
#include "jmap/mailbox.h"
#include "jmap/methods.h"
#include "jmap/share.h"

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
	PROPERTY_SHARE_WITH, /* RFC 9670 4: with its capability only */
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("id"), STR_INIT("name"), STR_INIT("parentId"),
	STR_INIT("role"), STR_INIT("sortOrder"), STR_INIT("totalEmails"), STR_INIT("unreadEmails"),
	STR_INIT("totalThreads"), STR_INIT("unreadThreads"), STR_INIT("myRights"),
	STR_INIT("isSubscribed"), STR_INIT("shareWith") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

/* The client knows of shareWith and mayShare. */
static bool
has_share(const struct jmap_call *c)
{
	return c->run->request->using & CAPABILITY_SHARE;
}

static uint32_t
all_properties(const struct jmap_call *c)
{
	return has_share(c) ? (1u << PROPERTY_COUNT) - 1 : (1u << PROPERTY_SHARE_WITH) - 1;
}

static enum fail
all(struct jmap_call *c, uint64_t **ids_out, size_t *count_out)
{
	size_t count = c->account->mailbox_count, shown = 0;
	struct mailbox **tree = arena_alloc(&c->arena, count + 1, sizeof(struct mailbox *));

	*ids_out = arena_alloc(&c->arena, count + 1, sizeof(**ids_out));
	if (!tree || !*ids_out)
		return FAIL_LIMIT;
	mailbox_tree(c->account, tree);
	for (size_t i = 0; i < count; i++)
		if (jmap_mailbox_is_shown(c->access, tree[i]->id))
			(*ids_out)[shown++] = tree[i]->id;
	*count_out = shown;
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
	return jmap_properties(c, properties, property_names,
	    has_share(c) ? PROPERTY_COUNT : PROPERTY_SHARE_WITH, all_properties(c), asked);
}

/* Counts are told to who may read what is counted. */
static void
write_count(struct jmap_call *c, const struct mailbox *m, uint32_t count)
{
	json_u64(&c->w, jmap_may(c->access, m->id, MAY_READ_ITEMS) ? count : 0);
}

static enum fail
write_property(struct jmap_call *c, const struct mailbox *m, enum property property)
{
	struct json_writer *w = &c->w;
	enum fail fail = FAIL_NONE;
	bool is_subscribed;

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
	case PROPERTY_TOTAL_EMAILS: write_count(c, m, m->total_emails); break;
	case PROPERTY_UNREAD_EMAILS: write_count(c, m, m->unread_emails); break;
	case PROPERTY_TOTAL_THREADS: write_count(c, m, m->total_threads); break;
	case PROPERTY_UNREAD_THREADS: write_count(c, m, m->unread_threads); break;
	case PROPERTY_MY_RIGHTS:
		mailbox_rights_write(w, jmap_access_rights(c->access, m->id),
		    m->role == MAILBOX_ROLE_INBOX, has_share(c));
		break;
	case PROPERTY_IS_SUBSCRIBED:
		fail = jmap_mailbox_subscribed(c, m, &is_subscribed);
		json_bool(w, is_subscribed);
		break;
	case PROPERTY_SHARE_WITH: fail = share_write(c, m); break;
	case PROPERTY_COUNT: break;
	}
	return fail;
}

static enum fail
write_mailbox(struct jmap_call *c, uint32_t asked, uint64_t id)
{
	const struct mailbox *m = id <= UINT32_MAX ? mailbox_get(c->account, (uint32_t)id) : NULL;

	enum fail fail = FAIL_NONE;

	if (!m || m->is_dead || !jmap_mailbox_is_shown(c->access, m->id))
		return FAIL_MISSING;
	json_object_begin(&c->w);
	for (unsigned p = 0; p < PROPERTY_COUNT && fail == FAIL_NONE; p++)
		if (asked & (uint32_t)1 << p)
			fail = write_property(c, m, (enum property)p);
	json_object_end(&c->w);
	return fail;
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
	return write_mailbox(c, all_properties(c), id);
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
