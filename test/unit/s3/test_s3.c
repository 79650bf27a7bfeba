#include "s3/s3.h"

/* system */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/s3_server.h"

#define BIG (2 * S3_PART_BYTES + 1000)

static struct loop loop;
static struct net net;
static struct dns dns;
static struct s3_server server;
static struct s3 s3;
static struct task asker;
static char *big;
static int out_fd;

static enum step
asker_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
put(struct s3_call *c, struct str key, struct str bytes)
{
	struct s3_sums sums;

	s3_sums_init(&sums);
	s3_sums_add(&sums, bytes);
	s3_sums_end(&sums);
	s3_put_start(&s3, c, &asker, key, bytes, &sums);
	s3_wait(&s3, c);
	s3_sums_release(&sums);
}

static void
get(struct s3_call *c, struct str key, uint64_t size)
{
	CHECK_NUM(ftruncate(out_fd, 0), 0);
	s3_get_start(&s3, c, &asker, key, out_fd, size);
	s3_wait(&s3, c);
}

static bool
is_written(struct str want)
{
	char *got = mem_new(1, want.n + 1);
	ssize_t n = pread(out_fd, got, want.n + 1, 0);
	bool is_same = n == (ssize_t)want.n && memcmp(got, want.p, want.n) == 0;

	mem_free(got);
	return is_same;
}

/* --- everything well ----------------------------------------------------------------------- */

static void
test_well(void)
{
	static const struct str name = STR_INIT("ann@example.org/1.M2,S=5 +%");
	struct s3_call c = { .status = 0 };

	TEST_ROW("put, get, copy, delete");
	put(&c, name, STR("hello"));
	CHECK_NUM(c.op.fail, FAIL_NONE);
	CHECK_STR(buf_str(&s3_server_find(&server, name)->bytes), STR("hello"));
	CHECK_STR(buf_str(&s3_server_find(&server, name)->sum),
	    STR("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"));
	get(&c, name, 5);
	CHECK_NUM(c.op.fail, FAIL_NONE);
	CHECK(is_written(STR("hello")));
	s3_copy_start(&s3, &c, &asker, name, STR("bob/2"));
	CHECK_NUM(s3_wait(&s3, &c), FAIL_NONE);
	CHECK_STR(buf_str(&s3_server_find(&server, STR("bob/2"))->bytes), STR("hello"));
	s3_copy_start(&s3, &c, &asker, STR("none"), STR("bob/3"));
	CHECK_NUM(s3_wait(&s3, &c), FAIL_MISSING);
	get(&c, STR("none"), 5);
	CHECK_NUM(c.op.fail, FAIL_MISSING);
	for (int i = 0; i < 2; i++) {
		s3_delete_start(&s3, &c, &asker, name);
		CHECK_NUM(s3_wait(&s3, &c), FAIL_NONE);
	}
	CHECK(s3_server_find(&server, name) == NULL);
	TEST_ROW("nothing at all is an object, too");
	put(&c, STR("empty"), STR(""));
	CHECK_NUM(c.op.fail, FAIL_NONE);
	get(&c, STR("empty"), 0);
	CHECK_NUM(c.op.fail, FAIL_NONE);
	CHECK(is_written(STR("")));
	TEST_ROW("a name that is too long");
	put(&c, str_of(big, S3_KEY_MAX), STR("x"));
	CHECK_NUM(c.op.fail, FAIL_PERM);
	s3_call_release(&c);
}

static void
test_list(void)
{
	struct s3_call c = { .status = 0 };
	char key[20];
	struct str after = STR("");
	size_t count = 0, pages = 0;

	TEST_ROW("list");
	for (int i = 0; i < 25; i++) {
		snprintf(key, sizeof key, "eve/%02d", i);
		s3_server_add(&server, str_c(key), STR("abc"));
	}
	server.page = 10;
	do {
		snprintf(key, sizeof key, "%.*s", STR_ARG(after));
		s3_list_start(&s3, &c, &asker, STR("eve/"), str_c(key));
		CHECK_NUM(s3_wait(&s3, &c), FAIL_NONE);
		count += c.page.count;
		pages++;
		if (c.page.count == 0)
			break;
		after = c.page.objects[c.page.count - 1].key;
		CHECK(str_starts(after, STR("eve/")));
		CHECK_NUM(c.page.objects[0].size, 3);
	} while (c.page.has_more && pages < 10);
	CHECK_NUM(count, 25);
	CHECK_NUM(pages, 3);
	s3_list_start(&s3, &c, &asker, STR("nobody/"), STR(""));
	CHECK_NUM(s3_wait(&s3, &c), FAIL_NONE);
	CHECK_NUM(c.page.count, 0);
	server.page = 0;
	s3_call_release(&c);
}

