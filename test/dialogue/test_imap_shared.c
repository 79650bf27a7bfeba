/* test_imap_shared.c - rights that are taken away while a command that takes turns is under way (RFC 4314 4). */

/* base */
#include "base/test.h"

/* rooms */
#include "lib/imap_stage.h"
#include "mail/email.h"
#include "net/private.h"

#define MESSAGES (3 * EMAIL_BATCH_MAX) /* more than one step stores, copies or looks through */

#define BOX   "\"Other Users/bob@example.test/box\""
#define OTHER "\"Other Users/bob@example.test/other\""

static struct dialogue_peer *alice, *bob;

static void
fill(const char *box)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	for (size_t done = 0; done < MESSAGES; done += EMAIL_BATCH_MAX) {
		buf_clear(&text);
		buf_add_c(&text, "a APPEND ");
		buf_add_c(&text, box);
		for (size_t i = 0; i < EMAIL_BATCH_MAX; i++)
			buf_add_c(&text, " {8+}\r\n\r\nwords\x20");
		buf_add_c(&text, "\r\n");
		CHECK(str_starts(imap_ask_bytes(bob, buf_str(&text)), STR("a OK ")));
	}
	buf_release(&text);
}

static void
open_stage(void)
{
	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	dialogue.is_bare = true;
	alice = dialogue_peer(1);
	bob = dialogue_peer(2);
	(void)imap_ask(alice, "l LOGIN alice secret\r\n");
	(void)imap_ask(bob, "l LOGIN bob secret\r\na CREATE box\r\na CREATE other\r\n");
	fill("box");
}

/* How many messages of the box match, as its owner sees it. */
static uint64_t
count(const char *keys)
{
	struct buf command;
	struct str seen;
	uint64_t n = 0;
	size_t at;

	buf_init(&command, 1000);
	buf_add_c(&command, "n ESEARCH IN (mailboxes ");
	buf_add_c(&command, keys);
	buf_add_c(&command, "\r\n");
	seen = imap_ask_bytes(bob, buf_str(&command));
	CHECK(str_ends(seen, STR("n OK Searched\r\n")));
	at = str_find(seen, STR(" COUNT "));
	if (at != STR_NONE) {
		seen = str_from(seen, at + 7);
		CHECK(str_u64(&seen, UINT64_MAX, &n));
	}
	buf_release(&command);
	return n;
}

/* Alice's command begins; in the same turn bob's one runs, then hers to its end. What she is told. */
static struct str
play(const char *command, const char *loss)
{
	bool is_search = str_starts(str_c(command), STR("c ESEARCH"));

	CHECK(str_find(
		  imap_ask(bob, "r SETACL box alice lrswite\r\nr SETACL other alice lrswite\r\n"),
		  STR("r NO")) == STR_NONE);
	if (is_search) /* the box is not selected: else she hears BYE */
		(void)imap_ask(alice, "s UNSELECT\r\n");
	else
		CHECK(str_find(imap_ask(alice, "s SELECT " BOX "\r\n"), STR("s OK ")) != STR_NONE);
	buf_clear(&alice->seen);
	conn_memory_feed(alice->conn, str_c(command));
	CHECK(str_starts(imap_ask(bob, loss), STR("x OK ")));
	return buf_str(&alice->seen);
}

static bool
is_some(uint64_t n)
{
	return n > 0 && n < MESSAGES;
}

static void
test_store(void)
{
	TEST_ROW("STORE, w goes");
	CHECK_STR(play("c STORE 1:* +FLAGS.SILENT (\\Flagged)\r\n", "x SETACL box alice -w\r\n"),
	    STR("c NO [NOPERM] You may not change these flags\r\n"));
	CHECK(is_some(count("box) RETURN (COUNT) FLAGGED")));

	TEST_ROW("STORE, w goes and s stays");
	CHECK_STR(
	    play("c STORE 1:* FLAGS.SILENT (\\Seen \\Answered)\r\n", "x SETACL box alice -w\r\n"),
	    STR("c OK Flags stored\r\n"));
	CHECK_NUM(count("box) RETURN (COUNT) SEEN"), MESSAGES);
	CHECK(is_some(count("box) RETURN (COUNT) ANSWERED")));

	TEST_ROW("STORE, t goes");
	CHECK_STR(play("c STORE 1:* +FLAGS.SILENT (\\Deleted)\r\n", "x SETACL box alice -t\r\n"),
	    STR("c NO [NOPERM] You may not change these flags\r\n"));
	CHECK(is_some(count("box) RETURN (COUNT) DELETED")));

	TEST_ROW("STORE, r goes");
	CHECK_STR(play("c STORE 1:* +FLAGS.SILENT (\\Draft)\r\n", "x DELETEACL box alice\r\n"),
	    STR("* BYE [NONEXISTENT] The selected mailbox is no longer shared with you\r\n"));
	CHECK(is_some(count("box) RETURN (COUNT) DRAFT")));
	buf_clear(&alice->seen);
	alice = dialogue_peer(3);
	(void)imap_ask(alice, "l LOGIN alice secret\r\n");
}

