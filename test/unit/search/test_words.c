#include "search/words.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/chance.h"
#include "search/page.h"
#include "search/vocabulary.h"

#define LISTS    200 /* messages of a chunk */
#define ALPHABET 3   /* letters of random words: few, so that many words are equal or begin alike */

/* --- one message -------------------------------------------------------------------------------------------- */

/* "text" of a body as its words with a blank in between. */
static void
show(struct buf *out, struct str list)
{
	struct word word;

	buf_clear(out);
	while (list.n > 0) {
		if (!CHECK(word_take(&list, &word)))
			return;
		if (out->n > 0)
			buf_add_char(out, ' ');
		buf_add(out, word_str(&word));
		buf_add_c(out,
		    word.places == WORD_IN_HEADER     ? "/h"
			: word.places == WORD_IN_BODY ? ""
						      : "/hb");
	}
}

static void
check_text(const char *name, const char *in_header, const char *in_body, const char *want)
{
	struct words w;
	struct buf list, shown;

	TEST_ROW(name);
	words_init(&w);
	buf_init(&list, WORDS_LIST_MAX);
	buf_init(&shown, 1 << 20);
	words_add(&w, WORD_IN_HEADER, str_c(in_header));
	words_add(&w, WORD_IN_BODY, str_c(in_body));
	words_write(&w, &list);
	show(&shown, buf_str(&list));
	CHECK_STR(buf_str(&shown), str_c(want));
	buf_release(&shown);
	buf_release(&list);
	words_release(&w);
}

static void
check_texts(void)
{
	check_text("none", "", " ab . 12 c-d", "");
	check_text("each once", "", "zebra apple, zebra; APPLE", "zebra apple APPLE");
	check_text("where they stand", "one two", "two three", "one/h two/hb three");
	check_text("numbers and words, nothing mixed", "", "2024 abc 0a0b0c x86 mp3player 777",
	    "2024 abc 777");
	check_text("other characters are letters", "", "gr\xc3\xbcn \xe4\xbd\xa0\xe5\xa5\xbd",
	    "gr\xc3\xbcn \xe4\xbd\xa0\xe5\xa5\xbd");
	check_text("the beginning of a long one", "", "abcdefghijklmnopqrstuvwxyz",
	    "abcdefghijklmnopqrstuvwx");
	check_text("beginnings in common", "", "inter internal international intern",
	    "inter internal international intern");
}

/* More words than there may be: those that fit are right, and the list keeps its bound. */
static void
check_many(void)
{
	struct words w;
	struct buf list;
	struct word word = { .n = 0 };
	struct str rest;
	size_t count = 0;

	TEST_ROW("too many");
	words_init(&w);
	buf_init(&list, WORDS_LIST_MAX);
	for (unsigned i = 0; i < 3 * WORDS_MAX; i++) {
		char text[WORD_MAX];

		for (unsigned k = 0; k < WORD_MAX; k++)
			text[k] = (char)('a' + (i >> (k % 14) & 1) + 2 * (k % 5));
		words_add(&w, WORD_IN_BODY, str_of(text, sizeof text));
	}
	words_write(&w, &list);
	CHECK(buf_ok(&list));
	for (rest = buf_str(&list); word_take(&rest, &word); count++)
		continue;
	CHECK_NUM(count, WORDS_MAX);
	buf_release(&list);
	words_release(&w);
}

static void
check_needles(void)
{
	static const struct {
		const char *needle, *want;
	} rows[] = {
		{ "Invoice", "INVOICE" },
		{ "2024", "2024" },
		{ "mp3", "" }, /* no word of the index has both letters and digits */
		{ "ab", "" },
		{ "two words", "" },
		{ "a@b", "" },
		{ "abcdefghijklmnopqrstuvwxyz", "" },
		{ "", "" },
	};
	struct word word;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].needle);
		CHECK(word_of_needle(str_c(rows[i].needle), &word) == (rows[i].want[0] != '\0'));
		CHECK_STR(word_str(&word), str_c(rows[i].want));
	}
}

/* --- many messages ------------------------------------------------------------------------------------------ */

struct
    model { /* of all messages: every word of up to five letters, as a number to the base ALPHABET + 1 */
	struct bits in_header[1024 * 2], in_body[1024 * 2];
};

static unsigned
number_of(struct str word)
{
	unsigned n = 0;

	for (size_t i = 0; i < word.n; i++)
		n = n * (ALPHABET + 1) + (unsigned)(word.p[i] - 'a') + 1;
	return n;
}

static void
random_list(struct buf *out, struct model *model, unsigned bit)
{
	struct words w;

	words_init(&w);
	for (size_t i = chance_below(60); i > 0; i--) {
		char text[5];
		size_t n = 3 + chance_below(3);
		bool is_header = chance_below(3) == 0;

		for (size_t k = 0; k < n; k++)
			text[k] = (char)('a' + chance_below(ALPHABET));
		words_add(&w, is_header ? WORD_IN_HEADER : WORD_IN_BODY, str_of(text, n));
		bits_set(is_header ? &model->in_header[number_of(str_of(text, n))]
				   : &model->in_body[number_of(str_of(text, n))],
		    bit);
	}
	words_write(&w, out);
	words_release(&w);
}

