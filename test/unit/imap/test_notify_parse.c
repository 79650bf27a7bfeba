#include "imap/notify_parse.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

static struct arena arena;

#define MESSAGES (NOTIFY_NEW | NOTIFY_EXPUNGE)

static const struct {
	const char *name, *in;
	enum fail want;
	size_t groups;
	enum notify_filter filter; /* of the last group */
	unsigned events;
	size_t names, fetch;
} rows[] = {
	{ "none", "NONE", FAIL_NONE, 0, 0, 0, 0, 0 },
	{ "selected", "SET (selected (MessageNew MessageExpunge))", FAIL_NONE, 1, NOTIFY_SELECTED,
	    MESSAGES, 0, 0 },
	{ "delayed", "set (SELECTED-DELAYED (messageexpunge messagenew flagchange))", FAIL_NONE, 1,
	    NOTIFY_DELAYED, MESSAGES | NOTIFY_FLAGS, 0, 0 },
	{ "fetch",
	    "SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (TO)] FLAGS) MessageExpunge))",
	    FAIL_NONE, 1, NOTIFY_SELECTED, MESSAGES, 0, 3 },
	{ "two", "SET (selected NONE) (personal (MailboxName SubscriptionChange))", FAIL_NONE, 2,
	    NOTIFY_PERSONAL, NOTIFY_NAME | NOTIFY_SUBSCRIPTION, 0, 0 },
	{ "status", "SET STATUS (subtree Lists (MessageNew MessageExpunge))", FAIL_NONE, 1,
	    NOTIFY_SUBTREE, MESSAGES, 1, 0 },
	{ "names", "SET (mailboxes (a \"b c\" d) (MailboxName))", FAIL_NONE, 1, NOTIFY_MAILBOXES,
	    NOTIFY_NAME, 3, 0 },
	{ "inboxes", "SET (inboxes NONE)", FAIL_NONE, 1, NOTIFY_INBOXES, 0, 0, 0 },
	{ "subscribed", "SET (subscribed (MailboxName))", FAIL_NONE, 1, NOTIFY_SUBSCRIBED,
	    NOTIFY_NAME, 0, 0 },
	{ "metadata", "SET (personal (MailboxMetadataChange servermetadatachange))", FAIL_NONE, 1,
	    NOTIFY_PERSONAL, NOTIFY_METADATA | NOTIFY_SERVER_METADATA, 0, 0 },
	{ "metadata of the selected", "SET (selected (ServerMetadataChange))", FAIL_SYNTAX, 0, 0, 0,
	    0, 0 },
	{ "unknown event", "SET (personal (AnnotationChange))", FAIL_PERM, 0, 0, 0, 0, 0 },
	{ "unknown beside known", "SET (selected (X FlagChange)) (personal (MailboxName))",
	    FAIL_PERM, 0, 0, 0, 0, 0 },
	{ "empty", "", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "none and more", "NONE x", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "no group", "SET STATUS", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "no events", "SET (personal ())", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "open", "SET (personal (MailboxName)", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "new alone", "SET (personal (MessageNew))", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "flags alone", "SET (personal (FlagChange))", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "name of the selected", "SET (selected (MailboxName))", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "fetch of others", "SET (inboxes (MessageNew (UID) MessageExpunge))", FAIL_SYNTAX, 0, 0,
	    0, 0, 0 },
	{ "macro", "SET (selected (MessageNew ALL MessageExpunge))", FAIL_PERM, 0, 0, 0, 0, 0 },
	{ "selected twice", "SET (selected NONE) (selected NONE)", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "no names", "SET (mailboxes () (MailboxName))", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "unknown filter", "SET (mine (MailboxName))", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
};

static void
test_rows(void)
{
	struct notify_request r;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct imap_cursor c = { str_c(rows[i].in), &arena, false };
		const struct notify_group *last;

		TEST_ROW(rows[i].name);
		CHECK_NUM(imap_notify_parse(&c, NOTIFY_ALL, &r), rows[i].want);
		if (rows[i].want != FAIL_NONE)
			continue;
		CHECK_NUM(r.group_count, rows[i].groups);
		CHECK_NUM(r.has_fetch ? r.fetch.count : 0, rows[i].fetch);
		if (r.group_count == 0)
			continue;
		last = &r.groups[r.group_count - 1];
		CHECK_NUM(last->filter, rows[i].filter);
		CHECK_NUM(last->events, rows[i].events);
		CHECK_NUM(last->name_count, rows[i].names);
	}
}

/* What is not offered is not known; its name is not told. */
static void
test_offered(void)
{
	struct imap_cursor c = { STR("SET (personal (MailboxMetadataChange))"), &arena, false };
	struct notify_request r;
	struct buf names;

	TEST_ROW("offered");
	CHECK_NUM(imap_notify_parse(&c, NOTIFY_ALL & ~(unsigned)NOTIFY_METADATA, &r), FAIL_PERM);
	buf_init(&names, 1000);
	imap_notify_names_write(&names, NOTIFY_ALL);
	CHECK_STR(buf_str(&names),
	    STR("MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange "
		"MailboxMetadataChange ServerMetadataChange"));
	buf_clear(&names);
	imap_notify_names_write(&names, NOTIFY_EXPUNGE | NOTIFY_SERVER_METADATA);
	CHECK_STR(buf_str(&names), STR("MessageExpunge ServerMetadataChange"));
	buf_release(&names);
}

static void
test_limits(void)
{
	struct notify_request r;
	struct imap_cursor c = { .arena = &arena };
	struct buf text;

	TEST_ROW("names");
	buf_init(&text, 100000);
	buf_add_c(&text, "SET (mailboxes (");
	for (size_t i = 0; i <= NOTIFY_NAMES_MAX; i++)
		buf_add_c(&text, i < NOTIFY_NAMES_MAX ? "a " : "a");
	buf_add_c(&text, ") (MailboxName))");
	c.at = buf_str(&text);
	CHECK_NUM(imap_notify_parse(&c, NOTIFY_ALL, &r), FAIL_LIMIT);
	TEST_ROW("groups");
	buf_clear(&text);
	buf_add_c(&text, "SET");
	for (size_t i = 0; i <= NOTIFY_GROUPS_MAX; i++)
		buf_add_c(&text, " (personal NONE)");
	c = (struct imap_cursor){ .at = buf_str(&text), .arena = &arena };
	CHECK_NUM(imap_notify_parse(&c, NOTIFY_ALL, &r), FAIL_LIMIT);
	buf_release(&text);
}

int
main(void)
{
	arena_init(&arena, 1 << 20);
	test_rows();
	test_offered();
	test_limits();
	arena_release(&arena);
	return test_end();
}
