/* Filters of short lists are asked of everything, so they have a size: just that much is taken, one part more not. */
#include "fixture.h"
#include "jmap/limits.h"

static const struct {
	const char *name, *method, *before, *part, *after;
	unsigned most; /* parts that are taken */
} rows[] = {
	{ "mailboxes", "Mailbox/query", "{'operator':'OR','conditions':[", "{'name':'x'}", "]}",
	    (JMAP_FILTER_MAX - 1) / 2 },
	{ "operators in operators", "Mailbox/query", "{'operator':'OR','conditions':[",
	    "{'operator':'NOT','conditions':[]}", "]}", JMAP_FILTER_MAX - 1 },
	{ "quotas", "Quota/query", "{'operator':'AND','conditions':[", "{}", "]}",
	    JMAP_FILTER_MAX - 1 },
	{ "ids", "EmailSubmission/query", "{'emailIds':[", "'M1'", "]}", JMAP_FILTER_MAX - 2 },
	{ "changes of mailboxes", "Mailbox/queryChanges", "{'operator':'OR','conditions':[", "{}",
	    "]}", JMAP_FILTER_MAX - 1 },
	{ "changes of quotas", "Quota/queryChanges", "{'operator':'OR','conditions':[", "{}", "]}",
	    JMAP_FILTER_MAX - 1 },
};

static bool
is_taken(struct fixture *f, size_t row, unsigned parts)
{
	struct buf calls, got;
	bool out;

	buf_init(&calls, 1 << 16);
	buf_init(&got, 1 << 16);
	buf_add_c(&calls, "[['");
	buf_add_c(&calls, rows[row].method);
	buf_add_c(&calls, "',{'accountId':'a1','sinceQueryState':'");
	buf_add_c(&calls, rows[row].method[0] == 'Q' ? "0-0-0-0" : "s1");
	buf_add_c(&calls, "','filter':");
	buf_add_c(&calls, rows[row].before);
	for (unsigned i = 0; i < parts; i++) {
		buf_add_c(&calls, i > 0 ? "," : "");
		buf_add_c(&calls, rows[row].part);
	}
	buf_add_c(&calls, rows[row].after);
	buf_add_c(&calls, "},'c']]");
	buf_add_char(&calls, '\0');
	fixture_run(f, buf_str(&calls).p, &got);
	out = str_find(buf_str(&got), STR("\"queryState\"")) != STR_NONE ||
	    str_find(buf_str(&got), STR("\"newQueryState\"")) != STR_NONE;
	CHECK(out || str_find(buf_str(&got), STR("unsupportedFilter")) != STR_NONE);
	buf_release(&calls);
	buf_release(&got);
	return out;
}

int
main(void)
{
	struct fixture f;

	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:quota','urn:ietf:params:jmap:submission'";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK(is_taken(&f, i, rows[i].most));
		CHECK(!is_taken(&f, i, rows[i].most + 1));
	}
	fixture_close(&f);
	return test_end();
}
