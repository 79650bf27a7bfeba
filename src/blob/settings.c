#include "blob/settings.h"

/* base */
#include "base/mem.h"

#define AT(field) offsetof(struct blob_settings, field)

static const char *const engines[] = { "maildir", "s3", NULL };

static const struct setting rows[] = {
	{ "engine", SETTING_CHOICE, AT(engine), "maildir", 0, 0, engines,
	    "Where messages are kept: on this disk, or on the server of [s3]" },
	{ "cache", SETTING_BYTES, AT(cache_bytes), "1GB", 1 << 20, INT64_MAX, NULL,
	    "With s3: what was read or written last is kept on this disk, too" },
	{ "mirror", SETTING_BOOL, AT(has_mirror), "no", 0, 0, NULL,
	    "With maildir: copy every message to [s3], soon after it came" },
};

const struct setting_section blob_section = {
	.name = "blob",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct blob_settings),
	.help = "The messages themselves",
};

const struct blob_settings blob_settings_default = { .cache_bytes = (int64_t)1 << 30 };
