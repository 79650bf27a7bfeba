/*
 * Thread/get (RFC 8621 3.1).
 */
#include "mail/thread.h"

/* rooms */
#include "jmap/get.h"
#include "jmap/methods.h"

enum { PROPERTY_ID, PROPERTY_EMAIL_IDS, PROPERTY_COUNT };

static const struct str property_names[PROPERTY_COUNT] = { STR_INIT("id"), STR_INIT("emailIds") };

/* FAIL_MISSING: none of them. */
static enum fail
keep_shown(struct jmap_call *c, uint64_t *ids, size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		enum fail fail = jmap_email_look(c->access, ids[i], &c->arena);

		if (fail == FAIL_NONE)
			ids[kept++] = ids[i];
		else if (fail != FAIL_MISSING)
			return fail;
	}
	*count = kept;
	return kept ? FAIL_NONE : FAIL_MISSING;
}

static enum fail
one(struct jmap_call *c, void *more, uint64_t id)
{
	const uint32_t *asked = more;
	uint64_t *ids;
	size_t count;
	enum fail fail = thread_emails(c->account, id, &c->arena, &ids, &count);

	if (fail == FAIL_NONE)
		fail = keep_shown(c, ids, &count);
	if (fail)
		return fail;
	json_object_begin(&c->w);
	json_name(&c->w, STR("id"));
	jmap_write_id(&c->w, ID_THREAD, id);
	if (*asked & 1 << PROPERTY_EMAIL_IDS) {
		json_name(&c->w, STR("emailIds"));
		json_array_begin(&c->w);
		for (size_t i = 0; i < count; i++)
			jmap_write_id(&c->w, ID_EMAIL, ids[i]);
		json_array_end(&c->w);
	}
	json_object_end(&c->w);
	return FAIL_NONE;
}

static const struct jmap_get_type thread_type = {
	.kind = ID_THREAD,
	.change = CHANGE_THREAD,
	.names = property_names,
	.name_count = PROPERTY_COUNT,
	.one = one,
};

enum jmap_step
jmap_thread_get(struct jmap_call *c)
{
	return jmap_get(c, &thread_type);
}
