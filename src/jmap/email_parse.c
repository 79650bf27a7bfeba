/*
 * Email/parse (RFC 8621 4.9): blobs as Emails that nobody keeps. Attached messages are blobs as well, and so are
 * the parts of what is parsed here.
 */
#include "jmap/blob_parse.h"
#include "jmap/email.h"
#include "jmap/methods.h"

/* rooms */
#include "message/header.h"

#define EMAIL_ARENA_MAX (16 * 1024 * 1024) /* bytes one message may need while it is written */

struct parsing {
	struct email_asked asked;
	struct email_scratch scratch;
	/* the one at hand */
	struct message_parser *parser; /* arena: of the item; NULL: its structure is known */
	struct message message;
	struct email_view view;
};

static bool
begin(struct jmap_call *c, void **more_out)
{
	struct parsing *x = arena_alloc(&c->arena, 1, sizeof(*x));
	const struct json *properties;

	*more_out = x;
	if (!x) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	return jmap_arg_texts(c, STR("properties"), &properties) &&
	    email_asked_read(c, properties, true, &x->asked);
}

static void
end(void *more)
{
	struct parsing *x = more;

	email_scratch_release(&x->scratch);
}

/* A message begins with a header field; anything else is none. */
static bool
is_message(struct str bytes)
{
	struct header header;

	return header_next(&bytes, &header);
}

static enum fail
one_begin(struct jmap_blob_parse *p, struct parsing *x)
{
	struct str bytes = p->load.blob.bytes;

	if (!is_message(bytes) || !blob_id_has_room(&p->id))
		return FAIL_PERM;
	x->parser = message_parse_begin(&x->message, bytes, &p->arena);
	return x->parser ? FAIL_NONE : FAIL_LIMIT;
}

/* The structure is known: it may be written. */
static void
write_begin(struct jmap_call *c, struct jmap_blob_parse *p, struct parsing *x)
{
	x->parser = NULL;
	x->view = (struct email_view){
		.account = c->account,
		.access = c->access,
		.asked = &x->asked,
		.w = &c->w,
		.scratch = &x->scratch,
		.a = &p->arena,
		.blob = p->id,
		.full = &x->message,
		.call = c,
	};
	jmap_blob_parsed(c, p);
}

static enum fail
one(struct jmap_call *c, struct jmap_blob_parse *p)
{
	struct parsing *x = p->more;
	enum fail fail = p->is_open ? FAIL_NONE : one_begin(p, x);

	if (fail)
		return fail;
	if (x->parser) {
		c->is_unfinished = !email_parse_on(c, x->parser);
		if (c->is_unfinished)
			return FAIL_NONE;
		write_begin(c, p, x);
	}
	fail = email_write_parsed(&x->view);
	c->is_unfinished = fail == FAIL_NONE && x->view.is_unfinished;
	return fail;
}

enum jmap_step
jmap_email_parse(struct jmap_call *c)
{
	static const struct jmap_blob_parse_type type = {
		.arena_bytes = EMAIL_ARENA_MAX,
		.begin = begin,
		.one = one,
		.end = end,
	};

	return jmap_blob_parse(c, &type);
}
