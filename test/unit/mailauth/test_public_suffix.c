#include "mailauth/public_suffix.h"

/* system */
#include <stdio.h>

/* base */
#include "base/buf.h"
#include "base/test.h"

/* rooms */
#include "codec/idna.h"

#define LIST       "/usr/share/publicsuffix/public_suffix_list.dat" /* what the table was made of */
#define LINE_BYTES 1024
#define WILD_MAX   1000 /* rules that begin with "*." */

/* The vectors that the list publishes: a name and where it is registered; NULL: it is a public suffix itself. */
static const struct {
	const char *name, *want;
} vectors[] = {
	{ "COM", NULL },
	{ "example.COM", "example.com" },
	{ "WwW.example.COM", "example.com" },
	{ "example", NULL },
	{ "example.example", "example.example" },
	{ "b.example.example", "example.example" },
	{ "a.b.example.example", "example.example" },
	{ "biz", NULL },
	{ "domain.biz", "domain.biz" },
	{ "b.domain.biz", "domain.biz" },
	{ "a.b.domain.biz", "domain.biz" },
	{ "com", NULL },
	{ "example.com", "example.com" },
	{ "b.example.com", "example.com" },
	{ "a.b.example.com", "example.com" },
	{ "uk.com", NULL },
	{ "example.uk.com", "example.uk.com" },
	{ "b.example.uk.com", "example.uk.com" },
	{ "a.b.example.uk.com", "example.uk.com" },
	{ "test.ac", "test.ac" },
	{ "mm", NULL },
	{ "c.mm", NULL },
	{ "b.c.mm", "b.c.mm" },
	{ "a.b.c.mm", "b.c.mm" },
	{ "jp", NULL },
	{ "test.jp", "test.jp" },
	{ "www.test.jp", "test.jp" },
	{ "ac.jp", NULL },
	{ "test.ac.jp", "test.ac.jp" },
	{ "www.test.ac.jp", "test.ac.jp" },
	{ "kyoto.jp", NULL },
	{ "test.kyoto.jp", "test.kyoto.jp" },
	{ "ide.kyoto.jp", NULL },
	{ "b.ide.kyoto.jp", "b.ide.kyoto.jp" },
	{ "a.b.ide.kyoto.jp", "b.ide.kyoto.jp" },
	{ "c.kobe.jp", NULL },
	{ "b.c.kobe.jp", "b.c.kobe.jp" },
	{ "a.b.c.kobe.jp", "b.c.kobe.jp" },
	{ "city.kobe.jp", "city.kobe.jp" },
	{ "www.city.kobe.jp", "city.kobe.jp" },
	{ "ck", NULL },
	{ "test.ck", NULL },
	{ "b.test.ck", "b.test.ck" },
	{ "a.b.test.ck", "b.test.ck" },
	{ "www.ck", "www.ck" },
	{ "www.www.ck", "www.ck" },
	{ "us", NULL },
	{ "test.us", "test.us" },
	{ "www.test.us", "test.us" },
	{ "ak.us", NULL },
	{ "test.ak.us", "test.ak.us" },
	{ "www.test.ak.us", "test.ak.us" },
	{ "k12.ak.us", NULL },
	{ "test.k12.ak.us", "test.k12.ak.us" },
	{ "www.test.k12.ak.us", "test.k12.ak.us" },
	{ "xn--85x722f.com.cn", "xn--85x722f.com.cn" },
	{ "xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn" },
	{ "www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn" },
	{ "shishi.xn--55qx5d.cn", "shishi.xn--55qx5d.cn" },
	{ "xn--55qx5d.cn", NULL },
	{ "xn--85x722f.xn--fiqs8s", "xn--85x722f.xn--fiqs8s" },
	{ "www.xn--85x722f.xn--fiqs8s", "xn--85x722f.xn--fiqs8s" },
	{ "shishi.xn--fiqs8s", "shishi.xn--fiqs8s" },
	{ "xn--fiqs8s", NULL },
};

