/* Signatures of whole messages: the examples of RFC 6376 and 8463, ours, and what does not fit. */
#include "mailauth/dkim_verify.h"

/* system */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/base64.h"
#include "lib/known_dns.h"
#include "mailauth/dkim_header.h"
#include "mailauth/dkim_key.h"
#include "mailauth/dkim_sign.h"
#include "message/lines.h"

#define DATA      "test/unit/mailauth/data/"
#define LOOKS_MAX 100
#define NOW_S     2000000000

#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define KEY_PEM /* RFC 8032 7.1, test 1: what RFC 8463 signs with */ \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
	"-----END PRIVATE KEY-----\n"
#define RSA_8463 \
	"\"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi" \
	"Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZy\" " \
	"\"VYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\""
#define RSA_6376 \
	"\"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFC" \
	"jxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9\" " \
	"\"tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB\""

static const char zone_text[] =
    "brisbane._domainkey.football.example.com TXT \"v=DKIM1; k=ed25519; p=" ED25519 "\"\n"
    "test._domainkey.football.example.com TXT \"v=DKIM1; k=rsa; p=\" " RSA_8463 "\n"
    "brisbane._domainkey.example.com TXT \"v=DKIM1; p=\" " RSA_6376 "\n"
    "ed._domainkey.a.test TXT \"v=DKIM1; k=ed25519; p=" ED25519 "\"\n"
    "trial._domainkey.a.test TXT \"v=DKIM1; k=ed25519; t=y; p=" ED25519 "\"\n"
    "strict._domainkey.a.test TXT \"v=DKIM1; k=ed25519; t=s; p=" ED25519 "\"\n"
    "gone._domainkey.a.test TXT \"v=DKIM1; p=\"\n"
    "rsa._domainkey.a.test TXT \"v=DKIM1; p=\" " RSA_8463 "\n"
    "two._domainkey.a.test TXT \"v=spf1 -all\"\n"
    "two._domainkey.a.test TXT \"v=DKIM1; k=ed25519; p=" ED25519 "\"\n"
    "slow._domainkey.a.test TXT TIMEOUT\n"
    "ed._domainkey.xn--bcher-kva.test TXT \"v=DKIM1; k=ed25519; p=" ED25519 "\"\n";

static struct known_dns dns;
static struct private_key key;

/* A file with CRLF. */
static struct buf
read_mail(const char *path)
{
	FILE *file = fopen(path, "rb");
	char text[10000];
	bool had_cr = false;
	struct buf out;

	invariant(file != NULL);
	buf_init(&out, 1 << 20);
	lines_write(&out, str_of(text, fread(text, 1, sizeof text, file)), &had_cr);
	fclose(file);
	return out;
}

/* The message in pieces of `step` bytes; to be ended by end_verify(). */
static void
verify(struct dkim_verify *v, struct dkim_content *c, struct str mail, size_t step)
{
	size_t n = header_size(mail), looks = 0;

	*c = (struct dkim_content){ 0 };
	dkim_content_header(c, str_head(mail, n));
	dkim_verify_start(v, c, &dns.dns, &dns.task, NOW_S);
	CHECK(!dkim_verify_look(v));
	for (struct str s = str_from(mail, n); s.n > 0; s = str_from(s, step))
		dkim_content_body(c, str_head(s, step));
	dkim_content_end(c);
	while (!dkim_verify_look(v) && looks < LOOKS_MAX) {
		known_dns_turn(&dns);
		looks++;
	}
	CHECK(looks < DKIM_SIGNATURES_MAX);
}

static void
end_verify(struct dkim_verify *v, struct dkim_content *c)
{
	dkim_verify_release(v);
	dkim_content_release(c);
}

