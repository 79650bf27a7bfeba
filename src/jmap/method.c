/*
 * The table of methods: what it names exists, what it does not name is unknownMethod.
 */
#include "jmap/methods.h"

/* base */
#include "base/mem.h"

const struct jmap_method jmap_methods[] = {
	/* name  needs in using  flags  run                                              RFC */
	{ STR_INIT("Blob/copy"), CAPABILITY_CORE, METHOD_ACCOUNT | METHOD_WRITE,
	    jmap_blob_copy },                                                     /* 8620 6.3 */
	{ STR_INIT("Blob/get"), CAPABILITY_BLOB, METHOD_ACCOUNT, jmap_blob_get }, /* 9404 4.2 */
	{ STR_INIT("Blob/lookup"), CAPABILITY_BLOB, METHOD_ACCOUNT, jmap_blob_lookup }, /* 4.3 */
	{ STR_INIT("Blob/upload"), CAPABILITY_BLOB, METHOD_ACCOUNT | METHOD_WRITE,
	    jmap_blob_upload },                                        /* 4.1 */
	{ STR_INIT("Core/echo"), CAPABILITY_CORE, 0, jmap_core_echo }, /* 8620 4 */
	{ STR_INIT("Email/changes"), CAPABILITY_MAIL, METHOD_ACCOUNT,
	    jmap_email_changes }, /* 8621 4.3 */
	{ STR_INIT("Email/copy"), CAPABILITY_MAIL, METHOD_ACCOUNT | METHOD_WRITE,
	    jmap_email_copy },                                                      /* 4.7 */
	{ STR_INIT("Email/get"), CAPABILITY_MAIL, METHOD_ACCOUNT, jmap_email_get }, /* 4.2 */
	{ STR_INIT("Email/import"), CAPABILITY_MAIL, METHOD_ACCOUNT | METHOD_WRITE,
	    jmap_email_import },                                                        /* 4.8 */
	{ STR_INIT("Email/parse"), CAPABILITY_MAIL, METHOD_ACCOUNT, jmap_email_parse }, /* 4.9 */
	{ STR_INIT("Email/query"), CAPABILITY_MAIL, METHOD_ACCOUNT, jmap_email_query }, /* 4.4 */
	{ STR_INIT("Email/queryChanges"), CAPABILITY_MAIL, METHOD_ACCOUNT,
	    jmap_email_query_changes }, /* 4.5 */
	{ STR_INIT("Email/set"), CAPABILITY_MAIL, METHOD_ACCOUNT | METHOD_WRITE,
	    jmap_email_set }, /* 4.6 */
	{ STR_INIT("EmailSubmission/changes"), CAPABILITY_SUBMISSION, METHOD_ACCOUNT,
	    jmap_submission_changes }, /* 7.2 */
	{ STR_INIT("EmailSubmission/get"), CAPABILITY_SUBMISSION, METHOD_ACCOUNT,
	    jmap_submission_get }, /* 7.1 */
	{ STR_INIT("EmailSubmission/query"), CAPABILITY_SUBMISSION, METHOD_ACCOUNT,
	    jmap_submission_query }, /* 7.3 */
	{ STR_INIT("EmailSubmission/queryChanges"), CAPABILITY_SUBMISSION, METHOD_ACCOUNT,
	    jmap_submission_query_changes }, /* 7.4 */
	{ STR_INIT("EmailSubmission/set"), CAPABILITY_SUBMISSION, METHOD_ACCOUNT,
	    jmap_submission_set }, /* 7.5 */
	{ STR_INIT("Identity/changes"), CAPABILITY_SUBMISSION, METHOD_ACCOUNT,
	    jmap_identity_changes }, /* 6.2 */
	{ STR_INIT("Identity/get"), CAPABILITY_SUBMISSION, METHOD_ACCOUNT,
	    jmap_identity_get }, /* 6.1 */
	{ STR_INIT("Identity/set"), CAPABILITY_SUBMISSION, METHOD_ACCOUNT,
	    jmap_identity_set },                                                   /* 6.3 */
	{ STR_INIT("MDN/parse"), CAPABILITY_MDN, METHOD_ACCOUNT, jmap_mdn_parse }, /* 9007 2.2 */
	{ STR_INIT("MDN/send"), CAPABILITY_MDN, METHOD_ACCOUNT | METHOD_WRITE,
	    jmap_mdn_send }, /* 2.1 */
	{ STR_INIT("Mailbox/changes"), CAPABILITY_MAIL, METHOD_ACCOUNT,
	    jmap_mailbox_changes },                                                     /* 2.2 */
	{ STR_INIT("Mailbox/get"), CAPABILITY_MAIL, METHOD_ACCOUNT, jmap_mailbox_get }, /* 2.1 */
	{ STR_INIT("Mailbox/query"), CAPABILITY_MAIL, METHOD_ACCOUNT,
	    jmap_mailbox_query }, /* 2.3 */
	{ STR_INIT("Mailbox/queryChanges"), CAPABILITY_MAIL, METHOD_ACCOUNT,
	    jmap_mailbox_query_changes }, /* 2.4 */
	{ STR_INIT("Mailbox/set"), CAPABILITY_MAIL, METHOD_ACCOUNT | METHOD_WRITE,
	    jmap_mailbox_set }, /* 2.5 */
	{ STR_INIT("Principal/changes"), CAPABILITY_PRINCIPALS, METHOD_ACCOUNT,
	    jmap_principal_changes }, /* 9670 2.2 */
	{ STR_INIT("Principal/get"), CAPABILITY_PRINCIPALS, METHOD_ACCOUNT, jmap_principal_get },
	{ STR_INIT("Principal/query"), CAPABILITY_PRINCIPALS, METHOD_ACCOUNT,
	    jmap_principal_query }, /* 2.4 */
	{ STR_INIT("Principal/queryChanges"), CAPABILITY_PRINCIPALS, METHOD_ACCOUNT,
	    jmap_principal_query_changes }, /* 2.5 */
	{ STR_INIT("Principal/set"), CAPABILITY_PRINCIPALS, METHOD_ACCOUNT,
	    jmap_principal_set }, /* 2.3 */
	{ STR_INIT("PushSubscription/get"), CAPABILITY_CORE, 0,
	    jmap_push_subscription_get }, /* 8620 7.2.1 */
	{ STR_INIT("PushSubscription/set"), CAPABILITY_CORE, 0,
	    jmap_push_subscription_set }, /* 7.2.2 */
	{ STR_INIT("Quota/changes"), CAPABILITY_QUOTA, METHOD_ACCOUNT,
	    jmap_quota_changes },                                                    /* 9425 4.3 */
	{ STR_INIT("Quota/get"), CAPABILITY_QUOTA, METHOD_ACCOUNT, jmap_quota_get }, /* 4.1 */
	{ STR_INIT("Quota/query"), CAPABILITY_QUOTA, METHOD_ACCOUNT, jmap_quota_query }, /* 4.4 */
	{ STR_INIT("Quota/queryChanges"), CAPABILITY_QUOTA, METHOD_ACCOUNT,
	    jmap_quota_query_changes }, /* 4.5 */
	{ STR_INIT("SearchSnippet/get"), CAPABILITY_MAIL, METHOD_ACCOUNT,
	    jmap_snippet_get }, /* 5.1 */
	{ STR_INIT("ShareNotification/changes"), CAPABILITY_PRINCIPALS, METHOD_ACCOUNT,
	    jmap_share_notice_changes }, /* 9670 3.2 */
	{ STR_INIT("ShareNotification/get"), CAPABILITY_PRINCIPALS, METHOD_ACCOUNT,
	    jmap_share_notice_get }, /* 3.1 */
	{ STR_INIT("ShareNotification/query"), CAPABILITY_PRINCIPALS, METHOD_ACCOUNT,
	    jmap_share_notice_query }, /* 3.4 */
	{ STR_INIT("ShareNotification/queryChanges"), CAPABILITY_PRINCIPALS, METHOD_ACCOUNT,
	    jmap_share_notice_query_changes }, /* 3.5 */
	{ STR_INIT("ShareNotification/set"), CAPABILITY_PRINCIPALS, METHOD_ACCOUNT,
	    jmap_share_notice_set }, /* 3.3 */
	{ STR_INIT("Thread/changes"), CAPABILITY_MAIL, METHOD_ACCOUNT,
	    jmap_thread_changes },                                                    /* 3.2 */
	{ STR_INIT("Thread/get"), CAPABILITY_MAIL, METHOD_ACCOUNT, jmap_thread_get }, /* 3.1 */
	{ STR_INIT("VacationResponse/get"), CAPABILITY_VACATION, METHOD_ACCOUNT,
	    jmap_vacation_get }, /* 8.1 */
	{ STR_INIT("VacationResponse/set"), CAPABILITY_VACATION, METHOD_ACCOUNT,
	    jmap_vacation_set }, /* 8.2 */
};
const size_t jmap_method_count = ARRAY_LEN(jmap_methods);

const struct jmap_method *
jmap_method_find(struct str name)
{
	for (size_t i = 0; i < jmap_method_count; i++)
		if (str_eq(jmap_methods[i].name, name))
			return &jmap_methods[i];
	return NULL;
}
