#include "message/date.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define RFC_850 784111777 /* 1994-11-06 08:49:37 UTC */

static const struct {
	const char *name, *in;
	enum fail want;
	int64_t unix_s;
	int32_t zone_min;
	bool is_zone_known;
} rows[] = {
	/* RFC 5322 appendix A */
	{ "RFC 5322", "Fri, 21 Nov 1997 09:55:06 -0600", FAIL_NONE, 880127706, -360, true },
	{ "half hour", "Thu, 13 Feb 1969 23:32:54 -0330", FAIL_NONE, -27723426, -210, true },
	{ "obsolete", "21 Nov 97 09:55:06 GMT", FAIL_NONE, 880106106, 0, true },
	{ "comments", "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", FAIL_NONE, 880127706, -360,
	    true },
	{ "folds and comments",
	    "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n"
	    "               -0330 (Newfoundland Time)",
	    FAIL_NONE, -27723480, -210, true },
	{ "no weekday", "6 Nov 1994 08:49:37 +0000", FAIL_NONE, RFC_850, 0, true },
	{ "no seconds", "Sun, 6 Nov 1994 08:49 +0000", FAIL_NONE, RFC_850 - 37, 0, true },
	{ "no zone", "Sun, 6 Nov 1994 08:49:37", FAIL_NONE, RFC_850, 0, false },
	{ "minus zero", "Sun, 6 Nov 1994 08:49:37 -0000", FAIL_NONE, RFC_850, 0, false },
	{ "two digits, this century", "6 Nov 49 08:49:37 +0000", FAIL_NONE, 2519801377, 0, true },
	{ "two digits, last century", "6 Nov 94 08:49:37 +0000", FAIL_NONE, RFC_850, 0, true },
	{ "three digits", "6 Nov 094 08:49:37 +0000", FAIL_NONE, RFC_850, 0, true },
	{ "year 100", "6 Nov 104 08:49:37 +0000", FAIL_NONE, 1099730977, 0, true },
	{ "EST", "Sun, 6 Nov 1994 03:49:37 EST", FAIL_NONE, RFC_850, -300, true },
	{ "military Z", "Sun, 6 Nov 1994 08:49:37 Z", FAIL_NONE, RFC_850, 0, true },
	{ "military A", "Sun, 6 Nov 1994 08:49:37 A", FAIL_NONE, RFC_850, 0, false },
	{ "CEST", "Sun, 6 Nov 1994 10:49:37 CEST", FAIL_NONE, RFC_850, 120, true },
	{ "unknown zone", "Sun, 6 Nov 1994 08:49:37 XYZT", FAIL_NONE, RFC_850, 0, false },
	{ "GMT+2", "Sun, 6 Nov 1994 10:49:37 GMT+0200", FAIL_NONE, RFC_850, 120, true },
	{ "zone with colon", "Sun, 6 Nov 1994 10:49:37 +02:00", FAIL_NONE, RFC_850, 120, true },
	{ "zone and name", "Sun, 6 Nov 1994 03:49:37 -0500 (EST)", FAIL_NONE, RFC_850, -300, true },
	{ "RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", FAIL_NONE, RFC_850, 0, true },
	{ "asctime", "Sun Nov  6 08:49:37 1994", FAIL_NONE, RFC_850, 0, false },
	{ "ctime with zone", "Sun Nov  6 03:49:37 EST 1994", FAIL_NONE, RFC_850, -300, true },
	{ "ctime, numeric zone", "Sun Nov  6 03:49:37 1994 -0500", FAIL_NONE, RFC_850, -300, true },
	{ "ISO 8601", "1994-11-06T08:49:37Z", FAIL_NONE, RFC_850, 0, true },
	{ "dots", "Sun, 6 Nov 1994 08.49.37 +0000", FAIL_NONE, RFC_850, 0, true },
	{ "no comma", "Sun 6 Nov 1994 08:49:37 +0000", FAIL_NONE, RFC_850, 0, true },
	{ "long month", "6 November 1994 08:49:37 +0000", FAIL_NONE, RFC_850, 0, true },
	{ "lower case", "sun, 6 nov 1994 08:49:37 gmt", FAIL_NONE, RFC_850, 0, true },
	{ "AM and PM", "Nov 6, 1994 08:49:37 PM GMT", FAIL_NONE, RFC_850 + 43200, 0, true },
	{ "one digit hour", "6 Nov 1994 8:49:37 +0000", FAIL_NONE, RFC_850, 0, true },
	{ "no time", "6 Nov 1994", FAIL_NONE, 784080000, 0, false },
	{ "leap second", "31 Dec 1998 23:59:60 +0000", FAIL_NONE, 915148800, 0, true },
	{ "leap day", "29 Feb 2000 00:00:00 +0000", FAIL_NONE, 951782400, 0, true },
	{ "no leap day", "29 Feb 1900 00:00:00 +0000", FAIL_SYNTAX, 0, 0, false },
	{ "absurd zone", "Sun, 6 Nov 1994 08:49:37 +9999", FAIL_NONE, RFC_850, 0, false },
	{ "before 1970", "1 Jan 1900 00:00:00 +0000", FAIL_NONE, -2208988800, 0, true },
	{ "hour 25: no time", "6 Nov 1994 25:00:00 +0000", FAIL_NONE, 784080000, 0, true },
	{ "day 32", "32 Nov 1994 08:49:37 +0000", FAIL_SYNTAX, 0, 0, false },
	{ "no month", "6 1994 08:49:37", FAIL_SYNTAX, 0, 0, false },
	{ "words", "yesterday at noon", FAIL_SYNTAX, 0, 0, false },
	{ "open comment", "6 Nov 1994 08:49:37 +0000 (((((", FAIL_NONE, RFC_850, 0, true },
	{ "empty", "", FAIL_SYNTAX, 0, 0, false },
};

