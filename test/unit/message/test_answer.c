#include "message/answer.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "message/message.h"

static const struct {
	const char *name, *head;
	bool want;
} wanted_rows[] = {
	{ "to the user", "To: Ann <ann@example.org>\r\n", true },
	{ "among others", "To: a@b\r\nCc: x: c@d, ANN@Example.org;\r\n", true },
	{ "Bcc, Resent-To", "Bcc: ann@example.org\r\nResent-To: x@y\r\n", true },
	{ "resent", "To: x@y\r\nResent-To: second@example.org\r\n", true },
	{ "with a tag", "To: ann+shop@example.org\r\n", true },
	{ "a tag alone", "To: +ann@example.org\r\n", false },
	{ "another domain", "To: ann@other.org\r\n", false },
	{ "to nobody", "Subject: x\r\n", false },
	{ "a name that looks like it", "To: \"ann@example.org\" <a@b>\r\n", false },
	{ "automatic", "To: ann@example.org\r\nAuto-Submitted: auto-generated (x)\r\n", false },
	{ "by hand", "To: ann@example.org\r\nAuto-Submitted: No (by hand)\r\n", true },
	{ "empty", "To: ann@example.org\r\nAuto-Submitted:\r\n", false },
	{ "bulk", "Precedence: Bulk\r\nTo: ann@example.org\r\n", false },
	{ "junk", "Precedence: junk\r\nTo: ann@example.org\r\n", false },
	{ "precedence of another kind", "Precedence: first-class\r\nTo: ann@example.org\r\n",
	    true },
	{ "a list", "To: ann@example.org\r\nList-Id: <x.y>\r\n", false },
	{ "a list by another field", "To: ann@example.org\r\nlist-unsubscribe: <mailto:x@y>\r\n",
	    false },
	{ "a report", "To: ann@example.org\r\nContent-Type: multipart/report; boundary=b\r\n",
	    false },
	{ "mixed", "To: ann@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n", true },
	{ "suppressed", "To: ann@example.org\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\n",
	    false },
	{ "in the body", "To: a@b\r\n\r\nTo: ann@example.org\r\n", false },
	{ "nothing", "", false },
};

#define MANY "a@b, c@d, e@f, g@h, i@j, k@l, m@n, o@p, "

static void
test_wanted(void)
{
	const struct str own[] = { STR_INIT("ann@example.org"), STR_INIT("second@example.org") };
	struct arena arena;

	for (size_t i = 0; i < ARRAY_LEN(wanted_rows); i++) {
		TEST_ROW(wanted_rows[i].name);
		arena_init(&arena, 1 << 20);
		CHECK(answer_is_wanted(str_c(wanted_rows[i].head), own, 2, &arena) ==
		    wanted_rows[i].want);
		arena_release(&arena);
	}
	TEST_ROW("no room");
	arena_init(&arena, 4096);
	while (arena_alloc(&arena, 16, 1))
		continue;
	CHECK(!answer_is_wanted(STR("To: " MANY MANY "ann@example.org\r\n"), own, 2, &arena));
	arena_release(&arena);
}

static void
test_robot(void)
{
	static const char *const robots[] = { "MAILER-DAEMON@x", "owner-list@x", "list-request@x",
		"list-owner@x", "l-bounces@x", "noreply@x", "No-Reply@x", "majordomo@x", "@x", "" };
	static const char *const people[] = { "ann@x", "request@x", "owner@x", "noreply.ann@x",
		"ann" };

	TEST_ROW("robots");
	for (size_t i = 0; i < ARRAY_LEN(robots); i++)
		CHECK(answer_is_robot(str_c(robots[i])));
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		CHECK(!answer_is_robot(str_c(people[i])));
}

#define FIELDS(to, subject) \
	"From: Ann <ann@example.org>\r\nTo: " to "\r\nSubject: " subject \
	"\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
#define PLAIN(text) \
	"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" text
#define AUTO "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"

static const struct {
	const char *name, *head, *to, *subject, *text, *html, *want; /* without the Message-ID */
} write_rows[] = {
	{ "usual", "Subject: Hello\r\nMessage-ID: <m1@x>\r\n", "bob@x", NULL, "Away\n", NULL,
	    FIELDS("bob@x", "Auto: Hello") "In-Reply-To: <m1@x>\r\nReferences: <m1@x>\r\n" AUTO
		PLAIN("Away\r\n") },
	{ "a thread", "References: <a@x>\r\n <b@x>\r\nIn-Reply-To: <c@x>\r\nMessage-ID: <m1@x>\r\n",
	    "bob@x", "Gone", "A", NULL,
	    FIELDS("bob@x", "Gone") "In-Reply-To: <m1@x>\r\nReferences: <a@x> <b@x> <m1@x>\r\n" AUTO
		PLAIN("A") },
	{ "In-Reply-To for References", "In-Reply-To: <c@x>\r\nMessage-ID: <m1@x>\r\n", "bob@x",
	    "x", "A", NULL,
	    FIELDS("bob@x", "x") "In-Reply-To: <m1@x>\r\nReferences: <c@x> <m1@x>\r\n" AUTO PLAIN(
		"A") },
	{ "nothing said", "", "bob@x", NULL, NULL, NULL,
	    FIELDS("bob@x", "Auto:")
		AUTO PLAIN("I am away and may not read your message for some time.\r\n") },
	{ "a subject in UTF-8", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n", "bob@x", NULL,
	    "-- \n\xc3\xa4", NULL,
	    FIELDS("bob@x", "Auto: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=") AUTO PLAIN("=2D-=20\r\n=C3=A4") },
};

