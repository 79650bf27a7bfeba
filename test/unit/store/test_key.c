#include "store/key.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* --- order ------------------------------------------------------------------------------------ */

/* Each row's key sorts before the next one's. The kind tells what is put behind the space byte. */
static const struct {
	const char *name;
	char kind; /* u: u32, U: u64, i: i64, b: bytes, B: bytes then u32, r: rest */
	int64_t n;
	struct str s;
} order_rows[] = {
	{ "u32 0", 'u', 0, { 0 } },
	{ "u32 1", 'u', 1, { 0 } },
	{ "u32 255", 'u', 255, { 0 } },
	{ "u32 256", 'u', 256, { 0 } },
	{ "u32 2^24 - 1", 'u', (1 << 24) - 1, { 0 } },
	{ "u32 2^24", 'u', 1 << 24, { 0 } },
	{ "u32 max", 'u', UINT32_MAX, { 0 } },
	{ "u64 0", 'U', 0, { 0 } },
	{ "u64 1", 'U', 1, { 0 } },
	{ "u64 2^32 - 1", 'U', UINT32_MAX, { 0 } },
	{ "u64 2^32", 'U', INT64_C(1) << 32, { 0 } },
	{ "u64 2^56 - 1", 'U', (INT64_C(1) << 56) - 1, { 0 } },
	{ "u64 2^56", 'U', INT64_C(1) << 56, { 0 } },
	{ "u64 2^63 - 1", 'U', INT64_MAX, { 0 } },
	{ "u64 max", 'U', -1, { 0 } },
	{ "i64 min", 'i', INT64_MIN, { 0 } },
	{ "i64 -1", 'i', -1, { 0 } },
	{ "i64 0", 'i', 0, { 0 } },
	{ "i64 1", 'i', 1, { 0 } },
	{ "i64 max", 'i', INT64_MAX, { 0 } },
	{ "bytes empty", 'b', 0, STR_INIT("") },
	{ "bytes NUL", 'b', 0, STR_INIT("\0") },
	{ "bytes NUL NUL", 'b', 0, STR_INIT("\0\0") },
	{ "bytes NUL a", 'b', 0, STR_INIT("\0a") },
	{ "bytes 01", 'b', 0, STR_INIT("\1") },
	{ "bytes a", 'b', 0, STR_INIT("a") },
	{ "bytes a NUL", 'b', 0, STR_INIT("a\0") },
	{ "bytes a 01", 'b', 0, STR_INIT("a\1") },
	{ "bytes aa", 'b', 0, STR_INIT("aa") },
	{ "bytes b", 'b', 0, STR_INIT("b") },
	{ "bytes FF", 'b', 0, STR_INIT("\xff") },
	{ "bytes FF FF", 'b', 0, STR_INIT("\xff\xff") },
	{ "pair a 0", 'B', 0, STR_INIT("a") },
	{ "pair a max", 'B', UINT32_MAX, STR_INIT("a") },
	{ "pair a NUL 0", 'B', 0, STR_INIT("a\0") },
	{ "pair a NUL max", 'B', UINT32_MAX, STR_INIT("a\0") },
	{ "pair aa 0", 'B', 0, STR_INIT("aa") },
	{ "rest empty", 'r', 0, STR_INIT("") },
	{ "rest NUL", 'r', 0, STR_INIT("\0") },
	{ "rest a", 'r', 0, STR_INIT("a") },
	{ "rest a NUL", 'r', 0, STR_INIT("a\0") },
};

static void
make(size_t row, struct key *k)
{
	key_init(k, 't');
	switch (order_rows[row].kind) {
	case 'u': key_u32(k, (uint32_t)order_rows[row].n); break;
	case 'U': key_u64(k, (uint64_t)order_rows[row].n); break;
	case 'i': key_i64(k, order_rows[row].n); break;
	case 'r': key_rest(k, order_rows[row].s); break;
	default:
		key_bytes(k, order_rows[row].s);
		if (order_rows[row].kind == 'B')
			key_u32(k, (uint32_t)order_rows[row].n);
		break;
	}
}

/* Back through the reader. */
static void
take_back(size_t row, const struct key *k)
{
	struct key_reader r;
	struct buf bytes;

	buf_init(&bytes, STORE_KEY_MAX);
	key_read(&r, key_str(k));
	CHECK_NUM(key_read_char(&r), 't');
	switch (order_rows[row].kind) {
	case 'u': CHECK_NUM(key_read_u32(&r), order_rows[row].n); break;
	case 'U': CHECK((int64_t)key_read_u64(&r) == order_rows[row].n); break;
	case 'i': CHECK_NUM(key_read_i64(&r), order_rows[row].n); break;
	case 'r': CHECK_STR(key_read_rest(&r), order_rows[row].s); break;
	default:
		key_read_bytes(&r, &bytes);
		CHECK_STR(buf_str(&bytes), order_rows[row].s);
		if (order_rows[row].kind == 'B')
			CHECK_NUM(key_read_u32(&r), order_rows[row].n);
		break;
	}
	CHECK(key_read_done(&r));
	buf_release(&bytes);
}

