/*
 * results_lex.h - the lexemes of Authentication-Results (RFC 8601 2.2). Private to results.
 *
 * A comment or quote that does not end stands for itself, and no other is looked for then, so that time stays linear.
 */
#ifndef MAILAUTH_RESULTS_LEX_H
#define MAILAUTH_RESULTS_LEX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

struct results_lex { /* begins zeroed but for cur */
	struct str cur;
	bool no_comments, no_quotes; /* one was never closed */
};

/* token of RFC 2045 5.1; and what needs no quotes beside it in a value */
bool results_is_token_char(char c);

/* Past blanks, line ends and comments. */
void results_skip_cfws(struct results_lex *l);

/* Past one character, or a comment or a quoted string as a whole; not at the end. */
void results_skip_one(struct results_lex *l);

/* Keyword = let-dig / "-" / "_": letters, digits, hyphens; false: none stands here. */
MUST_CHECK bool results_word(struct results_lex *l, struct str *out);

/* [CFWS] c */
MUST_CHECK bool results_char(struct results_lex *l, char c);

/*
 * value = token / quoted-string, of which the escapes are undone. An address, or anything else up to a blank, ";" or a
 * comment, counts with `is_liberal`. False: nothing stands here; out->p is NULL: the arena is full.
 */
MUST_CHECK bool results_value(struct results_lex *l, bool is_liberal, struct arena *a,
    struct str *out);

#endif
