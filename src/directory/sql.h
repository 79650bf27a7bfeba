/*
 * sql.h - what the owner sets for accounts in a database: where it is, and a query for each question. Private to the
 * room and backends.
 *
 * The defaults of the queries fit the tables of schema.h (`staunch directory schema`).
 */
#ifndef DIRECTORY_SQL_H
#define DIRECTORY_SQL_H

#include <stdint.h>

#include "base/setting.h"
#include "base/str.h"
#include "directory/query.h"
#include "directory/settings.h"
#include "directory/source.h"

struct sql_settings {
	struct str host; /* a name, an address, or the path of a socket */
	int64_t port;
	struct str database, user, password;
	int tls;                                   /* enum sql_tls */
	struct str ca_file;                        /* empty: the system's authorities */
	int64_t connect_ms;                        /* for one try to connect */
	int64_t timeout_ms;                        /* for one query */
	struct str queries[SOURCE_QUESTION_COUNT]; /* empty: there are none */
};

enum sql_tls { SQL_TLS_AUTO, SQL_TLS_VERIFY, SQL_TLS_ENCRYPT, SQL_TLS_OFF };

/* The texts of a section as they are when the owner sets nothing. */
void sql_defaults(const struct setting_section *section, struct sql_settings *out);

/*
 * Translate every query of the settings into queries[SOURCE_QUESTION_COUNT] (an empty one stays empty). FAIL_SYNTAX:
 * one is wrong; `why` says which and how. Release them in any case.
 */
MUST_CHECK enum fail sql_queries_parse(struct query *queries, const struct sql_settings *settings,
    enum query_dialect dialect, struct buf *why);
void sql_queries_release(struct query *queries);

/* The same for the engine that is set, without using them: FAIL_SYNTAX, and one line for the owner in `why`. */
MUST_CHECK enum fail sql_check(const struct directory_settings *settings, struct buf *why);

/* Is the server on this machine, so that nobody can listen? The path of a socket, localhost, 127.x, ::1. */
bool sql_is_local(struct str host);

#endif
