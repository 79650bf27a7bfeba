/*
 * test_imap.c - play the dialogues of test/dialogue/imap against real sessions (lib/dialogue.h).
 *
 * Sessions log in as alice before their first line, unless @bare. Besides the lines of lib/dialogue.h:
 *
 *     @separator .         [imap] separator, before the first session
 *     @prefix TEXT         [imap] prefix
 */

/* system */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/deflate.h"
#include "imap/imap.h"
#include "imap/session.h"
#include "imap/metadata.h"
#include "lib/dialogue.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "net/private.h"

static struct imap_service service;
static struct imap_listener settings;
static struct imap_settings rules;
static struct listener listener;

static void
open_imap(void)
{
	imap_service_init(&service);
	service.loop = &dialogue.loop;
	service.mail = dialogue.mail;
	rules = imap_settings_default;
	service.settings = &rules;
	settings = (struct imap_listener){ .has_plaintext_login = true };
	listener = (struct listener){ .service = &service.service, .settings = &settings };
	dialogue.listener = &listener;
	dialogue.sessions = &service.sessions;
}

static void
log_in(struct dialogue_peer *p)
{
	struct str line;

	CHECK(dialogue_next_line(p, &line) && str_starts(line, STR("* OK [CAPABILITY ")));
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, STR("login LOGIN alice secret\r\n"));
	dialogue_settle();
	CHECK(dialogue_next_line(p, &line) && str_starts(line, STR("login OK ")));
	buf_clear(&p->seen);
}

static void
stop(void)
{
	imap_service_stop(&service);
}

static bool
directive(struct str word, struct str rest)
{
	static char prefix[100];

	if (str_eq(word, STR("@separator"))) {
		rules.separator =
		    str_eq(rest, STR(".")) ? IMAP_SEPARATOR_DOT : IMAP_SEPARATOR_SLASH;
	} else if (str_eq(word, STR("@prefix")) && rest.n <= sizeof(prefix)) {
		memcpy(prefix, rest.p, rest.n);
		rules.prefix = str_of(prefix, rest.n);
	} else {
		return false;
	}
	return true;
}

static const struct dialogue_room room = { .folder = "test/dialogue/imap",
	.open = open_imap,
	.greet = log_in,
	.stop = stop,
	.directive = directive };

/* A big message to a peer that reads slowly: output stays at its mark, all bytes come in the end. */
static void
test_slow_reader(void)
{
	size_t big = 8 * 1024 * 1024, most = 0, got = 0;
	struct dialogue_peer *p;
	struct buf text;

	TEST_ROW("slow reader");
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	buf_init(&text, big + 100);
	buf_add_c(&text, "a1 APPEND INBOX {8388608+}\r\n");
	for (size_t i = 0; i < big / 16; i++)
		buf_add_c(&text, "sixteen bytes.\r\n");
	buf_add_c(&text, "\r\na2 SELECT INBOX\r\n");
	conn_memory_feed(p->conn, buf_str(&text));
	buf_release(&text);
	dialogue_settle();
	buf_clear(&p->seen);
	conn_memory_accept(p->conn, 0);
	conn_memory_feed(p->conn, STR("a3 FETCH 1 (BODY.PEEK[] BINARY.PEEK[1])\r\n"));
	for (int i = 0; i < 2000 && !str_ends(buf_str(&p->seen), STR("a3 OK Fetched\r\n")); i++) {
		buf_clear(&p->seen);
		conn_memory_accept(p->conn, 20000);
		loop_turn(&dialogue.loop, 0);
		loop_turn(&dialogue.loop, 0);
		most = p->conn->out.n > most ? p->conn->out.n : most;
		dialogue_collect();
		got += p->seen.n;
	}
	CHECK(got > 2 * big && got < 2 * big + 200);
	CHECK(most < 2 * CONN_OUT_HIGH);
	buf_clear(&p->seen);
	dialogue_close();
}

/* What the peer is told for this. */
static struct str
ask_bytes(struct dialogue_peer *p, struct str bytes)
{
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, bytes);
	dialogue_settle();
	return buf_str(&p->seen);
}

