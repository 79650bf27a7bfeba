/*
 * settings.h - what the owner may set about names: [dns].
 */
#ifndef DNS_SETTINGS_H
#define DNS_SETTINGS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/setting.h"

enum dns_trust { DNS_TRUST_LOOPBACK, DNS_TRUST_ALL, DNS_TRUST_NONE };

struct dns_settings {
	struct str servers;     /* "127.0.0.1 [::1]:5353"; empty: /etc/resolv.conf */
	struct str resolv_conf; /* its path */
	int64_t timeout_ms;     /* of one try */
	int64_t tries;          /* per server */
	int64_t cache_entries;
	int trust; /* enum dns_trust: whose AD bit is believed */
};

extern const struct setting_section dns_section;
extern const struct dns_settings dns_settings_default;

/* What dns_init() would refuse, and a resolv-conf that is not there; one line in `why` (dns.c). */
MUST_CHECK enum fail dns_settings_check(const struct dns_settings *settings, struct buf *why);

#endif
