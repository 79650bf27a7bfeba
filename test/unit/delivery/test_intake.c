#include "delivery/intake.h"

/* system */
#include <stdio.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "store/store.h"

#define TRACE "Received: here\r\n"

static struct store *store;
static struct blob_store *blobs;

static const struct {
	const char *name, *in;
	bool is_submission;
	const char *want; /* "*" stands for what is random */
} rows[] = {
	{ "header and body", "A: b\r\n\r\ntext\r\n", false, TRACE "A: b\r\n\r\ntext\r\n" },
	{ "body only", "\r\ntext\r\n", false, TRACE "\r\ntext\r\n" },
	{ "header only", "A: b\r\n", false, TRACE "A: b\r\n" },
	{ "nothing", "", false, TRACE },
	{ "no line end", "A: b\r\n\r\ntext", false, TRACE "A: b\r\n\r\ntext" },
	{ "CR alone at the end", "A: b\r\n\r", false, TRACE "A: b\r\n\r" },
	{ "complete", "Date: x\r\nmessage-id: y\r\n\r\n", true,
	    TRACE "Date: x\r\nmessage-id: y\r\n\r\n" },
	{ "no date", "Message-ID: y\r\n\r\n", true,
	    TRACE "Date: Thu, 1 Jan 1970 00:00:01 +0000\r\nMessage-ID: y\r\n\r\n" },
	{ "Bcc first", "Bcc: x,\r\n y\r\nDate: x\r\nMessage-ID: y\r\n\r\nBcc: z\r\n", true,
	    TRACE "Date: x\r\nMessage-ID: y\r\n\r\nBcc: z\r\n" },
	{ "Bcc between and last", "Date: x\r\nbcc: x\r\nMessage-ID: y\r\nBCC : z\r\n\r\n", true,
	    TRACE "Date: x\r\nMessage-ID: y\r\n\r\n" },
	{ "Bcc behind what is no field",
	    "Date: x\r\nMessage-ID: y\r\nno field\r\n: nor this\r\nBcc: z\r\nA: b\r\n\r\nBcc: t\r\n",
	    true,
	    TRACE "Date: x\r\nMessage-ID: y\r\nno field\r\n: nor this\r\nA: b\r\n\r\nBcc: t\r\n" },
	{ "Bcc from elsewhere stays", "Bcc: x\r\n\r\n", false, TRACE "Bcc: x\r\n\r\n" },
	{ "nothing at submission", "", true,
	    TRACE "Date: Thu, 1 Jan 1970 00:00:01 +0000\r\nMessage-ID: <*@mx.test>\r\n" },
};

enum giver { USER, STRANGER, HOST_OF_OURS };

/* Feed in pieces; the file's bytes, or its failure. */
static enum fail
take_lines(struct str in, size_t piece, enum giver giver, enum intake_lines lines, uint64_t max,
    struct buf *out, bool *has_bare)
{
	struct intake i = { .is_submission = giver == USER,
		.is_trusted = giver == HOST_OF_OURS,
		.lines = lines,
		.hostname = STR("mx.test") };
	struct blob_name name;
	struct blob_map map;
	enum fail fail;

	CHECK(intake_start(&i, blobs, STR("alice"), STR(TRACE), max) == FAIL_NONE);
	for (size_t at = 0; at < in.n; at += piece)
		intake_feed(&i, str_slice(in, at, piece));
	CHECK_NUM(i.size, in.n);
	fail = intake_end(&i);
	if (fail == FAIL_NONE)
		fail = blob_write_finish(&i.writer, &name);
	*has_bare = i.has_bare;
	if (fail == FAIL_NONE &&
	    CHECK(blob_map(blobs, STR("alice"), blob_name_str(&name), &map) == FAIL_NONE)) {
		buf_add(out, map.bytes);
		blob_unmap(&map);
	}
	intake_cancel(&i);
	return fail;
}

static enum fail
take(struct str in, size_t piece, enum giver giver, uint64_t max, struct buf *out)
{
	bool has_bare;

	return take_lines(in, piece, giver, INTAKE_LINES_REJECT, max, out, &has_bare);
}

static bool
is_like(struct str got, struct str want)
{
	size_t star = str_find_char(want, '*');

	if (star == STR_NONE)
		return str_eq(got, want);
	return str_starts(got, str_head(want, star)) && str_ends(got, str_from(want, star + 1));
}

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t piece = 1; piece < 100; piece += 7) {
			struct buf out;

			TEST_ROW(rows[i].name);
			buf_init(&out, 10000);
			CHECK(
			    take(str_c(rows[i].in), piece, rows[i].is_submission ? USER : STRANGER,
				1000, &out) == FAIL_NONE);
			if (!is_like(buf_str(&out), str_c(rows[i].want)))
				CHECK_STR(buf_str(&out), str_c(rows[i].want));
			buf_release(&out);
		}
	}
}

