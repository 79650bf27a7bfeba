/*
 * SPF: records and macros of strangers, and what comes of them. The lines of the input are a HELO name, a local part,
 * the record of the sender's domain, that of a domain it may include or redirect to, and an explanation. Their
 * answers are there at once, or all later, as the length of the first line says.
 */

/* system */
#include <stdint.h>

/* base */
#include "base/mem.h"
#include "lib/fake_dns.h"

/* rooms */
#include "dns/zone.h"
#include "mailauth/spf.h"
#include "mailauth/spf_macro.h"
#include "mailauth/spf_record.h"

#define LOOKS_MAX 4000 /* questions of all that may ask, and steps over the terms of all records */
#define ZONE_MAX  (8 * 1024 * 1024)
#define TEXT_MAX  (128 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_printable(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	}
	return true;
}

static void
try_macros(struct str text)
{
	struct spf_macros macros = { .sender = STR("a-b@c.test"),
		.local = STR("a-b"),
		.sender_domain = STR("c.test"),
		.domain = text,
		.hello = text };
	struct buf out;

	macros.client.family = NET_ADDRESS_IPV6;
	buf_init(&out, SPF_EXPANDED_MAX);
	if (spf_text_is_good(text, SPF_DOMAIN_SPEC)) {
		invariant(spf_text_is_good(text, SPF_MACRO_STRING));
		if (spf_name_expand(&out, text, &macros) == FAIL_NONE)
			invariant(out.n > 0 && is_printable(buf_str(&out)));
	}
	buf_clear(&out);
	if (spf_text_is_good(text, SPF_EXPLAIN_STRING))
		spf_text_expand(&out, text, &macros);
	buf_release(&out);
}

static void
try_record(struct str text)
{
	struct spf_record record;
	struct spf_term term;
	struct str bad;
	enum fail fail;

	if (!spf_record_is(text) || spf_record_parse(text, &record, &bad) != FAIL_NONE)
		return;
	while ((fail = spf_term_next(&record.terms, &term)) == FAIL_NONE) {
		invariant(is_printable(term.text));
		invariant(term.ip4_length <= 32 && term.ip6_length <= 128);
		spf_term_covers(&term, &term.network, &term.network);
	}
	invariant(fail == FAIL_MISSING);
}

static void
add_text(struct buf *zone, const char *name, struct str text)
{
	buf_add_c(zone, name);
	buf_add_c(zone, " TXT \"");
	for (size_t i = 0; i < text.n; i++) {
		buf_add_char(zone, '\\');
		buf_add_u64_padded(zone, (unsigned char)text.p[i], 3);
	}
	buf_add_c(zone, "\"\n");
}

/* One line of a header field after another, and nothing else. */
static void
check_received(const struct spf *s)
{
	struct buf out;
	struct str text, line;

	buf_init(&out, TEXT_MAX);
	spf_received_write(&out, s);
	text = buf_str(&out);
	invariant(str_ends(text, STR("\r\n")));
	text = str_head(text, text.n - 2);
	for (bool is_first = true; str_next_part(&text, '\n', &line); is_first = false) {
		invariant(is_first || line.p[0] == '\t');
		invariant(str_empty(text) || str_ends(line, STR("\r")));
		line = str_from(line, is_first ? 0 : 1);
		line = str_head(line, line.n - (str_empty(text) ? 0 : 1));
		invariant(is_printable(line));
	}
	buf_release(&out);
}

static void
ask(struct dns *dns, struct task *owner, struct str hello, struct str local)
{
	struct spf_claim claim = { .client = { .family = NET_ADDRESS_IPV4,
				       .bytes = { 192, 0, 2, 1 } },
		.hello = hello };
	struct buf sender;
	struct spf spf;
	int looks = 0;

	buf_init(&sender, TEXT_MAX);
	buf_add(&sender, local);
	buf_add(&sender, STR("@a.test"));
	claim.sender = buf_str(&sender);
	spf_start(&spf, dns, owner, &claim);
	buf_release(&sender);
	while (!spf_look(&spf)) {
		invariant(++looks < LOOKS_MAX);
		if (!fake_dns_release())
			invariant(task_is_awake(owner));
	}
	invariant(spf.lookups <= SPF_LOOKUPS_MAX && spf.voids <= SPF_VOIDS_MAX);
	invariant(spf.verdict < VERDICT_COUNT && spf.verdict != VERDICT_POLICY);
	invariant(is_printable(buf_str(&spf.explanation)) && is_printable(buf_str(&spf.why)));
	invariant(spf.explanation.n == 0 || spf.verdict == VERDICT_FAIL);
	invariant((spf.why.n > 0) ==
	    (spf.verdict == VERDICT_PERMERROR || spf.verdict == VERDICT_TEMPERROR));
	check_received(&spf);
	spf_release(&spf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a.test", "b.test", "e.test" };
	struct str rest = str_of(data, size), hello = { 0 }, local = { 0 }, line;
	struct task_queue queue = { 0 };
	struct task owner = { 0 };
	struct buf zone, why;
	struct dns dns;

	buf_init(&zone, ZONE_MAX);
	buf_init(&why, TEXT_MAX);
	list_init(&queue.ready);
	list_init(&queue.later);
	list_init(&queue.closing);
	task_init(&owner, &queue, NULL, NULL);
	buf_add_c(&zone,
	    "a.test A 192.0.2.2\na.test MX 1 b.test\nb.test A 192.0.2.1\nslow.test TIMEOUT\n"
	    "1.2.0.192.in-addr.arpa PTR b.test\n1.2.0.192.in-addr.arpa PTR a.test\n");
	if (str_next_part(&rest, '\n', &hello) && str_next_part(&rest, '\n', &local)) {
		for (size_t i = 0; i < ARRAY_LEN(names) && str_next_part(&rest, '\n', &line); i++) {
			try_macros(line);
			try_record(line);
			add_text(&zone, names[i], line);
		}
	}
	invariant(dns_init(&dns, NULL, NULL, &dns_settings_default, &why) == FAIL_NONE);
	if (buf_ok(&zone) && dns_zone_read(&dns, buf_str(&zone), &why) == FAIL_NONE) {
		fake_dns_hold(hello.n % 2 == 0);
		ask(&dns, &owner, hello, local);
	}
	task_cancel(&owner);
	dns_release(&dns);
	buf_release(&why);
	buf_release(&zone);
	return 0;
}
