/* The client against servers of ours on loopback: HTTP plain and TLS, and one that answers for names. */

/* system */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "http/client.h"

#define BIG ((size_t)5 << 20)

static struct loop loop;
static struct net net;
static struct dns dns;
static struct dns_settings dns_settings;
static struct http_client_settings settings;
static struct http_client client;
static struct tls_context *context;
static struct tls_trust *trust;
static struct buf big;

/* --- names: "missing.*" is, everything else is at 127.0.0.1 --------------------------------- */

static struct {
	struct task task;
	struct watch watch;
	struct net_address address;
} names;

static enum step
names_step(struct task *t)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof from;
	char p[512];

	(void)t;
	while (recvfrom(names.watch.fd, p, sizeof p, 0, (struct sockaddr *)&from, &n) >= 12) {
		struct buf out = { .max = 1000 };
		bool is_missing = memcmp(p + 13, "missing", 7) == 0;
		size_t end = 12;

		while (p[end] != 0)
			end += (size_t)p[end] + 1;
		buf_add(&out, str_of(p, 2));
		buf_add_c(&out, is_missing ? "\x81\x83" : "\x81\x80");
		buf_add(&out,
		    str_of(p[end + 2] == 1 && !is_missing ? "\0\1\0\1\0\0\0\0" : "\0\1\0\0\0\0\0\0",
			8));
		buf_add(&out, str_of(p + 12, end + 5 - 12));
		if (p[end + 2] == 1 && !is_missing)
			buf_add(&out, str_of("\xc0\x0c\0\1\0\1\0\0\0\x64\0\4\x7f\0\0\1", 16));
		sendto(names.watch.fd, out.p, out.n, 0, (struct sockaddr *)&from, n);
		buf_release(&out);
	}
	return STEP_WAIT;
}

static void
names_start(void)
{
	struct sockaddr_storage storage;
	struct net_address loopback;
	socklen_t n = sizeof storage;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	invariant(net_address_parse_port(STR("127.0.0.1:0"), &loopback) == FAIL_NONE);
	n = net_address_to_system(&loopback, &storage);
	invariant(bind(fd, (struct sockaddr *)&storage, n) == 0);
	n = sizeof storage;
	invariant(getsockname(fd, (struct sockaddr *)&storage, &n) == 0);
	net_address_from_system(&storage, &names.address);
	loop_task(&loop, &names.task, names_step, NULL);
	invariant(watch_start(&loop, &names.watch, fd, &names.task) == FAIL_NONE);
}

/* --- the server: behaves as the path asks --------------------------------------------------- */

struct session {
	struct task task;
	struct conn *conn;
	struct buf head, body;
	size_t length, sent;
	bool has_head, is_ending, is_sending;
};

static int accepted, requests, open_sessions;
static struct listener plain, secure;

static void
reply(struct session *s, const char *head, struct str body)
{
	struct buf *out = conn_out(s->conn);

	buf_add_c(out, "HTTP/1.1 200 OK\r\n");
	buf_add_c(out, head);
	buf_add_c(out, "Content-Length: ");
	buf_add_u64(out, body.n);
	buf_add_c(out, "\r\n\r\n");
	buf_add(out, body);
}

static void
say(struct session *s, const char *text, bool is_end)
{
	buf_add_c(conn_out(s->conn), text);
	s->is_ending = is_end;
}

