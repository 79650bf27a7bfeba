#include "message/mime_json.h"

/* system */
#include <dirent.h>
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/json.h"
#include "codec/json_picker.h"
#include "message/imap_structure.h"
#include "message/summary.h"

#define DATA_FOLDER "../shared/data/mime"
#define FILE_MAX    (1024 * 1024)
#define CUT_FILES_MAX \
	20000 /* bytes: smaller files are cut at every byte, larger ones here and there */

/* Seen from the tree, and from a work tree beside it. */
static const char *const data_folders[] = { "../shared/data/mime", "../../shared/data/mime" };

/* What a member of the view must be, as JSON text. */
static const struct {
	const char *name, *in, *path, *want;
} rows[] = {
	{ "size", "A: 1\r\n\r\nx", "/size", "9" },
	{ "header", "Subject: =?utf-8?Q?=C3=A9?=\r\n\r\n", "/headers/0/value", "\"\xc3\xa9\"" },
	{ "type", "\r\n", "/parts/subtype", "\"plain\"" },
	{ "offset", "A: 1\r\n\r\nxy", "/parts/body/start", "8" },
	{ "parameter", "Content-Type: a/b; x*=utf-8''%41\r\n\r\n", "/parts/parameters",
	    "[{\"name\":\"x\",\"value\":\"A\"}]" },
	{ "envelope", "\r\n", "/envelope", "\"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)\"" },
	{ "from", "From: A <a@b>\r\n\r\n", "/email/from", "[{\"name\":\"A\",\"email\":\"a@b\"}]" },
	{ "to", "\r\n", "/email/to", "null" },
	{ "messageId", "Message-ID: <a@b>\r\n\r\n", "/email/messageId", "[\"a@b\"]" },
	{ "sentAt", "Date: 6 Nov 1994 08:49:37 +0100\r\n\r\n", "/email/sentAt",
	    "\"1994-11-06T08:49:37+01:00\"" },
	{ "preview", "\r\nhello", "/email/preview", "\"hello\"" },
	{ "text", "\r\nhello", "/email/bodyValues/0/value", "\"hello\"" },
};

static void
test_rows(struct arena *a, struct buf *b)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct json *view = NULL;
		struct message m;
		struct buf text;

		TEST_ROW(rows[i].name);
		buf_clear(b);
		buf_init(&text, 10000);
		message_parse(&m, str_c(rows[i].in), a);
		mime_json_write(&m, b);
		CHECK_NUM(json_parse(buf_str(b), a, &view), FAIL_NONE);
		CHECK_NUM(json_pick(buf_str(b), str_c(rows[i].path), &text), FAIL_NONE);
		CHECK_STR(buf_str(&text), str_c(rows[i].want));
		buf_release(&text);
	}
}

/* Every reader of the room on one message: JSON that is well-formed, a summary that says the same. */
static void
look_at(struct str bytes, struct arena *a, struct buf *b)
{
	const struct json *view;
	struct message m, back;
	struct buf record, one, two;
	enum fail fail;

	arena_reset(a);
	buf_clear(b);
	message_parse(&m, bytes, a);
	mime_json_write(&m, b);
	CHECK(buf_ok(b));
	CHECK_NUM(json_parse(buf_str(b), a, &view), FAIL_NONE);
	buf_init(&record, SUMMARY_MAX);
	buf_init(&one, 8 * FILE_MAX);
	buf_init(&two, 8 * FILE_MAX);
	message_summary_write(&m, &record);
	fail = message_summary_read(buf_str(&record), a, &back);
	CHECK(fail == FAIL_NONE || (fail == FAIL_PERM && record.n < 20));
	if (fail == FAIL_NONE) {
		envelope_write(&one, &m.root);
		bodystructure_write(&one, &m.root, true);
		envelope_write(&two, &back.root);
		bodystructure_write(&two, &back.root, true);
		CHECK_STR(buf_str(&two), buf_str(&one));
	}
	buf_release(&record);
	buf_release(&one);
	buf_release(&two);
}

static bool
read_file(const char *folder, const char *name, struct buf *out)
{
	char path[600];
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL)
		return false;
	n = fread(buf_room(out, FILE_MAX), 1, FILE_MAX, file);
	buf_grow(out, n);
	fclose(file);
	return n > 0;
}

/* The messages of other programs' tests, whole and cut at places. */
static bool
test_files(const char *path, struct arena *a, struct buf *b)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	struct buf file;

	if (folder == NULL)
		return false;
	buf_init(&file, FILE_MAX);
	while ((entry = readdir(folder)) != NULL) {
		struct str bytes;
		size_t step;

		buf_clear(&file);
		if (entry->d_name[0] == '.' || !read_file(path, entry->d_name, &file))
			continue;
		TEST_ROW(entry->d_name);
		bytes = buf_str(&file);
		look_at(bytes, a, b);
		step = bytes.n / 40 + 1;
		for (size_t n = 0; n < bytes.n && bytes.n < CUT_FILES_MAX; n += step)
			look_at(str_head(bytes, n), a, b);
	}
	closedir(folder);
	buf_release(&file);
	return true;
}

int
main(void)
{
	struct arena a;
	struct buf b;

	arena_init(&a, 64 << 20);
	buf_init(&b, 64 << 20);
	test_rows(&a, &b);
	if (!test_files(data_folders[0], &a, &b) && !test_files(data_folders[1], &a, &b))
		printf("skip: there is no folder %s with sample messages\n", data_folders[0]);
	buf_release(&b);
	arena_release(&a);
	return test_end();
}
