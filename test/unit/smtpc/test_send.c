/* Sending messages: pipelined or not, by DATA or in chunks, by SMTP or LMTP, taken or refused. */

#include "fixture.h"

#include "fake_seven.h"

#define AE    "\xc3\xa4"
#define RCPTS 3
#define START "S 220 mx.test ESMTP\nC EHLO me.test\nS 250-mx\n"
#define PIPE  START "S 250 PIPELINING\n"
#define LONE  START "S 250 HELP\n"
#define CHUNK START "S 250-PIPELINING\nS 250 CHUNKING\n"
#define LMTP  "S 220 mx.test LMTP\nC LHLO me.test\nS 250-mx\n"
#define MAIL  "C MAIL FROM:<s@a.test>\n"
#define R1    "C RCPT TO:<1@b.test>\n"
#define R2    "C RCPT TO:<2@b.test>\n"
#define R3    "C RCPT TO:<3@b.test>\n"
#define OK    "S 250 2.0.0 Ok\n"
#define GO    "C DATA\nQ\nS 354 go\nD\n"
#define RSET  "C RSET\nS 250 Ok\n"
#define TEXT  "Subject: x\r\n\r\ntext\r\n"

/* What became of each recipient: n taken, t later, p never. */
static const struct {
	const char *name;
	bool is_lmtp;
	const char *script;
	struct envelope e;
	const char *rcpts[RCPTS];
	const char *fields, *text; /* NULL: TEXT */
	enum fail want;
	const char *outcome;
	unsigned code; /* of the first recipient's answer */
	enum smtpc_stage stage;
	struct status status;
	const char *content; /* that the host got; NULL: fields and text */
	bool is_closed;      /* the conversation is over */
} rows[] = {
	{ "one by one", false,
	    LONE MAIL "Q\n" OK R1 "Q\n" OK R2 "Q\n" OK GO "S 250 2.6.0 queued as 7\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test" }, "", NULL, FAIL_NONE,
	    "nn", 250, SMTPC_AT_CONTENT, { 2, 6, 0 }, NULL, false },
	{ "pipelined", false,
	    PIPE MAIL R1 R2 R3 "C DATA\n" OK OK OK OK "S 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test", "3@b.test" }, "", NULL,
	    FAIL_NONE, "nnn", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "in chunks", false, CHUNK MAIL R1 "Q\n" OK OK "B 20 LAST\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "null path, fields before", false,
	    PIPE "C MAIL FROM:<>\n" R1 "C DATA\n" OK OK "S 354 go\nD\nS 250 queued\n",
	    { .size = 0 }, { "1@b.test" }, "Received: by me.test\r\n", NULL, FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "HELO", false,
	    "S 220 x\nC EHLO me.test\nS 500 what\nC HELO me.test\nS 250 x\n" MAIL OK R1 OK GO
	    "S 250 queued\n",
	    { .sender = STR_INIT("s@a.test"), .id = STR_INIT("x"), .ret = RETURN_FULL },
	    { "1@b.test" }, "", NULL, FAIL_NONE, "n", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL,
	    false },

	/* content */
	{ "dots", false, PIPE MAIL R1 "C DATA\n" OK OK "S 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", ".first\r\n.\r\n..\r\na.b\r\n.",
	    FAIL_NONE, "n", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, ".first\r\n.\r\n..\r\na.b\r\n.\r\n",
	    false },
	{ "dots are nothing in chunks", false, CHUNK MAIL R1 OK OK "B 6 LAST\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", ".\r\n.", FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, ".\r\n.\r\n", false },
	{ "no line end", false, PIPE MAIL R1 "C DATA\n" OK OK "S 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", "a: b", FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, "a: b\r\n", false },
	{ "nothing", false, PIPE MAIL R1 "C DATA\n" OK OK "S 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", "", FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, "", false },
	{ "a hidden end", false, PIPE MAIL R1 "C DATA\n" OK OK "S 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", "a\n.\r\nRSET\r\n", FAIL_NONE,
	    "n", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, "a=0a.\r\nRSET\r\n", false },
	{ "8-bit", false,
	    START
	    "S 250-8BITMIME\nS 250 SIZE\nC MAIL FROM:<s@a.test> SIZE=4 BODY=8BITMIME\n" OK R1 OK GO
	    "S 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", AE "\r\n", FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "8-bit to a host without", false, START "S 250 SIZE\n" MAIL OK R1 OK GO "S 250 queued\n",
	    { .sender = STR_INIT("s@a.test"), .body = BODY_8BITMIME }, { "1@b.test" }, "",
	    AE "\r\n", FAIL_NONE, "n", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, "=c3=a4\r\n", false },
	{ "8-bit that cannot be converted", false, LONE, { .sender = STR_INIT("s@a.test") },
	    { "1@b.test", "2@b.test" }, "", "Impossible " AE "\r\n", FAIL_NONE, "pp", 0,
	    SMTPC_AT_MAIL, { 5, 6, 3 }, "", false },
	{ "binary", false,
	    START "S 250-BINARYMIME\nS 250-8BITMIME\nS 250 CHUNKING\n"
		  "C MAIL FROM:<s@a.test> BODY=BINARYMIME\n" OK R1 OK "B 5 LAST\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", "a\nb\r\n", FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "binary without chunks is none", false,
	    START "S 250-BINARYMIME\nS 250 8BITMIME\n" MAIL OK R1 OK GO "S 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", "a\nb\r\n", FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, "a=0ab\r\n", false },

	/* UTF-8 */
	{ "SMTPUTF8 by its header", false,
	    START "S 250-8BITMIME\nS 250 SMTPUTF8\n"
		  "C MAIL FROM:<s@a.test> BODY=8BITMIME SMTPUTF8\n" OK R1 OK GO "S 250 queued\n",
	    { .sender = STR_INIT("s@a.test"), .is_utf8 = true }, { "1@b.test" }, "",
	    "Subject: " AE "\r\n\r\n", FAIL_NONE, "n", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL,
	    false },
	{ "header in UTF-8, host without", false, LONE,
	    { .sender = STR_INIT("s@a.test"), .is_utf8 = true }, { "1@b.test" }, "",
	    "Subject: " AE "\r\n\r\n", FAIL_NONE, "p", 0, SMTPC_AT_MAIL, { 5, 6, 9 }, "", false },
	{ "body in UTF-8 is only 8-bit", false,
	    START "S 250 8BITMIME\nC MAIL FROM:<s@a.test> BODY=8BITMIME\n" OK R1 OK GO
		  "S 250 queued\n",
	    { .sender = STR_INIT("s@a.test"), .is_utf8 = true }, { "1@b.test" }, "",
	    "Subject: a\r\n\r\n" AE "\r\n", FAIL_NONE, "n", 250, SMTPC_AT_CONTENT, { 2, 0, 0 },
	    NULL, false },
	{ "sender in UTF-8, host without", false, LONE, { .sender = STR_INIT(AE "@a.test") },
	    { "1@b.test", "2@b.test" }, "", NULL, FAIL_NONE, "pp", 0, SMTPC_AT_MAIL, { 5, 6, 7 },
	    "", false },
	{ "one recipient in UTF-8, host without", false,
	    PIPE MAIL R2 "C DATA\n" OK OK "S 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { AE "@b.test", "2@b.test" }, "", NULL, FAIL_NONE,
	    "pn", 0, SMTPC_AT_RCPT, { 5, 6, 7 }, NULL, false },
	{ "domains are folded", false,
	    PIPE "C MAIL FROM:<s@xn--4ca.test>\nC RCPT TO:<1@xn--4ca.test>\nC DATA\n" OK OK
		 "S 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@" AE ".test") }, { "1@" AE ".test" }, "", NULL, FAIL_NONE, "n",
	    250, SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "recipient in UTF-8", false,
	    START "S 250-PIPELINING\nS 250-8BITMIME\nS 250 SMTPUTF8\n"
		  "C MAIL FROM:<s@" AE ".test> SMTPUTF8\nC RCPT TO:<" AE "@b.test>\nC DATA\n" OK OK
		  "S 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@" AE ".test") }, { AE "@b.test" }, "", NULL, FAIL_NONE, "n",
	    250, SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },

	/* what is known before */
	{ "too large", false, START "S 250 SIZE 19\n", { .sender = STR_INIT("s@a.test") },
	    { "1@b.test" }, "", NULL, FAIL_NONE, "p", 0, SMTPC_AT_MAIL, { 5, 3, 4 }, "", false },
	{ "just small enough", false,
	    START "S 250 SIZE 20\nC MAIL FROM:<s@a.test> SIZE=20\n" OK R1 OK GO "S 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "REQUIRETLS without TLS", false, START "S 250 REQUIRETLS\n",
	    { .sender = STR_INIT("s@a.test"), .is_tls_must = true }, { "1@b.test" }, "", NULL,
	    FAIL_NONE, "p", 0, SMTPC_AT_MAIL, { 5, 7, 10 }, "", false },
	{ "reports go without", false,
	    PIPE "C MAIL FROM:<>\n" R1 "C DATA\n" OK OK "S 354 go\nD\nS 250 queued\n",
	    { .is_tls_must = true }, { "1@b.test" }, "", NULL, FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "REQUIRETLS is not said in clear", false,
	    START "S 250 REQUIRETLS\nC MAIL FROM:<>\n" OK R1 OK GO "S 250 queued\n",
	    { .is_tls_must = true }, { "1@b.test" }, "", NULL, FAIL_NONE, "n", 250,
	    SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "return by a time, host without", false, LONE,
	    { .sender = STR_INIT("s@a.test"), .by = BY_RETURN, .by_s = 2000 }, { "1@b.test" }, "",
	    NULL, FAIL_NONE, "p", 0, SMTPC_AT_MAIL, { 5, 3, 3 }, "", false },
	{ "notify by a time, host without", false,
	    PIPE MAIL R1 "C DATA\n" OK OK "S 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test"), .by = BY_NOTIFY, .by_s = 2000 }, { "1@b.test" }, "",
	    NULL, FAIL_NONE, "n", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "too little time left", false, START "S 250 DELIVERBY 101\n",
	    { .sender = STR_INIT("s@a.test"), .by = BY_RETURN, .by_s = 1100 }, { "1@b.test" }, "",
	    NULL, FAIL_NONE, "p", 0, SMTPC_AT_MAIL, { 5, 4, 7 }, "", false },
	{ "no time left", false, START "S 250 DELIVERBY\n",
	    { .sender = STR_INIT("s@a.test"), .by = BY_RETURN, .by_s = 1000 }, { "1@b.test" }, "",
	    NULL, FAIL_NONE, "p", 0, SMTPC_AT_MAIL, { 5, 4, 7 }, "", false },
	{ "in time", false,
	    START "S 250 DELIVERBY 100\nC MAIL FROM:<s@a.test> BY=100;R\n" OK R1 OK GO
		  "S 250 queued\n",
	    { .sender = STR_INIT("s@a.test"), .by = BY_RETURN, .by_s = 1100 }, { "1@b.test" }, "",
	    NULL, FAIL_NONE, "n", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "a malformed sender", false, LONE, { .sender = STR_INIT("s@a>\r\nRSET") }, { "1@b.test" },
	    "", NULL, FAIL_NONE, "p", 0, SMTPC_AT_MAIL, { 5, 1, 7 }, "", false },
	{ "malformed recipients", false,
	    PIPE MAIL R3 "C DATA\n" OK OK "S 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "x", "", "3@b.test" }, "", NULL, FAIL_NONE, "ppn",
	    0, SMTPC_AT_RCPT, { 5, 1, 3 }, NULL, false },

	/* refused */
	{ "sender refused", false,
	    PIPE MAIL R1 R2 "C DATA\nS 550 5.7.1 no\nS 503 a\nS 503 b\nS 503 c\n" RSET,
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test" }, "", NULL, FAIL_NONE,
	    "pp", 550, SMTPC_AT_MAIL, { 5, 7, 1 }, "", false },
	{ "sender refused, one by one", false, LONE MAIL "S 451 4.3.0 later\n" RSET,
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test" }, "", NULL, FAIL_NONE,
	    "tt", 451, SMTPC_AT_MAIL, { 4, 3, 0 }, "", false },
	{ "sender refused, yet the data is wanted", false,
	    PIPE MAIL R1 "C DATA\nS 550 5.7.1 no\nS 250 a\nS 354 go\nD\nS 554 nobody\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "p", 550,
	    SMTPC_AT_MAIL, { 5, 7, 1 }, "", false },
	{ "all recipients refused", false,
	    PIPE MAIL R1 R2 "C DATA\n" OK
			    "S 550 5.1.1 who?\nS 450 4.7.1 later\nS 554 5.5.1 nobody\n" RSET,
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test" }, "", NULL, FAIL_NONE,
	    "pt", 550, SMTPC_AT_RCPT, { 5, 1, 1 }, "", false },
	{ "all recipients refused, one by one", false,
	    LONE MAIL OK R1 "S 550 5.1.1 who?\n" R2 "S 550 5.1.1 who?\n" RSET,
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test" }, "", NULL, FAIL_NONE,
	    "pp", 550, SMTPC_AT_RCPT, { 5, 1, 1 }, "", false },
	{ "all recipients refused, yet the data is wanted", false,
	    PIPE MAIL R1 R2 "C DATA\n" OK
			    "S 550 5.1.1 who?\nS 550 5.1.1 who?\nS 354 go\nD\nS 250 Ok\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test" }, "", NULL, FAIL_NONE,
	    "pp", 550, SMTPC_AT_RCPT, { 5, 1, 1 }, "", false },
	{ "all recipients refused, in chunks", false, CHUNK MAIL R1 OK "S 550 5.1.1 who?\n" RSET,
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "p", 550,
	    SMTPC_AT_RCPT, { 5, 1, 1 }, "", false },
	{ "one recipient refused", false,
	    PIPE MAIL R1 R2 R3 "C DATA\n" OK "S 550 5.1.1 who?\n" OK
			       "S 452 4.5.3 too many\nS 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test", "3@b.test" }, "", NULL,
	    FAIL_NONE, "pnt", 550, SMTPC_AT_RCPT, { 5, 1, 1 }, NULL, false },
	{ "too many recipients, as of old", false,
	    PIPE MAIL R1 R2 "C DATA\n" OK OK "S 552 too many\nS 354 go\nD\nS 250 queued\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test" }, "", NULL, FAIL_NONE,
	    "nt", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "full", false, PIPE MAIL R1 "C DATA\n" OK "S 552 full\nS 503 no\n" RSET,
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "p", 552,
	    SMTPC_AT_RCPT, { 5, 2, 2 }, "", false },
	{ "data refused", false,
	    PIPE MAIL R1 R2 "C DATA\n" OK OK "S 550 5.1.1 who?\nS 451 4.3.1 later\n" RSET,
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test" }, "", NULL, FAIL_NONE,
	    "tp", 451, SMTPC_AT_DATA, { 4, 3, 1 }, "", false },
	{ "refused at the end", false,
	    PIPE MAIL R1 "C DATA\n" OK OK "S 354 go\nD\nS 554-5.7.1 spam\nS 554 5.7.1 we think\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "p", 554,
	    SMTPC_AT_CONTENT, { 5, 7, 1 }, NULL, false },
	{ "refused in chunks", false, CHUNK MAIL R1 OK OK "B 20 LAST\nS 452 4.3.1 full\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "t", 452,
	    SMTPC_AT_CONTENT, { 4, 3, 1 }, NULL, false },
	{ "RSET refused", false, LONE MAIL "S 550 no\nC RSET\nS 500 what?\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "p", 550,
	    SMTPC_AT_MAIL, { 5, 1, 0 }, "", true },
	{ "RSET not answered", false, LONE MAIL "S 550 no\nC RSET\nX\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "p", 550,
	    SMTPC_AT_MAIL, { 5, 1, 0 }, "", true },

	/* misunderstandings */
	{ "250 to DATA", false, LONE MAIL OK R1 OK "C DATA\nS 250 what\nW\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_TEMP, "t", 0,
	    SMTPC_AT_DATA, { 4, 5, 0 }, "", true },
	{ "354 to RCPT", false, LONE MAIL OK R1 "S 354 what\nW\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_TEMP, "t", 0,
	    SMTPC_AT_RCPT, { 4, 5, 0 }, "", true },
	{ "354 at the end", false, LONE MAIL OK R1 OK GO "S 354 more\nW\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_TEMP, "t", 0,
	    SMTPC_AT_CONTENT, { 4, 5, 0 }, NULL, true },

	/* LMTP */
	{ "LMTP", true,
	    LMTP "S 250 PIPELINING\n" MAIL R1 R2 R3 "C DATA\n" OK OK OK OK
		 "S 354 go\nD\nS 250 2.1.5 one\nS 452 4.2.2 full\nS 550 5.7.1 no\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test", "3@b.test" }, "", NULL,
	    FAIL_NONE, "ntp", 250, SMTPC_AT_CONTENT, { 2, 1, 5 }, NULL, false },
	{ "LMTP answers for those who were taken", true,
	    LMTP "S 250 PIPELINING\n" MAIL R1 R2 R3 "C DATA\n" OK OK "S 550 5.1.1 who?\n" OK
		 "S 354 go\nD\nS 452 4.2.2 full\nS 250 2.1.5 three\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test", "3@b.test" }, "", NULL,
	    FAIL_NONE, "tpn", 452, SMTPC_AT_CONTENT, { 4, 2, 2 }, NULL, false },
	{ "LMTP in chunks", true,
	    LMTP "S 250 CHUNKING\n" MAIL OK R1 OK R2 OK "B 20 LAST\nS 250 one\nS 550 5.7.1 no\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test" }, "", NULL, FAIL_NONE,
	    "np", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, false },
	{ "LMTP, nobody is taken", true,
	    LMTP "S 250 PIPELINING\n" MAIL R1 "C DATA\n" OK
		 "S 550 5.1.1 who?\nS 503 5.5.1 nobody\n" RSET,
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "p", 550,
	    SMTPC_AT_RCPT, { 5, 1, 1 }, "", false },
	{ "LMTP, nobody is taken, yet the data is wanted", true,
	    LMTP "S 250 PIPELINING\n" MAIL R1 "C DATA\n" OK "S 550 5.1.1 who?\nS 354 go\nD\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test" }, "", NULL, FAIL_NONE, "p", 550,
	    SMTPC_AT_RCPT, { 5, 1, 1 }, "", true },
	{ "LMTP breaks between the answers", true,
	    LMTP "S 250 PIPELINING\n" MAIL R1 R2 "C DATA\n" OK OK OK "S 354 go\nD\nS 250 one\nX\n",
	    { .sender = STR_INIT("s@a.test") }, { "1@b.test", "2@b.test" }, "", NULL, FAIL_TEMP,
	    "nt", 250, SMTPC_AT_CONTENT, { 2, 0, 0 }, NULL, true },
};

