#include "queue/dsn.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/dsn_check.h"
#include "message/header.h"
#include "message/mime.h"

#define ARRIVED 1700000000 /* Tue, 14 Nov 2023 22:13:20 +0000 */
#define NOW     1700446400 /* five days and some hours later */
#define RANDOM  "0123456789ab"
#define MARK    "=_dsn.0.303132333435363738396162"
#define MESSAGE \
	"From: ann@example.com\r\nSubject: =?utf-8?Q?Caf=C3=A9?= on Friday\r\n" \
	"Message-ID: <1@example.com>\r\n\r\nHello Bob\r\n"

/* Everything that a report is made from, ready to be changed, and what came of it. */
struct bench {
	struct envelope about;
	struct envelope_rcpt addresses[4];
	struct dsn_rcpt rcpts[4];
	struct dsn_report report;
	struct arena arena;
	struct buf out;
	struct message m;
	bool is_utf8;
};

static void
bench_reset(struct bench *b)
{
	arena_reset(&b->arena);
	buf_clear(&b->out);
	b->about = (struct envelope){ .sender = STR("ann@example.com") };
	for (size_t i = 0; i < ARRAY_LEN(b->rcpts); i++) {
		b->addresses[i] = (struct envelope_rcpt){ .address = STR("bob@example.org") };
		b->rcpts[i] = (struct dsn_rcpt){ .rcpt = &b->addresses[i], .action = DSN_FAILED };
	}
	b->report = (struct dsn_report){ .hostname = STR("mx.here.test"),
		.to = STR("ann@example.com"),
		.about = &b->about,
		.arrived_s = ARRIVED,
		.now_s = NOW,
		.rcpts = b->rcpts,
		.rcpt_count = 1,
		.message = STR(MESSAGE),
		.random = STR(RANDOM) };
}

static void
bench_write(struct bench *b)
{
	if (!CHECK(dsn_write(&b->out, &b->report, &b->is_utf8) == FAIL_NONE))
		return;
	dsn_check(buf_str(&b->out), &b->report, b->is_utf8, &b->arena, &b->m);
}

static struct str
field(struct bench *b, size_t group, const char *name)
{
	return dsn_check_field(&b->m, group, str_c(name), &b->arena);
}

/* A field of the report's own header, unfolded. */
static struct str
top(struct bench *b, const char *name)
{
	struct header h;

	if (!header_find(part_header(&b->m, &b->m.root), str_c(name), &h))
		return (struct str){ NULL, 0 };
	return header_unfold(h.value, &b->arena);
}

static const struct part *
part(struct bench *b, size_t index)
{
	const struct part *p = b->m.root.child;

	while (index-- > 0)
		p = p->next;
	return p;
}

/* Is this in the text for people? Line ends and blanks count as one blank. */
static bool
says(struct bench *b, const char *sentence)
{
	struct str text = part_body(&b->m, part(b, 0));
	struct buf flat;
	bool found;

	buf_init(&flat, 1 << 20);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i] == '\r' || text.p[i] == '\n' ? ' ' : text.p[i];

		if (c != ' ' || flat.n == 0 || flat.p[flat.n - 1] != ' ')
			buf_add_char(&flat, c);
	}
	found = str_find(buf_str(&flat), str_c(sentence)) != STR_NONE;
	buf_release(&flat);
	return found;
}

