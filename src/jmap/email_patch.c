#include "jmap/email_patch.h"

/* rooms */
#include "jmap/patch.h"

/* Keywords all at once, so that none takes the place of another (keyword.h). JMAP's have no backslash (RFC 8621 4.1.1). */
static enum jmap_set_said
keyword_set(struct jmap_call *c, const struct str *names, size_t count, bool adds,
    uint64_t *bits_out, struct jmap_set_error *e)
{
	bool may_add = adds && jmap_may_somewhere(c->access, MAY_SET_KEYWORDS), is_missed = false;
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; i < count; i++)
		if (str_starts(names[i], STR("\\")))
			fail = FAIL_SYNTAX;
	if (fail == FAIL_NONE && adds && count > KEYWORD_BITS)
		fail = FAIL_LIMIT;
	/* who may set no keyword must not fill the account's table with new ones */
	if (fail == FAIL_NONE)
		fail = keyword_bits(c->account, names, count, may_add, bits_out, &is_missed);
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
	return jmap_set_failed(c);
}

enum jmap_set_said
jmap_keywords(struct jmap_call *c, const struct json *v, uint64_t *bits_out,
    struct jmap_set_error *e)
{
	struct str *names;

	*bits_out = 0;
	if (!json_is(v, JSON_OBJECT))
		return jmap_set_invalid(e, STR("keywords"), "keywords is no object.");
	names = arena_alloc(&c->arena, (size_t)v->count + 1, sizeof(*names));
	if (!names) {
		jmap_fail_with(c, FAIL_LIMIT);
		return SET_FAIL;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		bool is_true;

		if (!json_get_bool(&v->members[i].value, &is_true) || !is_true)
			return jmap_set_invalid(e, STR("keywords"),
			    "The value of a keyword is true.");
		names[i] = v->members[i].name;
	}
	return keyword_set(c, names, v->count, true, bits_out, e);
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

/* A mailbox may stand there as itself and as "#name". */
static bool
is_among(const uint32_t *ids, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

enum jmap_set_said
jmap_mailbox_ids(struct jmap_call *c, const struct json *v, uint32_t **ids_out, size_t *count_out,
    struct jmap_set_error *e)
{
	uint32_t *ids;
	size_t count = 0;

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
		said = mailbox_id(c, v->members[i].name, &ids[count], e);
		if (said != SET_OK)
			return said;
		count += !is_among(ids, count, ids[count]);
	}
	*ids_out = ids;
	*count_out = count;
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
	uint32_t *add, *remove;  /* arena: room for every member of the patch */
	struct str *set, *unset; /* the same: keywords */
	size_t set_count, unset_count;
	bool has_keywords, has_mailboxes; /* whole ones */
	bool has_keyword_paths, has_mailbox_paths;
};

static enum jmap_set_said
patch_below(struct jmap_call *c, const struct json_member *member, struct str property,
    struct str below, struct patch_lists *lists, struct email_update *out, struct jmap_set_error *e)
{
	bool adds;
	bool is_keyword = str_eq(property, STR("keywords"));
	uint32_t id = 0;
	enum jmap_set_said said;

	if (!is_keyword && !str_eq(property, STR("mailboxIds")))
		return jmap_patch_refuse(member, NULL, e);
	if (str_find_char(str_from(member->name, property.n + 1), '/') != STR_NONE)
		return jmap_patch_refuse(member, NULL, e);
	said = patch_value(&member->value, member->name, &adds, e);
	if (said != SET_OK)
		return said;
	if (is_keyword) {
		lists->has_keyword_paths = true;
		if (adds)
			lists->set[lists->set_count++] = below;
		else
			lists->unset[lists->unset_count++] = below;
		return SET_OK;
	}
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

/* What the paths of keywords add and remove. */
static enum jmap_set_said
patch_keywords(struct jmap_call *c, const struct patch_lists *lists, struct email_update *out,
    struct jmap_set_error *e)
{
	enum jmap_set_said said =
	    keyword_set(c, lists->set, lists->set_count, true, &out->keywords_add, e);

	if (said != SET_OK)
		return said;
	return keyword_set(c, lists->unset, lists->unset_count, false, &out->keywords_remove, e);
}

static bool
lists_init(struct patch_lists *lists, size_t count, struct arena *a)
{
	*lists = (struct patch_lists){
		.add = arena_alloc(a, count + 1, sizeof(*lists->add)),
		.remove = arena_alloc(a, count + 1, sizeof(*lists->remove)),
		.set = arena_alloc(a, count + 1, sizeof(*lists->set)),
		.unset = arena_alloc(a, count + 1, sizeof(*lists->unset)),
	};
	return lists->add && lists->remove && lists->set && lists->unset;
}

enum jmap_set_said
jmap_email_patch(struct jmap_call *c, const struct json *patch, struct email_update *out,
    struct jmap_set_error *e)
{
	struct patch_lists lists;
	enum jmap_set_said said = SET_OK;

	*out = (struct email_update){ 0 };
	if (patch->count > JMAP_PATCH_MAX)
		return jmap_set_error(e, "tooLarge", "The patch has too many paths.");
	if (!lists_init(&lists, patch->count, &c->arena)) {
		jmap_fail_with(c, FAIL_LIMIT);
		return SET_FAIL;
	}
	for (uint32_t i = 0; said == SET_OK && i < patch->count; i++) {
		const struct json_member *member = &patch->members[i];
		struct str property, below;

		if (!jmap_patch_path(member->name, &c->arena, &property, &below))
			return jmap_set_error(e, "invalidPatch", "A path is no JSON Pointer.");
		said = below.p ? patch_below(c, member, property, below, &lists, out, e)
			       : patch_whole(c, member, property, &lists, out, e);
	}
	if (said != SET_OK)
		return said;
	if ((lists.has_keywords && lists.has_keyword_paths) ||
	    (lists.has_mailboxes && lists.has_mailbox_paths))
		return jmap_set_error(e, "invalidPatch", "One path is a start of another.");
	if (!lists.has_mailboxes)
		out->mailboxes_add = lists.add;
	out->mailboxes_remove = lists.remove;
	return lists.has_keyword_paths ? patch_keywords(c, &lists, out, e) : SET_OK;
}
