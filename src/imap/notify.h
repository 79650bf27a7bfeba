/*
 * notify.h - telling a client what happens, at any time (RFC 5465; private to the room).
 *
 * A session that said NOTIFY has a struct imap_notify. It is woken by the turn that changed something (mail/notify.h)
 * and tells it between two commands: of the selected mailbox what its view has (update.c), and FETCH of what came in;
 * of others by comparing what it last told (struct notify_seen) with how they are. So a client that does not read
 * costs nothing more, however much happens: it is told the last state once. Only annotations are told by a list of
 * what changed (mail/annotation_changes.h): who is late by more than it holds has NOTIFICATIONOVERFLOW.
 *
 * Accounts that others share with the user are watched when a group reaches into them. A mailbox that the user may
 * not look up is none: the right comes and goes as mailboxes do (RFC 5465 5.4).
 *
 *     wanted: a group reaches it, and it shares something --sharing or subscriptions changed--> asked again
 *     not wanted any more: what became of its mailboxes is told once, then the account is let go
 *
 * Bounds: NOTIFY_ACCOUNTS_MAX accounts and NOTIFY_MAILBOXES_MAX mailboxes in all are watched; more make
 * NOTIFICATIONOVERFLOW.
 */
#ifndef IMAP_NOTIFY_H
#define IMAP_NOTIFY_H

#include "base/arena.h"
#include "imap/fetch_content.h"
#include "imap/notify_parse.h"
#include "imap/session.h"

#define NOTIFY_ARENA_MAX     (64 * 1024) /* bytes: what was asked for, for the rest of the session */
#define NOTIFY_MAILBOXES_MAX 1000        /* 100 bytes each; compared when one of them changed */
#define NOTIFY_ACCOUNTS_MAX  50          /* each is in memory for as long as it is watched */

struct notify_seen { /* a mailbox as it was told last */
	uint32_t id, parent, uid_next, messages, unseen;
	uint64_t modseq, highest_modseq; /* neither has moved: nothing has happened */
	unsigned events;                 /* what of it is told */
	enum mailbox_role role;
	bool is_subscribed;
	bool is_denied; /* told as \NoAccess: a group asks for more than the user may know */
	char *path;     /* own; as groups name it */
	size_t path_bytes;
};

struct notify_account {          /* what is told of an account */
	struct account *account; /* own: counted */
	struct mail_watch watch; /* of all of it */
	bool is_wanted;
	bool is_due;              /* to be compared, whether its modseq moved or not */
	uint64_t modseq;          /* of the account: all up to here was looked at */
	uint64_t noted;           /* the same of changes of its annotations */
	struct notify_seen *seen; /* own; by id */
	size_t seen_count;
	uint32_t at;        /* the id from which a comparison under way goes on */
	uint64_t at_modseq; /* .. which began at this one */
};

struct imap_notify {
	struct arena arena; /* own; of request */
	struct notify_request request;
	unsigned selected;        /* events of the selected mailbox */
	bool is_delayed;          /* SELECTED-DELAYED: EXPUNGE waits for a command */
	bool has_others;          /* events of other mailboxes are told */
	bool has_shared;          /* a group may reach other accounts */
	bool has_server_metadata; /* events of the annotations of the server are told */
	struct notify_account *accounts[NOTIFY_ACCOUNTS_MAX]; /* own; the user's first */
	size_t account_count;
	struct mail_watch sharing; /* when has_shared */
	uint64_t shared,
	    subscriptions; /* acl_sharing(), subscription_changes() when they were found */

	/* FETCH of what came into the selected mailbox */
	uint32_t fetch_next, fetch_last; /* UIDs; next > last: none */
	struct imap_ranges own;          /* of them those that this session appended */
	bool is_in;                      /* a message is under way */
	bool is_broken;                  /* and cannot be ended */
	size_t item;
	struct view_entry entry;
	struct imap_content content;
};

struct notify_box { /* a mailbox as it is for the user now */
	const struct mailbox *m;
	struct str path; /* borrow: a buffer's of who looks; as groups name it */
	unsigned rights;
	unsigned events; /* told of it: those of its groups that the rights allow */
	bool is_subscribed, is_denied;
};

/* What was asked for begins to hold, or nothing any more. FAIL_LIMIT: too many mailboxes; FAIL_TEMP. */
MUST_CHECK enum fail imap_notify_start(struct imap_session *s, struct imap_notify *n);

/* STATUS of every watched mailbox whose messages are told, and which the user may not read, into the output. */
void imap_notify_status(struct imap_session *s, struct buf *out);
void imap_notify_denied(struct imap_session *s, struct buf *out);

/* The events that groups ask for of a mailbox, message events whether selected or not. */
unsigned imap_notify_events(const struct imap_session *s, const struct mailbox *m, struct str path,
    bool is_subscribed);

/* Does a group name, by itself or by a subtree, something in what `top` ("Shared/sales@x") is above of? */
bool imap_notify_names(const struct imap_session *s, struct str top);

/* Be as after NOTIFY NONE; and say so, because there is more than can be told (RFC 5465 5.8). */
void imap_notify_stop(struct imap_session *s);
void imap_notify_overflow(struct imap_session *s, const char *why);

/* --- notify_account.c ------------------------------------------------------------------------------ */

/*
 * The accounts that are wanted now are watched: those that come are told from nothing on, or taken as they are when
 * `is_told`. FAIL_LIMIT: too many; FAIL_TEMP.
 */
MUST_CHECK enum fail imap_notify_find(struct imap_session *s, bool is_told);

/* Who shares what with the user, or what the user is subscribed to, has changed since they were found. */
bool imap_notify_is_stale(const struct imap_session *s);

/* All mailboxes of one are told as they are. FAIL_LIMIT, FAIL_TEMP. */
MUST_CHECK enum fail imap_notify_see_all(struct imap_session *s, struct notify_account *w);

/* One goes; all of them go. */
void imap_notify_drop(struct imap_notify *n, size_t i);
void imap_notify_drop_all(struct imap_notify *n);

/* The user's rights by place in the account, to be freed. FAIL_TEMP. */
MUST_CHECK enum fail imap_notify_rights(struct imap_session *s, const struct notify_account *w,
    unsigned **out);

/* How a mailbox is for the user; its path goes into the buffer. */
struct notify_box imap_notify_look(struct imap_session *s, const struct mailbox *m, unsigned rights,
    struct buf *path);

/* It is told with this state. */
void imap_notify_see(struct notify_seen *seen, const struct notify_box *box);

/* Mailboxes that are watched, in all accounts. */
size_t imap_notify_count(const struct imap_notify *n);

/* --- notify_change.c, notify_metadata.c, notify_fetch.c: false when there is more to do -------------- */

/* Tell of mailboxes that are not selected, of annotations, FETCH what came in. */
bool imap_notify_changes(struct imap_session *s);
bool imap_notify_metadata(struct imap_session *s);
bool imap_notify_fetch(struct imap_session *s);

/* What a mailbox is used for has changed, which is an annotation. */
void imap_notify_use(struct imap_session *s, const struct mailbox *m);

/* "* LIST (\NoAccess ..) "/" name" */
void imap_notify_denied_write(struct imap_session *s, struct buf *out, const struct mailbox *m);

#endif
