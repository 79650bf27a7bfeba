/*
 * settings.h - what the owner may set about reports to other domains: [reports].
 */
#ifndef REPORTS_SETTINGS_H
#define REPORTS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/setting.h"

struct reports_settings {
	bool
	    has_dmarc; /* no: an owner says who speaks for this host before it writes to strangers */
	bool has_tls;  /* the same of how connections to them went */
	struct str address;      /* From of reports; "": postmaster at our host name */
	struct str organization; /* who reports, in words; "": our host name */
	struct str contact;      /* more about whom to ask; "" */
	int64_t interval_ms;     /* 1d; shorter ones are for tests */
};

extern const struct setting_section reports_section;

/* Is the address one? FAIL_SYNTAX, and a line in `why`. */
MUST_CHECK enum fail reports_settings_check(const struct reports_settings *s, struct buf *why);

/* The defaults of the table, for tests and tools. */
extern const struct reports_settings reports_settings_default;

#endif
