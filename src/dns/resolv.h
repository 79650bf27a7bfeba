/*
 * resolv.h - /etc/resolv.conf and lists of servers (private to dns). Pure.
 */
#ifndef DNS_RESOLV_H
#define DNS_RESOLV_H

#include "dns/dns.h"

/* "nameserver" lines of resolv.conf(5); others, and addresses we cannot read, are skipped. */
size_t resolv_parse(struct str text, struct dns_server *servers, size_t max);

/* "192.0.2.1 [2001:db8::1]:5353 ::1"; FAIL_SYNTAX names the bad word in *bad_out. */
MUST_CHECK enum fail servers_parse(struct str list, struct dns_server *servers, size_t max,
    size_t *count_out, struct str *bad_out);

#endif
