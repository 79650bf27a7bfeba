/*
 * spf_rows.h - zones, questions about SPF, and what comes of them; for test_spf.c.
 */
#ifndef TEST_MAILAUTH_SPF_ROWS_H
#define TEST_MAILAUTH_SPF_ROWS_H

#include "mailauth/verdict.h"

/* Records that the rows share. */
static const char common[] =
    "mx.a.test A 192.0.2.1\n"
    "mx.a.test AAAA 2001:db8::1\n"
    "1.2.0.192.in-addr.arpa PTR mx.a.test\n"
    "2.2.0.192.in-addr.arpa PTR liar.a.test\n"
    "liar.a.test A 192.0.2.99\n"
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR mx.a.test\n"
    "pass.test TXT \"v=spf1 +all\"\n"
    "fail.test TXT \"v=spf1 -all exp=why.test\"\n"
    "soft.test TXT \"v=spf1 ~all\"\n"
    "neutral.test TXT \"v=spf1\"\n"
    "wrong.test TXT \"v=spf1 moo\"\n"
    "two.test TXT \"v=spf1 -all\"\n"
    "two.test TXT \"V=SPF1 -all\"\n"
    "slow.test TIMEOUT\n"
    "none.test TXT \"v=spf2.0/pra -all\"\n"
    "why.test TXT \"%{l} may not, says %{o} to %{r} at %{t}\"\n";

#define A "a.test TXT \"v=spf1 "