static struct str
ask(struct dialogue_peer *p, const char *lines)
{
	return ask_bytes(p, str_c(lines));
}

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
	dialogue_open(&room, DIALOGUE_WHOLE);
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
	sent = ask_bytes(p, buf_str(&packed));
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
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	buf_init(&told, 1 << 20);
	CHECK(str_find(ask(p, "a CAPABILITY\r\n"), STR(" COMPRESS=DEFLATE")) != STR_NONE);
	CHECK_STR(ask(p, "b COMPRESS LZ4\r\n"), STR("b BAD Wrong arguments\r\n"));
	CHECK_STR(ask(p, "c COMPRESS DEFLATE\r\n"), STR("c OK Compression is active\r\n"));
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
	CHECK_STR(ask(dialogue_peer(2), "a COMPRESS DEFLATE\r\nb NOOP\r\n"),
	    STR("a OK Compression is active\r\n"));
	CHECK(conn_memory_finished(dialogue_peer(2)->conn));
	buf_clear(&dialogue_peer(2)->seen);
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
	dialogue_open(&room, DIALOGUE_WHOLE);
	service.settings = &without;
	p = dialogue_peer(1);
	told = ask(p, "a CAPABILITY\r\n");
	CHECK(str_starts(told, STR("* CAPABILITY IMAP4rev1 ID ")));
	CHECK(str_find(told, STR(" UIDPLUS ")) != STR_NONE);
	CHECK(str_find(told, STR(" MOVE ")) == STR_NONE);
	CHECK(str_find(told, STR("QRESYNC")) == STR_NONE); /* it needs CONDSTORE */
	CHECK_STR(ask(p, "a IDLE\r\n"), STR("a BAD Unknown command\r\n"));
	CHECK_STR(ask(p, "a ENABLE IMAP4rev2 QRESYNC\r\n"), STR("* ENABLED\r\na OK Enabled\r\n"));
	CHECK(str_ends(ask(p, "a SELECT INBOX\r\nb UID MOVE 1 Trash\r\n"),
	    STR("b BAD Unknown command\r\n")));
	CHECK_STR(ask(p, "a FETCH 1:* MODSEQ\r\n"), STR("a BAD Wrong arguments\r\n"));
	CHECK_STR(ask(p, "a FETCH 1:* SAVEDATE\r\n"), STR("a BAD Wrong arguments\r\n"));
	CHECK_STR(ask(p, "a STORE 1:* (UNCHANGEDSINCE 1) FLAGS ()\r\n"),
	    STR("a BAD Wrong arguments\r\n"));
	CHECK_STR(ask(p, "a STATUS Trash (HIGHESTMODSEQ)\r\n"), STR("a BAD Wrong arguments\r\n"));
	CHECK(str_ends(ask(p, "a SELECT INBOX (CONDSTORE)\r\n"), STR("a BAD Wrong arguments\r\n")));
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
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	(void)ask(p, "a ENABLE QRESYNC\r\n");
	for (int i = 0; i < 9; i++)
		(void)ask(p, "a APPEND INBOX {5+}\r\nA: b\r\r\n");
	(void)ask(p, "a SELECT INBOX\r\nb UID STORE 1:2,5,7,9 FLAGS (\\Deleted)\r\nc EXPUNGE\r\n");
	(void)ask(p, "a UNSELECT\r\n");
	CHECK(account_open(dialogue.mail, STR(DIALOGUE_ACCOUNT), NULL, &account) == FAIL_NONE);
	mailbox_by_path(account, STR("INBOX"))->expunged_floor = account->modseq;
	told = ask(p, "a SELECT INBOX (QRESYNC (800000002 1))\r\n");
	CHECK(str_find(told, STR("\r\n* VANISHED (EARLIER) 1:2,5,7,9\r\n* 1 FETCH (UID 3 ")) !=
	    STR_NONE);
	told = ask(p, "a SELECT INBOX (QRESYNC (800000002 1 2:6,9:4000000000))\r\n");
	CHECK(
	    str_find(told, STR("\r\n* VANISHED (EARLIER) 2,5,9\r\n* 1 FETCH (UID 3 ")) != STR_NONE);
	told = ask(p, "a SELECT INBOX (QRESYNC (800000002 1 (1:3 3,4,6)))\r\n");
	CHECK(str_find(told, STR("\r\n* VANISHED (EARLIER) 7,9\r\n* 1 FETCH (UID 3 ")) != STR_NONE);
	/* what the session still counts, and what it was not told of yet, is not among them */
	(void)ask(dialogue_peer(2),
	    "a SELECT INBOX\r\nb STORE 2 FLAGS (\\Deleted)\r\nc EXPUNGE\r\n");
	(void)ask(dialogue_peer(2), "a APPEND INBOX {5+}\r\nA: b\r\r\n");
	mailbox_by_path(account, STR("INBOX"))->expunged_floor = account->modseq;
	snprintf(fetch, sizeof(fetch), "a UID FETCH 1:* (UID) (CHANGEDSINCE %u VANISHED)\r\n",
	    (unsigned)account->modseq - 1);
	told = ask(p, fetch);
	CHECK_STR(str_head(told, 52),
	    STR("* VANISHED (EARLIER) 1:2,5,7,9\r\n* VANISHED 4\r\n* 4 EX"));
	account_close(&account);
	for (size_t i = 1; i <= 2; i++)
		buf_clear(&dialogue_peer(i)->seen);
	dialogue_close();
}

