#include "envelope/srs.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define NOW   1700000000
#define DAY_S 86400
#define HERE  STR("here.test")
#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

static const struct str key = STR_INIT("0123456789abcdef0123456789abcdef");
static const struct str other_key = STR_INIT("0123456789abcdef0123456789abcdeF");

/* The mark is put in for HHHHHH; a bounce goes back to `back`, NULL: to the sender as it was. */
static const struct {
	const char *name, *sender, *want, *back;
} rows[] = {
	{ "plain", "ann@example.org", "SRS0=HHHHHH=TT=example.org=ann@here.test", NULL },
	{ "case stays", "Ann.B@Example.ORG", "SRS0=HHHHHH=TT=example.org=Ann.B@here.test",
	    "Ann.B@example.org" },
	{ "equals and plus", "a=b+c-d@x.test", "SRS0=HHHHHH=TT=x.test=a=b+c-d@here.test", NULL },
	{ "begins with equals", "=a@x.test", "SRS0=HHHHHH=TT=x.test==a@here.test", NULL },
	{ "list bounce", "l-bounces+bob=y.test@x.test",
	    "SRS0=HHHHHH=TT=x.test=l-bounces+bob=y.test@here.test", NULL },
	{ "dots of phones", "a..b.@x.test", "SRS0=HHHHHH=TT=x.test=a..b.@here.test", NULL },
	{ "quoted", "\"a b\"@x.test", "\"SRS0=HHHHHH=TT=x.test=a b\"@here.test", NULL },
	{ "quoted at and quote", "\"a@\\\"b\\\\\"@x.test",
	    "\"SRS0=HHHHHH=TT=x.test=a@\\\"b\\\\\"@here.test", NULL },
	{ "quoted without need", "\"ann\"@x.test", "SRS0=HHHHHH=TT=x.test=ann@here.test",
	    "ann@x.test" },
	{ "address literal", "a@[192.0.2.1]", "\"SRS0=HHHHHH=TT=[192.0.2.1]=a\"@here.test", NULL },
	{ "UTF-8 domain",
	    "a@b\xc3\xbc"
	    "cher.test",
	    "SRS0=HHHHHH=TT=xn--bcher-kva.test=a@here.test", "a@xn--bcher-kva.test" },
	{ "UTF-8 local part", "\xc3\xa4@x.test", "SRS0=HHHHHH=TT=x.test=\xc3\xa4@here.test", NULL },
	{ "rewritten by another", "SRS0=abcd=XY=x.test=ann@other.test",
	    "SRS1=HHHHHH=other.test==abcd=XY=x.test=ann@here.test", NULL },
	{ "rewritten, with plus", "SRS0+abcd=XY=x.test=ann@other.test",
	    "SRS1=HHHHHH=other.test=+abcd=XY=x.test=ann@here.test", NULL },
	{ "rewritten, lower case", "srs0-abcd=xy=x.test=ann@other.test",
	    "SRS1=HHHHHH=other.test=-abcd=xy=x.test=ann@here.test",
	    "SRS0-abcd=xy=x.test=ann@other.test" },
	{ "rewritten twice", "SRS1=zzzz=first.test==abcd=XY=x.test=ann@second.test",
	    "SRS1=HHHHHH=first.test==abcd=XY=x.test=ann@here.test",
	    "SRS0=abcd=XY=x.test=ann@first.test" },
	{ "quoted and rewritten", "\"SRS0=abcd=XY=x.test=a b\"@other.test",
	    "\"SRS1=HHHHHH=other.test==abcd=XY=x.test=a b\"@here.test", NULL },
	{ "no good SRS1", "SRS1=x@other.test", "SRS0=HHHHHH=TT=other.test=SRS1=x@here.test", NULL },
	{ "SRS1 of no host", "SRS1=x=\xff==b@other.test",
	    "SRS0=HHHHHH=TT=other.test=SRS1=x=\xff==b@here.test", NULL },
	{ "no good SRS0", "SRS0=@other.test", "SRS0=HHHHHH=TT=other.test=SRS0=@here.test", NULL },
	{ "longer than 64", FIFTY "@" FIFTY ".test",
	    "SRS0=HHHHHH=TT=" FIFTY ".test=" FIFTY "@here.test", NULL },
};

static const struct {
	const char *name, *sender;
	enum fail fail;
	const char *want;
} other_rows[] = {
	{ "null", "", FAIL_NONE, "" },
	{ "ours", "Bob@Here.Test", FAIL_NONE, "Bob@Here.Test" },
	{ "ours, rewritten", "SRS0=x=y=z=w@here.test", FAIL_NONE, "SRS0=x=y=z=w@here.test" },
	{ "no domain", "postmaster", FAIL_SYNTAX, "" },
	{ "empty domain", "a@", FAIL_SYNTAX, "" },
	{ "empty local part", "@x.test", FAIL_SYNTAX, "" },
	{ "empty quotes", "\"\"@x.test", FAIL_SYNTAX, "" },
	{ "open backslash", "\"a\\\"@x.test", FAIL_SYNTAX, "" },
	{ "line end", "a\r\nb@x.test", FAIL_SYNTAX, "" },
	{ "line end in quotes", "\"a\nb\"@x.test", FAIL_SYNTAX, "" },
	{ "equals in the domain", "a@x=y.test", FAIL_SYNTAX, "" },
	{ "too long", FIFTY "@" FIFTY "." FIFTY "." FIFTY "." FIFTY, FAIL_LIMIT, "" },
};

