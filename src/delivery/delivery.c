/* Targets, and storing a message in their Inboxes (delivery.h). */
#include "delivery/delivery.h"

/* base */
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "blob/blob.h"
#include "mail/email.h"
#include "mail/keyword.h"
#include "mail/mailbox.h"
#include "message/report.h"

static const struct log delivery_log = { .room = "delivery" };

/* --- targets --------------------------------------------------------------------------------------------- */

void
delivery_targets_init(struct delivery_targets *t, struct arena *arena)
{
	*t = (struct delivery_targets){ .arena = arena };
}

static struct delivery_target *
target_find(const struct delivery_targets *t, struct str account)
{
	for (size_t i = 0; i < t->count; i++)
		if (str_eq(t->targets[i].account, account))
			return t->targets + i;
	return NULL;
}

/* Room for one more item of an arena list; the list's old place is given up. */
static void *
list_room(struct arena *arena, void *list, size_t count, size_t *cap, size_t size)
{
	size_t wanted = *cap ? *cap * 2 : 4;
	void *larger;

	if (count < *cap)
		return list;
	larger = arena_alloc(arena, wanted, size);
	if (!larger)
		return NULL;
	if (count)
		memcpy(larger, list, count * size);
	*cap = wanted;
	return larger;
}

bool
delivery_target_has(const struct delivery_target *target, struct str recipient)
{
	for (size_t i = 0; i < target->recipient_count; i++)
		if (str_eq(target->recipients[i], recipient))
			return true;
	return false;
}

static enum fail
recipient_add(struct delivery_targets *t, struct delivery_target *target, struct str recipient)
{
	struct str *list;

	if (delivery_target_has(target, recipient))
		return FAIL_NONE;
	list = list_room(t->arena, target->recipients, target->recipient_count,
	    &target->recipient_cap, sizeof(*list));
	if (!list)
		return FAIL_LIMIT;
	target->recipients = list;
	list[target->recipient_count] = arena_str(t->arena, recipient);
	if (!list[target->recipient_count].p)
		return FAIL_LIMIT;
	target->recipient_count++;
	return FAIL_NONE;
}

enum fail
delivery_targets_add(struct delivery_targets *t, struct str recipient, struct str account,
    const struct account_limits *limits)
{
	struct delivery_target *target = target_find(t, account), *list;

	if (target)
		return recipient_add(t, target, recipient);
	if (t->count == DELIVERY_TARGETS_MAX)
		return FAIL_LIMIT;
	list = list_room(t->arena, t->targets, t->count, &t->cap, sizeof(*list));
	if (!list)
		return FAIL_LIMIT;
	t->targets = list;
	target = list + t->count;
	*target = (struct delivery_target){ .account = arena_str(t->arena, account),
		.outcome = FAIL_TEMP };
	if (!target->account.p)
		return FAIL_LIMIT;
	if (limits)
		target->limits = *limits;
	t->count++;
	return recipient_add(t, target, recipient);
}

struct str
delivery_account_of(const struct delivery_targets *t, struct str recipient)
{
	for (size_t i = 0; i < t->count; i++)
		if (delivery_target_has(&t->targets[i], recipient))
			return t->targets[i].account;
	return STR("");
}

void
delivery_targets_drop(struct delivery_targets *t, struct str recipient)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct delivery_target target = t->targets[i];
		size_t left = 0;

		for (size_t k = 0; k < target.recipient_count; k++)
			if (!str_eq(target.recipients[k], recipient))
				target.recipients[left++] = target.recipients[k];
		target.recipient_count = left;
		if (left > 0)
			t->targets[kept++] = target;
	}
	t->count = kept;
}

/* Which of two outcomes a peer must hear: what can be tried again comes first. */
static enum fail
worse(enum fail a, enum fail b)
{
	static const int rank[FAIL_COUNT] = { [FAIL_TEMP] = 3, [FAIL_LIMIT] = 2, [FAIL_PERM] = 1 };

	return rank[b] > rank[a] ? b : a;
}

enum fail
delivery_outcome(const struct delivery_targets *t, struct str recipient)
{
	enum fail outcome = FAIL_NONE;
	bool is_found = false;

	for (size_t i = 0; i < t->count; i++) {
		if (!delivery_target_has(&t->targets[i], recipient))
			continue;
		outcome = worse(outcome, t->targets[i].outcome);
		is_found = true;
	}
	return is_found ? outcome : FAIL_MISSING;
}

/* --- storing ------------------------------------------------------------------------------------------------ */

struct storing {
	struct mail *mail;
	const struct delivery *delivery;
	struct str bytes;
	struct email_digest *digest;
};

