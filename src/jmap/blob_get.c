/*
 * Blob/get (RFC 9404 4.2): bytes and digests of a range of each blob, in slices.
 *
 *     FIND --a part--> DECODE --> DIGEST --> write --> FIND (the next one)
 *      +--a whole file------------^
 */
#include "jmap/blob_load.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "codec/base64.h"
#include "codec/utf8.h"
#include "crypto/hash.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#define DIGEST_PIECE (256 * 1024) /* bytes between two looks at the clock */

enum property {
	PROPERTY_ID,
	PROPERTY_DATA,
	PROPERTY_AS_TEXT,
	PROPERTY_AS_BASE64,
	PROPERTY_SHA,
	PROPERTY_SHA256,
	PROPERTY_SIZE,
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("id"), STR_INIT("data"),
	STR_INIT("data:asText"), STR_INIT("data:asBase64"), STR_INIT("digest:sha"),
	STR_INIT("digest:sha-256"), STR_INIT("size") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

static const struct {
	enum property property;
	enum hash hash;
} digests[] = { { PROPERTY_SHA, HASH_SHA1 }, { PROPERTY_SHA256, HASH_SHA256 } };

enum stage { STAGE_FIND, STAGE_LOAD, STAGE_DIGEST };

struct getting {
	const struct json *ids;
	uint32_t at;
	uint32_t asked; /* bits of enum property */
	uint64_t offset, length;
	bool has_length;
	bool *is_missing; /* arena: by place in `ids` */
	/* of the one at hand */
	enum stage stage;
	struct str id; /* as it was asked for, then as it is */
	struct blob_id blob_id;
	struct jmap_blob_load load; /* own */
	struct str bytes;           /* of the range */
	uint64_t size;              /* of the whole */
	bool is_truncated;
	size_t digest, hashed; /* which one, and how many bytes it has */
	struct hash_state hash;
	unsigned char values[ARRAY_LEN(digests)][HASH_SIZE_MAX];
};

static void
blob_end(struct getting *g)
{
	jmap_blob_load_release(&g->load);
	g->stage = STAGE_FIND;
}

static void
get_release(struct jmap_call *c)
{
	blob_end(c->state);
}

static bool
get_begin(struct jmap_call *c)
{
	struct getting *g = arena_alloc(&c->arena, 1, sizeof(*g));
	const struct json *properties;

	if (!g) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	if (!jmap_arg_texts(c, STR("ids"), &g->ids) ||
	    !jmap_arg_texts(c, STR("properties"), &properties) ||
	    !jmap_arg_uint(c, STR("offset"), 0, &g->offset) ||
	    !jmap_arg_uint(c, STR("length"), 0, &g->length) ||
	    !jmap_properties(c, properties, property_names, PROPERTY_COUNT,
		1 << PROPERTY_DATA | 1 << PROPERTY_SIZE, &g->asked))
		return false;
	g->has_length = jmap_arg(c->args, STR("length")) != NULL;
	if (!g->ids || g->ids->count > JMAP_GET_MAX) {
		jmap_fail(c, "requestTooLarge", "All blobs, or more than maxObjectsInGet.");
		return false;
	}
	g->is_missing = arena_alloc(&c->arena, g->ids->count + 1, sizeof(*g->is_missing));
	if (!g->is_missing) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	c->state = g;
	c->release = get_release;
	json_object_begin(&c->w);
	jmap_write_account(c);
	json_name(&c->w, STR("list"));
	json_array_begin(&c->w);
	return true;
}

/* --- one blob ------------------------------------------------------------------------------------ */

/* The bytes are there: which of them are asked for. */
static void
take_range(struct getting *g, struct str whole)
{
	uint64_t left = g->offset < whole.n ? whole.n - g->offset : 0;
	uint64_t wanted = g->has_length ? g->length : left;

	g->size = whole.n;
	g->is_truncated = g->offset > whole.n || wanted > left;
	g->bytes =
	    str_slice(whole, (size_t)(whole.n - left), (size_t)(wanted < left ? wanted : left));
	g->digest = g->hashed = 0;
	g->stage = STAGE_DIGEST;
}

static enum fail
find(struct jmap_call *c, struct getting *g)
{
	struct str known;

	(void)!json_get_text(&g->ids->items[g->at], &g->id);
	known = jmap_created_find(c->run, g->id);
	if (!known.p || !blob_id_parse(known, &g->blob_id))
		return FAIL_MISSING;
	g->id = known;
	g->stage = STAGE_LOAD;
	return FAIL_NONE;
}

/* False when the slice is over. */
static bool
load(struct jmap_call *c, struct getting *g, enum fail *fail_out)
{
	if (!jmap_blob_load_in(c, &g->load, c->access, &g->blob_id, true, &c->arena, fail_out))
		return false;
	if (*fail_out)
		g->stage = STAGE_FIND;
	else
		take_range(g, g->load.blob.bytes);
	return true;
}

/* False when the slice is over. */
static bool
digest(struct jmap_call *c, struct getting *g)
{
	for (; g->digest < ARRAY_LEN(digests); g->digest++, g->hashed = 0) {
		if (!(g->asked & 1u << digests[g->digest].property))
			continue;
		if (g->hashed == 0)
			hash_init(&g->hash, digests[g->digest].hash);
		while (g->hashed < g->bytes.n) {
			struct str piece = str_slice(g->bytes, g->hashed, DIGEST_PIECE);

			hash_add(&g->hash, piece);
			g->hashed += piece.n;
			if (g->hashed < g->bytes.n && jmap_slice_over(c))
				return false;
		}
		hash_get(&g->hash, g->values[g->digest]);
	}
	return true;
}

static void
write_base64(struct json_writer *w, struct str name, struct str bytes)
{
	struct buf text;

	buf_init(&text, base64_length(bytes.n) + 1);
	base64_write(&text, bytes);
	json_name_string(w, name, buf_str(&text));
	buf_release(&text);
}

/* "data" is the text where there is one (RFC 9404 4.2). */
static void
write_data(struct json_writer *w, const struct getting *g)
{
	bool wants_any = g->asked & 1u << PROPERTY_DATA;
	bool wants_text = g->asked & 1u << PROPERTY_AS_TEXT;
	bool is_text = (wants_any || wants_text) && utf8_is_valid(g->bytes);

	if ((wants_any || wants_text) && is_text)
		json_name_string(w, property_names[PROPERTY_AS_TEXT], g->bytes);
	else if (wants_text)
		json_name_null(w, property_names[PROPERTY_AS_TEXT]);
	if (g->asked & 1u << PROPERTY_AS_BASE64 || (wants_any && !is_text))
		write_base64(w, property_names[PROPERTY_AS_BASE64], g->bytes);
	if ((wants_any || wants_text) && !is_text)
		json_name_bool(w, STR("isEncodingProblem"), true);
}

static void
write_blob(struct jmap_call *c, struct getting *g)
{
	struct json_writer *w = &c->w;

	json_object_begin(w);
	json_name_string(w, property_names[PROPERTY_ID], g->id);
	write_data(w, g);
	for (size_t i = 0; i < ARRAY_LEN(digests); i++)
		if (g->asked & 1u << digests[i].property)
			write_base64(w, property_names[digests[i].property],
			    str_of((const char *)g->values[i], hash_size(digests[i].hash)));
	if (g->is_truncated)
		json_name_bool(w, STR("isTruncated"), true);
	if (g->asked & 1u << PROPERTY_SIZE) {
		json_name(w, property_names[PROPERTY_SIZE]);
		json_u64(w, g->size);
	}
	json_object_end(w);
}

/* As far as the slice goes; false when it ended, or the call did. */
static bool
get_item(struct jmap_call *c, struct getting *g)
{
	const uint32_t data = 1 << PROPERTY_DATA | 1 << PROPERTY_AS_TEXT | 1 << PROPERTY_AS_BASE64;
	enum fail fail = FAIL_NONE;

	if (g->stage == STAGE_FIND && jmap_is_repeated(g->ids, g->at)) /* RFC 8620 5.1: once */
		return true;
	if (g->stage == STAGE_FIND)
		fail = find(c, g);
	if (g->stage == STAGE_LOAD && !load(c, g, &fail))
		return false;
	if (fail == FAIL_MISSING) {
		g->is_missing[g->at] = true;
		return true;
	}
	if (fail) {
		jmap_fail_with(c, fail);
		return false;
	}
	if (g->asked & data && g->bytes.n > JMAP_BLOB_DATA_MAX) {
		jmap_fail(c, "requestTooLarge", "So much of a blob has to be downloaded.");
		return false;
	}
	if (!digest(c, g))
		return false;
	write_blob(c, g);
	blob_end(g);
	return true;
}

enum jmap_step
jmap_blob_get(struct jmap_call *c)
{
	struct getting *g;

	if (!c->state && !get_begin(c))
		return JMAP_DONE;
	g = c->state;
	while (g->at < g->ids->count) {
		if (!get_item(c, g))
			return c->error ? JMAP_DONE : JMAP_YIELD;
		if (++g->at < g->ids->count && jmap_slice_over(c))
			return JMAP_YIELD;
	}
	json_array_end(&c->w);
	json_name(&c->w, STR("notFound"));
	json_array_begin(&c->w);
	for (uint32_t i = 0; i < g->ids->count; i++)
		if (g->is_missing[i] && json_get_text(&g->ids->items[i], &g->id))
			json_string(&c->w, g->id);
	json_array_end(&c->w);
	json_object_end(&c->w);
	return JMAP_DONE;
}
