#include "codec/xml_writer.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/xml.h"

static const struct {
	const char *name, *in, *want;
} text_rows[] = {
	{ "plain", "ann@example.org", "ann@example.org" },
	{ "nothing", "", "" },
	{ "markup", "a<b>&\"c", "a&lt;b&gt;&amp;&quot;c" },
	{ "an element that ends", "</domain><x a=\"", "&lt;/domain&gt;&lt;x a=&quot;" },
	{ "UTF-8", "b\xc3\xbc\xf0\x9f\x98\x80", "b\xc3\xbc\xf0\x9f\x98\x80" },
	{ "malformed UTF-8", "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd" },
	{ "controls", "a\r\n\tb\x7f", "a???b?" },
	{ "no characters of XML", "\xef\xbf\xbe\xef\xbf\xbf", "??" },
};

static bool
take(void *arg, struct str path, struct str text)
{
	struct buf *out = arg;

	if (str_eq(path, STR("e")))
		buf_add(out, text);
	return true;
}

/* Also as the text of an element, which a reader gets back. */
static void
test_text(void)
{
	for (size_t i = 0; i < ARRAY_LEN(text_rows); i++) {
		struct buf text, element, back;

		TEST_ROW(text_rows[i].name);
		buf_init(&text, 1000);
		buf_init(&element, 1000);
		buf_init(&back, 1000);
		xml_text(&text, str_c(text_rows[i].in));
		CHECK_STR(buf_str(&text), str_c(text_rows[i].want));
		xml_element(&element, "e", str_c(text_rows[i].in));
		CHECK_NUM(xml_walk(buf_str(&element), take, &back), FAIL_NONE);
		buf_clear(&text);
		xml_text(&text, buf_str(&back));
		CHECK_STR(buf_str(&text), str_c(text_rows[i].want));
		buf_release(&text);
		buf_release(&element);
		buf_release(&back);
	}
}

static void
test_number(void)
{
	struct buf out;

	TEST_ROW("number");
	buf_init(&out, 100);
	xml_element_u64(&out, "port", 993);
	CHECK_STR(buf_str(&out), STR("<port>993</port>\n"));
	buf_release(&out);
}

int
main(void)
{
	test_text();
	test_number();
	return test_end();
}
