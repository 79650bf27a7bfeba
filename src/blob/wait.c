/* Waiting for messages that are kept far away (blob.h); here, at once. */
#include "blob/inner.h"

/* base */
#include "base/mem.h"

bool
blob_is_far(const struct blob_store *b)
{
	return b->far != NULL;
}

void
blob_wait_done(struct blob_wait *w, struct task *owner, enum fail fail)
{
	/* nobody is woken: who started it asks */
	w->op = (struct op){ .owner = owner, .fail = fail };
}

void
blob_fetch_start(struct blob_store *b, struct blob_wait *w, struct task *owner, struct str account,
    struct str name)
{
	invariant(!op_pending(&w->op));
	w->far = b->far;
	if (b->far)
		b->far->fetch(b->far, w, owner, account, name);
	else
		blob_wait_done(w, owner, FAIL_NONE);
}

void
blob_put_start(struct blob_writer *writer, struct blob_wait *w, struct task *owner)
{
	struct blob_far *far;

	invariant(writer->store != NULL && !op_pending(&w->op));
	far = writer->store->far;
	w->far = far;
	blob_writer_close(writer);
	if (far && writer->fail == FAIL_NONE)
		far->put(far, w, owner, writer);
	else
		blob_wait_done(w, owner, writer->fail);
}

void
blob_copy_start(struct blob_store *b, struct blob_wait *w, struct task *owner, struct str account,
    struct str name, struct str to)
{
	invariant(!op_pending(&w->op));
	w->far = b->far;
	if (b->far)
		b->far->copy(b->far, w, owner, account, name, to);
	else
		blob_wait_done(w, owner, FAIL_NONE);
}

void
blob_wait_release(struct blob_wait *w)
{
	if (w->far)
		w->far->release(w->far, w);
	*w = (struct blob_wait){ 0 };
}

/* --- start and go on --------------------------------------------------------------------------- */

enum fail
blob_map_wait(struct blob_store *b, struct blob_wait *w, struct task *owner, struct str account,
    struct str name, struct blob_map *out)
{
	enum fail fail;

	*out = (struct blob_map){ 0 };
	if (!blob_wait_is_started(w))
		blob_fetch_start(b, w, owner, account, name);
	if (op_pending(&w->op))
		return FAIL_TEMP;
	fail = w->op.fail;
	if (fail == FAIL_NONE)
		fail = blob_map(b, account, name, out);
	blob_wait_release(w);
	return fail;
}

enum fail
blob_finish_wait(struct blob_writer *writer, struct blob_wait *w, struct task *owner,
    struct blob_name *name_out)
{
	enum fail fail;

	if (!blob_wait_is_started(w))
		blob_put_start(writer, w, owner);
	if (op_pending(&w->op))
		return FAIL_TEMP;
	fail = w->op.fail;
	if (fail == FAIL_NONE)
		fail = blob_write_finish(writer, name_out);
	blob_wait_release(w);
	return fail;
}

enum fail
blob_link_wait(struct blob_store *b, struct blob_wait *w, struct task *owner, struct str from,
    struct str name, struct str to, struct blob_name *name_out)
{
	enum fail fail;

	if (!blob_wait_is_started(w))
		blob_copy_start(b, w, owner, from, name, to);
	if (op_pending(&w->op))
		return FAIL_TEMP;
	fail = w->op.fail;
	if (fail == FAIL_NONE)
		fail = blob_link(b, from, name, to, name_out);
	blob_wait_release(w);
	return fail;
}
