/*
 * annotation_changes.h - which annotations of an account changed, for those who want to hear of it (RFC 5465 5.6).
 *
 * A list in memory of the last ANNOTATION_CHANGES_MAX changes, of values set, replaced and taken away, while the
 * account is open. Changes are counted; a session keeps the number up to which it looked. Whoever is late finds that
 * older ones are forgotten. The store has nothing of it: no session outlives the list.
 */
#ifndef MAIL_ANNOTATION_CHANGES_H
#define MAIL_ANNOTATION_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mail/mail.h"

#define ANNOTATION_CHANGES_MAX 256 /* 300 bytes each at most: more than one mailbox can have */

struct annotation_change {
	uint32_t mailbox; /* 0: of the account */
	struct str name;  /* borrow: the account's, until the next change of it */
};

/* How many changes there were. */
uint64_t annotation_changes_count(const struct account *a);

/* The change of this number, below the count; false: it is forgotten. */
bool annotation_change_find(const struct account *a, uint64_t number,
    struct annotation_change *out);

#endif
