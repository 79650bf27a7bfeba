#include "web/metrics.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "net/memory.h"

static const struct {
	const char *name, *peer, *more,
	    *want; /* more fields of the request, and how the reply begins */
} who_rows[] = {
	{ "a program here", "127.0.0.1", "", "HTTP/1.1 200 " },
	{ "a stranger", "192.0.2.1", "", "HTTP/1.1 403 " },
	{ "a stranger through a proxy here", "127.0.0.1", "X-Forwarded-For: 192.0.2.1\r\n",
	    "HTTP/1.1 403 " },
	{ "one who calls himself of here", "127.0.0.1", "x-forwarded-for: 127.0.0.1\r\n",
	    "HTTP/1.1 403 " },
	{ "by another field", "127.0.0.1", "Forwarded: for=192.0.2.1\r\n", "HTTP/1.1 403 " },
	{ "by its name only", "127.0.0.1", "Via: 1.1 proxy\r\n", "HTTP/1.1 403 " },
};

static void
test_who(void)
{
	static const struct http_settings settings = { .idle_ms = 300000 };
	static struct http_service service;
	static struct metrics metrics;
	struct loop loop;
	struct net net;

	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	http_service_init(&service, &loop, &settings);
	metrics_attach(&metrics, &service);
	for (size_t i = 0; i < ARRAY_LEN(who_rows); i++) {
		struct conn *c = conn_memory(&net, NULL, str_c(who_rows[i].peer));

		TEST_ROW(who_rows[i].name);
		service.service.accept(&service.service, NULL, c);
		conn_memory_feed(c, STR("GET /metrics HTTP/1.1\r\nHost: a\r\n"));
		conn_memory_feed(c, str_c(who_rows[i].more));
		conn_memory_feed(c, STR("\r\n"));
		for (unsigned turn = 0; turn < 5; turn++)
			loop_turn(&loop, 0);
		CHECK(str_starts(conn_memory_sent(c), str_c(who_rows[i].want)));
		conn_memory_end(c);
		for (unsigned turn = 0; turn < 5; turn++)
			loop_turn(&loop, 0);
	}
	CHECK(list_empty(&service.sessions));
	net_release(&net);
	loop_release(&loop);
}

int
main(void)
{
	static const uint64_t turns = 12345678901u;
	static const size_t count = 3;
	struct metrics m = { 0 };
	struct buf out;

	buf_init(&out, 10000);
	TEST_ROW("nothing");
	metrics_write(&m, &out);
	CHECK_STR(buf_str(&out), STR(""));
	TEST_ROW("a counter and a level");
	metrics_add(&m,
	    &(struct metric){ "a_turns", "Turns.", METRIC_COUNTER, metric_u64, &turns });
	metrics_add(&m,
	    &(struct metric){ "a_count", "How many.", METRIC_LEVEL, metric_size, &count });
	metrics_write(&m, &out);
	CHECK_STR(buf_str(&out),
	    STR("# HELP a_turns Turns.\n# TYPE a_turns counter\na_turns 12345678901\n"
		"# HELP a_count How many.\n# TYPE a_count gauge\na_count 3\n"));
	buf_release(&out);
	test_who();
	return test_end();
}
