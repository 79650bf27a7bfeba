#include "message/address.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* Each address as [name]route|local|domain; groups as name{ and }. */
static const struct {
	const char *name, *in, *want;
} rows[] = {
	{ "bare", "ann@example.org", "ann|example.org;" },
	{ "named", "Ann <ann@example.org>", "[Ann]ann|example.org;" },
	{ "quoted name", "\"Ann, B.\" <ann@example.org>", "[Ann, B.]ann|example.org;" },
	{ "escaped name", "\"A\\\"B\\\\C\" <a@b>", "[A\"B\\C]a|b;" },
	{ "unquoted dots", "Joe Q. Public <john.q.public@example.com>",
	    "[Joe Q. Public]john.q.public|example.com;" },
	{ "two", "a@b, c@d", "a|b;c|d;" },
	{ "folded", " A <a@b>,\r\n\tC D\r\n <c@d>", "[A]a|b;[C D]c|d;" },
	{ "comment as name", "a@b (Ann)", "[Ann]a|b;" },
	{ "comments everywhere", "(x)a(y)@(z)b.c(w) ", "[w]a|b.c;" },
	{ "nested comment", "a@b (Ann (the great))", "[Ann (the great)]a|b;" },
	{ "comment and name", "Ann <a@b> (work)", "[Ann]a|b;" },
	{ "quoted local", "\"a b\"@c", "a b|c;" },
	{ "at in quotes", "\"a@b\"@c", "a@b|c;" },
	{ "blanks round at", "a @ b . c", "a|b.c;" },
	{ "route", "<@x.test,@y.test:a@b>", "(@x.test,@y.test)a|b;" },
	{ "literal", "a@[192.0.2.1]", "a|[192.0.2.1];" },
	{ "IPv6 literal", "a@[IPv6:2001:db8::1]", "a|[IPv6:2001:db8::1];" },
	{ "null", "<>", "|;" },
	{ "group", "A Group:Ed Jones <joe@where.test>,john@one.test;",
	    "A Group{[Ed Jones]joe|where.test;john|one.test;}" },
	{ "empty group", "Undisclosed recipients:;", "Undisclosed recipients{}" },
	{ "group and more", "g: a@b;, c@d", "g{a|b;}c|d;" },
	{ "group without end", "g: a@b", "g{a|b;}" },
	{ "group in group", "g: h: a@b;;", "g{}h{a|b;}" },
	{ "quoted group name", "\"g\": a@b;", "g{a|b;}" },
	{ "empty members", ", a@b,, ,c@d,", "a|b;c|d;" },
	{ "semicolons", "a@b; c@d", "a|b;c|d;" },
	{ "missing comma", "A <a@b> C <c@d>", "[A]a|b;[C]c|d;" },
	{ "noise behind", "A <a@b> junk", "[A]a|b;" },
	{ "no bracket's end", "A <a@b, C <c@d>", "[A]a|b;[C]c|d;" },
	{ "double brackets", "A <<a@b>>", "[A]a|b;" },
	{ "word", "ann", "ann|;" },
	{ "words", "Ann Smith", "Ann Smith|;" },
	{ "mailto", "mailto:a@b", "a|b;" },
	{ "mailto in brackets", "A <mailto:a@b>", "[A]a|b;" },
	{ "two ats", "a@b@c", "a@b|c;" },
	{ "open quote", "\"Ann <a@b>", "[\"Ann]a|b;" },
	{ "open comment", "a@b (Ann", "a|b(Ann;" },
	{ "encoded name", "=?utf-8?Q?Caf=C3=A9?= <a@b>", "[=?utf-8?Q?Caf=C3=A9?=]a|b;" },
	{ "utf-8", "\xc3\xa9 <\xc3\xa9@\xc3\xa9.test>", "[\xc3\xa9]\xc3\xa9|\xc3\xa9.test;" },
	{ "single quotes", "'a@b'", "'a|b';" },
	{ "empty", "", "" },
	{ "blanks", " \r\n ", "" },
	{ "only comment", "(nobody)", "" },
};

static const struct {
	const char *name, *in, *want;
} spec_rows[] = {
	{ "plain", "a.b@c", "a.b@c" },
	{ "quoted", "\"a b\"@c", "\"a b\"@c" },
	{ "escapes", "\"a\\\"\\\\b\"@c", "\"a\\\"\\\\b\"@c" },
	{ "no domain", "ann", "ann" },
	{ "empty local", "@c", "\"\"@c" },
	{ "utf-8", "\xc3\xa9@c", "\xc3\xa9@c" },
};

static void
write_list(struct buf *b, const struct address_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct address *x = &list->items[i];

		if (x->kind == ADDRESS_GROUP_END) {
			buf_add_char(b, '}');
			continue;
		}
		if (x->kind == ADDRESS_GROUP) {
			buf_add(b, x->name);
			buf_add_char(b, '{');
			continue;
		}
		if (x->name.p) {
			buf_add_char(b, '[');
			buf_add(b, x->name);
			buf_add_char(b, ']');
		}
		if (x->route.p) {
			buf_add_char(b, '(');
			buf_add(b, x->route);
			buf_add_char(b, ')');
		}
		buf_add(b, x->local);
		buf_add_char(b, '|');
		buf_add(b, x->domain);
		buf_add_char(b, ';');
	}
}

static void
test_hostile(struct arena *a)
{
	static const char *const repeated[] = { "(", "\"", "<", "a@b,", ":", "\\", "(a", "\"a\"(",
		"g:", "<a@", ";", "a@b <c@d> " };
	struct address_list list;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(repeated); i++) {
		TEST_ROW(repeated[i]);
		buf_clear(&b);
		while (b.n < 300000)
			buf_add_c(&b, repeated[i]);
		arena_reset(a);
		address_parse(buf_str(&b), a, &list);
		CHECK(list.count <= ADDRESS_MAX + 1);
	}
	TEST_ROW("small arena");
	arena_reset(a);
	a->max = 200;
	address_parse(STR("a@b,a@b,a@b,a@b,a@b,a@b"), a, &list);
	CHECK(list.is_cut);
	buf_release(&b);
}

int
main(void)
{
	struct address_list list;
	struct arena a;
	struct buf b;

	arena_init(&a, 16 << 20);
	buf_init(&b, 10000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		arena_reset(&a);
		buf_clear(&b);
		address_parse(str_c(rows[i].in), &a, &list);
		write_list(&b, &list);
		CHECK_STR(buf_str(&b), str_c(rows[i].want));
		CHECK(!list.is_cut);
	}
	for (size_t i = 0; i < ARRAY_LEN(spec_rows); i++) {
		TEST_ROW(spec_rows[i].name);
		address_parse(str_c(spec_rows[i].in), &a, &list);
		CHECK_NUM(list.count, 1);
		CHECK_STR(address_spec(&list.items[0], &a), str_c(spec_rows[i].want));
	}
	TEST_ROW("name");
	address_parse(STR("=?utf-8?Q?Caf=C3=A9?= <a@b>, c@d"), &a, &list);
	CHECK_STR(address_name(&list.items[0], &a), STR("Caf\xc3\xa9"));
	CHECK_STR(address_name(&list.items[1], &a), STR(""));
	buf_release(&b);
	test_hostile(&a);
	arena_release(&a);
	return test_end();
}
