/*
 * test_imap.c - play the dialogues of test/dialogue/imap against real sessions (lib/dialogue.h).
 *
 * Sessions log in as alice before their first line, unless @bare; lib/imap_stage.h has its own directives.
 */

/* system */
#include <stdio.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/deflate.h"
#include "imap/imap.h"
#include "imap/notify.h"
#include "imap/session.h"
#include "lib/imap_stage.h"
#include "mail/acl.h"
#include "mail/mailbox.h"
#include "net/private.h"

/* Pieces that make a message odd; none has a NUL. */
static const struct str odd_pieces[] = {
	STR_INIT("\r"),
	STR_INIT("\n"),
	STR_INIT("\r\n"),
	STR_INIT("\r\n\r\n"),
	STR_INIT(":"),
	STR_INIT(" "),
	STR_INIT("\xff\xfe"),
	STR_INIT("Gr\xc3\xbc\xc3\x9f"
		 "e"),
	STR_INIT("Subject: =?utf-8?q?=ff?= "),
	STR_INIT("From: \xe4@\xf6, <>, (("),
	STR_INIT("Content-Type: multipart/mixed; boundary=\r\n"),
	STR_INIT("Content-Type: multipart/mixed; boundary=b\r\n"),
	STR_INIT("\r\n--b\r\n"),
	STR_INIT("\r\n--b--"),
	STR_INIT("Content-Transfer-Encoding: base64\r\n"),
	STR_INIT("From nobody Mon Jan  1"),
	STR_INIT("."),
	STR_INIT("{3+}\r\n"),
	STR_INIT("a2 LOGOUT\r\n"),
	STR_INIT("\x1b\x7f\x01"),
	STR_INIT("Date: \"\r\n"),
};

/* Whatever its form, a message is stored as it came and given back byte for byte. */
static void
test_byte_for_byte(void)
{
	struct dialogue_peer *p;
	struct buf message, text;
	uint32_t seed = 4;

	TEST_ROW("byte for byte");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	for (unsigned round = 0; round < 300; round++) {
		buf_init(&message, 1 << 16);
		buf_init(&text, 1 << 17);
		for (unsigned i = 0; i <= round % 40; i++) {
			seed = seed * 1664525 + 1013904223;
			buf_add(&message, odd_pieces[(seed >> 8) % ARRAY_LEN(odd_pieces)]);
		}
		buf_add_c(&text, round % 2 ? "a APPEND INBOX {" : "a APPEND INBOX ~{");
		buf_add_u64(&text, message.n);
		buf_add_c(&text, "+}\r\n");
		buf_add(&text, buf_str(&message));
		buf_add_c(&text, "\r\nb SELECT INBOX\r\n");
		buf_clear(&p->seen);
		conn_memory_feed(p->conn, buf_str(&text));
		dialogue_settle();
		CHECK(str_starts(buf_str(&p->seen), STR("a OK [APPENDUID ")) ||
		    str_find(buf_str(&p->seen), STR("\r\na OK [APPENDUID ")) != STR_NONE);
		buf_clear(&p->seen);
		conn_memory_feed(p->conn,
		    STR("c FETCH * (BODY.PEEK[] ENVELOPE BODYSTRUCTURE)\r\n"));
		dialogue_settle();
		CHECK(str_find(buf_str(&p->seen), buf_str(&message)) != STR_NONE);
		CHECK(str_ends(buf_str(&p->seen), STR("\r\nc OK Fetched\r\n")));
		buf_release(&message);
		buf_release(&text);
	}
	buf_clear(&p->seen);
	dialogue_close();
}

/* Bytes of a client that compresses, and what it understands of the answer. */
static struct str
ask_packed(struct dialogue_peer *p, struct deflate_stream *out, struct deflate_stream *in,
    const char *lines, struct buf *told)
{
	struct str text = str_c(lines), sent;
	struct buf packed;

	buf_init(&packed, 1 << 20);
	CHECK_NUM(deflate_feed(out, &text, DEFLATE_SYNC, &packed), FAIL_NONE);
	sent = imap_ask_bytes(p, buf_str(&packed));
	buf_clear(told);
	CHECK_NUM(inflate_feed(in, &sent, told), FAIL_NONE);
	buf_release(&packed);
	return buf_str(told);
}

