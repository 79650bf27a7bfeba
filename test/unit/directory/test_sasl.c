/* SASL exchanges against a real directory; what SCRAM binds to is a TLS connection in memory. */
#include "directory/sasl.h"

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/hmac.h"
#include "crypto/kdf.h"
#include "directory/admin.h"
#include "net/memory.h"
#include "tls/tls.h"

#define DATA "test/unit/tls/data/"

static struct {
	struct loop loop;
	struct net net;
	struct task task;
	struct directory_settings settings;
	struct directory *directory;
	struct tls_context *context;
	struct conn *plain, *server, *client; /* without TLS; both ends of one with it */
	char logged[2000];
} t;

/* The ends read, so that their handshake goes on. */
static enum step
step(struct task *task)
{
	(void)task;
	if (t.server) {
		conn_peek(t.server);
		conn_peek(t.client);
	}
	return STEP_WAIT;
}

static void
keep_log(struct str line, void *arg)
{
	(void)arg;
	snprintf(t.logged, sizeof t.logged, "%.*s", STR_ARG(line));
}

/* --- the connection ------------------------------------------------------------------------- */

static struct service service = { .name = "test" };
static struct listener listener = { .service = &service };

static void
connect_tls(struct tls_session *session)
{
	struct tls_client_options options = { .name = STR("other.test"),
		.verify = TLS_VERIFY_RECORDED,
		.session = session };

	t.server = conn_memory(&t.net, &listener, STR("192.0.2.1"));
	t.client = conn_memory(&t.net, NULL, STR("192.0.2.2"));
	conn_attach(t.server, &t.task);
	conn_attach(t.client, &t.task);
	invariant(tls_accept(t.server, t.context) == FAIL_NONE);
	invariant(tls_client(t.client, &options) == FAIL_NONE);
	for (int quiet = 0; quiet < 3;) {
		loop_turn(&t.loop, 0);
		quiet = conn_memory_pump(t.server, t.client, SIZE_MAX) ? 0 : quiet + 1;
	}
	CHECK(tls_is_done(t.server) && tls_is_done(t.client));
}

static void
disconnect(void)
{
	conn_free(&t.server);
	conn_free(&t.client);
}

/* --- the client ----------------------------------------------------------------------------- */

static enum sasl_state
feed(struct sasl *s, struct str message)
{
	enum sasl_state state = sasl_feed(s, message);

	for (int i = 0; i < 2000 && state == SASL_WAIT; i++) {
		loop_turn(&t.loop, 10);
		if (!op_pending(&s->query.op))
			state = sasl_resume(s);
	}
	return state;
}

/* The proof of who has the password, behind the final message in `out`. */
static void
prove(struct str bare, struct str challenge, const char *secret, struct buf *out)
{
	unsigned char salted[32], key[32], stored[32], signature[32];
	struct str rest = challenge, nonce, salt64;
	struct buf salt = { .max = 100 }, auth = { .max = 2000 };
	uint32_t iterations;

	invariant(str_take_until(&rest, ',', &nonce) && str_skip(&rest, STR("s=")) &&
	    str_take_until(&rest, ',', &salt64) && str_skip(&rest, STR("i=")) &&
	    str_u32(&rest, 100000, &iterations) && base64_parse(&salt, salt64) == FAIL_NONE);
	buf_add_char(out, ',');
	buf_add(out, nonce);
	buf_add(&auth, bare);
	buf_add_char(&auth, ',');
	buf_add(&auth, challenge);
	buf_add_char(&auth, ',');
	buf_add(&auth, buf_str(out));
	pbkdf2(HASH_SHA256, str_c(secret), buf_str(&salt), iterations, salted, sizeof salted);
	hmac_once(HASH_SHA256, str_of(salted, 32), STR("Client Key"), key);
	hash_once(HASH_SHA256, str_of(key, 32), stored);
	hmac_once(HASH_SHA256, str_of(stored, 32), buf_str(&auth), signature);
	for (size_t i = 0; i < 32; i++)
		signature[i] ^= key[i];
	buf_add_c(out, ",p=");
	base64_write(out, str_of(signature, 32));
	buf_release(&salt);
	buf_release(&auth);
}

