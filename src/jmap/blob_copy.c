/*
 * Blob/copy (RFC 8620 6.3): blobs of another account become uploads of this one.
 */
#include "jmap/blob_make.h"

/* rooms */
#include "jmap/methods.h"
#include "jmap/set.h"

struct copying {
	struct jmap_access *from; /* borrow: the run's */
	const struct json *ids;
	uint32_t at;
	struct buf failed; /* own: notCopied, without its end */
	struct json_writer failed_w;
	bool has_done;
};

static void
copy_release(struct jmap_call *c)
{
	struct copying *k = c->state;

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
copy_one(struct jmap_call *c, struct copying *k, struct str text, uint64_t *id_out)
{
	struct str known = jmap_created_find(c->run, text);
	struct jmap_blob blob;
	struct blob_id id;
	enum fail fail;

	if (!known.p || !blob_id_parse(known, &id))
		return FAIL_MISSING;
	fail = jmap_blob_find(k->from, &id, &c->arena, &blob);
	if (fail)
		return fail;
	fail = blob_make_copy(c, k->from->account, &blob, id_out);
	blob_unmap(&blob.map);
	return fail;
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

/* False when the call ended. */
static bool
copy_item(struct jmap_call *c, struct copying *k)
{
	struct str text = { 0 };
	uint64_t id = 0;
	enum fail fail;

	if (jmap_is_repeated(k->ids, k->at))
		return true;
	(void)!json_get_text(&k->ids->items[k->at], &text);
	fail = copy_one(c, k, text, &id);
	if (fail == FAIL_MISSING || fail == FAIL_PERM || fail == FAIL_LIMIT) {
		write_failed(k, text, fail);
		return true;
	}
	if (fail) {
		jmap_fail_with(c, fail);
		return false;
	}
	if (!k->has_done) {
		json_name(&c->w, STR("copied"));
		json_object_begin(&c->w);
		k->has_done = true;
	}
	json_name(&c->w, text);
	jmap_write_id(&c->w, ID_UPLOAD, id);
	return true;
}

enum jmap_step
jmap_blob_copy(struct jmap_call *c)
{
	struct copying *k;

	if (!c->state && !copy_begin(c))
		return JMAP_DONE;
	k = c->state;
	for (; k->at < k->ids->count; k->at++) {
		if (jmap_slice_over(c))
			return JMAP_YIELD;
		if (!copy_item(c, k))
			return JMAP_DONE;
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
