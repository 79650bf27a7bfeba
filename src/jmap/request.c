#include "jmap/request.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/limits.h"

/* Invocation = [String, String[*], String] (RFC 8620 3.2) */
static bool
take_invocation(const struct json *v, struct jmap_invocation *out)
{
	if (!json_is(v, JSON_ARRAY) || v->count != 3)
		return false;
	out->args = &v->items[1];
	return json_get_text(&v->items[0], &out->name) && json_is(out->args, JSON_OBJECT) &&
	    json_get_text(&v->items[2], &out->id);
}

static enum jmap_refusal
take_using(const struct json *using, struct jmap_request *out)
{
	struct str urn;

	if (!json_is(using, JSON_ARRAY))
		return JMAP_NOT_REQUEST;
	for (uint32_t i = 0; i < using->count; i++)
		if (!json_get_text(&using->items[i], &urn))
			return JMAP_NOT_REQUEST;
	for (uint32_t i = 0; i < using->count; i++) {
		unsigned bit = json_get_text(&using->items[i], &urn) ? jmap_capability(urn) : 0;

		if (bit == 0)
			return JMAP_UNKNOWN_CAPABILITY;
		out->using |= bit;
	}
	return JMAP_TAKEN;
}

static bool
take_created_ids(const struct json *v, struct jmap_request *out)
{
	struct str id;

	if (!v || json_is(v, JSON_NULL))
		return true;
	if (!json_is(v, JSON_OBJECT))
		return false;
	for (uint32_t i = 0; i < v->count; i++)
		if (!json_get_text(&v->members[i].value, &id))
			return false;
	out->created_ids = v;
	return true;
}

enum jmap_refusal
jmap_request_json(struct str text, struct arena *a, const struct json **out)
{
	switch (json_parse(text, a, out)) {
	case FAIL_NONE: break;
	case FAIL_LIMIT: return JMAP_LIMIT_SIZE;
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: return JMAP_NOT_JSON;
	}
	return JMAP_TAKEN;
}

enum jmap_refusal
jmap_request_read(const struct json *root, struct arena *a, struct jmap_request *out)
{
	enum jmap_refusal refusal;
	const struct json *calls;

	*out = (struct jmap_request){ 0 };
	calls = json_find(root, STR("methodCalls"));
	if (!json_is(calls, JSON_ARRAY) ||
	    !take_created_ids(json_find(root, STR("createdIds")), out))
		return JMAP_NOT_REQUEST;
	refusal = take_using(json_find(root, STR("using")), out);
	if (refusal != JMAP_TAKEN)
		return refusal;
	if (calls->count > JMAP_CALLS_MAX)
		return JMAP_LIMIT_CALLS;
	out->calls = arena_alloc(a, calls->count + 1, sizeof(*out->calls));
	if (!out->calls)
		return JMAP_LIMIT_SIZE;
	for (; out->call_count < calls->count; out->call_count++)
		if (!take_invocation(&calls->items[out->call_count], &out->calls[out->call_count]))
			return JMAP_NOT_REQUEST;
	return JMAP_TAKEN;
}

enum jmap_refusal
jmap_request_parse(struct str text, struct arena *a, struct jmap_request *out)
{
	const struct json *root;
	enum jmap_refusal refusal = jmap_request_json(text, a, &root);

	*out = (struct jmap_request){ 0 };
	return refusal == JMAP_TAKEN ? jmap_request_read(root, a, out) : refusal;
}

/* One ResultReference {resultOf, name, path} (RFC 8620 3.7). */
static enum fail
follow(const struct json *reference, struct jmap_answer *answers, size_t count, struct arena *a,
    const struct json **out)
{
	struct str of, name, path, copy;
	enum fail fail;

	if (!json_get_text(json_find(reference, STR("resultOf")), &of) ||
	    !json_get_text(json_find(reference, STR("name")), &name) ||
	    !json_get_text(json_find(reference, STR("path")), &path))
		return FAIL_MISSING;
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(answers[i].id, of))
			continue;
		if (!str_eq(answers[i].name, name))
			return FAIL_MISSING;
		if (!answers[i].tree) {
			copy = arena_str(a, answers[i].text);
			if (!copy.p)
				return FAIL_LIMIT;
			fail = json_parse(copy, a, &answers[i].tree);
			if (fail)
				return fail == FAIL_LIMIT ? FAIL_LIMIT : FAIL_MISSING;
		}
		fail = json_pointer(answers[i].tree, path, a, out);
		return fail == FAIL_SYNTAX ? FAIL_MISSING : fail;
	}
	return FAIL_MISSING;
}

enum fail
jmap_resolve(const struct json *args, struct jmap_answer *answers, size_t count, struct arena *a,
    const struct json **out)
{
	struct json_member *members;
	struct json *object;
	unsigned references = 0;

	for (uint32_t i = 0; i < args->count; i++)
		references += str_starts(args->members[i].name, STR("#"));
	*out = args;
	if (references == 0)
		return FAIL_NONE;
	if (references > JMAP_REFERENCES_MAX)
		return FAIL_LIMIT;
	members = arena_alloc(a, args->count, sizeof(*members));
	object = arena_alloc(a, 1, sizeof(*object));
	if (!members || !object)
		return FAIL_LIMIT;
	for (uint32_t i = 0; i < args->count; i++) {
		const struct json *value;
		enum fail fail;

		members[i] = args->members[i];
		if (!str_starts(members[i].name, STR("#")))
			continue;
		members[i].name = str_from(members[i].name, 1);
		if (json_find(args, members[i].name))
			return FAIL_SYNTAX;
		fail = follow(&args->members[i].value, answers, count, a, &value);
		if (fail)
			return fail;
		members[i].value = *value;
	}
	*object = (struct json){ .type = JSON_OBJECT, .count = args->count, .members = members };
	*out = object;
	return FAIL_NONE;
}
