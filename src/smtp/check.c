/*
 * What is asked about mail from outside before it is taken: who the peer is, whether the sender can be
 * answered, how often it comes, whether it came before. Facts and verdicts are the policy room's; the
 * replies are ours. Postmaster is always reachable (RFC 5321 4.5.1).
 */
#include "smtp/session.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "policy/policy.h"
#include "queue/queue.h"

#define DAY_DETAIL_MAX 100 /* bytes of a day's limit in words */

/* --- MAIL -------------------------------------------------------------------------------------------- */

/* The domain of an address; empty when it has none, or is a literal. */
static struct str
domain_of(struct str address)
{
	size_t at = str_rfind_char(address, '@');
	struct str domain = at == STR_NONE ? STR("") : str_from(address, at + 1);

	return str_starts(domain, STR("[")) ? STR("") : domain;
}

enum smtp_state
smtp_check_sender(struct smtp_session *s)
{
	struct smtp_service *service = s->service;
	const struct directory_account *user = smtp_user(s);
	struct str domain = domain_of(s->txn->envelope.sender);

	if (user && !policy_take_name(service->policy, RATE_ACCOUNT, user->name))
		return smtp_refuse_mail(s, REPLY_RATE);
	if (!smtp_is_judged(s))
		return smtp_say(s, smtp_sender_reply(s));
	if (!str_empty(domain))
		policy_domain_start(service->policy, &s->txn->domain, &s->task, domain, false);
	return SMTP_MAIL_CHECK;
}

/* What is known of the peer by now speaks against it, or REPLY_OK. */
static enum smtp_reply
judge_peer(const struct smtp_session *s)
{
	const struct policy_settings *set = s->service->checks;

	if (s->has_hello_asked && s->hello.kind == DOMAIN_MISSING)
		return REPLY_HELLO_MISSING;
	if (set->reverse == REVERSE_REQUIRE && !s->client.is_welcome && str_empty(s->client.name) &&
	    !s->client.is_name_unknown)
		return REPLY_NO_REVERSE;
	return REPLY_OK;
}

static enum smtp_reply
judge_sender(struct smtp_session *s)
{
	struct policy *p = s->service->policy;
	const struct net_address *peer = conn_peer_address(s->conn);

	switch (str_empty(domain_of(s->txn->envelope.sender)) ? DOMAIN_GOOD : s->txn->domain.kind) {
	case DOMAIN_GOOD:
	case DOMAIN_UNKNOWN: break;
	case DOMAIN_MISSING: return REPLY_SENDER_MISSING;
	case DOMAIN_NULL_MX: return REPLY_SENDER_NULL_MX;
	}
	if (!policy_take_peer(p, RATE_MESSAGES, peer) ||
	    !policy_take_peer(p, RATE_MESSAGES_NETWORK, peer) ||
	    !policy_take_name(p, RATE_SENDER, s->txn->envelope.sender))
		return REPLY_RATE;
	return REPLY_OK;
}

enum smtp_state
smtp_sender_checked(struct smtp_session *s)
{
	enum smtp_reply reply = judge_peer(s);

	if (reply == REPLY_OK)
		reply = judge_sender(s);
	policy_domain_release(&s->txn->domain);
	return reply == REPLY_OK ? smtp_say(s, smtp_sender_reply(s)) : smtp_refuse_mail(s, reply);
}

bool
smtp_check_pending(const struct smtp_session *s)
{
	return op_pending(&s->client.op) || op_pending(&s->hello.op) ||
	    op_pending(&s->txn->domain.op);
}

/* --- RCPT -------------------------------------------------------------------------------------------- */

static bool
is_postmaster(struct str address)
{
	return str_eq_nocase(str_head(address, str_rfind_char(address, '@')), STR("postmaster"));
}

/* "zen.test: https://..." for the reply to a listed peer. */
static void
name_list(const struct smtp_session *s, struct buf *detail)
{
	buf_add(detail, s->client.list);
	if (!str_empty(s->client.reason)) {
		buf_add(detail, STR(": "));
		buf_add(detail, s->client.reason);
	}
}

enum smtp_reply
smtp_check_recipient(struct smtp_session *s, struct buf *detail)
{
	struct policy *p = s->service->policy;
	const struct net_address *peer = conn_peer_address(s->conn);
	struct str address = s->txn->draft.address;

	if (!smtp_is_judged(s) || is_postmaster(address))
		return REPLY_OK;
	if (s->client.is_listed && !s->client.is_welcome) {
		name_list(s, detail);
		return REPLY_LISTED;
	}
	if (!policy_take_peer(p, RATE_RCPTS, peer) || !policy_take_name(p, RATE_RECIPIENT, address))
		return REPLY_RATE;
	if (!s->client.is_welcome && !policy_greylist(p, peer, s->txn->envelope.sender, address))
		return REPLY_GREYLISTED;
	return REPLY_OK;
}

/* A recipient elsewhere: a route decides, or its domain must exist and take mail. */
enum smtp_state
smtp_check_remote(struct smtp_session *s)
{
	struct str domain = domain_of(s->txn->draft.address);

	if (queue_way_of(s->service->queue, s->txn->draft.address) == QUEUE_WAY_DNS &&
	    !str_empty(domain))
		policy_domain_start(s->service->policy, &s->txn->domain, &s->task, domain, false);
	return SMTP_RCPT_CHECK;
}

