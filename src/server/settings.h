/*
 * settings.h - what the owner configures of the server itself: [server], [listener], [certificate].
 */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "base/setting.h"

enum server_log_form { LOG_FORM_TEXT, LOG_FORM_JSON };

struct server_settings {
	struct str hostname; /* of this host, in greetings and Received */
	struct str data;     /* folder of everything the server keeps */
	struct str user;     /* account to become after binding; empty: stay */
	int log_level;       /* enum log_level */
	int log_form;        /* enum server_log_form */
	struct str debug;    /* rooms with debug lines */
	int64_t stop_ms;     /* sessions are told, then this long to end */
};

/* What a listener speaks; implicit TLS is part of the name, as port numbers are. */
enum listener_protocol {
	PROTOCOL_SMTP,        /* mail from other servers, port 25 */
	PROTOCOL_SUBMISSION,  /* mail from users, STARTTLS, port 587 */
	PROTOCOL_SUBMISSIONS, /* the same over TLS, port 465 */
	PROTOCOL_LMTP,        /* mail from a local MTA, RFC 2033 */
	PROTOCOL_IMAP,        /* port 143 */
	PROTOCOL_IMAPS,       /* port 993 */
	PROTOCOL_HTTP,        /* JMAP, loopback or behind a proxy */
	PROTOCOL_HTTPS,       /* JMAP, port 443 */
	PROTOCOL_COUNT
};

struct listener_settings {
	int protocol;         /* enum listener_protocol */
	struct str address;   /* words: "0.0.0.0:25", "[::]:25", "unix:/run/staunch/lmtp" */
	bool plaintext_login; /* logins without TLS, from loopback only */
	struct str proxies;   /* networks whose connections begin with a PROXY header */
	bool checks;          /* of [policy], where mail comes from strangers */
};

struct certificate_settings {
	struct str chain; /* PEM file, the server's certificate first */
	struct str key;   /* PEM file */
};

extern const struct setting_section server_section;
extern const struct setting_section listener_section;
extern const struct setting_section certificate_section;

#endif
