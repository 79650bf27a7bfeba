/*
 * listing.h - rows of the directory as lines, or as a JSON array.
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "cli/cli.h"
#include "codec/json_writer.h"
#include "directory/admin.h"

#define LISTING_MAX (64 * 1024 * 1024) /* bytes of output: half a million rows */

enum {                    /* columns besides the name */
	LISTING_USER = 1, /* full name, quota, enabled */
	LISTING_TARGET = 2,
	LISTING_CREATED = 4, /* the day, in `target` */
};

struct listing {
	struct buf out; /* own */
	struct json_writer json;
	bool is_json;
	unsigned columns;
};

void listing_begin(struct listing *l, bool is_json, unsigned columns);
void listing_row(const struct admin_row *row, void *listing); /* an admin_row_fn */
enum cli_status listing_print(struct listing *l);
void listing_release(struct listing *l);

#endif
