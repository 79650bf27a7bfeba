/* Questions and answers on the wire. */

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "dns/packet.h"

/*
 * Answers after the question for "a.test". QUESTION is what a server repeats; the counts of the
 * header are in each row. 0xc00c points to the name of the question.
 */
#define HEAD(flags, answers, authorities) \
	"\x12\x34" flags "\x00\x01\x00" answers "\x00" authorities "\x00\x00"
#define NAME \
	"\x01" \
	"a" \
	"\x04" \
	"test" \
	"\x00"
#define ASK(type)     NAME "\x00" type "\x00\x01"
#define SAME          "\xc0\x0c"
#define RR(type, ttl) "\x00" type "\x00\x01\x00\x00" ttl
#define OK            "\x81\x80"
#define SECURE        "\x81\xa0"
#define SOA \
	"\x04" \
	"test" \
	"\x00" RR("\x06", \
	    "\x0e\x10") "\x00\x19" \
			"\x01" \
			"n" \
			"\xc0\x0e" \
			"\x00" \
			"\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01"

static const struct {
	const char *name;
	struct str in;
	enum dns_type type;
	enum fail want;
	unsigned rcode, count;
	uint32_t ttl_s;
	const char *canonical, *first; /* the first record's name, bytes or address */
	bool is_truncated, is_authentic, is_partial;
} rows[] = {
	{ "address",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x01")
		    SAME RR("\x01", "\x00\x3c") "\x00\x04\xc0\x00\x02\x01"),
	    DNS_A, FAIL_NONE, 0, 1, 60, "a.test", "192.0.2.1", false, false, false },
	{ "two, secure",
	    STR_INIT(HEAD(SECURE, "\x02", "\x00") ASK("\x01")
		    SAME RR("\x01", "\x00\x3c") "\x00\x04\xc0\x00\x02\x01" SAME RR("\x01",
			"\x00\x0a") "\x00\x04\xc0\x00\x02\x02"),
	    DNS_A, FAIL_NONE, 0, 2, 10, "a.test", "192.0.2.1", false, true, false },
	{ "MX",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x0f")
		    SAME RR("\x0f", "\x00\x3c") "\x00\x06\x00\x0a\x01"
						"M"
						"\xc0\x0c"),
	    DNS_MX, FAIL_NONE, 0, 1, 60, "a.test", "m.a.test", false, false, false },
	{ "null MX",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x0f")
		    SAME RR("\x0f", "\x00\x3c") "\x00\x03\x00\x00\x00"),
	    DNS_MX, FAIL_NONE, 0, 1, 60, "a.test", ".", false, false, false },
	{ "TXT in two strings",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x10") SAME RR("\x10", "\x00\x3c") "\x00\x09\x03"
										      "v=s"
										      "\x04"
										      "pf1 "),
	    DNS_TXT, FAIL_NONE, 0, 1, 60, "a.test", "v=spf1 ", false, false, false },
	{ "TXT, string longer than the record",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x10") SAME RR("\x10", "\x00\x3c") "\x00\x03\x05"
										      "ab"),
	    DNS_TXT, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "TLSA",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x34")
		    SAME RR("\x34", "\x00\x3c") "\x00\x05\x03\x01\x01"
						"ab"),
	    DNS_TLSA, FAIL_NONE, 0, 1, 60, "a.test", "ab", false, false, false },
	{ "SRV",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x21")
		    SAME RR("\x21", "\x00\x3c") "\x00\x08\x00\x01\x00\x02\x00\x03\xc0\x0c"),
	    DNS_SRV, FAIL_NONE, 0, 1, 60, "a.test", "a.test", false, false, false },
	{ "CAA",
	    STR_INIT(HEAD(OK, "\x01", "\x00") NAME "\x01\x01\x00\x01" SAME
						   "\x01\x01\x00\x01\x00\x00\x00\x3c"
						   "\x00\x0c\x00\x05"
						   "Issueca.tx"),
	    DNS_CAA, FAIL_NONE, 0, 1, 60, "a.test", "issue", false, false, false },
	{ "CAA without a tag",
	    STR_INIT(HEAD(OK, "\x01", "\x00") NAME "\x01\x01\x00\x01" SAME
						   "\x01\x01\x00\x01\x00\x00\x00\x3c"
						   "\x00\x02\x00\x00"),
	    DNS_CAA, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "CAA, tag longer than the record",
	    STR_INIT(HEAD(OK, "\x01", "\x00") NAME "\x01\x01\x00\x01" SAME
						   "\x01\x01\x00\x01\x00\x00\x00\x3c"
						   "\x00\x04\x00\x05"
						   "is"),
	    DNS_CAA, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "CAA, an odd tag",
	    STR_INIT(HEAD(OK, "\x01", "\x00") NAME "\x01\x01\x00\x01" SAME
						   "\x01\x01\x00\x01\x00\x00\x00\x3c"
						   "\x00\x07\x00\x05"
						   "iss e"),
	    DNS_CAA, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "CNAME and its address",
	    STR_INIT(HEAD(OK, "\x02", "\x00") ASK("\x01") SAME RR("\x05",
		"\x00\x0a") "\x00\x04\x01"
			    "b"
			    "\xc0\x0e"
			    "\xc0\x24" RR("\x01", "\x00\x3c") "\x00\x04\xc0\x00\x02\x01"),
	    DNS_A, FAIL_NONE, 0, 1, 10, "b.test", "192.0.2.1", false, false, false },
	{ "CNAME alone",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x01") SAME RR("\x05", "\x00\x0a") "\x00\x04\x01"
										      "b"
										      "\xc0\x0e"),
	    DNS_A, FAIL_NONE, 0, 0, 10, "b.test", NULL, false, false, true },
	{ "CNAME to nothing",
	    STR_INIT(
		HEAD(OK, "\x01", "\x01") ASK("\x01") SAME RR("\x05", "\x00\x0a") "\x00\x04\x01"
										 "b"
										 "\xc0\x0e" SOA),
	    DNS_A, FAIL_NONE, 0, 0, 1, "b.test", NULL, false, false, false },
	{ "CNAME asked for",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x05") SAME RR("\x05", "\x00\x0a") "\x00\x04\x01"
										      "b"
										      "\xc0\x0e"),
	    DNS_CNAME, FAIL_NONE, 0, 1, 10, "a.test", "b.test", false, false, false },
	{ "CNAME to itself",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x01")
		    SAME RR("\x05", "\x00\x0a") "\x00\x02\xc0\x0c"),
	    DNS_A, FAIL_LIMIT, 0, 0, 0, NULL, NULL, false, false, false },
	{ "another name's address is not ours",
	    STR_INIT(HEAD(OK, "\x01", "\x00")
		    ASK("\x01") "\x01"
				"x"
				"\xc0\x0e" RR("\x01", "\x00\x3c") "\x00\x04\xc0\x00\x02\x01"),
	    DNS_A, FAIL_NONE, 0, 0, 60, "a.test", NULL, false, false, false },
	{ "no such name", STR_INIT(HEAD("\x81\x83", "\x00", "\x01") ASK("\x01") SOA), DNS_A,
	    FAIL_NONE, 3, 0, 1, "a.test", NULL, false, false, false },
	{ "nothing of that type, without SOA", STR_INIT(HEAD(OK, "\x00", "\x00") ASK("\x01")),
	    DNS_A, FAIL_NONE, 0, 0, 60, "a.test", NULL, false, false, false },
	{ "server failure", STR_INIT(HEAD("\x81\x82", "\x00", "\x00") ASK("\x01")), DNS_A,
	    FAIL_NONE, 2, 0, UINT32_MAX, "a.test", NULL, false, false, false },
	{ "cut", STR_INIT(HEAD("\x83\x80", "\x01", "\x00") ASK("\x01")), DNS_A, FAIL_NONE, 0, 0,
	    UINT32_MAX, "a.test", NULL, true, false, false },
	{ "format error without the question",
	    STR_INIT("\x12\x34\x81\x81\x00\x00\x00\x00\x00\x00\x00\x00"), DNS_A, FAIL_NONE, 1, 0,
	    UINT32_MAX, "a.test", NULL, false, false, false },
	{ "a question, not an answer", STR_INIT(HEAD("\x01\x00", "\x00", "\x00") ASK("\x01")),
	    DNS_A, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "answer to another type", STR_INIT(HEAD(OK, "\x00", "\x00") ASK("\x0f")), DNS_A,
	    FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "answer to another name",
	    STR_INIT(HEAD(OK, "\x00", "\x00") "\x01"
					      "b"
					      "\x04"
					      "test"
					      "\x00\x00\x01\x00\x01"),
	    DNS_A, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "answer in another class", STR_INIT(HEAD(OK, "\x00", "\x00") NAME "\x00\x01\x00\x03"),
	    DNS_A, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "short address",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x01")
		    SAME RR("\x01", "\x00\x3c") "\x00\x03\xc0\x00\x02"),
	    DNS_A, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "cut off record",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x01")
		    SAME RR("\x01", "\x00\x3c") "\x00\x04\xc0\x00"),
	    DNS_A, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "pointer to itself",
	    STR_INIT(HEAD(OK, "\x01", "\x00")
		    ASK("\x01") "\xc0\x18" RR("\x01", "\x00\x3c") "\x00\x04\xc0\x00\x02\x01"),
	    DNS_A, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "pointer forward",
	    STR_INIT(HEAD(OK, "\x01", "\x00")
		    ASK("\x01") "\xc0\x30" RR("\x01", "\x00\x3c") "\x00\x04\xc0\x00\x02\x01"),
	    DNS_A, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false, false },
	{ "blank and dot in a label are written as numbers",
	    STR_INIT(HEAD(OK, "\x01", "\x00") ASK("\x0c") SAME RR("\x0c", "\x00\x3c") "\x00\x05\x03"
										      "a ."
										      "\x00"),
	    DNS_PTR, FAIL_NONE, 0, 1, 60, "a.test", "a\\032\\046", false, false, false },
	{ "empty packet", STR_INIT(""), DNS_A, FAIL_SYNTAX, 0, 0, 0, NULL, NULL, false, false,
	    false },
};

