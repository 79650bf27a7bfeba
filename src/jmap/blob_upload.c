/*
 * Blob/upload (RFC 9404 4.1): blobs out of texts, base64, and pieces of other blobs, one after the other.
 */
#include "jmap/blob_load.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "codec/base64.h"
#include "jmap/blob_make.h"
#include "jmap/creations.h"
#include "jmap/methods.h"
#include "mail/upload.h"

#define DATA_PIECE \
	(64 * 1024) /* bytes of a source between two looks at the clock; whole groups of base64 */

struct uploading {
	const struct json *items; /* create */
	uint32_t at;
	struct jmap_creations creations; /* own */
	/* of the one at hand */
	bool is_making;
	struct blob_making making; /* own */
	struct str type;
	uint32_t source;            /* of its sources .. */
	size_t added;               /* .. of which so many bytes are done */
	struct blob_id id;          /* of the source .. */
	struct jmap_blob_load load; /* own: .. of which the encoding is undone */
	bool is_loading, is_loaded;
};

/* The source is done, or given up. */
static void
leave_source(struct uploading *u)
{
	jmap_blob_load_release(&u->load);
	u->is_loading = u->is_loaded = false;
	u->added = 0;
}

static void
leave(struct uploading *u)
{
	leave_source(u);
	blob_make_cancel(&u->making);
	u->making = (struct blob_making){ 0 };
	u->is_making = false;
	u->source = 0;
}

static void
upload_release(struct jmap_call *c)
{
	struct uploading *u = c->state;

	leave(u);
	jmap_creations_release(&u->creations);
}

static bool
upload_begin(struct jmap_call *c)
{
	struct uploading *u = arena_alloc(&c->arena, 1, sizeof(*u));

	if (!u) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	u->items = jmap_arg(c->args, STR("create"));
	if (!json_is(u->items, JSON_OBJECT)) {
		jmap_invalid(c, "create is missing or no object.");
		return false;
	}
	if (u->items->count > JMAP_SET_MAX) {
		jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInSet.");
		return false;
	}
	if (!jmap_may_somewhere(c->access, MAY_ADD_ITEMS)) {
		jmap_fail(c, "forbidden", "Nothing may be added to this account.");
		return false;
	}
	c->state = u;
	c->release = upload_release;
	json_object_begin(&c->w);
	jmap_write_account(c);
	return true;
}

/* --- one blob ------------------------------------------------------------------------------------ */

static enum jmap_set_said
store_failed(struct jmap_call *c, enum fail fail, struct jmap_set_error *e)
{
	if (fail == FAIL_LIMIT)
		return jmap_set_error(e, "tooLarge", "That is more than maxSizeBlobSet.");
	jmap_fail_with(c, fail);
	return SET_FAIL;
}

static enum fail
add_piece(struct blob_making *b, struct str bytes)
{
	return b->size + bytes.n > JMAP_BLOB_SET_MAX ? FAIL_LIMIT : blob_make_add(b, bytes);
}

/* Padding stands at the end of all only; FAIL_SYNTAX. */
static enum fail
add_base64(struct blob_making *b, struct str text, bool is_last)
{
	enum fail fail;
	struct buf bytes;

	if (!is_last && str_ends(text, STR("=")))
		return FAIL_SYNTAX;
	buf_init(&bytes, DATA_PIECE);
	fail = base64_parse(&bytes, text);
	if (!fail)
		fail = add_piece(b, buf_str(&bytes));
	buf_release(&bytes);
	return fail;
}

/* The bytes of a source, or what they are in base64, piece by piece; SET_YIELD: the slice is over. */
static enum jmap_set_said
add_data(struct jmap_call *c, struct uploading *u, struct str data, bool is_base64,
    struct jmap_set_error *e)
{
	while (u->added < data.n) {
		struct str piece = str_slice(data, u->added, DATA_PIECE);
		bool is_last = u->added + piece.n == data.n;
		enum fail fail = is_base64 ? add_base64(&u->making, piece, is_last)
					   : add_piece(&u->making, piece);

		if (fail == FAIL_SYNTAX)
			return jmap_set_invalid(e, STR("data"), "This is no base64.");
		if (fail)
			return store_failed(c, fail, e);
		u->added += piece.n;
		if (!is_last && jmap_slice_over(c))
			return SET_YIELD;
	}
	return SET_OK;
}