static const struct {
	const char *name, *zone; /* besides the common part */
	const char *client, *hello, *sender;
	enum verdict want;
	const char *mechanism, *explanation, *why; /* why: a part of it */
	unsigned lookups, voids;
} rows[] = {
	{ "pass", "", "192.0.2.1", "h.test", "x@pass.test", VERDICT_PASS, "all", "", "", 0, 0 },
	{ "fail, explained", "", "192.0.2.1", "h.test", "x@fail.test", VERDICT_FAIL, "all",
	    "x may not, says fail.test to mail.own.test at 99", "", 0, 0 },
	{ "softfail", "", "192.0.2.1", "h.test", "x@soft.test", VERDICT_SOFTFAIL, "all", "", "", 0,
	    0 },
	{ "nothing matches", "", "192.0.2.1", "h.test", "x@neutral.test", VERDICT_NEUTRAL, "", "",
	    "", 0, 0 },
	{ "no record", "", "192.0.2.1", "h.test", "x@none.test", VERDICT_NONE, "", "", "", 0, 0 },
	{ "no such domain", "", "192.0.2.1", "h.test", "x@nobody.test", VERDICT_NONE, "", "", "", 0,
	    0 },
	{ "no domain", "", "192.0.2.1", "h.test", "x@[192.0.2.1]", VERDICT_NONE, "", "", "", 0, 0 },
	{ "one label", "test TXT \"v=spf1 -all\"\n", "192.0.2.1", "h.test", "x@test", VERDICT_NONE,
	    "", "", "", 0, 0 },
	{ "wrong record", "", "192.0.2.1", "h.test", "x@wrong.test", VERDICT_PERMERROR, "", "",
	    "moo: wrong, or there twice, in the record of wrong.test", 0, 0 },
	{ "two records", "", "192.0.2.1", "h.test", "x@two.test", VERDICT_PERMERROR, "", "",
	    "several", 0, 0 },
	{ "no answer", "", "192.0.2.1", "h.test", "x@slow.test", VERDICT_TEMPERROR, "", "",
	    "no answer", 0, 0 },
	{ "null sender: HELO", "", "192.0.2.1", "fail.test", "", VERDICT_FAIL, "all",
	    "postmaster may not, says fail.test to mail.own.test at 99", "", 0, 0 },
	{ "no local part", "", "192.0.2.1", "h.test", "@fail.test", VERDICT_FAIL, "all",
	    "postmaster may not, says fail.test to mail.own.test at 99", "", 0, 0 },
	{ "no at sign", "", "192.0.2.1", "h.test", "fail.test", VERDICT_FAIL, "all",
	    "postmaster may not, says fail.test to mail.own.test at 99", "", 0, 0 },
	{ "case and the dot", "", "192.0.2.1", "h.test", "x@FAIL.Test.", VERDICT_FAIL, "all",
	    "x may not, says FAIL.Test to mail.own.test at 99", "", 0, 0 },
	{ "two at signs", "", "192.0.2.1", "h.test", "\"a@b\"@fail.test", VERDICT_FAIL, "all",
	    "\"a@b\" may not, says fail.test to mail.own.test at 99", "", 0, 0 },
	{ "mapped address", A "ip4:192.0.2.1 -all\"\n", "::ffff:192.0.2.1", "h.test", "x@a.test",
	    VERDICT_PASS, "ip4:192.0.2.1", "", "", 0, 0 },
	{ "U-labels",
	    "xn--mller-kva.test TXT \"v=spf1 exists:%{o} -all\"\nxn--mller-kva.test A 127.0.0.2\n",
	    "192.0.2.1", "h.test", "x@m\xc3\xbcller.test", VERDICT_PASS, "exists:%{o}", "", "", 1,
	    0 },
	{ "UTF-8 in a name matches nothing",
	    A "exists:%{l}.%{d} -all\"\nm\\195\\188.a.test A 127.0.0.2\n", "192.0.2.1", "h.test",
	    "m\xc3\xbc@a.test", VERDICT_FAIL, "all", "", "", 1, 0 },
	{ "a", A "a:mx.a.test -all\"\n", "192.0.2.1", "h.test", "x@a.test", VERDICT_PASS,
	    "a:mx.a.test", "", "", 1, 0 },
	{ "a over IPv6", A "-a:mx.a.test all\"\n", "2001:db8::1", "h.test", "x@a.test",
	    VERDICT_FAIL, "a:mx.a.test", "", "", 1, 0 },
	{ "a, no answer", A "a:slow.test -all\"\n", "192.0.2.1", "h.test", "x@a.test",
	    VERDICT_TEMPERROR, "", "", "a:slow.test: no answer from DNS, in the record of a.test",
	    1, 0 },
	{ "mx", A "mx -all\"\na.test MX 5 .\na.test MX 10 nobody.test\na.test MX 20 mx.a.test\n",
	    "192.0.2.1", "h.test", "x@a.test", VERDICT_PASS, "mx", "", "", 1, 1 },
	{ "mx, no answer of a host",
	    A "mx -all\"\na.test MX 10 slow.test\na.test MX 20 mx.a.test\n", "192.0.2.1", "h.test",
	    "x@a.test", VERDICT_TEMPERROR, "", "", "mx: no answer", 1, 0 },
	{ "mx, hosts without AAAA are one void",
	    A "mx -all\"\na.test MX 1 liar.a.test\na.test MX 2 a.a.test\na.test MX 3 b.a.test\n"
	      "a.test MX 4 mx.a.test\n",
	    "2001:db8::1", "h.test", "x@a.test", VERDICT_PASS, "mx", "", "", 1, 1 },
	{ "ptr", A "ptr -all\"\n", "192.0.2.1", "h.test", "x@a.test", VERDICT_PASS, "ptr", "", "",
	    1, 0 },
	{ "ptr over IPv6, any case", A "ptr:A.Test. -all\"\n", "2001:db8::1", "h.test", "x@a.test",
	    VERDICT_PASS, "ptr:A.Test.", "", "", 1, 0 },
	{ "ptr of another domain", A "ptr:x.a.test -all\"\n", "192.0.2.1", "h.test", "x@a.test",
	    VERDICT_FAIL, "all", "", "", 1, 0 },
	{ "ptr not below but alike", A "ptr:.test ptr:x.test -all\"\n", "192.0.2.1", "h.test",
	    "x@a.test", VERDICT_FAIL, "all", "", "", 2, 0 },
	{ "a name that does not lead back", A "ptr -all\"\n", "192.0.2.2", "h.test", "x@a.test",
	    VERDICT_FAIL, "all", "", "", 1, 0 },
	{ "no name at all", A "ptr -all\"\n", "192.0.2.3", "h.test", "x@a.test", VERDICT_FAIL,
	    "all", "", "", 1, 1 },
	{ "p in a name", A "exists:%{p}.x.test -all\"\nmx.a.test.x.test A 127.0.0.2\n", "192.0.2.1",
	    "h.test", "x@a.test", VERDICT_PASS, "exists:%{p}.x.test", "", "", 1, 0 },
	{ "p in an explanation", A "-all exp=e.a.test\"\ne.a.test TXT \"%{p} %{c}\"\n", "192.0.2.1",
	    "h.test", "x@a.test", VERDICT_FAIL, "all", "mx.a.test 192.0.2.1", "", 0, 0 },
	{ "p in the name of one", A "-all exp=%{p}.e.test\"\nunknown.e.test TXT \"no\"\n",
	    "192.0.2.2", "h.test", "x@a.test", VERDICT_FAIL, "all", "no", "", 0, 0 },
	{ "p in a redirect", A "redirect=%{p}.e.test\"\nunknown.e.test TXT \"v=spf1 -all\"\n",
	    "192.0.2.2", "h.test", "x@a.test", VERDICT_FAIL, "all", "", "", 1, 0 },
	{ "include that passes", A "-include:pass.test +all\"\n", "192.0.2.1", "h.test", "x@a.test",
	    VERDICT_FAIL, "include:pass.test", "", "", 1, 0 },
	{ "includes that do not",
	    A "include:fail.test include:soft.test include:neutral.test ~all\"\n", "192.0.2.1",
	    "h.test", "x@a.test", VERDICT_SOFTFAIL, "all", "", "", 3, 0 },
	{ "include of nothing", A "include:none.test -all\"\n", "192.0.2.1", "h.test", "x@a.test",
	    VERDICT_PERMERROR, "", "",
	    "include:none.test: there is no such record, in the record of a.test", 1, 0 },
	{ "include of a wrong one", A "include:wrong.test -all\"\n", "192.0.2.1", "h.test",
	    "x@a.test", VERDICT_PERMERROR, "", "", "moo: wrong", 1, 0 },
	{ "include without an answer", A "include:slow.test -all\"\n", "192.0.2.1", "h.test",
	    "x@a.test", VERDICT_TEMPERROR, "", "", "in the record of slow.test", 1, 0 },
	{ "include of no name", A "include:%{h}.%{l} -all\"\n", "192.0.2.1", "h..test", "x@a.test",
	    VERDICT_PERMERROR, "", "", "this is no name", 1, 0 },
	{ "an include explains nothing", A "include:fail.test -all\"\n", "192.0.2.1", "h.test",
	    "x@a.test", VERDICT_FAIL, "all", "", "", 1, 0 },
	{ "redirect", A "exp=why.test redirect=soft.test\"\n", "192.0.2.1", "h.test", "x@a.test",
	    VERDICT_SOFTFAIL, "all", "", "", 1, 0 },
	{ "redirect explains by itself", A "exp=none.test redirect=fail.test\"\n", "192.0.2.1",
	    "h.test", "x@a.test", VERDICT_FAIL, "all",
	    "x may not, says a.test to mail.own.test at 99", "", 1, 0 },
	{ "redirect to nothing", A "redirect=none.test\"\n", "192.0.2.1", "h.test", "x@a.test",
	    VERDICT_PERMERROR, "", "", "redirect: there is no such record", 1, 0 },
	{ "redirect to no name", A "redirect=%{l}.b\"\n", "192.0.2.1", "h.test", "m\xc3\xbc@a.test",
	    VERDICT_PERMERROR, "", "", "%{l}.b: this is no name", 1, 0 },
	{ "redirect to an empty label", A "redirect=%{h}.b\"\n", "192.0.2.1", "h..test", "x@a.test",
	    VERDICT_PERMERROR, "", "", "redirect: there is no such record", 1, 0 },
	{ "redirect in an include, to nothing",
	    A "include:r.test -all\"\nr.test TXT \"v=spf1 redirect=none.test\"\n", "192.0.2.1",
	    "h.test", "x@a.test", VERDICT_PERMERROR, "", "", "redirect", 2, 0 },
	{ "redirect behind all", A "redirect=wrong.test ?all\"\n", "192.0.2.1", "h.test",
	    "x@a.test", VERDICT_NEUTRAL, "all", "", "", 0, 0 },
	{ "itself, included", A "include:a.test\"\n", "192.0.2.1", "h.test", "x@a.test",
	    VERDICT_PERMERROR, "", "", "one term too many that asks DNS", 10, 0 },
	{ "itself, redirected", A "redirect=a.test\"\n", "192.0.2.1", "h.test", "x@a.test",
	    VERDICT_PERMERROR, "", "", "one term too many that asks DNS", 10, 0 },
	{ "a ring", A "include:b.test\"\nb.test TXT \"v=spf1 redirect=a.test\"\n", "192.0.2.1",
	    "h.test", "x@a.test", VERDICT_PERMERROR, "", "", "one term too many", 10, 0 },
	{ "three voids", A "a:1.a.test exists:2.a.test mx:3.a.test -all\"\n", "192.0.2.1", "h.test",
	    "x@a.test", VERDICT_PERMERROR, "", "",
	    "mx:3.a.test: one term too many that leads to nothing", 3, 2 },
	{ "no name is no void", A "a:1..a.test a:2..a.test a:3..a.test -all\"\n", "192.0.2.1",
	    "h.test", "x@a.test", VERDICT_FAIL, "all", "", "", 3, 0 },
	{ "an explanation that is none", A "-all exp=none.test\"\n", "192.0.2.1", "h.test",
	    "m\xc3\xbc@a.test", VERDICT_FAIL, "all", "v=spf2.0/pra -all", "", 0, 0 },
	{ "an explanation not in ASCII", A "-all exp=why.test\"\n", "192.0.2.1", "h.test",
	    "m\xc3\xbc@a.test", VERDICT_FAIL, "all", "", "", 0, 0 },
	{ "an explanation with a line end", A "-all exp=why.test\"\n", "192.0.2.1", "h.test",
	    "m\r\n@a.test", VERDICT_FAIL, "all", "", "", 0, 0 },
	{ "no answer about the explanation", A "-all exp=slow.test\"\n", "192.0.2.1", "h.test",
	    "x@a.test", VERDICT_FAIL, "all", "", "", 0, 0 },
};

#endif
