/* Reports of conversations: who gets them, when, and what becomes of those that cannot be sent. */
#include "sending.h"

/* rooms */
#include "message/header.h"
#include "tlspolicy/rpt_report.h"
#include "tlspolicy/rpt_session.h"

#define TURNS 60 /* by then all is queued */

static struct sending s;

static void
quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

static void
begin(const char *name)
{
	sending_open(&s, name);
	s.f.settings.has_dmarc = false;
	s.f.settings.has_tls = true;
}

static void
note(const char *domain, enum tls_result result, const char *host)
{
	const struct rpt_session session = { .domain = str_c(domain),
		.type = RPT_TLSA,
		.strings = STR("3 1 1 0123\n"),
		.result = result,
		.host = str_c(host),
		.address = STR("192.0.2.1") };

	reports_tls_note(s.f.reports, &session);
}

/* --- what was queued ------------------------------------------------------------------------------ */

struct told {
	struct buf to, facts; /* own */
};

static void
add_report(struct told *told, struct str message)
{
	struct str mark = STR("Content-Transfer-Encoding: base64\r\n\r\n"), text;
	struct base64_decoder decoder = { .bits = 0 };
	struct rpt_report report;
	struct header field;
	struct arena arena;
	struct buf file, json;

	buf_init(&file, message.n);
	buf_init(&json, RPT_FILE_MAX);
	arena_init(&arena, 1 << 20);
	text = str_from(message, str_find(message, mark) + mark.n);
	text = str_head(text, str_find(text, STR("--=_report.")));
	base64_decoder_feed(&decoder, text, &file);
	base64_decoder_end(&decoder, &file);
	CHECK_NUM(report_file_read(buf_str(&file), &json), FAIL_NONE);
	if (CHECK_NUM(rpt_report_read(buf_str(&json), &arena, &report), FAIL_NONE)) {
		CHECK(header_find(message, STR("TLS-Report-Domain"), &field));
		buf_add(&told->facts, str_trim(field.value));
		for (size_t i = 0; i < report.policy_count; i++) {
			buf_add_char(&told->facts, '=');
			buf_add_i64(&told->facts, report.policies[i].successes);
			buf_add_char(&told->facts, '+');
			buf_add_i64(&told->facts, report.policies[i].failures);
		}
		buf_add_char(&told->facts, ' ');
		CHECK(header_find(message, STR("TLS-Report-Submitter"), &field));
		CHECK_STR(str_trim(field.value), STR("mx.own.test"));
		CHECK_STR(report.contact, STR("postmaster@mx.own.test"));
		CHECK_NUM(report.start_s % DAY_S, 0);
		CHECK_NUM(report.end_s - report.start_s, DAY_S - 1);
	}
	arena_release(&arena);
	buf_release(&json);
	buf_release(&file);
}

/* These reports are in the queue, to these; and so many domains still wait. */
static void
expect(const char *to, const char *facts, uint64_t pending)
{
	struct told told;
	struct queue_entry e;
	struct blob_map map;
	struct arena a;
	uint64_t id = 0;

	buf_init(&told.to, 10000);
	buf_init(&told.facts, 10000);
	arena_init(&a, 1 << 20);
	while (queue_entry_next(s.queue, id, &a, &e) == FAIL_NONE) {
		id = e.message.id;
		CHECK_STR(e.message.envelope.sender, STR(""));
		CHECK_NUM(e.rcpt_count, 1);
		buf_add(&told.to, e.rcpts[0].envelope.address);
		buf_add_char(&told.to, ' ');
		if (CHECK(
			blob_map(s.blobs, STR(QUEUE_FOLDER), e.message.blob, &map) == FAIL_NONE)) {
			add_report(&told, map.bytes);
			blob_unmap(&map);
		}
		arena_reset(&a);
	}
	CHECK_STR(buf_str(&told.to), str_c(to));
	CHECK_STR(buf_str(&told.facts), str_c(facts));
	CHECK_NUM(sending_pending(&s), pending);
	arena_release(&a);
	buf_release(&told.facts);
	buf_release(&told.to);
}

/* --- tests ------------------------------------------------------------------------------------------ */