static void
test_parts(void)
{
	static const struct str name = STR_INIT("ann/big");
	struct s3_call c = { .status = 0 };
	struct str bytes = str_of(big, BIG);

	TEST_ROW("in parts");
	put(&c, name, bytes);
	CHECK_NUM(c.op.fail, FAIL_NONE);
	CHECK_NUM(server.upload_count, 1);
	CHECK(str_eq(buf_str(&s3_server_find(&server, name)->bytes), bytes));
	get(&c, name, BIG);
	CHECK_NUM(c.op.fail, FAIL_NONE);
	CHECK(is_written(bytes));
	TEST_ROW("the server forgets the upload once");
	s3_server_way(&server, S3_WAY_FORGET, 1, "PUT");
	put(&c, name, bytes);
	CHECK_NUM(c.op.fail, FAIL_NONE);
	TEST_ROW("it was completed, but nobody heard of it");
	s3_server_way(&server, S3_WAY_LATE, 2, "POST");
	put(&c, name, bytes);
	CHECK_NUM(c.op.fail, FAIL_NONE);
	CHECK(str_eq(buf_str(&s3_server_find(&server, name)->bytes), bytes));
	TEST_ROW("an upload that fails is given up");
	s3_server_way(&server, S3_WAY_403, 1, "PUT");
	put(&c, name, bytes);
	CHECK_NUM(c.op.fail, FAIL_DENIED);
	for (int i = 0; i < 1000 && !list_empty(&s3.aborts); i++)
		loop_turn(&loop, 10);
	CHECK_NUM(server.abort_count, 1);
	s3_call_release(&c);
}

/* --- everything that goes wrong ------------------------------------------------------------ */

static const struct {
	const char *name, *method;
	enum s3_way way;
	int times;
	enum fail want;
} bad_rows[] = {
	{ "put: hangs once", "PUT", S3_WAY_HANG, 1, FAIL_NONE },
	{ "put: hangs", "PUT", S3_WAY_HANG, -1, FAIL_TEMP },
	{ "put: closes twice", "PUT", S3_WAY_CLOSE, 2, FAIL_NONE },
	{ "put: closes", "PUT", S3_WAY_CLOSE, -1, FAIL_TEMP },
	{ "put: stored, and nobody heard of it", "PUT", S3_WAY_LATE, 2, FAIL_NONE },
	{ "put: 500 once", "PUT", S3_WAY_500, 1, FAIL_NONE },
	{ "put: 500", "PUT", S3_WAY_500, -1, FAIL_TEMP },
	{ "put: 503", "PUT", S3_WAY_503, -1, FAIL_TEMP },
	{ "put: 429 once", "PUT", S3_WAY_429, 1, FAIL_NONE },
	{ "put: 403", "PUT", S3_WAY_403, 1, FAIL_DENIED },
	{ "put: keys for a time", "PUT", S3_WAY_EXPIRED, 1, FAIL_DENIED },
	{ "put: clock", "PUT", S3_WAY_SKEW, 1, FAIL_TEMP },
	{ "put: no bucket", "PUT", S3_WAY_BUCKET, 1, FAIL_DENIED },
	{ "put: redirect", "PUT", S3_WAY_REDIRECT, 1, FAIL_PERM },
	{ "put: another checksum once", "PUT", S3_WAY_ETAG, 1, FAIL_NONE },
	{ "put: another checksum", "PUT", S3_WAY_ETAG, -1, FAIL_TEMP },
	{ "put: another checksum is kept, once", "PUT", S3_WAY_CHECKSUM, 1, FAIL_NONE },
	{ "put: another checksum is kept", "PUT", S3_WAY_CHECKSUM, -1, FAIL_TEMP },
	{ "put: half a reply", "PUT", S3_WAY_HALF, 1, FAIL_NONE },
	{ "put: endless headers", "PUT", S3_WAY_HEADERS, 1, FAIL_NONE },
	{ "put: not HTTP", "PUT", S3_WAY_GARBAGE, -1, FAIL_TEMP },
	{ "get: hangs once", "GET", S3_WAY_HANG, 1, FAIL_NONE },
	{ "get: hangs", "GET", S3_WAY_HANG, -1, FAIL_TEMP },
	{ "get: cut once", "GET", S3_WAY_CUT, 1, FAIL_NONE },
	{ "get: cut", "GET", S3_WAY_CUT, -1, FAIL_TEMP },
	{ "get: shorter", "GET", S3_WAY_SHORT, -1, FAIL_TEMP },
	{ "get: longer", "GET", S3_WAY_LONG, -1, FAIL_TEMP },
	{ "get: longer once", "GET", S3_WAY_LONG, 1, FAIL_NONE },
	{ "get: other bytes", "GET", S3_WAY_FALSE, -1, FAIL_TEMP },
	{ "get: other bytes once", "GET", S3_WAY_FALSE, 1, FAIL_NONE },
	{ "get: 404 of a proxy", "GET", S3_WAY_404, -1, FAIL_TEMP },
	{ "get: no bucket", "GET", S3_WAY_BUCKET, -1, FAIL_DENIED },
	{ "get: 403", "GET", S3_WAY_403, -1, FAIL_DENIED },
	{ "get: endless headers", "GET", S3_WAY_HEADERS, 1, FAIL_NONE },
	{ "delete: 503 once", "DELETE", S3_WAY_503, 1, FAIL_NONE },
	{ "delete: 403", "DELETE", S3_WAY_403, 1, FAIL_DENIED },
	{ "copy: error behind 200, once", "COPY", S3_WAY_LATE_ERROR, 1, FAIL_NONE },
	{ "copy: error behind 200", "COPY", S3_WAY_LATE_ERROR, -1, FAIL_TEMP },
	{ "list: cut XML once", "LIST", S3_WAY_XML, 1, FAIL_NONE },
	{ "list: cut XML", "LIST", S3_WAY_XML, -1, FAIL_TEMP },
	{ "list: error behind 200", "LIST", S3_WAY_LATE_ERROR, -1, FAIL_TEMP },
};

