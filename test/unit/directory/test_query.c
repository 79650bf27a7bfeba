#include "directory/query.h"

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "directory/sql.h"

#define S QUERY_SQLITE
#define P QUERY_PGSQL
#define M QUERY_MYSQL

static const struct {
	const char *name;
	enum query_dialect dialect;
	const char *in, *out; /* NULL: refused */
	const char *values;   /* k, l, d: what is bound at each place */
} rows[] = {
	{ "none", P, "SELECT 1", "SELECT 1", "" },
	{ "empty", P, "", "", "" },
	{ "the key", S, "a = :name", "a = ?1", "k" },
	{ "the key", P, "a = :name", "a = $1", "k" },
	{ "the key", M, "a = :name", "a = ?", "k" },
	{ "alone", P, ":name", "$1", "k" },
	{ "twice is one place", P, ":name, :name", "$1, $1", "k" },
	{ "twice is one place", S, ":name, :name", "?1, ?1", "k" },
	{ "twice is two places", M, ":name, :name", "?, ?", "kk" },
	{ "parts", P, "l = :local AND d=:domain OR :name", "l = $1 AND d=$2 OR $3", "ldk" },
	{ "parts", M, ":domain:local:domain", "???", "dld" },
	{ "another word", P, ":nam", NULL, "" },
	{ "a longer word", P, ":name2", NULL, "" },
	{ "case counts", P, ":Name", NULL, "" },
	{ "another question's", P, ":address", NULL, "" },
	{ "a cast", P, "a::text = :name::citext", "a::text = $1::citext", "k" },
	{ "a cast to a word of ours", P, "a::name = :name", "a::name = $1", "k" },
	{ "three colons", P, ":::name", "::$1", "k" },
	{ "an assignment", M, "@a:=:name", "@a:=?", "k" },
	{ "a slice", P, "a[1:2] = : name", "a[1:2] = : name", "" },
	{ "a colon at the end", P, "a:", "a:", "" },
	{ "a string", P, "':name' = :name", "':name' = $1", "k" },
	{ "a doubled quote", P, "'it'':name' = :name", "'it'':name' = $1", "k" },
	{ "no escapes", P, "'\\' || :name || '\\'", "'\\' || $1 || '\\'", "k" },
	{ "no escapes", S, "'\\' || :name || '\\'", "'\\' || ?1 || '\\'", "k" },
	{ "escapes", M, "'\\':name' = :name", "'\\':name' = ?", "k" },
	{ "escapes of E", P, "E'\\':name' = :name", "E'\\':name' = $1", "k" },
	{ "escapes of e after a doubled one", P, "e'a''\\':name'", "e'a''\\':name'", "" },
	{ "the end of a word is no E", P, "LIKE'\\' || :name || '\\'", "LIKE'\\' || $1 || '\\'",
	    "k" },
	{ "a backslash at the end", M, "'\\", NULL, "" },
	{ "a backslash before the end", M, "'\\'", NULL, "" },
	{ "a quoted name", P, "\":name\" = :name", "\":name\" = $1", "k" },
	{ "a quoted name", M, "`:name` = :name", "`:name` = ?", "k" },
	{ "a quoted name", S, "[:name] = `:name` || :name", "[:name] = `:name` || ?1", "k" },
	{ "no quote there", P, "a[:name]", "a[$1]", "k" },
	{ "no end", P, "':name", NULL, "" },
	{ "no end", P, "\":name", NULL, "" },
	{ "no end", S, "[:name", NULL, "" },
	{ "no end after a doubled one", P, "'a''", NULL, "" },
	{ "a comment", P, "/* :name */ :name", "/* :name */ $1", "k" },
	{ "comments nest", P, "/* /* */ :name */ 1", "/* /* */ :name */ 1", "" },
	{ "comments do not nest", M, "/* /* */ :name", "/* /* */ ?", "k" },
	{ "no end of a comment", S, "/* :name *", NULL, "" },
	{ "a comment that is not begun", S, "/*/", NULL, "" },
	{ "the rest of the line", P, ":name -- :name\n:name", "$1 -- :name\n$1", "k" },
	{ "the rest of all", P, ":name --:name", "$1 --:name", "k" },
	{ "minus minus", M, "5--:name -- :name", "5--? -- :name", "k" },
	{ "a hash mark", M, ":name # :name\n:name", "? # :name\n?", "kk" },
	{ "an operator", P, "a #> :name", "a #> $1", "k" },
	{ "a quote of dollars", P, "$$:name$$ :name", "$$:name$$ $1", "k" },
	{ "a quote with a tag", P, "$a$:name$$$a$ :name", "$a$:name$$$a$ $1", "k" },
	{ "a dollar in a word", P, "a$b$c :name", "a$b$c $1", "k" },
	{ "a dollar alone", P, "$ :name", "$ $1", "k" },
	{ "no end of dollars", P, "$a$ :name $A$", NULL, "" },
	{ "own parameters", P, "a = $1", NULL, "" },
	{ "own parameters", M, "a = ?", NULL, "" },
	{ "own parameters", S, "a = ?1", NULL, "" },
	{ "own parameters", S, "a = @a", NULL, "" },
	{ "own parameters", S, "a = $a", NULL, "" },
	{ "an operator", P, "a ? 'b'", "a ? 'b'", "" },
	{ "in a string", M, "'?' = :name", "'?' = ?", "k" },
	{ "too many", M,
	    ":name:name:name:name:name:name:name:name:name:name:name:name:name:name:name:name:name",
	    NULL, "" },
	{ "not UTF-8", P, "\xff:name\xfe", NULL, "" },
	{ "not UTF-8 in a string", P, "'\xff' :name", "'\xff' $1", "k" },
};

