#include "cli/cli.h"

/* system */
#include <stdio.h>

/* rooms */
#include "cli/listing.h"
#include "cli/open.h"
#include "server/value.h"

/* Run a change; its failure is one line. */
static enum cli_status
done(struct admin *a, struct str what, enum fail fail)
{
	return fail == FAIL_NONE ? CLI_OK : cli_fail(what, admin_reason(a));
}

/* As in the configuration: bytes with or without KB, MB, GB, or a plain number. */
static enum cli_status
parse_amount(struct str text, enum setting_type type, int64_t *out)
{
	const struct setting row = { .type = type, .max = INT64_MAX };
	struct buf why;
	enum fail fail;

	buf_init(&why, CONFIG_ERRORS_MAX);
	fail = value_parse(&row, out, text, NULL, &why);
	buf_add_char(&why, '\0');
	if (fail != FAIL_NONE)
		cli_fail(text, buf_str(&why).p);
	buf_release(&why);
	return fail == FAIL_NONE ? CLI_OK : CLI_USAGE;
}

struct postmaster {
	struct str address;
	bool is_there;
};

static void
look_for(const struct admin_row *row, void *arg)
{
	struct postmaster *p = arg;

	p->is_there |= str_eq_nocase(row->name, p->address);
}

/* RFC 5321 4.5.1: somebody reads postmaster's mail; the first account of a domain, until told else. */
static enum cli_status
need_postmaster(struct admin *a, struct str name)
{
	struct postmaster p = { 0 };
	struct buf address;
	enum fail fail;

	buf_init(&address, CLI_SECRET_MAX);
	buf_add(&address, STR("postmaster"));
	buf_add(&address, str_from(name, str_find_char(name, '@')));
	p.address = buf_str(&address);
	p.is_there = str_eq_nocase(name, p.address);
	fail = admin_alias_list(a, look_for, &p);
	if (fail == FAIL_NONE && !p.is_there)
		fail = admin_user_list(a, look_for, &p);
	if (fail == FAIL_NONE && !p.is_there) {
		fail = admin_alias_add(a, p.address, name);
		if (fail == FAIL_NONE)
			printf("mail for %.*s goes to %.*s\n", STR_ARG(p.address), STR_ARG(name));
	}
	buf_release(&address);
	return done(a, STR("postmaster"), fail);
}

enum cli_status
cmd_user_add(const struct cli *cli)
{
	struct server s;
	struct admin *a;
	struct buf secret;
	struct str name = cli->arguments[0];
	int64_t quota = 0;
	enum cli_status status = cli_open_admin(cli, &s, &a);

	buf_init_secret(&secret, CLI_SECRET_MAX);
	if (status == CLI_OK && !str_empty(cli->quota))
		status = parse_amount(cli->quota, SETTING_BYTES, &quota);
	if (status == CLI_OK && cli_read_secret(cli, &secret) != FAIL_NONE)
		status = CLI_FAILED;
	if (status == CLI_OK)
		status = done(a, name, admin_user_add(a, name, cli->full_name, buf_str(&secret)));
	if (status == CLI_OK && quota > 0)
		status = done(a, name, admin_user_quota(a, name, quota, 0));
	if (status == CLI_OK)
		status = need_postmaster(a, name);
	buf_release(&secret);
	cli_close_admin(&s, a);
	return status;
}

enum cli_status
cmd_user_passwd(const struct cli *cli)
{
	struct server s;
	struct admin *a;
	struct buf secret;
	struct str name = cli->arguments[0];
	enum cli_status status = cli_open_admin(cli, &s, &a);

	buf_init_secret(&secret, CLI_SECRET_MAX);
	if (status == CLI_OK && cli_read_secret(cli, &secret) != FAIL_NONE)
		status = CLI_FAILED;
	if (status == CLI_OK)
		status = done(a, name, admin_user_password(a, name, buf_str(&secret)));
	buf_release(&secret);
	cli_close_admin(&s, a);
	return status;
}

enum cli_status
cmd_user_quota(const struct cli *cli)
{
	struct server s;
	struct admin *a;
	struct str name = cli->arguments[0];
	int64_t bytes = 0, messages = 0;
	enum cli_status status = cli_open_admin(cli, &s, &a);

	if (status == CLI_OK)
		status = parse_amount(cli->arguments[1], SETTING_BYTES, &bytes);
	if (status == CLI_OK)
		status = parse_amount(cli->arguments[2], SETTING_NUMBER, &messages);
	if (status == CLI_OK)
		status = done(a, name, admin_user_quota(a, name, bytes, messages));
	cli_close_admin(&s, a);
	return status;
}

