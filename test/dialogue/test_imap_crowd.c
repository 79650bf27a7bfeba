/*
 * test_imap_crowd.c - sessions of two users do anything at random, none waits for an answer, and slices are the smallest:
 * mailboxes, messages and rights come and go in the middle of every command. What is told is the model's affair
 * (test_imap_model.c); here each command has its answer, in their order, or the session its BYE, and the sanitizers look.
 *
 * SEED= and ROUNDS= of the environment repeat a run and make it longer; the seed is printed.
 */

/* system */
#include <stdio.h>

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/chance.h"
#include "lib/fake_blobs.h"
#include "lib/imap_stage.h"
#include "net/private.h"

#define ROUNDS   30
#define COMMANDS 60 /* of a session in a round */
#define CROWD    4

/* $e an extension, $b a mailbox, $s a set, $n a number, $f flags, $u a user, $r rights, $w a word */
static const char *const commands[] = {
	"SELECT $b",
	"EXAMINE $b",
	"SELECT $b (QRESYNC (800000002 $n $s))",
	"UNSELECT",
	"CLOSE",
	"EXPUNGE",
	"UID EXPUNGE $s",
	"FETCH $s (UID FLAGS ENVELOPE BODY.PEEK[])",
	"UID FETCH $s (BODY[HEADER.FIELDS (SUBJECT X)] BODYSTRUCTURE PREVIEW BINARY.SIZE[1])",
	"UID FETCH $s (BINARY[1] SAVEDATE EMAILID) (CHANGEDSINCE $n VANISHED)",
	"FETCH $s FLAGS",
	"STORE $s +FLAGS ($f)",
	"UID STORE $s (UNCHANGEDSINCE $n) FLAGS ($f)",
	"STORE $s -FLAGS.SILENT ($f)",
	"SEARCH RETURN (SAVE COUNT) OR TEXT $w UNSEEN",
	"UID SEARCH RETURN (UPDATE ALL) NOT BODY $w",
	"UID SORT RETURN (UPDATE PARTIAL 1:$n) (SUBJECT REVERSE DATE) UTF-8 NOT KEYWORD $w",
	"SEARCH RETURN () FUZZY TEXT \"$w $w\" HEADER X $w",
	"UID FETCH $ (UID)",
	"THREAD REFS UTF-8 ALL",
	"UID THREAD REFERENCES UTF-8 TEXT $w",
	"ESEARCH IN (personal subtree (\"Other Users\" a)) RETURN (COUNT MIN) BODY $w",
	"COPY $s $b",
	"UID COPY $s $b",
	"MOVE $s $b",
	"UID MOVE $s $b",
	"APPEND $b ($f) {28+}\r\nSubject: $w\r\n\r\n$w one two\r\n",
	"APPEND $b {18+}\r\nX: one\r\n\r\ntwo .... {18+}\r\nX: two\r\n\r\none ....",
	"APPEND $b CATENATE (URL \"/a/;UID=$n\" TEXT {5+}\r\nthree URL \";UID=$n/;SECTION=TEXT\")",
	"UID REPLACE $n $b {12+}\r\nX: one\r\n\r\ntw",
	"CREATE $b",
	"CREATE $b",
	"DELETE $b",
	"RENAME $b $b",
	"SUBSCRIBE $b",
	"LIST (SUBSCRIBED RECURSIVEMATCH) \"\" % RETURN (CHILDREN)",
	"LIST \"\" * RETURN (STATUS (MESSAGES SIZE DELETED) MYRIGHTS METADATA (/shared/comment))",
	"STATUS $b (MESSAGES UNSEEN HIGHESTMODSEQ)",
	"SETACL $b $u $r",
	"SETACL $b $u lrswipkxtea",
	"DELETEACL $b $u",
	"MYRIGHTS $b",
	"GETACL $b",
	"GETQUOTAROOT $b",
	"SETMETADATA $b (/shared/comment \"$w\" /private/comment NIL)",
	"GETMETADATA (DEPTH infinity) $b /shared",
	"NOTIFY SET (selected (MessageNew (UID BODY.PEEK[TEXT]) MessageExpunge FlagChange))",
	"NOTIFY SET (personal (MessageNew FlagChange MessageExpunge MailboxName))",
	"NOTIFY SET (subtree \"Other Users\" (MessageNew MessageExpunge MailboxMetadataChange))",
	"NOTIFY SET (selected-delayed (MessageNew MessageExpunge))",
	"NOTIFY NONE",
	"IDLE\r\nDONE",
	"IDLE\r\nDONE",
	"NOOP",
	"ENABLE QRESYNC",
	"ENABLE IMAP4rev2 UTF8=ACCEPT",
	"CANCELUPDATE \"t1\" \"t2\" \"t3\" \"t4\" \"t5\" \"t6\" \"t7\" \"t8\"",
	"UNAUTHENTICATE\r\nx LOGIN $u secret",
};

