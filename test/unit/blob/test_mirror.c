/* The mirror, and the way between Maildir and S3. */
#include "far.h"

/* rooms */
#include "blob/migrate.h"
#include "blob/remote.h"

/* --- the mirror ------------------------------------------------------------------------------ */

static void
test_mirror(void)
{
	struct blob_name name[20], link;
	size_t deletes;

	fresh(BLOB_MAILDIR);
	TEST_ROW("mirror");
	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		add(ANN, i == 3 ? 9 << 20 : 1000 + i, &name[i]);
	CHECK_NUM(entries("mail/ann/cur"), ARRAY_LEN(name));
	CHECK(settles(ARRAY_LEN(name)));
	CHECK_NUM(link_to(ANN, &name[3], BOB, &link), FAIL_NONE);
	name_it(BOB, &link);
	loop_turn(&loop, 0);
	CHECK(settles(ARRAY_LEN(name) + 1));
	TEST_ROW("not the queue's");
	add(LOCAL, 5, &link);
	for (int i = 0; i < 50; i++)
		loop_turn(&loop, 1);
	CHECK_NUM(s3_server_count(&server), ARRAY_LEN(name) + 1);
	TEST_ROW("deleted");
	drop(ANN, &name[0]);
	CHECK(settles(ARRAY_LEN(name)));
	CHECK_NUM(entries("mail/ann/cur"), ARRAY_LEN(name) - 1);
	TEST_ROW("down: mail comes all the same, and a restart forgets nothing");
	s3_server_way(&server, S3_WAY_503, -1, NULL);
	add(ANN, 7, &name[0]);
	CHECK_NUM(is_readable(ANN, &name[0]), FAIL_NONE);
	for (int i = 0; i < 30; i++)
		loop_turn(&loop, 10);
	reopen(BLOB_MAILDIR);
	CHECK_NUM(s3_server_count(&server), ARRAY_LEN(name));
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	CHECK(settles(ARRAY_LEN(name) + 1));
	TEST_ROW("deleted before it was copied");
	deletes = server.delete_count;
	s3_server_way(&server, S3_WAY_503, -1, NULL);
	add(ANN, 8, &name[1]);
	drop(ANN, &name[1]);
	for (int i = 0; i < 30; i++)
		loop_turn(&loop, 10);
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	for (int i = 0; i < 4000 && server.delete_count < deletes + 2; i++)
		loop_turn(&loop, 10);
	CHECK(server.delete_count >= deletes + 2); /* for its deletion, and for its key */
	CHECK_NUM(s3_server_count(&server), ARRAY_LEN(name) + 1);
	shut();
}

static enum fail
count_keys(struct txn *t, void *arg)
{
	size_t *n = arg;
	struct cursor c;
	struct str key, value;

	*n = 0;
	txn_scan(t, &c, STR("f"), STR("g"), false);
	while (cursor_next(&c, &key, &value))
		++*n;
	return cursor_end(&c);
}

/* Until nothing is left to be copied. */
static bool
rests(void)
{
	size_t keys = 1;

	for (int i = 0; i < 4000 && keys > 0; i++) {
		loop_turn(&loop, 10);
		CHECK_NUM(store_read(store, count_keys, &keys), FAIL_NONE);
	}
	return keys == 0;
}

static void
test_mirror_once(void)
{
	struct blob_writer w;
	struct blob_name name;

	fresh(BLOB_MAILDIR);
	TEST_ROW("one of three is refused once: the others are not copied again");
	s3_server_way(&server, S3_WAY_403, 1, "PUT");
	for (size_t i = 0; i < 3; i++) {
		write_all(&w, ANN, 100);
		CHECK_NUM(blob_write_finish(&w, &name), FAIL_NONE);
		name_it(ANN, &name);
	}
	CHECK(rests());
	CHECK_NUM(s3_server_count(&server), 3);
	CHECK_NUM(server.put_count, 3);
	TEST_ROW("files of the queue are no news");
	add(LOCAL, 5, &name);
	CHECK(!blob->remote->has_news);
	add(ANN, 5, &name);
	CHECK(blob->remote->has_news);
	CHECK(rests());
	shut();
}

/* --- migrate --------------------------------------------------------------------------------- */