/* --- changes of one or two words ----------------------------------------------------------------- */

typedef enum fail change_fn(struct admin *a, const struct cli *cli);

static enum cli_status
change(const struct cli *cli, change_fn *fn)
{
	struct server s;
	struct admin *a;
	enum cli_status status = cli_open_admin(cli, &s, &a);

	if (status == CLI_OK)
		status = done(a, cli->arguments[0], fn(a, cli));
	cli_close_admin(&s, a);
	return status;
}

static enum fail
user_del(struct admin *a, const struct cli *cli)
{
	return admin_user_delete(a, cli->arguments[0]);
}

static enum fail
user_disable(struct admin *a, const struct cli *cli)
{
	return admin_user_enable(a, cli->arguments[0], false);
}

static enum fail
user_enable(struct admin *a, const struct cli *cli)
{
	return admin_user_enable(a, cli->arguments[0], true);
}

static enum fail
alias_add(struct admin *a, const struct cli *cli)
{
	return admin_alias_add(a, cli->arguments[0], cli->arguments[1]);
}

static enum fail
alias_del(struct admin *a, const struct cli *cli)
{
	return admin_alias_delete(a, cli->arguments[0], cli->arguments[1]);
}

static enum fail
group_add(struct admin *a, const struct cli *cli)
{
	return admin_group_add(a, cli->arguments[0], STR(""));
}

static enum fail
group_join(struct admin *a, const struct cli *cli)
{
	return admin_group_join(a, cli->arguments[0], cli->arguments[1]);
}

static enum fail
group_leave(struct admin *a, const struct cli *cli)
{
	return admin_group_leave(a, cli->arguments[0], cli->arguments[1]);
}

static enum fail
group_del(struct admin *a, const struct cli *cli)
{
	return admin_group_delete(a, cli->arguments[0]);
}

static enum fail
domain_add(struct admin *a, const struct cli *cli)
{
	return admin_domain_add(a, cli->arguments[0]);
}

static enum fail
domain_del(struct admin *a, const struct cli *cli)
{
	return admin_domain_delete(a, cli->arguments[0]);
}

enum cli_status
cmd_user_del(const struct cli *cli)
{
	return change(cli, user_del);
}

enum cli_status
cmd_user_disable(const struct cli *cli)
{
	return change(cli, user_disable);
}

enum cli_status
cmd_user_enable(const struct cli *cli)
{
	return change(cli, user_enable);
}

enum cli_status
cmd_alias_add(const struct cli *cli)
{
	return change(cli, alias_add);
}

enum cli_status
cmd_alias_del(const struct cli *cli)
{
	return change(cli, alias_del);
}

enum cli_status
cmd_group_add(const struct cli *cli)
{
	return change(cli, group_add);
}

enum cli_status
cmd_group_join(const struct cli *cli)
{
	return change(cli, group_join);
}

enum cli_status
cmd_group_leave(const struct cli *cli)
{
	return change(cli, group_leave);
}

enum cli_status
cmd_group_del(const struct cli *cli)
{
	return change(cli, group_del);
}

enum cli_status
cmd_domain_add(const struct cli *cli)
{
	return change(cli, domain_add);
}

enum cli_status
cmd_domain_del(const struct cli *cli)
{
	return change(cli, domain_del);
}

/* --- lists --------------------------------------------------------------------------------------- */

typedef enum fail list_fn(struct admin *a, admin_row_fn *fn, void *arg);

static enum cli_status
list(const struct cli *cli, list_fn *fn, unsigned columns)
{
	struct server s;
	struct admin *a;
	struct listing listing;
	enum cli_status status = cli_open_admin(cli, &s, &a);

	listing_begin(&listing, cli->is_json, columns);
	if (status == CLI_OK)
		status = done(a, STR("list"), fn(a, listing_row, &listing));
	if (status == CLI_OK)
		status = listing_print(&listing);
	listing_release(&listing);
	cli_close_admin(&s, a);
	return status;
}

enum cli_status
cmd_user_list(const struct cli *cli)
{
	return list(cli, admin_user_list, LISTING_USER);
}

enum cli_status
cmd_alias_list(const struct cli *cli)
{
	return list(cli, admin_alias_list, LISTING_TARGET);
}

enum cli_status
cmd_group_list(const struct cli *cli)
{
	return list(cli, admin_group_list, LISTING_TARGET);
}

enum cli_status
cmd_domain_list(const struct cli *cli)
{
	return list(cli, admin_domain_list, 0);
}