/* A message with its recipients. */
struct mail {
	struct envelope_rcpt rcpts[SMTP_RCPT_MAX];
	struct smtpc_rcpt asked[SMTP_RCPT_MAX];
	struct smtpc_message message;
};

static void
mail_init(struct mail *m, const struct envelope *e, const char *fields, struct str text)
{
	memset(m, 0, sizeof *m);
	m->message = (struct smtpc_message){ .envelope = e,
		.rcpts = m->asked,
		.fields = str_c(fields),
		.content = text,
		.now_s = 1000 };
}

static void
mail_to(struct mail *m, const char *address)
{
	size_t i = m->message.rcpt_count++;

	m->rcpts[i].address = str_c(address);
	m->asked[i].rcpt = &m->rcpts[i];
}

static struct mail mail;
static const struct envelope plain = { .sender = STR_INIT("s@a.test") };

/* To 1@b.test, from s@a.test. */
static void
mail_plain(struct str text)
{
	mail_init(&mail, &plain, "", text);
	mail_to(&mail, "1@b.test");
}

static char
outcome(enum fail fail)
{
	return fail == FAIL_NONE ? 'n' : fail == FAIL_TEMP ? 't' : fail == FAIL_PERM ? 'p' : '?';
}

static void
check_outcome(const char *want)
{
	char got[RCPTS + 1] = "";

	for (size_t i = 0; i < mail.message.rcpt_count; i++)
		got[i] = outcome(mail.asked[i].fail);
	CHECK_STR(str_c(got), str_c(want));
}

