/* Policies of MTA-STS, and the records of MTA-STS and TLS-RPT, well made and not. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "tlspolicy/rpt_record.h"
#include "tlspolicy/sts_policy.h"

#define AGE_MAX "31557600"

static const struct {
	const char *name, *text;
	enum fail want;
	const char *again; /* as it is written back */
} policy_rows[] = {
	{ "of the RFC",
	    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n"
	    "mx: backupmx.example.com\r\nmax_age: 604800\r\n",
	    FAIL_NONE,
	    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n"
	    "mx: backupmx.example.com\r\nmax_age: 604800\r\n" },
	{ "LF, no end, no blanks, another order",
	    "max_age:1\nmx:a.test\nmode:testing\nversion:STSv1", FAIL_NONE,
	    "version: STSv1\r\nmode: testing\r\nmx: a.test\r\nmax_age: 1\r\n" },
	{ "none needs no hosts", "version: STSv1\nmode: none\nmax_age: 0\n", FAIL_NONE,
	    "version: STSv1\r\nmode: none\r\nmax_age: 0\r\n" },
	{ "what we do not know", "version: STSv1\nx-y: z: 1\nmode: none\nmax_age: 1\n", FAIL_NONE,
	    "version: STSv1\r\nmode: none\r\nmax_age: 1\r\n" },
	{ "the first of two counts",
	    "version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\nmax_age: x\n", FAIL_NONE,
	    "version: STSv1\r\nmode: none\r\nmax_age: 1\r\n" },
	{ "more than a year is a year", "version: STSv1\nmode: none\nmax_age: 9999999999\n",
	    FAIL_NONE, "version: STSv1\r\nmode: none\r\nmax_age: " AGE_MAX "\r\n" },
	{ "empty lines", "\r\nversion: STSv1\n\n\nmode: none\nmax_age: 1\n\n", FAIL_NONE,
	    "version: STSv1\r\nmode: none\r\nmax_age: 1\r\n" },
	{ "nothing", "", FAIL_SYNTAX, NULL },
	{ "a web page", "<html>\n<title>404</title>\n", FAIL_SYNTAX, NULL },
	{ "no version", "mode: none\nmax_age: 1\n", FAIL_SYNTAX, NULL },
	{ "another version", "version: STSv2\nmode: none\nmax_age: 1\n", FAIL_SYNTAX, NULL },
	{ "no mode", "version: STSv1\nmx: a.test\nmax_age: 1\n", FAIL_SYNTAX, NULL },
	{ "another mode", "version: STSv1\nmode: report\nmax_age: 1\n", FAIL_SYNTAX, NULL },
	{ "modes are lower case", "version: STSv1\nmode: None\nmax_age: 1\n", FAIL_SYNTAX, NULL },
	{ "no age", "version: STSv1\nmode: none\n", FAIL_SYNTAX, NULL },
	{ "a negative age", "version: STSv1\nmode: none\nmax_age: -1\n", FAIL_SYNTAX, NULL },
	{ "an age of eleven digits", "version: STSv1\nmode: none\nmax_age: 00000000001\n",
	    FAIL_SYNTAX, NULL },
	{ "an age with words", "version: STSv1\nmode: none\nmax_age: 1 day\n", FAIL_SYNTAX, NULL },
	{ "enforce without hosts", "version: STSv1\nmode: enforce\nmax_age: 1\n", FAIL_SYNTAX,
	    NULL },
	{ "a line that is none", "version: STSv1\nmode: none\nmax_age: 1\nhello\n", FAIL_SYNTAX,
	    NULL },
	{ "a star within", "version: STSv1\nmode: enforce\nmx: a.*.test\nmax_age: 1\n", FAIL_SYNTAX,
	    NULL },
	{ "a star for a part", "version: STSv1\nmode: enforce\nmx: mx*.test\nmax_age: 1\n",
	    FAIL_SYNTAX, NULL },
	{ "only a star", "version: STSv1\nmode: enforce\nmx: *.\nmax_age: 1\n", FAIL_SYNTAX, NULL },
	{ "an empty host", "version: STSv1\nmode: enforce\nmx:\nmax_age: 1\n", FAIL_SYNTAX, NULL },
};

static const struct {
	const char *pattern, *host;
	bool want;
} host_rows[] = {
	{ "mx.example.com", "mx.example.com", true },
	{ "mx.example.com", "MX.Example.COM", true },
	{ "mx.example.com", "mx2.example.com", false },
	{ "*.example.com", "mx.example.com", true },
	{ "*.example.com", "a.mx.example.com", false }, /* RFC 8461 4.1: one label */
	{ "*.example.com", "example.com", false },
	{ "*.example.com", ".example.com", false },
	{ "*.com", "example.com", true },
	{ "example.com", "mx.example.com", false },
};