/* A message that no summary holds: its preview is made when somebody waits for it (RFC 8970 4). */
static void
test_lazy_preview(void)
{
	struct dialogue_peer *p;
	struct buf text, command;

	TEST_ROW("lazy preview");
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	buf_init(&text, 1 << 20);
	buf_add_c(&text, "To: ");
	for (int i = 0; i < 3000; i++)
		buf_add_c(&text, "Somebody Very Important <somebody@example.test>,\r\n ");
	buf_add_c(&text, "x@example.test\r\n\r\nHello all\r\n");
	buf_init(&command, 1 << 20);
	buf_add_c(&command, "a APPEND INBOX {");
	buf_add_u64(&command, text.n);
	buf_add_c(&command, "+}\r\n");
	buf_add(&command, buf_str(&text));
	buf_add_c(&command, "\r\nb SELECT INBOX\r\n");
	CHECK(str_starts(ask_bytes(p, buf_str(&command)), STR("a OK [APPENDUID ")));
	buf_release(&command);
	CHECK_STR(ask(p, "c FETCH 1 PREVIEW (LAZY)\r\n"),
	    STR("* 1 FETCH (PREVIEW NIL)\r\nc OK Fetched\r\n"));
	CHECK_STR(ask(p, "d FETCH 1 PREVIEW\r\n"),
	    STR("* 1 FETCH (PREVIEW \"Hello all\")\r\nd OK Fetched\r\n"));
	buf_release(&text);
	buf_clear(&p->seen);
	dialogue_close();
}

