/*
 * mta_sts.h - the MTA-STS policy of our own domains, at https://mta-sts.<domain>/.well-known/mta-sts.txt (RFC 8461 3.3).
 *
 * One policy, from the settings, for every domain of the directory. Other hosts get 404, as does everybody while the mode
 * is off. The record in DNS is the owner's to publish; its id can be any, as long as it changes with the policy.
 */
#ifndef WEB_MTA_STS_H
#define WEB_MTA_STS_H

#include "directory/directory.h"
#include "http/server.h"
#include "web/settings.h"

struct mta_sts { /* all borrowed, as long as the service */
	const struct mta_sts_settings *settings;
	struct directory *directory;
	struct str hostname;
};

/* Add the route; once. */
void mta_sts_attach(struct mta_sts *m, struct http_service *service);

/* The policy as a file. */
void mta_sts_write(const struct mta_sts_settings *settings, struct str hostname, struct buf *out);

#endif
