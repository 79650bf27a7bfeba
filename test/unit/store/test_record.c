#include "store/record.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* --- bytes as they must be -------------------------------------------------------------------- */

static const struct {
	const char *name;
	char kind; /* u, i, b (bool), s */
	uint64_t n;
	struct str s, bytes; /* without the version's byte */
} rows[] = {
	{ "0", 'u', 0, { 0 }, STR_INIT("\0") },
	{ "127", 'u', 127, { 0 }, STR_INIT("\x7f") },
	{ "128", 'u', 128, { 0 }, STR_INIT("\x80\x01") },
	{ "16384", 'u', 16384, { 0 }, STR_INIT("\x80\x80\x01") },
	{ "u64 max", 'u', UINT64_MAX, { 0 }, STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") },
	{ "i 0", 'i', 0, { 0 }, STR_INIT("\0") },
	{ "i -1", 'i', (uint64_t)-1, { 0 }, STR_INIT("\x01") },
	{ "i 1", 'i', 1, { 0 }, STR_INIT("\x02") },
	{ "i -64", 'i', (uint64_t)-64, { 0 }, STR_INIT("\x7f") },
	{ "i min", 'i', (uint64_t)INT64_MIN, { 0 },
	    STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") },
	{ "i max", 'i', INT64_MAX, { 0 }, STR_INIT("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01") },
	{ "no", 'b', 0, { 0 }, STR_INIT("\0") },
	{ "yes", 'b', 1, { 0 }, STR_INIT("\x01") },
	{ "empty", 's', 0, STR_INIT(""), STR_INIT("\0") },
	{ "text", 's', 0, STR_INIT("a\0b"),
	    STR_INIT("\x03"
		     "a\0b") },
};

static void
write_row(size_t i, struct buf *b)
{
	switch (rows[i].kind) {
	case 'u': record_add_u64(b, rows[i].n); break;
	case 'i': record_add_i64(b, (int64_t)rows[i].n); break;
	case 'b': record_add_bool(b, rows[i].n != 0); break;
	default: record_add_bytes(b, rows[i].s); break;
	}
}

static void
read_row(size_t i, struct record *r)
{
	switch (rows[i].kind) {
	case 'u': CHECK(record_u64(r) == rows[i].n); break;
	case 'i': CHECK(record_i64(r) == (int64_t)rows[i].n); break;
	case 'b': CHECK(record_bool(r) == (rows[i].n != 0)); break;
	default: CHECK_STR(record_bytes(r), rows[i].s); break;
	}
}

static void
test_fields(void)
{
	struct buf b;
	struct record r;

	buf_init(&b, 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		buf_clear(&b);
		record_begin(&b, 3);
		write_row(i, &b);
		CHECK_STR(str_from(buf_str(&b), 1), rows[i].bytes);
		record_read(&r, buf_str(&b));
		CHECK_NUM(r.version, 3);
		CHECK(record_more(&r));
		read_row(i, &r);
		CHECK(!record_more(&r));
		CHECK_NUM(record_end(&r), FAIL_NONE);

		TEST_ROW("cut");
		record_read(&r, str_head(buf_str(&b), b.n - 1));
		if (rows[i].kind == 's')
			(void)record_bytes(&r);
		else
			(void)record_u64(&r);
		CHECK_NUM(record_end(&r), FAIL_PERM);
		CHECK_NUM(record_u64(&r), 0);
	}
	TEST_ROW("all in one, and more than we know");
	buf_clear(&b);
	record_begin(&b, 900);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		write_row(i, &b);
	record_add_bytes(&b, STR("from the future"));
	record_read(&r, buf_str(&b));
	CHECK_NUM(r.version, 900);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		read_row(i, &r);
	CHECK(record_more(&r));
	CHECK_NUM(record_end(&r), FAIL_NONE);
	buf_release(&b);
}

/* --- damage ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct str value;
	char kind; /* of the field after the version; v: none */
} bad_rows[] = {
	{ "empty", STR_INIT(""), 'v' },
	{ "version cut", STR_INIT("\x80"), 'v' },
	{ "version too large", STR_INIT("\xff\xff\xff\xff\xff\x01"), 'v' },
	{ "number missing", STR_INIT("\1"), 'u' },
	{ "number cut", STR_INIT("\1\x80"), 'u' },
	{ "number of 65 bits", STR_INIT("\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 'u' },
	{ "number without end", STR_INIT("\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 'u' },
	{ "u32 too large", STR_INIT("\1\x80\x80\x80\x80\x10"), 'w' },
	{ "neither yes nor no", STR_INIT("\1\2"), 'b' },
	{ "bytes longer than the record", STR_INIT("\1\5abcd"), 's' },
	{ "bytes of absurd length",
	    STR_INIT("\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
		     "a"),
	    's' },
};

static void
test_bad(void)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
		struct record r;

		TEST_ROW(bad_rows[i].name);
		record_read(&r, bad_rows[i].value);
		switch (bad_rows[i].kind) {
		case 'v': break;
		case 'u': CHECK_NUM(record_u64(&r), 0); break;
		case 'w': CHECK_NUM(record_u32(&r), 0); break;
		case 'b': CHECK(!record_bool(&r)); break;
		default: CHECK_NUM(record_bytes(&r).n, 0); break;
		}
		CHECK(r.is_bad && !record_more(&r));
		CHECK_NUM(record_end(&r), FAIL_PERM);
		CHECK_NUM(record_u64(&r), 0);
		CHECK_NUM(record_i64(&r), 0);
		CHECK_NUM(record_bytes(&r).n, 0);
	}
}

int
main(void)
{
	test_fields();
	test_bad();
	return test_end();
}
