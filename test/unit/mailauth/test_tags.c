/* Lists of tags, well made and not. */

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "mailauth/tags.h"
#include "mailauth/verdict.h"

static const struct {
	const char *name, *text;
	enum fail want;
	const char *list; /* "name=value" joined by "|" */
} rows[] = {
	{ "one", "v=1", FAIL_NONE, "v=1" },
	{ "the last semicolon", "v=1;", FAIL_NONE, "v=1" },
	{ "and blanks behind it", "v=1; \r\n ", FAIL_NONE, "v=1" },
	{ "blanks around all", " v = 1 ;\r\n\tp_2=a b ", FAIL_NONE, "v=1|p_2=a b" },
	{ "an empty value", "p=; v=DKIM1", FAIL_NONE, "p=|v=DKIM1" },
	{ "equals signs", "b=ab==; c=d", FAIL_NONE, "b=ab==|c=d" },
	{ "case of names", "V=1; v=2", FAIL_NONE, "V=1|v=2" },
	{ "high bytes", "i=\xc3\xa9@x", FAIL_NONE, "i=\xc3\xa9@x" },
	{ "nothing", "", FAIL_SYNTAX, "" },
	{ "only blanks", "  ", FAIL_SYNTAX, "" },
	{ "only a semicolon", ";", FAIL_SYNTAX, "" },
	{ "an empty one in between", "v=1;;p=2", FAIL_SYNTAX, "" },
	{ "no equals sign", "v=1; p", FAIL_SYNTAX, "" },
	{ "no name", "=1", FAIL_SYNTAX, "" },
	{ "a digit first", "1a=1", FAIL_SYNTAX, "" },
	{ "a blank in a name", "a b=1", FAIL_SYNTAX, "" },
	{ "twice", "v=1; p=2; v=1", FAIL_SYNTAX, "" },
	{ "a control character", "v=\x01", FAIL_SYNTAX, "" },
	{ "DEL", "v=\x7f", FAIL_SYNTAX, "" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tag_list list;
		struct buf joined;

		TEST_ROW(rows[i].name);
		CHECK_NUM(tag_list_parse(str_c(rows[i].text), &list), rows[i].want);
		if (rows[i].want != FAIL_NONE)
			continue;
		buf_init(&joined, 1000);
		for (size_t n = 0; n < list.count; n++) {
			if (n > 0)
				buf_add_char(&joined, '|');
			buf_add(&joined, list.tags[n].name);
			buf_add_char(&joined, '=');
			buf_add(&joined, list.tags[n].value);
		}
		CHECK_STR(buf_str(&joined), str_c(rows[i].list));
		buf_release(&joined);
	}
}

static void
test_many(void)
{
	struct tag_list list;
	struct buf text;
	struct str value;

	buf_init(&text, 10000);
	for (int i = 0; i < TAGS_MAX; i++) {
		buf_add_c(&text, i ? ";t" : "t");
		buf_add_u64(&text, (uint64_t)i);
		buf_add_c(&text, "=v");
	}
	TEST_ROW("as many as may be");
	CHECK_NUM(tag_list_parse(buf_str(&text), &list), FAIL_NONE);
	CHECK_NUM(list.count, TAGS_MAX);
	CHECK(tag_find(&list, STR("t31"), &value) && str_eq(value, STR("v")));
	CHECK(!tag_find(&list, STR("T31"), &value));
	TEST_ROW("one more");
	buf_add_c(&text, ";z=1");
	CHECK_NUM(tag_list_parse(buf_str(&text), &list), FAIL_LIMIT);
	buf_release(&text);
}

static void
test_words(void)
{
	enum verdict verdict;

	for (int i = 0; i < VERDICT_COUNT; i++) {
		CHECK(verdict_parse(verdict_names[i], &verdict));
		CHECK_NUM(verdict, i);
	}
	CHECK(verdict_parse(STR("SoftFail"), &verdict) && verdict == VERDICT_SOFTFAIL);
	CHECK(!verdict_parse(STR(""), &verdict) && !verdict_parse(STR("passed"), &verdict));
}

static void
test_fold(void)
{
	struct buf out;

	buf_init(&out, 100);
	tag_value_write(&out, STR("ab\r\n\t cd =\n="));
	CHECK_STR(buf_str(&out), STR("abcd=="));
	buf_release(&out);
}

int
main(void)
{
	test_rows();
	test_many();
	test_words();
	test_fold();
	return test_end();
}