enum bound { TO_NOTHING, TO_THIS, TO_OTHER };

/* What the client knows of the connection; a certificate's hash is the same at both ends. */
static void
add_binding(struct buf *b, struct str flag, enum bound bound)
{
	struct str unique = STR("p=tls-unique");
	enum fail fail = FAIL_NONE;

	if (bound == TO_OTHER)
		buf_add_c(b, "0123456789ab");
	else if (bound == TO_THIS && str_eq(flag, unique))
		fail = tls_binding(t.client, TLS_BINDING_UNIQUE, b);
	else if (bound == TO_THIS)
		fail = tls_binding(t.server, TLS_BINDING_END_POINT, b);
	CHECK_NUM(fail, FAIL_NONE);
}

static enum sasl_state
scram(struct sasl *s, const char *flag, enum bound bound, const char *secret)
{
	struct buf first = { .max = 1000 }, input = { .max = 1000 }, final = { .max = 2000 };
	struct str bare = STR("n=alice@example.test,r=clientnonce");
	enum sasl_state state;

	buf_add_c(&first, flag);
	buf_add_c(&first, str_find_char(str_c(flag), ',') == STR_NONE ? ",," : ",");
	buf_add(&input, buf_str(&first));
	buf_add(&first, bare);
	state = feed(s, buf_str(&first));
	if (state == SASL_SEND) {
		add_binding(&input, str_c(flag), bound);
		buf_add_c(&final, "c=");
		base64_write(&final, buf_str(&input));
		prove(bare, buf_str(&s->challenge), secret, &final);
		state = feed(s, buf_str(&final));
	}
	if (state == SASL_SEND) {
		CHECK(str_starts(buf_str(&s->challenge), STR("v=")));
		state = feed(s, STR(""));
	}
	buf_release(&first);
	buf_release(&input);
	buf_release(&final);
	return state;
}

/* --- rows ----------------------------------------------------------------------------------- */

#define PLUS      "SCRAM-SHA-256-PLUS"
#define PLAIN     "SCRAM-SHA-256"
#define UNIQUE    "p=tls-unique"
#define END_POINT "p=tls-server-end-point"

enum on { ON_PLAIN, ON_TLS, ON_RESUMED };

static const struct {
	const char *name;
	enum on on;
	const char *mechanism, *flag; /* with an authorization identity, or without */
	enum bound bound;
	const char *secret;
	enum fail want;
	const char *logged; /* the reason told */
} rows[] = {
	{ "no TLS", ON_PLAIN, PLAIN, "n", TO_NOTHING, "wonder", FAIL_NONE, "" },
	{ "no TLS, could bind", ON_PLAIN, PLAIN, "y", TO_NOTHING, "wonder", FAIL_NONE, "" },
	{ "for oneself", ON_PLAIN, PLAIN, "n,a=Alice@example.test", TO_NOTHING, "wonder", FAIL_NONE,
	    "" },
	{ "for another", ON_PLAIN, PLAIN, "n,a=bob@example.test", TO_NOTHING, "wonder", FAIL_PERM,
	    "" },
	{ "for another, wrong password", ON_PLAIN, PLAIN, "n,a=bob@example.test", TO_NOTHING,
	    "wander", FAIL_DENIED, "" },
	{ "no TLS, wants to bind", ON_PLAIN, PLAIN, UNIQUE, TO_OTHER, "wonder", FAIL_SYNTAX, "" },
	{ "unique", ON_TLS, PLUS, UNIQUE, TO_THIS, "wonder", FAIL_NONE, "" },
	{ "end point", ON_TLS, PLUS, END_POINT, TO_THIS, "wonder", FAIL_NONE, "" },
	{ "unique of another", ON_TLS, PLUS, UNIQUE, TO_OTHER, "wonder", FAIL_DENIED,
	    "bound to another connection" },
	{ "end point of another", ON_TLS, PLUS, END_POINT, TO_OTHER, "wonder", FAIL_DENIED,
	    "bound to another connection" },
	{ "nothing behind the header", ON_TLS, PLUS, UNIQUE, TO_NOTHING, "wonder", FAIL_DENIED,
	    "bound to another connection" },
	{ "bound, wrong password", ON_TLS, PLUS, UNIQUE, TO_THIS, "wander", FAIL_DENIED, "" },
	{ "unknown binding", ON_TLS, PLUS, "p=tls-exporter", TO_OTHER, "wonder", FAIL_SYNTAX, "" },
	{ "-PLUS without binding", ON_TLS, PLUS, "n", TO_NOTHING, "wonder", FAIL_SYNTAX, "" },
	{ "-PLUS not seen in -PLUS", ON_TLS, PLUS, "y", TO_NOTHING, "wonder", FAIL_SYNTAX, "" },
	{ "cannot bind", ON_TLS, PLAIN, "n", TO_NOTHING, "wonder", FAIL_NONE, "" },
	{ "could bind, -PLUS not seen", ON_TLS, PLAIN, "y", TO_NOTHING, "wonder", FAIL_DENIED,
	    "was not shown -PLUS" },
	{ "binds without -PLUS", ON_TLS, PLAIN, UNIQUE, TO_THIS, "wonder", FAIL_SYNTAX, "" },
	{ "resumed, unique", ON_RESUMED, PLUS, UNIQUE, TO_OTHER, "wonder", FAIL_SYNTAX, "" },
	{ "resumed, end point", ON_RESUMED, PLUS, END_POINT, TO_THIS, "wonder", FAIL_NONE, "" },
};

