#include "cli/ask.h"

/* base */
#include "base/clock.h"
#include "base/log.h"

/* rooms */
#include "dns/zone.h"

static enum step
no_step(struct task *task)
{
	(void)task;
	return STEP_WAIT;
}

/* The file's text becomes all there is. */
static enum cli_status
read_zone(const struct cli *cli, struct dns *dns)
{
	struct buf file, why;
	enum cli_status status = CLI_FAILED;

	buf_init(&file, CLI_FILE_MAX);
	buf_init(&why, CLI_WHY_MAX);
	buf_add(&why, cli->dns);
	buf_add(&why, STR(": "));
	if (cli_read_file(cli->dns, &file) == FAIL_NONE) {
		if (dns_zone_read(dns, buf_str(&file), &why) == FAIL_NONE)
			status = CLI_OK;
		else
			cli_warn(&why);
	}
	buf_release(&why);
	buf_release(&file);
	return status;
}

enum cli_status
cli_dns_open_or(const struct cli *cli, const struct dns_settings *settings, struct cli_dns *d)
{
	struct net_address server;
	enum cli_status status = CLI_OK;
	bool is_file = !str_empty(cli->dns);
	struct buf why;

	*d = (struct cli_dns){ .net_settings = net_settings_default, .settings = *settings };
	if (is_file && net_address_parse_port(cli->dns, &server) == FAIL_NONE) {
		d->settings.servers = cli->dns;
		is_file = false;
	}
	log_set_level(LOG_LEVEL_WARN); /* what DNS said is in the answer, in words for people */
	if (loop_init(&d->loop) != FAIL_NONE)
		return CLI_FAILED;
	loop_task(&d->loop, &d->task, no_step, NULL);
	net_init(&d->net, &d->loop, &d->net_settings);
	buf_init(&why, CLI_WHY_MAX);
	if (dns_init(&d->dns, &d->loop, &d->net, &d->settings, &why) != FAIL_NONE) {
		cli_warn(&why);
		status = CLI_FAILED;
	} else if (is_file) {
		status = read_zone(cli, &d->dns);
	}
	buf_release(&why);
	if (status != CLI_OK)
		cli_dns_close(d);
	return status;
}

enum cli_status
cli_dns_open(const struct cli *cli, struct cli_dns *d)
{
	return cli_dns_open_or(cli, &dns_settings_default, d);
}

void
cli_dns_close(struct cli_dns *d)
{
	dns_release(&d->dns);
	net_release(&d->net);
	loop_release(&d->loop);
}

void
cli_dns_wait(struct cli_dns *d)
{
	loop_turn(&d->loop, -1);
}

enum cli_status
cli_now(const struct cli *cli, int64_t *now_s_out)
{
	struct str text = cli->now;
	uint64_t now_s;

	*now_s_out = clock_wall_s();
	if (str_empty(text))
		return CLI_OK;
	if (!str_u64(&text, INT64_MAX, &now_s) || !str_empty(text)) {
		cli_fail(STR("--now"), "needs seconds since 1970");
		return CLI_USAGE;
	}
	*now_s_out = (int64_t)now_s;
	return CLI_OK;
}