static void
test_examples(void)
{
	static const struct {
		const char *path, *b;
		size_t count;
	} examples[] = { { DATA "rfc6376.eml", "AuUoFEfDxTDk", 1 },
		{ DATA "rfc8463.eml", "/gCrinpcQOoI", 2 } };

	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		struct buf mail = read_mail(examples[i].path);

		TEST_ROW(examples[i].path);
		for (size_t step = 1; step < mail.n; step = step * 3 + 1) {
			struct dkim_content c;
			struct dkim_verify v;

			verify(&v, &c, buf_str(&mail), step);
			CHECK_NUM(v.count, examples[i].count);
			for (size_t n = 0; n < v.count; n++) {
				CHECK_STR(v.results[n].reason, STR(""));
				CHECK_NUM(v.results[n].verdict, VERDICT_PASS);
			}
			CHECK_STR(str_of(v.results[0].b, v.results[0].b_size),
			    str_c(examples[i].b));
			end_verify(&v, &c);
		}
		buf_release(&mail);
	}
}

/* Each byte of the example changed: nothing is good any more that was signed, and nothing breaks. */
static void
test_each_byte(void)
{
	struct buf mail = read_mail(DATA "rfc6376.eml");
	struct str good = buf_str(&mail);
	size_t begin = str_find(good, STR("Received:"));

	TEST_ROW("each byte");
	for (size_t i = 0; i < mail.n; i++) {
		struct dkim_content c;
		struct dkim_verify v;
		char was = mail.p[i];

		if (was == '\r' || was == '\n')
			continue;
		mail.p[i] = was == 'x' ? 'y' : 'x';
		verify(&v, &c, good, 1000);
		if (i >= begin || v.count == 0)
			CHECK(v.count == 0 ||
			    v.results[0].verdict == (c.is_odd ? VERDICT_POLICY : VERDICT_FAIL));
		else
			CHECK(v.results[0].verdict != VERDICT_PASS);
		end_verify(&v, &c);
		mail.p[i] = was;
	}
	buf_release(&mail);
}

/* Append a DKIM-Signature with these tags to `out`, made for this header and body. */
static void
sign_by_hand(struct buf *out, const char *tags, const char *header, const char *body)
{
	struct dkim_content c = { 0 };
	struct dkim_signature s;
	unsigned char digest[DKIM_DIGEST_BYTES];
	struct buf tags_only, field, text, signature;
	struct header own;
	struct str reason, cur;

	buf_init(&tags_only, 1 << 20);
	buf_init(&field, 1 << 20);
	buf_init(&text, 1 << 20);
	buf_init(&signature, 100);
	buf_add_c(&tags_only, tags);
	buf_add_c(&tags_only, "; bh=YQ==; b=YQ==");
	(void)dkim_signature_parse(buf_str(&tags_only), DKIM_FORM_SIGNATURE, &s, &reason);
	dkim_content_header(&c, str_c(header));
	CHECK_NUM(dkim_body_want(&c.bodies[s.body_canon], s.length), FAIL_NONE);
	dkim_content_body(&c, str_c(body));
	dkim_content_end(&c);
	buf_add_c(&field, "DKIM-Signature: ");
	buf_add_c(&field, tags);
	buf_add_c(&field, "; bh=");
	if (dkim_body_digest(&c.bodies[s.body_canon], s.length))
		base64_write(&field,
		    str_of(dkim_body_digest(&c.bodies[s.body_canon], s.length), DKIM_DIGEST_BYTES));
	else
		buf_add_c(&field, "YQ==");
	buf_add_c(&field, "; b=");
	dkim_header_write_named(&text, &c, s.header_canon, s.h);
	cur = buf_str(&field);
	CHECK(header_next(&cur, &own));
	dkim_header_write_own(&text, s.header_canon, &own);
	hash_once(HASH_SHA256, buf_str(&text), digest);
	CHECK(private_key_sign(&key, digest, &signature));
	base64_write(&field, buf_str(&signature));
	buf_add(out, buf_str(&field));
	buf_add_c(out, "\r\n");
	dkim_content_release(&c);
	buf_release(&tags_only);
	buf_release(&field);
	buf_release(&text);
	buf_release(&signature);
}

#define HEADER \
	"From: Ann <ann@a.test>\r\nTo: bob@b.test\r\nSubject:  One\r\n\t two \r\nTo: cy@b.test\r\n\r\n"