enum smtp_reply
smtp_remote_checked(struct smtp_session *s)
{
	bool was_asked = s->txn->domain.op.owner != NULL;
	enum policy_domain_kind kind = was_asked ? s->txn->domain.kind : DOMAIN_GOOD;

	policy_domain_release(&s->txn->domain);
	if (queue_way_of(s->service->queue, s->txn->draft.address) == QUEUE_WAY_REFUSED)
		return REPLY_NOT_SENT;
	switch (kind) {
	case DOMAIN_GOOD:
	case DOMAIN_UNKNOWN: break; /* the queue will see */
	case DOMAIN_MISSING: return REPLY_NO_DOMAIN;
	case DOMAIN_NULL_MX: return REPLY_NULL_MX;
	}
	return REPLY_RCPT_OK;
}

/* --- the message ------------------------------------------------------------------------------------- */

/* Every author that was looked for is the user, and there is one. */
enum smtp_reply
smtp_check_author(struct smtp_session *s)
{
	const struct intake *i = &s->txn->intake;
	struct str rest = buf_str(&i->authors), author;

	if (!i->wants_authors)
		return REPLY_ACCEPTED;
	if (!buf_ok(&i->authors) || str_empty(rest))
		return REPLY_NOT_AUTHOR;
	while (str_take_until(&rest, '\n', &author)) {
		if (directory_may_send_as(s->service->directory, smtp_user(s), author))
			continue;
		log_info(&s->log, "smtp.author.refused", LOG_TEXT("author", author));
		return REPLY_NOT_AUTHOR;
	}
	return REPLY_ACCEPTED;
}

/*
 * Recipients elsewhere as a list, in the transaction's arena; NULL when that is full. Who is here cannot be
 * flooded with strangers' mail by a stolen password.
 */
static struct str *
list_remote(struct smtp_txn *t, size_t *count_out)
{
	struct str *list = arena_alloc(&t->arena, t->rcpt_count, sizeof *list);

	*count_out = 0;
	for (const struct deposit_rcpt *r = t->rcpts; list && r; r = r->next)
		if (r->way == DEPOSIT_WAY_REMOTE)
			list[(*count_out)++] = r->envelope.address;
	return list;
}

/* "5 h", and less exactly than a wait needs, "1 min" at least */
static void
add_time(struct buf *out, int64_t time_s)
{
	int64_t minutes = (time_s + 59) / 60;

	buf_add_i64(out, minutes > 90 ? (minutes + 59) / 60 : minutes);
	buf_add_c(out, minutes > 90 ? " h" : " min");
}

/* "1000 a day, 2 left; try again in 5 h" */
static void
explain_day(struct smtp_txn *t, const struct policy_day *day, uint64_t count, uint64_t max)
{
	struct buf detail;

	buf_init(&detail, DAY_DETAIL_MAX);
	buf_add_u64(&detail, max);
	buf_add(&detail, STR(" a day"));
	if (count < max) {
		buf_add(&detail, STR(", "));
		buf_add_u64(&detail, max - count);
		buf_add(&detail, STR(" left"));
	}
	buf_add(&detail, STR("; try again in "));
	add_time(&detail, day->ends_s);
	t->detail = arena_str(&t->arena, buf_str(&detail));
	buf_release(&detail);
}

static enum smtp_reply
refuse_day(struct smtp_session *s, const struct policy_day *day)
{
	bool is_messages = day->messages_max > 0 && day->messages >= day->messages_max;

	log_warn(&s->log, "smtp.account.limit", LOG_NUM("messages", day->messages),
	    LOG_NUM("messages_max", day->messages_max), LOG_NUM("new", day->recipients_new),
	    LOG_NUM("new_max", day->recipients_new_max));
	if (is_messages)
		explain_day(s->txn, day, day->messages, day->messages_max);
	else
		explain_day(s->txn, day, day->recipients_new, day->recipients_new_max);
	return is_messages ? REPLY_DAY_MESSAGES : REPLY_DAY_RECIPIENTS;
}

enum smtp_reply
smtp_check_account(struct smtp_session *s)
{
	const struct directory_account *user = smtp_user(s);
	struct str *list;
	struct policy_day day;
	size_t count;

	if (user == NULL || (list = list_remote(s->txn, &count)) == NULL)
		return user ? REPLY_DISK : REPLY_ACCEPTED;
	switch (policy_account_may(s->service->policy, user->name, list, count, &day)) {
	case FAIL_NONE: return REPLY_ACCEPTED;
	case FAIL_LIMIT: return refuse_day(s, &day);
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	return REPLY_DISK;
}

void
smtp_note_accepted(struct smtp_session *s)
{
	const struct directory_account *user = smtp_user(s);
	size_t count;
	struct str *list = user ? list_remote(s->txn, &count) : NULL;

	if (list && policy_account_count(s->service->policy, user->name, list, count) != FAIL_NONE)
		log_warn(&s->log, "smtp.account.uncounted");
	if (smtp_is_judged(s) && s->service->checks->slow_first_ms > 0)
		policy_known(s->service->policy, conn_peer_address(s->conn),
		    s->txn->envelope.sender);
}

/* Mail of a stranger waits a while (`slow-first`), which costs those who send much of it. */
bool
smtp_is_slowed(struct smtp_session *s)
{
	int64_t wait_ms = s->service->checks->slow_first_ms;

	if (wait_ms == 0 || !smtp_is_judged(s) || s->client.is_welcome ||
	    policy_is_known(s->service->policy, conn_peer_address(s->conn),
		s->txn->envelope.sender))
		return false;
	timer_start(s->service->loop, &s->delay, &s->task, clock_mono_ms() + wait_ms);
	return true;
}
