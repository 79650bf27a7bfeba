/* Channel binding: what both ends of a connection say of it, in full handshakes and resumed ones. */

/* system */
#include <string.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "crypto/hash.h"
#include "net/memory.h"
#include "tls/credential.h"
#include "codec/pem.h"
#include "tls/tls.h"

#define DATA "test/unit/tls/data/"

static struct loop loop;
static struct net net;
static struct tls_context *context;
static struct tls_trust *root;
static struct service service = { .name = "test" };
static struct listener listener = { .service = &service };

/* A connection of our client to our server, and a task that lets both read. */
static struct pair {
	struct task task;
	struct conn *server, *client;
} pair;

static enum step
pair_step(struct task *t)
{
	(void)t;
	conn_peek(pair.server);
	conn_peek(pair.client);
	return STEP_WAIT;
}

static void
start(struct tls_context *ctx, const char *name, struct tls_session *session)
{
	struct tls_client_options options = { .name = str_c(name),
		.trust = root,
		.verify = TLS_VERIFY_RECORDED,
		.session = session };

	pair.server = conn_memory(&net, &listener, STR("192.0.2.1"));
	pair.client = conn_memory(&net, NULL, STR("192.0.2.2"));
	loop_task(&loop, &pair.task, pair_step, NULL);
	conn_attach(pair.server, &pair.task);
	conn_attach(pair.client, &pair.task);
	invariant(tls_accept(pair.server, ctx) == FAIL_NONE);
	invariant(tls_client(pair.client, &options) == FAIL_NONE);
}

static void
shake_hands(void)
{
	for (int quiet = 0; quiet < 3;) {
		loop_turn(&loop, 0);
		quiet = conn_memory_pump(pair.server, pair.client, SIZE_MAX) ? 0 : quiet + 1;
	}
	CHECK(tls_is_done(pair.server) && tls_is_done(pair.client));
}

static void
stop(void)
{
	conn_free(&pair.server);
	conn_free(&pair.client);
	task_cancel(&pair.task);
}

/* The end point of the first certificate of a file. */
static void
end_point(const char *file, enum hash hash, struct buf *out)
{
	unsigned char digest[HASH_SIZE_MAX];
	struct buf text, der = { .max = 100000 };
	struct str cur, label;

	invariant(file_read(file, &text, NULL, out) == FAIL_NONE);
	cur = buf_str(&text);
	invariant(pem_next(&cur, &label, &der) == FAIL_NONE);
	hash_once(hash, buf_str(&der), digest);
	buf_clear(out);
	buf_add(out, str_of(digest, hash_size(hash)));
	buf_release(&text);
	buf_release(&der);
}

static struct buf
binding(const struct conn *c, enum tls_binding kind, enum fail want)
{
	struct buf b = { .max = 1000 };

	CHECK_NUM(tls_binding(c, kind, &b), want);
	return b;
}

static const struct {
	const char *name, *host;
	const char *ec, *rsa; /* certificates that the suite may have chosen */
	enum hash hash;
} rows[] = {
	{ "both kinds of key", "mail.example.test", DATA "ec.pem", DATA "rsa.pem", HASH_SHA256 },
	{ "RSA only", "pop.example.test", NULL, DATA "rsa.pem", HASH_SHA256 },
	{ "signed with SHA-512", "other.test", DATA "sha512.pem", NULL, HASH_SHA512 },
	{ "unknown name: the first, and its twin", "unknown.test", DATA "ec.pem", DATA "rsa.pem",
	    HASH_SHA256 },
};

static void
check_end_point(size_t row)
{
	struct buf want = { .max = 1000 }, got;
	struct tls_facts facts;
	bool is_ec;

	CHECK(tls_facts(pair.server, &facts));
	is_ec = str_starts(str_c(facts.cipher), STR("ECDHE_ECDSA"));
	if (CHECK((is_ec ? rows[row].ec : rows[row].rsa) != NULL)) {
		end_point(is_ec ? rows[row].ec : rows[row].rsa, rows[row].hash, &want);
		got = binding(pair.server, TLS_BINDING_END_POINT, FAIL_NONE);
		CHECK_STR(buf_str(&got), buf_str(&want));
		buf_release(&got);
	}
	buf_release(&want);
}

