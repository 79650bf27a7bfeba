#include "server/settings.h"

/* system */
#include <assert.h>

/* base */
#include "base/log.h"
#include "base/mem.h"

static const char *const log_forms[] = { "text", "json", NULL };
static const char *const protocols[] = { "smtp", "submission", "submissions", "lmtp", "imap",
	"imaps", "http", "https", NULL };

static_assert(ARRAY_LEN(protocols) == PROTOCOL_COUNT + 1, "every protocol has its name");

#define ROW(name, type, field, fallback, min, max, choices, help) \
	{ \
		name, type, offsetof(struct server_settings, field), fallback, min, max, choices, \
		    help \
	}

static const struct setting server_rows[] = {
	ROW("hostname", SETTING_HOST, hostname, NULL, 0, 0, NULL,
	    "Full name of this host, as the MX record names it"),
	ROW("data", SETTING_TEXT, data, "/var/lib/staunch", 0, 0, NULL,
	    "Folder of the databases and the mail"),
	ROW("user", SETTING_TEXT, user, "", 0, 0, NULL,
	    "Unprivileged user to become when started as root; empty: none"),
	ROW("log", SETTING_CHOICE, log_level, "info", 0, 0, log_level_names, "Lowest level logged"),
	ROW("log-form", SETTING_CHOICE, log_form, "text", 0, 0, log_forms,
	    "Lines for journald, or one JSON object per line"),
	ROW("debug", SETTING_LIST, debug, "", 0, 0, NULL,
	    "Rooms that log in detail, such as: smtp imap; * for all"),
	ROW("stop", SETTING_DURATION, stop_ms, "4s", 100, 60000, NULL,
	    "Time that sessions get to end when the server stops"),
};

#undef ROW

#define ROW(name, type, field, fallback, choices, help) \
	{ \
		name, type, offsetof(struct listener_settings, field), fallback, 0, 0, choices, \
		    help \
	}

static const struct setting listener_rows[] = {
	ROW("protocol", SETTING_CHOICE, protocol, NULL, protocols, "What is spoken here"),
	ROW("address", SETTING_LIST, address, NULL, NULL,
	    "Addresses with ports, such as: 0.0.0.0:25 [::]:25, or unix:PATH"),
	ROW("plaintext-login", SETTING_BOOL, plaintext_login, "no", NULL,
	    "Allow logins without TLS from this host itself"),
	ROW("proxy-networks", SETTING_NETWORKS, proxies, "", NULL,
	    "Networks of proxies, whose connections must begin with a PROXY header (as HAProxy sends)"),
	ROW("checks", SETTING_BOOL, checks, "yes", NULL,
	    "Judge strangers who bring mail by [policy]; no: a filter before us did"),
};

#undef ROW

static const struct setting certificate_rows[] = {
	{ "chain", SETTING_TEXT, offsetof(struct certificate_settings, chain), NULL, 0, 0, NULL,
	    "PEM file with the certificate and those that lead to its issuer" },
	{ "key", SETTING_TEXT, offsetof(struct certificate_settings, key), NULL, 0, 0, NULL,
	    "PEM file with the private key; where user may read it, changes are taken up at once" },
};

const struct setting_section server_section = { "server", server_rows, ARRAY_LEN(server_rows),
	sizeof(struct server_settings), false, "The server itself" };
const struct setting_section listener_section = { "listener", listener_rows,
	ARRAY_LEN(listener_rows), sizeof(struct listener_settings), true,
	"A port that the server opens; one section for each" };
const struct setting_section certificate_section = { "certificate", certificate_rows,
	ARRAY_LEN(certificate_rows), sizeof(struct certificate_settings), true,
	"A certificate; the name that a client asks for chooses among several" };
