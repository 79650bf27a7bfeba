/*
 * setting.h - what a room lets the owner configure, as a table.
 *
 * A room has a struct with one field per setting and a table of rows that name, type, default,
 * bound and explain each. `server/config.c` reads the file into the struct by these rows;
 * conf.example, the manual and `staunch config check` are made from the same rows. Types and fields:
 *
 *     SETTING_BOOL      bool         yes, no
 *     SETTING_NUMBER    int64_t      min .. max
 *     SETTING_BYTES     int64_t      with optional KB, MB, GB (powers of 1024)
 *     SETTING_DURATION  int64_t ms   with ms, s, m, h, d (bare numbers are seconds)
 *     SETTING_DURATIONS struct setting_durations   several of them, separated by blanks
 *     SETTING_TEXT      struct str   one line
 *     SETTING_SECRET    struct str   like text; `file:PATH` reads the first line of PATH; never shown
 *     SETTING_CHOICE    int          position in `choices`
 *     SETTING_CHOICES   struct str   words of `choices`, separated by blanks
 *     SETTING_LIST      struct str   words separated by blanks, kept as one str
 *     SETTING_NETWORKS  struct str   the same, each a network: "10.0.0.0/8", "::1", "loopback", "private"
 *     SETTING_ZONES     struct str   the same, each a DNS list: "zone", "zone=127.0.0.2,127.0.0.4/30"
 *     SETTING_RATE      struct str   how many in how long: "30/1m"; empty is no limit
 *     SETTING_HOST      struct str   a host name, kept in ASCII; empty only where the default is
 *     SETTING_DOMAINS   struct str   as a list, each "example.org", ".example.org" or "*"; kept in ASCII
 *     SETTING_IPV4      struct str   an address of that family, or empty
 *     SETTING_IPV6      struct str   the same
 *
 * Ownership: texts live in the configuration's arena, as long as the configuration.
 */
#ifndef BASE_SETTING_H
#define BASE_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum setting_type {
	SETTING_BOOL,
	SETTING_NUMBER,
	SETTING_BYTES,
	SETTING_DURATION,
	SETTING_DURATIONS,
	SETTING_TEXT,
	SETTING_SECRET,
	SETTING_CHOICE,
	SETTING_CHOICES,
	SETTING_LIST,
	SETTING_NETWORKS,
	SETTING_ZONES,
	SETTING_RATE,
	SETTING_HOST,
	SETTING_DOMAINS,
	SETTING_IPV4,
	SETTING_IPV6,
};

#define SETTING_DURATIONS_MAX 16 /* of one setting: a schedule is a handful */

struct setting_durations {
	int64_t ms[SETTING_DURATIONS_MAX];
	size_t count; /* at least 1 */
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;        /* of the field in the room's struct */
	const char *fallback; /* the default, in the syntax of the file; NULL: must be given */
	int64_t min, max;     /* for numbers, bytes (bytes) and durations (ms) */
	const char *const *choices; /* for SETTING_CHOICE and _CHOICES, NULL-terminated */
	const char *help;           /* one line for conf.example and the manual */
};

struct setting_section {
	const char *name; /* "smtp" for [smtp]; a repeatable one is written [listener NAME] */
	const struct setting *rows;
	size_t row_count;
	size_t struct_size;
	bool is_repeatable;
	const char *help;
};

#endif