/* Records joined by "|". */
static const struct {
	const char *name, *records, *want; /* the id; NULL: none */
} id_rows[] = {
	{ "of the RFC", "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
	{ "no blanks", "v=STSv1;id=1", "1" },
	{ "blanks", "v=STSv1 ; id=1 ; x=y z ", "1" },
	{ "beside others", "v=spf1 -all|v=STSv1; id=a|v=STSv10; id=2", "a" },
	{ "extensions", "v=STSv1; a-b.c=d; id=7", "7" },
	{ "none", "v=spf1 -all", NULL },
	{ "two", "v=STSv1; id=1|v=STSv1; id=2", NULL },
	{ "no id", "v=STSv1; x=1", NULL },
	{ "nothing but the version", "v=STSv1", NULL },
	{ "an empty id", "v=STSv1; id=", NULL },
	{ "an id with other signs", "v=STSv1; id=2016-08", NULL },
	{ "an id of 33 letters", "v=STSv1; id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
	{ "the version behind", "id=1; v=STSv1", NULL },
	{ "its case", "V=STSv1; id=1", NULL },
	{ "an empty field", "v=STSv1;; id=1", NULL },
	{ "a field that is none", "v=STSv1; id", NULL },
};

static const struct {
	const char *name, *records, *want; /* URIs, joined by " " */
} rpt_rows[] = {
	{ "of the RFC", "v=TLSRPTv1;rua=mailto:reports@example.com", "mailto:reports@example.com" },
	{ "https", "v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt",
	    "https://reporting.example.com/v1/tlsrpt" },
	{ "both", "v=TLSRPTv1; rua=mailto:a@b.test , https://c.test/?x=1;",
	    "mailto:a@b.test https://c.test/?x=1" },
	{ "a subject", "v=TLSRPTv1; rua=mailto:a@b.test?subject=x", "mailto:a@b.test?subject=x" },
	{ "others are left out", "v=TLSRPTv1; rua=http://a.test/,mailto:a@b.test",
	    "mailto:a@b.test" },
	{ "only others", "v=TLSRPTv1; rua=ftp://a.test", NULL },
	{ "no rua", "v=TLSRPTv1; ruf=mailto:a@b.test", NULL },
	{ "two records", "v=TLSRPTv1; rua=mailto:a@b.test|v=TLSRPTv1; rua=mailto:a@b.test", NULL },
};

static size_t
split(const char *joined, struct dns_record *out, size_t max)
{
	struct str rest = str_c(joined), part;
	size_t n = 0;

	while (n < max && str_next_part(&rest, '|', &part))
		out[n++] = (struct dns_record){ .bytes = part };
	return n;
}

static void
test_policies(void)
{
	struct sts_policy policy;
	struct buf again;

	buf_init(&again, STS_FILE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(policy_rows); i++) {
		TEST_ROW(policy_rows[i].name);
		CHECK_NUM(sts_policy_parse(str_c(policy_rows[i].text), &policy),
		    policy_rows[i].want);
		if (policy_rows[i].want != FAIL_NONE)
			continue;
		buf_clear(&again);
		sts_policy_write(&again, &policy);
		CHECK_STR(buf_str(&again), str_c(policy_rows[i].again));
	}
	buf_release(&again);
}

static void
test_limits(void)
{
	struct sts_policy policy;
	struct buf text;

	TEST_ROW("too many hosts");
	buf_init(&text, 2 * STS_FILE_MAX);
	buf_add_c(&text, "version: STSv1\nmode: enforce\nmax_age: 1\n");
	for (size_t i = 0; i < STS_PATTERNS_MAX; i++)
		buf_add_c(&text, "mx: a.test\n");
	CHECK_NUM(sts_policy_parse(buf_str(&text), &policy), FAIL_NONE);
	buf_add_c(&text, "mx: a.test\n");
	CHECK_NUM(sts_policy_parse(buf_str(&text), &policy), FAIL_LIMIT);

	TEST_ROW("too long a file");
	buf_clear(&text);
	buf_add_c(&text, "version: STSv1\nmode: none\nmax_age: 1\n");
	while (text.n < STS_FILE_MAX)
		buf_add_char(&text, '\n');
	CHECK_NUM(sts_policy_parse(buf_str(&text), &policy), FAIL_NONE);
	buf_add_char(&text, '\n');
	CHECK_NUM(sts_policy_parse(buf_str(&text), &policy), FAIL_LIMIT);
	buf_release(&text);
}

static void
test_hosts(void)
{
	for (size_t i = 0; i < ARRAY_LEN(host_rows); i++) {
		struct sts_policy policy = { .patterns = { str_c(host_rows[i].pattern) },
			.pattern_count = 1 };

		TEST_ROW(host_rows[i].host);
		CHECK(sts_policy_names(&policy, str_c(host_rows[i].host)) == host_rows[i].want);
	}
}

static void
test_ids(void)
{
	struct dns_record records[4];
	struct str id;

	for (size_t i = 0; i < ARRAY_LEN(id_rows); i++) {
		size_t n = split(id_rows[i].records, records, ARRAY_LEN(records));
		enum fail fail = sts_record_parse(records, n, &id);

		TEST_ROW(id_rows[i].name);
		CHECK_NUM(fail, id_rows[i].want ? FAIL_NONE : FAIL_MISSING);
		if (fail == FAIL_NONE)
			CHECK_STR(id, str_c(id_rows[i].want));
	}
}

static void
test_rpt(void)
{
	struct dns_record records[4];
	struct rpt_record record;
	struct buf joined;

	buf_init(&joined, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rpt_rows); i++) {
		size_t n = split(rpt_rows[i].records, records, ARRAY_LEN(records));
		enum fail fail = rpt_record_parse(records, n, &record);

		TEST_ROW(rpt_rows[i].name);
		CHECK_NUM(fail, rpt_rows[i].want ? FAIL_NONE : FAIL_MISSING);
		buf_clear(&joined);
		for (size_t a = 0; fail == FAIL_NONE && a < record.count; a++) {
			if (a > 0)
				buf_add_char(&joined, ' ');
			buf_add(&joined, record.uris[a]);
		}
		CHECK_STR(buf_str(&joined), str_c(rpt_rows[i].want));
	}
	buf_release(&joined);
}

int
main(void)
{
	test_policies();
	test_limits();
	test_hosts();
	test_ids();
	test_rpt();
	return test_end();
}
