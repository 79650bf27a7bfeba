/*
 * Quota/get and Quota/changes (RFC 9425 4.1, 4.3).
 */
#include "jmap/quota.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/get.h"
#include "jmap/methods.h"

#define STATE_MAX 128 /* bytes of a state */

const struct str quota_resource_types[QUOTA_END] = { STR_INIT(""), STR_INIT("octets"),
	STR_INIT("count") };
const struct str quota_names[QUOTA_END] = { STR_INIT(""), STR_INIT("Size of all messages"),
	STR_INIT("Number of messages") };

enum property {
	PROPERTY_ID,
	PROPERTY_RESOURCE_TYPE,
	PROPERTY_USED,
	PROPERTY_HARD_LIMIT,
	PROPERTY_SCOPE,
	PROPERTY_NAME,
	PROPERTY_TYPES,
	PROPERTY_WARN_LIMIT,
	PROPERTY_SOFT_LIMIT,
	PROPERTY_DESCRIPTION,
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("id"), STR_INIT("resourceType"),
	STR_INIT("used"), STR_INIT("hardLimit"), STR_INIT("scope"), STR_INIT("name"),
	STR_INIT("types"), STR_INIT("warnLimit"), STR_INIT("softLimit"), STR_INIT("description") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

/* --- numbers and states -------------------------------------------------------------------------- */

struct quota_numbers
quota_numbers(const struct account *a)
{
	return (struct quota_numbers){
		.used = { 0, a->used_bytes, a->used_messages },
		.limit = { 0, a->limits.quota_bytes, a->limits.quota_messages },
	};
}

bool
quota_is_there(const struct jmap_call *c, const struct quota_numbers *n, enum quota quota)
{
	return n->limit[quota] > 0 && c->run->request->using & CAPABILITY_MAIL;
}

void
quota_state_write(struct buf *out, const struct quota_numbers *n)
{
	for (unsigned q = QUOTA_BYTES; q < QUOTA_END; q++) {
		if (q > QUOTA_BYTES)
			buf_add_char(out, '-');
		buf_add_u64(out, n->used[q]);
		buf_add_char(out, '-');
		buf_add_u64(out, n->limit[q]);
	}
}

bool
quota_state_parse(struct str text, struct quota_numbers *out)
{
	*out = (struct quota_numbers){ 0 };
	for (unsigned q = QUOTA_BYTES; q < QUOTA_END; q++)
		if ((q > QUOTA_BYTES && !str_skip_char(&text, '-')) ||
		    !str_u64(&text, UINT64_MAX, &out->used[q]) || !str_skip_char(&text, '-') ||
		    !str_u64(&text, UINT64_MAX, &out->limit[q]))
			return false;
	return str_empty(text);
}

static void
write_state(struct jmap_call *c, struct str name)
{
	struct quota_numbers now = quota_numbers(c->account);
	struct buf text;

	buf_init(&text, STATE_MAX);
	quota_state_write(&text, &now);
	json_name_string(&c->w, name, buf_str(&text));
	buf_release(&text);
}

/* --- Quota/get ----------------------------------------------------------------------------------- */

static enum fail
all(struct jmap_call *c, uint64_t **ids_out, size_t *count_out)
{
	struct quota_numbers now = quota_numbers(c->account);

	*ids_out = arena_alloc(&c->arena, QUOTA_END, sizeof(**ids_out));
	if (!*ids_out)
		return FAIL_LIMIT;
	for (unsigned q = QUOTA_BYTES; q < QUOTA_END; q++)
		if (quota_is_there(c, &now, (enum quota)q))
			(*ids_out)[(*count_out)++] = q;
	return FAIL_NONE;
}

static void
write_types(struct json_writer *w)
{
	json_array_begin(w);
	json_string(w, STR("Email"));
	json_array_end(w);
}

static void
write_property(struct json_writer *w, const struct quota_numbers *n, uint64_t id,
    enum property property)
{
	json_name(w, property_names[property]);
	switch (property) {
	case PROPERTY_ID: jmap_write_id(w, ID_QUOTA, id); break;
	case PROPERTY_RESOURCE_TYPE: json_string(w, quota_resource_types[id]); break;
	case PROPERTY_USED: json_u64(w, n->used[id]); break;
	case PROPERTY_HARD_LIMIT: json_u64(w, n->limit[id]); break;
	case PROPERTY_SCOPE: json_string(w, STR("account")); break;
	case PROPERTY_NAME: json_string(w, quota_names[id]); break;
	case PROPERTY_TYPES: write_types(w); break;
	case PROPERTY_WARN_LIMIT:
	case PROPERTY_SOFT_LIMIT:
	case PROPERTY_DESCRIPTION: json_null(w); break;
	case PROPERTY_COUNT: break;
	}
}

static enum fail
one(struct jmap_call *c, void *more, uint64_t id)
{
	struct quota_numbers now = quota_numbers(c->account);
	const uint32_t *asked = more;

	if (id < QUOTA_BYTES || id >= QUOTA_END || !quota_is_there(c, &now, (enum quota)id))
		return FAIL_MISSING;
	json_object_begin(&c->w);
	for (unsigned p = 0; p < PROPERTY_COUNT; p++)
		if (*asked & (uint32_t)1 << p)
			write_property(&c->w, &now, id, (enum property)p);
	json_object_end(&c->w);
	return FAIL_NONE;
}

enum jmap_step
jmap_quota_get(struct jmap_call *c)
{
	static const struct jmap_get_type type = {
		.kind = ID_QUOTA,
		.write_state = write_state,
		.all = all,
		.names = property_names,
		.name_count = PROPERTY_COUNT,
		.one = one,
	};

	return jmap_get(c, &type);
}

/* --- Quota/changes ------------------------------------------------------------------------------- */

/* "created": [..]: those that were there, and are, as said. */
static void
write_kind(struct jmap_call *c, struct str name, const struct quota_numbers *was,
    const struct quota_numbers *now, bool was_there, bool is_there)
{
	json_name(&c->w, name);
	json_array_begin(&c->w);
	for (unsigned q = QUOTA_BYTES; q < QUOTA_END; q++)
		if (quota_is_there(c, was, (enum quota)q) == was_there &&
		    quota_is_there(c, now, (enum quota)q) == is_there &&
		    (was->used[q] != now->used[q] || was->limit[q] != now->limit[q]))
			jmap_write_id(&c->w, ID_QUOTA, q);
	json_array_end(&c->w);
}

static bool
is_used_only(const struct quota_numbers *was, const struct quota_numbers *now)
{
	for (unsigned q = QUOTA_BYTES; q < QUOTA_END; q++)
		if (was->limit[q] != now->limit[q])
			return false;
	return true;
}

/* There are two at most: there is never more than one answer tells, unless the client wants but one. */
enum jmap_step
jmap_quota_changes(struct jmap_call *c)
{
	struct quota_numbers was, now = quota_numbers(c->account);
	struct str since;
	uint64_t max;

	if (!jmap_arg_text(c, STR("sinceState"), &since) ||
	    !jmap_arg_uint(c, STR("maxChanges"), QUOTA_END, &max))
		return JMAP_DONE;
	if (!since.p || max == 0)
		return jmap_invalid(c, "sinceState is missing, or maxChanges is 0.");
	if (!quota_state_parse(since, &was) || max < QUOTA_END - 1)
		return jmap_fail(c, "cannotCalculateChanges", NULL);
	json_object_begin(&c->w);
	jmap_write_account(c);
	json_name_string(&c->w, STR("oldState"), since);
	write_state(c, STR("newState"));
	json_name_bool(&c->w, STR("hasMoreChanges"), false);
	write_kind(c, STR("created"), &was, &now, false, true);
	write_kind(c, STR("updated"), &was, &now, true, true);
	write_kind(c, STR("destroyed"), &was, &now, true, false);
	json_name(&c->w, STR("updatedProperties"));
	if (is_used_only(&was, &now)) {
		json_array_begin(&c->w);
		json_string(&c->w, STR("used"));
		json_array_end(&c->w);
	} else {
		json_null(&c->w);
	}
	json_object_end(&c->w);
	return JMAP_DONE;
}
