#include "directory/answer.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json.h"
#include "directory/address.h"
#include "directory/words.h"

#define ID_BYTES_MAX (32 * 1024 * 1024) /* of the tree of one line, for its id */

static bool
take_name(const struct json *v, struct str name, struct str *out)
{
	return json_get_text(json_find(v, name), out) && address_is_name(*out);
}

/* A text that may be missing. */
static bool
take_optional(const struct json *v, struct str name, struct str *out)
{
	const struct json *member = json_find(v, name);

	*out = STR("");
	if (member == NULL || json_is(member, JSON_NULL))
		return true;
	return json_get_text(member, out) && (out->n == 0 || address_is_name(*out));
}

static bool
take_texts(const struct json *v, struct str name, struct arena *a, const struct str **out,
    size_t *count_out)
{
	const struct json *list = json_find(v, name);
	struct str *texts;

	if (!json_is(list, JSON_ARRAY))
		return false;
	texts = arena_alloc(a, list->count, sizeof *texts);
	if (texts == NULL)
		return false;
	for (uint32_t i = 0; i < list->count; i++) {
		if (!json_get_text(&list->items[i], &texts[i]) || !address_is_name(texts[i]))
			return false;
	}
	*out = texts;
	*count_out = list->count;
	return true;
}

/* A limit that may be missing, which is none. */
static bool
take_limit(const struct json *v, struct str name, int64_t *out)
{
	const struct json *member = json_find(v, name);

	*out = 0;
	return member == NULL || json_is(member, JSON_NULL) ||
	    (json_get_int(member, out) && *out >= 0);
}

static bool
take_account(const struct json *line, struct directory_query *q)
{
	const struct json *v = json_find(line, STR("account"));
	struct directory_account *account = &q->account;

	return take_name(v, STR("name"), &account->name) &&
	    take_optional(v, STR("display_name"), &account->display_name) &&
	    take_limit(v, STR("quota_bytes"), &account->quota_bytes) &&
	    take_limit(v, STR("quota_messages"), &account->quota_messages) &&
	    json_get_bool(json_find(v, STR("enabled")), &account->is_enabled) &&
	    take_texts(v, STR("addresses"), &q->arena, &account->addresses,
		&account->address_count) &&
	    take_texts(v, STR("groups"), &q->arena, &account->groups, &account->group_count);
}

static bool
take_targets(const struct json *line, struct directory_query *q)
{
	const struct json *list = json_find(line, STR("targets"));
	struct directory_target *targets;

	if (!json_is(list, JSON_ARRAY) || list->count == 0)
		return false;
	targets = arena_alloc(&q->arena, list->count, sizeof *targets);
	if (targets == NULL)
		return false;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct json *v = &list->items[i];

		targets[i].kind = json_find(v, STR("account")) ? DIRECTORY_LOCAL : DIRECTORY_REMOTE;
		if (!take_name(v,
			targets[i].kind == DIRECTORY_LOCAL ? STR("account") : STR("remote"),
			&targets[i].name) ||
		    !take_optional(v, STR("detail"), &targets[i].detail) ||
		    !take_optional(v, STR("list"), &targets[i].list))
			return false;
	}
	q->targets = targets;
	q->target_count = list->count;
	return true;
}

static bool
take_principals(const struct json *line, struct directory_query *q)
{
	const struct json *list = json_find(line, STR("principals"));
	struct directory_principal *out;

	if (!json_is(list, JSON_ARRAY))
		return false;
	out = arena_alloc(&q->arena, list->count + 1, sizeof *out);
	if (out == NULL)
		return false;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct json *v = &list->items[i];

		if (!take_name(v, STR("name"), &out[i].name) ||
		    !take_optional(v, STR("display_name"), &out[i].display_name) ||
		    !json_get_bool(json_find(v, STR("is_group")), &out[i].is_group))
			return false;
	}
	q->principals = out;
	q->principal_count = list->count;
	return true;
}

static bool
take_content(const struct json *line, struct directory_query *q)
{
	struct str keys;

	switch (q->kind) {
	case DIRECTORY_LOGIN:
		return take_optional(line, STR("credential"), &q->credential) &&
		    q->credential.n <= DIRECTORY_CREDENTIAL_CHARS && take_account(line, q);
	case DIRECTORY_CREDENTIAL:
	case DIRECTORY_ACCOUNT: return take_account(line, q);
	case DIRECTORY_RESOLVE: return take_targets(line, q);
	case DIRECTORY_DOMAINS:
		return take_texts(line, STR("domains"), &q->arena, &q->domains, &q->domain_count);
	case DIRECTORY_PRINCIPALS: return take_principals(line, q);
	case DIRECTORY_SCRAM:
		return json_get_text(json_find(line, STR("keys")), &keys) &&
		    scram_keys_parse(&q->scram, keys) == FAIL_NONE;
	case DIRECTORY_KIND_COUNT: break;
	}
	return false;
}

enum fail
answer_parse(struct str line, struct directory_query *q)
{
	struct str copy = arena_str(&q->arena, line), word;
	const struct json *v;
	enum fail fail;

	if (copy.p == NULL || json_parse(copy, &q->arena, &v) != FAIL_NONE)
		return FAIL_TEMP;
	if (!json_get_text(json_find(v, STR("result")), &word) ||
	    !directory_result_parse(word, &fail))
		return FAIL_TEMP;
	if (fail != FAIL_NONE)
		return fail;
	return take_content(v, q) ? FAIL_NONE : FAIL_TEMP;
}

bool
answer_id(struct str line, uint64_t *out)
{
	const struct json *v;
	struct arena a;
	int64_t id = 0;
	bool is_good;

	arena_init(&a, ID_BYTES_MAX);
	is_good = json_parse(line, &a, &v) == FAIL_NONE &&
	    json_get_int(json_find(v, STR("id")), &id) && id > 0;
	arena_release(&a);
	*out = (uint64_t)id;
	return is_good;
}

void
directory_groups_write(struct buf *out, const struct directory_account *account)
{
	for (size_t i = 0; i < account->group_count; i++) {
		buf_add(out, account->groups[i]);
		buf_add_char(out, ' ');
	}
}
