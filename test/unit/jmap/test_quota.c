/* Quota/get, /changes, /query, /queryChanges (RFC 9425): an account with one, two and no limits. */
#include "fixture.h"

static const char message[] = "Subject: x\r\n\r\n12345\r\n";

static const struct fixture_row rows[] = {
#include "quota.rows"
};

static void
check_without(struct fixture *f, const char *using, const char *calls, const char *want)
{
	struct buf got;

	buf_init(&got, 1 << 16);
	f->using = using;
	fixture_run(f, calls, &got);
	CHECK(str_find(buf_str(&got), str_c(want)) != STR_NONE);
	buf_release(&got);
}

int
main(void)
{
	struct fixture f;

	fixture_open(&f);
	TEST_ROW("no limits");
	check_without(&f, ",'urn:ietf:params:jmap:quota'", "[['Quota/get',{'accountId':'a1'},'c']]",
	    "\"state\":\"0-0-0-0\",\"list\":[],\"notFound\":[]");
	account_limit(f.account, &(struct account_limits){ .quota_bytes = 1000 });
	fixture_add(&f, message, 1700000001, 0);
	account_limit(f.account,
	    &(struct account_limits){ .quota_bytes = 1000, .quota_messages = 10 });
	fixture_rows(&f, rows, ARRAY_LEN(rows));
	TEST_ROW("not asked for");
	check_without(&f, "", "[['Quota/get',{'accountId':'a1'},'c']]", "unknownMethod");
	fixture_close(&f);
	return test_end();
}
