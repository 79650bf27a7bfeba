/*
 * EmailSubmission/get (RFC 8621 7.1).
 */
#include "mail/submission.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/get.h"
#include "jmap/methods.h"
#include "jmap/submission.h"

enum property {
	PROPERTY_ID,
	PROPERTY_IDENTITY_ID,
	PROPERTY_EMAIL_ID,
	PROPERTY_THREAD_ID,
	PROPERTY_ENVELOPE,
	PROPERTY_SEND_AT,
	PROPERTY_UNDO_STATUS,
	PROPERTY_DELIVERY_STATUS,
	PROPERTY_DSN_BLOB_IDS,
	PROPERTY_MDN_BLOB_IDS,
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("id"), STR_INIT("identityId"),
	STR_INIT("emailId"), STR_INIT("threadId"), STR_INIT("envelope"), STR_INIT("sendAt"),
	STR_INIT("undoStatus"), STR_INIT("deliveryStatus"), STR_INIT("dsnBlobIds"),
	STR_INIT("mdnBlobIds") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

/* What the client did not say when it created one. */
#define NEW_PROPERTIES \
	(1 << PROPERTY_ID | 1 << PROPERTY_THREAD_ID | 1 << PROPERTY_ENVELOPE | \
	    1 << PROPERTY_SEND_AT | 1 << PROPERTY_UNDO_STATUS | 1 << PROPERTY_DELIVERY_STATUS | \
	    1 << PROPERTY_DSN_BLOB_IDS | 1 << PROPERTY_MDN_BLOB_IDS)

static enum fail
all(struct jmap_call *c, uint64_t **ids_out, size_t *count_out)
{
	struct submission *list;
	enum fail fail = submission_list(c->account, &c->arena, &list, count_out);

	*ids_out = arena_alloc(&c->arena, *count_out + 1, sizeof(**ids_out));
	if (fail == FAIL_NONE && !*ids_out)
		fail = FAIL_LIMIT;
	for (size_t i = 0; fail == FAIL_NONE && i < *count_out; i++)
		(*ids_out)[i] = list[i].id;
	return fail;
}

static void
write_address(struct json_writer *w, const struct submission_address *a)
{
	json_object_begin(w);
	json_name_string(w, STR("email"), a->email);
	json_name(w, STR("parameters"));
	if (a->has_params)
		json_object_begin(w);
	else
		json_null(w);
	for (size_t i = 0; i < a->param_count; i++) {
		if (a->params[i].value.p)
			json_name_string(w, a->params[i].name, a->params[i].value);
		else
			json_name_null(w, a->params[i].name);
	}
	if (a->has_params)
		json_object_end(w);
	json_object_end(w);
}

static void
write_envelope(struct json_writer *w, const struct submission *s)
{
	json_object_begin(w);
	json_name(w, STR("mailFrom"));
	write_address(w, &s->from);
	json_name(w, STR("rcptTo"));
	json_array_begin(w);
	for (size_t i = 0; i < s->rcpt_count; i++)
		write_address(w, &s->rcpts[i].address);
	json_array_end(w);
	json_object_end(w);
}

/* A map has each address once, also where the envelope has it twice. */
static bool
is_first(const struct submission *s, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (str_eq(s->rcpts[i].address.email, s->rcpts[at].address.email))
			return false;
	return true;
}

static void
write_status(struct json_writer *w, const struct submission *s)
{
	json_object_begin(w);
	for (size_t i = 0; i < s->rcpt_count; i++) {
		const struct submission_rcpt *r = &s->rcpts[i];

		if (!is_first(s, i))
			continue;
		json_name(w, r->address.email);
		json_object_begin(w);
		json_name_string(w, STR("smtpReply"), r->reply);
		json_name_string(w, STR("delivered"), submission_delivered_names[r->delivered]);
		json_name_string(w, STR("displayed"),
		    r->is_displayed ? STR("yes") : STR("unknown"));
		json_object_end(w);
	}
	json_object_end(w);
}

static void
write_blobs(struct json_writer *w, const uint64_t *ids, size_t count)
{
	json_array_begin(w);
	for (size_t i = 0; i < count; i++)
		jmap_write_id(w, ID_BLOB, ids[i]);
	json_array_end(w);
}

static void
write_property(struct json_writer *w, const struct submission *s, enum property property)
{
	json_name(w, property_names[property]);
	switch (property) {
	case PROPERTY_ID: jmap_write_id(w, ID_SUBMISSION, s->id); break;
	case PROPERTY_IDENTITY_ID: jmap_write_id(w, ID_IDENTITY, s->identity_id); break;
	case PROPERTY_EMAIL_ID: jmap_write_id(w, ID_EMAIL, s->email_id); break;
	case PROPERTY_THREAD_ID: jmap_write_id(w, ID_THREAD, s->thread_id); break;
	case PROPERTY_ENVELOPE: write_envelope(w, s); break;
	case PROPERTY_SEND_AT: jmap_write_date(w, s->send_s, 0); break;
	case PROPERTY_UNDO_STATUS: json_string(w, submission_undo_names[s->undo]); break;
	case PROPERTY_DELIVERY_STATUS: write_status(w, s); break;
	case PROPERTY_DSN_BLOB_IDS: write_blobs(w, s->dsns, s->dsn_count); break;
	case PROPERTY_MDN_BLOB_IDS: write_blobs(w, s->mdns, s->mdn_count); break;
	case PROPERTY_COUNT: break;
	}
}

static enum fail
write_submission(struct jmap_call *c, uint32_t asked, uint64_t id)
{
	struct submission *s;
	enum fail fail = submission_get(c->account, id, &c->arena, &s);

	if (fail)
		return fail;
	json_object_begin(&c->w);
	for (unsigned p = 0; p < PROPERTY_COUNT; p++)
		if (asked & (uint32_t)1 << p)
			write_property(&c->w, s, (enum property)p);
	json_object_end(&c->w);
	return FAIL_NONE;
}

static enum fail
one(struct jmap_call *c, void *more, uint64_t id)
{
	const uint32_t *asked = more;

	return write_submission(c, *asked, id);
}

enum fail
jmap_submission_write(struct jmap_call *c, uint64_t id)
{
	return write_submission(c, (1u << PROPERTY_COUNT) - 1, id);
}

enum fail
jmap_submission_write_new(struct jmap_call *c, uint64_t id)
{
	return write_submission(c, NEW_PROPERTIES, id);
}

static const struct jmap_get_type submission_type = {
	.kind = ID_SUBMISSION,
	.change = CHANGE_SUBMISSION,
	.all = all,
	.names = property_names,
	.name_count = PROPERTY_COUNT,
	.one = one,
};

enum jmap_step
jmap_submission_get(struct jmap_call *c)
{
	return jmap_get(c, &submission_type);
}
