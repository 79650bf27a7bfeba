#include "directory/directory.h"

/* system */
#include <signal.h>

/* base */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "directory/admin.h"
#include "directory/house.h"
#include "lib/processes.h"

/* One directory with real children, and a task that asks. */
static struct {
	struct loop loop;
	struct task task;
	struct directory_settings settings;
	struct directory *directory;
	struct directory_query q;
	struct buf path;
} t;

static enum step
no_step(struct task *task)
{
	(void)task;
	return STEP_WAIT;
}

static void
quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

/* Turns until the query is over. */
static enum fail
wait_for(struct directory_query *q)
{
	for (int i = 0; i < 2000 && op_pending(&q->op); i++)
		loop_turn(&t.loop, 10);
	CHECK(!op_pending(&q->op));
	return q->op.fail;
}

static enum fail
login(const char *name, const char *secret)
{
	directory_login_start(t.directory, &t.q, &t.task, str_c(name), str_c(secret));
	return wait_for(&t.q);
}

static enum fail
resolve(const char *address)
{
	directory_resolve_start(t.directory, &t.q, &t.task, str_c(address));
	return wait_for(&t.q);
}

static void
fill(struct admin *a)
{
	CHECK(admin_domain_add(a, STR("Example.TEST")) == FAIL_NONE);
	CHECK(admin_domain_add(a,
		  STR("b\xc3\xbc"
		      "cher.test")) == FAIL_NONE);
	CHECK(admin_domain_add(a, STR("catch.test")) == FAIL_NONE);
	CHECK(
	    admin_user_add(a, STR("Alice@example.test"), STR("Alice"), STR("wonder")) == FAIL_NONE);
	CHECK(admin_user_add(a, STR("bob@example.test"), STR("Bob"), STR("builder")) == FAIL_NONE);
	CHECK(admin_user_quota(a, STR("bob@example.test"), 1000, 10) == FAIL_NONE);
	CHECK(admin_alias_add(a, STR("info@example.test"), STR("alice@example.test")) == FAIL_NONE);
	CHECK(admin_alias_add(a, STR("sales@example.test"), STR("info@example.test")) == FAIL_NONE);
	CHECK(admin_alias_add(a, STR("sales@example.test"), STR("x@elsewhere.test")) == FAIL_NONE);
	CHECK(admin_alias_add(a, STR("one@example.test"), STR("two@example.test")) == FAIL_NONE);
	CHECK(admin_alias_add(a, STR("two@example.test"), STR("one@example.test")) == FAIL_NONE);
	CHECK(
	    admin_alias_add(a, STR("gone@example.test"), STR("nobody@example.test")) == FAIL_NONE);
	CHECK(admin_alias_add(a, STR("bob@example.test"), STR("bob@example.test")) == FAIL_NONE);
	CHECK(admin_alias_add(a, STR("bob@example.test"), STR("bob@elsewhere.test")) == FAIL_NONE);
	CHECK(admin_alias_add(a, STR("@catch.test"), STR("alice@example.test")) == FAIL_NONE);
	CHECK(admin_alias_add(a,
		  STR("buch@b\xc3\xbc"
		      "cher.test"),
		  STR("alice@example.test")) == FAIL_NONE);
	CHECK(admin_alias_add(a, STR("postmaster@xn--bcher-kva.test"), STR("alice@example.test")) ==
	    FAIL_NONE);
	CHECK(admin_list_add(a, STR("team@example.test"), STR("Team")) == FAIL_NONE);
	CHECK(admin_list_join(a, STR("team@example.test"), STR("alice@example.test")) == FAIL_NONE);
	CHECK(admin_list_join(a, STR("team@example.test"), STR("info@example.test")) == FAIL_NONE);
	CHECK(
	    admin_list_join(a, STR("team@example.test"), STR("carol@elsewhere.test")) == FAIL_NONE);
	CHECK(admin_list_join(a, STR("team@example.test"), STR("gone@example.test")) == FAIL_NONE);
	CHECK(admin_group_add(a, STR("staff"), STR("")) == FAIL_NONE);
	CHECK(admin_group_join(a, STR("staff"), STR("alice@example.test")) == FAIL_NONE);
}