static void
test_rows(void)
{
	static const char letters[] = { 'k', 'l', 'd' };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct query q;
		char values[QUERY_PARAMETERS_MAX + 1] = "";
		enum fail fail = query_parse(&q, str_c(rows[i].in), rows[i].dialect, STR("name"));

		TEST_ROW(rows[i].name);
		CHECK((fail == FAIL_NONE) == (rows[i].out != NULL));
		CHECK((q.why != NULL) == (rows[i].out == NULL));
		for (size_t k = 0; k < q.value_count; k++)
			values[k] = letters[q.values[k]];
		if (rows[i].out) {
			CHECK_STR(buf_str(&q.sql), str_c(rows[i].out));
			CHECK_STR(str_c(values), str_c(rows[i].values));
		}
		query_release(&q);
	}
}

static void
test_limits(void)
{
	struct query q;
	struct buf text;

	TEST_ROW("a NUL");
	CHECK(query_parse(&q, str_of("a\0b", 3), P, STR("name")) == FAIL_SYNTAX);
	query_release(&q);
	TEST_ROW("a question without a key");
	CHECK(query_parse(&q, STR("a = :domain"), P, STR("")) == FAIL_SYNTAX);
	query_release(&q);
	TEST_ROW("the key is the domain");
	CHECK(query_parse(&q, STR(":domain"), P, STR("domain")) == FAIL_NONE);
	CHECK(q.value_count == 1 && q.values[0] == QUERY_KEY);
	query_release(&q);
	TEST_ROW("too long");
	buf_init(&text, QUERY_SQL_MAX * 2);
	for (size_t i = 0; i < QUERY_SQL_MAX; i++)
		buf_add_char(&text, 'a');
	CHECK(query_parse(&q, buf_str(&text), P, STR("name")) == FAIL_NONE);
	query_release(&q);
	buf_add_char(&text, 'a');
	CHECK(query_parse(&q, buf_str(&text), P, STR("name")) == FAIL_LIMIT);
	query_release(&q);
	buf_release(&text);
}

static void
test_value(void)
{
	TEST_ROW("values");
	CHECK_STR(query_value(QUERY_KEY, STR("a@b@c")), STR("a@b@c"));
	CHECK_STR(query_value(QUERY_LOCAL, STR("a@b@c")), STR("a@b"));
	CHECK_STR(query_value(QUERY_DOMAIN, STR("a@b@c")), STR("c"));
	CHECK_STR(query_value(QUERY_LOCAL, STR("abc")), STR("abc"));
	CHECK_STR(query_value(QUERY_DOMAIN, STR("abc")), STR(""));
	CHECK_STR(query_value(QUERY_LOCAL, STR("@c")), STR(""));
}

/* What stands in conf.example is right, and a wrong one is named. */
static void
test_defaults(void)
{
	static const struct setting_section *const sections[] = { &directory_sqlite_section,
		&directory_pgsql_section, &directory_mysql_section };
	struct query queries[SOURCE_QUESTION_COUNT];
	struct sql_settings settings;
	struct buf why;

	buf_init(&why, 1000);
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		TEST_ROW(sections[i]->name);
		sql_defaults(sections[i], &settings);
		CHECK(sql_queries_parse(queries, &settings, (enum query_dialect)i, &why) ==
		    FAIL_NONE);
		CHECK(queries[SOURCE_ACCOUNT].value_count == 1);
		CHECK(queries[SOURCE_DOMAINS].sql.n > 0);
		sql_queries_release(queries);
	}
	TEST_ROW("the first wrong one is named");
	settings.queries[SOURCE_TOKENS] = STR(" ");
	settings.queries[SOURCE_LIST] = STR("SELECT :name");
	settings.queries[SOURCE_MEMBERS] = STR("'");
	CHECK(sql_queries_parse(queries, &settings, P, &why) == FAIL_SYNTAX);
	CHECK(queries[SOURCE_TOKENS].sql.n == 0);
	CHECK_STR(buf_str(&why),
	    STR("query-list: it names a parameter that this question does not have"));
	sql_queries_release(queries);
	buf_release(&why);
}

int
main(void)
{
	test_rows();
	test_limits();
	test_value();
	test_defaults();
	return test_end();
}
