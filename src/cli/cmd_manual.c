/* The manual page of the program, section 8: commands and options are those of the tables. */
#include "cli/cli.h"

/* rooms */
#include "cli/roff.h"
#include "server/server.h"

#define MANUAL_MAX (256 * 1024) /* bytes of a page */

static const char description[] =
    ".SH DESCRIPTION\n"
    "A mail server in one program: what it speaks is set by the listeners in its configuration, and\n"
    "everything that it keeps lies in one folder.\n"
    "The same program manages it: most commands work beside a running server, which takes up their\n"
    "changes at once.\n"
    "Given by root, they act as the user of the server, so that all files stay its own.\n"
    "Passwords come from a prompt or from standard input, never from arguments.\n";

static const char rest[] =
    ".SH SIGNALS\n"
    ".TP\nSIGTERM, SIGINT\n"
    "Stop: sessions are told, and get the time of\n.B stop\nin the section [server] to end.\n"
    ".TP\nSIGHUP\n"
    "Read the certificates, the list of authorities, and the keys in [s3] again; a bad file keeps the old ones\n"
    "in service.\n"
    "Changed certificates are also taken up without it.\n"
    ".SH ENVIRONMENT\n"
    ".TP\nNOTIFY_SOCKET\n"
    "Where a service manager wants to hear that the server is ready, and that it stops.\n"
    ".TP\nLISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES\n"
    "Sockets that a service manager passes on; a listener takes one by the address systemd:NAME.\n"
    ".TP\nAWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN\n"
    "Keys of the S3 server, where the section [s3] has none; the last one with keys for a time.\n"
    ".SH EXIT STATUS\n"
    ".TP\n0\nIt was done.\n"
    ".TP\n1\nIt could not be done; one line on standard error says why.\n"
    ".TP\n2\nThe command was wrong, or the configuration is.\n"
    ".SH FILES\n"
    ".TP\n" CLI_CONFIG_PATH "\nThe configuration.\n"
    ".TP\n/var/lib/staunch\n"
    "The data folder, unless the configuration names another: directory.db has the accounts, store.db\n"
    "what is known of messages (store.db\\-redo and store.db\\-wal belong to it), mail/ the messages\n"
    "(a Maildir for each account, or what is on\n"
    "its way to an S3 server and a cache), index.db the full\\-text index, which may be lost; mail.home\n"
    "says which engine of [blob] has all messages; control is the socket for\n"
    "commands. store.db.lineage is for no backup and no copy: it tells this store from others.\n"
    ".SH SEE ALSO\n"
    ".BR staunch.conf (5),\n.BR systemd.service (5)\n";

static void
add_option(struct buf *out, const struct cli_option *o)
{
	roff_font(out, 'B', o->name);
	if (o->value) {
		buf_add_char(out, ' ');
		roff_font(out, 'I', o->value);
	}
}

static void
add_command(struct buf *out, const struct cli_command *c)
{
	buf_add(out, STR(".TP\n"));
	roff_font(out, 'B', c->words);
	for (const struct cli_option *o = cli_options; o->name; o++) {
		if (!(c->options & o->bit))
			continue;
		buf_add(out, STR(" ["));
		add_option(out, o);
		buf_add_char(out, ']');
	}
	if (c->arguments[0]) {
		buf_add_char(out, ' ');
		roff_font(out, 'I', c->arguments);
	}
	buf_add_char(out, '\n');
	roff_sentence(out, c->help);
}

enum cli_status
cmd_manual_commands(const struct cli *cli)
{
	struct buf out;
	enum cli_status status;

	(void)cli;
	buf_init(&out, MANUAL_MAX);
	roff_title(&out, server_version.name, '8', "mail server");
	buf_add(&out, STR(".SH SYNOPSIS\n"));
	roff_font(&out, 'B', server_version.name);
	buf_add(&out, STR(" \\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"));
	buf_add_c(&out, description);
	buf_add(&out, STR(".SH COMMANDS\n"));
	for (const struct cli_command *c = cli_commands; c->words; c++)
		add_command(&out, c);
	buf_add(&out, STR(".SH OPTIONS\n"));
	for (const struct cli_option *o = cli_options; o->name; o++) {
		buf_add(&out, STR(".TP\n"));
		add_option(&out, o);
		buf_add_char(&out, '\n');
		roff_sentence(&out, o->help);
	}
	buf_add(&out, STR(".TP\n\\fB\\-\\-help\\fR, \\fB\\-h\\fR\nSay how the command is used.\n"));
	buf_add_c(&out, rest);
	status = cli_print(&out);
	buf_release(&out);
	return status;
}
