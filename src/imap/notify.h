/*
 * notify.h - telling a client what happens, at any time (RFC 5465; private to the room).
 *
 * A session that said NOTIFY has a struct imap_notify. It is woken by the turn that changed something (mail/notify.h)
 * and tells it between two commands: of the selected mailbox what its view has (update.c), and FETCH of what came in;
 * of others by comparing what it last told (struct notify_seen) with how they are. So a client that does not read
 * costs nothing more, however much happens: it is told the last state once. Only annotations are told by a list of
 * what changed (mail/annotation_changes.h): who is late by more than it holds has NOTIFICATIONOVERFLOW.
 *
 * Bounds: NOTIFY_MAILBOXES_MAX mailboxes are watched; an account with more makes NOTIFICATIONOVERFLOW.
 */
#ifndef IMAP_NOTIFY_H
#define IMAP_NOTIFY_H

#include "base/arena.h"
#include "imap/fetch_content.h"
#include "imap/notify_parse.h"
#include "imap/session.h"

#define NOTIFY_ARENA_MAX     (64 * 1024) /* bytes: what was asked for, for the rest of the session */
#define NOTIFY_MAILBOXES_MAX 1000        /* 100 bytes each; compared when one of them changed */

struct notify_seen { /* a mailbox as it was told last */
	uint32_t id, parent, uid_next, messages, unseen;
	uint64_t modseq, highest_modseq; /* neither has moved: nothing has happened */
	unsigned events;                 /* what of it is told */
	enum mailbox_role role;
	bool is_subscribed;
	char *path; /* own */
	size_t path_bytes;
};

struct imap_notify {
	struct arena arena; /* own; of request */
	struct notify_request request;
	unsigned selected;        /* events of the selected mailbox */
	bool is_delayed;          /* SELECTED-DELAYED: EXPUNGE waits for a command */
	bool has_others;          /* events of other mailboxes are told */
	bool has_server_metadata; /* .. and of the annotations of the server */
	struct mail_watch watch;  /* of the whole account */
	uint64_t modseq;          /* of the account: all up to here was looked at */
	uint64_t noted;           /* the same of changes of its annotations */
	struct notify_seen *seen; /* own; by id */
	size_t seen_count;
	uint32_t at;        /* the id from which a comparison under way goes on */
	uint64_t at_modseq; /* .. which began at this one */

	/* FETCH of what came into the selected mailbox */
	uint32_t fetch_next, fetch_last; /* UIDs; next > last: none */
	struct imap_ranges own;          /* of them those that this session appended */
	bool is_in;                      /* a message is under way */
	bool is_broken;                  /* and cannot be ended */
	size_t item;
	struct view_entry entry;
	struct imap_content content;
};

/* What was asked for begins to hold, or nothing any more. FAIL_LIMIT: too many mailboxes. */
MUST_CHECK enum fail imap_notify_start(struct imap_session *s, struct imap_notify *n);

/* STATUS of every watched mailbox whose messages are told, into the output before the reply. */
void imap_notify_status(struct imap_session *s, struct buf *out);

/* notify_change.c: tell of mailboxes that are not selected; false when there is more to do. */
bool imap_notify_changes(struct imap_session *s);

/* notify_fetch.c: FETCH what came in; false when there is more to do. */
bool imap_notify_fetch(struct imap_session *s);

/* notify_metadata.c: tell of annotations; false when there is more to do. That of its use has changed. */
bool imap_notify_metadata(struct imap_session *s);
void imap_notify_use(struct imap_session *s, const struct mailbox *m);

/* The events of a mailbox that are told, message events whether selected or not. */
unsigned imap_notify_events(struct imap_session *s, const struct mailbox *m, struct str path);

/* It is told with this state. */
void imap_notify_see(struct notify_seen *seen, const struct mailbox *m, unsigned events,
    struct str path);

/* Be as after NOTIFY NONE; and say so, because there is more than can be told (RFC 5465 5.8). */
void imap_notify_stop(struct imap_notify *n);
void imap_notify_overflow(struct imap_session *s, const char *why);

#endif