static void
test_rows(enum on on, const struct conn *c)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sasl s = { 0 };

		if (rows[i].on != on)
			continue;
		TEST_ROW(rows[i].name);
		t.logged[0] = '\0';
		CHECK(
		    sasl_start(&s, t.directory, &t.task, c, str_c(rows[i].mechanism)) == FAIL_NONE);
		CHECK_NUM(scram(&s, rows[i].flag, rows[i].bound, rows[i].secret),
		    rows[i].want == FAIL_NONE ? SASL_DONE : SASL_FAILED);
		CHECK_NUM(s.fail, rows[i].want);
		if (rows[i].want == FAIL_NONE)
			CHECK_STR(s.query.account.name, STR("alice@example.test"));
		CHECK((str_find(str_c(t.logged), STR("sasl.binding.wrong")) != STR_NONE) ==
		    (rows[i].logged[0] != '\0'));
		CHECK(str_find(str_c(t.logged), str_c(rows[i].logged)) != STR_NONE);
		sasl_release(&s);
	}
}

static void
test_offer(const struct conn *c, const char *want)
{
	struct buf names = { .max = 1000 };
	struct sasl s = { 0 };

	for (size_t i = 0; sasl_names[i]; i++) {
		bool is_offered = sasl_is_offered(sasl_names[i], c);

		CHECK_NUM(sasl_start(&s, t.directory, &t.task, c, str_c(sasl_names[i])),
		    is_offered ? FAIL_NONE : FAIL_MISSING);
		sasl_release(&s);
		if (is_offered) {
			buf_add_c(&names, sasl_names[i]);
			buf_add_char(&names, ' ');
		}
	}
	CHECK_STR(buf_str(&names), str_c(want));
	CHECK_NUM(sasl_start(&s, t.directory, &t.task, c, STR("SCRAM-SHA-1")), FAIL_MISSING);
	CHECK(!sasl_is_offered("SCRAM-SHA-1", c));
	buf_release(&names);
}

static const struct {
	const char *name, *mechanism;
	struct str messages[2];
	enum fail want;
} password_rows[] = {
	{ "PLAIN", "plain", { STR_INIT("\0alice@example.test\0wonder") }, FAIL_NONE },
	{ "PLAIN for oneself", "PLAIN",
	    { STR_INIT("Alice@example.test\0alice@example.test\0wonder") }, FAIL_NONE },
	{ "PLAIN for another", "PLAIN", { STR_INIT("bob\0alice@example.test\0wonder") },
	    FAIL_PERM },
	{ "PLAIN for another, wrong", "PLAIN", { STR_INIT("bob\0alice@example.test\0wander") },
	    FAIL_DENIED },
	{ "PLAIN, wrong", "PLAIN", { STR_INIT("\0alice@example.test\0wander") }, FAIL_DENIED },
	{ "PLAIN, nobody", "PLAIN", { STR_INIT("\0nobody@example.test\0wonder") }, FAIL_DENIED },
	{ "PLAIN, two parts", "PLAIN", { STR_INIT("alice@example.test\0wonder") }, FAIL_SYNTAX },
	{ "PLAIN, four parts", "PLAIN", { STR_INIT("\0alice@example.test\0won\0der") },
	    FAIL_SYNTAX },
	{ "LOGIN", "LOGIN", { STR_INIT("alice@example.test"), STR_INIT("wonder") }, FAIL_NONE },
	{ "LOGIN, wrong", "LOGIN", { STR_INIT("alice@example.test"), STR_INIT("wander") },
	    FAIL_DENIED },
};

