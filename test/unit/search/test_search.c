#include "fixture.h"

/* system */
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

static struct fixture f;
static struct buf text;

/*
 * A number as a word that no other number has all three-byte pieces of: between its digits stand letters.
 */
static const char *
word(unsigned number)
{
	static char words[4][16];
	static unsigned turn;
	char *w = words[turn++ % 4];

	for (int i = 5; i >= 0; i--, number /= 10) {
		w[2 * i] = (char)('0' + number % 10);
		w[2 * i + 1] = (char)('a' + i);
	}
	w[12] = '\0';
	return w;
}

static void
add_numbered(uint64_t account, unsigned count, unsigned from)
{
	struct buf message;

	buf_init(&message, 4096);
	for (unsigned i = 0; i < count; i++) {
		buf_clear(&message);
		buf_add_c(&message, "Subject: number ");
		buf_add_c(&message, word(from + i));
		buf_add_c(&message, "\r\n\r\nbody of ");
		buf_add_c(&message, word(500000 + from + i));
		(void)fixture_add(&f, account, buf_str(&message));
	}
	buf_release(&message);
}

static struct str
in(uint64_t account, enum search_where where, const char *needle)
{
	struct search_term term = fixture_text(where, str_c(needle));

	return fixture_candidates(&f, &text, account, &term);
}

