#include "jmap/patch.h"

/* rooms */
#include "jmap/limits.h"

/* "~1" is '/', "~0" is '~' (RFC 6901 3). */
static bool
unescape_pointer(struct str s, struct arena *a, struct str *out)
{
	char *to = arena_alloc(a, s.n + 1, 1);
	size_t n = 0;

	if (!to)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '~') {
			to[n++] = s.p[i];
			continue;
		}
		if (++i == s.n || (s.p[i] != '0' && s.p[i] != '1'))
			return false;
		to[n++] = s.p[i] == '0' ? '~' : '/';
	}
	*out = str_of(to, n);
	return true;
}

bool
jmap_patch_path(struct str path, struct arena *a, struct str *property_out, struct str *below_out)
{
	struct str property = path;

	*below_out = (struct str){ 0 };
	if (str_take_until(&path, '/', &property) && !unescape_pointer(path, a, below_out))
		return false;
	return unescape_pointer(property, a, property_out);
}

enum jmap_set_said
jmap_patch_refuse(const struct json_member *member, const char *text, struct jmap_set_error *e)
{
	struct str rest = member->name, part;
	bool is_path = str_find_char(rest, '/') == STR_NONE;

	while (is_path && str_take_until(&rest, '~', &part))
		is_path = str_starts(rest, STR("0")) || str_starts(rest, STR("1"));
	return is_path ? jmap_set_invalid(e, member->name, text)
		       : jmap_set_error(e, "invalidPatch", "There is nothing below this property.");
}

enum fail
jmap_patch_is_same(struct jmap_call *c, const struct json_member *member,
    enum fail (*write)(struct jmap_call *c, uint64_t id), uint64_t id, bool *out)
{
	struct json_writer response = c->w;
	struct arena arena = c->arena; /* a call may ask this often: nothing of it stays */
	const struct json *object = NULL;
	struct buf text;
	enum fail fail;

	arena_init(&c->arena, JMAP_CALL_MAX);
	buf_init(&text, JMAP_RESPONSE_MAX);
	c->w = (struct json_writer){ .out = &text };
	fail = write(c, id);
	if (fail == FAIL_NONE)
		fail = json_parse(buf_str(&text), &c->arena, &object);
	*out = fail == FAIL_NONE && json_find(object, member->name) &&
	    json_equal(json_find(object, member->name), &member->value);
	buf_release(&text);
	arena_release(&c->arena);
	c->arena = arena;
	c->w = response;
	return fail;
}
