/* TLS as a filter of a connection: records below, plaintext above. */

/* system */
#include <string.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "net/filter.h"
#include "net/net.h"
#include "tls/chain.h"
#include "tls/context.h"
#include "tls/engine.h"
#include "tls/name.h"
#include "tls/trust.h"
#include "tls/verify.h"

#define WIRE_BYTES      (64 * 1024)   /* records gathered for one send(2) */
#define WIRE_MAX        (1024 * 1024) /* of records that the socket does not take */
#define RAW_MAX         (64 * 1024)   /* of records read and not yet decrypted */
#define ALPN_MAX        8
#define SERVER_NAME_MAX 256 /* with its NUL, as BearSSL keeps it */

struct tls {
	struct filter filter;
	struct engine engine;
	struct buf wire; /* records that the socket did not take yet */
	struct buf raw;  /* bytes that were read behind what the reader had room for */
	struct log log;
	struct policy policy;        /* server */
	struct tls_trust *trust;     /* client; own: a hold */
	struct verify *verify;       /* client; own; until the handshake is done */
	struct tls_session *session; /* client; borrow; until the handshake is done */
	const char *const *alpn;     /* borrow; static */
	struct buf chain;            /* client; what the server showed, if it is kept */
	unsigned chain_error;        /* client; what was wrong with it */
	bool is_server;
	bool is_done, is_resumed, is_verified;
	bool is_named;   /* client: there is a host name to verify */
	bool is_told;    /* its failure was logged */
	bool has_closed; /* our close_notify was made */
	bool is_ended;   /* the peer's bytes ended */
	unsigned char peer_sha256[32];
	union {
		br_ssl_server_context server;
		br_ssl_client_context client;
	} ssl;
};

_Static_assert(sizeof(struct tls) <= 4864, "an idle TLS connection stays under 6 KB");

static const struct filter_ops tls_ops;

/* Shared by all connections between engine_lend() and engine_return(). */
static struct {
	unsigned char wire[WIRE_BYTES];
	size_t wire_n;
	unsigned char raw[CONN_READ_BYTES];
} shared;

static struct tls *
tls_of(struct filter *f)
{
	return container_of(f, struct tls, filter);
}

static br_ssl_engine_context *
engine_of(struct tls *t)
{
	return t->engine.ssl;
}

/* --- records out ---------------------------------------------------------------------------- */

/* Give the socket what it takes; the rest waits in t->wire. */
static enum io
ship(struct tls *t)
{
	struct filter *below = t->filter.below;
	size_t put = 0;
	enum io io = IO_OK;

	while (t->wire.n > 0 && io == IO_OK) {
		io = below->ops->write(below, buf_str(&t->wire).p, t->wire.n, &put);
		if (io == IO_OK)
			buf_consume(&t->wire, put);
	}
	for (size_t at = 0; at < shared.wire_n; at += put) {
		if (io == IO_OK)
			io = below->ops->write(below, shared.wire + at, shared.wire_n - at, &put);
		if (io != IO_OK) {
			buf_add(&t->wire, str_of(shared.wire + at, shared.wire_n - at));
			break;
		}
	}
	shared.wire_n = 0;
	return io;
}

static enum io
put_wire(struct tls *t, const unsigned char *p, size_t n)
{
	enum io io = IO_OK;

	if (n > WIRE_BYTES - shared.wire_n)
		io = ship(t);
	if (io == IO_BROKEN)
		return io; /* what stayed in `shared` would go to the next connection */
	memcpy(shared.wire + shared.wire_n, p, n);
	shared.wire_n += n;
	return io;
}

/* All records that the engine has ready. */
static enum io
collect(struct tls *t)
{
	br_ssl_engine_context *ssl = engine_of(t);
	unsigned char *p;
	size_t n;
	enum io io = IO_OK;

	while ((p = br_ssl_engine_sendrec_buf(ssl, &n)) != NULL && io != IO_BROKEN) {
		io = put_wire(t, p, n);
		br_ssl_engine_sendrec_ack(ssl, n);
	}
	return io;
}

/* --- the handshake's end -------------------------------------------------------------------- */

