#include "net/settings.h"

/* system */
#include <stddef.h>

/* base */
#include "base/mem.h"

#define ROW(name_, type_, field_) \
	.name = (name_), .type = (type_), .offset = offsetof(struct net_settings, field_)

static const struct setting rows[] = {
	{ ROW("connections", SETTING_NUMBER, connections), .fallback = "10000", .min = 1,
	    .max = 1000000, .help = "Connections from outside at the same time, at most" },
	{ ROW("connections-per-address", SETTING_NUMBER, connections_per_address),
	    .fallback = "100", .min = 1, .max = 1000000,
	    .help = "The same from one IPv4 address or one IPv6 /64 network" },
	{ ROW("limit-loopback", SETTING_BOOL, is_loopback_limited), .fallback = "no",
	    .help = "Count connections of this machine's own programs per address too" },
};

const struct setting_section net_section = {
	.name = "net",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct net_settings),
	.help = "Connections",
};

const struct net_settings net_settings_default = {
	.connections = 10000,
	.connections_per_address = 100,
};
