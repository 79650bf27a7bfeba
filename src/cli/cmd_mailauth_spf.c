#include "cli/ask.h"

/* rooms */
#include "codec/json.h"
#include "mailauth/spf.h"

#define SPF_JSON_MAX (256 * 1024) /* what is printed: some bounded texts */

static void
write_result(struct buf *out, const struct spf *s)
{
	struct json_writer w = { .out = out };

	json_object_begin(&w);
	json_name_string(&w, STR("result"), verdict_names[s->verdict]);
	json_name_string(&w, STR("domain"), s->domain);
	json_name_string(&w, STR("identity"), s->is_hello ? STR("helo") : STR("mailfrom"));
	json_name_string(&w, STR("mechanism"), s->mechanism);
	json_name_string(&w, STR("explanation"), buf_str(&s->explanation));
	json_name_string(&w, STR("why"), buf_str(&s->why));
	json_name_int(&w, STR("lookups"), s->lookups);
	json_name_int(&w, STR("voids"), s->voids);
	json_object_end(&w);
	buf_add_char(out, '\n');
}

static enum cli_status
check(const struct cli *cli, const struct spf_claim *claim)
{
	struct cli_dns dns;
	struct spf spf;
	struct buf out;
	enum cli_status status = cli_dns_open(cli, &dns);

	if (status != CLI_OK)
		return status;
	buf_init(&out, SPF_JSON_MAX);
	spf_start(&spf, &dns.dns, &dns.task, claim);
	while (!spf_look(&spf))
		cli_dns_wait(&dns);
	write_result(&out, &spf);
	spf_release(&spf);
	status = cli_print(&out);
	buf_release(&out);
	cli_dns_close(&dns);
	return status;
}

enum cli_status
cmd_spf_check(const struct cli *cli)
{
	struct spf_claim claim = { .hello = cli->arguments[1], .sender = cli->arguments[2] };
	enum cli_status status = cli_now(cli, &claim.now_s);

	if (status != CLI_OK)
		return status;
	if (net_address_parse(cli->arguments[0], &claim.client) != FAIL_NONE) {
		cli_fail(cli->arguments[0], "not an IP address");
		return CLI_USAGE;
	}
	if (str_skip_char(&claim.sender, '<') && str_ends(claim.sender, STR(">")))
		claim.sender = str_head(claim.sender, claim.sender.n - 1);
	return check(cli, &claim);
}
