/* Mailboxes: paths, rules, roles, renaming, deleting in slices, Mailbox/changes. */
#include "fixture.h"

/* rooms */
#include "mail/vacation.h"

static struct fixture f;

static const struct {
	const char *name, *path;
	enum fail want;
} create_rows[] = {
	{ "plain", "Work", FAIL_NONE },
	{ "again", "Work", FAIL_DENIED },
	{ "with parents", "a/b/c", FAIL_NONE },
	{ "below existing", "a/b/d", FAIL_NONE },
	{ "slash at the end", "e/", FAIL_NONE },
	{ "inbox in another case", "iNBoX", FAIL_DENIED },
	{ "below inbox", "inbox/x", FAIL_NONE },
	{ "umlauts", "Entw\xc3\xbcrfe", FAIL_NONE },
	{ "no UTF-8", "bad\xff", FAIL_SYNTAX },
	{ "empty", "", FAIL_SYNTAX },
	{ "empty part", "a//b", FAIL_SYNTAX },
	{ "control", "a\x01", FAIL_SYNTAX },
	{ "later control", "a\xc2\x85z", FAIL_SYNTAX },
	{ "separator of lines", "a\xe2\x80\xa8z", FAIL_SYNTAX },
	{ "separator of paragraphs", "a\xe2\x80\xa9z", FAIL_SYNTAX },
	{ "mark of direction", "\xe2\x80\x8fz", FAIL_NONE },
	{ "blank that does not break", "a\xc2\xa0z", FAIL_NONE },
	{ "blank at the end", "a ", FAIL_SYNTAX },
	{ "bad parent leaves nothing", "new/bad\x02", FAIL_SYNTAX },
};

static void
test_create(void)
{
	uint32_t id;
	char deep[200];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(create_rows); i++) {
		TEST_ROW(create_rows[i].name);
		CHECK_NUM(mailbox_create_path(f.account, str_c(create_rows[i].path),
			      MAILBOX_ROLE_NONE, true, &id),
		    create_rows[i].want);
	}
	CHECK(fixture_box(&f, "new") == 0);
	CHECK(fixture_box(&f, "INBOX/x") != 0);
	CHECK(fixture_box(&f, "a/b/d") != 0);
	TEST_ROW("too deep");
	for (size_t i = 0; i <= MAILBOX_DEPTH_MAX; i++) {
		deep[n++] = 'd';
		deep[n++] = '/';
	}
	CHECK_NUM(mailbox_create_path(f.account, str_of(deep, n - 1), MAILBOX_ROLE_NONE, true, &id),
	    FAIL_LIMIT);
	TEST_ROW("role taken");
	CHECK_NUM(mailbox_create_path(f.account, STR("Sent2"), MAILBOX_ROLE_SENT, true, &id),
	    FAIL_DENIED);
	CHECK_NUM(mailbox_create_path(f.account, STR("All"), MAILBOX_ROLE_ALL, true, &id),
	    FAIL_NONE);
}

static void
test_tree(void)
{
	static const char *const want[] = { "INBOX", "INBOX/x", "All", "Entw\xc3\xbcrfe", "Work",
		"a", "a/b", "a/b/c", "a/b/d", "a\xc2\xa0z", "e", "\xe2\x80\x8fz", "Drafts", "Sent",
		"Junk", "Trash", "Archive" };
	struct mailbox *list[64];
	struct buf path;

	TEST_ROW("tree order");
	CHECK_NUM(f.account->mailbox_count, ARRAY_LEN(want));
	mailbox_tree(f.account, list);
	buf_init(&path, 1000);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		buf_clear(&path);
		mailbox_path_write(f.account, list[i], &path);
		CHECK_STR(buf_str(&path), str_c(want[i]));
	}
	buf_release(&path);
}

