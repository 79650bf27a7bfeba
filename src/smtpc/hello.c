/* From a connection to a host that can be given messages: greeting, EHLO, TLS. */

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "envelope/path.h"
#include "smtpc/smtpc_private.h"

#define LIMIT_MAX 999999 /* RFC 9422 4: values have six digits at most */

/* --- what the host offers ------------------------------------------------------------------- */

static void
take_size(struct smtpc_inner *c, struct str words)
{
	uint64_t n;

	if (str_u64(&words, UINT64_MAX, &n) && str_empty(words))
		c->s->size_max = n; /* 0: no limit that it would know of (RFC 1870 4) */
}

/* RFC 2852 2: the least time that it promises anything for. */
static void
take_by(struct smtpc_inner *c, struct str words)
{
	uint32_t n;

	if (str_u32(&words, INT32_MAX, &n))
		c->by_min_s = n;
}

/* RFC 9422 4: "RCPTMAX=100 MAILMAX=20"; other limits are for others to mind. */
static void
take_limits(struct smtpc_inner *c, struct str words)
{
	struct str word, name;
	uint32_t n;

	while (str_next_part(&words, ' ', &word)) {
		if (!str_take_until(&word, '=', &name) || !str_u32(&word, LIMIT_MAX, &n) ||
		    !str_empty(word) || n == 0)
			continue;
		if (str_eq_nocase(name, STR("MAILMAX")))
			c->s->mail_max = n;
		else if (str_eq_nocase(name, STR("RCPTMAX")) && n < c->s->rcpt_max)
			c->s->rcpt_max = n;
	}
}

static const struct {
	const char *name;
	unsigned bit;
	void (*take)(struct smtpc_inner *c, struct str words); /* or NULL */
} offers[] = {
	{ "PIPELINING", SMTPC_HAS_PIPELINING, NULL },      /* RFC 2920 */
	{ "SIZE", SMTPC_HAS_SIZE, take_size },             /* RFC 1870 */
	{ "8BITMIME", SMTPC_HAS_8BITMIME, NULL },          /* RFC 6152 */
	{ "CHUNKING", SMTPC_HAS_CHUNKING, NULL },          /* RFC 3030 */
	{ "BINARYMIME", SMTPC_HAS_BINARYMIME, NULL },      /* RFC 3030 */
	{ "SMTPUTF8", SMTPC_HAS_SMTPUTF8, NULL },          /* RFC 6531 */
	{ "DSN", SMTPC_HAS_DSN, NULL },                    /* RFC 3461 */
	{ "REQUIRETLS", SMTPC_HAS_REQUIRETLS, NULL },      /* RFC 8689 */
	{ "DELIVERBY", SMTPC_HAS_DELIVERBY, take_by },     /* RFC 2852 */
	{ "MT-PRIORITY", SMTPC_HAS_PRIORITY, NULL },       /* RFC 6710 */
	{ "STARTTLS", SMTPC_HAS_STARTTLS, NULL },          /* RFC 3207 */
	{ "ENHANCEDSTATUSCODES", SMTPC_HAS_STATUS, NULL }, /* RFC 2034 */
	{ "LIMITS", 0, take_limits },                      /* RFC 9422 */
	{ "AUTH", 0, auth_take_mechanisms },               /* RFC 4954 */
};

/* ehlo-line = ehlo-keyword *( SP ehlo-param ). Liberal: "AUTH=PLAIN" too, as hosts of the 1990s say. */
void
hello_take_line(struct smtpc_inner *c, struct str line)
{
	size_t n = 0;
	struct str name;

	line = str_trim(line);
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '=')
		n++;
	name = str_head(line, n);
	for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
		if (!str_eq_nocase(name, str_c(offers[i].name)))
			continue;
		c->s->has |= offers[i].bit;
		if (offers[i].take)
			offers[i].take(c, str_trim(str_from(line, n + 1)));
	}
}

