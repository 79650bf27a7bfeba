/*
 * settings.h - what the owner may set about connections: [net].
 */
#ifndef NET_SETTINGS_H
#define NET_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/setting.h"

struct net_settings {
	int64_t connections;             /* inbound at most */
	int64_t connections_per_address; /* inbound from one IPv4 address or one IPv6 /64 */
	bool is_loopback_limited;        /* count loopback too */
};

extern const struct setting_section net_section;

/* The defaults of the table, for tests and tools. */
extern const struct net_settings net_settings_default;

#endif
