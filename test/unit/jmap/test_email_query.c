/*
 * A list by receivedAt is judged in order and only as far as it is needed; a list by two comparators is made in full and
 * then sorted. When both comparators are receivedAt they must be the same, beyond one batch of the account's list, too.
 */
#include "fixture.h"

/* rooms */
#include "lib/chance.h"

#define EMAILS            1300
#define SCATTERED         700
#define SCATTERED_SECONDS 100000
#define SECONDS           2 /* so that an equal receivedAt goes over the end of a batch */

static const char *const filters[] = {
	"{}",
	"{'text':'everywhere'}",
	"{'text':'some'}",
	"{'text':'rare'}",
	"{'text':'nowhere'}",
	"{'text':'rare','inMailbox':'m1'}",
	"{'text':'some','inMailbox':'m1'}",
	"{'inMailbox':'m1'}",
	"{'hasKeyword':'$seen'}",
	"{'operator':'NOT','conditions':[{'text':'some'}]}",
	"{'operator':'OR','conditions':[{'text':'rare'},{'subject':'mail 7'}]}",
};
static const unsigned limits[] = { 1, 300, 5000 };

static void
add_emails(struct fixture *f, unsigned count, unsigned seconds)
{
	static unsigned number;
	char text[400];

	for (unsigned i = 0; i < count; i++, number++) {
		snprintf(text, sizeof(text),
		    "From: a@b\r\nSubject: mail %u\r\nMessage-ID: <n%u@x>\r\nReferences: <n%u@x>\r\n"
		    "\r\neverywhere%s%s\r\n",
		    number, number, number - number % 3, number % 3 ? "" : " some",
		    number % 900 == 5 ? " rare" : "");
		fixture_add(f, text, 1700000000 + (int64_t)chance_below(seconds),
		    number % 5 ? 0 : FLAG_SEEN);
	}
}

/* The ids of the answer, from [ to ]. */
static struct str
ids_of(struct buf *answer)
{
	struct str s = buf_str(answer);
	size_t start = str_find(s, STR("\"ids\":["));

	if (!CHECK(start != STR_NONE))
		return STR("");
	s = str_from(s, start);
	return str_head(s, str_find_char(s, ']'));
}

static void
compare(struct fixture *f, const char *filter, bool is_ascending, bool collapses, unsigned limit)
{
	const char *way = is_ascending ? "true" : "false";
	char calls[600];
	struct buf lazy, full;

	buf_init(&lazy, 1 << 20);
	buf_init(&full, 1 << 20);
	snprintf(calls, sizeof(calls),
	    "[['Email/query',{'accountId':'a1','filter':%s,'collapseThreads':%s,'position':%u,'limit':%u,"
	    "'sort':[{'property':'receivedAt','isAscending':%s}]},'x']]",
	    filter, collapses ? "true" : "false", limit / 5, limit, way);
	fixture_run(f, calls, &lazy);
	snprintf(calls, sizeof(calls),
	    "[['Email/query',{'accountId':'a1','filter':%s,'collapseThreads':%s,'position':%u,'limit':%u,"
	    "'sort':[{'property':'receivedAt','isAscending':%s},{'property':'receivedAt','isAscending':%s}]"
	    "},'x']]",
	    filter, collapses ? "true" : "false", limit / 5, limit, way, way);
	fixture_run(f, calls, &full);
	CHECK_STR(ids_of(&lazy), ids_of(&full));
	buf_release(&lazy);
	buf_release(&full);
}

static void
compare_each(struct fixture *f, size_t step)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i += step) {
		TEST_ROW(filters[i]);
		for (size_t j = 0; j < sizeof(limits) / sizeof(limits[0]); j++)
			for (unsigned how = 0; how < 4; how++)
				compare(f, filters[i], how & 1, how & 2, limits[j]);
	}
}

/* The total is that of the whole list, though only the first was asked for. */
static void
check_total(struct fixture *f, const char *filter, const char *want)
{
	char calls[300];
	struct buf got;

	TEST_ROW(filter);
	buf_init(&got, 1 << 20);
	snprintf(calls, sizeof(calls),
	    "[['Email/query',{'accountId':'a1','filter':%s,'limit':1,'calculateTotal':true},'x']]",
	    filter);
	fixture_run(f, calls, &got);
	CHECK(str_find(buf_str(&got), str_c(want)) != STR_NONE);
	buf_release(&got);
}

/* Few candidates that the index names, which come with what the filter and the order ask of them. */
static void
check_named(struct fixture *f)
{
	struct buf got;

	check_total(f, "{'text':'some','hasKeyword':'$seen'}", "\"total\":87");
	check_total(f, "{'text':'some','notKeyword':'$seen'}", "\"total\":347");
	check_total(f, "{'text':'rare','minSize':50}", "\"total\":2");
	check_total(f, "{'text':'rare','maxSize':50}", "\"total\":0");
	TEST_ROW("by size");
	buf_init(&got, 1 << 20);
	fixture_run(f,
	    "[['Email/query',{'accountId':'a1','filter':{'text':'rare'},"
	    "'sort':[{'property':'size','isAscending':false}]},'x']]",
	    &got);
	CHECK_STR(ids_of(&got), STR("\"ids\":[\"e906\",\"e6\""));
	TEST_ROW("by keyword");
	fixture_run(f,
	    "[['Email/query',{'accountId':'a1','filter':{'text':'some'},'limit':2,"
	    "'sort':[{'property':'hasKeyword','keyword':'$seen','isAscending':false}]},'x']]",
	    &got);
	CHECK_STR(ids_of(&got), STR("\"ids\":[\"e1\",\"e16\""));
	buf_release(&got);
}

int
main(void)
{
	struct fixture f;

	chance_seed(8621);
	fixture_open(&f);
	compare_each(&f, 1); /* of nothing */
	add_emails(&f, EMAILS, SECONDS);
	check_total(&f, "{'text':'everywhere'}", "\"total\":1300");
	check_total(&f, "{'text':'some'}", "\"total\":434");
	check_total(&f, "{'text':'rare'}", "\"total\":2");
	check_named(&f);
	compare_each(&f, 1);
	add_emails(&f, SCATTERED,
	    SCATTERED_SECONDS); /* some old, some new, whole spans of a view behind the first */
	compare_each(&f, 1);
	search_close(&f.search); /* all of it without an index */
	mail_use_search(f.mail, NULL);
	compare_each(&f, 3);
	fixture_close(&f);
	return test_end();
}