static struct mailbox *
where(const struct storing *in, const struct account *a)
{
	struct mailbox *junk = in->delivery->is_junk ? mailbox_by_role(a, MAILBOX_ROLE_JUNK) : NULL;

	return junk ? junk : mailbox_by_role(a, MAILBOX_ROLE_INBOX);
}

/* In the Inbox of an account, or in Junk, under this file name. */
static enum fail
store_in(const struct storing *in, struct account *a, struct delivery_target *target,
    struct str blob)
{
	struct mailbox *mailbox = where(in, a);
	struct email_added added;
	struct email_new new = { .blob = blob,
		.bytes = in->bytes,
		.received_s = in->delivery->received_s,
		.flags = in->delivery->is_junk ? FLAG(KEYWORD_JUNK) : 0,
		.mailbox_count = 1,
		.sender = in->delivery->sender,
		.recipient = target->recipients[0],
		.digest = in->digest };
	enum fail fail;

	if (!mailbox)
		return FAIL_TEMP;
	new.mailboxes = &mailbox->id;
	fail = email_add(a, &new, &added);
	target->email_id = added.id;
	return fail;
}

static enum fail
store_target(const struct storing *in, struct delivery_target *target)
{
	const struct delivery *d = in->delivery;
	struct blob_name name;
	struct account *a;
	enum fail fail = account_open(in->mail, target->account, &target->limits, &a);

	if (fail)
		return FAIL_TEMP;
	for (size_t i = 0; fail == FAIL_NONE && i < target->recipient_count; i++)
		if (delivery_is_loop(in->bytes, target->recipients[i]))
			fail = FAIL_PERM;
	if (fail == FAIL_NONE)
		fail = account_room(a, in->bytes.n);
	if (fail == FAIL_NONE && str_eq(target->account, d->account)) {
		fail = store_in(in, a, target, d->blob);
	} else if (fail == FAIL_NONE) {
		fail = blob_link(mail_blobs(in->mail), d->account, d->blob, target->account, &name);
		if (fail == FAIL_NONE)
			fail = store_in(in, a, target, blob_name_str(&name));
	}
	account_close(&a);
	return fail == FAIL_MISSING ? FAIL_TEMP : fail;
}

/* Take it back from those who have it, whose outcome is this one then. */
static enum fail
undo(struct mail *m, struct delivery_targets *targets, enum fail worst)
{
	enum fail undone = FAIL_NONE;

	for (size_t i = 0; i < targets->count; i++) {
		struct delivery_target *target = targets->targets + i;
		struct account *a;
		enum fail fail;

		if (target->outcome != FAIL_NONE)
			continue;
		target->outcome = worst;
		fail = account_open(m, target->account, &target->limits, &a);
		if (fail == FAIL_NONE) {
			fail = email_destroy(a, target->email_id);
			account_close(&a);
		}
		if (fail == FAIL_NONE)
			continue;
		undone = FAIL_TEMP;
		log_warn(&delivery_log, "delivery.undo.failed",
		    LOG_TEXT("account", target->account), LOG_NUM("email", target->email_id));
	}
	return undone;
}

enum fail
delivery_undo(struct mail *m, struct delivery_targets *targets)
{
	return undo(m, targets, FAIL_TEMP);
}

enum fail
delivery_store(struct mail *m, const struct delivery *d, struct delivery_targets *targets)
{
	struct storing in = { .mail = m, .delivery = d };
	struct blob_map map;
	enum fail fail = blob_map(mail_blobs(m), d->account, d->blob, &map), worst = FAIL_NONE;
	size_t stored = 0;

	for (size_t i = 0; i < targets->count; i++)
		targets->targets[i].outcome = FAIL_TEMP;
	if (fail)
		return FAIL_TEMP;
	in.bytes = map.bytes;
	in.digest = email_digest_new(m, map.bytes);
	targets->is_report = report_is_likely(map.bytes);
	for (size_t i = 0; i < targets->count; i++) {
		struct delivery_target *target = targets->targets + i;

		target->outcome = store_target(&in, target);
		worst = worse(worst, target->outcome);
		stored += target->outcome == FAIL_NONE;
		log_info(&delivery_log, "delivery.stored", LOG_TEXT("account", target->account),
		    LOG_TEXT("outcome", str_c(fail_names[target->outcome])),
		    LOG_NUM("email", target->email_id), LOG_NUM("bytes", map.bytes.n));
	}
	email_digest_free(&in.digest);
	blob_unmap(&map);
	if (d->is_all_or_none && worst != FAIL_NONE) {
		(void)undo(m, targets,
		    worst); /* the sender is told that nobody has it, and tries again */
		return worst;
	}
	return stored ? FAIL_NONE : worst;
}
