#include "s3/answer.h"

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "s3/xml.h"

/* --- XML ----------------------------------------------------------------------------------- */

static bool
note(void *arg, struct str path, struct str text)
{
	struct buf *out = arg;

	buf_add(out, path);
	buf_add_char(out, '=');
	buf_add(out, text);
	buf_add_char(out, ';');
	return !str_eq(text, STR("stop"));
}

static const struct {
	const char *name, *in, *want; /* want NULL: any */
	enum fail fail;
} xml_rows[] = {
	{ "empty element", "<a/>", "a=;", FAIL_NONE },
	{ "text", "<a>b</a>", "a=b;", FAIL_NONE },
	{ "nested", "<a><b>1</b><b>2</b><c/></a>", "a/b=1;a/b=2;a/c=;a=;", FAIL_NONE },
	{ "declaration, comment, blanks",
	    "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- <x> --> <a >\n<b\t>1</b >\n</a>\n",
	    "a/b=1;a=\n;", FAIL_NONE },
	{ "attributes", "<a xmlns=\"http://x/\" b = '\"/>'><c d='1'/></a>", "a/c=;a=;", FAIL_NONE },
	{ "entities", "<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;</a>", "a=<>&\"'AB;", FAIL_NONE },
	{ "characters", "<a>&#xfc;&#x20ac;&#x1F600;\xc3\xbc</a>",
	    "a=\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xbc;", FAIL_NONE },
	{ "nothing", "", NULL, FAIL_SYNTAX },
	{ "only text", "hello", NULL, FAIL_SYNTAX },
	{ "HTML of a proxy", "<html><body>502<br></body></html>", NULL, FAIL_SYNTAX },
	{ "not closed", "<a><b></b>", NULL, FAIL_SYNTAX },
	{ "closed by another", "<a><b></a></b>", NULL, FAIL_SYNTAX },
	{ "two roots", "<a/><b/>", NULL, FAIL_SYNTAX },
	{ "text behind the root", "<a/>b", NULL, FAIL_SYNTAX },
	{ "cut in a tag", "<a><b", NULL, FAIL_SYNTAX },
	{ "cut in an attribute", "<a b=\"", NULL, FAIL_SYNTAX },
	{ "attribute without blank", "<a b=\"1\"c=\"2\"/>", NULL, FAIL_SYNTAX },
	{ "attribute without value", "<a b/>", NULL, FAIL_SYNTAX },
	{ "tag in an attribute", "<a b=\"<\"/>", NULL, FAIL_SYNTAX },
	{ "document type", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", NULL, FAIL_SYNTAX },
	{ "controls of somebody's key", "<a>x&#x1;&#31;&#xffff;</a>", "a=x\x01\x1f\xef\xbf\xbf;",
	    FAIL_NONE },
	{ "a NUL", "<a>&#0;</a>", NULL, FAIL_SYNTAX },
	{ "unknown entity", "<a>&nbsp;</a>", NULL, FAIL_SYNTAX },
	{ "bare ampersand", "<a>a & b</a>", NULL, FAIL_SYNTAX },
	{ "NUL", "<a>&#0;</a>", NULL, FAIL_SYNTAX },
	{ "control", "<a>\x01</a>", NULL, FAIL_SYNTAX },
	{ "surrogate", "<a>&#xd800;</a>", NULL, FAIL_SYNTAX },
	{ "beyond Unicode", "<a>&#x110000;</a>", NULL, FAIL_SYNTAX },
	{ "CDATA", "<a><![CDATA[x]]></a>", NULL, FAIL_SYNTAX },
	{ "stopped", "<a><b>stop</b><c/></a>", "a/b=stop;", FAIL_SYNTAX },
};

static void
test_xml(void)
{
	struct buf got, deep;

	for (size_t i = 0; i < ARRAY_LEN(xml_rows); i++) {
		TEST_ROW(xml_rows[i].name);
		buf_init(&got, 10000);
		CHECK_NUM(xml_walk(str_c(xml_rows[i].in), note, &got), xml_rows[i].fail);
		if (xml_rows[i].want)
			CHECK_STR(buf_str(&got), str_c(xml_rows[i].want));
		buf_release(&got);
	}
	TEST_ROW("too deep");
	buf_init(&deep, 100000);
	buf_init(&got, 100000);
	for (int i = 0; i < 20000; i++)
		buf_add_c(&deep, "<a>");
	CHECK_NUM(xml_walk(buf_str(&deep), note, &got), FAIL_LIMIT);
	TEST_ROW("too long a text");
	buf_clear(&deep);
	buf_add_c(&deep, "<a>");
	for (int i = 0; i <= XML_TEXT_MAX; i++)
		buf_add_char(&deep, 'x');
	buf_add_c(&deep, "</a>");
	CHECK_NUM(xml_walk(buf_str(&deep), note, &got), FAIL_LIMIT);
	CHECK_NUM(got.n, 0);
	buf_release(&deep);
	buf_release(&got);
}

/* --- answers ------------------------------------------------------------------------------- */

static void
test_errors(void)
{
	struct s3_error e;

	TEST_ROW("errors");
	CHECK(s3_answer_error(STR("<Error><Code>NoSuchKey</Code><Message>no &lt;key&gt;</Message>"
				  "<Key>x</Key></Error>"),
	    &e));
	CHECK_STR(e.code, STR("NoSuchKey"));
	CHECK_STR(e.message, STR("no <key>"));
	CHECK(!s3_answer_error(STR("<Error><Code></Code></Error>"), &e));
	CHECK(!s3_answer_error(STR("<Error><Code>A</Code>"), &e));
	CHECK_NUM(e.code.n, 0);
	CHECK(!s3_answer_error(STR("<x><Error><Code>A</Code></Error></x>"), &e));
	CHECK(!s3_answer_error(STR("nothing"), &e));
	CHECK_NUM(s3_answer_is(STR("<CopyObjectResult/>"), STR("CopyObjectResult")), FAIL_NONE);
	CHECK_NUM(s3_answer_is(STR("<Error/>"), STR("CopyObjectResult")), FAIL_SYNTAX);
	CHECK_NUM(s3_answer_is(STR(""), STR("CopyObjectResult")), FAIL_SYNTAX);
}

static const struct {
	const char *name, *in, *want;
	enum fail fail;
} upload_rows[] = {
	{ "id",
	    "<InitiateMultipartUploadResult><Bucket>b</Bucket><UploadId>a&amp;b"
	    "</UploadId></InitiateMultipartUploadResult>",
	    "a&b", FAIL_NONE },
	{ "none", "<InitiateMultipartUploadResult/>", "", FAIL_SYNTAX },
	{ "empty", "<InitiateMultipartUploadResult><UploadId/></InitiateMultipartUploadResult>", "",
	    FAIL_SYNTAX },
	{ "two",
	    "<InitiateMultipartUploadResult><UploadId>a</UploadId><UploadId>b</UploadId>"
	    "</InitiateMultipartUploadResult>",
	    "a", FAIL_SYNTAX },
};

static void
test_uploads(void)
{
	for (size_t i = 0; i < ARRAY_LEN(upload_rows); i++) {
		struct buf id;

		TEST_ROW(upload_rows[i].name);
		buf_init(&id, S3_UPLOAD_ID_MAX);
		CHECK_NUM(s3_answer_upload(str_c(upload_rows[i].in), &id), upload_rows[i].fail);
		CHECK_STR(buf_str(&id), str_c(upload_rows[i].want));
		buf_release(&id);
	}
}

#define PAGE(x) "<ListBucketResult>" x "</ListBucketResult>"
#define LAST    "<IsTruncated>false</IsTruncated>"
#define MORE    "<IsTruncated>true</IsTruncated>"
#define OBJECT(key, size) \
	"<Contents><Key>" key "</Key><ETag>x</ETag><Size>" size \
	"</Size><Owner><ID>1</ID></Owner></Contents>"

static const struct {
	const char *name, *in;
	enum fail fail;
	const char *want; /* "key=size;" .. and "+" when there is more */
} list_rows[] = {
	{ "empty", PAGE(LAST), FAIL_NONE, "" },
	{ "two",
	    PAGE("<Name>b</Name>" OBJECT("a", "1") OBJECT("b&amp;", "18446744073709551615") LAST),
	    FAIL_NONE, "a=1;b&=18446744073709551615;" },
	{ "more", PAGE(MORE OBJECT("a", "0")), FAIL_NONE, "a=0;+" },
	{ "no flag", PAGE(OBJECT("a", "0")), FAIL_SYNTAX, "" },
	{ "another flag", PAGE("<IsTruncated>maybe</IsTruncated>"), FAIL_SYNTAX, "" },
	{ "more of nothing", PAGE(MORE), FAIL_SYNTAX, "" },
	{ "no size", PAGE("<Contents><Key>a</Key></Contents>" LAST), FAIL_SYNTAX, "" },
	{ "no key", PAGE("<Contents><Size>1</Size></Contents>" LAST), FAIL_SYNTAX, "" },
	{ "empty key", PAGE(OBJECT("", "1") LAST), FAIL_LIMIT, "" },
	{ "size below zero", PAGE(OBJECT("a", "-1") LAST), FAIL_SYNTAX, "" },
	{ "size too large", PAGE(OBJECT("a", "18446744073709551616") LAST), FAIL_SYNTAX, "" },
	{ "not sorted", PAGE(OBJECT("b", "1") OBJECT("a", "1") LAST), FAIL_SYNTAX, "" },
	{ "twice", PAGE(OBJECT("a", "1") OBJECT("a", "1") LAST), FAIL_SYNTAX, "" },
	{ "cut", "<ListBucketResult>" LAST OBJECT("a", "1"), FAIL_SYNTAX, "" },
	{ "something else", "<Other>" LAST "</Other>", FAIL_SYNTAX, "" },
};

static void
test_lists(void)
{
	struct s3_page page;
	struct buf got;

	for (size_t i = 0; i < ARRAY_LEN(list_rows); i++) {
		TEST_ROW(list_rows[i].name);
		buf_init(&got, 1000);
		CHECK_NUM(s3_answer_list(str_c(list_rows[i].in), &page), list_rows[i].fail);
		for (size_t k = 0; k < page.count; k++) {
			buf_add(&got, page.objects[k].key);
			buf_add_c(&got, "=");
			buf_add_u64(&got, page.objects[k].size);
			buf_add_c(&got, ";");
		}
		buf_add_c(&got, page.has_more ? "+" : "");
		CHECK_STR(buf_str(&got), str_c(list_rows[i].want));
		s3_page_release(&page);
		buf_release(&got);
	}
	TEST_ROW("more than a page");
	buf_init(&got, 1000000);
	buf_add_c(&got, "<ListBucketResult>" LAST);
	for (int i = 0; i <= S3_PAGE_MAX; i++) {
		char text[100];

		snprintf(text, sizeof text, OBJECT("k%06d", "1"), i);
		buf_add_c(&got, text);
	}
	buf_add_c(&got, "</ListBucketResult>");
	CHECK_NUM(s3_answer_list(buf_str(&got), &page), FAIL_LIMIT);
	CHECK_NUM(page.count, 0);
	buf_release(&got);
}

int
main(void)
{
	test_xml();
	test_errors();
	test_uploads();
	test_lists();
	return test_end();
}