/* --- actions and fields ------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	enum dsn_action action;
	const char *subject, *field, *status, *text;
} action_rows[] = {
	{ "failed", DSN_FAILED, "Undelivered: Caf\xc3\xa9 on Friday", "failed", "5.0.0",
	    "Your message could not be delivered. Subject: Caf\xc3\xa9 on Friday "
	    "Arrived here: Tue, 14 Nov 2023 22:13:20 +0000 "
	    "It could not be delivered to this address: <bob@example.org>" },
	{ "delayed", DSN_DELAYED, "Delayed: Caf\xc3\xa9 on Friday", "delayed", "4.0.0",
	    "Your message is delayed. You need not do anything, and need not send it again." },
	{ "delivered", DSN_DELIVERED, "Delivered: Caf\xc3\xa9 on Friday", "delivered", "2.0.0",
	    "It was put into the mailbox of this address: <bob@example.org>" },
	{ "relayed", DSN_RELAYED, "Handed on: Caf\xc3\xa9 on Friday", "relayed", "2.0.0",
	    "It was handed on to the mail system of this address: <bob@example.org>" },
	{ "expanded", DSN_EXPANDED, "Handed on: Caf\xc3\xa9 on Friday", "expanded", "2.0.0",
	    "It was handed on to everybody behind this address: <bob@example.org>" },
};

static void
test_actions(struct bench *b)
{
	for (size_t i = 0; i < ARRAY_LEN(action_rows); i++) {
		bool is_failed = action_rows[i].action == DSN_FAILED;

		TEST_ROW(action_rows[i].name);
		bench_reset(b);
		b->rcpts[0].action = action_rows[i].action;
		bench_write(b);
		CHECK_STR(header_text(top(b, "Subject"), &b->arena), str_c(action_rows[i].subject));
		CHECK_STR(field(b, 1, "Action"), str_c(action_rows[i].field));
		CHECK_STR(field(b, 1, "Status"), str_c(action_rows[i].status));
		CHECK(says(b, action_rows[i].text));
		CHECK(says(b,
		    is_failed ? "and then comes your message."
			      : "and then comes the header of your message."));
		CHECK(says(b, "What you can do: ") == is_failed);
		CHECK_STR(part(b, 2)->subtype, is_failed ? STR("rfc822") : STR("rfc822-headers"));
	}
}

static void
test_header(struct bench *b)
{
	TEST_ROW("header");
	bench_reset(b);
	bench_write(b);
	CHECK_STR(top(b, "From"), STR("Mail Delivery System <mailer-daemon@mx.here.test>"));
	CHECK_STR(top(b, "To"), STR("<ann@example.com>"));
	CHECK_STR(top(b, "Date"), STR("Mon, 20 Nov 2023 02:13:20 +0000"));
	CHECK_STR(top(b, "Message-ID"), STR("<1700446400.303132333435363738396162@mx.here.test>"));
	CHECK_STR(top(b, "In-Reply-To"), STR("<1@example.com>"));
	CHECK_STR(top(b, "References"), STR("<1@example.com>"));
	CHECK_STR(top(b, "Auto-Submitted"), STR("auto-replied"));
	CHECK_STR(top(b, "MIME-Version"), STR("1.0"));
	CHECK_STR(top(b, "Content-Transfer-Encoding"),
	    STR("8bit")); /* the text has the subject in it */
	CHECK(says(b, "This is the mail system at mx.here.test."));
	CHECK(says(b, "send all of this to postmaster@mx.here.test."));
	CHECK(!b->is_utf8);
	TEST_ROW("no subject, no Message-ID");
	bench_reset(b);
	b->report.message = STR("From: a@b\r\n\r\nhello\r\n");
	bench_write(b);
	CHECK_STR(top(b, "Subject"), STR("Undelivered: your message"));
	CHECK(top(b, "References").p == NULL);
	CHECK(top(b, "Content-Transfer-Encoding").p == NULL);
	CHECK(!says(b, "Subject:"));
	TEST_ROW("odd Message-ID");
	bench_reset(b);
	b->report.message = STR("Message-ID: <\xc3\xa9@b>\r\n\r\nhello\r\n");
	bench_write(b);
	CHECK(top(b, "References").p == NULL);
}