static const struct {
	const char *address;
	bool want;
} looks_rows[] = {
	{ "SRS0=a@b", true },
	{ "srs1-a@b", true },
	{ "Srs0+a@b", true },
	{ "\"SRS0=a b\"@c", true },
	{ "SRS2=a@b", false },
	{ "SRS0a@b", false },
	{ "SRS0@b", false },
	{ "xSRS0=a@b", false },
	{ "SRS0=a", false },
	{ "", false },
};

static const struct {
	const char *name, *address;
	enum fail want;
} reverse_rows[] = {
	{ "plain address", "ann@here.test", FAIL_SYNTAX },
	{ "no at", "SRS0=AAAAAA=AA=x.test=a", FAIL_SYNTAX },
	{ "empty", "", FAIL_SYNTAX },
	{ "kind only", "SRS0=@here.test", FAIL_SYNTAX },
	{ "mark only", "SRS0=AAAAAA@here.test", FAIL_SYNTAX },
	{ "no local part", "SRS0=AAAAAA=AA=x.test=@here.test", FAIL_SYNTAX },
	{ "no domain", "SRS0=AAAAAA=AA==a@here.test", FAIL_SYNTAX },
	{ "no day", "SRS0=AAAAAA=A=x.test=a@here.test", FAIL_SYNTAX },
	{ "day with odd characters", "SRS0=AAAAAA=A1=x.test=a@here.test", FAIL_SYNTAX },
	{ "guessed", "SRS0=AAAAAA=AA=x.test=a@here.test", FAIL_DENIED },
	{ "short mark", "SRS0=AAAAA=AA=x.test=a@here.test", FAIL_DENIED },
	{ "empty mark", "SRS0==AA=x.test=a@here.test", FAIL_DENIED },
	{ "SRS1 guessed", "SRS1=AAAAAA=x.test==b=c=d=e@here.test", FAIL_DENIED },
	{ "SRS1 short mark", "SRS1=A=x.test==b=c=d=e@here.test", FAIL_DENIED },
	{ "SRS1 without host", "SRS1=AAAAAA==b@here.test", FAIL_SYNTAX },
	{ "SRS1 with nothing behind", "SRS1=AAAAAA=x.test==@here.test", FAIL_SYNTAX },
	{ "SRS1 kind only", "SRS1=@here.test", FAIL_SYNTAX },
};

/* The address with its mark and its day covered up, where they are what they should be. */
static struct str
covered(struct buf *b, struct str address, bool is_day)
{
	size_t start = str_find(address, STR("=")) + 1;

	buf_clear(b);
	buf_add(b, str_head(address, start));
	buf_add_c(b, "HHHHHH");
	buf_add(b, is_day ? STR("=TT") : str_slice(address, start + 6, 3));
	buf_add(b, str_from(address, start + 9));
	return buf_str(b);
}

static struct str
folded(struct buf *b, struct str s, char (*fold)(char))
{
	buf_clear(b);
	for (size_t i = 0; i < s.n; i++)
		buf_add_char(b, fold(s.p[i]));
	return buf_str(b);
}

/* Hosts on the way back fold the whole address: the mark holds, and the way goes to the folded sender. */
static void
check_folded(struct str address, struct str back, char (*fold)(char))
{
	struct buf bent, out;

	buf_init(&bent, 1000);
	buf_init(&out, 1000);
	CHECK_NUM(srs_reverse(&out, folded(&bent, address, fold), key, NOW), FAIL_NONE);
	CHECK(str_eq_nocase(buf_str(&out), back));
	buf_release(&bent);
	buf_release(&out);
}

/* Each character in turn replaced by another: never an address, but where only case changed. */
static void
check_forged(struct str address)
{
	struct buf bent, out;
	size_t at = str_rfind_char(address, '@');

	buf_init(&bent, 1000);
	buf_init(&out, 1000);
	buf_add(&bent, address);
	for (size_t i = 0; i < at; i++) {
		char was = bent.p[i];

		bent.p[i] = was == 'x' ? 'y' : 'x';
		if (char_lower(was) != bent.p[i] || was == '=')
			CHECK(srs_reverse(&out, buf_str(&bent), key, NOW) != FAIL_NONE);
		bent.p[i] = was;
	}
	CHECK_NUM(srs_reverse(&out, address, other_key, NOW), FAIL_DENIED);
	CHECK_NUM(out.n, 0);
	buf_release(&bent);
	buf_release(&out);
}

