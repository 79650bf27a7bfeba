/* MDN/parse (RFC 9007 2.2): notifications whole, small, embedded; and what is none. */
#include "fixture.h"

#define REPORT(fields) \
	"From: ann@x.test\r\nSubject: =?utf-8?q?Gelesen:_K=C3=A4se?=\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: multipart/report; report-type=disposition-notification; boundary=o\r\n" \
	"\r\n--o\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nYour message was shown.\r\n" \
	"--o\r\nContent-Type: message/disposition-notification\r\n\r\n" fields

static const char sent[] = "From: me@x.test\r\nMessage-ID: <one@x.test>\r\n\r\nHello\r\n";

static const char *const uploads[] = {
	/* u1: all that there is */
	REPORT(
	    "Reporting-UA: pc.x.test; Mail 1.0\r\nMDN-Gateway: dns; gw.x.test\r\n"
	    "Original-Recipient: rfc822;ann@x.test\r\nFinal-Recipient: rfc822;ann2@x.test\r\n"
	    "Original-Message-ID: <one@x.test>\r\n"
	    "Disposition: Manual-Action/MDN-Sent-Manually;\r\n Displayed/error\r\n"
	    "Error: disk is\r\n full\r\nError: twice\r\nX-Colour: red\r\nX-Colour: blue\r\n") "\r\n--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--o--\r\n",
	/* u2: as little as there can be */
	REPORT("Disposition: automatic-action/mdn-sent-automatically; deleted\r\n") "\r\n--o--\r\n",
	/* u3 to u6: none */
	REPORT("Final-Recipient: rfc822;ann@x.test\r\n") "\r\n--o--\r\n",
	REPORT("Disposition: manual-action/mdn-sent-manually; eaten\r\n") "\r\n--o--\r\n",
	"Subject: x\r\n\r\nno report\r\n",
	"",
};

static const struct fixture_row rows[] = {
#include "mdn.rows"
};

int
main(void)
{
	struct fixture f;

	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:mdn'";
	fixture_add(&f, sent, 1700000001, 0);
	fixture_add(&f, uploads[1], 1700000002, 0);
	for (size_t i = 0; i < ARRAY_LEN(uploads); i++)
		CHECK_NUM(fixture_upload(&f, uploads[i]), i + 1);
	fixture_rows(&f, rows, ARRAY_LEN(rows));
	fixture_close(&f);
	return test_end();
}
