/* staunch domain dns, domain check: what a domain should publish, and whether it does. */
#include "cli/domain.h"

#define OUTPUT_BYTES (4 * 1024 * 1024) /* 128 records, with what others put in their place */

/* The list, ready to be written; the configuration and the rest stay open in d. */
static enum cli_status
gather(const struct cli *cli, bool needs_dns, struct cli_domain *d, struct records *rs)
{
	struct domain_pins pins;
	int64_t now_s;
	enum cli_status status = cli_domain_open(cli, d);

	if (status != CLI_OK)
		return status;
	domain_pins_read(d, &pins);
	records_init(rs, d->server.settings->hostname);
	status = cli_now(cli, &now_s);
	if (status == CLI_OK && needs_dns)
		status = cli_domain_open_dns(cli, d);
	if (status == CLI_OK)
		status = cli_domain_enter(d);
	if (status == CLI_OK)
		status = domain_records_write(d, &pins, now_s, rs);
	return status;
}

static enum cli_status
print(const struct records *rs, const struct cli *cli, bool is_checked)
{
	struct buf out;
	enum cli_status status;

	buf_init(&out, OUTPUT_BYTES);
	if (cli->is_json)
		records_write_json(rs, is_checked, &out);
	else if (is_checked)
		records_write_report(rs, &out);
	else
		records_write_zone(rs, &out);
	status = cli_print(&out);
	buf_release(&out);
	return status;
}

enum cli_status
cmd_domain_dns(const struct cli *cli)
{
	struct cli_domain d;
	struct records rs = { 0 };
	enum cli_status status = gather(cli, false, &d, &rs);

	if (status == CLI_OK)
		status = print(&rs, cli, false);
	records_release(&rs);
	cli_domain_close(&d);
	return status;
}

enum cli_status
cmd_domain_check(const struct cli *cli)
{
	struct cli_domain d;
	struct records rs = { 0 };
	enum cli_status status = gather(cli, true, &d, &rs);

	if (status == CLI_OK) {
		records_check(&rs, &d.dns);
		status = print(&rs, cli, true);
	}
	if (status == CLI_OK && records_have_trouble(&rs))
		status = CLI_FAILED;
	records_release(&rs);
	cli_domain_close(&d);
	return status;
}
