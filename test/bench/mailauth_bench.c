/*
 * mailauth_bench - what DKIM costs on this machine, without DNS.
 *
 *     mailauth_bench [SECONDS]      of each measurement (1)
 *
 * Rates are per second of CPU. A message of 4 KB with ten fields, relaxed/relaxed, is hashed anew each time, as one that comes in or goes out.
 */
/* system */
#include <stdio.h>
#include <time.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "mailauth/dkim_check.h"
#include "mailauth/dkim_sign.h"

#define BODY_LINES 60
#define FIELD_MAX  (1 << 16)
#define LARGE      ((size_t)64 * 1024 * 1024) /* bytes of one body that is only hashed */

static const char header[] =
    "Received: from a.test (a.test [192.0.2.1]) by mx.b.test with ESMTPS id 1;\r\n"
    "\tThu, 1 Jan 2026 00:00:00 +0000\r\n"
    "From: Ann Example <ann@a.test>\r\nTo: Bob Example <bob@b.test>\r\nCc: cy@c.test\r\n"
    "Subject: What a message is about, in some more words\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    "Message-ID: <20260101000000.1@a.test>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";

/* Of this process, so that others on the machine do not count. */
static int64_t
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct buf body;
static struct private_key key;
static struct buf text;
static struct dns_record record;
static const struct dkim_sign sign = { .domain = STR_INIT("a.test"), .time_s = 1 };

static void
sign_once(struct buf *out)
{
	struct dkim_content c = { 0 };

	buf_clear(out);
	dkim_content_header(&c, str_c(header));
	invariant(dkim_sign_start(&sign, &c) == FAIL_NONE);
	dkim_content_body(&c, buf_str(&body));
	dkim_content_end(&c);
	invariant(dkim_sign_write(&sign, &c, STR("s"), &key, out) == FAIL_NONE);
	dkim_content_release(&c);
}

static void
verify_once(struct str block)
{
	struct dkim_content c = { 0 };
	struct dns_query query = { .records = &record, .record_count = 1 };
	struct dkim_signature signature;
	struct dkim_outcome outcome;
	struct str reason;

	dkim_content_header(&c, block);
	invariant(dkim_signature_parse(c.fields[0].value, DKIM_FORM_SIGNATURE, &signature,
		      &reason) == VERDICT_NONE);
	invariant(dkim_body_want(&c.bodies[DKIM_RELAXED], signature.length) == FAIL_NONE);
	dkim_content_body(&c, buf_str(&body));
	dkim_content_end(&c);
	dkim_check_message(&c, &signature, &c.fields[0], &query, 1, &outcome);
	invariant(outcome.verdict == VERDICT_PASS);
	dkim_content_release(&c);
}

static void
print_rate(const char *what, size_t count, int64_t begun_us)
{
	double s = (double)(cpu_us() - begun_us) / 1e6;

	printf("%-28s %9.0f /s  %7.3f ms\n", what, (double)count / s, s * 1000 / (double)count);
}

static void
measure_kind(const char *name, enum private_key_kind kind, int64_t us)
{
	char what[64];
	struct buf mail;
	size_t count = 0;
	int64_t begun;

	private_key_generate(&key, kind);
	buf_init(&text, FIELD_MAX);
	dkim_record_write(&key, &text);
	record.bytes = buf_str(&text);
	buf_init(&mail, FIELD_MAX);
	for (begun = cpu_us(); cpu_us() - begun < us; count++)
		sign_once(&mail);
	snprintf(what, sizeof what, "sign, %s", name);
	print_rate(what, count, begun);
	buf_add_c(&mail, header);
	count = 0;
	for (begun = cpu_us(); cpu_us() - begun < us; count++)
		verify_once(buf_str(&mail));
	snprintf(what, sizeof what, "verify, %s", name);
	print_rate(what, count, begun);
	buf_release(&mail);
	buf_release(&text);
	private_key_release(&key);
}

static void
measure_body(enum dkim_canon canon)
{
	struct dkim_body b = { .canon = canon };
	int64_t begun = cpu_us();
	size_t n = 0;

	invariant(dkim_body_want(&b, DKIM_LENGTH_ALL) == FAIL_NONE);
	for (; n < LARGE; n += body.n)
		dkim_body_add(&b, buf_str(&body));
	dkim_body_end(&b);
	printf("body, %-22s %9.0f MB/s\n", dkim_canon_names[canon].p,
	    (double)n / (double)(cpu_us() - begun));
}

int
main(int argc, char **argv)
{
	struct str text_of = str_c(argc > 1 ? argv[1] : "1");
	uint32_t seconds = 1;
	int64_t us;

	invariant(str_u32(&text_of, 3600, &seconds));
	us = (int64_t)seconds * 1000000;

	buf_init(&body, FIELD_MAX);
	for (int i = 0; i < BODY_LINES; i++)
		buf_add_c(&body,
		    "Some words as they stand in a message,  one line like another.\r\n");
	measure_kind("RSA-2048", PRIVATE_KEY_RSA, us);
	measure_kind("Ed25519", PRIVATE_KEY_ED25519, us);
	measure_body(DKIM_RELAXED);
	measure_body(DKIM_SIMPLE);
	buf_release(&body);
	return 0;
}
