/* What forgers do to a good message, or to ours: it must not prove what it did not, nor speak in our name. */
#include "delivery/intake.h"

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "crypto/private_key.h"
#include "codec/base64.h"
#include "crypto/hash.h"
#include "lib/known_dns.h"
#include "mailauth/dkim_header.h"
#include "mailauth/dkim_sign.h"
#include "store/store.h"

#define TRACE     "Return-Path: <a@evil.test>\r\nReceived: here\r\n"
#define HEAD      "From: Boss <boss@bank.test>\r\nSubject: pay\r\n"
#define BODY      "one euro\r\n"
#define OURS      "mx.test"
#define LOOKS_MAX 100

#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define KEY_PEM /* RFC 8032 7.1, test 1 */ \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
	"-----END PRIVATE KEY-----\n"

static const char zone_text[] =
    "s._domainkey.list.test TXT \"v=DKIM1; k=ed25519; p=" ED25519 "\"\n"
    "s._domainkey.other.test TXT \"v=DKIM1; k=ed25519; p=" ED25519 "\"\n"
    "s._domainkey.bank.test TXT \"v=DKIM1; k=ed25519; p=" ED25519 "\"\n"
    "_dmarc.bank.test TXT \"v=DMARC1; p=reject\"\n"
    "evil.test TXT \"v=spf1 +all\"\n"
    "_dmarc.evil.test TXT \"v=DMARC1; p=none\"\n";

static struct known_dns dns;
static struct private_key key;
static struct buf signature; /* of HEAD and BODY */
static struct store *store;
static struct blob_store *blobs;

/* SIGNED is a signature, the HEAD, and the empty line behind it is the row's. */
static const struct {
	const char *name, *front, *behind; /* of the signature and HEAD, with the body */
	enum verdict want;
	enum origin_advice advice;
} rows[] = {
	{ "as it was signed", "", "\r\n" BODY, VERDICT_PASS, ORIGIN_TAKE },
	{ "another body", "", "\r\nten euros\r\n", VERDICT_FAIL, ORIGIN_REFUSE },
	{ "a field more", "X-Seen: yes\r\n", "\r\n" BODY, VERDICT_PASS, ORIGIN_TAKE },
	{ "a line more behind the header", "", "Send ten euros\r\n\r\n" BODY, VERDICT_FAIL,
	    ORIGIN_REFUSE },
	{ "another body in front, and the good one behind an empty line", "",
	    "--x\r\nSubject: ten euros\r\n\r\n" BODY, VERDICT_FAIL, ORIGIN_REFUSE },
	{ "a line in front", "Send ten euros\r\n", "\r\n" BODY, VERDICT_FAIL, ORIGIN_REFUSE },
	{ "another From in front, and a line that is no field",
	    "From: boss@bank.test\r\nno field\r\n", "\r\n" BODY, VERDICT_NONE, ORIGIN_JUNK },
	{ "another From behind a line that is no field", "",
	    "no field at all\r\n.\r\nFrom: x@evil.test\r\n\r\n" BODY, VERDICT_NONE, ORIGIN_JUNK },
	{ "a line of a mailbox in front", "From boss@bank.test Thu Nov 26 00:00:00 2026\r\n",
	    "\r\n" BODY, VERDICT_FAIL, ORIGIN_REFUSE },
	{ "a control in a name ends the header", "", "X\x01: y\r\n\r\n" BODY, VERDICT_FAIL,
	    ORIGIN_REFUSE },
};

static void
sign(void)
{
	struct dkim_content c = { 0 };
	struct dkim_sign s = { .domain = STR("bank.test") };

	buf_init(&signature, DKIM_FIELD_MAX);
	dkim_content_header(&c, STR(HEAD));
	CHECK(dkim_sign_start(&s, &c) == FAIL_NONE);
	dkim_content_body(&c, STR(BODY));
	dkim_content_end(&c);
	CHECK(dkim_sign_write(&s, &c, STR("s"), &key, &signature) == FAIL_NONE);
	dkim_content_release(&c);
}

