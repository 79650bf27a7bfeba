/*
 * settings.h - what the owner may say of the policy of our own domains: [mta-sts].
 */
#ifndef WEB_SETTINGS_H
#define WEB_SETTINGS_H

#include "base/buf.h"
#include "base/setting.h"

enum mta_sts_mode { MTA_STS_OFF, MTA_STS_NONE, MTA_STS_TESTING, MTA_STS_ENFORCE };

struct mta_sts_settings {
	int mode; /* enum mta_sts_mode */
	int64_t max_age_ms;
	struct str
	    mx; /* hosts, or "*.example.org", with blanks between them; empty: this host's name */
};

extern const struct setting_section mta_sts_section;

/* Can such a policy be published? One line in `why`. */
MUST_CHECK enum fail mta_sts_check(const struct mta_sts_settings *settings, struct buf *why);

#endif
