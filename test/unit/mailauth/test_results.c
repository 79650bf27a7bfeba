#include "mailauth/results.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* "method=verdict reason{..} type.name{value}|.." */
static void
describe(const struct results *r, struct buf *out)
{
	buf_add(out, r->id);
	for (size_t i = 0; i < r->count; i++) {
		const struct result *item = &r->items[i];

		buf_add(out, STR("|"));
		buf_add(out, item->method);
		buf_add_char(out, '=');
		buf_add(out, verdict_names[item->verdict]);
		if (item->reason.n > 0) {
			buf_add(out, STR(" reason{"));
			buf_add(out, item->reason);
			buf_add_char(out, '}');
		}
		for (size_t j = 0; j < item->property_count; j++) {
			buf_add_char(out, ' ');
			buf_add(out, item->properties[j].type);
			buf_add_char(out, '.');
			buf_add(out, item->properties[j].name);
			buf_add_char(out, '{');
			buf_add(out, item->properties[j].value);
			buf_add_char(out, '}');
		}
	}
}

static const struct {
	const char *name, *in;
	enum fail fail;
	const char *want;
} parse_rows[] = {
	/* RFC 8601 appendix B */
	{ "B.2", " example.org 1; none", FAIL_NONE, "example.org" },
	{ "B.3", " example.com;\r\n spf=pass smtp.mailfrom=example.net", FAIL_NONE,
	    "example.com|spf=pass smtp.mailfrom{example.net}" },
	{ "B.4",
	    " example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n spf=pass\r\n"
	    " smtp.mailfrom=example.net",
	    FAIL_NONE,
	    "example.com|auth=pass smtp.auth{sender@example.net}|spf=pass smtp.mailfrom{example.net}" },
	{ "B.6",
	    " example.com;\r\n dkim=pass reason=\"good signature\"\r\n header.i=@mail-router.example.net;"
	    "\r\n dkim=fail reason=\"bad signature\"\r\n header.i=@newyork.example.com",
	    FAIL_NONE,
	    "example.com|dkim=pass reason{good signature} header.i{@mail-router.example.net}"
	    "|dkim=fail reason{bad signature} header.i{@newyork.example.com}" },
	{ "B.7",
	    " foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it)"
	    " fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) ="
	    " (as I wasn't expecting it) 1362471462",
	    FAIL_NONE, "foo.example.net|dkim=fail policy.expired{1362471462}" },
	{ "no id", " ; spf=pass", FAIL_SYNTAX, "" },
	{ "empty", " \r\n ", FAIL_SYNTAX, "" },
	{ "empty id", "\"\"; spf=pass", FAIL_SYNTAX, "" },
	{ "version 2", "a 2; spf=pass", FAIL_SYNTAX, "" },
	{ "id only", "a", FAIL_NONE, "a" },
	{ "quoted id", "\"a b\\\"c\"; spf=pass", FAIL_NONE, "a b\"c|spf=pass" },
	{ "unknown word", "a; spf=hardfail smtp.helo=x; dkim=pass", FAIL_NONE, "a|dkim=pass" },
	{ "another version of a method", "a; spf/2=pass smtp.helo=x; dkim / 1 = pass; dmarc/x=pass",
	    FAIL_NONE, "a|dkim=pass" },
	{ "a ptype that nobody registered",
	    "a; spf=pass moo.helo=x; dmarc=pass header.from=x y.z=1; dkim=pass Header.d=x",
	    FAIL_NONE, "a|dkim=pass Header.d{x}" },
	{ "rubbish between", "a; ((x); =; spf=pass x; ; dkim=PASS", FAIL_NONE, "a|dkim=pass" },
	{ "quoted semicolon", "a; spf=pass reason=\"x; dmarc=pass\" smtp.helo=h", FAIL_NONE,
	    "a|spf=pass reason{x; dmarc=pass} smtp.helo{h}" },
	{ "commented semicolon", "a; spf=pass (x; dmarc=pass) smtp.helo=h", FAIL_NONE,
	    "a|spf=pass smtp.helo{h}" },
	{ "quoted semicolon in what is passed over", "a; =\"x; dmarc=pass\"; spf=fail", FAIL_NONE,
	    "a|spf=fail" },
	{ "quoted local part", "a; spf=pass smtp.mailfrom=\"x y\"@example.org", FAIL_NONE,
	    "a|spf=pass smtp.mailfrom{x y@example.org}" },
	{ "slash and equals in a value", "a; dkim=pass header.b=ab/c+=", FAIL_NONE,
	    "a|dkim=pass header.b{ab/c+=}" },
	{ "empty property", "a; spf=none smtp.mailfrom=; dkim=pass", FAIL_NONE,
	    "a|spf=none smtp.mailfrom{}|dkim=pass" },
	{ "reason behind", "a; spf=pass smtp.helo=b reason=why", FAIL_NONE,
	    "a|spf=pass reason{why} smtp.helo{b}" },
	{ "UTF-8", "a; spf=pass smtp.mailfrom=\xc3\xa4@\xc3\xb6.example", FAIL_NONE,
	    "a|spf=pass smtp.mailfrom{\xc3\xa4@\xc3\xb6.example}" },
	{ "open quote", "a; spf=pass reason=\"x; dkim=pass", FAIL_NONE, "a|dkim=pass" },
	{ "open comment", "a; spf=pass (x; dkim=pass", FAIL_NONE, "a|dkim=pass" },
};

