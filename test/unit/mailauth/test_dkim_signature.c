/* What signatures say, in all three forms, and what makes them worthless. */
#include "mailauth/dkim_signature.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

#define REST "d=a.test; s=sel; bh=aGFzaA==; b=c2ln; h=from"
#define GOOD "v=1; a=rsa-sha256; " REST
#define AMS  "i=1; a=rsa-sha256; " REST
#define SEAL "i=2; a=rsa-sha256; d=a.test; s=sel; b=c2ln; "

static const struct {
	const char *name, *value;
	enum verdict want;
	const char *reason;
} rows[] = {
	{ "what there must be", GOOD, VERDICT_NONE, "" },
	{ "unknown tags", GOOD "; zz=1; z=From:x|y", VERDICT_NONE, "" },
	{ "Ed25519", "v=1; a=ed25519-sha256; " REST, VERDICT_NONE, "" },
	{ "folded",
	    "v=1;\r\n a=rsa-sha256; d=a.test;\r\n\ts=sel; bh=aGFz\r\n aA==; b=c2\r\n\tln; h=from :\r\n to",
	    VERDICT_NONE, "" },
	{ "no list", "v=1; a", VERDICT_NEUTRAL, "not a list of tags" },
	{ "a tag twice", GOOD "; v=1", VERDICT_NEUTRAL, "not a list of tags" },
	{ "nothing", "", VERDICT_NEUTRAL, "not a list of tags" },
	{ "another version", "v=2; a=rsa-sha256; " REST, VERDICT_NEUTRAL, "another version (v=)" },
	{ "no version", "a=rsa-sha256; " REST, VERDICT_NEUTRAL, "another version (v=)" },
	{ "rsa-sha1", "v=1; a=rsa-sha1; " REST, VERDICT_PERMERROR,
	    "rsa-sha1 is historic (RFC 8301)" },
	{ "another algorithm", "v=1; a=rsa-md5; " REST, VERDICT_NEUTRAL,
	    "an unknown algorithm (a=)" },
	{ "no domain", "v=1; a=rsa-sha256; s=s; bh=YQ==; b=YQ==; h=from", VERDICT_NEUTRAL,
	    "a tag is missing (a=, b=, d=, s=)" },
	{ "no b", "v=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; h=from", VERDICT_NEUTRAL,
	    "a tag is missing (a=, b=, d=, s=)" },
	{ "an empty b", "v=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=; h=from", VERDICT_NEUTRAL,
	    "a tag is missing (a=, b=, d=, s=)" },
	{ "no bh", "v=1; a=rsa-sha256; d=a.test; s=s; b=YQ==; h=from", VERDICT_NEUTRAL,
	    "a tag is missing (bh=, h=)" },
	{ "b that is none", "v=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=Y!; h=from",
	    VERDICT_NEUTRAL, "b= is not base64" },
	{ "padding within b", "v=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=Y=Y; h=from",
	    VERDICT_NEUTRAL, "b= is not base64" },
	{ "bh that is none", "v=1; a=rsa-sha256; d=a.test; s=s; bh=-; b=YQ==; h=from",
	    VERDICT_NEUTRAL, "bh= is not base64" },
	{ "a domain that is none", "v=1; a=rsa-sha256; d=a..test; s=s; bh=YQ==; b=YQ==; h=from",
	    VERDICT_NEUTRAL, "a wrong domain or selector (d=, s=)" },
	{ "a domain of one label", "v=1; a=rsa-sha256; d=test; s=s; bh=YQ==; b=YQ==; h=from",
	    VERDICT_NEUTRAL, "a wrong domain or selector (d=, s=)" },
	{ "a domain with a blank", "v=1; a=rsa-sha256; d=a. test; s=s; bh=YQ==; b=YQ==; h=from",
	    VERDICT_NEUTRAL, "a wrong domain or selector (d=, s=)" },
	{ "a selector that is none", "v=1; a=rsa-sha256; d=a.test; s=-s; bh=YQ==; b=YQ==; h=from",
	    VERDICT_NEUTRAL, "a wrong domain or selector (d=, s=)" },
	{ "a selector with a dot", "v=1; a=rsa-sha256; d=a.test; s=a.b; bh=YQ==; b=YQ==; h=from",
	    VERDICT_NONE, "" },
	{ "a domain in Unicode",
	    "v=1; a=rsa-sha256; d=b\xc3\xbc"
	    "cher.test; s=s; bh=YQ==; b=YQ==; h=from",
	    VERDICT_NONE, "" },
	{ "From is missing", "v=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=YQ==; h=to:fromm",
	    VERDICT_NEUTRAL, "From is not signed (h=)" },
	{ "From in any case", "v=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=YQ==; h=to:FROM",
	    VERDICT_NONE, "" },
	{ "no name", "v=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=YQ==; h=", VERDICT_NEUTRAL,
	    "a tag is missing (bh=, h=)" },
	{ "an empty name", "v=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=YQ==; h=from::to",
	    VERDICT_NEUTRAL, "a wrong list of names (h=)" },
	{ "a name of two words", "v=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=YQ==; h=from:a b",
	    VERDICT_NEUTRAL, "a wrong list of names (h=)" },
	{ "i in the domain", GOOD "; i=@a.test", VERDICT_NONE, "" },
	{ "i below the domain", GOOD "; i=x@y.A.test", VERDICT_NONE, "" },
	{ "i with a quoted @", GOOD "; i=\"x@b.test\"@a.test", VERDICT_NONE, "" },
	{ "i elsewhere", GOOD "; i=@b.test", VERDICT_NEUTRAL,
	    "the identity is not of the domain (i= and d=)" },
	{ "i that ends alike", GOOD "; i=@aa.test", VERDICT_NEUTRAL,
	    "the identity is not of the domain (i= and d=)" },
	{ "i above the domain", GOOD "; i=@test", VERDICT_NEUTRAL,
	    "the identity is not of the domain (i= and d=)" },
	{ "i without @", GOOD "; i=a.test", VERDICT_NEUTRAL, "a wrong identity (i=)" },
	{ "c", GOOD "; c=relaxed", VERDICT_NONE, "" },
	{ "c, both", GOOD "; c=simple/relaxed", VERDICT_NONE, "" },
	{ "c, another", GOOD "; c=nofws", VERDICT_NEUTRAL, "an unknown canonicalization (c=)" },
	{ "c, another one for the body", GOOD "; c=simple/x", VERDICT_NEUTRAL,
	    "an unknown canonicalization (c=)" },
	{ "c, three", GOOD "; c=simple/simple/simple", VERDICT_NEUTRAL,
	    "an unknown canonicalization (c=)" },
	{ "l", GOOD "; l=0", VERDICT_NONE, "" },
	{ "l beyond 64 bits", GOOD "; l=99999999999999999999999", VERDICT_NONE, "" },
	{ "l, empty", GOOD "; l=", VERDICT_NEUTRAL, "a wrong length (l=)" },
	{ "l, negative", GOOD "; l=-1", VERDICT_NEUTRAL, "a wrong length (l=)" },
	{ "l of 77 digits",
	    GOOD
	    "; l=00000000000000000000000000000000000000000000000000000000000000000000000000001",
	    VERDICT_NEUTRAL, "a wrong length (l=)" },
	{ "q", GOOD "; q=dns/txt", VERDICT_NONE, "" },
	{ "q, a list", GOOD "; q=dns/x : dns/txt", VERDICT_NONE, "" },
	{ "q, another", GOOD "; q=http", VERDICT_NEUTRAL, "no known way to its key (q=)" },
	{ "t and x", GOOD "; t=10; x=11", VERDICT_NONE, "" },
	{ "x at t", GOOD "; t=10; x=10", VERDICT_NEUTRAL,
	    "it expired before it was made (x= and t=)" },
	{ "x before t", GOOD "; t=10; x=9", VERDICT_NEUTRAL,
	    "it expired before it was made (x= and t=)" },
	{ "t that is none", GOOD "; t=now", VERDICT_NEUTRAL, "a wrong time (t= or x=)" },
	{ "x with a sign", GOOD "; x=+1", VERDICT_NEUTRAL, "a wrong time (t= or x=)" },
};