static void
not_migrated(struct blob_migrate *m, struct str of, struct str name, const char *why)
{
	(void)m;
	(void)of;
	(void)name;
	(void)why;
}

static struct blob_migrate
migrate(bool is_up)
{
	char path[300];
	struct blob_migrate m = { .s3 = &s3, .local = LOCAL, .failed = not_migrated };

	snprintf(path, sizeof path, "%s/mail", folder);
	m.folder = str_c(path);
	CHECK_NUM(is_up ? blob_migrate_up(&m) : blob_migrate_down(&m), FAIL_NONE);
	return m;
}

static void
unlink_here(struct str account, const struct blob_name *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/mail/%.*s/cur/%.*s:2,", folder, STR_ARG(account),
	    STR_ARG(blob_name_str(name)));
	CHECK_NUM(unlink(path), 0);
}

/* As if it had not been copied yet. */
static enum fail
put_key(struct txn *t, void *arg)
{
	const struct deed *d = arg;
	struct key k;

	key_init(&k, 'f');
	key_bytes(&k, d->account);
	key_rest(&k, d->name);
	return txn_put(t, key_str(&k), STR(""));
}

/* A host that is lost, and its store restored: of the last moment it says "to be copied", and the object is the only one. */
static void
test_mirror_restored(void)
{
	struct blob_name name, dropped;
	const char *where;
	struct deed d[2] = { { .account = ANN }, { .account = ANN, .is_drop = true } };

	fresh(BLOB_MAILDIR);
	TEST_ROW("a key, no file, and a message that is named: its object stays");
	add(ANN, 5, &name);
	add(ANN, 6, &dropped);
	CHECK(rests());
	d[0].name = blob_name_str(&name);
	d[1].name = blob_name_str(&dropped);
	for (size_t i = 0; i < ARRAY_LEN(d); i++)
		CHECK_NUM(store_run(store, put_key, &d[i]), FAIL_NONE);
	CHECK_NUM(store_commit(store), FAIL_NONE);
	shut();
	unlink_here(ANN, &name);
	unlink_here(ANN, &dropped);
	server.put_count = 0;
	open_with(&loop, BLOB_MAILDIR);
	CHECK_NUM(store_run(store, run, &d[1]), FAIL_NONE);
	CHECK(rests());
	CHECK(settles(1));
	CHECK_NUM(server.put_count, 0);
	CHECK_NUM(is_readable(ANN, &name), FAIL_MISSING);
	shut();
	TEST_ROW("the check asks whether there is a copy");
	open_with(NULL, BLOB_MAILDIR);
	CHECK_NUM(blob_exists(blob, ANN, blob_name_str(&name)), FAIL_MISSING);
	CHECK_NUM(blob_is_elsewhere(blob, ANN, blob_name_str(&name), &where), FAIL_NONE);
	CHECK_NUM(blob_is_elsewhere(blob, ANN, blob_name_str(&dropped), &where), FAIL_MISSING);
	CHECK_NUM(blob_is_elsewhere(blob, BOB, blob_name_str(&name), &where), FAIL_MISSING);
	CHECK_NUM(blob_is_elsewhere(blob, LOCAL, blob_name_str(&name), &where), FAIL_MISSING);
	s3_server_way(&server, S3_WAY_503, -1, NULL);
	shut();
	open_with(NULL, BLOB_MAILDIR);
	CHECK_NUM(blob_is_elsewhere(blob, ANN, blob_name_str(&name), &where), FAIL_TEMP);
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	shut();
	TEST_ROW("and it comes back");
	CHECK_NUM(migrate(false).copied, 1);
	open_with(&loop, BLOB_MAILDIR);
	CHECK_NUM(is_readable(ANN, &name), FAIL_NONE);
	shut();
}

