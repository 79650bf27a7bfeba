#include "web/settings.h"

/* system */
#include <stddef.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "tlspolicy/sts_policy.h"

#define ROW(name_, type_, field_) \
	.name = (name_), .type = (type_), .offset = offsetof(struct mta_sts_settings, field_)

static const char *const modes[] = { "off", "none", "testing", "enforce", NULL };

static const struct setting rows[] = {
	{ ROW("mode", SETTING_CHOICE, mode), .fallback = "off", .choices = modes,
	    .help = "What others are to do who cannot reach us as the policy says; off: no policy "
		    "is served" },
	{ ROW("max-age", SETTING_DURATION, max_age_ms), .fallback = "7d", .min = 1000,
	    .max = (int64_t)STS_MAX_AGE_S * 1000, .help = "How long they keep the policy" },
	{ ROW("mx", SETTING_LIST, mx), .fallback = "",
	    .help = "Hosts that take our mail: mx.example.org *.example.net; empty: this host" },
};

const struct setting_section mta_sts_section = {
	.name = "mta-sts",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct mta_sts_settings),
	.help = "The policy at https://mta-sts.DOMAIN for mail that comes here (MTA-STS)",
};