/* Header and body apart; parts' headers and encodings as the comparison has them; other accounts not at all. */
static void
check_places(void)
{
	fixture_init(&f, "places");
	fixture_open(&f);
	fixture_add(&f, 1, STR("Subject: apples\r\n\r\nand oranges"));
	fixture_add(&f, 1, STR("Subject: =?utf-8?q?or=61nges?=\r\n\r\nand pears"));
	fixture_add(&f, 1,
	    STR("Subject: none\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
		"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		"YXBwbGVz\r\n--b\r\nContent-Type: image/png; name=plums.png\r\n\r\nrhubarb\r\n--b--\r\n"));
	fixture_add(&f, 2, STR("Subject: apples\r\n\r\nplums"));
	fixture_work(&f);
	CHECK_STR(in(1, SEARCH_IN_ALL, "Apples"), STR("1 3"));
	CHECK_STR(in(1, SEARCH_IN_HEADER, "apples"), STR("1"));
	CHECK_STR(in(1, SEARCH_IN_BODY, "apples"), STR("3"));
	CHECK_STR(in(1, SEARCH_IN_HEADER, "ORANGES"), STR("2"));
	CHECK_STR(in(1, SEARCH_IN_BODY, "oranges"), STR("1"));
	CHECK_STR(in(1, SEARCH_IN_BODY, "plums.png"), STR("3"));
	CHECK_STR(in(1, SEARCH_IN_ALL, "rhubarb"), STR("")); /* no text */
	CHECK_STR(in(1, SEARCH_IN_ALL, "ap"), STR("all"));
	CHECK_STR(in(2, SEARCH_IN_ALL, "apples"), STR("1"));
	CHECK_STR(in(3, SEARCH_IN_ALL, "apples"), STR(""));
	fixture_release(&f);
}

/* Deeper than a plan goes: what is too deep does not narrow. */
static void
check_depth(enum search_kind kind, const char *want)
{
	struct search_term outer[100] = { { .kind = SEARCH_ANYTHING } }, text_term[100];

	for (unsigned i = 0; i < 100; i++) {
		text_term[i] = fixture_text(SEARCH_IN_ALL, STR("apples"));
		text_term[i].next = i < 99 ? &outer[i + 1] : NULL;
		outer[i] = (struct search_term){ .kind = kind, .child = &text_term[i] };
	}
	CHECK_STR(fixture_candidates(&f, &text, 1, outer), str_c(want));
}

static void
check_terms(void)
{
	struct arena a;
	struct search_term *root, *either;
	struct search_term apples = fixture_text(SEARCH_IN_ALL, STR("apples"));

	fixture_init(&f, "terms");
	fixture_open(&f);
	fixture_add(&f, 1, STR("Subject: apples\r\n\r\npears"));
	fixture_add(&f, 1, STR("Subject: apples\r\n\r\nplums"));
	fixture_add(&f, 1, STR("Subject: plums\r\n\r\npears"));
	arena_init(&a, 64 * 1024);
	root = search_term_add(&a, NULL, SEARCH_EACH);
	*search_term_add(&a, root, SEARCH_TEXT) = apples;
	root->child->next = NULL;
	CHECK_STR(fixture_candidates(&f, &text, 1, root), STR("1 2"));
	search_term_add(&a, root, SEARCH_ANYTHING); /* says nothing, takes nothing away */
	CHECK_STR(fixture_candidates(&f, &text, 1, root), STR("1 2"));
	either = search_term_add(&a, root, SEARCH_EITHER);
	search_term_add(&a, either, SEARCH_TEXT)->text = STR("nowhere");
	CHECK_STR(fixture_candidates(&f, &text, 1, either), STR(""));
	search_term_add(&a, either, SEARCH_TEXT)->text = STR("plums");
	either->child->where = SEARCH_IN_BODY;
	CHECK_STR(fixture_candidates(&f, &text, 1, either), STR("2"));
	CHECK_STR(fixture_candidates(&f, &text, 1, root), STR("2"));
	search_term_add(&a, either, SEARCH_ANYTHING);
	CHECK_STR(fixture_candidates(&f, &text, 1, either), STR("all"));
	CHECK_STR(fixture_candidates(&f, &text, 1, root), STR("1 2"));
	root = search_term_add(&a, NULL, SEARCH_EACH);
	CHECK_STR(fixture_candidates(&f, &text, 1, root), STR("all"));
	for (unsigned i = 0; i < 3000; i++) { /* more than a plan holds */
		search_term_add(&a, root, SEARCH_TEXT)->text = STR("apples");
		if (a.used > 60 * 1024)
			break;
	}
	CHECK_STR(fixture_candidates(&f, &text, 1, root), STR("1 2"));
	check_depth(SEARCH_EACH, "1 2");
	check_depth(SEARCH_EITHER, "all");
	arena_release(&a);
	fixture_release(&f);
}

static struct str
number_text(uint64_t number)
{
	static char digits[24];

	snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
	return str_c(digits);
}

/* Chunks that are complete, the rest, and what is not yet indexed: each finds its own, before and after a restart. */
static void
check_chunks(void)
{
	fixture_init(&f, "chunks");
	add_numbered(1, 2500, 0);
	fixture_open(&f);
	for (unsigned round = 0; round < 3; round++) {
		fixture_work(&f);
		CHECK_NUM(search_status(f.search).waiting, 0);
		CHECK_STR(in(1, SEARCH_IN_HEADER, word(0)), STR("1"));
		CHECK_STR(in(1, SEARCH_IN_HEADER, word(1022)), STR("1023"));
		CHECK_STR(in(1, SEARCH_IN_HEADER, word(1023)), STR("1024"));
		CHECK_STR(in(1, SEARCH_IN_BODY, word(502499)), STR("2500"));
		CHECK_STR(in(1, SEARCH_IN_HEADER, word(502499)), STR(""));
		search_close(&f.search);
		fixture_open(&f);
		CHECK_NUM(search_status(f.search).waiting, 0);
	}
	/* A few messages at a time, over the end of a chunk, with restarts in between. */
	for (unsigned from = 2500; from < 2900;) {
		unsigned count = 1 + from % 97;

		add_numbered(2, count, from);
		from += count;
		fixture_work(&f);
		search_close(&f.search);
		fixture_open(&f);
	}
	add_numbered(2, 1000, 3000);
	CHECK_STR(in(2, SEARCH_IN_HEADER, word(2503)), STR("4"));
	CHECK_STR(in(2, SEARCH_IN_BODY, word(503999)), number_text(f.last[1]));
	fixture_release(&f);
}

/* Too many wait to be waited for: they are candidates, those before are narrowed. */
static void
check_behind(void)
{
	struct search_term term = fixture_text(SEARCH_IN_HEADER, STR("0a0b0c0d0e3f"));
	struct search_query q;

	fixture_init(&f, "behind");
	fixture_open(&f);
	add_numbered(1, 10, 0);
	fixture_work(&f);
	add_numbered(1, 2500, 10);
	fixture_ask(&f, &q, 1, &term);
	CHECK(q.is_narrow);
	CHECK_NUM(q.indexed_to, 10);
	CHECK(search_query_has(&q, 4));
	CHECK(!search_query_has(&q, 5));
	CHECK(search_query_has(&q, 11));
	CHECK(search_query_has(&q, 999999));
	search_query_release(&q);
	add_numbered(2, 40, 0); /* few: they are indexed first */
	CHECK_STR(in(2, SEARCH_IN_HEADER, word(3)), STR("4"));
	fixture_release(&f);
}

/* What cannot be read, or is too much, is a candidate for everything. */
static void
check_unknown(void)
{
	struct buf big;

	fixture_init(&f, "unknown");
	fixture_open(&f);
	buf_init(&big, 8 * 1024 * 1024);
	buf_add_c(&big, "Subject: big\r\n\r\n");
	for (unsigned i = 0; i < 700000; i++)
		buf_add_c(&big, i % 70 ? "a " : "a\r\n");
	while (big.n < 6 * 1024 * 1024)
		buf_add_c(&big,
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
	fixture_add(&f, 1, STR("Subject: small\r\n\r\nx"));
	fixture_add(&f, 1, buf_str(&big));
	fixture_work(&f);
	f.map_fails = FAIL_TEMP;
	fixture_add(&f, 1, STR("Subject: lost\r\n\r\nx"));
	fixture_work(&f);
	f.map_fails = FAIL_NONE;
	CHECK_STR(in(1, SEARCH_IN_ALL, "small"), STR("1 2 3"));
	CHECK_STR(in(1, SEARCH_IN_BODY, "nowhere"), STR("2 3"));
	buf_release(&big);
	fixture_release(&f);
}

/* When most is gone, or an account is, its rows go; an index from the future starts over. */
static void
check_gone(void)
{
	fixture_init(&f, "gone");
	fixture_open(&f);
	add_numbered(1, 2100, 0);
	add_numbered(2, 5, 0);
	fixture_work(&f);
	CHECK_NUM(f.mapped, 2105);
	for (unsigned email = 1; email <= 2000; email++)
		fixture_remove(&f, 1, email);
	fixture_add(&f, 1, STR("Subject: a new one\r\n\r\nx"));
	fixture_work(&f);
	CHECK_NUM(f.mapped, 2106 + 101);
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(1999)), STR(""));
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(2000)), STR("2001"));
	CHECK_STR(in(1, SEARCH_IN_HEADER, "a new one"), STR("2101"));

	f.last[1] = 0;
	search_forget(f.search, 2);
	fixture_work(&f);
	CHECK_STR(in(2, SEARCH_IN_HEADER, "number"), STR(""));

	search_close(
	    &f.search); /* the store is restored from an older copy, and goes on from there */
	f.last[0] = 2050;
	f.mapped = 0;
	fixture_open(&f);
	fixture_add(&f, 1, STR("Subject: another past\r\n\r\nx"));
	fixture_work(&f);
	CHECK_NUM(f.mapped, 51);
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(2050)), STR(""));
	CHECK_STR(in(1, SEARCH_IN_HEADER, "another past"), STR("2051"));
	fixture_release(&f);
}

