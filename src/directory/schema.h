/*
 * schema.h - the tables of directory.db. Private to the room; owners read them with any SQLite tool.
 */
#ifndef DIRECTORY_SCHEMA_H
#define DIRECTORY_SCHEMA_H

#define DIRECTORY_APPLICATION 0x53746472 /* "Stdr" in the file's header */
#define DIRECTORY_VERSION     2          /* user_version */

/* One script that makes an empty directory in one transaction. */
extern const char directory_schema[];

/* What makes version 2 of version 1; it may run twice. */
extern const char directory_schema_2[];

#endif
