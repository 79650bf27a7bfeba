/* test_imap_long.c - sessions that take turns: slow peers, long searches, floods, many mailboxes. */

/* system */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "imap/metadata.h"
#include "imap/session.h"
#include "lib/imap_stage.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "net/private.h"

/* A big message to a peer that reads slowly: output stays at its mark, all bytes come in the end. */
static void
test_slow_reader(void)
{
	size_t big = 8 * 1024 * 1024, most = 0, got = 0;
	struct dialogue_peer *p;
	struct buf text;

	TEST_ROW("slow reader");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
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

/* A message that no summary holds: its preview is made when somebody waits for it (RFC 8970 4). */
static void
test_lazy_preview(void)
{
	struct dialogue_peer *p;
	struct buf text, command;

	TEST_ROW("lazy preview");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
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
	CHECK(str_starts(imap_ask_bytes(p, buf_str(&command)), STR("a OK [APPENDUID ")));
	buf_release(&command);
	CHECK_STR(imap_ask(p, "c FETCH 1 PREVIEW (LAZY)\r\n"),
	    STR("* 1 FETCH (PREVIEW NIL)\r\nc OK Fetched\r\n"));
	CHECK_STR(imap_ask(p, "d FETCH 1 PREVIEW\r\n"),
	    STR("* 1 FETCH (PREVIEW \"Hello all\")\r\nd OK Fetched\r\n"));
	buf_release(&text);
	buf_clear(&p->seen);
	dialogue_close();
}

/* A message of which each address field has so many empty groups, "a:;". */
static void
append_groups(struct dialogue_peer *p, size_t groups, size_t subject)
{
	static const char *const fields[] = { "From", "To", "Cc", "Bcc" };
	struct buf text, command;

	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		buf_add_c(&text, fields[i]);
		buf_add_c(&text, ": ");
		for (size_t k = 0; k < groups; k++)
			buf_add_c(&text, k % 100 ? "a:;" : "a:;\r\n ");
		buf_add_c(&text, "\r\n");
	}
	buf_add_c(&text, "Subject: ");
	for (size_t i = 0; i < subject; i++)
		buf_add_char(&text, 's');
	buf_add_c(&text, "\r\n\r\nHello all\r\n");
	buf_init(&command, 1 << 20);
	buf_add_c(&command, "a APPEND INBOX {");
	buf_add_u64(&command, text.n);
	buf_add_c(&command, "+}\r\n");
	buf_add(&command, buf_str(&text));
	buf_add_c(&command, "\r\n");
	CHECK(str_starts(imap_ask_bytes(p, buf_str(&command)), STR("a OK [APPENDUID ")));
	buf_release(&command);
	buf_release(&text);
}

/* From three times, as it stands for Sender and Reply-To; To, Cc, Bcc. */
static size_t
groups_bytes(size_t groups)
{
	return 6 * (2 + groups * (sizeof("(NIL NIL \"a\" NIL)(NIL NIL NIL NIL)") - 1));
}

/* An ENVELOPE that the output does not take as a whole, behind one that nearly fills it up to its mark. */
static void
test_large_envelope(void)
{
	size_t got = 0, most = 0, subject = 15000;
	struct dialogue_peer *p;

	TEST_ROW("large envelope");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	append_groups(p, 300, 5);
	append_groups(p, 5000, subject);
	CHECK(str_ends(imap_ask(p, "b SELECT INBOX\r\n"), STR("Mailbox opened\r\n")));
	buf_clear(&p->seen);
	conn_memory_accept(p->conn, 0);
	conn_memory_feed(p->conn, STR("c FETCH 1:2 ENVELOPE\r\n"));
	for (int i = 0; i < 2000 && !str_ends(buf_str(&p->seen), STR("c OK Fetched\r\n")); i++) {
		buf_clear(&p->seen);
		loop_turn(&dialogue.loop, 0);
		loop_turn(&dialogue.loop, 0);
		most = p->conn->out.n > most ? p->conn->out.n : most;
		conn_memory_accept(p->conn, 20000);
		dialogue_collect();
		got += p->seen.n;
	}
	CHECK_NUM(got,
	    2 * (sizeof("* 1 FETCH (ENVELOPE (NIL        NIL NIL))\r\n") - 1) +
		strlen("\"sssss\"") + strlen("{15000}\r\n") + subject + groups_bytes(300) +
		groups_bytes(5000) + strlen("c OK Fetched\r\n"));
	CHECK(most <= CONN_OUT_MAX);
	buf_clear(&p->seen);
	dialogue_close();
}

