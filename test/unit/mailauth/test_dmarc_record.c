#include "mailauth/dmarc_record.h"

/* base */
#include "base/buf.h"
#include "base/test.h"

/* "p/sp/np strict percent fo ri|uri!max|..|ruf uri!max" */
static void
describe(const struct dmarc_record *r, struct buf *out)
{
	const struct str *names = dmarc_policy_names;

	buf_add(out, names[r->policy]);
	buf_add_char(out, '/');
	buf_add(out, names[r->subdomain_policy]);
	buf_add_char(out, '/');
	buf_add(out, names[r->missing_policy]);
	buf_add_c(out, r->is_dkim_strict ? " s" : " r");
	buf_add_c(out, r->is_spf_strict ? "s " : "r ");
	buf_add_u64(out, r->percent);
	buf_add_char(out, ' ');
	buf_add_u64(out, r->failure_options);
	buf_add_char(out, ' ');
	buf_add_u64(out, r->interval_s);
	for (size_t i = 0; i < r->aggregate_count + r->failure_count; i++) {
		bool is_rua = i < r->aggregate_count;
		const struct dmarc_uri *uri =
		    is_rua ? &r->aggregate[i] : &r->failure[i - r->aggregate_count];

		buf_add_c(out, is_rua ? "|" : "|ruf ");
		buf_add(out, uri->uri);
		if (uri->max_bytes == DMARC_SIZE_ANY)
			continue;
		buf_add_char(out, '!');
		buf_add_u64(out, uri->max_bytes);
	}
}

