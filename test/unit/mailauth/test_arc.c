/* Chains: made by us, as long as they may be, and broken everywhere. */
#include "mailauth/arc_verify.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/known_dns.h"
#include "mailauth/arc_seal.h"
#include "mailauth/dkim_header.h"
#include "mailauth/dkim_write.h"

#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define KEY_PEM /* RFC 8032 7.1, test 1 */ \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
	"-----END PRIVATE KEY-----\n"
#define MAIL      "From: Ann <ann@a.test>\r\nTo: bob@b.test\r\nSubject: Hi\r\n\r\nHello\r\n"
#define NOW_S     2000000000
#define MAIL_MAX  (1 << 20)
#define LOOKS_MAX (2 * ARC_SETS_MAX + 2)

static const char zone_text[] = "ed._domainkey.a.test TXT \"v=DKIM1; k=ed25519; p=" ED25519 "\"\n"
				"slow._domainkey.a.test TXT TIMEOUT\n";

static struct known_dns dns;
static struct private_key key;

static void
verify(struct arc_verify *a, struct dkim_content *c, struct str mail, size_t step)
{
	size_t n = header_size(mail), looks = 0;

	*c = (struct dkim_content){ 0 };
	dkim_content_header(c, str_head(mail, n));
	arc_verify_start(a, c, &dns.dns, &dns.task, NOW_S);
	CHECK(!arc_verify_look(a) || a->is_settled);
	for (struct str s = str_from(mail, n); s.n > 0; s = str_from(s, step))
		dkim_content_body(c, str_head(s, step));
	dkim_content_end(c);
	while (!arc_verify_look(a) && looks < LOOKS_MAX) {
		known_dns_turn(&dns);
		looks++;
	}
	CHECK(looks < 2 * a->count + 1);
}

static void
end_verify(struct arc_verify *a, struct dkim_content *c)
{
	arc_verify_release(a);
	dkim_content_release(c);
}

/* One more set before the message, which it is put in place of. */
static enum fail
seal(struct buf *mail, struct str selector)
{
	struct arc_seal seal = { .domain = STR("a.test"),
		.selector = selector,
		.results = STR("mx.a.test; spf=pass smtp.mailfrom=a.test;\r\n\tarc=none"),
		.time_s = NOW_S };
	struct str text = buf_str(mail);
	size_t n = header_size(text);
	struct dkim_content c = { 0 };
	struct arc_verify a;
	struct buf out;
	enum fail fail;

	buf_init(&out, MAIL_MAX);
	dkim_content_header(&c, str_head(text, n));
	arc_verify_start(&a, &c, &dns.dns, &dns.task, NOW_S);
	CHECK_NUM(arc_seal_start(&seal, &c), FAIL_NONE);
	dkim_content_body(&c, str_from(text, n));
	dkim_content_end(&c);
	while (!arc_verify_look(&a))
		known_dns_turn(&dns);
	fail = arc_seal_write(&seal, &c, &a, &key, &out);
	CHECK(fail == FAIL_NONE || out.n == 0);
	buf_add(&out, text);
	end_verify(&a, &c);
	buf_release(mail);
	*mail = out;
	return fail;
}

static struct buf
chain_of(size_t count)
{
	struct buf mail;

	buf_init(&mail, MAIL_MAX);
	buf_add_c(&mail, MAIL);
	for (size_t i = 0; i < count; i++)
		CHECK_NUM(seal(&mail, STR("ed")), FAIL_NONE);
	return mail;
}

static void
replace(struct buf *mail, const char *what, const char *by)
{
	struct str text = buf_str(mail);
	size_t at = str_find(text, str_c(what));
	struct buf out;

	invariant(at != STR_NONE);
	buf_init(&out, MAIL_MAX);
	buf_add(&out, str_head(text, at));
	buf_add_c(&out, by);
	buf_add(&out, str_from(text, at + str_c(what).n));
	buf_release(mail);
	*mail = out;
}

