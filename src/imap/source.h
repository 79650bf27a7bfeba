/*
 * source.h - which mailboxes a command is about: filter-mailboxes (RFC 5465 section 6, RFC 7377 section 4).
 *
 * filter-mailboxes = "selected" / "inboxes" / "personal" / "subscribed" /
 *                    ("subtree" / "subtree-one" / "mailboxes") SP one-or-more-mailbox
 */
#ifndef IMAP_SOURCE_H
#define IMAP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"
#include "imap/token.h"

struct imap_rows;
struct imap_session;

#define IMAP_SOURCE_NAMES_MAX 500 /* mailboxes that one command names */

enum { /* groups */
	SOURCE_SELECTED = 1,
	SOURCE_PERSONAL = 2, /* INBOXES too: scripts may deliver anywhere (RFC 5465 6.4) */
	SOURCE_SUBSCRIBED = 4,
};

enum imap_source_how {
	SOURCE_MAILBOX,
	SOURCE_SUBTREE,     /* and all below it */
	SOURCE_SUBTREE_ONE, /* and its children */
};

struct imap_source {             /* a mailbox that is meant: ids are counted in each account */
	struct account *account; /* borrow: held by the rows it was found in, or by the view */
	uint32_t id;
};

struct imap_sources {
	unsigned groups;
	struct {
		struct str name; /* as the client wrote it */
		enum imap_source_how how;
	} * named; /* arena */
	size_t count;
};

/* One filter-mailboxes; several calls add up. Zeroed before the first. */
MUST_CHECK bool imap_source_parse(struct imap_cursor *c, struct imap_sources *out);

/* Nothing but the selected mailbox. */
bool imap_sources_only_selected(const struct imap_sources *sources);

/*
 * The mailboxes that exist and may be read, each once, in the order of LIST, in the command's arena. Those of others
 * are among the subscribed ones, and where they or what is above them is named; personal ones are the user's
 * own. What is not there, or has no such name, is left out. `rows` holds the accounts and is the caller's, also
 * after a failure. FAIL_LIMIT: the arena is full; FAIL_TEMP.
 */
MUST_CHECK enum fail imap_sources_find(struct imap_session *s, const struct imap_sources *sources,
    struct imap_rows *rows, struct imap_source **found_out, size_t *count_out);

#endif
