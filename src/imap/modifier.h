/*
 * modifier.h - the parenthesised parameters of SELECT, FETCH and STORE (RFC 4466 2.1 - 2.5, RFC 7162 section 7).
 *
 * Each function reads [SP "(" parameter *(SP parameter) ")"] and is true, too, when nothing of the kind stands
 * there. What is not known is a syntax error, as the RFC has it. Numbers are mod-sequences of 63 bits.
 */
#ifndef IMAP_MODIFIER_H
#define IMAP_MODIFIER_H

#include <stdbool.h>
#include <stdint.h>

#include "imap/partial.h"
#include "imap/set.h"
#include "imap/token.h"

#define IMAP_MODSEQ_MAX INT64_MAX

struct imap_select_params {
	bool has_condstore;
	bool has_qresync;
	uint32_t uid_validity;
	uint64_t modseq;
	bool has_known;
	struct imap_set known; /* UIDs; resolved */
	bool has_match;
	struct imap_set match_numbers, match_uids; /* in step, ascending, as they came */
};
MUST_CHECK bool imap_select_params(struct imap_cursor *c, struct imap_select_params *out);

struct imap_fetch_modifiers {
	bool has_changed_since;
	uint64_t changed_since;
	bool has_vanished;
	bool has_partial;
	struct imap_partial partial; /* RFC 9394 3.3 */
};
MUST_CHECK bool imap_fetch_modifiers(struct imap_cursor *c, struct imap_fetch_modifiers *out);

struct imap_store_modifiers {
	bool has_unchanged_since;
	uint64_t unchanged_since;
};
MUST_CHECK bool imap_store_modifiers(struct imap_cursor *c, struct imap_store_modifiers *out);

#endif
