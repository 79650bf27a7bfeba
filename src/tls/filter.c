/* TLS as a filter of a connection: records below, plaintext above. */
#include "tls/connection.h"

/* system */
#include <string.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "net/net.h"
#include "tls/name.h"

#define WIRE_BYTES (64 * 1024)   /* records gathered for one send(2) */
#define WIRE_MAX   (1024 * 1024) /* of records that the socket does not take */
#define RAW_MAX    (64 * 1024)   /* of records read and not yet decrypted */

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
	br_ssl_engine_context *ssl = t->engine.ssl;
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
	br_ssl_engine_get_session_parameters(t->engine.ssl, &now);
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
		t->engine.ssl->x509ctx = NULL;
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
	int error = br_ssl_engine_last_error(t->engine.ssl);
	uint8_t alert = tls_error_alert(error);
	unsigned char record[] = { 21, 3, 3, 0, 2, 2, alert };

	if (t->is_told || error == BR_ERR_OK)
		return;
	t->is_told = true;
	if (alert && engine_is_clear(&t->engine))
		put_wire(t, record, sizeof record);
	log_info(&t->log, t->is_done ? "tls.broken" : "tls.handshake.failed",
	    LOG_TEXT("error", str_c(tls_error_name(error))), LOG_NUM("code", error),
	    LOG_TEXT("name", str_c(br_ssl_engine_get_server_name(t->engine.ssl))));
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

	while (got < n && (from = br_ssl_engine_recvapp_buf(t->engine.ssl, &ready)) != NULL) {
		ready = size_min(ready, n - got);
		memcpy(p + got, from, ready);
		br_ssl_engine_recvapp_ack(t->engine.ssl, ready);
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

	while (fed < n && (to = br_ssl_engine_recvrec_buf(t->engine.ssl, &room)) != NULL) {
		room = size_min(room, n - fed);
		memcpy(to, p + fed, room);
		br_ssl_engine_recvrec_ack(t->engine.ssl, room);
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

	while (got < n && s->n > 0 && br_ssl_engine_current_state(t->engine.ssl) != BR_SSL_CLOSED) {
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
	if (br_ssl_engine_current_state(t->engine.ssl) != BR_SSL_CLOSED)
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
		if (br_ssl_engine_current_state(t->engine.ssl) == BR_SSL_CLOSED)
			return br_ssl_engine_last_error(t->engine.ssl) ? IO_BROKEN : IO_END;
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
	br_ssl_engine_context *ssl = t->engine.ssl;
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

	if (br_ssl_engine_current_state(t->engine.ssl) == BR_SSL_CLOSED ||
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
		br_ssl_engine_close(t->engine.ssl);
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

const struct filter_ops tls_ops = {
	.name = "tls",
	.is_tls = true,
	.read = tls_read,
	.write = tls_write,
	.flush = tls_flush,
	.finish = tls_finish,
	.is_opening = tls_is_opening,
	.free = tls_free,
};

/* --- its beginning --------------------------------------------------------------------------- */

struct tls *
tls_begin(struct conn *c)
{
	struct tls *t = mem_new(1, sizeof *t);

	t->filter.ops = &tls_ops;
	t->log = (struct log){ .room = "tls", .session = conn_id(c), .peer = conn_peer(c) };
	buf_init(&t->wire, WIRE_MAX);
	buf_init(&t->raw, RAW_MAX);
	return t;
}

/* The first records wait in t->wire until the end of the turn, behind what was said in clear. */
enum fail
tls_push(struct tls *t, struct conn *c)
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