static const struct {
	const char *address;
	enum fail want;
	const char *targets; /* "L name+detail(list) R name" */
} resolve_rows[] = {
	{ "alice@example.test", FAIL_NONE, "L alice@example.test;" },
	{ "ALICE@Example.Test", FAIL_NONE, "L alice@example.test;" },
	{ "\"alice\"@example.test", FAIL_NONE, "L alice@example.test;" },
	{ "alice+news@example.test", FAIL_NONE, "L alice@example.test [news];" },
	{ "info@example.test", FAIL_NONE, "L alice@example.test;" },
	{ "info+a+b@example.test", FAIL_NONE, "L alice@example.test [a+b];" },
	{ "sales@example.test", FAIL_NONE, "L alice@example.test;R x@elsewhere.test;" },
	{ "bob@example.test", FAIL_NONE, "R bob@elsewhere.test;L bob@example.test;" },
	{ "team@example.test", FAIL_NONE,
	    "L alice@example.test (team@example.test);R carol@elsewhere.test (team@example.test);" },
	{ "anything@catch.test", FAIL_NONE, "L alice@example.test;" },
	{ "buch@b\xc3\xbc"
	  "cher.test",
	    FAIL_NONE, "L alice@example.test;" },
	{ "buch@xn--bcher-kva.test", FAIL_NONE, "L alice@example.test;" },
	{ "one@example.test", FAIL_PERM, "" },
	{ "gone@example.test", FAIL_PERM, "" },
	{ "nobody@example.test", FAIL_MISSING, "" },
	{ "nobody+x@example.test", FAIL_MISSING, "" },
	{ "alice@elsewhere.test", FAIL_DENIED, "" },
	{ "alice", FAIL_SYNTAX, "" },
	{ "", FAIL_SYNTAX, "" },
	{ "postmaster@example.test", FAIL_MISSING, "" },
	{ "postmaster", FAIL_MISSING, "" },
	/* the default domain has none, but another one has */
	{ "Postmaster@MX.here.test", FAIL_NONE, "L alice@example.test;" },
	{ "mailer-daemon@mx.here.test", FAIL_NONE, "L alice@example.test;" },
	{ "abuse@mx.here.test", FAIL_DENIED, "" },
	{ "postmaster@here.test", FAIL_DENIED, "" },
};

static void
write_targets(struct buf *out)
{
	for (size_t i = 0; i < t.q.target_count; i++) {
		const struct directory_target *target = &t.q.targets[i];

		buf_add_c(out, target->kind == DIRECTORY_LOCAL ? "L " : "R ");
		buf_add(out, target->name);
		if (target->detail.n > 0) {
			buf_add_c(out, " [");
			buf_add(out, target->detail);
			buf_add_c(out, "]");
		}
		if (target->list.n > 0) {
			buf_add_c(out, " (");
			buf_add(out, target->list);
			buf_add_c(out, ")");
		}
		buf_add_c(out, ";");
	}
}

static void
test_resolve(void)
{
	for (int pass = 0; pass < 2; pass++) { /* the second time from the cache */
		for (size_t i = 0; i < ARRAY_LEN(resolve_rows); i++) {
			struct buf targets;

			TEST_ROW(resolve_rows[i].address);
			buf_init(&targets, 10000);
			CHECK_NUM(resolve(resolve_rows[i].address), resolve_rows[i].want);
			write_targets(&targets);
			CHECK_STR(buf_str(&targets), str_c(resolve_rows[i].targets));
			buf_release(&targets);
		}
	}
}

static const struct {
	const char *name, *secret;
	enum fail want;
} login_rows[] = {
	{ "alice@example.test", "wonder", FAIL_NONE },
	{ "alice", "wonder", FAIL_NONE },
	{ "Alice@EXAMPLE.test", "wonder", FAIL_NONE },
	{ "alice@example.test", "Wonder", FAIL_DENIED },
	{ "alice@example.test", "", FAIL_DENIED },
	{ "alice@example.test", "builder", FAIL_DENIED },
	{ "info@example.test", "wonder", FAIL_DENIED },
	{ "nobody@example.test", "wonder", FAIL_DENIED },
	{ "", "wonder", FAIL_DENIED },
	{ "al ice", "wonder", FAIL_DENIED },
	{ "alice@example.test", "\xff", FAIL_DENIED },
};

