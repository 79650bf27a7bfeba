/* Commands that the running server answers; without one, the same in the data folder itself. */
#include "cli/cli.h"

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "blob/blob.h"
#include "cli/open.h"
#include "mail/mail.h"
#include "server/control.h"

/* No server runs: open its files, do it, and make it durable. */
static enum cli_status
run_here(struct server *s, const struct str *words, size_t count)
{
	struct command_run r;
	struct buf why;
	bool has_more;
	enum cli_status status = CLI_OK;

	buf_init(&why, CONFIG_ERRORS_MAX);
	if (server_open_mail(s, &why) != FAIL_NONE) {
		cli_warn(&why);
		buf_release(&why);
		return CLI_FAILED;
	}
	buf_release(&why);
	has_more = command_begin(&r, s, words, count);
	do {
		has_more = has_more && command_step(&r);
		cli_warn(&r.err);
		buf_clear(&r.err);
		if (cli_print(&r.out) != CLI_OK)
			status = CLI_FAILED;
		buf_clear(&r.out);
	} while (has_more && status == CLI_OK);
	if (status == CLI_OK)
		status = (enum cli_status)r.status;
	command_release(&r);
	if (blob_commit(s->blobs) != FAIL_NONE && status == CLI_OK)
		status = cli_fail(STR("store"), "cannot be written");
	mail_committed(s->mail, status == CLI_OK ? FAIL_NONE : FAIL_TEMP);
	return status;
}

/* The command of this row with its arguments, to the server if there is one. */
static enum cli_status
call(const struct cli *cli, const char *command)
{
	struct str words[COMMAND_WORDS_MAX], all = str_c(command), word;
	struct server s;
	size_t count = 0;
	int status = CLI_FAILED;
	enum cli_status result = cli_open_config(cli, &s);
	enum fail fail;

	while (str_next_part(&all, ' ', &word))
		words[count++] = word;
	for (size_t i = 0; i < cli->argument_count; i++)
		words[count++] = cli->arguments[i];
	if (cli->is_json)
		words[count++] = STR("--json");
	if (result == CLI_OK) {
		fail = control_call(server_path(&s, "control"), words, count, &status);
		if (fail == FAIL_MISSING)
			result = run_here(&s, words, count);
		else if (fail == FAIL_NONE)
			result = (enum cli_status)status;
		else
			result = cli_fail(STR("server"), "went away in the middle");
	}
	server_release(&s);
	return result;
}

enum cli_status
cmd_queue_list(const struct cli *cli)
{
	return call(cli, "queue list");
}

enum cli_status
cmd_queue_show(const struct cli *cli)
{
	return call(cli, "queue show");
}

enum cli_status
cmd_queue_retry(const struct cli *cli)
{
	return call(cli, "queue retry");
}

enum cli_status
cmd_queue_hold(const struct cli *cli)
{
	return call(cli, "queue hold");
}

enum cli_status
cmd_queue_release(const struct cli *cli)
{
	return call(cli, "queue release");
}

enum cli_status
cmd_queue_cancel(const struct cli *cli)
{
	return call(cli, "queue cancel");
}

enum cli_status
cmd_queue_stats(const struct cli *cli)
{
	return call(cli, "queue stats");
}

enum cli_status
cmd_ban_list(const struct cli *cli)
{
	return call(cli, "ban list");
}

enum cli_status
cmd_ban_lift(const struct cli *cli)
{
	return call(cli, "ban lift");
}

enum cli_status
cmd_report_list(const struct cli *cli)
{
	return call(cli, "report list");
}

enum cli_status
cmd_reindex(const struct cli *cli)
{
	return call(cli, "reindex");
}
