#include "cli/cli.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "cli/open.h"
#include "codec/idna.h"
#include "net/address.h"
#include "server/example.h"
#include "sys/sys.h"
#include "tls/tls.h"

#define PORT_BASE_DEFAULT 21000
#define PORT_BASE_MAX     65000 /* the highest port is 93 above it */
#define SAID_MAX          1024
#define CERTIFICATE_DAYS  3650 /* a private installation: nobody wants to renew it */

static enum cli_status
fail_with_errno(const char *path)
{
	return cli_fail(str_c(path), strerror(errno));
}

static enum cli_status
write_file(struct setup *setup, const char *name, const struct buf *text)
{
	const char *path = setup_path(setup, name);
	struct str rest = buf_str(text);
	int fd = sys.open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd < 0)
		return fail_with_errno(path);
	while (rest.n > 0) {
		ssize_t n = sys.write(fd, rest.p, rest.n);

		if (n <= 0) {
			sys.close(fd);
			return fail_with_errno(path);
		}
		rest = str_from(rest, (size_t)n);
	}
	if (sys.fsync(fd) != 0 || sys.close(fd) != 0)
		return fail_with_errno(path);
	return CLI_OK;
}

static enum cli_status
make_folders(struct setup *setup)
{
	const char *names[] = { "", "data" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *path = setup_path(setup, names[i]);

		if (sys.mkdir(path, 0700) != 0 && errno != EEXIST)
			return fail_with_errno(path);
	}
	return CLI_OK;
}

static enum cli_status
make_certificate(struct setup *setup)
{
	struct tls_files files = { .chain = str_c(setup_path(setup, "certificate.pem")),
		.key = str_c(setup_path(setup, "key.pem")) };
	struct buf names, why;
	enum fail fail;

	buf_init(&names, 1024);
	buf_init(&why, 1024);
	buf_add(&names, setup->hostname);
	buf_add(&names, STR(" localhost 127.0.0.1"));
	fail = tls_write_self_signed(buf_str(&names), CERTIFICATE_DAYS, &files, &why);
	if (fail != FAIL_NONE)
		cli_warn(&why);
	buf_release(&why);
	buf_release(&names);
	return fail == FAIL_NONE ? CLI_OK : CLI_FAILED;
}

static enum cli_status
make_directory(struct setup *setup)
{
	struct admin *a;
	struct str path = str_c(setup_path(setup, "data/directory.db"));
	enum cli_status status = CLI_OK;

	if (admin_open(&a, path) != FAIL_NONE)
		return cli_fail(path, "cannot be made");
	if (admin_domain_add(a, setup->domain) != FAIL_NONE)
		status = cli_fail(setup->domain, admin_reason(a));
	admin_close(&a);
	return status;
}

static enum cli_status
make_config(struct setup *setup)
{
	struct buf text;
	enum cli_status status;

	buf_init(&text, CONFIG_FILE_MAX);
	setup_write_config(setup, &text);
	status = write_file(setup, "staunch.conf", &text);
	buf_release(&text);
	return status;
}

/* Both names, before anything is made. */
static enum cli_status
check_names(const struct setup *setup)
{
	struct str names[] = { setup->hostname, setup->domain };
	enum cli_status status = CLI_OK;

	for (size_t i = 0; i < ARRAY_LEN(names) && status == CLI_OK; i++) {
		struct buf ascii;

		buf_init(&ascii, 1024);
		if (idna_write_ascii(&ascii, names[i]) != FAIL_NONE) {
			cli_fail(names[i], "this is no domain name");
			status = CLI_USAGE;
		}
		buf_release(&ascii);
	}
	return status;
}

/* In the name of this version. */
static void
say_next(const struct setup *setup, const char *config)
{
	struct buf ports;

	buf_init(&ports, SAID_MAX);
	setup_write_ports(setup, &ports);
	printf("made %s, for%.*s at %.*s\n"
	       "now: %s user add NAME@%.*s --config %s\n     %s serve --config %s\n",
	    config, STR_ARG(buf_str(&ports)), STR_ARG(setup->address), server_version.name,
	    STR_ARG(setup->domain), config, server_version.name, config);
	buf_release(&ports);
}

static enum cli_status
make_all(struct setup *setup)
{
	const char *config = setup_path(setup, "staunch.conf");
	struct stat st;
	enum cli_status status;

	if (sys.stat(config, &st) == 0)
		return cli_fail(str_c(config), "is there already; nothing was changed");
	status = check_names(setup);
	if (status == CLI_OK)
		status = make_folders(setup);
	if (status == CLI_OK)
		status = make_certificate(setup);
	if (status == CLI_OK)
		status = make_directory(setup);
	if (status == CLI_OK)
		status = make_config(setup); /* last: its presence says that the rest is complete */
	if (status == CLI_OK)
		say_next(setup, config);
	return status;
}

static struct str
or_default(struct str given, struct str fallback)
{
	return str_empty(given) ? fallback : given;
}

/* "*", or an address of either family; others than ours may reach it unless it is loopback. */
static bool
take_address(struct setup *setup, struct str text)
{
	struct net_address a = { 0 };
	bool is_everywhere = str_eq(text, STR("*"));

	if (!is_everywhere && net_address_parse(text, &a) != FAIL_NONE)
		return false;
	setup->address = text;
	setup->is_open = is_everywhere || !net_address_is_loopback(&a);
	return true;
}

enum cli_status
cmd_setup(const struct cli *cli)
{
	struct setup setup = { .port_base = PORT_BASE_DEFAULT };
	struct str base = cli->port_base;
	enum cli_status status;

	if (str_empty(cli->local)) {
		cli_fail(STR("setup"), "say where with --local DIR");
		return CLI_USAGE;
	}
	if (!str_empty(base) && (!str_u32(&base, PORT_BASE_MAX, &setup.port_base) || base.n > 0)) {
		cli_fail(STR("--port-base"), "is no number up to 65000");
		return CLI_USAGE;
	}
	if (!take_address(&setup, or_default(cli->address, STR("127.0.0.1")))) {
		cli_fail(cli->address, "this is no address");
		return CLI_USAGE;
	}
	setup.hostname = or_default(cli->hostname, STR("mail.example.test"));
	setup.domain = or_default(cli->domain, STR("example.test"));
	status = setup_init(&setup, cli->local) == FAIL_NONE
	    ? make_all(&setup)
	    : cli_fail(cli->local, "is not a usable path");
	setup_release(&setup);
	return status;
}
