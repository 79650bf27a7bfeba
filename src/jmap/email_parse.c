/*
 * Email/parse (RFC 8621 4.9): blobs as Emails that nobody keeps. Attached messages are blobs as well, and so are
 * the parts of what is parsed here.
 */
#include "jmap/blob_load.h"
#include "jmap/email.h"
#include "jmap/methods.h"

/* rooms */
#include "message/header.h"

#define EMAIL_ARENA_MAX (16 * 1024 * 1024) /* bytes one message may need while it is written */

struct parsing {
	struct email_asked asked;
	const struct json *ids;
	uint32_t at;
	bool *is_broken, *is_missing; /* arena of the call: by place in `ids` */
	bool has_parsed;
	/* of the one at hand */
	bool is_loading;
	struct blob_id id;
	struct jmap_blob_load load; /* own */
	struct arena arena;         /* own */
	struct email_scratch scratch;
};

static void
parse_release(struct jmap_call *c)
{
	struct parsing *x = c->state;

	jmap_blob_load_release(&x->load);
	email_scratch_release(&x->scratch);
	arena_release(&x->arena);
}

static bool
take_ids(struct jmap_call *c, struct parsing *x)
{
	if (x->ids->count > JMAP_GET_MAX)
		return false;
	x->is_broken = arena_alloc(&c->arena, x->ids->count + 1, sizeof(bool));
	x->is_missing = arena_alloc(&c->arena, x->ids->count + 1, sizeof(bool));
	return x->is_broken && x->is_missing;
}

static bool
parse_begin(struct jmap_call *c)
{
	struct parsing *x = arena_alloc(&c->arena, 1, sizeof(*x));
	const struct json *properties;

	if (!x) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	arena_init(&x->arena, EMAIL_ARENA_MAX);
	c->state = x;
	c->release = parse_release;
	if (!jmap_arg_texts(c, STR("blobIds"), &x->ids) ||
	    !jmap_arg_texts(c, STR("properties"), &properties) ||
	    !email_asked_read(c, properties, true, &x->asked))
		return false;
	if (!x->ids) {
		jmap_invalid(c, "blobIds is missing.");
		return false;
	}
	if (!take_ids(c, x)) {
		jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInGet.");
		return false;
	}
	json_object_begin(&c->w);
	jmap_write_account(c);
	return true;
}

/* A message begins with a header field; anything else is none. */
static bool
is_message(struct str bytes)
{
	struct header header;

	return header_next(&bytes, &header);
}

static enum fail
write_email(struct jmap_call *c, struct parsing *x, struct str name, const struct blob_id *id,
    struct str bytes)
{
	struct message m;
	struct email_view v = {
		.account = c->account,
		.access = c->access,
		.asked = &x->asked,
		.w = &c->w,
		.scratch = &x->scratch,
		.a = &x->arena,
		.blob = *id,
		.shape = &m,
		.full = &m,
	};

	message_parse(&m, bytes, &x->arena);
	if (!x->has_parsed) {
		json_name(&c->w, STR("parsed"));
		json_object_begin(&c->w);
		x->has_parsed = true;
	}
	json_name(&c->w, name);
	return email_write_parsed(&v);
}

/* False when the slice is over. */
static bool
load(struct jmap_call *c, struct parsing *x, struct str name, enum fail *fail_out)
{
	struct str text = jmap_created_find(c->run, name);

	if (!x->is_loading) {
		arena_reset(&x->arena);
		*fail_out = FAIL_MISSING;
		if (!text.p || !blob_id_parse(text, &x->id))
			return true;
	}
	x->is_loading =
	    !jmap_blob_load_in(c, &x->load, c->access, &x->id, true, &x->arena, fail_out);
	return !x->is_loading;
}

/* What was loaded; FAIL_PERM: it is no message. */
static enum fail
parse_loaded(struct jmap_call *c, struct parsing *x, struct str name)
{
	struct str bytes = x->load.blob.bytes;
	enum fail fail = FAIL_PERM;

	if (is_message(bytes) && blob_id_has_room(&x->id))
		fail = write_email(c, x, name, &x->id, bytes);
	jmap_blob_load_release(&x->load);
	return fail;
}

/*
 * The next one, each once: a name stands once in an object. A failure ends the call. False when the slice is over.
 */
static bool
parse_item(struct jmap_call *c, struct parsing *x, enum fail *fail_out)
{
	struct str name = { 0 };

	*fail_out = FAIL_NONE;
	if (!x->is_loading && jmap_is_repeated(x->ids, x->at))
		return true;
	(void)!json_get_text(&x->ids->items[x->at], &name);
	if (!load(c, x, name, fail_out))
		return false;
	if (*fail_out == FAIL_NONE)
		*fail_out = parse_loaded(c, x, name);
	else if (*fail_out == FAIL_LIMIT)
		*fail_out = FAIL_PERM;
	x->is_missing[x->at] = *fail_out == FAIL_MISSING;
	x->is_broken[x->at] = *fail_out == FAIL_PERM;
	if (*fail_out == FAIL_MISSING || *fail_out == FAIL_PERM)
		*fail_out = FAIL_NONE;
	return true;
}

enum jmap_step
jmap_email_parse(struct jmap_call *c)
{
	struct parsing *x;

	if (!c->state && !parse_begin(c))
		return JMAP_DONE;
	x = c->state;
	while (x->at < x->ids->count) {
		enum fail fail;

		if (!parse_item(c, x, &fail))
			return JMAP_YIELD;
		if (fail)
			return jmap_fail_with(c, fail);
		if (++x->at < x->ids->count && jmap_slice_over(c))
			return JMAP_YIELD;
	}
	if (x->has_parsed)
		json_object_end(&c->w);
	else
		json_name_null(&c->w, STR("parsed"));
	jmap_write_texts_or_null(c, STR("notParsable"), x->ids, x->is_broken);
	jmap_write_texts_or_null(c, STR("notFound"), x->ids, x->is_missing);
	json_object_end(&c->w);
	return JMAP_DONE;
}