static void
check_reindex(void)
{
	fixture_init(&f, "reindex");
	fixture_open(&f);
	add_numbered(1, 1200, 0);
	add_numbered(2, 5, 0);
	fixture_work(&f);
	f.mapped = 0;
	search_reindex(f.search, 1);
	fixture_work(&f);
	CHECK_NUM(f.mapped, 1200);
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(3)), STR("4"));
	search_reindex(f.search, 0);
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(3)), STR("all"));
	fixture_work(&f);
	CHECK_NUM(f.mapped, 1200 + 1205);
	CHECK_NUM(search_status(f.search).renewed, 1);
	CHECK_STR(in(2, SEARCH_IN_HEADER, word(3)), STR("4"));
	fixture_release(&f);
}

static void
overwrite(const char *path, off_t at, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	for (size_t i = 0; i < n; i += 16)
		CHECK_NUM(pwrite(fd, "no such database", 16, at + (off_t)i), 16);
	close(fd);
}

static void
change_letter(const char *path)
{
	sqlite3 *db = NULL;

	CHECK_NUM(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	CHECK_NUM(
	    sqlite3_exec(db,
		"UPDATE fresh SET grams = CAST(substr(grams, 1, 9) || x'7f' || substr(grams, 11) AS BLOB)"
		" WHERE id & 1023 = 2",
		NULL, NULL, NULL),
	    SQLITE_OK);
	CHECK_NUM(sqlite3_changes(db), 1);
	CHECK_NUM(sqlite3_close(db), SQLITE_OK);
}

/* A file that is no index, one with damaged pages, one that cannot be: answers stay right. */
static void
check_damage(void)
{
	fixture_init(&f, "damage");
	add_numbered(1, 1500, 0);
	overwrite(f.path, 0, 8192);
	fixture_open(&f);
	fixture_work(&f);
	CHECK_NUM(search_status(f.search).renewed, 1);
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(3)), STR("4"));
	search_close(&f.search);

	overwrite(f.path, 8192, 512 * 1024); /* behind the schema */
	fixture_open(&f);
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(3)), STR("all"));
	fixture_work(&f);
	CHECK_NUM(search_status(f.search).renewed, 1);
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(3)), STR("4"));
	fixture_release(&f);

	/* One letter in one row, which SQLite does not notice. */
	fixture_init(&f, "letter");
	fixture_open(&f);
	add_numbered(1, 5, 0);
	fixture_work(&f);
	search_close(&f.search);
	change_letter(f.path);
	fixture_open(&f);
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(3)), STR("all"));
	fixture_work(&f);
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(3)), STR("4"));
	fixture_release(&f);

	fixture_init(&f, "missing/folder");
	fixture_open(&f);
	add_numbered(1, 5, 0);
	fixture_work(&f);
	CHECK(!search_status(f.search).is_usable);
	CHECK_STR(in(1, SEARCH_IN_HEADER, word(3)), STR("all"));
	search_reindex(f.search, 1);
	search_forget(f.search, 1);
	fixture_release(&f);
}

