/*
 * known_dns.h - a resolver that knows the records of a text (dns/zone.h), for unit tests: all answers are there at once.
 */
#ifndef TEST_LIB_KNOWN_DNS_H
#define TEST_LIB_KNOWN_DNS_H

#include "base/task.h"
#include "dns/dns.h"
#include "loop/loop.h"

struct known_dns { /* it must not move */
	struct loop loop;
	struct task task; /* the owner of questions */
	struct dns dns;
};

/* The text must be right. */
void known_dns_init(struct known_dns *k, const char *zone_text);
void known_dns_release(struct known_dns *k);

/* A turn of its loop, without sleep: who waits to compute (base/effort.h) may. */
void known_dns_turn(struct known_dns *k);

#endif
