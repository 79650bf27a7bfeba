#include "codec/xml.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

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

int
main(void)
{
	test_xml();
	return test_end();
}
