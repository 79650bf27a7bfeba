#include "reports/message.h"

/* rooms */
#include "codec/base64.h"
#include "message/compose.h"

#define VALUE_MAX    1024 /* bytes of a field: the longest file name, or address, and some words */
#define LINE_BYTES   76   /* of base64 (RFC 2045 6.8) */
#define ADDRESS_LONG 322  /* bytes of an address in a list */

size_t
report_message_size(size_t file_bytes)
{
	size_t text = base64_length(file_bytes);

	return REPORT_HEAD_BYTES + text + (text / LINE_BYTES + 1) * 2;
}

static void
keep_first(enum fail *first, enum fail fail)
{
	if (*first == FAIL_NONE)
		*first = fail;
}

/* "To: <a@x>, <b@y>" */
static enum fail
write_to(struct buf *out, const struct report_message *m)
{
	struct buf value;
	enum fail fail;

	buf_init(&value, REPORT_TO_MAX * (ADDRESS_LONG + 4));
	for (size_t i = 0; i < m->to_count; i++) {
		buf_add_c(&value, i > 0 ? ", <" : "<");
		buf_add(&value, m->to[i]);
		buf_add_char(&value, '>');
	}
	fail = buf_ok(&value) ? header_write_raw(out, STR("To"), buf_str(&value)) : FAIL_LIMIT;
	buf_release(&value);
	return fail;
}

static enum fail
write_type(struct buf *out, struct str type, const char *parameter, struct str value)
{
	struct buf text;
	enum fail fail;

	buf_init(&text, VALUE_MAX);
	buf_add(&text, type);
	fail = param_write(&text, str_c(parameter), value);
	if (fail == FAIL_NONE)
		fail = buf_ok(&text) ? header_write_raw(out, STR("Content-Type"), buf_str(&text))
				     : FAIL_LIMIT;
	buf_release(&text);
	return fail;
}

static enum fail
write_header(struct buf *out, const struct report_message *m, struct str boundary)
{
	struct buf from;
	enum fail fail;

	buf_init(&from, ADDRESS_LONG);
	buf_add_char(&from, '<');
	buf_add(&from, m->from);
	buf_add_char(&from, '>');
	fail = header_write_raw(out, STR("From"), buf_str(&from));
	buf_release(&from);
	keep_first(&fail, write_to(out, m));
	keep_first(&fail, header_write(out, STR("Subject"), m->subject));
	keep_first(&fail, header_write_date(out, STR("Date"), m->now_s, 0));
	keep_first(&fail, header_write_message_id(out, m->now_s, m->random, m->hostname));
	/* RFC 3834 5: nobody who is away shall answer it */
	keep_first(&fail, header_write_raw(out, STR("Auto-Submitted"), STR("auto-generated")));
	buf_add(out, m->fields);
	keep_first(&fail, header_write_raw(out, STR("MIME-Version"), STR("1.0")));
	keep_first(&fail, write_type(out, m->type, "boundary", boundary));
	buf_add_c(out, "\r\n");
	return fail;
}

static void
write_mark(struct buf *out, struct str boundary, const char *end)
{
	buf_add_c(out, "--");
	buf_add(out, boundary);
	buf_add_c(out, end);
	buf_add_c(out, "\r\n");
}

static enum fail
write_file(struct buf *out, const struct report_message *m)
{
	struct base64_encoder encoder = { .column = 0 };
	struct buf value;
	enum fail fail = write_type(out, m->file_type, "name", m->file_name);

	buf_init(&value, VALUE_MAX);
	buf_add_c(&value, "attachment");
	keep_first(&fail, param_write(&value, STR("filename"), m->file_name));
	keep_first(&fail, header_write_raw(out, STR("Content-Disposition"), buf_str(&value)));
	keep_first(&fail, header_write_raw(out, STR("Content-Transfer-Encoding"), STR("base64")));
	buf_release(&value);
	buf_add_c(out, "\r\n");
	base64_encoder_feed(&encoder, m->file, out);
	base64_encoder_end(&encoder, out);
	return fail;
}

enum fail
report_message_write(struct buf *out, const struct report_message *m)
{
	size_t before = out->n;
	struct buf boundary;
	enum fail fail;

	buf_init(&boundary, 10 + 2 * REPORT_RANDOM_BYTES); /* nobody can guess it */
	buf_add_c(&boundary, "=_report.");
	buf_add_hex(&boundary, m->random);
	fail = write_header(out, m, buf_str(&boundary));
	write_mark(out, buf_str(&boundary), "");
	buf_add_c(out, "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
	buf_add(out, m->text);
	buf_add_c(out, "\r\n");
	write_mark(out, buf_str(&boundary), "");
	keep_first(&fail, write_file(out, m));
	write_mark(out, buf_str(&boundary), "--");
	buf_release(&boundary);
	if (!buf_ok(out))
		keep_first(&fail, FAIL_LIMIT);
	if (fail != FAIL_NONE)
		buf_rewind(out, before);
	return fail;
}
