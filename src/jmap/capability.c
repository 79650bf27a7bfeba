/*
 * What we can do, in one table: `using`, the session, and the accounts are made from it.
 */
#include "jmap/private.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json.h"
#include "jmap/blob.h"
#include "jmap/collation.h"
#include "jmap/push.h"
#include "jmap/request.h"
#include "mail/mailbox.h"

static void
write_nothing(const struct jmap *j, struct json_writer *w)
{
	(void)j;
	json_object_begin(w);
	json_object_end(w);
}

/* RFC 8620 2 */
static void
write_core(const struct jmap *j, struct json_writer *w)
{
	json_object_begin(w);
	json_name_int(w, STR("maxSizeUpload"), j->settings.upload_bytes);
	json_name_int(w, STR("maxConcurrentUpload"), JMAP_UPLOADS_MAX);
	json_name_int(w, STR("maxSizeRequest"), JMAP_REQUEST_MAX);
	json_name_int(w, STR("maxConcurrentRequests"), JMAP_CONCURRENT_MAX);
	json_name_int(w, STR("maxCallsInRequest"), JMAP_CALLS_MAX);
	json_name_int(w, STR("maxObjectsInGet"), JMAP_GET_MAX);
	json_name_int(w, STR("maxObjectsInSet"), JMAP_SET_MAX);
	json_name(w, STR("collationAlgorithms"));
	json_array_begin(w);
	for (size_t i = 0; i < COLLATION_COUNT; i++)
		json_string(w, collation_names[i]);
	json_array_end(w);
	json_object_end(w);
}

/* RFC 8887 3: where http is ws, and https wss. */
static void
write_websocket(const struct jmap *j, struct json_writer *w)
{
	json_object_begin(w);
	json_name(w, STR("url"));
	json_string_begin(w);
	json_string_piece(w, STR("ws"));
	json_string_piece(w, str_from(j->base, sizeof("http") - 1));
	json_string_piece(w, STR("/jmap/ws"));
	json_string_end(w);
	json_name_bool(w, STR("supportsPush"), true);
	json_object_end(w);
}

/* ticket.h; the ticket stands behind a '/' where it is taken back. */
static void
write_ticket(const struct jmap *j, struct json_writer *w)
{
	static const struct str names[] = { STR_INIT("generationEndpoint"),
		STR_INIT("revocationEndpoint") };

	json_object_begin(w);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		json_name(w, names[i]);
		json_string_begin(w);
		json_string_piece(w, j->base);
		json_string_piece(w, STR("/jmap/ws/ticket"));
		json_string_end(w);
	}
	json_object_end(w);
}

/* RFC 9749 3: where this is offered, a key is. */
static bool
has_vapid(const struct jmap *j, struct buf *key)
{
	buf_init(key, 128);
	return j->push && jmap_push_key_write(j->push, key);
}

static void
write_vapid(const struct jmap *j, struct json_writer *w)
{
	struct buf key;

	json_object_begin(w);
	if (has_vapid(j, &key))
		json_name_string(w, STR("applicationServerKey"), buf_str(&key));
	json_object_end(w);
	buf_release(&key);
}

/* RFC 8621 1.3.1 */
static void
write_mail(const struct jmap *j, struct json_writer *w, bool is_owner)
{
	static const struct str sorts[] = { STR_INIT("receivedAt"), STR_INIT("size"),
		STR_INIT("from"), STR_INIT("to"), STR_INIT("subject"), STR_INIT("sentAt"),
		STR_INIT("hasKeyword"), STR_INIT("allInThreadHaveKeyword"),
		STR_INIT("someInThreadHaveKeyword") };

	(void)j;
	json_object_begin(w);
	json_name_int(w, STR("maxMailboxesPerEmail"), JMAP_MAILBOXES_MAX);
	json_name_int(w, STR("maxMailboxDepth"), MAILBOX_DEPTH_MAX);
	json_name_int(w, STR("maxSizeMailboxName"), MAILBOX_NAME_MAX);
	json_name_int(w, STR("maxSizeAttachmentsPerEmail"), JMAP_ATTACHMENTS_MAX);
	json_name(w, STR("emailQuerySortOptions"));
	json_array_begin(w);
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++)
		json_string(w, sorts[i]);
	json_array_end(w);
	json_name_bool(w, STR("mayCreateTopLevelMailbox"), is_owner);
	json_object_end(w);
}

static void
write_mail_account(const struct jmap *j, struct json_writer *w)
{
	write_mail(j, w, true);
}

static void
write_mail_shared(const struct jmap *j, struct json_writer *w)
{
	write_mail(j, w, false);
}

/* An ehlo-arg is a text. */
static void
write_number_text(struct json_writer *w, int64_t n)
{
	struct buf text;

	buf_init(&text, 24);
	buf_add_i64(&text, n);
	json_string(w, buf_str(&text));
	buf_release(&text);
}

/* RFC 8621 1.3.2 */
static void
write_submission_account(const struct jmap *j, struct json_writer *w)
{
	static const struct str extensions[] = { STR_INIT("SIZE"), STR_INIT("DSN"),
		STR_INIT("DELIVERBY"), STR_INIT("MT-PRIORITY"), STR_INIT("REQUIRETLS"),
		STR_INIT("FUTURERELEASE") };
	size_t count = ARRAY_LEN(extensions) - (j->sending.hold_ms > 0 ? 0 : 1);

	json_object_begin(w);
	json_name_int(w, STR("maxDelayedSend"), j->sending.hold_ms / 1000);
	json_name(w, STR("submissionExtensions"));
	json_object_begin(w);
	for (size_t i = 0; i < count; i++) {
		json_name(w, extensions[i]);
		json_array_begin(w);
		if (str_eq(extensions[i], STR("SIZE"))) /* the one whose argument says more */
			write_number_text(w, j->sending.message_bytes);
		json_array_end(w);
	}
	json_object_end(w);
	json_object_end(w);
}

