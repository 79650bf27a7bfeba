/*
 * sqlite_vfs.h - SQLite's system calls by way of the `sys` table (for this room and `search`).
 *
 * SQLite's own "unix" file system stays in charge; its calls for opening, reading, writing, cutting,
 * mapping and deleting are replaced by those of `sys`, for every database of the process, and files
 * are made for their owner only. A thin file system "staunch" on top does the syncing, which SQLite
 * does not let one replace otherwise: fdatasync, and the folder of a file that was just made.
 */
#ifndef STORE_SQLITE_VFS_H
#define STORE_SQLITE_VFS_H

#include "base/fail.h"

#define SQLITE_VFS_NAME "staunch"

/* Once per process; later calls do nothing. FAIL_PERM when SQLite does not start. */
MUST_CHECK enum fail sqlite_vfs_init(void);

/* Sync the folder in which `path` lies; FAIL_TEMP when that fails. */
MUST_CHECK enum fail sqlite_vfs_sync_folder(const char *path);

#endif
