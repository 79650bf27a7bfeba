/*
 * list.h - the arguments of LIST, LSUB and STATUS (RFC 9051 6.3.9, 6.3.11; RFC 5258, 6154, 8438).
 */
#ifndef IMAP_LIST_H
#define IMAP_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "imap/metadata.h"
#include "imap/token.h"

#define IMAP_PATTERNS_MAX 100  /* patterns of one LIST */
#define IMAP_PATTERN_MAX  2000 /* bytes of one */
/* Bytes of all, each behind its reference: the longest name is compared with them in 2 ms, their sets take 0.75 MB. */
#define IMAP_PATTERNS_BYTES_MAX (16 * 1024)

enum {
	STATUS_MESSAGES = 1,
	STATUS_RECENT = 2,
	STATUS_UIDNEXT = 4,
	STATUS_UIDVALIDITY = 8,
	STATUS_UNSEEN = 16,
	STATUS_DELETED = 32,
	STATUS_SIZE = 64,
	STATUS_MAILBOXID = 128,
	STATUS_APPENDLIMIT = 256,      /* RFC 7889 */
	STATUS_HIGHESTMODSEQ = 512,    /* RFC 7162 3.1.7 */
	STATUS_DELETED_STORAGE = 1024, /* RFC 9208 4.1.4 */
};
#define STATUS_ITEM_COUNT 11

/* Their names, by bit. */
extern const struct str imap_status_names[STATUS_ITEM_COUNT];

enum {
	LIST_SUBSCRIBED = 1,
	LIST_REMOTE = 2,
	LIST_RECURSIVE = 4, /* RECURSIVEMATCH */
	LIST_SPECIAL_USE = 8,
	LIST_CHILDREN = 16,
	LIST_STATUS = 32,
	LIST_METADATA = 64,
	LIST_MYRIGHTS = 128,
};

struct imap_list {
	bool is_extended;            /* options or several patterns stood there */
	unsigned selects;            /* LIST_SUBSCRIBED .. in front */
	unsigned returns;            /* LIST_SUBSCRIBED .. behind RETURN */
	unsigned status;             /* items of RETURN (STATUS (..)) */
	struct imap_entries entries; /* of RETURN (METADATA (..)) */
	struct str reference;
	struct str *patterns; /* arena; as the client wrote them */
	size_t pattern_count;
};

/* list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts], behind its SP */
MUST_CHECK bool imap_list_parse(struct imap_cursor *c, struct imap_list *out);

/* "(" status-att *(SP status-att) ")" */
MUST_CHECK bool imap_status_items(struct imap_cursor *c, unsigned *out);

#endif
