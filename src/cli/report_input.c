#include "cli/report_input.h"

/* rooms */
#include "message/message.h"
#include "message/text.h"

#define REPORT_FILE_MAX \
	(32 * 1024 * 1024) /* bytes of a file: a report of REPORT_TEXT_MAX, stored, in base64 */
#define REPORT_ARENA_MAX ((size_t)16 * 1024 * 1024) /* bytes for the parts of a message */

/* Not whatever a message may hold: gzip, zip, XML, JSON. */
static bool
is_report(struct str bytes)
{
	struct str text = str_trim(bytes);

	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_from(text, 3);
	return str_starts(bytes, STR("\x1f\x8b")) || str_starts(bytes, STR("PK\x03\x04")) ||
	    str_starts(text, STR("<?xml")) || str_starts(text, STR("<feedback")) ||
	    str_starts(text, STR("{"));
}

/* The body of the first part that may be one. */
static bool
find_part(struct str bytes, struct buf *out)
{
	struct message m;
	struct arena a;
	bool is_found = false;

	arena_init(&a, REPORT_ARENA_MAX);
	message_parse(&m, bytes, &a);
	for (const struct part *p = &m.root; p && !is_found; p = part_next(p)) {
		struct body_reader *reader;

		if (p->kind != PART_LEAF)
			continue;
		buf_clear(out);
		reader = body_reader_new(&m, p, BODY_BYTES);
		while (body_read(reader, out) && buf_ok(out)) {
		}
		body_reader_free(&reader);
		is_found = buf_ok(out) && is_report(buf_str(out));
	}
	arena_release(&a);
	return is_found;
}

bool
cli_report_read(struct str path, struct buf *out)
{
	struct buf file, part;
	struct str bytes;
	enum fail fail = FAIL_SYNTAX;

	buf_init(&file, REPORT_FILE_MAX);
	buf_init(&part, REPORT_FILE_MAX);
	if (cli_read_file(path, &file) != FAIL_NONE) {
		buf_release(&file);
		return false;
	}
	bytes = buf_str(&file);
	if (!is_report(bytes))
		bytes = find_part(bytes, &part) ? buf_str(&part) : str_of(NULL, 0);
	if (bytes.n > 0)
		fail = report_file_read(bytes, out);
	if (fail != FAIL_NONE)
		cli_fail(path,
		    fail == FAIL_LIMIT ? "the report in it is too large" : "has no report in it");
	buf_release(&part);
	buf_release(&file);
	return fail == FAIL_NONE;
}