static void
check_answer(const struct smtpc_answer *a, size_t i)
{
	CHECK_NUM(a->code, rows[i].code);
	CHECK_NUM(a->stage, rows[i].stage);
	CHECK_NUM(a->status.kind, rows[i].status.kind);
	CHECK_NUM(a->status.subject, rows[i].status.subject);
	CHECK_NUM(a->status.detail, rows[i].status.detail);
	CHECK(a->text.n > 0);
}

static void
check_content(size_t i)
{
	struct buf want = { .max = 2000 };

	if (rows[i].content) {
		buf_add_c(&want, rows[i].content);
	} else {
		buf_add_c(&want, rows[i].fields);
		buf_add_c(&want, rows[i].text ? rows[i].text : TEXT);
	}
	CHECK_STR(buf_str(&host.content), buf_str(&want));
	buf_release(&want);
}

static void
open_script(struct smtpc *s, const char *script, bool is_lmtp)
{
	host_start(script);
	open_start(s, (struct smtpc_order){ .is_lmtp = is_lmtp });
	wait_for(s);
	CHECK(s->is_open);
}

static void
send_mail(struct smtpc *s)
{
	smtpc_send_start(s, &stage.owner, &mail.message);
	wait_for(s);
}

static void
finish(struct smtpc *s)
{
	smtpc_release(s);
	wait_for_host();
	host_stop();
}

