/*
 * Blob/get (RFC 9404 4.2): bytes and digests of a range of each blob, in slices.
 *
 *     FIND --> LOAD --> CHECK --> DIGEST --> TEXT --> BASE64 --> FIND (the next one)
 *
 * What is not asked for, or is not the case, takes no time. From TEXT on a part of the object is written.
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
#define DATA_PIECE   (48 * 1024)  /* the same of data that is written; whole groups of base64 */

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

enum stage { STAGE_FIND, STAGE_LOAD, STAGE_CHECK, STAGE_DIGEST, STAGE_TEXT, STAGE_BASE64 };

struct getting {
	const struct json *ids;
	uint32_t at;
	uint32_t asked; /* bits of enum property */
	uint64_t offset, length;
	bool has_length;
	bool *is_repeated, *is_missing; /* arena: by place in `ids` */
	/* of the one at hand */
	enum stage stage;
	struct str id; /* as it was asked for, then as it is */
	struct blob_id blob_id;
	struct jmap_blob_load load; /* own */
	struct str bytes;           /* of the range */
	uint64_t size;              /* of the whole */
	bool is_truncated;
	size_t done;                /* of them, in CHECK, TEXT and BASE64 */
	bool is_text, is_in_string; /* UTF-8; a member with data is begun */
	size_t digest, hashed;      /* which one, and how many bytes it has */
	struct hash_state hash;
	unsigned char values[ARRAY_LEN(digests)][HASH_SIZE_MAX];
};

static bool
is_asked(const struct getting *g, enum property property)
{
	return g->asked & 1u << property;
}

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
	g->is_repeated = jmap_repeated(c, g->ids);
	if (!g->is_missing || !g->is_repeated) {
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
	g->digest = g->hashed = g->done = 0;
	g->stage = STAGE_CHECK;
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
		if (!is_asked(g, digests[g->digest].property))
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

/* Is it text? Only where that matters. False when the slice is over. */
static bool
check(struct jmap_call *c, struct getting *g)
{
	g->is_text = is_asked(g, PROPERTY_DATA) || is_asked(g, PROPERTY_AS_TEXT);
	while (g->is_text && g->done < g->bytes.n) {
		struct str piece = utf8_cut(str_from(g->bytes, g->done), DATA_PIECE);

		g->is_text = utf8_is_valid(piece);
		g->done += piece.n;
		if (g->is_text && g->done < g->bytes.n && jmap_slice_over(c))
			return false;
	}
	return true;
}

/* --- writing ------------------------------------------------------------------------------------- */

/* All data as one member. Base64 needs no quoting. False when the slice is over. */
static bool
write_bytes(struct jmap_call *c, struct getting *g, enum property property)
{
	bool is_base64 = property == PROPERTY_AS_BASE64;

	if (!g->is_in_string) {
		json_name(&c->w, property_names[property]);
		json_string_begin(&c->w);
		g->done = 0;
	}
	g->is_in_string = true;
	while (g->done < g->bytes.n) {
		struct str piece = is_base64 ? str_slice(g->bytes, g->done, DATA_PIECE)
					     : utf8_cut(str_from(g->bytes, g->done), DATA_PIECE);

		if (is_base64)
			base64_write(c->w.out, piece);
		else
			json_string_piece(&c->w, piece);
		g->done += piece.n;
		if (g->done < g->bytes.n && jmap_slice_over(c))
			return false;
	}
	json_string_end(&c->w);
	g->is_in_string = false;
	return true;
}

/* "data" is the text where there is one (RFC 9404 4.2). False when the slice is over. */
static bool
write_text(struct jmap_call *c, struct getting *g)
{
	if (g->is_text)
		return write_bytes(c, g, PROPERTY_AS_TEXT);
	if (is_asked(g, PROPERTY_AS_TEXT))
		json_name_null(&c->w, property_names[PROPERTY_AS_TEXT]);
	return true;
}

/* .. and base64 where there is none. */
static bool
write_base64(struct jmap_call *c, struct getting *g)
{
	if (is_asked(g, PROPERTY_AS_BASE64) || (is_asked(g, PROPERTY_DATA) && !g->is_text))
		return write_bytes(c, g, PROPERTY_AS_BASE64);
	return true;
}

static void
write_digest(struct json_writer *w, const struct getting *g, size_t i)
{
	struct str bytes = str_of((const char *)g->values[i], hash_size(digests[i].hash));
	struct buf text;

	buf_init(&text, base64_length(HASH_SIZE_MAX));
	base64_write(&text, bytes);
	json_name_string(w, property_names[digests[i].property], buf_str(&text));
	buf_release(&text);
}

static void
write_rest(struct json_writer *w, const struct getting *g)
{
	if ((is_asked(g, PROPERTY_DATA) || is_asked(g, PROPERTY_AS_TEXT)) && !g->is_text)
		json_name_bool(w, STR("isEncodingProblem"), true);
	for (size_t i = 0; i < ARRAY_LEN(digests); i++)
		if (is_asked(g, digests[i].property))
			write_digest(w, g, i);
	if (g->is_truncated)
		json_name_bool(w, STR("isTruncated"), true);
	if (is_asked(g, PROPERTY_SIZE)) {
		json_name(w, property_names[PROPERTY_SIZE]);
		json_u64(w, g->size);
	}
	json_object_end(w);
}

/* The bytes are there; false when the slice is over. */
static bool
write_blob(struct jmap_call *c, struct getting *g)
{
	if (g->stage == STAGE_CHECK) {
		if (!check(c, g))
			return false;
		g->stage = STAGE_DIGEST;
	}
	if (g->stage == STAGE_DIGEST) {
		if (!digest(c, g))
			return false;
		json_object_begin(&c->w);
		json_name_string(&c->w, property_names[PROPERTY_ID], g->id);
		g->stage = STAGE_TEXT;
	}
	if (g->stage == STAGE_TEXT) {
		if (!write_text(c, g))
			return false;
		g->stage = STAGE_BASE64;
	}
	if (!write_base64(c, g))
		return false;
	write_rest(&c->w, g);
	return true;
}

/* As far as the slice goes; false when it ended, or the call did. */
static bool
get_item(struct jmap_call *c, struct getting *g)
{
	const uint32_t data = 1 << PROPERTY_DATA | 1 << PROPERTY_AS_TEXT | 1 << PROPERTY_AS_BASE64;
	enum fail fail = FAIL_NONE;

	if (g->is_repeated[g->at]) /* RFC 8620 5.1: once */
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
	if (!write_blob(c, g))
		return false;
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
