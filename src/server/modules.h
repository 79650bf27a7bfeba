/*
 * modules.h - the protocol rooms as versions link them in, one small file each (module_*.c).
 */
#ifndef SERVER_MODULES_H
#define SERVER_MODULES_H

#include "server/server.h"

extern const struct server_module smtp_module; /* SMTP and submission */
extern const struct server_module lmtp_module;
extern const struct server_module smtp_lmtp_module; /* both in one service */
extern const struct server_module imap_module;
extern const struct server_module http_module;

#endif