static struct origin *
start_as(struct str hello, struct str sender)
{
	static const struct mailauth_settings settings = { .check = true,
		.reject = true,
		.quarantine = true,
		.received_spf = true,
		.trusted_sealers = STR_INIT("list.test") };
	const struct origin_house house = { &dns.dns, &settings, STR(OURS) };
	struct origin_claim claim = { .envelope = { .hello = hello,
					  .sender = sender,
					  .receiver = STR(OURS),
					  .now_s = 2000000000 },
		.reverse = VERDICT_PERMERROR };

	CHECK(net_address_parse(STR("192.0.2.1"), &claim.envelope.client) == FAIL_NONE);
	return origin_new(&house, &dns.task, &claim);
}

static struct origin *
start(void)
{
	return start_as(STR("evil.test"), STR("a@evil.test"));
}

/* What is stored of it, in pieces of so many bytes. */
static void
take(struct intake *i, struct str in, size_t piece, struct buf *out)
{
	struct blob_name name;
	struct blob_map map;
	size_t looks = 0;

	CHECK(intake_start(i, blobs, STR("alice"), STR(TRACE), 10000000) == FAIL_NONE);
	i->above = str_find(STR(TRACE), STR("\r\n")) + 2;
	for (size_t at = 0; at < in.n; at += piece)
		intake_feed(i, str_slice(in, at, piece));
	CHECK(intake_end(i) == FAIL_NONE);
	while (!origin_look(i->origin) && looks < LOOKS_MAX) {
		known_dns_turn(&dns);
		looks++;
	}
	CHECK(looks < LOOKS_MAX);
	CHECK(intake_fill(i) == FAIL_NONE);
	CHECK(blob_write_finish(&i->writer, &name) == FAIL_NONE);
	CHECK(blob_map(blobs, STR("alice"), blob_name_str(&name), &map) == FAIL_NONE);
	buf_add(out, map.bytes);
	blob_unmap(&map);
	intake_cancel(i);
}

static void
test_rows(void)
{
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		struct buf in;

		TEST_ROW(rows[r].name);
		buf_init(&in, 100000);
		buf_add_c(&in, rows[r].front);
		buf_add(&in, buf_str(&signature));
		buf_add_c(&in, HEAD);
		buf_add_c(&in, rows[r].behind);
		for (size_t piece = 1; piece < 2 * in.n; piece = piece * 5 + 1) {
			struct origin *o = start();
			struct intake i = { .hostname = STR(OURS), .origin = o };
			struct buf out;

			buf_init(&out, 100000);
			take(&i, buf_str(&in), piece, &out);
			CHECK_NUM(o->dmarc.verdict, rows[r].want);
			CHECK_NUM(o->advice, rows[r].advice);
			CHECK(str_ends(buf_str(&out), buf_str(&in)));
			buf_release(&out);
			origin_free(&o);
		}
		buf_release(&in);
	}
}

/* --- chains ---------------------------------------------------------------------------------------- */

#define FROM  "header.from=bank.test"
#define NAMES "from:subject"

/* A message of the bank's that a list changed, with one set: what its sealer says, and how it signs. */
static const struct {
	const char *name, *domain, *results;
	const char *names, *length; /* h=, and l= with its ";" */
	const char *more;           /* behind the body that was signed */
	bool is_vouched_for;
} chains[] = {
	{ "good", "list.test", "list.test; dmarc=pass " FROM, NAMES, "", "", true },
	{ "in other words", "list.test",
	    "list.test; DMARC=Pass (p=reject dis=none) Header.From=BANK.test; spf=fail", NAMES, "",
	    "", true },
	{ "not trusted", "other.test", "list.test; dmarc=pass " FROM, NAMES, "", "", false },
	{ "it failed", "list.test", "list.test; dmarc=fail " FROM, NAMES, "", "", false },
	{ "for another domain", "list.test", "list.test; dmarc=pass header.from=evil.test", NAMES,
	    "", "", false },
	{ "for one below it", "list.test", "list.test; dmarc=pass header.from=a.bank.test", NAMES,
	    "", "", false },
	{ "for none", "list.test", "list.test; dmarc=pass", NAMES, "", "", false },
	{ "pass and fail", "list.test",
	    "list.test; dmarc=pass " FROM "; dmarc=fail header.from=evil.test", NAMES, "", "",
	    false },
	{ "fail and pass", "list.test",
	    "list.test; dmarc=fail header.from=evil.test; dmarc=pass " FROM, NAMES, "", "", false },
	{ "in a comment", "list.test", "list.test; spf=pass (; dmarc=pass " FROM ")", NAMES, "", "",
	    false },
	{ "in a quoted string", "list.test",
	    "list.test; spf=pass smtp.mailfrom=\"; dmarc=pass " FROM "; \"@evil.test", NAMES, "",
	    "", false },
	{ "all of the body, by its length", "list.test", "list.test; dmarc=pass " FROM, NAMES,
	    "l=10; ", "", true },
	{ "a part of the body", "list.test", "list.test; dmarc=pass " FROM, NAMES, "l=10; ",
	    "and nine\r\n", false },
	{ "who it is from was not signed", "list.test", "list.test; dmarc=pass " FROM, "subject",
	    "", "", false },
};