/* The same of options, keys and algorithms that extensions brought to commands that stay. */
static void
test_without_search(void)
{
	static const char *const gone[] = { "SEARCH YOUNGER 5", "SEARCH FUZZY ALL",
		"SEARCH RETURN (PARTIAL 1:2) ALL", "SEARCH RETURN (UPDATE) ALL",
		"SEARCH RETURN (CONTEXT) ALL", "SEARCH EMAILID e1", "SORT (DISPLAYFROM) UTF-8 ALL",
		"SORT RETURN () (DATE) UTF-8 ALL", "THREAD REFS UTF-8 ALL",
		"UID FETCH 1 UID (PARTIAL 1:1)", "ESEARCH IN (personal) ALL",
		"CANCELUPDATE \"a\"" };
	struct imap_settings without = imap_settings_default;
	struct dialogue_peer *p;
	struct buf text;

	TEST_ROW("without what searches can");
	without.without = STR("WITHIN SEARCH=FUZZY PARTIAL CONTEXT=SEARCH SORT=DISPLAY ESORT "
			      "THREAD=REFS MULTISEARCH OBJECTID");
	dialogue_open(&room, DIALOGUE_WHOLE);
	service.settings = &without;
	p = dialogue_peer(1);
	CHECK(str_find(ask(p, "a SELECT INBOX\r\n"), STR("a OK ")) != STR_NONE);
	buf_init(&text, 1000);
	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		TEST_ROW(gone[i]);
		buf_clear(&text);
		buf_add_c(&text, "a ");
		buf_add_c(&text, gone[i]);
		buf_add_c(&text, "\r\nb NOOP\r\n");
		CHECK(str_starts(ask(p, buf_c(&text)), STR("a BAD ")));
	}
	buf_release(&text);
	TEST_ROW("what stays");
	CHECK_STR(ask(p, "a SORT (DATE) UTF-8 ALL\r\n"), STR("* SORT\r\na OK Sorted\r\n"));
	CHECK_STR(ask(p, "a THREAD REFERENCES UTF-8 ALL\r\n"),
	    STR("* THREAD\r\na OK Threaded\r\n"));
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
	dialogue_open(&room, DIALOGUE_WHOLE);
	service.settings = &without;
	p = dialogue_peer(1);
	CHECK(str_find(ask(p, "a CAPABILITY\r\n"), STR("RIGHTS")) == STR_NONE);
	CHECK_STR(ask(p, "a MYRIGHTS INBOX\r\n"), STR("a BAD Unknown command\r\n"));
	CHECK(str_starts(ask(p, "a NAMESPACE\r\n"), STR("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n")));
	CHECK(str_starts(ask(p, "a CREATE Shared/x\r\n"), STR("a OK ")));
	service.settings = &rules;
	buf_clear(&p->seen);
	p = dialogue_peer(2);
	/* a mailbox of the user's own goes before the namespace of its name */
	CHECK(str_starts(ask(p, "a NAMESPACE\r\n"),
	    STR("* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\r\n")));
	CHECK(str_starts(ask(p, "a STATUS Shared/x (MESSAGES)\r\n"), STR("* STATUS Shared/x ")));
	buf_clear(&p->seen);
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
	dialogue_open(&room, DIALOGUE_WHOLE);
	service.settings = &own;
	service.accounts = accounts;
	service.account_count = ARRAY_LEN(accounts);
	service.jmap_url = STR("https://mail.example.test/.well-known/jmap");
	p = dialogue_peer(1);
	told = ask(p, "a CAPABILITY\r\n");
	CHECK(str_find(told, STR(" MOVE ")) == STR_NONE);
	CHECK(str_find(told, STR(" IDLE ")) != STR_NONE);
	CHECK(str_find(told, STR(" JMAPACCESS")) != STR_NONE);
	CHECK_STR(ask(p, "b GETJMAPACCESS\r\n"),
	    STR("* JMAPACCESS \"https://mail.example.test/.well-known/jmap\"\r\nb OK Told where JMAP is\r\n"));
	CHECK_STR(ask(p, "c ID NIL\r\n"), STR("* ID NIL\r\nc OK Pleased to meet you\r\n"));
	CHECK(str_ends(ask(p, "d SELECT INBOX\r\ne MOVE 1 Trash\r\n"),
	    STR("e BAD Unknown command\r\n")));
	CHECK_STR(ask(p, "f UNAUTHENTICATE\r\ng MOVE 1 Trash\r\n"),
	    STR("f OK Logged out of the account\r\ng BAD Log in first\r\n"));
	buf_clear(&p->seen);
	dialogue_close();
}