static void
write_texts(struct json_writer *w, struct str name, const struct str *texts, size_t count)
{
	json_name(w, name);
	json_array_begin(w);
	for (size_t i = 0; i < count; i++)
		json_string(w, texts[i]);
	json_array_end(w);
}

/* RFC 9404 3.1: clients take the first of the digests that they know. */
static void
write_blob(const struct jmap *j, struct json_writer *w)
{
	static const struct str algorithms[] = { STR_INIT("sha-256"), STR_INIT("sha") };

	(void)j;
	json_object_begin(w);
	json_name_int(w, STR("maxSizeBlobSet"), JMAP_BLOB_SET_MAX);
	json_name_int(w, STR("maxDataSources"), JMAP_SOURCES_MAX);
	write_texts(w, STR("supportedTypeNames"), jmap_blob_type_names, JMAP_BLOB_TYPES);
	write_texts(w, STR("supportedDigestAlgorithms"), algorithms, ARRAY_LEN(algorithms));
	json_object_end(w);
}

static const struct capability {
	struct str urn;
	unsigned bit;
	void (*session)(const struct jmap *j, struct json_writer *w);
	void (*account)(const struct jmap *j, struct json_writer *w); /* NULL: not per account */
} capabilities[] = {
	{ STR_INIT("urn:ietf:params:jmap:core"), CAPABILITY_CORE, write_core, NULL },
	{ STR_INIT("urn:ietf:params:jmap:mail"), CAPABILITY_MAIL, write_nothing,
	    write_mail_account },
	{ STR_INIT("urn:ietf:params:jmap:submission"), CAPABILITY_SUBMISSION, write_nothing,
	    write_submission_account },
	{ STR_INIT("urn:ietf:params:jmap:vacationresponse"), CAPABILITY_VACATION, write_nothing,
	    write_nothing },
	{ STR_INIT("urn:ietf:params:jmap:websocket"), CAPABILITY_WEBSOCKET, write_websocket, NULL },
	{ STR_INIT("com:linagora:params:jmap:ws:ticket"), CAPABILITY_TICKET, write_ticket, NULL },
	{ STR_INIT("urn:ietf:params:jmap:webpush-vapid"), CAPABILITY_VAPID, write_vapid, NULL },
	{ STR_INIT("urn:ietf:params:jmap:mail:share"), CAPABILITY_SHARE, write_nothing,
	    write_nothing },
	{ STR_INIT("urn:ietf:params:jmap:principals"), CAPABILITY_PRINCIPALS, write_nothing, NULL },
	{ STR_INIT("urn:ietf:params:jmap:blob"), CAPABILITY_BLOB, write_nothing, write_blob },
	{ STR_INIT("urn:ietf:params:jmap:mdn"), CAPABILITY_MDN, write_nothing, write_nothing },
	{ STR_INIT("urn:ietf:params:jmap:quota"), CAPABILITY_QUOTA, write_nothing, write_nothing },
};

/* What others' accounts have: CAPABILITIES_GROUP, and but for those that are NULL CAPABILITIES_SHARED. */
static const struct {
	unsigned bit;
	void (
	    *account)(const struct jmap *j, struct json_writer *w); /* in one that is no group's */
} shared[] = {
	{ CAPABILITY_MAIL, write_mail_shared },
	{ CAPABILITY_SHARE, write_nothing },
	{ CAPABILITY_BLOB, write_blob },
	{ CAPABILITY_MDN, write_nothing },
	{ CAPABILITY_QUOTA, NULL },
};

unsigned
jmap_capability(struct str urn)
{
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (str_eq(capabilities[i].urn, urn))
			return capabilities[i].bit;
	return 0;
}

void
jmap_capabilities_write(const struct jmap *j, struct json_writer *w)
{
	struct buf key;
	bool can_sign = has_vapid(j, &key);

	buf_release(&key);
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
		if (capabilities[i].bit == CAPABILITY_VAPID && !can_sign)
			continue;
		json_name(w, capabilities[i].urn);
		capabilities[i].session(j, w);
	}
}

static void
shared_capabilities_write(const struct jmap *j, struct json_writer *w, bool is_owner)
{
	for (size_t i = 0; i < ARRAY_LEN(shared); i++) {
		size_t row = 0;

		if (!is_owner && !shared[i].account)
			continue;
		while (capabilities[row].bit != shared[i].bit)
			row++;
		json_name(w, capabilities[row].urn);
		if (is_owner) /* a group's */
			capabilities[row].account(j, w);
		else
			shared[i].account(j, w);
	}
}

void
jmap_account_capabilities_write(const struct jmap *j, struct json_writer *w, bool is_own,
    bool is_owner)
{
	if (!is_own) {
		shared_capabilities_write(j, w, is_owner);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
		if (!capabilities[i].account)
			continue;
		json_name(w, capabilities[i].urn);
		capabilities[i].account(j, w);
	}
}

void
jmap_primary_accounts_write(struct json_writer *w, struct str account_id)
{
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (capabilities[i].account)
			json_name_string(w, capabilities[i].urn, account_id);
}
