/* What the index proves is true, and what is common is proved: against the messages themselves. */
#include "fixture.h"

/* rooms */
#include "lib/chance.h"
#include "search/grams.h"

#define MESSAGES 1300 /* a chunk and some more */

static const char *const vocabulary[] = { "invoice", "Voice", "Rechnung", "gr\xc3\xbcn",
	"GR\xc3\x9cNER", "gro\xc3\x9f", "2024", "x86", "supercalifragilisticexpialidocious", "cat",
	"concatenate", "\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c", "re-sent",
	"unsubscribe" };

static const char *const needles[] = { "invoice", "voice", "VOICE", "nung", "gr\xc3\xbcn", "gross",
	"gro\xc3\x9f", "2024", "024", "x86", "califragilistic", "expialidocious", "cat", "cate",
	"\xe4\xbd\xa0\xe5\xa5\xbd", "re-sent", "sent", "subject", "nowhere", "scribe rech" };

static void
add_words(struct buf *out, const char *between)
{
	for (size_t i = 1 + chance_below(4); i > 0; i--) {
		buf_add_c(out, vocabulary[chance_below(ARRAY_LEN(vocabulary))]);
		buf_add_c(out, between);
	}
}

/* Text as it is, quoted, and HTML, whose tags are no words of it. */
static void
add_message(struct fixture *f)
{
	static const char *const heads[] = { "Content-Type: text/plain; charset=utf-8\r\n\r\n",
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		"Content-Type: text/html; charset=utf-8\r\n\r\n<cat invoice=\"2024\">" };
	struct buf message;

	buf_init(&message, 64 * 1024);
	buf_add_c(&message, "Subject: ");
	add_words(&message, " ");
	buf_add_c(&message, "\r\n");
	buf_add_c(&message, heads[chance_below(ARRAY_LEN(heads))]);
	add_words(&message, chance_below(2) ? " " : ", ");
	add_words(&message, chance_below(2) ? "\r\n" : " =\r\n");
	(void)fixture_add(f, 1, buf_str(&message));
	buf_release(&message);
}

static bool
holds(const struct fixture *f, uint64_t email, const char *needle, enum search_where where)
{
	struct arena arena;
	struct message m;
	bool out;

	arena_init(&arena, 1 << 20);
	message_parse(&m, buf_str(&f->emails[0][email - 1]), &arena);
	out = message_contains(&m, str_c(needle), where == SEARCH_IN_BODY ? TEXT_BODY : TEXT_ALL,
	    STR(""));
	arena_release(&arena);
	return out;
}

/* Every message: no needle is proved that it lacks, and what it lacks is not proved by another one's number. */
static void
check_needle(struct fixture *f, const char *needle, enum search_where where, unsigned *proved)
{
	struct search_term all = { .kind = SEARCH_EACH }, term = fixture_text(where, str_c(needle));
	struct search_query q;
	unsigned number = 0;

	TEST_ROW(needle);
	term.proof = &number;
	all.child = &term;
	fixture_ask(f, &q, 1, &all);
	CHECK(q.is_narrow);
	for (uint64_t email = 1; email <= MESSAGES; email++) {
		bool is_there = holds(f, email, needle, where);

		CHECK(search_query_has(&q, email) || !is_there);
		CHECK(is_there || !search_query_proves(&q, number, where, email));
		*proved += search_query_proves(&q, number, where, email);
	}
	search_query_release(&q);
	CHECK(!search_query_proves(&q, number, where, 1));
}

/* How many messages hold a needle. */
static unsigned
holders(const struct fixture *f, const char *needle, enum search_where where)
{
	unsigned count = 0;

	for (uint64_t email = 1; email <= MESSAGES; email++)
		count += holds(f, email, needle, where);
	return count;
}