static void
test_good(void)
{
	static const size_t counts[] = { 0, 1, 2, 3, ARC_SETS_MAX };

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct buf mail = chain_of(counts[i]);
		struct dkim_content c;
		struct arc_verify a;

		TEST_ROW("good");
		verify(&a, &c, buf_str(&mail), 1 + i);
		CHECK_NUM(a.chain, counts[i] ? VERDICT_PASS : VERDICT_NONE);
		CHECK_STR(a.reason, STR(""));
		CHECK_NUM(a.count, counts[i]);
		CHECK_NUM(a.oldest_pass, 0);
		CHECK_NUM(a.is_full, counts[i] == ARC_SETS_MAX);
		for (size_t n = 0; n < a.count; n++) {
			CHECK(a.sets[n].is_message_good);
			CHECK_STR(a.sets[n].seal_signature.d, STR("a.test"));
			CHECK_STR(a.sets[n].authentication,
			    STR("mx.a.test; spf=pass smtp.mailfrom=a.test;\r\n\tarc=none"));
		}
		end_verify(&a, &c);
		if (counts[i] == ARC_SETS_MAX)
			CHECK_NUM(seal(&mail, STR("ed")), FAIL_DENIED);
		buf_release(&mail);
	}
}

/* What a list does: it seals what it changed. */
static void
test_changed_on_the_way(void)
{
	struct buf mail = chain_of(2);
	struct dkim_content c;
	struct arc_verify a;

	TEST_ROW("changed between sealers");
	buf_add_c(&mail, "-- \r\nThe list\r\n");
	verify(&a, &c, buf_str(&mail), 1);
	CHECK_NUM(a.chain, VERDICT_FAIL);
	CHECK_NUM(a.broken, 2);
	CHECK_STR(a.reason, STR("the body was changed"));
	end_verify(&a, &c);
	/* The list judged it before it changed it. */
	buf_release(&mail);
	mail = chain_of(2);
	struct str text = buf_str(&mail);
	size_t n = header_size(text);
	struct dkim_content changed = { 0 };
	struct arc_seal s = { .domain = STR("a.test"),
		.selector = STR("ed"),
		.results = STR("list.test; arc=pass") };
	struct buf out;

	verify(&a, &c, text, 100);
	CHECK_NUM(a.chain, VERDICT_PASS);
	buf_init(&out, MAIL_MAX);
	dkim_content_header(&changed, str_head(text, n));
	CHECK_NUM(arc_seal_start(&s, &changed), FAIL_NONE);
	dkim_content_body(&changed, str_from(text, n));
	dkim_content_body(&changed, STR("-- \r\nThe list\r\n"));
	dkim_content_end(&changed);
	CHECK_NUM(arc_seal_write(&s, &changed, &a, &key, &out), FAIL_NONE);
	end_verify(&a, &c);
	buf_add(&out, text);
	buf_add_c(&out, "-- \r\nThe list\r\n");
	verify(&a, &c, buf_str(&out), 100);
	CHECK_NUM(a.chain, VERDICT_PASS);
	CHECK_NUM(a.oldest_pass, 3);
	CHECK(a.sets[2].is_message_good && !a.sets[1].is_message_good);
	end_verify(&a, &c);
	dkim_content_release(&changed);
	buf_release(&out);
	buf_release(&mail);
}