/* COMPRESS (RFC 4978): from its OK on, also messages that come in while the client idles. */
static void
test_compress(void)
{
	struct deflate_stream out = { 0 }, in = { 0 };
	struct dialogue_peer *p;
	struct buf told;

	TEST_ROW("compress");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	buf_init(&told, 1 << 20);
	CHECK(str_find(imap_ask(p, "a CAPABILITY\r\n"), STR(" COMPRESS=DEFLATE")) != STR_NONE);
	CHECK_STR(imap_ask(p, "b COMPRESS LZ4\r\n"), STR("b BAD Wrong arguments\r\n"));
	CHECK_STR(imap_ask(p, "c COMPRESS DEFLATE\r\n"), STR("c OK Compression is active\r\n"));
	deflate_start(&out, DEFLATE_RAW, false);
	inflate_start(&in, DEFLATE_RAW);
	CHECK_STR(ask_packed(p, &out, &in, "d COMPRESS DEFLATE\r\n", &told),
	    STR("d NO [COMPRESSIONACTIVE] DEFLATE is active already\r\n"));
	CHECK(str_find(ask_packed(p, &out, &in, "e CAPABILITY\r\n", &told),
		  STR(" COMPRESS=DEFLATE")) == STR_NONE);
	CHECK(str_ends(
	    ask_packed(p, &out, &in, "f APPEND INBOX {3+}\r\nabc\r\ng SELECT INBOX\r\n", &told),
	    STR("\r\ng OK [READ-WRITE] Mailbox opened\r\n")));
	CHECK(str_ends(ask_packed(p, &out, &in, "h FETCH 1 BODY[]\r\n", &told),
	    STR(" FETCH (BODY[] {3}\r\nabc FLAGS (\\Seen \\Recent))\r\nh OK Fetched\r\n")));
	CHECK(str_ends(ask_packed(p, &out, &in, "i LOGOUT\r\n", &told),
	    STR("\r\ni OK Logged out\r\n")));
	deflate_release(&out);
	deflate_release(&in);
	buf_release(&told);
	buf_clear(&p->seen);

	TEST_ROW("commands behind COMPRESS");
	CHECK_STR(imap_ask(dialogue_peer(2), "a COMPRESS DEFLATE\r\nb NOOP\r\n"),
	    STR("a OK Compression is active\r\n"));
	CHECK(conn_memory_finished(dialogue_peer(2)->conn));
	buf_clear(&dialogue_peer(2)->seen);
	dialogue_close();
}

/* Literals that are refused, one behind the other, as fast as they can be read: others come between them. */
static void
test_refused_for_ever(void)
{
	enum { LITERALS = 200, FIRST = 60000, BYTES = 4000 };
	struct dialogue_peer *p;
	struct buf text;
	uint64_t before;

	TEST_ROW("refused literals");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	dialogue.is_bare = true;
	p = dialogue_peer(1);
	buf_init(&text, 100 + FIRST + LITERALS * (BYTES + 100));
	buf_add_c(&text, "a X {60000+}\r\n");
	for (unsigned k = 0; k < FIRST; k++)
		buf_add_char(&text, 'x');
	for (unsigned i = 0; i < LITERALS; i++) {
		buf_add_c(&text, "{4000+}\r\n");
		for (unsigned k = 0; k < BYTES; k++)
			buf_add_char(&text, 'x');
	}
	before = dialogue.loop.turns;
	CHECK_STR(imap_ask_bytes(p, buf_str(&text)), STR(""));
	CHECK(dialogue.loop.turns - before > LITERALS / 16);
	CHECK(str_starts(imap_ask(p, "\r\nb NOOP\r\n"), STR("a NO [TOOBIG] ")));
	buf_release(&text);
	buf_clear(&p->seen);
	dialogue_close();
}

