#include "directory/admin.h"

/* system */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

/* base */
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "directory/token.h"

enum what {
	DOMAIN_ADD,
	DOMAIN_DELETE,
	USER_ADD,
	USER_DELETE,
	ALIAS_ADD,
	ALIAS_DELETE,
	LIST_ADD,
	LIST_JOIN,
	LIST_LEAVE,
	GROUP_ADD,
	GROUP_JOIN,
	PASSWORD,
	HASH
};

/* One after another on one directory. */
static const struct {
	enum what what;
	const char *one, *two;
	enum fail want;
} rows[] = {
	{ USER_ADD, "ann@a.test", "pw", FAIL_MISSING }, /* no such domain yet */
	{ DOMAIN_ADD, "A.test", "", FAIL_NONE }, { DOMAIN_ADD, "a.TEST", "", FAIL_DENIED },
	{ DOMAIN_ADD, "a b", "", FAIL_SYNTAX }, { USER_ADD, "ann@a.test", "", FAIL_LIMIT },
	{ USER_ADD, "ann@a.test", "pw", FAIL_NONE }, { USER_ADD, "ANN@a.test", "pw", FAIL_DENIED },
	{ USER_ADD, "ann", "pw", FAIL_SYNTAX }, { DOMAIN_DELETE, "a.test", "", FAIL_DENIED },
	{ DOMAIN_DELETE, "b.test", "", FAIL_MISSING },
	{ ALIAS_ADD, "info@a.test", "ann@a.test", FAIL_NONE },
	{ ALIAS_ADD, "info@a.test", "Ann@a.test", FAIL_DENIED },
	{ ALIAS_ADD, "@a.test", "ann@a.test", FAIL_NONE },
	{ ALIAS_ADD, "info@b.test", "ann@a.test", FAIL_MISSING },
	{ ALIAS_ADD, "info@a.test", "@a.test", FAIL_SYNTAX },
	{ USER_ADD, "info@a.test", "pw", FAIL_DENIED },
	{ LIST_ADD, "info@a.test", "", FAIL_DENIED }, { LIST_ADD, "team@a.test", "", FAIL_NONE },
	{ LIST_JOIN, "team@a.test", "x@elsewhere.test", FAIL_NONE },
	{ LIST_JOIN, "team@a.test", "x@elsewhere.test", FAIL_DENIED },
	{ LIST_JOIN, "nolist@a.test", "x@elsewhere.test", FAIL_MISSING },
	{ LIST_JOIN, "team@a.test", "", FAIL_SYNTAX },
	{ LIST_LEAVE, "team@a.test", "x@elsewhere.test", FAIL_NONE },
	{ LIST_LEAVE, "team@a.test", "x@elsewhere.test", FAIL_MISSING },
	{ ALIAS_ADD, "team@a.test", "ann@a.test", FAIL_DENIED },
	{ GROUP_ADD, "Staff", "", FAIL_NONE }, { GROUP_ADD, "staff", "", FAIL_DENIED },
	{ GROUP_ADD, "a b", "", FAIL_SYNTAX }, { GROUP_JOIN, "staff", "ann@a.test", FAIL_NONE },
	{ GROUP_JOIN, "staff", "bob@a.test", FAIL_MISSING },
	{ GROUP_JOIN, "nogroup", "ann@a.test", FAIL_MISSING },
	{ PASSWORD, "ann@a.test", "new", FAIL_NONE },
	{ PASSWORD, "bob@a.test", "new", FAIL_MISSING },
	{ HASH, "ann@a.test", "plain", FAIL_SYNTAX },
	{ HASH, "ann@a.test", "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0", FAIL_NONE },
	{ ALIAS_DELETE, "info@a.test", "bob@a.test", FAIL_MISSING },
	{ ALIAS_DELETE, "@a.test", "", FAIL_NONE }, { USER_DELETE, "bob@a.test", "", FAIL_MISSING },
	{ USER_DELETE, "ann@a.test", "", FAIL_NONE },
	{ ALIAS_DELETE, "info@a.test", "", FAIL_MISSING }, /* went with its target */
};

