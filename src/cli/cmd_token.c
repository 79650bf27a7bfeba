/* staunch user token: what programs log in with instead of the user's password. */
#include "cli/cli.h"

/* system */
#include <stdio.h>

/* rooms */
#include "cli/listing.h"
#include "cli/open.h"

#define TOKEN_NAME  STR("token") /* of one that was given no name */
#define TOKEN_BYTES 100          /* room for one */

static struct str
name_of(const struct cli *cli)
{
	return str_empty(cli->token_name) ? TOKEN_NAME : cli->token_name;
}

static enum cli_status
done(struct admin *a, struct str what, enum fail fail)
{
	return fail == FAIL_NONE ? CLI_OK : cli_fail(what, admin_reason(a));
}

/* It is shown here, and never again. */
enum cli_status
cmd_token_add(const struct cli *cli)
{
	struct server s;
	struct admin *a;
	struct buf token;
	struct str account = cli->arguments[0];
	enum cli_status status = cli_open_admin(cli, &s, &a);

	buf_init_secret(&token, TOKEN_BYTES);
	if (status == CLI_OK)
		status = done(a, account, admin_token_add(a, account, name_of(cli), &token));
	buf_add_char(&token, '\n');
	if (status == CLI_OK)
		status = cli_print(&token);
	buf_release(&token);
	cli_close_admin(&s, a);
	return status;
}

enum cli_status
cmd_token_del(const struct cli *cli)
{
	struct server s;
	struct admin *a;
	struct str account = cli->arguments[0];
	enum cli_status status = cli_open_admin(cli, &s, &a);

	if (status == CLI_OK)
		status = done(a, account, admin_token_delete(a, account, name_of(cli)));
	cli_close_admin(&s, a);
	return status;
}

enum cli_status
cmd_token_list(const struct cli *cli)
{
	struct server s;
	struct admin *a;
	struct listing listing;
	struct str account = cli->arguments[0];
	enum cli_status status = cli_open_admin(cli, &s, &a);

	listing_begin(&listing, cli->is_json, LISTING_CREATED);
	if (status == CLI_OK)
		status = done(a, account, admin_token_list(a, account, listing_row, &listing));
	if (status == CLI_OK)
		status = listing_print(&listing);
	listing_release(&listing);
	cli_close_admin(&s, a);
	return status;
}