/* All fields of the second part, as RFC 3461 6.3 asks for them. */
static void
test_fields(struct bench *b)
{
	TEST_ROW("all fields");
	bench_reset(b);
	b->about.id = STR("QQ 314+159=x");
	b->report.received_from = STR("laptop.lan");
	b->addresses[0].original = STR("rfc822;team+2Bx@here.test");
	b->rcpts[0].action = DSN_DELAYED;
	b->rcpts[0].status = STATUS(4, 2, 2);
	b->rcpts[0].remote = STR("mx.example.org");
	b->rcpts[0].code = 452;
	b->rcpts[0].text = STR("4.2.2 mailbox full");
	b->rcpts[0].stage = STR("RCPT TO");
	b->rcpts[0].last_try_s = NOW - 60;
	b->rcpts[0].will_retry_until_s = NOW + 86400;
	b->rcpts[0].log_id = STR("4f2a-1");
	bench_write(b);
	CHECK_STR(field(b, 0, "Original-Envelope-Id"), STR("QQ 314+159=x"));
	CHECK_STR(field(b, 0, "Reporting-MTA"), STR("dns; mx.here.test"));
	CHECK_STR(field(b, 0, "Received-From-MTA"), STR("dns; laptop.lan"));
	CHECK_STR(field(b, 0, "Arrival-Date"), STR("Tue, 14 Nov 2023 22:13:20 +0000"));
	CHECK_STR(field(b, 1, "Original-Recipient"), STR("rfc822; team+x@here.test"));
	CHECK_STR(field(b, 1, "Final-Recipient"), STR("rfc822; bob@example.org"));
	CHECK_STR(field(b, 1, "Action"), STR("delayed"));
	CHECK_STR(field(b, 1, "Status"), STR("4.2.2"));
	CHECK_STR(field(b, 1, "Remote-MTA"), STR("dns; mx.example.org"));
	CHECK_STR(field(b, 1, "Diagnostic-Code"), STR("smtp; 452 4.2.2 mailbox full"));
	CHECK_STR(field(b, 1, "Last-Attempt-Date"), STR("Mon, 20 Nov 2023 02:12:20 +0000"));
	CHECK_STR(field(b, 1, "Final-Log-ID"), STR("4f2a-1"));
	CHECK_STR(field(b, 1, "Will-Retry-Until"), STR("Tue, 21 Nov 2023 02:13:20 +0000"));
	CHECK(says(b, "<bob@example.org> (you wrote to <team+x@here.test>)"));
	CHECK(says(b, "The mailbox is full. (4.2.2)"));
	CHECK(says(b, "mx.example.org said in answer to RCPT TO: 452 4.2.2 mailbox full"));
	CHECK(says(b, "We go on trying until Tue, 21 Nov 2023 02:13:20 +0000, and tell you"));
	TEST_ROW("the address of a host is a comment");
	bench_reset(b);
	b->rcpts[0].remote = STR("mx.example.org [192.0.2.1]");
	b->rcpts[0].code = 550;
	b->rcpts[0].text = STR("no");
	bench_write(b);
	CHECK_STR(field(b, 1, "Remote-MTA"), STR("dns; mx.example.org ([192.0.2.1])"));
	CHECK(says(b, "mx.example.org [192.0.2.1] said: 550 no"));
	TEST_ROW("a host that DNS does not know");
	bench_reset(b);
	b->rcpts[0].remote = STR("/run/lmtp");
	bench_write(b);
	CHECK_STR(field(b, 1, "Remote-MTA"), STR("x-local-hostname; /run/lmtp"));
	TEST_ROW("no field without need");
	bench_reset(b);
	b->rcpts[0].will_retry_until_s = NOW; /* not of delays only: RFC 3464 2.3.9 */
	bench_write(b);
	CHECK(field(b, 0, "Original-Envelope-Id").p == NULL);
	CHECK(field(b, 0, "Received-From-MTA").p == NULL);
	CHECK(field(b, 1, "Original-Recipient").p == NULL);
	CHECK(field(b, 1, "Remote-MTA").p == NULL);
	CHECK(field(b, 1, "Diagnostic-Code").p == NULL);
	CHECK(field(b, 1, "Last-Attempt-Date").p == NULL);
	CHECK(field(b, 1, "Final-Log-ID").p == NULL);
	CHECK(field(b, 1, "Will-Retry-Until").p == NULL);
	CHECK(!says(b, "you wrote to"));
	TEST_ROW("a name that the DNS does not know");
	bench_reset(b);
	b->report.hostname = STR("pi");
	bench_write(b);
	CHECK_STR(field(b, 0, "Reporting-MTA"), STR("x-local-hostname; pi"));
	TEST_ROW("a name that is none");
	bench_reset(b);
	b->report.hostname = STR("a> b\r\n");
	bench_write(b);
	CHECK_STR(top(b, "From"), STR("Mail Delivery System <mailer-daemon@a--b-->"));
}

/* --- text ------------------------------------------------------------------------------------------- */

static const struct {
	uint8_t kind;
	uint16_t subject, detail;
	const char *text;
} status_rows[] = {
	{ 5, 0, 0, "gave no reason that has a name. (5.0.0)" },
	{ 5, 1, 1, "There is no such mailbox. (5.1.1)" },
	{ 5, 1, 1, "Check what stands before the \"@\" for typing errors." },
	{ 5, 1, 2, "There is no such domain, or it has no mail system. (5.1.2)" },
	{ 5, 1, 10, "takes no mail at all. (5.1.10)" },
	{ 5, 1, 99, "Something is wrong with the address. (5.1.99)" },
	{ 5, 2, 2, "The mailbox is full. (5.2.2)" },
	{ 5, 2, 77, "Something is wrong with the mailbox. (5.2.77)" },
	{ 5, 3, 4, "larger than the other mail system allows. (5.3.4)" },
	{ 4, 4, 1, "did not answer. (4.4.1)" },
	{ 5, 4, 6, "went round in circles" },
	{ 4, 4, 7, "in the time that was allowed for it. (4.4.7)" },
	{ 5, 5, 2, "did not understand each other. (5.5.2)" },
	{ 5, 6, 7, "does not take addresses with letters beyond A to Z. (5.6.7)" },
	{ 5, 7, 1, "refuses the message by its rules: from this sender" },
	{ 5, 7, 26, "(SPF, DKIM). (5.7.26)" },
	{ 5, 7, 999, "refuses the message by its rules. (5.7.999)" },
	{ 5, 8, 1, "gave no reason that has a name. (5.8.1)" },
	{ 5, 999, 999, "gave no reason that has a name. (5.999.999)" },
};