static void
check_row(size_t i)
{
	struct smtpc s = { 0 };
	char name[200];

	snprintf(name, sizeof name, "%s (%s)", rows[i].name, way_names[stage.way]);
	TEST_ROW(name);
	mail_init(&mail, &rows[i].e, rows[i].fields, str_c(rows[i].text ? rows[i].text : TEXT));
	for (size_t r = 0; r < RCPTS && rows[i].rcpts[r]; r++)
		mail_to(&mail, rows[i].rcpts[r]);
	open_script(&s, rows[i].script, rows[i].is_lmtp);
	send_mail(&s);
	CHECK_NUM(s.op.fail, rows[i].want);
	CHECK_NUM(s.is_open, !rows[i].is_closed);
	check_outcome(rows[i].outcome);
	check_answer(&mail.asked[0].answer, i);
	if (rows[i].want == FAIL_TEMP)
		CHECK(s.answer.text.n > 0 && s.answer.code == 0);
	smtpc_close(&s);
	wait_for_host();
	check_content(i);
	CHECK(host.has_quit || rows[i].is_closed);
	smtpc_release(&s);
	host_stop();
}

/* --- several messages ----------------------------------------------------------------------- */

static void
test_many(void)
{
	struct smtpc s = { 0 };

	TEST_ROW("several messages");
	open_script(&s,
	    PIPE MAIL R1 "C DATA\n" OK OK "S 354 go\nD\nS 250 one\n" MAIL R1 "C DATA\n" OK
			 "S 550 5.1.1 who?\nS 503 no\n" RSET MAIL R1 "C DATA\n" OK OK
			 "S 354 go\nD\nS 451 later\n" MAIL R1 "C DATA\n" OK OK
			 "S 354 go\nD\nS 250 four\n",
	    false);
	mail_plain(STR("1\r\n"));
	send_mail(&s);
	CHECK_STR(mail.asked[0].answer.text, STR("one"));
	mail_plain(STR("2\r\n"));
	send_mail(&s);
	check_outcome("p");
	mail_plain(STR("3\r\n"));
	send_mail(&s);
	check_outcome("t");
	mail_plain(STR("4\r\n"));
	send_mail(&s);
	check_outcome("n");
	CHECK(s.is_open && s.op.fail == FAIL_NONE);
	CHECK_NUM(s.mail_count, 4);
	CHECK_STR(buf_str(&host.content), STR("1\r\n3\r\n4\r\n"));
	finish(&s);
}

