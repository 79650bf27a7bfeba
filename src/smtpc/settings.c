#include "smtpc/settings.h"

/* system */
#include <stddef.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"

#define ROW(name_, type_, field_) \
	.name = (name_), .type = (type_), .offset = offsetof(struct smtpc_settings, field_)
#define HOUR_MS ((int64_t)3600 * 1000)

static const char *const families[] = { "ipv6-first", "ipv4-first", "ipv4", "ipv6", NULL };

static const struct setting rows[] = {
	{ ROW("connect", SETTING_DURATION, connect_ms), .fallback = "30s", .min = 10,
	    .max = HOUR_MS, .help = "How long one address has to answer" },
	{ ROW("greeting", SETTING_DURATION, greeting_ms), .fallback = "5m", .min = 10,
	    .max = HOUR_MS, .help = "How long a host has to greet" },
	{ ROW("command", SETTING_DURATION, command_ms), .fallback = "5m", .min = 10, .max = HOUR_MS,
	    .help = "How long a host has to reply to a command" },
	{ ROW("content", SETTING_DURATION, content_ms), .fallback = "3m", .min = 10, .max = HOUR_MS,
	    .help = "How long a host has to take a piece of a message" },
	{ ROW("end", SETTING_DURATION, end_ms), .fallback = "10m", .min = 10, .max = HOUR_MS,
	    .help = "How long a host has to say that it has the message" },
	{ ROW("port", SETTING_NUMBER, port), .fallback = "25", .min = 1, .max = 65535,
	    .help = "The port of hosts that DNS names" },
	{ ROW("families", SETTING_CHOICE, families), .fallback = "ipv6-first", .choices = families,
	    .help = "Addresses that are tried, and which first" },
	{ ROW("source-ipv4", SETTING_IPV4, source_v4), .fallback = "",
	    .help = "Our address in connections over IPv4; empty: the system chooses" },
	{ ROW("source-ipv6", SETTING_IPV6, source_v6), .fallback = "",
	    .help = "The same over IPv6" },
	{ ROW("helo", SETTING_HOST, helo), .fallback = "",
	    .help = "What we call ourselves; empty: the server's host name" },
	{ ROW("allow-private", SETTING_BOOL, allow_private), .fallback = "no",
	    .help = "Send to private addresses too when DNS names them" },
	{ ROW("ca-file", SETTING_TEXT, ca_file), .fallback = "",
	    .help = "PEM file of authorities trusted beside the system's" },
	{ ROW("dane", SETTING_BOOL, has_dane), .fallback = "yes",
	    .help =
		"Do as the TLSA records of hosts and relays say (needs a resolver that validates: [dns] "
		"trust)" },
	{ ROW("mta-sts", SETTING_BOOL, has_sts), .fallback = "yes",
	    .help = "Do as the MTA-STS policies of domains and relays say" },
	{ ROW("recipients", SETTING_NUMBER, rcpt_max), .fallback = "100", .min = 1,
	    .max = SMTP_RCPT_MAX, .help = "Recipients per message at most" },
};

const struct setting_section smtpc_section = {
	.name = "outbound",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct smtpc_settings),
	.help = "Talking to the hosts that mail is sent to",
};

const struct smtpc_settings smtpc_settings_default = {
	.connect_ms = 30 * 1000,
	.greeting_ms = 300 * 1000,
	.command_ms = 300 * 1000,
	.content_ms = 180 * 1000,
	.end_ms = 600 * 1000,
	.port = 25,
	.families = SMTPC_BOTH_IPV6_FIRST,
	.has_dane = true,
	.has_sts = true,
	.rcpt_max = 100,
};
