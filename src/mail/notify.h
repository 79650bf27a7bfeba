/*
 * notify.h - be woken when an account or one of its mailboxes changed.
 *
 * A watch collects bits; its task is woken after the commit of the turn that changed something, once
 * per turn. The watcher takes the bits with mail_watch_take() and looks at what interests it (the
 * pending events of its view_session, change_state(), mailbox counters). Who waits for accounts that are shared
 * with a user watches sharing, too: of those that are not, it has no watch.
 */
#ifndef MAIL_NOTIFY_H
#define MAIL_NOTIFY_H

#include "base/list.h"
#include "base/task.h"
#include "mail/mail.h"

enum {
	MAIL_CHANGED_EMAILS = 1,    /* Email state moved */
	MAIL_CHANGED_MAILBOXES = 2, /* Mailbox state moved: counts or properties */
	MAIL_CHANGED_THREADS = 4,   /* Thread state moved */
	MAIL_CHANGED_LIST = 8,      /* a mailbox was created, deleted, renamed, subscribed */
	MAIL_ARRIVED = 16,          /* a new message came in */
	MAIL_LOST = 32, /* the commit failed: close the account; nothing of it is valid */
	MAIL_CHANGED_IDENTITIES = 64,
	MAIL_CHANGED_SUBMISSIONS = 128,
	MAIL_CHANGED_VACATION = 256,
	MAIL_CHANGED_ANNOTATIONS = 512,    /* annotation_changes.h has which */
	MAIL_CHANGED_SUBSCRIPTIONS = 1024, /* subscription_changes() moved */
	MAIL_CHANGED_SHARING = 2048,       /* acl_sharing() moved */
	MAIL_CHANGED_SHARE_NOTICES = 4096,
};

struct mail_watch { /* embedded in the session; fields: read only */
	struct list_node node;
	struct task *task; /* borrow: woken */
	uint32_t mailbox;  /* only changes of this mailbox (its messages, flags, name), 0: all */
	unsigned bits;     /* not yet taken */
	unsigned pending;  /* of this turn, not yet committed */
};

/* Start watching an open account; stop is safe in any state, also after MAIL_LOST. */
void mail_watch_start(struct mail_watch *w, struct account *a, uint32_t mailbox, struct task *task);
void mail_watch_stop(struct mail_watch *w);

/* The same of no account: woken with MAIL_CHANGED_SHARING when others may see other accounts (acl.h). */
void mail_watch_sharing(struct mail_watch *w, struct mail *m, struct task *task);

/* The bits since the last call. */
unsigned mail_watch_take(struct mail_watch *w);

#endif
