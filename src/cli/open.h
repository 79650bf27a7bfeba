/*
 * open.h - what most commands begin with: the configuration, the directory, the mail.
 */
#ifndef CLI_OPEN_H
#define CLI_OPEN_H

#include "cli/cli.h"
#include "directory/admin.h"
#include "server/server.h"

/*
 * Read the configuration into s; mistakes are printed and give CLI_USAGE. server_release(s) is
 * right afterwards in any case.
 */
enum cli_status cli_open_config(const struct cli *cli, struct server *s);

/*
 * The configuration, then, as the server's user, directory.db for changes; close with
 * cli_close_admin().
 */
enum cli_status cli_open_admin(const struct cli *cli, struct server *s, struct admin **out);
void cli_close_admin(struct server *s, struct admin *a);

#endif