static void
test_rename(void)
{
	uint32_t a = fixture_box(&f, "a"), b = fixture_box(&f, "a/b");
	uint32_t inbox = fixture_box(&f, "INBOX");
	struct mailbox_new to = { .parent = b, .name = STR("Inbox"), .role = MAILBOX_ROLE_TRASH };

	TEST_ROW("rename");
	CHECK_NUM(mailbox_rename_path(f.account, b, STR("new/deep/b")), FAIL_NONE);
	CHECK_NUM(fixture_box(&f, "new/deep/b"), b);
	CHECK(fixture_box(&f, "new/deep/b/c") != 0);
	CHECK_NUM(mailbox_rename_path(f.account, a, STR("a/under")), FAIL_PERM);
	CHECK_NUM(mailbox_rename_path(f.account, a, STR("Work")), FAIL_DENIED);
	CHECK_NUM(mailbox_rename_path(f.account, inbox, STR("x")), FAIL_PERM);
	CHECK_NUM(mailbox_rename_path(f.account, 999, STR("x")), FAIL_MISSING);
	TEST_ROW("update");
	CHECK_NUM(mailbox_update(f.account, inbox, MAILBOX_SET_NAME, &to), FAIL_NONE);
	CHECK_NUM(mailbox_update(f.account, inbox, MAILBOX_SET_PARENT, &to), FAIL_PERM);
	CHECK_NUM(mailbox_update(f.account, inbox, MAILBOX_SET_ROLE, &to), FAIL_PERM);
	CHECK_NUM(mailbox_update(f.account, b, MAILBOX_SET_PARENT, &to), FAIL_PERM);
	CHECK_NUM(mailbox_update(f.account, b, MAILBOX_SET_ROLE, &to), FAIL_DENIED);
	to.parent = 0;
	CHECK_NUM(mailbox_update(f.account, b, MAILBOX_SET_PARENT | MAILBOX_SET_NAME, &to),
	    FAIL_DENIED); /* INBOX */
	to.parent = 4711;
	CHECK_NUM(mailbox_update(f.account, b, MAILBOX_SET_PARENT, &to), FAIL_MISSING);
	to.is_subscribed = false;
	CHECK_NUM(mailbox_update(f.account, b, MAILBOX_SET_SUBSCRIBED, &to), FAIL_NONE);
	CHECK(!mailbox_get(f.account, b)->is_subscribed);
}

static void
test_delete(void)
{
	uint32_t work = fixture_box(&f, "Work"), inbox = fixture_box(&f, "INBOX");
	struct email_added added;
	struct email_copied copied;
	struct email *e;
	struct arena arena;
	size_t count;
	bool done = false;

	TEST_ROW("delete");
	CHECK_NUM(mailbox_delete(f.account, inbox, true), FAIL_PERM);
	CHECK_NUM(mailbox_delete(f.account, fixture_box(&f, "new"), true), FAIL_DENIED);
	CHECK_NUM(mailbox_delete(f.account, fixture_box(&f, "new/deep/b/c"), false), FAIL_NONE);
	for (unsigned i = 1; i <= 250; i++)
		CHECK_NUM(fixture_add(&f, work, 0, i, 0, "Bulk", &added), FAIL_NONE);
	CHECK_NUM(email_copy(f.account, work, &added.uid[0], 1, inbox, &copied, &count), FAIL_NONE);
	CHECK_NUM(mailbox_delete(f.account, work, false), FAIL_DENIED);
	CHECK_NUM(mailbox_delete(f.account, work, true), FAIL_NONE);
	CHECK(fixture_box(&f, "Work") == 0);
	fixture_check(&f);
	arena_init(&arena, 1 << 16);
	CHECK_NUM(email_get(f.account, added.id - 1, &arena, &e), FAIL_MISSING);
	CHECK_NUM(email_get(f.account, added.id, &arena, &e), FAIL_NONE);
	CHECK_NUM(e->member_count, 1);
	arena_release(&arena);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	fixture_close(&f, true); /* goes on after a new start */
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	for (unsigned i = 0; i < 5 && !done; i++)
		CHECK_NUM(mailbox_purge(f.account, &done), FAIL_NONE);
	CHECK(done);
	CHECK_NUM(f.account->used_messages, 1);
	fixture_check(&f);
}

static void
test_empty_into(void)
{
	uint32_t inbox = fixture_box(&f, "INBOX"), old;
	struct email_added added;
	unsigned rounds = 0;
	bool done = false;

	TEST_ROW("rename of INBOX");
	for (unsigned i = 1; i <= 150; i++)
		CHECK_NUM(fixture_add(&f, inbox, 0, 1000 + i, 0, "Old", &added), FAIL_NONE);
	CHECK_NUM(mailbox_create_path(f.account, STR("old"), MAILBOX_ROLE_NONE, true, &old),
	    FAIL_NONE);
	while (!done && rounds++ < 10)
		CHECK_NUM(mailbox_empty_into(f.account, inbox, old, &done), FAIL_NONE);
	CHECK_NUM(mailbox_get(f.account, inbox)->messages, 0);
	CHECK_NUM(mailbox_get(f.account, old)->messages, 151);
	fixture_check(&f);
}

