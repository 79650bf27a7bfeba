#include "message/section.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* The tree of RFC 9051 6.4.5's example. */
static const char example[] =
    "Subject: top\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
    "--a\r\n\r\n1\r\n"
    "--a\r\nContent-Type: application/octet-stream\r\n\r\n2\r\n"
    "--a\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\n3.1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n3.2\r\n--b--\r\n"
    "--a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
    "--c\r\nContent-Type: image/gif\r\n\r\n4.1\r\n"
    "--c\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: four\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n"
    "--d\r\n\r\n4.2.1\r\n"
    "--d\r\nContent-Type: multipart/alternative; boundary=e\r\n\r\n"
    "--e\r\n\r\n4.2.2.1\r\n--e\r\n\r\n4.2.2.2\r\n--e--\r\n--d--\r\n--c--\r\n--a--\r\n";

static const char single[] = "Subject: x\r\n\r\nbody";
static const char wrapped[] = "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninner";

static const struct {
	const char *name, *in, *part;
	enum section section;
	const char *want; /* NULL: does not exist */
} rows[] = {
	{ "1", example, "1", SECTION_ALL, "1" },
	{ "3.1", example, "3.1", SECTION_ALL, "3.1" },
	{ "4.2.2.1", example, "4.2.2.1", SECTION_ALL, "4.2.2.1" },
	{ "4.2.2.2", example, "4.2.2.2", SECTION_ALL, "4.2.2.2" },
	{ "HEADER", example, "", SECTION_HEADER,
	    "Subject: top\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" },
	{ "3.HEADER", example, "3", SECTION_HEADER,
	    "Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" },
	{ "3.TEXT", example, "3", SECTION_TEXT,
	    "--b\r\n\r\n3.1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n3.2\r\n--b--" },
	{ "4.1.MIME", example, "4.1", SECTION_MIME, "Content-Type: image/gif\r\n\r\n" },
	{ "4.2.HEADER.FIELDS", example, "4.2", SECTION_FIELDS,
	    "Subject: four\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n" },
	{ "1.HEADER", example, "1", SECTION_HEADER, NULL },
	{ "4.TEXT", example, "4", SECTION_TEXT, NULL },
	{ "MIME", example, "", SECTION_MIME, NULL },
	{ "5", example, "5", SECTION_ALL, NULL },
	{ "0", example, "0", SECTION_ALL, NULL },
	{ "1.1", example, "1.1", SECTION_ALL, NULL },
	{ "3.3", example, "3.3", SECTION_ALL, NULL },
	{ "1..1", example, "1..1", SECTION_ALL, NULL },
	{ "x", example, "x", SECTION_ALL, NULL },
	{ "huge", example, "99999999999", SECTION_ALL, NULL },
	{ "single 1", single, "1", SECTION_ALL, "body" },
	{ "single 1.MIME", single, "1", SECTION_MIME, "Subject: x\r\n\r\n" },
	{ "single 2", single, "2", SECTION_ALL, NULL },
	{ "single 1.1", single, "1.1", SECTION_ALL, NULL },
	{ "single", single, "", SECTION_ALL, single },
	{ "single TEXT", single, "", SECTION_TEXT, "body" },
	{ "wrapped 1", wrapped, "1", SECTION_ALL, "Subject: in\r\n\r\ninner" },
	{ "wrapped 1.HEADER", wrapped, "1", SECTION_HEADER, "Subject: in\r\n\r\n" },
	{ "wrapped 1.1", wrapped, "1.1", SECTION_ALL, "inner" },
};

int
main(void)
{
	struct message m;
	struct arena a;
	struct buf b;

	arena_init(&a, 1 << 20);
	buf_init(&b, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct part *p;
		struct range r = { 0, 0 };
		bool exists;

		TEST_ROW(rows[i].name);
		message_parse(&m, str_c(rows[i].in), &a);
		p = part_find(&m, str_c(rows[i].part));
		exists = p && section_range(&m, p, rows[i].part[0] == '\0', rows[i].section, &r);
		CHECK(exists == (rows[i].want != NULL));
		if (exists)
			CHECK_STR(str_slice(m.bytes, (size_t)r.start, (size_t)r.n),
			    str_c(rows[i].want));
	}
	TEST_ROW("numbers");
	message_parse(&m, str_c(example), &a);
	for (const struct part *p = &m.root; p; p = part_next(p)) {
		buf_clear(&b);
		part_number_write(&b, p);
		/* The body of each leaf of the example is its number. */
		if (p->kind == PART_LEAF)
			CHECK_STR(buf_str(&b), part_body(&m, p));
	}
	buf_release(&b);
	arena_release(&a);
	return test_end();
}
