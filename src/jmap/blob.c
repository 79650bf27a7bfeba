#include "jmap/blob.h"

/* rooms */
#include "mail/upload.h"
#include "message/text.h"

static enum fail
find_email(struct jmap_access *access, uint64_t id, struct arena *a, struct jmap_blob *out)
{
	struct email *e;
	enum fail fail = email_get(access->account, id, a, &e);

	if (fail)
		return fail;
	if (!jmap_email_is_shown(access, e))
		return FAIL_MISSING;
	out->name = e->blob;
	out->type = STR("message/rfc822");
	return FAIL_NONE;
}

static enum fail
find_upload(struct jmap_access *access, uint64_t id, struct arena *a, struct jmap_blob *out)
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
	return FAIL_NONE;
}

enum fail
jmap_blob_find(struct jmap_access *access, const struct blob_id *id, struct arena *a,
    struct jmap_blob *out)
{
	*out = (struct jmap_blob){ 0 };
	return id->kind == ID_BLOB ? find_email(access, id->id, a, out)
				   : find_upload(access, id->id, a, out);
}

enum fail
jmap_blob_slice(struct jmap_blob *blob, struct range range, enum encoding encoding)
{
	if (range.start > blob->bytes.n || range.n > blob->bytes.n - range.start)
		return FAIL_MISSING;
	blob->bytes = str_slice(blob->bytes, (size_t)range.start, (size_t)range.n);
	blob->encoding = encoding;
	return FAIL_NONE;
}

enum fail
jmap_blob_map(struct jmap_access *access, const struct blob_id *id, struct arena *a,
    struct blob_wait *w, struct task *owner, struct jmap_blob *out)
{
	struct account *account = access->account;
	enum fail fail = jmap_blob_find(access, id, a, out);

	if (fail == FAIL_NONE)
		fail = id->kind == ID_BLOB ? email_map_wait(account, id->id, w, owner, &out->map)
					   : blob_map_wait(mail_blobs(account->mail), w, owner,
						 account->name, out->name, &out->map);
	if (fail)
		return fail;
	out->bytes = out->map.bytes;
	if (id->is_part) {
		out->name = (struct str){ 0 };
		out->type = STR("application/octet-stream");
	}
	return FAIL_NONE;
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