static void
test_parse(void)
{
	for (size_t i = 0; i < sizeof parse_rows / sizeof parse_rows[0]; i++) {
		struct results r;
		struct arena a;
		struct buf out;

		TEST_ROW(parse_rows[i].name);
		arena_init(&a, RESULTS_ARENA_MAX);
		buf_init(&out, 10000);
		if (CHECK_NUM(results_parse(str_c(parse_rows[i].in), &a, &r), parse_rows[i].fail) &&
		    parse_rows[i].fail == FAIL_NONE) {
			describe(&r, &out);
			CHECK_STR(buf_str(&out), str_c(parse_rows[i].want));
		}
		buf_release(&out);
		arena_release(&a);
	}
}

/* As many as anybody likes; and brackets that would take for ever if they were counted again and again. */
static void
test_limits(void)
{
	struct results r;
	struct arena a;
	struct buf text;

	TEST_ROW("many results");
	arena_init(&a, RESULTS_ARENA_MAX);
	buf_init(&text, 4 * 1024 * 1024);
	buf_add_c(&text, "a");
	for (int i = 0; i < 1000; i++)
		buf_add_c(&text, "; spf=pass smtp.helo=x");
	CHECK_NUM(results_parse(buf_str(&text), &a, &r), FAIL_NONE);
	CHECK_NUM(r.count, RESULTS_MAX);
	TEST_ROW("many properties");
	buf_clear(&text);
	arena_reset(&a);
	buf_add_c(&text, "a; spf=pass");
	for (int i = 0; i < 1000; i++)
		buf_add_c(&text, " smtp.helo=x");
	buf_add_c(&text, "; dkim=fail");
	CHECK_NUM(results_parse(buf_str(&text), &a, &r), FAIL_NONE);
	CHECK_NUM(r.count, 2);
	CHECK_NUM(r.items[0].property_count, RESULTS_PROPERTIES_MAX);
	TEST_ROW("many brackets");
	buf_clear(&text);
	arena_reset(&a);
	for (int i = 0; i < 1000000; i++)
		buf_add_c(&text, "(\"");
	CHECK(!results_is_ours(buf_str(&text), STR("mx.example.org")));
	CHECK_NUM(results_parse(buf_str(&text), &a, &r), FAIL_SYNTAX);
	buf_release(&text);
	arena_release(&a);
}

static const struct {
	const char *name, *value, *want;
} value_rows[] = {
	{ "address", "ann@example.net", "ann@example.net" },
	{ "domain", "@example.net", "@example.net" },
	{ "token", "a-b_c.d+e", "a-b_c.d+e" },
	{ "blank", "ann lee@example.net", "\"ann lee\"@example.net" },
	{ "two ats", "a@b@c", "\"a@b\"@c" },
	{ "no atom", "a..b@c", "\"a..b\"@c" },
	{ "dot in front", ".a@c", "\".a\"@c" },
	{ "dot at the at", "a.@c", "\"a.\"@c" },
	{ "dot behind it", "a@.c", "\"a@.c\"" },
	{ "marks that are no token", "SRS0=Ab/c?=d.test=ann@example.net",
	    "SRS0=Ab/c?=d.test=ann@example.net" },
	{ "address literal", "a@[192.0.2.1]", "\"a@[192.0.2.1]\"" },
	{ "marks in the domain", "a@b=c", "\"a@b=c\"" },
	{ "results in a local part", "x; dmarc=pass@evil.test", "\"x; dmarc=pass\"@evil.test" },
	{ "quotes in a local part", "a\"b\\@evil.test", "\"a\\\"b\\\\\"@evil.test" },
	{ "ends in an at", "a@", "\"a@\"" },
	{ "semicolon", "x; dmarc=pass", "\"x; dmarc=pass\"" },
	{ "comment", "x(y", "\"x(y\"" },
	{ "quotes", "a\"b\\c", "\"a\\\"b\\\\c\"" },
	{ "line end", "a\r\nBcc: x", "\"a??Bcc: x\"" },
	{ "bytes", "a\xff\x7f", "\"a??\"" },
	{ "UTF-8", "\xc3\xa4@\xc3\xb6.example", "\xc3\xa4@\xc3\xb6.example" },
	{ "direction",
	    "a\xe2\x80\xae"
	    "b",
	    "\"a?b\"" },
};

