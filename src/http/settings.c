#include "http/settings.h"

/* base */
#include "base/mem.h"

#define AT(field) offsetof(struct http_settings, field)

static const struct setting rows[] = {
	{ "base-url", SETTING_TEXT, AT(base_url), "", 0, 0, NULL,
	    "How clients reach us, when not as they say: https://mail.example.test" },
	{ "trust-forwarded", SETTING_BOOL, AT(trust_forwarded), "no", 0, 0, NULL,
	    "Take scheme and client from the X-Forwarded-Proto and -For of a proxy on this machine" },
	{ "idle", SETTING_DURATION, AT(idle_ms), "5m", 1000, 24 * 3600 * 1000, NULL,
	    "Keep an idle connection this long" },
	{ "origins", SETTING_LIST, AT(origins), "", 0, 0, NULL,
	    "Web pages that may use JMAP: https://webmail.example.test .. or *" },
};

const struct setting_section http_section = {
	.name = "http",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct http_settings),
	.help = "The HTTP server that carries JMAP",
};

#undef AT
#define AT(field) offsetof(struct http_client_settings, field)

static const struct setting client_rows[] = {
	{ "ca-file", SETTING_TEXT, AT(ca_file), "", 0, 0, NULL,
	    "PEM file of authorities to trust beside the system's" },
	{ "connections", SETTING_NUMBER, AT(connections), "32", 1, 64, NULL,
	    "Connections to other servers at most" },
	{ "connections-per-host", SETTING_NUMBER, AT(connections_per_host), "4", 1, 64, NULL,
	    "Connections to one of them at most" },
	{ "idle", SETTING_DURATION, AT(idle_ms), "30s", 0, 3600 * 1000, NULL,
	    "Keep an unused connection this long" },
};

const struct setting_section http_client_section = {
	.name = "http-client",
	.rows = client_rows,
	.row_count = ARRAY_LEN(client_rows),
	.struct_size = sizeof(struct http_client_settings),
	.help = "What we ask of other servers over HTTP",
};

const struct http_client_settings http_client_settings_default = {
	.connections = 32,
	.connections_per_host = 4,
	.idle_ms = 30 * 1000,
};