static void
test_idle(void)
{
	static const char *const scripts[] = { LONE "X\n", LONE "S 421 idle too long\n",
		LONE "S 250 what\n", LONE "S what\n" };

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct smtpc s = { 0 };

		TEST_ROW(scripts[i] + sizeof LONE - 1);
		host_start(scripts[i]);
		open_start(&s, (struct smtpc_order){ 0 });
		wait_for(&s);
		CHECK(s.op.fail == FAIL_NONE);
		for (int t = 0; t < PATIENCE && s.is_open; t++)
			turn();
		CHECK(!s.is_open && !op_pending(&s.op));
		smtpc_close(&s);
		smtpc_release(&s);
		host_stop();
	}
}

/* More recipients than wait for their replies at a time. */
static void
test_recipients(void)
{
	struct smtpc s = { 0 };
	struct buf script = { .max = 100000 };
	char name[40], names[120][40];

	TEST_ROW("many recipients");
	stage.settings.rcpt_max = 120;
	buf_add_c(&script, PIPE MAIL);
	mail_init(&mail, &plain, "", STR(TEXT));
	for (int i = 0; i < 120; i++) {
		snprintf(name, sizeof name, "C RCPT TO:<%d@b.test>\n", i);
		snprintf(names[i], sizeof names[i], "%d@b.test", i);
		mail_to(&mail, names[i]);
		if (i == SMTPC_PIPELINE_MAX - 1) /* MAIL is one of those that wait */
			buf_add_c(&script, "Q\n" OK);
		else if (i >= SMTPC_PIPELINE_MAX)
			buf_add_c(&script, OK);
		buf_add_c(&script, name);
	}
	buf_add_c(&script, OK "C DATA\n");
	for (int i = 0; i < SMTPC_PIPELINE_MAX - 1; i++)
		buf_add_c(&script, OK);
	buf_add_c(&script, "S 354 go\nD\nS 250 queued\n");
	host_start(buf_c(&script));
	open_start(&s, (struct smtpc_order){ 0 });
	wait_for(&s);
	send_mail(&s);
	CHECK(s.is_open && s.op.fail == FAIL_NONE);
	for (int i = 0; i < 120; i++)
		CHECK_NUM(mail.asked[i].fail, FAIL_NONE);
	finish(&s);
	stage.settings.rcpt_max = 100;
	buf_release(&script);
}

