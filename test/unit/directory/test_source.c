#include "directory/source.h"

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "directory/address.h"
#include "directory/sql.h"

/* An engine that has what the test gives it, and counts. */
static struct {
	struct source source; /* first */
	struct str columns[SOURCE_COLUMNS_MAX];
	size_t column_count, rows_left;
	size_t begun, read, ended;
	struct str key;
	enum fail fail;
} fake;

static void
fake_begin(struct source *s, enum source_question question, struct str key)
{
	(void)s;
	(void)question;
	fake.begun++;
	fake.key = key;
}

static bool
fake_next(struct source *s)
{
	if (fake.rows_left == 0)
		return false;
	fake.rows_left--;
	fake.read++;
	for (size_t i = 0; i < fake.column_count; i++)
		s->columns[i] = fake.columns[i];
	s->column_count = fake.column_count;
	return true;
}

static enum fail
fake_end(struct source *s)
{
	(void)s;
	fake.ended++;
	return fake.fail;
}

static const struct source_engine fake_engine = { fake_begin, fake_next, fake_end, NULL };

static void
reset(size_t rows, struct str first)
{
	mem_wipe(&fake, sizeof fake);
	fake.source.engine = &fake_engine;
	fake.rows_left = rows;
	fake.columns[0] = first;
	fake.column_count = 1;
}

static const struct {
	const char *name;
	struct str key;
	bool is_asked;
} key_rows[] = {
	{ "an address", STR_INIT("ann@example.test"), true },
	{ "none", STR_INIT(""), true },
	{ "not ASCII", STR_INIT("j\xc3\xb6rg@example.test"), true },
	{ "SQL", STR_INIT("'; --"), true },
	{ "a NUL", STR_INIT("ann\0@example.test"), false },
	{ "a NUL at the end", STR_INIT("ann\0"), false },
	{ "no UTF-8", STR_INIT("\xff@example.test"), false },
	{ "half a character", STR_INIT("ann\xc3"), false },
	{ "a surrogate", STR_INIT("\xed\xa0\x80"), false },
	{ "a blank at the end", STR_INIT("ann@example.test "), false },
};

/* What no name can be does not reach the engine, and has no rows. */
static void
test_keys(void)
{
	struct buf text;

	for (size_t i = 0; i < ARRAY_LEN(key_rows); i++) {
		TEST_ROW(key_rows[i].name);
		reset(1, STR("x"));
		CHECK_NUM(source_has(&fake.source, SOURCE_LIST, key_rows[i].key),
		    key_rows[i].is_asked ? FAIL_NONE : FAIL_MISSING);
		CHECK_NUM(fake.begun, key_rows[i].is_asked);
		CHECK_NUM(fake.ended, key_rows[i].is_asked);
	}
	TEST_ROW("the longest");
	buf_init(&text, ADDRESS_MAX + 1);
	for (size_t i = 0; i < ADDRESS_MAX; i++)
		buf_add_char(&text, 'a');
	reset(1, STR("x"));
	CHECK_NUM(source_has(&fake.source, SOURCE_LIST, buf_str(&text)), FAIL_NONE);
	TEST_ROW("too long");
	buf_add_char(&text, 'a');
	reset(1, STR("x"));
	CHECK_NUM(source_has(&fake.source, SOURCE_LIST, buf_str(&text)), FAIL_MISSING);
	CHECK_NUM(fake.begun, 0);
	buf_release(&text);
}

static void
test_rows(void)
{
	size_t rows = 0;

	TEST_ROW("one row is enough");
	reset(5, STR("x"));
	source_begin(&fake.source, SOURCE_ACCOUNT, STR("a"));
	CHECK(source_next(&fake.source));
	CHECK(!source_next(&fake.source));
	CHECK_NUM(source_end(&fake.source), FAIL_NONE);
	CHECK_NUM(fake.read, 1);
	TEST_ROW("no more than there may be");
	reset(1000000, STR("x"));
	source_begin(&fake.source, SOURCE_MEMBERS, STR("a"));
	while (source_next(&fake.source))
		rows++;
	CHECK_NUM(source_end(&fake.source), FAIL_NONE);
	CHECK_NUM(rows, source_forms[SOURCE_MEMBERS].rows_max);
	TEST_ROW("a failure is none and no row is missing");
	reset(0, STR(""));
	fake.fail = FAIL_TEMP;
	CHECK_NUM(source_has(&fake.source, SOURCE_DOMAIN, STR("a")), FAIL_TEMP);
	fake.fail = FAIL_NONE;
	CHECK_NUM(source_has(&fake.source, SOURCE_DOMAIN, STR("a")), FAIL_MISSING);
	TEST_ROW("columns that are not there");
	reset(1, STR("name"));
	source_begin(&fake.source, SOURCE_ACCOUNT, STR("a"));
	CHECK(source_next(&fake.source));
	CHECK_STR(source_text(&fake.source, 0), STR("name"));
	CHECK_STR(source_text(&fake.source, 1), STR(""));
	CHECK_NUM(source_number(&fake.source, 2), 0);
	CHECK(source_truth(&fake.source, 4));
	CHECK_NUM(source_end(&fake.source), FAIL_NONE);
}

