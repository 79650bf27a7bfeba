#include "cli/cli.h"

/* system */
#include <stdio.h>

/* rooms */
#include "cli/open.h"
#include "server/example.h"

enum cli_status
cmd_serve(const struct cli *cli)
{
	return (enum cli_status)server_run(cli->config);
}

enum cli_status
cmd_config_check(const struct cli *cli)
{
	struct server s;
	struct buf why;
	enum cli_status status = cli_open_config(cli, &s);

	buf_init(&why, CONFIG_ERRORS_MAX);
	if (status == CLI_OK && server_check(&s, &why) != FAIL_NONE)
		status = CLI_FAILED;
	if (status == CLI_OK)
		server_note_foreign(&s, &why);
	cli_warn(&why);
	buf_release(&why);
	if (status == CLI_OK)
		printf("%.*s: nothing is wrong\n", STR_ARG(cli->config));
	server_release(&s);
	return status;
}

enum cli_status
cmd_config_show(const struct cli *cli)
{
	struct server s;
	struct buf out;
	enum cli_status status = cli_open_config(cli, &s);

	buf_init(&out, CONFIG_FILE_MAX);
	if (status == CLI_OK) {
		config_write(&s.config, &out);
		status = cli_print(&out);
	}
	buf_release(&out);
	server_release(&s);
	return status;
}

enum cli_status
cmd_config_example(const struct cli *cli)
{
	struct buf out;
	enum cli_status status;

	(void)cli;
	buf_init(&out, CONFIG_FILE_MAX);
	example_write(&out);
	status = cli_print(&out);
	buf_release(&out);
	return status;
}