/* When no other host spoke, nothing is told of one. */
static const struct {
	uint16_t subject, detail;
	const char *text, *advice;
} own_rows[] = {
	{ 3, 0, "Something is wrong with this mail system. (5.3.0)",
	    "Send the message again later." },
	{ 3, 5, "This mail system is not set up in a way", "show this message to your postmaster" },
	{ 7, 1, "This mail system is not allowed to send mail there. (5.7.1)",
	    "settings of this mail system forbid it" },
	{ 4, 4, "No way to the domain was found. (5.4.4)", "entries in the DNS need care" },
	{ 4, 6, "went round in circles", "some forwarding leads back" },
};

static void
test_own(struct bench *b)
{
	for (size_t i = 0; i < ARRAY_LEN(own_rows); i++) {
		TEST_ROW(own_rows[i].text);
		bench_reset(b);
		b->rcpts[0].status = STATUS(5, own_rows[i].subject, own_rows[i].detail);
		bench_write(b);
		CHECK(says(b, own_rows[i].text));
		CHECK(says(b, own_rows[i].advice));
	}
}

/* What the sender asked for is told, and nothing else. */
static void
test_handed_on(struct bench *b)
{
	TEST_ROW("handed on: asked for success");
	bench_reset(b);
	b->rcpts[0].action = DSN_RELAYED;
	b->addresses[0].notify = NOTIFY_SUCCESS;
	bench_write(b);
	CHECK(says(b, "You asked to be told when it is delivered, but from here on nobody will"));
	TEST_ROW("handed on: by a time");
	bench_reset(b);
	b->rcpts[0].action = DSN_RELAYED;
	b->addresses[0].notify = NOTIFY_FAILURE;
	b->about.by = BY_NOTIFY;
	bench_write(b);
	CHECK(says(b, "does not promise to deliver it in the time that you asked for"));
	CHECK(!says(b, "You asked to be told"));
	TEST_ROW("handed on: traced");
	bench_reset(b);
	b->rcpts[0].action = DSN_RELAYED;
	b->addresses[0].notify = 0;
	b->about.is_by_traced = true;
	bench_write(b);
	CHECK(says(b, "You asked to be told of each step on its way."));
}

static void
test_statuses(struct bench *b)
{
	for (size_t i = 0; i < ARRAY_LEN(status_rows); i++) {
		TEST_ROW(status_rows[i].text);
		bench_reset(b);
		b->rcpts[0].status =
		    STATUS(status_rows[i].kind, status_rows[i].subject, status_rows[i].detail);
		b->rcpts[0].remote = STR("mx.example.org");
		bench_write(b);
		CHECK(says(b, status_rows[i].text));
		CHECK(says(b, "What you can do: "));
	}
	TEST_ROW("lines of text");
	for (uint16_t subject = 0; subject < 9; subject++) {
		for (uint16_t detail = 0; detail < 40; detail++) {
			struct str text, line;

			bench_reset(b);
			b->rcpts[0].status = STATUS(5, subject, detail);
			bench_write(b);
			text = part_body(&b->m, part(b, 0));
			while (str_take_until(&text, '\n', &line))
				CHECK(line.n <= 73);
		}
	}
}

static void
test_answers(struct bench *b)
{
	TEST_ROW("gave up");
	bench_reset(b);
	b->rcpts[0].status = STATUS(4, 4, 1);
	b->rcpts[0].remote = STR("mx.example.org");
	b->rcpts[0].text = STR("connection timed out");
	b->rcpts[0].last_try_s = ARRIVED + 5 * 86400 + 100;
	bench_write(b);
	CHECK(says(b, "What happened with mx.example.org: connection timed out"));
	CHECK(says(b,
	    "We tried for 5 days, the last time on Sun, 19 Nov 2023 22:15:00 +0000, and have given up."));
	CHECK_STR(field(b, 1, "Diagnostic-Code"), STR("x-staunch; connection timed out"));
	CHECK_STR(field(b, 1, "Remote-MTA"), STR("dns; mx.example.org"));
	TEST_ROW("gave up soon");
	bench_reset(b);
	b->rcpts[0].status = STATUS(4, 4, 1);
	b->rcpts[0].last_try_s = ARRIVED + 3700;
	bench_write(b);
	CHECK(says(b, "We tried for an hour, "));
	TEST_ROW("gave up, the time is over");
	bench_reset(b);
	b->rcpts[0].status = STATUS(4, 2, 2);
	b->rcpts[0].is_expired = true;
	b->rcpts[0].last_try_s = ARRIVED + 5 * 86400;
	bench_write(b);
	CHECK(says(b, "The mailbox is full. (4.2.2)"));
	CHECK(says(b, "and have given up: the time that is allowed for it is over."));
	CHECK_STR(field(b, 1, "Status"), STR("4.2.2"));
	TEST_ROW("gave up, never tried");
	bench_reset(b);
	b->rcpts[0].is_expired = true;
	bench_write(b);
	CHECK(says(b, "We have given up: the time that is allowed for it is over."));
	TEST_ROW("in our words");
	bench_reset(b);
	b->rcpts[0].status = STATUS(5, 4, 6);
	b->rcpts[0].text = STR("more than 50 Received fields");
	bench_write(b);
	CHECK(says(b, "What happened: more than 50 Received fields"));
	CHECK(!says(b, "We tried for"));
	TEST_ROW("reply without text");
	bench_reset(b);
	b->rcpts[0].code = 550;
	bench_write(b);
	CHECK(says(b, "The mail system said: 550"));
	CHECK_STR(field(b, 1, "Diagnostic-Code"), STR("smtp; 550"));
	TEST_ROW("delayed, end not known");
	bench_reset(b);
	b->rcpts[0].action = DSN_DELAYED;
	bench_write(b);
	CHECK(says(b, "We go on trying, and tell you if we give up."));
	TEST_ROW("relayed to whom");
	bench_reset(b);
	b->rcpts[0].action = DSN_RELAYED;
	b->rcpts[0].remote = STR("mx.example.org");
	bench_write(b);
	CHECK(says(b, "It was handed to mx.example.org"));
}

