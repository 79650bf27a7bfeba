/*
 * metadata.h - the arguments of GETMETADATA and SETMETADATA (RFC 5464), and which annotations they mean.
 */
#ifndef IMAP_METADATA_H
#define IMAP_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "imap/token.h"
#include "mail/annotation.h"

#define IMAP_ENTRIES_MAX       100 /* of one command: each is compared with each annotation */
#define IMAP_DEPTH_INFINITY    UINT32_MAX
#define IMAP_METADATA_SIZE_MAX UINT64_MAX /* no MAXSIZE */

struct imap_entries {      /* which annotations are asked for */
	struct str *names; /* arena */
	size_t count;
	uint32_t depth; /* levels below each name that are meant, too */
	uint64_t size_max;
};

/* Behind the command's SP: [options SP] mailbox SP [options SP] entries */
MUST_CHECK bool imap_getmetadata_parse(struct imap_cursor *c, struct str *mailbox_out,
    struct imap_entries *out);

/* entries = entry / "(" entry *(SP entry) ")" */
MUST_CHECK bool imap_entries_parse(struct imap_cursor *c, struct imap_entries *out);

/* "/private/specialuse": what a mailbox is used for is its role, by this name, too (RFC 6154 4). */
extern const struct str imap_use_name;

/* Private annotations are the owner's: others neither see nor have any (METADATA NOPRIVATE). */
bool imap_entry_is_private(struct str name);

struct imap_notes {              /* what SETMETADATA sets */
	struct annotation *list; /* arena */
	size_t count;
};

/* entry-values = "(" entry SP value *(SP entry SP value) ")" */
MUST_CHECK bool imap_entry_values_parse(struct imap_cursor *c, struct imap_notes *out);

/* How many levels a name is below an entry, 0 for itself; UINT32_MAX when it is not. */
uint32_t imap_entry_depth(struct str entry, struct str name);

#endif
