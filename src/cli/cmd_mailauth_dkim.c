#include "cli/cli.h"

/* rooms */
#include "cli/ask.h"
#include "cli/mail_file.h"
#include "cli/signer.h"
#include "codec/json_writer.h"
#include "mailauth/dkim_sign.h"
#include "mailauth/dkim_verify.h"

#define RESULTS_MAX (1024 * 1024) /* bytes of JSON: strings of 8 signatures */

static void
write_result(struct json_writer *w, const struct dkim_result *r)
{
	json_object_begin(w);
	json_name_string(w, STR("result"), verdict_names[r->verdict]);
	json_name_string(w, STR("reason"), r->reason);
	json_name_string(w, STR("domain"), r->domain);
	json_name_string(w, STR("identity"), r->identity);
	json_name_string(w, STR("selector"), r->selector);
	json_name_string(w, STR("algorithm"), r->algorithm);
	json_name_string(w, STR("b"), str_of(r->b, r->b_size));
	json_name_int(w, STR("keyBits"), r->key_bits);
	json_name_bool(w, STR("isTesting"), r->is_testing);
	json_name_bool(w, STR("isPartial"), r->is_partial);
	json_object_end(w);
}

static enum cli_status
print_results(const struct dkim_verify *v)
{
	enum cli_status status;
	struct buf out;
	struct json_writer w = { .out = &out };

	buf_init(&out, RESULTS_MAX);
	json_array_begin(&w);
	for (size_t i = 0; i < v->count; i++)
		write_result(&w, &v->results[i]);
	json_array_end(&w);
	buf_add_char(&out, '\n');
	status = cli_print(&out);
	buf_release(&out);
	return status;
}

static enum cli_status
verify(struct cli_dns *d, struct str mail, int64_t now_s)
{
	struct dkim_content content = { 0 };
	struct dkim_verify v;
	enum cli_status status;
	struct str header, body;

	header = cli_mail_header(mail, &body);
	dkim_content_header(&content, header);
	dkim_verify_start(&v, &content, &d->dns, &d->task, now_s);
	dkim_content_body(&content, body);
	dkim_content_end(&content);
	while (!dkim_verify_look(&v))
		cli_dns_wait(d);
	status = print_results(&v);
	dkim_verify_release(&v);
	dkim_content_release(&content);
	return status;
}

enum cli_status
cmd_dkim_verify(const struct cli *cli)
{
	struct cli_dns d;
	struct buf mail;
	int64_t now_s;
	enum cli_status status = cli_now(cli, &now_s);

	if (status == CLI_OK)
		status = cli_dns_open(cli, &d);
	if (status != CLI_OK)
		return status;
	buf_init(&mail, CLI_MAIL_MAX);
	status = cli_read_mail(cli->arguments[0], &mail) == FAIL_NONE
	    ? verify(&d, buf_str(&mail), now_s)
	    : CLI_FAILED;
	buf_release(&mail);
	cli_dns_close(&d);
	return status;
}

/* --canon HEADER[/BODY], as c= has it. */
static bool
parse_canon(struct str text, struct dkim_sign *sign)
{
	struct str parts[2] = { text, STR_INIT("simple") };
	enum dkim_canon *out[2] = { &sign->header_canon, &sign->body_canon };

	if (str_take_until(&text, '/', &parts[0]))
		parts[1] = text;
	for (size_t i = 0; i < 2; i++) {
		int n = 0;

		while (n < DKIM_CANON_COUNT && !str_eq(parts[i], dkim_canon_names[n]))
			n++;
		if (n == DKIM_CANON_COUNT)
			return false;
		*out[i] = (enum dkim_canon)n;
	}
	return true;
}

static enum cli_status
parse_options(const struct cli *cli, struct dkim_sign *sign)
{
	struct str text = cli->expire;
	uint64_t seconds = 0;
	enum cli_status status = cli_now(cli, &sign->time_s);

	if (status != CLI_OK)
		return status;
	sign->domain = cli->domain;
	sign->names = cli->header_list;
	if (!str_empty(cli->canon) && !parse_canon(cli->canon, sign)) {
		cli_fail(STR("--canon"),
		    "needs simple or relaxed, one or two of them with a / between");
		return CLI_USAGE;
	}
	if (!str_empty(text) && (!str_u64(&text, INT64_MAX, &seconds) || !str_empty(text))) {
		cli_fail(STR("--expire"), "needs seconds since 1970");
		return CLI_USAGE;
	}
	sign->expires_s = (int64_t)seconds;
	return CLI_OK;
}

static enum cli_status
sign_mail(const struct dkim_sign *sign, const struct cli_signer *signer, struct str mail)
{
	struct dkim_content content = { 0 };
	enum cli_status status;
	struct str header, body;
	struct buf out;
	enum fail fail;

	buf_init(&out, CLI_MAIL_MAX + DKIM_FIELD_MAX);
	header = cli_mail_header(mail, &body);
	dkim_content_header(&content, header);
	fail = dkim_sign_start(sign, &content);
	if (fail == FAIL_NONE) {
		dkim_content_body(&content, body);
		dkim_content_end(&content);
		fail = dkim_sign_write(sign, &content, signer->selector, &signer->key, &out);
	}
	buf_add(&out, mail);
	status = fail == FAIL_NONE ? cli_print(&out) : cli_signer_fail(fail);
	dkim_content_release(&content);
	buf_release(&out);
	return status;
}

enum cli_status
cmd_dkim_sign(const struct cli *cli)
{
	struct cli_signer signer;
	struct dkim_sign sign = { .domain = { 0 } };
	struct buf mail;
	enum cli_status status = parse_options(cli, &sign);

	if (status == CLI_OK)
		status = cli_signer_open(cli, &signer);
	if (status != CLI_OK)
		return status;
	buf_init(&mail, CLI_MAIL_MAX);
	status = cli_read_mail(cli->arguments[0], &mail) == FAIL_NONE
	    ? sign_mail(&sign, &signer, buf_str(&mail))
	    : CLI_FAILED;
	buf_release(&mail);
	cli_signer_close(&signer);
	return status;
}
