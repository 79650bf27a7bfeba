/* Methods on an account with three messages: each row a request, and what must be answered. */
#include "fixture.h"

static const char first[] = "From: Bob <bob@example.test>\r\nTo: alice@example.test\r\n"
			    "Subject: Hello\r\nDate: Thu, 30 Oct 2014 14:12:00 +0800\r\n"
			    "Message-ID: <m1@x>\r\n\r\nHello there\r\n";
static const char second[] =
    "From: Alice <alice@example.test>\r\nTo: bob@example.test\r\n"
    "Subject: Re: Hello\r\nMessage-ID: <m2@x>\r\nIn-Reply-To: <m1@x>\r\n"
    "X-Colour: red\r\nX-Colour: =?utf-8?q?gr=C3=BCn?=\r\n\r\nBack to you\r\n";
static const char third[] =
    "From: =?utf-8?q?Zo=C3=AB?= <zoe@example.test>\r\nTo: alice@example.test, friends: a@b;\r\n"
    "Subject: Pictures\r\nMessage-ID: <m3@x>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=o\r\n\r\n"
    "--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
    "--i\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\nK=E4se and wine\r\n"
    "--i\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>K\xc3\xa4se <b>and</b> wine</p>\r\n"
    "--i--\r\n"
    "--o\r\nContent-Type: image/png; name=dot.png\r\nContent-Disposition: attachment\r\n"
    "Content-Transfer-Encoding: base64\r\nContent-ID: <dot@x>\r\n\r\nAAECAw==\r\n--o--\r\n";

static const struct {
	const char *name, *calls, *want;
} rows[] = {
#include "methods.rows"
};

static void
show(struct str got, struct str want)
{
	size_t at = 0;

	while (at < got.n && at < want.n && got.p[at] == want.p[at])
		at++;
	if (at < got.n || at < want.n)
		printf("differs at %zu: ..%.*s\n", at,
		    STR_ARG(str_slice(got, at > 30 ? at - 30 : 0, 200)));
}

int
main(void)
{
	struct fixture f;
	struct buf got, want;

	fixture_open(&f);
	fixture_add(&f, first, 1700000001, 0);
	fixture_add(&f, second, 1700000002, FLAG_SEEN);
	fixture_add(&f, third, 1700000003, FLAG_FLAGGED);
	CHECK_NUM(fixture_upload(&f, first), 1);
	buf_init(&got, 1 << 20);
	buf_init(&want, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TEST_ROW(rows[i].name);
		fixture_run(&f, rows[i].calls, &got);
		buf_clear(&want);
		unquote(&want, "{'methodResponses':");
		unquote(&want, rows[i].want);
		unquote(&want, ",'sessionState':'x'}");
		if (!CHECK_STR(buf_str(&got), buf_str(&want)))
			show(buf_str(&got), buf_str(&want));
	}
	buf_release(&got);
	buf_release(&want);
	fixture_close(&f);
	return test_end();
}
