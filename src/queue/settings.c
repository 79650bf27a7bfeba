#include "queue/settings.h"

/* base */
#include "base/mem.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

#define ROW(name, type, field, fallback, min, max, choices, help) \
	{ \
		name, type, offsetof(struct queue_settings, field), fallback, min, max, choices, \
		    help \
	}

static const struct setting queue_rows[] = {
	ROW("retry", SETTING_DURATIONS, retry, "5m 10m 20m 40m 1h 2h 4h", 100, 7 * DAY_MS, NULL,
	    "Waits between tries; the last one repeats"),
	ROW("delay-notice", SETTING_DURATION, notice_ms, "4h", 0, 30 * DAY_MS, NULL,
	    "Tell the sender when a message is not delivered after this; 0: never"),
	ROW("expire", SETTING_DURATION, expire_ms, "5d", 1000, 60 * DAY_MS, NULL,
	    "Give a message up and return it after this"),
	ROW("connections", SETTING_NUMBER, connections, "100", 1, 1000, NULL,
	    "Connections to other servers at the same time"),
	ROW("connections-per-site", SETTING_NUMBER, site_connections, "5", 1, 100, NULL,
	    "The same to one site"),
	ROW("rate-per-site", SETTING_NUMBER, site_rate, "0", 0, 1000000, NULL,
	    "Messages a minute to one site; 0: no limit"),
	ROW("messages-per-connection", SETTING_NUMBER, connection_messages, "100", 1, 100000, NULL,
	    "Messages sent over one connection before others get their turn"),
	ROW("linger", SETTING_DURATION, linger_ms, "1s", 0, MINUTE_MS, NULL,
	    "Keep a connection this long for another message"),
	ROW("messages", SETTING_NUMBER, messages, "200000", 1, 100000000, NULL,
	    "Messages in the queue at most; then mail to elsewhere is refused for a while"),
	ROW("srs", SETTING_BOOL, has_srs, "yes", 0, 0, NULL,
	    "Forward mail under a sender address of ours, so that SPF holds (SRS)"),
};

const struct setting_section queue_section = { "queue", queue_rows, ARRAY_LEN(queue_rows),
	sizeof(struct queue_settings), false, "The queue of mail to elsewhere" };

const struct queue_settings queue_settings_default = {
	.retry = { { 5 * MINUTE_MS, 10 * MINUTE_MS, 20 * MINUTE_MS, 40 * MINUTE_MS, HOUR_MS,
		       2 * HOUR_MS, 4 * HOUR_MS },
	    7 },
	.notice_ms = 4 * HOUR_MS,
	.expire_ms = 5 * DAY_MS,
	.connections = 100,
	.site_connections = 5,
	.connection_messages = 100,
	.linger_ms = 1000,
	.messages = 200000,
	.has_srs = true,
};

enum fail
queue_settings_check(const struct queue_settings *s, struct buf *why)
{
	const char *wrong = NULL;

	if (s->expire_ms < s->retry.ms[0])
		wrong = "is before the first retry, so that nothing would be tried twice";
	else if (s->notice_ms >= s->expire_ms)
		wrong = "is not after delay-notice (0 there switches the notice off)";
	if (wrong == NULL)
		return FAIL_NONE;
	buf_add(why, STR("[queue] expire "));
	buf_add_c(why, wrong);
	buf_add_char(why, '\n');
	return FAIL_SYNTAX;
}

static const char *const ways[] = { "direct", "relay", "lmtp", "discard", "refuse", NULL };
static const char *const tls_words[] = { "may", "must", "verify", "never", NULL };

#undef ROW
#define ROW(name, type, field, fallback, min, max, choices, help) \
	{ \
		name, type, offsetof(struct route_settings, field), fallback, min, max, choices, \
		    help \
	}

static const struct setting route_rows[] = {
	ROW("domains", SETTING_DOMAINS, domains, "", 0, 0, NULL,
	    "Domains of recipients: example.org, .example.org with all below, * for every other; "
	    "none: only a fallback"),
	ROW("way", SETTING_CHOICE, way, "direct", 0, 0, ways,
	    "By MX, by a relay that takes it all, by LMTP; or thrown away, or not taken at all"),
	ROW("host", SETTING_TEXT, host, "", 0, 0, NULL,
	    "Relay or LMTP server: a name, an address, or unix:PATH"),
	ROW("port", SETTING_NUMBER, port, "0", 0, 65535, NULL,
	    "Its port; 0: 25, 465 with implicit TLS, 24 for LMTP"),
	ROW("tls", SETTING_CHOICE, tls, "may", 0, 0, tls_words,
	    "TLS with it: when offered, always, always and with a valid certificate, never"),
	ROW("implicit-tls", SETTING_BOOL, is_implicit_tls, "no", 0, 0, NULL,
	    "TLS from the first byte, as on port 465"),
	ROW("user", SETTING_TEXT, user, "", 0, 0, NULL, "Name to log in with"),
	ROW("password", SETTING_SECRET, secret, "", 0, 0, NULL, "Its password, best as file:PATH"),
	ROW("fallback", SETTING_TEXT, fallback, "", 0, 0, NULL,
	    "Another route to take when this one fails"),
	ROW("fallback-after", SETTING_NUMBER, fallback_after, "3", 1, 100, NULL,
	    "Failures in a row, of one domain or of all over this route, after which the fallback is taken"),
	ROW("connections", SETTING_NUMBER, connections, "0", 0, 100, NULL,
	    "Connections at the same time; 0: as [queue] says"),
	ROW("rate", SETTING_NUMBER, rate, "0", 0, 1000000, NULL,
	    "Messages a minute; 0: as [queue] says"),
};

const struct setting_section route_section = {
	"route", route_rows, ARRAY_LEN(route_rows), sizeof(struct route_settings), true,
	"How mail to some domains leaves; in staunch-smtp [route home] leads to the users' mailboxes, else LMTP on this host does"
};
