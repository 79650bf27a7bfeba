#include "directory/open_line.h"

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "directory/ldap.h"

static const struct ldap_settings ldap = { .urls = STR_INIT("ldaps://ldap.example.org"),
	.tls = LDAP_TLS_START,
	.base = STR_INIT("dc=\"example\",\\dc=org"),
	.bind_password = STR_INIT("se\ncret \xc3\xbc"),
	.connect_ms = 1500,
	.login = LDAP_LOGIN_PASSWORD,
	.filters = { [LDAP_ACCOUNT] = STR_INIT("(mail={name})") } };

static const struct directory_settings common = { .engine = DIRECTORY_LDAP,
	.default_domain = STR_INIT("example.org"),
	.separator = STR_INIT("+"),
	.own_host = STR_INIT("mx.example.org"),
	.log_level = LOG_LEVEL_WARN,
	.is_log_json = true,
	.engine_values = &ldap };

static void
test_there_and_back(void)
{
	struct directory_settings back = { 0 };
	struct ldap_settings values = { 0 };
	struct buf line, why;
	struct arena a;

	TEST_ROW("there and back");
	arena_init(&a, 100000);
	buf_init(&line, 100000);
	buf_init(&why, 1000);
	open_line_write(&line, &common);
	CHECK(str_find_char(buf_str(&line), '\n') == STR_NONE);
	CHECK(open_line_is_one(buf_str(&line)));
	CHECK(open_line_read(buf_str(&line), &directory_ldap_section, &values, &back, &a, &why) ==
	    FAIL_NONE);
	CHECK_STR(back.default_domain, common.default_domain);
	CHECK_STR(back.separator, common.separator);
	CHECK_STR(back.own_host, common.own_host);
	CHECK_STR(back.test_password, STR(""));
	CHECK_NUM(back.log_level, LOG_LEVEL_WARN);
	CHECK(back.is_log_json);
	CHECK_STR(values.urls, ldap.urls);
	CHECK_STR(values.base, ldap.base);
	CHECK_STR(values.bind_password, ldap.bind_password);
	CHECK_STR(values.filters[LDAP_ACCOUNT], ldap.filters[LDAP_ACCOUNT]);
	CHECK_NUM(values.connect_ms, 1500);
	CHECK_NUM(values.tls, LDAP_TLS_START);
	CHECK_NUM(values.login, LDAP_LOGIN_PASSWORD);
	TEST_ROW("of another version");
	CHECK(open_line_read(buf_str(&line), &directory_pgsql_section, &values, &back, &a, &why) ==
	    FAIL_PERM);
	CHECK(str_find(buf_str(&why), STR("the setting host")) != STR_NONE);
	buf_release(&why);
	buf_release(&line);
	arena_release(&a);
}

/* A program of an owner's is told what is common. */
static void
test_program(void)
{
	struct directory_settings settings = common;
	struct buf line;

	TEST_ROW("a program");
	settings.engine = DIRECTORY_PROGRAM;
	settings.engine_values = NULL;
	buf_init(&line, 10000);
	open_line_write(&line, &settings);
	CHECK_STR(buf_str(&line),
	    STR("{\"id\":0,\"ask\":\"open\",\"settings\":{\"default-domain\":\"example.org\",\"separator\":\"+\","
		"\"own-host\":\"mx.example.org\",\"test-password\":\"\",\"log\":\"warn\",\"log-form\":\"json\"}}"));
	buf_release(&line);
}

static const struct {
	const char *line;
	bool is_answer;
	enum fail fail;
	const char *why;
} answers[] = {
	{ "{\"id\":0,\"result\":\"ok\"}", true, FAIL_NONE, "" },
	{ "{\"result\":\"ok\",\"id\":0,\"more\":[1]}", true, FAIL_NONE, "" },
	{ "{\"id\":0,\"result\":\"temp\",\"why\":\"it is down\"}", true, FAIL_TEMP, "it is down" },
	{ "{\"id\":0,\"result\":\"perm\",\"why\":\"no \\u0022such\\u0022\"}", true, FAIL_PERM,
	    "no \"such\"" },
	{ "{\"id\":0,\"result\":\"perm\"}", true, FAIL_PERM, "" },
	{ "{\"id\":0,\"result\":\"perm\",\"why\":7}", true, FAIL_PERM, "" },
	{ "{\"id\":0,\"result\":\"perm\",\"why\":\"more than sixteen bytes\"}", true, FAIL_PERM,
	    "more than sixtee" },
	{ "{\"id\":1,\"result\":\"ok\"}", false, FAIL_NONE, "" },
	{ "{\"result\":\"ok\"}", false, FAIL_NONE, "" },
	{ "{\"id\":0,\"result\":\"missing\"}", false, FAIL_NONE, "" },
	{ "{\"id\":0,\"result\":\"fine\"}", false, FAIL_NONE, "" },
	{ "{\"id\":0}", false, FAIL_NONE, "" },
	{ "[]", false, FAIL_NONE, "" },
	{ "", false, FAIL_NONE, "" },
	{ "{\"id\":0,\"result\":\"ok\"", false, FAIL_NONE, "" },
};

static void
test_answers(void)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		enum fail fail = FAIL_NONE;
		struct buf why;

		TEST_ROW(answers[i].line);
		buf_init(&why, 16);
		CHECK(
		    open_answer_read(str_c(answers[i].line), &fail, &why) == answers[i].is_answer);
		if (answers[i].is_answer) {
			CHECK_NUM(fail, answers[i].fail);
			CHECK_STR(buf_str(&why), str_c(answers[i].why));
		}
		buf_release(&why);
	}
}

static void
test_no_line(void)
{
	static const char *const lines[] = { "", "{}", "{\"ask\":\"login\"}", "{\"ask\":7}", "no" };
	struct directory_settings back = { 0 };
	struct ldap_settings values = { 0 };
	struct buf why;
	struct arena a;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		TEST_ROW(lines[i]);
		CHECK(!open_line_is_one(str_c(lines[i])));
		arena_init(&a, 10000);
		buf_init(&why, 1000);
		CHECK(open_line_read(str_c(lines[i]), &directory_ldap_section, &values, &back, &a,
			  &why) == FAIL_PERM);
		CHECK(why.n > 0);
		buf_release(&why);
		arena_release(&a);
	}
}

int
main(void)
{
	test_there_and_back();
	test_program();
	test_answers();
	test_no_line();
	return test_end();
}