static void
test_login(void)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < ARRAY_LEN(login_rows); i++) {
			TEST_ROW(login_rows[i].name);
			CHECK_NUM(login(login_rows[i].name, login_rows[i].secret),
			    login_rows[i].want);
			if (login_rows[i].want == FAIL_NONE)
				CHECK_STR(t.q.account.name, STR("alice@example.test"));
		}
	}
	TEST_ROW("a login that worked is there at once, a failure is asked again");
	loop_turn(&t.loop, 0);
	directory_login_start(t.directory, &t.q, &t.task, STR("alice"), STR("wonder"));
	CHECK(!op_pending(&t.q.op));
	directory_login_start(t.directory, &t.q, &t.task, STR("alice"), STR("wander"));
	CHECK(op_pending(&t.q.op));
	directory_query_cancel(&t.q);
	directory_query_cancel(&t.q);
	CHECK(!op_pending(&t.q.op));
}

static void
test_account(void)
{
	TEST_ROW("account");
	directory_account_start(t.directory, &t.q, &t.task, STR("alice"));
	CHECK(wait_for(&t.q) == FAIL_NONE);
	CHECK_STR(t.q.account.display_name, STR("Alice"));
	CHECK_NUM(t.q.account.address_count,
	    6); /* herself, info, sales, buch, @catch, postmaster */
	CHECK_STR(t.q.account.addresses[0], STR("alice@example.test"));
	CHECK_NUM(t.q.account.group_count, 1);
	CHECK(t.q.account.is_enabled);
	CHECK(directory_may_send_as(t.directory, &t.q.account, STR("Info@example.test")));
	CHECK(directory_may_send_as(t.directory, &t.q.account, STR("alice+x@example.test")));
	CHECK(directory_may_send_as(t.directory, &t.q.account, STR("any@catch.test")));
	CHECK(!directory_may_send_as(t.directory, &t.q.account, STR("bob@example.test")));
	CHECK(!directory_may_send_as(t.directory, &t.q.account, STR("")));
	directory_account_start(t.directory, &t.q, &t.task, STR("bob"));
	CHECK(wait_for(&t.q) == FAIL_NONE);
	CHECK_NUM(t.q.account.quota_bytes, 1000);
	CHECK_NUM(t.q.account.quota_messages, 10);
	directory_account_start(t.directory, &t.q, &t.task, STR("nobody"));
	CHECK(wait_for(&t.q) == FAIL_MISSING);
	TEST_ROW("a bare name");
	directory_verify_start(t.directory, &t.q, &t.task, STR("bob"));
	CHECK(wait_for(&t.q) == FAIL_NONE && t.q.target_count == 2);
	directory_verify_start(t.directory, &t.q, &t.task, STR("info@example.test"));
	CHECK(wait_for(&t.q) == FAIL_NONE);
	CHECK_STR(t.q.targets[0].name, STR("alice@example.test"));
	directory_verify_start(t.directory, &t.q, &t.task, STR("no body"));
	CHECK(wait_for(&t.q) == FAIL_SYNTAX);
	TEST_ROW("domains");
	directory_domains_start(t.directory, &t.q, &t.task);
	CHECK(wait_for(&t.q) == FAIL_NONE);
	CHECK_NUM(t.q.domain_count, 3);
}

static void
test_scram(void)
{
	struct scram_keys first;

	TEST_ROW("scram");
	directory_scram_start(t.directory, &t.q, &t.task, HASH_SHA256, STR("alice"));
	CHECK(wait_for(&t.q) == FAIL_NONE);
	CHECK(scram_keys_verify(&t.q.scram, STR("wonder")));
	TEST_ROW("scram of nobody");
	directory_scram_start(t.directory, &t.q, &t.task, HASH_SHA256, STR("nobody"));
	CHECK(wait_for(&t.q) == FAIL_NONE);
	first = t.q.scram;
	directory_scram_start(t.directory, &t.q, &t.task, HASH_SHA256, STR("NOBODY@example.test"));
	CHECK(wait_for(&t.q) == FAIL_NONE);
	CHECK(mem_equal_secret(first.salt, t.q.scram.salt, first.salt_n));
	TEST_ROW("scram with a hash there are no keys for");
	directory_scram_start(t.directory, &t.q, &t.task, HASH_SHA1, STR("alice"));
	CHECK(wait_for(&t.q) == FAIL_NONE);
	CHECK(t.q.scram.hash == HASH_SHA1);
}

