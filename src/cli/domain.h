/*
 * domain.h - what commands about one of our domains begin with: its name, the configuration, DNS, its keys.
 *
 *     status = cli_domain_open(cli, &d);            configuration, name
 *     .. what only root may read ..
 *     if (status == CLI_OK) status = cli_domain_enter(&d);     as the server's user; the domain is ours
 *     cli_domain_close(&d);
 */
#ifndef CLI_DOMAIN_H
#define CLI_DOMAIN_H

#include "cli/open.h"
#include "cli/record.h"
#include "mailauth/key_files.h"

struct cli_domain { /* the caller's memory; it must not move */
	struct server server;
	struct str name;   /* ASCII, lower case */
	struct str folder; /* of the keys of all domains */
	struct cli_dns dns;
	bool has_dns;
};

/* The first argument is the domain, in any form; mistakes are said. Close it in any case. */
enum cli_status cli_domain_open(const struct cli *cli, struct cli_domain *d);

/* Become the server's user; CLI_FAILED (said): the directory lacks the domain. One that cannot be listed is believed. */
enum cli_status cli_domain_enter(struct cli_domain *d);

/* DNS: --dns, else the resolvers of [dns]. To be called before cli_domain_enter(). */
enum cli_status cli_domain_open_dns(const struct cli *cli, struct cli_domain *d);

void cli_domain_close(struct cli_domain *d);

/* --- its keys --------------------------------------------------------------------------------- */

/* All there are, none when the domain has no folder. CLI_FAILED: said. */
enum cli_status domain_keys_list(const struct cli_domain *d, struct key_files *out);

/*
 * The record of one key, behind those that are there; NULL: the file cannot be used (said). `now_s` is for the age
 * in its sentences.
 */
struct record *domain_keys_record(const struct cli_domain *d, struct records *rs,
    const struct key_file *file, int64_t now_s);

/* Whole days that it is in its state; 0 when that time is to come. */
int64_t domain_keys_days(const struct key_file *file, int64_t now_s);

/* --- all its records -------------------------------------------------------------------------- */

#define DOMAIN_PINS_MAX \
	16 /* certificates and next keys of this host: RSA and ECDSA, twice, have 4 */

/* Names below the domain that are this server's. */
enum domain_name { DOMAIN_MTA_STS, DOMAIN_AUTOCONFIG, DOMAIN_AUTODISCOVER, DOMAIN_NAME_COUNT };
extern const char *const domain_name_prefixes[DOMAIN_NAME_COUNT]; /* "mta-sts." .. */

struct domain_pins {
	struct {
		struct tls_pin pin;
		bool is_next; /* of a key that has no certificate yet */
	} items[DOMAIN_PINS_MAX];
	size_t count;
	bool is_named[DOMAIN_NAME_COUNT]; /* a certificate has this name */
};

/*
 * The keys of the certificates that are shown to who asks for this host, and those that lie beside them as KEY.next;
 * which other names the certificates have.
 * Files that cannot be used are said and left out. To be called before cli_domain_enter().
 */
void domain_pins_read(const struct cli_domain *d, struct domain_pins *out);

/* Everything that the domain should publish for what the configuration has listeners for. */
enum cli_status domain_records_write(const struct cli_domain *d, const struct domain_pins *pins,
    int64_t now_s, struct records *rs);

#endif
