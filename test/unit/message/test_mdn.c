#include "message/mdn.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define TO "Disposition-Notification-To: "

/* flags: m a notification itself, n a newsgroup, r something required, s to who sent it */
static const struct {
	const char *name, *message;
	enum fail fail;
	const char *to, *flags, *original, *id;
} request_rows[] = {
	{ "nothing", "", FAIL_MISSING, "", "", "", "" },
	{ "not asked", "From: a@b\r\n\r\n" TO "a@b\r\n", FAIL_MISSING, "", "", "", "" },
	{ "asked", TO "Ann <ann@x.test>\r\n\r\n", FAIL_NONE, "ann@x.test", "", "", "" },
	{ "without the header's end", TO "ann@x.test", FAIL_NONE, "ann@x.test", "", "", "" },
	{ "no address", TO "\r\n", FAIL_MISSING, "", "", "", "" },
	{ "half an address", TO "ann@x.test, bob\r\n", FAIL_MISSING, "", "", "", "" },
	{ "no local part", TO "<@x.test>\r\n", FAIL_MISSING, "", "", "", "" },
	{ "null", TO "<>\r\n", FAIL_MISSING, "", "", "", "" },
	{ "twice", TO "a@b\r\n" TO "a@b\r\n", FAIL_MISSING, "", "", "", "" },
	{ "each once", TO "a@B.test, <a@b.TEST>, \"a\"@b.test, A@b.test\r\n", FAIL_NONE,
	    "a@B.test A@b.test", "", "", "" },
	{ "a group", TO "x: a@b, c@d;\r\n", FAIL_NONE, "a@b c@d", "", "", "" },
	{ "as many as there may be", TO "a@b, b@b, c@b, d@b, e@b, f@b, g@b, h@b, i@b, j@b\r\n",
	    FAIL_NONE, "a@b b@b c@b d@b e@b f@b g@b h@b i@b j@b", "", "", "" },
	{ "a mailing", TO "a@b, b@b, c@b, d@b, e@b, f@b, g@b, h@b, i@b, j@b, k@b\r\n", FAIL_LIMIT,
	    "", "", "", "" },
	{ "to the sender", "Return-Path: <a@B>\r\n" TO "<a@b>\r\n", FAIL_NONE, "a@b", "s", "", "" },
	{ "by the local part's case", "Return-Path: <A@b>\r\n" TO "a@b\r\n", FAIL_NONE, "a@b", "",
	    "", "" },
	{ "quoted", "Return-Path: <\"a\\ b\"@c>\r\n" TO "\"a b\"@c\r\n", FAIL_NONE, "\"a b\"@c",
	    "s", "", "" },
	{ "from nobody", "Return-Path: <>\r\n" TO "a@b\r\n", FAIL_NONE, "a@b", "", "", "" },
	{ "two Return-Paths", "Return-Path: <a@b>\r\nReturn-Path: <x@y>\r\n" TO "a@b\r\n",
	    FAIL_NONE, "a@b", "s", "", "" },
	{ "one of two", "Return-Path: <a@b>\r\n" TO "a@b, c@d\r\n", FAIL_NONE, "a@b c@d", "", "",
	    "" },
	{ "original recipient", TO "a@b\r\nOriginal-Recipient: rfc822;\r\n Ann@x.test\r\n",
	    FAIL_NONE, "a@b", "", "rfc822; Ann@x.test", "" },
	{ "two of them", TO "a@b\r\nOriginal-Recipient: rfc822;a@b\r\nOriginal-Recipient: x;y\r\n",
	    FAIL_NONE, "a@b", "", "", "" },
	{ "not typed", TO "a@b\r\nOriginal-Recipient: a@b\r\n", FAIL_NONE, "a@b", "", "", "" },
	{ "Message-ID", TO "a@b\r\nMessage-ID:\r\n <a@b>\r\n", FAIL_NONE, "a@b", "", "", "<a@b>" },
	{ "an empty one", TO "a@b\r\nMessage-ID: \r\n", FAIL_NONE, "a@b", "", "", "" },
	{ "a notification",
	    TO "a@b\r\nContent-Type: Multipart/Report;report-type=\"disposition-notification\"\r\n",
	    FAIL_NONE, "a@b", "m", "", "" },
	{ "its part alone", TO "a@b\r\nContent-Type: message/disposition-notification\r\n",
	    FAIL_NONE, "a@b", "m", "", "" },
	{ "in UTF-8", TO "a@b\r\nContent-Type: message/global-disposition-notification\r\n",
	    FAIL_NONE, "a@b", "m", "", "" },
	{ "a bounce", TO "a@b\r\nContent-Type: multipart/report; report-type=delivery-status\r\n",
	    FAIL_NONE, "a@b", "", "", "" },
	{ "no type", TO "a@b\r\nContent-Type: multipart\r\n", FAIL_NONE, "a@b", "", "", "" },
	{ "a newsgroup", "Newsgroups: a.b\r\n" TO "a@b\r\n", FAIL_NONE, "a@b", "n", "", "" },
	{ "options",
	    TO "a@b\r\nDisposition-Notification-Options: a=optional,required; b = optional , x\r\n",
	    FAIL_NONE, "a@b", "", "", "" },
	{ "a required one",
	    TO "a@b\r\nDisposition-Notification-Options: a=optional,x;\r\n b = Required , x\r\n",
	    FAIL_NONE, "a@b", "r", "", "" },
	{ "without a value", TO "a@b\r\nDisposition-Notification-Options: a=required\r\n",
	    FAIL_NONE, "a@b", "r", "", "" },
};

