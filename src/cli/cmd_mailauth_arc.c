#include "cli/cli.h"

/* rooms */
#include "cli/ask.h"
#include "cli/mail_file.h"
#include "cli/signer.h"
#include "codec/json_writer.h"
#include "mailauth/arc_seal.h"
#include "mailauth/arc_verify.h"

#define CHAIN_MAX (16 * 1024 * 1024) /* bytes of JSON: escaped strings of a header */

static void
write_set(struct json_writer *w, const struct arc_set *set, size_t instance)
{
	json_object_begin(w);
	json_name_int(w, STR("instance"), (int64_t)instance);
	json_name_string(w, STR("domain"), set->seal_signature.d);
	json_name_string(w, STR("selector"), set->seal_signature.s);
	json_name_bool(w, STR("isMessageGood"), set->is_message_good);
	json_name_string(w, STR("results"), set->authentication);
	json_object_end(w);
}

static enum cli_status
print_chain(const struct arc_verify *a)
{
	enum cli_status status;
	struct buf out;
	struct json_writer w = { .out = &out };

	buf_init(&out, CHAIN_MAX);
	json_object_begin(&w);
	json_name_string(&w, STR("result"), verdict_names[a->chain]);
	json_name_string(&w, STR("reason"), a->reason);
	json_name_int(&w, STR("brokenAt"), a->broken);
	json_name_int(&w, STR("oldestPass"), a->oldest_pass);
	json_name_bool(&w, STR("isTemporary"), a->is_temporary);
	json_name(&w, STR("sets"));
	json_array_begin(&w);
	for (size_t i = 0; i < a->count; i++)
		write_set(&w, &a->sets[i], i + 1);
	json_array_end(&w);
	json_object_end(&w);
	buf_add_char(&out, '\n');
	status = cli_print(&out);
	buf_release(&out);
	return status;
}

/* Who does what with a chain that was judged. */
struct chain_task {
	struct cli_dns dns;
	struct buf mail;
	int64_t now_s;
	struct dkim_content content;
	struct arc_verify verify;
};

/* Everything is read, nothing is judged; CLI_OK, or said. */
static enum cli_status
open_chain(const struct cli *cli, struct chain_task *t)
{
	enum cli_status status = cli_now(cli, &t->now_s);

	if (status == CLI_OK)
		status = cli_dns_open(cli, &t->dns);
	if (status != CLI_OK)
		return status;
	t->content = (struct dkim_content){ 0 };
	t->verify = (struct arc_verify){ 0 };
	buf_init(&t->mail, CLI_MAIL_MAX);
	if (cli_read_mail(cli->arguments[0], &t->mail) == FAIL_NONE)
		return CLI_OK;
	buf_release(&t->mail);
	cli_dns_close(&t->dns);
	return CLI_FAILED;
}

static void
close_chain(struct chain_task *t)
{
	arc_verify_release(&t->verify);
	dkim_content_release(&t->content);
	buf_release(&t->mail);
	cli_dns_close(&t->dns);
}

static void
start_chain(struct chain_task *t, struct str *body_out)
{
	dkim_content_header(&t->content, cli_mail_header(buf_str(&t->mail), body_out));
	arc_verify_start(&t->verify, &t->content, &t->dns.dns, &t->dns.task, t->now_s);
}

static void
judge_chain(struct chain_task *t, struct str body)
{
	dkim_content_body(&t->content, body);
	dkim_content_end(&t->content);
	while (!arc_verify_look(&t->verify))
		cli_dns_wait(&t->dns);
}

enum cli_status
cmd_arc_verify(const struct cli *cli)
{
	struct chain_task t;
	struct str body;
	enum cli_status status = open_chain(cli, &t);

	if (status != CLI_OK)
		return status;
	start_chain(&t, &body);
	judge_chain(&t, body);
	status = print_chain(&t.verify);
	close_chain(&t);
	return status;
}

/* Without --results, all that is known: what came of the chain. */
static void
write_own_results(const struct cli *cli, const struct arc_verify *verify, struct buf *out)
{
	buf_add(out, cli->domain);
	buf_add_c(out, "; arc=");
	buf_add(out, verdict_names[verify->chain]);
}

static enum cli_status
seal_mail(const struct cli *cli, const struct cli_signer *signer, struct chain_task *t)
{
	struct arc_seal seal = { .domain = cli->domain,
		.selector = signer->selector,
		.names = cli->header_list,
		.results = str_empty(cli->results) ? STR("-") : cli->results,
		.time_s = t->now_s };
	struct buf out, results;
	struct str body;
	enum fail fail;

	buf_init(&out, CLI_MAIL_MAX);
	buf_init(&results, CHAIN_MAX);
	start_chain(t, &body);
	fail = arc_seal_start(&seal, &t->content);
	if (fail == FAIL_NONE) {
		judge_chain(t, body);
		write_own_results(cli, &t->verify, &results);
		if (str_empty(cli->results))
			seal.results = buf_str(&results);
		fail = arc_seal_write(&seal, &t->content, &t->verify, &signer->key, &out);
	}
	buf_add(&out, buf_str(&t->mail));
	buf_release(&results);
	if (fail == FAIL_NONE) {
		enum cli_status status = cli_print(&out);

		buf_release(&out);
		return status;
	}
	buf_release(&out);
	return cli_signer_fail(fail);
}

enum cli_status
cmd_arc_seal(const struct cli *cli)
{
	struct cli_signer signer;
	struct chain_task t;
	enum cli_status status = cli_signer_open(cli, &signer);

	if (status != CLI_OK)
		return status;
	status = open_chain(cli, &t);
	if (status == CLI_OK) {
		status = seal_mail(cli, &signer, &t);
		close_chain(&t);
	}
	cli_signer_close(&signer);
	return status;
}
