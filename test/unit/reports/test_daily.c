/* When reports are sent, to whom, and what becomes of those that cannot be. */
#include "sending.h"

static struct sending s;

static void
quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

static void
test_time(void)
{
	TEST_ROW("not before its time");
	sending_open(&s, "time");
	for (unsigned i = 0; i < 5; i++)
		sending_note(&s, "shop.test", SHOP, i < 3 ? "a.test" : "b.test");
	sending_note(&s, "away.test", AWAY, "a.test");
	sending_note(&s, "none.test", "v=DMARC1; p=none; rua=mailto:d@wont.test", "a.test");
	sending_settle(&s);
	sending_clock(&s, sending_due_s(&s) - 1);
	sending_settle(&s);
	sending_expect(&s, 0, 0, "", 3);
	TEST_ROW("what came after midnight is of another day");
	sending_note(&s, "shop.test", SHOP, "a.test");
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 2); /* the timer looks at the clock every hour */
	sending_expect(&s, 2, 6, "d@will.test d@shop.test ", 1);
	CHECK_NUM(reports_counts(s.f.reports)->sent, 2);
	CHECK_NUM(reports_counts(s.f.reports)->failed, 1);
	TEST_ROW("and is sent on the next one, also after a start");
	sending_crash(&s);
	sending_start(&s);
	sending_pass(&s, 25);
	sending_expect(&s, 3, 7, "d@will.test d@shop.test d@shop.test ", 0);
	TEST_ROW("nothing to do, no timer");
	CHECK(!timer_running(&s.f.reports->timer));
	sending_note(&s, "shop.test", SHOP, "a.test");
	CHECK(timer_running(&s.f.reports->timer));
	sending_close(&s);
}

static void
test_silence(void)
{
	TEST_ROW("who is not found is looked for again");
	sending_open(&s, "silence");
	sending_note(&s, "slow.test", SLOW, "a.test");
	sending_note(&s, "both.test", BOTH, "a.test");
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 12);
	sending_expect(&s, 0, 0, "", 2);
	TEST_ROW("for three days; then those that were found get theirs");
	sending_pass(&s, 70);
	sending_expect(&s, 1, 1, "d@both.test ", 0);
	sending_close(&s);
}

static void
test_full(void)
{
	TEST_ROW("a queue that is full lets them wait");
	sending_open(&s, "full");
	s.queue_settings.messages = 1;
	sending_note(&s, "shop.test", SHOP, "a.test");
	sending_note(&s, "away.test", AWAY, "a.test");
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 3);
	sending_expect(&s, 1, 1, "d@will.test ", 1);
	s.queue_settings.messages = 2;
	sending_pass(&s, 2);
	sending_expect(&s, 2, 2, "d@will.test d@shop.test ", 0);
	sending_close(&s);
}

static void
test_off(void)
{
	TEST_ROW("switched off: what was collected goes, unsent");
	sending_open(&s, "off");
	sending_note(&s, "shop.test", SHOP, "a.test");
	sending_note(&s, "away.test", AWAY, "a.test");
	sending_turn(&s);
	sending_crash(&s);
	s.f.settings.has_dmarc = false;
	sending_start(&s);
	sending_settle(&s);
	sending_expect(&s, 0, 0, "", 0);
	sending_close(&s);
}

/* As many rows as there may be, names that need escaping among them. */
static void
note_many(const char *record, unsigned rows, unsigned length)
{
	char name[DMARC_FACT_MAX + 1];

	for (unsigned i = 0; i < rows; i++) {
		for (unsigned k = 0; k < length; k++)
			name[k] = k % 5 == 0 ? '&' : (char)('a' + (i * 7 + k * k) % 26);
		snprintf(name + length, sizeof name - length, "%u", i);
		sending_note(&s, "shop.test", record, name);
	}
}

static void
test_large(void)
{
	struct sent sent;

	TEST_ROW("a thousand rows, in slices");
	sending_open(&s, "large");
	note_many(SHOP, 1000, 200);
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 2);
	sending_expect(&s, 1, 1000, "d@shop.test ", 0);
	sending_close(&s);
	TEST_ROW("more find no room, and it says so");
	sending_open(&s, "more");
	note_many(SHOP, 1003, 10);
	CHECK_NUM(reports_counts(s.f.reports)->dropped, 3);
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 2);
	sent = sending_look(&s);
	CHECK_NUM(sent.messages, 1000);
	CHECK(sent.has_words_of_more);
	buf_release(&sent.to);
	sending_close(&s);
	TEST_ROW("an address that takes no large ones");
	sending_open(&s, "small");
	note_many("v=DMARC1; p=none; rua=mailto:d@shop.test!9k,mailto:e@shop.test!1g", 300, 200);
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 2);
	sending_expect(&s, 1, 300, "e@shop.test ", 0);
	sending_close(&s);
	TEST_ROW("nobody does");
	sending_open(&s, "tiny");
	note_many("v=DMARC1; p=none; rua=mailto:d@shop.test!9k", 300, 200);
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 2);
	sending_expect(&s, 0, 0, "", 0);
	CHECK_NUM(reports_counts(s.f.reports)->failed, 1);
	sending_close(&s);
}

/* The clock is set back while a report is made: what comes then is not lost with what it told. */
static void
test_clock(void)
{
	bool was_working = false;

	TEST_ROW("a clock that is set back");
	sending_open(&s, "clock");
	note_many(SHOP, 300, 200);
	sending_clock(&s, sending_due_s(&s) + HOUR_S);
	for (unsigned i = 0; i < 100 && !was_working; i++) {
		sending_turn(&s);
		was_working = s.f.reports->state == REPORTS_WORK;
	}
	CHECK(was_working);
	sending_clock(&s, FIXTURE_WALL);
	sending_note(&s, "shop.test", SHOP, "late.test");
	sending_settle(&s);
	sending_expect(&s, 0, 0, "", 1);
	sending_pass(&s, 30);
	sending_expect(&s, 1, 301, "d@shop.test ", 0);
	sending_close(&s);
}

static enum fail
damage(struct txn *t, void *arg)
{
	struct buf *at = arg;

	return txn_put(t, buf_str(at), STR("\x01\xff"));
}

static void
test_damage(void)
{
	struct reports_pending p;
	struct buf at, copy;

	TEST_ROW("what cannot be read goes, the others are sent");
	sending_open(&s, "damage");
	sending_note(&s, "away.test", AWAY, "a.test");
	sending_note(&s, "shop.test", SHOP, "a.test");
	buf_init(&at, STORE_KEY_MAX);
	buf_init(&copy, TALLY_COPY_MAX);
	CHECK_NUM(reports_next(s.f.reports, &at, &copy, &p), FAIL_NONE);
	CHECK_NUM(store_run(s.f.store, damage, &at), FAIL_NONE);
	buf_release(&at);
	buf_release(&copy);
	sending_clock(&s, sending_due_s(&s));
	sending_pass(&s, 2);
	sending_expect(&s, 1, 1, "d@shop.test ", 0);
	sending_close(&s);
}

int
main(void)
{
	log_capture(quiet, NULL);
	test_time();
	test_silence();
	test_full();
	test_off();
	test_large();
	test_clock();
	test_damage();
	return test_end();
}
