/*
 * email_patch.h - keywords and mailboxIds of Emails: whole, or as patches (RFC 8621 4.1.1, 4.6).
 */
#ifndef JMAP_EMAIL_PATCH_H
#define JMAP_EMAIL_PATCH_H

/* rooms */
#include "jmap/set.h"
#include "mail/email.h"

/* {"$seen": true, ..} into bits. */
enum jmap_set_said jmap_keywords(struct jmap_call *c, const struct json *v, uint64_t *bits_out,
    struct jmap_set_error *e);

/* {"m1": true, ..} into ids (arena), at most JMAP_MAILBOXES_MAX, at least one. */
enum jmap_set_said jmap_mailbox_ids(struct jmap_call *c, const struct json *v, uint32_t **ids_out,
    size_t *count_out, struct jmap_set_error *e);

/* A whole PatchObject of Email/set update. */
enum jmap_set_said jmap_email_patch(struct jmap_call *c, const struct json *patch,
    struct email_update *out, struct jmap_set_error *e);

#endif
