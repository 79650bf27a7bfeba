/*
 * Blob/copy (RFC 8620 6.3): blobs of another account become uploads of this one.
 */
#include "jmap/blob_load.h"

/* rooms */
#include "jmap/blob_make.h"
#include "jmap/methods.h"
#include "jmap/set.h"
#include "mail/upload.h"

struct copying {
	struct jmap_access *from; /* borrow: the run's */
	const struct json *ids;
	uint32_t at;
	struct buf failed; /* own: notCopied, without its end */
	struct json_writer failed_w;
	bool has_done;
	/* of the one at hand */
	bool is_found, is_writing;
	struct blob_id id;
	struct jmap_blob_load load; /* own */
	struct blob_making making;  /* own */
	size_t written;
};

static void
leave(struct copying *k)
{
	jmap_blob_load_release(&k->load);
	blob_make_cancel(&k->making);
	k->making = (struct blob_making){ 0 };
	k->is_found = k->is_writing = false;
	k->written = 0;
}

static void
copy_release(struct jmap_call *c)
{
	struct copying *k = c->state;

	leave(k);
	buf_release(&k->failed);
}

/* fromAccountId (RFC 8620 5.4, 6.3). */
static bool
read_from(struct jmap_call *c, struct copying *k)
{
	struct str id;
	enum fail fail;

	if (!jmap_arg_text(c, STR("fromAccountId"), &id))
		return false;
	if (!id.p) {
		jmap_invalid(c, "fromAccountId is missing.");
		return false;
	}
	fail = jmap_run_account(c->run, id, &k->from);
	if (fail == FAIL_LIMIT || fail == FAIL_TEMP)
		jmap_fail_with(c, fail);
	else if (fail)
		jmap_fail(c, "fromAccountNotFound", NULL);
	else if (k->from == c->access)
		jmap_invalid(c, "Both accounts are the same.");
	return !c->error;
}

static bool
copy_begin(struct jmap_call *c)
{
	struct copying *k = arena_alloc(&c->arena, 1, sizeof(*k));

	if (!k) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	if (!read_from(c, k) || !jmap_arg_texts(c, STR("blobIds"), &k->ids))
		return false;
	if (!k->ids) {
		jmap_invalid(c, "blobIds is missing.");
		return false;
	}
	if (k->ids->count > JMAP_SET_MAX) {
		jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInSet.");
		return false;
	}
	if (!jmap_may_somewhere(c->access, MAY_ADD_ITEMS)) {
		jmap_fail(c, "forbidden", "Nothing may be added to this account.");
		return false;
	}
	buf_init(&k->failed, JMAP_RESPONSE_MAX);
	k->failed_w.out = &k->failed;
	c->state = k;
	c->release = copy_release;
	json_object_begin(&c->w);
	json_name(&c->w, STR("fromAccountId"));
	jmap_write_id(&c->w, ID_ACCOUNT, k->from->account->id);
	jmap_write_account(c);
	return true;
}

static enum fail
find(struct jmap_call *c, struct copying *k, struct str text)
{
	struct str known = jmap_created_find(c->run, text);

	k->is_found = known.p && blob_id_parse(known, &k->id);
	return k->is_found ? FAIL_NONE : FAIL_MISSING;
}

/* A file is linked; a part, decoded, has none of its own. False: the call waits. */
static bool
begin(struct jmap_call *c, struct copying *k, enum fail *fail_out)
{
	const struct jmap_blob *blob = &k->load.blob;

	if (blob->name.p)
		return blob_make_link(&k->making, c, k->from->account, blob, fail_out);
	k->is_writing = true;
	k->making.size = blob->bytes.n;
	*fail_out = blob->bytes.n > UPLOAD_BYTES_MAX ? FAIL_LIMIT : blob_make_start(&k->making, c);
	return true;
}

/* False when the slice is over, or the call waits. */
static bool
copy_one(struct jmap_call *c, struct copying *k, struct str text, enum fail *fail_out)
{
	const struct jmap_blob *blob = &k->load.blob;

	*fail_out = k->is_found ? FAIL_NONE : find(c, k, text);
	if (!*fail_out && !k->is_writing) {
		if (!jmap_blob_load_in(c, &k->load, k->from, &k->id, true, &c->arena, fail_out))
			return false;
		if (!*fail_out && !begin(c, k, fail_out))
			return false;
	}
	if (*fail_out || !k->is_writing)
		return true;
	if (!jmap_blob_write_on(&k->making.writer, blob->bytes, &k->written, c->slice_end_us,
		fail_out))
		return false;
	return *fail_out || blob_make_finish(&k->making, c, blob->type, fail_out);
}

static void
write_failed(struct copying *k, struct str text, enum fail fail)
{
	struct jmap_set_error e = { .type = fail == FAIL_LIMIT ? "tooLarge" : "notFound" };

	if (buf_str(&k->failed).n == 0)
		json_object_begin(&k->failed_w);
	json_name(&k->failed_w, text);
	jmap_set_error_write(&k->failed_w, &e);
}

/* SET_OK: the next one; SET_YIELD: the slice is over; SET_FAIL: the call ended. */
static enum jmap_set_said
copy_item(struct jmap_call *c, struct copying *k)
{
	struct str text = { 0 };
	uint64_t id;
	enum fail fail;

	if (!k->is_found && jmap_is_repeated(k->ids, k->at))
		return SET_OK;
	(void)!json_get_text(&k->ids->items[k->at], &text);
	if (!copy_one(c, k, text, &fail))
		return SET_YIELD;
	id = k->making.id;
	leave(k);
	if (fail == FAIL_MISSING || fail == FAIL_PERM || fail == FAIL_LIMIT) {
		write_failed(k, text, fail);
		return SET_OK;
	}
	if (fail) {
		jmap_fail_with(c, fail);
		return SET_FAIL;
	}
	if (!k->has_done) {
		json_name(&c->w, STR("copied"));
		json_object_begin(&c->w);
		k->has_done = true;
	}
	json_name(&c->w, text);
	jmap_write_id(&c->w, ID_UPLOAD, id);
	return SET_OK;
}

enum jmap_step
jmap_blob_copy(struct jmap_call *c)
{
	enum jmap_set_said said;
	struct copying *k;

	if (!c->state && !copy_begin(c))
		return JMAP_DONE;
	k = c->state;
	for (; k->at < k->ids->count; k->at++) {
		if (jmap_slice_over(c))
			return JMAP_YIELD;
		said = copy_item(c, k);
		if (said != SET_OK)
			return said == SET_YIELD ? JMAP_YIELD : JMAP_DONE;
	}
	if (k->has_done)
		json_object_end(&c->w);
	else
		json_name_null(&c->w, STR("copied"));
	json_name(&c->w, STR("notCopied"));
	if (buf_str(&k->failed).n > 0) {
		json_object_end(&k->failed_w);
		json_raw(&c->w, buf_str(&k->failed));
	} else {
		json_null(&c->w);
	}
	json_object_end(&c->w);
	return JMAP_DONE;
}
