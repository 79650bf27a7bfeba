#include "message/mime.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

/* value|name=value|name=value.. */
static const struct {
	const char *name, *in, *want;
} rows[] = {
	{ "plain", " text/plain; charset=us-ascii", "text/plain|charset=us-ascii|" },
	{ "quoted", "text/plain; Charset=\"us-ascii\"; x=\"a;b\"",
	    "text/plain|charset=us-ascii|x=a;b|" },
	{ "comments", "text/plain (x); charset=us-ascii (Plain text)",
	    "text/plain|charset=us-ascii|" },
	{ "no parameters", "text/plain", "text/plain|" },
	{ "trailing semicolon", "text/plain;", "text/plain|" },
	{ "missing semicolon", "text/plain charset=utf-8", "text/plain|charset=utf-8|" },
	{ "missing second semicolon", "text/plain; a=b charset=utf-8",
	    "text/plain|a=b|charset=utf-8|" },
	{ "blanks round =", "text/plain; charset = utf-8 ; b =c", "text/plain|charset=utf-8|b=c|" },
	{ "blanks in a value", "a/b; name=my file.txt; x=y", "a/b|name=my file.txt|x=y|" },
	{ "open quote", "a/b; name=\"abc; x=y", "a/b|name=abc; x=y|" },
	{ "escapes", "a/b; name=\"a\\\"b\\\\c\\d\"", "a/b|name=a\"b\\c\\d|" },
	{ "folded", "a/b;\r\n\tname=\"x\r\n y\"", "a/b|name=x y|" },
	{ "no value", "a/b; name; x=y", "a/b|x=y|" },
	{ "nonsense", "a/b; =x; ;; \"q\"; x=y", "a/b|x=y|" },
	{ "8 bit", "a/b; name=caf\xe9.txt", "a/b|name=caf\xe9.txt|" },
	{ "empty", "", "|" },
	/* RFC 2231 */
	{ "continued", "a/b; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu\"", "a/b|url=ftp://cs.utk.edu|" },
	{ "extended", "a/b; title*=us-ascii'en-us'This%20is",
	    "a/b|title*=us-ascii'en-us'This%20is|" },
	{ "both", "a/b; title*0*=us-ascii'en'This%20is%20; title*1*=even%20; title*2=\"more 100%\"",
	    "a/b|title*=us-ascii'en'This%20is%20even%20more 100%25|" },
	{ "out of order", "a/b; n*1=b; n*0=a", "a/b|n=ab|" },
	{ "gap", "a/b; n*0=a; n*2=c", "a/b|n=a|" },
	{ "without the first", "a/b; n*1=b", "a/b|" },
	{ "not a section", "a/b; n*x=b", "a/b|n*x=b|" },
};

static const struct {
	const char *name, *in, *want;
} text_rows[] = {
	{ "plain", "a; filename=x.txt", "x.txt" },
	{ "extended", "a; filename*=UTF-8''caf%C3%A9", "caf\xc3\xa9" },
	{ "extended wins", "a; filename=cafe; filename*=UTF-8''caf%C3%A9", "caf\xc3\xa9" },
	{ "latin 1", "a; filename*=iso-8859-1'de'caf%E9", "caf\xc3\xa9" },
	{ "unknown charset", "a; filename*=nope''caf%C3%A9", "caf\xc3\xa9" },
	{ "no charset", "a; filename*=caf%C3%A9", "caf\xc3\xa9" },
	{ "continued", "a; filename*0*=UTF-8''caf%C3; filename*1*=%A9; filename*2=\"%.txt\"",
	    "caf\xc3\xa9%.txt" },
	{ "encoded word", "a; filename=\"=?utf-8?Q?caf=C3=A9?=\"", "caf\xc3\xa9" },
	{ "8 bit", "a; filename=caf\xe9", "caf\xc3\xa9" },
	{ "broken escapes", "a; filename*=UTF-8''a%G1%4", "a%G1%4" },
	{ "empty", "a; filename=\"\"", "" },
};

static const struct {
	const char *name, *in;
	bool ok;
	const char *type, *subtype;
} type_rows[] = {
	{ "plain", "Text/HTML", true, "text", "html" },
	{ "blanks", "text / plain", true, "text", "plain" },
	{ "junk behind", "text/plain=x", true, "text", "plain" },
	{ "no subtype", "text/", false, NULL, NULL },
	{ "no slash", "text", false, NULL, NULL },
	{ "no type", "/plain", false, NULL, NULL },
	{ "empty", "", false, NULL, NULL },
};

static void
test_params(struct arena *a)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct param *params;
		struct str value;
		uint32_t count;
		struct buf b;

		TEST_ROW(rows[i].name);
		arena_reset(a);
		buf_init(&b, 1000);
		params_parse(str_c(rows[i].in), a, &value, &params, &count);
		buf_add(&b, value);
		buf_add_char(&b, '|');
		for (uint32_t k = 0; k < count; k++) {
			buf_add(&b, params[k].name);
			buf_add_char(&b, '=');
			buf_add(&b, params[k].value);
			buf_add_char(&b, '|');
		}
		CHECK_STR(buf_str(&b), str_c(rows[i].want));
		buf_release(&b);
	}
}

static void
test_text(struct arena *a)
{
	for (size_t i = 0; i < ARRAY_LEN(text_rows); i++) {
		struct param *params;
		struct str value;
		uint32_t count;

		TEST_ROW(text_rows[i].name);
		arena_reset(a);
		params_parse(str_c(text_rows[i].in), a, &value, &params, &count);
		CHECK_STR(param_text(params, count, STR("filename"), a), str_c(text_rows[i].want));
		CHECK(param_raw(params, count, STR("filename")).p != NULL);
		CHECK(param_text(params, count, STR("name"), a).p == NULL);
	}
}

static void
test_hostile(struct arena *a)
{
	struct param *params;
	struct str value;
	uint32_t count;
	struct buf b;

	TEST_ROW("many parameters");
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_add_c(&b, ";a*0=b");
	params_parse(buf_str(&b), a, &value, &params, &count);
	CHECK(count <= PARAMS_MAX);
	TEST_ROW("small arena");
	arena_reset(a);
	a->max = 10;
	params_parse(STR("A/B; C*0=d; C*1=e"), a, &value, &params, &count);
	CHECK_NUM(count, 0);
	buf_release(&b);
}

int
main(void)
{
	struct str type, subtype;
	struct arena a;

	arena_init(&a, 1 << 20);
	test_params(&a);
	test_text(&a);
	for (size_t i = 0; i < ARRAY_LEN(type_rows); i++) {
		TEST_ROW(type_rows[i].name);
		CHECK(media_type_parse(str_c(type_rows[i].in), &a, &type, &subtype) ==
		    type_rows[i].ok);
		if (type_rows[i].ok) {
			CHECK_STR(type, str_c(type_rows[i].type));
			CHECK_STR(subtype, str_c(type_rows[i].subtype));
		}
	}
	test_hostile(&a);
	arena_release(&a);
	return test_end();
}