/* What has to travel encrypted all the way, over TLS to who promises it and who does not. */
static void
test_requiretls(void)
{
	static const struct envelope e = { .sender = STR_INIT("s@a.test"), .is_tls_must = true };
	static const struct {
		const char *name, *script;
		const char *outcome;
		unsigned detail;
	} tls_rows[] = {
		{ "REQUIRETLS",
		    START "S 250 STARTTLS\nC STARTTLS\nS 220 go\nT\nC EHLO me.test\nS 250-mx\n"
			  "S 250 REQUIRETLS\nC MAIL FROM:<s@a.test> REQUIRETLS\n" OK R1 OK GO
			  "S 250 queued\n",
		    "n", 0 },
		{ "no REQUIRETLS",
		    START "S 250 STARTTLS\nC STARTTLS\nS 220 go\nT\nC EHLO me.test\nS 250 mx\n",
		    "p", 30 },
	};

	for (size_t i = 0; i < ARRAY_LEN(tls_rows); i++) {
		struct smtpc s = { 0 };

		TEST_ROW(tls_rows[i].name);
		mail_init(&mail, &e, "", STR(TEXT));
		mail_to(&mail, "1@b.test");
		host_start(tls_rows[i].script);
		open_start(&s, (struct smtpc_order){ .tls = SMTPC_TLS_VERIFIED });
		wait_for(&s);
		CHECK(s.is_tls);
		send_mail(&s);
		CHECK(s.is_open && s.op.fail == FAIL_NONE);
		check_outcome(tls_rows[i].outcome);
		CHECK_NUM(mail.asked[0].answer.status.detail, tls_rows[i].detail);
		finish(&s);
	}
}