static enum fail
run(struct admin *a, enum what what, struct str one, struct str two)
{
	switch (what) {
	case DOMAIN_ADD: return admin_domain_add(a, one);
	case DOMAIN_DELETE: return admin_domain_delete(a, one);
	case USER_ADD: return admin_user_add(a, one, STR(""), two);
	case USER_DELETE: return admin_user_delete(a, one);
	case ALIAS_ADD: return admin_alias_add(a, one, two);
	case ALIAS_DELETE: return admin_alias_delete(a, one, two);
	case LIST_ADD: return admin_list_add(a, one, two);
	case LIST_JOIN: return admin_list_join(a, one, two);
	case LIST_LEAVE: return admin_list_leave(a, one, two);
	case GROUP_ADD: return admin_group_add(a, one, two);
	case GROUP_JOIN: return admin_group_join(a, one, two);
	case PASSWORD: return admin_user_password(a, one, two);
	case HASH: return admin_user_hash(a, one, two);
	}
	return FAIL_PERM;
}

static void
add_row(const struct admin_row *row, void *arg)
{
	struct buf *out = arg;

	buf_add(out, row->name);
	if (row->target.n > 0) {
		buf_add_char(out, '>');
		buf_add(out, row->target);
	}
	if (row->quota_bytes > 0)
		buf_add_i64(out, row->quota_bytes);
	buf_add_c(out, row->has_password ? "*;" : ";");
}

static void
test_lists(struct admin *a)
{
	struct buf out;

	TEST_ROW("lists");
	CHECK(admin_user_add(a, STR("eve@a.test"), STR(""), STR("pw")) == FAIL_NONE);
	CHECK(admin_user_add(a, STR("dan@a.test"), STR(""), STR("pw")) == FAIL_NONE);
	CHECK(admin_user_quota(a, STR("dan@a.test"), 7, 0) == FAIL_NONE);
	CHECK(admin_user_quota(a, STR("dan@a.test"), -7, 0) == FAIL_SYNTAX);
	CHECK(admin_alias_add(a, STR("x@a.test"), STR("eve@a.test")) == FAIL_NONE);
	CHECK(admin_list_join(a, STR("team@a.test"), STR("eve@a.test")) == FAIL_NONE);
	buf_init(&out, 10000);
	CHECK(admin_domain_list(a, add_row, &out) == FAIL_NONE);
	CHECK(admin_user_list(a, add_row, &out) == FAIL_NONE);
	CHECK(admin_alias_list(a, add_row, &out) == FAIL_NONE);
	CHECK(admin_list_list(a, add_row, &out) == FAIL_NONE);
	CHECK(admin_group_list(a, add_row, &out) == FAIL_NONE);
	CHECK_STR(buf_str(&out),
	    STR("a.test;dan@a.test7*;eve@a.test*;x@a.test>eve@a.test;team@a.test>eve@a.test;staff;"));
	buf_release(&out);
}