#define BODY "Hello  you\r\n\r\nBye\r\n\r\n"
#define TAGS "v=1; a=ed25519-sha256; d=a.test; s=ed; "

static const struct {
	const char *name, *tags;
	const char *header, *body; /* as they arrive; NULL: as they were signed */
	enum verdict want;
	const char *reason;
} rows[] = {
	{ "simple", TAGS "h=from:to:subject", NULL, NULL, VERDICT_PASS, "" },
	{ "relaxed", TAGS "c=relaxed/relaxed; h=from:to:subject", NULL, NULL, VERDICT_PASS, "" },
	{ "blanks changed, relaxed", TAGS "c=relaxed/relaxed; h=From : subject",
	    "FROM :Ann  <ann@a.test>  \r\nSubject:One two\r\n\r\n", "Hello you \r\n \r\nBye\r\n",
	    VERDICT_PASS, "" },
	{ "blanks changed in the header, simple", TAGS "h=from", "From:  Ann <ann@a.test>\r\n\r\n",
	    NULL, VERDICT_FAIL, "the header was changed, or its key did not sign it" },
	{ "blanks changed in the body, simple", TAGS "h=from", NULL, "Hello you\r\n\r\nBye\r\n",
	    VERDICT_FAIL, "the body was changed" },
	{ "lines at the end, simple", TAGS "h=from", NULL, "Hello  you\r\n\r\nBye\r\n",
	    VERDICT_PASS, "" },
	{ "other fields around", TAGS "h=from:subject", "Received: x\r\nX-Y: z\r\n" HEADER, NULL,
	    VERDICT_PASS, "" },
	{ "the last To is signed", TAGS "h=from:to", "To: new@b.test\r\n" HEADER, NULL,
	    VERDICT_PASS, "" },
	{ "and not the first", TAGS "h=from:to",
	    "From: Ann <ann@a.test>\r\nTo: new@b.test\r\nTo: bob@b.test\r\n\r\n", NULL,
	    VERDICT_FAIL, "the header was changed, or its key did not sign it" },
	{ "both To, from below", TAGS "h=from:to:to", NULL, NULL, VERDICT_PASS, "" },
	{ "both To, in the other order", TAGS "h=from:to:to",
	    "From: Ann <ann@a.test>\r\nTo: cy@b.test\r\nTo: bob@b.test\r\n\r\n", NULL, VERDICT_FAIL,
	    "the header was changed, or its key did not sign it" },
	{ "one more than there are", TAGS "h=from:to:to:to:cc", NULL, NULL, VERDICT_PASS, "" },
	{ "and it was added", TAGS "h=from:to:to:to", "To: new@b.test\r\n" HEADER, NULL,
	    VERDICT_FAIL, "the header was changed, or its key did not sign it" },
	{ "From twice", TAGS "h=from:to", "From: Eve <eve@e.test>\r\n" HEADER, NULL, VERDICT_FAIL,
	    "there is another From, which is not signed" },
	{ "From twice, below", TAGS "h=from",
	    "From: Ann <ann@a.test>\r\nFrom: Eve <eve@e.test>\r\n\r\n", NULL, VERDICT_FAIL,
	    "there is another From, which is not signed" },
	{ "From twice, which h= forbids", TAGS "h=from:from:to",
	    "From: Eve <eve@e.test>\r\n" HEADER, NULL, VERDICT_FAIL,
	    "the header was changed, or its key did not sign it" },
	{ "a part of the body", TAGS "l=5; h=from", NULL, "Hello\r\nBUY\r\n", VERDICT_PASS, "" },
	{ "nothing of the body", TAGS "l=0; h=from", NULL, "BUY\r\n", VERDICT_PASS, "" },
	{ "all of it, by number", TAGS "l=19; h=from", NULL, NULL, VERDICT_PASS, "" },
	{ "more than there is", TAGS "l=20; h=from", NULL, NULL, VERDICT_FAIL,
	    "the body is shorter than what was signed (l=)" },
	{ "much more", TAGS "l=99999999999999999999; h=from", NULL, NULL, VERDICT_FAIL,
	    "the body is shorter than what was signed (l=)" },
	{ "expires now", TAGS "x=2000000000; h=from", NULL, NULL, VERDICT_PASS, "" },
	{ "has expired", TAGS "x=1999999999; h=from", NULL, NULL, VERDICT_FAIL,
	    "it has expired (x=)" },
	{ "an identity below", TAGS "i=x@y.a.test; h=from", NULL, NULL, VERDICT_PASS, "" },
	{ "where the key forbids it",
	    "v=1; a=ed25519-sha256; d=a.test; s=strict; i=x@y.a.test; h=from", NULL, NULL,
	    VERDICT_PERMERROR, "its key is not for subdomains (t=s)" },
	{ "where it need not", "v=1; a=ed25519-sha256; d=a.test; s=strict; i=x@A.test; h=from",
	    NULL, NULL, VERDICT_PASS, "" },
	{ "trying it out", "v=1; a=ed25519-sha256; d=a.test; s=trial; h=from", NULL, NULL,
	    VERDICT_PASS, "" },
	{ "a record beside it", "v=1; a=ed25519-sha256; d=a.test; s=two; h=from", NULL, NULL,
	    VERDICT_PASS, "" },
	{ "revoked", "v=1; a=ed25519-sha256; d=a.test; s=gone; h=from", NULL, NULL,
	    VERDICT_PERMERROR, "its key was revoked" },
	{ "no key", "v=1; a=ed25519-sha256; d=a.test; s=none; h=from", NULL, NULL,
	    VERDICT_PERMERROR, "there is no key" },
	{ "no answer", "v=1; a=ed25519-sha256; d=a.test; s=slow; h=from", NULL, NULL,
	    VERDICT_TEMPERROR, "DNS did not answer" },
	{ "another kind of key", "v=1; a=ed25519-sha256; d=a.test; s=rsa; h=from", NULL, NULL,
	    VERDICT_PERMERROR, "its key is for another algorithm (k=)" },
	{ "another algorithm than signed with", "v=1; a=rsa-sha256; d=a.test; s=rsa; h=from", NULL,
	    NULL, VERDICT_FAIL, "the header was changed, or its key did not sign it" },
	{ "a domain in Unicode",
	    "v=1; a=ed25519-sha256; d=b\xc3\xbc"
	    "cher.test; s=ed; h=from",
	    NULL, NULL, VERDICT_PASS, "" },
	{ "no From", TAGS "h=to", NULL, NULL, VERDICT_NEUTRAL, "From is not signed (h=)" },
	{ "a name too long for DNS",
	    "v=1; a=ed25519-sha256; d=a.test; h=from; s="
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    NULL, NULL, VERDICT_PERMERROR, "there is no key" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dkim_content c;
		struct dkim_verify v;
		struct buf mail;

		TEST_ROW(rows[i].name);
		buf_init(&mail, 1 << 20);
		sign_by_hand(&mail, rows[i].tags, HEADER, BODY);
		buf_add_c(&mail, rows[i].header ? rows[i].header : HEADER);
		buf_add_c(&mail, rows[i].body ? rows[i].body : BODY);
		for (size_t step = 1; step < 100; step *= 3) {
			verify(&v, &c, buf_str(&mail), step);
			CHECK_NUM(v.count, 1);
			CHECK_NUM(v.results[0].verdict, rows[i].want);
			CHECK_STR(v.results[0].reason, str_c(rows[i].reason));
			CHECK_NUM(v.results[0].is_partial,
			    rows[i].want == VERDICT_PASS && strstr(rows[i].tags, "l=") != NULL &&
				strstr(rows[i].tags, "l=19") == NULL);
			CHECK_NUM(v.results[0].is_testing, strstr(rows[i].tags, "trial") != NULL);
			end_verify(&v, &c);
		}
		buf_release(&mail);
	}
}