/* Looking through a large message for many words takes turns; so it is when a search goes on. */
static void
test_slow_search(void)
{
	struct dialogue_peer *p;
	struct buf text;
	uint64_t turns;

	TEST_ROW("slow search");
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	buf_init(&text, 3 * 1024 * 1024);
	buf_add_c(&text, "a1 APPEND INBOX {2097152+}\r\n");
	for (size_t i = 0; i < 2097152 / 16; i++)
		buf_add_c(&text, "sixteen bytes.\r\n");
	buf_add_c(&text, "\r\na2 SELECT INBOX\r\n");
	CHECK(str_ends(ask(p, buf_c(&text)), STR("a2 OK [READ-WRITE] Mailbox opened\r\n")));
	buf_release(&text);
	turns = dialogue.loop.turns;
	CHECK_STR(
	    ask(p,
		"a3 SEARCH RETURN (UPDATE COUNT) UNSEEN NOT BODY one NOT BODY two BODY bytes\r\n"),
	    STR("* ESEARCH (TAG \"a3\") COUNT 1\r\na3 OK Search done\r\n"));
	CHECK(dialogue.loop.turns - turns >= 3);
	CHECK_STR(ask(p, "a4 STORE 1 +FLAGS.SILENT (\\Seen)\r\n"),
	    STR("* ESEARCH (TAG \"a3\") REMOVEFROM (0 1)\r\na4 OK Flags stored\r\n"));
	turns = dialogue.loop.turns;
	CHECK_STR(ask(p, "a5 STORE 1 -FLAGS.SILENT (\\Seen)\r\n"),
	    STR("* ESEARCH (TAG \"a3\") ADDTO (0 1)\r\na5 OK Flags stored\r\n"));
	CHECK(dialogue.loop.turns - turns >= 3);
	buf_clear(&p->seen);
	dialogue_close();
}

/* A command that takes long says so, by its row's slices and not more often than every ten seconds (RFC 9585). */
static void
test_progress(void)
{
	size_t lines = 0, turns = 0;
	struct dialogue_peer *p;
	struct str rest, line;
	struct buf text;

	TEST_ROW("progress");
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	buf_init(&text, 200000);
	buf_add_c(&text, "a APPEND INBOX {120002+}\r\n\r\n");
	for (int i = 0; i < 120000 / 16; i++)
		buf_add_c(&text, "sixteen bytes.\r\n");
	buf_add_c(&text, "\r\n");
	for (int i = 0; i < 60; i++) {
		conn_memory_feed(p->conn, buf_str(&text));
		dialogue_settle();
	}
	buf_release(&text);
	(void)ask(p, "a SELECT INBOX\r\n");
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, STR("long SEARCH BODY seventeen\r\n"));
	for (; turns < 10000 && !str_ends(buf_str(&p->seen), STR("long OK Search done\r\n"));
	     turns++) {
		dialogue.now_ms += 10000;
		clock_fake(dialogue.now_ms, 800000000000 + dialogue.now_ms);
		loop_turn(&dialogue.loop, 0);
		dialogue_collect();
	}
	for (rest = buf_str(&p->seen); str_take_until(&rest, '\n', &line);)
		if (str_starts(line, STR("* OK [INPROGRESS (\"long\" ")) &&
		    str_ends(line, STR(" 60)] Still at work\r")))
			lines++;
	CHECK(lines > 0 && lines <= turns);
	CHECK(str_starts(str_from(buf_str(&p->seen), str_find(buf_str(&p->seen), STR("* SEARCH"))),
	    STR("* SEARCH\r\nlong OK Search done\r\n")));
	buf_clear(&p->seen);
	(void)ask(p, "b SEARCH BODY seventeen\r\n"); /* no time passes */
	CHECK_STR(buf_str(&p->seen), STR("* SEARCH\r\nb OK Search done\r\n"));
	buf_clear(&p->seen);
	dialogue_close();
}

/* A mailbox has so many annotations and no more; a command names so many and no more. */
static void
test_metadata_limits(void)
{
	struct dialogue_peer *p;
	char line[200];

	TEST_ROW("metadata limits");
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	for (size_t i = 0; i < ANNOTATIONS_MAX; i++) {
		snprintf(line, sizeof(line), "a SETMETADATA INBOX (/private/n%zu \"x\")\r\n", i);
		CHECK_STR(ask(p, line), STR("a OK Metadata set\r\n"));
	}
	CHECK(str_starts(ask(p, "b SETMETADATA INBOX (/private/more \"x\")\r\n"),
	    STR("b NO [METADATA TOOMANY] ")));
	CHECK(str_starts(ask(p, "b SETMETADATA INBOX (/private/more \"x\" /private/n1 NIL)\r\n"),
	    STR("b OK ")));
	CHECK(str_starts(ask(p, "b SETMETADATA INBOX (/private/n2 \"y\")\r\n"), STR("b OK ")));
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, STR("c GETMETADATA INBOX (/private/n1"));
	for (size_t i = 0; i < IMAP_ENTRIES_MAX; i++)
		conn_memory_feed(p->conn, STR(" /private/n1"));
	CHECK(str_starts(ask(p, ")\r\n"), STR("c NO [LIMIT] ")));
	buf_clear(&p->seen);
	dialogue_close();
}

