/*
 * fetch.h - what FETCH asks for (RFC 9051 6.4.5, RFC 3501 6.4.5, RFC 3516, 7162, 8474).
 */
#ifndef IMAP_FETCH_H
#define IMAP_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "imap/token.h"
#include "message/section.h"

#define IMAP_FETCH_ITEMS_MAX  200 /* items of one command */
#define IMAP_FETCH_FIELDS_MAX 500 /* header names of one item */
#define IMAP_PARTIAL_MAX      INT64_MAX

enum imap_fetch {
	FETCH_UID,
	FETCH_FLAGS,
	FETCH_INTERNALDATE,
	FETCH_SIZE,     /* RFC822.SIZE */
	FETCH_EMAILID,  /* RFC 8474 */
	FETCH_THREADID, /* RFC 8474 */
	FETCH_MODSEQ,   /* RFC 7162 */
	FETCH_SAVEDATE, /* RFC 8514 */
	FETCH_ENVELOPE,
	FETCH_STRUCTURE, /* BODY without a section */
	FETCH_BODYSTRUCTURE,
	FETCH_PREVIEW,     /* RFC 8970 */
	FETCH_BODY,        /* BODY[..], RFC822, RFC822.HEADER, RFC822.TEXT */
	FETCH_BINARY,      /* BINARY[..] */
	FETCH_BINARY_SIZE, /* BINARY.SIZE[..] */
	FETCH_COUNT
};

struct imap_fetch_item {
	enum imap_fetch kind;
	bool is_peek;         /* does not set \Seen */
	bool has_partial;     /* <start.count> */
	bool is_lazy;         /* of PREVIEW: only what is at hand */
	struct str old_name;  /* "RFC822.TEXT": the name to answer with; empty for BODY[..] */
	struct str part;      /* "2.1"; empty for the top */
	enum section section; /* what of the part */
	struct str *fields;   /* arena; of SECTION_FIELDS and SECTION_FIELDS_NOT */
	size_t field_count;
	uint64_t start, count; /* of the partial */
};

struct imap_fetch_list {
	struct imap_fetch_item *items; /* arena */
	size_t count;
	unsigned kinds; /* 1 << kind of all of them */
	bool sets_seen; /* one of them is not a peek */
};

/* "ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")" */
MUST_CHECK bool imap_fetch_parse(struct imap_cursor *c, struct imap_fetch_list *out);

/* UID FETCH always answers with the UID: add it in front when it is missing. */
void imap_fetch_add_uid(struct imap_fetch_list *list);

/* section-spec alone, up to the end of the cursor: "2.MIME", "" (RFC 5092 has it in URLs). */
MUST_CHECK bool imap_fetch_section(struct imap_cursor *c, struct imap_fetch_item *item);

/* CHANGEDSINCE always answers with MODSEQ (RFC 7162 3.1.4.1): add it at the end when it is missing. */
void imap_fetch_add_modseq(struct imap_fetch_list *list);

/* "BODY[2.HEADER.FIELDS (DATE)]<0>": the name of the item in the response. */
void imap_fetch_name_write(struct buf *out, const struct imap_fetch_item *item);

#endif
