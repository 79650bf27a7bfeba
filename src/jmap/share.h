/*
 * share.h - a mailbox's list of rights as JMAP has it: Principals, MailboxRights, shareWith (RFC 9670 4).
 *
 *     Pbob_40example_2eorg   the user bob@example.org      Gsales   the group sales      E   everybody
 *
 * The id of a Principal is its identifier in the list (RFC 4314): a letter, and the name with all but a-z, 0-9 and
 * "-" as "_" and two hex digits. What a list takes away ("-bob") has no place in shareWith, and stays.
 */
#ifndef JMAP_SHARE_H
#define JMAP_SHARE_H

/* rooms */
#include "jmap/set.h"
#include "mail/acl.h"
#include "mail/mailbox.h"

#define MAILBOX_RIGHT_COUNT 10
#define PRINCIPAL_ANYONE    STR("E")

/* Append the id; false: none has place for it, or it is no Principal. */
MUST_CHECK bool principal_id_write(struct buf *out, struct str identifier);

/* Append the identifier; false: that is no id of ours. */
MUST_CHECK bool principal_id_parse(struct str id, struct buf *out);

/* MailboxRights of ACL_ bits; with mayShare when asked. */
void mailbox_rights_write(struct json_writer *w, unsigned acl, bool is_inbox, bool has_share);

/* Write the value of shareWith: null when it is shared with nobody, or the user may not know. FAIL_LIMIT, FAIL_TEMP. */
MUST_CHECK enum fail share_write(struct jmap_call *c, const struct mailbox *m);

/* What Mailbox/set makes of the list. */
struct share {                     /* zeroed at first */
	struct acl_entry *entries; /* arena; the list as it shall be; NULL: nothing was said */
	size_t count;
};

/* A member that is shareWith, or a path below it (m NULL: of a mailbox to be made). */
bool share_is_asked(struct str member);
enum jmap_set_said share_take(struct jmap_call *c, const struct mailbox *m,
    const struct json_member *member, struct share *s, struct jmap_set_error *e);

/* May the list of this mailbox be made so? For one that is to be made: of its parent. */
enum jmap_set_said share_check(struct jmap_call *c, uint32_t mailbox, const struct share *s,
    struct jmap_set_error *e);

/* Make the list so. */
enum jmap_set_said share_apply(struct jmap_call *c, uint32_t mailbox, const struct share *s,
    struct jmap_set_error *e);

#endif