/* A mailbox that is deleted while ESEARCH looks through it has no result, the others have theirs. */
static void
test_deleted_while_searched(void)
{
	struct dialogue_peer *p, *other;
	struct buf text;

	TEST_ROW("deleted while it is searched");
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	other = dialogue_peer(2);
	buf_init(&text, 3 * 1024 * 1024);
	buf_add_c(&text, "a CREATE Box\r\na APPEND Box {2097152+}\r\n");
	for (size_t i = 0; i < 2097152 / 16; i++)
		buf_add_c(&text, "sixteen bytes.\r\n");
	buf_add_c(&text, "\r\na APPEND Trash {11+}\r\nA: b\r\n\r\nyes\r\na NOOP\r\n");
	CHECK(str_find(ask(p, buf_c(&text)), STR("a NO")) == STR_NONE);
	buf_release(&text);
	buf_clear(&p->seen);
	conn_memory_feed(p->conn,
	    STR("a ESEARCH IN (mailboxes (Box Trash)) NOT BODY one NOT BODY two NOT BODY three\r\n"));
	loop_turn(&dialogue.loop, 0);
	CHECK_STR(ask(other, "b DELETE Box\r\n"), STR("b OK Mailbox deleted\r\n"));
	dialogue_settle();
	CHECK(
	    str_starts(buf_str(&p->seen), STR("* ESEARCH (TAG \"a\" MAILBOX Trash UIDVALIDITY ")));
	CHECK(str_ends(buf_str(&p->seen), STR(") UID ALL 1\r\na OK Searched\r\n")));
	buf_clear(&p->seen);
	buf_clear(&other->seen);
	dialogue_close();
}

/* So many mailboxes that NOTIFY does not watch them (RFC 5465 5.8), at once or later. */
static void
test_notify_overflow(void)
{
	struct dialogue_peer *p, *other;
	struct buf text;
	unsigned at = 0;

	TEST_ROW("notify overflow");
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	other = dialogue_peer(2);
	buf_init(&text, 1 << 20);
	while (at < 994) { /* and six that each account has */
		buf_add_c(&text, "a CREATE box");
		buf_add_u64(&text, ++at);
		buf_add_c(&text, "\r\n");
	}
	ask_bytes(other, buf_str(&text));
	CHECK_STR(ask(p, "b NOTIFY SET (personal (MailboxName))\r\n"),
	    STR("b OK Events are told\r\n"));
	ask(other, "c CREATE one.more\r\nd CREATE another\r\n");
	CHECK(str_ends(buf_str(&p->seen),
	    STR("\r\n* OK [NOTIFICATIONOVERFLOW] There are too many mailboxes\r\n")));
	ask(other, "c DELETE box1\r\n");
	CHECK_STR(ask(p, "d NOOP\r\n"), STR("d OK Nothing done\r\n"));
	CHECK_STR(ask(p, "e NOTIFY SET (personal (MailboxName))\r\n"),
	    STR("e NO [NOTIFICATIONOVERFLOW] There are too many mailboxes\r\n"));
	CHECK_STR(ask(p, "f NOTIFY SET (selected (MessageNew MessageExpunge))\r\n"),
	    STR("f OK Events are told\r\n"));
	buf_release(&text);
	buf_clear(&p->seen);
	buf_clear(&other->seen);
	dialogue_close();
}

/* The disk lost the files of all messages. */
static void
lose_files(void)
{
	char path[300];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/%u/%s/cur", test_folder(), dialogue.stores,
	    DIALOGUE_ACCOUNT);
	folder = opendir(path);
	CHECK(folder != NULL);
	while (folder && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			CHECK(unlinkat(dirfd(folder), entry->d_name, 0) == 0);
	if (folder)
		closedir(folder);
}