static void
answer(struct session *s)
{
	struct str head = buf_str(&s->head), method, path;

	requests++;
	invariant(str_take_until(&head, ' ', &method) && str_take_until(&head, ' ', &path));
	if (str_eq(path, STR("/echo")))
		reply(s, "X-Echo: yes\r\n", buf_str(&s->body));
	else if (str_eq(path, STR("/head")))
		reply(s, "", buf_str(&s->head));
	else if (str_eq(path, STR("/length")))
		reply(s, "", STR("short"));
	else if (str_eq(path, STR("/chunked")))
		say(s,
		    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n"
		    "X-Trailer: 1\r\nHTTP/: 2\r\n\r\n",
		    false);
	else if (str_eq(path, STR("/big")))
		say(s, "HTTP/1.1 200 OK\r\nContent-Length: 5242880\r\n\r\n", false),
		    s->is_sending = true;
	else if (str_eq(path, STR("/early")))
		s->is_ending = true;
	else if (str_eq(path, STR("/cut")))
		say(s, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789", true);
	else if (str_eq(path, STR("/close")))
		say(s, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end", true);
	else if (str_eq(path, STR("/garbage")))
		say(s, "220 mail.example.test ESMTP\r\n", false);
	else if (str_eq(path, STR("/interim")))
		say(s,
		    "HTTP/1.1 100 Continue\r\nX-Old: 1\r\n\r\nHTTP/1.1 103 Early\r\nX-Old: 1\r\n\r\n"
		    "HTTP/1.1 204 No\r\nX-New: 2\r\n\r\n",
		    false);
	else if (str_eq(path, STR("/redirect")))
		say(s, "HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n", false);
	else if (str_eq(path, STR("/500")))
		say(s, "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno", false);
	else if (str_eq(path, STR("/headers"))) {
		say(s, "HTTP/1.1 200 OK\r\n", false);
		for (int i = 0; i < 1000; i++)
			say(s,
			    "X-Filler: 0123456789012345678901234567890123456789012345678901234567890123\r\n",
			    false);
		say(s, "Content-Length: 0\r\n\r\n", false);
	} /* and "/slow" says nothing */
}

/* Returns true when something was read. */
static bool
read_request(struct session *s)
{
	struct str line, piece;
	uint32_t n;

	if (!s->has_head) {
		switch (conn_line(s->conn, 8000, &line)) {
		case LINE_NONE: return false;
		case LINE_TOO_LONG:
		case LINE_BARE: s->is_ending = true; return false;
		case LINE_READY: break;
		}
		s->has_head = str_empty(line);
		if (str_skip_nocase(&line, STR("Content-Length: ")) && str_u32(&line, 1 << 30, &n))
			s->length = n;
		else if (!s->has_head)
			buf_add(&s->head, line), buf_add_c(&s->head, "\r\n");
	}
	while (s->has_head && s->body.n < s->length) {
		piece = conn_take(s->conn, s->length - s->body.n);
		if (str_empty(piece))
			return false;
		buf_add(&s->body, piece);
	}
	if (s->has_head) {
		answer(s);
		buf_clear(&s->head);
		buf_clear(&s->body);
		s->has_head = false;
		s->length = 0;
	}
	return true;
}

static enum step
session_step(struct task *t)
{
	struct session *s = container_of(t, struct session, task);

	while (!s->is_ending && !s->is_sending && read_request(s))
		;
	while (s->is_sending && !conn_is_high(s->conn)) {
		struct str piece = str_slice(buf_str(&big), s->sent, 30000);

		buf_add(conn_out(s->conn), piece);
		s->sent += piece.n;
		if (s->sent == big.n)
			s->sent = s->is_sending = 0;
	}
	if (s->is_ending)
		conn_finish(s->conn);
	if ((s->is_ending && conn_drained(s->conn)) || conn_closed(s->conn) || conn_broken(s->conn))
		return STEP_CLOSE;
	return STEP_WAIT;
}

static void
session_reap(struct task *t)
{
	struct session *s = container_of(t, struct session, task);

	open_sessions--;
	conn_free(&s->conn);
	buf_release(&s->head);
	buf_release(&s->body);
	mem_free(s);
}

static void
session_accept(struct service *self, struct listener *l, struct conn *c)
{
	struct session *s = mem_new(1, sizeof *s);

	(void)self;
	accepted++;
	open_sessions++;
	buf_init(&s->head, 100000);
	buf_init(&s->body, 2 * BIG);
	loop_task(&loop, &s->task, session_step, session_reap);
	s->conn = c;
	conn_attach(c, &s->task);
	if (l->is_tls)
		invariant(tls_accept(c, context) == FAIL_NONE);
}

static struct service service = { .name = "test", .accept = session_accept };

/* --- asking --------------------------------------------------------------------------------- */

static struct task asker;

static enum step
asker_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

/* "P" and "S" in a URL stand for the ports of the two listeners. */
static struct http_order
order_of(enum http_method method, const char *url)
{
	static char text[300];
	const char *mark = strpbrk(url, "PS");
	unsigned port = mark && *mark == 'S' ? secure.address.port : plain.address.port;

	if (mark)
		snprintf(text, sizeof text, "%.*s%u%s", (int)(mark - url), url, port, mark + 1);
	else
		snprintf(text, sizeof text, "%s", url);
	return (struct http_order){ .method = method,
		.url = str_c(text),
		.body_max = 2 * BIG,
		.timeout_ms = 10000,
		.allow_private = true };
}

static void
turns(int n)
{
	while (n-- > 0)
		loop_turn(&loop, 1);
}

static void
wait_for(struct http_fetch *f)
{
	for (int i = 0; i < 4000 && op_pending(&f->op); i++)
		loop_turn(&loop, 5);
	CHECK(!op_pending(&f->op));
	http_fetch_cancel(f);
}

static void
fetch(struct http_fetch *f, const struct http_order *order)
{
	http_fetch_start(&client, f, &asker, order);
	wait_for(f);
}

static const struct {
	const char *name;
	enum http_method method;
	const char *url, *body;
	enum fail want;
	unsigned status;
	const char *reply; /* NULL: any */
} rows[] = {
	{ "get", HTTP_GET, "http://a.test:P/length", "", FAIL_NONE, 200, "short" },
	{ "get, TLS", HTTP_GET, "https://a.test:S/length", "", FAIL_NONE, 200, "short" },
	{ "literal address", HTTP_GET, "http://127.0.0.1:P/length", "", FAIL_NONE, 200, "short" },
	{ "head", HTTP_HEAD, "http://a.test:P/big", "", FAIL_NONE, 200, "" },
	{ "post", HTTP_POST, "http://a.test:P/echo", "a=b", FAIL_NONE, 200, "a=b" },
	{ "post of nothing", HTTP_POST, "http://a.test:P/echo", "", FAIL_NONE, 200, "" },
	{ "put, TLS", HTTP_PUT, "https://a.test:S/echo", "body", FAIL_NONE, 200, "body" },
	{ "patch", HTTP_PATCH, "http://a.test:P/echo", "p", FAIL_NONE, 200, "p" },
	{ "delete", HTTP_DELETE, "http://a.test:P/length", "", FAIL_NONE, 200, "short" },
	{ "chunked", HTTP_GET, "http://a.test:P/chunked", "", FAIL_NONE, 200, "abcde" },
	{ "until close", HTTP_GET, "http://a.test:P/close", "", FAIL_NONE, 200, "until the end" },
	{ "until close, TLS", HTTP_GET, "https://a.test:S/close", "", FAIL_NONE, 200,
	    "until the end" },
	{ "interim", HTTP_GET, "http://a.test:P/interim", "", FAIL_NONE, 204, "" },
	{ "redirect", HTTP_GET, "http://a.test:P/redirect", "", FAIL_NONE, 302, "" },
	{ "500", HTTP_GET, "http://a.test:P/500", "", FAIL_NONE, 500, "no" },
	{ "huge head", HTTP_GET, "http://a.test:P/headers", "", FAIL_LIMIT, 200, NULL },
	{ "closed early", HTTP_GET, "http://a.test:P/early", "", FAIL_TEMP, 0, "" },
	{ "closed early, TLS", HTTP_GET, "https://a.test:S/early", "", FAIL_TEMP, 0, "" },
	{ "body cut", HTTP_GET, "http://a.test:P/cut", "", FAIL_TEMP, 200, "0123456789" },
	{ "garbage", HTTP_GET, "http://a.test:P/garbage", "", FAIL_PERM, 0, "" },
	{ "TLS to plain", HTTP_GET, "https://a.test:P/length", "", FAIL_TEMP, 0, "" },
	{ "plain to TLS", HTTP_GET, "http://a.test:S/length", "", FAIL_PERM, 0, "" },
	{ "wrong name", HTTP_GET, "https://b.test:S/length", "", FAIL_DENIED, 0, "" },
	{ "address with TLS", HTTP_GET, "https://127.0.0.1:S/", "", FAIL_DENIED, 0, "" },
	{ "unknown name", HTTP_GET, "http://missing.test:P/", "", FAIL_MISSING, 0, "" },
	{ "name too long", HTTP_GET, "http://a..b/", "", FAIL_SYNTAX, 0, "" },
	{ "nobody there", HTTP_GET, "http://127.0.0.1:1/", "", FAIL_TEMP, 0, "" },
	{ "bad URL", HTTP_GET, "gopher://a.test/", "", FAIL_SYNTAX, 0, "" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_fetch f = { 0 };
		struct http_order order = order_of(rows[i].method, rows[i].url);

		TEST_ROW(rows[i].name);
		order.body = str_c(rows[i].body);
		fetch(&f, &order);
		CHECK_NUM(f.op.fail, rows[i].want);
		CHECK_NUM(f.status, rows[i].status);
		if (rows[i].reply)
			CHECK_STR(buf_str(&f.body), str_c(rows[i].reply));
		http_fetch_release(&f);
	}
}

static void
test_headers(void)
{
	static const struct http_header good[] = { { STR_INIT("X-One"), STR_INIT(" 1 ") },
		{ STR_INIT("X-None"), STR_INIT("") },
		{ STR_INIT("content-type"), STR_INIT("a/b") } };
	static const struct http_header bad[] = { { STR_INIT("X"), STR_INIT("a\r\nb: c") },
		{ STR_INIT("X:"), STR_INIT("a") }, { STR_INIT(""), STR_INIT("a") },
		{ STR_INIT("Host"), STR_INIT("a") }, { STR_INIT("content-length"), STR_INIT("5") },
		{ STR_INIT("X"), { "a\0b", 3 } } };
	struct http_fetch f = { 0 };
	struct http_order order = order_of(HTTP_POST, "http://A.test:P/head");
	char host[64];
	struct str head;

	TEST_ROW("headers");
	order.headers = good;
	order.header_count = ARRAY_LEN(good);
	fetch(&f, &order);
	head = buf_str(&f.body);
	snprintf(host, sizeof host, "\r\nHost: A.test:%u\r\n", plain.address.port);
	CHECK(str_starts(head, STR("POST /head HTTP/1.1\r\n")));
	CHECK(str_find(head, str_c(host)) != STR_NONE);
	CHECK(str_find(head, STR("\r\nX-One: 1\r\n")) != STR_NONE);
	CHECK(str_find(head, STR("\r\nX-None:\r\n")) != STR_NONE);
	CHECK(str_find(head, STR("\r\ncontent-type: a/b\r\n")) != STR_NONE);
	CHECK(str_find(head, STR("urlencoded")) == STR_NONE);
	CHECK(str_find(head, STR("Expect")) == STR_NONE);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct http_header behind_good[] = { good[0], bad[i] };

		order.headers = behind_good;
		order.header_count = ARRAY_LEN(behind_good);
		fetch(&f, &order);
		CHECK_NUM(f.op.fail, FAIL_SYNTAX);
	}
	order = order_of(HTTP_GET, "http://a.test:P/interim");
	fetch(&f, &order);
	CHECK_STR(http_fetch_header(&f, STR("x-new")), STR("2"));
	CHECK(http_fetch_header(&f, STR("X-Old")).p == NULL);
	order = order_of(HTTP_GET, "http://a.test:P/chunked");
	fetch(&f, &order);
	CHECK(http_fetch_header(&f, STR("X-Trailer")).p == NULL);
	CHECK_STR(http_fetch_header(&f, STR("transfer-encoding")), STR("chunked"));
	http_fetch_release(&f);
}

static void
test_big(const char *up, const char *down)
{
	struct http_fetch f = { 0 };
	struct http_order order = order_of(HTTP_POST, up);

	TEST_ROW(up);
	order = order_of(HTTP_GET, down);
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_NONE);
	CHECK(str_eq(buf_str(&f.body), buf_str(&big)));
	order.body_max = BIG - 1;
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_LIMIT);
	order.body_max = BIG;
	order.is_discarded = true;
	fetch(&f, &order);
	CHECK(f.op.fail == FAIL_NONE && f.body.n == 0 && f.body_bytes == BIG);
	order = order_of(HTTP_POST, up);
	order.body = str_head(buf_str(&big), 900000); /* the server answers in one append */
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_NONE);
	CHECK(str_eq(buf_str(&f.body), order.body));
	http_fetch_release(&f);
}