static void
test_mixture(struct bench *b)
{
	TEST_ROW("mixture");
	bench_reset(b);
	b->report.rcpt_count = 4;
	b->addresses[0].address = STR("a@x");
	b->addresses[1].address = STR("b@x");
	b->addresses[2].address = STR("c@x");
	b->addresses[3].address = STR("d@x");
	b->rcpts[0].action = DSN_DELIVERED;
	b->rcpts[1].status = STATUS(5, 1, 1);
	b->rcpts[2].action = DSN_DELAYED;
	b->rcpts[3].status = STATUS(5, 2, 2);
	bench_write(b);
	CHECK(says(b, "Your message could not be delivered to everybody."));
	CHECK(says(b,
	    "It could not be delivered to these addresses: <b@x> There is no such mailbox."));
	CHECK(says(b, "It has not been delivered yet to this address: <c@x>"));
	CHECK(says(b, "It was put into the mailbox of this address: <a@x>"));
	CHECK(str_starts(top(b, "Subject"), STR("Undelivered: ")));
	CHECK_STR(field(b, 1, "Final-Recipient"), STR("rfc822; a@x"));
	CHECK_STR(field(b, 1, "Action"), STR("delivered"));
	CHECK_STR(field(b, 2, "Final-Recipient"), STR("rfc822; b@x"));
	CHECK_STR(field(b, 3, "Action"), STR("delayed"));
	CHECK_STR(field(b, 4, "Status"), STR("5.2.2"));
	CHECK_STR(part(b, 2)->subtype, STR("rfc822"));
}

/* --- UTF-8 (RFC 6533) -------------------------------------------------------------------------------- */

static const struct {
	const char *name, *original, *ascii,
	    *utf8; /* the field in a plain report, and in one that may be UTF-8 */
} original_rows[] = {
	{ "plain", "rfc822;bob@x.test", "rfc822; bob@x.test", "rfc822; bob@x.test" },
	{ "xtext", "RFC822;a+2Bb+3Dc+20d@x.test", "rfc822; a+b=c d@x.test",
	    "rfc822; a+b=c d@x.test" },
	{ "line end in xtext", "rfc822;a+0D+0AX:b", "rfc822; a??X:b", "rfc822; a??X:b" },
	{ "no xtext", "rfc822;a+zz", "rfc822; a+zz", "rfc822; a+zz" },
	{ "utf-8 in ASCII", "utf-8;b\\x{F6}b\\x{1F600}@x", "utf-8; b\\x{F6}b\\x{1F600}@x",
	    "utf-8; b\xc3\xb6"
	    "b\xf0\x9f\x98\x80@x" },
	{ "utf-8 native",
	    "utf-8;b\xc3\xb6"
	    "b@x",
	    "utf-8; b\\x{F6}b@x",
	    "utf-8; b\xc3\xb6"
	    "b@x" },
	{ "utf-8 with escapes", "utf-8;a\\x{2B}b\\x{5C}\\x{10FFFF}@x",
	    "utf-8; a\\x{2B}b\\x{5C}\\x{10FFFF}@x", "utf-8; a+b\\\xf4\x8f\xbf\xbf@x" },
	{ "utf-8 with a control", "utf-8;a\\x{0A}b@x", "utf-8; a\\x{0A}b@x", "utf-8; a?b@x" },
	{ "utf-8 broken", "utf-8;a\\x{110000}\\x{}\\x@x",
	    "utf-8; a\\x{5C}x{110000}\\x{5C}x{}\\x{5C}x@x", "utf-8; a\\x{110000}\\x{}\\x@x" },
	{ "other type", "x400;/c=us/", "x400; /c=us/", "x400; /c=us/" },
	{ "no good type", "a b;c", "unknown; c", "unknown; c" },
	{ "no type", "bob@x.test", NULL, NULL },
	{ "nothing behind it", "rfc822;", NULL, NULL },
};

