#include "cli/cli.h"

/* system */
#include <stdio.h>

/* rooms */
#include "directory/schema.h"

enum cli_status
cmd_directory_schema(const struct cli *cli)
{
	const char *schema = schema_find(cli->arguments[0]);

	if (schema == NULL) {
		cli_fail(cli->arguments[0], "there are tables for pgsql, mysql and sqlite");
		return CLI_USAGE;
	}
	return fputs(schema, stdout) < 0 || fflush(stdout) != 0
	    ? cli_fail(STR("standard output"), "cannot be written")
	    : CLI_OK;
}
