/*
 * Logging in at a smart host (RFC 4954): SCRAM-SHA-256 (RFC 7677), PLAIN (RFC 4616), or LOGIN, which many
 * hosts have and no RFC.
 *
 * Whatever goes wrong here the owner can mend, so that mail waits: FAIL_TEMP, and an error in the log.
 */

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/random.h"
#include "crypto/scram.h"
#include "smtpc/smtpc_private.h"

#define NONCE_CHARACTERS 24   /* 142 bits */
#define WORK_ITERATIONS  2000 /* about a millisecond */

void
auth_take_mechanisms(struct smtpc_inner *c, struct str words)
{
	static const struct {
		const char *name;
		unsigned bit;
	} names[] = { { "SCRAM-SHA-256", SMTPC_AUTH_SCRAM }, { "PLAIN", SMTPC_AUTH_PLAIN },
		{ "LOGIN", SMTPC_AUTH_LOGIN } };
	struct str word;

	while (str_next_part(&words, ' ', &word)) {
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			if (str_eq_nocase(word, str_c(names[i].name)))
				c->mechanisms |= names[i].bit;
		}
	}
}

/* The login failed, and it was not the host who said so. */
static enum smtpc_state
give_up(struct smtpc_inner *c, struct status status, const char *text)
{
	struct smtpc_answer answer = smtpc_answer_ours(c, status, text);

	answer.stage = SMTPC_AT_AUTH;
	log_error(&c->log, "smtpc.auth.failed", LOG_TEXT("host", c->order.host),
	    LOG_TEXT("reason", str_c(text)));
	return smtpc_end(c, FAIL_TEMP, answer, false);
}

/* A line of base64; the buffer of the connection is the only place where secrets pass through. */
static void
say_base64(struct smtpc_inner *c, struct str bytes)
{
	struct buf *out = conn_out(c->conn);

	base64_write(out, bytes);
	buf_add(out, STR("\r\n"));
}

static enum smtpc_state
begin_scram(struct smtpc_inner *c)
{
	struct buf nonce, message;
	enum fail fail;

	scram_login_release(&c->scram);
	scram_login_init(&c->scram, HASH_SHA256);
	buf_init(&nonce, NONCE_CHARACTERS);
	buf_init(&message, 4 * SCRAM_MESSAGE_MAX);
	random_text(&nonce, NONCE_CHARACTERS);
	fail = scram_login_first(&c->scram, c->order.user, buf_str(&nonce), &message);
	if (fail == FAIL_NONE) {
		buf_add(conn_out(c->conn), STR("AUTH SCRAM-SHA-256 "));
		say_base64(c, buf_str(&message));
	}
	buf_release(&nonce);
	buf_release(&message);
	if (fail != FAIL_NONE)
		return give_up(c, STATUS(4, 3, 5), "our user name there cannot be said");
	c->auth_step = SMTPC_AUTH_SCRAM_FIRST;
	return SMTPC_AUTH;
}

/* message = [authzid] NUL authcid NUL passwd (RFC 4616 2) */
static enum smtpc_state
begin_plain(struct smtpc_inner *c)
{
	struct str user = c->order.user, secret = c->order.secret;
	struct buf message;

	if (str_find_char(user, '\0') != STR_NONE || str_find_char(secret, '\0') != STR_NONE)
		return give_up(c, STATUS(4, 3, 5),
		    "our user name or password there cannot be said");
	buf_init_secret(&message, 2 * SCRAM_MESSAGE_MAX);
	buf_add_char(&message, '\0');
	buf_add(&message, user);
	buf_add_char(&message, '\0');
	buf_add(&message, secret);
	buf_add(conn_out(c->conn), STR("AUTH PLAIN "));
	say_base64(c, buf_str(&message));
	buf_release(&message);
	c->auth_step = SMTPC_AUTH_LAST;
	return SMTPC_AUTH;
}

