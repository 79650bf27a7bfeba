#include "jmap/settings.h"

/* base */
#include "base/mem.h"

#define AT(field) offsetof(struct jmap_settings, field)

static const struct setting rows[] = {
	{ "upload", SETTING_BYTES, AT(upload_bytes), "50MB", 1024, 500LL * 1024 * 1024, NULL,
	    "Largest file that a client may upload" },
	{ "push-private", SETTING_BOOL, AT(push_private), "no", 0, 0, NULL,
	    "Push also to http URLs and to private addresses, as of a push service in the house" },
	{ "push-contact", SETTING_TEXT, AT(push_contact), "", 0, 0, NULL,
	    "How push services reach you: mailto: or https: URL; empty: the postmaster of the user's domain" },
};

const struct setting_section jmap_section = {
	.name = "jmap",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct jmap_settings),
	.help = "JMAP: mail over HTTP (RFC 8620, RFC 8621)",
};