/* A structure that is larger than all that a session may hold: it alone is not told. */
static void
test_endless_structure(void)
{
	enum { PARTS = 36, NAME = 1000000 };
	struct dialogue_peer *p;
	struct buf text, append;

	TEST_ROW("endless structure");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	buf_init(&text, 50000000);
	buf_init(&append, 51000000);
	buf_add_c(&text, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (size_t i = 0; i < PARTS; i++) {
		buf_add_c(&text, "--b\r\nContent-Type: text/plain; name=");
		for (size_t k = 0; k < NAME / 10; k++)
			buf_add_c(&text, "nnnnnnnnnn");
		buf_add_c(&text, "\r\n\r\n");
	}
	buf_add_c(&append, "a APPEND INBOX {");
	buf_add_u64(&append, text.n);
	buf_add_c(&append, "+}\r\n");
	buf_add(&append, buf_str(&text));
	buf_add_c(&append, " {3+}\r\none\r\nb SELECT INBOX\r\n");
	CHECK(str_ends(imap_ask_bytes(p, buf_str(&append)), STR("Mailbox opened\r\n")));
	CHECK_STR(imap_ask(p, "c FETCH 1:2 BODYSTRUCTURE\r\n"),
	    STR("* 1 FETCH (BODYSTRUCTURE NIL)\r\n* 2 FETCH (BODYSTRUCTURE (\"text\" \"plain\" "
		"NIL NIL NIL \"7BIT\" 3 0 NIL NIL NIL NIL))\r\n"
		"c NO [CORRUPTION] Some messages could not be read\r\n"));
	buf_release(&text);
	buf_release(&append);
	buf_clear(&p->seen);
	dialogue_close();
}

/* Many header fields and many keys about them, each of which is another one: that takes turns, too. */
static void
test_slow_header_search(void)
{
	struct dialogue_peer *p;
	struct buf text;
	uint64_t turns;

	TEST_ROW("slow search of a header");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	clock_fake_step(LOOP_SLICE_US - 100);
	p = dialogue_peer(1);
	buf_init(&text, 1024 * 1024);
	buf_add_c(&text, "a1 APPEND INBOX {320000+}\r\n");
	for (size_t i = 0; i < 320000 / 16; i++)
		buf_add_c(&text, "X-A: fourteen.\r\n");
	buf_add_c(&text, "\r\na2 SELECT INBOX\r\n");
	CHECK(str_ends(imap_ask(p, buf_c(&text)), STR("a2 OK [READ-WRITE] Mailbox opened\r\n")));
	buf_clear(&text);
	buf_add_c(&text, "a3 SEARCH HEADER X-A FOURTEEN");
	for (size_t i = 0; i < 100; i++)
		buf_add_c(&text, " NOT HEADER X-A fifteen");
	buf_add_c(&text, " HEADER X-A teen.\r\n");
	turns = dialogue.loop.turns;
	CHECK_STR(imap_ask(p, buf_c(&text)), STR("* SEARCH 1\r\na3 OK Search done\r\n"));
	CHECK(dialogue.loop.turns - turns >= 10);
	buf_release(&text);
	buf_clear(&p->seen);
	dialogue_close();
}

/* A hundred times the envelope of one message, which is taken apart each time, takes turns though little is told. */
static void
test_slow_envelopes(void)
{
	struct dialogue_peer *p;
	struct buf text;
	uint64_t turns;

	TEST_ROW("slow envelopes");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	clock_fake_step(LOOP_SLICE_US - 100);
	p = dialogue_peer(1);
	CHECK(str_ends(
	    imap_ask(p, "a APPEND INBOX {14+}\r\nSubject: x\r\n\r\n\r\nb SELECT INBOX\r\n"),
	    STR("b OK [READ-WRITE] Mailbox opened\r\n")));
	buf_init(&text, 4096);
	buf_add_c(&text, "c FETCH 1 (ENVELOPE");
	for (size_t i = 1; i < 100; i++)
		buf_add_c(&text, " ENVELOPE");
	buf_add_c(&text, ")\r\n");
	turns = dialogue.loop.turns;
	CHECK(str_ends(imap_ask(p, buf_c(&text)), STR("))\r\nc OK Fetched\r\n")));
	CHECK(dialogue.loop.turns - turns >= 10);
	buf_release(&text);
	buf_clear(&p->seen);
	dialogue_close();
}

#define FIND_TURN_BYTES (32 * 1024) /* two pieces of 16 KB each at most */

/* Looking through a large message takes turns; so it is when a search goes on. Others are answered meanwhile. */
static void
test_slow_search(void)
{
	struct dialogue_peer *p, *other;
	struct buf text;
	uint64_t turns;

	TEST_ROW("slow search");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	clock_fake_step(LOOP_SLICE_US - 100);
	p = dialogue_peer(1);
	buf_init(&text, 3 * 1024 * 1024);
	buf_add_c(&text, "a1 APPEND INBOX {2097152+}\r\n");
	for (size_t i = 0; i < 2097152 / 16; i++)
		buf_add_c(&text, "sixteen bytes.\r\n");
	buf_add_c(&text, "\r\na2 SELECT INBOX\r\n");
	CHECK(str_ends(imap_ask(p, buf_c(&text)), STR("a2 OK [READ-WRITE] Mailbox opened\r\n")));
	buf_release(&text);
	turns = dialogue.loop.turns;
	CHECK_STR(
	    imap_ask(p,
		"a3 SEARCH RETURN (UPDATE COUNT) UNSEEN NOT BODY one NOT BODY two BODY bytes\r\n"),
	    STR("* ESEARCH (TAG \"a3\") COUNT 1\r\na3 OK Search done\r\n"));
	CHECK(dialogue.loop.turns - turns >= 2 * 2097152 / FIND_TURN_BYTES);
	CHECK_STR(imap_ask(p, "a4 STORE 1 +FLAGS.SILENT (\\Seen)\r\n"),
	    STR("* ESEARCH (TAG \"a3\") REMOVEFROM (0 1)\r\na4 OK Flags stored\r\n"));
	turns = dialogue.loop.turns;
	CHECK_STR(imap_ask(p, "a5 STORE 1 -FLAGS.SILENT (\\Seen)\r\n"),
	    STR("* ESEARCH (TAG \"a3\") ADDTO (0 1)\r\na5 OK Flags stored\r\n"));
	CHECK(dialogue.loop.turns - turns >= 2 * 2097152 / FIND_TURN_BYTES);
	other = dialogue_peer(2);
	(void)imap_ask(other, "b1 NOOP\r\n");
	buf_clear(&other->seen);
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, STR("a6 SEARCH NOT BODY one\r\n"));
	for (int i = 0; i < 8; i++) /* it came, and is under way */
		loop_turn(&dialogue.loop, 0);
	conn_memory_feed(other->conn, STR("b2 NOOP\r\n"));
	for (int i = 0; i < 8; i++)
		loop_turn(&dialogue.loop, 0);
	dialogue_collect();
	CHECK_STR(buf_str(&other->seen), STR("b2 OK Nothing done\r\n"));
	CHECK_STR(buf_str(&p->seen), STR(""));
	CHECK_STR(imap_ask(p, ""), STR("* SEARCH 1\r\na6 OK Search done\r\n"));
	buf_clear(&other->seen);
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
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
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
	(void)imap_ask(p, "a SELECT INBOX\r\n");
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, STR("long SEARCH BODY seventeen\r\n"));
	for (; turns < 10000 && !str_ends(buf_str(&p->seen), STR("long OK Search done\r\n"));
	     turns++) {
		dialogue_later(10000);
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
	(void)imap_ask(p, "b SEARCH BODY seventeen\r\n"); /* no time passes */
	CHECK_STR(buf_str(&p->seen), STR("* SEARCH\r\nb OK Search done\r\n"));
	buf_clear(&p->seen);
	dialogue_close();
}