static void
keep_session(struct tls *t)
{
	br_ssl_session_parameters now, before;

	if (t->session == NULL)
		return;
	_Static_assert(sizeof now <= sizeof t->session->bytes, "a session fits");
	br_ssl_engine_get_session_parameters(engine_of(t), &now);
	if (t->session->is_set) {
		memcpy(&before, t->session->bytes, sizeof before);
		t->is_resumed =
		    memcmp(before.master_secret, now.master_secret, sizeof now.master_secret) == 0;
	}
	memcpy(t->session->bytes, &now, sizeof now);
	t->session->is_set = now.session_id_len > 0;
	mem_wipe(&now, sizeof now);
	t->session = NULL;
}

static void
handshake_done(struct tls *t)
{
	struct verify *v = t->verify;

	t->is_done = true;
	t->is_resumed = t->is_server && t->policy.chosen == NULL;
	keep_session(t);
	if (v) {
		t->chain_error = v->error;
		t->is_verified = v->trust != NULL && v->error == 0 && t->is_named;
		memcpy(t->peer_sha256, v->sha256, sizeof t->peer_sha256);
		engine_of(t)->x509ctx = NULL;
		mem_free(v);
		t->verify = NULL;
	}
	log_debug(&t->log, "tls.done",
	    LOG_TEXT("suite", str_c(tls_suite_name(engine_suite(&t->engine)))),
	    LOG_NUM("resumed", t->is_resumed), LOG_NUM("verified", t->is_verified));
	conn_want_flush(t->filter.conn);
	conn_wake(t->filter.conn);
}

/* The engine gave up: say why in the log, and to the peer while it can still be said in clear. */
static void
tell_failure(struct tls *t)
{
	int error = br_ssl_engine_last_error(engine_of(t));
	uint8_t alert = tls_error_alert(error);
	unsigned char record[] = { 21, 3, 3, 0, 2, 2, alert };

	if (t->is_told || error == BR_ERR_OK)
		return;
	t->is_told = true;
	if (alert && engine_is_clear(&t->engine))
		put_wire(t, record, sizeof record);
	log_info(&t->log, t->is_done ? "tls.broken" : "tls.handshake.failed",
	    LOG_TEXT("error", str_c(tls_error_name(error))), LOG_NUM("code", error),
	    LOG_TEXT("name", str_c(br_ssl_engine_get_server_name(engine_of(t)))));
}

/* After the engine moved: notice what changed, send what came out. */
static enum io
settle(struct tls *t)
{
	enum io io = collect(t), shipped;

	if (!t->is_done && engine_is_open(&t->engine))
		handshake_done(t);
	tell_failure(t);
	shipped = ship(t);
	if (shipped == IO_AGAIN)
		conn_want_flush(t->filter.conn);
	return io == IO_BROKEN ? io : shipped;
}

/* --- the filter ----------------------------------------------------------------------------- */

/* Move plaintext that is ready into p; how much. */
static size_t
take_plain(struct tls *t, char *p, size_t n)
{
	size_t got = 0, ready;
	const unsigned char *from;

	while (got < n && (from = br_ssl_engine_recvapp_buf(engine_of(t), &ready)) != NULL) {
		ready = size_min(ready, n - got);
		memcpy(p + got, from, ready);
		br_ssl_engine_recvapp_ack(engine_of(t), ready);
		got += ready;
	}
	return got;
}

/* Feed records until the engine has plaintext or wants no more; how many bytes it took. */
static size_t
feed(struct tls *t, const char *p, size_t n)
{
	size_t fed = 0, room;
	unsigned char *to;

	while (fed < n && (to = br_ssl_engine_recvrec_buf(engine_of(t), &room)) != NULL) {
		room = size_min(room, n - fed);
		memcpy(to, p + fed, room);
		br_ssl_engine_recvrec_ack(engine_of(t), room);
		fed += room;
		if (collect(t) == IO_BROKEN)
			break;
	}
	return fed;
}

/* Plaintext out of records at `s`; *s is cut by what was used. */
static size_t
decrypt(struct tls *t, struct str *s, char *p, size_t n)
{
	size_t got = take_plain(t, p, n), fed;

	while (got < n && s->n > 0 && br_ssl_engine_current_state(engine_of(t)) != BR_SSL_CLOSED) {
		fed = feed(t, s->p, s->n);
		*s = str_from(*s, fed);
		if (fed == 0)
			break;
		got += take_plain(t, p + got, n - got);
	}
	return got;
}

