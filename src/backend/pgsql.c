/*
 * Accounts in PostgreSQL, by libpq. One connection; each query is prepared once on it.
 *
 *     down --a question, backoff over--> up --lost, too slow--> down, asked once more if nothing was read
 */

/* system */
#include <libpq-fe.h>
#include <poll.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "backend/backend.h"
#include "backend/backoff.h"
#include "backend/sql_server.h"
#include "directory/address.h"
#include "directory/sql.h"

#define WORD_MAX 64 /* of a number as text */
#define SPARE_ROWS \
	100 /* that are read to the end of an answer; for more, a new connection is cheaper */
#define GRACE_MS    1000 /* beyond the time-out that the server keeps to by itself */
#define VALUES_MAX  (QUERY_PARAMETERS_MAX * (ADDRESS_MAX + 1))
#define ENGINE_NAME STR("PostgreSQL")

static const struct log pgsql_log = { .room = "directory" };

struct pgsql {
	struct source source; /* first */
	const struct sql_settings *settings;
	struct query queries[SOURCE_QUESTION_COUNT]; /* own */
	PGconn *conn;                                /* own; NULL: down */
	bool is_prepared[SOURCE_QUESTION_COUNT];     /* on this connection */
	struct backoff backoff;
	/* the question at work */
	enum source_question question;
	PGresult *result;  /* own: a row, or NULL */
	bool is_row;       /* it was not given out yet */
	bool is_under_way; /* the server sends an answer */
	int64_t deadline_ms;
	enum fail fail;
};

static struct pgsql *
pgsql_of(struct source *s)
{
	return container_of(s, struct pgsql, source);
}

/* --- the connection ---------------------------------------------------------------------------- */

static void
forget_result(struct pgsql *p)
{
	PQclear(p->result);
	p->result = NULL;
}

static void
drop(struct pgsql *p)
{
	forget_result(p);
	p->is_row = false;
	p->is_under_way = false;
	PQfinish(p->conn);
	p->conn = NULL;
	for (size_t i = 0; i < SOURCE_QUESTION_COUNT; i++)
		p->is_prepared[i] = false;
}

/* What libpq says, as one line. */
static void
write_reason(struct buf *why, const char *message)
{
	sql_write_line(why, str_c(message));
}

static void
ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static PGconn *
begin_connect(const struct sql_server *server)
{
	static const char *const tls[] = { [SQL_TLS_VERIFY] = "verify-full",
		[SQL_TLS_ENCRYPT] = "require",
		[SQL_TLS_OFF] = "disable" };
	const char *const names[] = { "host", "port", "dbname", "user", "password", "sslmode",
		"sslrootcert", "gssencmode", "client_encoding", "application_name", NULL };
	const char *const values[] = { server->host, server->port, server->database, server->user,
		server->password, tls[server->tls], server->ca_file, "disable", "UTF8", "staunch",
		NULL };

	return PQconnectStartParams(names, values, 0);
}

/* Wait for the socket; false when the time is over. */
static bool
wait_for(const struct pgsql *p, short events)
{
	struct pollfd fd = { .fd = PQsocket(p->conn), .events = events };
	int64_t left = p->deadline_ms - backoff_now_ms();

	return left > 0 && fd.fd >= 0 && poll(&fd, 1, (int)i64_min(left, INT32_MAX)) != 0 &&
	    backoff_now_ms() < p->deadline_ms;
}

static bool
finish_connect(struct pgsql *p)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	p->deadline_ms = backoff_now_ms() + p->settings->connect_ms;
	while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
		if (!wait_for(p, status == PGRES_POLLING_READING ? POLLIN : POLLOUT))
			return false;
		status = PQconnectPoll(p->conn);
	}
	return status == PGRES_POLLING_OK;
}

static PGresult *next_result(struct pgsql *p);

/* Class 08: the connection is lost; 57P0x: the server is shut down, or begins. */
static bool
is_lost(const struct pgsql *p, struct str state)
{
	return PQstatus(p->conn) == CONNECTION_BAD || str_starts(state, STR("08")) ||
	    str_starts(state, STR("57P"));
}

