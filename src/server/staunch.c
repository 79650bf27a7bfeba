/*
 * staunch.c - the all-in-one: every protocol room in one binary.
 */
#include "server/modules.h"

static const struct server_module *const modules[] = { &smtp_lmtp_module, &imap_module,
	&http_module, NULL };

const struct server_version server_version = { .name = "staunch", .modules = modules };
