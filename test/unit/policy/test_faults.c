/*
 * The Nth file call fails, once or for good, while everything that is kept is written: what was acknowledged
 * is there after a start, nothing is there by halves, and nobody is turned away for our disk.
 */
#include "fixture.h"

/* system */
#include <errno.h>

/* rooms */
#include "sys/sys.h"

static struct fixture f;
static const struct str ann = STR_INIT("ann@own.test");
static const struct str recipients[] = { STR_INIT("a@x"), STR_INIT("b@x"), STR_INIT("c@x") };

/* True when what was written in this turn is durable. */
static bool
turn(void)
{
	uint64_t commits = store_commits(f.store);

	fixture_turn(&f);
	return store_commits(f.store) > commits;
}

/* Come, come again, get in, log in, send; the policy's answers are checked on the way. */
static bool
live(void)
{
	struct net_address peer = fixture_peer("8.8.8.8");
	bool is_counted;
	enum fail fail;

	CHECK(!policy_greylist(f.policy, &peer, STR("s@x"), ann) || sys_has_failed());
	turn();
	fixture_pass(&f, 5 * MINUTE_MS);
	if (!policy_greylist(f.policy, &peer, STR("s@x"), ann))
		CHECK(sys_has_failed()); /* its first try was lost with its turn */
	turn();
	CHECK(policy_is_known(f.policy, &peer, STR("s@x")) == false || sys_has_failed());
	policy_known(f.policy, &peer, STR("s@x"));
	policy_logged_in(f.policy, &peer);
	turn();
	fail = policy_account_count(f.policy, ann, recipients, ARRAY_LEN(recipients));
	CHECK(fail == FAIL_NONE || (fail == FAIL_TEMP && sys_has_failed()));
	is_counted = turn() && fail == FAIL_NONE;
	CHECK(!policy_offend(f.policy, &peer, OFFENCE_LOGIN) || sys_has_failed());
	return is_counted;
}

static void
look(bool is_counted)
{
	struct policy_day day;
	int64_t known = fixture_count(&f, KEEP_RECIPIENT);

	for (enum keep_kind kind = 0; kind < KEEP_COUNT; kind++)
		CHECK(fixture_count(&f, kind) <= (int64_t)ARRAY_LEN(recipients));
	CHECK_NUM(policy_account_may(f.policy, ann, recipients, ARRAY_LEN(recipients), &day),
	    FAIL_NONE);
	CHECK_NUM(day.recipients_new, known);
	CHECK_NUM(known, day.messages == 0 ? 0 : 3);
	CHECK(day.messages <= 1 && (day.messages == 1 || !is_counted));
	CHECK_NUM(fixture_count(&f, KEEP_PAIR), fixture_count(&f, KEEP_NETWORK));
	CHECK(fixture_count(&f, KEEP_TRY) + fixture_count(&f, KEEP_PAIR) <= 1);
}

/* False when no call was left to fail. */
static bool
round_of(unsigned long nth, int error, bool for_good)
{
	bool is_counted, has_failed;
	char name[64];

	snprintf(name, sizeof name, "fault-%lu-%d-%d", nth, error, for_good);
	fixture_open(&f, name);
	f.settings.is_greylisting = true;
	f.settings.ban_after = 1;
	fixture_restart(&f);
	sys_fail_at(nth, error, for_good);
	is_counted = live();
	has_failed = sys_has_failed();
	sys_fail_at(0, 0, false);
	fixture_stop(&f);
	fixture_start(&f);
	look(is_counted);
	fixture_stop(&f);
	return has_failed;
}

static void
rounds(const char *row, int error, bool for_good)
{
	unsigned long nth = 1;

	TEST_ROW(row);
	while (round_of(nth, error, for_good))
		nth++;
	CHECK(nth > 5); /* there was something to fail */
}

int
main(void)
{
	log_capture(fixture_quiet, NULL);
	rounds("an I/O error", EIO, false);
	rounds("no space", ENOSPC, false);
	rounds("I/O errors from then on", EIO, true);
	rounds("no space from then on", ENOSPC, true);
	return test_end();
}
