#include "imap/settings.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/capability.h"

#define ROW(name, type, field, fallback, min, max, help) \
	{ \
		name, type, offsetof(struct imap_settings, field), fallback, min, max, NULL, help \
	}

#define GB        ((int64_t)1024 * 1024 * 1024)
#define MINUTE_MS ((int64_t)60 * 1000)

static const char *const separators[] = { "/", ".", NULL }; /* enum imap_separator */

static const struct setting imap_rows[] = {
	ROW("message-size", SETTING_BYTES, message_bytes, "100MB", 64 * 1024, 2 * GB,
	    "Largest message that APPEND takes"),
	/* RFC 9738 3: not lower than 1000 */
	ROW("message-limit", SETTING_NUMBER, message_limit, "1000000", 1000, UINT32_MAX - 1,
	    "Messages of one command; one over more does those that came last, and says so"),
	ROW("idle-time", SETTING_DURATION, idle_ms, "30m", MINUTE_MS, 24 * 60 * MINUTE_MS,
	    "A session without a command for this long is ended"),
	ROW("login-time", SETTING_DURATION, login_ms, "1m", 1000, 60 * MINUTE_MS,
	    "The same before login"),
	ROW("errors", SETTING_NUMBER, errors, "20", 1, 1000,
	    "Wrong commands in a row before the connection is closed"),
	ROW("login-failures", SETTING_NUMBER, login_failures, "5", 1, 100,
	    "Wrong logins per connection before it is closed"),
	ROW("login-delay", SETTING_DURATION, login_delay_ms, "1s", 0, MINUTE_MS,
	    "Wait before the answer to a wrong login; doubles with each"),
	{ "separator", SETTING_CHOICE, offsetof(struct imap_settings, separator), "/", 0, 0,
	    separators, "What stands between the levels of mailbox names" },
	ROW("prefix", SETTING_TEXT, prefix, "", 0, 0,
	    "What stands before the names of all own mailboxes but INBOX: one level, such as INBOX."),
	{ "without", SETTING_CHOICES, offsetof(struct imap_settings, without), "", 0, 0,
	    imap_capability_names,
	    "Capabilities, as CAPABILITY names them, that are not offered: for clients that they break" },
	ROW("id", SETTING_TEXT, id, "Staunch", 0, 0,
	    "The name that ID tells clients of this server; empty for none"),
	ROW("admin", SETTING_TEXT, admin, "", 0, 0,
	    "The account whose /shared notes of the server (METADATA), such as filters, all users see"),
};

static const struct setting imap_account_rows[] = {
	{ "without", SETTING_CHOICES, offsetof(struct imap_account_settings, without), "", 0, 0,
	    imap_capability_names,
	    "Capabilities that this account is not offered, besides those of [imap]" },
};

const struct setting_section imap_section = { "imap", imap_rows, ARRAY_LEN(imap_rows),
	sizeof(struct imap_settings), false, "Reading mail: IMAP" };

const struct setting_section imap_account_section = { "imap-account", imap_account_rows,
	ARRAY_LEN(imap_account_rows), sizeof(struct imap_account_settings), true,
	"IMAP for one account: [imap-account alice@example.test]" };

const struct imap_settings imap_settings_default = {
	.message_bytes = (int64_t)100 * 1024 * 1024,
	.message_limit = 1000000,
	.idle_ms = 30 * MINUTE_MS,
	.login_ms = MINUTE_MS,
	.errors = 20,
	.login_failures = 5,
	.login_delay_ms = 1000,
	.id = STR_INIT("Staunch"),
};