/* What we sign is good, with all canonical forms, and twice. */
static void
test_sign(void)
{
	struct private_key rsa;

	private_key_generate(&rsa, PRIVATE_KEY_RSA);
	for (int i = 0; i < 4; i++) {
		struct dkim_sign sign = { .domain = STR("a.test"),
			.header_canon = (enum dkim_canon)(i / 2),
			.body_canon = (enum dkim_canon)(i % 2),
			.time_s = NOW_S,
			.expires_s = NOW_S + 1 };
		struct dkim_content c = { 0 };
		struct dkim_verify v;
		struct buf mail;

		TEST_ROW("signed");
		buf_init(&mail, 1 << 20);
		dkim_content_header(&c, STR(HEADER));
		CHECK_NUM(dkim_sign_start(&sign, &c), FAIL_NONE);
		dkim_content_body(&c, STR(BODY));
		dkim_content_end(&c);
		CHECK_NUM(dkim_sign_write(&sign, &c, STR("ed"), &key, &mail), FAIL_NONE);
		CHECK_NUM(dkim_sign_write(&sign, &c, STR("rsa"), &rsa, &mail), FAIL_NONE);
		dkim_content_release(&c);
		CHECK_HAS(buf_str(&mail), STR("h=From:From:To:To:Subject;"));
		for (struct str s = buf_str(&mail), line; str_take_until(&s, '\n', &line);)
			CHECK(line.n < 79);
		buf_add_c(&mail, HEADER BODY);
		verify(&v, &c, buf_str(&mail), 1000);
		CHECK_NUM(v.count, 2);
		CHECK_NUM(v.results[0].verdict, VERDICT_PASS);
		CHECK_NUM(v.results[1].verdict, VERDICT_FAIL); /* the zone has another key */
		CHECK_NUM(v.results[1].key_bits, 1024);
		end_verify(&v, &c);
		buf_release(&mail);
	}
	private_key_release(&rsa);
}