/* A statement without rows. FAIL_PERM: the server does not take it; FAIL_TEMP: the connection is lost. `why` is the reason. */
static enum fail
run(struct pgsql *p, int is_sent, struct buf *why)
{
	enum fail fail = is_sent ? FAIL_NONE : FAIL_TEMP;
	PGresult *r;

	p->deadline_ms = backoff_now_ms() + p->settings->timeout_ms + GRACE_MS;
	while (is_sent && p->conn && (r = next_result(p)) != NULL) {
		if (PQresultStatus(r) != PGRES_COMMAND_OK && fail == FAIL_NONE) {
			fail = is_lost(p, str_c(PQresultErrorField(r, PG_DIAG_SQLSTATE)))
			    ? FAIL_TEMP
			    : FAIL_PERM;
			write_reason(why, PQresultErrorMessage(r));
		}
		PQclear(r);
	}
	if (p->conn == NULL)
		return FAIL_TEMP;
	if (fail != FAIL_NONE && str_empty(buf_str(why)))
		write_reason(why, PQerrorMessage(p->conn));
	return fail;
}

static enum fail
set_timeout(struct pgsql *p, struct buf *why)
{
	struct buf sql;
	enum fail fail;

	buf_init(&sql, WORD_MAX);
	buf_add_c(&sql, "SET statement_timeout = ");
	buf_add_i64(&sql, p->settings->timeout_ms);
	fail = run(p, PQsendQuery(p->conn, buf_c(&sql)), why);
	buf_release(&sql);
	return fail;
}

/* FAIL_TEMP: it is down, said once. */
static enum fail
connect_now(struct pgsql *p, struct buf *why)
{
	struct sql_server server;

	if (!backoff_may_try(&p->backoff))
		return FAIL_TEMP;
	sql_server_init(&server, p->settings);
	p->conn = begin_connect(&server);
	sql_server_release(&server);
	if (p->conn && PQstatus(p->conn) != CONNECTION_BAD && finish_connect(p)) {
		PQsetNoticeProcessor(p->conn, ignore_notice, NULL);
		if (set_timeout(p, why) == FAIL_NONE) {
			backoff_worked(&p->backoff, ENGINE_NAME);
			return FAIL_NONE;
		}
	}
	if (p->conn && str_empty(buf_str(why)))
		write_reason(why, PQerrorMessage(p->conn));
	if (str_empty(buf_str(why)))
		buf_add_c(why, "no connection within connect-timeout");
	backoff_failed(&p->backoff, ENGINE_NAME, buf_str(why));
	drop(p);
	return FAIL_TEMP;
}

/* --- results ----------------------------------------------------------------------------------- */

/* NULL: no more, or the connection was dropped because it is dead or too slow. */
static PGresult *
next_result(struct pgsql *p)
{
	while (PQisBusy(p->conn)) {
		if (!wait_for(p, POLLIN)) {
			log_warn(&pgsql_log, "directory.slow", LOG_TEXT("engine", ENGINE_NAME));
			p->fail = FAIL_TEMP;
			drop(p);
			return NULL;
		}
		if (!PQconsumeInput(p->conn)) {
			drop(p);
			return NULL;
		}
	}
	return PQgetResult(p->conn);
}

enum outcome { IS_ROW, IS_END, IS_LOST, IS_ERROR };

/* Is it worth another try on a new connection? 26000, 0A000: plans of before. */
static bool
is_stale(const struct pgsql *p, struct str state)
{
	return is_lost(p, state) || str_eq(state, STR("26000")) || str_eq(state, STR("0A000"));
}

/* A key that is no number, for a column of numbers: there is no such row. */
static bool
is_unfit_key(struct str state)
{
	return str_eq(state, STR("22P02")) || str_eq(state, STR("22003")) ||
	    str_eq(state, STR("22021"));
}