/* The message without its Message-ID, which is random. */
static void
take_id_out(struct buf *out, struct str text)
{
	size_t at = str_find(text, STR("Message-ID: "));
	struct str rest = at == STR_NONE ? STR("") : str_from(text, at);
	size_t end = str_find(rest, STR("\r\n"));

	CHECK(at != STR_NONE && str_find(rest, STR("@mx.example.org>\r\n")) != STR_NONE);
	buf_add(out, str_head(text, at));
	buf_add(out, str_from(rest, end + 2));
}

static void
test_write(void)
{
	struct buf out, rest;
	struct arena arena;

	buf_init(&out, 100000);
	buf_init(&rest, 100000);
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(write_rows); i++) {
		struct answer w = { .head = str_c(write_rows[i].head),
			.from = STR("ann@example.org"),
			.from_name = STR("Ann"),
			.to = str_c(write_rows[i].to),
			.random = STR("0123456789abcdef"),
			.hostname = STR("mx.example.org"),
			.now_s = 1700000000 };

		TEST_ROW(write_rows[i].name);
		if (write_rows[i].subject)
			w.subject = str_c(write_rows[i].subject);
		if (write_rows[i].text)
			w.text = str_c(write_rows[i].text);
		buf_clear(&out);
		buf_clear(&rest);
		CHECK_NUM(answer_write(&out, &w, &arena), FAIL_NONE);
		take_id_out(&rest, buf_str(&out));
		CHECK_STR(buf_str(&rest), str_c(write_rows[i].want));
	}
	arena_release(&arena);
	buf_release(&out);
	buf_release(&rest);
}

static void
test_html(void)
{
	struct answer w = { .from = STR("ann@example.org"),
		.to = STR("\"b o b\"@x"),
		.html = STR("<p>Bye &amp; <b>so on</b></p>"),
		.random = STR("0123456789abcdef"),
		.hostname = STR("mx.example.org") };
	struct message m;
	struct arena arena;
	struct buf out;

	TEST_ROW("HTML, and the text that follows from it");
	buf_init(&out, 100000);
	arena_init(&arena, 1 << 20);
	CHECK_NUM(answer_write(&out, &w, &arena), FAIL_NONE);
	message_parse(&m, buf_str(&out), &arena);
	CHECK(part_is(&m.root, STR("multipart"), STR("alternative")));
	CHECK_NUM(m.part_count, 3);
	if (m.part_count == 3) {
		CHECK(part_is(m.root.child, STR("text"), STR("plain")));
		CHECK_STR(str_trim(part_body(&m, m.root.child)), STR("Bye & so on"));
		CHECK(part_is(m.root.child->next, STR("text"), STR("html")));
		CHECK_STR(part_body(&m, m.root.child->next), STR("<p>Bye &amp; <b>so on</b></p>"));
	}
	CHECK_STR(str_trim(message_field(&m.root, FIELD_TO)), STR("\"b o b\"@x"));
	TEST_ROW("a host whose name is not ASCII");
	buf_clear(&out);
	w.hostname = STR("mx.\xc3\xbc.example");
	CHECK_NUM(answer_write(&out, &w, &arena), FAIL_NONE);
	CHECK_HAS(buf_str(&out), STR("@localhost>\r\n"));
	w.hostname = STR("mx.example.org");
	TEST_ROW("a subject that is no line");
	buf_clear(&out);
	w.subject = STR("a\r\nBcc: x@y");
	CHECK_NUM(answer_write(&out, &w, &arena), FAIL_SYNTAX);
	CHECK_NUM(out.n, 0);
	TEST_ROW("no room");
	w.subject = STR("a");
	buf_release(&out);
	buf_init(&out, 200);
	CHECK_NUM(answer_write(&out, &w, &arena), FAIL_LIMIT);
	CHECK_NUM(buf_str(&out).n, 0);
	arena_release(&arena);
	buf_release(&out);
}

int
main(void)
{
	test_wanted();
	test_robot();
	test_write();
	test_html();
	return test_end();
}
