/*
 * Whatever fails, and wherever the process dies between counting and queueing: each message is told once, and none is
 * told that was not counted.
 */
#include "sending.h"

/* system */
#include <errno.h>

/* rooms */
#include "sys/sys.h"

#define TURNS    60 /* by then all is queued */
#define MESSAGES 4

static struct sending s;

static void
quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

/* Four messages for three domains, one of which is not to be sent, durable, and due. */
static void
begin(const char *name)
{
	sending_open(&s, name);
	sending_note(&s, "shop.test", SHOP, "a.test");
	sending_note(&s, "shop.test", SHOP, "b.test");
	sending_note(&s, "shop.test", SHOP, "b.test");
	sending_note(&s, "none.test", "v=DMARC1; p=none; rua=mailto:d@wont.test", "a.test");
	sending_note(&s, "away.test", AWAY, "a.test");
	sending_turn(&s);
	sending_clock(&s, sending_due_s(&s) + HOUR_S);
}

static void
check_once(void)
{
	struct sent sent = sending_look(&s);

	CHECK_NUM(sent.reports, 2);
	CHECK_NUM(sent.messages, MESSAGES);
	CHECK_HAS(buf_str(&sent.to), STR("d@will.test "));
	CHECK_HAS(buf_str(&sent.to), STR("d@shop.test "));
	CHECK_NUM(sending_pending(&s), 0);
	buf_release(&sent.to);
}

static void
test_killed(void)
{
	char name[40];

	for (unsigned turns = 0; turns < TURNS; turns++) {
		snprintf(name, sizeof name, "killed after %u turns", turns);
		TEST_ROW(name);
		begin(name);
		for (unsigned i = 0; i < turns; i++)
			sending_turn(&s);
		sending_crash(&s);
		sending_start(&s);
		sending_settle(&s);
		check_once();
		sending_close(&s);
	}
}

/* False when no call was left to fail. */
static bool
round_of(unsigned long nth, int error, bool for_good, bool is_killed)
{
	bool has_failed;
	char name[80];

	snprintf(name, sizeof name, "fault %lu, %d, %d, %d", nth, error, for_good, is_killed);
	TEST_ROW(name);
	begin(name);
	sys_fail_at(nth, error, for_good);
	for (unsigned i = 0; i < TURNS; i++)
		sending_turn(&s);
	has_failed = sys_has_failed();
	sys_fail_at(0, 0, false);
	if (is_killed) {
		sending_crash(&s);
		sending_start(&s);
	} else {
		sending_clock(&s, s.f.wall_s + 60); /* the store tries itself */
	}
	sending_settle(&s);
	sending_pass(&s, 3);
	check_once();
	sending_close(&s);
	return has_failed;
}

static void
rounds(int error, bool for_good, bool is_killed)
{
	unsigned long nth = 1;

	while (round_of(nth, error, for_good, is_killed))
		nth++;
	CHECK(nth > 5); /* there was something to fail */
}

int
main(void)
{
	log_capture(quiet, NULL);
	test_killed();
	for (int is_killed = 0; is_killed < 2; is_killed++) {
		rounds(EIO, false, is_killed);
		rounds(ENOSPC, false, is_killed);
		rounds(EIO, true, is_killed);
	}
	return test_end();
}