static void
test_migrate(void)
{
	struct blob_name name[30], queued, down;
	struct blob_migrate m;
	const char *where;
	char path[300];

	fresh(BLOB_MAILDIR);
	shut();
	server.method = NULL;
	s3_server_way(&server, S3_WAY_403, -1, "PUT");
	open_with(&loop, BLOB_MAILDIR);
	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		add(i % 2 ? ANN : BOB, i == 3 ? 9 << 20 : 1000 + i, &name[i]);
	add(LOCAL, 5, &queued);
	shut();
	TEST_ROW("up: the server takes some, then all");
	s3_server_way(&server, S3_WAY_403, 4, "PUT");
	m = migrate(true);
	CHECK_NUM(m.seen, ARRAY_LEN(name));
	CHECK_NUM(m.failures, 4);
	CHECK_NUM(m.copied, ARRAY_LEN(name) - 4);
	m = migrate(true);
	CHECK_NUM(m.failures, 0);
	CHECK_NUM(m.copied, 4);
	CHECK_NUM(m.were_there, ARRAY_LEN(name) - 4);
	TEST_ROW("a file that did not go up is not lost for the other engine");
	open_with(&loop, BLOB_MAILDIR);
	add(ANN, 1234, &down);
	shut();
	s3_server_forget(&server);
	open_with(NULL, BLOB_S3);
	CHECK_NUM(blob_exists(blob, ANN, blob_name_str(&down)), FAIL_MISSING);
	CHECK_NUM(blob_is_elsewhere(blob, ANN, blob_name_str(&down), &where), FAIL_NONE);
	CHECK_NUM(blob_is_elsewhere(blob, BOB, blob_name_str(&down), &where), FAIL_MISSING);
	CHECK_NUM(blob_is_elsewhere(blob, LOCAL, blob_name_str(&queued), &where), FAIL_MISSING);
	shut();
	open_with(&loop, BLOB_MAILDIR);
	drop(ANN, &down);
	for (int i = 0; i < 3;
	     i++) /* it is unlinked behind the turn; the mirror begins anew, too */
		loop_turn(&loop, 0);
	shut();
	m = migrate(true);
	CHECK_NUM(m.copied + m.were_there, ARRAY_LEN(name));
	CHECK_NUM(m.failures, 0);
	TEST_ROW("read by the other engine");
	open_with(&loop, BLOB_S3);
	for (size_t i = 0; i < ARRAY_LEN(name); i++) {
		CHECK_NUM(fetch(i % 2 ? ANN : BOB, &name[i]), FAIL_NONE);
		CHECK_NUM(is_readable(i % 2 ? ANN : BOB, &name[i]), FAIL_NONE);
	}
	CHECK_NUM(is_readable(LOCAL, &queued), FAIL_NONE);
	add(ANN, 77, &queued);
	shut();
	TEST_ROW("down: into a folder that has nothing; some fail, then none");
	snprintf(path, sizeof path, "%s/mail", folder);
	small_fresh_folder(path);
	s3_server_way(&server, S3_WAY_FALSE, 6, "GET");
	server.settings.retry_ms = 0;
	m = migrate(false);
	CHECK(m.failures > 0 && m.failures < 7);
	CHECK_NUM(m.copied + m.failures, ARRAY_LEN(name) + 1);
	server.settings.retry_ms = 500;
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	m = migrate(false);
	CHECK_NUM(m.failures, 0);
	CHECK_NUM(m.seen, ARRAY_LEN(name) + 1);
	CHECK_NUM(entries("mail/ann/tmp"), 0);
	open_with(&loop, BLOB_MAILDIR);
	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		CHECK_NUM(is_readable(i % 2 ? ANN : BOB, &name[i]), FAIL_NONE);
	CHECK_NUM(is_readable(ANN, &queued), FAIL_NONE);
	shut();
	TEST_ROW("what is not ours");
	s3_server_add(&server, STR("store/ltx/0000/0000000000000001.ltx"), STR("abc"));
	s3_server_add(&server, STR("ann/photo.jpg"), STR("abc"));
	m = migrate(false);
	CHECK_NUM(m.failures, 0);
	CHECK_NUM(m.seen, ARRAY_LEN(name) + 1);
	TEST_ROW("an object that is damaged");
	s3_server_add(&server, STR("ann/1.M2,S=3"), STR("abcd"));
	m = migrate(false);
	CHECK_NUM(m.failures, 1);
}

int
main(void)
{
	stage_start();
	test_mirror();
	test_mirror_once();
	test_mirror_restored();
	test_migrate();
	stage_stop();
	return test_end();
}
