/* Annotations: names, limits all or nothing, what goes with mailbox and account, the counter of bytes. */
#include "fixture.h"

/* rooms */
#include "mail/annotation.h"
#include "mail/annotation_changes.h"

static struct fixture f;

static const struct {
	const char *name;
	bool is_allowed;
} name_rows[] = {
	{ "/private/comment", true },
	{ "/SHARED/Vendor/x/y", true },
	{ "/private", false },
	{ "/private/", false },
	{ "/shared/a/", false },
	{ "/shared/a//b", false },
	{ "/other/a", false },
	{ "private/a", false },
	{ "", false },
	{ "/private/a*", false },
	{ "/private/a%b", false },
	{ "/private/a\x01", false },
	{ "/private/\xc3\xa4", false },
};

static void
test_names(void)
{
	char most[ANNOTATION_NAME_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(name_rows); i++) {
		TEST_ROW(name_rows[i].name);
		CHECK(annotation_name_is_allowed(str_c(name_rows[i].name)) ==
		    name_rows[i].is_allowed);
	}
	TEST_ROW("longest name");
	memset(most, 'x', sizeof(most));
	memcpy(most, "/shared/", 8);
	CHECK(annotation_name_is_allowed(str_of(most, ANNOTATION_NAME_MAX)));
	CHECK(!annotation_name_is_allowed(str_of(most, ANNOTATION_NAME_MAX + 1)));
}

static enum fail
set(uint32_t mailbox, const char *name, struct str value)
{
	const struct annotation one = { str_c(name), value };

	return annotation_set(f.account, mailbox, &one, 1);
}

static size_t
count(uint32_t mailbox)
{
	struct annotation *list;
	struct arena arena;
	size_t n = 0;

	arena_init(&arena, 8 * 1024 * 1024);
	CHECK_NUM(annotation_list(f.account, mailbox, &arena, &list, &n), FAIL_NONE);
	arena_release(&arena);
	return n;
}

static void
test_values(uint32_t inbox)
{
	struct arena arena;
	struct str value;

	TEST_ROW("values");
	arena_init(&arena, 100000);
	CHECK_NUM(set(inbox, "/private/Comment", STR("one")), FAIL_NONE);
	CHECK_NUM(set(inbox, "/private/comment", STR("two")), FAIL_NONE);
	CHECK_NUM(set(inbox, "/private/empty", STR("")), FAIL_NONE);
	CHECK_NUM(count(inbox), 2);
	CHECK_NUM(annotation_get(f.account, inbox, STR("/PRIVATE/comment"), &arena, &value),
	    FAIL_NONE);
	CHECK_STR(value, STR("two"));
	CHECK_NUM(annotation_get(f.account, inbox, STR("/private/empty"), &arena, &value),
	    FAIL_NONE);
	CHECK(value.p && value.n == 0);
	CHECK_NUM(annotation_get(f.account, 0, STR("/private/comment"), &arena, &value),
	    FAIL_MISSING);
	CHECK_NUM(annotation_get(f.account, 0, STR("comment"), &arena, &value), FAIL_MISSING);
	CHECK_NUM(set(inbox, "/private/comment", (struct str){ NULL, 0 }), FAIL_NONE);
	CHECK_NUM(set(inbox, "/private/comment", (struct str){ NULL, 0 }), FAIL_NONE);
	CHECK_NUM(count(inbox), 1);
	CHECK_NUM(set(9999, "/private/comment", STR("x")), FAIL_MISSING);
	CHECK_NUM(set(inbox, "/comment", STR("x")), FAIL_SYNTAX);
	arena_release(&arena);
	fixture_check(&f);
}

/* What changed is listed, what was the same before is not, and the oldest is forgotten. */
static void
test_changes(uint32_t inbox)
{
	static char big[ANNOTATION_VALUE_MAX + 1];
	uint64_t before = annotation_changes_count(f.account);
	struct annotation_change change;

	TEST_ROW("changes");
	CHECK(!annotation_change_find(f.account, before, &change));
	CHECK_NUM(set(inbox, "/shared/News", STR("one")), FAIL_NONE);
	CHECK_NUM(set(inbox, "/shared/news", STR("one")), FAIL_NONE);
	CHECK_NUM(annotation_changes_count(f.account), before + 1);
	CHECK_NUM(set(inbox, "/shared/news", STR("")), FAIL_NONE);
	CHECK_NUM(set(inbox, "/shared/news", (struct str){ NULL, 0 }), FAIL_NONE);
	CHECK_NUM(set(inbox, "/shared/news", (struct str){ NULL, 0 }), FAIL_NONE);
	CHECK_NUM(set(inbox, "/shared/news", str_of(big, sizeof(big))), FAIL_PERM);
	CHECK_NUM(annotation_changes_count(f.account), before + 3);
	CHECK_NUM(set(0, "/private/mine", STR("x")), FAIL_NONE);
	CHECK(annotation_change_find(f.account, before, &change));
	CHECK_NUM(change.mailbox, inbox);
	CHECK_STR(change.name, STR("/shared/news"));
	CHECK(annotation_change_find(f.account, before + 3, &change));
	CHECK_NUM(change.mailbox, 0);
	CHECK_STR(change.name, STR("/private/mine"));
	for (size_t i = 0; i < ANNOTATION_CHANGES_MAX; i++)
		CHECK_NUM(set(0, "/private/mine", i % 2 ? STR("x") : STR("y")), FAIL_NONE);
	CHECK(!annotation_change_find(f.account, before + 3, &change));
	CHECK(annotation_change_find(f.account, before + 4, &change));
	CHECK_NUM(set(0, "/private/mine", (struct str){ NULL, 0 }), FAIL_NONE);
}

