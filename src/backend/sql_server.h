/*
 * sql_server.h - what the two database engines share: the settings as C strings, and reasons as one line.
 */
#ifndef BACKEND_SQL_SERVER_H
#define BACKEND_SQL_SERVER_H

#include "base/buf.h"
#include "base/str.h"
#include "directory/sql.h"

#define SQL_WHY_MAX 500 /* bytes of a reason */

/* Texts for a library; they live until release. Never NULL. */
struct sql_server {
	const char *host, *port, *database, *user, *password, *ca_file;
	enum sql_tls tls;    /* never SQL_TLS_AUTO */
	struct buf texts[6]; /* own */
};

void sql_server_init(struct sql_server *s, const struct sql_settings *settings);
void sql_server_release(struct sql_server *s); /* wipes the password */

/* Append a library's message without its line ends. */
void sql_write_line(struct buf *out, struct str message);

#endif