static const struct {
	const char *name, *what, *by;
	uint32_t broken;
	const char *reason;
} rows[] = {
	/* of a chain of three */
	{ "a result", "i=1; mx.a.test", "i=1; mx.b.test", 3,
	    "the chain was changed, or its key did not seal it" },
	{ "the newest result", "i=3; mx.a.test", "i=3; mx.b.test", 3,
	    "the chain was changed, or its key did not seal it" },
	{ "the subject", "Subject: Hi", "Subject: Ho", 3,
	    "the header was changed, or its key did not sign it" },
	{ "the body", "Hello", "Hallo", 3, "the body was changed" },
	{ "another From", "From: Ann", "From: Eve <e@e.test>\r\nFrom: Ann", 3,
	    "the header was changed, or its key did not sign it" },
	{ "no results", "ARC-Authentication-Results: i=2", "X-Results: i=2", 2,
	    "a set is not complete" },
	{ "no message signature", "ARC-Message-Signature: i=1", "X-Signature: i=1", 1,
	    "a set is not complete" },
	{ "no seal", "ARC-Seal: i=3", "X-Seal: i=3", 3, "a set is not complete" },
	{ "results twice", "From: Ann", "ARC-Authentication-Results: i=2; x\r\nFrom: Ann", 2,
	    "a field of a set is there twice" },
	{ "a gap", "From: Ann", "ARC-Authentication-Results: i=5; x\r\nFrom: Ann", 5,
	    "a set is not complete" },
	{ "too many", "From: Ann", "ARC-Authentication-Results: i=51; x\r\nFrom: Ann", 0,
	    "more sets than there may be" },
	{ "far too many", "From: Ann", "ARC-Seal: i=4294967295; x=\r\nFrom: Ann", 0,
	    "more sets than there may be" },
	{ "no instance", "From: Ann", "ARC-Seal: a=b\r\nFrom: Ann", 0,
	    "a field without an instance" },
	{ "instance 0", "From: Ann", "ARC-Authentication-Results: i=0; x\r\nFrom: Ann", 0,
	    "a field without an instance" },
	{ "results without an instance", "From: Ann",
	    "ARC-Authentication-Results: x; y\r\nFrom: Ann", 0, "a field without an instance" },
	{ "cv=none in between", "cv=pass", "cv=none", 3,
	    "a sealer says something else of the chain before (cv=)" },
	{ "cv=pass at first", "cv=none", "cv=pass", 1,
	    "a sealer says something else of the chain before (cv=)" },
	{ "cv=fail at last", "cv=pass", "cv=fail", 3, "its last sealer found it broken" },
	{ "cv=fail at first", "cv=none", "cv=fail", 1,
	    "a sealer says something else of the chain before (cv=)" },
	{ "another cv", "cv=none", "cv=neutral", 1, "a wrong state of the chain (cv=)" },
	{ "h= in a seal", "cv=pass", "h=from; cv=pass", 3, "h= in a seal" },
	{ "a damaged seal", "ARC-Seal: i=2; a=ed25519-sha256", "ARC-Seal: i=2; a=x", 2,
	    "an unknown algorithm (a=)" },
	{ "another key", "ARC-Seal: i=2; a=ed25519-sha256; d=a.test; s=ed",
	    "ARC-Seal: i=2; a=ed25519-sha256; d=a.test; s=no", 3,
	    "the chain was changed, or its key did not seal it" },
	{ "no key", "ARC-Seal: i=3; a=ed25519-sha256; d=a.test; s=ed",
	    "ARC-Seal: i=3; a=ed25519-sha256; d=a.test; s=no", 3, "there is no key" },
	{ "a damaged message signature", "ARC-Message-Signature: i=3; a=ed25519-sha256",
	    "ARC-Message-Signature: i=3; a=rsa-sha1", 3, "rsa-sha1 is historic (RFC 8301)" },
};

static void
test_broken(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf mail = chain_of(3);
		struct dkim_content c;
		struct arc_verify a;

		TEST_ROW(rows[i].name);
		replace(&mail, rows[i].what, rows[i].by);
		verify(&a, &c, buf_str(&mail), 7);
		CHECK_NUM(a.chain, VERDICT_FAIL);
		CHECK_NUM(a.broken, rows[i].broken);
		CHECK_STR(a.reason, str_c(rows[i].reason));
		CHECK(!a.is_temporary);
		end_verify(&a, &c);
		buf_release(&mail);
	}
}

/* A broken chain is sealed once more, to say so; then it has ended (5.1.2, 5.1 step 2). */
static void
test_end_of_chain(void)
{
	struct buf mail = chain_of(2);
	struct dkim_content c;
	struct arc_verify a;

	TEST_ROW("the end of a chain");
	replace(&mail, "Hello", "Hallo");
	CHECK_NUM(seal(&mail, STR("ed")), FAIL_NONE);
	CHECK_HAS(buf_str(&mail), STR("cv=fail;"));
	verify(&a, &c, buf_str(&mail), 7);
	CHECK_NUM(a.chain, VERDICT_FAIL);
	CHECK_NUM(a.count, 3);
	CHECK_NUM(a.broken, 3);
	CHECK_STR(a.reason, STR("its last sealer found it broken"));
	end_verify(&a, &c);
	CHECK_NUM(seal(&mail, STR("ed")), FAIL_DENIED);
	buf_release(&mail);
}

/* DNS that does not answer fails the chain (5.2.1), and nothing is sealed that would say so for ever. */
static void
test_no_answer(void)
{
	struct buf mail = chain_of(1);
	struct dkim_content c;
	struct arc_verify a;

	TEST_ROW("no answer");
	CHECK_NUM(seal(&mail, STR("slow")), FAIL_NONE);
	verify(&a, &c, buf_str(&mail), 7);
	CHECK_NUM(a.chain, VERDICT_FAIL);
	CHECK(a.is_temporary);
	CHECK_STR(a.reason, STR("DNS did not answer"));
	end_verify(&a, &c);
	CHECK_NUM(seal(&mail, STR("ed")), FAIL_TEMP);
	buf_release(&mail);
}