static void
act(struct s3_call *c, const char *method)
{
	if (str_eq(str_c(method), STR("PUT"))) {
		put(c, STR("ann/1"), STR("some bytes"));
	} else if (str_eq(str_c(method), STR("GET"))) {
		get(c, STR("ann/1"), 10);
	} else if (str_eq(str_c(method), STR("DELETE"))) {
		s3_delete_start(&s3, c, &asker, STR("ann/2"));
	} else if (str_eq(str_c(method), STR("COPY"))) {
		s3_copy_start(&s3, c, &asker, STR("ann/1"), STR("ann/3"));
	} else {
		s3_list_start(&s3, c, &asker, STR("ann/"), STR(""));
	}
	s3_wait(&s3, c);
}

/* A server that refuses x-amz-checksum-sha256 gets it once. */
static void
test_plain(void)
{
	struct s3_call c = { .status = 0 };

	TEST_ROW("the checksum goes with a put");
	s3_server_forget(&server);
	put(&c, STR("ann/1"), STR("some bytes"));
	CHECK_NUM(c.op.fail, FAIL_NONE);
	CHECK_NUM(server.checksum_count, 1);
	CHECK(!s3.is_plain);
	TEST_ROW("it is refused");
	s3_server_way(&server, S3_WAY_PLAIN, -1, "PUT");
	server.request_count = 0;
	for (int i = 0; i < 3; i++) {
		put(&c, STR("ann/2"), STR("other bytes"));
		CHECK_NUM(c.op.fail, FAIL_NONE);
		CHECK(s3.is_plain);
	}
	CHECK_NUM(server.request_count, 4);
	CHECK_NUM(server.checksum_count, 1);
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	s3.is_plain = false;
	s3_call_release(&c);
}