/* What was said before TLS, or before HELO, counts no more (RFC 3207 4.2). */
static void
forget_offers(struct smtpc_inner *c)
{
	c->s->has = 0;
	c->s->size_max = 0;
	c->s->rcpt_max = (size_t)c->settings->rcpt_max;
	c->s->mail_max = 0;
	c->mechanisms = 0;
	c->by_min_s = 0;
}

/* --- hello ---------------------------------------------------------------------------------- */

/* RFC 5321 4.1.4: who has no name says its address. */
static void
add_literal(struct buf *out, struct conn *conn)
{
	struct str local = conn_local(conn);

	if (conn_peer_address(conn)->family == NET_ADDRESS_UNIX || str_empty(local)) {
		buf_add(out, STR("localhost"));
		return;
	}
	buf_add_char(out, '[');
	if (str_find_char(local, ':') != STR_NONE)
		buf_add(out, STR("IPv6:"));
	buf_add(out, local);
	buf_add_char(out, ']');
}

void
hello_say(struct smtpc_inner *c, const char *verb)
{
	struct buf *out = conn_out(c->conn);
	struct str name = str_empty(c->order.helo) ? c->settings->helo : c->order.helo;

	forget_offers(c);
	buf_add_c(out, verb);
	if (path_is_hello_name(name))
		buf_add(out, name);
	else
		add_literal(out, c->conn);
	buf_add(out, STR("\r\n"));
}

enum smtpc_state
hello_greeting(struct smtpc_inner *c)
{
	struct sorted sorted = smtpc_sorted(c, SMTPC_AT_GREETING);

	if (reply_is(&c->reply, 3))
		return smtpc_garbage(c);
	if (sorted.fail == FAIL_NONE)
		return SMTPC_EHLO;
	return smtpc_end(c, sorted.fail, smtpc_answer_heard(c, SMTPC_AT_GREETING, sorted.status),
	    true);
}

enum smtpc_state
hello_done(struct smtpc_inner *c)
{
	struct smtpc *s = c->s;

	log_debug(&c->log, "smtpc.connected", LOG_TEXT("host", c->order.host),
	    LOG_NUM("port", conn_peer_port(c->conn)),
	    LOG_TEXT("tls", str_c(s->is_tls ? s->tls.cipher : "no")),
	    LOG_NUM("verified", s->is_tls && s->tls.is_verified));
	scram_login_release(&c->scram);
	c->order = (struct smtpc_order){ 0 }; /* its texts are the caller's again */
	tls_trust_free(&c->trust);
	s->is_open = true;
	op_finish(&s->op, FAIL_NONE);
	return SMTPC_IDLE;
}

/* TLS has to be and is not offered. */
static enum smtpc_state
tls_lacking(struct smtpc_inner *c)
{
	bool is_demanded = c->order.is_demanded;
	struct smtpc_answer answer =
	    smtpc_answer_ours(c, is_demanded ? STATUS(4, 7, 10) : STATUS(5, 7, 10),
		is_demanded ? tls_result_words[TLS_RESULT_NO_STARTTLS]
			    : "it does not offer TLS, which has to be");

	answer.stage = SMTPC_AT_TLS;
	return smtpc_end(c, is_demanded ? FAIL_TEMP : FAIL_PERM, answer, true);
}

/* The host is known: TLS first, then who we are, then it is ready. */
static enum smtpc_state
after_hello(struct smtpc_inner *c)
{
	enum smtpc_tls tls = c->order.tls;

	if (!c->s->is_tls && tls != SMTPC_TLS_NEVER && !c->is_tls_refused) {
		if (c->s->has & SMTPC_HAS_STARTTLS)
			return SMTPC_STARTTLS;
		c->s->result = TLS_RESULT_NO_STARTTLS;
		if (tls != SMTPC_TLS_MAY)
			return tls_lacking(c);
	}
	return c->order.auth == SMTPC_AUTH_NONE ? hello_done(c) : auth_begin(c);
}

