/*
 * Accounts in MariaDB or MySQL, by MariaDB Connector/C. One connection; each query is prepared once on it.
 *
 *     down --a question, backoff over--> up --lost, too slow--> down, asked once more if nothing was read
 */

/* system */
#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "backend/backend.h"
#include "backend/backoff.h"
#include "backend/sql_server.h"
#include "directory/sql.h"

#define SQL_MAX 128 /* bytes of our own statements */
#define COLUMN_MAX \
	4096 /* bytes of a column: the longest hash; of what is longer, the rest is not read */
#define FIELDS_MAX 64 /* of a query, most of which nobody asked for */
#define SPARE_ROWS \
	100 /* that are read to the end of an answer; for more, a new connection is cheaper */
#define ENGINE_NAME STR("MariaDB or MySQL")
#define IDLE_MYSQL  4031 /* ER_CLIENT_INTERACTION_TIMEOUT, which MariaDB's headers lack */

static const struct log mysql_log = { .room = "directory" };

struct mysql {
	struct source source; /* first */
	const struct sql_settings *settings;
	struct query queries[SOURCE_QUESTION_COUNT];   /* own */
	MYSQL *conn;                                   /* own; NULL: down */
	MYSQL_STMT *statements[SOURCE_QUESTION_COUNT]; /* own; of this connection */
	enum sql_tls tls;                              /* what the connection must have */
	struct backoff backoff;
	/* the question at work */
	enum source_question question;
	bool is_under_way; /* the server sends an answer */
	enum fail fail;
	char columns[SOURCE_COLUMNS_MAX][COLUMN_MAX];
	unsigned long lengths[SOURCE_COLUMNS_MAX];
	my_bool are_null[SOURCE_COLUMNS_MAX];
};

static struct mysql *
mysql_of(struct source *s)
{
	return container_of(s, struct mysql, source);
}

/* --- the connection ---------------------------------------------------------------------------- */

static void
drop(struct mysql *m)
{
	/* The connection first: a statement that is closed would read its answer to the end. */
	mysql_close(m->conn);
	m->conn = NULL;
	for (size_t i = 0; i < SOURCE_QUESTION_COUNT; i++) {
		if (m->statements[i])
			mysql_stmt_close(m->statements[i]);
		m->statements[i] = NULL;
	}
	m->is_under_way = false;
}

/* The library counts in seconds. */
static unsigned
seconds(int64_t ms)
{
	return (unsigned)i64_min((ms + 999) / 1000, INT32_MAX);
}