/* The best of what is offered and may be used here. */
enum smtpc_state
auth_begin(struct smtpc_inner *c)
{
	bool is_private = conn_is_tls(c->conn) || conn_is_loopback(c->conn);

	if (c->mechanisms & SMTPC_AUTH_SCRAM)
		return begin_scram(c);
	if (c->mechanisms == 0)
		return give_up(c, STATUS(4, 7, 4), "it offers no way to log in that we know");
	if (!is_private)
		return give_up(c, STATUS(4, 7, 4), "our password would go there in clear");
	if (c->mechanisms & SMTPC_AUTH_PLAIN)
		return begin_plain(c);
	buf_add(conn_out(c->conn), STR("AUTH LOGIN\r\n"));
	c->auth_step = SMTPC_AUTH_LOGIN_USER;
	return SMTPC_AUTH;
}

static enum smtpc_state
take_challenge(struct smtpc_inner *c, struct str message)
{
	switch (scram_login_challenge(&c->scram, message, c->order.secret)) {
	case FAIL_NONE: return SMTPC_AUTH_WORK;
	case FAIL_LIMIT:
		return give_up(c, STATUS(4, 7, 5), "it asks for too much or too little work");
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	return smtpc_garbage(c);
}

/* The host proves that it knows our password; then an empty response lets it say 235 (RFC 4954 4). */
static enum smtpc_state
take_proof(struct smtpc_inner *c, struct str message)
{
	if (scram_login_verify(&c->scram, message) != FAIL_NONE)
		return give_up(c, STATUS(4, 7, 8),
		    "our password there is wrong, or it is not the host");
	say_base64(c, STR(""));
	c->auth_step = SMTPC_AUTH_LAST;
	return SMTPC_AUTH;
}

enum smtpc_state
auth_work(struct smtpc_inner *c)
{
	struct buf message;

	if (!scram_login_work(&c->scram, WORK_ITERATIONS))
		return SMTPC_MORE;
	buf_init(&message, 4 * SCRAM_MESSAGE_MAX);
	scram_login_final(&c->scram, &message);
	say_base64(c, buf_str(&message));
	buf_release(&message);
	c->auth_step = SMTPC_AUTH_SCRAM_FINAL;
	return SMTPC_AUTH;
}

/* 334: the text is a challenge in base64. */
static enum smtpc_state
go_on(struct smtpc_inner *c)
{
	struct buf message;
	enum smtpc_state next = SMTPC_AUTH;

	buf_init(&message, SMTPC_REPLY_LINE_MAX);
	switch (c->auth_step) {
	case SMTPC_AUTH_SCRAM_FIRST:
	case SMTPC_AUTH_SCRAM_FINAL:
		if (base64_parse(&message, str_trim(c->reply.line)) != FAIL_NONE)
			next = smtpc_garbage(c);
		else if (c->auth_step == SMTPC_AUTH_SCRAM_FIRST)
			next = take_challenge(c, buf_str(&message));
		else
			next = take_proof(c, buf_str(&message));
		break;
	case SMTPC_AUTH_LOGIN_USER:
		say_base64(c, c->order.user);
		c->auth_step = SMTPC_AUTH_LOGIN_SECRET;
		break;
	case SMTPC_AUTH_LOGIN_SECRET:
		say_base64(c, c->order.secret);
		c->auth_step = SMTPC_AUTH_LAST;
		break;
	case SMTPC_AUTH_LAST: next = smtpc_garbage(c); break;
	}
	buf_release(&message);
	return next;
}

enum smtpc_state
auth_reply(struct smtpc_inner *c)
{
	struct sorted sorted = smtpc_sorted(c, SMTPC_AT_AUTH);

	if (reply_is(&c->reply, 3))
		return go_on(c);
	if (sorted.fail == FAIL_NONE && c->auth_step == SMTPC_AUTH_LAST)
		return hello_done(c);
	if (sorted.fail == FAIL_NONE) /* SCRAM: who lets us in unproved is somebody else */
		return give_up(c, STATUS(4, 7, 0), "it let us in without being asked to the end");
	if (reply_is(&c->reply, 5))
		log_error(&c->log, "smtpc.auth.refused", LOG_TEXT("host", c->order.host),
		    LOG_NUM("code", c->reply.code), LOG_TEXT("text", buf_str(&c->reply.text)));
	return smtpc_end(c, sorted.fail, smtpc_answer_heard(c, SMTPC_AT_AUTH, sorted.status), true);
}
