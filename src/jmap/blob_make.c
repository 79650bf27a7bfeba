#include "jmap/blob_make.h"

/* rooms */
#include "mail/upload.h"

enum fail
blob_make_start(struct blob_making *b, struct jmap_call *c)
{
	return blob_write_start(mail_blobs(c->account->mail), &b->writer, c->account->name);
}

enum fail
blob_make_add(struct blob_making *b, struct str bytes)
{
	b->size += bytes.n;
	return b->size > UPLOAD_BYTES_MAX ? FAIL_LIMIT : blob_write(&b->writer, bytes);
}

/* An upload is named in the turn in which its file was finished (blob.h). */
static enum fail
name_it(struct jmap_call *c, const struct blob_name *name, uint64_t size, struct str type,
    uint64_t *id_out)
{
	return upload_add(c->account, blob_name_str(name), size, type, c->access->user->id, id_out);
}

enum fail
blob_make_finish(struct blob_making *b, struct jmap_call *c, struct str type)
{
	struct blob_name name;
	enum fail fail = blob_write_finish(&b->writer, &name);

	return fail ? fail : name_it(c, &name, b->size, type, &b->id);
}

void
blob_make_cancel(struct blob_making *b)
{
	blob_write_cancel(&b->writer);
}

/* A part: decoded, it has no file of its own. */
static enum fail
copy_bytes(struct jmap_call *c, const struct jmap_blob *blob, uint64_t *id_out)
{
	struct blob_making b = { 0 };
	struct buf bytes;
	enum fail fail;

	buf_init(&bytes, JMAP_DECODED_MAX);
	fail = jmap_blob_decode(blob, &bytes);
	if (fail == FAIL_NONE)
		fail = blob_make_start(&b, c);
	if (fail == FAIL_NONE)
		fail = blob_make_add(&b, buf_str(&bytes));
	if (fail == FAIL_NONE)
		fail = blob_make_finish(&b, c, blob->type);
	*id_out = b.id;
	blob_make_cancel(&b);
	buf_release(&bytes);
	return fail;
}

enum fail
blob_make_copy(struct jmap_call *c, const struct account *from, const struct jmap_blob *blob,
    uint64_t *id_out)
{
	struct blob_store *store = mail_blobs(c->account->mail);
	struct blob_name name;
	enum fail fail;

	if (!blob->name.p)
		return copy_bytes(c, blob, id_out);
	fail = blob_link(store, from->name, blob->name, c->account->name, &name);
	return fail ? fail : name_it(c, &name, blob->bytes.n, blob->type, id_out);
}
