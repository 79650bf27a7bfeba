#include "smtpc/command.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define ALL 0xffffffffu
#define AE  "\xc3\xa4"

static const struct {
	const char *address;
	enum command_address want;
} address_rows[] = {
	{ "", COMMAND_ADDRESS_ASCII },
	{ "ann@example.org", COMMAND_ADDRESS_ASCII },
	{ "\"a @ b\"@example.org", COMMAND_ADDRESS_ASCII },
	{ "ann@[192.0.2.1]", COMMAND_ADDRESS_ASCII },
	{ "postmaster", COMMAND_ADDRESS_ASCII },
	{ "ann@ex" AE "mple.org", COMMAND_ADDRESS_FOLDS },
	{ "\"a b\"@ex" AE "mple.org", COMMAND_ADDRESS_FOLDS },
	{ AE "nn@example.org", COMMAND_ADDRESS_UTF8 },
	{ AE "nn@ex" AE "mple.org", COMMAND_ADDRESS_UTF8 },
	{ "ann@-" AE ".org", COMMAND_ADDRESS_UTF8 },
	{ "ann", COMMAND_ADDRESS_BAD },
	{ "ann@", COMMAND_ADDRESS_BAD },
	{ "@example.org", COMMAND_ADDRESS_BAD },
	{ "a b@example.org", COMMAND_ADDRESS_BAD },
	{ "ann@example.org>\r\nRCPT TO:<bob@example.org", COMMAND_ADDRESS_BAD },
	{ "ann@example.org> SIZE=1", COMMAND_ADDRESS_BAD },
	{ "\"a\r\n\"@example.org", COMMAND_ADDRESS_BAD },
	{ "@relay.test:ann@example.org", COMMAND_ADDRESS_BAD },
	{ "\xe4@example.org", COMMAND_ADDRESS_BAD },
};

static const struct {
	const char *name;
	struct envelope e;
	struct command_mail mail;
	unsigned has;
	const char *want;
} mail_rows[] = {
	{ "nothing offered",
	    { .sender = STR_INIT("ann@example.org"),
		.id = STR_INIT("x"),
		.ret = RETURN_FULL,
		.by = BY_NOTIFY,
		.by_s = 9,
		.priority = 3,
		.is_tls_must = true },
	    { .size = 7 }, 0, "MAIL FROM:<ann@example.org>" },
	{ "null path", { .sender = { 0 } }, { .size = 0 }, ALL, "MAIL FROM:<>" },
	{ "size", { .sender = STR_INIT("a@b") }, { .size = 4711 }, ALL,
	    "MAIL FROM:<a@b> SIZE=4711" },
	{ "8-bit", { .sender = STR_INIT("a@b") }, { .body = BODY_8BITMIME }, ALL,
	    "MAIL FROM:<a@b> BODY=8BITMIME" },
	{ "binary", { .sender = STR_INIT("a@b") }, { .body = BODY_BINARYMIME }, ALL,
	    "MAIL FROM:<a@b> BODY=BINARYMIME" },
	{ "UTF-8", { .sender = STR_INIT(AE "@b" AE ".org") }, { .is_utf8 = true }, ALL,
	    "MAIL FROM:<" AE "@b" AE ".org> SMTPUTF8" },
	{ "folded", { .sender = STR_INIT("a@b" AE ".org") }, { .is_utf8 = false }, 0,
	    "MAIL FROM:<a@xn--b-0fa.org>" },
	{ "DSN", { .sender = STR_INIT("a@b"), .id = STR_INIT("a+b =\xe4"), .ret = RETURN_HEADERS },
	    { .size = 0 }, SMTPC_HAS_DSN, "MAIL FROM:<a@b> RET=HDRS ENVID=a+2Bb+20+3D+E4" },
	{ "REQUIRETLS", { .sender = STR_INIT("a@b"), .is_tls_must = true }, { .size = 0 },
	    SMTPC_HAS_REQUIRETLS, "MAIL FROM:<a@b> REQUIRETLS" },
	{ "by, return", { .sender = STR_INIT("a@b"), .by = BY_RETURN, .by_s = 1100 },
	    { .now_s = 1000 }, SMTPC_HAS_DELIVERBY, "MAIL FROM:<a@b> BY=100;R" },
	{ "by, notify, late, traced",
	    { .sender = STR_INIT("a@b"), .by = BY_NOTIFY, .by_s = 900, .is_by_traced = true },
	    { .now_s = 1000 }, SMTPC_HAS_DELIVERBY, "MAIL FROM:<a@b> BY=-100;NT" },
	{ "by, the end of time", { .sender = STR_INIT("a@b"), .by = BY_NOTIFY, .by_s = INT64_MAX },
	    { .now_s = -1 }, SMTPC_HAS_DELIVERBY, "MAIL FROM:<a@b> BY=999999999;N" },
	{ "priority", { .sender = STR_INIT("a@b"), .priority = -4 }, { .size = 0 },
	    SMTPC_HAS_PRIORITY, "MAIL FROM:<a@b> MT-PRIORITY=-4" },
	{ "priority 0", { .sender = STR_INIT("a@b") }, { .size = 0 }, SMTPC_HAS_PRIORITY,
	    "MAIL FROM:<a@b>" },
};