static void
test_host(size_t row)
{
	struct tls_session session = { 0 };
	struct buf mine, theirs, before = { .max = 1000 };
	struct tls_facts facts;

	for (int i = 0; i < 2; i++) {
		TEST_ROW(rows[row].name);
		session.is_set = false;
		start(context, rows[row].host, &session);
		shake_hands();
		CHECK(tls_can_bind(pair.server) && !tls_can_bind(pair.client));
		check_end_point(row);
		mine = binding(pair.server, TLS_BINDING_UNIQUE, FAIL_NONE);
		theirs = binding(pair.client, TLS_BINDING_UNIQUE, FAIL_NONE);
		CHECK_NUM(mine.n, 12);
		CHECK_STR(buf_str(&mine), buf_str(&theirs));
		CHECK(!str_eq(buf_str(&mine), buf_str(&before)));
		buf_clear(&before);
		buf_add(&before, buf_str(&mine));
		buf_release(&mine);
		buf_release(&theirs);
		stop();
	}
	TEST_ROW("the same, resumed");
	start(context, rows[row].host, &session);
	shake_hands();
	CHECK(tls_facts(pair.server, &facts) && facts.is_resumed);
	CHECK(tls_can_bind(pair.server));
	check_end_point(row);
	mine = binding(pair.server, TLS_BINDING_UNIQUE, FAIL_PERM);
	theirs = binding(pair.client, TLS_BINDING_UNIQUE, FAIL_PERM);
	CHECK(mine.n == 0 && theirs.n == 0);
	stop();
	buf_release(&before);
}

static void
test_none(struct tls_context *pss)
{
	struct buf b = { .max = 1000 };
	struct conn *plain = conn_memory(&net, &listener, STR("192.0.2.1"));

	TEST_ROW("no TLS");
	CHECK(!tls_can_bind(NULL) && !tls_can_bind(plain));
	CHECK_NUM(tls_binding(plain, TLS_BINDING_UNIQUE, &b), FAIL_MISSING);
	conn_free(&plain);
	TEST_ROW("before the end of the handshake");
	start(context, "other.test", NULL);
	CHECK(tls_can_bind(pair.server));
	CHECK_NUM(tls_binding(pair.server, TLS_BINDING_UNIQUE, &b), FAIL_MISSING);
	CHECK_NUM(tls_binding(pair.server, TLS_BINDING_END_POINT, &b), FAIL_MISSING);
	shake_hands();
	CHECK_NUM(tls_binding(pair.client, TLS_BINDING_END_POINT, &b), FAIL_PERM);
	stop();
	TEST_ROW("a certificate without an end point");
	start(pss, "pss.test", NULL);
	CHECK(!tls_can_bind(pair.server));
	shake_hands();
	CHECK(!tls_can_bind(pair.server));
	CHECK_NUM(tls_binding(pair.server, TLS_BINDING_END_POINT, &b), FAIL_PERM);
	stop();
	CHECK_NUM(b.n, 0);
	buf_release(&b);
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
		{ STR_INIT(DATA "sha512.pem"), STR_INIT(DATA "p384.key") },
		{ STR_INIT(DATA "pss.pem"), STR_INIT(DATA "rsa.key") },
	};
	struct tls_options options = { .files = files, .file_count = 3, .sessions = 100 };
	struct tls_options all = { .files = files, .file_count = 4 };
	struct tls_context *pss;
	struct buf why = { .max = 1000 };

	log_capture(quiet, NULL);
	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	invariant(tls_context_load(&context, &options, &why) == FAIL_NONE);
	invariant(tls_context_load(&pss, &all, &why) == FAIL_NONE);
	invariant(tls_trust_load(&root, STR(DATA "root.pem"), &why) == FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		test_host(i);
	test_none(pss);
	tls_context_free(&context);
	tls_context_free(&pss);
	tls_trust_free(&root);
	net_release(&net);
	loop_release(&loop);
	buf_release(&why);
	return test_end();
}
