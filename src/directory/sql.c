#include "directory/sql.h"

/* base */
#include "base/mem.h"

#define AT(field)  offsetof(struct sql_settings, field)
#define MINUTE_MS  60000
#define WHY_MAX    200
#define TIMEOUT_MS 600000

static const char *const tls_words[] = { "auto", "verify", "encrypt", "off", NULL };

#define WORD_QUERY(question, word, sql, help) \
	{ \
		"query-" word, SETTING_TEXT, AT(queries[question]), sql, 0, 0, NULL, help \
	}

/* Where the engines' words differ: groups is a word of MySQL's, PostgreSQL's substr() knows no end. */
#define QUERIES(GROUPS, IN_DOMAIN) \
	WORD_QUERY(SOURCE_ACCOUNT, "account", \
	    "SELECT name, display_name, quota_bytes, quota_messages, is_enabled FROM accounts" \
	    " WHERE name = :name", \
	    "The account :name, if there is one; columns may be left out at the end"), \
	    WORD_QUERY(SOURCE_PASSWORDS, "passwords", \
		"SELECT stored FROM passwords WHERE account = :name ORDER BY id", \
		"Hashes of the account's passwords, and keys for SCRAM"), \
	    WORD_QUERY(SOURCE_TOKEN, "token", "SELECT account FROM tokens WHERE hash = :hash", \
		"The account of the token with this hash"), \
	    WORD_QUERY(SOURCE_TOKENS, "tokens", \
		"SELECT hash FROM tokens WHERE account = :name ORDER BY id", \
		"Hashes of the account's tokens"), \
	    WORD_QUERY(SOURCE_ADDRESSES, "addresses", \
		"WITH RECURSIVE own (address) AS (SELECT name FROM accounts WHERE name = :name" \
		" UNION SELECT a.address FROM addresses a JOIN own ON a.target = own.address)" \
		" SELECT address FROM own LIMIT 1000", \
		"Addresses that lead to the account, also over other addresses"), \
	    WORD_QUERY(SOURCE_GROUPS, "groups", \
		"SELECT name FROM group_members WHERE account = :name LIMIT 1000", \
		"Groups that the account is a member of"), \
	    WORD_QUERY(SOURCE_TARGETS, "targets", \
		"SELECT target FROM addresses WHERE address = :address LIMIT 10000", \
		"Where mail for an alias goes; for a catch-all :address is @example.org"), \
	    WORD_QUERY(SOURCE_LIST, "list", "SELECT address FROM lists WHERE address = :address", \
		"The list of this address, if there is one"), \
	    WORD_QUERY(SOURCE_MEMBERS, "members", \
		"SELECT member FROM list_members WHERE list = :address LIMIT 10000", \
		"Members of the list"), \
	    WORD_QUERY(SOURCE_DOMAIN, "domain", "SELECT name FROM domains WHERE name = :domain", \
		"The domain (xn--.. form), if it is ours"), \
	    WORD_QUERY(SOURCE_DOMAINS, "domains", "SELECT name FROM domains", \
		"All domains that are ours"), \
	    WORD_QUERY(SOURCE_ACCOUNTS, "accounts", \
		"SELECT name, display_name FROM accounts WHERE is_enabled AND " IN_DOMAIN \
		" ORDER BY name LIMIT 1000", \
		"Accounts of the domain, for users who share"), \
	    WORD_QUERY(SOURCE_ALL_GROUPS, "all-groups", \
		"SELECT name, display_name FROM " GROUPS \
		" WHERE name NOT LIKE '%@%' OR " IN_DOMAIN " ORDER BY name LIMIT 1000", \
		"Groups of the domain or of none, for users who share"), \
	    WORD_QUERY(SOURCE_POSTMASTER, "postmaster", \
		"SELECT lower(address) FROM addresses WHERE address LIKE 'postmaster@%'" \
		" UNION SELECT lower(name) FROM accounts WHERE name LIKE 'postmaster@%'" \
		" UNION SELECT lower(address) FROM lists WHERE address LIKE 'postmaster@%'" \
		" ORDER BY 1 LIMIT 1", \
		"The first postmaster of any domain, who answers for this host's name")

#define SERVER(SOCKET, PORT) \
	{ "host", SETTING_TEXT, AT(host), SOCKET, 0, 0, NULL, \
		"Name or address of the database server, or the path of its socket" }, \
	    { "port", SETTING_NUMBER, AT(port), PORT, 1, 65535, NULL, "Its port" }, \
	    { "database", SETTING_TEXT, AT(database), "staunch", 0, 0, NULL, "The database" }, \
	    { "user", SETTING_TEXT, AT(user), "staunch", 0, 0, NULL, \
		    "Whom to log in as; it needs to read only" }, \
	    { "password", SETTING_SECRET, AT(password), "", 0, 0, NULL, \
		    "The password, best as file:PATH" }, \
	    { "tls", SETTING_CHOICE, AT(tls), "auto", 0, 0, tls_words, \
		    "auto: off on this host, else with a verified certificate; encrypt: with any" }, \
	    { "ca-file", SETTING_TEXT, AT(ca_file), "", 0, 0, NULL, \
		    "PEM file of the authorities to trust; empty: the system's" }, \
	    { "connect-timeout", SETTING_DURATION, AT(connect_ms), "3s", 1000, MINUTE_MS, NULL, \
		    "How long a try to connect may take" }, \
	{ \
		"timeout", SETTING_DURATION, AT(timeout_ms), "5s", 100, TIMEOUT_MS, NULL, \
		    "How long a query may take" \
	}