/* What cannot be read does not match, and is told by NO: "$" is empty then. Summaries are still there. */
static void
test_lost_files(void)
{
	struct dialogue_peer *p;

	TEST_ROW("lost files");
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	(void)ask(p, "a APPEND INBOX {17+}\r\nSubject: x\r\n\r\nyes\r\na SELECT INBOX\r\n");
	CHECK_STR(ask(p, "a SEARCH RETURN (SAVE) BODY yes\r\nb SEARCH $\r\n"),
	    STR("a OK Search done\r\n* SEARCH 1\r\nb OK Search done\r\n"));
	lose_files();
	CHECK_STR(ask(p, "a SEARCH RETURN (SAVE) OR SUBJECT x BODY yes\r\nb SEARCH $\r\n"),
	    STR("a OK Search done\r\n* SEARCH 1\r\nb OK Search done\r\n"));
	CHECK_STR(ask(p, "a SORT (SUBJECT) UTF-8 ALL\r\n"), STR("* SORT 1\r\na OK Sorted\r\n"));
	CHECK_STR(ask(p, "a SEARCH RETURN (SAVE) BODY yes\r\nb SEARCH $\r\n"),
	    STR("a NO [UNAVAILABLE] Some messages could not be read\r\n"
		"* SEARCH\r\nb OK Search done\r\n"));
	CHECK_STR(ask(p, "a UID SORT (SUBJECT) UTF-8 NOT BODY yes\r\n"),
	    STR("* SORT 1\r\na NO [UNAVAILABLE] Some messages could not be read\r\n"));
	CHECK_STR(ask(p, "a ESEARCH RETURN (COUNT) BODY yes\r\n"),
	    STR("a NO [UNAVAILABLE] Some messages could not be read\r\n"));
	buf_clear(&p->seen);
	dialogue_close();
}

