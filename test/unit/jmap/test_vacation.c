/* The vacation response (RFC 8621 8): each row a request, and what must be answered. */
#include "fixture.h"

/* rooms */
#include "mail/vacation.h"

static const struct {
	const char *name, *calls, *want;
} rows[] = {
#include "methods_vacation.rows"
};

static struct fixture f;
static struct buf got, want;

/* A property of this length. */
static void
check_long(const char *property, size_t n, const char *wanted)
{
	struct buf calls;

	buf_init(&calls, 1 << 20);
	buf_add_c(&calls, "[['VacationResponse/set',{'accountId':'a1','update':{'singleton':{'");
	buf_add_c(&calls, property);
	buf_add_c(&calls, "':'");
	for (size_t i = 0; i < n; i++)
		buf_add_char(&calls, 'x');
	buf_add_c(&calls, "'}}},'c']]");
	TEST_ROW(property);
	fixture_run(&f, buf_c(&calls), &got);
	CHECK(str_find(buf_str(&got), str_c(wanted)) != STR_NONE);
	buf_release(&calls);
}

static void
check_record(void)
{
	struct vacation in = { .is_enabled = true, .has_to = true, .to_s = -5, .text = STR("") },
			out;
	struct buf value;

	TEST_ROW("record");
	buf_init(&value, 1000);
	vacation_record_write(&value, &in);
	CHECK_NUM(vacation_record_read(buf_str(&value), &out), FAIL_NONE);
	CHECK(out.is_enabled && !out.has_from && out.has_to && out.to_s == -5);
	CHECK(out.text.p && !out.subject.p && !out.html.p);
	for (size_t n = 0; n < value.n; n++)
		CHECK_NUM(vacation_record_read(str_head(buf_str(&value), n), &out), FAIL_PERM);
	buf_release(&value);
	TEST_ROW("when it answers");
	in = (struct vacation){ .is_enabled = true };
	CHECK(vacation_is_on(&in, 5));
	in.has_from = in.has_to = true;
	in.from_s = 5;
	in.to_s = 9;
	CHECK(!vacation_is_on(&in, 4) && vacation_is_on(&in, 5) && vacation_is_on(&in, 8) &&
	    !vacation_is_on(&in, 9));
	in.is_enabled = false;
	CHECK(!vacation_is_on(&in, 6));
}

/* Whom it has answered: once in a while, each kind of answer for itself, not more than so many. */
static void
check_answered(void)
{
	char sender[40];
	bool is_new;

	TEST_ROW("answered");
	CHECK_NUM(answered_take(f.account, STR("v"), STR("Bob@x"), 100, 10, &is_new), FAIL_NONE);
	CHECK(is_new);
	CHECK_NUM(answered_take(f.account, STR("v"), STR("bob@x"), 109, 10, &is_new), FAIL_NONE);
	CHECK(!is_new);
	CHECK_NUM(answered_take(f.account, STR("w"), STR("bob@x"), 109, 10, &is_new), FAIL_NONE);
	CHECK(is_new);
	CHECK_NUM(answered_take(f.account, STR("v"), STR("bob@x"), 110, 10, &is_new), FAIL_NONE);
	CHECK(is_new);
	for (unsigned i = 0; i < ANSWERED_MAX; i++) {
		snprintf(sender, sizeof(sender), "s%u@x", i);
		CHECK_NUM(answered_take(f.account, STR("v"), str_c(sender), 111, 1000, &is_new),
		    FAIL_NONE);
	}
	CHECK_NUM(answered_take(f.account, STR("v"), STR("s999@x"), 111, 1000, &is_new), FAIL_NONE);
	CHECK(!is_new);
	CHECK_NUM(answered_take(f.account, STR("v"), STR("bob@x"), 111, 1000, &is_new), FAIL_NONE);
	CHECK(is_new); /* its time would have ended first */
	CHECK_NUM(answered_take(f.account, STR("v"), STR("s999@x"), 5000, 10, &is_new), FAIL_NONE);
	CHECK(is_new);
}

int
main(void)
{
	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:vacationresponse'";
	buf_init(&got, 1 << 20);
	buf_init(&want, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TEST_ROW(rows[i].name);
		fixture_run(&f, rows[i].calls, &got);
		buf_clear(&want);
		unquote(&want, "{'methodResponses':");
		unquote(&want, rows[i].want);
		unquote(&want, ",'sessionState':'x'}");
		CHECK_STR(buf_str(&got), buf_str(&want));
	}
	check_long("subject", VACATION_SUBJECT_MAX, "\"updated\":{\"singleton\":null}");
	check_long("subject", VACATION_SUBJECT_MAX + 1, "\"type\":\"tooLarge\"");
	check_long("textBody", VACATION_TEXT_MAX, "\"updated\":{\"singleton\":null}");
	check_long("textBody", VACATION_TEXT_MAX + 1, "\"properties\":[\"textBody\"]");
	check_long("htmlBody", VACATION_HTML_MAX, "\"updated\":{\"singleton\":null}");
	check_long("htmlBody", VACATION_HTML_MAX + 1, "\"properties\":[\"htmlBody\"]");
	check_record();
	check_answered();
	buf_release(&got);
	buf_release(&want);
	fixture_close(&f);
	return test_end();
}
