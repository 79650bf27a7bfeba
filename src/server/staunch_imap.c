/*
 * staunch_imap.c - IMAP alone: mail comes in by LMTP.
 */
#include "server/modules.h"

static const struct server_module *const modules[] = { &lmtp_module, &imap_module, NULL };

const struct server_version server_version = { .name = "staunch-imap", .modules = modules };