/* Sign what is in `text`, as relaxed header fields, and the field itself, which gets its b= and line end. */
static void
end_field(struct buf *text, struct buf *field)
{
	unsigned char digest[DKIM_DIGEST_BYTES];
	struct buf bytes;
	struct header own;
	struct str cur = buf_str(field);

	buf_init(&bytes, 100);
	CHECK(header_next(&cur, &own));
	dkim_header_write_own(text, DKIM_RELAXED, &own);
	hash_once(HASH_SHA256, buf_str(text), digest);
	CHECK(private_key_sign(&key, digest, &bytes));
	base64_write(field, buf_str(&bytes));
	buf_add_c(field, "\r\n");
	buf_release(&bytes);
}

static void
add_tags(struct buf *field, const char *name, size_t row)
{
	buf_add_c(field, name);
	buf_add_c(field, ": i=1; a=ed25519-sha256; s=s; d=");
	buf_add_c(field, chains[row].domain);
	buf_add_c(field, "; ");
}

static void
sign_message(size_t row, struct buf *field)
{
	struct dkim_content c = { 0 };
	unsigned char digest[DKIM_DIGEST_BYTES];
	struct buf text;

	buf_init(&text, 10000);
	hash_once(HASH_SHA256, STR(BODY), digest);
	add_tags(field, "ARC-Message-Signature", row);
	buf_add_c(field, chains[row].length);
	buf_add_c(field, "c=relaxed/relaxed; h=");
	buf_add_c(field, chains[row].names);
	buf_add_c(field, "; bh=");
	base64_write(field, str_of(digest, sizeof digest));
	buf_add_c(field, "; b=");
	dkim_content_header(&c, STR(HEAD));
	dkim_header_write_named(&text, &c, DKIM_RELAXED, str_c(chains[row].names));
	end_field(&text, field);
	dkim_content_release(&c);
	buf_release(&text);
}

/* The set of the row in front of the message. */
static void
seal(size_t row, struct buf *out)
{
	struct buf results, message, own, text;
	struct header field;
	struct str cur;

	buf_init(&results, 10000);
	buf_init(&message, 10000);
	buf_init(&own, 10000);
	buf_init(&text, 10000);
	buf_add_c(&results, "ARC-Authentication-Results: i=1; ");
	buf_add_c(&results, chains[row].results);
	buf_add_c(&results, "\r\n");
	sign_message(row, &message);
	cur = buf_str(&results);
	CHECK(header_next(&cur, &field));
	dkim_header_write(&text, DKIM_RELAXED, &field);
	cur = buf_str(&message);
	CHECK(header_next(&cur, &field));
	dkim_header_write(&text, DKIM_RELAXED, &field);
	add_tags(&own, "ARC-Seal", row);
	buf_add_c(&own, "cv=none; b=");
	end_field(&text, &own);
	buf_add(out, buf_str(&own));
	buf_add(out, buf_str(&message));
	buf_add(out, buf_str(&results));
	buf_add_c(out, HEAD "\r\n" BODY);
	buf_add_c(out, chains[row].more);
	buf_release(&results);
	buf_release(&message);
	buf_release(&own);
	buf_release(&text);
}

static void
test_chains(void)
{
	for (size_t r = 0; r < ARRAY_LEN(chains); r++) {
		struct origin *o = start();
		struct intake i = { .hostname = STR(OURS), .origin = o };
		struct buf in, out;

		TEST_ROW(chains[r].name);
		buf_init(&in, 100000);
		buf_init(&out, 100000);
		seal(r, &in);
		take(&i, buf_str(&in), 1000, &out);
		CHECK_NUM(o->arc.chain, VERDICT_PASS);
		CHECK_STR(o->arc.reason, STR(""));
		CHECK(str_find(buf_str(&out),
			  STR("arc=pass smtp.remote-ip=192.0.2.1 header.oldest-pass=0;")) !=
		    STR_NONE);
		CHECK_NUM(o->dmarc.verdict, VERDICT_FAIL);
		CHECK_NUM(o->is_vouched_for, chains[r].is_vouched_for);
		CHECK_NUM(o->advice, chains[r].is_vouched_for ? ORIGIN_TAKE : ORIGIN_REFUSE);
		buf_release(&in);
		buf_release(&out);
		origin_free(&o);
	}
}

