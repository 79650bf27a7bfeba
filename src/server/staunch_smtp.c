/*
 * staunch_smtp.c - SMTP and submission alone: what comes for users here is handed on to the server with their mailboxes.
 */
#include "server/modules.h"

static const struct server_module *const modules[] = { &smtp_module, NULL };

const struct server_version server_version = { .name = "staunch-smtp",
	.modules = modules,
	.hands_on = true };
