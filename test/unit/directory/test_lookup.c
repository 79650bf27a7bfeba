#include "directory/lookup.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "directory/token.h"

#define ANSWER_MAX 10000
#define TOKEN \
	"stk_" \
	"aZ3aZ3aZ3aZ3aZ3aZ3aZ3aZ3aZ3aZ3aZ3aZ3aZ3x"

/* What the source has, in the spelling of whoever wrote it. A key of NULL is the hash of TOKEN. */
static const struct {
	enum source_question question;
	const char *key, *first, *second;
} source_rows[] = {
	{ SOURCE_DOMAIN, "xn--bcher-kva.test", "x", NULL },
	{ SOURCE_DOMAIN, "example.test", "x", NULL },
	{ SOURCE_ACCOUNT, "ann@xn--bcher-kva.test", "Ann@xn--bcher-kva.test", "Ann" },
	{ SOURCE_ACCOUNT, "ann@example.test", "Ann@Example.test", "Ann" },
	{ SOURCE_ACCOUNT, "bob@example.test", "bob@example.test", "Bob" },
	{ SOURCE_ACCOUNT, "a.nn", "Ann@Example.test", "Ann" },
	{ SOURCE_ACCOUNT, "Ann@Example.test", "Ann@Example.test", "Ann" },
	{ SOURCE_TOKEN, NULL, "Ann@Example.test", NULL },
	{ SOURCE_TARGETS, "books@example.test",
	    "ann@B\xc3\xbc"
	    "cher.test",
	    NULL },
	{ SOURCE_TARGETS, "wide@example.test", "  ann@example.test \t ", NULL },
	{ SOURCE_TARGETS, "tab@example.test", "bob@example.test", NULL },
	{ SOURCE_TARGETS, "tab@example.test", "a\tb@far.test", NULL },
	{ SOURCE_TARGETS, "tab@example.test", "a@far.test\nb@far.test", NULL },
	{ SOURCE_TARGETS, "tab@example.test", "", NULL },
	{ SOURCE_TARGETS, "tab@example.test", "\"ann\"@EXAMPLE.test", NULL },
	{ SOURCE_TARGETS, "copy@example.test", "COPY@example.test ", NULL },
	{ SOURCE_TARGETS, "none@example.test", "a\tb@far.test", NULL },
	{ SOURCE_TARGETS, "@example.test", "bob@example.test", NULL },
	{ SOURCE_ACCOUNT, "copy@example.test", "copy@example.test", "" },
	{ SOURCE_LIST, "team@example.test", "team@example.test", NULL },
	{ SOURCE_MEMBERS, "team@example.test",
	    "X@B\xc3\xbc"
	    "cher.far.test ",
	    NULL },
	{ SOURCE_POSTMASTER, "",
	    "Postmaster@B\xc3\xbc"
	    "cher.test ",
	    NULL },
	{ SOURCE_TARGETS, "postmaster@xn--bcher-kva.test", "ann@example.test", NULL },
	{ SOURCE_ACCOUNTS, "example.test", "Ann@Example.test", "Ann" },
	{ SOURCE_ACCOUNTS, "example.test", "tab\t@example.test", "" },
	{ SOURCE_ACCOUNTS, "example.test", "bob@example.test", "Bob" },
	{ SOURCE_ALL_GROUPS, "example.test", "Staff", "The Staff" },
};

static struct {
	struct source source; /* first */
	struct str key;
	size_t at;
	struct buf token_hash;
} fake;

static void
fake_begin(struct source *s, enum source_question question, struct str key)
{
	(void)question;
	(void)s;
	fake.key = key;
	fake.at = 0;
}

static bool
fake_next(struct source *s)
{
	while (fake.at < ARRAY_LEN(source_rows)) {
		size_t i = fake.at++;
		struct str key =
		    source_rows[i].key ? str_c(source_rows[i].key) : buf_str(&fake.token_hash);

		if (source_rows[i].question != s->question || !str_eq(key, fake.key))
			continue;
		s->columns[0] = str_c(source_rows[i].first);
		s->columns[1] = str_c(source_rows[i].second);
		s->column_count = source_rows[i].second ? 2 : 1;
		return true;
	}
	return false;
}

static enum fail
fake_end(struct source *s)
{
	(void)s;
	return FAIL_NONE;
}

static const struct source_engine fake_engine = { fake_begin, fake_next, fake_end, NULL };