static void
test_sign_refused(void)
{
	static const char *const bad_lists[] = { "to", "from:", "from:a b", "from;to", ":from" };
	struct dkim_sign sign = { .domain = STR("a..test") };
	struct dkim_content c = { 0 };
	struct buf out;

	TEST_ROW("not signed");
	buf_init(&out, 1 << 20);
	dkim_content_header(&c, STR(HEADER));
	CHECK_NUM(dkim_sign_start(&sign, &c), FAIL_SYNTAX);
	sign.domain = STR("a.test");
	for (size_t i = 0; i < ARRAY_LEN(bad_lists); i++) {
		sign.names = str_c(bad_lists[i]);
		CHECK_NUM(dkim_sign_start(&sign, &c), FAIL_SYNTAX);
	}
	sign.names = (struct str){ 0 };
	CHECK_NUM(dkim_sign_start(&sign, &c), FAIL_NONE);
	dkim_content_end(&c);
	CHECK_NUM(dkim_sign_write(&sign, &c, STR("s;"), &key, &out), FAIL_SYNTAX);
	buf_release(&out);
	buf_init(&out, 100);
	buf_add_c(&out, "x");
	CHECK_NUM(dkim_sign_write(&sign, &c, STR("ed"), &key, &out), FAIL_LIMIT);
	CHECK_STR(buf_str(&out), STR("x"));
	dkim_content_release(&c);
	buf_release(&out);
}