static void
test_search(void)
{
	TEST_ROW("ESEARCH, r goes");
	CHECK_STR(play("c ESEARCH IN (mailboxes " BOX ") RETURN (COUNT) BODY words\r\n",
		      "x SETACL box alice -r\r\n"),
	    STR("c OK Searched\r\n"));
	CHECK_NUM(count("box) RETURN (COUNT) BODY words"), MESSAGES);
}

/* A COPY comes to nothing, a MOVE ends where it is. */
static void
test_copy(void)
{
	TEST_ROW("COPY, i goes");
	CHECK_STR(play("c COPY 1:* " OTHER "\r\n", "x SETACL other alice -i\r\n"),
	    STR("c NO [NOPERM] Not allowed\r\n"));
	CHECK_NUM(count("other) RETURN (COUNT) ALL"), 0);

	TEST_ROW("COPY, the target is not to be seen any more");
	CHECK_STR(play("c COPY 1:* " OTHER "\r\n", "x DELETEACL other alice\r\n"),
	    STR("c NO [TRYCREATE] The mailbox was deleted\r\n"));
	CHECK_NUM(count("other) RETURN (COUNT) ALL"), 0);

	TEST_ROW("COPY, e goes");
	CHECK(str_starts(play("c COPY 1:* " OTHER "\r\n", "x SETACL box alice -e\r\n"),
	    STR("c OK [COPYUID ")));
	CHECK_NUM(count("other) RETURN (COUNT) ALL"), MESSAGES);

	TEST_ROW("MOVE, t goes");
	CHECK(str_starts(play("c MOVE 1:* " OTHER "\r\n", "x SETACL box alice -t\r\n"),
	    STR("* OK [COPYUID ")));
	CHECK(str_ends(buf_str(&alice->seen), STR("c NO [NOPERM] Not allowed\r\n")));
	CHECK(is_some(count("box) RETURN (COUNT) ALL")));
	CHECK_NUM(count("box) RETURN (COUNT) ALL") + count("other) RETURN (COUNT) ALL"),
	    2 * MESSAGES);
}

/* More messages come, and all get \Deleted; how many there are then. */
static uint64_t
delete_all(void)
{
	fill("box");
	CHECK(
	    str_ends(imap_ask(bob,
			 "a SELECT box\r\na STORE 1:* +FLAGS.SILENT (\\Deleted)\r\na UNSELECT\r\n"),
		STR("a OK Mailbox left\r\n")));
	return count("box) RETURN (COUNT) ALL");
}

static void
test_expunge(void)
{
	uint64_t all = delete_all(), left;

	TEST_ROW("EXPUNGE, e goes");
	CHECK(str_ends(play("c EXPUNGE\r\n", "x SETACL box alice -e\r\n"),
	    STR("\r\nc NO [NOPERM] Not allowed\r\n")));
	left = count("box) RETURN (COUNT) ALL");
	CHECK(left > 0 && left < all);

	all = delete_all();
	TEST_ROW("CLOSE, e goes");
	CHECK_STR(play("c CLOSE\r\n", "x SETACL box alice -e\r\n"), STR("c OK Mailbox closed\r\n"));
	left = count("box) RETURN (COUNT) ALL");
	CHECK(left > 0 && left < all);
}

int
main(void)
{
	open_stage();
	test_store();
	test_search();
	test_copy();
	test_expunge();
	buf_clear(&alice->seen);
	buf_clear(&bob->seen);
	dialogue_close();
	return test_end();
}
