#include "policy/settings.h"

/* base */
#include "base/mem.h"

#define AT(field) offsetof(struct policy_settings, field)

#define MINUTE_MS (60 * 1000LL)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

static const char *const hellos[] = { "off", "basic", "strict", NULL };
static const char *const reverses[] = { "off", "note", "require", NULL };

static const struct setting rows[] = {
	{ "trusted", SETTING_NETWORKS, AT(trusted), "loopback", 0, 0, NULL,
	    "Networks to which nothing of this section applies" },
	/* what a peer says of itself */
	{ "helo", SETTING_CHOICE, AT(helo), "basic", 0, 0, hellos,
	    "Look at the name in HELO: basic refuses our own, strict also names without an address" },
	{ "reverse", SETTING_CHOICE, AT(reverse), "note", 0, 0, reverses,
	    "Reverse name of a peer: note it in the message, or require one" },
	{ "check-domains", SETTING_BOOL, AT(check_domains), "yes", 0, 0, NULL,
	    "Refuse senders and recipients whose domain does not exist or takes no mail" },
	{ "early-talkers", SETTING_BOOL, AT(early_talkers), "yes", 0, 0, NULL,
	    "Refuse peers that talk before the greeting" },
	{ "greeting-delay", SETTING_DURATION, AT(greeting_delay_ms), "200ms", 0, MINUTE_MS, NULL,
	    "Wait before strangers are greeted, to catch those that do" },
	/* what others say of it */
	{ "block-lists", SETTING_ZONES, AT(block_lists), "", 0, 0, NULL,
	    "DNS lists whose peers are refused: zone, or zone=127.0.0.2,127.0.0.4/30 for certain "
	    "answers" },
	{ "welcome-lists", SETTING_ZONES, AT(welcome_lists), "", 0, 0, NULL,
	    "DNS lists whose peers are not looked up in block-lists" },
	{ "lookup-time", SETTING_DURATION, AT(lookup_ms), "5s", 100, MINUTE_MS, NULL,
	    "Time for all questions to DNS about one peer or one domain" },
	/* how much and how often */
	{ "network-connections", SETTING_NUMBER, AT(network_connections), "50", 0, 100000, NULL,
	    "Connections at a time from one /24 (IPv6: /48); 0: no limit" },
	{ "connection-rate", SETTING_RATE, AT(connection_rate), "60/1m", 0, 0, NULL,
	    "Connections from one address (IPv6: /64); empty: no limit" },
	{ "message-rate", SETTING_RATE, AT(message_rate), "120/1m", 0, 0, NULL,
	    "Messages from one address" },
	{ "network-rate", SETTING_RATE, AT(network_rate), "300/1m", 0, 0, NULL,
	    "Messages from one /24 (IPv6: /48)" },
	{ "recipient-count-rate", SETTING_RATE, AT(rcpt_rate), "600/1m", 0, 0, NULL,
	    "Recipients named from one address" },
	{ "sender-rate", SETTING_RATE, AT(sender_rate), "", 0, 0, NULL,
	    "Messages with one envelope sender" },
	{ "recipient-rate", SETTING_RATE, AT(recipient_rate), "", 0, 0, NULL,
	    "Messages to one recipient" },
	{ "account-rate", SETTING_RATE, AT(account_rate), "60/1m", 0, 0, NULL,
	    "Messages that one account sends" },
	{ "account-messages", SETTING_NUMBER, AT(account_messages), "1000", 0, 1000000, NULL,
	    "Messages that one account may send in a day (UTC); 0: no limit" },
	{ "account-new-recipients", SETTING_NUMBER, AT(account_new_recipients), "200", 0, 1000000,
	    NULL, "Recipients in a day to whom the account never wrote before; 0: no limit" },
	{ "known-time", SETTING_DURATION, AT(known_ms), "180d", DAY_MS, 3660 * DAY_MS, NULL,
	    "How long recipients of an account, and senders from outside, stay known" },
	/* who is not let in any more */
	{ "ban-after", SETTING_NUMBER, AT(ban_after), "10", 0, 100, NULL,
	    "Offences of one kind that ban an address (IPv6: /64): wrong passwords, unknown "
	    "recipients, junk; 0: no bans" },
	{ "ban-window", SETTING_DURATION, AT(ban_window_ms), "10m", 1000, 7 * DAY_MS, NULL,
	    "Time within which they add up" },
	{ "ban-time", SETTING_DURATION, AT(ban_ms), "1h", 1000, 366 * DAY_MS, NULL,
	    "How long a ban lasts" },
	{ "ban-spare", SETTING_DURATION, AT(ban_spare_ms), "30d", 0, 366 * DAY_MS, NULL,
	    "Addresses from which somebody logged in are not banned for this long" },
	/* strangers */
	{ "greylisting", SETTING_BOOL, AT(is_greylisting), "no", 0, 0, NULL,
	    "Tell strangers to come again: most senders of junk never do" },
	{ "greylist-wait", SETTING_DURATION, AT(greylist_wait_ms), "5m", 1000, HOUR_MS, NULL,
	    "They must not come again sooner than this" },
	{ "greylist-window", SETTING_DURATION, AT(greylist_window_ms), "24h", 2 * HOUR_MS,
	    30 * DAY_MS, NULL, "They must come again within this" },
	{ "greylist-keep", SETTING_DURATION, AT(greylist_keep_ms), "35d", DAY_MS, 366 * DAY_MS,
	    NULL, "Who came again is no stranger for this long after the last mail" },
	{ "greylist-welcome", SETTING_NUMBER, AT(greylist_welcome), "5", 0, 1000, NULL,
	    "Senders that came again, after which their network is no stranger; 0: never" },
	{ "slow-first", SETTING_DURATION, AT(slow_first_ms), "0", 0, 5 * MINUTE_MS, NULL,
	    "Wait before mail of an unknown sender is taken" },
};

const struct setting_section policy_section = {
	.name = "policy",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct policy_settings),
	.help = "Whom to believe how far: limits, bans, lists, strangers",
};

const struct policy_settings policy_settings_default = {
	.trusted = STR_INIT("loopback"),
	.helo = HELO_BASIC,
	.reverse = REVERSE_NOTE,
	.check_domains = true,
	.lookup_ms = 5000,
	.network_connections = 50,
	.greeting_delay_ms = 200,
	.connection_rate = STR_INIT("60/1m"),
	.message_rate = STR_INIT("120/1m"),
	.network_rate = STR_INIT("300/1m"),
	.rcpt_rate = STR_INIT("600/1m"),
	.account_rate = STR_INIT("60/1m"),
	.account_messages = 1000,
	.account_new_recipients = 200,
	.known_ms = 180 * DAY_MS,
	.ban_after = 10,
	.ban_window_ms = 10 * MINUTE_MS,
	.ban_ms = HOUR_MS,
	.ban_spare_ms = 30 * DAY_MS,
	.greylist_wait_ms = 5 * MINUTE_MS,
	.greylist_window_ms = 24 * HOUR_MS,
	.greylist_keep_ms = 35 * DAY_MS,
	.greylist_welcome = 5,
	.early_talkers = true,
};
