/*
 * sending.h - reports with a queue that keeps what comes in (it is not started), and a resolver that knows a zone.
 *
 * Wanted by their domains: shop.test (itself), away.test (by will.test, which agrees, and wont.test, which does not),
 * slow.test (by mute.test, which does not answer), both.test (itself, and mute.test). Of TLS: mail.test, first.test (by
 * HTTPS, else by mail), post.test (by HTTPS only), mute.test (does not answer), bad.test (whose record says nothing).
 */
#ifndef TEST_REPORTS_SENDING_H
#define TEST_REPORTS_SENDING_H

#include "fixture.h"

/* rooms */
#include "blob/blob.h"
#include "codec/base64.h"
#include "dns/zone.h"
#include "mailauth/report_file.h"
#include "queue/admin.h"
#include "queue/queue.h"

#define HOUR_S 3600

struct sending {
	struct fixture f;
	char blob_path[300];
	struct dns dns;
	struct blob_store *blobs;
	struct queue *queue;
	struct queue_settings queue_settings;
	int64_t mono_ms;
};

static const char sending_zone[] =
    "away.test._report._dmarc.will.test TXT \"v=DMARC1\"\n"
    "slow.test._report._dmarc.mute.test TIMEOUT\n"
    "both.test._report._dmarc.mute.test TIMEOUT\n"
    "_smtp._tls.mail.test TXT \"v=TLSRPTv1; rua=mailto:t@mail.test\"\n"
    "_smtp._tls.first.test TXT \"v=TLSRPTv1; "
    "rua=https://x.test/,mailto:t@first.test\"\n"
    "_smtp._tls.post.test TXT \"v=TLSRPTv1; rua=https://x.test/\"\n"
    "_smtp._tls.mute.test TIMEOUT\n"
    "_smtp._tls.bad.test TXT \"v=TLSRPTv1; rua=ftp://bad.test/\"\n";

static inline void
sending_clock(struct sending *s, int64_t wall_s)
{
	if (wall_s > s->f.wall_s)
		s->mono_ms += (wall_s - s->f.wall_s) * 1000;
	s->f.wall_s = wall_s;
	clock_fake(s->mono_ms, wall_s * 1000);
}

static inline void
sending_start(struct sending *s)
{
	static const struct queue_routes no_routes = { NULL, 0 };
	const struct queue_house house = { .loop = &s->f.loop,
		.settings = &s->queue_settings,
		.outbound = &smtpc_settings_default,
		.routes = &no_routes,
		.own = { .hostname = STR("mx.own.test") } };
	struct queue_house queue_house = house;
	struct reports_house own = { .loop = &s->f.loop,
		.settings = &s->f.settings,
		.hostname = STR("mx.own.test"),
		.dns = &s->dns };

	invariant(loop_init(&s->f.loop) == FAIL_NONE);
	invariant(store_open(&s->f.store, &s->f.loop, str_c(s->f.path), NULL) == FAIL_NONE);
	invariant(blob_open(&s->blobs, &s->f.loop, s->f.store, str_c(s->blob_path)) == FAIL_NONE);
	queue_house.store = own.store = s->f.store;
	queue_house.blobs = own.blobs = s->blobs;
	invariant(queue_open(&s->queue, &queue_house) == FAIL_NONE);
	invariant(blob_recover(s->blobs) == FAIL_NONE);
	own.queue = s->queue;
	s->f.reports = reports_open(&own);
	reports_start(s->f.reports);
}

/* What was not committed is gone. */
static inline void
sending_crash(struct sending *s)
{
	reports_close(&s->f.reports);
	queue_close(&s->queue);
	store_rollback(s->f.store);
	blob_close(&s->blobs);
	store_close(&s->f.store);
	loop_release(&s->f.loop);
}

static inline void
sending_open(struct sending *s, const char *name)
{
	struct buf why;

	*s = (struct sending){ .queue_settings = queue_settings_default, .mono_ms = 1000000 };
	s->f = (struct fixture){ .settings = reports_settings_default };
	s->f.settings.has_dmarc = true;
	snprintf(s->f.path, sizeof s->f.path, "%s/%s.db", test_folder(), name);
	snprintf(s->blob_path, sizeof s->blob_path, "%s/%s", test_folder(), name);
	buf_init(&why, 1000);
	invariant(dns_init(&s->dns, NULL, NULL, &dns_settings_default, &why) == FAIL_NONE);
	invariant(dns_zone_read(&s->dns, str_c(sending_zone), &why) == FAIL_NONE);
	buf_release(&why);
	sending_clock(s, FIXTURE_WALL);
	sending_start(s);
}

static inline void
sending_close(struct sending *s)
{
	sending_crash(s);
	dns_release(&s->dns);
}

/* One turn, a quarter of a second later. */
static inline void
sending_turn(struct sending *s)
{
	s->mono_ms += 250;
	clock_fake(s->mono_ms, s->f.wall_s * 1000);
	loop_turn(&s->f.loop, 0);
}

