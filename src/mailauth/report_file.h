/*
 * report_file.h - reports as they travel: compressed by gzip or zip, or as they are (RFC 7489 7.2.1.1, RFC 8460 5.3).
 *
 * Pure. What comes out is bounded by the buffer, so a bomb costs its cap and no more.
 */
#ifndef MAILAUTH_REPORT_FILE_H
#define MAILAUTH_REPORT_FILE_H

#include "base/buf.h"
#include "base/str.h"

#define REPORT_TEXT_MAX \
	(16 * 1024 * \
	    1024) /* bytes of a report that are read: the largest providers stay below 5 MB */

/*
 * Append the text of a file: of gzip what it holds, of zip its first file, else the bytes. FAIL_SYNTAX: damaged, cut, or
 * encrypted; FAIL_LIMIT: more than the buffer takes.
 */
MUST_CHECK enum fail report_file_read(struct str file, struct buf *out);

/* Append the text as gzip; a full buffer overflows as usual. */
void report_file_write(struct buf *out, struct str text);

#endif