/* Read from below once and decrypt; bytes without room go to t->raw. */
static enum io
read_below(struct tls *t, char *p, size_t n, size_t *got_out)
{
	struct filter *below = t->filter.below;
	size_t got = 0;
	enum io io = below->ops->read(below, shared.raw, sizeof shared.raw, &got);
	struct str s;

	if (io != IO_OK)
		return io;
	s = str_of(shared.raw, got);
	*got_out = decrypt(t, &s, p, n);
	if (br_ssl_engine_current_state(engine_of(t)) != BR_SSL_CLOSED)
		buf_add(&t->raw, s);
	return IO_OK;
}

static enum io
read_lent(struct tls *t, char *p, size_t n, size_t *got_out)
{
	struct str kept = buf_str(&t->raw);
	size_t before = kept.n;
	enum io io = IO_OK;

	*got_out = decrypt(t, &kept, p, n);
	buf_consume(&t->raw, before - kept.n);
	while (*got_out == 0 && io == IO_OK) {
		if (settle(t) == IO_BROKEN)
			return IO_BROKEN;
		if (br_ssl_engine_current_state(engine_of(t)) == BR_SSL_CLOSED)
			return br_ssl_engine_last_error(engine_of(t)) ? IO_BROKEN : IO_END;
		io = read_below(t, p, n, got_out);
	}
	if (*got_out > 0)
		return IO_OK;
	if (io == IO_END && !t->is_ended) {
		t->is_ended = true;
		log_debug(&t->log, "tls.truncated", LOG_NUM("done", t->is_done));
	}
	return io;
}

static enum io
tls_read(struct filter *f, void *p, size_t n, size_t *got_out)
{
	struct tls *t = tls_of(f);
	enum io io;

	engine_lend(&t->engine);
	io = read_lent(t, p, n, got_out);
	if (settle(t) == IO_BROKEN)
		io = IO_BROKEN;
	engine_return(&t->engine);
	return io;
}

static enum io
write_lent(struct tls *t, const unsigned char *p, size_t n, size_t *put_out)
{
	br_ssl_engine_context *ssl = engine_of(t);
	unsigned char *to;
	size_t put = 0, room;
	enum io io = IO_OK;

	while (put < n && io == IO_OK && t->wire.n == 0 &&
	    (to = br_ssl_engine_sendapp_buf(ssl, &room)) != NULL) {
		room = size_min(room, n - put);
		memcpy(to, p + put, room);
		br_ssl_engine_sendapp_ack(ssl, room);
		put += room;
		if (put == n)
			br_ssl_engine_flush(ssl, 0);
		io = collect(t);
	}
	*put_out = put;
	return io;
}

static enum io
tls_write(struct filter *f, const void *p, size_t n, size_t *put_out)
{
	struct tls *t = tls_of(f);
	enum io io;

	if (br_ssl_engine_current_state(engine_of(t)) == BR_SSL_CLOSED ||
	    engine_is_closing(&t->engine))
		return IO_BROKEN;
	/* First what the socket did not take last time: else nothing more is taken now, and no event
	 * would tell of a socket that was writable all along. */
	io = ship(t);
	if (io != IO_OK)
		return io;
	engine_lend(&t->engine);
	io = write_lent(t, p, n, put_out);
	if (io == IO_OK || io == IO_AGAIN)
		io = settle(t);
	engine_return(&t->engine);
	if (io == IO_AGAIN && *put_out > 0)
		return IO_OK; /* the next write, or flush, says again */
	return io == IO_OK && *put_out == 0 ? IO_AGAIN : io;
}

static enum io
tls_flush(struct filter *f)
{
	struct tls *t = tls_of(f);
	enum io io = ship(t);

	return io == IO_OK ? f->below->ops->flush(f->below) : io;
}

