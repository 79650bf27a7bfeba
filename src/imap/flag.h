/*
 * flag.h - flags and keywords of a command (RFC 9051 2.3.2).
 */
#ifndef IMAP_FLAG_H
#define IMAP_FLAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "imap/token.h"

#define IMAP_KEYWORD_MAX  255 /* bytes of one keyword (RFC 8621 4.1.1) */
#define IMAP_KEYWORDS_MAX 100 /* keywords in one command */

struct imap_flags {
	uint64_t bits;        /* FLAG_SEEN ..: system flags (mail/keyword.h) */
	struct str *keywords; /* arena; each an atom */
	size_t keyword_count;
};

/* flag-list = "(" [flag *(SP flag)] ")" */
MUST_CHECK bool imap_flag_list(struct imap_cursor *c, struct imap_flags *out);

/* flag-list / (flag *(SP flag)), as STORE has it */
MUST_CHECK bool imap_store_flags(struct imap_cursor *c, struct imap_flags *out);

/* flag-keyword alone, as SEARCH KEYWORD has it */
MUST_CHECK bool imap_flag_keyword(struct imap_cursor *c, struct str *out);

#endif