static void
test_order(void)
{
	for (size_t i = 0; i < ARRAY_LEN(order_rows); i++) {
		struct key a, b;

		TEST_ROW(order_rows[i].name);
		make(i, &a);
		take_back(i, &a);
		if (i + 1 == ARRAY_LEN(order_rows) || order_rows[i + 1].kind != order_rows[i].kind)
			continue;
		make(i + 1, &b);
		CHECK(str_cmp(key_str(&a), key_str(&b)) < 0);
	}
}

/* --- the end of a prefix ---------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct str prefix, end;
} end_rows[] = {
	{ "plain", STR_INIT("ta"), STR_INIT("tb") },
	{ "FF at the end", STR_INIT("t\xff"), STR_INIT("u") },
	{ "FF twice", STR_INIT("ta\xff\xff"), STR_INIT("tb") },
	{ "7F", STR_INIT("t\x7f"), STR_INIT("t\x80") },
	{ "space only", STR_INIT("t"), STR_INIT("u") },
	{ "nothing but FF", STR_INIT("\xff\xff"), STR_INIT("") },
};

static void
test_ends(void)
{
	for (size_t i = 0; i < ARRAY_LEN(end_rows); i++) {
		struct key k;

		TEST_ROW(end_rows[i].name);
		key_init(&k, end_rows[i].prefix.p[0]);
		key_rest(&k, str_from(end_rows[i].prefix, 1));
		key_end(&k);
		CHECK_STR(key_str(&k), end_rows[i].end);
	}
}

/* --- limits and damage ------------------------------------------------------------------------ */

static void
test_overflow(void)
{
	static char big[STORE_KEY_MAX];
	struct key k;

	TEST_ROW("full");
	key_init(&k, 't');
	key_rest(&k, str_of(big, STORE_KEY_MAX - 1));
	CHECK_NUM(key_str(&k).n, STORE_KEY_MAX);
	TEST_ROW("overflow stays");
	key_char(&k, 'x');
	CHECK_NUM(key_str(&k).n, STORE_KEY_MAX + 1);
	key_u32(&k, 1);
	CHECK_NUM(key_str(&k).n, STORE_KEY_MAX + 1);
	key_end(&k);
	CHECK_NUM(key_str(&k).n, STORE_KEY_MAX + 1);
	TEST_ROW("cut");
	key_init(&k, 't');
	key_u32(&k, 7);
	key_u32(&k, 8);
	key_cut(&k, 3);
	CHECK_STR(key_str(&k), STR("t\1\7"));
	key_cut(&k, 50);
	CHECK_NUM(k.n, 3);
}

static const struct {
	const char *name;
	struct str key;
	char kind;
} bad_rows[] = {
	{ "u32 empty", STR_INIT(""), 'u' },
	{ "u32 cut", STR_INIT("\2\1"), 'u' },
	{ "u32 too long", STR_INIT("\5\1\0\0\0\0"), 'u' },
	{ "u32 with a zero in front", STR_INIT("\2\0\1"), 'u' },
	{ "u64 cut", STR_INIT("\x08\1\0\0\0\0\0\0"), 'U' },
	{ "u64 too long", STR_INIT("\x09\1\0\0\0\0\0\0\0\0"), 'U' },
	{ "u64 with a zero in front", STR_INIT("\x08\0\1\1\1\1\1\1\1"), 'U' },
	{ "u64 zero in a byte", STR_INIT("\1\0"), 'U' },
	{ "i64 cut", STR_INIT(""), 'i' },
	{ "char cut", STR_INIT(""), 'c' },
	{ "bytes without end", STR_INIT("abc"), 'b' },
	{ "bytes cut in the end", STR_INIT("abc\0"), 'b' },
	{ "bytes with a wrong escape", STR_INIT("abc\0\2"), 'b' },
	{ "something left", STR_INIT("abc\0\1x"), 'b' },
};

static void
test_bad(void)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
		struct key_reader r;
		struct buf bytes;

		TEST_ROW(bad_rows[i].name);
		buf_init(&bytes, STORE_KEY_MAX);
		key_read(&r, bad_rows[i].key);
		switch (bad_rows[i].kind) {
		case 'u': CHECK_NUM(key_read_u32(&r), 0); break;
		case 'U': CHECK_NUM(key_read_u64(&r), 0); break;
		case 'i': CHECK_NUM(key_read_i64(&r), 0); break;
		case 'c': CHECK_NUM(key_read_char(&r), 0); break;
		default: key_read_bytes(&r, &bytes); break;
		}
		CHECK(!key_read_done(&r));
		buf_release(&bytes);
	}
}

int
main(void)
{
	test_order();
	test_ends();
	test_overflow();
	test_bad();
	return test_end();
}
