/* Our client against our server, in memory. */

/* system */
#include <bearssl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "net/memory.h"
#include "tls/tls.h"

#define DATA "test/unit/tls/data/"

static struct loop loop;
static struct net net;
static struct tls_context *context; /* rsa, ec, p384 */
static struct tls_trust *root;

static const char *const imap_alpn[] = { "imap", NULL };
static const char *const other_alpn[] = { "http/1.1", "imap", NULL };
static struct service service = { .name = "test", .alpn = imap_alpn };
static struct listener listener = { .service = &service };

/* One end: takes everything that comes and keeps it. */
struct end {
	struct task task;
	struct conn *conn;
	struct buf got;
	bool has_ended;
};

static enum step
end_step(struct task *t)
{
	struct end *e = container_of(t, struct end, task);
	struct str s;

	while (!str_empty(s = conn_take(e->conn, 100000)))
		buf_add(&e->got, s);
	e->has_ended = conn_closed(e->conn);
	return STEP_WAIT;
}

static void
end_start(struct end *e, struct conn *c)
{
	*e = (struct end){ .conn = c };
	buf_init(&e->got, 1 << 24);
	loop_task(&loop, &e->task, end_step, NULL);
	conn_attach(c, &e->task);
}

static void
end_stop(struct end *e)
{
	conn_free(&e->conn);
	task_cancel(&e->task);
	buf_release(&e->got);
}

static void
pump(struct end *a, struct end *b, size_t piece)
{
	for (int quiet = 0; quiet < 3;) {
		loop_turn(&loop, 0);
		quiet = conn_memory_pump(a->conn, b->conn, piece) ? 0 : quiet + 1;
	}
}

static void
start_pair(struct end *server, struct end *client, const struct tls_client_options *options)
{
	end_start(server, conn_memory(&net, &listener, STR("192.0.2.1")));
	end_start(client, conn_memory(&net, NULL, STR("192.0.2.2")));
	invariant(tls_accept(server->conn, context) == FAIL_NONE);
	invariant(tls_client(client->conn, options) == FAIL_NONE);
}

static void
stop_pair(struct end *server, struct end *client)
{
	end_stop(server);
	end_stop(client);
}

/* --- who is chosen, who is trusted ---------------------------------------------------------- */

static const struct {
	const char *name, *host;
	enum tls_verify verify;
	bool has_trust, is_done, is_verified;
	const char *kind; /* in the suite's name */
	const char *client_error;
} verify_rows[] = {
	{ "exact name, both kinds", "mail.example.test", TLS_VERIFY_REQUIRED, true, true, true,
	    "ECDHE_", "" },
	{ "wildcard name has RSA only", "pop.example.test", TLS_VERIFY_REQUIRED, true, true, true,
	    "ECDHE_RSA_", "" },
	{ "other name", "other.test", TLS_VERIFY_REQUIRED, true, true, true, "ECDHE_ECDSA_", "" },
	{ "unknown name", "unknown.test", TLS_VERIFY_REQUIRED, true, false, false, "",
	    "BR_ERR_X509_BAD_SERVER_NAME" },
	{ "unknown name, opportunistic", "unknown.test", TLS_VERIFY_RECORDED, true, true, false,
	    "ECDHE_", "" },
	{ "opportunistic and right", "other.test", TLS_VERIFY_RECORDED, true, true, true,
	    "ECDHE_ECDSA_", "" },
	{ "opportunistic without trust", "other.test", TLS_VERIFY_RECORDED, false, true, false,
	    "ECDHE_ECDSA_", "" },
	{ "address instead of a name", "192.0.2.1", TLS_VERIFY_RECORDED, true, true, false,
	    "ECDHE_", "" },
};