/* What each session begins with: some messages, mailboxes, and rights of the others. */
static const char *const beginnings[] = {
	"LOGIN $u secret",
	"CREATE a/b",
	"CREATE c",
	"APPEND INBOX {3+}\r\none {3+}\r\ntwo {3+}\r\nsix {3+}\r\nten {3+}\r\none",
	"APPEND a (\\Deleted) {3+}\r\none {3+}\r\ntwo {3+}\r\nsix",
	"SETACL INBOX anyone lrswipkxte",
	"SETACL a anyone lrswipkxte",
	"SETACL c anyone lrswit",
	"ENABLE $e",
	"SELECT INBOX",
};

static const char *const boxes[] = { "INBOX", "INBOX", "a", "a/b", "c", "Trash",
	"\"Other Users/alice@example.test/INBOX\"", "\"Other Users/alice@example.test/a\"",
	"\"Other Users/bob@example.test/INBOX\"", "\"Other Users/bob@example.test/c\"" };
static const char *const sets[] = { "1", "1:*", "*", "2:4", "1,3,5:9", "1:3,7:*" };
static const char *const flags[] = { "\\Seen", "\\Deleted", "\\Deleted \\Seen", "one \\Flagged",
	"two" };
static const char *const users[] = { "alice", "bob" };
static const char *const rights[] = { "lr", "-r", "+r", "lrs", "-w", "lri", "l", "-i", "+te" };
static const char *const extensions[] = { "CONDSTORE", "QRESYNC", "IMAP4rev2", "UIDONLY", "X" };
static const char *const words[] = { "one", "two", "six", "ten" };

static void
fill(struct buf *out, char what)
{
	switch (what) {
	case 'b': buf_add_c(out, boxes[chance_below(ARRAY_LEN(boxes))]); break;
	case 's': buf_add_c(out, sets[chance_below(ARRAY_LEN(sets))]); break;
	case 'n': buf_add_u64(out, 1 + chance_below(9)); break;
	case 'f': buf_add_c(out, flags[chance_below(ARRAY_LEN(flags))]); break;
	case 'u': buf_add_c(out, users[chance_below(ARRAY_LEN(users))]); break;
	case 'r': buf_add_c(out, rights[chance_below(ARRAY_LEN(rights))]); break;
	case 'e': buf_add_c(out, extensions[chance_below(ARRAY_LEN(extensions))]); break;
	case 'w': buf_add_c(out, words[chance_below(ARRAY_LEN(words))]); break;
	default:
		buf_add_char(out, '$');
		buf_add_char(out, what);
		break;
	}
}

static void
command_write(struct buf *out, unsigned tag, struct str text)
{
	buf_add_char(out, 't');
	buf_add_u64(out, tag);
	buf_add_char(out, ' ');
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '$' && i + 1 < text.n)
			fill(out, text.p[++i]);
		else
			buf_add_char(out, text.p[i]);
	buf_add_c(out, "\r\n");
}

/* Most things need a selected mailbox. */
static struct str
next_command(unsigned tag)
{
	if (tag <= ARRAY_LEN(beginnings))
		return str_c(beginnings[tag - 1]);
	if (tag % 4 == 0)
		return chance_below(2) == 0 ? STR("SELECT INBOX") : STR("SELECT $b");
	return str_c(commands[chance_below(ARRAY_LEN(commands))]);
}