/* Numbers that are not below their goal are none (RFC 9585 4). */
static void
test_progress_numbers(void)
{
	static const struct {
		const char *name;
		size_t done, count;
		const char *want;
	} rows[] = {
		{ "some", 3, 4, "* OK [INPROGRESS (\"t\" 3 4)] Still at work\r\n" },
		{ "all", 4, 4, "* OK [INPROGRESS (\"t\" NIL NIL)] Still at work\r\n" },
		{ "more than all", 5, 4, "* OK [INPROGRESS (\"t\" NIL NIL)] Still at work\r\n" },
		{ "of none", 0, 0, "* OK [INPROGRESS (\"t\" NIL NIL)] Still at work\r\n" },
	};
	struct dialogue_peer *p;
	struct imap_session *s;

	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	s = container_of(list_first(dialogue.sessions), struct imap_session, node);
	s->run.tag = STR("t");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		buf_clear(&p->seen);
		s->run.progress_ms = clock_mono_ms() - 10000;
		imap_progress(s, rows[i].done, rows[i].count);
		dialogue_settle();
		CHECK_STR(buf_str(&p->seen), str_c(rows[i].want));
	}
	s->run.tag = STR("");
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
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	for (size_t i = 0; i < ANNOTATIONS_MAX; i++) {
		snprintf(line, sizeof(line), "a SETMETADATA INBOX (/private/n%zu \"x\")\r\n", i);
		CHECK_STR(imap_ask(p, line), STR("a OK Metadata set\r\n"));
	}
	CHECK(str_starts(imap_ask(p, "b SETMETADATA INBOX (/private/more \"x\")\r\n"),
	    STR("b NO [METADATA TOOMANY] ")));
	CHECK(
	    str_starts(imap_ask(p, "b SETMETADATA INBOX (/private/more \"x\" /private/n1 NIL)\r\n"),
		STR("b OK ")));
	CHECK(str_starts(imap_ask(p, "b SETMETADATA INBOX (/private/n2 \"y\")\r\n"), STR("b OK ")));
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, STR("c GETMETADATA INBOX (/private/n1"));
	for (size_t i = 0; i < IMAP_ENTRIES_MAX; i++)
		conn_memory_feed(p->conn, STR(" /private/n1"));
	CHECK(str_starts(imap_ask(p, ")\r\n"), STR("c NO [LIMIT] ")));
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
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	other = dialogue_peer(2);
	buf_init(&text, 3 * 1024 * 1024);
	buf_add_c(&text, "a CREATE Box\r\na APPEND Box {2097152+}\r\n");
	for (size_t i = 0; i < 2097152 / 16; i++)
		buf_add_c(&text, "sixteen bytes.\r\n");
	buf_add_c(&text, "\r\na APPEND Trash {11+}\r\nA: b\r\n\r\nyes\r\na NOOP\r\n");
	CHECK(str_find(imap_ask(p, buf_c(&text)), STR("a NO")) == STR_NONE);
	buf_release(&text);
	buf_clear(&p->seen);
	conn_memory_feed(p->conn,
	    STR("a ESEARCH IN (mailboxes (Box Trash)) NOT BODY one NOT BODY two NOT BODY three\r\n"));
	loop_turn(&dialogue.loop, 0);
	CHECK_STR(imap_ask(other, "b DELETE Box\r\n"), STR("b OK Mailbox deleted\r\n"));
	dialogue_settle();
	CHECK(
	    str_starts(buf_str(&p->seen), STR("* ESEARCH (TAG \"a\" MAILBOX Trash UIDVALIDITY ")));
	CHECK(str_ends(buf_str(&p->seen), STR(") UID ALL 1\r\na OK Searched\r\n")));
	buf_clear(&p->seen);
	buf_clear(&other->seen);
	dialogue_close();
}