static const struct directory_settings settings = { .own_host = STR_INIT("mx.here.test") };
static struct lookup lookup = { &fake.source, &settings };

static const struct {
	const char *name, *address;
	enum fail want;
	const char *answer;
} resolve_rows[] = {
	{ "a domain in Unicode", "books@example.test", FAIL_NONE,
	    "{\"account\":\"ann@xn--bcher-kva.test\"}" },
	{ "a column of a fixed width", "wide@example.test", FAIL_NONE,
	    "{\"account\":\"ann@example.test\"}" },
	{ "a row that is no address harms only itself", "tab@example.test", FAIL_NONE,
	    "{\"account\":\"bob@example.test\"},{\"account\":\"ann@example.test\"}" },
	{ "to itself, in other letters", "copy@example.test", FAIL_NONE,
	    "{\"account\":\"copy@example.test\"}" },
	{ "rows that are none are rows: no catch-all", "none@example.test", FAIL_PERM, "" },
	{ "no rows: the catch-all", "nobody@example.test", FAIL_NONE,
	    "{\"account\":\"bob@example.test\"}" },
	{ "a member elsewhere", "team@example.test", FAIL_NONE,
	    "{\"remote\":\"x@xn--bcher-kva.far.test\",\"list\":\"team@example.test\"}" },
	{ "the postmaster of any domain", "postmaster@mx.here.test", FAIL_NONE,
	    "{\"account\":\"ann@example.test\"}" },
};

static void
test_resolve(void)
{
	for (size_t i = 0; i < ARRAY_LEN(resolve_rows); i++) {
		struct buf got, want;
		struct json_writer w = { .out = &got };

		TEST_ROW(resolve_rows[i].name);
		buf_init(&got, ANSWER_MAX);
		buf_init(&want, ANSWER_MAX);
		CHECK_NUM(lookup_resolve(&lookup, str_c(resolve_rows[i].address), &w),
		    resolve_rows[i].want);
		buf_add_c(&want, "\"targets\":[");
		buf_add_c(&want, resolve_rows[i].answer);
		buf_add_char(&want, ']');
		CHECK_STR(buf_str(&got), buf_str(&want));
		buf_release(&got);
		buf_release(&want);
	}
}

static const struct {
	const char *row, *name;
	enum fail want;
} token_rows[] = {
	{ "no name", "", FAIL_NONE },
	{ "its name", "ann@example.test", FAIL_NONE },
	{ "another name of its account", "a.nn", FAIL_NONE },
	{ "somebody else's name", "bob@example.test", FAIL_DENIED },
	{ "nobody's name", "nobody@example.test", FAIL_DENIED },
};

static void
test_token(void)
{
	for (size_t i = 0; i < ARRAY_LEN(token_rows); i++) {
		struct buf got;
		struct json_writer w = { .out = &got };

		TEST_ROW(token_rows[i].row);
		buf_init(&got, ANSWER_MAX);
		CHECK_NUM(lookup_login(&lookup, str_c(token_rows[i].name), STR(TOKEN), &w),
		    token_rows[i].want);
		CHECK((str_find(buf_str(&got), STR("\"name\":\"ann@example.test\"")) != STR_NONE) ==
		    (token_rows[i].want == FAIL_NONE));
		buf_release(&got);
	}
}

/* Who shares with an account must mean it by the name that it logs in with. */
static void
test_principals(void)
{
	struct buf got;
	struct json_writer w = { .out = &got };

	TEST_ROW("principals");
	buf_init(&got, ANSWER_MAX);
	CHECK_NUM(lookup_principals(&lookup, STR("example.test"), &w), FAIL_NONE);
	CHECK_STR(buf_str(&got),
	    STR("\"principals\":["
		"{\"name\":\"ann@example.test\",\"display_name\":\"Ann\",\"is_group\":false},"
		"{\"name\":\"bob@example.test\",\"display_name\":\"Bob\",\"is_group\":false},"
		"{\"name\":\"Staff\",\"display_name\":\"The Staff\",\"is_group\":true}]"));
	buf_release(&got);
}

int
main(void)
{
	fake.source.engine = &fake_engine;
	buf_init(&fake.token_hash, 100);
	token_hash_write(&fake.token_hash, STR(TOKEN));
	test_resolve();
	test_token();
	test_principals();
	buf_release(&fake.token_hash);
	return test_end();
}
