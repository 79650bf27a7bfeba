#include "jmap/email_create.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "crypto/random.h"
#include "jmap/access_email.h"
#include "jmap/blob_load.h"
#include "jmap/email_make.h"
#include "jmap/email_new.h"
#include "jmap/email_patch.h"

/* Bytes for the tree of one Email: what its texts become, and its addresses. */
#define ARENA_MAX JMAP_CALL_MAX
#define HELD_MAX  (8 * 1024 * 1024)  /* bytes: what is known of the blobs of one Email */
#define PIECE_MAX (16 * 1024 * 1024) /* bytes of one piece of the message: its header is one */

struct content { /* a blob in use */
	struct content *next;
	struct str name; /* borrow: the client's */
	struct blob_id id;
	bool is_message;            /* with its encoding undone */
	bool is_over;               /* it is there, or `fail` says why not */
	struct jmap_blob_load load; /* own */
	enum fail fail;
};

struct creating {
	struct jmap_call *call; /* borrow */
	struct arena arena;     /* own: of one Email */
	bool is_writing;
	struct arena held;        /* own: of one Email, and its contents */
	struct content *contents; /* held */
	uint64_t loaded;          /* bytes of contents that are in memory */
	char random[BUILD_RANDOM_BYTES];
	struct build build;        /* own */
	struct buf piece;          /* own */
	struct blob_writer writer; /* own */
	struct blob_wait wait;     /* for its file's place */
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
	arena_init(&x->held, HELD_MAX);
	buf_init(&x->piece, PIECE_MAX);
	return true;
}

/* Back to IDLE; what an error says may still be in the arena. */
static void
leave(struct creating *x)
{
	blob_wait_release(&x->wait);
	blob_write_cancel(&x->writer);
	build_release(&x->build);
	buf_release(&x->piece);
	for (; x->contents; x->contents = x->contents->next)
		jmap_blob_load_release(&x->contents->load);
	arena_reset(&x->held);
	x->loaded = 0;
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
	arena_release(&x->held);
}

static struct content *
find_content(const struct creating *x, struct str name, bool is_message)
{
	struct content *content = x->contents;

	while (content && (content->is_message != is_message || !str_eq(content->name, name)))
		content = content->next;
	return content;
}

static struct content *
add_content(struct creating *x, struct str name, bool is_message)
{
	struct content *content = arena_alloc(&x->held, 1, sizeof(*content));
	struct str known = jmap_created_find(x->call->run, name);

	if (!content)
		return NULL;
	content->name = name;
	content->is_message = is_message;
	if (!known.p || !blob_id_parse(known, &content->id)) {
		content->is_over = true;
		content->fail = FAIL_MISSING;
	}
	content->next = x->contents;
	x->contents = content;
	return content;
}

/* All decoded contents together are not larger than one may be. */
static void
load(struct creating *x, struct content *content)
{
	struct jmap_call *c = x->call;

	if (content->is_over)
		return;
	content->is_over = jmap_blob_load_in(c, &content->load, c->access, &content->id,
	    content->is_message, &x->held, &content->fail);
	if (!content->is_over || content->fail || content->load.blob.map.is_mapped)
		return;
	x->loaded += content->load.blob.bytes.n;
	if (x->loaded <= JMAP_DECODED_MAX)
		return;
	jmap_blob_load_release(&content->load);
	content->fail = FAIL_LIMIT;
}

/* A blob as content; it is held until leave(). What is not there yet is empty: the tree is made again then. */
static enum fail
find(void *arg, struct str text, bool is_message, struct email_content *out)
{
	struct creating *x = arg;
	struct content *content = find_content(x, text, is_message);

	if (!content)
		content = add_content(x, text, is_message);
	if (!content)
		return FAIL_LIMIT;
	load(x, content);
	*out = (struct email_content){ .bytes = STR(""),
		.encoding = ENCODING_7BIT,
		.decoded = content->load.blob.decoded };
	if (content->is_over && !content->fail) {
		out->bytes = content->load.blob.bytes;
		out->encoding = content->load.blob.encoding;
	}
	return content->is_over ? content->fail : FAIL_NONE;
}

/* False when the slice is over before all contents are there. */
static bool
load_all(struct creating *x)
{
	for (struct content *content = x->contents; content; content = content->next) {
		load(x, content);
		if (!content->is_over)
			return false;
	}
	return true;
}

static bool
has_all(const struct creating *x)
{
	for (const struct content *content = x->contents; content; content = content->next)
		if (!content->is_over)
			return false;
	return true;
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

/* SET_YIELD: contents are still to be loaded. */
static enum jmap_set_said
make(struct creating *x, const struct json *object, struct build_part **root_out,
    struct jmap_set_error *e)
{
	struct email_maker maker = { .a = &x->arena,
		.now_s = clock_wall_s(),
		.random = str_of(x->random, sizeof(x->random)),
		.host = host_of(x->call->run->account->name),
		.find = find,
		.arg = x };
	enum jmap_set_said said;

	if (!load_all(x))
		return SET_YIELD;
	arena_reset(&x->arena);
	random_bytes(x->random, sizeof(x->random));
	said = email_make(&maker, object, root_out, e);
	if (!has_all(x)) {
		*e = (struct jmap_set_error){ .type = NULL };
		return SET_YIELD;
	}
	if (said == SET_FAIL)
		jmap_fail(x->call, "serverPartialFail", "The store failed.");
	return said;
}

static enum jmap_set_said
start(struct creating *x, const struct json *object, struct jmap_set_error *e)
{
	struct jmap_call *c = x->call;
	struct build_part *root;
	enum jmap_set_said said = make(x, object, &root, e);

	if (said == SET_OK)
		said = take_place(x, object, e);
	if (said != SET_OK)
		return said;
	build_init(&x->build, root, str_of(x->random, sizeof(x->random)));
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
		said = jmap_email_add_written(c, &x->new, &x->writer, &x->wait, &x->added, e);
	if (said == SET_YIELD)
		return said;
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