static const struct {
	const char *name, *value;
	enum dkim_form form;
	enum verdict want;
	const char *reason;
} arc_rows[] = {
	{ "a message signature", AMS, DKIM_FORM_ARC_MESSAGE, VERDICT_NONE, "" },
	{ "a version is passed over", AMS "; v=7", DKIM_FORM_ARC_MESSAGE, VERDICT_NONE, "" },
	{ "instance 0", "i=0; a=rsa-sha256; " REST, DKIM_FORM_ARC_MESSAGE, VERDICT_NEUTRAL,
	    "a wrong instance (i=)" },
	{ "instance 51", "i=51; a=rsa-sha256; " REST, DKIM_FORM_ARC_MESSAGE, VERDICT_NEUTRAL,
	    "a wrong instance (i=)" },
	{ "no instance", "a=rsa-sha256; " REST, DKIM_FORM_ARC_MESSAGE, VERDICT_NEUTRAL,
	    "a wrong instance (i=)" },
	{ "without From", "i=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=YQ==; h=to",
	    DKIM_FORM_ARC_MESSAGE, VERDICT_NONE, "" },
	{ "with no field", "i=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=YQ==; h=",
	    DKIM_FORM_ARC_MESSAGE, VERDICT_NONE, "" },
	{ "without h", "i=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=YQ==", DKIM_FORM_ARC_MESSAGE,
	    VERDICT_NEUTRAL, "a tag is missing (bh=, h=)" },
	{ "with ARC-Seal", "i=1; a=rsa-sha256; d=a.test; s=s; bh=YQ==; b=YQ==; h=from:arc-seal",
	    DKIM_FORM_ARC_MESSAGE, VERDICT_NEUTRAL, "it signs ARC-Seal (h=)" },
	{ "a seal", SEAL "cv=pass", DKIM_FORM_ARC_SEAL, VERDICT_NONE, "" },
	{ "a seal with h", SEAL "cv=pass; h=from", DKIM_FORM_ARC_SEAL, VERDICT_NEUTRAL,
	    "h= in a seal" },
	{ "a seal without cv", SEAL "t=1", DKIM_FORM_ARC_SEAL, VERDICT_NEUTRAL,
	    "a wrong state of the chain (cv=)" },
	{ "a seal with another cv", SEAL "cv=policy", DKIM_FORM_ARC_SEAL, VERDICT_NEUTRAL,
	    "a wrong state of the chain (cv=)" },
};