static inline void
sending_settle(struct sending *s)
{
	for (unsigned i = 0; i < 120; i++)
		sending_turn(s);
}

/* So many hours, one walk in each. */
static inline void
sending_pass(struct sending *s, unsigned hours)
{
	for (unsigned i = 0; i < hours; i++) {
		sending_clock(s, s->f.wall_s + HOUR_S + 2);
		sending_settle(s);
	}
}

/* When the reports about the day of FIXTURE_WALL are due. */
static inline int64_t
sending_due_s(const struct sending *s)
{
	return period_due_s(period_at(FIXTURE_WALL, s->f.settings.interval_ms).end_s,
	    s->f.settings.interval_ms, STR("mx.own.test"));
}

/* A message of that domain, which SPF passes: as many as spellings of `who` are rows. */
static inline void
sending_note(struct sending *s, const char *domain, const char *record, const char *who)
{
	struct origin o;

	fixture_judge(&o, record, VERDICT_PASS);
	buf_clear(&o.from);
	buf_add_c(&o.from, domain);
	o.policy.domain = o.policy.organization = o.policy.policy_domain = str_c(domain);
	o.spf.domain = str_c(who);
	reports_dmarc_note(s->f.reports, &o);
	buf_release(&o.from);
}

#define SHOP "v=DMARC1; p=none; rua=mailto:d@shop.test"
#define AWAY "v=DMARC1; p=none; rua=mailto:d@wont.test, mailto:d@will.test"
#define SLOW "v=DMARC1; p=none; rua=mailto:d@mute.test"
#define BOTH "v=DMARC1; p=none; rua=mailto:d@both.test, mailto:d@mute.test"

/* --- what was queued ------------------------------------------------------------------------------ */

struct sent {
	uint64_t reports, messages, rows;
	struct buf to; /* own; addresses, each with a blank behind */
	bool has_words_of_more;
};

static inline void
sending_add_row(void *arg, const struct dmarc_report_row *row)
{
	struct sent *sent = arg;

	sent->rows++;
	sent->messages += row->count;
}

static inline void
sending_read(struct str message, struct sent *sent)
{
	struct str mark = STR("Content-Transfer-Encoding: base64\r\n\r\n"), text;
	struct base64_decoder decoder = { .bits = 0 };
	struct buf file, xml;
	size_t at = str_find(message, mark);

	buf_init(&file, message.n);
	buf_init(&xml, REPORT_TEXT_MAX);
	text = str_from(message, at + mark.n);
	text = str_head(text, str_find(text, STR("--=_report.")));
	base64_decoder_feed(&decoder, text, &file);
	base64_decoder_end(&decoder, &file);
	CHECK(!decoder.is_damaged);
	CHECK_NUM(report_file_read(buf_str(&file), &xml), FAIL_NONE);
	CHECK_NUM(dmarc_report_rows(buf_str(&xml), sending_add_row, sent), FAIL_NONE);
	sent->has_words_of_more |=
	    str_find(message, STR("more than this report could hold")) != STR_NONE;
	sent->reports++;
	buf_release(&file);
	buf_release(&xml);
}

/* All of it; to be released. */
static inline struct sent
sending_look(struct sending *s)
{
	struct sent sent = { .reports = 0 };
	struct queue_entry e;
	struct blob_map map;
	struct arena a;
	uint64_t id = 0;

	buf_init(&sent.to, 10000);
	arena_init(&a, 1 << 20);
	while (queue_entry_next(s->queue, id, &a, &e) == FAIL_NONE) {
		id = e.message.id;
		CHECK_STR(e.message.envelope.sender, STR(""));
		for (size_t i = 0; i < e.rcpt_count; i++) {
			buf_add(&sent.to, e.rcpts[i].envelope.address);
			buf_add_char(&sent.to, ' ');
		}
		if (CHECK(
			blob_map(s->blobs, STR(QUEUE_FOLDER), e.message.blob, &map) == FAIL_NONE)) {
			sending_read(map.bytes, &sent);
			blob_unmap(&map);
		}
		arena_reset(&a);
	}
	arena_release(&a);
	return sent;
}

static inline uint64_t
sending_pending(struct sending *s)
{
	struct reports_pending p;
	struct buf at, copy;
	uint64_t n = 0;

	buf_init(&at, STORE_KEY_MAX);
	buf_init(&copy, TALLY_COPY_MAX);
	while (reports_next(s->f.reports, &at, &copy, &p) == FAIL_NONE)
		n++;
	buf_release(&at);
	buf_release(&copy);
	return n;
}

/* So many reports about so many messages, to these; and so many domains still wait. */
static inline void
sending_expect(struct sending *s, uint64_t reports, uint64_t messages, const char *to,
    uint64_t pending)
{
	struct sent sent = sending_look(s);

	CHECK_NUM(sent.reports, reports);
	CHECK_NUM(sent.messages, messages);
	CHECK_STR(buf_str(&sent.to), str_c(to));
	CHECK_NUM(sending_pending(s), pending);
	buf_release(&sent.to);
}

#endif
