/*
 * sts_store.h - MTA-STS policies that we keep, by domain.
 *
 * A find that mail waits for and a refresh may have the same domain at hand. So what is not a policy that was just
 * fetched is noted in the record as it is then (sts_kept_note_..), and never in place of a newer one.
 */
#ifndef TLSPOLICY_STS_STORE_H
#define TLSPOLICY_STS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/store.h"
#include "tlspolicy/sts_policy.h"

#define TLSPOLICY_SPACE 'm'   /* space byte of the room's keys in the store */
#define STS_KEPT_MAX    10000 /* domains; for another one any goes */

struct sts_kept { /* zeroed before the first read */
	bool has_policy;
	char id[STS_ID_MAX + 1]; /* of the policy */
	int64_t fetched_s;
	struct sts_policy policy;       /* points into text */
	struct buf text;                /* own: the policy as a file */
	char failed_id[STS_ID_MAX + 1]; /* the version that could not be fetched last .. */
	int64_t failed_s;               /* .. and when; 0: none */
	int64_t used_s; /* mail went there last, about; in records of old the time of the fetch */
};

/* FAIL_MISSING: nothing is kept; what cannot be read is not kept. FAIL_TEMP. */
MUST_CHECK enum fail sts_kept_read(struct store *s, struct str domain, struct sts_kept *out);

/* Keep it, in place of what was; but a later use of that stays noted. */
MUST_CHECK enum fail sts_kept_write(struct store *s, struct str domain,
    const struct sts_kept *kept);

/* Note the failure of `kept` in the record, which is made if need be; or the use, if there is a record. */
MUST_CHECK enum fail sts_kept_note_failure(struct store *s, struct str domain,
    const struct sts_kept *kept);
MUST_CHECK enum fail sts_kept_note_use(struct store *s, struct str domain,
    const struct sts_kept *kept);

/* --- all of them, one after the other ---------------------------------------------------------------------------- */

/*
 * The record behind this domain's (empty: the first), which becomes the domain; FAIL_MISSING: there is none. One that
 * cannot be read has no policy, and says of no failure. `domain` takes STORE_KEY_MAX bytes.
 */
MUST_CHECK enum fail sts_kept_next(struct store *s, struct buf *domain, struct sts_kept *out);

/* It may be gone already. */
MUST_CHECK enum fail sts_kept_drop(struct store *s, struct str domain);

/* How many there are. */
MUST_CHECK enum fail sts_kept_count(struct store *s, int64_t *out);

/* --- in memory ------------------------------------------------------------------------------------------------ */

void sts_kept_release(struct sts_kept *kept);

/* Take over a policy that was just fetched: as a file, under this id. */
void sts_kept_set(struct sts_kept *kept, const struct sts_policy *policy, struct str id,
    int64_t now_s);

/* Note that the version of this id could not be fetched. It may be the id that is kept. */
void sts_kept_fail(struct sts_kept *kept, struct str id, int64_t now_s);

/* Its time is not over. */
bool sts_kept_is_valid(const struct sts_kept *kept, int64_t now_s);

#endif