/* "offset" and "length": UnsignedInt|null. */
static bool
read_number(const struct json *source, struct str name, uint64_t fallback, uint64_t *out)
{
	const struct json *v = jmap_arg(source, name);
	int64_t n = 0;

	*out = fallback;
	if (!v)
		return true;
	if (!json_get_int(v, &n) || n < 0 || n >= JMAP_INT_MAX)
		return false;
	*out = (uint64_t)n;
	return true;
}

static enum jmap_set_said
add_range(struct jmap_call *c, struct uploading *u, const struct json *source,
    struct jmap_set_error *e)
{
	struct str bytes = u->load.blob.bytes;
	uint64_t offset, length;

	if (!read_number(source, STR("offset"), 0, &offset) || offset > bytes.n ||
	    !read_number(source, STR("length"), bytes.n - offset, &length) ||
	    length > bytes.n - offset)
		return jmap_set_invalid(e, STR("data"), "The blob has no such range.");
	return add_data(c, u, str_slice(bytes, (size_t)offset, (size_t)length), false, e);
}

static enum jmap_set_said
missing(struct jmap_call *c, struct str id, struct jmap_set_error *e)
{
	struct str *list = arena_alloc(&c->arena, 1, sizeof(*list));

	if (list) {
		*list = id;
		e->list_name = "notFound";
		e->list = list;
		e->list_count = 1;
	}
	return jmap_set_error(e, "blobNotFound", NULL);
}

static enum jmap_set_said
load_blob(struct jmap_call *c, struct uploading *u, struct str text, struct jmap_set_error *e)
{
	struct str known = jmap_created_find(c->run, text);
	enum fail fail;

	if (!u->is_loading && (!known.p || !blob_id_parse(known, &u->id)))
		return missing(c, text, e);
	u->is_loading = !jmap_blob_load_in(c, &u->load, c->access, &u->id, true, &c->arena, &fail);
	if (u->is_loading)
		return SET_YIELD;
	u->is_loaded = !fail;
	if (fail == FAIL_MISSING)
		return missing(c, text, e);
	return fail ? store_failed(c, fail, e) : SET_OK;
}

static enum jmap_set_said
add_blob(struct jmap_call *c, struct uploading *u, struct str text, const struct json *source,
    struct jmap_set_error *e)
{
	enum jmap_set_said said = u->is_loaded ? SET_OK : load_blob(c, u, text, e);

	return said == SET_OK ? add_range(c, u, source, e) : said;
}

/*
 * The members that a DataSourceObject may have: a range only beside a blob. Anything else is not passed over, since
 * it may be meant to change what the bytes are, and the server does not guess (RFC 9404 4.1).
 */
static bool
is_known(const struct json *source, bool is_blob)
{
	static const struct str names[] = { STR_INIT("data:asText"), STR_INIT("data:asBase64"),
		STR_INIT("blobId"), STR_INIT("offset"), STR_INIT("length") };
	size_t count = is_blob ? ARRAY_LEN(names) : ARRAY_LEN(names) - 2;

	for (uint32_t i = 0; i < source->count; i++) {
		const struct json_member *m = &source->members[i];
		size_t n = 0;

		while (n < count && !str_eq(m->name, names[n]))
			n++;
		if (n == count && !json_is(&m->value, JSON_NULL))
			return false;
	}
	return true;
}

/* A DataSourceObject has exactly one of the three. */
static enum jmap_set_said
add_source(struct jmap_call *c, struct uploading *u, const struct json *source,
    struct jmap_set_error *e)
{
	const struct json *text = jmap_arg(source, STR("data:asText"));
	const struct json *base64 = jmap_arg(source, STR("data:asBase64"));
	const struct json *blob = jmap_arg(source, STR("blobId"));
	const struct json *one = text ? text : base64 ? base64 : blob;
	struct str value;

	if (!json_is(source, JSON_OBJECT) || !json_get_text(one, &value) ||
	    (text != NULL) + (base64 != NULL) + (blob != NULL) != 1 ||
	    !is_known(source, blob != NULL))
		return jmap_set_invalid(e, STR("data"), "A data source is wrong.");
	if (blob)
		return add_blob(c, u, value, source, e);
	return add_data(c, u, value, base64 != NULL, e);
}

