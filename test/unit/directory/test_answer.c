#include "directory/answer.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define ACCOUNT \
	"{\"name\":\"a@b\",\"display_name\":\"\",\"quota_bytes\":5,\"quota_messages\":0," \
	"\"enabled\":true,\"addresses\":[\"a@b\"],\"groups\":[]}"

static const struct {
	const char *name;
	enum directory_kind kind;
	const char *line;
	enum fail want;
} rows[] = {
	{ "account", DIRECTORY_ACCOUNT, "{\"id\":1,\"result\":\"ok\",\"account\":" ACCOUNT "}",
	    FAIL_NONE },
	{ "login", DIRECTORY_LOGIN, "{\"id\":1,\"result\":\"ok\",\"account\":" ACCOUNT "}",
	    FAIL_NONE },
	{ "login that says with what", DIRECTORY_LOGIN,
	    "{\"id\":1,\"result\":\"ok\",\"credential\":\"0123456789012345678901\",\"account\":" ACCOUNT
	    "}",
	    FAIL_NONE },
	{ "credential that is too long", DIRECTORY_LOGIN,
	    "{\"id\":1,\"result\":\"ok\",\"credential\":\"01234567890123456789012\",\"account\":" ACCOUNT
	    "}",
	    FAIL_TEMP },
	{ "credential that is no text", DIRECTORY_LOGIN,
	    "{\"id\":1,\"result\":\"ok\",\"credential\":7,\"account\":" ACCOUNT "}", FAIL_TEMP },
	{ "credential that still holds", DIRECTORY_CREDENTIAL,
	    "{\"id\":1,\"result\":\"ok\",\"account\":" ACCOUNT "}", FAIL_NONE },
	{ "account without optional parts", DIRECTORY_ACCOUNT,
	    "{\"id\":1,\"result\":\"ok\",\"account\":{\"name\":\"a\",\"enabled\":true,"
	    "\"addresses\":[],\"groups\":[]}}",
	    FAIL_NONE },
	{ "denied", DIRECTORY_LOGIN, "{\"id\":1,\"result\":\"denied\"}", FAIL_DENIED },
	{ "missing", DIRECTORY_RESOLVE, "{\"id\":1,\"result\":\"missing\"}", FAIL_MISSING },
	{ "targets", DIRECTORY_RESOLVE,
	    "{\"id\":1,\"result\":\"ok\",\"targets\":[{\"account\":\"a@b\",\"detail\":\"x\"},"
	    "{\"remote\":\"c@d\",\"list\":\"l@b\"}]}",
	    FAIL_NONE },
	{ "domains", DIRECTORY_DOMAINS, "{\"id\":1,\"result\":\"ok\",\"domains\":[\"a\",\"b\"]}",
	    FAIL_NONE },
	{ "scram", DIRECTORY_SCRAM,
	    "{\"id\":1,\"result\":\"ok\",\"keys\":\"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
	    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
	    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\"}",
	    FAIL_NONE },
	{ "principals", DIRECTORY_PRINCIPALS,
	    "{\"id\":1,\"result\":\"ok\",\"principals\":[{\"name\":\"a@b\",\"display_name\":\"A\","
	    "\"is_group\":false},{\"name\":\"g\",\"is_group\":true}]}",
	    FAIL_NONE },
	{ "no principals", DIRECTORY_PRINCIPALS, "{\"id\":1,\"result\":\"ok\"}", FAIL_TEMP },
	{ "principal of no kind", DIRECTORY_PRINCIPALS,
	    "{\"id\":1,\"result\":\"ok\",\"principals\":[{\"name\":\"a@b\"}]}", FAIL_TEMP },
	{ "principal without a name", DIRECTORY_PRINCIPALS,
	    "{\"id\":1,\"result\":\"ok\",\"principals\":[{\"name\":\"\",\"is_group\":true}]}",
	    FAIL_TEMP },
	{ "no JSON", DIRECTORY_ACCOUNT, "hello", FAIL_TEMP },
	{ "no result", DIRECTORY_ACCOUNT, "{\"id\":1}", FAIL_TEMP },
	{ "unknown result", DIRECTORY_ACCOUNT, "{\"id\":1,\"result\":\"perhaps\"}", FAIL_TEMP },
	{ "no account", DIRECTORY_ACCOUNT, "{\"id\":1,\"result\":\"ok\"}", FAIL_TEMP },
	{ "no targets", DIRECTORY_RESOLVE, "{\"id\":1,\"result\":\"ok\",\"targets\":[]}",
	    FAIL_TEMP },
	{ "target without a name", DIRECTORY_RESOLVE,
	    "{\"id\":1,\"result\":\"ok\",\"targets\":[{\"account\":\"\"}]}", FAIL_TEMP },
	{ "target with a line end", DIRECTORY_RESOLVE,
	    "{\"id\":1,\"result\":\"ok\",\"targets\":[{\"account\":\"a\\r\\nb\"}]}", FAIL_TEMP },
	{ "target that is no object", DIRECTORY_RESOLVE,
	    "{\"id\":1,\"result\":\"ok\",\"targets\":[7]}", FAIL_TEMP },
	{ "damaged keys", DIRECTORY_SCRAM, "{\"id\":1,\"result\":\"ok\",\"keys\":\"SCRAM\"}",
	    FAIL_TEMP },
	{ "negative quota", DIRECTORY_ACCOUNT,
	    "{\"id\":1,\"result\":\"ok\",\"account\":{\"name\":\"a\",\"enabled\":true,"
	    "\"quota_bytes\":-1,\"addresses\":[],\"groups\":[]}}",
	    FAIL_TEMP },
};

static const struct {
	const char *line;
	bool is_good;
} id_rows[] = {
	{ "{\"id\":7}", true },
	{ "{\"id\":0}", false },
	{ "{\"id\":-1}", false },
	{ "{\"id\":\"7\"}", false },
	{ "{}", false },
	{ "[]", false },
	{ "", false },
};

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct directory_query q = { .kind = rows[i].kind };

		TEST_ROW(rows[i].name);
		arena_init(&q.arena, 1 << 20);
		CHECK_NUM(answer_parse(str_c(rows[i].line), &q), rows[i].want);
		if (rows[i].want == FAIL_NONE && q.kind == DIRECTORY_RESOLVE) {
			CHECK_NUM(q.target_count, 2);
			CHECK(q.targets[0].kind == DIRECTORY_LOCAL);
			CHECK_STR(q.targets[0].detail, STR("x"));
			CHECK(q.targets[1].kind == DIRECTORY_REMOTE);
			CHECK_STR(q.targets[1].list, STR("l@b"));
		}
		arena_release(&q.arena);
	}
	for (size_t i = 0; i < ARRAY_LEN(id_rows); i++) {
		uint64_t id;

		TEST_ROW(id_rows[i].line);
		CHECK(answer_id(str_c(id_rows[i].line), &id) == id_rows[i].is_good);
	}
	return test_end();
}
