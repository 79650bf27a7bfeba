#include "mailauth/arc_seal.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mailauth/arc_set.h"
#include "mailauth/dkim_header.h"
#include "mailauth/dkim_write.h"

/* A field's text: printable, and folded only before blanks. */
static bool
is_field_text(struct str s)
{
	if (str_empty(str_trim(s)))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\r' && i + 2 < s.n && s.p[i + 1] == '\n' && char_is_space(s.p[i + 2]))
			i += 2;
		else if ((c < 0x20 && c != '\t') || c == 0x7F)
			return false;
	}
	return true;
}

enum fail
arc_seal_start(const struct arc_seal *seal, struct dkim_content *content)
{
	if (!dkim_is_signer(seal->domain) || !dkim_is_domain(seal->selector) ||
	    !is_field_text(seal->results) ||
	    (!str_empty(seal->names) && !dkim_are_names(seal->names)))
		return FAIL_SYNTAX;
	return dkim_body_want(&content->bodies[DKIM_RELAXED], DKIM_LENGTH_ALL);
}

/* One set under way. */
struct sealing {
	const struct arc_seal *seal;
	const struct dkim_content *content;
	const struct private_key *key;
	uint32_t instance;
	struct str chain;                 /* cv= */
	struct buf results, message, own; /* the three fields */
};

static void
write_common(struct dkim_writer *w, const struct sealing *s)
{
	const enum dkim_algorithm algorithm =
	    s->key->kind == PRIVATE_KEY_RSA ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256;

	dkim_write_number(w, "i", s->instance);
	dkim_write_tag(w, "a", dkim_algorithm_names[algorithm]);
	dkim_write_tag(w, "d", s->seal->domain);
	dkim_write_tag(w, "s", s->seal->selector);
	if (s->seal->time_s > 0)
		dkim_write_number(w, "t", (uint64_t)s->seal->time_s);
}

static void
write_results(struct sealing *s)
{
	buf_add_c(&s->results, "ARC-Authentication-Results: i=");
	buf_add_u64(&s->results, s->instance);
	buf_add_c(&s->results, "; ");
	buf_add(&s->results, str_trim(s->seal->results));
	buf_add_c(&s->results, "\r\n");
}

/* Like a DKIM-Signature, which it signs, too (4.1.2). */
static enum fail
write_message(struct sealing *s)
{
	const unsigned char *digest =
	    dkim_body_digest(&s->content->bodies[DKIM_RELAXED], DKIM_LENGTH_ALL);
	struct dkim_writer w = { .out = &s->message };
	struct buf usual, text;
	struct str names = s->seal->names;
	enum fail fail = FAIL_NONE;

	invariant(digest != NULL);
	buf_init(&usual, DKIM_FIELD_MAX);
	buf_init(&text, DKIM_SIGNED_MAX);
	if (str_empty(names)) {
		fail = dkim_write_usual_names(s->content, STR("DKIM-Signature"), &usual);
		names = buf_str(&usual);
	}
	if (fail == FAIL_NONE) {
		dkim_write_begin(&w, "ARC-Message-Signature");
		write_common(&w, s);
		dkim_write_tag(&w, "c", STR("relaxed/relaxed"));
		dkim_write_names(&w, names);
		dkim_write_bytes(&w, "bh", str_of(digest, DKIM_DIGEST_BYTES));
		dkim_header_write_named(&text, s->content, DKIM_RELAXED, names);
		fail = dkim_write_signature(&w, &text, DKIM_RELAXED, s->key);
	}
	buf_release(&text);
	buf_release(&usual);
	return fail;
}

static void
add_field(struct buf *text, const struct buf *field)
{
	struct str cur = buf_str(field);
	struct header header;

	if (header_next(&cur, &header))
		dkim_header_write(text, DKIM_RELAXED, &header);
}

/* It signs the whole chain; when that is broken, only its own set (5.1.1, 5.1.2). */
static enum fail
write_seal(struct sealing *s, const struct arc_set *sets, size_t count)
{
	struct dkim_writer w = { .out = &s->own };
	struct buf text;
	enum fail fail;

	buf_init(&text, DKIM_SIGNED_MAX);
	arc_sets_write(sets, count, &text);
	add_field(&text, &s->results);
	add_field(&text, &s->message);
	dkim_write_begin(&w, "ARC-Seal");
	write_common(&w, s);
	dkim_write_tag(&w, "cv", s->chain);
	fail = dkim_write_signature(&w, &text, DKIM_RELAXED, s->key);
	buf_release(&text);
	return fail;
}

static enum fail
write_set(struct sealing *s, const struct arc_set *sets, size_t count, struct buf *out)
{
	size_t before = out->n;
	enum fail fail;

	buf_init(&s->results, DKIM_FIELD_MAX);
	buf_init(&s->message, DKIM_FIELD_MAX);
	buf_init(&s->own, DKIM_FIELD_MAX);
	write_results(s);
	fail = buf_ok(&s->results) ? write_message(s) : FAIL_LIMIT;
	if (fail == FAIL_NONE)
		fail = write_seal(s, sets, count);
	if (fail == FAIL_NONE) {
		buf_add(out, buf_str(&s->own));
		buf_add(out, buf_str(&s->message));
		buf_add(out, buf_str(&s->results));
	}
	if (fail == FAIL_NONE && !buf_ok(out)) {
		buf_rewind(out, before);
		fail = FAIL_LIMIT;
	}
	buf_release(&s->results);
	buf_release(&s->message);
	buf_release(&s->own);
	return fail;
}

/* The last seal says that the chain had ended before (5.1, step 2). */
static bool
has_ended(const struct arc_verify *verify)
{
	return verify->count > 0 &&
	    verify->sets[verify->count - 1].seal_signature.chain == VERDICT_FAIL;
}

enum fail
arc_seal_write(const struct arc_seal *seal, const struct dkim_content *content,
    const struct arc_verify *verify, const struct private_key *key, struct buf *out)
{
	struct sealing s = { .seal = seal,
		.content = content,
		.key = key,
		.instance = (uint32_t)verify->count + 1,
		.chain = verdict_names[verify->chain] };
	struct arc_set *sets;
	struct arc_fault fault;
	size_t count;
	enum fail fail;

	if (content->is_cut)
		return FAIL_LIMIT;
	if (verify->is_full || has_ended(verify) || content->is_odd)
		return FAIL_DENIED;
	if (verify->is_temporary)
		return FAIL_TEMP;
	arc_sets_find(content, &sets, &count, &fault);
	if (verify->chain != VERDICT_FAIL && (count != verify->count || !str_empty(fault.reason)))
		fail = FAIL_DENIED; /* it is another chain than that which was judged */
	else
		fail = write_set(&s, sets, verify->chain == VERDICT_FAIL ? 0 : count, out);
	mem_free(sets);
	return fail;
}
