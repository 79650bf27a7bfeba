/*
 * zone_server.h - a DNS server on loopback that answers from a zone text (dns/zone.h).
 *
 * It runs on the test's own loop, so that each answer comes some turns after its question, as in life. TIMEOUT is
 * answered by SERVFAIL, which is the same to whoever asks, but sooner. Types: A AAAA MX PTR TXT.
 */
#ifndef TEST_LIB_ZONE_SERVER_H
#define TEST_LIB_ZONE_SERVER_H

#include "dns/dns.h"
#include "loop/loop.h"

struct zone_server { /* fields: read only */
	struct dns zone;
	struct task task;
	struct watch watch;
	struct loop *loop;
	char address[32];   /* for the setting "servers" */
	unsigned questions; /* that came */
};

/* The text must be good. */
void zone_server_start(struct zone_server *z, struct loop *loop, struct str text);
void zone_server_stop(struct zone_server *z);

#endif