/* Big messages told to a client that reads slowly wait for it, and so do its commands; other sessions go on. */
static void
test_notify_slow(void)
{
	size_t big = 1024 * 1024, most = 0, got = 0;
	struct dialogue_peer *p, *other;
	struct buf text;

	TEST_ROW("notify slow");
	dialogue_open(&room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	other = dialogue_peer(2);
	CHECK(str_ends(
	    ask(p,
		"a SELECT INBOX\r\nb NOTIFY SET (selected (MessageNew (BODY.PEEK[] BINARY.PEEK[1]) "
		"MessageExpunge))\r\n"),
	    STR("b OK Events are told\r\n")));
	conn_memory_accept(p->conn, 0);
	buf_init(&text, 4 * big);
	for (int message = 0; message < 3; message++) {
		buf_add_c(&text, "a1 APPEND INBOX {1048576+}\r\n");
		for (size_t i = 0; i < big / 16; i++)
			buf_add_c(&text, "sixteen bytes.\r\n");
		buf_add_c(&text, "\r\n");
	}
	buf_clear(&p->seen);
	CHECK(str_ends(ask_bytes(other, buf_str(&text)), STR(" 3] Message appended\r\n")));
	buf_release(&text);
	conn_memory_feed(p->conn, STR("c NOOP\r\n"));
	for (int i = 0; i < 2000 && !str_ends(buf_str(&p->seen), STR("\r\nc OK Nothing done\r\n"));
	     i++) {
		buf_clear(&p->seen);
		conn_memory_accept(p->conn, 20000);
		loop_turn(&dialogue.loop, 0);
		loop_turn(&dialogue.loop, 0);
		most = p->conn->out.n > most ? p->conn->out.n : most;
		dialogue_collect();
		got += p->seen.n;
	}
	CHECK(got > 6 * big && got < 6 * big + 500);
	CHECK(most < 2 * CONN_OUT_HIGH);
	buf_clear(&p->seen);
	buf_clear(&other->seen);
	dialogue_close();
}

/* A session that floods ends alone; one that does not read holds no more than its output buffer. */
static void
test_floods(void)
{
	struct dialogue_peer *p, *other;
	struct buf text;

	TEST_ROW("a line without end");
	dialogue_open(&room, DIALOGUE_WHOLE);
	other = dialogue_peer(2);
	p = dialogue_peer(1);
	buf_init(&text, 1 << 22);
	while (text.n < IMAP_FLOOD_MAX + (1 << 18))
		buf_add_c(&text, "an endless line ");
	CHECK_STR(ask_bytes(p, buf_str(&text)), STR("* BYE [TOOBIG] That line has no end\r\n"));
	CHECK(conn_memory_finished(p->conn));
	CHECK_STR(ask(other, "a NOOP\r\n"), STR("a OK Nothing done\r\n"));
	buf_clear(&p->seen);

	TEST_ROW("the same instead of DONE");
	p = dialogue_peer(4);
	CHECK_STR(ask(p, "a IDLE\r\n"), STR("+ idling\r\n"));
	CHECK_STR(ask_bytes(p, buf_str(&text)), STR("* BYE [TOOBIG] That line has no end\r\n"));
	buf_clear(&p->seen);

	TEST_ROW("a long line that ends");
	p = dialogue_peer(3);
	buf_truncate(&text, IMAP_FLOOD_MAX / 2);
	buf_add_c(&text, "\r\nb NOOP\r\n");
	CHECK_STR(ask_bytes(p, buf_str(&text)),
	    STR("* BAD Line too long\r\nb OK Nothing done\r\n"));

	TEST_ROW("commands, and no reading");
	buf_clear(&text);
	while (text.n < 200000)
		buf_add_c(&text, "c NOOP\r\n");
	conn_memory_accept(p->conn, 0);
	CHECK_STR(ask_bytes(p, buf_str(&text)), STR(""));
	CHECK(p->conn->out.n > CONN_OUT_HIGH && p->conn->out.n < 2 * CONN_OUT_HIGH);
	CHECK(p->conn->in.cap <= CONN_IN_MAX + CONN_READ_BYTES);
	CHECK_STR(ask(other, "a NOOP\r\n"), STR("a OK Nothing done\r\n"));
	conn_memory_accept(p->conn, SIZE_MAX);
	for (int i = 0; i < 100 && p->seen.n < 25000 * 19; i++)
		dialogue_settle();
	CHECK_NUM(p->seen.n, 25000 * 19);

	TEST_ROW("more messages than one command has");
	buf_clear(&text);
	buf_add_c(&text, "d APPEND INBOX");
	for (unsigned i = 0; i <= EMAIL_BATCH_MAX; i++)
		buf_add_c(&text, " {3+}\r\nabc");
	buf_add_c(&text, "\r\ne STATUS INBOX (MESSAGES)\r\n");
	CHECK_STR(ask_bytes(other, buf_str(&text)),
	    STR("d NO [LIMIT] Too many messages in one command\r\n* STATUS INBOX (MESSAGES 0)\r\n"
		"e OK Status told\r\n"));
	buf_clear(&text);
	buf_add_c(&text, "d APPEND INBOX");
	for (unsigned i = 0; i < EMAIL_BATCH_MAX; i++)
		buf_add_c(&text, " {3+}\r\nabc");
	buf_add_c(&text, "\r\n");
	CHECK(str_ends(ask_bytes(other, buf_str(&text)), STR(" 1:500] Messages appended\r\n")));
	buf_release(&text);
	for (size_t i = 1; i <= 3; i++)
		buf_clear(&dialogue_peer(i)->seen);
	dialogue_close();
}

/* All files, or those named. */
int
main(int argc, char **argv)
{
	dialogue_play(&room, argc - 1, argv + 1);
	if (argc == 1) {
		test_slow_reader();
		test_byte_for_byte();
		test_compress();
		test_without();
		test_short_log();
		test_account();
		test_notify_overflow();
		test_notify_slow();
		test_lazy_preview();
		test_without_search();
		test_slow_search();
		test_progress();
		test_deleted_while_searched();
		test_lost_files();
		test_floods();
		test_without_acl();
		test_metadata_limits();
	}
	return test_end();
}
