/*
 * Identity/set (RFC 8621 6.3).
 */
#include "mail/identity.h"

/* rooms */
#include "jmap/identity.h"
#include "jmap/methods.h"
#include "jmap/patch.h"
#include "jmap/set.h"

/* EmailAddress: {"name": String|null, "email": String} (RFC 8621 4.1.2.3) */
static bool
take_address(const struct json *v, struct identity_address *out)
{
	*out = (struct identity_address){ .email = { 0 } };
	if (!json_is(v, JSON_OBJECT))
		return false;
	for (uint32_t i = 0; i < v->count; i++) {
		const struct json_member *m = &v->members[i];

		if (str_eq(m->name, STR("email"))) {
			if (!json_get_text(&m->value, &out->email))
				return false;
		} else if (!str_eq(m->name, STR("name"))) {
			return false;
		} else if (!json_is(&m->value, JSON_NULL) &&
		    !json_get_text(&m->value, &out->name)) {
			return false;
		}
	}
	return !str_empty(out->email);
}

/* EmailAddress[]|null */
static enum jmap_set_said
take_list(struct jmap_call *c, const struct json_member *member, struct identity_list *out,
    struct jmap_set_error *e)
{
	const struct json *v = &member->value;
	struct identity_address *items;

	*out = (struct identity_list){ .is_set = false };
	if (json_is(v, JSON_NULL))
		return SET_OK;
	if (!json_is(v, JSON_ARRAY))
		return jmap_set_invalid(e, member->name, "This is no list of addresses.");
	items = arena_alloc(&c->arena, (size_t)v->count + 1, sizeof(*items));
	if (!items)
		return jmap_set_error(e, "tooLarge", NULL);
	for (uint32_t i = 0; i < v->count; i++)
		if (!take_address(&v->items[i], &items[i]))
			return jmap_set_invalid(e, member->name, "An item is no EmailAddress.");
	*out = (struct identity_list){ true, items, v->count };
	return SET_OK;
}

/* One property of a creation or a patch. */
static enum jmap_set_said
take_property(struct jmap_call *c, const struct json_member *member, struct identity *to,
    bool is_new, struct jmap_set_error *e)
{
	const struct {
		struct str name;
		struct str *text;
	} texts[] = { { STR_INIT("name"), &to->name },
		{ STR_INIT("textSignature"), &to->text_signature },
		{ STR_INIT("htmlSignature"), &to->html_signature } };
	static const char unknown[] = "The server sets this, or knows no such.";
	bool is_same, is_email = str_eq(member->name, STR("email"));

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!str_eq(member->name, texts[i].name))
			continue;
		/* null resets to the default (RFC 8620 5.3) */
		*texts[i].text = STR("");
		if (json_is(&member->value, JSON_NULL) ||
		    json_get_text(&member->value, texts[i].text))
			return SET_OK;
		return jmap_set_invalid(e, member->name, "This is no text.");
	}
	if (str_eq(member->name, STR("replyTo")))
		return take_list(c, member, &to->reply_to, e);
	if (str_eq(member->name, STR("bcc")))
		return take_list(c, member, &to->bcc, e);
	if (is_new && is_email && json_get_text(&member->value, &to->email))
		return SET_OK;
	if (is_new)
		return jmap_set_invalid(e, member->name, unknown);
	if (jmap_patch_is_same(c, member, jmap_identity_write, to->id, &is_same))
		return jmap_set_failed(c);
	return is_same ? SET_OK
		       : jmap_patch_refuse(member,
			     is_email ? "The address of an Identity stays." : unknown, e);
}

static enum jmap_set_said
take_properties(struct jmap_call *c, const struct json *object, struct identity *to, bool is_new,
    struct jmap_set_error *e)
{
	enum jmap_set_said said = SET_OK;

	for (uint32_t i = 0; i < object->count && jmap_set_goes_on(said, e); i++)
		said = jmap_set_both(said, take_property(c, &object->members[i], to, is_new, e));
	if (said == SET_OK && identity_too_long(to)) {
		jmap_set_invalid(e, str_c(identity_too_long(to)), NULL);
		return jmap_set_error(e, "tooLarge", "This is too long.");
	}
	return said;
}

static enum jmap_set_said
refused(struct jmap_call *c, enum fail fail, struct jmap_set_error *e)
{
	switch (fail) {
	case FAIL_MISSING: return jmap_set_error(e, "notFound", NULL);
	case FAIL_DENIED:
		return jmap_set_error(e, "forbidden", "This is of an address of the account.");
	case FAIL_LIMIT: return jmap_set_error(e, "overQuota", "There are too many Identities.");
	case FAIL_NONE:
	case FAIL_SYNTAX:
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	return jmap_set_failed(c);
}

static enum jmap_set_said
create(struct jmap_call *c, void *more, const struct json *object, uint64_t *id_out,
    struct jmap_set_error *e)
{
	struct identity new = { .id = 0 };
	enum jmap_set_said said = take_properties(c, object, &new, true, e);
	enum fail fail;

	(void)more;
	if (said != SET_OK)
		return said;
	if (str_empty(new.email))
		return jmap_set_invalid(e, STR("email"), "An address is needed.");
	if (!jmap_may_send_as(c, new.email))
		return jmap_set_error(e, "forbiddenFrom", "This is no address of the user.");
	fail = identity_add(c->account, &new, id_out);
	return fail ? refused(c, fail, e) : SET_OK;
}

static enum fail
created(struct jmap_call *c, void *more, uint64_t id)
{
	(void)more;
	return jmap_identity_write(c, id);
}

static enum jmap_set_said
update(struct jmap_call *c, void *more, uint64_t id, const struct json *patch,
    struct jmap_set_error *e)
{
	struct identity *to;
	enum fail fail = identity_get(c->account, id, &c->arena, &to);
	enum jmap_set_said said;

	(void)more;
	if (fail)
		return refused(c, fail, e);
	said = take_properties(c, patch, to, false, e);
	if (said != SET_OK || patch->count == 0)
		return said;
	fail = identity_update(c->account, to);
	return fail ? refused(c, fail, e) : SET_OK;
}

static enum jmap_set_said
destroy(struct jmap_call *c, void *more, uint64_t id, struct jmap_set_error *e)
{
	enum fail fail = identity_remove(c->account, id);

	(void)more;
	return fail ? refused(c, fail, e) : SET_OK;
}

static const struct jmap_set_type identity_set_type = {
	.kind = ID_IDENTITY,
	.change = CHANGE_IDENTITY,
	.create = create,
	.created = created,
	.update = update,
	.destroy = destroy,
};

enum jmap_step
jmap_identity_set(struct jmap_call *c)
{
	if (!c->state && !jmap_identities_ready(c))
		return JMAP_DONE;
	return jmap_set(c, &identity_set_type);
}
