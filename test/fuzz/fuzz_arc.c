/*
 * Messages with chains, all keys taken for ours: a chain that is good or none is good with our set, and one that is
 * broken stays broken.
 */
#include "mailauth/arc_seal.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "lib/known_dns.h"
#include "mailauth/dkim_sign.h"

#define FUZZ_BYTES_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct known_dns dns;
static struct dns_record record;
static struct private_key key;

static void
prepare(void)
{
	static struct buf text;

	if (text.n > 0)
		return;
	known_dns_init(&dns, "");
	private_key_generate(&key, PRIVATE_KEY_ED25519);
	buf_init(&text, 1000);
	dkim_record_write(&key, &text);
	record.bytes = buf_str(&text);
}

/* Whatever DNS said, it said our key. */
static void
judge(struct arc_verify *a, struct dkim_content *c, struct str mail, const struct arc_seal *seal)
{
	size_t n = header_size(mail);

	dkim_content_header(c, str_head(mail, n));
	arc_verify_start(a, c, &dns.dns, &dns.task, 0);
	invariant(arc_seal_start(seal, c) == FAIL_NONE);
	for (size_t i = 0; i < a->count; i++) {
		a->sets[i].message_key = (struct dns_query){ .op.owner = &dns.task,
			.records = &record,
			.record_count = 1 };
		a->sets[i].seal_key = a->sets[i].message_key;
	}
	dkim_content_body(c, str_from(mail, n));
	dkim_content_end(c);
	while (!arc_verify_look(a))
		known_dns_turn(&dns);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct arc_seal seal = { .domain = STR_INIT("a.test"),
		.selector = STR_INIT("s"),
		.results = STR_INIT("mx.a.test; none") };
	struct str mail = str_of(data, size);
	struct dkim_content before = { 0 }, after = { 0 };
	struct arc_verify a, b;
	struct buf out;

	prepare();
	buf_init(&out, FUZZ_BYTES_MAX);
	judge(&a, &before, mail, &seal);
	invariant((a.chain == VERDICT_FAIL) == !str_empty(a.reason));
	/* What would go on with our field, or is a mark only at the very beginning. */
	if (size > 0 && !char_is_space(mail.p[0]) && mail.p[0] != '\xef' &&
	    !str_starts(mail, STR("From ")) && !str_starts(mail, STR(">From ")) &&
	    arc_seal_write(&seal, &before, &a, &key, &out) == FAIL_NONE) {
		buf_add(&out, mail);
		judge(&b, &after, buf_str(&out), &seal);
		invariant(after.is_cut || after.is_odd ||
		    b.chain == (a.chain == VERDICT_FAIL ? VERDICT_FAIL : VERDICT_PASS));
		arc_verify_release(&b);
		dkim_content_release(&after);
	}
	arc_verify_release(&a);
	dkim_content_release(&before);
	buf_release(&out);
	return 0;
}