/* Signatures without end, fields without end, a header without end. */
static void
test_crowds(void)
{
	struct dkim_content c;
	struct dkim_verify v;
	struct buf mail;

	TEST_ROW("many signatures");
	buf_init(&mail, 64 << 20);
	for (size_t i = 0; i < 20; i++)
		sign_by_hand(&mail, TAGS "h=from", HEADER, BODY);
	buf_add_c(&mail, HEADER BODY);
	verify(&v, &c, buf_str(&mail), 1000);
	CHECK_NUM(v.count, DKIM_SIGNATURES_MAX);
	CHECK_NUM(v.ignored, 20 - DKIM_SIGNATURES_MAX);
	for (size_t i = 0; i < v.count; i++)
		CHECK_NUM(v.results[i].verdict, VERDICT_PASS);
	end_verify(&v, &c);

	TEST_ROW("as many fields as there may be");
	buf_clear(&mail);
	sign_by_hand(&mail, TAGS "h=from:x:y", HEADER, BODY);
	for (size_t i = 6; i < DKIM_FIELDS_MAX; i++)
		buf_add_c(&mail, "X-Y: z\r\n");
	buf_add_c(&mail, HEADER BODY);
	verify(&v, &c, buf_str(&mail), 1000);
	CHECK_NUM(v.results[0].verdict, VERDICT_PASS);
	end_verify(&v, &c);

	TEST_ROW("too many");
	for (size_t i = 0; i < 2; i++) {
		buf_clear(&mail);
		sign_by_hand(&mail, TAGS "h=from", HEADER, BODY);
		for (size_t n = 0; n < (i ? 4500 : 60000); n++)
			buf_add_c(&mail, "X-Y: z\r\n");
		buf_add_c(&mail, HEADER BODY);
		verify(&v, &c, buf_str(&mail), 1000);
		CHECK_NUM(v.count, 1);
		CHECK_NUM(v.results[0].verdict, VERDICT_POLICY);
		CHECK_STR(v.results[0].reason, STR("the header is too large"));
		CHECK_STR(v.results[0].domain, STR("a.test"));
		end_verify(&v, &c);
	}

	TEST_ROW("no signature");
	verify(&v, &c, STR(HEADER BODY), 1000);
	CHECK_NUM(v.count, 0);
	end_verify(&v, &c);
	end_verify(&v, &c);
	buf_release(&mail);
}

/* --- what a turn may cost --------------------------------------------------------------------------- */

#define HOSTILE_MAX 4
#define KEY_BYTES   (RSA_BITS_MAX / 8)
#define COST        960 /* of a signature with the key of write_costly_key(), but for its header */

/* The largest key and exponent that we look at; nobody knows its factors. */
static void
write_costly_key(struct buf *zone)
{
	char modulus[KEY_BYTES];
	const struct rsa_public public = { .n = str_of(modulus, sizeof modulus),
		.e = STR("\xff\xff\xff\xff"),
		.bits = RSA_BITS_MAX };
	struct buf der, text;
	struct str rest;

	memset(modulus, 0x55, sizeof modulus);
	modulus[0] = (char)0xff;
	buf_init(&der, RSA_PUBLIC_DER_MAX);
	buf_init(&text, 4096);
	rsa_public_write(&public, &der);
	base64_write(&text, buf_str(&der));
	CHECK_NUM(rsa_verify_cost(&public), COST);
	buf_add_c(zone, "big._domainkey.a.test TXT \"v=DKIM1; p=\"");
	for (rest = buf_str(&text); rest.n > 0; rest = str_from(rest, 200)) {
		buf_add_c(zone, " \"");
		buf_add(zone, str_head(rest, 200));
		buf_add_char(zone, '"');
	}
	buf_add_char(zone, '\n');
	buf_release(&text);
	buf_release(&der);
}

