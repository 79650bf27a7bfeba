/*
 * sqlite_memory.h - start SQLite, and let it use the chunks of its journals again.
 *
 * A savepoint (each run of a turn but the first, store.h) copies the pages that it changes into chunks of 1 KB,
 * some forty for a message, and frees them at its end. musl gives such memory back to the kernel at once, so
 * that every message would pay for mapping, clearing and unmapping it; a few hundred chunks are kept instead.
 */
#ifndef STORE_SQLITE_MEMORY_H
#define STORE_SQLITE_MEMORY_H

#include "base/fail.h"

/*
 * In place of sqlite3_initialize(), before any other call of SQLite in the process; later calls do nothing.
 * FAIL_PERM when SQLite does not start.
 */
MUST_CHECK enum fail sqlite_memory_init(void);

#endif
