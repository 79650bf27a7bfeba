/*
 * Email/parse (RFC 8621 4.9): blobs as Emails that nobody keeps. Attached messages are blobs as well, and so are
 * the parts of what is parsed here.
 */
#include "jmap/blob.h"
#include "jmap/email.h"
#include "jmap/methods.h"

/* base */
#include "base/map.h"

/* rooms */
#include "message/header.h"

#define EMAIL_ARENA_MAX (16 * 1024 * 1024) /* bytes one message may need while it is written */

enum outcome { NOT_YET, PARSED, NOT_PARSABLE, NOT_FOUND };

struct item {
	struct map_node node;
	struct str text; /* as asked */
	enum outcome outcome;
};

struct parsing {
	struct email_asked asked;
	struct item *items; /* arena */
	size_t count, at;
	bool has_parsed;
	struct arena arena; /* own; of one message */
};

static void
parse_release(struct jmap_call *c)
{
	struct parsing *x = c->state;

	arena_release(&x->arena);
}

/* Each id once: a name stands once in an object. */
static bool
take_ids(struct jmap_call *c, struct parsing *x, const struct json *ids)
{
	struct map seen = { 0 };

	x->items = arena_alloc(&c->arena, ids->count + 1, sizeof(*x->items));
	for (uint32_t i = 0; x->items && i < ids->count; i++) {
		struct item *item = &x->items[x->count];

		if (!json_get_text(&ids->items[i], &item->text) || map_find(&seen, item->text))
			continue;
		map_insert(&seen, &item->node, item->text);
		x->count++;
	}
	map_release(&seen);
	return x->items != NULL;
}

static bool
parse_begin(struct jmap_call *c)
{
	struct parsing *x = arena_alloc(&c->arena, 1, sizeof(*x));
	const struct json *ids, *properties;

	if (!x) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	arena_init(&x->arena, EMAIL_ARENA_MAX);
	c->state = x;
	c->release = parse_release;
	if (!jmap_arg_texts(c, STR("blobIds"), &ids) ||
	    !jmap_arg_texts(c, STR("properties"), &properties) ||
	    !email_asked_read(c, properties, true, &x->asked))
		return false;
	if (!ids) {
		jmap_invalid(c, "blobIds is missing.");
		return false;
	}
	if (ids->count > JMAP_GET_MAX || !take_ids(c, x, ids)) {
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
write_email(struct jmap_call *c, struct parsing *x, const struct item *item,
    const struct blob_id *id, struct str bytes)
{
	struct message m;
	struct email_view v = {
		.account = c->account,
		.access = c->access,
		.asked = &x->asked,
		.w = &c->w,
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
	json_name(&c->w, item->text);
	return email_write_parsed(&v);
}

/* One blob; a failure ends the call. */
static enum fail
parse_one(struct jmap_call *c, struct parsing *x, struct item *item)
{
	struct str text = jmap_created_find(c->run, item->text);
	struct jmap_blob blob;
	struct blob_id id;
	enum fail fail = FAIL_MISSING;

	arena_reset(&x->arena);
	if (text.p && blob_id_parse(text, &id))
		fail = jmap_blob_open(c->access, &id, &x->arena, &blob);
	if (fail == FAIL_TEMP)
		return fail;
	if (fail) {
		item->outcome = fail == FAIL_LIMIT ? NOT_PARSABLE : NOT_FOUND;
		return FAIL_NONE;
	}
	item->outcome = is_message(blob.bytes) && blob_id_has_room(&id) ? PARSED : NOT_PARSABLE;
	if (item->outcome == PARSED)
		fail = write_email(c, x, item, &id, blob.bytes);
	blob_unmap(&blob.map);
	return fail;
}

/* The ids of one outcome, or null. */
static void
write_ids(struct jmap_call *c, const struct parsing *x, struct str name, enum outcome outcome)
{
	bool has_any = false;

	json_name(&c->w, name);
	for (size_t i = 0; i < x->count; i++) {
		if (x->items[i].outcome != outcome)
			continue;
		if (!has_any)
			json_array_begin(&c->w);
		has_any = true;
		json_string(&c->w, x->items[i].text);
	}
	if (has_any)
		json_array_end(&c->w);
	else
		json_null(&c->w);
}

enum jmap_step
jmap_email_parse(struct jmap_call *c)
{
	struct parsing *x;

	if (!c->state && !parse_begin(c))
		return JMAP_DONE;
	x = c->state;
	while (x->at < x->count) {
		enum fail fail = parse_one(c, x, &x->items[x->at++]);

		if (fail)
			return jmap_fail_with(c, fail);
		if (x->at < x->count && jmap_slice_over(c))
			return JMAP_YIELD;
	}
	if (x->has_parsed)
		json_object_end(&c->w);
	else
		json_name_null(&c->w, STR("parsed"));
	write_ids(c, x, STR("notParsable"), NOT_PARSABLE);
	write_ids(c, x, STR("notFound"), NOT_FOUND);
	json_object_end(&c->w);
	return JMAP_DONE;
}