/* A header over INTAKE_HEADER_MAX goes on as it is, in pieces of any size. */
static void
test_long_header(void)
{
	struct buf in, out;

	TEST_ROW("long header");
	buf_init(&in, INTAKE_HEADER_MAX + 2000);
	while (in.n < INTAKE_HEADER_MAX + 1000)
		buf_add_c(&in, "A: 0123456789\r\n");
	buf_add_c(&in, "\r\nbody\r\n");
	for (size_t piece = 1000; piece < 1000000; piece = piece * 7 + 1) {
		buf_init(&out, INTAKE_HEADER_MAX + 4000);
		CHECK(take(buf_str(&in), piece, HOST_OF_OURS, in.n, &out) == FAIL_NONE);
		CHECK(str_starts(buf_str(&out), STR(TRACE)));
		CHECK(str_eq(str_from(buf_str(&out), sizeof TRACE - 1), buf_str(&in)));
		buf_release(&out);
	}
	TEST_ROW("one byte too many");
	buf_init(&out, 100);
	CHECK(take(buf_str(&in), 5000, HOST_OF_OURS, in.n - 1, &out) == FAIL_LIMIT);
	buf_release(&out);
	TEST_ROW("a long header at submission may hide a Bcc");
	buf_init(&out, INTAKE_HEADER_MAX + 4000);
	CHECK(take(buf_str(&in), 5000, USER, in.n + 4000, &out) == FAIL_LIMIT);
	TEST_ROW("a long header from elsewhere may hide results in our name");
	buf_clear(&out);
	CHECK(take(buf_str(&in), 5000, STRANGER, in.n + 4000, &out) == FAIL_LIMIT);
	buf_release(&out);
	buf_release(&in);
}

static const struct {
	const char *name, *in, *stripped;
	bool has_bare;
} line_rows[] = {
	{ "whole", "A: b\r\n\r\nx\r\n", "A: b\r\n\r\nx\r\n", false },
	{ "LF", "A: b\r\n\r\nx\ny\r\n", "A: b\r\n\r\nx\r\ny\r\n", true },
	{ "CR", "A: b\r\n\r\nx\ry\r\n", "A: b\r\n\r\nxy\r\n", true },
	{ "CR before CRLF", "A: b\r\n\r\nx\r\r\n", "A: b\r\n\r\nx\r\n", true },
	{ "LF behind CRLF", "A: b\r\n\r\nx\r\n\n", "A: b\r\n\r\nx\r\n\r\n", true },
	{ "LF first", "\nA: b\r\n\r\n", "\r\nA: b\r\n\r\n", true },
	{ "only LF", "A: b\n\nx\n", "A: b\r\n\r\nx\r\n", true },
	{ "CR last", "A: b\r\n\r\nx\r", "A: b\r\n\r\nx", true },
	{ "a hidden end", "A: b\r\n\r\nx\n.\r\nMAIL\r\n", "A: b\r\n\r\nx\r\n.\r\nMAIL\r\n", true },
	{ "no end", "A: b\r\n\r\nx", "A: b\r\n\r\nx", false },
};

static void
test_lines(void)
{
	static const enum intake_lines modes[] = { INTAKE_LINES_REJECT, INTAKE_LINES_STRIP,
		INTAKE_LINES_ANY };

	for (size_t i = 0; i < ARRAY_LEN(line_rows); i++) {
		for (size_t k = 0; k < 3 * 30; k++) {
			enum intake_lines mode = modes[k % 3];
			bool has_bare, is_stripped = mode == INTAKE_LINES_STRIP;
			struct buf out;

			TEST_ROW(line_rows[i].name);
			buf_init(&out, 1000);
			CHECK(take_lines(str_c(line_rows[i].in), k / 3 + 1, STRANGER, mode, 1000,
				  &out, &has_bare) == FAIL_NONE);
			CHECK(has_bare == (line_rows[i].has_bare && mode != INTAKE_LINES_ANY));
			CHECK(str_starts(buf_str(&out), STR(TRACE)));
			CHECK_STR(str_from(buf_str(&out), sizeof TRACE - 1),
			    str_c(is_stripped ? line_rows[i].stripped : line_rows[i].in));
			buf_release(&out);
		}
	}
}

int
main(void)
{
	char path[300];

	clock_fake(1000, 1000);
	snprintf(path, sizeof path, "%s/store.db", test_folder());
	CHECK(store_open(&store, NULL, str_c(path), NULL) == FAIL_NONE);
	snprintf(path, sizeof path, "%s/mail", test_folder());
	CHECK(blob_open(&blobs, NULL, store, str_c(path)) == FAIL_NONE);
	CHECK(blob_recover(blobs) == FAIL_NONE);
	test_rows();
	test_long_header();
	test_lines();
	CHECK(blob_commit(blobs) == FAIL_NONE);
	blob_close(&blobs);
	store_close(&store);
	return test_end();
}