static void
test_verify(size_t row, size_t piece)
{
	struct end server, client;
	struct tls_client_options options = { .name = str_c(verify_rows[row].host),
		.trust = verify_rows[row].has_trust ? root : NULL,
		.verify = verify_rows[row].verify,
		.alpn = other_alpn };
	struct tls_facts s = { 0 }, c = { 0 };

	start_pair(&server, &client, &options);
	buf_add_c(conn_out(server.conn), "* OK hello\r\n");
	buf_add_c(conn_out(client.conn), "a login\r\n");
	pump(&server, &client, piece);
	CHECK(tls_facts(server.conn, &s) && tls_facts(client.conn, &c));
	CHECK(conn_is_tls(server.conn) && conn_is_tls(client.conn));
	CHECK(c.is_done == verify_rows[row].is_done);
	CHECK(c.is_verified == verify_rows[row].is_verified);
	CHECK_STR(str_c(c.error_name), str_c(verify_rows[row].client_error));
	if (verify_rows[row].is_done) {
		CHECK_STR(buf_str(&server.got), STR("a login\r\n"));
		CHECK_STR(buf_str(&client.got), STR("* OK hello\r\n"));
		CHECK(str_starts(str_c(c.cipher), str_c(verify_rows[row].kind)));
		CHECK_STR(str_c(c.cipher), str_c(s.cipher));
		CHECK_STR(str_c(s.protocol), STR("imap"));
		CHECK_STR(str_c(c.protocol), STR("imap"));
		CHECK(s.is_done && !s.is_resumed && !c.is_resumed);
		if (piece == SIZE_MAX && verify_rows[row].verify == TLS_VERIFY_REQUIRED)
			CHECK_STR(s.name, str_c(verify_rows[row].host));
	} else {
		CHECK(client.has_ended && client.got.n == 0);
	}
	stop_pair(&server, &client);
}

static void
test_own_context(const char *chain, const char *key, const char *name, const char *error)
{
	struct tls_files files = { str_c(chain), str_c(key) };
	struct tls_options options = { .files = &files, .file_count = 1 };
	struct tls_context *all = context;
	struct tls_client_options client_options = { .name = str_c(name), .trust = root };
	struct end server, client;
	struct tls_facts c = { 0 };
	struct buf why = { .max = 1000 };

	invariant(tls_context_load(&context, &options, &why) == FAIL_NONE);
	start_pair(&server, &client, &client_options);
	tls_context_free(&context); /* the connection holds it */
	context = all;
	pump(&server, &client, SIZE_MAX);
	tls_facts(client.conn, &c);
	CHECK_STR(str_c(c.error_name), str_c(error));
	CHECK(c.is_done == (error[0] == '\0'));
	stop_pair(&server, &client);
	buf_release(&why);
}

static void
test_self_signed(void)
{
	char chain[256], key[256];
	struct buf why = { .max = 1000 };
	struct tls_files files;
	struct tls_trust *own = NULL, *saved = root;

	snprintf(chain, sizeof chain, "%s/chain.pem", test_folder());
	snprintf(key, sizeof key, "%s/key.pem", test_folder());
	files = (struct tls_files){ str_c(chain), str_c(key) };
	invariant(tls_write_self_signed(STR("mail.example.test"), 30, &files, &why) == FAIL_NONE);
	TEST_ROW("self-signed, not trusted");
	test_own_context(chain, key, "mail.example.test", "BR_ERR_X509_NOT_TRUSTED");
	TEST_ROW("self-signed, trusted");
	invariant(tls_trust_load(&own, str_c(chain), &why) == FAIL_NONE);
	root = own;
	test_own_context(chain, key, "mail.example.test", "");
	root = saved;
	tls_trust_free(&own);
	buf_release(&why);
}

/* --- sessions ------------------------------------------------------------------------------- */

static void
test_resume(void)
{
	struct tls_session session = { 0 };
	struct tls_client_options options = { .name = STR("other.test"),
		.trust = root,
		.session = &session };
	struct end server, client;
	struct tls_facts s = { 0 }, c = { 0 };

	for (int i = 0; i < 3; i++) {
		TEST_ROW(i == 0 ? "session made" : "session resumed");
		start_pair(&server, &client, &options);
		buf_add_c(conn_out(client.conn), "hello");
		pump(&server, &client, SIZE_MAX);
		CHECK(tls_facts(server.conn, &s) && tls_facts(client.conn, &c));
		CHECK(s.is_done && c.is_done && session.is_set);
		CHECK(s.is_resumed == (i > 0) && c.is_resumed == (i > 0));
		CHECK_STR(buf_str(&server.got), STR("hello"));
		stop_pair(&server, &client);
	}
}

/* --- transfer ------------------------------------------------------------------------------- */

#define BIG 700000

static void
fill(struct buf *b, unsigned seed)
{
	char *p = buf_room(b, BIG);

	for (size_t i = 0; i < BIG; i++)
		p[i] = (char)((i * 7 + i / 251 + seed) & 0xff);
	buf_grow(b, BIG);
}

