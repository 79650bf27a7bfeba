#include "dns/settings.h"

/* system */
#include <stddef.h>

/* base */
#include "base/mem.h"

#define ROW(name_, type_, field_) \
	.name = (name_), .type = (type_), .offset = offsetof(struct dns_settings, field_)

static const char *const trusts[] = { "loopback", "all", "none", NULL };

static const struct setting rows[] = {
	{ ROW("servers", SETTING_LIST, servers), .fallback = "",
	    .help = "Resolvers as addresses, with :port if it is not 53; empty: those of "
		    "resolv-conf" },
	{ ROW("resolv-conf", SETTING_TEXT, resolv_conf), .fallback = "/etc/resolv.conf",
	    .help = "Where the system lists its resolvers" },
	{ ROW("timeout", SETTING_DURATION, timeout_ms), .fallback = "3s", .min = 50, .max = 60000,
	    .help = "How long one try waits for an answer" },
	{ ROW("tries", SETTING_NUMBER, tries), .fallback = "3", .min = 1, .max = 10,
	    .help = "Tries per resolver" },
	{ ROW("cache-entries", SETTING_NUMBER, cache_entries), .fallback = "4096", .min = 0,
	    .max = 1000000, .help = "Answers kept in memory" },
	{ ROW("trust", SETTING_CHOICE, trust), .fallback = "loopback", .choices = trusts,
	    .help = "Resolvers whose word on DNSSEC is believed (needed for DANE)" },
};

const struct setting_section dns_section = {
	.name = "dns",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct dns_settings),
	.help = "Looking up names",
};

const struct dns_settings dns_settings_default = {
	.resolv_conf = STR_INIT("/etc/resolv.conf"),
	.timeout_ms = 3000,
	.tries = 3,
	.cache_entries = 4096,
};
