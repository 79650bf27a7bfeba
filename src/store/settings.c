#include "store/settings.h"

/* base */
#include "base/mem.h"

#define AT(field) offsetof(struct store_settings, field)

static const char *const engines[] = { "sqlite", NULL };

static const struct setting rows[] = {
	{ "engine", SETTING_CHOICE, AT(engine), "sqlite", 0, 0, engines,
	    "What keeps the metadata of all mail" },
	{ "cache", SETTING_BYTES, AT(cache_bytes), "4MB", 256 << 10, INT64_C(4) << 30, NULL,
	    "Memory for pages of the store's file" },
	{ "log-size", SETTING_BYTES, AT(wal_bytes), "4MB", 64 << 10, 1 << 30, NULL,
	    "Size of the write-ahead log at which it is copied into the file" },
	{ "replicated", SETTING_BOOL, AT(is_replicated), "no", 0, 0, NULL,
	    "Litestream copies the write-ahead log: leave folding it in to Litestream" },
};

const struct setting_section store_section = { "store", rows, ARRAY_LEN(rows),
	sizeof(struct store_settings), false,
	"Metadata: mailboxes, flags, everything but messages" };

const struct store_settings store_defaults = {
	.engine = STORE_SQLITE,
	.cache_bytes = 4 << 20,
	.wal_bytes = 4 << 20,
};