/* --- much content --------------------------------------------------------------------------- */

#define BIG ((size_t)5 << 20)

static char big[BIG];

/* Lines of 72, some with dots, none with more. */
static void
fill_big(void)
{
	for (size_t i = 0; i < BIG; i++)
		big[i] = (char)(i % 72 == 0 && i % 5 == 0 ? '.' : 'a' + (int)(i % 23));
	for (size_t i = 70; i + 1 < BIG; i += 72) {
		big[i] = '\r';
		big[i + 1] = '\n';
	}
	big[BIG - 2] = '\r';
	big[BIG - 1] = '\n';
}

static void
test_big(void)
{
	struct smtpc s = { 0 };
	struct buf script = { .max = 100000 };
	size_t chunks = BIG / SMTPC_CHUNK_BYTES;

	TEST_ROW("5 MB by DATA");
	open_script(&s, PIPE MAIL R1 "C DATA\n" OK OK "S 354 go\nD\nS 250 queued\n", false);
	mail_plain(str_of(big, BIG));
	send_mail(&s);
	check_outcome("n");
	CHECK(str_eq(buf_str(&host.content), mail.message.content));
	finish(&s);

	TEST_ROW("5 MB in chunks");
	for (int is_lone = 0; is_lone < 2; is_lone++) {
		buf_clear(&script);
		buf_add_c(&script,
		    is_lone ? START "S 250 CHUNKING\n" MAIL OK R1 OK : CHUNK MAIL R1 OK OK);
		for (size_t i = 0; i + 1 < chunks; i++)
			buf_add_c(&script,
			    is_lone ? "B 65536\nQ\nS 250 Ok\n" : "B 65536\nS 250 Ok\n");
		buf_add_c(&script, "B 65536 LAST\nS 250 queued\n");
		open_script(&s, buf_c(&script), false);
		mail_plain(str_of(big, BIG));
		send_mail(&s);
		check_outcome("n");
		CHECK(str_eq(buf_str(&host.content), mail.message.content));
		finish(&s);
	}
	buf_release(&script);
}

/* A chunk in the middle is refused: those on their way are answered too, then it goes on. */
static void
test_chunk_refused(bool is_lmtp)
{
	struct smtpc s = { 0 };

	TEST_ROW(is_lmtp ? "a chunk refused, LMTP" : "a chunk refused");
	open_script(&s,
	    is_lmtp ? LMTP "S 250 CHUNKING\n" MAIL OK R1 OK "B 65536\nS 250 Ok\nB 65536\n"
			   "S 552 5.2.2 full\n" RSET MAIL OK R1 OK "B 20 LAST\nS 250 Ok\n"
		    : START "S 250 CHUNKING\n" MAIL OK R1 OK "B 65536\nS 250 Ok\nB 65536\n"
			    "S 552 5.2.2 full\n" RSET MAIL OK R1 OK "B 20 LAST\nS 250 Ok\n",
	    is_lmtp);
	mail_plain(str_of(big, BIG));
	send_mail(&s);
	CHECK(s.is_open && s.op.fail == FAIL_NONE);
	check_outcome("p");
	CHECK_NUM(mail.asked[0].answer.stage, SMTPC_AT_DATA);
	CHECK_NUM(mail.asked[0].answer.code, 552);
	mail_plain(STR(TEXT));
	send_mail(&s);
	check_outcome("n");
	finish(&s);
}

/* Three chunks are on their way when the first is refused. */
static void
test_chunks_refused(bool is_lmtp)
{
	struct smtpc s = { 0 };

	TEST_ROW(is_lmtp ? "chunks refused, LMTP" : "chunks refused");
	open_script(&s,
	    is_lmtp ? LMTP "S 250-PIPELINING\nS 250 CHUNKING\n" MAIL R1 OK OK
			   "B 65536\nB 40000 LAST\nS 452 4.3.1 full\nS 503 no\nW\n"
		    : CHUNK MAIL R1 OK OK
		"B 65536\nB 40000 LAST\nS 452 4.3.1 full\nS 503 no\n" RSET,
	    is_lmtp);
	mail_plain(str_of(big, 72 * 1465 + 56 - 2));
	mail.message.content.n = 65536 + 40000 - 2;
	big[mail.message.content.n - 1] = 'x';
	send_mail(&s);
	CHECK_NUM(s.op.fail, FAIL_NONE);
	CHECK_NUM(s.is_open, !is_lmtp);
	check_outcome("t");
	CHECK_NUM(mail.asked[0].answer.code, 452);
	finish(&s);
	fill_big();
}

