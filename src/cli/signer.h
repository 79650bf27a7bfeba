/*
 * signer.h - who signs, for commands that do: --key, --domain, --selector.
 */
#ifndef CLI_SIGNER_H
#define CLI_SIGNER_H

#include "base/fail.h"
#include "cli/cli.h"
#include "crypto/private_key.h"

struct cli_signer {
	struct private_key key;
	struct str selector;
};

/* CLI_USAGE (said) when one of the three is not given, CLI_FAILED (said) when the key cannot be used. */
enum cli_status cli_signer_open(const struct cli *cli, struct cli_signer *s);
void cli_signer_close(struct cli_signer *s);

/* Say why nothing was signed; CLI_FAILED. */
enum cli_status cli_signer_fail(enum fail fail);

#endif
