/*
 * settings.h - what the owner configures of IMAP: [imap].
 */
#ifndef IMAP_SETTINGS_H
#define IMAP_SETTINGS_H

#include "base/setting.h"

enum imap_separator { IMAP_SEPARATOR_SLASH, IMAP_SEPARATOR_DOT };

struct imap_settings {
	int64_t message_bytes; /* largest message APPEND takes */
	int64_t message_limit; /* messages of one command (RFC 9738) */
	int64_t idle_ms;       /* without a command, then BYE (RFC 9051 5.4: at least 30 minutes) */
	int64_t login_ms;      /* the same before login */
	int64_t errors;        /* BAD replies without an OK between them, then BYE */
	int64_t login_failures; /* per connection, then BYE */
	int64_t login_delay_ms; /* before the answer to the first failed login; doubles each time */
	int separator;          /* enum imap_separator: between the levels of mailbox names */
	struct str prefix;      /* before the names of the user's own mailboxes; "INBOX." */
	struct str without;     /* capabilities that nobody is offered */
	struct str id;          /* the name that ID tells; empty: none */
	struct str admin; /* whose annotations of the server are everybody's; empty: nobody's */
};

struct imap_account_settings { /* [imap-account NAME] */
	struct str without;    /* capabilities that this account is not offered */
};

extern const struct setting_section imap_section;
extern const struct setting_section imap_account_section;

/* The defaults of the table, for tests. */
extern const struct imap_settings imap_settings_default;

#endif
