/* DMARC as a pure function of a From, of what SPF and DKIM came to, and of DNS. */
#include "cli/cli.h"

/* rooms */
#include "cli/ask.h"
#include "codec/json_writer.h"
#include "mailauth/dmarc.h"
#include "mailauth/dmarc_from.h"

#define OUT_MAX (64 * 1024) /* bytes of JSON: a record has at most a few kilobytes */

struct evidence {
	struct dmarc_evidence spf, dkim[CLI_ARGUMENTS_MAX];
	size_t dkim_count;
};

/* "spf=DOMAIN:VERDICT", "dkim=DOMAIN:VERDICT" */
static bool
parse_evidence(struct str text, struct evidence *e)
{
	struct dmarc_evidence one;
	bool is_spf = str_skip(&text, STR("spf="));
	size_t colon;

	if (!is_spf && !str_skip(&text, STR("dkim=")))
		return false;
	colon = str_rfind_char(text, ':');
	one.domain = str_head(text, colon);
	if (colon == STR_NONE || !verdict_parse(str_from(text, colon + 1), &one.verdict))
		return false;
	if (is_spf)
		e->spf = one;
	else
		e->dkim[e->dkim_count++] = one;
	return true;
}

static void
write_uris(struct json_writer *w, struct str name, const struct dmarc_uri *uris, size_t count)
{
	json_name(w, name);
	json_array_begin(w);
	for (size_t i = 0; i < count; i++) {
		json_object_begin(w);
		json_name_string(w, STR("uri"), uris[i].uri);
		if (uris[i].max_bytes != DMARC_SIZE_ANY) {
			json_name(w, STR("maxBytes"));
			json_u64(w, uris[i].max_bytes);
		}
		json_object_end(w);
	}
	json_array_end(w);
}

static void
write_record(struct json_writer *w, const struct dmarc *d)
{
	const struct dmarc_record *r = &d->record;

	json_name_string(w, STR("policyDomain"), d->policy_domain);
	json_name_string(w, STR("record"), d->record_text);
	json_name_string(w, STR("p"), dmarc_policy_names[r->policy]);
	json_name_string(w, STR("sp"), dmarc_policy_names[r->subdomain_policy]);
	json_name_string(w, STR("np"), dmarc_policy_names[r->missing_policy]);
	json_name_string(w, STR("adkim"), r->is_dkim_strict ? STR("s") : STR("r"));
	json_name_string(w, STR("aspf"), r->is_spf_strict ? STR("s") : STR("r"));
	json_name_int(w, STR("pct"), r->percent);
	json_name_int(w, STR("ri"), r->interval_s);
	write_uris(w, STR("rua"), r->aggregate, r->aggregate_count);
	write_uris(w, STR("ruf"), r->failure, r->failure_count);
	json_name_string(w, STR("policy"), dmarc_policy_names[d->policy]);
}

static void
write_judgement(struct json_writer *w, const struct dmarc_judgement *j)
{
	json_name_string(w, STR("verdict"), verdict_names[j->verdict]);
	json_name_string(w, STR("disposition"), dmarc_policy_names[j->disposition]);
	json_name_bool(w, STR("spfAligned"), j->is_spf_aligned);
	json_name_bool(w, STR("dkimAligned"), j->is_dkim_aligned);
	json_name_bool(w, STR("sampledOut"), j->is_sampled_out);
}

/* The domain is there: ask for its policy and weigh. */
static void
judge(struct cli_dns *ask, struct str domain, const struct evidence *e, unsigned lot,
    struct json_writer *w)
{
	struct dmarc d = { 0 };
	struct dmarc_judgement j;

	dmarc_start(&d, &ask->dns, &ask->task, domain);
	while (!dmarc_look(&d))
		cli_dns_wait(ask);
	dmarc_judge(&d, &e->spf, e->dkim, e->dkim_count, lot, &j);
	json_name_string(w, STR("domain"), d.domain);
	json_name_string(w, STR("organization"), d.organization);
	if (d.found == VERDICT_PASS)
		write_record(w, &d);
	write_judgement(w, &j);
	dmarc_release(&d);
}

/* A domain, or what stands in a From field. */
static enum fail
find_domain(struct str from, struct buf *domain, struct str *why_out)
{
	struct buf block;
	enum fail fail = FAIL_NONE;

	if (str_find_char(from, '@') == STR_NONE) {
		buf_add(domain, from);
		return FAIL_NONE;
	}
	buf_init(&block, CLI_FILE_MAX);
	buf_add(&block, STR("From: "));
	buf_add(&block, from);
	buf_add(&block, STR("\r\n"));
	fail = dmarc_from_find(buf_str(&block), domain, why_out);
	buf_release(&block);
	return fail;
}

static enum cli_status
check(struct cli_dns *ask, struct str from, const struct evidence *e, unsigned lot)
{
	struct buf domain, out;
	struct json_writer w = { .out = &out };
	enum cli_status status;
	struct str why;

	buf_init(&domain, CLI_FILE_MAX);
	buf_init(&out, OUT_MAX);
	json_object_begin(&w);
	if (find_domain(from, &domain, &why) == FAIL_NONE) {
		judge(ask, buf_str(&domain), e, lot, &w);
	} else {
		const struct dmarc_judgement none = { .verdict = VERDICT_NONE };

		write_judgement(&w, &none);
		json_name_string(&w, STR("reason"), why);
	}
	json_object_end(&w);
	buf_add_char(&out, '\n');
	status = cli_print(&out);
	buf_release(&out);
	buf_release(&domain);
	return status;
}

enum cli_status
cmd_dmarc_check(const struct cli *cli)
{
	struct str lot_text = str_empty(cli->lot) ? STR("0") : cli->lot;
	struct evidence e = { 0 };
	struct cli_dns ask;
	uint32_t lot;
	enum cli_status status;

	if (!str_u32(&lot_text, 99, &lot) || !str_empty(lot_text)) {
		cli_fail(STR("--lot"), "needs a number below 100");
		return CLI_USAGE;
	}
	for (size_t i = 1; i < cli->argument_count; i++) {
		if (!parse_evidence(cli->arguments[i], &e)) {
			cli_fail(cli->arguments[i],
			    "is not spf=DOMAIN:VERDICT or dkim=DOMAIN:VERDICT");
			return CLI_USAGE;
		}
	}
	status = cli_dns_open(cli, &ask);
	if (status != CLI_OK)
		return status;
	status = check(&ask, cli->arguments[0], &e, lot);
	cli_dns_close(&ask);
	return status;
}