/* As many signatures as we look at, and all of the body is as they say: only their arithmetic tells that they are none. */
static void
write_costly_mail(struct buf *out)
{
	char signature[KEY_BYTES];
	struct buf good;
	struct str tags = { 0 };

	memset(signature, 0x33, sizeof signature);
	buf_init(&good, 10000);
	sign_by_hand(&good, "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=a.test; s=ed; h=from",
	    "From: a@a.test\r\n", "x\r\n");
	tags = buf_str(&good);
	tags = str_slice(tags, str_find(tags, STR("bh=")), sizeof "bh=" - 1 + 44);
	for (int i = 0; i < DKIM_SIGNATURES_MAX; i++) {
		buf_add_c(out,
		    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.test; s=big; h=from; ");
		buf_add(out, tags);
		buf_add_c(out, "; b=");
		base64_write(out, str_of(signature, sizeof signature));
		buf_add_c(out, "\r\n");
	}
	buf_add_c(out, "From: a@a.test\r\n\r\nx\r\n");
	buf_release(&good);
}

struct message {
	struct dkim_content content;
	struct dkim_verify verify;
	bool is_done;
};

static void
begin_message(struct message *m, struct known_dns *known, struct str mail)
{
	size_t n = header_size(mail);

	*m = (struct message){ 0 };
	dkim_content_header(&m->content, str_head(mail, n));
	dkim_verify_start(&m->verify, &m->content, &known->dns, &known->task, NOW_S);
	dkim_content_body(&m->content, str_from(mail, n));
	dkim_content_end(&m->content);
}

/* How many signatures were computed by one more look. */
static size_t
look_once(struct message *m)
{
	size_t before = 0, after = 0;

	for (size_t i = 0; i < m->verify.count; i++)
		before += m->verify.checks[i].is_settled;
	m->is_done = dkim_verify_look(&m->verify);
	for (size_t i = 0; i < m->verify.count; i++)
		after += m->verify.checks[i].is_settled;
	return after - before;
}

/* Several messages with all that they may have: a turn computes as much as it may, and who comes later waits for so many. */
static void
test_turns(void)
{
	const size_t most = EFFORT_TURN_MAX / COST, all = HOSTILE_MAX * DKIM_SIGNATURES_MAX;
	struct message hostile[HOSTILE_MAX], honest;
	struct known_dns known;
	struct buf zone, mail, own;
	size_t turns = 0, computed = 0;

	TEST_ROW("turns");
	buf_init(&zone, 10000);
	buf_init(&mail, 20000);
	buf_init(&own, 10000);
	buf_add_c(&zone, zone_text);
	write_costly_key(&zone);
	write_costly_mail(&mail);
	sign_by_hand(&own, "v=1; a=ed25519-sha256; d=a.test; s=ed; h=from", "From: a@a.test\r\n",
	    "x\r\n");
	buf_add_c(&own, "From: a@a.test\r\n\r\nx\r\n");
	known_dns_init(&known, buf_c(&zone));
	for (size_t i = 0; i < HOSTILE_MAX; i++)
		begin_message(&hostile[i], &known, buf_str(&mail));
	begin_message(&honest, &known, buf_str(&own));
	for (; computed < all && turns < 2 * all; turns++) {
		size_t now = 0;

		known_dns_turn(&known);
		for (size_t i = 0; i < HOSTILE_MAX; i++)
			now += look_once(&hostile[i]);
		(void)look_once(&honest);
		CHECK(now > 0 && now <= most);
		computed += now;
	}
	CHECK(turns >= all / most && honest.is_done);
	CHECK_NUM(honest.verify.results[0].verdict, VERDICT_PASS);
	for (size_t i = 0; i < HOSTILE_MAX; i++) {
		CHECK(hostile[i].is_done);
		CHECK_NUM(hostile[i].verify.results[DKIM_SIGNATURES_MAX - 1].verdict, VERDICT_FAIL);
		CHECK_STR(hostile[i].verify.results[0].reason,
		    STR("the header was changed, or its key did not sign it"));
		end_verify(&hostile[i].verify, &hostile[i].content);
	}
	end_verify(&honest.verify, &honest.content);
	TEST_ROW("released while it waits");
	known_dns_turn(&known);
	for (size_t i = 0; i < HOSTILE_MAX; i++) {
		begin_message(&hostile[i], &known, buf_str(&mail));
		(void)look_once(&hostile[i]);
	}
	CHECK(!hostile[HOSTILE_MAX - 1].is_done);
	for (size_t i = 0; i < HOSTILE_MAX; i++)
		end_verify(&hostile[i].verify, &hostile[i].content);
	CHECK(list_empty(&known.task.queue->efforts));
	known_dns_release(&known);
	buf_release(&zone);
	buf_release(&mail);
	buf_release(&own);
}

int
main(void)
{
	known_dns_init(&dns, zone_text);
	invariant(private_key_parse(&key, STR(KEY_PEM)) == FAIL_NONE);
	test_examples();
	test_each_byte();
	test_rows();
	test_sign();
	test_sign_refused();
	test_crowds();
	test_turns();
	private_key_release(&key);
	known_dns_release(&dns);
	return test_end();
}
