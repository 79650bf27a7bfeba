#include "message/report.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define DSN(fields, returned) \
	"Subject: x\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" \
	"--b\r\n\r\nwords\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" fields \
	"\r\n--b\r\n" returned "\r\n--b--\r\n"
#define MDN(fields) \
	"Content-Type: Multipart/Report; boundary=b;\r\n report-type=disposition-notification\r\n\r\n" \
	"--b\r\n\r\nwords\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n" fields \
	"\r\n--b--\r\n"
#define FAILED \
	"Reporting-MTA: dns; x\r\nOriginal-Envelope-Id: abc\r\n\r\n" \
	"Original-Recipient: rfc822; Bob@example.org\r\nFinal-Recipient: rfc822;bob@inner.example\r\n" \
	"Action: Failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n no such user\r\n"
#define ORIGINAL "Content-Type: message/rfc822\r\n\r\nMessage-ID: <m1@x>\r\n\r\nhello"

static const struct {
	const char *name, *in;
	enum fail want;
	const char *envelope, *id, *rcpts; /* kind, original, final, reply or '+' for displayed */
} rows[] = {
	{ "failed", DSN(FAILED, ORIGINAL), FAIL_NONE, "abc", "m1@x",
	    "Bob@example.org bob@inner.example [550 5.1.1 no such user]" },
	{ "header only",
	    DSN(FAILED, "Content-Type: text/rfc822-headers\r\n\r\nA: b\r\nMessage-ID: <m2@x>\r\n"),
	    FAIL_NONE, "abc", "m2@x",
	    "Bob@example.org bob@inner.example [550 5.1.1 no such user]" },
	{ "nothing returned", DSN("A: b\r\n\r\nFinal-Recipient: c@d\r\n", ""), FAIL_NONE, "", "",
	    " c@d [250 0.0.0 reported]" },
	{ "several",
	    DSN("A: b\r\n\r\nFinal-Recipient: rfc822; a@b\r\nAction: delayed\r\nStatus: 4.4.1\r\n\r\n"
		"Final-Recipient: rfc822; c@d\r\nAction: delivered\r\nStatus: 2.1.5\r\n\r\n\r\n"
		"Final-Recipient: rfc822; e@f\r\nAction: relayed\r\nDiagnostic-Code: x-unix; 1\r\n\r\n"
		"Final-Recipient: rfc822; g@h\r\nAction: expanded\r\n\r\nAction: failed\r\n",
		""),
	    FAIL_NONE, "", "",
	    " a@b [450 4.4.1 delayed] c@d [250 2.1.5 delivered] e@f [250 0.0.0 relayed] "
	    "g@h [250 0.0.0 expanded]" },
	{ "no recipients", DSN("A: b\r\n", ORIGINAL), FAIL_MISSING, "", "", "" },
	{ "empty", DSN("", ""), FAIL_MISSING, "", "", "" },
	{ "displayed",
	    MDN("Final-Recipient: rfc822; a@b\r\nOriginal-Message-ID: <m3@x>\r\n"
		"Disposition: manual-action/MDN-sent-manually; displayed/error\r\n"),
	    FAIL_NONE, "", "m3@x", " a@b +" },
	{ "deleted",
	    MDN("Final-Recipient: rfc822; a@b\r\nOriginal-Message-ID: m3@x\r\n"
		"Disposition: manual-action/MDN-sent-manually; deleted\r\n"),
	    FAIL_NONE, "", "m3@x", " a@b -" },
	{ "disposition without a mode", MDN("Final-Recipient: a@b\r\nDisposition: displayed\r\n"),
	    FAIL_NONE, "", "", " a@b -" },
	{ "no report", "Content-Type: text/plain\r\n\r\nx", FAIL_MISSING, "", "", "" },
	{ "a report of another kind",
	    "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
	    FAIL_MISSING, "", "", "" },
	{ "nothing at all", "", FAIL_MISSING, "", "", "" },
};

static void
describe(struct buf *out, const struct report *r)
{
	for (size_t i = 0; i < r->rcpt_count; i++) {
		if (i > 0 || str_empty(r->rcpts[i].original))
			buf_add_char(out, ' ');
		buf_add(out, r->rcpts[i].original);
		if (!str_empty(r->rcpts[i].original))
			buf_add_char(out, ' ');
		buf_add(out, r->rcpts[i].final);
		buf_add_char(out, ' ');
		if (r->kind == REPORT_MDN) {
			buf_add_char(out, r->rcpts[i].is_displayed ? '+' : '-');
			continue;
		}
		buf_add_char(out, '[');
		report_reply_write(out, &r->rcpts[i]);
		buf_add_char(out, ']');
	}
}

int
main(void)
{
	struct report report;
	struct arena arena;
	struct buf out;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		arena_init(&arena, 4 * 1024 * 1024);
		buf_init(&out, 4096);
		if (CHECK_NUM(report_parse(str_c(rows[i].in), &arena, &report), rows[i].want) &&
		    rows[i].want == FAIL_NONE) {
			CHECK_STR(report.envelope_id, str_c(rows[i].envelope));
			CHECK_STR(report.message_id, str_c(rows[i].id));
			describe(&out, &report);
			CHECK_STR(buf_str(&out), str_c(rows[i].rcpts));
			CHECK(report_is_likely(str_c(rows[i].in)));
		}
		arena_release(&arena);
		buf_release(&out);
	}
	TEST_ROW("likely");
	CHECK(!report_is_likely(STR("Subject: x\r\n\r\nContent-Type: multipart/report\r\n")));
	CHECK(!report_is_likely(STR("")));
	arena_init(&arena, 1000);
	CHECK_NUM(report_parse(str_c(rows[0].in), &arena, &report), FAIL_LIMIT);
	arena_release(&arena);
	return test_end();
}