static enum outcome
judge_error(struct pgsql *p, const PGresult *r)
{
	struct str state = str_c(PQresultErrorField(r, PG_DIAG_SQLSTATE));
	struct buf why;

	if (is_stale(p, state))
		return IS_LOST;
	if (is_unfit_key(state))
		return IS_END;
	buf_init(&why, SQL_WHY_MAX);
	write_reason(&why, PQresultErrorMessage(r));
	log_warn(&pgsql_log, "directory.sql",
	    LOG_TEXT("query", str_c(source_forms[p->question].name)),
	    LOG_TEXT("reason", buf_str(&why)), LOG_TEXT("code", state));
	buf_release(&why);
	return IS_ERROR;
}

/* Take the next part of the answer into p->result. */
static enum outcome
take(struct pgsql *p)
{
	forget_result(p);
	p->result = next_result(p);
	if (p->conn == NULL)
		return p->fail == FAIL_NONE ? IS_LOST : IS_ERROR;
	if (p->result == NULL) {
		p->is_under_way = false;
		return IS_END;
	}
	switch (PQresultStatus(p->result)) {
	case PGRES_SINGLE_TUPLE: return IS_ROW;
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK: return IS_END;
	default: return judge_error(p, p->result);
	}
}

/* --- questions --------------------------------------------------------------------------------- */

static enum outcome
send_prepare(struct pgsql *p)
{
	const char *name = source_forms[p->question].name;
	enum outcome outcome;

	if (p->is_prepared[p->question])
		return IS_END;
	if (!PQsendPrepare(p->conn, name, buf_c(&p->queries[p->question].sql), 0, NULL))
		return IS_LOST;
	outcome = take(p);
	while (outcome == IS_END && p->is_under_way)
		outcome = take(p);
	p->is_prepared[p->question] = outcome == IS_END;
	return outcome;
}

/* Values are C strings: source.c keeps keys with a NUL away. */
static int
send_values(struct pgsql *p, struct str key)
{
	const struct query *query = &p->queries[p->question];
	const char *values[QUERY_PARAMETERS_MAX];
	size_t starts[QUERY_PARAMETERS_MAX];
	struct buf texts;
	int is_sent;

	buf_init(&texts, VALUES_MAX);
	for (size_t i = 0; i < query->value_count; i++) {
		starts[i] = texts.n;
		buf_add(&texts, query_value(query->values[i], key));
		buf_add_char(&texts, '\0');
	}
	for (size_t i = 0; i < query->value_count; i++)
		values[i] = buf_str(&texts).p + starts[i];
	is_sent = PQsendQueryPrepared(p->conn, source_forms[p->question].name,
	    (int)query->value_count, values, NULL, NULL, 0);
	buf_release(&texts);
	return is_sent;
}

static enum outcome
ask(struct pgsql *p, struct str key)
{
	struct buf why;
	enum fail fail = FAIL_NONE;
	enum outcome outcome;

	buf_init(&why, SQL_WHY_MAX);
	if (p->conn == NULL)
		fail = connect_now(p, &why);
	buf_release(&why);
	if (fail != FAIL_NONE)
		return IS_ERROR;
	p->deadline_ms = backoff_now_ms() + p->settings->timeout_ms + GRACE_MS;
	p->is_under_way = true;
	outcome = send_prepare(p);
	if (outcome != IS_END)
		return outcome;
	if (!send_values(p, key) || !PQsetSingleRowMode(p->conn))
		return IS_LOST;
	p->is_under_way = true;
	return take(p);
}

static void
lose(struct pgsql *p)
{
	log_warn(&pgsql_log, "directory.lost", LOG_TEXT("engine", ENGINE_NAME),
	    LOG_TEXT("query", str_c(source_forms[p->question].name)));
	drop(p);
}