static void
set_options(const struct mysql *m, const struct sql_server *server)
{
	unsigned connect_s = seconds(m->settings->connect_ms);
	unsigned wait_s = seconds(m->settings->timeout_ms) + 1;
	unsigned no = 0, tcp = MYSQL_PROTOCOL_TCP, path = MYSQL_PROTOCOL_SOCKET;
	my_bool must = server->tls != SQL_TLS_OFF, verify = server->tls == SQL_TLS_VERIFY;

	mysql_options(m->conn, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(m->conn, MYSQL_OPT_READ_TIMEOUT, &wait_s);
	mysql_options(m->conn, MYSQL_OPT_WRITE_TIMEOUT, &wait_s);
	mysql_options(m->conn, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(m->conn, MYSQL_OPT_LOCAL_INFILE,
	    &no); /* else the server could ask for files */
	mysql_options(m->conn, MYSQL_OPT_PROTOCOL, server->host[0] == '/' ? &path : &tcp);
	if (!must)
		return;
	mysql_options(m->conn, MYSQL_OPT_SSL_ENFORCE, &must);
	mysql_options(m->conn, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
	if (server->ca_file[0] != '\0')
		mysql_options(m->conn, MYSQL_OPT_SSL_CA, server->ca_file);
}

static bool
begin_connect(struct mysql *m)
{
	struct sql_server server;
	bool is_up;

	m->conn = mysql_init(NULL);
	if (m->conn == NULL)
		return false;
	sql_server_init(&server, m->settings);
	m->tls = server.tls;
	set_options(m, &server);
	is_up = server.host[0] == '/'
	    ? mysql_real_connect(m->conn, NULL, server.user, server.password, server.database, 0,
		  server.host, 0) != NULL
	    : mysql_real_connect(m->conn, server.host, server.user, server.password,
		  server.database, (unsigned)m->settings->port, NULL, 0) != NULL;
	sql_server_release(&server);
	return is_up;
}

/* The library goes on in clear where the server has no TLS, unless certificates are verified. */
static bool
is_encrypted(const struct mysql *m, struct buf *why)
{
	if (m->tls == SQL_TLS_OFF || mysql_get_ssl_cipher(m->conn) != NULL)
		return true;
	buf_add_c(why, "the server has no TLS");
	return false;
}

/* MariaDB's word for it, else MySQL's. */
static bool
set_timeout(struct mysql *m)
{
	struct buf sql;
	bool is_set;

	buf_init(&sql, SQL_MAX);
	buf_add_c(&sql, "SET SESSION max_statement_time = ");
	buf_add_i64(&sql, m->settings->timeout_ms / 1000);
	buf_add_char(&sql, '.');
	buf_add_u64_padded(&sql, (uint64_t)m->settings->timeout_ms % 1000, 3);
	is_set = mysql_query(m->conn, buf_c(&sql)) == 0;
	if (!is_set && mysql_errno(m->conn) == ER_UNKNOWN_SYSTEM_VARIABLE) {
		buf_clear(&sql);
		buf_add_c(&sql, "SET SESSION max_execution_time = ");
		buf_add_i64(&sql, m->settings->timeout_ms);
		is_set = mysql_query(m->conn, buf_c(&sql)) == 0;
	}
	buf_release(&sql);
	return is_set;
}

/* FAIL_TEMP: it is down, said once. */
static enum fail
connect_now(struct mysql *m, struct buf *why)
{
	if (!backoff_may_try(&m->backoff))
		return FAIL_TEMP;
	if (begin_connect(m) && is_encrypted(m, why) && set_timeout(m)) {
		backoff_worked(&m->backoff, ENGINE_NAME);
		return FAIL_NONE;
	}
	if (m->conn && str_empty(buf_str(why)))
		sql_write_line(why, str_c(mysql_error(m->conn)));
	backoff_failed(&m->backoff, ENGINE_NAME, buf_str(why));
	drop(m);
	return FAIL_TEMP;
}

/* --- questions --------------------------------------------------------------------------------- */

enum outcome { IS_GOOD, IS_LOST, IS_ERROR };

/* Is it worth another try on a new connection? It is lost or shut down, or its plans are of other tables. */
static bool
is_stale(unsigned code)
{
	static const unsigned codes[] = { CR_SERVER_GONE_ERROR, CR_SERVER_LOST,
		CR_NEW_STMT_METADATA, ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED,
		ER_UNKNOWN_STMT_HANDLER, ER_NEED_REPREPARE, IDLE_MYSQL };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (codes[i] == code)
			return true;
	}
	return false;
}

/* FAIL_PERM: the server does not take it, said in `why`; FAIL_TEMP: the connection is lost. */
static enum fail
prepare(struct mysql *m, enum source_question question, struct buf *why)
{
	struct query *query = &m->queries[question];
	MYSQL_STMT *statement;
	enum fail fail = FAIL_NONE;

	if (m->statements[question])
		return FAIL_NONE;
	statement = mysql_stmt_init(m->conn);
	if (statement == NULL)
		return FAIL_TEMP;
	if (mysql_stmt_prepare(statement, buf_c(&query->sql), query->sql.n) != 0) {
		fail = is_stale(mysql_stmt_errno(statement)) ? FAIL_TEMP : FAIL_PERM;
		sql_write_line(why, str_c(mysql_stmt_error(statement)));
	} else if (mysql_stmt_param_count(statement) != query->value_count) {
		fail = FAIL_PERM;
		buf_add_c(why, "the server counts other parameters in it");
	} else if (mysql_stmt_field_count(statement) > FIELDS_MAX) {
		fail = FAIL_PERM;
		buf_add_c(why, "it has too many columns");
	}
	if (fail == FAIL_NONE)
		m->statements[question] = statement;
	else
		mysql_stmt_close(statement);
	return fail;
}

/* The library copies the structs; it reads the texts when it executes, and they live until the question's end. */
static bool
bind_values(const struct mysql *m, MYSQL_STMT *statement, struct str key)
{
	const struct query *query = &m->queries[m->question];
	MYSQL_BIND binds[QUERY_PARAMETERS_MAX] = { 0 };

	for (size_t i = 0; i < query->value_count; i++) {
		struct str value = query_value(query->values[i], key);

		binds[i].buffer_type = MYSQL_TYPE_STRING;
		binds[i].buffer = (void *)(uintptr_t)(value.n > 0 ? value.p : "");
		binds[i].buffer_length = value.n;
	}
	return query->value_count == 0 || mysql_stmt_bind_param(statement, binds) == 0;
}

/* Columns that nobody asked for have no room, and are passed over. */
static bool
bind_columns(struct mysql *m, MYSQL_STMT *statement)
{
	MYSQL_BIND binds[FIELDS_MAX] = { 0 };

	for (size_t i = 0; i < FIELDS_MAX; i++) {
		binds[i].buffer_type = MYSQL_TYPE_STRING;
		if (i >= SOURCE_COLUMNS_MAX)
			continue;
		binds[i].buffer = m->columns[i];
		binds[i].buffer_length = COLUMN_MAX;
		binds[i].length = &m->lengths[i];
		binds[i].is_null = &m->are_null[i];
	}
	return mysql_stmt_field_count(statement) == 0 ||
	    mysql_stmt_bind_result(statement, binds) == 0;
}

static enum outcome
judge(struct mysql *m, unsigned code, struct str reason)
{
	if (is_stale(code))
		return IS_LOST;
	log_warn(&mysql_log, "directory.sql",
	    LOG_TEXT("query", str_c(source_forms[m->question].name)), LOG_TEXT("reason", reason),
	    LOG_NUM("code", code));
	return IS_ERROR;
}

static enum outcome
execute(struct mysql *m, struct str key, struct buf *why)
{
	MYSQL_STMT *statement = m->statements[m->question];

	if (bind_values(m, statement, key) && mysql_stmt_execute(statement) == 0) {
		m->is_under_way = true;
		if (bind_columns(m, statement))
			return IS_GOOD;
	}
	sql_write_line(why, str_c(mysql_stmt_error(statement)));
	return judge(m, mysql_stmt_errno(statement), buf_str(why));
}

static enum outcome
ask(struct mysql *m, struct str key)
{
	enum outcome outcome = IS_ERROR;
	enum fail fail = FAIL_NONE;
	struct buf why;

	buf_init(&why, SQL_WHY_MAX);
	if (m->conn == NULL)
		fail = connect_now(m, &why);
	if (fail == FAIL_NONE) {
		fail = prepare(m, m->question, &why);
		if (fail == FAIL_TEMP)
			outcome = IS_LOST;
		else if (fail == FAIL_PERM)
			outcome = judge(m, 0, buf_str(&why));
		else
			outcome = execute(m, key, &why);
	}
	buf_release(&why);
	return outcome;
}

static void
lose(struct mysql *m)
{
	log_warn(&mysql_log, "directory.lost", LOG_TEXT("engine", ENGINE_NAME),
	    LOG_TEXT("query", str_c(source_forms[m->question].name)));
	drop(m);
}

static void
mysql_begin(struct source *source, enum source_question question, struct str key)
{
	struct mysql *m = mysql_of(source);
	enum outcome outcome;
	int64_t began_ms;

	m->question = question;
	m->fail = FAIL_NONE;
	if (m->queries[question].sql.n == 0)
		return;
	began_ms = backoff_now_ms();
	outcome = ask(m, key);
	/* It was idle for long, or the server began anew; not when it was waited for in vain. */
	if (outcome == IS_LOST && backoff_now_ms() - began_ms < m->settings->timeout_ms) {
		drop(m);
		outcome = ask(m, key);
	}
	if (outcome != IS_GOOD)
		m->fail = FAIL_TEMP;
	if (outcome == IS_LOST)
		lose(m);
}

static bool
mysql_next(struct source *source)
{
	struct mysql *m = mysql_of(source);
	MYSQL_STMT *statement = m->statements[m->question];
	int result;

	if (m->fail != FAIL_NONE || !m->is_under_way || mysql_stmt_field_count(statement) == 0)
		return false;
	result = mysql_stmt_fetch(statement);
	if (result == 1) {
		m->fail = FAIL_TEMP;
		if (judge(m, mysql_stmt_errno(statement), str_c(mysql_stmt_error(statement))) ==
		    IS_LOST)
			lose(m);
	}
	if (result != 0 && result != MYSQL_DATA_TRUNCATED)
		return false;
	source->column_count =
	    size_min(mysql_stmt_field_count(statement), source_forms[m->question].columns);
	for (size_t i = 0; i < source->column_count; i++)
		source->columns[i] = m->are_null[i]
		    ? STR("")
		    : str_of(m->columns[i], size_min(m->lengths[i], COLUMN_MAX));
	return true;
}

/* Read what is left, so that the connection can be asked again. */
static enum fail
mysql_end(struct source *source)
{
	struct mysql *m = mysql_of(source);
	MYSQL_STMT *statement = m->statements[m->question];
	int rows = 0;

	if (!m->is_under_way)
		return m->fail;
	while (mysql_stmt_field_count(statement) > 0 && rows <= SPARE_ROWS) {
		int result = mysql_stmt_fetch(statement);

		if (result != 0 && result != MYSQL_DATA_TRUNCATED)
			break;
		rows++;
	}
	if (rows > SPARE_ROWS)
		drop(m);
	else
		mysql_stmt_free_result(statement);
	m->is_under_way = false;
	return m->fail;
}

static const struct source_engine engine = { mysql_begin, mysql_next, mysql_end, NULL };

/* --- opening ----------------------------------------------------------------------------------- */

/* A query that the server does not understand is told at once, not with the first mail. */
static enum fail
prepare_all(struct mysql *m, struct buf *why)
{
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; i < SOURCE_QUESTION_COUNT && fail == FAIL_NONE; i++) {
		if (m->queries[i].sql.n == 0)
			continue;
		buf_clear(why);
		buf_add_c(why, "query-");
		buf_add_c(why, source_forms[i].name);
		buf_add_c(why, ": ");
		fail = prepare(m, (enum source_question)i, why);
	}
	if (fail == FAIL_NONE)
		buf_clear(why);
	return fail;
}

static void
mysql_end_all(struct source **source)
{
	struct mysql *m = mysql_of(*source);

	drop(m);
	sql_queries_release(m->queries);
	mem_free(m);
	*source = NULL;
	mysql_library_end();
}

static enum fail
mysql_open(struct source **out, const void *settings, struct buf *why)
{
	struct mysql *m = mem_new(1, sizeof *m);
	enum fail fail;

	m->source.engine = &engine;
	m->settings = settings;
	*out = &m->source;
	fail = sql_queries_parse(m->queries, settings, QUERY_MYSQL, why);
	if (fail != FAIL_NONE)
		return FAIL_PERM;
	fail = connect_now(m, why);
	return fail == FAIL_NONE ? prepare_all(m, why) : fail;
}

const struct backend backend = { &directory_mysql_section, mysql_open, mysql_end_all };