static const struct setting sqlite_rows[] = { QUERIES("groups",
    "lower(substr(name, -length(:domain) - 1)) = '@' || :domain") };

static const struct setting pgsql_rows[] = { SERVER("/run/postgresql", "5432"),
	QUERIES("groups", "right(name, length(:domain) + 1) = '@' || :domain") };

static const struct setting mysql_rows[] = { SERVER("/run/mysqld/mysqld.sock", "3306"),
	QUERIES("`groups`", "right(name, length(:domain) + 1) = concat('@', :domain)") };

const struct setting_section directory_sqlite_section = { "directory-sqlite", sqlite_rows,
	ARRAY_LEN(sqlite_rows), sizeof(struct sql_settings), false,
	"How directory.db is asked, with engine = sqlite" };
const struct setting_section directory_pgsql_section = { "directory-pgsql", pgsql_rows,
	ARRAY_LEN(pgsql_rows), sizeof(struct sql_settings), false,
	"Accounts in PostgreSQL, with engine = pgsql" };
const struct setting_section directory_mysql_section = { "directory-mysql", mysql_rows,
	ARRAY_LEN(mysql_rows), sizeof(struct sql_settings), false,
	"Accounts in MariaDB or MySQL, with engine = mysql" };

void
sql_defaults(const struct setting_section *section, struct sql_settings *out)
{
	*out = (struct sql_settings){ 0 };
	for (size_t i = 0; i < section->row_count; i++) {
		const struct setting *row = &section->rows[i];

		if (row->type == SETTING_TEXT)
			*(struct str *)(void *)((char *)out + row->offset) = str_c(row->fallback);
	}
}

enum fail
sql_queries_parse(struct query *queries, const struct sql_settings *settings,
    enum query_dialect dialect, struct buf *why)
{
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; i < SOURCE_QUESTION_COUNT; i++) {
		struct query *q = &queries[i];
		struct str key = str_c(source_forms[i].key);

		if (query_parse(q, str_trim(settings->queries[i]), dialect, key) == FAIL_NONE ||
		    fail != FAIL_NONE)
			continue;
		fail = FAIL_SYNTAX;
		buf_add(why, STR("query-"));
		buf_add_c(why, source_forms[i].name);
		buf_add(why, STR(": "));
		buf_add_c(why, q->why);
	}
	return fail;
}

void
sql_queries_release(struct query *queries)
{
	for (size_t i = 0; i < SOURCE_QUESTION_COUNT; i++)
		query_release(&queries[i]);
}

enum fail
sql_check(const struct directory_settings *settings, struct buf *why)
{
	static const struct {
		enum directory_engine_kind engine;
		enum query_dialect dialect;
		const struct setting_section *section;
	} rows[] = { { DIRECTORY_SQLITE, QUERY_SQLITE, &directory_sqlite_section },
		{ DIRECTORY_PGSQL, QUERY_PGSQL, &directory_pgsql_section },
		{ DIRECTORY_MYSQL, QUERY_MYSQL, &directory_mysql_section } };
	struct query queries[SOURCE_QUESTION_COUNT];
	struct buf reason;
	enum fail fail = FAIL_NONE;

	buf_init(&reason, WHY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if ((int)rows[i].engine != settings->engine || settings->engine_values == NULL)
			continue;
		fail =
		    sql_queries_parse(queries, settings->engine_values, rows[i].dialect, &reason);
		sql_queries_release(queries);
		if (fail == FAIL_NONE)
			continue;
		buf_add_char(why, '[');
		buf_add_c(why, rows[i].section->name);
		buf_add(why, STR("] "));
		buf_add(why, buf_str(&reason));
		buf_add_char(why, '\n');
	}
	buf_release(&reason);
	return fail;
}

/* 127.0.0.0/8 as an address, not a name that begins like one. */
static bool
is_loopback(struct str host)
{
	bool is_address = str_starts(host, STR("127."));

	for (size_t i = 0; i < host.n && is_address; i++)
		is_address = char_is_digit(host.p[i]) || host.p[i] == '.';
	return is_address || str_eq(host, STR("::1"));
}

bool
sql_is_local(struct str host)
{
	return str_starts(host, STR("/")) || str_eq_nocase(host, STR("localhost")) ||
	    is_loopback(host);
}