static void
test_changes(void)
{
	struct change items[20];
	struct changes changes = { .items = items, .max = 20 };
	uint64_t state = change_state(f.account, CHANGE_MAILBOX);
	struct email_added added;
	uint32_t id;

	TEST_ROW("Mailbox/changes");
	CHECK_NUM(fixture_add(&f, fixture_box(&f, "INBOX"), 0, 5000, 0, "New", &added), FAIL_NONE);
	CHECK_NUM(changes_since(f.account, CHANGE_MAILBOX, state, &changes), FAIL_NONE);
	CHECK_NUM(changes.count, 1);
	CHECK(changes.is_counts_only);
	CHECK_NUM(mailbox_create_path(f.account, STR("tmp"), MAILBOX_ROLE_NONE, true, &id),
	    FAIL_NONE);
	CHECK_NUM(changes_since(f.account, CHANGE_MAILBOX, state, &changes), FAIL_NONE);
	CHECK_NUM(changes.count, 2);
	CHECK_NUM(items[1].kind, CHANGE_CREATED);
	changes.max = 1;
	CHECK_NUM(changes_since(f.account, CHANGE_MAILBOX, state, &changes), FAIL_NONE);
	CHECK(changes.has_more);
	CHECK_NUM(changes_since(f.account, CHANGE_MAILBOX, changes.state, &changes), FAIL_NONE);
	CHECK_NUM(changes.count, 1);
	CHECK_NUM(items[0].id, id);
	state = changes.state;
	CHECK_NUM(mailbox_delete(f.account, id, true), FAIL_NONE);
	CHECK_NUM(changes_since(f.account, CHANGE_MAILBOX, state, &changes), FAIL_NONE);
	CHECK_NUM(changes.count, 1);
	CHECK_NUM(items[0].kind, CHANGE_DESTROYED);
	CHECK_NUM(items[0].id, id);
}

/* Who was answered while the user was away. */
static enum fail
count_answered(struct txn *t, void *arg)
{
	struct str key, value;
	struct cursor c;

	txn_scan(t, &c, STR("Y"), STR("Z"), false);
	while (cursor_next(&c, &key, &value))
		++*(size_t *)arg;
	return cursor_end(&c);
}

static void
test_account_delete(void)
{
	struct account_name name;
	bool done = false, is_new;
	size_t answered = 0;

	TEST_ROW("account");
	CHECK_NUM(account_next(f.mail, 0, &name), FAIL_NONE);
	CHECK_STR(str_of(name.text, name.n), STR("alice@example.test"));
	CHECK_NUM(account_next(f.mail, name.id, &name), FAIL_MISSING);
	CHECK_NUM(account_delete(f.mail, STR("alice@example.test"), &done), FAIL_DENIED);
	CHECK_NUM(answered_take(f.account, STR("vacation"), STR("x@far.test"), 1000, 500, &is_new),
	    FAIL_NONE);
	CHECK_NUM(store_read(f.store, count_answered, &answered), FAIL_NONE);
	CHECK_NUM(answered, 1);
	account_close(&f.account);
	for (unsigned i = 0; i < 40 && !done; i++)
		CHECK_NUM(account_delete(f.mail, STR("alice@example.test"), &done), FAIL_NONE);
	CHECK(done);
	answered = 0;
	CHECK_NUM(store_read(f.store, count_answered, &answered), FAIL_NONE);
	CHECK_NUM(answered, 0);
	CHECK_NUM(account_find(f.mail, STR("alice@example.test"), &f.account), FAIL_MISSING);
	CHECK_NUM(account_find(f.mail, STR(""), &f.account), FAIL_SYNTAX);
}

int
main(void)
{
	fixture_open(&f, "mailbox");
	test_create();
	test_tree();
	test_rename();
	test_delete();
	test_empty_into();
	test_changes();
	test_account_delete();
	fixture_close(&f, true);
	return test_end();
}
