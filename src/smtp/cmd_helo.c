/* HELO, EHLO and LHLO (RFC 5321 4.1.1.1, RFC 2033 4.1). */
#include "smtp/extension.h"

static enum fail
greet(struct smtp_session *s, struct str name)
{
	if (!path_is_hello_name(name))
		return FAIL_SYNTAX;
	smtp_txn_end(s); /* RFC 5321 4.1.4: a hello is also a RSET */
	buf_clear(&s->helo);
	buf_add(&s->helo, name);
	s->have = (s->have & ~(unsigned)HAVE_ESMTP) | HAVE_HELO;
	return FAIL_NONE;
}

/* What the name alone says; that it exists is asked meanwhile, and waited for at MAIL. */
static enum smtp_reply
judge_name(struct smtp_session *s)
{
	const struct policy_settings *set = s->service->checks;
	struct net_address own;

	if (!smtp_is_judged(s) || set->helo == HELO_OFF)
		return REPLY_OK;
	if (net_address_parse(conn_local(s->conn), &own) != FAIL_NONE)
		own = (struct net_address){ 0 };
	switch (policy_hello_look(s->service->policy, buf_str(&s->helo), s->service->hostname,
	    conn_peer_address(s->conn), &own)) {
	case HELLO_GOOD: break;
	case HELLO_FORGED: return REPLY_HELLO_FORGED;
	case HELLO_NO_NAME:
		if (set->helo == HELO_STRICT)
			return REPLY_HELLO_NO_NAME;
	}
	if (set->helo == HELO_STRICT && !str_starts(buf_str(&s->helo), STR("["))) {
		policy_domain_start(s->service->policy, &s->hello, &s->task, buf_str(&s->helo),
		    true);
		s->has_hello_asked = true;
	}
	return REPLY_OK;
}

/* The greeting is not taken: the client may try another one. */
static enum smtp_state
refuse(struct smtp_session *s, enum smtp_reply reply)
{
	s->have &= ~(unsigned)(HAVE_HELO | HAVE_ESMTP);
	return smtp_say(s, reply);
}

static void
add_name(const struct smtp_session *s, const char *code)
{
	struct buf *out = conn_out(s->conn);

	buf_add_c(out, code);
	buf_add(out, s->service->hostname);
	buf_add(out, STR("\r\n"));
}

enum smtp_state
cmd_helo(struct smtp_session *s, struct str argument)
{
	enum smtp_reply reply;

	if (greet(s, argument) != FAIL_NONE)
		return smtp_say(s, REPLY_BAD_HELLO);
	reply = judge_name(s);
	if (reply != REPLY_OK)
		return refuse(s, reply);
	add_name(s, "250 ");
	return SMTP_READ_COMMAND;
}

enum smtp_state
cmd_ehlo(struct smtp_session *s, struct str argument)
{
	enum smtp_reply reply;

	if (greet(s, argument) != FAIL_NONE)
		return smtp_say(s, REPLY_BAD_HELLO);
	reply = judge_name(s);
	if (reply != REPLY_OK)
		return refuse(s, reply);
	s->have |= HAVE_ESMTP;
	add_name(s, "250-");
	smtp_extensions_write(s, conn_out(s->conn));
	return SMTP_READ_COMMAND;
}