static void
add_flag(struct buf *out, bool is_set, char flag)
{
	if (is_set)
		buf_add_char(out, flag);
}

static void
test_request(void)
{
	struct mdn_request r;
	struct arena arena;
	struct buf to, flags;

	buf_init(&to, 1000);
	buf_init(&flags, 10);
	for (size_t i = 0; i < ARRAY_LEN(request_rows); i++) {
		TEST_ROW(request_rows[i].name);
		arena_init(&arena, 1 << 20);
		CHECK_NUM(mdn_request_read(str_c(request_rows[i].message), &arena, &r),
		    request_rows[i].fail);
		buf_clear(&to);
		buf_clear(&flags);
		for (size_t k = 0; !request_rows[i].fail && k < r.to_count; k++) {
			buf_add_c(&to, k > 0 ? " " : "");
			address_spec_write(&to, &r.to[k]);
		}
		add_flag(&flags, r.is_mdn, 'm');
		add_flag(&flags, r.is_news, 'n');
		add_flag(&flags, !request_rows[i].fail && !r.is_optional, 'r');
		add_flag(&flags, r.is_to_sender, 's');
		CHECK_STR(buf_str(&to), str_c(request_rows[i].to));
		CHECK_STR(buf_str(&flags), str_c(request_rows[i].flags));
		CHECK_STR(r.original_recipient, str_c(request_rows[i].original));
		CHECK_STR(r.message_id, str_c(request_rows[i].id));
		arena_release(&arena);
	}
	TEST_ROW("no room");
	arena_init(&arena, 100);
	CHECK_NUM(mdn_request_read(STR(TO "a@b\r\n"), &arena, &r), FAIL_LIMIT);
	arena_release(&arena);
	buf_release(&to);
	buf_release(&flags);
}

/* --- fields ---------------------------------------------------------------------------------------- */

static void
check_fields(const char *name, const struct mdn_fields *fields, enum fail fail, const char *want)
{
	struct buf out;

	TEST_ROW(name);
	buf_init(&out, 10000);
	CHECK_NUM(mdn_fields_write(&out, fields), fail);
	if (!fail)
		CHECK_STR(buf_str(&out), str_c(want));
	buf_release(&out);
}

static void
test_fields(void)
{
	struct mdn_field extensions[] = { { STR("X-A"), STR("1") }, { STR("Y"), STR("") } };
	struct mdn_fields f = { .final_recipient = STR("rfc822; a@b"),
		.action = mdn_actions[1],
		.sending = mdn_sendings[0],
		.type = mdn_types[3] };

	check_fields("small", &f, FAIL_NONE,
	    "Final-Recipient: rfc822; a@b\r\n"
	    "Disposition: automatic-action/mdn-sent-manually; processed\r\n");
	f.reporting_ua = STR("pc; Mail");
	f.original_recipient = STR("rfc822;A@b");
	f.message_id = STR("<a@b>");
	f.extensions = extensions;
	f.extension_count = 2;
	check_fields("in the order of RFC 8098 3.1", &f, FAIL_NONE,
	    "Reporting-UA: pc; Mail\r\nOriginal-Recipient: rfc822;A@b\r\n"
	    "Final-Recipient: rfc822; a@b\r\nOriginal-Message-ID: <a@b>\r\n"
	    "Disposition: automatic-action/mdn-sent-manually; processed\r\nX-A: 1\r\nY:\r\n");
	extensions[1].value = STR("x\r\nError: y");
	check_fields("two lines", &f, FAIL_SYNTAX, "");
	extensions[1] = (struct mdn_field){ STR("Error"), STR("y") };
	check_fields("not an extension", &f, FAIL_SYNTAX, "");
	f.extension_count = 1;
	f.reporting_ua = STR("a\nb");
	check_fields("a line end", &f, FAIL_SYNTAX, "");
}

static void
test_names(void)
{
	static const struct {
		const char *name;
		bool want;
	} rows[] = { { "X-Colour", true }, { "!", true }, { "", false }, { "a b", false },
		{ "a:", false }, { "K\303\244se", false }, { "DISPOSITION", false },
		{ "error", false }, { "MDN-gateway", false }, { "Errors", true } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK(mdn_is_extension(str_c(rows[i].name)) == rows[i].want);
	}
}

int
main(void)
{
	test_request();
	test_fields();
	test_names();
	return test_end();
}