static void
test_utf8(struct bench *b)
{
	for (size_t i = 0; i < ARRAY_LEN(original_rows); i++) {
		TEST_ROW(original_rows[i].name);
		bench_reset(b);
		b->addresses[0].original = str_c(original_rows[i].original);
		bench_write(b);
		CHECK_STR(field(b, 1, "Original-Recipient"), str_c(original_rows[i].ascii));
		bench_reset(b);
		b->addresses[0].original = str_c(original_rows[i].original);
		b->report.to = STR("\xc3\xa4nn@x.test");
		bench_write(b);
		CHECK_STR(field(b, 1, "Original-Recipient"), str_c(original_rows[i].utf8));
	}
	TEST_ROW("UTF-8 recipient, plain report");
	bench_reset(b);
	b->addresses[0].address = STR("b\xc3\xb6"
				      "b=@x");
	b->rcpts[0].text = STR("gibt's nicht: b\xc3\xb6"
			       "b");
	bench_write(b);
	CHECK(!b->is_utf8);
	CHECK_STR(field(b, 1, "Final-Recipient"), STR("utf-8; b\\x{F6}b\\x{3D}@x"));
	CHECK_STR(field(b, 1, "Diagnostic-Code"), STR("x-staunch; gibt's nicht: b?b"));
	CHECK_STR(part(b, 1)->subtype, STR("delivery-status"));
	CHECK(says(b,
	    "<b\xc3\xb6"
	    "b=@x>"));
	CHECK(says(b,
	    "gibt's nicht: b\xc3\xb6"
	    "b"));
	TEST_ROW("UTF-8 sender");
	b->report.to = STR("\xc3\xa4nn@x.test");
	buf_clear(&b->out);
	bench_write(b);
	CHECK(b->is_utf8);
	CHECK_STR(top(b, "To"), STR("<\xc3\xa4nn@x.test>"));
	CHECK_STR(field(b, 1, "Final-Recipient"),
	    STR("utf-8; b\xc3\xb6"
		"b=@x"));
	CHECK_STR(field(b, 1, "Diagnostic-Code"),
	    STR("x-staunch; gibt's nicht: b\xc3\xb6"
		"b"));
	CHECK_STR(part(b, 1)->subtype, STR("global-delivery-status"));
	CHECK_STR(part(b, 2)->subtype, STR("rfc822"));
}

