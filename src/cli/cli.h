/*
 * cli.h - the command line: a table of commands, options by rows, exit codes 0, 1, 2.
 *
 *     staunch COMMAND [SUBCOMMAND] [OPTIONS] [ARGUMENTS]
 *
 * 0: done. 1: it could not be done (said in one line on stderr). 2: wrong use, or a wrong
 * configuration. Secrets come from a prompt or standard input, never from arguments, which other
 * users of the machine can read.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

#define CLI_ARGUMENTS_MAX 256 /* positional arguments of one command: the reports of half a year */
#define CLI_CONFIG_PATH   "/etc/staunch/staunch.conf"
#define CLI_WHY_MAX       4096                /* bytes that tell what is wrong with a file */
#define CLI_SECRET_MAX    1024                /* bytes of a password */
#define CLI_FILE_MAX      (256 * 1024 * 1024) /* bytes of a file that a command reads whole */

enum cli_status { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* Values of all options there are; a command's row says which of them it takes. */
struct cli {
	struct str config;      /* --config PATH */
	bool is_json;           /* --json */
	bool is_stdin;          /* --password-stdin */
	bool is_repair;         /* --repair */
	bool is_forced;         /* --force */
	struct str local;       /* --local DIR */
	struct str port_base;   /* --port-base N */
	struct str address;     /* --address ADDRESS */
	struct str hostname;    /* --hostname NAME */
	struct str domain;      /* --domain NAME */
	struct str full_name;   /* --name TEXT */
	struct str quota;       /* --quota SIZE */
	struct str token_name;  /* --name TEXT, of a token */
	struct str dns;         /* --dns FILE|ADDRESS:PORT (ask.h) */
	struct str now;         /* --now SECONDS (ask.h) */
	struct str lot;         /* --lot N, of 100 */
	struct str host;        /* --name HOST, of a server */
	struct str next_hop;    /* --next-hop NAME */
	struct str key;         /* --key PEM (signer.h) */
	struct str selector;    /* --selector NAME */
	struct str header_list; /* --header-list A:B:C */
	struct str canon;       /* --canon HEADER/BODY */
	struct str expire;      /* --expire SECONDS */
	struct str results;     /* --results TEXT */
	struct str arguments[CLI_ARGUMENTS_MAX];
	size_t argument_count;
};

enum { /* which options a command takes, besides --help */
	OPTION_CONFIG = 1,
	OPTION_JSON = 2,
	OPTION_STDIN = 4,
	OPTION_REPAIR = 8,
	OPTION_LOCAL = 16,    /* --local, --port-base, --address, --hostname, --domain */
	OPTION_USER = 32,     /* --name, --quota */
	OPTION_TOKEN = 64,    /* --name */
	OPTION_DNS = 128,     /* --dns */
	OPTION_NOW = 256,     /* --now */
	OPTION_LOT = 512,     /* --lot */
	OPTION_HOST = 1024,   /* --name, --next-hop */
	OPTION_SIGNER = 4096, /* --key, --domain, --selector */
	OPTION_SIGN = 8192,   /* --canon, --expire */
	OPTION_SEAL = 16384,  /* --results */
	OPTION_FORCE = 65536, /* --force */
	OPTION_NAMES = 32768, /* --header-list */
};

struct cli_command {
	const char *words;     /* "user add" */
	const char *arguments; /* "NAME", for the usage line; "" for none */
	size_t least, most;    /* how many arguments */
	unsigned options;      /* OPTION_ bits */
	enum cli_status (*run)(const struct cli *cli);
	const char *help;
};

struct cli_option {
	const char *name;  /* "--config" */
	unsigned bit;      /* the OPTION_ that commands take it with */
	size_t offset;     /* of its field in struct cli: a str where it has a value, else a bool */
	const char *value; /* "PATH"; NULL: none */
	const char *help;
};

extern const struct cli_command cli_commands[]; /* NULL words at the end */
extern const struct cli_option cli_options[];   /* NULL name at the end */

/* The whole program behind main(). */
int cli_main(int argc, char **argv);

/* One line on stderr: "staunch: WHAT: WHY". Returns CLI_FAILED. */
enum cli_status cli_fail(struct str what, const char *why);

/* Lines that need no more words, on stderr. */
void cli_warn(const struct buf *lines);

/* Print a buffer on standard output; CLI_FAILED when that is not possible. */
enum cli_status cli_print(const struct buf *b);

/* A password from standard input (its first line) or, on a terminal, from a prompt, twice. */
MUST_CHECK enum fail cli_read_secret(const struct cli *cli, struct buf *secret);

/* A whole file ("-" is standard input) appended to `out`; FAIL_LIMIT, FAIL_MISSING (said). */
MUST_CHECK enum fail cli_read_file(struct str path, struct buf *out);

/* The commands, by file. */
enum cli_status cmd_serve(const struct cli *cli);
enum cli_status cmd_setup(const struct cli *cli);
enum cli_status cmd_config_check(const struct cli *cli);
enum cli_status cmd_config_show(const struct cli *cli);
enum cli_status cmd_config_example(const struct cli *cli);
enum cli_status cmd_manual_commands(const struct cli *cli);
enum cli_status cmd_manual_config(const struct cli *cli);
enum cli_status cmd_completion_bash(const struct cli *cli);
enum cli_status cmd_user_add(const struct cli *cli);
enum cli_status cmd_user_list(const struct cli *cli);
enum cli_status cmd_user_passwd(const struct cli *cli);
enum cli_status cmd_user_del(const struct cli *cli);
enum cli_status cmd_user_disable(const struct cli *cli);
enum cli_status cmd_user_enable(const struct cli *cli);
enum cli_status cmd_user_quota(const struct cli *cli);
enum cli_status cmd_token_add(const struct cli *cli);
enum cli_status cmd_token_list(const struct cli *cli);
enum cli_status cmd_token_del(const struct cli *cli);
enum cli_status cmd_directory_test(const struct cli *cli);
enum cli_status cmd_alias_add(const struct cli *cli);
enum cli_status cmd_alias_list(const struct cli *cli);
enum cli_status cmd_alias_del(const struct cli *cli);
enum cli_status cmd_group_add(const struct cli *cli);
enum cli_status cmd_group_list(const struct cli *cli);
enum cli_status cmd_group_join(const struct cli *cli);
enum cli_status cmd_group_leave(const struct cli *cli);
enum cli_status cmd_group_del(const struct cli *cli);
enum cli_status cmd_domain_add(const struct cli *cli);
enum cli_status cmd_domain_list(const struct cli *cli);
enum cli_status cmd_domain_del(const struct cli *cli);
enum cli_status cmd_domain_dns(const struct cli *cli);
enum cli_status cmd_domain_check(const struct cli *cli);
enum cli_status cmd_dkim_add(const struct cli *cli);
enum cli_status cmd_dkim_rotate(const struct cli *cli);
enum cli_status cmd_dkim_show(const struct cli *cli);
enum cli_status cmd_directory_schema(const struct cli *cli);
enum cli_status cmd_reindex(const struct cli *cli);
enum cli_status cmd_queue_list(const struct cli *cli);
enum cli_status cmd_queue_show(const struct cli *cli);
enum cli_status cmd_queue_retry(const struct cli *cli);
enum cli_status cmd_queue_hold(const struct cli *cli);
enum cli_status cmd_queue_release(const struct cli *cli);
enum cli_status cmd_queue_cancel(const struct cli *cli);
enum cli_status cmd_queue_stats(const struct cli *cli);
enum cli_status cmd_ban_list(const struct cli *cli);
enum cli_status cmd_ban_lift(const struct cli *cli);
enum cli_status cmd_blob_test(const struct cli *cli);
enum cli_status cmd_blob_migrate(const struct cli *cli);
enum cli_status cmd_check(const struct cli *cli);
enum cli_status cmd_version(const struct cli *cli);
enum cli_status cmd_mime_parse(const struct cli *cli);
enum cli_status cmd_json_parse(const struct cli *cli);
enum cli_status cmd_spf_check(const struct cli *cli);
enum cli_status cmd_dmarc_check(const struct cli *cli);
enum cli_status cmd_tlsa_match(const struct cli *cli);
enum cli_status cmd_mta_sts_match(const struct cli *cli);
enum cli_status cmd_dkim_verify(const struct cli *cli);
enum cli_status cmd_dkim_sign(const struct cli *cli);
enum cli_status cmd_report_dmarc(const struct cli *cli);
enum cli_status cmd_arc_verify(const struct cli *cli);
enum cli_status cmd_arc_seal(const struct cli *cli);
enum cli_status cmd_report_tls(const struct cli *cli);
enum cli_status cmd_report_list(const struct cli *cli);

#endif
