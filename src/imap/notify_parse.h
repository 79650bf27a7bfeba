/*
 * notify_parse.h - what NOTIFY asks for (RFC 5465 8). Pure.
 *
 * Everything lies in the cursor's arena, or in the text that is parsed: the caller gives a text that lives as long as
 * what comes of it.
 */
#ifndef IMAP_NOTIFY_PARSE_H
#define IMAP_NOTIFY_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "imap/fetch.h"
#include "imap/token.h"

#define NOTIFY_GROUPS_MAX 50 /* event-groups of one command; there are five kinds of them */
#define NOTIFY_NAMES_MAX \
	200 /* mailboxes named in all groups together: each change is compared with them */

enum {                               /* events (RFC 5465 5) */
	NOTIFY_NEW = 1,              /* MessageNew */
	NOTIFY_EXPUNGE = 2,          /* MessageExpunge */
	NOTIFY_FLAGS = 4,            /* FlagChange */
	NOTIFY_NAME = 8,             /* MailboxName */
	NOTIFY_SUBSCRIPTION = 16,    /* SubscriptionChange */
	NOTIFY_METADATA = 32,        /* MailboxMetadataChange */
	NOTIFY_SERVER_METADATA = 64, /* ServerMetadataChange */
};
#define NOTIFY_MESSAGES (NOTIFY_NEW | NOTIFY_EXPUNGE | NOTIFY_FLAGS)

#define NOTIFY_ALL 127u

enum notify_filter { /* which mailboxes (RFC 5465 6) */
	NOTIFY_SELECTED,
	NOTIFY_DELAYED, /* selected-delayed */
	NOTIFY_INBOXES,
	NOTIFY_PERSONAL,
	NOTIFY_SUBSCRIBED,
	NOTIFY_SUBTREE,
	NOTIFY_MAILBOXES,
	NOTIFY_FILTER_COUNT
};

struct notify_group {
	enum notify_filter filter;
	unsigned events;
	struct str *names; /* arena; of SUBTREE and MAILBOXES; as the client wrote them */
	size_t name_count;
};

struct notify_request {
	bool is_set;     /* else NONE */
	bool has_status; /* SET STATUS */
	struct notify_group *groups;
	size_t group_count;
	bool has_fetch; /* .. of MessageNew in the selected mailbox */
	struct imap_fetch_list fetch;
};

/*
 * notify, behind its SP. FAIL_SYNTAX; FAIL_LIMIT: too many groups or names; FAIL_PERM: an event that is not one of
 * those `offered` (BADEVENT).
 */
MUST_CHECK enum fail imap_notify_parse(struct imap_cursor *c, unsigned offered,
    struct notify_request *out);

/* Append their names, with blanks between them. */
void imap_notify_names_write(struct buf *out, unsigned events);

#endif
