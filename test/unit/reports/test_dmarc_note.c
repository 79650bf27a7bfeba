/* Messages that were judged become rows, for who wants to know. */
#include "fixture.h"

static struct fixture f;

/* What waits: "shop.test -6 2*4-0" is two rows of four messages, none dropped, of the day that began 6 hours before. */
static void
expect(struct str want)
{
	struct buf text;
	struct buf at, copy;
	struct reports_pending p;

	buf_init(&text, 2000);
	buf_init(&at, STORE_KEY_MAX);
	buf_init(&copy, TALLY_COPY_MAX);
	while (reports_next(f.reports, &at, &copy, &p) == FAIL_NONE) {
		buf_add(&text, p.domain);
		buf_add_char(&text, ' ');
		buf_add_i64(&text, (p.begin_s - FIXTURE_WALL) / 3600);
		buf_add_char(&text, ' ');
		buf_add_u64(&text, p.rows);
		buf_add_char(&text, '*');
		buf_add_u64(&text, p.things);
		buf_add_char(&text, '-');
		buf_add_u64(&text, p.dropped);
		buf_add_char(&text, '\n');
	}
	buf_release(&at);
	buf_release(&copy);
	CHECK_STR(buf_str(&text), want);
	buf_release(&text);
}

static void
note(const char *record, enum verdict spf)
{
	struct origin o;

	fixture_judge(&o, record, spf);
	reports_dmarc_note(f.reports, &o);
	buf_release(&o.from);
}

#define WANTS   "v=DMARC1; p=reject; rua=mailto:d@shop.test"
#define LESS    "v=DMARC1; p=none; rua=mailto:d@shop.test"
#define WANTNOT "v=DMARC1; p=reject"
#define BY_HTTP "v=DMARC1; p=reject; rua=https://shop.test/d"

static void
test_wanted(void)
{
	struct origin o;

	TEST_ROW("nobody wants it");
	note(WANTNOT, VERDICT_FAIL);
	note(BY_HTTP, VERDICT_FAIL);
	reports_dmarc_note(NULL, NULL);
	expect(STR(""));
	TEST_ROW("the owner does not");
	f.settings.has_dmarc = false;
	note(WANTS, VERDICT_FAIL);
	f.settings.has_dmarc = true;
	expect(STR(""));
	TEST_ROW("not judged, or no policy");
	fixture_judge(&o, WANTS, VERDICT_FAIL);
	o.is_settled = false;
	reports_dmarc_note(f.reports, &o);
	o.is_settled = true;
	o.policy.found = VERDICT_TEMPERROR;
	reports_dmarc_note(f.reports, &o);
	expect(STR(""));
	TEST_ROW("a report that is from whom it says");
	o.policy.found = VERDICT_PASS;
	o.dmarc.verdict = VERDICT_PASS;
	buf_init(&o.content.header, 1000);
	buf_add(&o.content.header,
	    STR("From: d@shop.test\r\nSubject: REPORT domain: own.test\r\n Submitter: x\r\n\r\n"));
	reports_dmarc_note(f.reports, &o);
	expect(STR(""));
	TEST_ROW("and one that is not");
	o.dmarc.verdict = VERDICT_FAIL;
	reports_dmarc_note(f.reports, &o);
	expect(STR("shop.test -6 1*1-0\n"));
	buf_release(&o.content.header);
	buf_release(&o.from);
}

static void
test_days(void)
{
	TEST_ROW("alike, and not");
	note(WANTS, VERDICT_FAIL);
	note(WANTS, VERDICT_PASS);
	note(WANTS, VERDICT_PASS);
	expect(STR("shop.test -6 2*4-0\n"));
	TEST_ROW("the next day");
	f.wall_s = FIXTURE_WALL - 6 * 3600 + DAY_S;
	fixture_clock(&f);
	note(WANTS, VERDICT_PASS);
	expect(STR("shop.test -6 2*4-0\nshop.test 18 1*1-0\n"));
	TEST_ROW("another policy is another report");
	note(LESS, VERDICT_PASS);
	expect(STR("shop.test -6 2*4-0\nshop.test 18 1*1-0\nshop.test 18 1*1-0\n"));
	TEST_ROW("durable with the turn, and not before");
	fixture_turn(&f);
	note(LESS, VERDICT_PASS);
	fixture_stop(&f);
	fixture_start(&f);
	expect(STR("shop.test -6 2*4-0\nshop.test 18 1*1-0\nshop.test 18 1*1-0\n"));
	CHECK_NUM(reports_counts(f.reports)->noted, 0);
}

static void
test_bounds(void)
{
	TEST_ROW("what finds no room is counted");
	f.reports->limits.rows = 1;
	note(LESS, VERDICT_FAIL);
	note(LESS, VERDICT_NEUTRAL);
	note(LESS, VERDICT_PASS);
	CHECK_NUM(reports_counts(f.reports)->noted, 1);
	CHECK_NUM(reports_counts(f.reports)->dropped, 2);
}

int
main(void)
{
	fixture_open(&f, "note");
	test_wanted();
	test_days();
	test_bounds();
	fixture_stop(&f);
	return test_end();
}
