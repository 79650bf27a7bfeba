#include "smtpc/sort.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name;
	enum smtpc_stage stage;
	const char *line;
	bool has_others;
	enum fail want;
	struct status status;
} rows[] = {
	{ "greeting", SMTPC_AT_GREETING, "220 hello", false, FAIL_NONE, { 2, 0, 0 } },
	{ "busy", SMTPC_AT_GREETING, "421 busy", false, FAIL_TEMP, { 4, 3, 2 } },
	{ "no service", SMTPC_AT_GREETING, "554 no", false, FAIL_PERM, { 5, 0, 0 } },
	{ "no mail here (RFC 7504)", SMTPC_AT_GREETING, "521 no", false, FAIL_PERM, { 5, 3, 2 } },
	{ "hello", SMTPC_AT_HELLO, "250 hello", false, FAIL_NONE, { 2, 0, 0 } },
	{ "STARTTLS later", SMTPC_AT_TLS, "454 4.7.0 no", false, FAIL_TEMP, { 4, 7, 0 } },
	{ "STARTTLS never", SMTPC_AT_TLS, "502 no", false, FAIL_PERM, { 5, 5, 1 } },
	{ "go on with AUTH", SMTPC_AT_AUTH, "334 ", false, FAIL_NONE, { 3, 0, 0 } },
	{ "wrong password", SMTPC_AT_AUTH, "535 no", false, FAIL_TEMP, { 4, 7, 8 } },
	{ "wrong password, with status", SMTPC_AT_AUTH, "535 5.7.8 no", false, FAIL_TEMP,
	    { 4, 7, 8 } },
	{ "too weak", SMTPC_AT_AUTH, "534 5.7.9 no", false, FAIL_TEMP, { 4, 7, 9 } },
	{ "login not now", SMTPC_AT_AUTH, "454 4.7.0 no", false, FAIL_TEMP, { 4, 7, 0 } },
	{ "sender", SMTPC_AT_MAIL, "250 2.1.0 Ok", false, FAIL_NONE, { 2, 1, 0 } },
	{ "login wanted", SMTPC_AT_MAIL, "530 5.7.0 Authentication required", false, FAIL_TEMP,
	    { 4, 7, 0 } },
	{ "login wanted later", SMTPC_AT_RCPT, "530 no", false, FAIL_TEMP, { 4, 7, 0 } },
	{ "sender never", SMTPC_AT_MAIL, "550 no", false, FAIL_PERM, { 5, 1, 0 } },
	{ "too large", SMTPC_AT_MAIL, "552 5.3.4 no", false, FAIL_PERM, { 5, 3, 4 } },
	{ "recipient", SMTPC_AT_RCPT, "251 will forward", false, FAIL_NONE, { 2, 0, 0 } },
	{ "greylisted", SMTPC_AT_RCPT, "450 4.7.1 later", false, FAIL_TEMP, { 4, 7, 1 } },
	{ "unknown", SMTPC_AT_RCPT, "550 5.1.1 no", true, FAIL_PERM, { 5, 1, 1 } },
	{ "full", SMTPC_AT_RCPT, "552 no", false, FAIL_PERM, { 5, 2, 2 } },
	{ "one too many", SMTPC_AT_RCPT, "552 no", true, FAIL_TEMP, { 4, 5, 3 } },
	{ "one too many, with status", SMTPC_AT_RCPT, "552 5.5.3 no", true, FAIL_TEMP,
	    { 4, 5, 3 } },
	{ "one too many, today's code", SMTPC_AT_RCPT, "452 4.5.3 no", true, FAIL_TEMP,
	    { 4, 5, 3 } },
	{ "go ahead", SMTPC_AT_DATA, "354 go", false, FAIL_NONE, { 3, 0, 0 } },
	{ "nobody to send to", SMTPC_AT_DATA, "554 5.5.1 no", false, FAIL_PERM, { 5, 5, 1 } },
	{ "taken", SMTPC_AT_CONTENT, "250 2.0.0 queued", false, FAIL_NONE, { 2, 0, 0 } },
	{ "disk full", SMTPC_AT_CONTENT, "452 no", false, FAIL_TEMP, { 4, 3, 1 } },
	{ "spam", SMTPC_AT_CONTENT, "550 5.7.1 no", true, FAIL_PERM, { 5, 7, 1 } },
	{ "full at the end", SMTPC_AT_CONTENT, "552 no", true, FAIL_PERM, { 5, 2, 2 } },
};

static const struct {
	const char *line;
	bool want;
} helo_rows[] = {
	{ "500 what", true },
	{ "502 what", true },
	{ "550 what", true },
	{ "554 go away", false },
	{ "421 busy", false },
	{ "521 no mail", false },
	{ "250 Ok", false },
};

int
main(void)
{
	struct reply r = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sorted s;

		TEST_ROW(rows[i].name);
		CHECK(reply_line(&r, str_c(rows[i].line)) == REPLY_WHOLE);
		s = smtpc_sort(rows[i].stage, &r, rows[i].has_others);
		CHECK_NUM(s.fail, rows[i].want);
		CHECK_NUM(s.status.kind, rows[i].status.kind);
		CHECK_NUM(s.status.subject, rows[i].status.subject);
		CHECK_NUM(s.status.detail, rows[i].status.detail);
		reply_clear(&r);
	}
	for (size_t i = 0; i < ARRAY_LEN(helo_rows); i++) {
		TEST_ROW(helo_rows[i].line);
		CHECK(reply_line(&r, str_c(helo_rows[i].line)) == REPLY_WHOLE);
		CHECK(smtpc_sort_is_helo_worth(&r) == helo_rows[i].want);
		reply_clear(&r);
	}
	return test_end();
}
