/*
 * PushSubscription/set (RFC 8620 7.2.2): of the user, not of an account. The agent does the rest (push.h).
 */
#include "jmap/push_subscription.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/random.h"
#include "http/url.h"
#include "jmap/methods.h"
#include "jmap/patch.h"
#include "jmap/push.h"
#include "jmap/set.h"
#include "jmap/web_push.h"
#include "message/date.h"

#define TYPES_COUNT_MAX 100 /* names in `types` */

struct answer { /* what a response says beside the id */
	struct push_subscription made;
	bool had_keys, had_types; /* were given */
	bool has_expires;         /* it is not what was asked for */
};

static bool
begin(struct jmap_call *c, void **more_out)
{
	*more_out = arena_alloc(&c->arena, 1, sizeof(struct answer));
	if (!*more_out)
		jmap_fail_with(c, FAIL_LIMIT);
	return *more_out != NULL;
}

/* --- properties ---------------------------------------------------------------------------------- */

/* null, or a UTCDate to come; a later one than we allow is shortened. */
static enum jmap_set_said
take_expires(const struct json *v, struct push_subscription *s, struct answer *answer,
    struct jmap_set_error *e)
{
	int64_t now_s = clock_wall_s(), last_s = now_s + PUSH_LIFE_S;
	struct date date = { .unix_s = INT64_MAX };
	struct str text;

	if (v && !json_is(v, JSON_NULL) &&
	    (!json_get_text(v, &text) || !str_ends(text, STR("Z")) ||
		date_parse_3339(text, &date) != FAIL_NONE || date.unix_s <= now_s))
		return jmap_set_invalid(e, STR("expires"), "expires is no UTCDate to come.");
	s->expires_s = date.unix_s < last_s ? date.unix_s : last_s;
	answer->has_expires = s->expires_s != date.unix_s;
	return SET_OK;
}

/* null, or names; each is kept as it is, also one that we do not have. */
static enum jmap_set_said
take_types(struct jmap_call *c, const struct json *v, struct push_subscription *s,
    struct jmap_set_error *e)
{
	struct buf types;
	struct str name;
	bool is_good;

	s->has_types = v && !json_is(v, JSON_NULL);
	s->types = STR("");
	if (!s->has_types)
		return SET_OK;
	buf_init(&types, PUSH_TYPES_MAX);
	is_good = json_is(v, JSON_ARRAY) && v->count <= TYPES_COUNT_MAX;
	for (uint32_t i = 0; is_good && i < v->count; i++) {
		is_good =
		    json_get_text(&v->items[i], &name) && str_find_char(name, '\n') == STR_NONE;
		if (!is_good)
			break;
		buf_add(&types, name);
		buf_add_char(&types, '\n');
	}
	is_good = is_good && buf_ok(&types);
	if (is_good)
		s->types = arena_str(&c->arena, buf_str(&types));
	buf_release(&types);
	return is_good ? SET_OK
		       : jmap_set_invalid(e, STR("types"), "types is no list of type names.");
}

/* A key in URL-safe base64, of exactly n bytes. */
static bool
take_key(struct jmap_call *c, const struct json *v, size_t n, struct str *out)
{
	struct str text;
	struct buf bytes;

	if (!json_get_text(v, &text))
		return false;
	buf_init(&bytes, P256_PUBLIC_BYTES);
	*out = (struct str){ 0 };
	if (base64url_parse(&bytes, text) == FAIL_NONE && buf_str(&bytes).n == n)
		*out = arena_str(&c->arena, buf_str(&bytes));
	buf_release(&bytes);
	return out->p != NULL;
}

/* null, or {p256dh, auth} that a message can be encrypted with. */
static enum jmap_set_said
take_keys(struct jmap_call *c, const struct json *v, struct push_subscription *s,
    struct jmap_set_error *e)
{
	struct web_push_keys keys = { 0 };
	struct buf probe;
	bool is_good;

	if (!v || json_is(v, JSON_NULL))
		return SET_OK;
	is_good = take_key(c, json_find(v, STR("p256dh")), P256_PUBLIC_BYTES, &keys.p256dh) &&
	    take_key(c, json_find(v, STR("auth")), WEB_PUSH_AUTH_BYTES, &keys.auth);
	buf_init(&probe, WEB_PUSH_RECORD_BYTES);
	is_good = is_good && web_push_encrypt(&keys, STR("x"), &probe) == FAIL_NONE;
	buf_release(&probe);
	if (!is_good)
		return jmap_set_invalid(e, STR("keys"), "keys are not those of RFC 8291.");
	s->p256dh = keys.p256dh;
	s->auth = keys.auth;
	return SET_OK;
}