static enum io
tls_finish(struct filter *f)
{
	struct tls *t = tls_of(f);
	char waste[512];
	enum io io;

	engine_lend(&t->engine);
	if (!t->has_closed && t->is_done) {
		t->has_closed = true;
		while (take_plain(t, waste, sizeof waste) > 0)
			continue; /* BearSSL closes only when nothing is left to read */
		br_ssl_engine_close(engine_of(t));
	}
	io = settle(t);
	engine_return(&t->engine);
	return io == IO_OK ? f->below->ops->finish(f->below) : io;
}

static bool
tls_is_opening(const struct filter *f)
{
	return conn_filter(f->conn, &tls_ops) == f && !tls_is_done(f->conn);
}

static void
tls_free(struct filter *f)
{
	struct tls *t = tls_of(f);

	engine_release(&t->engine);
	buf_release(&t->wire);
	buf_release(&t->raw);
	buf_release(&t->chain);
	tls_context_free(&t->policy.context);
	tls_trust_free(&t->trust);
	mem_free(t->verify);
	mem_wipe(t, sizeof *t);
	mem_free(t);
}

static const struct filter_ops tls_ops = {
	.name = "tls",
	.is_tls = true,
	.read = tls_read,
	.write = tls_write,
	.flush = tls_flush,
	.finish = tls_finish,
	.is_opening = tls_is_opening,
	.free = tls_free,
};

/* --- beginning ------------------------------------------------------------------------------ */

static struct tls *
tls_new(struct conn *c)
{
	struct tls *t = mem_new(1, sizeof *t);

	t->filter.ops = &tls_ops;
	t->log = (struct log){ .room = "tls", .session = conn_id(c), .peer = conn_peer(c) };
	buf_init(&t->wire, WIRE_MAX);
	buf_init(&t->raw, RAW_MAX);
	return t;
}

static void
set_alpn(struct tls *t, const char *const *names)
{
	size_t n = 0;

	if (names == NULL)
		return;
	while (n < ALPN_MAX && names[n])
		n++;
	t->alpn = names;
	br_ssl_engine_set_protocol_names(engine_of(t), (const char **)(uintptr_t)names, n);
}

/* The first records wait in t->wire until the end of the turn, behind what was said in clear. */
static enum fail
push(struct tls *t, struct conn *c)
{
	enum fail fail;

	collect(t);
	buf_add(&t->wire, str_of(shared.wire, shared.wire_n));
	shared.wire_n = 0;
	engine_return(&t->engine);
	fail = conn_push(c, &t->filter);
	if (fail != FAIL_NONE)
		tls_free(&t->filter);
	else
		conn_want_flush(c);
	return fail;
}

enum fail
tls_accept(struct conn *c, struct tls_context *ctx)
{
	struct tls *t = tls_new(c);
	const struct listener *l = conn_listener(c);

	t->is_server = true;
	tls_context_prepare(tls_context_hold(ctx), &t->ssl.server, &t->policy);
	engine_begin(&t->engine, &t->ssl.server.eng);
	set_alpn(t, l && l->service ? l->service->alpn : NULL);
	br_ssl_server_reset(&t->ssl.server);
	return push(t, c);
}

