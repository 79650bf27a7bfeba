/*
 * schema.h - the tables of directory.db, and the same for owners who keep accounts in a database server.
 */
#ifndef DIRECTORY_SCHEMA_H
#define DIRECTORY_SCHEMA_H

#include "base/str.h"

#define DIRECTORY_APPLICATION 0x53746472 /* "Stdr" in the file's header */
#define DIRECTORY_VERSION     2          /* user_version */

/* One script that makes an empty directory in one transaction. */
extern const char directory_schema[];

/* What makes version 2 of version 1; it may run twice. */
extern const char directory_schema_2[];

/* The script for an engine: sqlite, pgsql, mysql; NULL: it has none. For `staunch directory schema`. */
const char *schema_find(struct str engine);

#endif
