/* What came of it, as header fields: Authentication-Results (RFC 8601), Received-SPF (RFC 7208 9.1). */
#include "mailauth/origin.h"

/* base */
#include "base/num.h"

/* rooms */
#include "mailauth/results.h"

#define ITEMS_MAX      (DKIM_SIGNATURES_MAX + 5) /* of signatures; SPF twice, ARC, DMARC, iprev */
#define PROPERTIES_MAX 5                         /* of one of them */
#define FIXED_ROOM     2048 /* bytes of names, words, reasons, folds: all but what strangers say */
#define SIGNATURE_ROOM 512  /* .. of one signature */
#define OLDEST_MAX     2    /* bytes of a number up to ARC_SETS_MAX */
#define PAD_LINE       72   /* bytes of a line that only fills up */
#define PAD_LINE_MIN   6    /* CRLF, TAB, "(", a blank, ")" */

/* A value as it may be written: quoted, and every byte escaped. */
static size_t
value_room(struct str value)
{
	return 2 * size_min(value.n, RESULTS_VALUE_MAX) + 4;
}

size_t
origin_room(const struct origin *o)
{
	const struct spf_claim *e = &o->claim.envelope;
	size_t own = value_room(e->sender) + 2 * value_room(e->hello) +
	    value_room(spf_property_value(&o->spf)) + value_room(buf_str(&o->from));
	size_t room = FIXED_ROOM + value_room(o->house.id) + own;

	for (size_t i = 0; i < o->dkim.count; i++) {
		const struct dkim_result *r = &o->dkim.results[i];

		room += SIGNATURE_ROOM + value_room(r->domain) + value_room(r->identity) +
		    value_room(r->selector) + value_room(r->algorithm);
	}
	if (o->house.settings->received_spf)
		room += FIXED_ROOM + own + value_room(o->house.id);
	return room;
}

/* --- the results -------------------------------------------------------------------------------- */

struct telling {
	const struct origin *o;
	struct result items[ITEMS_MAX];
	struct result_property properties[ITEMS_MAX][PROPERTIES_MAX];
	struct str address; /* the client's */
	struct buf oldest;  /* own; of ARC */
	size_t count;
};

static void
tell(struct telling *t, struct str method, enum verdict verdict, struct str reason)
{
	t->items[t->count] = (struct result){ .method = method,
		.verdict = verdict,
		.reason = reason,
		.properties = t->properties[t->count] };
	t->count++;
}

/* .. of what was told last. */
static void
tell_property(struct telling *t, struct str type, struct str name, struct str value)
{
	size_t last = t->count - 1, at = t->items[last].property_count++;

	t->properties[last][at] = (struct result_property){ type, name, value };
}

/* RFC 8601 3: does the address have a name that leads back to it? */
static void
tell_reverse(struct telling *t)
{
	const struct origin_claim *c = &t->o->claim;

	if (c->reverse == VERDICT_NONE)
		return;
	tell(t, STR("iprev"), c->reverse, STR(""));
	tell_property(t, STR("policy"), STR("iprev"), t->address);
}

static void
tell_spf(struct telling *t, const struct spf *s)
{
	struct str property = spf_property(s);
	size_t dot = str_find_char(property, '.');

	tell(t, STR("spf"), s->verdict, STR(""));
	tell_property(t, str_head(property, dot), str_from(property, dot + 1),
	    spf_property_value(s));
}

static void
tell_signatures(struct telling *t)
{
	const struct dkim_verify *v = &t->o->dkim;

	if (v->count == 0)
		tell(t, STR("dkim"), VERDICT_NONE, STR(""));
	for (size_t i = 0; i < v->count; i++) {
		const struct dkim_result *d = &v->results[i];

		tell(t, STR("dkim"), d->verdict, d->reason);
		tell_property(t, STR("header"), STR("d"), d->domain);
		tell_property(t, STR("header"), STR("i"), d->identity);
		tell_property(t, STR("header"), STR("s"), d->selector);
		tell_property(t, STR("header"), STR("a"), d->algorithm);
		tell_property(t, STR("header"), STR("b"), str_of(d->b, d->b_size));
	}
}

/* RFC 8617 6 */
static void
tell_chain(struct telling *t)
{
	const struct arc_verify *a = &t->o->arc;

	if (a->chain == VERDICT_NONE)
		return;
	tell(t, STR("arc"), a->chain, a->reason);
	tell_property(t, STR("smtp"), STR("remote-ip"), t->address);
	if (a->chain != VERDICT_PASS)
		return;
	buf_add_u64(&t->oldest, a->oldest_pass);
	tell_property(t, STR("header"), STR("oldest-pass"), buf_str(&t->oldest));
}

/* What the domain asks for, behind sp= and pct=. */
static enum dmarc_policy
asked_for(const struct origin *o)
{
	return o->dmarc.is_sampled_out ? o->dmarc.asked : o->policy.policy;
}

static void
tell_policy(struct telling *t)
{
	const struct origin *o = t->o;
	struct str reason = o->from.n > 0 ? STR("") : o->why_no_from;

	if (o->is_vouched_for)
		reason = STR("a trusted sealer vouches for it");
	tell(t, STR("dmarc"), o->dmarc.verdict, reason);
	tell_property(t, STR("header"), STR("from"), buf_str(&o->from));
	if (o->policy.found == VERDICT_PASS)
		tell_property(t, STR("policy"), STR("dmarc"), dmarc_policy_names[asked_for(o)]);
}

/* Lines of blanks in comments, behind the field's last line, so that it is so many bytes longer. */
static void
pad(struct buf *out, size_t n)
{
	buf_truncate(out, out->n - 2);
	while (n >= PAD_LINE_MIN) {
		size_t line = size_min(n, PAD_LINE);

		buf_add_c(out, "\r\n\t(");
		for (size_t i = PAD_LINE_MIN - 1; i < line; i++)
			buf_add_char(out, ' ');
		buf_add_char(out, ')');
		n -= line;
	}
	for (; n > 0; n--)
		buf_add_char(out, ' ');
	buf_add_c(out, "\r\n");
}

void
origin_write(const struct origin *o, bool is_exact, struct buf *out)
{
	char address[NET_ADDRESS_TEXT_MAX];
	struct telling t = { .o = o,
		.address = net_address_text(&o->claim.envelope.client, address) };
	size_t room = origin_room(o), before = out->n;

	buf_init(&t.oldest, OLDEST_MAX);
	if (origin_has_hello(o) && o->hello.verdict != VERDICT_NONE)
		tell_spf(&t, &o->hello);
	tell_spf(&t, &o->spf);
	tell_signatures(&t);
	tell_chain(&t);
	tell_policy(&t);
	tell_reverse(&t);
	if (o->house.settings->received_spf)
		spf_received_write(out, &o->spf);
	results_write(out, STR("Authentication-Results: "),
	    &(struct results){ .id = o->house.id, .items = t.items, .count = t.count });
	buf_release(&t.oldest);
	if (is_exact && out->n - before < room)
		pad(out, room - (out->n - before));
}