static void
test_big(size_t piece, size_t most)
{
	struct tls_client_options options = { .name = STR("other.test"), .trust = root };
	struct end server, client;
	struct buf a, b;

	buf_init(&a, BIG);
	buf_init(&b, BIG);
	fill(&a, 1);
	fill(&b, 2);
	start_pair(&server, &client, &options);
	buf_add(conn_out(server.conn), buf_str(&a));
	buf_add(conn_out(client.conn), buf_str(&b));
	for (size_t done = 0; done < BIG;) {
		loop_turn(&loop, 0);
		conn_memory_accept(server.conn, most); /* a slow peer */
		conn_memory_pump(server.conn, client.conn, piece);
		done = client.got.n < server.got.n ? client.got.n : server.got.n;
	}
	CHECK(str_eq(buf_str(&client.got), buf_str(&a)));
	CHECK(str_eq(buf_str(&server.got), buf_str(&b)));
	CHECK(conn_drained(server.conn));
	TEST_ROW("records are packed well");
	conn_memory_accept(server.conn, SIZE_MAX);
	conn_memory_forget(server.conn);
	buf_add(conn_out(server.conn), str_head(buf_str(&a), 65536));
	loop_turn(&loop, 0);
	CHECK(conn_memory_sent(server.conn).n < 65536 + 5 * 40);
	stop_pair(&server, &client);
	buf_release(&a);
	buf_release(&b);
}

static void
test_close(void)
{
	struct tls_client_options options = { .name = STR("other.test"), .trust = root };
	struct end server, client;
	struct tls_facts c = { 0 };

	TEST_ROW("close_notify");
	start_pair(&server, &client, &options);
	pump(&server, &client, SIZE_MAX);
	buf_add_c(conn_out(server.conn), "bye");
	conn_finish(server.conn);
	pump(&server, &client, SIZE_MAX);
	CHECK_STR(buf_str(&client.got), STR("bye"));
	CHECK(client.has_ended && conn_drained(server.conn));
	CHECK(conn_memory_finished(server.conn));
	CHECK(tls_facts(client.conn, &c) && c.error == 0);
	stop_pair(&server, &client);

	TEST_ROW("cut off");
	start_pair(&server, &client, &options);
	pump(&server, &client, SIZE_MAX);
	conn_memory_end(client.conn);
	pump(&server, &client, SIZE_MAX);
	CHECK(client.has_ended);
	stop_pair(&server, &client);

	TEST_ROW("damaged record");
	start_pair(&server, &client, &options);
	pump(&server, &client, SIZE_MAX);
	conn_memory_feed(client.conn,
	    STR("\x17\x03\x03\x00\x20"
		"aaaaaaaabbbbbbbbccccccccdddddddd"));
	pump(&server, &client, SIZE_MAX);
	CHECK(client.has_ended && conn_broken(client.conn));
	CHECK(tls_facts(client.conn, &c));
	CHECK_STR(str_c(c.error_name), STR("BR_ERR_BAD_MAC"));
	stop_pair(&server, &client);

	TEST_ROW("finished before the handshake");
	end_start(&server, conn_memory(&net, &listener, STR("192.0.2.1")));
	CHECK(tls_accept(server.conn, context) == FAIL_NONE);
	buf_add_c(conn_out(server.conn), "* BYE too late\r\n");
	loop_turn(&loop, 0);
	CHECK(!conn_drained(server.conn));
	conn_finish(server.conn);
	loop_turn(&loop, 0);
	CHECK(conn_drained(server.conn) && conn_memory_finished(server.conn));
	CHECK(str_empty(conn_memory_sent(server.conn)));
	end_stop(&server);

	TEST_ROW("an old client is told");
	end_start(&server, conn_memory(&net, &listener, STR("192.0.2.1")));
	CHECK(tls_accept(server.conn, context) == FAIL_NONE);
	conn_memory_feed(server.conn, STR("EHLO me\r\n"));
	loop_turn(&loop, 0);
	CHECK_STR(conn_memory_sent(server.conn), STR("\x15\x03\x03\x00\x02\x02\x46"));
	CHECK(server.has_ended);
	end_stop(&server);
}

/* --- memory --------------------------------------------------------------------------------- */

#define IDLE_COUNT 1000

/* Of the sanitizer's heap, or of the C library's. */
size_t __attribute__((weak)) __sanitizer_get_current_allocated_bytes(void);

static size_t
heap_bytes(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	return mallinfo2().uordblks;
}