/* The host says in the middle of the data that it has had enough. */
static void
test_early(void)
{
	static const struct {
		const char *name, *line;
		enum fail want;
		const char *outcome;
		unsigned code;
	} early_rows[] = { { "early no", "R 554 5.7.1 enough|\nW\n", FAIL_NONE, "p", 554 },
		{ "early later", "R 451 4.3.0 enough|\nW\n", FAIL_NONE, "t", 451 },
		{ "early yes", "R 250 Ok|\nW\n", FAIL_TEMP, "t", 0 },
		{ "early end", "X\n", FAIL_TEMP, "t", 0 },
		{ "early 421", "R 421 4.3.2 enough|\nW\n", FAIL_TEMP, "t", 421 } };

	for (size_t i = 0; i < ARRAY_LEN(early_rows); i++) {
		struct smtpc s = { 0 };
		struct buf script = { .max = 1000 };

		TEST_ROW(early_rows[i].name);
		buf_add_c(&script, LONE MAIL OK R1 OK "C DATA\nS 354 go\n");
		buf_add_c(&script, early_rows[i].line);
		open_script(&s, buf_c(&script), false);
		mail_plain(str_of(big, BIG));
		send_mail(&s);
		CHECK_NUM(s.op.fail, early_rows[i].want);
		check_outcome(early_rows[i].outcome);
		CHECK_NUM(mail.asked[0].answer.code, early_rows[i].code);
		CHECK(!s.is_open && !s.is_in_doubt);
		finish(&s);
		buf_release(&script);
	}
}

/* The content waits where it is, not in memory, and as long as it moves the deadline does. */
static void
test_slow(bool is_chunked)
{
	struct smtpc s = { 0 };
	size_t most = 0;
	int64_t began_ms = 0;

	stage.way = IN_MEMORY;
	stage.settings.content_ms = 2000;
	TEST_ROW(is_chunked ? "a slow reader, chunks" : "a slow reader");
	host_start(
	    is_chunked ? CHUNK MAIL R1 OK OK "W\n" : PIPE MAIL R1 "C DATA\n" OK OK "S 354 go\nW\n");
	open_start(&s, (struct smtpc_order){ 0 });
	wait_for(&s);
	mail_plain(str_of(big, BIG));
	smtpc_send_start(&s, &stage.owner, &mail.message);
	while (s.inner->state != SMTPC_CONTENT)
		turn();
	began_ms = clock_mono_ms();
	clock_fake(began_ms, clock_wall_ms());
	for (size_t sent = 0; sent < BIG / 2 && s.inner->state == SMTPC_CONTENT; sent += 20000) {
		conn_memory_accept(stage.client, 20000); /* 100 KB in a second */
		clock_fake(clock_mono_ms() + 200, clock_wall_ms());
		turn();
		most = size_max(most, s.inner->conn ? s.inner->conn->out.n : 0);
	}
	CHECK(op_pending(&s.op) && s.inner->state == SMTPC_CONTENT);
	CHECK(clock_mono_ms() - began_ms > 10 * stage.settings.content_ms);
	CHECK(most > CONN_OUT_HIGH / 2 && most < 3 * CONN_OUT_HIGH);
	TEST_ROW("no reader at all");
	conn_memory_accept(stage.client, 0);
	for (int i = 0; i < 30 && op_pending(&s.op); i++) {
		clock_fake(clock_mono_ms() + 200, clock_wall_ms());
		turn();
		turn();
	}
	CHECK(!op_pending(&s.op));
	CHECK_NUM(s.op.fail, FAIL_TEMP);
	CHECK_STR(s.answer.text, STR("no answer in time"));
	CHECK(!s.is_in_doubt);
	smtpc_release(&s);
	host_stop();
	stage.settings.content_ms = smtpc_settings_default.content_ms;
}

int
main(void)
{
	stage_start();
	fill_big();
	for (stage.way = OVER_SOCKET; stage.way < WAY_COUNT; stage.way++) {
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			check_row(i);
		test_many();
		test_idle();
		test_recipients();
		test_requiretls();
		if (stage.way == BYTE_BY_BYTE)
			break;
		test_big();
		test_chunk_refused(false);
		test_chunk_refused(true);
		test_chunks_refused(false);
		test_chunks_refused(true);
		test_early();
	}
	test_slow(false);
	test_slow(true);
	stage_stop();
	return test_end();
}
