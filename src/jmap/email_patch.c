#include "jmap/email_patch.h"

/* One keyword. JMAP's have no backslash (RFC 8621 4.1.1). */
static enum jmap_set_said
keyword_bit(struct jmap_call *c, struct str name, bool adds, uint64_t *bit_out,
    struct jmap_set_error *e)
{
	bool may_add = adds && jmap_may_somewhere(c->access, MAY_SET_KEYWORDS), is_missed = false;
	enum fail fail = str_starts(name, STR("\\")) ? FAIL_SYNTAX : FAIL_NONE;

	/* who may set no keyword must not fill the account's table with new ones */
	if (fail == FAIL_NONE)
		fail = keyword_bits(c->account, &name, 1, may_add, bit_out, &is_missed);
	if (fail == FAIL_NONE && adds && is_missed)
		return jmap_set_error(e, "forbidden", "Your rights allow no keywords.");

	switch (fail) {
	case FAIL_NONE: return SET_OK;
	case FAIL_SYNTAX: return jmap_set_invalid(e, STR("keywords"), "This is no keyword.");
	case FAIL_LIMIT:
		return jmap_set_error(e, "tooManyKeywords", "The account has no room for another.");
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	jmap_fail(c, "serverPartialFail", "The store failed.");
	return SET_FAIL;
}

enum jmap_set_said
jmap_keywords(struct jmap_call *c, const struct json *v, uint64_t *bits_out,
    struct jmap_set_error *e)
{
	*bits_out = 0;
	if (!json_is(v, JSON_OBJECT))
		return jmap_set_invalid(e, STR("keywords"), "keywords is no object.");
	for (uint32_t i = 0; i < v->count; i++) {
		uint64_t bit = 0;
		bool is_true;
		enum jmap_set_said said;

		if (!json_get_bool(&v->members[i].value, &is_true) || !is_true)
			return jmap_set_invalid(e, STR("keywords"),
			    "The value of a keyword is true.");
		said = keyword_bit(c, v->members[i].name, true, &bit, e);
		if (said != SET_OK)
			return said;
		*bits_out |= bit;
	}
	return SET_OK;
}

static enum jmap_set_said
mailbox_id(struct jmap_call *c, struct str text, uint32_t *out, struct jmap_set_error *e)
{
	struct str id = jmap_created_find(c->run, text);
	uint64_t n;

	if (!id.p || !id_parse(id, ID_MAILBOX, &n) || n > UINT32_MAX)
		return jmap_set_invalid(e, STR("mailboxIds"), "There is no such mailbox.");
	*out = (uint32_t)n;
	return SET_OK;
}

enum jmap_set_said
jmap_mailbox_ids(struct jmap_call *c, const struct json *v, uint32_t **ids_out, size_t *count_out,
    struct jmap_set_error *e)
{
	uint32_t *ids;

	if (!json_is(v, JSON_OBJECT) || v->count == 0)
		return jmap_set_invalid(e, STR("mailboxIds"),
		    "An Email is in at least one mailbox.");
	if (v->count > JMAP_MAILBOXES_MAX)
		return jmap_set_error(e, "tooManyMailboxes", NULL);
	ids = arena_alloc(&c->arena, v->count, sizeof(*ids));
	if (!ids) {
		jmap_fail_with(c, FAIL_LIMIT);
		return SET_FAIL;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		bool is_true;
		enum jmap_set_said said;

		if (!json_get_bool(&v->members[i].value, &is_true) || !is_true)
			return jmap_set_invalid(e, STR("mailboxIds"),
			    "The value of a mailbox is true.");
		said = mailbox_id(c, v->members[i].name, &ids[i], e);
		if (said != SET_OK)
			return said;
	}
	*ids_out = ids;
	*count_out = v->count;
	return SET_OK;
}

/* A patch's value is true to add, null to remove. */
static enum jmap_set_said
patch_value(const struct json *v, struct str property, bool *adds_out, struct jmap_set_error *e)
{
	bool is_true;

	*adds_out = false;
	if (json_is(v, JSON_NULL))
		return SET_OK;
	if (!json_get_bool(v, &is_true) || !is_true)
		return jmap_set_invalid(e, property, "A patch is true or null here.");
	*adds_out = true;
	return SET_OK;
}

struct patch_lists {
	uint32_t *add, *remove;           /* arena: room for every member of the patch */
	bool has_keywords, has_mailboxes; /* whole ones */
	bool has_keyword_paths, has_mailbox_paths;
};

static enum jmap_set_said
patch_below(struct jmap_call *c, const struct json_member *member, struct str property,
    struct str below, struct patch_lists *lists, struct email_update *out, struct jmap_set_error *e)
{
	bool adds;
	enum jmap_set_said said = patch_value(&member->value, member->name, &adds, e);
	uint64_t bit = 0;
	uint32_t id = 0;