/* What a page proves is what the model has: every word that holds the needle, at the beginning, the end, within. */
static void
check_page(struct str page, const struct model *model, const struct bits *all, const char *needle)
{
	struct bits in_header = { { 0 } }, in_body = { { 0 } }, header = { { 0 } },
		    body = { { 0 } };

	for (unsigned n = 0; n < ARRAY_LEN(model->in_header); n++) {
		char text[8];
		size_t at = sizeof text;
		unsigned rest = n;

		for (; rest > 0; rest /= ALPHABET + 1)
			text[--at] = (char)('a' + rest % (ALPHABET + 1) - 1);
		if (str_find(str_of(text + at, sizeof text - at), str_c(needle)) == STR_NONE)
			continue;
		bits_or(&in_header, &model->in_header[n]);
		bits_or(&in_body, &model->in_body[n]);
	}
	CHECK(page_prove(page, str_c(needle), all, &header, &body));
	CHECK(bits_equal(&header, &in_header));
	CHECK(bits_equal(&body, &in_body));
}

/* Every word that is common, in the messages that have it, and no other. */
static void
check_vocabulary(void)
{
	static const char *const needles[] = { "aaa", "abc", "bca", "ccc", "abca", "cabac", "ddd" };
	struct model *model = mem_new(1, sizeof *model);
	struct buf lists[LISTS], page;
	struct bits all = { { 0 } };
	struct vocabulary v;
	size_t words = 0;

	TEST_ROW("vocabulary");
	vocabulary_init(&v);
	buf_init(&page, 4 << 20);
	for (unsigned i = 0; i < LISTS; i++) {
		buf_init(&lists[i], WORDS_LIST_MAX);
		random_list(&lists[i], model, 5 * i);
		bits_set(&all, 5 * i);
		vocabulary_count(&v, buf_str(&lists[i]));
	}
	for (unsigned bucket = 0; bucket < WORD_BUCKETS; bucket++) {
		const struct vocabulary_word *w;
		size_t at = 0;

		vocabulary_clear(&v);
		for (unsigned i = 0; i < LISTS; i++)
			vocabulary_collect(&v, bucket, 5 * i, buf_str(&lists[i]));
		for (; (w = vocabulary_next(&v, &at)) != NULL; words++) {
			unsigned n = number_of(word_str(&w->word));

			CHECK(bits_equal(&w->in_header, &model->in_header[n]));
			CHECK(bits_equal(&w->in_body, &model->in_body[n]));
			page_add_word(&page, &w->word, &w->in_header, &w->in_body, &all);
		}
	}
	for (unsigned n = 0; n < ARRAY_LEN(model->in_header); n++) {
		bool is_common =
		    bits_count(&model->in_header[n]) + bits_count(&model->in_body[n]) >=
		    WORD_COMMON;

		words -= is_common;
		if (!is_common)
			model->in_header[n] = model->in_body[n] = (struct bits){ { 0 } };
	}
	CHECK_NUM(words, 0);
	for (size_t i = 0; i < ARRAY_LEN(needles); i++)
		check_page(buf_str(&page), model, &all, needles[i]);
	for (unsigned i = 0; i < LISTS; i++)
		buf_release(&lists[i]);
	vocabulary_release(&v);
	buf_release(&page);
	mem_free(model);
}

/* Cut anywhere, and any byte changed: an answer or "damaged", but no reading behind the end. */
static void
check_damage(void)
{
	static const char whole[] = "\x0e"
				    "abc"
				    "\x04\x01\x00"
				    "\x11"
				    "dabc"
				    "\x00\x02"
				    "\x0f"
				    "xyz"
				    "\x04\x02\x02";
	struct bits all = { { 6 } }, header, body;

	TEST_ROW("damage");
	for (size_t n = 0; n < sizeof whole; n++) {
		for (unsigned change = 0; change < 256; change++) {
			char *exact = mem_new(n + 1, 1);

			memcpy(exact, whole, n);
			if (n > 0)
				exact[n - 1] = (char)(exact[n - 1] ^ (char)change);
			exact = mem_resize(exact, n ? n : 1, 1);
			header = body = (struct bits){ { 0 } };
			(void)page_prove(str_of(exact, n), STR("b"), &all, &header, &body);
			mem_free(exact);
		}
	}
	CHECK(!page_prove(STR("\x0e"
			      "ab"),
	    STR("a"), &all, &header, &body));
	CHECK(
	    !page_prove(STR("\x02\x00\x00"), STR("a"), &all, &header, &body)); /* no bytes at all */
	CHECK(!page_prove(STR("\x7e"
			      "abcdefghijklmnopqrstuvwxyzabcde"
			      "\x00\x00"),
	    STR("a"), &all, &header, &body));
}

/* Words that all want the same slots: most are left out, soon. */
static void
check_collisions(void)
{
	struct words w;
	struct word word = { .n = 8 };
	unsigned added = 0;

	TEST_ROW("collisions");
	words_init(&w);
	for (unsigned i = 0; added < 3 * WORD_PROBES; i++) {
		for (unsigned k = 0; k < word.n; k++)
			word.p[k] = (char)('a' + (i >> (3 * k) & 7));
		if (word_hash(&word) % (2 * WORDS_MAX) != 7)
			continue;
		words_add(&w, WORD_IN_BODY, word_str(&word));
		added++;
	}
	CHECK_NUM(w.count, WORD_PROBES);
	words_release(&w);
}

int
main(void)
{
	chance_seed(3);
	check_texts();
	check_many();
	check_collisions();
	check_needles();
	check_vocabulary();
	check_damage();
	return test_end();
}
