#include "http/settings.h"

/* base */
#include "base/mem.h"

#define AT(field) offsetof(struct http_settings, field)

static const struct setting rows[] = {
	{ "base-url", SETTING_TEXT, AT(base_url), "", 0, 0, NULL,
	    "How clients reach us, when not as they say: https://mail.example.test" },
	{ "trust-forwarded", SETTING_BOOL, AT(trust_forwarded), "no", 0, 0, NULL,
	    "Take the scheme from the X-Forwarded-Proto of a proxy before us" },
	{ "idle", SETTING_DURATION, AT(idle_ms), "5m", 1000, 24 * 3600 * 1000, NULL,
	    "Keep an idle connection this long" },
};

const struct setting_section http_section = {
	.name = "http",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct http_settings),
	.help = "The HTTP server that carries JMAP",
};
