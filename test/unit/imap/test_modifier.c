#include "imap/modifier.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static struct arena arena;

static void
set_write(struct buf *out, const struct imap_set *set)
{
	struct imap_ranges ranges = { .ranges = set->ranges, .count = set->count };

	buf_add_char(out, ' ');
	imap_ranges_write(out, &ranges);
}

/* "C" for CONDSTORE, "Q validity modseq known (numbers uids)". */
static const struct {
	const char *name, *in;
	bool want;
	const char *out;
} select_rows[] = {
	{ "none", "", true, "" },
	{ "condstore", " (condstore)", true, "C" },
	{ "both", " (QRESYNC (7 9) CONDSTORE)", true, "CQ 7 9" },
	{ "known", " (QRESYNC (7 9 5,1:3,2))", true, "Q 7 9 1:3,5" },
	{ "match", " (QRESYNC (7 9 (1:2,5 3:4,9)))", true, "Q 7 9 m 1:2,5 3:4,9" },
	{ "all", " (QRESYNC (7 9 1:9 (1 3)))", true, "Q 7 9 1:9 m 1 3" },
	{ "largest", " (QRESYNC (4294967295 9223372036854775807))", true,
	    "Q 4294967295 9223372036854775807" },
	{ "too large", " (QRESYNC (7 9223372036854775808))", false, "" },
	{ "validity 0", " (QRESYNC (0 9))", false, "" },
	{ "twice", " (QRESYNC (7 9) QRESYNC (7 9))", false, "" },
	{ "no modseq", " (QRESYNC (7))", false, "" },
	{ "star", " (QRESYNC (7 9 1:*))", false, "" },
	{ "saved", " (QRESYNC (7 9 $))", false, "" },
	{ "descending", " (QRESYNC (7 9 (5,1 1,5)))", false, "" },
	{ "backwards", " (QRESYNC (7 9 (5:1 1:5)))", false, "" },
	{ "one set", " (QRESYNC (7 9 (1)))", false, "" },
	{ "behind match", " (QRESYNC (7 9 (1 1) 5))", false, "" },
	{ "open", " (QRESYNC (7 9)", false, "" },
	{ "empty", " ()", false, "" },
	{ "unknown", " (FOO)", false, "" },
	{ "unknown behind", " (CONDSTORE FOO)", false, "" },
};

static void
select_write(struct buf *out, const struct imap_select_params *p)
{
	if (p->has_condstore)
		buf_add_char(out, 'C');
	if (!p->has_qresync)
		return;
	buf_add_c(out, "Q ");
	buf_add_u64(out, p->uid_validity);
	buf_add_char(out, ' ');
	buf_add_u64(out, p->modseq);
	if (p->has_known)
		set_write(out, &p->known);
	if (p->has_match) {
		buf_add_c(out, " m");
		set_write(out, &p->match_numbers);
		set_write(out, &p->match_uids);
	}
}

static void
test_select(void)
{
	struct imap_select_params params;
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(select_rows); i++) {
		struct imap_cursor c = { str_c(select_rows[i].in), &arena, false };

		TEST_ROW(select_rows[i].name);
		CHECK(imap_select_params(&c, &params) == select_rows[i].want);
		if (!select_rows[i].want)
			continue;
		buf_clear(&out);
		select_write(&out, &params);
		CHECK_STR(buf_str(&out), str_c(select_rows[i].out));
		CHECK(imap_at_end(&c));
	}
	buf_release(&out);
}

static const struct {
	const char *name, *in;
	bool want, has_since, has_vanished;
	uint64_t since;
} fetch_rows[] = {
	{ "none", "", true, false, false, 0 },
	{ "since", " (changedsince 12)", true, true, false, 12 },
	{ "since 0", " (CHANGEDSINCE 0)", true, true, false, 0 },
	{ "vanished", " (CHANGEDSINCE 12 VANISHED)", true, true, true, 12 },
	{ "other order", " (VANISHED CHANGEDSINCE 12)", true, true, true, 12 },
	{ "vanished alone", " (VANISHED)", true, false, true, 0 },
	{ "twice", " (CHANGEDSINCE 1 CHANGEDSINCE 2)", false, false, false, 0 },
	{ "no number", " (CHANGEDSINCE)", false, false, false, 0 },
	{ "negative", " (CHANGEDSINCE -1)", false, false, false, 0 },
	{ "too large", " (CHANGEDSINCE 9223372036854775808)", false, false, false, 0 },
	{ "unknown", " (UNCHANGEDSINCE 1)", false, false, false, 0 },
	{ "empty", " ()", false, false, false, 0 },
	{ "open", " (VANISHED", false, false, false, 0 },
};

static void
test_fetch(void)
{
	struct imap_fetch_modifiers m;

	for (size_t i = 0; i < ARRAY_LEN(fetch_rows); i++) {
		struct imap_cursor c = { str_c(fetch_rows[i].in), &arena, false };

		TEST_ROW(fetch_rows[i].name);
		CHECK(imap_fetch_modifiers(&c, &m) == fetch_rows[i].want);
		if (!fetch_rows[i].want)
			continue;
		CHECK(m.has_changed_since == fetch_rows[i].has_since);
		CHECK(m.has_vanished == fetch_rows[i].has_vanished);
		CHECK_NUM(m.changed_since, fetch_rows[i].since);
		CHECK(imap_at_end(&c));
	}
}

static void
test_store(void)
{
	struct imap_store_modifiers m;
	struct imap_cursor c = { STR(" (UNCHANGEDSINCE 7) FLAGS ()"), &arena, false };

	TEST_ROW("store");
	CHECK(imap_store_modifiers(&c, &m) && m.has_unchanged_since && m.unchanged_since == 7);
	CHECK_STR(c.at, STR(" FLAGS ()"));
	c.at = STR(" FLAGS ()");
	CHECK(imap_store_modifiers(&c, &m) && !m.has_unchanged_since);
	CHECK_STR(c.at, STR(" FLAGS ()"));
	c.at = STR(" (UNCHANGEDSINCE 7 UNCHANGEDSINCE 7) FLAGS ()");
	CHECK(!imap_store_modifiers(&c, &m));
	c.at = STR(" () FLAGS ()");
	CHECK(!imap_store_modifiers(&c, &m));
}

int
main(void)
{
	arena_init(&arena, 1 << 20);
	test_select();
	test_fetch();
	test_store();
	arena_release(&arena);
	return test_end();
}