static void
test_fields(void)
{
	struct dkim_signature s;
	struct str reason, names, name;

	TEST_ROW("all that it says");
	CHECK_NUM(
	    dkim_signature_parse(STR("v=1; a=ed25519-sha256; c=simple/relaxed; d=a.test; s=sel;"
				     " i=x@b.a.test; h=from : To; bh=YQ==; b=Yg==; l=5; t=7; x=8"),
		DKIM_FORM_SIGNATURE, &s, &reason),
	    VERDICT_NONE);
	CHECK(s.algorithm == DKIM_ED25519_SHA256 && s.header_canon == DKIM_SIMPLE &&
	    s.body_canon == DKIM_RELAXED && s.length == 5 && s.time_s == 7 && s.expires_s == 8);
	CHECK_STR(s.i, STR("x@b.a.test"));
	names = s.h;
	CHECK(dkim_next_name(&names, &name) && str_eq(name, STR("from")));
	CHECK(dkim_next_name(&names, &name) && str_eq(name, STR("To")));
	CHECK(!dkim_next_name(&names, &name));
	TEST_ROW("what it does not say");
	CHECK_NUM(dkim_signature_parse(STR(GOOD), DKIM_FORM_SIGNATURE, &s, &reason), VERDICT_NONE);
	CHECK(s.header_canon == DKIM_SIMPLE && s.body_canon == DKIM_SIMPLE &&
	    s.length == DKIM_LENGTH_ALL && s.time_s == -1 && s.expires_s == -1 && s.i.n == 0);
	TEST_ROW("what is told of a bad one");
	CHECK_NUM(dkim_signature_parse(STR("d=a.test; a=x; s=y; b=z; oh"), DKIM_FORM_SIGNATURE, &s,
		      &reason),
	    VERDICT_NEUTRAL);
	CHECK_STR(s.d, STR("a.test"));
	CHECK_STR(s.b, STR("z"));
}

static void
test_many_names(void)
{
	struct dkim_signature s;
	struct str reason;
	struct buf value;

	TEST_ROW("names");
	buf_init(&value, 1 << 20);
	buf_add_c(&value, GOOD);
	for (size_t i = 1; i < DKIM_NAMES_MAX; i++)
		buf_add_c(&value, ":x");
	CHECK_NUM(dkim_signature_parse(buf_str(&value), DKIM_FORM_SIGNATURE, &s, &reason),
	    VERDICT_NONE);
	buf_add_c(&value, ":x");
	CHECK_NUM(dkim_signature_parse(buf_str(&value), DKIM_FORM_SIGNATURE, &s, &reason),
	    VERDICT_POLICY);
	buf_clear(&value);
	buf_add_c(&value, GOOD);
	for (int i = 0; i < 25; i++) {
		buf_add_c(&value, "; x");
		buf_add_char(&value, (char)('a' + i));
		buf_add_c(&value, "=1");
	}
	TEST_ROW("tags");
	CHECK_NUM(dkim_signature_parse(buf_str(&value), DKIM_FORM_SIGNATURE, &s, &reason),
	    VERDICT_NONE);
	buf_add_c(&value, "; zz=1");
	CHECK_NUM(dkim_signature_parse(buf_str(&value), DKIM_FORM_SIGNATURE, &s, &reason),
	    VERDICT_POLICY);
	buf_release(&value);
}

int
main(void)
{
	struct dkim_signature s;
	struct str reason;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK_NUM(
		    dkim_signature_parse(str_c(rows[i].value), DKIM_FORM_SIGNATURE, &s, &reason),
		    rows[i].want);
		CHECK_STR(reason, str_c(rows[i].reason));
	}
	for (size_t i = 0; i < ARRAY_LEN(arc_rows); i++) {
		TEST_ROW(arc_rows[i].name);
		CHECK_NUM(
		    dkim_signature_parse(str_c(arc_rows[i].value), arc_rows[i].form, &s, &reason),
		    arc_rows[i].want);
		CHECK_STR(reason, str_c(arc_rows[i].reason));
	}
	test_fields();
	test_many_names();
	return test_end();
}
