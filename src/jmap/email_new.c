#include "jmap/email_new.h"

/* rooms */
#include "jmap/access_email.h"
#include "message/date.h"

static enum jmap_set_said
refused(struct jmap_call *c, enum fail fail, struct jmap_set_error *e)
{
	switch (fail) {
	case FAIL_LIMIT: return jmap_set_error(e, "overQuota", NULL);
	case FAIL_MISSING:
	case FAIL_PERM: return jmap_set_invalid(e, STR("mailboxIds"), "There is no such mailbox.");
	case FAIL_SYNTAX: return jmap_set_error(e, "invalidEmail", NULL);
	case FAIL_NONE:
	case FAIL_DENIED:
	case FAIL_TEMP:
	case FAIL_COUNT: break;
	}
	jmap_fail(c, "serverPartialFail", "The store failed.");
	return SET_FAIL;
}

enum jmap_set_said
jmap_email_add_from(struct jmap_call *c, const struct account *from, struct email_new *new,
    const struct jmap_blob *blob, struct blob_wait *w, struct jmap_email_added *out,
    struct jmap_set_error *e)
{
	struct account *a = c->account;
	struct email_added added;
	struct blob_name name;
	enum fail fail = blob_link_wait(mail_blobs(a->mail), w, c->run->host.task, from->name,
	    blob->name, a->name, &name);

	if (jmap_waits(c, w))
		return SET_YIELD;
	if (fail)
		return refused(c, fail == FAIL_MISSING ? FAIL_TEMP : fail, e);
	new->blob = blob_name_str(&name);
	new->bytes = blob->bytes;
	fail = email_add(a, new, &added);
	if (fail)
		return refused(c, fail, e);
	*out = (struct jmap_email_added){ added.id, added.thread_id, blob->bytes.n };
	return SET_OK;
}

enum jmap_set_said
jmap_email_add_written(struct jmap_call *c, struct email_new *new, struct blob_writer *writer,
    struct blob_wait *w, struct jmap_email_added *out, struct jmap_set_error *e)
{
	enum jmap_set_said said =
	    jmap_may_add(c, new, e); /* rights may have changed while it was written */
	struct account *a = c->account;
	uint64_t size = writer->size;
	struct blob_map map = { 0 };
	struct email_added added;
	struct blob_name name;
	enum fail fail;

	if (said != SET_OK)
		return said;
	fail = blob_finish_wait(writer, w, c->run->host.task, &name);
	if (jmap_waits(c, w))
		return SET_YIELD;
	if (!fail)
		fail = blob_map(mail_blobs(a->mail), a->name, blob_name_str(&name), &map);
	if (fail)
		return refused(c, FAIL_TEMP, e);
	new->blob = blob_name_str(&name);
	new->bytes = map.bytes;
	fail = email_add(a, new, &added);
	blob_unmap(&map);
	if (fail)
		return refused(c, fail, e);
	*out = (struct jmap_email_added){ added.id, added.thread_id, size };
	return SET_OK;
}

enum jmap_set_said
jmap_received_at(const struct json *v, int64_t *out, struct jmap_set_error *e)
{
	struct str text;
	struct date date;

	if (!v || json_is(v, JSON_NULL))
		return SET_OK;
	if (!json_get_text(v, &text) || date_parse_3339(text, &date) != FAIL_NONE ||
	    !str_ends(text, STR("Z")))
		return jmap_set_invalid(e, STR("receivedAt"), "receivedAt is no UTCDate.");
	*out = date.unix_s;
	return SET_OK;
}

void
jmap_email_added_write(struct json_writer *w, const struct jmap_email_added *added)
{
	json_object_begin(w);
	json_name(w, STR("id"));
	jmap_write_id(w, ID_EMAIL, added->id);
	json_name(w, STR("blobId"));
	jmap_write_id(w, ID_BLOB, added->id);
	json_name(w, STR("threadId"));
	jmap_write_id(w, ID_THREAD, added->thread_id);
	json_name(w, STR("size"));
	json_u64(w, added->size);
	json_object_end(w);
}