/* [imap] without: neither named nor known. */
static void
test_without(void)
{
	struct imap_settings without = imap_settings_default;
	struct dialogue_peer *p;
	struct str told;

	TEST_ROW("without");
	without.without = STR("move  IDLE imap4rev2 LITERAL+ condstore SAVEDATE");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	imap_stage.service.settings = &without;
	p = dialogue_peer(1);
	told = imap_ask(p, "a CAPABILITY\r\n");
	CHECK(str_starts(told, STR("* CAPABILITY IMAP4rev1 ID ")));
	CHECK(str_find(told, STR(" UIDPLUS ")) != STR_NONE);
	CHECK(str_find(told, STR(" MOVE ")) == STR_NONE);
	CHECK(str_find(told, STR("QRESYNC")) == STR_NONE); /* it needs CONDSTORE */
	CHECK_STR(imap_ask(p, "a IDLE\r\n"), STR("a BAD Unknown command\r\n"));
	CHECK_STR(imap_ask(p, "a ENABLE IMAP4rev2 QRESYNC\r\n"),
	    STR("* ENABLED\r\na OK Enabled\r\n"));
	told = imap_ask(p, "a SELECT INBOX\r\nb UID MOVE 1 Trash\r\n");
	CHECK(str_ends(told, STR("b BAD Unknown command\r\n")));
	CHECK(str_find(told, STR("HIGHESTMODSEQ")) == STR_NONE);
	CHECK_STR(imap_ask(p, "a FETCH 1:* MODSEQ\r\n"), STR("a BAD Wrong arguments\r\n"));
	CHECK_STR(imap_ask(p, "a FETCH 1:* SAVEDATE\r\n"), STR("a BAD Wrong arguments\r\n"));
	CHECK_STR(imap_ask(p, "a STORE 1:* (UNCHANGEDSINCE 1) FLAGS ()\r\n"),
	    STR("a BAD Wrong arguments\r\n"));
	CHECK_STR(imap_ask(p, "a STATUS Trash (HIGHESTMODSEQ)\r\n"),
	    STR("a BAD Wrong arguments\r\n"));
	CHECK(str_ends(imap_ask(p, "a SELECT INBOX (CONDSTORE)\r\n"),
	    STR("a BAD Wrong arguments\r\n")));
	buf_clear(&p->seen);
	dialogue_close();
}

/* The log of expunges does not reach back: every UID that is not there is told (RFC 7162 3.2.6). */
static void
test_short_log(void)
{
	struct account *account;
	struct dialogue_peer *p;
	struct str told;
	char fetch[100];

	TEST_ROW("short log");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	(void)imap_ask(p, "a ENABLE QRESYNC\r\n");
	for (int i = 0; i < 9; i++)
		(void)imap_ask(p, "a APPEND INBOX {5+}\r\nA: b\r\r\n");
	(void)imap_ask(p,
	    "a SELECT INBOX\r\nb UID STORE 1:2,5,7,9 FLAGS (\\Deleted)\r\nc EXPUNGE\r\n");
	(void)imap_ask(p, "a UNSELECT\r\n");
	CHECK(account_open(dialogue.mail, STR(DIALOGUE_ACCOUNT), NULL, &account) == FAIL_NONE);
	mailbox_by_path(account, STR("INBOX"))->expunged_floor = account->modseq;
	told = imap_ask(p, "a SELECT INBOX (QRESYNC (800000002 1))\r\n");
	CHECK(str_find(told, STR("\r\n* VANISHED (EARLIER) 1:2,5,7,9\r\n* 1 FETCH (UID 3 ")) !=
	    STR_NONE);
	told = imap_ask(p, "a SELECT INBOX (QRESYNC (800000002 1 2:6,9:4000000000))\r\n");
	CHECK(
	    str_find(told, STR("\r\n* VANISHED (EARLIER) 2,5,9\r\n* 1 FETCH (UID 3 ")) != STR_NONE);
	told = imap_ask(p, "a SELECT INBOX (QRESYNC (800000002 1 (1:3 3,4,6)))\r\n");
	CHECK(str_find(told, STR("\r\n* VANISHED (EARLIER) 7,9\r\n* 1 FETCH (UID 3 ")) != STR_NONE);
	/* what the session still counts, and what it was not told of yet, is not among them */
	(void)imap_ask(dialogue_peer(2),
	    "a SELECT INBOX\r\nb STORE 2 FLAGS (\\Deleted)\r\nc EXPUNGE\r\n");
	(void)imap_ask(dialogue_peer(2), "a APPEND INBOX {5+}\r\nA: b\r\r\n");
	mailbox_by_path(account, STR("INBOX"))->expunged_floor = account->modseq;
	snprintf(fetch, sizeof(fetch), "a UID FETCH 1:* (UID) (CHANGEDSINCE %u VANISHED)\r\n",
	    (unsigned)account->modseq - 1);
	told = imap_ask(p, fetch);
	CHECK_STR(str_head(told, 52),
	    STR("* VANISHED (EARLIER) 1:2,5,7,9\r\n* VANISHED 4\r\n* 4 EX"));
	account_close(&account);
	for (size_t i = 1; i <= 2; i++)
		buf_clear(&dialogue_peer(i)->seen);
	dialogue_close();
}

