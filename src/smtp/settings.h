/*
 * settings.h - what the owner configures of SMTP, submission and LMTP: [smtp].
 */
#ifndef SMTP_SETTINGS_H
#define SMTP_SETTINGS_H

#include "base/setting.h"

enum smtp_lines { SMTP_LINES_REJECT, SMTP_LINES_STRIP };
enum smtp_from { SMTP_FROM_ANY, SMTP_FROM_OWN };

struct smtp_settings {
	int64_t message_bytes;  /* largest message taken; announced by SIZE */
	int64_t recipients;     /* per message */
	int64_t messages;       /* per connection */
	int64_t errors;         /* 5xx replies per connection, then 421 */
	int64_t junk;           /* NOOP and its like between two messages; more count as errors */
	int64_t command_ms;     /* for one command line (RFC 5321 4.5.3.2) */
	int64_t data_ms;        /* between two pieces of a message */
	int64_t login_failures; /* per connection, then 421 */
	int64_t login_delay_ms; /* before the answer to the first failed login; doubles each time */
	int lines;              /* enum smtp_lines: what a bare CR or LF in a message means */
	int from;               /* enum smtp_from: whom users' messages may say to be from */
	int64_t hold_ms;        /* FUTURERELEASE: longest time a message is held; 0: not offered */
	struct str no_solicit;  /* NO-SOLICITING: kinds of mail that are refused */
	struct str xclient_networks; /* hosts that may speak for others by XCLIENT */
	bool is_closed;              /* takes no mail from other hosts, and says so (RFC 7504) */
	struct str relay_networks;   /* hosts that may send anywhere without a login */
};

extern const struct setting_section smtp_section;

#endif