static enum jmap_set_said
add_sources(struct jmap_call *c, struct uploading *u, const struct json *data,
    struct jmap_set_error *e)
{
	enum jmap_set_said said = SET_OK;

	while (u->source < data->count) {
		said = add_source(c, u, &data->items[u->source], e);
		if (said != SET_OK)
			break;
		leave_source(u);
		if (++u->source < data->count && jmap_slice_over(c))
			return SET_YIELD;
	}
	return said;
}

/* An UploadObject {data, type}. */
static enum jmap_set_said
make_start(struct jmap_call *c, struct uploading *u, const struct json *object,
    struct jmap_set_error *e)
{
	const struct json *v = jmap_arg(object, STR("type"));
	const struct json *data = json_find(object, STR("data"));
	enum fail fail;

	if (!json_is(object, JSON_OBJECT))
		return jmap_set_invalid(e, STR("data"), "An upload is no object.");
	u->type = STR("application/octet-stream");
	if (v && (!json_get_text(v, &u->type) || u->type.n == 0 || u->type.n > UPLOAD_TYPE_MAX))
		return jmap_set_invalid(e, STR("type"), "type is no media type.");
	if (!json_is(data, JSON_ARRAY))
		return jmap_set_invalid(e, STR("data"), "data is no list.");
	if (data->count > JMAP_SOURCES_MAX)
		return jmap_set_invalid(e, STR("data"), "These are more than maxDataSources.");
	fail = blob_make_start(&u->making, c);
	u->is_making = !fail;
	return fail ? store_failed(c, fail, e) : SET_OK;
}

static enum jmap_set_said
make_one(struct jmap_call *c, struct uploading *u, const struct json *object,
    struct jmap_set_error *e)
{
	enum jmap_set_said said = u->is_making ? SET_OK : make_start(c, u, object, e);
	enum fail fail;

	if (said == SET_OK)
		said = add_sources(c, u, json_find(object, STR("data")), e);
	if (said != SET_OK)
		return said;
	if (!blob_make_finish(&u->making, c, u->type, &fail))
		return SET_YIELD;
	return fail ? store_failed(c, fail, e) : SET_OK;
}

/* --- the method ---------------------------------------------------------------------------------- */

static void
write_made(struct jmap_call *c, struct uploading *u, struct str name)
{
	struct id_text id = id_text(ID_UPLOAD, u->making.id);

	jmap_creations_add(c, &u->creations, name, id_str(&id));
	json_object_begin(&c->w);
	json_name_string(&c->w, STR("id"), id_str(&id));
	json_name_string(&c->w, STR("type"), u->type);
	json_name(&c->w, STR("size"));
	json_u64(&c->w, u->making.size);
	json_object_end(&c->w);
}

/* SET_FAIL: the call ended; SET_YIELD: the slice is over; else the next one. */
static enum jmap_set_said
upload_item(struct jmap_call *c, struct uploading *u)
{
	const struct json_member *member = &u->items->members[u->at];
	struct jmap_set_error e = { .type = NULL };
	enum jmap_set_said said;

	if (jmap_is_id(member->name))
		said = make_one(c, u, &member->value, &e);
	else
		said = jmap_set_error(&e, "invalidProperties", "The creation id is no Id.");
	if (said == SET_FAIL || said == SET_YIELD)
		return said;
	if (said == SET_OK)
		write_made(c, u, member->name);
	else
		jmap_creations_fail(&u->creations, member->name, &e);
	leave(u);
	return said;
}

enum jmap_step
jmap_blob_upload(struct jmap_call *c)
{
	enum jmap_set_said said;
	struct uploading *u;

	if (!c->state && !upload_begin(c))
		return JMAP_DONE;
	u = c->state;
	for (; u->at < u->items->count; u->at++) {
		if (jmap_slice_over(c))
			return JMAP_YIELD;
		said = upload_item(c, u);
		if (said == SET_FAIL || said == SET_YIELD)
			return said == SET_YIELD ? JMAP_YIELD : JMAP_DONE;
	}
	jmap_creations_end(c, &u->creations);
	json_object_end(&c->w);
	return JMAP_DONE;
}
