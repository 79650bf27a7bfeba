#include "message/charset.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/utf8.h"
#include "message/charset_expect.h"

#define BAD 0xfffd

static const struct {
	const char *charset, *in, *want;
	uint32_t bad;
} rows[] = {
	{ "us-ascii", "abc", "abc", 0 },
	{ "us-ascii", "caf\xe9", "caf\xc3\xa9", 1 },
	{ "us-ascii", "caf\xc3\xa9", "caf\xc3\xa9", 1 },
	{ "utf-8", "caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xf0\x9f\x98\x80", 0 },
	{ "utf-8", "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd", 2 },
	{ "utf-8",
	    "\xe2\x82"
	    "a",
	    "\xef\xbf\xbd"
	    "a",
	    1 },
	{ "utf-8", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3 },
	{ "iso-8859-1", "\x80\xe9", "\xe2\x82\xac\xc3\xa9", 0 },
	{ "ISO_8859-15:1998", "\xa4", "\xe2\x82\xac", 0 },
	{ "windows-1251", "\xcf\xf0\xe8", "\xd0\x9f\xd1\x80\xd0\xb8", 0 },
	{ "windows-1252", "a\x81", "a\xef\xbf\xbd", 1 },
	{ "koi8-r", "\xf0\xd2\xc9", "\xd0\x9f\xd1\x80\xd0\xb8", 0 },
	{ "macintosh", "\x8e", "\xc3\xa9", 0 },
	{ "gb2312", "\xc4\xe3\xba\xc3", "\xe4\xbd\xa0\xe5\xa5\xbd", 0 },
	{ "gbk", "\x80", "\xe2\x82\xac", 0 },
	{ "gb18030", "\x94\x39\xda\x33", "\xf0\x9f\x92\xa9", 0 },
	{ "gb18030", "\x81\x30\x81", "\xef\xbf\xbd", 1 },
	{ "big5", "\xa7\x41\xa6\x6e", "\xe4\xbd\xa0\xe5\xa5\xbd", 0 },
	{ "big5", "\xa7 a", "\xef\xbf\xbd a", 1 },
	{ "euc-jp", "\xc6\xfc\xcb\xdc \x8e\xb1 \x8f\xb0\xa1",
	    "\xe6\x97\xa5\xe6\x9c\xac \xef\xbd\xb1 \xe4\xb8\x82", 0 },
	{ "shift_jis", "\x93\xfa\x96\x7b\xb1", "\xe6\x97\xa5\xe6\x9c\xac\xef\xbd\xb1", 0 },
	{ "shift_jis", "\xf0\x40", "\xee\x80\x80", 0 },
	{ "iso-2022-jp", "a\x1b$BF|K\\\x1b(Bb",
	    "a\xe6\x97\xa5\xe6\x9c\xac"
	    "b",
	    0 },
	{ "iso-2022-jp", "\x1b$BF|\nabc", "\xe6\x97\xa5\nabc", 0 },
	{ "iso-2022-jp", "\x1b(J\\\x1b(I1\x1b(B1",
	    "\xc2\xa5\xef\xbd\xb1"
	    "1",
	    0 },
	{ "iso-2022-jp", "\x1b$(D0!", "\xe4\xb8\x82", 0 },
	{ "iso-2022-jp", "\x1b*x", "\xef\xbf\xbd*x", 1 },
	{ "euc-kr", "\xc7\xd1\xb1\xdb", "\xed\x95\x9c\xea\xb8\x80", 0 },
	{ "ks_c_5601-1987", "\x81\x41\xc6\x52", "\xea\xb0\x82\xed\x9e\xa3", 0 },
	{ "utf-7", "Hi Mom -+Jjo--!", "Hi Mom -\xe2\x98\xba-!", 0 },
	{ "utf-7", "1 +- 1 +2D3cqQ-", "1 + 1 \xf0\x9f\x92\xa9", 0 },
	{ "utf-7", "+ZeVnLIqe", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 0 },
	{ "utf-16",
	    "\xff\xfe"
	    "a\0\xac\x20",
	    NULL, 0 },
	{ "utf-16be", "", "", 0 },
};

/* FNV-1a of one more code point, as charset_tables.py computes it. */
static uint64_t
mix(uint64_t hash, uint32_t point)
{
	for (int i = 0; i < 4; i++)
		hash = (hash ^ (point >> 8 * i & 0xff)) * 0x100000001b3u;
	return hash;
}

#define MIX_START 0xcbf29ce484222325u

/* What these bytes are: one code point, or BAD. */
static uint32_t
one(const struct charset *charset, const unsigned char *bytes, size_t n)
{
	struct charset_decoder d;
	struct str text;
	uint32_t point = BAD;
	struct buf b;

	buf_init(&b, 100);
	charset_decoder_init(&d, charset);
	charset_decode(&d, str_of(bytes, n), &b);
	charset_decode_end(&d, &b);
	text = buf_str(&b);
	if (!utf8_next(&text, &point) || text.n > 0)
		point = BAD;
	buf_release(&b);
	return point;
}