static void
check_first(const struct dns_record *r, const char *want)
{
	char text[NET_ADDRESS_TEXT_MAX];

	if (r->address.family != NET_ADDRESS_NONE)
		CHECK_STR(net_address_text(&r->address, text), str_c(want));
	else if (r->name.n > 0)
		CHECK_STR(r->name, str_c(want));
	else
		CHECK_STR(r->bytes, str_c(want));
}

static void
test_answers(void)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_answer answer;

		TEST_ROW(rows[i].name);
		arena_reset(&a);
		CHECK_NUM(dns_answer_parse(rows[i].in, STR("a.test"), rows[i].type, &a, &answer),
		    rows[i].want);
		/* cut off anywhere it is damaged, never worse */
		for (size_t n = 0; n < rows[i].in.n; n++) {
			struct dns_answer cut;
			char *copy = mem_new(n, 1);

			if (n > 0)
				memcpy(copy, rows[i].in.p, n);
			(void)!dns_answer_parse(str_of(copy, n), STR("a.test"), rows[i].type, &a,
			    &cut);
			mem_free(copy);
		}
		if (rows[i].want != FAIL_NONE)
			continue;
		CHECK_NUM(answer.rcode, rows[i].rcode);
		CHECK_NUM(answer.record_count, rows[i].count);
		CHECK_NUM(answer.ttl_s, rows[i].ttl_s);
		CHECK_STR(answer.canonical, str_c(rows[i].canonical));
		CHECK(answer.is_truncated == rows[i].is_truncated);
		CHECK(answer.is_authentic == rows[i].is_authentic);
		CHECK(answer.is_partial == rows[i].is_partial);
		if (rows[i].first && answer.record_count > 0)
			check_first(&answer.records[0], rows[i].first);
	}
	arena_release(&a);
}

static void
test_questions(void)
{
	struct buf out = { .max = DNS_PACKET_MAX };

	TEST_ROW("question");
	buf_clear(&out);
	dns_question_write(&out, 0x1234, STR("a.test"), DNS_A, false);
	CHECK_STR(buf_str(&out),
	    STR("\x12\x34\x01\x20\x00\x01\x00\x00\x00\x00\x00\x00" ASK("\x01")));
	buf_clear(&out);
	dns_question_write(&out, 0x1234, STR("a.test"), DNS_A, true);
	CHECK(str_ends(buf_str(&out), STR("\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00")));
	TEST_ROW("question about any byte");
	buf_clear(&out);
	dns_question_write(&out, 1, STR("a\\058\\046b.test"), DNS_A, false);
	CHECK(str_ends(buf_str(&out),
	    STR("\x04"
		"a:.b"
		"\x04"
		"test\x00\x00\x01\x00\x01")));
	buf_release(&out);
}

int
main(void)
{
	test_questions();
	test_answers();
	return test_end();
}
