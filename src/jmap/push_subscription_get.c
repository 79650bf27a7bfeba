/*
 * PushSubscription/get (RFC 8620 7.2.1): of the user, not of an account; never URL and keys.
 */
#include "jmap/push_subscription.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "jmap/get.h"
#include "jmap/methods.h"

enum {
	HAS_ID = 1,
	HAS_DEVICE = 2,
	HAS_URL = 4,
	HAS_KEYS = 8,
	HAS_CODE = 16,
	HAS_EXPIRES = 32,
	HAS_TYPES = 64,
	HAS_ALL = 127,
};

static const struct str names[] = { STR_INIT("id"), STR_INIT("deviceClientId"), STR_INIT("url"),
	STR_INIT("keys"), STR_INIT("verificationCode"), STR_INIT("expires"), STR_INIT("types") };

/* "Only subscriptions created by these credentials are returned"; older ones of ours do not say by which. */
bool
push_subscription_is_shown(const struct jmap_call *c, const struct push_subscription *s)
{
	return clock_wall_s() < s->expires_s &&
	    (str_empty(s->credential) || str_eq(s->credential, c->run->host.credential));
}

void
push_subscription_types_write(struct json_writer *w, const struct push_subscription *s)
{
	struct str rest = s->types, name;

	if (!s->has_types) {
		json_null(w);
		return;
	}
	json_array_begin(w);
	while (str_take_until(&rest, '\n', &name))
		json_string(w, name);
	json_array_end(w);
}

static enum fail
all(struct jmap_call *c, uint64_t **ids_out, size_t *count_out)
{
	struct push_subscription room[PUSH_MAX];
	size_t count = 0;
	enum fail fail = push_list(c->run->account, &c->arena, room, &count);

	*count_out = 0;
	*ids_out = arena_alloc(&c->arena, PUSH_MAX, sizeof(**ids_out));
	if (!*ids_out)
		return FAIL_LIMIT;
	for (size_t i = 0; i < count; i++)
		if (push_subscription_is_shown(c, &room[i]))
			(*ids_out)[(*count_out)++] = room[i].id;
	return fail;
}

static bool
begin(struct jmap_call *c, const struct json *properties, void **more_out)
{
	uint32_t *mask = arena_alloc(&c->arena, 1, sizeof(*mask));

	*more_out = mask;
	if (!mask) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	if (!jmap_properties(c, properties, names, ARRAY_LEN(names),
		HAS_ALL & ~(uint32_t)(HAS_URL | HAS_KEYS), mask))
		return false;
	if (*mask & (HAS_URL | HAS_KEYS))
		jmap_fail(c, "forbidden", "url and keys are never returned.");
	return !c->error;
}

static enum fail
one(struct jmap_call *c, void *more, uint64_t id)
{
	const uint32_t *mask = more;
	struct push_subscription s;
	enum fail fail = push_get(c->run->account, id, &c->arena, &s);

	if (fail == FAIL_NONE && !push_subscription_is_shown(c, &s))
		fail = FAIL_MISSING;
	if (fail)
		return fail;
	json_object_begin(&c->w);
	json_name(&c->w, STR("id"));
	jmap_write_id(&c->w, ID_PUSH, s.id);
	if (*mask & HAS_DEVICE)
		json_name_string(&c->w, STR("deviceClientId"), s.device);
	if (*mask & HAS_CODE) {
		json_name(&c->w, STR("verificationCode"));
		if (s.is_verified) /* before, only the URL may know it */
			json_string(&c->w, s.code);
		else
			json_null(&c->w);
	}
	if (*mask & HAS_EXPIRES) {
		json_name(&c->w, STR("expires"));
		jmap_write_date(&c->w, s.expires_s, 0);
	}
	if (*mask & HAS_TYPES) {
		json_name(&c->w, STR("types"));
		push_subscription_types_write(&c->w, &s);
	}
	json_object_end(&c->w);
	return FAIL_NONE;
}

static const struct jmap_get_type push_type = {
	.kind = ID_PUSH,
	.all = all,
	.begin = begin,
	.one = one,
	.is_stateless = true,
};

enum jmap_step
jmap_push_subscription_get(struct jmap_call *c)
{
	return jmap_get(c, &push_type);
}