static void
test_stream(void)
{
	struct http_fetch f = { 0 };
	struct http_order order = order_of(HTTP_GET, "https://a.test:S/big");
	size_t at = 0;

	TEST_ROW("streamed");
	order.is_streamed = true;
	http_fetch_start(&client, &f, &asker, &order);
	turns(200); /* nobody takes anything: it stands still */
	CHECK(op_pending(&f.op) && f.is_paused);
	CHECK(f.body.n > 0 && f.body.n <= HTTP_STREAM_MAX);
	for (int i = 0; i < 20000 && (op_pending(&f.op) || f.body.n > 0); i++) {
		struct str piece = str_head(buf_str(&f.body), 20000);

		CHECK(str_eq(piece, str_slice(buf_str(&big), at, piece.n)));
		at += piece.n;
		buf_consume(&f.body, piece.n);
		http_fetch_more(&f);
		loop_turn(&loop, 1);
	}
	CHECK_NUM(at, BIG);
	CHECK_NUM(f.op.fail, FAIL_NONE);
	http_fetch_release(&f);
}

/* --- connections ---------------------------------------------------------------------------- */

static void
test_reuse(void)
{
	struct http_fetch f = { 0 };
	struct http_order order = order_of(HTTP_GET, "http://reuse.test:P/length");
	int before = accepted;

	TEST_ROW("kept connections");
	for (int i = 0; i < 5; i++) {
		fetch(&f, &order);
		CHECK(f.op.fail == FAIL_NONE && f.is_reused == (i > 0));
	}
	CHECK_NUM(accepted - before, 1);
	TEST_ROW("a POST does not ride on a kept connection, unless it may");
	order = order_of(HTTP_POST, "http://reuse.test:P/echo");
	fetch(&f, &order);
	CHECK(f.op.fail == FAIL_NONE && !f.is_reused);
	order.may_repeat = true;
	fetch(&f, &order);
	CHECK(f.op.fail == FAIL_NONE && f.is_reused);
	TEST_ROW("never one that was opened without the guard");
	order = order_of(HTTP_GET, "http://reuse.test:P/length");
	order.allow_private = false;
	before = requests;
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_DENIED);
	order.url = STR("http://127.0.0.1/");
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_DENIED);
	order.url = STR("http://[::ffff:127.0.0.1]/");
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_DENIED);
	CHECK_NUM(requests, before);
	http_client_release(&client);
	settings.idle_ms = 20;
	http_client_init(&client, &loop, &net, &dns, trust, &settings);
	TEST_ROW("unused for a while: closed, and libcurl's memory given back");
	order = order_of(HTTP_GET, "http://reuse.test:P/length");
	fetch(&f, &order);
	for (int i = 0; i < 1000 && client.multi; i++)
		loop_turn(&loop, 5);
	turns(10);
	CHECK_NUM(open_sessions, 0);
	CHECK(client.multi == NULL);
	CHECK_NUM(client.tunnel_count, 0);
	settings.idle_ms = 30 * 1000;
	http_fetch_release(&f);
}