/* --- what comes back --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct str message;
	enum envelope_return ret;
	bool is_utf8;
	const char *type, *encoding;
	struct str want;
} return_rows[] = {
	{ "all", STR_INIT("A: b\r\n\r\nhello\r\n"), RETURN_FULL, false, "rfc822", "7BIT",
	    STR_INIT("A: b\r\n\r\nhello\r\n") },
	{ "not said", STR_INIT("A: b\r\n\r\nhello\r\n"), RETURN_UNSAID, false, "rfc822", "7BIT",
	    STR_INIT("A: b\r\n\r\nhello\r\n") },
	{ "header", STR_INIT("A: b\r\n\r\nhello\r\n"), RETURN_HEADERS, false, "rfc822-headers",
	    "7BIT", STR_INIT("A: b\r\n") },
	{ "8 bits", STR_INIT("A: b\r\n\r\nh\xe9llo\r\n"), RETURN_FULL, false, "rfc822", "8BIT",
	    STR_INIT("A: b\r\n\r\nh\xe9llo\r\n") },
	{ "8 bits in the header", STR_INIT("A: \xc3\xa9\r\n\r\nhello\r\n"), RETURN_HEADERS, false,
	    "rfc822-headers", "8BIT", STR_INIT("A: \xc3\xa9\r\n") },
	{ "SMTPUTF8", STR_INIT("A: \xc3\xa9\r\n\r\nhello\r\n"), RETURN_FULL, true, "global", "8BIT",
	    STR_INIT("A: \xc3\xa9\r\n\r\nhello\r\n") },
	{ "SMTPUTF8 header", STR_INIT("A: \xc3\xa9\r\n\r\nhello\r\n"), RETURN_HEADERS, true,
	    "global-headers", "8BIT", STR_INIT("A: \xc3\xa9\r\n") },
	{ "SMTPUTF8 for nothing", STR_INIT("A: b\r\n\r\nhello\r\n"), RETURN_FULL, true, "rfc822",
	    "7BIT", STR_INIT("A: b\r\n\r\nhello\r\n") },
	{ "SMTPUTF8, broken", STR_INIT("A: \xff\r\n\r\nhello\r\n"), RETURN_HEADERS, true,
	    "rfc822-headers", "8BIT", STR_INIT("A: \xff\r\n") },
	{ "LF", STR_INIT("A: b\n\nhello\n"), RETURN_FULL, false, "rfc822", "7BIT",
	    STR_INIT("A: b\r\n\r\nhello\r\n") },
	{ "binary", STR_INIT("A: b\r\n\r\nh\0\r\n"), RETURN_FULL, false, "rfc822", "7BIT",
	    STR_INIT(
		"A: b\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\naAANCg==\r\n") },
	{ "no line end", STR_INIT("A: b"), RETURN_FULL, false, "rfc822", "7BIT",
	    STR_INIT("A: b\r\n") },
	{ "no line end, header", STR_INIT("A: b"), RETURN_HEADERS, false, "rfc822-headers", "7BIT",
	    STR_INIT("A: b\r\n") },
	{ "no header", STR_INIT("\r\nhello"), RETURN_HEADERS, false, "rfc822-headers", "7BIT",
	    STR_INIT("\r\n") },
	{ "nothing", STR_INIT(""), RETURN_FULL, false, "rfc822-headers", "7BIT", STR_INIT("") },
};

static void
test_returned(struct bench *b)
{
	for (size_t i = 0; i < ARRAY_LEN(return_rows); i++) {
		TEST_ROW(return_rows[i].name);
		bench_reset(b);
		b->report.message = return_rows[i].message;
		b->about.ret = return_rows[i].ret;
		b->about.is_utf8 = return_rows[i].is_utf8;
		bench_write(b);
		CHECK_STR(part(b, 2)->subtype, str_c(return_rows[i].type));
		CHECK_STR(part(b, 2)->encoding_text, str_c(return_rows[i].encoding));
		CHECK_STR(part_body(&b->m, part(b, 2)), return_rows[i].want);
		CHECK(b->is_utf8 == str_starts(str_c(return_rows[i].type), STR("global")));
	}
	TEST_ROW("REQUIRETLS: never the content");
	bench_reset(b);
	b->report.message = STR("A: b\r\n\r\nhello\r\n");
	b->about.ret = RETURN_FULL;
	b->about.is_tls_must = true;
	bench_write(b);
	CHECK_STR(part(b, 2)->subtype, STR("rfc822-headers"));
	CHECK_STR(part_body(&b->m, part(b, 2)), STR("A: b\r\n"));
}

static void
test_large(struct bench *b)
{
	struct buf big;

	buf_init(&big, 1 << 20);
	TEST_ROW("as large as may come back");
	bench_reset(b);
	buf_add_c(&big, "Subject: x\r\n\r\n");
	while (big.n < DSN_RETURN_MAX - 2)
		buf_add_char(&big, big.n % 70 ? 'x' : '\n');
	for (size_t i = 14; i < big.n; i++)
		if (big.p[i] == '\n')
			big.p[i - 1] = '\r';
	buf_add_c(&big, "\r\n");
	b->report.message = buf_str(&big);
	bench_write(b);
	CHECK_STR(part_body(&b->m, part(b, 2)), buf_str(&big));
	TEST_ROW("larger");
	bench_reset(b);
	buf_add_c(&big, "\r\n");
	b->report.message = buf_str(&big);
	bench_write(b);
	CHECK_STR(part_body(&b->m, part(b, 2)), STR("Subject: x\r\n"));
	CHECK(says(b, "and then comes the header of your message."));
	TEST_ROW("a larger header");
	bench_reset(b);
	buf_clear(&big);
	while (big.n < DSN_RETURN_MAX)
		buf_add_c(&big, "Received: from a by b\r\n");
	buf_add_c(&big, "Subject: x\r\n\r\n");
	b->report.message = buf_str(&big);
	bench_write(b);
	CHECK(part_body(&b->m, part(b, 2)).n <= DSN_RETURN_MAX);
	CHECK(part_body(&b->m, part(b, 2)).n > DSN_RETURN_MAX - 30);
	CHECK(str_ends(part_body(&b->m, part(b, 2)), STR("Received: from a by b\r\n")));
	TEST_ROW("one field that is larger");
	bench_reset(b);
	buf_clear(&big);
	buf_add_c(&big, "Subject:");
	while (big.n < 2 * DSN_RETURN_MAX)
		buf_add_c(&big, " word");
	b->report.message = buf_str(&big);
	bench_write(b);
	CHECK(part_body(&b->m, part(b, 2)).n > DSN_RETURN_MAX / 2);
	CHECK(top(b, "Subject").n < 200);
	buf_release(&big);
}

/* --- hostile ----------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct str text;
	const char *ascii, *people; /* in the field of a plain report; in the text */
} hostile_rows[] = {
	{ "line ends", STR_INIT("no\r\nAction: delivered\r\n\r\n--" MARK),
	    "smtp; 550 no??Action: delivered???\?--" MARK,
	    "550 no??Action: delivered???\?--" MARK },
	{ "NUL and escape", STR_INIT("a\0b\x1b[2Jc\x7f"), "smtp; 550 a?b?[2Jc?", "550 a?b?[2Jc?" },
	{ "TAB", STR_INIT("a\tb"), "smtp; 550 a b", "550 a b" },
	{ "not UTF-8", STR_INIT("a\xff\xc3z"), "smtp; 550 a??z", "550 a\xef\xbf\xbd\xef\xbf\xbdz" },
	{ "C1 and directions",
	    STR_INIT("a\xc2\x9b"
		     "b\xe2\x80\xae"
		     "c\xe2\x80\xa8"
		     "d\xe2\x81\xa7"),
	    "smtp; 550 a?b?c?d?", "550 a?b?c?d?" },
	{ "dots", STR_INIT(".\r\n.\r\n"), "smtp; 550 .??.", "550 .??." },
};

