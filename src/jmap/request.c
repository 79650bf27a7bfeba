#include "jmap/request.h"

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "jmap/limits.h"

#define USING_MAX     100 /* capabilities named: we know far fewer */
#define ARGUMENTS_MAX 100 /* of a call with references: no method takes as many */

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
	if (using->count > USING_MAX)
		return JMAP_UNKNOWN_CAPABILITY;
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
jmap_request_json(struct json_maker *m, const struct json **out)
{
	int64_t end_us = clock_precise_us() + LOOP_SLICE_US;
	enum fail fail;

	do
		fail = json_maker_step(m, out);
	while (fail == FAIL_NONE && !*out && clock_precise_us() < end_us);
	switch (fail) {
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

/* --- references --------------------------------------------------------------------------------- */

void
jmap_resolve_start(struct jmap_resolving *r, const struct json *args,
    const struct jmap_answer *answers, size_t count, struct arena *a)
{
	*r =
	    (struct jmap_resolving){ .args = args, .answers = answers, .count = count, .arena = a };
	buf_init(&r->picked, JMAP_PICKED_MAX);
}

void
jmap_resolve_release(struct jmap_resolving *r)
{
	json_picker_free(&r->picker);
	json_maker_free(&r->maker);
	buf_release(&r->picked);
}

static bool
is_reference(const struct json_member *member)
{
	return str_starts(member->name, STR("#"));
}

/* *out is set when there are none. */
static enum fail
begin(struct jmap_resolving *r, const struct json **out)
{
	const struct json *args = r->args;
	unsigned references = 0;

	for (uint32_t i = 0; i < args->count; i++)
		references += is_reference(&args->members[i]);
	if (references == 0) {
		*out = args;
		return FAIL_NONE;
	}
	if (references > JMAP_REFERENCES_MAX || args->count > ARGUMENTS_MAX)
		return FAIL_LIMIT;
	r->members = arena_alloc(r->arena, args->count, sizeof(*r->members));
	return r->members ? FAIL_NONE : FAIL_LIMIT;
}

/* One ResultReference {resultOf, name, path} (RFC 8620 3.7). */
static enum fail
follow(struct jmap_resolving *r, const struct json *reference)
{
	struct str of, name, path;

	if (!json_get_text(json_find(reference, STR("resultOf")), &of) ||
	    !json_get_text(json_find(reference, STR("name")), &name) ||
	    !json_get_text(json_find(reference, STR("path")), &path))
		return FAIL_MISSING;
	for (size_t i = 0; i < r->count; i++) {
		if (!str_eq(r->answers[i].id, of))
			continue;
		if (!str_eq(r->answers[i].name, name))
			return FAIL_MISSING;
		r->picker = json_picker_new(r->answers[i].text, path);
		return FAIL_NONE;
	}
	return FAIL_MISSING;
}

/* Members up to the next reference are as they stand there; when none is left, that is all. */
static enum fail
next(struct jmap_resolving *r, const struct json **out)
{
	const struct json *args = r->args;
	struct json *object;

	for (; r->at < args->count; r->at++) {
		struct json_member *member = &r->members[r->at];

		*member = args->members[r->at];
		if (!is_reference(member))
			continue;
		member->name = str_from(member->name, 1);
		if (json_find(args, member->name))
			return FAIL_SYNTAX;
		return follow(r, &args->members[r->at].value);
	}
	object = arena_alloc(r->arena, 1, sizeof(*object));
	if (!object)
		return FAIL_LIMIT;
	*object = (struct json){ .type = JSON_OBJECT, .count = args->count, .members = r->members };
	*out = object;
	return FAIL_NONE;
}

static enum fail
pick(struct jmap_resolving *r)
{
	bool is_done;
	enum fail fail = json_picker_step(r->picker, &r->picked, &is_done);
	struct str text;

	if (fail || !is_done)
		return fail == FAIL_SYNTAX ? FAIL_MISSING : fail;
	json_picker_free(&r->picker);
	text = arena_str(r->arena, buf_str(&r->picked));
	buf_release(&r->picked);
	if (!text.p)
		return FAIL_LIMIT;
	r->maker = json_maker_new(text, r->arena);
	return FAIL_NONE;
}

static enum fail
make(struct jmap_resolving *r)
{
	const struct json *value;
	enum fail fail = json_maker_step(r->maker, &value);

	if (fail || !value)
		return fail && fail != FAIL_LIMIT ? FAIL_MISSING : fail;
	json_maker_free(&r->maker);
	r->members[r->at++].value = *value;
	return FAIL_NONE;
}

enum fail
jmap_resolve_step(struct jmap_resolving *r, const struct json **out)
{
	*out = NULL;
	if (!r->members)
		return begin(r, out);
	if (r->picker)
		return pick(r);
	return r->maker ? make(r) : next(r, out);
}