static void
test_tokens(struct admin *a)
{
	static const struct {
		const char *account, *name;
		enum fail want;
	} tokens[] = {
		{ "eve@a.test", "phone", FAIL_NONE },
		{ "EVE@a.test", "phone", FAIL_DENIED },
		{ "eve@a.test", "web mail", FAIL_NONE },
		{ "dan@a.test", "phone", FAIL_NONE },
		{ "nobody@a.test", "phone", FAIL_MISSING },
		{ "eve", "phone", FAIL_SYNTAX },
		{ "eve@a.test", "", FAIL_SYNTAX },
		{ "eve@a.test", "a\nb", FAIL_SYNTAX },
		{ "eve@a.test", "\xff", FAIL_SYNTAX },
	};
	char name[16];
	struct buf out;

	buf_init(&out, 10000);
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		TEST_ROW(tokens[i].name);
		buf_clear(&out);
		CHECK_NUM(admin_token_add(a, str_c(tokens[i].account), str_c(tokens[i].name), &out),
		    tokens[i].want);
		CHECK(tokens[i].want != FAIL_NONE || token_is_one(buf_str(&out)));
	}
	buf_clear(&out);
	CHECK(admin_token_list(a, STR("eve@a.test"), add_row, &out) == FAIL_NONE);
	CHECK(str_starts(buf_str(&out), STR("phone>20")) &&
	    str_find(buf_str(&out), STR(";web mail>20")) != STR_NONE);
	CHECK(admin_token_delete(a, STR("eve@a.test"), STR("nothing")) == FAIL_MISSING);
	CHECK(admin_token_delete(a, STR("eve@a.test"), STR("phone")) == FAIL_NONE);
	CHECK(admin_token_delete(a, STR("eve@a.test"), STR("phone")) == FAIL_MISSING);
	TEST_ROW("too many");
	for (unsigned i = 1; i <= TOKENS_MAX; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		CHECK_NUM(admin_token_add(a, STR("eve@a.test"), str_c(name), &out),
		    i < TOKENS_MAX ? FAIL_NONE : FAIL_LIMIT);
		buf_clear(&out);
	}
	buf_release(&out);
}

/* A file of version 1 has no tokens yet. */
static void
test_upgrade(struct str path)
{
	struct admin *a = NULL;
	sqlite3 *db = NULL;
	struct buf name, token;

	TEST_ROW("upgrade");
	buf_init(&name, 1000);
	buf_init(&token, 100);
	buf_add(&name, path);
	CHECK_NUM(sqlite3_open_v2(buf_c(&name), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	CHECK_NUM(sqlite3_exec(db, "DROP TABLE tokens; PRAGMA user_version = 1", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	CHECK(admin_open(&a, path) == FAIL_NONE);
	CHECK(admin_token_add(a, STR("eve@a.test"), STR("phone"), &token) == FAIL_NONE);
	admin_close(&a);
	CHECK_NUM(sqlite3_open_v2(buf_c(&name), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	CHECK_NUM(sqlite3_exec(db, "PRAGMA user_version = 3", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	CHECK(admin_open(&a, path) == FAIL_PERM); /* of a newer program */
	buf_release(&name);
	buf_release(&token);
}

static void
quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

/* Files that are not ours are left alone. */
static void
test_foreign(struct str path)
{
	struct admin *a = NULL;
	struct buf name;
	int fd;

	TEST_ROW("foreign");
	buf_init(&name, 1000);
	buf_add(&name, path);
	buf_add_c(&name, "x");
	fd = open(buf_c(&name), O_CREAT | O_WRONLY, 0600);
	CHECK(write(fd,
		  "this is no database, and long enough to be taken for one ............"
		  "............................................",
		  100) == 100);
	close(fd);
	CHECK(admin_open(&a, buf_str(&name)) != FAIL_NONE);
	CHECK(admin_open(&a, STR("/nonexistent/directory.db")) == FAIL_TEMP);
	buf_release(&name);
}

int
main(void)
{
	struct admin *a = NULL;
	struct buf path;

	log_capture(quiet, NULL);
	buf_init(&path, 1000);
	buf_add_c(&path, test_folder());
	buf_add_c(&path, "/directory.db");
	CHECK(admin_open(&a, buf_str(&path)) == FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].one);
		if (!CHECK_NUM(run(a, rows[i].what, str_c(rows[i].one), str_c(rows[i].two)),
			rows[i].want))
			TEST_ROW(admin_reason(a));
		CHECK(rows[i].want == FAIL_NONE || admin_reason(a)[0] != '\0');
	}
	test_lists(a);
	test_tokens(a);
	admin_close(&a);
	CHECK(a == NULL);
	CHECK(admin_open(&a, buf_str(&path)) == FAIL_NONE);
	admin_close(&a);
	test_foreign(buf_str(&path));
	test_upgrade(buf_str(&path));
	buf_release(&path);
	return test_end();
}
