/* What a domain demands of connections to it, judged from files: pure functions, so that anybody can test them. */
#include "cli/cli.h"

/* base */
#include "base/arena.h"

/* rooms */
#include "cli/ask.h"
#include "codec/json_writer.h"
#include "tls/chain.h"
#include "codec/pem.h"
#include "tlspolicy/dane.h"
#include "tlspolicy/sts_policy.h"

#define OUT_MAX     (4 * 1024 * 1024)
#define RECORDS_MAX CLI_ARGUMENTS_MAX

/* --- TLSA ------------------------------------------------------------------------------------------------- */

static bool
next_number(struct str *cur, uint8_t *out)
{
	uint32_t n;

	*cur = str_trim(*cur);
	if (!str_u32(cur, UINT8_MAX, &n))
		return false;
	*out = (uint8_t)n;
	return true;
}

/* "3 1 1 HEX", the digits in groups if one likes (RFC 6698 2.2). */
static bool
read_record(struct str text, struct arena *arena, struct dns_record *out)
{
	struct buf bytes;
	uint64_t byte;
	bool is_right = next_number(&text, &out->usage) && next_number(&text, &out->selector) &&
	    next_number(&text, &out->matching);

	buf_init(&bytes, OUT_MAX);
	text = str_trim(text);
	while (is_right && !str_empty(text)) {
		struct str pair = str_head(text, 2);

		is_right = pair.n == 2 && str_hex(&pair, UINT8_MAX, &byte) && str_empty(pair);
		buf_add_char(&bytes, (char)byte);
		text = str_trim(str_from(text, 2));
	}
	out->bytes = arena_str(arena, buf_str(&bytes));
	buf_release(&bytes);
	return is_right && out->bytes.p != NULL;
}

static enum cli_status
read_chain(struct str path, struct buf *chain)
{
	struct buf file, der;
	struct str text, label;
	enum cli_status status = CLI_FAILED;
	enum fail fail;

	buf_init(&file, CLI_FILE_MAX);
	buf_init(&der, CLI_FILE_MAX);
	if (cli_read_file(path, &file) != FAIL_NONE)
		goto out;
	text = buf_str(&file);
	while ((fail = pem_next(&text, &label, &der)) == FAIL_NONE)
		if (str_eq(label, STR("CERTIFICATE")))
			chain_add(chain, buf_str(&der));
	status = fail == FAIL_MISSING && chain->n > 0 && buf_ok(chain)
	    ? CLI_OK
	    : cli_fail(path, "is not a chain of certificates (PEM)");
out:
	buf_release(&der);
	buf_release(&file);
	return status;
}

static void
write_records(struct json_writer *w, const struct dane_question *q,
    const struct dane_answer *answer)
{
	json_name(w, STR("records"));
	json_array_begin(w);
	for (size_t i = 0; i < q->record_count; i++) {
		const struct dns_record *r = &q->records[i];

		json_object_begin(w);
		json_name_int(w, STR("usage"), r->usage);
		json_name_int(w, STR("selector"), r->selector);
		json_name_int(w, STR("matching"), r->matching);
		json_name_bool(w, STR("usable"), dane_is_usable(r));
		json_name_bool(w, STR("matched"), answer->record == r);
		json_object_end(w);
	}
	json_array_end(w);
}

static enum cli_status
print_match(const struct dane_question *q)
{
	struct dane_answer answer = dane_match(q);
	const char *why = tls_result_words[answer.result];
	struct buf out;
	struct json_writer w = { .out = &out };
	enum cli_status status;

	buf_init(&out, OUT_MAX);
	json_object_begin(&w);
	json_name_bool(&w, STR("matches"), answer.result == TLS_RESULT_SUCCESS);
	json_name_string(&w, STR("result"), tls_result_names[answer.result]);
	if (why)
		json_name_string(&w, STR("why"), str_c(why));
	write_records(&w, q, &answer);
	json_object_end(&w);
	buf_add_char(&out, '\n');
	status = cli_print(&out);
	buf_release(&out);
	return status;
}

enum cli_status
cmd_tlsa_match(const struct cli *cli)
{
	struct dns_record records[RECORDS_MAX] = { 0 };
	struct dane_question q = { .records = records };
	struct arena arena;
	struct buf chain;
	enum cli_status status = cli_now(cli, &q.now_s);

	arena_init(&arena, OUT_MAX);
	buf_init(&chain, TLS_CHAIN_BYTES_MAX);
	if (!str_empty(cli->host))
		q.names[q.name_count++] = cli->host;
	if (!str_empty(cli->next_hop))
		q.names[q.name_count++] = cli->next_hop;
	for (size_t i = 1; i < cli->argument_count && status == CLI_OK; i++)
		if (!read_record(cli->arguments[i], &arena, &records[q.record_count++])) {
			cli_fail(cli->arguments[i],
			    "is no record: \"USAGE SELECTOR MATCHING HEX\" is one argument, in quotes");
			status = CLI_USAGE;
		}
	if (status == CLI_OK)
		status = read_chain(cli->arguments[0], &chain);
	q.chain = buf_str(&chain);
	if (status == CLI_OK)
		status = print_match(&q);
	buf_release(&chain);
	arena_release(&arena);
	return status;
}

/* --- MTA-STS ---------------------------------------------------------------------------------------------- */

static void
write_policy(struct json_writer *w, const struct sts_policy *policy, struct str host)
{
	json_name_string(w, STR("mode"), sts_mode_names[policy->mode]);
	json_name_int(w, STR("max_age"), policy->max_age_s);
	json_name(w, STR("mx"));
	json_array_begin(w);
	for (size_t i = 0; i < policy->pattern_count; i++)
		json_string(w, policy->patterns[i]);
	json_array_end(w);
	json_name_bool(w, STR("matches"), sts_policy_names(policy, host));
}

enum cli_status
cmd_mta_sts_match(const struct cli *cli)
{
	struct sts_policy policy;
	struct buf file, out;
	struct json_writer w = { .out = &out };
	enum cli_status status = CLI_FAILED;
	bool is_valid;

	buf_init(&file, CLI_FILE_MAX);
	buf_init(&out, OUT_MAX);
	if (cli_read_file(cli->arguments[0], &file) == FAIL_NONE) {
		is_valid = sts_policy_parse(buf_str(&file), &policy) == FAIL_NONE;
		json_object_begin(&w);
		json_name_bool(&w, STR("valid"), is_valid);
		if (is_valid)
			write_policy(&w, &policy, cli->arguments[1]);
		json_object_end(&w);
		buf_add_char(&out, '\n');
		status = cli_print(&out);
	}
	buf_release(&out);
	buf_release(&file);
	return status;
}