static void
test_time(void)
{
	struct reports_pending p;
	struct buf at, copy;

	TEST_ROW("not before its time");
	begin("tls-time");
	for (int i = 0; i < 3; i++)
		note("mail.test", TLS_RESULT_SUCCESS, "");
	note("mail.test", TLS_RESULT_INVALID, "mx.mail.test");
	note("first.test", TLS_RESULT_NO_STARTTLS, "mx.first.test");
	note("none.test", TLS_RESULT_SUCCESS, "");
	note("bad.test", TLS_RESULT_SUCCESS, "");
	sending_settle(&s);
	expect("", "", 4);
	TEST_ROW("listed");
	buf_init(&at, STORE_KEY_MAX);
	buf_init(&copy, TALLY_COPY_MAX);
	CHECK_NUM(reports_next(s.f.reports, &at, &copy, &p), FAIL_NONE);
	CHECK_STR(p.kind, STR("tls"));
	CHECK_STR(p.domain, STR("bad.test"));
	CHECK_NUM(p.things, 1);
	buf_release(&at);
	buf_release(&copy);
	TEST_ROW("to who asked for it, where mail is the first that can be had");
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 2);
	expect("t@first.test t@mail.test ", "first.test=0+1 mail.test=3+1 ", 0);
	CHECK_NUM(reports_counts(s.f.reports)->failed, 2);
	sending_close(&s);
}

/* What strangers fill is cut, and the report still comes, with numbers that are right as far as they were kept. */
static void
test_large(void)
{
	char host[300];

	TEST_ROW("more ways to fail than find room");
	begin("tls-large");
	for (unsigned i = 0; i < TALLY_ROWS_MAX + 3; i++) {
		snprintf(host, sizeof host, "mx%u.%0200d.mail.test", i, 0);
		note("mail.test", TLS_RESULT_INVALID, host);
	}
	note("first.test", TLS_RESULT_SUCCESS, "");
	CHECK_NUM(reports_counts(s.f.reports)->dropped, 3);
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 2);
	expect("t@first.test t@mail.test ", "first.test=1+0 mail.test=0+1000 ", 0);
	sending_close(&s);
}

static void
test_both_kinds(void)
{
	TEST_ROW("kinds do not meet");
	begin("tls-both");
	s.f.settings.has_dmarc = true;
	sending_note(&s, "shop.test", SHOP, "a.test");
	note("mail.test", TLS_RESULT_SUCCESS, "");
	CHECK_NUM(sending_pending(&s), 2);
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 2);
	CHECK_NUM(sending_pending(&s), 0);
	CHECK_NUM(reports_counts(s.f.reports)->sent, 2);
	sending_close(&s);
}

static void
test_later(void)
{
	TEST_ROW("who is not found, or takes nothing, is asked again, for three days");
	begin("tls-later");
	note("mute.test", TLS_RESULT_SUCCESS, "");
	note("post.test", TLS_RESULT_SUCCESS, "");
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 12);
	expect("", "", 2);
	sending_pass(&s, 70);
	expect("", "", 0);
	CHECK_NUM(reports_counts(s.f.reports)->failed, 2);
	sending_close(&s);
}

static void
test_off(void)
{
	TEST_ROW("switched off: nothing is counted");
	begin("tls-off");
	note("mail.test", TLS_RESULT_SUCCESS, "");
	s.f.settings.has_tls = false;
	note("first.test", TLS_RESULT_SUCCESS, "");
	CHECK_NUM(sending_pending(&s), 1);
	TEST_ROW("and what was goes, unsent");
	sending_turn(&s);
	sending_crash(&s);
	sending_start(&s);
	sending_settle(&s);
	expect("", "", 0);
	sending_close(&s);
}

static void
test_killed(void)
{
	char name[40];

	for (unsigned turns = 0; turns < TURNS; turns++) {
		snprintf(name, sizeof name, "tls killed after %u turns", turns);
		TEST_ROW(name);
		begin(name);
		note("mail.test", TLS_RESULT_SUCCESS, "");
		note("mail.test", TLS_RESULT_SUCCESS, "");
		note("first.test", TLS_RESULT_INVALID, "mx.first.test");
		sending_turn(&s);
		sending_clock(&s, sending_due_s(&s) + HOUR_S);
		for (unsigned i = 0; i < turns; i++)
			sending_turn(&s);
		sending_crash(&s);
		sending_start(&s);
		sending_settle(&s);
		expect("t@first.test t@mail.test ", "first.test=0+1 mail.test=2+0 ", 0);
		sending_close(&s);
	}
}

int
main(void)
{
	log_capture(quiet, NULL);
	test_time();
	test_large();
	test_both_kinds();
	test_later();
	test_off();
	test_killed();
	return test_end();
}