/* Each byte of a chain of two changed. */
static void
test_each_byte(void)
{
	struct buf mail = chain_of(2);
	size_t pad = str_find(buf_str(&mail), STR("=="));

	TEST_ROW("each byte");
	for (size_t i = 0; i < mail.n; i++) {
		struct dkim_content c;
		struct arc_verify a;
		char was = mail.p[i];

		/* The last character of 64 bytes as base64 has bits that mean nothing. */
		if (was == '\r' || was == '\n' || i + 1 == pad)
			continue;
		mail.p[i] = was == 'x' ? 'y' : 'x';
		verify(&a, &c, buf_str(&mail), 1000);
		CHECK(a.chain != VERDICT_PASS);
		end_verify(&a, &c);
		mail.p[i] = was;
	}
	buf_release(&mail);
}

static void
begin_field(struct dkim_writer *w, const char *name)
{
	dkim_write_begin(w, name);
	dkim_write_tag(w, "i", STR("1"));
	dkim_write_tag(w, "a", STR("ed25519-sha256"));
	dkim_write_tag(w, "d", STR("a.test"));
	dkim_write_tag(w, "s", STR("ed"));
}

/* A first set by somebody who leaves out c=, and signs these fields. */
static void
seal_by_hand(struct buf *out, enum dkim_canon canon, struct str names)
{
	static const char results[] = "ARC-Authentication-Results: i=1; mx; none\r\n";
	struct dkim_content c = { 0 };
	struct dkim_writer w = { .out = out }, v;
	struct header field;
	struct buf text, message;
	struct str cur = str_c(results);

	buf_init(&text, MAIL_MAX);
	buf_init(&message, MAIL_MAX);
	v = (struct dkim_writer){ .out = &message };
	dkim_content_header(&c, STR(MAIL));
	CHECK_NUM(dkim_body_want(&c.bodies[canon], DKIM_LENGTH_ALL), FAIL_NONE);
	dkim_content_body(&c, STR("Hello\r\n\r\n"));
	dkim_content_end(&c);
	begin_field(&v, "ARC-Message-Signature");
	dkim_write_tag(&v, "h", names);
	dkim_write_bytes(&v, "bh",
	    str_of(dkim_body_digest(&c.bodies[canon], DKIM_LENGTH_ALL), DKIM_DIGEST_BYTES));
	dkim_header_write_named(&text, &c, canon, names);
	CHECK_NUM(dkim_write_signature(&v, &text, canon, &key), FAIL_NONE);
	buf_clear(&text);
	CHECK(header_next(&cur, &field));
	dkim_header_write(&text, DKIM_RELAXED, &field);
	cur = buf_str(&message);
	CHECK(header_next(&cur, &field));
	dkim_header_write(&text, DKIM_RELAXED, &field);
	begin_field(&w, "ARC-Seal");
	dkim_write_tag(&w, "cv", STR("none"));
	CHECK_NUM(dkim_write_signature(&w, &text, DKIM_RELAXED, &key), FAIL_NONE);
	buf_add(out, buf_str(&message));
	buf_add_c(out, results);
	dkim_content_release(&c);
	buf_release(&message);
	buf_release(&text);
}

/* Without c= both forms are right; and no field need be signed. */
static void
test_drafts(void)
{
	static const struct {
		const char *name, *names, *mail;
		enum dkim_canon canon;
		enum verdict want;
	} drafts[] = {
		{ "simple", "from:to", MAIL, DKIM_SIMPLE, VERDICT_PASS },
		{ "relaxed", "from:to", MAIL, DKIM_RELAXED, VERDICT_PASS },
		{ "relaxed, and blanks were changed", "from:to",
		    "From:Ann  <ann@a.test>\r\nTo: bob@b.test\r\n\r\nHello \r\n", DKIM_RELAXED,
		    VERDICT_PASS },
		{ "simple, and blanks were changed", "from:to",
		    "From:Ann  <ann@a.test>\r\nTo: bob@b.test\r\n\r\nHello \r\n", DKIM_SIMPLE,
		    VERDICT_FAIL },
		{ "no field", "", MAIL, DKIM_RELAXED, VERDICT_PASS },
		{ "no field, and the body was changed", "", MAIL "x", DKIM_RELAXED, VERDICT_FAIL },
	};

	for (size_t i = 0; i < ARRAY_LEN(drafts); i++) {
		struct dkim_content c;
		struct arc_verify a;
		struct buf mail;

		TEST_ROW(drafts[i].name);
		buf_init(&mail, MAIL_MAX);
		seal_by_hand(&mail, drafts[i].canon, str_c(drafts[i].names));
		buf_add_c(&mail, drafts[i].mail);
		verify(&a, &c, buf_str(&mail), 7);
		CHECK_NUM(a.chain, drafts[i].want);
		end_verify(&a, &c);
		buf_release(&mail);
	}
}

