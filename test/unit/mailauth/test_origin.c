/* One message, all its checks: what is told of them, and what is advised. */
#include "mailauth/origin.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/known_dns.h"

#define OURS      "mx.test"
#define BODY      "hello\r\n"
#define LOOKS_MAX 100

static const char zone_text[] = "a.test TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
				"_dmarc.a.test TXT \"v=DMARC1; p=reject\"\n"
				"_dmarc.half.test TXT \"v=DMARC1; p=reject; pct=0\"\n"
				"_dmarc.quarter.test TXT \"v=DMARC1; p=quarantine; pct=0\"\n"
				"down.test TXT TIMEOUT\n"
				"_dmarc.down.test TXT \"v=DMARC1; p=reject\"\n"
				"half-down.test TXT TIMEOUT\n"
				"_dmarc.half-down.test TXT \"v=DMARC1; p=quarantine; pct=0\"\n"
				"_dmarc.up.test TXT \"v=DMARC1; p=reject; sp=quarantine\"\n";

static struct known_dns dns;

static const struct {
	const char *name, *client, *hello, *sender;
	enum verdict reverse;
	const char *header;
	enum verdict want; /* of DMARC */
	enum origin_advice advice;
	const char *told; /* of Authentication-Results, blanks and line ends as one blank */
} rows[] = {
	{ "all is well", "192.0.2.1", "h.test", "ann@a.test", VERDICT_PASS, "From: ann@a.test\r\n",
	    VERDICT_PASS, ORIGIN_TAKE,
	    "mx.test; spf=pass smtp.mailfrom=a.test; dkim=none;"
	    " dmarc=pass header.from=a.test policy.dmarc=reject; iprev=pass policy.iprev=192.0.2.1" },
	{ "from elsewhere", "2001:db8::1", "h.test", "ann@a.test", VERDICT_FAIL,
	    "From: ann@a.test\r\n", VERDICT_FAIL, ORIGIN_REFUSE,
	    "mx.test; spf=fail smtp.mailfrom=a.test; dkim=none;"
	    " dmarc=fail header.from=a.test policy.dmarc=reject;"
	    " iprev=fail policy.iprev=\"2001:db8::1\"" },
	{ "the address has no name", "192.0.2.2", "h.test", "", VERDICT_PERMERROR,
	    "From: ann@b.test\r\n", VERDICT_NONE, ORIGIN_TAKE,
	    "mx.test; spf=none smtp.helo=h.test; dkim=none;"
	    " dmarc=none header.from=b.test; iprev=permerror policy.iprev=192.0.2.2" },
	{ "its name was not asked for", "192.0.2.2", "h.test", "x@b.test", VERDICT_NONE,
	    "From: ann@b.test\r\n", VERDICT_NONE, ORIGIN_TAKE,
	    "mx.test; spf=none smtp.mailfrom=b.test; dkim=none; dmarc=none header.from=b.test" },
	{ "no part of the sender but its domain", "192.0.2.1", "h.test",
	    "\"; dmarc=pass header.from=a.test; \"@a.test", VERDICT_NONE, "From: ann@b.test\r\n",
	    VERDICT_NONE, ORIGIN_TAKE,
	    "mx.test; spf=pass smtp.mailfrom=a.test; dkim=none; dmarc=none header.from=b.test" },
	{ "not drawn from those that are rejected", "192.0.2.2", "h.test", "x@b.test", VERDICT_NONE,
	    "From: ann@half.test\r\n", VERDICT_FAIL, ORIGIN_JUNK,
	    "mx.test; spf=none smtp.mailfrom=b.test; dkim=none;"
	    " dmarc=fail header.from=half.test policy.dmarc=quarantine" },
	{ "not drawn from those that are quarantined", "192.0.2.2", "h.test", "x@b.test",
	    VERDICT_NONE, "From: ann@quarter.test\r\n", VERDICT_FAIL, ORIGIN_TAKE,
	    "mx.test; spf=none smtp.mailfrom=b.test; dkim=none;"
	    " dmarc=fail header.from=quarter.test policy.dmarc=none" },
	{ "several authors", "192.0.2.1", "h.test", "ann@a.test", VERDICT_NONE,
	    "From: ann@a.test, bob@b.test\r\n", VERDICT_NONE, ORIGIN_JUNK,
	    "mx.test; spf=pass smtp.mailfrom=a.test; dkim=none;"
	    " dmarc=none reason=\"addresses of different domains in From\"" },
	{ "no answer: the policy is not applied, but ours is", "192.0.2.1", "h.test", "x@down.test",
	    VERDICT_NONE, "From: ann@down.test\r\n", VERDICT_TEMPERROR, ORIGIN_JUNK,
	    "mx.test; spf=temperror smtp.mailfrom=down.test; dkim=none;"
	    " dmarc=temperror header.from=down.test policy.dmarc=reject" },
	{ "no answer, and nothing is asked for by pct", "192.0.2.1", "h.test", "x@half-down.test",
	    VERDICT_NONE, "From: ann@half-down.test\r\n", VERDICT_TEMPERROR, ORIGIN_TAKE,
	    "mx.test; spf=temperror smtp.mailfrom=half-down.test; dkim=none;"
	    " dmarc=temperror header.from=half-down.test policy.dmarc=none" },
	{ "a subdomain", "192.0.2.2", "h.test", "x@b.test", VERDICT_NONE, "From: ann@x.up.test\r\n",
	    VERDICT_FAIL, ORIGIN_JUNK,
	    "mx.test; spf=none smtp.mailfrom=b.test; dkim=none;"
	    " dmarc=fail header.from=x.up.test policy.dmarc=quarantine" },
};

