#include "jmap/blob.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/upload.h"
#include "message/text.h"

static enum fail
map_email(struct jmap_access *access, uint64_t id, struct arena *a, struct jmap_blob *out)
{
	struct email *e;
	enum fail fail = email_get(access->account, id, a, &e);

	if (fail)
		return fail;
	if (!jmap_email_is_shown(access, e))
		return FAIL_MISSING;
	out->name = e->blob;
	out->type = STR("message/rfc822");
	return email_map(access->account, id, &out->map);
}

static enum fail
map_upload(struct jmap_access *access, uint64_t id, struct arena *a, struct jmap_blob *out)
{
	struct account *account = access->account;
	struct upload *u;
	enum fail fail = upload_get(account, id, a, &u);

	if (fail)
		return fail;
	if ((u->by ? u->by : account->id) != access->user->id) /* RFC 8620 6: the uploader's only */
		return FAIL_MISSING;
	out->name = u->blob;
	out->type = u->type;
	return blob_map(mail_blobs(account->mail), account->name, u->blob, &out->map);
}

/* A piece of the bytes. */
static enum fail
slice(struct jmap_blob *blob, struct range range, enum encoding encoding)
{
	if (range.start > blob->bytes.n || range.n > blob->bytes.n - range.start)
		return FAIL_MISSING;
	blob->bytes = str_slice(blob->bytes, (size_t)range.start, (size_t)range.n);
	blob->encoding = encoding;
	return FAIL_NONE;
}

/* The map holds what the bytes stand for, and nothing else. */
static enum fail
undo(struct jmap_blob *blob)
{
	struct buf decoded;
	enum fail fail;
	char *copy;

	buf_init(&decoded, JMAP_DECODED_MAX);
	fail = jmap_blob_decode(blob, &decoded);
	blob->decoded += decoded.n;
	if (!fail) {
		copy = mem_new(decoded.n + 1, 1);
		if (decoded.n > 0)
			memcpy(copy, buf_str(&decoded).p, decoded.n);
		blob_unmap(&blob->map);
		blob->map.bytes = blob->bytes = str_of(copy, decoded.n);
		blob->encoding = ENCODING_7BIT;
	}
	buf_release(&decoded);
	return fail;
}

/* A small piece does not hold all that was decoded around it. */
static void
shrink(struct jmap_blob *blob)
{
	char *copy = mem_new(blob->bytes.n + 1, 1);

	if (blob->bytes.n > 0)
		memcpy(copy, blob->bytes.p, blob->bytes.n);
	blob_unmap(&blob->map);
	blob->map.bytes = blob->bytes = str_of(copy, blob->bytes.n);
}

enum fail
jmap_blob_find(struct jmap_access *access, const struct blob_id *id, struct arena *a,
    struct jmap_blob *out)
{
	enum fail fail;

	*out = (struct jmap_blob){ 0 };
	fail = id->kind == ID_BLOB ? map_email(access, id->id, a, out)
				   : map_upload(access, id->id, a, out);
	if (fail)
		return fail;
	out->bytes = out->map.bytes;
	if (!id->is_part)
		return FAIL_NONE;
	out->name = (struct str){ 0 };
	out->type = STR("application/octet-stream");
	for (unsigned i = 0; !fail && i < id->layer_count; i++) {
		fail = slice(out, id->layers[i].range, id->layers[i].encoding);
		if (!fail)
			fail = undo(out);
	}
	if (!fail)
		fail = slice(out, id->range, id->encoding);
	if (!fail && id->layer_count > 0 && out->bytes.n < out->map.bytes.n)
		shrink(out);
	if (fail)
		blob_unmap(&out->map);
	return fail;
}

enum fail
jmap_blob_open(struct jmap_access *access, const struct blob_id *id, struct arena *a,
    struct jmap_blob *out)
{
	enum fail fail = jmap_blob_find(access, id, a, out);

	if (!fail && out->encoding != ENCODING_7BIT)
		fail = undo(out);
	if (fail)
		blob_unmap(&out->map);
	return fail;
}

/* The bytes as the body of the only part of a message. */
struct body_reader *
jmap_blob_reader(const struct jmap_blob *blob, struct message *shell)
{
	*shell = (struct message){
		.bytes = blob->bytes,
		.size = blob->bytes.n,
		.part_count = 1,
		.root = { .type = STR("application"),
		    .subtype = STR("octet-stream"),
		    .encoding = blob->encoding,
		    .decoded_size = PART_SIZE_UNKNOWN,
		    .body = { 0, blob->bytes.n } },
	};
	return body_reader_new(shell, &shell->root, BODY_BYTES);
}

enum fail
jmap_blob_decode(const struct jmap_blob *blob, struct buf *out)
{
	struct message shell;
	struct body_reader *r = jmap_blob_reader(blob, &shell);

	while (body_read(r, out) && buf_ok(out))
		continue;
	body_reader_free(&r);
	return buf_ok(out) ? FAIL_NONE : FAIL_LIMIT;
}
