#include "jmap/settings.h"

/* base */
#include "base/mem.h"

#define AT(field) offsetof(struct jmap_settings, field)

static const struct setting rows[] = {
	{ "upload", SETTING_BYTES, AT(upload_bytes), "50MB", 1024, 500LL * 1024 * 1024, NULL,
	    "Largest file that a client may upload" },
};

const struct setting_section jmap_section = {
	.name = "jmap",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct jmap_settings),
	.help = "JMAP: mail over HTTP (RFC 8620, RFC 8621)",
};