static void
test_passwords(void)
{
	for (size_t i = 0; i < ARRAY_LEN(password_rows); i++) {
		struct sasl s = { 0 };

		TEST_ROW(password_rows[i].name);
		CHECK(sasl_is_plaintext(str_c(password_rows[i].mechanism)));
		CHECK(sasl_start(&s, t.directory, &t.task, NULL,
			  str_c(password_rows[i].mechanism)) == FAIL_NONE);
		for (size_t m = 0; m < 2 && s.state == SASL_SEND; m++)
			feed(&s, password_rows[i].messages[m]);
		CHECK_NUM(s.state, password_rows[i].want == FAIL_NONE ? SASL_DONE : SASL_FAILED);
		CHECK_NUM(s.fail, password_rows[i].want);
		sasl_release(&s);
	}
	CHECK(!sasl_is_plaintext(STR(PLAIN)) && !sasl_is_plaintext(STR(PLUS)));
}

/* --- the house ------------------------------------------------------------------------------ */

static void
open_directory(void)
{
	struct buf path = { .max = 1000 };
	struct admin *a = NULL;

	buf_add_c(&path, test_folder());
	buf_add_c(&path, "/directory.db");
	t.settings = (struct directory_settings){ .children = 1,
		.timeout_ms = 15000,
		.outstanding = 1000,
		.cache_ms = 5000,
		.login_cache_ms = 600000,
		.default_domain = STR("example.test"),
		.separator = STR("+") };
	CHECK(directory_open(&t.directory, &t.loop, &t.settings, buf_str(&path)) == FAIL_NONE);
	CHECK(admin_open(&a, buf_str(&path)) == FAIL_NONE);
	CHECK(admin_domain_add(a, STR("example.test")) == FAIL_NONE);
	CHECK(
	    admin_user_add(a, STR("alice@example.test"), STR("Alice"), STR("wonder")) == FAIL_NONE);
	admin_close(&a);
	buf_release(&path);
}

int
main(void)
{
	static const struct tls_files files = { STR_INIT(DATA "p384.pem"),
		STR_INIT(DATA "p384.key") };
	struct tls_options options = { .files = &files, .file_count = 1, .sessions = 10 };
	struct tls_session session = { 0 };
	struct buf why = { .max = 1000 };

	log_capture(keep_log, NULL);
	invariant(loop_init(&t.loop) == FAIL_NONE);
	net_init(&t.net, &t.loop, &net_settings_default);
	loop_task(&t.loop, &t.task, step, NULL);
	invariant(tls_context_load(&t.context, &options, &why) == FAIL_NONE);
	open_directory();
	t.plain = conn_memory(&t.net, &listener, STR("192.0.2.1"));
	TEST_ROW("offer without TLS");
	test_offer(t.plain, "SCRAM-SHA-256 PLAIN LOGIN ");
	test_offer(NULL, "SCRAM-SHA-256 PLAIN LOGIN ");
	test_rows(ON_PLAIN, t.plain);
	conn_free(&t.plain);
	connect_tls(&session);
	TEST_ROW("offer with TLS");
	test_offer(t.server, "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN ");
	test_rows(ON_TLS, t.server);
	disconnect();
	connect_tls(&session);
	test_rows(ON_RESUMED, t.server);
	disconnect();
	test_passwords();
	directory_close(&t.directory);
	tls_context_free(&t.context);
	task_cancel(&t.task);
	net_release(&t.net);
	loop_release(&t.loop);
	buf_release(&why);
	return test_end();
}
