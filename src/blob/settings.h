/*
 * settings.h - where messages are kept: section [blob].
 */
#ifndef BLOB_SETTINGS_H
#define BLOB_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/setting.h"

enum blob_engine { BLOB_MAILDIR, BLOB_S3 };

struct blob_settings {
	int engine;          /* enum blob_engine */
	int64_t cache_bytes; /* of the S3 engine, on this disk */
	bool has_mirror;     /* Maildir: a copy of every file goes to S3 */
};

extern const struct setting_section blob_section;

/* The defaults of the table, for tests and tools. */
extern const struct blob_settings blob_settings_default;

#endif