static void
test_refused(void)
{
	static const char *const bad[] = { "", " ", "mx\r\nBcc: x", "mx\n x", "mx\x01", "mx\r\n" };
	struct arc_seal s = { .domain = STR("a.test"), .selector = STR("ed") };
	struct dkim_content c = { 0 };

	dkim_content_header(&c, STR(MAIL));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		TEST_ROW(bad[i]);
		s.results = str_c(bad[i]);
		CHECK_NUM(arc_seal_start(&s, &c), FAIL_SYNTAX);
	}
	s.results = STR("mx; none");
	CHECK_NUM(arc_seal_start(&s, &c), FAIL_NONE);
	s.names = STR("to:from");
	CHECK_NUM(arc_seal_start(&s, &c), FAIL_NONE);
	s.names = STR("to");
	CHECK_NUM(arc_seal_start(&s, &c), FAIL_SYNTAX);
	s.names = (struct str){ 0 };
	s.domain = STR("a..b");
	CHECK_NUM(arc_seal_start(&s, &c), FAIL_SYNTAX);
	dkim_content_release(&c);
}

/* Where others compute so much that a turn has room for one more: of the longest chain, too, one is done in each. */
static void
test_turns(void)
{
	struct buf mail = chain_of(ARC_SETS_MAX);
	struct str text = buf_str(&mail);
	size_t n = header_size(text), turns = 0, left;
	struct dkim_content c = { 0 };
	struct arc_verify a;

	TEST_ROW("one signature in each turn");
	dkim_content_header(&c, str_head(text, n));
	arc_verify_start(&a, &c, &dns.dns, &dns.task, NOW_S);
	dkim_content_body(&c, str_from(text, n));
	dkim_content_end(&c);
	do {
		known_dns_turn(&dns);
		dns.loop.tasks.spent = EFFORT_TURN_MAX;
		left = a.messages + a.seals;
		(void)arc_verify_look(&a);
		CHECK_NUM(a.messages + a.seals, turns == 0 ? left : left - 1);
		turns++;
	} while (!a.is_settled && turns <= 2 * ARC_SETS_MAX);
	CHECK_NUM(turns, 2 * ARC_SETS_MAX + 1);
	CHECK_NUM(a.chain, VERDICT_PASS);
	end_verify(&a, &c);
	buf_release(&mail);
}

/* Servers that answer each question in time, but all of them together not. */
static void
test_late(void)
{
	struct buf mail = chain_of(3);
	struct str text = buf_str(&mail);
	size_t n = header_size(text);
	struct dkim_content c = { 0 };
	struct effort others = { .cost = 0 };
	struct arc_verify a;

	TEST_ROW("late");
	clock_fake(1000, 1000);
	dkim_content_header(&c, str_head(text, n));
	arc_verify_start(&a, &c, &dns.dns, &dns.task, NOW_S);
	dkim_content_body(&c, str_from(text, n));
	dkim_content_end(&c);
	CHECK(a.sets[2].message_key.op.owner != NULL && a.sets[1].message_key.op.owner == NULL);
	clock_fake(1000 + 10 * ARC_TIME_MS, 1000); /* the body came slowly: that does not count */
	known_dns_turn(&dns);
	CHECK(effort_take(&others, &dns.task, EFFORT_TURN_MAX));
	CHECK(!arc_verify_look(&a));
	clock_fake(1000 + 11 * ARC_TIME_MS, 1000);
	CHECK(!arc_verify_look(&a));
	clock_fake(1001 + 11 * ARC_TIME_MS, 1000);
	CHECK(arc_verify_look(&a));
	CHECK_NUM(a.chain, VERDICT_FAIL);
	CHECK(a.is_temporary);
	end_verify(&a, &c);
	buf_release(&mail);
}

int
main(void)
{
	known_dns_init(&dns, zone_text);
	invariant(private_key_parse(&key, STR(KEY_PEM)) == FAIL_NONE);
	test_good();
	test_changed_on_the_way();
	test_broken();
	test_end_of_chain();
	test_no_answer();
	test_each_byte();
	test_drafts();
	test_refused();
	test_turns();
	test_late();
	private_key_release(&key);
	known_dns_release(&dns);
	return test_end();
}
