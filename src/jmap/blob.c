#include "jmap/blob.h"

/* rooms */
#include "mail/upload.h"

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
	return blob_map(mail_blobs(account->mail), account->name, u->blob, &out->map);
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
	if (id->range.start > out->bytes.n || id->range.n > out->bytes.n - id->range.start) {
		blob_unmap(&out->map);
		return FAIL_MISSING;
	}
	out->bytes = str_slice(out->bytes, (size_t)id->range.start, (size_t)id->range.n);
	out->name = (struct str){ 0 };
	out->encoding = id->encoding;
	return FAIL_NONE;
}
