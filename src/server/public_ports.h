/*
 * public_ports.h - where others reach what this server speaks: what DNS and mail programs are told.
 *
 * By the listeners of the configuration, so that what is told is what is served.
 */
#ifndef SERVER_PUBLIC_PORTS_H
#define SERVER_PUBLIC_PORTS_H

#include "server/server.h"
#include "web/autoconfig.h"

/*
 * The port of the first listener that speaks this to others; 0: there is none, or this version does not speak it, or it
 * needs TLS and there is no certificate. An address of this machine alone (127.0.0.1, for a webmail or a proxy here)
 * counts only where all are such, as in a private installation.
 */
uint16_t server_public_port(const struct config *config, enum listener_protocol protocol);

/* What mail programs are told of it. */
struct autoconfig server_autoconfig(const struct server *server);

#endif
