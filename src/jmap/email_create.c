#include "jmap/email_create.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "crypto/random.h"
#include "jmap/access_email.h"
#include "jmap/email_make.h"
#include "jmap/email_new.h"
#include "jmap/email_patch.h"

/* Bytes for the tree of one Email: what its texts become, and its addresses. */
#define ARENA_MAX JMAP_CALL_MAX
#define PIECE_MAX (16 * 1024 * 1024) /* bytes of one piece of the message: its header is one */

struct content { /* a blob in use */
	struct content *next;
	struct blob_map map; /* own */
};

struct creating {
	struct jmap_call *call; /* borrow */
	struct arena arena;     /* own: of one Email */
	bool is_writing;
	struct content *contents; /* arena */
	char random[BUILD_RANDOM_BYTES];
	struct build build;        /* own */
	struct buf piece;          /* own */
	struct blob_writer writer; /* own */
	struct email_new new;
	struct jmap_email_added added; /* the last one */
};

bool
email_create_begin(struct jmap_call *c, void **more_out)
{
	struct creating *x = arena_alloc(&c->arena, 1, sizeof(*x));

	*more_out = x;
	if (!x) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	x->call = c;
	arena_init(&x->arena, ARENA_MAX);
	buf_init(&x->piece, PIECE_MAX);
	return true;
}

/* Back to IDLE; what an error says may still be in the arena. */
static void
leave(struct creating *x)
{
	blob_write_cancel(&x->writer);
	build_release(&x->build);
	buf_release(&x->piece);
	for (; x->contents; x->contents = x->contents->next)
		blob_unmap(&x->contents->map);
	x->is_writing = false;
}

void
email_create_end(void *more)
{
	struct creating *x = more;

	if (!x) /* it never began */
		return;
	leave(x);
	arena_release(&x->arena);
}

/* A blob as content; it is held until leave(). */
static enum fail
find(void *arg, struct str text, bool is_message, struct email_content *out)
{
	struct creating *x = arg;
	struct content *content = arena_alloc(&x->arena, 1, sizeof(*content));
	struct jmap_blob blob;
	struct blob_id id;
	enum fail fail;

	if (!content)
		return FAIL_LIMIT;
	text = jmap_created_find(x->call->run, text);
	if (!text.p || !blob_id_parse(text, &id))
		return FAIL_MISSING;
	fail =
	    (is_message ? jmap_blob_open : jmap_blob_find)(x->call->access, &id, &x->arena, &blob);
	*out = (struct email_content){ .decoded = blob.decoded };
	if (fail)
		return fail;
	content->map = blob.map;
	content->next = x->contents;
	x->contents = content;
	out->bytes = blob.bytes;
	out->encoding = blob.encoding;
	return FAIL_NONE;
}

/* What of the Email is not of its message. */
static enum jmap_set_said
take_place(struct creating *x, const struct json *object, struct jmap_set_error *e)
{
	struct jmap_call *c = x->call;
	const struct json *keywords = jmap_arg(object, STR("keywords"));
	uint32_t *mailboxes = NULL;
	enum jmap_set_said said;

	x->new = (struct email_new){ .received_s = clock_wall_s() };
	said = jmap_mailbox_ids(c, json_find(object, STR("mailboxIds")), &mailboxes,
	    &x->new.mailbox_count, e);
	x->new.mailboxes = mailboxes;
	if (said == SET_OK && keywords)
		said = jmap_keywords(c, keywords, &x->new.flags, e);
	if (said == SET_OK)
		said =
		    jmap_received_at(json_find(object, STR("receivedAt")), &x->new.received_s, e);
	return said;
}

/* The domain of the user's address, for Message-IDs. */
static struct str
host_of(struct str name)
{
	size_t at = str_rfind_char(name, '@');

	return at == STR_NONE || at + 1 == name.n ? STR("localhost") : str_from(name, at + 1);
}

static enum jmap_set_said
start(struct creating *x, const struct json *object, struct jmap_set_error *e)
{
	struct jmap_call *c = x->call;
	struct email_maker maker = { .a = &x->arena,
		.now_s = clock_wall_s(),
		.random = str_of(x->random, sizeof(x->random)),
		.host = host_of(c->run->account->name),
		.find = find,
		.arg = x };
	struct build_part *root;
	enum jmap_set_said said;

	arena_reset(&x->arena);
	random_bytes(x->random, sizeof(x->random));
	said = email_make(&maker, object, &root, e);
	if (said == SET_FAIL)
		jmap_fail(c, "serverPartialFail", "The store failed.");
	if (said == SET_OK)
		said = take_place(x, object, e);
	if (said != SET_OK)
		return said;
	build_init(&x->build, root, maker.random);
	if (blob_write_start(mail_blobs(c->account->mail), &x->writer, c->account->name)) {
		jmap_fail(c, "serverPartialFail", "The store failed.");
		return SET_FAIL;
	}
	x->is_writing = true;
	return SET_OK;
}

/* Until all is written, or the slice is over. */
static enum jmap_set_said
write_pieces(struct creating *x, struct jmap_set_error *e)
{
	enum fail fail = FAIL_NONE;

	while (!fail && build_next(&x->build, &x->piece)) {
		fail = blob_write(&x->writer, buf_str(&x->piece));
		buf_clear(&x->piece);
		if (jmap_slice_over(x->call) && !fail)
			return SET_YIELD;
	}
	if (fail) {
		jmap_fail(x->call, "serverPartialFail", "The store failed.");
		return SET_FAIL;
	}
	if (x->build.fail || !buf_ok(&x->piece))
		return jmap_set_error(e, "tooLarge",
		    "A header or an attached message is too large.");
	return SET_OK;
}

enum jmap_set_said
email_create(struct jmap_call *c, void *more, const struct json *object, uint64_t *id_out,
    struct jmap_set_error *e)
{
	struct creating *x = more;
	enum jmap_set_said said = x->is_writing ? SET_OK : start(x, object, e);

	if (said == SET_OK)
		said = write_pieces(x, e);
	if (said == SET_YIELD)
		return said;
	if (said == SET_OK) /* again: while it was written, keywords may have lost their bits */
		said = take_place(x, object, e);
	if (said == SET_OK)
		said = jmap_email_add_written(c, &x->new, &x->writer, &x->added, e);
	*id_out = x->added.id;
	leave(x);
	return said;
}

enum fail
email_created(struct jmap_call *c, void *more, uint64_t id)
{
	const struct creating *x = more;

	(void)id;
	jmap_email_added_write(&c->w, &x->added);
	return FAIL_NONE;
}
