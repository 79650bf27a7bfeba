/*
 * autoconfig.h - the settings of a mail account, for programs that ask before they ask the user.
 *
 * Thunderbird, K-9 and others get the address's settings with GET from https://autoconfig.DOMAIN/mail/config-v1.1.xml or
 * https://DOMAIN/.well-known/autoconfig/mail/config-v1.1.xml, with or without emailaddress=; Outlook and others by POST
 * to https://autodiscover.DOMAIN/autodiscover/autodiscover.xml. Anybody may ask, and hears nothing that DNS does not say
 * (RFC 6186): nobody is told whether an address exists. Domains that are not ours, and all when there is no IMAP or no
 * submission here, are answered with 404.
 * Not done: JMAP and POP3 in these files, Autodiscover for telephones (ActiveSync) and as JSON.
 */
#ifndef WEB_AUTOCONFIG_H
#define WEB_AUTOCONFIG_H

#include "directory/directory.h"
#include "http/server.h"

enum autoconfig_service { /* those that begin with TLS before those with STARTTLS (RFC 8314 3.3) */
	AUTOCONFIG_IMAPS,
	AUTOCONFIG_IMAP,
	AUTOCONFIG_SUBMISSIONS,
	AUTOCONFIG_SUBMISSION,
	AUTOCONFIG_SERVICE_COUNT
};

struct autoconfig { /* all borrowed, as long as the service */
	struct directory *directory;
	struct str hostname;
	uint16_t ports[AUTOCONFIG_SERVICE_COUNT]; /* 0: not served */
};

/* Add the routes; once. */
void autoconfig_attach(struct autoconfig *a, struct http_service *service);

/* There is a way to read mail and one to send some. */
bool autoconfig_is_whole(const struct autoconfig *a);

/* --- pure (autoconfig_write.c) ---------------------------------------------------------------- */

/* The file of Thunderbird's Autoconfiguration, version 1.1. */
void autoconfig_write(const struct autoconfig *a, struct str domain, struct buf *out);

/* Outlook's answer for this address, of the schema outlook/responseschema/2006a. */
void autodiscover_write(const struct autoconfig *a, struct str address, struct buf *out);

#define AUTODISCOVER_REQUEST_MAX 4096 /* bytes; Outlook's has 400 with an address in it */

/* The address that a request of Outlook's asks about (lives in `room`); FAIL_SYNTAX: it is none that we can answer. */
MUST_CHECK enum fail autodiscover_parse(struct str request, struct buf *room);

#endif