/* The reply to EHLO, LHLO or HELO. */
enum smtpc_state
hello_reply(struct smtpc_inner *c)
{
	struct sorted sorted = smtpc_sorted(c, SMTPC_AT_HELLO);

	if (reply_is(&c->reply, 3))
		return smtpc_garbage(c);
	if (sorted.fail == FAIL_NONE) {
		if (c->state == SMTPC_EHLO)
			c->s->has |= SMTPC_HAS_ESMTP;
		if (!c->s->is_tls) /* RFC 8689 2: it means nothing in clear */
			c->s->has &= ~(unsigned)SMTPC_HAS_REQUIRETLS;
		return after_hello(c);
	}
	if (c->state == SMTPC_EHLO && !c->is_lmtp && smtpc_sort_is_helo_worth(&c->reply))
		return SMTPC_HELO;
	return smtpc_end(c, sorted.fail, smtpc_answer_heard(c, SMTPC_AT_HELLO, sorted.status),
	    true);
}

/* --- TLS ------------------------------------------------------------------------------------ */

/* TLS will not come about on this connection, for good or not. */
static enum smtpc_state
tls_failed(struct smtpc_inner *c, enum fail fail, const char *text)
{
	struct status status = STATUS(fail == FAIL_PERM ? 5 : 4, 7, 5);
	struct smtpc_answer answer = smtpc_answer_ours(c, status, text);

	answer.stage = SMTPC_AT_TLS;
	c->s->is_tls_failed = true;
	return smtpc_end(c, fail, answer, false);
}

/* Addresses, and what nobody is trusted for, cannot be verified. */
static bool
is_verifiable(const struct smtpc_inner *c)
{
	struct net_address address;

	return c->trust && !str_empty(c->order.host) &&
	    net_address_parse(c->order.host, &address) != FAIL_NONE;
}

static enum smtpc_state
start_tls(struct smtpc_inner *c)
{
	bool must_verify = c->order.tls == SMTPC_TLS_VERIFIED;
	bool is_dane = c->order.tls == SMTPC_TLS_DANE;
	const struct tls_client_options options = { .name = is_dane
		    ? c->order.dane->names[0]
		    : c->order.host, /* RFC 7672 8.1 */
		.trust = c->trust,
		.keeps_chain = is_dane,
		.verify = must_verify ? TLS_VERIFY_REQUIRED : TLS_VERIFY_RECORDED };

	if (must_verify && !is_verifiable(c))
		return tls_failed(c, FAIL_PERM, "there is no name to verify a certificate by");
	/* Bytes that came before the handshake are nobody's word: they refuse the filter (RFC 3207 6). */
	if (tls_client(c->conn, &options) != FAIL_NONE)
		return tls_failed(c, FAIL_TEMP, "it spoke before TLS had begun");
	return SMTPC_HANDSHAKE;
}

enum smtpc_state
hello_starttls(struct smtpc_inner *c)
{
	struct sorted sorted = smtpc_sorted(c, SMTPC_AT_TLS);

	if (reply_is(&c->reply, 3))
		return smtpc_garbage(c);
	if (sorted.fail == FAIL_NONE)
		return start_tls(c);
	c->is_tls_refused = true;
	c->s->result = TLS_RESULT_NO_STARTTLS;
	if (c->order.tls == SMTPC_TLS_MAY)
		return after_hello(c);
	if (c->order.is_demanded)
		sorted.fail = FAIL_TEMP;
	/* Whatever it names as the reason, to us this is "encryption needed" (RFC 8689 4.2.1 has it). */
	sorted.status = STATUS(sorted.fail == FAIL_PERM ? 5 : 4, 7, 10);
	return smtpc_end(c, sorted.fail, smtpc_answer_heard(c, SMTPC_AT_TLS, sorted.status), true);
}

/* What BearSSL says of a certificate, as reports have it (RFC 8460 4.3.1). */
static enum tls_result
result_of(const char *error_name)
{
	static const struct {
		const char *error;
		enum tls_result result;
	} rows[] = {
		{ "", TLS_RESULT_SUCCESS },
		{ "BR_ERR_X509_BAD_SERVER_NAME", TLS_RESULT_HOST_MISMATCH },
		{ "BR_ERR_X509_EXPIRED", TLS_RESULT_EXPIRED },
		{ "BR_ERR_X509_NOT_TRUSTED", TLS_RESULT_NOT_TRUSTED },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_eq(str_c(error_name), str_c(rows[i].error)))
			return rows[i].result;
	return TLS_RESULT_INVALID;
}