/* What changed before IDLE comes in a packet of its own, a little behind "+ idling"; what changes later, at once. */
static void
test_idle_quiet(void)
{
	struct dialogue_peer *p, *other;

	TEST_ROW("quiet behind IDLE");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	other = dialogue_peer(2);
	imap_ask(p, "a SELECT INBOX\r\n");
	CHECK_STR(imap_ask(p, "b IDLE\r\n"), STR("+ idling\r\n"));
	buf_clear(&p->seen);
	imap_ask(other, "c APPEND INBOX {3+}\r\nabc\r\n");
	CHECK_STR(buf_str(&p->seen), STR("* 1 EXISTS\r\n* 1 RECENT\r\n"));
	CHECK_STR(imap_ask(p, "DONE\r\n"), STR("b OK Idle ended\r\n"));
	imap_ask(other, "d APPEND INBOX {3+}\r\nabc\r\n");
	CHECK_STR(imap_ask(p, "e IDLE\r\n"), STR("+ idling\r\n"));
	imap_ask(other, "f APPEND INBOX {3+}\r\nabc\r\n");
	dialogue_later(199);
	dialogue_settle();
	CHECK_STR(buf_str(&p->seen), STR("+ idling\r\n"));
	buf_clear(&p->seen);
	dialogue_later(1);
	dialogue_settle();
	CHECK_STR(buf_str(&p->seen), STR("* 3 EXISTS\r\n* 3 RECENT\r\n"));
	imap_ask(p, "DONE\r\n");
	imap_ask(other, "g APPEND INBOX {3+}\r\nabc\r\n");
	CHECK_STR(imap_ask(p, "h IDLE\r\nDONE\r\n"),
	    STR("+ idling\r\n* 4 EXISTS\r\n* 4 RECENT\r\nh OK Idle ended\r\n"));
	buf_clear(&p->seen);
	buf_clear(&other->seen);
	dialogue_close();
}

