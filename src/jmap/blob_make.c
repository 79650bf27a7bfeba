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

bool
blob_make_finish(struct blob_making *b, struct jmap_call *c, struct str type, enum fail *fail_out)
{
	struct blob_name name;

	*fail_out = blob_finish_wait(&b->writer, &b->wait, c->run->host.task, &name);
	if (jmap_waits(c, &b->wait))
		return false;
	if (!*fail_out)
		*fail_out = name_it(c, &name, b->size, type, &b->id);
	return true;
}

void
blob_make_cancel(struct blob_making *b)
{
	blob_wait_release(&b->wait);
	blob_write_cancel(&b->writer);
}

bool
blob_make_link(struct blob_making *b, struct jmap_call *c, const struct account *from,
    const struct jmap_blob *blob, enum fail *fail_out)
{
	struct blob_store *store = mail_blobs(c->account->mail);
	struct blob_name name;

	*fail_out = blob_link_wait(store, &b->wait, c->run->host.task, from->name, blob->name,
	    c->account->name, &name);
	if (jmap_waits(c, &b->wait))
		return false;
	if (!*fail_out)
		*fail_out = name_it(c, &name, blob->bytes.n, blob->type, &b->id);
	return true;
}