/* The host showed who it is before a word was said over TLS; is it the one that its domain speaks of? */
static enum tls_result
judge_by_dane(struct smtpc_inner *c)
{
	struct dane_question q = *c->order.dane;
	enum tls_result result;

	q.chain = tls_chain(c->conn);
	q.now_s = clock_wall_s();
	result = dane_match(&q).result;
	tls_chain_drop(c->conn);
	return result;
}

static enum smtpc_state
handshake_done(struct smtpc_inner *c)
{
	struct smtpc *s = c->s;
	bool is_dane = c->order.tls == SMTPC_TLS_DANE;

	s->is_tls = tls_facts(c->conn, &s->tls);
	s->tls.name = STR(""); /* a server's fact, and it would go with the connection */
	s->result = is_dane ? judge_by_dane(c) : result_of(s->tls.doubt);
	if (s->result != TLS_RESULT_SUCCESS)
		s->reason = is_dane ? tls_result_words[s->result] : s->tls.doubt;
	if (is_dane && s->result != TLS_RESULT_SUCCESS)
		return tls_failed(c, FAIL_TEMP, tls_result_words[s->result]);
	s->is_authentic = is_dane || s->tls.is_verified;
	return c->order.is_implicit_tls ? SMTPC_GREETING : SMTPC_EHLO;
}

enum smtpc_state
hello_handshake(struct smtpc_inner *c)
{
	struct tls_facts facts;
	bool has_error, is_about_certificate;
	const char *text;

	conn_peek(c->conn);
	if (tls_is_done(c->conn))
		return handshake_done(c);
	if (!conn_closed(c->conn) && !conn_expired(c->conn))
		return SMTPC_STAY;
	text = conn_closed(c->conn) ? "the TLS handshake failed" : "no TLS handshake in time";
	has_error = tls_facts(c->conn, &facts) && facts.error != 0;
	is_about_certificate = has_error && str_starts(str_c(facts.error_name), STR("BR_ERR_X509"));
	c->s->reason = has_error ? facts.error_name : text;
	c->s->result = is_about_certificate ? result_of(facts.error_name) : TLS_RESULT_INVALID;
	if (is_about_certificate && c->order.is_demanded)
		return tls_failed(c, FAIL_TEMP, tls_result_words[c->s->result]);
	if (is_about_certificate && c->order.tls == SMTPC_TLS_VERIFIED)
		return tls_failed(c, FAIL_PERM, "its certificate is not right for its name");
	return tls_failed(c, FAIL_TEMP, text);
}

/* --- connected, or not ---------------------------------------------------------------------- */

static void
note_local(struct smtpc_inner *c)
{
	struct str local = conn_local(c->conn);

	if (conn_peer_address(c->conn)->family != NET_ADDRESS_UNIX && local.n < sizeof c->s->local)
		memcpy(c->s->local, local.p, local.n); /* zeroed before */
}

enum smtpc_state
hello_connected(struct smtpc_inner *c)
{
	if (c->dial.op.fail == FAIL_PERM) { /* the owner's setting: he will mend it, mail waits */
		log_error(&c->log, "smtpc.source", LOG_TEXT("host", c->order.host));
		return smtpc_end(c, FAIL_TEMP,
		    smtpc_answer_ours(c, STATUS(4, 3, 5),
			"our own end of the connection is set up wrongly"),
		    false);
	}
	if (c->dial.op.fail != FAIL_NONE)
		return smtpc_end(c, FAIL_TEMP,
		    smtpc_answer_ours(c, STATUS(4, 4, 1), "no connection"), false);
	c->conn = c->dial.conn;
	c->dial.conn = NULL;
	c->log.session = conn_id(c->conn);
	c->log.peer = conn_peer(c->conn);
	conn_attach(c->conn, &c->task);
	note_local(c);
	return c->order.is_implicit_tls ? start_tls(c) : SMTPC_GREETING;
}