static void
test_values(void)
{
	for (size_t i = 0; i < sizeof value_rows / sizeof value_rows[0]; i++) {
		const struct result_property p = { STR_INIT("smtp"), STR_INIT("mailfrom"),
			str_c(value_rows[i].value) };
		const struct result r = { STR_INIT("spf"), VERDICT_PASS, str_of(NULL, 0), &p, 1 };
		const struct results all = { STR_INIT("mx"), &r, 1 };
		struct buf out;

		TEST_ROW(value_rows[i].name);
		buf_init(&out, 10000);
		results_write(&out, STR(""), &all);
		buf_truncate(&out, out.n - 2);
		CHECK_STR(str_from(buf_str(&out), sizeof "mx;\r\n\tspf=pass smtp.mailfrom=" - 1),
		    str_c(value_rows[i].want));
		buf_release(&out);
	}
}

static void
test_write(void)
{
	const struct result_property spf[] = {
		{ STR_INIT("smtp"), STR_INIT("helo"), STR_INIT("") },
		{ STR_INIT("smtp"), STR_INIT("mailfrom"), STR_INIT("ann@example.net") },
	};
	const struct result_property dkim[] = {
		{ STR_INIT("header"), STR_INIT("d"),
		    STR_INIT("mail.a-rather-long-name.example.net") },
		{ STR_INIT("header"), STR_INIT("s"), STR_INIT("2026") },
		{ STR_INIT("header"), STR_INIT("b"), STR_INIT("AbCdEf+/") },
	};
	const struct result items[] = {
		{ STR_INIT("spf"), VERDICT_PASS, STR_INIT(""), spf, 2 },
		{ STR_INIT("dkim"), VERDICT_FAIL, STR_INIT("body hash"), dkim, 3 },
	};
	struct results r = { STR_INIT("mx.example.org"), items, 2 };
	struct buf out;

	TEST_ROW("two results");
	buf_init(&out, 10000);
	results_write(&out, STR("Authentication-Results: "), &r);
	CHECK_STR(buf_str(&out),
	    STR("Authentication-Results: mx.example.org;\r\n"
		"\tspf=pass smtp.mailfrom=ann@example.net;\r\n"
		"\tdkim=fail reason=\"body hash\"\r\n"
		"\theader.d=mail.a-rather-long-name.example.net header.s=2026\r\n"
		"\theader.b=\"AbCdEf+/\"\r\n"));
	TEST_ROW("none");
	r.count = 0;
	buf_clear(&out);
	results_write(&out, STR("ARC-Authentication-Results: i=1; "), &r);
	CHECK_STR(buf_str(&out), STR("ARC-Authentication-Results: i=1; mx.example.org; none\r\n"));
	TEST_ROW("long");
	buf_clear(&out);
	for (int i = 0; i < 300; i++)
		buf_add_c(&out, "\xc3\xa4");
	r.id = buf_str(&out);
	{
		struct buf cut;

		buf_init(&cut, 10000);
		results_write(&cut, STR(""), &r);
		CHECK_NUM(cut.n, RESULTS_VALUE_MAX + sizeof "; none\r\n" - 1);
		buf_release(&cut);
	}
	buf_release(&out);
}

static const struct {
	const char *value;
	bool want;
} version_rows[] = {
	{ "a", false },
	{ "a; spf=pass", false },
	{ "a 1; spf=pass", false },
	{ "a 01; spf=pass", false },
	{ "a 2; spf=pass", true },
	{ "\"a\" (x) 0; spf=pass", true },
	{ "a\r\n\t(1) 11 (1) ; spf=pass", true },
	{ "a 99999999999999999999; spf=pass", true },
	{ "a x; spf=pass", false }, /* no version */
	{ "a 2x; spf=pass", false },
	{ "spf=pass (2) smtp.helo=x", false }, /* Microsoft's, without a name */
	{ "; 2", false },
	{ "", false },
	{ "mx.example.org (2); spf=pass", false },
	{ "mx.example.org; 2=pass", false },
	{ "2; spf=pass", false },
};

static void
test_versions(void)
{
	for (size_t i = 0; i < sizeof version_rows / sizeof version_rows[0]; i++) {
		TEST_ROW(version_rows[i].value);
		CHECK(
		    results_is_other_version(str_c(version_rows[i].value)) == version_rows[i].want);
	}
}

