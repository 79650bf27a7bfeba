/*
 * backend.h - one program beside the server, which asks accounts of a database or an LDAP server.
 *
 * main.c reads the lines (directory/README.md), the engine's file is a source (directory/source.h). Each program is
 * linked of main.c and one engine, which defines `backend`.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/setting.h"
#include "directory/source.h"

struct backend {
	const struct setting_section *section; /* what the `open` line fills in */

	/*
	 * Begin, and try to connect once. `settings` (the section's struct) lives as long as the process.
	 *   FAIL_NONE  it answers
	 *   FAIL_TEMP  not reachable now; the source is made all the same, and tries again when it is asked
	 *   FAIL_PERM  the settings are wrong: a query, a filter, a file that cannot be read
	 * A sentence in `why` says what is the matter, with FAIL_TEMP and FAIL_PERM.
	 */
	enum fail (*open)(struct source **out, const void *settings, struct buf *why);
	void (*close)(struct source **s);
};

extern const struct backend backend;

#endif
