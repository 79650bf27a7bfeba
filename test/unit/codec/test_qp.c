#include "codec/qp.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define TEN     "0123456789"
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name, *in, *want;
	bool is_damaged;
} decode_rows[] = {
	{ "plain", "hello\r\n", "hello\r\n", false },
	{ "escape", "a=3Db=e9", "a=b\xe9", false },
	{ "soft break", "one=\r\ntwo", "onetwo", false },
	{ "soft break, LF", "one=\ntwo", "onetwo", false },
	{ "soft break with padding", "one= \t\r\ntwo", "onetwo", false },
	{ "soft break at the end", "one=", "one", false },
	{ "blanks before a line end", "one \t \r\ntwo", "one\r\ntwo", false },
	{ "blanks at the end", "one \t", "one", false },
	{ "blanks kept", "one  two", "one  two", false },
	{ "escaped blank kept", "one=20\r\n", "one \r\n", false },
	{ "no escape", "a=xyz", "a=xyz", true },
	{ "half escape", "a=4x=41", "a=4xA", true },
	{ "cut escape", "a=4", "a=4", true },
	{ "two equals", "a==41", "a=A", true },
	{ "equals and blank", "a= b", "a=b", true },
	{ "equals and CR only", "a=\rb", "ab", false },
	{ "high bytes pass", "\xc3\xa9", "\xc3\xa9", false },
};

static const struct {
	const char *name;
	bool is_binary;
	const char *in, *want;
} encode_rows[] = {
	{ "plain", false, "hello\r\n", "hello\r\n" },
	{ "LF", false, "a\nb", "a\r\nb" },
	{ "equals", false, "a=b", "a=3Db" },
	{ "eight bits", false, "\xc3\xa9", "=C3=A9" },
	{ "blank at a line end", false, "a \r\nb\t\n", "a=20\r\nb=09\r\n" },
	{ "blank at the end", false, "a ", "a=20" },
	{ "blank inside", false, "a b", "a b" },
	{ "bare CR", false, "a\rb\r", "a=0Db=0D" },
	{ "two CR", false, "a\r\r\nb", "a=0D\r\nb" },
	{ "binary", true, "a\r\nb \n", "a=0D=0Ab =0A" },
	{ "long line", false, SEVENTY TEN, SEVENTY "01234=\r\n56789" },
	{ "no line begins with a dash", false, "--b\r\n-- \r\na--b -\n -",
	    "=2D-b\r\n=2D-=20\r\na--b -\r\n -" },
	{ "nor after a soft break", false, SEVENTY "01234--b", SEVENTY "01234=\r\n=2D-b" },
	{ "escape over the edge", false, SEVENTY "012\xff", SEVENTY "012=\r\n=FF" },
};

static const struct {
	const char *name, *word, *bytes;
} word_rows[] = {
	{ "underscore", "a_b", "a b" },
	{ "escape", "=E9t=E9=3F", "\xe9t\xe9?" },
	{ "escaped underscore", "=5F", "_" },
};

static void
test_decode(void)
{
	for (size_t i = 0; i < ARRAY_LEN(decode_rows); i++) {
		for (size_t step = 1; step < 8; step++) {
			struct qp_decoder d = { 0 };
			struct str in = str_c(decode_rows[i].in);
			struct buf out;

			TEST_ROW(decode_rows[i].name);
			buf_init(&out, 1000);
			for (; in.n > 0; in = str_from(in, step))
				qp_decoder_feed(&d, str_head(in, step), &out);
			qp_decoder_end(&d, &out);
			CHECK_STR(buf_str(&out), str_c(decode_rows[i].want));
			CHECK(d.is_damaged == decode_rows[i].is_damaged);
			buf_release(&out);
		}
	}
}

static void
test_encode(void)
{
	for (size_t i = 0; i < ARRAY_LEN(encode_rows); i++) {
		for (size_t step = 1; step < 8; step++) {
			struct qp_encoder e = { .is_binary = encode_rows[i].is_binary };
			struct str in = str_c(encode_rows[i].in);
			struct buf out;

			TEST_ROW(encode_rows[i].name);
			buf_init(&out, 1000);
			for (; in.n > 0; in = str_from(in, step))
				qp_encoder_feed(&e, str_head(in, step), &out);
			qp_encoder_end(&e, &out);
			CHECK_STR(buf_str(&out), str_c(encode_rows[i].want));
			buf_release(&out);
		}
	}
}

/* A run of blanks longer than the decoder holds back is data. */
static void
test_many_blanks(void)
{
	struct qp_decoder d = { 0 };
	struct buf in, out;

	TEST_ROW("many blanks");
	buf_init(&in, 10000);
	buf_init(&out, 10000);
	for (int i = 0; i < 5000; i++)
		buf_add_char(&in, ' ');
	buf_add(&in, STR("x"));
	qp_decoder_feed(&d, buf_str(&in), &out);
	qp_decoder_end(&d, &out);
	CHECK_STR(buf_str(&out), buf_str(&in));
	buf_release(&in);
	buf_release(&out);
}

static void
test_round(void)
{
	struct qp_encoder e = { .is_binary = true };
	struct qp_decoder d = { 0 };
	char bytes[5000];
	struct buf text, back;
	struct str lines, line;

	TEST_ROW("round");
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i % 3 ? ' ' + i % 90 : i * 7);
	buf_init(&text, 100000);
	buf_init(&back, 100000);
	qp_encoder_feed(&e, str_of(bytes, sizeof bytes), &text);
	qp_encoder_end(&e, &text);
	lines = buf_str(&text);
	while (str_take_until(&lines, '\n', &line))
		CHECK(line.n <= 77);
	qp_decoder_feed(&d, buf_str(&text), &back);
	qp_decoder_end(&d, &back);
	CHECK_STR(buf_str(&back), str_of(bytes, sizeof bytes));
	buf_release(&text);
	buf_release(&back);
}

static void
test_words(void)
{
	for (size_t i = 0; i < ARRAY_LEN(word_rows); i++) {
		struct buf out, back;

		TEST_ROW(word_rows[i].name);
		buf_init(&out, 100);
		buf_init(&back, 100);
		qp_word_parse(&out, str_c(word_rows[i].word));
		CHECK_STR(buf_str(&out), str_c(word_rows[i].bytes));
		qp_word_write(&back, buf_str(&out));
		CHECK_STR(buf_str(&back), str_c(word_rows[i].word));
		buf_release(&out);
		buf_release(&back);
	}
}

int
main(void)
{
	test_decode();
	test_encode();
	test_many_blanks();
	test_round();
	test_words();
	return test_end();
}