static void
test_hostile(struct bench *b)
{
	struct buf big;

	for (size_t i = 0; i < ARRAY_LEN(hostile_rows); i++) {
		struct str text = hostile_rows[i].text;

		TEST_ROW(hostile_rows[i].name);
		bench_reset(b);
		b->rcpts[0].code = 550;
		b->rcpts[0].text = text;
		bench_write(b);
		CHECK_STR(field(b, 1, "Diagnostic-Code"), str_c(hostile_rows[i].ascii));
		CHECK(says(b, hostile_rows[i].people));
		bench_reset(b);
		b->rcpts[0].remote = b->rcpts[0].stage = b->rcpts[0].log_id = text;
		b->report.received_from = b->report.hostname = b->report.to = b->about.id = text;
		b->addresses[0].address = b->addresses[0].original = text;
		bench_write(b);
	}
	TEST_ROW("boundary in the message");
	bench_reset(b);
	b->report.message = STR("A: b\r\n\r\n--" MARK "\r\n--" MARK "--\r\n");
	bench_write(b);
	CHECK_STR(param_raw(b->m.root.params, b->m.root.param_count, STR("boundary")),
	    STR("=_dsn.1.303132333435363738396162"));
	CHECK_STR(part_body(&b->m, part(b, 2)), b->report.message);
	TEST_ROW("long texts");
	buf_init(&big, 1 << 20);
	for (int kind = 0; kind < 3; kind++) {
		buf_clear(&big);
		while (big.n < 100000)
			buf_add_c(&big, kind == 0 ? "x" : kind == 1 ? " " : "\xf0\x9f\x98\x80");
		buf_add_c(&big, "end");
		bench_reset(b);
		b->rcpts[0].code = 550;
		b->rcpts[0].text = buf_str(&big);
		bench_write(b);
		CHECK(field(b, 1, "Diagnostic-Code").n < 2300);
		bench_reset(b);
		b->rcpts[0].remote = b->rcpts[0].stage = b->rcpts[0].log_id = buf_str(&big);
		b->report.received_from = b->report.hostname = b->report.to = b->about.id =
		    buf_str(&big);
		b->addresses[0].address = buf_str(&big);
		bench_write(b);
	}
	buf_release(&big);
}

static void
test_room(struct bench *b)
{
	struct buf small;

	TEST_ROW("no room");
	bench_reset(b);
	bench_write(b);
	for (size_t n = 6; n < b->out.n + 6; n += 7) {
		buf_init(&small, n);
		buf_add_c(&small, "before");
		CHECK_NUM(dsn_write(&small, &b->report, &b->is_utf8), FAIL_LIMIT);
		CHECK(buf_ok(&small));
		CHECK_STR(buf_str(&small), STR("before"));
		buf_release(&small);
	}
	buf_init(&small, b->out.n + 6);
	buf_add_c(&small, "before");
	CHECK_NUM(dsn_write(&small, &b->report, &b->is_utf8), FAIL_NONE);
	CHECK_STR(str_from(buf_str(&small), 6), buf_str(&b->out));
	buf_release(&small);
}

int
main(void)
{
	struct bench b;

	b = (struct bench){ 0 };
	arena_init(&b.arena, 16 << 20);
	buf_init(&b.out, 4 << 20);
	test_actions(&b);
	test_header(&b);
	test_fields(&b);
	test_own(&b);
	test_handed_on(&b);
	test_statuses(&b);
	test_answers(&b);
	test_mixture(&b);
	test_utf8(&b);
	test_returned(&b);
	test_large(&b);
	test_hostile(&b);
	test_room(&b);
	buf_release(&b.out);
	arena_release(&b.arena);
	return test_end();
}
