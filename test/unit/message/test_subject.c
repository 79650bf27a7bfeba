#include "message/subject.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *in, *want;
} id_rows[] = {
	{ "one", " <a@b>", "a@b|" },
	{ "two", "<a@b> <c@d>", "a@b|c@d|" },
	{ "folded", "<a@b>\r\n <c@d>", "a@b|c@d|" },
	{ "no blank", "<a@b><c@d>", "a@b|c@d|" },
	{ "obsolete text", "Your message of \"Mon\" <a@b>", "a@b|" },
	{ "no at", "<abc>", "abc|" },
	{ "bare", "a@b", "a@b|" },
	{ "bare among words", "message a@b of Monday c@d", "a@b|" },
	{ "open bracket", "<a@b", "" },
	{ "open bracket before", "<a <b@c>", "b@c|" },
	{ "empty brackets", "<> <a@b>", "a@b|" },
	{ "blank in brackets", "<a b@c> <a@b>", "a@b|" },
	{ "inner blanks at the ends", "< a@b >", "a@b|" },
	{ "words", "nothing here", "" },
	{ "empty", "", "" },
};

static const struct {
	const char *name, *in, *want;
} plain_rows[] = {
	{ "plain", "a@b", "a@b" },
	{ "quoted", "\"01KF8JCEOCBS0045PS\"@xxx.yyy.com", "01KF8JCEOCBS0045PS@xxx.yyy.com" },
	{ "escaped", "\"a\\\"b\\\\\"@c", "a\"b\\@c" },
	{ "open", "\"a@b\\", "a@b\\" },
	{ "backslash without quotes", "a\\b@c", "a\\b@c" },
	{ "empty", "", "" },
};

static const struct {
	const char *name, *in, *want;
	bool is_reply;
} subject_rows[] = {
	{ "plain", "hello", "hello", false },
	{ "blanks", "  a \t b\r\n c ", "a b c", false },
	{ "re", "Re: hello", "hello", true },
	{ "re re", "RE: re:Re : hello", "hello", true },
	{ "fwd", "Fwd: hello", "hello", true },
	{ "fw", "fw: hello", "hello", true },
	{ "trailer", "hello (fwd) (FWD)", "hello", true },
	{ "wrapped", "[Fwd: Re: hello]", "hello", true },
	{ "blob", "[list] hello", "hello", false },
	{ "blob and re", "[list] Re: hello", "hello", true },
	{ "re blob", "Re[2]: hello", "hello", true },
	{ "re then blob", "Re: [list] hello", "hello", true },
	{ "only blob", "[list]", "[list]", false },
	{ "two blobs", "[a] [b]", "[b]", false },
	{ "no reply", "regards: x", "regards: x", false },
	{ "encoded", "=?utf-8?Q?Re:_caf=C3=A9?=", "caf\xc3\xa9", true },
	{ "only re", "Re:", "", true },
	{ "only fwd", "(fwd)", "", true },
	{ "only re and fwd", "Re: (fwd)", "", true },
	{ "only wrapper", "[fwd:]", "", true },
	{ "blobs and re", "[a] [b]Re: [c] Fw[d]: x", "x", true },
	{ "re with two blobs", "Re[a][b]: x", "Re[a][b]: x", false },
	{ "re without colon", "Re x", "Re x", false },
	{ "fwdd", "fwdd: x", "fwdd: x", false },
	{ "blob in the middle", "x [a] y", "x [a] y", false },
	{ "blob before the trailer", "[a] (fwd)", "[a]", true },
	{ "open blob", "[a Re: x", "[a Re: x", false },
	{ "nested brackets", "[a[b]] x", "[a[b]] x", false },
	{ "wrapped blob", "[fwd: [a] x]", "x", true },
	{ "wrapped twice", "[fwd: [FWD: Re: x (fwd)] (fwd)] (fwd)", "x", true },
	{ "wrapper that does not end", "[fwd: x", "[fwd: x", false },
	{ "trailer in the middle", "x (fwd) y", "x (fwd) y", false },
	{ "encoded tab", "=?utf-8?Q?a=09b?=", "a b", false },
	{ "encoded wrapper", "=?utf-8?B?W2Z3ZDog?= =?utf-8?Q?x]?=", "x", true },
	{ "empty", "", "", false },
};

int
main(void)
{
	struct arena a;
	struct buf b;
	bool is_reply;

	arena_init(&a, 4 << 20);
	buf_init(&b, 4 << 20);
	for (size_t i = 0; i < ARRAY_LEN(id_rows); i++) {
		struct str cur = str_c(id_rows[i].in), id;

		TEST_ROW(id_rows[i].name);
		buf_clear(&b);
		while (message_id_next(&cur, &id)) {
			buf_add(&b, id);
			buf_add_char(&b, '|');
		}
		CHECK_STR(buf_str(&b), str_c(id_rows[i].want));
	}
	for (size_t i = 0; i < ARRAY_LEN(plain_rows); i++) {
		TEST_ROW(plain_rows[i].name);
		CHECK_STR(message_id_plain(str_c(plain_rows[i].in), &a), str_c(plain_rows[i].want));
	}
	for (size_t i = 0; i < ARRAY_LEN(subject_rows); i++) {
		TEST_ROW(subject_rows[i].name);
		CHECK_STR(subject_base(str_c(subject_rows[i].in), &a, &is_reply),
		    str_c(subject_rows[i].want));
		CHECK(is_reply == subject_rows[i].is_reply);
	}
	TEST_ROW("hostile");
	buf_clear(&b);
	while (b.n < 1000000)
		buf_add_c(&b, "[a]");
	CHECK(subject_base(buf_str(&b), &a, NULL).n > 0);
	CHECK_STR(subject_base((struct str){ NULL, 0 }, &a, NULL), STR(""));
	buf_release(&b);
	arena_release(&a);
	return test_end();
}