static void
test_bad(void)
{
	struct s3_call c = { .status = 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
		TEST_ROW(bad_rows[i].name);
		server.settings.retry_ms = bad_rows[i].times < 0 ? 500 : 5000;
		server.settings.timeout_ms =
		    bad_rows[i].way == S3_WAY_HANG ? S3_HANG_MS : S3_PATIENCE_MS;
		s3.is_down = false;
		s3_server_way(&server, S3_WAY_WELL, 0, NULL);
		put(&c, STR("ann/1"), STR("some bytes"));
		CHECK_NUM(c.op.fail, FAIL_NONE);
		s3_server_way(&server, bad_rows[i].way, bad_rows[i].times, NULL);
		act(&c, bad_rows[i].method);
		CHECK_NUM(c.op.fail, bad_rows[i].want);
		if (bad_rows[i].want == FAIL_NONE && bad_rows[i].method[0] == 'G')
			CHECK(is_written(STR("some bytes")));
		s3_call_release(&c);
	}
	TEST_ROW("a part hangs: found out long before its slowest time");
	s3_server_way(&server, S3_WAY_HANG, 1, "PUT");
	server.settings.retry_ms = 30000; /* the speed is that of some seconds */
	s3.is_down = false;
	server.settings.timeout_ms = S3_HANG_MS;
	put(&c, STR("ann/1"), str_of(big, BIG));
	CHECK_NUM(c.op.fail, FAIL_NONE);
	s3_call_release(&c);
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	server.settings.timeout_ms = S3_PATIENCE_MS;
}

/* When it is known to be down, nobody waits for tries again; one answer, and it is up. */
static void
test_down(void)
{
	struct s3_call c = { .status = 0 };
	size_t before;

	TEST_ROW("down");
	server.settings.retry_ms = 500;
	s3_server_way(&server, S3_WAY_503, -1, NULL);
	act(&c, "PUT");
	CHECK_NUM(c.op.fail, FAIL_TEMP);
	before = server.request_count;
	act(&c, "PUT");
	CHECK_NUM(c.op.fail, FAIL_TEMP);
	CHECK_NUM(server.request_count, before + 1);
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	act(&c, "PUT");
	CHECK_NUM(c.op.fail, FAIL_NONE);
	CHECK(!s3.is_down);
	TEST_ROW("nobody there");
	s3_server_stop(&server);
	act(&c, "GET");
	CHECK_NUM(c.op.fail, FAIL_TEMP);
	s3_call_release(&c);
}

static void
test_cancel(void)
{
	struct s3_call c = { .status = 0 };
	struct s3_sums sums;

	TEST_ROW("cancel at any time");
	s3_sums_init(&sums);
	s3_sums_add(&sums, str_of(big, BIG));
	s3_sums_end(&sums);
	for (int turns = 0; turns < 60; turns++) {
		s3_put_start(&s3, &c, &asker, STR("ann/big"), str_of(big, BIG), &sums);
		for (int i = 0; i < turns && op_pending(&c.op); i++)
			loop_turn(&loop, 1);
		s3_call_cancel(&c);
		s3_call_cancel(&c);
		s3_call_release(&c);
		CHECK(!op_pending(&c.op));
	}
	for (int i = 0; i < 2000 && !list_empty(&s3.aborts); i++)
		loop_turn(&loop, 10);
	CHECK(list_empty(&s3.aborts));
	s3_sums_release(&sums);
}

/* Pieces of any size give the same sums. */
static void
test_sums(void)
{
	struct s3_sums whole, pieces;

	TEST_ROW("sums");
	s3_sums_init(&whole);
	s3_sums_add(&whole, str_of(big, BIG));
	s3_sums_end(&whole);
	s3_sums_init(&pieces);
	for (size_t at = 0; at < BIG; at += 4999)
		s3_sums_add(&pieces, str_slice(str_of(big, BIG), at, 4999));
	s3_sums_end(&pieces);
	s3_sums_end(&pieces);
	CHECK_NUM(whole.part_count, 3);
	CHECK_NUM(pieces.part_count, 3);
	CHECK(memcmp(whole.whole, pieces.whole, sizeof whole.whole) == 0);
	CHECK(memcmp(whole.parts, pieces.parts, 3 * sizeof *whole.parts) == 0);
	s3_sums_release(&whole);
	s3_sums_release(&pieces);
}

