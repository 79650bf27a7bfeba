/*
 * settings.h - what the owner may configure of the store: section [store].
 */
#ifndef STORE_SETTINGS_H
#define STORE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/setting.h"

struct store_settings {
	int engine;          /* enum store_engine_kind */
	int64_t cache_bytes; /* pages kept in memory */
	int64_t wal_bytes;   /* size of the write-ahead log at which it is copied into the file */
	bool is_replicated;  /* Litestream copies the log: leave checkpoints and closing to it */
};

enum store_engine_kind { STORE_SQLITE };

extern const struct setting_section store_section;

/* The defaults, for tests and tools. */
extern const struct store_settings store_defaults;

#endif