static void
test_forward(struct buf *a, struct buf *b, struct buf *c)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str back = str_c(rows[i].back ? rows[i].back : rows[i].sender);

		TEST_ROW(rows[i].name);
		buf_clear(a);
		CHECK_NUM(srs_forward(a, str_c(rows[i].sender), HERE, key, NOW), FAIL_NONE);
		CHECK_STR(covered(c, buf_str(a), str_find(buf_str(a), STR("SRS0")) < 2),
		    str_c(rows[i].want));
		CHECK(srs_is_rewritten(buf_str(a)));
		buf_clear(b);
		CHECK_NUM(srs_reverse(b, buf_str(a), key, NOW), FAIL_NONE);
		CHECK_STR(buf_str(b), back);
		check_folded(buf_str(a), back, char_lower);
		check_folded(buf_str(a), back, char_upper);
		check_forged(buf_str(a));
	}
	for (size_t i = 0; i < ARRAY_LEN(other_rows); i++) {
		TEST_ROW(other_rows[i].name);
		buf_clear(a);
		CHECK_NUM(srs_forward(a, str_c(other_rows[i].sender), HERE, key, NOW),
		    other_rows[i].fail);
		CHECK_STR(buf_str(a), str_c(other_rows[i].want));
		CHECK(buf_ok(a));
	}
}

static void
test_reverse(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(looks_rows); i++) {
		TEST_ROW(looks_rows[i].address);
		CHECK(srs_is_rewritten(str_c(looks_rows[i].address)) == looks_rows[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(reverse_rows); i++) {
		TEST_ROW(reverse_rows[i].name);
		CHECK_NUM(srs_reverse(out, str_c(reverse_rows[i].address), key, NOW),
		    reverse_rows[i].want);
		CHECK_NUM(out->n, 0);
	}
}

static const struct {
	const char *name;
	int64_t days;
	enum fail want;
} day_rows[] = {
	{ "same day", 0, FAIL_NONE },
	{ "next day", 1, FAIL_NONE },
	{ "last day", SRS_DAYS, FAIL_NONE },
	{ "too late", SRS_DAYS + 1, FAIL_LIMIT },
	{ "a year", 365, FAIL_LIMIT },
	{ "clock set back a day", -1, FAIL_NONE },
	{ "clock set back two days", -2, FAIL_DENIED },
	{ "the same two characters again", 1024, FAIL_DENIED },
	{ "once more", 2048, FAIL_DENIED },
};

static void
test_days(struct buf *a, struct buf *b)
{
	for (size_t i = 0; i < ARRAY_LEN(day_rows); i++) {
		TEST_ROW(day_rows[i].name);
		buf_clear(a);
		buf_clear(b);
		CHECK_NUM(srs_forward(a, STR("ann@x.test"), HERE, key, NOW), FAIL_NONE);
		CHECK_NUM(srs_reverse(b, buf_str(a), key, NOW + day_rows[i].days * DAY_S),
		    day_rows[i].want);
	}
	TEST_ROW("SRS1 has no day");
	buf_clear(a);
	buf_clear(b);
	CHECK_NUM(srs_forward(a, STR("SRS0=a=b=c=d@x.test"), HERE, key, NOW), FAIL_NONE);
	CHECK_NUM(srs_reverse(b, buf_str(a), key, NOW + 900 * (int64_t)DAY_S), FAIL_NONE);
	TEST_ROW("before 1970");
	buf_clear(a);
	CHECK_NUM(srs_forward(a, STR("ann@x.test"), HERE, key, -5), FAIL_NONE);
	buf_clear(b);
	CHECK_NUM(srs_reverse(b, buf_str(a), key, 0), FAIL_NONE);
}

/* SRS0 with the text of SRS1 and the other way round: the mark says which it is. */
static void
test_kinds(struct buf *a, struct buf *b)
{
	TEST_ROW("other kind");
	buf_clear(a);
	buf_clear(b);
	CHECK_NUM(srs_forward(a, STR("b=c@x.test"), HERE, key, NOW), FAIL_NONE);
	a->p[3] = '1';
	CHECK(srs_reverse(b, buf_str(a), key, NOW) != FAIL_NONE);
	TEST_ROW("no room");
	buf_release(b);
	buf_init(b, 20);
	CHECK_NUM(srs_forward(b, STR("ann@x.test"), HERE, key, NOW), FAIL_LIMIT);
	CHECK_NUM(srs_forward(b, STR("a.long.name.with.dots@here.test"), HERE, key, NOW),
	    FAIL_LIMIT);
	CHECK(buf_ok(b) && b->n == 0);
	CHECK_NUM(srs_forward(b, STR("ann@here.test"), HERE, key, NOW), FAIL_NONE);
}

int
main(void)
{
	struct buf a, b, c;

	buf_init(&a, 1000);
	buf_init(&b, 1000);
	buf_init(&c, 1000);
	test_forward(&a, &b, &c);
	buf_clear(&b);
	test_reverse(&b);
	test_days(&a, &b);
	test_kinds(&a, &b);
	buf_release(&a);
	buf_release(&b);
	buf_release(&c);
	return test_end();
}