/* Whole, and cut at every place. */
static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str in = str_c(rows[i].in);
		const struct charset *charset = charset_find(str_c(rows[i].charset));
		struct charset_decoder d;
		struct buf b;

		TEST_ROW(rows[i].charset);
		if (!CHECK(charset != NULL) || rows[i].want == NULL)
			continue;
		buf_init(&b, 1000);
		for (size_t cut = 0; cut <= in.n; cut++) {
			buf_clear(&b);
			charset_decoder_init(&d, charset);
			charset_decode(&d, str_head(in, cut), &b);
			charset_decode(&d, str_from(in, cut), &b);
			charset_decode_end(&d, &b);
			CHECK_STR(buf_str(&b), str_c(rows[i].want));
			CHECK_NUM(d.bad, rows[i].bad);
		}
		buf_release(&b);
	}
}

/* Every character of every set against the codecs the tables came from. */
static void
test_tables(void)
{
	for (size_t i = 0; i < ARRAY_LEN(single_rows); i++) {
		const struct charset *charset = charset_find(str_c(single_rows[i].name));
		uint64_t hash = MIX_START;

		TEST_ROW(single_rows[i].name);
		if (!CHECK(charset != NULL))
			continue;
		for (unsigned c = 128; c < 256; c++)
			hash = mix(hash, one(charset, (unsigned char[]){ (unsigned char)c }, 1));
		CHECK(hash == single_rows[i].hash);
	}
	for (size_t i = 0; i < ARRAY_LEN(double_rows); i++) {
		const struct charset *charset = charset_find(str_c(double_rows[i].name));
		bool is_euc_jp = str_eq(str_c(double_rows[i].name), STR("EUC-JP"));
		bool is_sjis = str_eq(str_c(double_rows[i].name), STR("Shift_JIS"));
		unsigned last = is_sjis ? 0xfd : 0xff;
		uint64_t hash = MIX_START;

		TEST_ROW(double_rows[i].name);
		for (unsigned a = is_euc_jp ? 0xa1 : 0x81; a < last; a++) {
			for (unsigned b = is_euc_jp ? 0xa1 : 0x40; b < last; b++) {
				unsigned char pair[] = { (unsigned char)a, (unsigned char)b };

				hash = mix(hash,
				    is_sjis && a >= 0xa0 && a < 0xe0 ? BAD : one(charset, pair, 2));
			}
		}
		CHECK(hash == double_rows[i].hash);
	}
}

static void
test_long_codes(void)
{
	const struct charset *euc_jp = charset_find(STR("euc-jp"));
	const struct charset *gb18030 = charset_find(STR("gb18030"));
	uint64_t hash = MIX_START;

	TEST_ROW("EUC-JP, three bytes");
	for (unsigned a = 0xa1; a < 0xff; a++)
		for (unsigned b = 0xa1; b < 0xff; b++)
			hash = mix(hash,
			    one(euc_jp,
				(unsigned char[]){ 0x8f, (unsigned char)a, (unsigned char)b }, 3));
	CHECK(hash == EUC_JP_TRIPLE_HASH);
	TEST_ROW("GB18030, four bytes");
	hash = MIX_START;
	for (unsigned i = 0; i < 39420; i++) {
		unsigned char quad[] = { (unsigned char)(0x81 + i / 12600),
			(unsigned char)(0x30 + i / 1260 % 10), (unsigned char)(0x81 + i / 10 % 126),
			(unsigned char)(0x30 + i % 10) };

		hash = mix(hash, one(gb18030, quad, 4));
	}
	CHECK(hash == GB18030_QUAD_HASH);
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 10000);
	test_rows();
	test_tables();
	test_long_codes();
	TEST_ROW("names");
	CHECK(charset_find(STR("nope")) == NULL);
	CHECK(charset_find(STR("")) == NULL);
	CHECK_STR(charset_name(charset_find(STR("LATIN1"))), STR("ISO-8859-1"));
	CHECK_STR(charset_name(charset_find(STR("cp1252"))), STR("windows-1252"));
	CHECK_STR(charset_name(charset_find(STR("x-sjis"))), STR("Shift_JIS"));
	TEST_ROW("wide");
	CHECK_STR(charset_to_utf8(charset_find(STR("utf-16")),
		      STR("\xff\xfe"
			  "a\0\xac\x20"),
		      &a),
	    STR("a\xe2\x82\xac"));
	CHECK_STR(charset_to_utf8(charset_find(STR("utf-16")), STR("\0a\x20\xac"), &a),
	    STR("a\xe2\x82\xac"));
	CHECK_STR(
	    charset_to_utf8(charset_find(STR("utf-16le")), STR("\x3d\xd8\xa9\xdc\x3d\xd8"), &a),
	    STR("\xf0\x9f\x92\xa9\xef\xbf\xbd"));
	CHECK_STR(charset_to_utf8(NULL, STR("a\0b"), &a),
	    STR("a\xef\xbf\xbd"
		"b"));
	arena_release(&a);
	return test_end();
}
