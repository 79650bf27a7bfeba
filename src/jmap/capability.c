/*
 * What we can do, in one table: `using`, the session, and the accounts are made from it.
 */
#include "jmap/private.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json.h"
#include "jmap/collation.h"
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

/* RFC 8621 1.3.1 */
static void
write_mail_account(const struct jmap *j, struct json_writer *w)
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
	json_name_bool(w, STR("mayCreateTopLevelMailbox"), true);
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
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
		json_name(w, capabilities[i].urn);
		capabilities[i].session(j, w);
	}
}

void
jmap_account_capabilities_write(const struct jmap *j, struct json_writer *w)
{
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
