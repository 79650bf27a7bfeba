#include "mailauth/dmarc_external.h"

/* rooms */
#include "codec/idna.h"
#include "dns/name.h"
#include "mailauth/dmarc.h"

/* "%41" */
static bool
take_encoded(struct str *cur, char *c)
{
	struct str digits;
	uint64_t n;

	if (!str_take(cur, 2, &digits) || !str_hex(&digits, 0xff, &n) || !str_empty(digits))
		return false;
	*c = (char)n;
	return true;
}

bool
dmarc_uri_address(struct str uri, struct buf *out)
{
	size_t start = out->n, ats = 0;
	struct str text;
	bool is_good = str_skip_nocase(&uri, STR("mailto:"));

	uri = str_head(uri, str_find_char(uri, '?'));
	while (is_good && uri.n > 0) {
		char c = uri.p[0];

		uri = str_from(uri, 1);
		is_good = c != '%' || take_encoded(&uri, &c);
		ats += c == '@';
		is_good = is_good && (unsigned char)c > ' ' && (unsigned char)c < 127 && c != ',' &&
		    c != '<' && c != '>' && c != '"' && c != '(' && c != ';';
		buf_add_char(out, c);
	}
	text = str_from(buf_str(out), start);
	if (is_good && ats == 1 && text.n <= DMARC_ADDRESS_MAX && text.p[0] != '@' &&
	    text.p[text.n - 1] != '@' && buf_ok(out))
		return true;
	buf_rewind(out, start);
	return false;
}

static struct str
host_of(struct str address)
{
	return str_from(address, str_rfind_char(address, '@') + 1);
}

static void
settle(struct dmarc_external *e, enum verdict verdict)
{
	e->verdict = verdict;
	e->is_settled = true;
}

/* Step 3: domain "._report._dmarc." host. */
static void
ask(struct dmarc_external *e, struct dns *dns, struct task *owner, struct str domain,
    struct str host)
{
	struct buf name;

	buf_init(&name, DNS_NAME_MAX);
	if (idna_write_ascii(&name, domain) == FAIL_NONE) {
		buf_add(&name, STR("._report._dmarc."));
		if (idna_write_ascii(&name, host) != FAIL_NONE)
			buf_clear(&name);
	}
	if (name.n > 0)
		dns_query_start(dns, &e->query, owner, buf_str(&name), DNS_TXT);
	else
		settle(e, VERDICT_FAIL);
	buf_release(&name);
}

void
dmarc_external_start(struct dmarc_external *e, struct dns *dns, struct task *owner,
    struct str domain, struct str uri)
{
	struct str host;

	*e = (struct dmarc_external){ 0 };
	buf_init(&e->address, DMARC_ADDRESS_MAX);
	if (!dmarc_uri_address(uri, &e->address)) {
		settle(e, VERDICT_FAIL);
		return;
	}
	host = host_of(buf_str(&e->address));
	if (dmarc_is_aligned(host, domain, false))
		settle(e, VERDICT_PASS);
	else
		ask(e, dns, owner, domain, host);
}

/* Step 8: an address of the same host; *out, which is empty, becomes it. */
static bool
take_override(const struct dmarc_external *e, struct str uri, struct buf *out)
{
	return dmarc_uri_address(uri, out) &&
	    str_eq_nocase(host_of(buf_str(out)), host_of(buf_str(&e->address)));
}

/*
 * A record that confirms: PASS, with the first other address that it names, or the one that was there. When it names
 * one elsewhere, nobody gets a report (7.1).
 */
static enum verdict
take_record(struct dmarc_external *e, const struct dmarc_record *record)
{
	struct buf address;
	enum verdict verdict = VERDICT_PASS;

	buf_init(&address, DMARC_ADDRESS_MAX);
	for (size_t i = record->aggregate_count; i-- > 0 && verdict == VERDICT_PASS;) {
		buf_clear(&address);
		if (!take_override(e, record->aggregate[i].uri, &address))
			verdict = VERDICT_FAIL;
	}
	if (verdict == VERDICT_PASS && address.n > 0) {
		buf_clear(&e->address);
		buf_add(&e->address, buf_str(&address));
	}
	buf_release(&address);
	return verdict;
}

bool
dmarc_external_look(struct dmarc_external *e)
{
	if (e->is_settled)
		return true;
	if (op_pending(&e->query.op))
		return false;
	if (e->query.op.fail == FAIL_TEMP || e->query.op.fail == FAIL_LIMIT) {
		settle(e, VERDICT_TEMPERROR);
		return true;
	}
	settle(e, VERDICT_FAIL);
	for (size_t i = 0; i < e->query.record_count; i++) {
		struct dmarc_record record;

		if (dmarc_record_parse(e->query.records[i].bytes, &record) == FAIL_MISSING)
			continue;
		e->verdict = take_record(e, &record);
		if (e->verdict != VERDICT_PASS)
			break;
	}
	return true;
}

void
dmarc_external_release(struct dmarc_external *e)
{
	dns_query_release(&e->query);
	buf_release(&e->address);
	*e = (struct dmarc_external){ 0 };
}