static const struct {
	const char *name, *in;
	enum fail fail;
	const char *want;
} rows[] = {
	{ "least", "v=DMARC1; p=none", FAIL_NONE, "none/none/none rr 100 1 86400" },
	{ "RFC 7489 B.2.1", "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com", FAIL_NONE,
	    "none/none/none rr 100 1 86400|mailto:dmarc-feedback@example.com" },
	{ "RFC 7489 B.2.4",
	    "v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,"
	    "mailto:tld-test@thirdparty.example.net!10m; pct=25",
	    FAIL_NONE,
	    "quarantine/quarantine/quarantine rr 25 1 86400|mailto:dmarc-feedback@example.com"
	    "|mailto:tld-test@thirdparty.example.net!10485760" },
	{ "all",
	    "v=DMARC1;p=reject;sp=quarantine;np=none;adkim=s;aspf=s;pct=0;fo=0:1:d:s;rf=afrf;ri=7200;"
	    "rua=mailto:a@b;ruf=mailto:c@d",
	    FAIL_NONE, "reject/quarantine/none ss 0 15 7200|mailto:a@b|ruf mailto:c@d" },
	{ "np from sp", "v=DMARC1; p=reject; sp=none", FAIL_NONE,
	    "reject/none/none rr 100 1 86400" },
	{ "blanks",
	    "v = DMARC1 ; p = Reject ; adkim = S ; fo = d : s ; ruf=mailto:e@f; rua = mailto:a@b ! 1k , mailto:c@d ;",
	    FAIL_NONE,
	    "reject/reject/reject sr 100 12 86400|mailto:a@b!1024|mailto:c@d|ruf mailto:e@f" },
	{ "case of names", "V=DMARC1; P=QUARANTINE; PCT=1", FAIL_NONE,
	    "quarantine/quarantine/quarantine rr 1 1 86400" },
	{ "p is not second", "v=DMARC1; pct=5; p=reject", FAIL_NONE,
	    "reject/reject/reject rr 5 1 86400" },
	{ "unknown tags", "v=DMARC1; x=y; p=reject; t=y; psd=n;; =; z", FAIL_NONE,
	    "reject/reject/reject rr 100 1 86400" },
	{ "defaults for rubbish", "v=DMARC1; p=none; adkim=x; aspf=; pct=101; fo=z; ri=-1",
	    FAIL_NONE, "none/none/none rr 100 1 86400" },
	{ "pct with rubbish", "v=DMARC1; p=reject; pct=50%", FAIL_NONE,
	    "reject/reject/reject rr 100 1 86400" },
	{ "ri too small", "v=DMARC1; p=none; ri=60", FAIL_NONE, "none/none/none rr 100 1 3600" },
	{ "ri too large", "v=DMARC1; p=none; ri=99999999999", FAIL_NONE,
	    "none/none/none rr 100 1 86400" },
	{ "sizes",
	    "v=DMARC1; p=none; rua=a:b!1,a:c!2K,a:d!3g,a:e!4t,a:f!5x,a:g!,a:h!99999999999999999999,"
	    "a:i!1kk",
	    FAIL_NONE,
	    "none/none/none rr 100 1 86400|a:b!1|a:c!2048|a:d!3221225472|a:e!4398046511104" },
	{ "the largest size, and what is beyond it",
	    "v=DMARC1; p=none; rua=a:b!18446744073709551615,a:c!18446744073709551616,"
	    "a:d!9007199254740991k,a:e!18014398509481984k,a:f!99999999t,a:g!0,a:h!0m",
	    FAIL_NONE,
	    "none/none/none rr 100 1 86400|a:b|a:d!9223372036854774784|a:e|a:f|a:g!0|a:h!0" },
	{ "fo without ruf", "v=DMARC1; p=none; fo=1:d:s", FAIL_NONE,
	    "none/none/none rr 100 1 86400" },
	{ "two p", "v=DMARC1; p=none; p=reject", FAIL_SYNTAX, "" },
	{ "the same p twice, but rua", "v=DMARC1; p=reject; rua=mailto:a@b; p=reject", FAIL_NONE,
	    "none/none/none rr 100 1 86400|mailto:a@b" },
	{ "two sp", "v=DMARC1; p=reject; sp=none; sp=reject", FAIL_SYNTAX, "" },
	{ "a wrong sp in front of a good one", "v=DMARC1; p=reject; sp=x; sp=reject", FAIL_SYNTAX,
	    "" },
	{ "no URIs", "v=DMARC1; p=none; rua=a@b,:x,1:x,mailto:,, mailto:a b@c,mailto:<a@b>",
	    FAIL_NONE, "none/none/none rr 100 1 86400" },
	{ "many URIs", "v=DMARC1; p=none; rua=a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9", FAIL_NONE,
	    "none/none/none rr 100 1 86400|a:1|a:2|a:3|a:4|a:5|a:6|a:7|a:8" },
	{ "two rua", "v=DMARC1; p=none; rua=a:1; rua=a:2", FAIL_NONE,
	    "none/none/none rr 100 1 86400|a:1" },
	{ "no p but rua", "v=DMARC1; rua=mailto:a@b; sp=reject; np=reject", FAIL_NONE,
	    "none/none/none rr 100 1 86400|mailto:a@b" },
	{ "wrong p but rua", "v=DMARC1; p=monitor; rua=mailto:a@b", FAIL_NONE,
	    "none/none/none rr 100 1 86400|mailto:a@b" },
	{ "wrong sp but rua", "v=DMARC1; p=reject; sp=x; rua=mailto:a@b", FAIL_NONE,
	    "none/none/none rr 100 1 86400|mailto:a@b" },
	{ "no p", "v=DMARC1; pct=5", FAIL_SYNTAX, "" },
	{ "no p and a wrong rua", "v=DMARC1; rua=x", FAIL_SYNTAX, "" },
	{ "wrong p", "v=DMARC1; p=rejected", FAIL_SYNTAX, "" },
	{ "empty p", "v=DMARC1; p=", FAIL_SYNTAX, "" },
	{ "wrong sp", "v=DMARC1; p=reject; sp=", FAIL_SYNTAX, "" },
	{ "version alone", "v=DMARC1", FAIL_SYNTAX, "" },
	{ "another version", "v=DMARC2; p=reject", FAIL_MISSING, "" },
	{ "version in small letters", "v=dmarc1; p=reject", FAIL_MISSING, "" },
	{ "version longer", "v=DMARC10; p=reject", FAIL_MISSING, "" },
	{ "version not first", "p=reject; v=DMARC1", FAIL_MISSING, "" },
	{ "a blank in front", " v=DMARC1; p=reject", FAIL_MISSING, "" },
	{ "SPF", "v=spf1 -all", FAIL_MISSING, "" },
	{ "empty", "", FAIL_MISSING, "" },
	{ "semicolon", ";", FAIL_MISSING, "" },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dmarc_record record;
		struct buf out;

		TEST_ROW(rows[i].name);
		buf_init(&out, 10000);
		if (CHECK_NUM(dmarc_record_parse(str_c(rows[i].in), &record), rows[i].fail) &&
		    rows[i].fail == FAIL_NONE) {
			describe(&record, &out);
			CHECK_STR(buf_str(&out), str_c(rows[i].want));
		}
		buf_release(&out);
	}
	return test_end();
}