static void
pgsql_begin(struct source *source, enum source_question question, struct str key)
{
	struct pgsql *p = pgsql_of(source);
	enum outcome outcome;

	p->question = question;
	p->fail = FAIL_NONE;
	p->is_row = false;
	if (p->queries[question].sql.n == 0)
		return;
	outcome = ask(p, key);
	if (outcome == IS_LOST) { /* it was idle for long, or the server began anew */
		drop(p);
		outcome = ask(p, key);
	}
	p->is_row = outcome == IS_ROW;
	if (outcome == IS_ERROR || outcome == IS_LOST)
		p->fail = FAIL_TEMP;
	if (outcome == IS_LOST)
		lose(p);
}

static bool
pgsql_next(struct source *source)
{
	struct pgsql *p = pgsql_of(source);
	enum outcome outcome;

	if (p->fail != FAIL_NONE || !p->is_under_way)
		return false;
	if (!p->is_row) {
		outcome = take(p);
		if (outcome == IS_LOST || outcome == IS_ERROR)
			p->fail = FAIL_TEMP;
		if (outcome == IS_LOST)
			lose(p);
		if (outcome != IS_ROW)
			return false;
	}
	p->is_row = false;
	source->column_count =
	    size_min((size_t)PQnfields(p->result), source_forms[p->question].columns);
	for (size_t i = 0; i < source->column_count; i++)
		source->columns[i] = str_of(PQgetvalue(p->result, 0, (int)i),
		    (size_t)PQgetlength(p->result, 0, (int)i));
	return source->column_count > 0;
}

/* Read what is left, so that the connection can be asked again. */
static enum fail
pgsql_end(struct source *source)
{
	struct pgsql *p = pgsql_of(source);

	for (int rows = 0; p->conn && p->is_under_way; rows++) {
		if (rows > SPARE_ROWS) {
			drop(p);
			break;
		}
		forget_result(p);
		p->result = next_result(p);
		p->is_under_way = p->conn && p->result;
	}
	forget_result(p);
	return p->fail;
}

static const struct source_engine engine = { pgsql_begin, pgsql_next, pgsql_end, NULL };

/* --- opening ----------------------------------------------------------------------------------- */

static enum fail
prepare(struct pgsql *p, size_t question, struct buf *why)
{
	const char *name = source_forms[question].name, *sql = buf_c(&p->queries[question].sql);
	struct buf reason;
	enum fail fail;

	buf_init(&reason, SQL_WHY_MAX);
	fail = run(p, PQsendPrepare(p->conn, name, sql, 0, NULL), &reason);
	p->is_prepared[question] = fail == FAIL_NONE;
	if (fail != FAIL_NONE) {
		buf_add_c(why, "query-");
		buf_add_c(why, name);
		buf_add_c(why, ": ");
		buf_add(why, reason.n > 0 ? buf_str(&reason) : STR("the connection is lost"));
	}
	buf_release(&reason);
	return fail;
}

/* A query that the server does not understand is told at once, not with the first mail. */
static enum fail
prepare_all(struct pgsql *p, struct buf *why)
{
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; i < SOURCE_QUESTION_COUNT && fail == FAIL_NONE; i++) {
		if (p->queries[i].sql.n > 0)
			fail = prepare(p, i, why);
	}
	if (fail == FAIL_TEMP)
		drop(p);
	return fail;
}

static void
pgsql_close(struct source **source)
{
	struct pgsql *p = pgsql_of(*source);

	drop(p);
	sql_queries_release(p->queries);
	mem_free(p);
	*source = NULL;
}

static enum fail
pgsql_open(struct source **out, const void *settings, struct buf *why)
{
	struct pgsql *p = mem_new(1, sizeof *p);
	enum fail fail;

	p->source.engine = &engine;
	p->settings = settings;
	*out = &p->source;
	fail = sql_queries_parse(p->queries, settings, QUERY_PGSQL, why);
	if (fail != FAIL_NONE)
		return FAIL_PERM;
	fail = connect_now(p, why);
	return fail == FAIL_NONE ? prepare_all(p, why) : fail;
}

const struct backend backend = { &directory_pgsql_section, pgsql_open, pgsql_close };
