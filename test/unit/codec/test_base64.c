#include "codec/base64.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *bytes, *text;
} vectors[] = {
	/* RFC 4648 section 10 */
	{ "empty", "", "" },
	{ "f", "f", "Zg==" },
	{ "fo", "fo", "Zm8=" },
	{ "foo", "foo", "Zm9v" },
	{ "foob", "foob", "Zm9vYg==" },
	{ "fooba", "fooba", "Zm9vYmE=" },
	{ "foobar", "foobar", "Zm9vYmFy" },
	{ "high", "\xff\xfe\xfd\xfb\xff", "//79+/8=" },
};

static const struct {
	const char *name, *in;
	enum fail want, want_url;
} strict_rows[] = {
	{ "no padding", "Zg", FAIL_SYNTAX, FAIL_NONE },
	{ "half padding", "Zg=", FAIL_SYNTAX, FAIL_SYNTAX },
	{ "padding alone", "====", FAIL_SYNTAX, FAIL_SYNTAX },
	{ "padding in the middle", "Zg==Zg==", FAIL_SYNTAX, FAIL_SYNTAX },
	{ "too much padding", "Z===", FAIL_SYNTAX, FAIL_SYNTAX },
	{ "one character", "Z", FAIL_SYNTAX, FAIL_SYNTAX },
	{ "bits left over in two", "Zh==", FAIL_SYNTAX, FAIL_SYNTAX },
	{ "bits left over in three", "Zm9=", FAIL_SYNTAX, FAIL_SYNTAX },
	{ "blank", "Zm 9v", FAIL_SYNTAX, FAIL_SYNTAX },
	{ "line end", "Zm9v\r\n", FAIL_SYNTAX, FAIL_SYNTAX },
	{ "standard alphabet", "+/+/", FAIL_NONE, FAIL_SYNTAX },
	{ "url alphabet", "-_-_", FAIL_SYNTAX, FAIL_NONE },
	{ "high byte", "Zm9\xff", FAIL_SYNTAX, FAIL_SYNTAX },
};

static const struct {
	const char *name, *in, *want;
	bool is_damaged;
} stream_rows[] = {
	{ "one line", "Zm9vYmFy", "foobar", false },
	{ "two lines", "Zm9v\r\nYmFy\r\n", "foobar", false },
	{ "blanks anywhere", " Z m\t9v\n", "foo", false },
	{ "junk skipped", "Zm*9v\x80", "foo", true },
	{ "padded pieces joined", "Zg==Zm8=", "ffo", false },
	{ "no padding at the end", "Zm9vYg", "foob", true },
	{ "one character left", "Zm9vY", "foo", true },
	{ "padding only", "====", "", false },
};

static void
test_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct buf out;

		TEST_ROW(vectors[i].name);
		buf_init(&out, 1000);
		base64_write(&out, str_c(vectors[i].bytes));
		CHECK_STR(buf_str(&out), str_c(vectors[i].text));
		CHECK_NUM(out.n, base64_length(str_c(vectors[i].bytes).n));
		buf_clear(&out);
		CHECK(base64_parse(&out, str_c(vectors[i].text)) == FAIL_NONE);
		CHECK_STR(buf_str(&out), str_c(vectors[i].bytes));
		buf_release(&out);
	}
}

static void
test_strict(void)
{
	for (size_t i = 0; i < ARRAY_LEN(strict_rows); i++) {
		struct buf out;

		TEST_ROW(strict_rows[i].name);
		buf_init(&out, 1000);
		CHECK_NUM(base64_parse(&out, str_c(strict_rows[i].in)), strict_rows[i].want);
		CHECK_NUM(base64url_parse(&out, str_c(strict_rows[i].in)), strict_rows[i].want_url);
		buf_release(&out);
	}
	TEST_ROW("full buffer");
	struct buf out;
	buf_init(&out, 5);
	CHECK_NUM(base64_parse(&out, STR("Zm9vYmFy")), FAIL_LIMIT);
	buf_release(&out);
}

/* Decode in pieces of `step` bytes. */
static void
decode(struct str text, size_t step, struct base64_decoder *d, struct buf *out)
{
	for (; text.n > 0; text = str_from(text, step))
		base64_decoder_feed(d, str_head(text, step), out);
	base64_decoder_end(d, out);
}

static void
test_stream(void)
{
	for (size_t i = 0; i < ARRAY_LEN(stream_rows); i++) {
		for (size_t step = 1; step < 10; step++) {
			struct base64_decoder d = { 0 };
			struct buf out;

			TEST_ROW(stream_rows[i].name);
			buf_init(&out, 1000);
			decode(str_c(stream_rows[i].in), step, &d, &out);
			CHECK_STR(buf_str(&out), str_c(stream_rows[i].want));
			CHECK(d.is_damaged == stream_rows[i].is_damaged);
			buf_release(&out);
		}
	}
}

/* Bytes of every length, encoded in pieces of every size, come back; lines are 76 long. */
static void
test_round(void)
{
	char bytes[9000];

	TEST_ROW("round");
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	for (size_t n = 0; n < sizeof bytes; n = n < 200 ? n + 1 : n * 2) {
		struct base64_encoder e = { 0 };
		struct base64_decoder d = { 0 };
		struct buf text, back;
		struct str rest = str_of(bytes, n), lines, line;

		buf_init(&text, 100000);
		buf_init(&back, 100000);
		for (; rest.n > 0; rest = str_from(rest, n % 31 + 1))
			base64_encoder_feed(&e, str_head(rest, n % 31 + 1), &text);
		base64_encoder_end(&e, &text);
		decode(buf_str(&text), n % 97 + 1, &d, &back);
		CHECK_STR(buf_str(&back), str_of(bytes, n));
		CHECK(!d.is_damaged);
		lines = buf_str(&text);
		while (str_take_until(&lines, '\n', &line))
			CHECK(line.n == 77 || lines.n == 0);
		buf_clear(&text);
		buf_clear(&back);
		base64url_write(&text, str_of(bytes, n));
		CHECK(base64url_parse(&back, buf_str(&text)) == FAIL_NONE);
		CHECK_STR(buf_str(&back), str_of(bytes, n));
		buf_release(&text);
		buf_release(&back);
	}
}

int
main(void)
{
	test_vectors();
	test_strict();
	test_stream();
	test_round();
	return test_end();
}