static void
test_idle(void)
{
	static struct end servers[IDLE_COUNT];
	struct tls_client_options options = { .name = STR("other.test"), .trust = root };
	struct tls_session session = { 0 };
	struct end client;
	size_t before = heap_bytes(), after;

	TEST_ROW("idle connections are small");
	options.session = &session;
	for (size_t i = 0; i < IDLE_COUNT; i++) {
		start_pair(&servers[i], &client, &options);
		pump(&servers[i], &client, SIZE_MAX);
		buf_add_c(conn_out(servers[i].conn), "+ idling\r\n");
		pump(&servers[i], &client, SIZE_MAX);
		CHECK_STR(buf_str(&client.got), STR("+ idling\r\n"));
		end_stop(&client);
	}
	after = heap_bytes();
	printf("%zu bytes per idle TLS connection\n", (after - before) / IDLE_COUNT);
	CHECK(after > before && after - before < (size_t)IDLE_COUNT * 6 * 1024);
	for (size_t i = 0; i < IDLE_COUNT; i++)
		end_stop(&servers[i]);
}

static void
test_refused(void)
{
	struct tls_client_options options = { .name = STR("192.0.2.1"), .trust = root };
	struct end e;

	TEST_ROW("an address cannot be verified");
	end_start(&e, conn_memory(&net, NULL, STR("192.0.2.1")));
	CHECK_NUM(tls_client(e.conn, &options), FAIL_PERM);
	options = (struct tls_client_options){ .name = STR("other.test") };
	CHECK_NUM(tls_client(e.conn, &options), FAIL_PERM);
	TEST_ROW("plaintext behind STARTTLS");
	struct str line;

	conn_memory_feed(e.conn, STR("STARTTLS\r\nRCPT TO:<a@b>\r\n"));
	CHECK(conn_line(e.conn, 100, &line) == LINE_READY);
	CHECK_NUM(tls_accept(e.conn, context), FAIL_PERM);
	CHECK(!conn_is_tls(e.conn));
	end_stop(&e);
}

/* STARTTLS: the reply leaves in clear, then the handshake. */
static void
test_starttls(void)
{
	struct tls_client_options options = { .name = STR("other.test"), .trust = root };
	struct end server, client;

	TEST_ROW("STARTTLS");
	end_start(&server, conn_memory(&net, &listener, STR("192.0.2.1")));
	end_start(&client, conn_memory(&net, NULL, STR("192.0.2.2")));
	buf_add_c(conn_out(server.conn), "220 go\r\n");
	CHECK(tls_accept(server.conn, context) == FAIL_NONE);
	buf_add_c(conn_out(server.conn), "250 inside\r\n");
	pump(&server, &client, SIZE_MAX);
	CHECK_STR(buf_str(&client.got), STR("220 go\r\n"));
	buf_clear(&client.got);
	CHECK(tls_client(client.conn, &options) == FAIL_NONE);
	pump(&server, &client, SIZE_MAX);
	CHECK(tls_is_done(client.conn) && tls_is_done(server.conn));
	CHECK_STR(buf_str(&client.got), STR("250 inside\r\n"));
	stop_pair(&server, &client);
}

static void
quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

int
main(void)
{
	static const struct tls_files files[] = {
		{ STR_INIT(DATA "rsa.pem"), STR_INIT(DATA "rsa.key") },
		{ STR_INIT(DATA "ec.pem"), STR_INIT(DATA "ec.key") },
		{ STR_INIT(DATA "p384.pem"), STR_INIT(DATA "p384.key") },
	};
	struct tls_options options = { .files = files, .file_count = 3, .sessions = 100 };
	struct buf why = { .max = 1000 };

	log_capture(quiet, NULL);
	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	invariant(tls_context_load(&context, &options, &why) == FAIL_NONE);
	invariant(tls_trust_load(&root, STR(DATA "root.pem"), &why) == FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(verify_rows); i++) {
		TEST_ROW(verify_rows[i].name);
		test_verify(i, SIZE_MAX);
		test_verify(i, 1);
	}
	TEST_ROW("expired");
	test_own_context(DATA "expired.pem", DATA "expired.key", "mail.example.test",
	    "BR_ERR_X509_EXPIRED");
	test_self_signed();
	test_resume();
	TEST_ROW("big, both ways");
	test_big(SIZE_MAX, SIZE_MAX);
	TEST_ROW("big, in pieces, to a slow peer");
	test_big(1009, 5003);
	test_close();
	test_refused();
	test_starttls();
	test_idle();
	tls_context_free(&context);
	tls_trust_free(&root);
	net_release(&net);
	loop_release(&loop);
	buf_release(&why);
	return test_end();
}
