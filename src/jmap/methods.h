/*
 * methods.h - the functions that method.c's table names, one file each.
 */
#ifndef JMAP_METHODS_H
#define JMAP_METHODS_H

/* rooms */
#include "jmap/run.h"

enum jmap_step jmap_core_echo(struct jmap_call *c);
enum jmap_step jmap_mailbox_get(struct jmap_call *c);
enum jmap_step jmap_mailbox_query(struct jmap_call *c);
enum jmap_step jmap_mailbox_query_changes(struct jmap_call *c);
enum jmap_step jmap_mailbox_changes(struct jmap_call *c);
enum jmap_step jmap_mailbox_set(struct jmap_call *c);
enum jmap_step jmap_push_subscription_get(struct jmap_call *c);
enum jmap_step jmap_push_subscription_set(struct jmap_call *c);
enum jmap_step jmap_thread_get(struct jmap_call *c);
enum jmap_step jmap_share_notice_changes(struct jmap_call *c);
enum jmap_step jmap_share_notice_get(struct jmap_call *c);
enum jmap_step jmap_share_notice_query(struct jmap_call *c);
enum jmap_step jmap_share_notice_query_changes(struct jmap_call *c);
enum jmap_step jmap_share_notice_set(struct jmap_call *c);
enum jmap_step jmap_thread_changes(struct jmap_call *c);
enum jmap_step jmap_email_get(struct jmap_call *c);
enum jmap_step jmap_email_query(struct jmap_call *c);
enum jmap_step jmap_email_query_changes(struct jmap_call *c);
enum jmap_step jmap_email_changes(struct jmap_call *c);
enum jmap_step jmap_email_set(struct jmap_call *c);
enum jmap_step jmap_email_import(struct jmap_call *c);
enum jmap_step jmap_blob_copy(struct jmap_call *c);
enum jmap_step jmap_blob_get(struct jmap_call *c);
enum jmap_step jmap_blob_lookup(struct jmap_call *c);
enum jmap_step jmap_blob_upload(struct jmap_call *c);
enum jmap_step jmap_mdn_parse(struct jmap_call *c);
enum jmap_step jmap_mdn_send(struct jmap_call *c);
enum jmap_step jmap_principal_get(struct jmap_call *c);
enum jmap_step jmap_principal_changes(struct jmap_call *c);
enum jmap_step jmap_principal_set(struct jmap_call *c);
enum jmap_step jmap_principal_query(struct jmap_call *c);
enum jmap_step jmap_principal_query_changes(struct jmap_call *c);
enum jmap_step jmap_email_copy(struct jmap_call *c);
enum jmap_step jmap_email_parse(struct jmap_call *c);
enum jmap_step jmap_snippet_get(struct jmap_call *c);
enum jmap_step jmap_quota_get(struct jmap_call *c);
enum jmap_step jmap_quota_changes(struct jmap_call *c);
enum jmap_step jmap_quota_query(struct jmap_call *c);
enum jmap_step jmap_quota_query_changes(struct jmap_call *c);

enum jmap_step jmap_identity_get(struct jmap_call *c);
enum jmap_step jmap_identity_changes(struct jmap_call *c);
enum jmap_step jmap_identity_set(struct jmap_call *c);

enum jmap_step jmap_submission_get(struct jmap_call *c);
enum jmap_step jmap_submission_changes(struct jmap_call *c);
enum jmap_step jmap_submission_query(struct jmap_call *c);
enum jmap_step jmap_submission_query_changes(struct jmap_call *c);
enum jmap_step jmap_submission_set(struct jmap_call *c);

enum jmap_step jmap_vacation_get(struct jmap_call *c);
enum jmap_step jmap_vacation_set(struct jmap_call *c);

#endif