/* A query begun before the index is renewed, or never finished, or without an index at all. */
static void
check_queries(void)
{
	struct search_term term = fixture_text(SEARCH_IN_HEADER, STR("0a0b0c0d0e3f"));
	struct search_query q = { 0 };

	search_query_release(&q);
	CHECK(search_query_has(&q, 1));
	search_query_start(&q, NULL, 1, &term);
	CHECK(search_query_step(&q, 0));
	CHECK(search_query_has(&q, 1));
	search_query_release(&q);
	fixture_init(&f, "queries");
	fixture_open(&f);
	add_numbered(1, 1500, 0);
	search_query_start(&q, f.search, 1, &term);
	CHECK(!search_query_step(&q, 0));
	search_query_release(&q);
	search_query_start(&q, f.search, 1, &term);
	CHECK(!search_query_step(&q, 0));
	search_reindex(f.search, 0);
	fixture_work(&f);
	CHECK(search_query_step(&q, 0));
	CHECK(!q.is_narrow);
	search_query_release(&q);
	fixture_release(&f);
}

#define LONG_BYTES ((size_t)4 * 1024 * 1024)

/* A long message is parsed in slices, also when it has next to no text; it may be dropped in the middle of that. */
static void
check_long(void)
{
	struct buf message;
	unsigned steps = 1;

	TEST_ROW("long");
	fixture_init(&f, "long");
	fixture_open(&f);
	buf_init(&message, 2 * LONG_BYTES);
	buf_add_c(&message,
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: application/octet-stream\r\n\r\n");
	while (message.n < LONG_BYTES)
		buf_add_c(&message, "What is in here is no text.\r\n");
	buf_add_c(&message, "--b\r\n\r\nfindable\r\n--b--\r\n");
	(void)fixture_add(&f, 1, buf_str(&message));
	for (int i = 0; i < 5; i++)
		CHECK(search_work(f.search, 0));
	search_reindex(f.search, 1);
	while (search_work(f.search, 0))
		steps++;
	CHECK(steps >= LONG_BYTES / MESSAGE_PARSE_PIECE);
	CHECK_STR(in(1, SEARCH_IN_BODY, "findable"), STR("1"));
	CHECK_STR(in(1, SEARCH_IN_BODY, "no text"), STR(""));
	buf_release(&message);
	fixture_release(&f);
}

int
main(void)
{
	buf_init(&text, 1024 * 1024);
	check_places();
	check_terms();
	check_chunks();
	check_behind();
	check_unknown();
	check_gone();
	check_reindex();
	check_damage();
	check_queries();
	check_long();
	buf_release(&text);
	return test_end();
}
