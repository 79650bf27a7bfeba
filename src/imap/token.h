/*
 * token.h - the words of an IMAP command, one cursor function per rule.
 *
 * A command is read whole before it is parsed: its lines with the literals in place, as they came
 * (`A1 LOGIN {5}CRLF alice "x"`), without the last CRLF. So the rules read like the ABNF of
 * RFC 9051 section 9. Every function moves the cursor on success only.
 *
 * Ownership: outputs point into the command, or into the cursor's arena where a quoted string had
 * escapes. They live as long as both.
 */
#ifndef IMAP_TOKEN_H
#define IMAP_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

struct imap_cursor {
	struct str at;       /* what is left of the command */
	struct arena *arena; /* borrow: the command's */
	bool is_over;        /* the arena's cap was met: the command is too long, not wrong */
};

/* What failed: FAIL_LIMIT when the arena was full, else FAIL_SYNTAX. */
enum fail imap_cursor_fail(const struct imap_cursor *c);

/* One blank; the end of the command; one given byte. */
MUST_CHECK bool imap_sp(struct imap_cursor *c);
bool imap_at_end(const struct imap_cursor *c);
MUST_CHECK bool imap_char(struct imap_cursor *c, char wanted);

/* True when the next byte is `wanted`; nothing moves. */
bool imap_next_is(const struct imap_cursor *c, char wanted);

/* tag = 1*<any ASTRING-CHAR except "+"> */
MUST_CHECK bool imap_tag(struct imap_cursor *c, struct str *out);

/* atom = 1*ATOM-CHAR */
MUST_CHECK bool imap_atom(struct imap_cursor *c, struct str *out);

/* Exactly this atom, in either case. */
MUST_CHECK bool imap_keyword(struct imap_cursor *c, struct str word);

/* string = quoted / literal; a literal has no NUL in it (that is literal8's) */
MUST_CHECK bool imap_string(struct imap_cursor *c, struct str *out);

/* astring = 1*ASTRING-CHAR / string */
MUST_CHECK bool imap_astring(struct imap_cursor *c, struct str *out);

/* nstring = string / "NIL"; out->p is NULL for NIL */
MUST_CHECK bool imap_nstring(struct imap_cursor *c, struct str *out);

/* nstring / literal8: what may hold NUL */
MUST_CHECK bool imap_nstring8(struct imap_cursor *c, struct str *out);

/* list-mailbox = 1*list-char / string */
MUST_CHECK bool imap_list_mailbox(struct imap_cursor *c, struct str *out);

/* number = 1*DIGIT, number64, nz-number: at least `min`, at most `max` */
MUST_CHECK bool imap_number(struct imap_cursor *c, uint64_t min, uint64_t max, uint64_t *out);

/* --- literals at the end of a line ---------------------------------------------------------- */

struct imap_literal {
	uint64_t bytes; /* UINT64_MAX when the number does not fit */
	bool is_sync;   /* the client waits for "+" (RFC 7888: no "+" behind the number) */
	bool is_binary; /* literal8 of RFC 3516 */
	size_t mark;    /* bytes of the marker at the end of the line, "~{12+}" */
};

/* Does the line end in a literal's marker? */
bool imap_literal_suffix(struct str line, struct imap_literal *out);

#endif
