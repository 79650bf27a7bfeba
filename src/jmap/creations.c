#include "jmap/creations.h"

const struct json *
jmap_creations_read(struct jmap_call *c, struct str argument)
{
	const struct json *v = jmap_arg(c->args, argument);

	if (!json_is(v, JSON_OBJECT)) {
		jmap_invalid(c, "What is to be created is missing or no object.");
		return NULL;
	}
	for (uint32_t i = 0; i < v->count; i++)
		if (!json_is(&v->members[i].value, JSON_OBJECT) ||
		    !jmap_is_id(v->members[i].name)) {
			jmap_invalid(c,
			    "What is to be created is no object, or its name is no Id.");
			return NULL;
		}
	if (v->count <= JMAP_SET_MAX)
		return v;
	jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInSet.");
	return NULL;
}

static struct str
done_name(const struct jmap_creations *x)
{
	return x->done_name.p ? x->done_name : STR("created");
}

void
jmap_creations_add(struct jmap_call *c, struct jmap_creations *x, struct str creation_id,
    struct str id)
{
	if (!x->has_created) {
		json_name(&c->w, done_name(x));
		json_object_begin(&c->w);
	}
	x->has_created = true;
	if (id.p)
		jmap_created_add(c->run, creation_id, id);
	json_name(&c->w, creation_id);
}

void
jmap_creations_fail(struct jmap_creations *x, struct str creation_id,
    const struct jmap_set_error *e)
{
	if (!x->failed_w.out) {
		buf_init(&x->failed, JMAP_RESPONSE_MAX);
		x->failed_w.out = &x->failed;
		json_object_begin(&x->failed_w);
	}
	json_name(&x->failed_w, creation_id);
	jmap_set_error_write(&x->failed_w, e);
}

void
jmap_creations_end(struct jmap_call *c, struct jmap_creations *x)
{
	if (x->has_created)
		json_object_end(&c->w);
	else
		json_name_null(&c->w, done_name(x));
	json_name(&c->w, x->failed_name.p ? x->failed_name : STR("notCreated"));
	if (x->failed_w.out) {
		json_object_end(&x->failed_w);
		json_raw(&c->w, buf_str(&x->failed));
	} else {
		json_null(&c->w);
	}
}

void
jmap_creations_release(struct jmap_creations *x)
{
	buf_release(&x->failed);
}
