/*
 * A copy took the store's place (store_epoch()): the end of what clients were told may be missing. Nothing that they
 * may have heard of comes again for something else, and none may go on from a state of before (D5).
 *
 *     account:  of an older epoch --opened--> renewed, in one transaction --> of this epoch
 *
 * - ids, UIDVALIDITY and modseqs go on above all that were given out since the copy was made;
 * - every mailbox gets a new UIDVALIDITY: UIDs may have been given to messages that are lost, so that what an IMAP
 *   client has stored is void (RFC 9051 2.3.1.1). Message ids, and EMAILIDs (RFC 8474), stay;
 * - states of before cannot be told from: JMAP's /changes and /queryChanges answer cannotCalculateChanges.
 *
 * Accounts that were made in the lost end are gone; those made anew begin above as well, for they may get the id or
 * the name of one.
 */
#include "mail/mail.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/inner.h"

/* How many an account can give out in a second, as bits (store_epoch_above()). */
#define MODSEQ_BITS \
	20 /* more than the disk takes; below 2^53, what JavaScript counts to, until 2290 */
#define ID_BITS      9 /* lasting, not at the peak; below the index's SEARCH_EMAIL_BITS until 2088 */
#define MAILBOX_BITS 2      /* they have 32 bits, until 2045 */
#define ACCOUNTS_GAP 1024   /* their ids must stay small for the index */
#define VALIDITY_GAP 65536u /* made in one second, or while the clock was ahead */

/* --- counters ---------------------------------------------------------------------------------------------- */

/*
 * The last UIDVALIDITY that was given: a time, as always (RFC 9051 2.3.1.1), so that another copy of the same store
 * gets others.
 */
static uint32_t
validity_above(const struct mail *m, uint32_t was)
{
	uint64_t time_s = store_epoch(m->store);

	return u32_clamp((time_s + VALIDITY_GAP > was ? time_s : was) + VALIDITY_GAP);
}

void
epoch_counters(const struct mail *m, struct account_counters *c)
{
	uint64_t next_mailbox;

	if (c->epoch == store_epoch(m->store))
		return;
	c->epoch = store_epoch(m->store);
	c->modseq = store_epoch_above(m->store, c->modseq, MODSEQ_BITS);
	for (size_t type = 0; type < CHANGE_TYPE_COUNT; type++)
		c->state[type] = c->floor[type] = c->modseq;
	c->next_email = store_epoch_above(m->store, c->next_email, ID_BITS);
	c->next_upload = store_epoch_above(m->store, c->next_upload, ID_BITS);
	c->next_thing = store_epoch_above(m->store, c->next_thing, ID_BITS);
	next_mailbox = store_epoch_above(m->store, c->next_mailbox, MAILBOX_BITS);
	if (next_mailbox < UINT32_MAX / 4 * 3) /* else the clock is wrong */
		c->next_mailbox = (uint32_t)next_mailbox;
	c->uid_validity = validity_above(m, c->uid_validity);
}

/* --- an account -------------------------------------------------------------------------------------------- */

static enum fail
renew_run(struct edit *e, void *arg)
{
	const struct account *a = arg;

	epoch_counters(a->mail, &e->counters);
	for (size_t i = 0; i < a->mailbox_count; i++) { /* no more than MAILBOX_COUNT_MAX */
		struct mailbox_edit *m = edit_mailbox(e, a->mailboxes[i]->id);

		m->now.uid_validity = ++e->counters.uid_validity;
		m->now.highest_modseq = m->now.expunged_floor = e->counters.modseq;
	}
	return FAIL_NONE;
}

enum fail
epoch_renew(struct account *a)
{
	uint64_t epoch = store_epoch(a->mail->store);
	enum fail fail;

	if (account_inner(a)->counters.epoch == epoch)
		return FAIL_NONE;
	fail = edit_run(a, NULL, renew_run, a);
	if (fail == FAIL_NONE)
		log_info(&a->mail->log, "mail.account.renewed", LOG_TEXT("account", a->name),
		    LOG_NUM("epoch", epoch));
	return fail;
}

/* --- what belongs to no account ---------------------------------------------------------------------------- */

static enum fail
count_on(struct txn *t, char space, int64_t more)
{
	struct key k;
	int64_t sum;

	key_init(&k, space);
	return txn_add(t, key_str(&k), more, &sum);
}

static enum fail
open_run(struct txn *t, void *arg)
{
	const struct mail *m = arg;
	enum fail fail = count_on(t, SPACE_NEXT, ACCOUNTS_GAP);

	if (fail == FAIL_NONE) /* others see other accounts than they were told */
		fail = count_on(t, SPACE_SHARING, (int64_t)store_epoch_above(m->store, 0, ID_BITS));
	return fail;
}

enum fail
epoch_open(struct mail *m)
{
	struct key known;

	key_init(&known, SPACE_EPOCH);
	return store_run_in_epoch(m->store, key_str(&known), open_run, m);
}
