/*
 * A large mailbox: what it costs to add, open, walk, flag and expunge. Times are printed, not judged.
 * SCALE_MESSAGES=100000 in the environment gives the size of design.md section 11.
 */
#include "fixture.h"

/* base */
#include "base/clock.h"

#define MESSAGES_DEFAULT 2000
#define BATCH            30 /* what a session does in one slice */

static struct fixture f;
static uint32_t inbox;

static void
tell(const char *what, int64_t since_us, unsigned count)
{
	int64_t us = clock_precise_us() - since_us;

	printf("%-32s %8u in %9.3f ms  %10.0f/s\n", what, count, (double)us / 1000,
	    us > 0 ? (double)count * 1e6 / (double)us : 0.0);
}

static void
add_all(unsigned count)
{
	int64_t start = clock_precise_us();
	struct email_added added;

	for (unsigned i = 1; i <= count; i++) {
		CHECK_NUM(fixture_add(&f, inbox, 0, i, i % 5 ? 0 : i - 1, "Scale", &added),
		    FAIL_NONE);
		if (i % 50 == 0)
			CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	}
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	tell("add, 50 per commit", start, count);
}

static void
walk(struct view_session *s, unsigned count)
{
	int64_t start = clock_precise_us();
	struct view_walk w;
	struct view_seen seen;
	uint64_t sum = 0;
	unsigned seq = 0;

	view_walk_start(&w, s, 1);
	while (view_walk_next(&w, &seen)) {
		sum += seen.entry->flags + seen.uid;
		seq = seen.seq;
	}
	tell("walk", start, count);
	CHECK_NUM(seq, count);
	CHECK(sum > 0);
}

static void
flag_all(struct view_session *s, unsigned count, uint64_t flags)
{
	struct flags_change change = { .how = FLAGS_ADD, .flags = flags, .by = s };
	enum flags_outcome outcomes[BATCH];
	uint32_t uids[BATCH];
	int64_t start = clock_precise_us(), longest = 0;

	for (unsigned uid = 1; uid <= count;) {
		int64_t slice = clock_precise_us();
		size_t n = 0;

		while (n < BATCH && uid <= count)
			uids[n++] = uid++;
		CHECK_NUM(email_flags(f.account, inbox, uids, n, &change, outcomes), FAIL_NONE);
		CHECK_NUM(outcomes[n - 1], FLAGS_CHANGED);
		slice = clock_precise_us() - slice;
		longest = slice > longest ? slice : longest;
	}
	tell("flags", start, count);
	printf("%-32s %8d in %9.3f ms\n", "longest slice of flags", BATCH, (double)longest / 1000);
	start = clock_precise_us();
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	tell("commit of the flags", start, 1);
}

static void
expunge_half(unsigned count)
{
	uint32_t uids[BATCH];
	int64_t start = clock_precise_us();
	unsigned gone = 0;

	for (unsigned uid = 1; uid <= count;) {
		size_t n = 0;

		for (; n < BATCH && uid <= count; uid += 2)
			uids[n++] = uid;
		CHECK_NUM(email_expunge(f.account, inbox, uids, n, false, NULL), FAIL_NONE);
		gone += (unsigned)n;
	}
	tell("expunge", start, gone);
	start = clock_precise_us();
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	tell("commit of the expunges", start, 1);
}

static void
drain(struct view_session *s, unsigned count)
{
	int64_t start = clock_precise_us();
	struct view_event event;
	unsigned events = 0;

	while (view_session_next(s, VIEW_EXPUNGES_UP, &event))
		events++;
	tell("events", start, events);
	CHECK_NUM(view_session_count(s), count - (count + 1) / 2);
}

int
main(void)
{
	const char *size = getenv("SCALE_MESSAGES");
	struct str text = str_c(size ? size : "");
	struct view_session a = { .view = NULL }, b = { .view = NULL };
	uint32_t count = MESSAGES_DEFAULT;
	int64_t start;

	if (size)
		CHECK(str_u32(&text, 1000000, &count));
	fixture_open(&f, "scale");
	inbox = fixture_box(&f, "INBOX");
	add_all(count);
	mail_cache_limit(f.mail, 0);
	mail_cache_limit(f.mail, VIEW_CACHE_BYTES);
	start = clock_precise_us();
	CHECK_NUM(view_session_open(&a, f.account, inbox, false), FAIL_NONE);
	tell("open, cold", start, 1);
	start = clock_precise_us();
	CHECK_NUM(view_session_open(&b, f.account, inbox, false), FAIL_NONE);
	tell("open, warm", start, 1);
	walk(&a, count);
	flag_all(&a, count, FLAG_SEEN);
	expunge_half(count);
	drain(&b, count);
	start = clock_precise_us();
	fixture_check(&f);
	tell("check", start, count - (count + 1) / 2);
	view_session_close(&a);
	view_session_close(&b);
	fixture_close(&f, true);
	return test_end();
}
