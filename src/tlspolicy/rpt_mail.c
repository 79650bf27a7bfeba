#include "tlspolicy/rpt_mail.h"

/* rooms */
#include "codec/deflate.h"
#include "message/build.h"
#include "message/compose.h"

#define FIELDS_MAX 8192 /* bytes of header fields */

enum fail
rpt_pack(struct buf *out, const struct rpt_report *report)
{
	struct deflate_stream z = { 0 };
	struct buf json;
	struct str rest;
	enum fail fail;

	buf_init(&json, RPT_FILE_MAX);
	rpt_report_write(&json, report);
	rest = buf_str(&json);
	deflate_start(&z, DEFLATE_GZIP, true);
	fail = buf_ok(&json) ? deflate_feed(&z, &rest, DEFLATE_END, out) : FAIL_LIMIT;
	deflate_release(&z);
	buf_release(&json);
	return fail;
}

/* "mx.here.test!example.org!1459468800!1459555199.json.gz" (RFC 8460 5.1) */
static void
add_file_name(struct buf *out, const struct rpt_mail *mail)
{
	buf_add(out, mail->hostname);
	buf_add_char(out, '!');
	buf_add(out, mail->domain);
	buf_add_char(out, '!');
	buf_add_i64(out, mail->report->start_s);
	buf_add_char(out, '!');
	buf_add_i64(out, mail->report->end_s);
	buf_add_c(out, ".json.gz");
}

static enum fail
write_subject(struct buf *out, const struct rpt_mail *mail)
{
	struct buf text;
	enum fail fail;

	buf_init(&text, FIELDS_MAX);
	buf_add_c(&text, "Report Domain: ");
	buf_add(&text, mail->domain);
	buf_add_c(&text, " Submitter: ");
	buf_add(&text, mail->hostname);
	buf_add_c(&text, " Report-ID: <");
	buf_add(&text, mail->report->id);
	buf_add_char(&text, '>');
	fail = header_write(out, STR("Subject"), buf_str(&text));
	buf_release(&text);
	return fail;
}

static enum fail
write_fields(struct buf *out, const struct rpt_mail *mail)
{
	enum fail fail = header_write_date(out, STR("Date"), mail->now_s, 0);

	if (fail == FAIL_NONE)
		fail = header_write_raw(out, STR("From"), mail->report->contact);
	if (fail == FAIL_NONE)
		fail = header_write_raw(out, STR("To"), mail->to);
	if (fail == FAIL_NONE)
		fail = write_subject(out, mail);
	if (fail == FAIL_NONE)
		fail = header_write_message_id(out, mail->now_s, mail->random, mail->hostname);
	if (fail == FAIL_NONE)
		fail = header_write_raw(out, STR("TLS-Report-Domain"), mail->domain);
	if (fail == FAIL_NONE)
		fail = header_write_raw(out, STR("TLS-Report-Submitter"), mail->hostname);
	if (fail == FAIL_NONE)
		fail = header_write_raw(out, STR("Auto-Submitted"), STR("auto-generated"));
	buf_add_c(out, "MIME-Version: 1.0\r\n");
	return fail;
}

static void
add_words(struct buf *out, const struct rpt_mail *mail)
{
	buf_add_c(out, "This is a report about connections by which ");
	buf_add(out, mail->hostname);
	buf_add_c(out, " tried to bring mail\r\nto ");
	buf_add(out, mail->domain);
	buf_add_c(out, ", and how they were encrypted (RFC 8460). It is for programs to read.\r\n");
}

static enum fail
build_all(struct buf *out, struct build_part *root, struct str random)
{
	struct build b;
	enum fail fail;

	build_init(&b, root, random);
	while (build_next(&b, out))
		continue;
	fail = b.fail;
	build_release(&b);
	return fail == FAIL_NONE && !buf_ok(out) ? FAIL_LIMIT : fail;
}

enum fail
rpt_mail_write(struct buf *out, const struct rpt_mail *mail)
{
	struct buf fields, words, file_fields, packed;
	struct build_part root = { .kind = BUILD_MULTIPART,
		.type = STR("multipart/report"),
		.params = STR("; report-type=\"tlsrpt\"") };
	struct build_part text = { .kind = BUILD_TEXT, .type = STR("text/plain") };
	struct build_part file = { .kind = BUILD_BYTES, .type = STR("application/tlsrpt+gzip") };
	enum fail fail;

	buf_init(&fields, FIELDS_MAX);
	buf_init(&words, FIELDS_MAX);
	buf_init(&file_fields, FIELDS_MAX);
	buf_init(&packed, RPT_FILE_MAX);
	fail = write_fields(&fields, mail);
	add_words(&words, mail);
	buf_add_c(&file_fields, "Content-Disposition: attachment;\r\n\tfilename=\"");
	add_file_name(&file_fields, mail);
	buf_add_c(&file_fields, "\"\r\n");
	if (fail == FAIL_NONE)
		fail = rpt_pack(&packed, mail->report);
	if (fail == FAIL_NONE && !(buf_ok(&fields) && buf_ok(&words) && buf_ok(&file_fields)))
		fail = FAIL_LIMIT;
	root.fields = buf_str(&fields);
	root.child = &text;
	text.bytes = buf_str(&words);
	text.next = &file;
	file.fields = buf_str(&file_fields);
	file.bytes = buf_str(&packed);
	if (fail == FAIL_NONE)
		fail = build_all(out, &root, mail->random);
	buf_release(&packed);
	buf_release(&file_fields);
	buf_release(&words);
	buf_release(&fields);
	return fail;
}
