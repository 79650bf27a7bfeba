/*
 * From accepting a connection to its greeting: may the peer come in, and does it wait until it is spoken to
 * (RFC 5321 3.1)?
 */
#include "smtp/session.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "policy/policy.h"

bool
smtp_is_judged(const struct smtp_session *s)
{
	return !smtp_is_submission(s) && !smtp_is_of_ours(s) && !smtp_may_relay(s);
}

bool
smtp_is_of_ours(const struct smtp_session *s)
{
	return smtp_is_lmtp(s) ||
	    (s->listener->kind == SMTP_KIND_MX &&
		(!s->listener->is_judging ||
		    policy_is_trusted(s->service->policy, conn_peer_address(s->conn))));
}

void
smtp_greet(struct smtp_session *s)
{
	struct buf *out = conn_out(s->conn);

	buf_add(out, STR("220 "));
	buf_add(out, s->service->hostname);
	buf_add_c(out, smtp_is_lmtp(s) ? " LMTP Staunch\r\n" : " ESMTP Staunch\r\n");
}

static enum smtp_state
turn_away(struct smtp_session *s, enum smtp_reply reply)
{
	log_info(&s->log, "smtp.refused", LOG_TEXT("reply", str_c(smtp_reply_code(reply))));
	smtp_reply_write(conn_out(s->conn), reply);
	return SMTP_CLOSING;
}

/* Ask who the peer is while it says hello; and count it. */
static enum smtp_reply
enter(struct smtp_session *s)
{
	struct policy *p = s->service->policy;
	const struct net_address *peer = conn_peer_address(s->conn);

	if (s->listener->kind == SMTP_KIND_MX && s->service->settings->is_closed)
		return REPLY_HOST_CLOSED; /* RFC 7504 3 */
	if (s->listener->kind == SMTP_KIND_SUBMISSION)
		return policy_is_banned(p, peer) ? REPLY_BANNED : REPLY_OK;
	if (!smtp_is_judged(s))
		return REPLY_OK;
	switch (policy_enter(p, peer)) {
	case POLICY_OPEN: break;
	case POLICY_BUSY: return REPLY_BUSY;
	case POLICY_BANNED: return REPLY_BANNED;
	}
	s->is_counted = true;
	policy_client_start(p, &s->client, &s->task, peer);
	return REPLY_OK;
}

enum smtp_state
smtp_door_open(struct smtp_session *s)
{
	enum smtp_reply reply = enter(s);

	if (reply != REPLY_OK)
		return turn_away(s, reply);
	if (!smtp_is_judged(s) || !s->service->checks->early_talkers) {
		smtp_greet(s);
		return SMTP_READ_COMMAND;
	}
	if (s->service->checks->greeting_delay_ms > 0)
		timer_start(s->service->loop, &s->delay, &s->task,
		    clock_mono_ms() + s->service->checks->greeting_delay_ms);
	return SMTP_GREET;
}

enum smtp_state
smtp_door_again(struct smtp_session *s)
{
	enum smtp_reply reply = enter(s);

	if (reply != REPLY_OK)
		return turn_away(s, reply);
	smtp_greet(s);
	return SMTP_READ_COMMAND;
}

enum smtp_state
smtp_door_wait(struct smtp_session *s)
{
	if (!str_empty(conn_peek(s->conn))) {
		(void)policy_offend(s->service->policy, conn_peer_address(s->conn), OFFENCE_JUNK);
		return turn_away(s, REPLY_EARLY);
	}
	if (timer_running(&s->delay))
		return SMTP_STAY;
	smtp_greet(s);
	return SMTP_READ_COMMAND;
}

void
smtp_door_close(struct smtp_session *s)
{
	policy_client_release(&s->client);
	policy_domain_release(&s->hello);
	if (s->is_counted)
		policy_leave(s->service->policy, conn_peer_address(s->conn));
	s->is_counted = false;
}

/* Something that adds up to a ban; the conversation ends when it has. */
enum smtp_state
smtp_offend(struct smtp_session *s, enum policy_offence what, enum smtp_state next)
{
	if (!policy_offend(s->service->policy, conn_peer_address(s->conn), what) ||
	    next == SMTP_CLOSING)
		return next;
	log_info(&s->log, "smtp.banned");
	smtp_reply_write(conn_out(s->conn), REPLY_BANNED);
	return SMTP_CLOSING;
}
