#include "message/summary.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "message/imap_structure.h"
#include "message/section.h"

static const char sample[] =
    "Date: Wed, 17 Jul 1996 02:23:25 -0700\r\nSubject: =?utf-8?Q?Caf=C3=A9?=\r\n"
    "From: Ann <a@b>\r\nTo: c@d, e@f\r\nMessage-ID: <1@b>\r\nReferences: <0@b>\r\n <2@b>\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Language: en, de\r\n\r\nhello you\r\n"
    "--b\r\nContent-Type: application/x; name=\"a b\"\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment; filename=x.bin\r\nContent-MD5: q\r\n\r\naGVsbG8=\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: x@y\r\n\r\nin\r\n--b--\r\n";

/* Everything IMAP's views say of a message. */
static void
view(struct buf *b, const struct message *m)
{
	buf_clear(b);
	envelope_write(b, &m->root);
	bodystructure_write(b, &m->root, true);
	for (const struct part *p = &m->root; p; p = part_next(p)) {
		buf_add_char(b, '\n');
		part_number_write(b, p);
		buf_add_char(b, ' ');
		buf_add_u64(b, p->header.start);
		buf_add_char(b, ' ');
		buf_add_u64(b, p->body.start);
		buf_add_char(b, ' ');
		buf_add(b, p->name);
		buf_add_char(b, ' ');
		buf_add(b, message_field(p, FIELD_REFERENCES));
		buf_add_u64(b, p->index);
	}
	buf_add_u64(b, m->size);
}

static void
test_damage(struct str record, struct arena *a)
{
	struct message m;
	char *copy;

	TEST_ROW("cut");
	for (size_t n = 0; n < record.n; n++) {
		arena_reset(a);
		copy = mem_new(n + 1, 1);
		for (size_t i = 0; i < n; i++)
			copy[i] = record.p[i];
		CHECK_NUM(message_summary_read(str_of(copy, n), a, &m), FAIL_PERM);
		mem_free(copy);
	}
	TEST_ROW("bits");
	for (size_t i = 0; i < record.n * 8; i++) {
		struct buf b;

		arena_reset(a);
		buf_init(&b, SUMMARY_MAX);
		buf_add(&b, record);
		b.p[b.start + i / 8] = (char)(b.p[b.start + i / 8] ^ 1 << i % 8);
		if (message_summary_read(buf_str(&b), a, &m) == FAIL_NONE) {
			struct buf out;

			buf_init(&out, 1 << 20);
			view(&out, &m);
			buf_release(&out);
		}
		buf_release(&b);
	}
	TEST_ROW("small arena");
	arena_reset(a);
	a->max = record.n + 500;
	CHECK_NUM(message_summary_read(record, a, &m), FAIL_LIMIT);
	a->max = 1;
	CHECK_NUM(message_summary_read(record, a, &m), FAIL_LIMIT);
}

static void
test_large(struct arena *a)
{
	struct buf in, record;
	struct message m;

	TEST_ROW("too large");
	buf_init(&in, 1 << 20);
	buf_init(&record, SUMMARY_MAX);
	buf_add_c(&in, "To: a@b");
	for (int i = 0; i < 10000; i++)
		buf_add_c(&in, ", aaaaaa@bbbbbb");
	message_parse(&m, buf_str(&in), a);
	message_summary_write(&m, &record);
	CHECK(buf_ok(&record) && record.n < 100);
	CHECK_NUM(message_summary_read(buf_str(&record), a, &m), FAIL_PERM);
	buf_release(&in);
	buf_release(&record);
}

int
main(void)
{
	struct buf record, before, after;
	struct message m, back;
	struct arena a;

	arena_init(&a, 4 << 20);
	buf_init(&record, SUMMARY_MAX);
	buf_init(&before, 100000);
	buf_init(&after, 100000);
	TEST_ROW("there and back");
	message_parse(&m, str_c(sample), &a);
	message_summary_write(&m, &record);
	view(&before, &m);
	CHECK_NUM(message_summary_read(buf_str(&record), &a, &back), FAIL_NONE);
	view(&after, &back);
	CHECK_STR(buf_str(&after), buf_str(&before));
	CHECK_STR(back.preview, STR("hello you"));
	CHECK(back.has_attachment && back.is_summary);
	CHECK_NUM(back.part_count, m.part_count);
	CHECK_NUM(part_find(&back, STR("2"))->decoded_size, 5);
	CHECK(record.n < 1000);
	test_large(&a);
	test_damage(buf_str(&record), &a);
	buf_release(&record);
	buf_release(&before);
	buf_release(&after);
	arena_release(&a);
	return test_end();
}
