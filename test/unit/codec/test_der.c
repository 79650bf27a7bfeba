/* DER and PEM. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/der.h"
#include "codec/pem.h"

#define S(literal) STR_INIT(literal)

static const struct {
	const char *name;
	struct str in;
	bool ok;
	uint8_t tag;
	struct str content;
} der_rows[] = {
	{ "null", S("\x05\x00"), true, DER_NULL, S("") },
	{ "short",
	    S("\x04\x02"
	      "abX"),
	    true, DER_OCTET_STRING, S("ab") },
	{ "empty", S(""), false, 0, S("") },
	{ "no length", S("\x04"), false, 0, S("") },
	{ "cut off",
	    S("\x04\x03"
	      "ab"),
	    false, 0, S("") },
	{ "indefinite", S("\x30\x80\x00\x00"), false, 0, S("") },
	{ "long form of a short length",
	    S("\x04\x81\x01"
	      "a"),
	    false, 0, S("") },
	{ "leading zero in the length", S("\x04\x82\x00\x80"), false, 0, S("") },
	{ "four length bytes", S("\x04\x84\x01\x00\x00\x00"), false, 0, S("") },
	{ "high tag", S("\x1f\x81\x01\x00"), false, 0, S("") },
};

static const struct {
	const char *name;
	struct str in;
	bool ok;
	struct str bytes;
} unsigned_rows[] = {
	{ "zero", S("\x02\x01\x00"), true, S("\0") },
	{ "leading zero", S("\x02\x02\x00\x80"), true, S("\x80") },
	{ "negative", S("\x02\x01\x80"), false, S("") },
	{ "empty", S("\x02\x00"), false, S("") },
	{ "not an integer", S("\x04\x01\x01"), false, S("") },
};

static const struct {
	const char *name, *in;
	enum fail want;
	const char *label, *der;
} pem_rows[] = {
	{ "one", "-----BEGIN X-----\nYWJj\n-----END X-----\n", FAIL_NONE, "X", "abc" },
	{ "CRLF, text before, no last LF",
	    "subject=/CN=a\r\n-----BEGIN A B-----\r\nYW\r\nJj\r\n-----END A B-----", FAIL_NONE,
	    "A B", "abc" },
	{ "none", "hello\n", FAIL_MISSING, NULL, NULL },
	{ "nothing", "", FAIL_MISSING, NULL, NULL },
	{ "does not end", "-----BEGIN X-----\nYWJj\n", FAIL_SYNTAX, NULL, NULL },
	{ "ends as another", "-----BEGIN X-----\nYWJj\n-----END Y-----\n", FAIL_SYNTAX, NULL,
	    NULL },
	{ "empty body", "-----BEGIN X-----\n-----END X-----\n", FAIL_SYNTAX, NULL, NULL },
	{ "no base64", "-----BEGIN X-----\nY!Jj\n-----END X-----\n", FAIL_SYNTAX, NULL, NULL },
	{ "cut off", "-----BEGIN X-----\nYWJjY\n-----END X-----\n", FAIL_SYNTAX, NULL, NULL },
};

static void
test_der(void)
{
	for (size_t i = 0; i < ARRAY_LEN(der_rows); i++) {
		struct str cur = der_rows[i].in, content;
		uint8_t tag;

		TEST_ROW(der_rows[i].name);
		CHECK(der_next(&cur, &tag, &content) == der_rows[i].ok);
		if (der_rows[i].ok) {
			CHECK_NUM(tag, der_rows[i].tag);
			CHECK_STR(content, der_rows[i].content);
		} else {
			CHECK(cur.p == der_rows[i].in.p);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(unsigned_rows); i++) {
		struct str cur = unsigned_rows[i].in, bytes;

		TEST_ROW(unsigned_rows[i].name);
		CHECK(der_unsigned(&cur, &bytes) == unsigned_rows[i].ok);
		if (unsigned_rows[i].ok)
			CHECK_STR(bytes, unsigned_rows[i].bytes);
	}
}

static void
test_write(void)
{
	static const size_t sizes[] = { 0, 1, 127, 128, 255, 256, 65535, 65536 };
	static char bytes[65536];
	struct buf out;

	TEST_ROW("written and read again");
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct str cur, content;

		buf_clear(&out);
		der_write(&out, DER_OCTET_STRING, str_of(bytes, sizes[i]));
		cur = buf_str(&out);
		CHECK(der_take(&cur, DER_OCTET_STRING, &content) && cur.n == 0);
		CHECK_NUM(content.n, sizes[i]);
	}
	buf_clear(&out);
	pem_write(&out, "T", str_of(bytes, 50));
	struct str text = buf_str(&out), label;
	struct buf der = { .max = 100 };

	CHECK(pem_next(&text, &label, &der) == FAIL_NONE);
	CHECK_STR(buf_str(&der), str_of(bytes, 50));
	buf_release(&der);
	buf_release(&out);
}

int
main(void)
{
	test_der();
	test_write();
	for (size_t i = 0; i < ARRAY_LEN(pem_rows); i++) {
		struct str text = str_c(pem_rows[i].in), label;
		struct buf der = { .max = 1000 };

		TEST_ROW(pem_rows[i].name);
		CHECK_NUM(pem_next(&text, &label, &der), pem_rows[i].want);
		if (pem_rows[i].want == FAIL_NONE) {
			CHECK_STR(label, str_c(pem_rows[i].label));
			CHECK_STR(buf_str(&der), str_c(pem_rows[i].der));
			CHECK_NUM(pem_next(&text, &label, &der), FAIL_MISSING);
		}
		buf_release(&der);
	}
	return test_end();
}
