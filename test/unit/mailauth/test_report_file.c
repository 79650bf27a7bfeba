#include "mailauth/report_file.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/deflate.h"

#define TEXT "<feedback/>"

/* A zip with one file; `data` as it lies there. */
static void
zip(struct buf *out, const char *name, unsigned flags, unsigned method, size_t size,
    struct str data)
{
	struct str name_text = str_c(name);

	buf_add(out, STR("PK\x03\x04\x14\0"));
	buf_add_char(out, (char)flags);
	buf_add_char(out, 0);
	buf_add_char(out, (char)method);
	buf_add(out, STR("\0\0\0\0\0\0\0\0\0"));
	for (int i = 0; i < 2; i++) {
		buf_add_char(out, (char)(size & 0xff));
		buf_add_char(out, (char)(size >> 8 & 0xff));
		buf_add(out, STR("\0\0"));
	}
	buf_add_char(out, (char)name_text.n);
	buf_add(out, STR("\0\x03\0"));
	buf_add(out, name_text);
	buf_add(out, STR("xxx")); /* an extra field */
	buf_add(out, data);
}

static void
deflated(struct buf *out, struct str text)
{
	struct deflate_stream s;

	deflate_start(&s, DEFLATE_RAW, true);
	CHECK_NUM(deflate_feed(&s, &text, DEFLATE_END, out), FAIL_NONE);
	deflate_release(&s);
}

static void
expect(struct str file, enum fail fail)
{
	struct buf got;

	buf_init(&got, 1000);
	CHECK_NUM(report_file_read(file, &got), fail);
	if (fail == FAIL_NONE)
		CHECK_STR(buf_str(&got), STR(TEXT));
	buf_release(&got);
}

static void
test_gzip(void)
{
	struct buf file;

	buf_init(&file, 1000);
	TEST_ROW("as it is");
	expect(STR(TEXT), FAIL_NONE);
	TEST_ROW("gzip");
	report_file_write(&file, STR(TEXT));
	CHECK(buf_ok(&file));
	expect(buf_str(&file), FAIL_NONE);
	for (size_t n = 2; n < file.n; n++)
		expect(str_head(buf_str(&file), n), FAIL_SYNTAX);
	TEST_ROW("gzip with something behind it");
	buf_add_c(&file, "rubbish");
	expect(buf_str(&file), FAIL_NONE);
	TEST_ROW("no gzip");
	expect(STR("\x1f\x8bxxxxxxxxxxxxxxxxxx"), FAIL_SYNTAX);
	buf_release(&file);
	TEST_ROW("no room for gzip");
	buf_init(&file, 10);
	report_file_write(&file, STR(TEXT));
	CHECK(!buf_ok(&file));
	buf_release(&file);
}

static void
test_zip(void)
{
	struct buf file, data;

	buf_init(&file, 10000);
	buf_init(&data, 10000);
	deflated(&data, STR(TEXT));
	TEST_ROW("deflated");
	zip(&file, "a.xml", 0, 8, data.n, buf_str(&data));
	expect(buf_str(&file), FAIL_NONE);
	for (size_t n = 4; n < file.n; n++)
		expect(str_head(buf_str(&file), n), FAIL_SYNTAX);
	TEST_ROW("deflated, its size behind it");
	buf_clear(&file);
	zip(&file, "a.xml", 8, 8, 0, buf_str(&data));
	buf_add_c(&file, "PK\x07\x08");
	expect(buf_str(&file), FAIL_NONE);
	TEST_ROW("encrypted");
	buf_clear(&file);
	zip(&file, "a.xml", 1, 8, data.n, buf_str(&data));
	expect(buf_str(&file), FAIL_SYNTAX);
	TEST_ROW("another method");
	buf_clear(&file);
	zip(&file, "a.xml", 0, 9, data.n, buf_str(&data));
	expect(buf_str(&file), FAIL_SYNTAX);
	TEST_ROW("stored, in a folder");
	buf_clear(&file);
	zip(&file, "a/", 0, 0, 0, STR(""));
	zip(&file, "a/a.xml", 0, 0, sizeof TEXT - 1, STR(TEXT "PK"));
	expect(buf_str(&file), FAIL_NONE);
	TEST_ROW("stored, cut");
	expect(str_head(buf_str(&file), file.n - 3), FAIL_SYNTAX);
	TEST_ROW("folders only");
	buf_clear(&file);
	zip(&file, "a/", 0, 0, 0, STR(""));
	zip(&file, "b/", 0, 0, 0, STR(""));
	expect(buf_str(&file), FAIL_SYNTAX);
	buf_release(&data);
	buf_release(&file);
}

/* A megabyte of the same becomes a kilobyte, and stays outside. */
static void
test_bombs(void)
{
	static char zeros[1 << 20];
	struct buf file, data;

	buf_init(&file, 100000);
	buf_init(&data, 100000);
	TEST_ROW("bomb in gzip");
	report_file_write(&file, str_of(zeros, sizeof zeros));
	CHECK(file.n < 5000);
	expect(buf_str(&file), FAIL_LIMIT);
	TEST_ROW("bomb in zip");
	buf_clear(&file);
	deflated(&data, str_of(zeros, sizeof zeros));
	zip(&file, "a.xml", 0, 8, data.n, buf_str(&data));
	expect(buf_str(&file), FAIL_LIMIT);
	TEST_ROW("too large as it is");
	expect(str_of(zeros, sizeof zeros), FAIL_LIMIT);
	buf_release(&data);
	buf_release(&file);
}

int
main(void)
{
	test_gzip();
	test_zip();
	test_bombs();
	return test_end();
}
