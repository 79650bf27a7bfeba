#include "directory/source_sqlite.h"

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

#define WHY_MAX 200

static const struct log source_log = { .room = "directory" };

static struct source_sqlite *
sqlite_of(struct source *s)
{
	return container_of(s, struct source_sqlite, source);
}

static void
sqlite_begin(struct source *source, enum source_question question, struct str key)
{
	struct source_sqlite *s = sqlite_of(source);
	struct query *query = &s->queries[question];

	s->at_work = (struct db_query){ .db = &s->db };
	s->question = question;
	if (query->sql.n == 0)
		return;
	if (s->statements[question] == NULL)
		db_prepare(&s->db, buf_c(&query->sql), &s->statements[question]);
	db_again(&s->at_work, &s->db, s->statements[question]);
	for (size_t i = 0; i < query->value_count; i++)
		db_bind_text(&s->at_work, (int)i + 1, query_value(query->values[i], key));
}

static bool
sqlite_next(struct source *source)
{
	struct source_sqlite *s = sqlite_of(source);

	if (!db_next(&s->at_work))
		return false;
	source->column_count =
	    size_min((size_t)db_columns(&s->at_work), source_forms[s->question].columns);
	for (size_t i = 0; i < source->column_count; i++)
		source->columns[i] = db_text(&s->at_work, (int)i);
	return true;
}

static enum fail
sqlite_end(struct source *source)
{
	return db_end(&sqlite_of(source)->at_work);
}

static const struct source_engine sqlite_engine = { sqlite_begin, sqlite_next, sqlite_end, NULL };

enum fail
source_sqlite_open(struct source_sqlite *s, struct str path, const struct sql_settings *settings)
{
	struct sql_settings defaults;
	struct buf why;
	enum fail fail;

	*s = (struct source_sqlite){ .source = { .engine = &sqlite_engine } };
	if (settings == NULL) {
		sql_defaults(&directory_sqlite_section, &defaults);
		settings = &defaults;
	}
	buf_init(&why, WHY_MAX);
	fail = sql_queries_parse(s->queries, settings, QUERY_SQLITE, &why);
	if (fail != FAIL_NONE) {
		log_error(&source_log, "directory.query", LOG_TEXT("reason", buf_str(&why)));
		fail = FAIL_PERM;
	}
	buf_release(&why);
	if (fail == FAIL_NONE)
		fail = db_open(&s->db, path);
	if (fail != FAIL_NONE)
		source_sqlite_close(s);
	return fail;
}

/* A colon and a digit are a parameter too for SQLite, which nobody would bind. */
static enum fail
try_query(struct source_sqlite *s, struct query *query)
{
	struct sqlite3_stmt *statement = NULL;
	bool is_good;

	db_prepare(&s->db, buf_c(&query->sql), &statement);
	is_good = statement && db_wants(statement, query->value_count);
	if (statement && !is_good)
		query->why = "it has a parameter that is none of :name";
	db_free(&statement);
	return is_good ? FAIL_NONE : FAIL_PERM;
}

enum fail
source_sqlite_try(struct source_sqlite *s)
{
	for (size_t i = 0; i < SOURCE_QUESTION_COUNT; i++) {
		if (s->queries[i].sql.n == 0 || try_query(s, &s->queries[i]) == FAIL_NONE)
			continue;
		log_error(&source_log, "directory.query",
		    LOG_TEXT("query", str_c(source_forms[i].name)),
		    LOG_TEXT("reason", str_c(s->queries[i].why)));
		return FAIL_PERM;
	}
	return FAIL_NONE;
}

void
source_sqlite_close(struct source_sqlite *s)
{
	for (size_t i = 0; i < SOURCE_QUESTION_COUNT; i++)
		db_free(&s->statements[i]);
	sql_queries_release(s->queries);
	db_close(&s->db);
}
