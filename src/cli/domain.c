#include "cli/domain.h"

/* rooms */
#include "codec/idna.h"
#include "directory/engine.h"

enum cli_status
cli_domain_open(const struct cli *cli, struct cli_domain *d)
{
	enum cli_status status;
	struct buf ascii;

	d->name = (struct str){ 0 };
	d->has_dns = false;
	status = cli_open_config(cli, &d->server);
	if (status != CLI_OK)
		return status;
	d->folder = server_path(&d->server, "dkim");
	buf_init(&ascii, IDNA_DOMAIN_MAX);
	if (idna_write_ascii(&ascii, cli->arguments[0]) == FAIL_NONE && buf_ok(&ascii))
		d->name = arena_str(&d->server.config.arena, buf_str(&ascii));
	buf_release(&ascii);
	return str_empty(d->name) ? cli_fail(cli->arguments[0], "this is no domain name") : CLI_OK;
}

struct search {
	struct str name;
	bool is_found;
};

static void
look_for(const struct admin_row *row, void *arg)
{
	struct search *search = arg;

	search->is_found |= str_eq_nocase(row->name, search->name);
}

/* Other engines are asked by programs of their own, and need not know all their domains. */
static enum cli_status
need_domain(struct cli_domain *d)
{
	const struct directory_settings *settings =
	    config_values(&d->server.config, &directory_section);
	struct search search = { .name = d->name };
	struct str path = server_path(&d->server, "directory.db");
	enum cli_status status = CLI_OK;
	struct admin *a;

	if (settings->engine != DIRECTORY_SQLITE) {
		cli_fail(d->name,
		    "whether this is a domain of the directory was not asked: accounts are kept "
		    "elsewhere");
		return CLI_OK;
	}
	if (admin_open(&a, path) != FAIL_NONE)
		return cli_fail(path, "cannot be opened");
	if (admin_domain_list(a, look_for, &search) != FAIL_NONE)
		status = cli_fail(path, admin_reason(a));
	else if (!search.is_found)
		status = cli_fail(d->name, "is no domain of the directory; `domain add` makes it");
	admin_close(&a);
	return status;
}

enum cli_status
cli_domain_enter(struct cli_domain *d)
{
	enum cli_status status;
	struct buf why;

	buf_init(&why, CONFIG_ERRORS_MAX);
	status = server_become_user(&d->server, &why) == FAIL_NONE ? CLI_OK : CLI_FAILED;
	cli_warn(&why);
	buf_release(&why);
	return status == CLI_OK ? need_domain(d) : status;
}

enum cli_status
cli_domain_open_dns(const struct cli *cli, struct cli_domain *d)
{
	enum cli_status status =
	    cli_dns_open_or(cli, config_values(&d->server.config, &dns_section), &d->dns);

	d->has_dns = status == CLI_OK;
	return status;
}

void
cli_domain_close(struct cli_domain *d)
{
	if (d->has_dns)
		cli_dns_close(&d->dns);
	server_release(&d->server);
}