/* The host name for SNI and verification; empty for addresses, which neither knows (RFC 6066 3). */
static void
host_name(struct str s, char out[SERVER_NAME_MAX])
{
	struct net_address address;

	out[0] = '\0';
	if (s.n >= SERVER_NAME_MAX || str_find_char(s, '\0') != STR_NONE ||
	    net_address_parse(s, &address) == FAIL_NONE)
		return;
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

enum fail
tls_client(struct conn *c, const struct tls_client_options *options)
{
	char name[SERVER_NAME_MAX];
	br_ssl_session_parameters before;
	bool is_resuming = options->session && options->session->is_set;
	struct tls *t;
	br_ssl_client_context *ssl;

	host_name(options->name, name);
	if (options->verify == TLS_VERIFY_REQUIRED && (name[0] == '\0' || options->trust == NULL))
		return FAIL_PERM;
	t = tls_new(c);
	ssl = &t->ssl.client;
	t->is_named = name[0] != '\0';
	t->trust = tls_trust_hold(options->trust);
	t->verify = mem_new(1, sizeof *t->verify);
	verify_init(t->verify, t->trust, options->verify == TLS_VERIFY_REQUIRED);
	buf_init(&t->chain, TLS_CHAIN_BYTES_MAX);
	if (options->keeps_chain)
		t->verify->chain = &t->chain;
	t->session = options->session;
	br_ssl_client_zero(ssl);
	engine_profile(&ssl->eng, false);
	br_ssl_engine_set_default_rsavrfy(&ssl->eng);
	br_ssl_engine_set_default_ecdsa(&ssl->eng);
	br_ssl_engine_set_x509(&ssl->eng, &t->verify->vtable);
	engine_begin(&t->engine, &ssl->eng);
	set_alpn(t, options->alpn);
	if (is_resuming) {
		memcpy(&before, options->session->bytes, sizeof before);
		br_ssl_engine_set_session_parameters(&ssl->eng, &before);
	}
	br_ssl_client_reset(ssl, name, is_resuming);
	return push(t, c);
}

/* --- facts ---------------------------------------------------------------------------------- */

bool
tls_facts(const struct conn *c, struct tls_facts *out)
{
	struct filter *f = conn_filter(c, &tls_ops);
	struct tls *t;
	int protocol;

	*out = (struct tls_facts){ 0 };
	if (f == NULL)
		return false;
	t = tls_of(f);
	protocol = engine_protocol(&t->engine);
	out->version = "TLS1.2";
	out->cipher = tls_suite_name(engine_suite(&t->engine));
	out->name = str_c(br_ssl_engine_get_server_name(engine_of(t)));
	out->protocol = protocol >= 0 && t->alpn ? t->alpn[protocol] : NULL;
	out->is_resumed = t->is_resumed;
	out->is_verified = t->is_verified;
	out->is_done = t->is_done;
	out->error = br_ssl_engine_last_error(engine_of(t));
	out->is_truncated = t->is_ended;
	out->error_name = out->error ? tls_error_name(out->error) : "";
	out->doubt = t->chain_error ? tls_error_name((int)t->chain_error) : "";
	memcpy(out->peer_sha256, t->peer_sha256, sizeof out->peer_sha256);
	return true;
}

struct str
tls_chain(const struct conn *c)
{
	struct filter *f = conn_filter(c, &tls_ops);

	return f && buf_ok(&tls_of(f)->chain) ? buf_str(&tls_of(f)->chain) : STR("");
}

void
tls_chain_drop(struct conn *c)
{
	struct filter *f = conn_filter(c, &tls_ops);

	if (f)
		buf_release(&tls_of(f)->chain);
}

/* --- channel binding ------------------------------------------------------------------------ */

const char *const tls_binding_names[] = {
	[TLS_BINDING_UNIQUE] = "tls-unique",
	[TLS_BINDING_END_POINT] = "tls-server-end-point",
};

_Static_assert(ARRAY_LEN(tls_binding_names) == TLS_BINDING_COUNT, "every binding has its name");

bool
tls_can_bind(const struct conn *c)
{
	struct filter *f = c ? conn_filter(c, &tls_ops) : NULL;

	return f && tls_of(f)->is_server && tls_context_can_bind(tls_of(f)->policy.context);
}

enum fail
tls_binding(const struct conn *c, enum tls_binding kind, struct buf *out)
{
	struct filter *f = conn_filter(c, &tls_ops);
	const struct credential *mine;
	struct tls *t;

	if (f == NULL || !tls_of(f)->is_done)
		return FAIL_MISSING;
	t = tls_of(f);
	if (kind == TLS_BINDING_UNIQUE) {
		/*
		 * A server between us and the client can lead two full handshakes to one master secret
		 * and then resume both sessions: the Finished messages are the same on both sides.
		 * Only the extended master secret stops that (RFC 7627 5.4), and BearSSL has none.
		 */
		if (t->is_resumed)
			return FAIL_PERM;
		buf_add(out, engine_client_finished(&t->engine));
		return FAIL_NONE;
	}
	mine = t->is_server ? policy_credential(&t->policy, &t->engine) : NULL;
	if (mine == NULL || mine->end_point_n == 0)
		return FAIL_PERM;
	buf_add(out, str_of(mine->end_point, mine->end_point_n));
	return FAIL_NONE;
}

bool
tls_is_done(const struct conn *c)
{
	struct filter *f = conn_filter(c, &tls_ops);

	return f && tls_of(f)->is_done;
}
