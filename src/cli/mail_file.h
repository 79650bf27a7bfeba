/*
 * mail_file.h - a message in a file, as the commands see it that judge or sign it.
 *
 * Files that editors and Maildirs leave have LF where a message has CRLF; they are read as if they had it.
 */
#ifndef CLI_MAIL_FILE_H
#define CLI_MAIL_FILE_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define CLI_MAIL_MAX \
	((size_t)512 * 1024 * 1024) /* bytes: a file of LFs alone, as large as allowed */

/* Append the message ("-" is standard input) with CRLF; FAIL_LIMIT, FAIL_MISSING (said). */
MUST_CHECK enum fail cli_read_mail(struct str path, struct buf *out);

/* Its header, up to and with the first empty line, as it is judged when it comes in; `body_out` is the rest. */
struct str cli_mail_header(struct str mail, struct str *body_out);

#endif