static const struct {
	struct str text;
	int64_t number;
	bool truth;
} value_rows[] = {
	{ STR_INIT(""), 0, false },
	{ STR_INIT("0"), 0, false },
	{ STR_INIT("00"), 0, false },
	{ STR_INIT("1"), 1, true },
	{ STR_INIT("10"), 10, true },
	{ STR_INIT("-1"), 0, true },
	{ STR_INIT("-0"), 0, false },
	{ STR_INIT("1000.0"), 1000, true },
	{ STR_INIT("9223372036854775807"), INT64_MAX, true },
	{ STR_INIT("9223372036854775808"), 0, true },
	{ STR_INIT("12 MB"), 12, true },
	{ STR_INIT("t"), 0, true },
	{ STR_INIT("f"), 0, false },
	{ STR_INIT("TRUE"), 0, true },
	{ STR_INIT("false"), 0, false },
	{ STR_INIT("Y"), 0, true },
	{ STR_INIT("yes"), 0, true },
	{ STR_INIT("no"), 0, false },
	{ STR_INIT("on"), 0, true },
	{ STR_INIT("off"), 0, false },
	{ STR_INIT("\x01"), 0, true },
	{ STR_INIT("\0"), 0, false },
	{ STR_INIT("x1"), 0, false },
};

static void
test_values(void)
{
	for (size_t i = 0; i < ARRAY_LEN(value_rows); i++) {
		TEST_ROW(value_rows[i].text.p);
		reset(1, value_rows[i].text);
		source_begin(&fake.source, SOURCE_LIST, STR("a"));
		CHECK(source_next(&fake.source));
		CHECK_NUM(source_number(&fake.source, 0), value_rows[i].number);
		CHECK_NUM(source_truth(&fake.source, 0), value_rows[i].truth);
		CHECK_NUM(source_end(&fake.source), FAIL_NONE);
	}
}

static const struct {
	const char *host;
	bool is_local;
} host_rows[] = {
	{ "/run/postgresql", true },
	{ "localhost", true },
	{ "LOCALHOST", true },
	{ "127.0.0.1", true },
	{ "127.9.9.9", true },
	{ "::1", true },
	{ "", false },
	{ "127.example.test", false },
	{ "127.0.0.1.example.test", false },
	{ "127.0.0.1,db.example.test", false },
	{ "localhost.example.test", false },
	{ "10.0.0.1", false },
	{ "::2", false },
	{ "db.example.test", false },
};

/* Nobody's name may look like this machine: TLS would be off. */
static void
test_hosts(void)
{
	for (size_t i = 0; i < ARRAY_LEN(host_rows); i++) {
		TEST_ROW(host_rows[i].host);
		CHECK_NUM(sql_is_local(str_c(host_rows[i].host)), host_rows[i].is_local);
	}
}

static void
test_queries(void)
{
	struct sql_settings sql;
	struct directory_settings settings = { .engine = DIRECTORY_MYSQL, .engine_values = &sql };
	struct buf why;

	buf_init(&why, 1000);
	TEST_ROW("queries as they are");
	sql_defaults(&directory_mysql_section, &sql);
	CHECK_NUM(sql_check(&settings, &why), FAIL_NONE);
	CHECK_NUM(why.n, 0);
	TEST_ROW("a wrong one, with its section");
	sql.queries[SOURCE_GROUPS] = STR("SELECT ?");
	CHECK_NUM(sql_check(&settings, &why), FAIL_SYNTAX);
	CHECK_STR(buf_str(&why),
	    STR("[directory-mysql] query-groups: parameters are written :name\n"));
	TEST_ROW("another engine does not mind");
	settings.engine = DIRECTORY_LDAP;
	CHECK_NUM(sql_check(&settings, &why), FAIL_NONE);
	buf_release(&why);
}

int
main(void)
{
	test_keys();
	test_rows();
	test_values();
	test_hosts();
	test_queries();
	return test_end();
}
