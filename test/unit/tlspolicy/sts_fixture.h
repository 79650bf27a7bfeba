/*
 * sts_fixture.h - a refresh of policies with a store of its own, answers from a text, policy hosts that do as the test
 * says, and a clock that it moves. It stands in for http/client.c; one file of a program includes it.
 */
#ifndef TEST_TLSPOLICY_STS_FIXTURE_H
#define TEST_TLSPOLICY_STS_FIXTURE_H

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "dns/zone.h"
#include "store/inner.h"
#include "tlspolicy/sts_refresh.h"

#define NOW       1700000000
#define HOUR      3600
#define DAY       (24 * HOUR)
#define STEP_S    900 /* time passes in pieces that are not longer than the rest between walks */
#define HOSTS_MAX 64

static struct loop loop;
static struct net net;
static struct dns dns;
static struct store *store;
static struct sts_refresh *refresh;
static int64_t now_s;
static unsigned warnings;

/* --- policy hosts: stand in for http/client.c --------------------------------------------------------------- */

static struct {
	enum fail fail;
	const char *body;
	char is_held[32]; /* hosts whose name begins so do not answer before they are let */
	unsigned asked, open, most;
	char last[300];
	struct http_fetch *held[HOSTS_MAX];
} web;

static inline void
answer(struct http_fetch *f)
{
	f->status = web.fail == FAIL_NONE ? 200 : 0;
	buf_init(&f->body, STS_FILE_MAX);
	buf_add(&f->body, str_c(web.body));
	web.open--;
	op_finish(&f->op, web.fail);
}

void
http_fetch_start(struct http_client *c, struct http_fetch *f, struct task *owner,
    const struct http_order *order)
{
	struct str url = order->url;

	CHECK(c == NULL && order->timeout_ms == STS_FETCH_MS && !order->allow_private);
	CHECK(str_skip_nocase(&url, STR("https://mta-sts.")));
	snprintf(web.last, sizeof web.last, "%.*s", (int)str_find_char(url, '/'), url.p);
	web.asked++;
	web.open++;
	if (web.open > web.most)
		web.most = web.open;
	op_begin(&f->op, owner);
	if (web.is_held[0] == '\0' || !str_starts_nocase(url, str_c(web.is_held))) {
		answer(f);
		return;
	}
	for (size_t i = 0; i < HOSTS_MAX; i++) {
		if (web.held[i] == NULL) {
			web.held[i] = f;
			return;
		}
	}
	CHECK(false);
}

static inline void
let_go(struct http_fetch *f)
{
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if (web.held[i] == f)
			web.held[i] = NULL;
}

/* As many of those that are held answer. */
static inline void
let_answer(size_t count)
{
	for (size_t i = 0; i < HOSTS_MAX && count > 0; i++) {
		struct http_fetch *f = web.held[i];

		if (f == NULL)
			continue;
		let_go(f);
		answer(f);
		count--;
	}
}

void
http_fetch_cancel(struct http_fetch *f)
{
	if (op_pending(&f->op)) {
		let_go(f);
		web.open--;
		op_drop(&f->op);
	}
}

void
http_fetch_release(struct http_fetch *f)
{
	http_fetch_cancel(f);
	buf_release(&f->body);
	*f = (struct http_fetch){ 0 };
}

struct str
http_fetch_header(const struct http_fetch *f, struct str name)
{
	(void)f;
	CHECK_STR(name, STR("Content-Type"));
	return STR("text/plain; charset=utf-8");
}

static inline struct http_client *
get_http(void *arg)
{
	CHECK(arg == &web);
	return NULL;
}

#define POLICY(mode, age) "version: STSv1\nmode: " mode "\nmx: mx.test\nmax_age: " age "\n"

/* --- the fixture ------------------------------------------------------------------------------------------- */

static inline void
set_zone(const char *text)
{
	struct buf why;

	buf_init(&why, 1000);
	if (dns.loop)
		dns_release(&dns);
	CHECK_NUM(dns_init(&dns, &loop, &net, &dns_settings_default, &why), FAIL_NONE);
	CHECK_NUM(dns_zone_read(&dns, str_c(text), &why), FAIL_NONE);
	CHECK_STR(buf_str(&why), STR(""));
	buf_release(&why);
}