static void
test_parallel(void)
{
	static struct http_fetch f[20];
	int before = accepted;

	TEST_ROW("20 at once, 4 connections to each host");
	for (size_t i = 0; i < ARRAY_LEN(f); i++) {
		struct http_order order =
		    order_of(HTTP_GET, i % 2 ? "https://a.test:S/big" : "http://a.test:P/big");

		http_fetch_start(&client, &f[i], &asker, &order);
	}
	for (size_t i = 0; i < ARRAY_LEN(f); i++) {
		wait_for(&f[i]);
		CHECK_NUM(f[i].op.fail, FAIL_NONE);
		CHECK(str_eq(buf_str(&f[i].body), buf_str(&big)));
		http_fetch_release(&f[i]);
	}
	CHECK(accepted - before <= 8);
}

/* Hosts that do not answer take the connections to themselves, and no others. */
static void
test_apart(void)
{
	struct http_fetch held[8] = { 0 }, f = { 0 };
	struct http_order order;

	TEST_ROW("many slow hosts, and one more");
	for (size_t i = 0; i < ARRAY_LEN(held); i++) {
		char url[80];

		snprintf(url, sizeof url, "http://slow%zu.test:P/slow", i);
		order = order_of(HTTP_GET, url);
		order.timeout_ms = 3600 * 1000;
		http_fetch_start(&client, &held[i], &asker, &order);
	}
	order = order_of(HTTP_GET, "http://a.test:P/length");
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_NONE);
	CHECK_STR(buf_str(&f.body), STR("short"));
	http_fetch_release(&f);
	for (size_t i = 0; i < ARRAY_LEN(held); i++) {
		CHECK(op_pending(&held[i].op));
		http_fetch_release(&held[i]);
	}
}

