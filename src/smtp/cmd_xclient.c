/*
 * XCLIENT: a proxy or filter before us says for whom it speaks, as Postfix defined it. Only from networks
 * that the owner names. The conversation begins again for that client.
 */
#include "smtp/extension.h"

/* rooms */
#include "envelope/xtext.h"
#include "net/networks.h"

#define XCLIENT_VALUE_MAX 255 /* bytes of one attribute: a host name */

struct xclient {
	struct net_address peer;
	struct buf helo;
	bool has_peer, is_smtp;
};

static bool
is_offered(const struct smtp_session *s)
{
	return !smtp_is_lmtp(s) &&
	    net_networks_have(s->service->settings->xclient_networks, &s->proxy);
}

static void
add_attributes(const struct smtp_session *s, struct buf *out)
{
	(void)s;
	buf_add(out, STR(" NAME ADDR PORT PROTO HELO DESTADDR DESTPORT"));
}

/* IPv6 addresses are written with a tag before them, as in address literals (RFC 5321 4.1.3). */
static bool
take_address(struct str value, struct xclient *x)
{
	static const struct str tag = STR_INIT("IPV6:");
	struct net_address address;
	uint16_t port = x->peer.port;

	if (str_starts_nocase(value, tag))
		value = str_from(value, tag.n);
	if (net_address_parse(value, &address) != FAIL_NONE)
		return false;
	x->peer = address;
	x->peer.port = port;
	x->has_peer = true;
	return true;
}

/* What is unknown is said as [UNAVAILABLE] or [TEMPUNAVAIL]. Names are looked up by ourselves. */
static bool
take_value(struct str name, struct str value, struct xclient *x)
{
	bool is_unknown =
	    str_eq(value, STR("[UNAVAILABLE]")) || str_eq(value, STR("[TEMPUNAVAIL]"));
	uint32_t port;

	if (str_eq_nocase(name, STR("ADDR")))
		return !is_unknown && take_address(value, x);
	if (str_eq_nocase(name, STR("PORT"))) {
		if (is_unknown)
			return true;
		if (!str_u32(&value, UINT16_MAX, &port) || value.n > 0)
			return false;
		x->peer.port = (uint16_t)port;
		return true;
	}
	if (str_eq_nocase(name, STR("HELO"))) {
		if (!is_unknown && path_is_hello_name(value))
			buf_add(&x->helo, value);
		return is_unknown || x->helo.n > 0;
	}
	if (str_eq_nocase(name, STR("PROTO"))) {
		x->is_smtp = str_eq_nocase(value, STR("SMTP"));
		return x->is_smtp || str_eq_nocase(value, STR("ESMTP"));
	}
	return str_eq_nocase(name, STR("NAME")) || str_eq_nocase(name, STR("DESTADDR")) ||
	    str_eq_nocase(name, STR("DESTPORT"));
}

static bool
take_attribute(struct str word, struct xclient *x)
{
	struct str name;
	struct buf value;
	bool is_good;

	if (!str_take_until(&word, '=', &name))
		return false;
	buf_init(&value, XCLIENT_VALUE_MAX);
	is_good = xtext_parse(&value, word) == FAIL_NONE && take_value(name, buf_str(&value), x);
	buf_release(&value);
	return is_good;
}

/* As if that client had just connected. */
static enum smtp_state
begin_again(struct smtp_session *s, const struct xclient *x)
{
	smtp_door_close(s);
	smtp_auth_forget(s);
	if (x->has_peer)
		conn_speak_for(s->conn, &x->peer);
	s->log.peer = conn_peer(s->conn);
	s->have &= HAVE_TLS;
	s->has_hello_asked = false;
	buf_clear(&s->helo);
	if (x->helo.n > 0) {
		buf_add(&s->helo, buf_str(&x->helo));
		s->have |= HAVE_HELO | (x->is_smtp ? 0 : HAVE_ESMTP);
	}
	log_info(&s->log, "smtp.xclient");
	return smtp_door_again(s);
}

enum smtp_state
cmd_xclient(struct smtp_session *s, struct str argument)
{
	struct xclient x = { .peer = *conn_peer_address(s->conn) };
	enum smtp_state next = SMTP_READ_COMMAND;
	bool is_good = !str_empty(argument);
	struct str word;

	if (!is_offered(s))
		return smtp_say(s, REPLY_NOT_HERE);
	buf_init(&x.helo, XCLIENT_VALUE_MAX);
	while (is_good && str_next_part(&argument, ' ', &word))
		is_good = str_empty(word) || take_attribute(word, &x);
	next = is_good ? begin_again(s, &x) : smtp_say(s, REPLY_SYNTAX);
	buf_release(&x.helo);
	return next;
}

const struct smtp_extension smtp_ext_xclient = {
	.keyword = "XCLIENT",
	.is_offered = is_offered,
	.add_words = add_attributes,
};