static const struct {
	const char *name;
	const char *endpoint, *bucket, *region, *prefix, *key;
	bool is_path_style;
	const char *want; /* within the lines; "" for none */
} settings_rows[] = {
	{ "good", "https://s3.test", "box", "eu", "", "k", true, "" },
	{ "good, of hosts", "https://s3.test:9000/", "box", "eu", "a/", "k", false, "" },
	{ "no endpoint", "", "box", "eu", "", "k", true, "[s3] endpoint" },
	{ "no URL", "s3.test", "box", "eu", "", "k", true, "[s3] endpoint" },
	{ "a path", "https://s3.test/box", "box", "eu", "", "k", true, "[s3] endpoint" },
	{ "TLS to an address", "https://127.0.0.1", "box", "eu", "", "k", true, "[s3] endpoint" },
	{ "a host below an address", "http://127.0.0.1", "box", "eu", "", "k", false,
	    "[s3] endpoint" },
	{ "no bucket", "https://s3.test", "", "eu", "", "k", true, "[s3] bucket" },
	{ "no name of a bucket", "https://s3.test", "a/b", "eu", "", "k", true, "[s3] bucket" },
	{ "no region", "https://s3.test", "box", "", "", "k", true, "[s3] region" },
	{ "prefix", "https://s3.test", "box", "eu", "/a", "k", true, "[s3] prefix" },
	{ "no key", "https://s3.test", "box", "eu", "", "", true, "[s3] access-key" },
};

/* Keys for a time: the token of the environment goes with the keys of the environment only. */
static void
test_token(void)
{
	struct s3_settings s = s3_settings_default;
	struct buf why, token;

	TEST_ROW("session-token");
	buf_init(&why, 1000);
	buf_init(&token, 9000);
	s.endpoint = STR("https://s3.test");
	s.bucket = STR("box");
	CHECK_NUM(setenv("AWS_SESSION_TOKEN", "of-env", 1), 0);
	CHECK_STR(s3_session_token(&s), STR("of-env"));
	s.access_key = s.secret_key = STR("k");
	CHECK_STR(s3_session_token(&s), STR(""));
	s.session_token = STR("own");
	CHECK_STR(s3_session_token(&s), STR("own"));
	CHECK_NUM(s3_settings_check(&s, &why), FAIL_NONE);
	unsetenv("AWS_SESSION_TOKEN");
	s.session_token = STR("two words");
	CHECK_NUM(s3_settings_check(&s, &why), FAIL_SYNTAX);
	CHECK(str_starts(buf_str(&why), STR("[s3] session-token")));
	while (token.n < 8001)
		buf_add_char(&token, 'x');
	s.session_token = buf_str(&token);
	CHECK_NUM(s3_settings_check(&s, &why), FAIL_SYNTAX);
	s.session_token = str_head(buf_str(&token), 8000);
	CHECK_NUM(s3_settings_check(&s, &why), FAIL_NONE);
	buf_release(&why);
	buf_release(&token);
}

static void
test_settings(void)
{
	for (size_t i = 0; i < ARRAY_LEN(settings_rows); i++) {
		struct s3_settings s = s3_settings_default;
		struct buf why;

		TEST_ROW(settings_rows[i].name);
		s.endpoint = str_c(settings_rows[i].endpoint);
		s.bucket = str_c(settings_rows[i].bucket);
		s.region = str_c(settings_rows[i].region);
		s.prefix = str_c(settings_rows[i].prefix);
		s.access_key = s.secret_key = str_c(settings_rows[i].key);
		s.is_path_style = settings_rows[i].is_path_style;
		buf_init(&why, 1000);
		CHECK_NUM(s3_settings_check(&s, &why) == FAIL_NONE, !settings_rows[i].want[0]);
		CHECK(str_starts(buf_str(&why), str_c(settings_rows[i].want)));
		buf_release(&why);
	}
}

int
main(void)
{
	struct buf why = { .max = 1000 };
	char path[300];

	log_set_level(LOG_LEVEL_ERROR);
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	unsetenv("AWS_SESSION_TOKEN");
	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	loop_task(&loop, &asker, asker_step, NULL);
	invariant(dns_init(&dns, &loop, &net, &dns_settings_default, &why) == FAIL_NONE);
	s3_server_start(&server, &net);
	invariant(s3_init(&s3, &loop, &net, &dns, &server.settings, &why) == FAIL_NONE);
	snprintf(path, sizeof path, "%s/out", test_folder());
	out_fd = open(path, O_RDWR | O_CREAT, 0600);
	big = mem_new(1, BIG);
	for (size_t i = 0; i < BIG; i++)
		big[i] = (char)(i * 2654435761u >> 13);
	test_settings();
	test_token();
	test_sums();
	test_well();
	test_list();
	test_parts();
	test_plain();
	test_bad();
	test_cancel();
	test_down();
	s3_release(&s3);
	s3_server_stop(&server);
	task_cancel(&asker);
	dns_release(&dns);
	net_release(&net);
	loop_release(&loop);
	mem_free(big);
	close(out_fd);
	return test_end();
}