static inline void
count_warning(struct str line, void *arg)
{
	(void)arg;
	warnings += str_starts_nocase(line, STR("<4>sts."));
}

static inline void
open_refresh(void)
{
	const struct sts_refresh_house house = { .loop = &loop,
		.dns = &dns,
		.store = store,
		.get_http = get_http,
		.arg = &web };

	refresh = sts_refresh_open(&house);
}

static inline void
begin(const char *row)
{
	TEST_ROW(row);
	now_s = 0;
	clock_fake(1000, (int64_t)NOW * 1000);
	memset(&web, 0, sizeof web);
	web.body = POLICY("enforce", "604800");
	warnings = 0;
	log_capture(count_warning, NULL);
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	CHECK_NUM(store_open(&store, &loop, STR(":memory:"), NULL), FAIL_NONE);
	set_zone("_mta-sts.a.test TXT \"v=STSv1; id=1\"\n");
	open_refresh();
}

static inline void
end(void)
{
	sts_refresh_close(&refresh);
	CHECK_NUM(web.open, 0);
	dns_release(&dns);
	dns = (struct dns){ 0 };
	store_close(&store);
	net_release(&net);
	loop_release(&loop);
	log_capture(NULL, NULL);
}

/* Until nobody has anything to do. */
static inline void
settle(void)
{
	unsigned idle = 0;

	for (unsigned turn = 0; idle < 3 && turn < 20000; turn++) {
		unsigned before = web.asked;

		loop_turn(&loop, 0);
		idle = loop.steps > 1 || before != web.asked ||
			(refresh->is_walking && refresh->renewal_count < STS_RENEWALS_MAX)
		    ? 0
		    : idle + 1;
	}
	CHECK_NUM(idle, 3);
}

static inline void
set_time(int64_t to_s)
{
	now_s = to_s;
	clock_fake(1000 + now_s * 1000, (NOW + now_s) * 1000);
}

static inline void
pass(int64_t seconds)
{
	int64_t until_s = now_s + seconds;

	while (now_s < until_s) {
		set_time(now_s + STEP_S < until_s ? now_s + STEP_S : until_s);
		settle();
	}
}

static inline enum step
no_step(struct task *task)
{
	(void)task;
	return STEP_WAIT;
}

/* Mail goes to this domain; whether it had a policy. */
static inline bool
mail(const char *domain)
{
	const struct sts_house house = { .dns = &dns, .store = store, .refresh = refresh };
	struct sts_find find;
	struct task task;
	bool has_policy;

	loop_task(&loop, &task, no_step, NULL);
	sts_start(&find, &house, &task, str_c(domain));
	CHECK(sts_look(&find));
	has_policy = find.has_policy;
	sts_release(&find);
	task_cancel(&task);
	settle();
	return has_policy;
}

static inline void
write_kept(const char *domain, int64_t fetched_s)
{
	struct sts_kept kept = { 0 };
	struct sts_policy policy;

	CHECK_NUM(sts_policy_parse(str_c(web.body), &policy), FAIL_NONE);
	CHECK(sts_kept_read(store, str_c(domain), &kept) == FAIL_MISSING);
	sts_kept_set(&kept, &policy, STR("1"), fetched_s);
	kept.used_s = fetched_s;
	CHECK_NUM(sts_kept_write(store, str_c(domain), &kept), FAIL_NONE);
	sts_kept_release(&kept);
}

struct facts {
	bool is_there;
	char id[STS_ID_MAX + 1];
	int64_t fetched_s, failed_s, used_s; /* since the row began; failed_s 0: not */
	enum sts_mode mode;
};

static inline struct facts
look(const char *domain)
{
	struct sts_kept kept = { 0 };
	struct facts f = { .is_there = sts_kept_read(store, str_c(domain), &kept) == FAIL_NONE };

	memcpy(f.id, kept.id, sizeof f.id);
	f.mode = kept.policy.mode;
	f.fetched_s = kept.fetched_s - NOW;
	f.used_s = kept.used_s - NOW;
	f.failed_s = kept.failed_s == 0 ? 0 : kept.failed_s - NOW;
	sts_kept_release(&kept);
	return f;
}

static inline int64_t
count(void)
{
	int64_t n;

	CHECK_NUM(sts_kept_count(store, &n), FAIL_NONE);
	return n;
}

#endif
