/* Opening a conversation: greeting, EHLO, TLS, logging in. */

#include "fixture.h"

#include "fake_seven.h"

/* rooms */
#include "tls/credential.h"
#include "codec/pem.h"
#include "tls/x509.h"

#define GREETING "S 220 mx.test ESMTP\n"
#define HELLO    GREETING "C EHLO me.test\n"
#define TLS      HELLO "S 250-mx\nS 250 STARTTLS\nC STARTTLS\n"
#define USER     "YW5u"     /* ann */
#define SECRET   "c2VjcmV0" /* secret */
#define PLAIN    "AGFubgBzZWNyZXQ="
#define OFFERS \
	"S 250-mx.test at your service\nS 250-PIPELINING\nS 250-size 1000000\nS 250-8BITMIME\n" \
	"S 250-CHUNKING\nS 250-BINARYMIME\nS 250-SMTPUTF8\nS 250-DSN\nS 250-REQUIRETLS\n" \
	"S 250-DELIVERBY 240\nS 250-MT-PRIORITY MIXER\nS 250-X-OTHER a b\n" \
	"S 250-LIMITS RCPTMAX=20 MAILMAX=5 RCPTDOMAINMAX=1\nS 250 ENHANCEDSTATUSCODES\n"
#define ALL_OFFERS \
	(SMTPC_HAS_ESMTP | SMTPC_HAS_PIPELINING | SMTPC_HAS_SIZE | SMTPC_HAS_8BITMIME | \
	    SMTPC_HAS_CHUNKING | SMTPC_HAS_BINARYMIME | SMTPC_HAS_SMTPUTF8 | SMTPC_HAS_DSN | \
	    SMTPC_HAS_DELIVERBY | SMTPC_HAS_PRIORITY | SMTPC_HAS_STATUS)

enum {
	LMTP = 1,
	IMPLICIT = 2,
	LOGIN = 4,
	NO_TRUST = 8,
	OTHER_TRUST = 16,
	FAR = 32,
	DEMANDED = 64,    /* by the receiving domain */
	DANE_WRONG = 128, /* its TLSA record is about another key */
};
#define OFFERED (SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS)