static const struct {
	const char *name;
	struct envelope_rcpt rcpt;
	bool is_utf8;
	unsigned has;
	const char *want;
} rcpt_rows[] = {
	{ "nothing offered", { STR_INIT("a@b"), STR_INIT("rfc822;c@d"), NOTIFY_SUCCESS }, false, 0,
	    "RCPT TO:<a@b>" },
	{ "original", { STR_INIT("a@b"), STR_INIT("rfc822;C@d"), 0 }, false, ALL,
	    "RCPT TO:<a@b> ORCPT=rfc822;C@d" },
	{ "none: ours", { STR_INIT("a+x=y@b"), { 0 }, 0 }, false, ALL,
	    "RCPT TO:<a+x=y@b> ORCPT=rfc822;a+2Bx+3Dy@b" },
	{ "all notices", { STR_INIT("a@b"), STR_INIT("x;y"), 14 }, false, ALL,
	    "RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=x;y" },
	{ "delay alone", { STR_INIT("a@b"), STR_INIT("x;y"), NOTIFY_DELAY }, false, ALL,
	    "RCPT TO:<a@b> NOTIFY=DELAY ORCPT=x;y" },
	{ "never stands alone", { STR_INIT("a@b"), STR_INIT("x;y"), 15 }, false, ALL,
	    "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=x;y" },
	{ "UTF-8", { STR_INIT(AE "@b"), STR_INIT("utf-8;" AE "@b"), 0 }, true, ALL,
	    "RCPT TO:<" AE "@b> ORCPT=utf-8;" AE "@b" },
	{ "UTF-8 has no rfc822 form", { STR_INIT(AE "@b"), { 0 }, 0 }, true, ALL,
	    "RCPT TO:<" AE "@b>" },
	{ "UTF-8 original where there is none",
	    { STR_INIT("a@b"), STR_INIT("utf-8;" AE "\xf0\x9f\x98\x80@b"), 0 }, false, ALL,
	    "RCPT TO:<a@b> ORCPT=utf-8;\\x{E4}\\x{1F600}@b" },
	{ "folded", { STR_INIT("a@b" AE ".org"), { 0 }, 0 }, false, ALL,
	    "RCPT TO:<a@xn--b-0fa.org>" },
	{ "not one parameter", { STR_INIT("a@b"), STR_INIT("x;y\r\nRSET"), 0 }, false, ALL,
	    "RCPT TO:<a@b>" },
	{ "not one value", { STR_INIT("a@b"), STR_INIT("x;y=z"), 0 }, false, ALL, "RCPT TO:<a@b>" },
};

static void
check_line(struct buf *line, const char *want)
{
	CHECK(str_ends(buf_str(line), STR("\r\n")));
	CHECK_STR(str_head(buf_str(line), line->n - 2), str_c(want));
	buf_clear(line);
}

int
main(void)
{
	struct buf line = { .max = 2000 };

	for (size_t i = 0; i < ARRAY_LEN(address_rows); i++) {
		TEST_ROW(address_rows[i].address);
		CHECK_NUM(command_address(str_c(address_rows[i].address)), address_rows[i].want);
	}
	TEST_ROW("NUL");
	CHECK_NUM(command_address(str_of("a\0b@c", 5)), COMMAND_ADDRESS_BAD);
	for (size_t i = 0; i < ARRAY_LEN(mail_rows); i++) {
		TEST_ROW(mail_rows[i].name);
		command_mail_write(&line, &mail_rows[i].e, &mail_rows[i].mail, mail_rows[i].has);
		check_line(&line, mail_rows[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(rcpt_rows); i++) {
		TEST_ROW(rcpt_rows[i].name);
		command_rcpt_write(&line, &rcpt_rows[i].rcpt, rcpt_rows[i].is_utf8,
		    rcpt_rows[i].has);
		check_line(&line, rcpt_rows[i].want);
	}
	buf_release(&line);
	return test_end();
}