static void
test_vectors(void)
{
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		struct str name = str_c(vectors[i].name), got = public_suffix_organization(name);

		TEST_ROW(vectors[i].name);
		CHECK(got.p + got.n == name.p + name.n);
		if (vectors[i].want)
			CHECK(str_eq_nocase(got, str_c(vectors[i].want)));
		else
			CHECK(str_eq(got, name) && str_eq(public_suffix(name), name));
	}
}

/* What no caller should ask, answered all the same. */
static void
test_odd(void)
{
	static const struct {
		const char *name, *want;
	} rows[] = {
		{ "", "" },
		{ ".", "" },
		{ "..", "" },
		{ ".com", "com" },
		{ "a..com", "com" },
		{ "com.", "" },
		{ "*.ck", "*.ck" },
		{ "a.city.kobe.jp", "kobe.jp" },
		{ "x.!city.kobe.jp", "!city.kobe.jp" },
		{ "1.2.3.4", "4" },
	};
	struct buf text;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		TEST_ROW(rows[i].name);
		CHECK_STR(public_suffix(str_c(rows[i].name)), str_c(rows[i].want));
	}
	TEST_ROW("long");
	buf_init(&text, 100000);
	for (int i = 0; i < 20000; i++)
		buf_add_c(&text, "a.");
	buf_add_c(&text, "co.uk");
	CHECK_STR(public_suffix(buf_str(&text)), STR("co.uk"));
	CHECK_STR(public_suffix_organization(buf_str(&text)), STR("a.co.uk"));
	buf_clear(&text);
	for (int i = 0; i < 90000; i++)
		buf_add_char(&text, 'a');
	CHECK_NUM(public_suffix(buf_str(&text)).n, 90000);
	buf_release(&text);
}

/* --- the whole list ------------------------------------------------------------------------ */

static char wild[WILD_MAX][256];
static size_t wild_count;

static bool
is_wild(struct str name)
{
	for (size_t i = 0; i < wild_count; i++) {
		if (str_eq(str_c(wild[i]), name))
			return true;
	}
	return false;
}

/* What the rule means for a name far below it; `name` is the rule in A-labels without its mark. */
static void
check_rule(struct str name, char mark)
{
	struct buf below;
	struct str suffix;

	buf_init(&below, 1000);
	buf_add_c(&below, mark == '!' ? "zz8." : "zz8.zz9.");
	buf_add(&below, name);
	suffix = public_suffix(buf_str(&below));
	TEST_ROW(buf_c(&below));
	if (mark == '!') {
		CHECK_STR(public_suffix_organization(buf_str(&below)), name);
	} else if (mark == '*' || is_wild(name)) {
		CHECK_STR(suffix, str_from(buf_str(&below), 4));
	} else {
		CHECK_STR(suffix, name);
		CHECK_STR(public_suffix_organization(buf_str(&below)),
		    str_from(buf_str(&below), 4));
	}
	buf_release(&below);
}

/* Each rule of the list, or only those with "*.", which are kept. */
static size_t
each_rule(bool only_wild)
{
	FILE *file = fopen(LIST, "r");
	char line[LINE_BYTES];
	size_t count = 0;

	CHECK(file != NULL);
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof line, file)) {
		struct str word = str_trim(str_c(line));
		struct buf name;
		char mark;

		word = str_head(word, str_find_char(word, ' '));
		if (str_empty(word) || str_starts(word, STR("//")))
			continue;
		mark = word.p[0];
		word = str_from(word, mark == '*' ? 2 : mark == '!' ? 1 : 0);
		buf_init(&name, sizeof wild[0] - 1);
		CHECK_NUM(idna_write_ascii(&name, word), FAIL_NONE);
		if (!only_wild) {
			check_rule(buf_str(&name), mark);
		} else if (mark == '*' && CHECK(wild_count < WILD_MAX)) {
			for (size_t i = 0; i < name.n; i++)
				wild[wild_count][i] = name.p[i];
			wild_count++;
		}
		buf_release(&name);
		count++;
	}
	fclose(file);
	return count;
}

static void
test_list(void)
{
	TEST_ROW("list");
	each_rule(true);
	CHECK(each_rule(false) > 8000);
}

int
main(void)
{
	test_vectors();
	test_odd();
	test_list();
	return test_end();
}
