/*
 * access.h - which account a call is about, and what the user may do there.
 *
 * Accounts are the user's own, those of its groups, and those that share a mailbox with it (RFC 8620 1.6.2, RFC
 * 9670 1). In one's own and in a group's everything is allowed and nothing is asked. In another's each mailbox has
 * rights (RFC 8621 2: MailboxRights), which are IMAP's (RFC 4314): they are read at once for all mailboxes, for
 * one slice, since others change them meanwhile. What the user may not see is told from what does not exist by
 * nothing. A store that fails gives no rights; that it fails is told elsewhere.
 *
 * A mailbox is shown when its list gives "l" or "r", or when one below it is shown (RFC 8621 2: "If a sub-Mailbox
 * is shared but not the parent Mailbox, this may be false"). An Email is shown when it is in a mailbox whose items
 * may be read.
 */
#ifndef JMAP_ACCESS_H
#define JMAP_ACCESS_H

/* rooms */
#include "mail/acl.h"
#include "mail/email.h"
#include "mail/mailbox.h"

#define JMAP_GROUPS_MAX (64 * 1024) /* bytes of the names of a user's groups */

enum { /* MailboxRights (RFC 8621 2) in IMAP's rights; all of them are needed */
	MAY_READ_ITEMS = ACL_LOOKUP | ACL_READ,
	MAY_ADD_ITEMS = ACL_INSERT,
	MAY_REMOVE_ITEMS = ACL_DELETE | ACL_EXPUNGE,
	MAY_SET_SEEN = ACL_SEEN,
	MAY_SET_KEYWORDS = ACL_WRITE,
	MAY_CREATE_CHILD = ACL_CREATE,
	MAY_RENAME = ACL_DELETE_MAILBOX,
	MAY_DELETE = ACL_DELETE_MAILBOX,
	MAY_SUBMIT = ACL_POST,
	MAY_SHARE = ACL_ADMINISTER,
};

struct jmap_access {             /* fields: read only */
	struct account *account; /* own: counted */
	struct account *user;    /* borrow: the user's own account */
	struct str groups;       /* borrow: of the user, with blanks between them */
	bool is_owner;           /* it is the user's own or a group's: everything is allowed */
	unsigned *rights;        /* own: by place among the account's mailboxes; when `is_known` */
	size_t count;
	uint64_t modseq; /* of the account when they were read */
	bool is_known;
};

/* The user's own account, or any account that is one's own for tests and tools. */
void jmap_access_own(struct jmap_access *x, struct account *user, struct str groups);

/*
 * The account of this id as the user sees it. FAIL_MISSING: there is none, or nothing in it for this user ·
 * FAIL_TEMP. It is to be released in any case.
 */
MUST_CHECK enum fail jmap_access_open(struct jmap_access *x, struct account *user,
    struct str groups, struct str account_id);
void jmap_access_release(struct jmap_access *x);

/* Rights are read again when they are asked for next: a slice begins. */
void jmap_access_forget(struct jmap_access *x);

/* They are still so, though the account changed: the caller knows that it was no list and no mailbox. */
void jmap_access_keep(struct jmap_access *x);

/* Who asks, for acl.h. */
struct acl_user jmap_access_user(const struct jmap_access *x);

/* The mailbox's rights as ACL_ bits; 0 for one that is not there. */
unsigned jmap_access_rights(struct jmap_access *x, uint32_t mailbox);

static inline bool
jmap_may(struct jmap_access *x, uint32_t mailbox, unsigned rights)
{
	return x->is_owner || (jmap_access_rights(x, mailbox) & rights) == rights;
}

/* Some mailbox of the account gives all of these. */
bool jmap_may_somewhere(struct jmap_access *x, unsigned rights);

/* isReadOnly (RFC 8620 2): nothing at all may be changed. */
bool jmap_access_is_read_only(struct jmap_access *x);

bool jmap_mailbox_is_shown(struct jmap_access *x, uint32_t mailbox);

/* JMAP shows the Email to this user. */
bool jmap_email_is_shown(struct jmap_access *x, const struct email *e);

/* The same by its id: FAIL_NONE, FAIL_MISSING, FAIL_LIMIT (`arena` is full), FAIL_TEMP; nothing is read for an owner. */
MUST_CHECK enum fail jmap_email_look(struct jmap_access *x, uint64_t id, struct arena *arena);

#endif
