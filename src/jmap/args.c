#include "jmap/args.h"

/* rooms */
#include "message/date.h"

enum jmap_step
jmap_invalid(struct jmap_call *c, const char *text)
{
	return jmap_fail(c, "invalidArguments", text);
}

static bool
invalid(struct jmap_call *c, const char *text)
{
	jmap_invalid(c, text);
	return false;
}

const struct json *
jmap_arg(const struct json *object, struct str name)
{
	const struct json *v = json_find(object, name);

	return json_is(v, JSON_NULL) ? NULL : v;
}

bool
jmap_arg_bool(struct jmap_call *c, struct str name, bool fallback, bool *out)
{
	const struct json *v = jmap_arg(c->args, name);

	*out = fallback;
	return !v || json_get_bool(v, out) || invalid(c, "A flag is neither true nor false.");
}

bool
jmap_arg_int(struct jmap_call *c, struct str name, int64_t fallback, int64_t *out)
{
	const struct json *v = jmap_arg(c->args, name);

	*out = fallback;
	if (!v)
		return true;
	if (!json_get_int(v, out) || *out <= -JMAP_INT_MAX || *out >= JMAP_INT_MAX)
		return invalid(c, "An argument is no Int.");
	return true;
}

bool
jmap_arg_uint(struct jmap_call *c, struct str name, uint64_t fallback, uint64_t *out)
{
	int64_t n;

	if (!jmap_arg_int(c, name, 0, &n))
		return false;
	if (n < 0)
		return invalid(c, "An argument is negative.");
	*out = jmap_arg(c->args, name) ? (uint64_t)n : fallback;
	return true;
}

bool
jmap_arg_text(struct jmap_call *c, struct str name, struct str *out)
{
	const struct json *v = jmap_arg(c->args, name);

	*out = (struct str){ 0 };
	return !v || json_get_text(v, out) || invalid(c, "An argument is no text.");
}

bool
jmap_arg_texts(struct jmap_call *c, struct str name, const struct json **out)
{
	const struct json *v = jmap_arg(c->args, name);
	struct str text;

	*out = v;
	if (!v)
		return true;
	if (!json_is(v, JSON_ARRAY))
		return invalid(c, "An argument is no list.");
	for (uint32_t i = 0; i < v->count; i++)
		if (!json_get_text(&v->items[i], &text))
			return invalid(c, "An item of a list is no text.");
	return true;
}

bool *
jmap_repeated(struct jmap_call *c, const struct json *texts)
{
	bool *is_repeated = arena_alloc(&c->arena, (size_t)texts->count + 1, sizeof(*is_repeated));
	struct map seen = { 0 };
	bool fits = is_repeated != NULL;

	for (uint32_t i = 0; fits && i < texts->count; i++) {
		struct map_node *node = arena_alloc(&c->arena, 1, sizeof(*node));

		fits = node != NULL;
		if (map_find(&seen, texts->items[i].text))
			is_repeated[i] = true;
		else if (fits)
			map_insert(&seen, node, texts->items[i].text);
	}
	map_release(&seen);
	return fits ? is_repeated : NULL;
}

bool
jmap_is_id(struct str s)
{
	if (s.n == 0 || s.n > JMAP_ID_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!char_is_alpha(s.p[i]) && !char_is_digit(s.p[i]) && s.p[i] != '-' &&
		    s.p[i] != '_')
			return false;
	return true;
}

void
jmap_write_id(struct json_writer *w, enum id_kind kind, uint64_t id)
{
	struct id_text text = id_text(kind, id);

	json_string(w, id_str(&text));
}

void
jmap_write_account(struct jmap_call *c)
{
	json_name(&c->w, STR("accountId"));
	jmap_write_id(&c->w, ID_ACCOUNT, c->account->id);
}

void
jmap_write_state(struct json_writer *w, struct str name, uint64_t state)
{
	json_name(w, name);
	jmap_write_id(w, ID_STATE, state);
}

void
jmap_write_no_ids(struct jmap_call *c, struct str name)
{
	json_name(&c->w, name);
	json_array_begin(&c->w);
	json_array_end(&c->w);
}

void
jmap_write_texts_or_null(struct jmap_call *c, struct str name, const struct json *texts,
    const bool *is_so)
{
	bool has_any = false;
	struct str text;

	json_name(&c->w, name);
	for (uint32_t i = 0; i < texts->count; i++) {
		if (!is_so[i] || !json_get_text(&texts->items[i], &text))
			continue;
		if (!has_any)
			json_array_begin(&c->w);
		has_any = true;
		json_string(&c->w, text);
	}
	if (has_any)
		json_array_end(&c->w);
	else
		json_null(&c->w);
}

void
jmap_write_date(struct json_writer *w, int64_t unix_s, int32_t zone_min)
{
	char room[64];
	struct buf text;

	buf_init(&text, sizeof(room));
	date_write_3339(&text, unix_s, zone_min);
	json_string(w, buf_str(&text));
	buf_release(&text);
}
