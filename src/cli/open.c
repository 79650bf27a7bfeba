#include "cli/open.h"

/* rooms */
#include "directory/engine.h"

enum cli_status
cli_open_config(const struct cli *cli, struct server *s)
{
	struct buf errors;
	enum fail fail;

	*s = (struct server){ .lock = { .fd = -1 } };
	buf_init(&errors, CONFIG_ERRORS_MAX);
	config_init(&s->config, server_sections(), server_foreign_sections());
	s->settings = config_values(&s->config, &server_section);
	fail = config_read(&s->config, cli->config, &errors);
	cli_warn(&errors);
	buf_release(&errors);
	return fail == FAIL_NONE ? CLI_OK : CLI_USAGE;
}

/* What is kept elsewhere is changed there. */
static enum cli_status
need_own_directory(struct server *s)
{
	const struct directory_settings *settings = config_values(&s->config, &directory_section);
	struct buf why;
	enum cli_status status;

	if (settings->engine == DIRECTORY_SQLITE)
		return CLI_OK;
	buf_init(&why, CONFIG_ERRORS_MAX);
	buf_add_c(&why, "accounts are kept in ");
	buf_add_c(&why, directory_engines[settings->engine].title);
	buf_add_c(&why,
	    " ([directory] engine), and listed and changed there; `directory test NAME` asks about one");
	status = cli_fail(STR("directory"), buf_c(&why));
	buf_release(&why);
	return status;
}

enum cli_status
cli_open_admin(const struct cli *cli, struct server *s, struct admin **out)
{
	enum cli_status status = cli_open_config(cli, s);
	struct buf why;
	struct str path;

	*out = NULL;
	if (status == CLI_OK)
		status = need_own_directory(s);
	if (status != CLI_OK)
		return status;
	buf_init(&why, CONFIG_ERRORS_MAX);
	if (server_become_user(s, &why) != FAIL_NONE)
		status = CLI_FAILED;
	cli_warn(&why);
	buf_release(&why);
	if (status != CLI_OK)
		return status;
	path = server_path(s, "directory.db");
	if (admin_open(out, path) != FAIL_NONE)
		return cli_fail(path, "cannot be opened");
	return CLI_OK;
}

void
cli_close_admin(struct server *s, struct admin *a)
{
	if (a)
		admin_close(&a);
	server_release(s);
}