/* The same of options, keys and algorithms that extensions brought to commands that stay. */
static void
test_without_search(void)
{
	static const char *const gone[] = { "SEARCH YOUNGER 5", "SEARCH FUZZY ALL",
		"SEARCH RETURN (PARTIAL 1:2) ALL", "SEARCH RETURN (UPDATE) ALL",
		"SEARCH RETURN (CONTEXT) ALL", "SEARCH EMAILID e1", "SEARCH UIDAFTER 1",
		"SEARCH UIDBEFORE 9", "SORT (DISPLAYFROM) UTF-8 ALL",
		"SORT RETURN () (DATE) UTF-8 ALL", "THREAD REFS UTF-8 ALL",
		"UID FETCH 1 UID (PARTIAL 1:1)", "ESEARCH IN (personal) ALL", "CANCELUPDATE \"a\"",
		"SEARCH FILTER x", "SEARCH NOT (OR ALL FILTER x)" };
	struct imap_settings without = imap_settings_default;
	struct dialogue_peer *p;
	struct buf text;

	TEST_ROW("without what searches can");
	without.without = STR("WITHIN SEARCH=FUZZY PARTIAL CONTEXT=SEARCH SORT=DISPLAY ESORT "
			      "THREAD=REFS MULTISEARCH OBJECTID MESSAGELIMIT FILTERS");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	imap_stage.service.settings = &without;
	p = dialogue_peer(1);
	CHECK(str_find(imap_ask(p, "a SELECT INBOX\r\n"), STR("a OK ")) != STR_NONE);
	buf_init(&text, 1000);
	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		TEST_ROW(gone[i]);
		buf_clear(&text);
		buf_add_c(&text, "a ");
		buf_add_c(&text, gone[i]);
		buf_add_c(&text, "\r\nb NOOP\r\n");
		CHECK(str_starts(imap_ask(p, buf_c(&text)), STR("a BAD ")));
	}
	buf_release(&text);
	TEST_ROW("what stays");
	CHECK_STR(imap_ask(p, "a SORT (DATE) UTF-8 ALL\r\n"), STR("* SORT\r\na OK Sorted\r\n"));
	CHECK_STR(imap_ask(p, "a THREAD REFERENCES UTF-8 ALL\r\n"),
	    STR("* THREAD\r\na OK Threaded\r\n"));
	buf_clear(&p->seen);
	dialogue_close();
}

/* Without METADATA there are no events of it, and nobody names them. */
static void
test_without_metadata(void)
{
	struct imap_settings without = imap_settings_default;
	struct dialogue_peer *p;

	TEST_ROW("without METADATA");
	without.without = STR("METADATA");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	imap_stage.service.settings = &without;
	p = dialogue_peer(1);
	CHECK(str_find(imap_ask(p, "a CAPABILITY\r\n"), STR("FILTERS")) == STR_NONE);
	CHECK(str_find(imap_ask(p, "a SELECT INBOX\r\n"), STR("a OK ")) != STR_NONE);
	CHECK_STR(imap_ask(p, "a SEARCH FILTER x\r\n"), STR("a BAD Wrong arguments\r\n"));
	CHECK_STR(imap_ask(p, "a NOTIFY SET (personal (MailboxName MailboxMetadataChange))\r\n"),
	    STR("a NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName "
		"SubscriptionChange)] There is no such event\r\n"));
	CHECK(str_starts(imap_ask(p, "a NOTIFY SET (personal (ServerMetadataChange))\r\n"),
	    STR("a NO [BADEVENT ")));
	CHECK(str_starts(imap_ask(p, "a NOTIFY SET (personal (MailboxName))\r\n"), STR("a OK ")));
	buf_clear(&p->seen);
	dialogue_close();
}

/* Without ACL there is nobody's but the user's own, and all names are the user's. */
static void
test_without_acl(void)
{
	struct imap_settings without = imap_settings_default;
	struct dialogue_peer *p;

	TEST_ROW("without ACL");
	without.without = STR("ACL");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	imap_stage.service.settings = &without;
	p = dialogue_peer(1);
	CHECK(str_find(imap_ask(p, "a CAPABILITY\r\n"), STR("RIGHTS")) == STR_NONE);
	CHECK_STR(imap_ask(p, "a MYRIGHTS INBOX\r\n"), STR("a BAD Unknown command\r\n"));
	CHECK(str_starts(imap_ask(p, "a NAMESPACE\r\n"),
	    STR("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n")));
	CHECK(str_starts(imap_ask(p, "a CREATE Shared/x\r\n"), STR("a OK ")));
	imap_stage.service.settings = &imap_stage.rules;
	buf_clear(&p->seen);
	p = dialogue_peer(2);
	/* a mailbox of the user's own goes before the namespace of its name */
	CHECK(str_starts(imap_ask(p, "a NAMESPACE\r\n"),
	    STR("* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\r\n")));
	CHECK(
	    str_starts(imap_ask(p, "a STATUS Shared/x (MESSAGES)\r\n"), STR("* STATUS Shared/x ")));
	buf_clear(&p->seen);
	dialogue_close();
}

