#include "directory/sasl.h"

/* base */
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "crypto/random.h"
#include "net/conn.h"
#include "tls/tls.h"

#define NONCE_CHARS 24 /* 142 bits: RFC 5802 5.1 asks that it never comes twice */

struct sasl_mechanism {
	const char *name;
	bool is_plaintext;
	bool is_plus;       /* bound to TLS */
	const char *prompt; /* the first challenge */
	enum sasl_state (*feed)(struct sasl *s, struct str message);
	enum sasl_state (*resume)(struct sasl *s);
};

static enum sasl_state
failed(struct sasl *s, enum fail fail)
{
	s->fail = fail;
	return SASL_FAILED;
}

static enum sasl_state
ask_login(struct sasl *s, struct str name, struct str secret)
{
	directory_login_start(s->directory, &s->query, s->owner, name, secret);
	return SASL_WAIT;
}

/* The directory's last word for PLAIN, LOGIN, and the end of SCRAM. */
static enum sasl_state
take_account(struct sasl *s)
{
	enum fail fail = s->query.op.fail;

	if (fail == FAIL_NONE && s->query.account.is_enabled)
		return s->is_for_another ? failed(s, FAIL_PERM) : SASL_DONE;
	if (fail == FAIL_NONE)
		return failed(s, FAIL_DENIED); /* SCRAM: disabled since its keys were read */
	return failed(s, fail == FAIL_MISSING ? FAIL_DENIED : fail);
}

/* --- PLAIN: [authzid] NUL authcid NUL passwd (RFC 4616 2) ------------------------------------ */

static enum sasl_state
plain_feed(struct sasl *s, struct str message)
{
	struct str authzid, name;

	if (!str_take_until(&message, '\0', &authzid) || !str_take_until(&message, '\0', &name))
		return failed(s, FAIL_SYNTAX);
	if (str_empty(name) || str_empty(message) || str_find_char(message, '\0') != STR_NONE)
		return failed(s, FAIL_SYNTAX);
	s->is_for_another = !str_empty(authzid) && !str_eq_nocase(authzid, name);
	return ask_login(s, name, message);
}

/* --- LOGIN: two questions, two answers (draft-murchison-sasl-login) --------------------------- */

static enum sasl_state
login_feed(struct sasl *s, struct str message)
{
	if (s->step == 1) {
		buf_add(&s->user, message);
		buf_add(&s->challenge, STR("Password:"));
		return SASL_SEND;
	}
	return ask_login(s, buf_str(&s->user), message);
}

/* --- SCRAM (RFC 5802 5) ------------------------------------------------------------------------ */

/* Somebody may sit between the client and us, with a TLS connection to each. */
static enum sasl_state
distrust(struct sasl *s, const char *reason)
{
	const struct log log = { .room = "directory",
		.session = conn_id(s->conn),
		.peer = conn_peer(s->conn) };

	log_warn(&log, "sasl.binding.wrong", LOG_TEXT("reason", str_c(reason)),
	    LOG_TEXT("name", buf_str(&s->scram.user)));
	return failed(s, FAIL_DENIED);
}

/* Find the data of the binding that the client chose; FAIL_PERM: we have no such binding here. */
static enum fail
bind_scram(struct sasl *s)
{
	struct buf data;
	enum fail fail = FAIL_PERM;

	buf_init(&data, SCRAM_BINDING_MAX);
	for (int kind = 0; kind < TLS_BINDING_COUNT; kind++) {
		if (str_eq(buf_str(&s->scram.binding), str_c(tls_binding_names[kind])))
			fail = tls_binding(s->conn, (enum tls_binding)kind, &data);
	}
	if (fail == FAIL_NONE)
		scram_bind(&s->scram, buf_str(&data));
	buf_release(&data);
	return fail;
}

static enum fail
take_first(struct sasl *s, struct str message)
{
	enum scram_choice choice = tls_can_bind(s->conn) ? SCRAM_BESIDE : SCRAM_UNBOUND;
	enum fail fail;

	if (s->mechanism->is_plus)
		choice = SCRAM_PLUS;
	fail = scram_client_first(&s->scram, choice, message);
	return fail == FAIL_NONE && s->mechanism->is_plus ? bind_scram(s) : fail;
}