static void
test_time(void)
{
	struct http_fetch f = { 0 };
	struct http_order order = order_of(HTTP_GET, "http://a.test:P/slow");

	TEST_ROW("slow server");
	order.timeout_ms = 50;
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_TEMP);
	order.url = STR("http://[2001:db8::1]/");
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_TEMP);
	http_fetch_release(&f);
}

static void
test_cancel(const char *url)
{
	struct http_fetch f = { 0 };
	struct http_order order = order_of(HTTP_POST, url);
	bool has_ended = false;

	TEST_ROW(url);
	order.body = str_head(buf_str(&big), 300000);
	http_fetch_cancel(&f);
	for (int after = 0; !has_ended && after < 500; after++) {
		http_fetch_start(&client, &f, &asker, &order);
		turns(after);
		has_ended = !op_pending(&f.op);
		http_fetch_cancel(&f);
		http_fetch_cancel(&f);
		CHECK(!op_pending(&f.op));
		turns(after % 3);
		http_fetch_release(&f);
	}
	CHECK(has_ended);
	order = order_of(HTTP_GET, "http://a.test:P/length");
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_NONE);
	http_fetch_release(&f);
}

static void
test_trust(void)
{
	struct http_fetch f = { 0 };
	struct http_order order = order_of(HTTP_GET, "https://a.test:S/length");
	struct tls_trust *other = NULL;
	struct buf why = { .max = 1000 }, key = { .max = 10000 }, chain = { .max = 10000 };
	char path[300];
	FILE *file;

	snprintf(path, sizeof path, "%s/other.pem", test_folder());
	invariant(tls_make_self_signed(STR("a.test"), 10, &key, &chain) == FAIL_NONE);
	invariant((file = fopen(path, "w")) != NULL);
	fwrite(chain.p, 1, chain.n, file);
	fclose(file);
	settings.ca_file = str_c(path);
	http_client_release(&client);
	TEST_ROW("another authority");
	invariant(http_client_trust(&settings, &other, &why) == FAIL_NONE);
	http_client_init(&client, &loop, &net, &dns, other, &settings);
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_DENIED);
	TEST_ROW("none");
	client.trust = NULL;
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_PERM);
	TEST_ROW("the right one beside");
	invariant(tls_trust_add(other, str_c("nowhere"), &why) == FAIL_MISSING);
	client.trust = trust;
	fetch(&f, &order);
	CHECK_NUM(f.op.fail, FAIL_NONE);
	tls_trust_free(&other);
	http_fetch_release(&f);
	buf_release(&why);
	buf_release(&key);
	buf_release(&chain);
}

