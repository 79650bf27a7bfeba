/*
 * settings.h - what the owner may set about whom to believe: [policy].
 */
#ifndef POLICY_SETTINGS_H
#define POLICY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/setting.h"

enum policy_helo_check {
	HELO_OFF,
	HELO_BASIC,
	HELO_STRICT
}; /* strict: the name must have an address */
enum policy_reverse { REVERSE_OFF, REVERSE_NOTE, REVERSE_REQUIRE };

struct policy_settings {
	struct str trusted; /* networks; default "loopback" */
	int helo;           /* enum policy_helo_check; basic */
	int reverse;        /* enum policy_reverse; note */
	bool check_domains; /* yes: must exist, must take mail */
	struct str
	    block_lists; /* zones, "zone" or "zone=127.0.0.2,127.0.0.4/30": answers that count */
	struct str welcome_lists;
	int64_t lookup_ms;           /* for all questions about a peer */
	int64_t network_connections; /* at the same time from one /24 or /48 */
	/* rates: "30/1m"; empty: off */
	struct str connection_rate, message_rate, network_rate, rcpt_rate, sender_rate,
	    recipient_rate, account_rate;
	int64_t account_messages;       /* a day; 0: no limit; 1000 */
	int64_t account_new_recipients; /* a day; 0: no limit; 200 */
	int64_t known_ms;               /* how long recipients and senders stay known */
	int64_t ban_after, ban_window_ms, ban_ms, ban_spare_ms; /* ban_after 0: no bans */
	bool is_greylisting;                                    /* no */
	int64_t greylist_wait_ms;                               /* 5m */
	int64_t greylist_window_ms; /* it must come again within this; 24h */
	int64_t greylist_keep_ms;   /* 35d */
	int64_t greylist_welcome;   /* pairs after which a network is known; 5 */
	int64_t slow_first_ms;      /* wait before mail of an unknown sender is taken; 0 */
	bool early_talkers;         /* refuse who talks before the greeting; yes */
	int64_t greeting_delay_ms;  /* wait before the greeting, to catch them; 0 */
};

extern const struct setting_section policy_section;

/* The defaults of the table, for tests and tools. */
extern const struct policy_settings policy_settings_default;

#endif
