#include "cli/signer.h"

/* base */
#include "base/mem.h"

enum cli_status
cli_signer_open(const struct cli *cli, struct cli_signer *s)
{
	enum cli_status status = CLI_FAILED;
	struct buf pem;

	*s = (struct cli_signer){ .selector = cli->selector };
	if (str_empty(cli->key) || str_empty(cli->domain) || str_empty(cli->selector)) {
		cli_fail(STR("--key, --domain, --selector"), "all three are needed");
		return CLI_USAGE;
	}
	buf_init_secret(&pem, CLI_FILE_MAX);
	if (cli_read_file(cli->key, &pem) != FAIL_NONE) {
		buf_release(&pem);
		return CLI_FAILED;
	}
	switch (private_key_parse(&s->key, buf_str(&pem))) {
	case FAIL_NONE: status = CLI_OK; break;
	case FAIL_MISSING: cli_fail(cli->key, "has no private key"); break;
	case FAIL_PERM:
		cli_fail(cli->key, "needs to be RSA of 1024 to 4096 bits, or Ed25519");
		break;
	case FAIL_SYNTAX:
	case FAIL_LIMIT:
	case FAIL_DENIED:
	case FAIL_TEMP:
	case FAIL_COUNT: cli_fail(cli->key, "is damaged"); break;
	}
	buf_release(&pem);
	return status;
}

void
cli_signer_close(struct cli_signer *s)
{
	private_key_release(&s->key);
}

enum cli_status
cli_signer_fail(enum fail fail)
{
	switch (fail) {
	case FAIL_SYNTAX:
		return cli_fail(STR("sign"),
		    "a domain, selector or list of names is wrong; From must be in it");
	case FAIL_LIMIT: return cli_fail(STR("sign"), "the header is too large");
	case FAIL_DENIED: return cli_fail(STR("sign"), "the chain has ended, or is full");
	case FAIL_TEMP: return cli_fail(STR("sign"), "DNS did not answer");
	case FAIL_NONE:
	case FAIL_MISSING:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	return cli_fail(STR("sign"), "the key is damaged");
}