	if (said != SET_OK)
		return said;
	if (str_eq(property, STR("keywords"))) {
		lists->has_keyword_paths = true;
		said = keyword_bit(c, below, adds, &bit, e);
		if (adds)
			out->keywords_add |= bit;
		else
			out->keywords_remove |= bit;
		return said;
	}
	if (!str_eq(property, STR("mailboxIds")))
		return jmap_set_invalid(e, member->name, "This cannot be changed.");
	lists->has_mailbox_paths = true;
	said = mailbox_id(c, below, &id, e);
	if (said == SET_OK && adds)
		lists->add[out->mailboxes_add_count++] = id;
	else if (said == SET_OK)
		lists->remove[out->mailboxes_remove_count++] = id;
	return said;
}

static enum jmap_set_said
patch_whole(struct jmap_call *c, const struct json_member *member, struct str property,
    struct patch_lists *lists, struct email_update *out, struct jmap_set_error *e)
{
	enum jmap_set_said said;
	uint32_t *ids = NULL;

	if (str_eq(property, STR("keywords"))) {
		static const struct json none = { .type = JSON_OBJECT };
		const struct json *v = json_is(&member->value, JSON_NULL) ? &none : &member->value;

		lists->has_keywords = true;
		said = jmap_keywords(c, v, &out->keywords_add, e);
		out->keywords_remove = ~out->keywords_add;
		return said;
	}
	if (!str_eq(property, STR("mailboxIds")))
		return jmap_set_invalid(e, member->name, "This cannot be changed.");
	lists->has_mailboxes = out->replace_mailboxes = true;
	said = jmap_mailbox_ids(c, &member->value, &ids, &out->mailboxes_add_count, e);
	if (said == SET_OK)
		out->mailboxes_add = ids;
	return said;
}

enum jmap_set_said
jmap_email_patch(struct jmap_call *c, const struct json *patch, struct email_update *out,
    struct jmap_set_error *e)
{
	struct patch_lists lists = { 0 };

	*out = (struct email_update){ 0 };
	lists.add = arena_alloc(&c->arena, patch->count + 1, sizeof(*lists.add));
	lists.remove = arena_alloc(&c->arena, patch->count + 1, sizeof(*lists.remove));
	if (!lists.add || !lists.remove) {
		jmap_fail_with(c, FAIL_LIMIT);
		return SET_FAIL;
	}
	for (uint32_t i = 0; i < patch->count; i++) {
		const struct json_member *member = &patch->members[i];
		struct str property, below;
		enum jmap_set_said said;

		if (!jmap_patch_path(member->name, &c->arena, &property, &below))
			return jmap_set_error(e, "invalidPatch", "A path is no JSON Pointer.");
		said = below.p ? patch_below(c, member, property, below, &lists, out, e)
			       : patch_whole(c, member, property, &lists, out, e);
		if (said != SET_OK)
			return said;
	}
	if ((lists.has_keywords && lists.has_keyword_paths) ||
	    (lists.has_mailboxes && lists.has_mailbox_paths))
		return jmap_set_error(e, "invalidPatch", "One path is a start of another.");
	if (!lists.has_mailboxes)
		out->mailboxes_add = lists.add;
	out->mailboxes_remove = lists.remove;
	return SET_OK;
}