/* --- all ------------------------------------------------------------------------------------ */

static void
start(void)
{
	static char chain[300], key[300], servers[64], text[NET_ADDRESS_TEXT_MAX];
	struct buf why = { .max = 1000 };
	struct tls_files files;
	struct tls_options options = { .files = &files, .file_count = 1, .sessions = 10 };

	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	loop_task(&loop, &asker, asker_step, NULL);
	names_start();
	net_address_text(&names.address, text);
	snprintf(servers, sizeof servers, "%s:%u", text, names.address.port);
	dns_settings = dns_settings_default;
	dns_settings.servers = str_c(servers);
	invariant(dns_init(&dns, &loop, &net, &dns_settings, &why) == FAIL_NONE);
	snprintf(chain, sizeof chain, "%s/chain.pem", test_folder());
	snprintf(key, sizeof key, "%s/key.pem", test_folder());
	files = (struct tls_files){ str_c(chain), str_c(key) };
	invariant(tls_write_self_signed(STR("a.test"), 30, &files, &why) == FAIL_NONE);
	invariant(tls_context_load(&context, &options, &why) == FAIL_NONE);
	settings = http_client_settings_default;
	settings.ca_file = str_c(chain);
	invariant(http_client_trust(&settings, &trust, &why) == FAIL_NONE);
	plain.service = secure.service = &service;
	secure.is_tls = true;
	invariant(listener_start(&net, &plain, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	invariant(listener_start(&net, &secure, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	http_client_init(&client, &loop, &net, &dns, trust, &settings);
	buf_init(&big, BIG);
	for (unsigned i = 0; i < BIG; i++)
		buf_add_char(&big, (char)(i * 2654435761u >> 13));
	buf_release(&why);
}

static void
stop(void)
{
	int fd = names.watch.fd;

	http_client_release(&client);
	turns(10); /* the server's sessions see it */
	CHECK_NUM(open_sessions, 0);
	CHECK_NUM(client.tunnel_count, 0);
	listener_stop(&plain);
	listener_stop(&secure);
	tls_trust_free(&trust);
	tls_context_free(&context);
	dns_release(&dns);
	watch_stop(&loop, &names.watch);
	close(fd);
	task_cancel(&names.task);
	net_release(&net);
	loop_release(&loop);
	buf_release(&big);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	start();
	CHECK(str_starts(str_c(http_client_version()), STR("8.")));
	test_rows();
	test_headers();
	test_big("http://a.test:P/echo", "http://a.test:P/big");
	test_big("https://a.test:S/echo", "https://a.test:S/big");
	test_stream();
	test_reuse();
	test_parallel();
	test_apart();
	test_time();
	test_cancel("http://a.test:P/echo");
	test_cancel("https://a.test:S/echo");
	test_trust();
	stop();
	return test_end();
}
