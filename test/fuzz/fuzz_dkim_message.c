/*
 * Whole messages, in pieces as long as their first byte says: what we sign is good, in every canonical form, and the
 * signatures that they bring are checked against our key.
 */
#include "mailauth/dkim_sign.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mailauth/dkim_check.h"

#define FUZZ_BYTES_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dns_record record;
static struct private_key key;

static void
read_content(struct dkim_content *c, struct str body, size_t step)
{
	for (; body.n > 0; body = str_from(body, step))
		dkim_content_body(c, str_head(body, step));
	dkim_content_end(c);
}

/* Check all signatures of the message; the first is ours. */
static void
check_all(struct str mail, size_t step, bool is_first_good)
{
	size_t n = header_size(mail);
	struct dkim_content c = { 0 };
	struct dns_query query = { .records = &record, .record_count = 1 };
	struct dkim_signature signature;
	struct dkim_outcome outcome;
	struct str reason;

	dkim_content_header(&c, str_head(mail, n));
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < c.count; i++) {
			const struct header *field = &c.fields[i];

			if (!str_eq_nocase(field->name, STR("DKIM-Signature")) ||
			    dkim_signature_parse(field->value, DKIM_FORM_SIGNATURE, &signature,
				&reason) != VERDICT_NONE)
				continue;
			if (pass == 0) {
				(void)!dkim_body_want(&c.bodies[signature.body_canon],
				    signature.length);
				continue;
			}
			dkim_check_message(&c, &signature, field, &query, 0, &outcome);
			invariant(i > 0 || !is_first_good || c.is_cut || c.is_odd ||
			    outcome.verdict == VERDICT_PASS);
		}
		if (pass == 0)
			read_content(&c, str_from(mail, n), step);
	}
	dkim_content_release(&c);
}

static void
sign_and_check(struct str mail, const struct dkim_sign *sign, size_t step)
{
	size_t n = header_size(mail);
	struct dkim_content c = { 0 };
	struct buf out;

	buf_init(&out, FUZZ_BYTES_MAX);
	dkim_content_header(&c, str_head(mail, n));
	invariant(dkim_sign_start(sign, &c) == FAIL_NONE);
	read_content(&c, str_from(mail, n), mail.n + 1);
	if (dkim_sign_write(sign, &c, STR("s"), &key, &out) == FAIL_NONE) {
		buf_add(&out, mail);
		check_all(buf_str(&out), step, true);
	}
	dkim_content_release(&c);
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf text;
	struct str mail = str_from(str_of(data, size), 1);
	size_t step = size > 0 ? (size_t)data[0] + 1 : 1;

	if (text.n == 0) {
		private_key_generate(&key, PRIVATE_KEY_ED25519);
		buf_init(&text, 1000);
		dkim_record_write(&key, &text);
		record.bytes = buf_str(&text);
	}
	check_all(mail, step, false);
	/* What would go on with our field, or is a mark only at the very beginning. */
	if (mail.n == 0 || char_is_space(mail.p[0]) || mail.p[0] == '\xef' ||
	    str_starts(mail, STR("From ")) || str_starts(mail, STR(">From ")))
		return 0;
	for (int i = 0; i < 4; i++) {
		struct dkim_sign sign = { .domain = STR("a.test"),
			.header_canon = (enum dkim_canon)(i / 2),
			.body_canon = (enum dkim_canon)(i % 2) };

		sign_and_check(mail, &sign, step);
	}
	return 0;
}
