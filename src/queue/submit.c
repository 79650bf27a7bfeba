#include "queue/submit.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "queue/inner.h"

/* --- one recipient ----------------------------------------------------------------------------------------- */

static void
settle(struct submit *s, enum submit_verdict verdict, enum deposit_way way)
{
	struct submit_rcpt *r = &s->rcpts[s->at++];

	r->verdict = verdict;
	r->deposit.way = way;
	r->deposit.to = r->deposit.envelope.address;
	if (way != DEPOSIT_WAY_MAILBOX || verdict != SUBMIT_GOOD)
		delivery_targets_drop(s->targets, r->deposit.envelope.address);
	s->is_asking = s->is_domain = false;
}

/* A sender that we made for mail that was forwarded: only bounces go there (smtp/cmd_rcpt.c). */
static bool
is_for_bounces(const struct submit *s, struct str address)
{
	struct buf to;
	bool is_ours;

	buf_init(&to, SMTP_PATH_MAX);
	is_ours = queue_reverse_sender(s->house->queue, &to, address) == FAIL_NONE;
	buf_release(&to);
	return is_ours;
}

/* The domain is not ours: a route decides, or it must exist. */
static void
ask_domain(struct submit *s)
{
	struct str address = s->rcpts[s->at].deposit.envelope.address;
	size_t at = str_rfind_char(address, '@');
	struct str domain = at == STR_NONE ? STR("") : str_from(address, at + 1);

	switch (queue_way_of(s->house->queue, address)) {
	case QUEUE_WAY_REFUSED: settle(s, SUBMIT_REFUSED, DEPOSIT_WAY_REMOTE); return;
	case QUEUE_WAY_ROUTE: settle(s, SUBMIT_GOOD, DEPOSIT_WAY_REMOTE); return;
	case QUEUE_WAY_DNS: break;
	}
	if (str_empty(domain) || str_starts(domain, STR("["))) {
		settle(s, SUBMIT_GOOD, DEPOSIT_WAY_REMOTE);
		return;
	}
	s->is_domain = true;
	policy_domain_start(s->house->policy, &s->domain, &s->task, domain, false);
}

static void
take_domain(struct submit *s)
{
	enum policy_domain_kind kind = s->domain.kind;

	policy_domain_release(&s->domain);
	switch (kind) {
	case DOMAIN_GOOD:
	case DOMAIN_UNKNOWN: settle(s, SUBMIT_GOOD, DEPOSIT_WAY_REMOTE); break;
	case DOMAIN_MISSING: settle(s, SUBMIT_NO_DOMAIN, DEPOSIT_WAY_REMOTE); break;
	case DOMAIN_NULL_MX: settle(s, SUBMIT_NULL_MX, DEPOSIT_WAY_REMOTE); break;
	}
}

static void
take_answer(struct submit *s)
{
	enum fail fail = s->resolve.op.fail;
	bool is_queued = s->resolve.remote_count > 0 || s->is_held;
	bool is_disabled = s->resolve.is_disabled;

	delivery_resolve_release(&s->resolve);
	if ((fail == FAIL_NONE || fail == FAIL_MISSING) &&
	    is_for_bounces(s, s->rcpts[s->at].deposit.envelope.address))
		fail = FAIL_MISSING;
	switch (fail) {
	case FAIL_NONE:
		settle(s, SUBMIT_GOOD, is_queued ? DEPOSIT_WAY_LOOKUP : DEPOSIT_WAY_MAILBOX);
		break;
	case FAIL_DENIED: ask_domain(s); break;
	case FAIL_MISSING:
		settle(s, is_disabled ? SUBMIT_DISABLED : SUBMIT_NO_USER, DEPOSIT_WAY_LOOKUP);
		break;
	case FAIL_SYNTAX: settle(s, SUBMIT_NO_USER, DEPOSIT_WAY_LOOKUP); break;
	case FAIL_PERM: settle(s, SUBMIT_LOOP, DEPOSIT_WAY_LOOKUP); break;
	case FAIL_LIMIT: /* full, or too many: the queue tries again, and tells */
	case FAIL_TEMP:
	case FAIL_COUNT: settle(s, SUBMIT_GOOD, DEPOSIT_WAY_LOOKUP); break;
	}
}

/* --- all of them --------------------------------------------------------------------------------------------- */

static bool
is_waiting(const struct submit *s)
{
	return s->is_domain ? op_pending(&s->domain.op) : op_pending(&s->resolve.op);
}

static void
go_on(struct submit *s)
{
	const struct submit_house *h = s->house;

	while (s->at < s->count) {
		if (!s->is_asking) {
			s->is_asking = true;
			delivery_resolve_start(&s->resolve, h->loop, h->mail, h->directory,
			    &s->task, s->rcpts[s->at].deposit.envelope.address, 0, s->targets);
		}
		if (is_waiting(s))
			return;
		if (s->is_domain)
			take_domain(s);
		else
			take_answer(s);
	}
	if (op_pending(&s->op))
		op_finish(&s->op, FAIL_NONE);
}

static enum step
submit_step(struct task *task)
{
	go_on(container_of(task, struct submit, task));
	return STEP_WAIT;
}

void
submit_start(struct submit *s, const struct submit_house *house, struct task *owner,
    struct submit_rcpt *rcpts, size_t count, struct delivery_targets *targets, bool is_held)
{
	submit_release(s);
	op_begin(&s->op, owner);
	loop_task(house->loop, &s->task, submit_step, NULL);
	s->house = house;
	s->rcpts = rcpts;
	s->count = count;
	s->targets = targets;
	s->is_held = is_held;
	for (size_t i = 0; i < count; i++)
		rcpts[i].deposit.next = i + 1 < count ? &rcpts[i + 1].deposit : NULL;
	go_on(s);
}

void
submit_release(struct submit *s)
{
	delivery_resolve_release(&s->resolve);
	policy_domain_release(&s->domain);
	op_drop(&s->op);
	if (s->task.queue)
		task_cancel(&s->task);
	*s = (struct submit){ 0 };
}

/* --- how much ------------------------------------------------------------------------------------------------- */

/* Who is elsewhere: those here cannot be flooded with strangers' mail by a stolen password. */
static size_t
list_remote(const struct submit_rcpt *rcpts, size_t count, struct str *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (rcpts[i].deposit.way == DEPOSIT_WAY_REMOTE)
			out[n++] = rcpts[i].deposit.envelope.address;
	return n;
}

enum fail
submit_may_still(const struct submit_house *house, struct str account,
    const struct submit_rcpt *rcpts, size_t count)
{
	struct str *list = mem_new(count + 1, sizeof *list);
	size_t n = list_remote(rcpts, count, list);
	struct policy_day day;
	enum fail fail = policy_account_may(house->policy, account, list, n, &day);

	mem_free(list);
	return fail == FAIL_NONE || fail == FAIL_LIMIT ? fail : FAIL_TEMP;
}

enum fail
submit_may(const struct submit_house *house, struct str account, const struct submit_rcpt *rcpts,
    size_t count)
{
	return policy_take_name(house->policy, RATE_ACCOUNT, account)
	    ? submit_may_still(house, account, rcpts, count)
	    : FAIL_LIMIT;
}

void
submit_note(const struct submit_house *house, struct str account, const struct submit_rcpt *rcpts,
    size_t count)
{
	struct str *list = mem_new(count + 1, sizeof *list);
	size_t n = list_remote(rcpts, count, list);

	if (policy_account_count(house->policy, account, list, n) != FAIL_NONE)
		log_warn(&house->queue->log, "queue.account.uncounted",
		    LOG_TEXT("account", account));
	mem_free(list);
}