/* Somebody shares an Inbox with all. */
static void
share_inbox(size_t i)
{
	struct account *a;
	char name[40];

	snprintf(name, sizeof(name), "u%zu@example.test", i);
	CHECK_NUM(account_open(dialogue.mail, str_c(name), NULL, &a), FAIL_NONE);
	CHECK_NUM(acl_set(a, mailbox_by_role(a, MAILBOX_ROLE_INBOX)->id, STR("anyone"),
		      ACL_LOOKUP | ACL_READ),
	    FAIL_NONE);
	account_close(&a);
}

/* NOTIFY watches so many accounts, the user's own among them, and says so when there is one more. */
static void
test_notify_accounts(void)
{
	static const char notify[] = "a NOTIFY SET (subtree \"Other Users\" (MailboxName))\r\n";
	struct dialogue_peer *p;

	TEST_ROW("accounts of NOTIFY");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	for (size_t i = 1; i < NOTIFY_ACCOUNTS_MAX; i++)
		share_inbox(i);
	CHECK_STR(imap_ask(p, notify), STR("a OK Events are told\r\n"));
	buf_clear(&p->seen);
	share_inbox(NOTIFY_ACCOUNTS_MAX);
	CHECK_STR(imap_ask(dialogue_peer(2), "a NOOP\r\n"), STR("a OK Nothing done\r\n"));
	CHECK_STR(buf_str(&p->seen),
	    STR("* OK [NOTIFICATIONOVERFLOW] There are too many mailboxes\r\n"));
	CHECK_STR(imap_ask(p, notify),
	    STR("a NO [NOTIFICATIONOVERFLOW] There are too many mailboxes\r\n"));
	CHECK(str_starts(imap_ask(p,
			     "a NOTIFY SET (mailboxes \"Other Users/u1@example.test/INBOX\" "
			     "(MailboxName))\r\n"),
	    STR("a OK ")));
	for (size_t i = 1; i <= 2; i++)
		buf_clear(&dialogue_peer(i)->seen);
	dialogue_close();
}

/* [imap-account NAME] without: only there, and no longer than its login; [imap] id; JMAP. */
static void
test_account(void)
{
	static const struct imap_account_settings settings_of[] = { { STR_INIT("MOVE") },
		{ STR_INIT("IDLE") } };
	static const struct imap_account_options accounts[] = {
		{ STR_INIT("bob@example.test"), &settings_of[1] },
		{ STR_INIT("Alice@example.test"), &settings_of[0] },
	};
	struct imap_settings own = imap_settings_default;
	struct dialogue_peer *p;
	struct str told;

	TEST_ROW("account");
	own.id = STR("");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	imap_stage.service.settings = &own;
	imap_stage.service.accounts = accounts;
	imap_stage.service.account_count = ARRAY_LEN(accounts);
	imap_stage.service.jmap_url = STR("https://mail.example.test/.well-known/jmap");
	p = dialogue_peer(1);
	told = imap_ask(p, "a CAPABILITY\r\n");
	CHECK(str_find(told, STR(" MOVE ")) == STR_NONE);
	CHECK(str_find(told, STR(" IDLE ")) != STR_NONE);
	CHECK(str_find(told, STR(" JMAPACCESS")) != STR_NONE);
	CHECK_STR(imap_ask(p, "b GETJMAPACCESS\r\n"),
	    STR("* JMAPACCESS \"https://mail.example.test/.well-known/jmap\"\r\nb OK Told where JMAP is\r\n"));
	CHECK_STR(imap_ask(p, "c ID NIL\r\n"), STR("* ID NIL\r\nc OK Pleased to meet you\r\n"));
	CHECK(str_ends(imap_ask(p, "d SELECT INBOX\r\ne MOVE 1 Trash\r\n"),
	    STR("e BAD Unknown command\r\n")));
	CHECK_STR(imap_ask(p, "f UNAUTHENTICATE\r\ng MOVE 1 Trash\r\n"),
	    STR("f OK Logged out of the account\r\ng BAD Log in first\r\n"));
	buf_clear(&p->seen);
	dialogue_close();
}

/* All files, or those named. */
int
main(int argc, char **argv)
{
	dialogue_play(&imap_stage_room, argc - 1, argv + 1);
	if (argc == 1) {
		test_byte_for_byte();
		test_compress();
		test_refused_for_ever();
		test_without();
		test_short_log();
		test_account();
		test_without_search();
		test_without_metadata();
		test_without_acl();
		test_notify_accounts();
	}
	return test_end();
}
