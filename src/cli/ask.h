/*
 * ask.h - DNS for commands that judge a message: from a file, from one server, or from the system's resolvers.
 *
 * With --dns such a command is a pure function of its arguments and of what that says, and so anybody can test it.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/cli.h"
#include "dns/dns.h"
#include "loop/loop.h"
#include "net/net.h"

struct cli_dns { /* the caller's memory; it must not move */
	struct loop loop;
	struct net net;
	struct net_settings net_settings;
	struct dns_settings settings;
	struct dns dns;
	struct task task; /* the owner of what is asked */
};

/*
 * --dns FILE (zone.h) or --dns ADDRESS:PORT, else the resolvers of resolv.conf. CLI_FAILED (said): neither a server nor
 * a file that can be read. Only after CLI_OK must it be closed.
 */
enum cli_status cli_dns_open(const struct cli *cli, struct cli_dns *d);

/* The same, and without --dns the resolvers of these settings. */
enum cli_status cli_dns_open_or(const struct cli *cli, const struct dns_settings *settings,
    struct cli_dns *d);
void cli_dns_close(struct cli_dns *d);

/* Until something came; to be called while what was begun for &d->task is not settled. */
void cli_dns_wait(struct cli_dns *d);

/* --now SECONDS, else the clock; CLI_USAGE (said) when it is no number. */
enum cli_status cli_now(const struct cli *cli, int64_t *now_s_out);

#endif