static struct origin *
judge(size_t row)
{
	static const struct mailauth_settings settings = { .check = true,
		.reject = true,
		.quarantine = true };
	const struct origin_house house = { &dns.dns, &settings, STR(OURS) };
	struct origin_claim claim = { .envelope = { .hello = str_c(rows[row].hello),
					  .sender = str_c(rows[row].sender),
					  .receiver = STR(OURS),
					  .now_s = 2000000000 },
		.reverse = rows[row].reverse };
	struct buf header;
	struct origin *o;
	size_t looks = 0;

	buf_init(&header, 10000);
	buf_add_c(&header, rows[row].header);
	buf_add_c(&header, "\r\n");
	CHECK(net_address_parse(str_c(rows[row].client), &claim.envelope.client) == FAIL_NONE);
	o = origin_new(&house, &dns.task, &claim);
	origin_header(o, buf_str(&header));
	origin_body(o, STR(BODY));
	origin_end(o);
	while (!origin_look(o) && looks < LOOKS_MAX) {
		known_dns_turn(&dns);
		looks++;
	}
	CHECK(looks < LOOKS_MAX);
	buf_release(&header);
	return o;
}

/* The value of the field, each run of blanks as one. */
static void
add_value(struct buf *out, struct str field)
{
	struct str value = str_trim(str_from(field, str_find_char(field, ':') + 1));
	bool has_blank = false;

	for (size_t i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] <= ' ') {
			has_blank = true;
			continue;
		}
		if (has_blank)
			buf_add_char(out, ' ');
		has_blank = false;
		buf_add_char(out, value.p[i]);
	}
}

int
main(void)
{
	known_dns_init(&dns, zone_text);
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		struct origin *o;
		struct buf field, value;

		TEST_ROW(rows[r].name);
		o = judge(r);
		buf_init(&field, origin_room(o));
		buf_init(&value, origin_room(o));
		CHECK_NUM(o->dmarc.verdict, rows[r].want);
		CHECK_NUM(o->advice, rows[r].advice);
		origin_write(o, false, &field);
		add_value(&value, buf_str(&field));
		CHECK_STR(buf_str(&value), str_c(rows[r].told));
		buf_release(&value);
		buf_release(&field);
		origin_free(&o);
	}
	known_dns_release(&dns);
	return test_end();
}