/*
 * Every command has its answer, in order. A session that ended has those of its first commands, and its BYE behind them:
 * it stays until its client goes too, so that nothing of what it said is lost.
 */
static void
check_answers(const struct dialogue_peer *p, unsigned last)
{
	struct str seen = buf_str(&p->seen);
	bool is_over = !p->conn || conn_memory_finished(p->conn);
	struct buf tag;

	buf_init(&tag, 20);
	for (unsigned i = 1; i <= last; i++) {
		size_t at;

		buf_clear(&tag);
		buf_add_c(&tag, "\r\nt");
		buf_add_u64(&tag, i);
		buf_add_char(&tag, ' ');
		at = str_find(seen, buf_str(&tag));
		if (at == STR_NONE && is_over)
			break;
		CHECK(at != STR_NONE);
		if (at != STR_NONE)
			seen = str_from(seen, at + 2);
	}
	CHECK((str_find(seen, STR("\r\n* BYE ")) != STR_NONE) == is_over);
	buf_release(&tag);
}

/* A piece of what is left, to a client that may read slowly. */
static void
feed_piece(struct dialogue_peer *p, struct buf *rest)
{
	struct str piece =
	    str_head(buf_str(rest), 1 + chance_below(chance_below(4) == 0 ? 2000 : 60));

	if (!p->conn || rest->n == 0)
		return;
	conn_memory_accept(p->conn, chance_below(3) == 0 ? chance_below(100) : SIZE_MAX);
	conn_memory_feed(p->conn, piece);
	buf_consume(rest, piece.n);
}

static void
play(struct dialogue_peer **peers)
{
	struct buf rest[CROWD];
	size_t left = 1;

	for (size_t i = 0; i < CROWD; i++) {
		buf_init(&rest[i], 100000);
		for (unsigned tag = 1; tag <= COMMANDS; tag++)
			command_write(&rest[i], tag, next_command(tag));
	}
	while (left > 0) {
		left = 0;
		if (chance_below(50) == 0) /* without effect when files are here */
			fake_blobs_fail((unsigned)chance_below(20), (unsigned)chance_below(3),
			    FAIL_TEMP);
		for (size_t i = 0; i < CROWD; i++) {
			feed_piece(peers[i], &rest[i]);
			left += peers[i]->conn ? rest[i].n : 0;
		}
		for (size_t turns = chance_below(4); turns > 0; turns--) {
			loop_turn(&dialogue.loop, 0);
			dialogue_collect();
		}
	}
	for (size_t i = 0; i < CROWD; i++) {
		if (peers[i]->conn)
			conn_memory_accept(peers[i]->conn, SIZE_MAX);
		buf_release(&rest[i]);
	}
	fake_blobs_fail(0, 0, FAIL_NONE);
	dialogue_settle();
}

static void
play_round(void)
{
	struct dialogue_peer *peers[CROWD];

	dialogue_open(&imap_stage_room, DIALOGUE_WHOLE);
	dialogue.is_bare = true;
	imap_stage.rules.errors = INT64_MAX;
	clock_fake_step(LOOP_SLICE_US - 100);
	if (chance_below(2) == 0)
		fake_blobs_begin(dialogue.blobs, &dialogue.loop, (unsigned)chance_below(4));
	for (size_t i = 0; i < CROWD; i++)
		peers[i] = dialogue_peer((unsigned)i + 1);
	play(peers);
	for (size_t i = 0; i < CROWD; i++) {
		check_answers(peers[i], COMMANDS);
		buf_clear(&peers[i]->seen);
	}
	dialogue_close();
}

int
main(void)
{
	uint64_t seed = chance_environment("SEED", 4711),
		 rounds = chance_environment("ROUNDS", ROUNDS);

	log_set_level(LOG_LEVEL_ERROR);
	printf("SEED=%llu ROUNDS=%llu\n", (unsigned long long)seed, (unsigned long long)rounds);
	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t round_seed = seed + i;
		char name[40];

		snprintf(name, sizeof name, "SEED=%llu", (unsigned long long)round_seed);
		TEST_ROW(name);
		chance_seed(round_seed);
		play_round();
	}
	return test_end();
}