static enum jmap_set_said
take_url(struct jmap_call *c, const struct json *v, struct push_subscription *s,
    struct jmap_set_error *e)
{
	bool may_http = c->run->push && jmap_push_may_private(c->run->push);
	struct http_url url;

	if (!json_get_text(v, &s->url) || s->url.n > PUSH_URL_MAX ||
	    http_url_parse(s->url, &url) != FAIL_NONE || (!url.is_tls && !may_http))
		return jmap_set_invalid(e, STR("url"), "url is no absolute https URL.");
	return SET_OK;
}

static enum jmap_set_said
take_device(const struct json *v, struct push_subscription *s, struct jmap_set_error *e)
{
	if (!json_get_text(v, &s->device) || str_empty(s->device) || s->device.n > PUSH_DEVICE_MAX)
		return jmap_set_invalid(e, STR("deviceClientId"),
		    "deviceClientId is missing or too long.");
	return SET_OK;
}

/* --- create -------------------------------------------------------------------------------------- */

/* Nothing but what a client may set. */
static enum jmap_set_said
check_names(const struct json *object, struct jmap_set_error *e)
{
	static const struct str names[] = { STR_INIT("deviceClientId"), STR_INIT("url"),
		STR_INIT("keys"), STR_INIT("expires"), STR_INIT("types") };
	enum jmap_set_said said = SET_OK;

	for (uint32_t i = 0; i < object->count && jmap_set_goes_on(said, e); i++) {
		const struct json_member *m = &object->members[i];
		size_t at = 0;

		while (at < ARRAY_LEN(names) && !str_eq(names[at], m->name))
			at++;
		if (at < ARRAY_LEN(names) ||
		    (str_eq(m->name, STR("verificationCode")) && json_is(&m->value, JSON_NULL)))
			continue;
		said = jmap_set_invalid(e, m->name, "This cannot be set.");
	}
	return said;
}

static void
make_code(struct jmap_call *c, struct push_subscription *s)
{
	struct buf code;

	buf_init(&code, PUSH_CODE_CHARS);
	random_text(&code, PUSH_CODE_CHARS);
	s->code = arena_str(&c->arena, buf_str(&code));
	buf_release(&code);
}

static void
tell_agent(struct jmap_call *c)
{
	if (c->run->push)
		jmap_push_look(c->run->push, c->run->account->id);
}

static enum jmap_set_said
store_failed(struct jmap_call *c, enum fail fail, struct jmap_set_error *e)
{
	if (fail == FAIL_MISSING)
		return jmap_set_error(e, "notFound", NULL);
	if (fail == FAIL_LIMIT)
		return jmap_set_error(e, "overQuota", "You have too many of these.");
	jmap_fail_with(c, fail);
	return SET_FAIL;
}

static enum jmap_set_said
create(struct jmap_call *c, void *more, const struct json *object, uint64_t *id_out,
    struct jmap_set_error *e)
{
	struct push_subscription s = { 0 };
	struct answer *answer = more;
	const struct json *keys = json_find(object, STR("keys"));
	const struct json *types = json_find(object, STR("types"));
	enum jmap_set_said said = check_names(object, e);
	enum fail fail;

	*answer = (struct answer){ .had_keys = keys != NULL, .had_types = types != NULL };
	said = jmap_set_both(said, take_device(json_find(object, STR("deviceClientId")), &s, e));
	said = jmap_set_both(said, take_url(c, json_find(object, STR("url")), &s, e));
	said = jmap_set_both(said, take_keys(c, keys, &s, e));
	said = jmap_set_both(said, take_expires(json_find(object, STR("expires")), &s, answer, e));
	said = jmap_set_both(said, take_types(c, types, &s, e));
	if (said != SET_OK)
		return said;
	if (c->run->push && !jmap_push_may_add(c->run->push, c->run->account->id))
		return jmap_set_error(e, "rateLimit", "You made many of these in the last hour.");
	make_code(c, &s);
	s.credential = c->run->host.credential;
	fail = push_add(c->run->account, &s, id_out);
	if (fail)
		return store_failed(c, fail, e);
	answer->made = s;
	tell_agent(c);
	return SET_OK;
}

