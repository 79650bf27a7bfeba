/*
 * keyword.h - keywords and flags as bits.
 *
 * A message's keywords are one 64-bit set: the low bits are keywords that every account knows, bit
 * FLAG_DELETED_BIT is IMAP's \Deleted (it belongs to the membership, never to the Email, and is no
 * JMAP keyword), the bits from KEYWORD_CUSTOM on are names of the account's own table, up to
 * KEYWORD_CUSTOM_MAX names; one that no message carries any more is given to a new name when the
 * table is full. So bits of a new name are to be used in the turn in which they were asked for, and all new names of
 * one message are asked for at once. $Important is that of RFC 8457. Names are compared without case (RFC 8621 4.1.1, RFC 9051 2.3.2) and kept lower case.
 */
#ifndef MAIL_KEYWORD_H
#define MAIL_KEYWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

struct account;

enum keyword {
	KEYWORD_SEEN,
	KEYWORD_ANSWERED,
	KEYWORD_FLAGGED,
	KEYWORD_DRAFT,
	KEYWORD_FORWARDED,
	KEYWORD_MDNSENT,
	KEYWORD_JUNK,
	KEYWORD_NOTJUNK,
	KEYWORD_PHISHING,
	KEYWORD_IMPORTANT,
	KEYWORD_SUBMITTED,
	KEYWORD_SUBMITPENDING,
	KEYWORD_FIXED_COUNT,
	FLAG_DELETED_BIT = 15, /* of a membership only */
	KEYWORD_CUSTOM = 16,
	KEYWORD_BITS = 64
};

#define KEYWORD_CUSTOM_MAX (KEYWORD_BITS - KEYWORD_CUSTOM) /* names of its own per account */
#define KEYWORD_NAME_MAX   100 /* bytes of a name; RFC 8621 allows 255 */

#define FLAG(bit)     ((uint64_t)1 << (bit))
#define FLAG_SEEN     FLAG(KEYWORD_SEEN)
#define FLAG_ANSWERED FLAG(KEYWORD_ANSWERED)
#define FLAG_FLAGGED  FLAG(KEYWORD_FLAGGED)
#define FLAG_DRAFT    FLAG(KEYWORD_DRAFT)
#define FLAG_DELETED  FLAG(FLAG_DELETED_BIT)
#define FLAGS_CUSTOM  (~(FLAG(KEYWORD_CUSTOM) - 1))

/*
 * The set of keywords with these JMAP names ("$seen", "work") or IMAP names ("\Seen", "$Junk",
 * "work"; "\Deleted" gives FLAG_DELETED). Unknown names are added to the account's table when
 * `may_add`, else they are left out and *missed_out (may be NULL) is true: a search for them finds
 * nothing. Costs a store transaction only when a name is new.
 *   FAIL_SYNTAX  a name is not a keyword (RFC 8621 4.1.1; "\Recent" and other system flags too)
 *   FAIL_LIMIT   the account's table is full, or the name is too long
 *   FAIL_TEMP    the store failed
 */
MUST_CHECK enum fail keyword_bits(struct account *a, const struct str *names, size_t count,
    bool may_add, uint64_t *bits_out, bool *missed_out);

/* The same keywords under the bits of another account: those that it has room for; new names only when `may_add`. FAIL_TEMP. */
MUST_CHECK enum fail keywords_for(const struct account *from, struct account *to, uint64_t set,
    bool may_add, uint64_t *bits_out);

/* Name of one bit, as JMAP writes it ("$seen") or as IMAP does ("\Seen", "$Forwarded"); empty when
 * the bit is not in use (in JMAP also for FLAG_DELETED_BIT). Valid until the table changes. */
struct str keyword_name(const struct account *a, unsigned bit);
struct str keyword_imap_name(const struct account *a, unsigned bit);

/* Lowest bit of a set, taken out of it: `while (keyword_next(&set, &bit))`. */
static inline bool
keyword_next(uint64_t *set, unsigned *bit)
{
	if (*set == 0)
		return false;
	*bit = (unsigned)__builtin_ctzll(*set);
	*set &= *set - 1;
	return true;
}

#endif