/* What the command line changes counts at once, caches or not. */
static void
test_changes(struct admin *a)
{
	TEST_ROW("changes");
	CHECK(resolve("new@example.test") == FAIL_MISSING);
	CHECK(admin_alias_add(a, STR("new@example.test"), STR("bob@example.test")) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(resolve("new@example.test") == FAIL_NONE);
	CHECK(login("alice", "wonder") == FAIL_NONE);
	CHECK(admin_user_password(a, STR("alice@example.test"), STR("changed")) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(login("alice", "wonder") == FAIL_DENIED);
	CHECK(login("alice", "changed") == FAIL_NONE);
	CHECK(admin_user_enable(a, STR("alice@example.test"), false) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(login("alice", "changed") == FAIL_DENIED);
	directory_scram_start(t.directory, &t.q, &t.task, HASH_SHA256, STR("alice"));
	CHECK(wait_for(&t.q) == FAIL_NONE && !scram_keys_verify(&t.q.scram, STR("changed")));
	directory_account_start(t.directory, &t.q, &t.task, STR("alice"));
	CHECK(wait_for(&t.q) == FAIL_NONE && !t.q.account.is_enabled);
	CHECK(resolve("alice@example.test") == FAIL_NONE);
	CHECK(admin_user_enable(a, STR("alice@example.test"), true) == FAIL_NONE);
	CHECK(admin_user_hash(a, STR("alice@example.test"),
		  STR("{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0")) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(login("alice", "correct horse") == FAIL_NONE);
}

static enum fail
token_login(struct str token)
{
	directory_token_start(t.directory, &t.q, &t.task, token);
	return wait_for(&t.q);
}

/* A token opens its account, by itself or as the password, until it is taken back or the user is disabled. */
static void
test_tokens(struct admin *a)
{
	struct str bob = STR("bob@example.test");
	struct buf token, wrong;

	TEST_ROW("tokens");
	buf_init(&token, 100);
	buf_init(&wrong, 100);
	CHECK(admin_token_add(a, bob, STR("phone"), &token) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	for (int round = 0; round < 2; round++) { /* asked, and remembered */
		CHECK(token_login(buf_str(&token)) == FAIL_NONE);
		CHECK_STR(t.q.account.name, bob);
		CHECK(login("bob", buf_c(&token)) == FAIL_NONE);
		CHECK_STR(t.q.account.name, bob);
	}
	CHECK(login("bob", "builder") == FAIL_NONE);
	CHECK(login("alice", buf_c(&token)) == FAIL_DENIED);
	buf_add(&wrong, str_head(buf_str(&token), buf_str(&token).n - 1));
	CHECK(token_login(buf_str(&wrong)) == FAIL_DENIED);
	buf_add_char(&wrong, buf_str(&token).p[43] == 'x' ? 'y' : 'x');
	CHECK(token_login(buf_str(&wrong)) == FAIL_DENIED);
	CHECK(token_login(STR("builder")) == FAIL_DENIED);
	CHECK(token_login(STR("")) == FAIL_DENIED);
	CHECK(login("", buf_c(&token)) == FAIL_NONE); /* no name is the token's */
	CHECK(admin_user_enable(a, bob, false) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(token_login(buf_str(&token)) == FAIL_DENIED);
	CHECK(login("bob", buf_c(&token)) == FAIL_DENIED);
	CHECK(admin_user_enable(a, bob, true) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(token_login(buf_str(&token)) == FAIL_NONE);
	CHECK(admin_token_delete(a, bob, STR("phone")) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(token_login(buf_str(&token)) == FAIL_DENIED);
	CHECK(login("bob", buf_c(&token)) == FAIL_DENIED);
	buf_release(&token);
	buf_release(&wrong);
}

/* Which password or token the last login was made with. */
static struct buf
credential_of(enum fail login)
{
	struct buf out;

	CHECK_NUM(login, FAIL_NONE);
	buf_init(&out, 100);
	buf_add(&out, t.q.credential);
	CHECK_NUM(buf_str(&out).n, DIRECTORY_CREDENTIAL_CHARS);
	return out;
}

static enum fail
holds(const char *name, struct str credential)
{
	directory_credential_start(t.directory, &t.q, &t.task, str_c(name), credential);
	return wait_for(&t.q);
}

/* What a login was made with opens the account until it is changed or taken back; others stay as they are. */
static void
test_credentials(struct admin *a)
{
	const char *bob = "bob@example.test";
	struct buf token, by_token, by_password, again;

	TEST_ROW("credentials");
	buf_init(&token, 100);
	CHECK(admin_token_add(a, str_c(bob), STR("tv"), &token) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	by_token = credential_of(token_login(buf_str(&token)));
	by_password = credential_of(login(bob, "builder"));
	again = credential_of(login(bob, "builder"));
	CHECK(!str_eq(buf_str(&by_token), buf_str(&by_password)));
	CHECK_STR(buf_str(&again), buf_str(&by_password));
	buf_release(&again);
	CHECK_NUM(holds(bob, buf_str(&by_token)), FAIL_NONE);
	CHECK_STR(t.q.account.name, str_c(bob));
	CHECK_NUM(holds(bob, buf_str(&by_password)), FAIL_NONE);
	CHECK_NUM(holds(bob, STR("")), FAIL_NONE);
	CHECK_NUM(holds("alice@example.test", buf_str(&by_token)), FAIL_DENIED);
	CHECK_NUM(holds(bob, STR("0123456789012345678901")), FAIL_DENIED);
	CHECK_NUM(holds(bob, str_head(buf_str(&by_token), 21)), FAIL_DENIED);
	CHECK_NUM(holds("nobody@example.test", STR("")), FAIL_DENIED);
	TEST_ROW("the same password anew is another one");
	CHECK(admin_user_password(a, str_c(bob), STR("builder")) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK_NUM(holds(bob, buf_str(&by_password)), FAIL_DENIED);
	CHECK_NUM(holds(bob, buf_str(&by_token)), FAIL_NONE);
	TEST_ROW("a disabled user, and back");
	CHECK(admin_user_enable(a, str_c(bob), false) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK_NUM(holds(bob, buf_str(&by_token)), FAIL_DENIED);
	CHECK_NUM(holds(bob, STR("")), FAIL_DENIED);
	CHECK(admin_user_enable(a, str_c(bob), true) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK_NUM(holds(bob, buf_str(&by_token)), FAIL_NONE);
	TEST_ROW("a token that is taken back");
	CHECK(admin_token_delete(a, str_c(bob), STR("tv")) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK_NUM(holds(bob, buf_str(&by_token)), FAIL_DENIED);
	buf_release(&token);
	buf_release(&by_token);
	buf_release(&by_password);
}

static const struct {
	const char *name, *line;
	enum fail want;
} holds_rows[] = {
	{ "holds",
	    "{\"id\":1,\"result\":\"ok\",\"account\":{\"name\":\"a@b\",\"enabled\":true,"
	    "\"addresses\":[],\"groups\":[]}}",
	    FAIL_NONE },
	{ "disabled",
	    "{\"id\":1,\"result\":\"ok\",\"account\":{\"name\":\"a@b\",\"enabled\":false,"
	    "\"addresses\":[],\"groups\":[]}}",
	    FAIL_DENIED },
	{ "denied", "{\"id\":1,\"result\":\"denied\"}", FAIL_DENIED },
	{ "missing", "{\"id\":1,\"result\":\"missing\"}", FAIL_DENIED },
	{ "a child that knows no such question", "{\"id\":1,\"result\":\"perm\"}", FAIL_TEMP },
	{ "down", "{\"id\":1,\"result\":\"temp\"}", FAIL_TEMP },
	{ "half an answer", "{\"id\":1,\"result\":\"ok\"}", FAIL_TEMP },
};

/* Only a clear no ends what lasts. */
static void
test_holds(void)
{
	for (size_t i = 0; i < ARRAY_LEN(holds_rows); i++) {
		struct directory_query q = { .kind = DIRECTORY_CREDENTIAL };

		TEST_ROW(holds_rows[i].name);
		arena_init(&q.arena, 1 << 20);
		CHECK_NUM(ask_read(t.directory, &q, str_c(holds_rows[i].line)), holds_rows[i].want);
		arena_release(&q.arena);
	}
}

/* The number moves with directory.db, and only then. */
static void
test_epoch(struct admin *a)
{
	uint64_t before = directory_epoch(t.directory);

	TEST_ROW("epoch");
	loop_turn(&t.loop, 0);
	CHECK(directory_epoch(t.directory) == before);
	CHECK(admin_user_quota(a, STR("bob@example.test"), 1000, 11) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(directory_epoch(t.directory) != before);
}

/* An engine that tells of no change: the number moves with the time that logins are remembered. */
static void
test_epoch_untold(void)
{
	uint64_t before;
	int turns = 0;

	TEST_ROW("epoch of another engine");
	t.settings.engine = DIRECTORY_PGSQL;
	t.settings.login_cache_ms = 1;
	before = directory_epoch(t.directory);
	while (directory_epoch(t.directory) == before && turns++ < 1000)
		loop_turn(&t.loop, 10);
	CHECK(directory_epoch(t.directory) != before);
	t.settings.login_cache_ms = INT64_MAX;
	CHECK_NUM(directory_epoch(t.directory), t.directory->epoch);
	t.settings.login_cache_ms = 600000;
	t.settings.engine = DIRECTORY_SQLITE;
}

static enum fail
principals(const char *domain)
{
	directory_principals_start(t.directory, &t.q, &t.task, str_c(domain));
	return wait_for(&t.q);
}

/* Users and groups of a domain; who is disabled is none of them. */
static void
test_principals(struct admin *a)
{
	size_t users, groups = 0;

	TEST_ROW("principals");
	CHECK(admin_group_add(a, STR("team"), STR("The Team")) == FAIL_NONE);
	CHECK(admin_group_add(a, STR("crew@elsewhere.test"), STR("")) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(principals("example.test") == FAIL_NONE);
	for (size_t i = 0; i < t.q.principal_count; i++) {
		groups += t.q.principals[i].is_group;
		CHECK(str_ends(t.q.principals[i].name, STR("@example.test")) ||
		    str_eq(t.q.principals[i].name, STR("team")) ||
		    str_find_char(t.q.principals[i].name, '@') == STR_NONE);
	}
	users = t.q.principal_count - groups;
	CHECK(users >= 2 && groups >= 1);
	CHECK(admin_user_enable(a, STR("bob@example.test"), false) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(principals("example.test") == FAIL_NONE);
	CHECK_NUM(t.q.principal_count, users - 1 + groups);
	CHECK(admin_user_enable(a, STR("bob@example.test"), true) == FAIL_NONE);
	loop_turn(&t.loop, 0);
	CHECK(principals("nowhere.test") == FAIL_NONE);
	for (size_t i = 0; i < t.q.principal_count; i++)
		CHECK(t.q.principals[i].is_group);
}

/* An answer from before a change is told to who asked, but neither kept nor shared with who asks after it. */
static void
test_overtaken(void)
{
	struct directory_query q[2] = { 0 };

	TEST_ROW("overtaken");
	directory_forget(t.directory);
	directory_login_start(t.directory, &q[0], &t.task, STR("bob"), STR("builder"));
	directory_forget(
	    t.directory); /* the password was changed, the child may have read the old */
	CHECK(wait_for(&q[0]) == FAIL_NONE);
	CHECK_NUM(t.directory->logins.count, 0);
	directory_resolve_start(t.directory, &q[0], &t.task, STR("bob@example.test"));
	directory_forget(t.directory);
	directory_resolve_start(t.directory, &q[1], &t.task, STR("bob@example.test"));
	CHECK_NUM(t.directory->ask_count, 2);
	CHECK(wait_for(&q[0]) == FAIL_NONE);
	CHECK_NUM(t.directory->answers.count, 0);
	CHECK(wait_for(&q[1]) == FAIL_NONE);
	directory_query_release(&q[0]);
	directory_query_release(&q[1]);
}

/* Many ask the same: one line is put, all are told; cancelling some harms nobody. */
static void
test_shared(void)
{
	struct directory_query q[20] = { 0 };

	TEST_ROW("shared");
	directory_forget(t.directory);
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		directory_resolve_start(t.directory, &q[i], &t.task, STR("bob@example.test"));
	CHECK_NUM(t.directory->ask_count, 1);
	directory_query_cancel(&q[0]);
	directory_query_release(&q[7]);
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		CHECK(wait_for(&q[i]) == FAIL_NONE);
		CHECK(i == 0 || i == 7 || q[i].target_count == 2);
		directory_query_release(&q[i]);
	}
	CHECK_NUM(t.directory->ask_count, 0);
}

static void
test_outstanding(void)
{
	struct directory_query q[5] = { 0 };

	TEST_ROW("too many questions");
	t.settings.outstanding = 4;
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		directory_login_start(t.directory, &q[i], &t.task, STR("bob"), STR("wrong"));
	CHECK(!op_pending(&q[4].op) && q[4].op.fail == FAIL_TEMP);
	for (size_t i = 0; i < 4; i++)
		CHECK(wait_for(&q[i]) == FAIL_DENIED);
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		directory_query_release(&q[i]);
	t.settings.outstanding = 1000;
}

static size_t
find_children(pid_t *out)
{
	return processes_of(t.directory->keeper.pid, out, KEEPER_PLACES_MAX);
}

/* A killed child: what it was asked ends FAIL_TEMP, and soon it answers again. */
static void
test_death(void)
{
	pid_t pids[KEEPER_PLACES_MAX];
	size_t n = find_children(pids);

	TEST_ROW("death");
	for (size_t i = 0; i < n; i++)
		kill(pids[i], SIGSTOP); /* it must not be faster than the next signal */
	directory_login_start(t.directory, &t.q, &t.task, STR("bob"), STR("builder"));
	loop_turn(&t.loop, 0);
	for (size_t i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	CHECK(wait_for(&t.q) == FAIL_TEMP);
	CHECK(login("bob", "builder") == FAIL_NONE);
}

/* A stopped child: the deadline ends the question, and the child is replaced. */
static void
test_stuck(void)
{
	const struct directory_child *first = &t.directory->children[0];
	pid_t stuck[KEEPER_PLACES_MAX], now[KEEPER_PLACES_MAX];
	size_t n = find_children(stuck);
	bool is_new = false;

	TEST_ROW("stuck");
	for (int i = 0; i < 2000 && n < 2; i++) { /* who died may not be back yet */
		loop_turn(&t.loop, 10);
		n = find_children(stuck);
	}
	t.settings.timeout_ms = 300;
	directory_forget(t.directory);
	CHECK_NUM(n, 2);
	for (size_t i = 0; i < n; i++)
		kill(stuck[i], SIGSTOP);
	CHECK(resolve("bob@example.test") == FAIL_TEMP);
	for (int i = 0; i < 2000 && (first->fd < 0 || !is_new); i++) {
		loop_turn(&t.loop, 10);
		n = find_children(now);
		for (size_t k = 0; k < n; k++)
			is_new |= now[k] != stuck[0] && now[k] != stuck[1];
	}
	CHECK(first->fd >= 0 && is_new);
	for (size_t i = 0; i < 2; i++)
		kill(stuck[i], SIGCONT); /* the other was not asked, so nobody noticed */
	t.settings.timeout_ms = 15000;
	CHECK(resolve("bob@example.test") == FAIL_NONE);
}

static void
test_close(void)
{
	struct directory_query sent = { 0 }, waiting = { 0 };

	TEST_ROW("close");
	directory_login_start(t.directory, &sent, &t.task, STR("bob"), STR("wrong"));
	loop_turn(&t.loop, 0);
	directory_login_start(t.directory, &waiting, &t.task, STR("bob"), STR("wrong too"));
	directory_close(&t.directory);
	CHECK(t.directory == NULL);
	CHECK(!op_pending(&sent.op) && sent.op.fail == FAIL_TEMP);
	CHECK(!op_pending(&waiting.op) && waiting.op.fail == FAIL_TEMP);
	directory_query_release(&sent);
	directory_query_release(&waiting);
	directory_query_release(&waiting);
}

int
main(void)
{
	struct admin *a = NULL;

	log_capture(quiet, NULL);
	buf_init(&t.path, 1000);
	buf_add_c(&t.path, test_folder());
	buf_add_c(&t.path, "/directory.db");
	t.settings = (struct directory_settings){ .children = 2,
		.timeout_ms = 15000,
		.outstanding = 1000,
		.cache_ms = 5000,
		.login_cache_ms = 600000,
		.default_domain = STR("example.test"),
		.separator = STR("+"),
		.own_host = STR("mx.here.test") };
	CHECK(loop_init(&t.loop) == FAIL_NONE);
	loop_task(&t.loop, &t.task, no_step, NULL);
	CHECK(directory_open(&t.directory, &t.loop, &t.settings, buf_str(&t.path)) == FAIL_NONE);
	CHECK(admin_open(&a, buf_str(&t.path)) == FAIL_NONE);
	fill(a);
	loop_turn(&t.loop, 0);
	test_resolve();
	test_login();
	test_account();
	test_scram();
	test_changes(a);
	test_tokens(a);
	test_credentials(a);
	test_epoch(a);
	test_epoch_untold();
	test_holds();
	test_principals(a);
	admin_close(&a);
	test_overtaken();
	test_shared();
	test_outstanding();
	test_death();
	test_stuck();
	test_close();
	directory_query_release(&t.q);
	task_cancel(&t.task);
	loop_release(&t.loop);
	buf_release(&t.path);
	return test_end();
}
