/*
 * Blob/lookup (RFC 9404 4.3): what refers to a blob. A blob that is not there is told from one nobody refers to by
 * nothing.
 */
#include "jmap/blob.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/args.h"
#include "jmap/methods.h"

enum type { TYPE_MAILBOX, TYPE_THREAD, TYPE_EMAIL, TYPE_COUNT };

const struct str jmap_blob_type_names[JMAP_BLOB_TYPES] = { STR_INIT("Mailbox"), STR_INIT("Thread"),
	STR_INIT("Email") };
static_assert(TYPE_COUNT == JMAP_BLOB_TYPES, "a name per type");

struct looking {
	const struct json *ids;
	uint32_t at;
	unsigned types;     /* bits of enum type */
	struct arena arena; /* own: one Email at a time */
};

#define LOOK_BYTES (1024 * 1024) /* an Email's record */

static void
look_release(struct jmap_call *c)
{
	struct looking *l = c->state;

	arena_release(&l->arena);
}

static bool
read_types(struct jmap_call *c, const struct json *names, unsigned *out)
{
	struct str name;

	for (uint32_t i = 0; i < names->count; i++) {
		unsigned type = 0;

		(void)!json_get_text(&names->items[i], &name);
		while (type < TYPE_COUNT && !str_eq(name, jmap_blob_type_names[type]))
			type++;
		if (type == TYPE_COUNT || !(c->run->request->using & CAPABILITY_MAIL)) {
			jmap_fail(c, "unknownDataType", NULL);
			return false;
		}
		*out |= 1u << type;
	}
	return true;
}

static bool
look_begin(struct jmap_call *c)
{
	struct looking *l = arena_alloc(&c->arena, 1, sizeof(*l));
	const struct json *names;

	if (!l) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	if (!jmap_arg_texts(c, STR("ids"), &l->ids) || !jmap_arg_texts(c, STR("typeNames"), &names))
		return false;
	if (!l->ids || !names) {
		jmap_invalid(c, "ids or typeNames is missing.");
		return false;
	}
	if (l->ids->count > JMAP_GET_MAX) {
		jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInGet.");
		return false;
	}
	if (!read_types(c, names, &l->types))
		return false;
	arena_init(&l->arena, LOOK_BYTES);
	c->state = l;
	c->release = look_release;
	json_object_begin(&c->w);
	jmap_write_account(c);
	json_name(&c->w, STR("list"));
	json_array_begin(&c->w);
	return true;
}

/*
 * The Email whose message, or a part of it, the blob is; NULL: none that is shown. `text` may be a creation id, and is
 * the id itself then. FAIL_TEMP, FAIL_LIMIT.
 */
static enum fail
find_email(struct jmap_call *c, struct looking *l, struct str *text, struct email **out)
{
	struct str known = jmap_created_find(c->run, *text);
	struct blob_id id;
	struct email *e;
	enum fail fail;

	*out = NULL;
	if (known.p)
		*text = known;
	if (!known.p || !blob_id_parse(known, &id) || id.kind != ID_BLOB)
		return FAIL_NONE;
	fail = email_get(c->account, id.id, &l->arena, &e);
	if (fail == FAIL_NONE && jmap_email_is_shown(c->access, e))
		*out = e;
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

static void
write_mailboxes(struct jmap_call *c, const struct email *e)
{
	uint32_t last = 0;

	for (size_t i = 0; i < e->member_count; i++) {
		const struct membership *m = &e->members[i]; /* in order of mailbox */

		if (m->is_deleted || m->mailbox == last ||
		    !jmap_may(c->access, m->mailbox, MAY_READ_ITEMS))
			continue;
		last = m->mailbox;
		jmap_write_id(&c->w, ID_MAILBOX, last);
	}
}

static void
write_matches(struct jmap_call *c, const struct looking *l, const struct email *e)
{
	for (unsigned type = 0; type < TYPE_COUNT; type++) {
		if (!(l->types & 1u << type))
			continue;
		json_name(&c->w, jmap_blob_type_names[type]);
		json_array_begin(&c->w);
		if (e && type == TYPE_MAILBOX)
			write_mailboxes(c, e);
		else if (e && type == TYPE_THREAD)
			jmap_write_id(&c->w, ID_THREAD, e->thread_id);
		else if (e)
			jmap_write_id(&c->w, ID_EMAIL, e->id);
		json_array_end(&c->w);
	}
}

enum jmap_step
jmap_blob_lookup(struct jmap_call *c)
{
	struct looking *l;

	if (!c->state && !look_begin(c))
		return JMAP_DONE;
	l = c->state;
	for (; l->at < l->ids->count; l->at++) {
		struct str text = { 0 };
		struct email *e;
		enum fail fail;

		if (jmap_slice_over(c))
			return JMAP_YIELD;
		arena_reset(&l->arena);
		(void)!json_get_text(&l->ids->items[l->at], &text);
		fail = find_email(c, l, &text, &e);
		if (fail)
			return jmap_fail_with(c, fail);
		json_object_begin(&c->w);
		json_name_string(&c->w, STR("id"), text);
		json_name(&c->w, STR("matchedIds"));
		json_object_begin(&c->w);
		write_matches(c, l, e);
		json_object_end(&c->w);
		json_object_end(&c->w);
	}
	json_array_end(&c->w);
	/* RFC 9404 4.3: what is not there is in the list, with nothing found, so that nobody learns what exists */
	jmap_write_no_ids(c, STR("notFound"));
	json_object_end(&c->w);
	return JMAP_DONE;
}