static enum sasl_state
scram_feed(struct sasl *s, struct str message)
{
	enum fail fail;

	if (s->step == 1) {
		fail = take_first(s, message);
		if (fail == FAIL_DENIED)
			return distrust(s, "was not shown -PLUS");
		if (fail != FAIL_NONE)
			return failed(s, FAIL_SYNTAX);
		s->is_for_another = s->scram.authzid.n > 0 &&
		    !str_eq_nocase(buf_str(&s->scram.authzid), buf_str(&s->scram.user));
		directory_scram_start(s->directory, &s->query, s->owner, HASH_SHA256,
		    buf_str(&s->scram.user));
		return SASL_WAIT;
	}
	if (s->step == 2) {
		fail = scram_client_final(&s->scram, message, &s->challenge);
		if (s->scram.has_other_binding)
			return distrust(s, "bound to another connection");
		return fail == FAIL_NONE ? SASL_SEND : failed(s, fail);
	}
	/* the client's empty answer to our signature; now learn who that was */
	if (!str_empty(message))
		return failed(s, FAIL_SYNTAX);
	directory_account_start(s->directory, &s->query, s->owner, buf_str(&s->scram.user));
	return SASL_WAIT;
}

static enum sasl_state
scram_resume(struct sasl *s)
{
	struct buf nonce;

	if (s->step != 1)
		return take_account(s);
	if (s->query.op.fail != FAIL_NONE)
		return failed(s, s->query.op.fail);
	buf_init(&nonce, NONCE_CHARS);
	random_text(&nonce, NONCE_CHARS);
	scram_server_first(&s->scram, &s->query.scram, buf_str(&nonce), &s->challenge);
	buf_release(&nonce);
	return SASL_SEND;
}

/* --- the exchange ------------------------------------------------------------------------------ */

static const struct sasl_mechanism mechanisms[] = {
	{ "SCRAM-SHA-256-PLUS", false, true, "", scram_feed, scram_resume },
	{ "SCRAM-SHA-256", false, false, "", scram_feed, scram_resume },
	{ "PLAIN", true, false, "", plain_feed, take_account },
	{ "LOGIN", true, false, "Username:", login_feed, take_account },
};

const char *const sasl_names[] = { "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN", NULL };

static const struct sasl_mechanism *
find_mechanism(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++) {
		if (str_eq_nocase(name, str_c(mechanisms[i].name)))
			return &mechanisms[i];
	}
	return NULL;
}

static bool
is_offered(const struct sasl_mechanism *m, const struct conn *conn)
{
	return !m->is_plus || tls_can_bind(conn);
}

bool
sasl_is_offered(const char *name, const struct conn *conn)
{
	const struct sasl_mechanism *m = find_mechanism(str_c(name));

	return m && is_offered(m, conn);
}

bool
sasl_is_plaintext(struct str mechanism)
{
	const struct sasl_mechanism *m = find_mechanism(mechanism);

	return m && m->is_plaintext;
}

enum fail
sasl_start(struct sasl *s, struct directory *directory, struct task *owner, const struct conn *conn,
    struct str mechanism)
{
	const struct sasl_mechanism *m = find_mechanism(mechanism);

	sasl_release(s);
	if (m == NULL || !is_offered(m, conn))
		return FAIL_MISSING;
	s->mechanism = m;
	s->directory = directory;
	s->owner = owner;
	s->conn = conn;
	s->state = SASL_SEND;
	buf_init(&s->challenge, SASL_MESSAGE_MAX);
	buf_init_secret(&s->user, SASL_MESSAGE_MAX);
	scram_init(&s->scram);
	buf_add_c(&s->challenge, m->prompt);
	return FAIL_NONE;
}

enum sasl_state
sasl_feed(struct sasl *s, struct str message)
{
	invariant(s->state == SASL_SEND);
	s->step++;
	buf_clear(&s->challenge);
	s->state =
	    message.n > SASL_MESSAGE_MAX ? failed(s, FAIL_LIMIT) : s->mechanism->feed(s, message);
	return s->state;
}

enum sasl_state
sasl_resume(struct sasl *s)
{
	invariant(s->state == SASL_WAIT && !op_pending(&s->query.op));
	s->state = s->mechanism->resume(s);
	return s->state;
}

void
sasl_release(struct sasl *s)
{
	directory_query_release(&s->query);
	scram_release(&s->scram);
	buf_release(&s->user);
	buf_release(&s->challenge);
	*s = (struct sasl){ 0 };
}
