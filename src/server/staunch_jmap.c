/*
 * staunch_jmap.c - JMAP alone: mail comes in by LMTP, and leaves by a route of the owner's.
 */
#include "server/modules.h"

static const struct server_module *const modules[] = { &lmtp_module, &http_module, NULL };

const struct server_version server_version = { .name = "staunch-jmap", .modules = modules };