static void
check_all(struct fixture *f)
{
	static const enum search_where places[] = { SEARCH_IN_ALL, SEARCH_IN_BODY };

	for (size_t i = 0; i < ARRAY_LEN(needles); i++)
		for (size_t k = 0; k < ARRAY_LEN(places); k++) {
			unsigned proved = 0;

			check_needle(f, needles[i], places[k], &proved);
			if (strcmp(needles[i], "invoice") == 0 || strcmp(needles[i], "cat") == 0)
				CHECK_NUM(proved, holders(f, needles[i], places[k]));
			if (strcmp(needles[i], "x86") == 0 || strcmp(needles[i], "re-sent") == 0)
				CHECK_NUM(proved, 0);
		}
}

/* Two texts of one question have their own numbers; what is below EITHER too. */
static void
check_numbers(struct fixture *f)
{
	struct search_term either = { .kind = SEARCH_EITHER };
	struct search_term one = fixture_text(SEARCH_IN_ALL, STR("invoice"));
	struct search_term two = fixture_text(SEARCH_IN_ALL, STR("rechnung"));
	unsigned numbers[2] = { 0, 0 };
	struct search_query q;

	TEST_ROW("two texts");
	one.proof = &numbers[0];
	two.proof = &numbers[1];
	one.next = &two;
	either.child = &one;
	fixture_ask(f, &q, 1, &either);
	CHECK(numbers[0] != numbers[1] && numbers[0] > 0 && numbers[1] > 0);
	for (uint64_t email = 1; email <= MESSAGES; email++) {
		CHECK(search_query_proves(&q, numbers[0], SEARCH_IN_ALL, email) ==
		    holds(f, email, "invoice", SEARCH_IN_ALL));
		CHECK(search_query_proves(&q, numbers[1], SEARCH_IN_ALL, email) ==
		    holds(f, email, "rechnung", SEARCH_IN_ALL));
	}
	search_query_release(&q);
}

/*
 * Where a message is cut, what stood before the cut is not proved behind it: headers of just less than what is looked
 * at, and a body whose first piece is more.
 */
static void
check_cut(void)
{
	static struct fixture f;
	struct search_term term = fixture_text(SEARCH_IN_BODY, STR("zebra"));
	struct search_query q;
	struct buf message;
	unsigned number = 0;

	TEST_ROW("cut");
	fixture_init(&f, "cut");
	fixture_open(&f);
	buf_init(&message, 8 << 20);
	for (size_t left = 2000; left < 40000; left += 8000) {
		buf_clear(&message);
		while (message.n + left + 50000 < GRAMS_TEXT_MAX) {
			buf_add_c(&message, "X: ");
			for (size_t i = 0; i < 49995; i++)
				buf_add_char(&message, 'a');
			buf_add_c(&message, "\r\n");
		}
		buf_add_c(&message, "X: ");
		while (message.n + left < GRAMS_TEXT_MAX)
			buf_add_char(&message, 'a');
		buf_add_c(&message, "\r\nSubject: zebra\r\n\r\n");
		for (size_t i = 0; i < 60000; i++)
			buf_add_char(&message, 'b');
		(void)fixture_add(&f, 1, buf_str(&message));
	}
	fixture_work(&f);
	term.proof = &number;
	fixture_ask(&f, &q, 1, &term);
	CHECK(q.is_narrow && number > 0);
	for (uint64_t email = 1; email <= f.last[0]; email++) {
		CHECK(search_query_has(&q, email));
		CHECK(!search_query_proves(&q, number, SEARCH_IN_BODY, email));
	}
	search_query_release(&q);
	buf_release(&message);
	fixture_release(&f);
}

int
main(void)
{
	static struct fixture f;

	chance_seed(11);
	fixture_init(&f, "proof");
	fixture_open(&f);
	for (unsigned i = 0; i < MESSAGES; i++)
		add_message(&f);
	fixture_work(&f);
	for (unsigned round = 0; round < 2; round++) { /* as made, and as read again */
		check_all(&f);
		check_numbers(&f);
		search_close(&f.search);
		fixture_open(&f);
		fixture_work(&f);
	}
	fixture_release(&f);
	check_cut();
	return test_end();
}