static const struct {
	const char *name;
	unsigned flags;
	enum smtpc_tls tls;
	const char *script;
	enum fail want;
	enum smtpc_stage stage;
	unsigned code;
	struct status status;
	unsigned has;
	bool is_tls, is_verified, is_tls_failed;
} rows[] = {
	{ "plain", 0, SMTPC_TLS_MAY, HELLO "S 250 mx\n", FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP,
	    false, false, false },
	{ "greeting of many lines", 0, SMTPC_TLS_MAY,
	    "S 220-hello\nS 220-you\nS 220 there\nC EHLO me.test\nS 250 mx\n", FAIL_NONE, 0, 0,
	    { 0 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "all offers", 0, SMTPC_TLS_MAY, HELLO OFFERS, FAIL_NONE, 0, 0, { 0 }, ALL_OFFERS, false,
	    false, false },
	{ "LMTP", LMTP, SMTPC_TLS_MAY, GREETING "C LHLO me.test\nS 250-mx\nS 250 PIPELINING\n",
	    FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP | SMTPC_HAS_PIPELINING, false, false, false },
	{ "HELO", 0, SMTPC_TLS_MAY, HELLO "S 502 what?\nC HELO me.test\nS 250 mx\n", FAIL_NONE, 0,
	    0, { 0 }, 0, false, false, false },
	{ "offers of HELO are none", 0, SMTPC_TLS_MAY,
	    HELLO "S 550 what?\nC HELO me.test\nS 250-mx\nS 250 STARTTLS\n", FAIL_NONE, 0, 0, { 0 },
	    0, false, false, false },
	{ "HELO refused", 0, SMTPC_TLS_MAY, HELLO "S 500 what?\nC HELO me.test\nS 550 no\n",
	    FAIL_PERM, SMTPC_AT_HELLO, 550, { 5, 1, 0 }, 0, false, false, false },
	{ "LHLO not known", LMTP, SMTPC_TLS_MAY, GREETING "C LHLO me.test\nS 500 what?\n",
	    FAIL_PERM, SMTPC_AT_HELLO, 500, { 5, 5, 2 }, 0, false, false, false },
	{ "EHLO refused", 0, SMTPC_TLS_MAY, HELLO "S 554 5.7.1 no\n", FAIL_PERM, SMTPC_AT_HELLO,
	    554, { 5, 7, 1 }, 0, false, false, false },
	{ "EHLO later", 0, SMTPC_TLS_MAY, HELLO "S 451 later\n", FAIL_TEMP, SMTPC_AT_HELLO, 451,
	    { 4, 3, 0 }, 0, false, false, false },
	{ "greeting later", 0, SMTPC_TLS_MAY, "S 450 later\n", FAIL_TEMP, SMTPC_AT_GREETING, 450,
	    { 4, 2, 0 }, 0, false, false, false },
	{ "no service", 0, SMTPC_TLS_MAY, "S 554 no\n", FAIL_PERM, SMTPC_AT_GREETING, 554,
	    { 5, 0, 0 }, 0, false, false, false },
	{ "no mail here", 0, SMTPC_TLS_MAY, "S 521 no\n", FAIL_PERM, SMTPC_AT_GREETING, 521,
	    { 5, 3, 2 }, 0, false, false, false },
	{ "a greeting that asks", 0, SMTPC_TLS_MAY, "S 354 what\n", FAIL_TEMP, SMTPC_AT_GREETING, 0,
	    { 4, 5, 0 }, 0, false, false, false },

	/* TLS */
	{ "TLS", 0, SMTPC_TLS_MAY, TLS "S 220 go\nT\nC EHLO me.test\nS 250 mx\n", FAIL_NONE, 0, 0,
	    { 0 }, SMTPC_HAS_ESMTP, true, true, false },
	{ "offers before TLS are forgotten", 0, SMTPC_TLS_MAY,
	    HELLO
	    "S 250-mx\nS 250-DSN\nS 250-AUTH PLAIN\nS 250-LIMITS RCPTMAX=1\n"
	    "S 250 STARTTLS\nC STARTTLS\nS 220 go\nT\nC EHLO me.test\nS 250-mx\nS 250 8BITMIME\n",
	    FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP | SMTPC_HAS_8BITMIME, true, true, false },
	{ "TLS is not asked for twice", 0, SMTPC_TLS_MAY,
	    TLS "S 220 go\nT\nC EHLO me.test\nS 250-mx\nS 250 STARTTLS\n", FAIL_NONE, 0, 0, { 0 },
	    SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, true, true, false },
	{ "TLS never", 0, SMTPC_TLS_NEVER, HELLO "S 250-mx\nS 250 STARTTLS\n", FAIL_NONE, 0, 0,
	    { 0 }, SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, false, false, false },
	{ "TLS with whomever", OTHER_TRUST, SMTPC_TLS_MAY,
	    TLS "S 220 go\nT\nC EHLO me.test\nS 250 mx\n", FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP,
	    true, false, false },
	{ "TLS, nobody trusted", NO_TRUST, SMTPC_TLS_MUST,
	    TLS "S 220 go\nT\nC EHLO me.test\nS 250 mx\n", FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP,
	    true, false, false },
	{ "TLS, verified", 0, SMTPC_TLS_VERIFIED, TLS "S 220 go\nT\nC EHLO me.test\nS 250 mx\n",
	    FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP, true, true, false },
	{ "TLS over LMTP", LMTP, SMTPC_TLS_MUST,
	    GREETING "C LHLO me.test\nS 250-mx\nS 250 STARTTLS\nC STARTTLS\nS 220 go\nT\n"
		     "C LHLO me.test\nS 250 mx\n",
	    FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP, true, true, false },
	{ "wrong certificate", OTHER_TRUST, SMTPC_TLS_VERIFIED, TLS "S 220 go\nT\n", FAIL_PERM,
	    SMTPC_AT_TLS, 0, { 5, 7, 5 }, SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, false, false,
	    true },
	{ "nobody to verify by", NO_TRUST, SMTPC_TLS_VERIFIED, TLS "S 220 go\n", FAIL_PERM,
	    SMTPC_AT_TLS, 0, { 5, 7, 5 }, SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, false, false,
	    true },
	{ "TLS refused, may", 0, SMTPC_TLS_MAY, TLS "S 454 4.7.0 later\n", FAIL_NONE, 0, 0, { 0 },
	    SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, false, false, false },
	{ "TLS refused for good, may", 0, SMTPC_TLS_MAY, TLS "S 502 what?\n", FAIL_NONE, 0, 0,
	    { 0 }, SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, false, false, false },
	{ "TLS refused, must", 0, SMTPC_TLS_MUST, TLS "S 454 4.3.0 later\n", FAIL_TEMP,
	    SMTPC_AT_TLS, 454, { 4, 7, 10 }, SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, false, false,
	    false },
	{ "TLS refused for good, must", 0, SMTPC_TLS_VERIFIED, TLS "S 502 5.5.1 what?\n", FAIL_PERM,
	    SMTPC_AT_TLS, 502, { 5, 7, 10 }, SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, false, false,
	    false },
	{ "TLS not offered, must", 0, SMTPC_TLS_MUST, HELLO "S 250 mx\n", FAIL_PERM, SMTPC_AT_TLS,
	    0, { 5, 7, 10 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "TLS not offered by HELO, must", 0, SMTPC_TLS_MUST,
	    HELLO "S 502 what\nC HELO me.test\nS 250 mx\n", FAIL_PERM, SMTPC_AT_TLS, 0,
	    { 5, 7, 10 }, 0, false, false, false },
	{ "words before the handshake", 0, SMTPC_TLS_MAY, TLS "R 220 go|250 injected|\nW\n",
	    FAIL_TEMP, SMTPC_AT_TLS, 0, { 4, 7, 5 }, SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, false,
	    false, true },
	{ "words in place of the handshake", 0, SMTPC_TLS_MAY, TLS "S 220 go\nR hello hello\nW\n",
	    FAIL_TEMP, SMTPC_AT_TLS, 0, { 4, 7, 5 }, SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, false,
	    false, true },
	{ "closed in place of the handshake", 0, SMTPC_TLS_MAY, TLS "S 220 go\nX\n", FAIL_TEMP,
	    SMTPC_AT_TLS, 0, { 4, 7, 5 }, SMTPC_HAS_ESMTP | SMTPC_HAS_STARTTLS, false, false,
	    true },
	/* what the receiving domain demands */
	{ "DANE", OTHER_TRUST | DEMANDED, SMTPC_TLS_DANE,
	    TLS "S 220 go\nT\nC EHLO me.test\nS 250 mx\n", FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP,
	    true, false, false },
	{ "DANE, nobody trusted", NO_TRUST | DEMANDED, SMTPC_TLS_DANE,
	    TLS "S 220 go\nT\nC EHLO me.test\nS 250 mx\n", FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP,
	    true, false, false },
	{ "DANE, another key of somebody trusted", DANE_WRONG | DEMANDED, SMTPC_TLS_DANE,
	    TLS "S 220 go\nT\n", FAIL_TEMP, SMTPC_AT_TLS, 0, { 4, 7, 5 }, OFFERED, true, true,
	    true },
	{ "DANE, TLS is not offered", DEMANDED, SMTPC_TLS_DANE, HELLO "S 250 mx\n", FAIL_TEMP,
	    SMTPC_AT_TLS, 0, { 4, 7, 10 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "DANE, TLS is refused for good", DEMANDED, SMTPC_TLS_DANE, TLS "S 502 what?\n", FAIL_TEMP,
	    SMTPC_AT_TLS, 502, { 4, 7, 10 }, OFFERED, false, false, false },
	{ "DANE, closed in place of the handshake", DEMANDED, SMTPC_TLS_DANE, TLS "S 220 go\nX\n",
	    FAIL_TEMP, SMTPC_AT_TLS, 0, { 4, 7, 5 }, OFFERED, false, false, true },
	{ "demanded, wrong certificate", OTHER_TRUST | DEMANDED, SMTPC_TLS_VERIFIED,
	    TLS "S 220 go\nT\n", FAIL_TEMP, SMTPC_AT_TLS, 0, { 4, 7, 5 }, OFFERED, false, false,
	    true },
	{ "demanded, TLS is not offered", DEMANDED, SMTPC_TLS_VERIFIED, HELLO "S 250 mx\n",
	    FAIL_TEMP, SMTPC_AT_TLS, 0, { 4, 7, 10 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "demanded, whoever it is", OTHER_TRUST | DEMANDED, SMTPC_TLS_MUST,
	    TLS "S 220 go\nT\nC EHLO me.test\nS 250 mx\n", FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP,
	    true, false, false },

	{ "TLS from the first byte", IMPLICIT, SMTPC_TLS_VERIFIED, "T\n" HELLO "S 250 mx\n",
	    FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP, true, true, false },
	{ "TLS from the first byte, wrong certificate", IMPLICIT | OTHER_TRUST, SMTPC_TLS_VERIFIED,
	    "T\n", FAIL_PERM, SMTPC_AT_TLS, 0, { 5, 7, 5 }, 0, false, false, true },

	/* AUTH; the secret is "secret" */
	{ "SCRAM", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH LOGIN PLAIN SCRAM-SHA-256\nA secret\nS 235 in\n", FAIL_NONE,
	    0, 0, { 0 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "SCRAM in clear to far away", LOGIN | FAR, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH PLAIN SCRAM-SHA-256\nA secret\nS 235 in\n", FAIL_NONE, 0, 0,
	    { 0 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "SCRAM, wrong password", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH SCRAM-SHA-256\nA other\nS 535 5.7.8 no\n", FAIL_TEMP,
	    SMTPC_AT_AUTH, 535, { 4, 7, 8 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "SCRAM, let in unproved", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH SCRAM-SHA-256\nA other\nS 235 in\n", FAIL_TEMP,
	    SMTPC_AT_AUTH, 0, { 4, 7, 0 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "SCRAM, false signature", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH SCRAM-SHA-256\nA other\n"
		  "S 334 dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==\nW\n",
	    FAIL_TEMP, SMTPC_AT_AUTH, 0, { 4, 7, 8 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "PLAIN", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH LOGIN PLAIN\nC AUTH PLAIN " PLAIN "\nS 235 in\n", FAIL_NONE,
	    0, 0, { 0 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "PLAIN, as of old", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 auth=login plain\nC AUTH PLAIN " PLAIN "\nS 235 in\n", FAIL_NONE,
	    0, 0, { 0 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "PLAIN over TLS to far away", LOGIN | FAR, SMTPC_TLS_MAY,
	    TLS "S 220 go\nT\nC EHLO me.test\nS 250-mx\nS 250 AUTH PLAIN\nC AUTH PLAIN " PLAIN
		"\nS 235 in\n",
	    FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP, true, true, false },
	{ "PLAIN in clear to far away", LOGIN | FAR, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH PLAIN LOGIN\n", FAIL_TEMP, SMTPC_AT_AUTH, 0, { 4, 7, 4 },
	    SMTPC_HAS_ESMTP, false, false, false },
	{ "PLAIN, a challenge instead", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH PLAIN\nC AUTH PLAIN " PLAIN "\nS 334 \nW\n", FAIL_TEMP,
	    SMTPC_AT_AUTH, 0, { 4, 5, 0 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "PLAIN refused", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH PLAIN\nC AUTH PLAIN " PLAIN "\nS 535 no\n", FAIL_TEMP,
	    SMTPC_AT_AUTH, 535, { 4, 7, 8 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "PLAIN later", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH PLAIN\nC AUTH PLAIN " PLAIN "\nS 454 4.7.0 later\n",
	    FAIL_TEMP, SMTPC_AT_AUTH, 454, { 4, 7, 0 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "LOGIN", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH XOAUTH2 LOGIN\nC AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC " USER
		  "\nS 334 UGFzc3dvcmQ6\nC " SECRET "\nS 235 in\n",
	    FAIL_NONE, 0, 0, { 0 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "LOGIN, let in too early", LOGIN, SMTPC_TLS_MAY,
	    HELLO "S 250-mx\nS 250 AUTH LOGIN\nC AUTH LOGIN\nS 235 in\nW\n", FAIL_TEMP,
	    SMTPC_AT_AUTH, 0, { 4, 7, 0 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "no way to log in", LOGIN, SMTPC_TLS_MAY, HELLO "S 250-mx\nS 250 AUTH GSSAPI\n",
	    FAIL_TEMP, SMTPC_AT_AUTH, 0, { 4, 7, 4 }, SMTPC_HAS_ESMTP, false, false, false },
	{ "no login at all", LOGIN, SMTPC_TLS_MAY, HELLO "S 250 mx\n", FAIL_TEMP, SMTPC_AT_AUTH, 0,
	    { 4, 7, 4 }, SMTPC_HAS_ESMTP, false, false, false },
};

/* TLSA records of the host's key, and of no key. */
static struct {
	unsigned char digest[HASH_SIZE_MAX];
	struct dns_record right, wrong;
	struct dane_question of_right, of_wrong;
} dane;

static void
prepare_dane(void)
{
	char path[400];
	struct buf file, der, why;
	struct str text, label;
	struct x509_facts facts;

	buf_init(&why, 1000);
	buf_init(&der, 10000);
	snprintf(path, sizeof path, "%s/mx.test.chain.pem", test_folder());
	CHECK_NUM(file_read(path, &file, NULL, &why), FAIL_NONE);
	text = buf_str(&file);
	CHECK_NUM(pem_next(&text, &label, &der), FAIL_NONE);
	CHECK_NUM(x509_parse(buf_str(&der), &facts), FAIL_NONE);
	hash_once(HASH_SHA256, facts.spki, dane.digest);
	dane.right = (struct dns_record){ .usage = 3, .selector = 1, .matching = 1 };
	dane.wrong = dane.right;
	dane.right.bytes = str_of(dane.digest, hash_size(HASH_SHA256));
	dane.wrong.bytes = STR("01234567890123456789012345678901");
	dane.of_right = (struct dane_question){ .records = &dane.right,
		.record_count = 1,
		.names = { STR("mx.test") },
		.name_count = 1 };
	dane.of_wrong = dane.of_right;
	dane.of_wrong.records = &dane.wrong;
	buf_release(&file);
	buf_release(&der);
	buf_release(&why);
}

static struct smtpc_order
order_of(size_t i)
{
	return (struct smtpc_order){ .is_demanded = (rows[i].flags & DEMANDED) != 0,
		.dane = rows[i].flags & DANE_WRONG ? &dane.of_wrong : &dane.of_right,
		.is_lmtp = rows[i].flags & LMTP,
		.is_implicit_tls = rows[i].flags & IMPLICIT,
		.tls = rows[i].tls,
		.auth = rows[i].flags & LOGIN ? SMTPC_AUTH_ANY : SMTPC_AUTH_NONE,
		.user = STR("ann"),
		.secret = STR("secret") };
}

/* As open_start(), with the row's trust, and from far away if it wants so. */
static void
open_row(struct smtpc *s, size_t i)
{
	struct tls_trust *trust = stage.trust;
	struct smtpc_order order = order_of(i);

	if (rows[i].flags & NO_TRUST)
		stage.trust = NULL;
	if (rows[i].flags & OTHER_TRUST)
		stage.trust = stage.other_trust;
	if (rows[i].flags & FAR) {
		order.host = STR("mx.test");
		order.helo = STR("me.test");
		open_in_memory(s, &order, STR("192.0.2.2"));
	} else {
		open_start(s, order);
	}
	stage.trust = trust;
}

static void
check_answer(const struct smtpc_answer *a, size_t i)
{
	CHECK_NUM(a->stage, rows[i].stage);
	CHECK_NUM(a->code, rows[i].code);
	CHECK_NUM(a->status.kind, rows[i].status.kind);
	CHECK_NUM(a->status.subject, rows[i].status.subject);
	CHECK_NUM(a->status.detail, rows[i].status.detail);
	CHECK(rows[i].want == FAIL_NONE || a->text.n > 0);
}

static void
check_row(size_t i)
{
	struct smtpc s = { 0 };
	char name[200];

	if ((rows[i].flags & FAR) && stage.way == OVER_SOCKET)
		return;
	snprintf(name, sizeof name, "%s (%s)", rows[i].name, way_names[stage.way]);
	TEST_ROW(name);
	host_start(rows[i].script);
	open_row(&s, i);
	if (wait_for(&s)) {
		CHECK_NUM(s.op.fail, rows[i].want);
		CHECK_NUM(s.is_open, rows[i].want == FAIL_NONE);
		CHECK_NUM(s.has, rows[i].has);
		CHECK_NUM(s.is_tls, rows[i].is_tls);
		CHECK_NUM(s.is_tls && s.tls.is_verified, rows[i].is_verified);
		CHECK_NUM(s.is_tls_failed, rows[i].is_tls_failed);
		CHECK_NUM(s.is_authentic,
		    s.is_open && (rows[i].tls == SMTPC_TLS_DANE || rows[i].is_verified));
		check_answer(&s.answer, i);
	}
	smtpc_close(&s);
	wait_for_host();
	if (rows[i].want == FAIL_NONE)
		CHECK(host.has_quit);
	smtpc_release(&s);
	host_stop();
}

static void
open_script(struct smtpc *s, const char *script, struct smtpc_order order)
{
	host_start(script);
	open_start(s, order);
	wait_for(s);
}

static void
finish(struct smtpc *s)
{
	smtpc_release(s);
	wait_for_host();
	host_stop();
}

static void
test_offers(void)
{
	struct smtpc s = { 0 };

	TEST_ROW("what is offered");
	open_script(&s, HELLO OFFERS, (struct smtpc_order){ 0 });
	CHECK_NUM(s.size_max, 1000000);
	CHECK_NUM(s.rcpt_max, 20);
	CHECK_NUM(s.mail_max, 5);
	CHECK_NUM(s.inner->by_min_s, 240);
	finish(&s);
	TEST_ROW("limits that are none");
	open_script(&s,
	    HELLO
	    "S 250-mx\nS 250-SIZE 0\nS 250-SIZE x\nS 250-LIMITS RCPTMAX=0 MAILMAX=1234567 RCPTMAX\n"
	    "S 250-DELIVERBY\nS 250 LIMITS RCPTMAX=1000\n",
	    (struct smtpc_order){ 0 });
	CHECK_NUM(s.size_max, 0);
	CHECK_NUM(s.rcpt_max, stage.settings.rcpt_max);
	CHECK_NUM(s.mail_max, 0);
	CHECK_NUM(s.inner->by_min_s, 0);
	finish(&s);
}

static void
test_names(void)
{
	struct smtpc s = { 0 };

	TEST_ROW("our name from the settings");
	stage.settings.helo = STR("set.test");
	host_start(GREETING "C EHLO set.test\nS 250 mx\n");
	struct smtpc_order order = { .to = stage.listener.address, .host = STR("mx.test") };

	smtpc_open_start(&s, &stage.loop, &stage.net, NULL, &stage.settings, &stage.owner, &order);
	wait_for(&s);
	finish(&s);
	TEST_ROW("a name that is none");
	stage.settings.helo = STR("");
	open_script(&s, GREETING "C EHLO [127.0.0.1]\nS 250 mx\n",
	    (struct smtpc_order){ .helo = STR("a b\r\nRSET") });
	CHECK(s.is_open);
	TEST_ROW("the same struct again");
	smtpc_close(&s);
	wait_for_host();
	host_stop();
	open_script(&s, HELLO "S 250 mx\n", (struct smtpc_order){ 0 });
	CHECK(s.is_open);
	finish(&s);
}

static void
test_nobody(void)
{
	struct smtpc s = { 0 };
	struct smtpc_order order = { .host = STR("mx.test"), .helo = STR("me.test") };

	TEST_ROW("nobody there");
	CHECK(net_address_parse_port(STR("127.0.0.1:1"), &order.to) == FAIL_NONE);
	smtpc_open_start(&s, &stage.loop, &stage.net, NULL, &stage.settings, &stage.owner, &order);
	wait_for(&s);
	CHECK_NUM(s.op.fail, FAIL_TEMP);
	CHECK_NUM(s.answer.stage, SMTPC_AT_CONNECT);
	CHECK_NUM(s.answer.status.subject, 4);
	CHECK_NUM(s.answer.status.detail, 1);
	TEST_ROW("not our address");
	CHECK(net_address_parse(STR("192.0.2.77"), &order.from) == FAIL_NONE);
	smtpc_open_start(&s, &stage.loop, &stage.net, NULL, &stage.settings, &stage.owner, &order);
	wait_for(&s);
	CHECK_NUM(s.op.fail, FAIL_TEMP);
	CHECK_NUM(s.answer.status.subject, 3);
	TEST_ROW("no such unix socket");
	order.unix_path = STR("/nowhere/at/all");
	smtpc_open_start(&s, &stage.loop, &stage.net, NULL, &stage.settings, &stage.owner, &order);
	wait_for(&s);
	CHECK_NUM(s.op.fail, FAIL_TEMP);
	smtpc_release(&s);
	smtpc_release(&s);
	smtpc_close(&s);
	smtpc_cancel(&s);
}

static void
test_unix(void)
{
	struct smtpc s = { 0 };
	struct smtpc_order order = { .host = STR("here"), .is_lmtp = true };
	struct listener listener = { .service = &stage.service };
	struct buf why = { .max = 1000 };
	char path[300];

	TEST_ROW("LMTP over a unix socket, without a name");
	snprintf(path, sizeof path, "unix:%s/lmtp", test_folder());
	CHECK(listener_start(&stage.net, &listener, str_c(path), &why) == FAIL_NONE);
	order.unix_path = str_from(str_c(path), 5);
	host_start(GREETING "C LHLO localhost\nS 250 mx\n");
	smtpc_open_start(&s, &stage.loop, &stage.net, NULL, &stage.settings, &stage.owner, &order);
	wait_for(&s);
	CHECK(s.is_open);
	finish(&s);
	listener_stop(&listener);
	buf_release(&why);
}

/* A host that asks for work without end is left in time, and a lot of work stops nobody else. */
static void
test_work(void)
{
	static const struct {
		const char *name, *iterations;
		int detail;
		bool is_done;
	} work_rows[] = { { "too much work", "1000001", 5, true },
		{ "too little work", "4095", 5, true }, { "much work", "100000", 0, false } };

	for (size_t i = 0; i < ARRAY_LEN(work_rows); i++) {
		struct smtpc s = { 0 };
		struct buf message = { .max = 1000 };
		int turns = 0;

		TEST_ROW(work_rows[i].name);
		host_start(HELLO "S 250-mx\nS 250 AUTH SCRAM-SHA-256\nW\n");
		open_start(&s,
		    (struct smtpc_order){ .auth = SMTPC_AUTH_ANY,
			.user = STR("ann"),
			.secret = STR("secret") });
		while (s.inner->state != SMTPC_AUTH)
			turn();
		buf_add(&message, STR("r="));
		buf_add(&message, buf_str(&s.inner->scram.nonce));
		buf_add(&message, STR("x,s=QSXCR+Q6sek8bf92,i="));
		buf_add_c(&message, work_rows[i].iterations);
		host_say_base64("334 ", buf_str(&message));
		while (s.inner->state == SMTPC_AUTH)
			turn();
		while (s.inner->state == SMTPC_AUTH_WORK) {
			turn();
			turns++;
		}
		CHECK_NUM(!op_pending(&s.op), work_rows[i].is_done);
		CHECK_NUM(s.answer.status.detail, work_rows[i].detail);
		CHECK(work_rows[i].is_done || turns >= 40);
		buf_release(&message);
		finish(&s);
	}
}

int
main(void)
{
	stage_start();
	prepare_dane();
	for (stage.way = OVER_SOCKET; stage.way < WAY_COUNT; stage.way++) {
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			check_row(i);
		test_offers();
	}
	stage.way = OVER_SOCKET;
	test_names();
	test_nobody();
	test_unix();
	test_work();
	stage_stop();
	return test_end();
}