/* Who was found is found again. */
static void
test_find(void)
{
	struct results r;
	struct arena a;
	struct str value;

	TEST_ROW("find");
	arena_init(&a, RESULTS_ARENA_MAX);
	CHECK_NUM(results_parse(STR("a; dkim=pass header.D=x header.s=y"), &a, &r), FAIL_NONE);
	CHECK(result_find(&r.items[0], STR("Header"), STR("d"), &value) && str_eq(value, STR("x")));
	CHECK(!result_find(&r.items[0], STR("smtp"), STR("d"), &value));
	CHECK(!result_find(&r.items[0], STR("header"), STR("i"), &value));
	arena_release(&a);
	TEST_ROW("no room");
	arena_init(&a, 100);
	CHECK_NUM(results_parse(STR("a; none"), &a, &r), FAIL_LIMIT);
	arena_release(&a);
}

static const struct {
	const char *value;
	bool want;
} ours_rows[] = {
	{ " mx.example.org; spf=pass", true },
	{ "MX.Example.ORG; spf=pass", true },
	{ "mx.example.org", true },
	{ "mx.example.org.; spf=pass", true },
	{ "mx.example.org 1; spf=pass", true },
	{ "mx.example.org\t(x) 1; spf=pass", true },
	{ "mx.example.org/1; spf=pass", true },
	{ "\"mx.example.org\"; spf=pass", true },
	{ "\"mx\\.example.o\\rg\"; spf=pass", true },
	{ "\" mx.example.org 1\"; spf=pass", true },
	{ "(hello (you) \\) )\r\n\tmx.example.org; spf=pass", true },
	{ "(never closed mx.example.org; spf=pass",
	    false }, /* "never" is its name to all that read it so */
	{ "(mx.example.org; spf=pass", true },
	{ ";mx.example.org; spf=pass", true },
	{ "<mx.example.org>; spf=pass", true },
	{ "\"mx.example.org; spf=pass", true },
	{ "\"\" mx.example.org; spf=pass", true },
	{ "mx(x).example(y).org; spf=pass", true },
	{ "mx.\r\n example.org; spf=pass", true },
	{ "mx.example.\x01org; spf=pass", true },
	{ "=?utf-8?q?mx=2Eexample.org?=; spf=pass", true },
	{ "=?utf-8?b?bXguZXhhbXBsZS5vcmc=?=\r\n ; spf=pass", true },
	{ "mx\xe3\x80\x82"
	  "example\xef\xbc\x8eorg; spf=pass",
	    true },
	{ "mx.example.org@x; spf=pass", true },
	{ "mx.example.org=x; spf=pass", true },
	{ "", false },
	{ " ;;", false },
	{ "mx.example.org.evil.example; spf=pass", false },
	{ "amx.example.org; spf=pass", false },
	{ "example.org; spf=pass", false },
	{ "mx2.example.org; spf=pass (mx.example.org)", false },
	{ "mx2.example.org; mx.example.org; spf=pass", false },
	{ "spf=pass smtp.helo=mx.example.org", false },
};

static void
test_ours(void)
{
	for (size_t i = 0; i < sizeof ours_rows / sizeof ours_rows[0]; i++) {
		TEST_ROW(ours_rows[i].value);
		CHECK(results_is_ours(str_c(ours_rows[i].value), STR("mx.example.org")) ==
		    ours_rows[i].want);
	}
	TEST_ROW("IDN");
	CHECK(results_is_ours(STR("B\xc3\xbc"
				  "cher.example; spf=pass"),
	    STR("xn--bcher-kva.example")));
	CHECK(results_is_ours(STR("XN--bcher-KVA.example; spf=pass"),
	    STR("b\xc3\xbc"
		"cher.example")));
	TEST_ROW("NUL");
	CHECK(results_is_ours(STR("\0mx.example.org\0; spf=pass"), STR("mx.example.org")));
}

/* Whoever says it, it is read again as it was written. */
static void
test_ids(void)
{
	static const char *const ids[] = { "mx.example.org", "@0", "a@b.example", "a b", "\"",
		"1" };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct results results = { .id = str_c(ids[i]) }, again;
		struct buf text = { .max = 1000 };
		struct arena a;

		TEST_ROW(ids[i]);
		arena_init(&a, RESULTS_ARENA_MAX);
		results_write(&text, STR(""), &results);
		CHECK(results_parse(buf_str(&text), &a, &again) == FAIL_NONE);
		CHECK_STR(again.id, results.id);
		arena_release(&a);
		buf_release(&text);
	}
}

int
main(void)
{
	test_parse();
	test_limits();
	test_values();
	test_write();
	test_find();
	test_versions();
	test_ours();
	test_ids();
	return test_end();
}