static void
test_limits(uint32_t inbox)
{
	static char big[ANNOTATION_VALUE_MAX + 1];
	char names[ANNOTATIONS_MAX + 1][40];
	struct annotation many[ANNOTATIONS_MAX + 1];
	struct arena small;
	struct annotation *list;
	size_t n;

	TEST_ROW("limits");
	for (size_t i = 0; i <= ANNOTATIONS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "/shared/n%zu", i);
		many[i] = (struct annotation){ str_c(names[i]), STR("v") };
	}
	n = count(inbox);
	CHECK_NUM(annotation_set(f.account, inbox, many, ANNOTATIONS_MAX + 1), FAIL_LIMIT);
	CHECK_NUM(count(inbox), n); /* all or nothing */
	CHECK_NUM(annotation_set(f.account, inbox, many, ANNOTATIONS_MAX - n), FAIL_NONE);
	CHECK_NUM(set(inbox, "/shared/n0", STR("other")), FAIL_NONE);
	CHECK_NUM(set(inbox, "/shared/more", STR("v")), FAIL_LIMIT);
	CHECK_NUM(set(inbox, "/shared/n0", str_of(big, sizeof(big))), FAIL_PERM);
	CHECK_NUM(set(inbox, "/shared/n0", str_of(big, sizeof(big) - 1)), FAIL_NONE);
	arena_init(&small, 8000);
	CHECK_NUM(annotation_list(f.account, inbox, &small, &list, &n), FAIL_LIMIT);
	arena_release(&small);
	fixture_check(&f);
}

/* The bytes of an account are bounded whatever mailboxes it has; what goes makes room. */
static void
test_account_bytes(void)
{
	static char big[ANNOTATION_VALUE_MAX];
	uint32_t boxes[10] = { 0 };
	char name[40];
	size_t stored = 0;
	enum fail fail = FAIL_NONE;

	TEST_ROW("bytes of an account");
	for (size_t b = 0; b < ARRAY_LEN(boxes) && fail == FAIL_NONE; b++) {
		snprintf(name, sizeof(name), "box%zu", b);
		CHECK_NUM(mailbox_create_path(f.account, str_c(name), MAILBOX_ROLE_NONE, false,
			      &boxes[b]),
		    FAIL_NONE);
		for (size_t i = 0; i < ANNOTATIONS_MAX && fail == FAIL_NONE; i++) {
			snprintf(name, sizeof(name), "/private/%zu", i);
			fail = set(boxes[b], name, str_of(big, sizeof(big)));
			stored += fail == FAIL_NONE;
		}
	}
	CHECK_NUM(fail, FAIL_LIMIT);
	CHECK(stored >= ANNOTATION_ACCOUNT_BYTES / sizeof(big) - 10);
	CHECK(stored <= ANNOTATION_ACCOUNT_BYTES / sizeof(big));
	CHECK_NUM(mailbox_delete(f.account, boxes[0], true), FAIL_NONE);
	CHECK_NUM(set(boxes[1], "/private/0", str_of(big, sizeof(big))), FAIL_NONE);
	fixture_check(&f);
}

static void
test_copy_and_delete(uint32_t inbox)
{
	uint32_t other;
	bool done = false;
	size_t n = count(inbox);

	TEST_ROW("copy, delete");
	CHECK_NUM(mailbox_create_path(f.account, STR("other"), MAILBOX_ROLE_NONE, false, &other),
	    FAIL_NONE);
	CHECK_NUM(annotation_copy(f.account, inbox, other), FAIL_NONE);
	CHECK_NUM(count(other), n);
	CHECK_NUM(count(inbox), n);
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	account_close(&f.account);
	while (!done)
		CHECK_NUM(account_delete(f.mail, STR("alice@example.test"), &done), FAIL_NONE);
	CHECK_NUM(account_open(f.mail, STR("alice@example.test"), NULL, &f.account), FAIL_NONE);
	CHECK_NUM(count(fixture_box(&f, "INBOX")), 0);
	fixture_check(&f);
}

int
main(void)
{
	uint32_t inbox;

	test_names();
	fixture_open(&f, "annotation");
	inbox = fixture_box(&f, "INBOX");
	test_values(inbox);
	test_changes(inbox);
	test_limits(inbox);
	test_account_bytes();
	test_copy_and_delete(inbox);
	fixture_close(&f, true);
	return test_end();
}