static const struct {
	const char *name, *in;
	enum fail want;
	int64_t unix_s;
} imap_rows[] = {
	{ "plain", "17-Jul-1996 02:44:25 -0700", FAIL_NONE, 837596665 },
	{ "padded", " 7-Jul-1996 02:44:25 +0000", FAIL_NONE, 836707465 },
	{ "not padded", "7-Jul-1996 02:44:25 +0000", FAIL_SYNTAX, 0 },
	{ "no zone", "17-Jul-1996 02:44:25", FAIL_SYNTAX, 0 },
	{ "long month", "17-July-1996 02:44:25 -0700", FAIL_SYNTAX, 0 },
	{ "day 0", "00-Jul-1996 02:44:25 -0700", FAIL_SYNTAX, 0 },
	{ "short minute", " 7-Jul-1996 02:6 +0000", FAIL_SYNTAX, 0 },
	{ "more", "17-Jul-1996 02:44:25 -0700 ", FAIL_SYNTAX, 0 },
};

static const struct {
	const char *name, *in;
	enum fail want;
	int64_t unix_s;
	int32_t zone_min;
} jmap_rows[] = {
	{ "UTC", "2014-10-30T06:12:00Z", FAIL_NONE, 1414649520, 0 },
	{ "offset", "2014-10-30T14:12:00+08:00", FAIL_NONE, 1414649520, 480 },
	{ "fraction", "2014-10-30T06:12:00.123Z", FAIL_NONE, 1414649520, 0 },
	{ "no zone", "2014-10-30T06:12:00", FAIL_SYNTAX, 0, 0 },
	{ "lower case", "2014-10-30t06:12:00z", FAIL_SYNTAX, 0, 0 },
	{ "no seconds", "2014-10-30T06:12Z", FAIL_SYNTAX, 0, 0 },
	{ "month 13", "2014-13-30T06:12:00Z", FAIL_SYNTAX, 0, 0 },
	{ "date only", "2014-10-30", FAIL_SYNTAX, 0, 0 },
};

static void
test_write(void)
{
	struct buf b;

	TEST_ROW("write");
	buf_init(&b, 1000);
	date_write_5322(&b, -27723426, -210);
	buf_add_char(&b, '|');
	date_write_imap(&b, 836707465, 0);
	buf_add_char(&b, '|');
	date_write_imap(&b, 837596665, -420);
	buf_add_char(&b, '|');
	date_write_3339(&b, 1414649520, 480);
	buf_add_char(&b, '|');
	date_write_3339(&b, RFC_850, 0);
	CHECK_STR(buf_str(&b),
	    STR("Thu, 13 Feb 1969 23:32:54 -0330| 7-Jul-1996 02:44:25 +0000|"
		"17-Jul-1996 02:44:25 -0700|2014-10-30T14:12:00+08:00|1994-11-06T08:49:37Z"));
	buf_clear(&b);
	date_write_5322(&b, INT64_MAX, INT32_MIN);
	CHECK_STR(buf_str(&b), STR("Fri, 31 Dec 9999 23:59:59 +0000"));
	buf_release(&b);
}

/* Every day of four centuries, there and back. */
static void
test_civil(void)
{
	int weekday = 1; /* 1601-01-01 was a Monday */
	bool ok = true;

	TEST_ROW("civil");
	for (int64_t day = -134774; day < -134774 + 146097 * 2; day++) {
		struct civil c = civil_of(day * 86400 + 3661, 0);

		ok &= civil_seconds(&c) == day * 86400 + 3661 && c.weekday == weekday;
		weekday = (weekday + 1) % 7;
	}
	CHECK(ok);
}

int
main(void)
{
	struct date date;
	int64_t day;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK_NUM(date_parse(str_c(rows[i].in), &date), rows[i].want);
		if (rows[i].want != FAIL_NONE)
			continue;
		CHECK_NUM(date.unix_s, rows[i].unix_s);
		CHECK_NUM(date.zone_min, rows[i].zone_min);
		CHECK(date.is_zone_known == rows[i].is_zone_known);
	}
	for (size_t i = 0; i < ARRAY_LEN(imap_rows); i++) {
		TEST_ROW(imap_rows[i].name);
		CHECK_NUM(date_parse_imap(str_c(imap_rows[i].in), &date), imap_rows[i].want);
		if (imap_rows[i].want == FAIL_NONE)
			CHECK_NUM(date.unix_s, imap_rows[i].unix_s);
	}
	for (size_t i = 0; i < ARRAY_LEN(jmap_rows); i++) {
		TEST_ROW(jmap_rows[i].name);
		CHECK_NUM(date_parse_3339(str_c(jmap_rows[i].in), &date), jmap_rows[i].want);
		if (jmap_rows[i].want != FAIL_NONE)
			continue;
		CHECK_NUM(date.unix_s, jmap_rows[i].unix_s);
		CHECK_NUM(date.zone_min, jmap_rows[i].zone_min);
	}
	TEST_ROW("IMAP day");
	CHECK_NUM(date_parse_imap_day(STR("1-Feb-1994"), &day), FAIL_NONE);
	CHECK_NUM(day, 760060800);
	CHECK_NUM(date_parse_imap_day(STR("31-Feb-1994"), &day), FAIL_SYNTAX);
	CHECK_NUM(date_parse_imap_day(STR("1-Feb-94"), &day), FAIL_SYNTAX);
	test_write();
	test_civil();
	return test_end();
}
