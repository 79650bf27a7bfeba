/*
 * list_rows.h - the names that LIST, LSUB and ESEARCH choose from, as a tree (private to the room).
 *
 * A row is a mailbox, or a name alone: one that is subscribed without a mailbox (any more), or one that only
 * stands above others. What lies above a row stands before it.
 *
 * Ownership: rows are their owner's until imap_rows_release(); names alone lie in the arena given.
 */
#ifndef IMAP_LIST_ROWS_H
#define IMAP_LIST_ROWS_H

#include "base/map.h"
#include "imap/session.h"

struct imap_row {
	struct account *account; /* borrow: rows.held, the session's; NULL: a name alone */
	uint32_t id;
	unsigned
	    rights; /* the user's; without ACL_LOOKUP the mailbox does not exist, but its name may */
	size_t above;    /* index + 1 of the row above, 0: none */
	struct str path; /* arena: as the client sees it; of a name alone */
	bool is_subscribed;
	/* what LIST finds out: */
	bool is_matched, is_taken;  /* by its patterns; by its selection options */
	bool has_child;             /* a mailbox lies below */
	bool has_taken, has_untold; /* below: one is taken; one is taken and not matched */
};

struct imap_row_source {
	struct account *account; /* own: counted */
	size_t *row_of;          /* arena; the row of each mailbox, by its place in the account */
};

struct imap_rows {             /* fields: read only */
	struct imap_row *rows; /* own */
	size_t count, cap;
	struct imap_row_source *sources; /* own; the accounts, the session's first */
	size_t source_count, source_cap;
	struct map names; /* names alone, by path */
	size_t own_top;   /* what one's own mailboxes stand below: index + 1, or 0 */
};

/* All that the user may see. FAIL_LIMIT: too much of it; FAIL_TEMP. */
MUST_CHECK enum fail imap_rows_make(struct imap_session *s, struct imap_rows *rows);
void imap_rows_release(struct imap_rows *rows);

/* Index + 1 of the row of a name as the client writes it; 0: none, or no such name. */
size_t imap_rows_find(struct imap_session *s, const struct imap_rows *rows, struct str name);

/* The mailbox of a row, NULL when there is none that the user may see. */
struct mailbox *imap_row_mailbox(const struct imap_row *row);

/* It was deleted since the rows were made. */
bool imap_row_is_gone(const struct imap_row *row);

/* Append the path as the client sees it. */
void imap_row_path(struct imap_session *s, const struct imap_row *row, struct buf *out);

#endif