/* --- room ------------------------------------------------------------------------------------------ */

#define LONG_BYTES 700 /* over RESULTS_VALUE_MAX */
#define NAME_MAX   320 /* bytes: SMTP_PATH_MAX */

/* Signatures whose every value is as long as it may be, and has to be written with the most bytes. */
static void
write_long(struct buf *out, char c)
{
	char value[LONG_BYTES];

	memset(value, c, sizeof value);
	for (int i = 0; i < DKIM_SIGNATURES_MAX + 1; i++) {
		buf_add_c(out, "DKIM-Signature: v=1");
		for (const char *tag = "dsiab"; *tag; tag++) {
			buf_add_c(out, "; ");
			buf_add_char(out, *tag);
			buf_add_char(out, '=');
			buf_add(out, str_of(value, sizeof value));
		}
		buf_add_c(out, "\r\n");
	}
}

/* Our fields are whole, and nothing else was touched. */
static void
check_whole(struct str out, struct str in)
{
	struct header field;
	struct str cur = out;

	CHECK(str_ends(out, in));
	CHECK(header_next(&cur, &field) && str_eq(field.name, STR("Return-Path")));
	CHECK(header_next(&cur, &field) && str_eq(field.name, STR("Received-SPF")));
	CHECK(header_next(&cur, &field) && str_eq(field.name, STR("Authentication-Results")));
	CHECK(str_find(field.value, STR("iprev=")) != STR_NONE);
	CHECK(header_next(&cur, &field) && str_eq(field.name, STR("Received")));
	CHECK_NUM(cur.n, in.n);
}

/* However long it is what strangers say: what we say of it has room, in small messages and those that lie on the disk. */
static void
test_room(void)
{
	static const char bytes[] = "\"\\x\xe2 (\x01";
	static const size_t bodies[] = { 0, 1, 30000, 64000, 130000, 300000 };

	for (size_t n = 0; n < ARRAY_LEN(bodies) * (sizeof bytes - 1) * 2; n++) {
		char c = bytes[n / ARRAY_LEN(bodies) % (sizeof bytes - 1)], name[NAME_MAX];
		size_t body = bodies[n % ARRAY_LEN(bodies)];
		bool has_sender = n % 2 != 0;
		struct buf in, out;
		struct origin *o;
		struct intake i = { .hostname = STR(OURS) };

		TEST_ROW("room");
		buf_init(&in, 1000000);
		buf_init(&out, 1000000);
		memset(name, c, sizeof name);
		i.origin = o = start_as(str_of(name, sizeof name),
		    has_sender ? str_of(name, sizeof name) : STR(""));
		buf_add_c(&in, "From: a@b.test\r\n");
		write_long(&in, c);
		buf_add_c(&in, "\r\n");
		for (size_t at = 0; at < body; at++)
			buf_add_char(&in, 'y');
		take(&i, buf_str(&in), 30000, &out);
		check_whole(buf_str(&out), buf_str(&in));
		buf_release(&in);
		buf_release(&out);
		origin_free(&o);
	}
}

int
main(void)
{
	char path[300];

	clock_fake(1000, 1000);
	snprintf(path, sizeof path, "%s/store.db", test_folder());
	CHECK(store_open(&store, NULL, str_c(path), NULL) == FAIL_NONE);
	snprintf(path, sizeof path, "%s/mail", test_folder());
	CHECK(blob_open(&blobs, NULL, store, str_c(path)) == FAIL_NONE);
	CHECK(blob_recover(blobs) == FAIL_NONE);
	known_dns_init(&dns, zone_text);
	invariant(private_key_parse(&key, STR(KEY_PEM)) == FAIL_NONE);
	sign();
	test_rows();
	test_chains();
	test_room();
	CHECK(blob_commit(blobs) == FAIL_NONE);
	buf_release(&signature);
	private_key_release(&key);
	known_dns_release(&dns);
	blob_close(&blobs);
	store_close(&store);
	return test_end();
}