/* What the client did not say, or not so. */
static enum fail
created(struct jmap_call *c, void *more, uint64_t id)
{
	const struct answer *answer = more;

	json_object_begin(&c->w);
	json_name(&c->w, STR("id"));
	jmap_write_id(&c->w, ID_PUSH, id);
	if (!answer->had_keys)
		json_name_null(&c->w, STR("keys"));
	if (answer->has_expires) {
		json_name(&c->w, STR("expires"));
		jmap_write_date(&c->w, answer->made.expires_s, 0);
	}
	if (!answer->had_types)
		json_name_null(&c->w, STR("types"));
	json_object_end(&c->w);
	return FAIL_NONE;
}

/* --- update -------------------------------------------------------------------------------------- */

/* The code must be the one that was sent to the URL. */
static enum jmap_set_said
take_code(struct jmap_call *c, const struct json *v, struct push_subscription *s,
    struct jmap_set_error *e)
{
	struct str code;

	if (json_is(v, JSON_NULL) && !s->is_verified) /* it stays as it is */
		return SET_OK;
	if (!json_get_text(v, &code) || code.n != s->code.n ||
	    !mem_equal_secret(code.p, s->code.p, code.n))
		return jmap_set_invalid(e, STR("verificationCode"), "This is not the code.");
	if (!s->is_verified) { /* what moves from now on is told */
		s->told = c->run->account->modseq;
		s->others = PUSH_OTHERS_NOW;
	}
	s->is_verified = true;
	return SET_OK;
}

/* Immutable ones may be said again as they are; url and keys may not, for that would tell them. */
static enum jmap_set_said
take_patch(struct jmap_call *c, const struct json_member *m, struct push_subscription *s,
    struct answer *answer, struct jmap_set_error *e)
{
	struct str text;
	uint64_t id;

	if (str_eq(m->name, STR("verificationCode")))
		return take_code(c, &m->value, s, e);
	if (str_eq(m->name, STR("expires")))
		return take_expires(&m->value, s, answer, e);
	if (str_eq(m->name, STR("types")))
		return take_types(c, &m->value, s, e);
	if (str_eq(m->name, STR("id")) && json_get_text(&m->value, &text) &&
	    id_parse(text, ID_PUSH, &id) && id == s->id)
		return SET_OK;
	if (str_eq(m->name, STR("deviceClientId")) && json_get_text(&m->value, &text) &&
	    str_eq(text, s->device))
		return SET_OK;
	return jmap_patch_refuse(m, "This cannot be changed.", e);
}

static enum jmap_set_said
update(struct jmap_call *c, void *more, uint64_t id, const struct json *patch,
    struct jmap_set_error *e)
{
	struct account *a = c->run->account;
	struct answer *answer = more;
	struct push_subscription s;
	enum jmap_set_said said = SET_OK;
	enum fail fail = push_get(a, id, &c->arena, &s);

	*answer = (struct answer){ 0 };
	if (fail == FAIL_NONE && !push_subscription_is_shown(c, &s))
		fail = FAIL_MISSING;
	if (fail)
		return store_failed(c, fail, e);
	for (uint32_t i = 0; said == SET_OK && i < patch->count; i++)
		said = take_patch(c, &patch->members[i], &s, answer, e);
	if (said != SET_OK)
		return said;
	fail = push_change(a, &s);
	if (fail)
		return store_failed(c, fail, e);
	answer->made = s;
	tell_agent(c);
	return SET_OK;
}

static enum fail
updated(struct jmap_call *c, void *more, uint64_t id)
{
	const struct answer *answer = more;

	(void)id;
	if (!answer->has_expires) {
		json_null(&c->w);
		return FAIL_NONE;
	}
	json_object_begin(&c->w);
	json_name(&c->w, STR("expires"));
	jmap_write_date(&c->w, answer->made.expires_s, 0);
	json_object_end(&c->w);
	return FAIL_NONE;
}

static enum jmap_set_said
destroy(struct jmap_call *c, void *more, uint64_t id, struct jmap_set_error *e)
{
	struct push_subscription s;
	enum fail fail = push_get(c->run->account, id, &c->arena, &s);

	(void)more;
	if (fail == FAIL_NONE && !push_subscription_is_shown(c, &s))
		fail = FAIL_MISSING;
	if (fail == FAIL_NONE)
		fail = push_drop(c->run->account, id);
	if (fail)
		return store_failed(c, fail, e);
	tell_agent(c);
	return SET_OK;
}

static const struct jmap_set_type push_type = {
	.kind = ID_PUSH,
	.begin = begin,
	.create = create,
	.created = created,
	.update = update,
	.updated = updated,
	.destroy = destroy,
	.is_stateless = true,
};

enum jmap_step
jmap_push_subscription_set(struct jmap_call *c)
{
	return jmap_set(c, &push_type);
}