/* UID EXPUNGE of more than one command takes, in slices: the last ones, told from the highest number. */
static void
test_many_expunges(void)
{
	const size_t all = 3 * EMAIL_BATCH_MAX, limit = 1000; /* the lowest that an owner may set */
	struct dialogue_peer *p;
	struct buf text;

	TEST_ROW("many expunges");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	imap_stage.rules.message_limit = (int64_t)limit;
	p = dialogue_peer(1);
	buf_init(&text, 1 << 20);
	for (unsigned batch = 0; batch < 3; batch++) {
		buf_add_c(&text, "a APPEND INBOX");
		for (unsigned i = 0; i < EMAIL_BATCH_MAX; i++)
			buf_add_c(&text, " (\\Deleted) {3+}\r\nabc");
		buf_add_c(&text, "\r\n");
	}
	buf_add_c(&text, "a SELECT INBOX\r\na UID STORE 7 -FLAGS.SILENT (\\Deleted)\r\n");
	CHECK(str_ends(imap_ask_bytes(p, buf_str(&text)), STR("a OK Flags stored\r\n")));
	buf_clear(&text);
	for (size_t i = 0; i < limit; i++) {
		buf_add_c(&text, "* ");
		buf_add_u64(&text, all - i);
		buf_add_c(&text, " EXPUNGE\r\n");
	}
	buf_add_c(&text, "b OK [MESSAGELIMIT 1000 501] Expunged\r\n");
	CHECK_STR(imap_ask(p, "b UID EXPUNGE 1:*\r\n"), buf_str(&text));
	imap_ask(p, "c UID EXPUNGE 1:500\r\n");
	CHECK(str_ends(buf_str(&p->seen), STR("* 2 EXPUNGE\r\nc OK Expunged\r\n")));
	CHECK_STR(imap_ask(p, "d UID SEARCH ALL\r\n"), STR("* SEARCH 7\r\nd OK Search done\r\n"));
	buf_release(&text);
	buf_clear(&p->seen);
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
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	other = dialogue_peer(2);
	buf_init(&text, 1 << 20);
	while (at < 994) { /* and six that each account has */
		buf_add_c(&text, "a CREATE box");
		buf_add_u64(&text, ++at);
		buf_add_c(&text, "\r\n");
	}
	imap_ask_bytes(other, buf_str(&text));
	CHECK_STR(imap_ask(p, "b NOTIFY SET (personal (MailboxName))\r\n"),
	    STR("b OK Events are told\r\n"));
	imap_ask(other, "c CREATE one.more\r\nd CREATE another\r\n");
	CHECK(str_ends(buf_str(&p->seen),
	    STR("\r\n* OK [NOTIFICATIONOVERFLOW] There are too many mailboxes\r\n")));
	imap_ask(other, "c DELETE box1\r\n");
	CHECK_STR(imap_ask(p, "d NOOP\r\n"), STR("d OK Nothing done\r\n"));
	CHECK_STR(imap_ask(p, "e NOTIFY SET (personal (MailboxName))\r\n"),
	    STR("e NO [NOTIFICATIONOVERFLOW] There are too many mailboxes\r\n"));
	CHECK_STR(imap_ask(p, "f NOTIFY SET (selected (MessageNew MessageExpunge))\r\n"),
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

/*
 * What cannot be read does not match, and is told by NO: "$" is empty then. Summaries are still there, and words of the
 * index, which cannot prove what stands on both sides of a blank.
 */
static void
test_lost_files(void)
{
	struct dialogue_peer *p;

	TEST_ROW("lost files");
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	(void)imap_ask(p, "a APPEND INBOX {20+}\r\nSubject: x\r\n\r\nyes no\r\na SELECT INBOX\r\n");
	CHECK_STR(imap_ask(p, "a SEARCH RETURN (SAVE) BODY \"s n\"\r\nb SEARCH $\r\n"),
	    STR("a OK Search done\r\n* SEARCH 1\r\nb OK Search done\r\n"));
	lose_files();
	CHECK_STR(imap_ask(p, "a SEARCH RETURN (SAVE) OR SUBJECT x BODY \"s n\"\r\nb SEARCH $\r\n"),
	    STR("a OK Search done\r\n* SEARCH 1\r\nb OK Search done\r\n"));
	CHECK_STR(imap_ask(p, "a SORT (SUBJECT) UTF-8 ALL\r\n"),
	    STR("* SORT 1\r\na OK Sorted\r\n"));
	CHECK_STR(imap_ask(p, "a SEARCH RETURN (SAVE) BODY \"s n\"\r\nb SEARCH $\r\n"),
	    STR("a NO [CORRUPTION] Some messages could not be read\r\n"
		"* SEARCH\r\nb OK Search done\r\n"));
	CHECK_STR(imap_ask(p, "a UID SORT (SUBJECT) UTF-8 NOT BODY \"s n\"\r\n"),
	    STR("* SORT 1\r\na NO [CORRUPTION] Some messages could not be read\r\n"));
	CHECK_STR(imap_ask(p, "a ESEARCH RETURN (COUNT) BODY \"s n\"\r\n"),
	    STR("a NO [CORRUPTION] Some messages could not be read\r\n"));
	CHECK_STR(imap_ask(p, "a FETCH 1 BODY.PEEK[]\r\n"),
	    STR("* 1 FETCH (BODY[] NIL)\r\na NO [CORRUPTION] Some messages could not be read\r\n"));
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
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	other = dialogue_peer(2);
	CHECK(str_ends(
	    imap_ask(p,
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
	CHECK(str_ends(imap_ask_bytes(other, buf_str(&text)), STR(" 3] Message appended\r\n")));
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
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	other = dialogue_peer(2);
	p = dialogue_peer(1);
	buf_init(&text, 1 << 22);
	while (text.n < IMAP_FLOOD_MAX + (1 << 18))
		buf_add_c(&text, "an endless line ");
	CHECK_STR(imap_ask_bytes(p, buf_str(&text)),
	    STR("* BYE [TOOBIG] That line has no end\r\n"));
	CHECK(conn_memory_finished(p->conn));
	CHECK_STR(imap_ask(other, "a NOOP\r\n"), STR("a OK Nothing done\r\n"));
	buf_clear(&p->seen);

	TEST_ROW("the same instead of DONE");
	p = dialogue_peer(4);
	CHECK_STR(imap_ask(p, "a IDLE\r\n"), STR("+ idling\r\n"));
	CHECK_STR(imap_ask_bytes(p, buf_str(&text)),
	    STR("* BYE [TOOBIG] That line has no end\r\n"));
	buf_clear(&p->seen);

	TEST_ROW("a long line that ends");
	p = dialogue_peer(3);
	buf_truncate(&text, IMAP_FLOOD_MAX / 2);
	buf_add_c(&text, "\r\nb NOOP\r\n");
	CHECK_STR(imap_ask_bytes(p, buf_str(&text)),
	    STR("an BAD Line too long\r\nb OK Nothing done\r\n"));

	TEST_ROW("commands, and no reading");
	buf_clear(&text);
	while (text.n < 200000)
		buf_add_c(&text, "c NOOP\r\n");
	conn_memory_accept(p->conn, 0);
	CHECK_STR(imap_ask_bytes(p, buf_str(&text)), STR(""));
	CHECK(p->conn->out.n > CONN_OUT_HIGH && p->conn->out.n < 2 * CONN_OUT_HIGH);
	CHECK(p->conn->in.cap <= CONN_IN_MAX + CONN_READ_BYTES);
	CHECK_STR(imap_ask(other, "a NOOP\r\n"), STR("a OK Nothing done\r\n"));
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
	CHECK_STR(imap_ask_bytes(other, buf_str(&text)),
	    STR("d NO [MESSAGELIMIT 500] Too many messages in one command\r\n* STATUS INBOX (MESSAGES 0)\r\n"
		"e OK Status told\r\n"));
	buf_clear(&text);
	buf_add_c(&text, "d APPEND INBOX");
	for (unsigned i = 0; i < EMAIL_BATCH_MAX; i++)
		buf_add_c(&text, " {3+}\r\nabc");
	buf_add_c(&text, "\r\n");
	CHECK(
	    str_ends(imap_ask_bytes(other, buf_str(&text)), STR(" 1:500] Messages appended\r\n")));
	buf_release(&text);
	for (size_t i = 1; i <= 3; i++)
		buf_clear(&dialogue_peer(i)->seen);
	dialogue_close();
}

int
main(void)
{
	test_slow_reader();
	test_lazy_preview();
	test_large_envelope();
	test_slow_envelopes();
	test_slow_search();
	test_slow_header_search();
	test_endless_structure();
	test_progress();
	test_progress_numbers();
	test_metadata_limits();
	test_deleted_while_searched();
	test_many_expunges();
	test_idle_quiet();
	test_notify_overflow();
	test_lost_files();
	test_notify_slow();
	test_floods();
	return test_end();
}
