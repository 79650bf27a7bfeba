/*
 * name.h - mailbox names between client and store, and the patterns of LIST.
 *
 * The store has paths in UTF-8 with "/" between the levels. A client of IMAP4rev1 writes names in
 * modified UTF-7 (RFC 3501 5.1.3), one that enabled IMAP4rev2 writes UTF-8 (RFC 9051 5.1). Where the owner
 * wants "." between the levels ([imap] separator), the two characters change places at this edge, so that
 * every name of the store stays a name and every path stays the path.
 */
#ifndef IMAP_NAME_H
#define IMAP_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define IMAP_NAME_MAX  (16 * 1024) /* bytes: 32 levels of 255 bytes, in UTF-7 */
#define IMAP_DELIMITER '/'

/*
 * The path of a client's name or pattern, in `arena`. FAIL_SYNTAX: it is in neither encoding (or
 * not in UTF-8 when is_utf8); FAIL_LIMIT: too long.
 */
MUST_CHECK enum fail imap_name_parse(struct arena *arena, struct str name, bool is_utf8,
    struct str *path_out);

/* Write a path as the client knows it: astring in modified UTF-7, or a quoted string in UTF-8. */
void imap_name_write(struct buf *out, struct str path, bool is_utf8);

/* "/" for ".", "." for "/": the other way of writing a path; p is NULL when the arena is full. */
struct str imap_name_turn(struct arena *arena, struct str path);

/*
 * name_match.c: a pattern, ready to be compared with paths (RFC 9051 6.3.9): "*" stands for anything, "%" for anything
 * without the delimiter. INBOX is compared without case. It takes 2 KB for each 64 bytes of the pattern.
 */
struct imap_pattern {    /* fields: private */
	size_t words;    /* of each of the sets */
	size_t end;      /* the length of the pattern, wildcards side by side counted as one */
	uint64_t *at;    /* own, with all the others */
	uint64_t *star;  /* where the pattern has "*" .. */
	uint64_t *level; /* .. and "%" */
	uint64_t *bytes; /* a set for each byte: where the pattern has it */
};
void imap_pattern_init(struct imap_pattern *p, struct str pattern);
void imap_pattern_release(struct imap_pattern *p); /* safe on a zeroed one, and twice */
bool imap_pattern_matches(struct imap_pattern *p, struct str path);

/* Is it INBOX, in any case? */
bool imap_name_is_inbox(struct str path);

/* Does a path lie below another one? */
bool imap_name_is_below(struct str path, struct str top);

#endif
