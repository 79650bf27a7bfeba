#include "smtp/settings.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

#define ROW(name, type, field, fallback, min, max, help) \
	{ \
		name, type, offsetof(struct smtp_settings, field), fallback, min, max, NULL, help \
	}

#define GB      ((int64_t)1024 * 1024 * 1024)
#define HOUR_MS ((int64_t)3600000)

static const char *const line_words[] = { "reject", "strip", NULL };
static const char *const from_words[] = { "any", "own", NULL };

static const struct setting smtp_rows[] = {
	ROW("message-size", SETTING_BYTES, message_bytes, "50MB", 64 * 1024, 2 * GB,
	    "Largest message taken"),
	ROW("recipients", SETTING_NUMBER, recipients, "100", 1, SMTP_RCPT_MAX,
	    "Recipients per message; the sender is told to send the rest separately"),
	ROW("messages", SETTING_NUMBER, messages, "1000", 1, 1000000, "Messages per connection"),
	ROW("errors", SETTING_NUMBER, errors, "20", 1, 1000,
	    "Wrong commands per connection before it is closed"),
	ROW("junk-commands", SETTING_NUMBER, junk, "100", 1, 1000000,
	    "NOOP, RSET, HELP, VRFY and EHLO between two messages; more count as wrong commands"),
	ROW("command-time", SETTING_DURATION, command_ms, "5m", 1000, HOUR_MS,
	    "Time for the peer to send one command"),
	ROW("data-time", SETTING_DURATION, data_ms, "10m", 1000, HOUR_MS,
	    "Time for the peer to send the next piece of a message"),
	ROW("login-failures", SETTING_NUMBER, login_failures, "5", 1, 100,
	    "Wrong logins per connection before it is closed"),
	ROW("login-delay", SETTING_DURATION, login_delay_ms, "1s", 0, 60000,
	    "Wait before the answer to a wrong login; doubles with each"),
	{ "bare-line-ends", SETTING_CHOICE, offsetof(struct smtp_settings, lines), "reject", 0, 0,
	    line_words,
	    "Messages with a CR or LF alone: refused, or made lines that end with both" },
	{ "from", SETTING_CHOICE, offsetof(struct smtp_settings, from), "any", 0, 0, from_words,
	    "From and Sender of users' messages: anybody (the envelope is theirs), or themselves" },
	ROW("future-release", SETTING_DURATION, hold_ms, "7d", 0, 365 * 24 * HOUR_MS,
	    "How long users may let a message be held before it is sent; 0: not at all"),
	ROW("no-solicit", SETTING_LIST, no_solicit, "", 0, 0,
	    "Kinds of advertising that are refused, such as: net.example:ADV"),
	ROW("xclient-networks", SETTING_NETWORKS, xclient_networks, "", 0, 0,
	    "Proxies and filters that may name their clients by XCLIENT"),
	ROW("closed", SETTING_BOOL, is_closed, "no", 0, 0,
	    "Take no mail from other hosts and say so (521); users still send"),
	ROW("relay-networks", SETTING_NETWORKS, relay_networks, "", 0, 0,
	    "Hosts that may send to anywhere without logging in, such as: 10.1.0.0/16"),
};

const struct setting_section smtp_section = { "smtp", smtp_rows, ARRAY_LEN(smtp_rows),
	sizeof(struct smtp_settings), false, "Taking mail: SMTP, submission, LMTP" };
