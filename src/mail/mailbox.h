/*
 * mailbox.h - the mailboxes of an account: finding, creating, renaming, deleting.
 *
 * Mailboxes form a tree by parent id; a path is their names joined by "/" (the delimiter that IMAP
 * shows). Siblings have different names; comparing is exact (UTF-8) except for INBOX at the top,
 * which is found in any case. A name is 1 to MAILBOX_NAME_MAX bytes of UTF-8 without "/", controls,
 * separators of lines and paragraphs, and without space at its ends (RFC 6855 section 3, RFC 8621
 * section 2). There is always exactly one mailbox with role Inbox; it is at the top, cannot be
 * deleted, moved, renamed or lose its role. No other role is held twice. Every mailbox can be
 * selected: there is no \NoSelect.
 */
#ifndef MAIL_MAILBOX_H
#define MAIL_MAILBOX_H

#include "mail/mail.h"

struct buf;

#define MAILBOX_NAME_MAX  255  /* bytes of one name */
#define MAILBOX_DEPTH_MAX 32   /* levels */
#define MAILBOX_COUNT_MAX 5000 /* per account: all of them are in memory while it is open */

enum mailbox_role {
	MAILBOX_ROLE_NONE,
	MAILBOX_ROLE_INBOX,
	MAILBOX_ROLE_DRAFTS,
	MAILBOX_ROLE_SENT,
	MAILBOX_ROLE_JUNK,
	MAILBOX_ROLE_TRASH,
	MAILBOX_ROLE_ARCHIVE,
	MAILBOX_ROLE_ALL,
	MAILBOX_ROLE_FLAGGED,
	MAILBOX_ROLE_IMPORTANT,
	MAILBOX_ROLE_COUNT
};

/* JMAP's names ("inbox"; NONE is empty), and IMAP's SPECIAL-USE attributes ("\Sent"; empty for NONE
 * and INBOX). */
extern const struct str mailbox_role_names[MAILBOX_ROLE_COUNT];
extern const struct str mailbox_role_imap_names[MAILBOX_ROLE_COUNT];
MUST_CHECK bool mailbox_role_parse(struct str jmap_name, enum mailbox_role *out);
MUST_CHECK bool mailbox_role_parse_imap(struct str attribute, enum mailbox_role *out);

struct mailbox {                 /* fields: read only; kept exact by every change */
	struct account *account; /* borrow: whose it is */
	uint32_t id;
	uint32_t parent; /* 0: top */
	struct str name; /* own: the account's */
	enum mailbox_role role;
	uint32_t sort_order;
	bool is_subscribed;
	bool is_dead;          /* deleted, its messages are being removed; no list shows it */
	uint32_t uid_validity; /* never the same for two mailboxes of an account */
	uint32_t uid_next;
	uint32_t recent_uid;     /* messages above it were told to no session as \Recent */
	uint64_t highest_modseq; /* of any change in it, expunges too (RFC 7162) */
	uint64_t expunged_floor; /* expunges at or before this modseq are forgotten */
	uint32_t expunged_count; /* how many are remembered */
	uint64_t keywords;       /* set of all flags ever used in it: IMAP's FLAGS */
	/* what IMAP counts: memberships, with \Deleted ones */
	uint32_t messages, unseen, deleted;
	uint64_t size, deleted_size; /* bytes (STATUS SIZE, DELETED-STORAGE) */
	/* what JMAP counts: Emails with a membership that is not \Deleted, and their Threads */
	uint32_t total_emails, unread_emails, total_threads, unread_threads;
	/* for Mailbox/changes: when it was created, and when other properties than counts changed */
	uint64_t created_modseq, modseq, properties_modseq;
};

/* --- finding; NULL when there is none --------------------------------------------------------- */

struct mailbox *mailbox_get(const struct account *a, uint32_t id);

/* Index in a->mailboxes of the first one whose id is not below `id`; mailbox_count when there is none. */
size_t mailbox_place(const struct account *a, uint32_t id);

struct mailbox *mailbox_by_path(const struct account *a, struct str path);
struct mailbox *mailbox_by_role(const struct account *a, enum mailbox_role role);
struct mailbox *mailbox_child(const struct account *a, uint32_t parent, struct str name);
bool mailbox_has_children(const struct account *a, uint32_t id);

/* Append the path, with "INBOX" for the Inbox. */
void mailbox_path_write(const struct account *a, const struct mailbox *m, struct buf *out);

/* All mailboxes in tree order (parents before children, siblings by sort order, then name; INBOX
 * first): the order of LIST. `out` has room for a->mailbox_count. */
void mailbox_tree(const struct account *a, struct mailbox **out);

/* --- changing --------------------------------------------------------------------------------- */

struct mailbox_new {
	uint32_t parent; /* 0: top */
	struct str name;
	enum mailbox_role role;
	uint32_t sort_order;
	bool is_subscribed;
};

/*
 *   FAIL_SYNTAX   the name is not allowed        FAIL_DENIED  a sibling has it, or the role is taken
 *   FAIL_MISSING  no such parent                 FAIL_LIMIT   too many mailboxes, too deep
 *   FAIL_TEMP     the store failed
 */
MUST_CHECK enum fail mailbox_create(struct account *a, const struct mailbox_new *new,
    uint32_t *id_out);

/* IMAP's CREATE: by path (one "/" at the end is ignored); missing parents are created with it. */
MUST_CHECK enum fail mailbox_create_path(struct account *a, struct str path, enum mailbox_role role,
    bool is_subscribed, uint32_t *id_out);

enum {
	MAILBOX_SET_PARENT = 1,
	MAILBOX_SET_NAME = 2,
	MAILBOX_SET_ROLE = 4,
	MAILBOX_SET_SORT_ORDER = 8,
	MAILBOX_SET_SUBSCRIBED = 16,
};

/*
 * Set those of `to` that `what` names. Failures as mailbox_create(), FAIL_MISSING also for the
 * mailbox itself, and FAIL_PERM: it would be below itself, or the Inbox would move or lose its role.
 * (Giving the Inbox its own name, or no parent, is no change.)
 */
MUST_CHECK enum fail mailbox_update(struct account *a, uint32_t id, unsigned what,
    const struct mailbox_new *to);

/* IMAP's RENAME of anything but INBOX (FAIL_PERM): missing parents of `path` are created. */
MUST_CHECK enum fail mailbox_rename_path(struct account *a, uint32_t id, struct str path);

/*
 * RENAME of INBOX (RFC 9051 6.3.6): its messages move, INBOX stays, its children stay. The caller
 * first creates the target by path, then calls this until *done; each call moves one slice.
 */
MUST_CHECK enum fail mailbox_empty_into(struct account *a, uint32_t from, uint32_t to, bool *done);

/*
 * Delete a mailbox and its memberships; messages that are in no other one are destroyed. A big one
 * disappears at once and is emptied in slices behind (is_dead).
 *   FAIL_PERM     it is the Inbox            FAIL_DENIED   it has children, or messages and not
 *   FAIL_MISSING  no such mailbox                          `with_messages`
 *   FAIL_TEMP     the store failed
 */
MUST_CHECK enum fail mailbox_delete(struct account *a, uint32_t id, bool with_messages);

/* One slice of emptying deleted mailboxes of this account; *done: there is nothing (more) to do.
 * The room's own task does it while a loop runs. */
MUST_CHECK enum fail mailbox_purge(struct account *a, bool *done);

#endif
