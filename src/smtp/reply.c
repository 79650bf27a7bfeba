#include "smtp/reply.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* `code` begins with the three digits; the enhanced status follows where RFC 2034 wants one. */
static const struct {
	const char *code, *text;
} replies[] = {
	[REPLY_OK] = { "250 2.0.0", "OK" },
	[REPLY_BYE] = { "221 2.0.0", "Bye" },
	[REPLY_FLUSHED] = { "250 2.0.0", "Flushed" },
	[REPLY_SENDER_OK] = { "250 2.1.0", "Sender OK" },
	[REPLY_SENDER_LOWERED] = { "250 2.3.6", "Sender OK, but not with that priority" },
	[REPLY_RCPT_OK] = { "250 2.1.5", "Recipient OK" },
	[REPLY_ACCEPTED] = { "250 2.6.0", "Message accepted" },
	[REPLY_QUEUED] = { "250 2.0.0", "Message accepted for delivery" },
	[REPLY_CHUNK_OK] = { "250 2.0.0", "Chunk received" },
	[REPLY_VRFY] = { "252 2.5.0", "Send some mail, I will do my best" },
	[REPLY_VRFY_LIST] = { "252 2.1.5", "That is a list, whose members EXPN names" },
	[REPLY_START_TLS] = { "220 2.0.0", "Begin TLS" },
	[REPLY_START_DATA] = { "354", "Send the message, end with a line of a single dot" },
	[REPLY_AUTH_OK] = { "235 2.7.0", "Welcome" },
	[REPLY_SHUTDOWN] = { "421 4.3.2", "Server is shutting down, come back soon" },
	[REPLY_TIMEOUT] = { "421 4.4.2", "Time is up" },
	[REPLY_TOO_MUCH_JUNK] = { "503 5.5.1", "Too many commands that do nothing" },
	[REPLY_TOO_MANY_ERRORS] = { "421 4.7.0", "Too many errors" },
	[REPLY_TOO_MANY_MESSAGES] = { "421 4.7.0", "Enough for one connection, connect again" },
	[REPLY_HOST_CLOSED] = { "521 5.3.2", "This host takes no mail" },
	[REPLY_BANNED] = { "421 4.7.0", "Not before a while has passed" },
	[REPLY_BUSY] = { "421 4.7.0", "Too many connections from there, try later" },
	[REPLY_EARLY] = { "554 5.5.1", "Wait for the greeting" },
	[REPLY_NO_HTTP] = { "500 5.5.1", "This is a mail server" },
	[REPLY_UNKNOWN] = { "500 5.5.1", "Command not known" },
	[REPLY_LINE_TOO_LONG] = { "500 5.5.6", "Line too long" },
	[REPLY_BARE_LINE_END] = { "500 5.5.2", "Lines end with CR LF, never with one of them" },
	[REPLY_SYNTAX] = { "501 5.5.4", "Arguments not understood" },
	[REPLY_NO_ARGUMENT] = { "501 5.5.4", "This command takes no argument" },
	[REPLY_NEED_HELO] = { "503 5.5.1", "Say hello first" },
	[REPLY_NEED_MAIL] = { "503 5.5.1", "MAIL comes first" },
	[REPLY_NEED_RCPT] = { "503 5.5.1", "No valid recipients" },
	[REPLY_NEED_AUTH] = { "530 5.7.0", "Log in first" },
	[REPLY_NEED_TLS] = { "530 5.7.0", "Use STARTTLS first" },
	[REPLY_NOT_HERE] = { "502 5.5.1", "Not offered here" },
	[REPLY_HAS_MAIL] = { "503 5.5.1", "A transaction is under way" },
	[REPLY_HAS_TLS] = { "503 5.5.1", "TLS is already on" },
	[REPLY_HAS_AUTH] = { "503 5.5.1", "Already logged in" },
	[REPLY_BAD_HELLO] = { "501 5.5.4", "Not a host name" },
	[REPLY_HELLO_FORGED] = { "550 5.7.1", "That is who I am" },
	[REPLY_HELLO_NO_NAME] = { "550 5.7.1", "Say hello with the full name of your host" },
	[REPLY_HELLO_MISSING] = { "550 5.7.1", "The name in your hello has no address" },
	[REPLY_NO_REVERSE] = { "550 5.7.25", "Your address has no name that leads back to it" },
	[REPLY_BAD_SENDER] = { "501 5.1.7", "Sender address not understood" },
	[REPLY_SENDER_MISSING] = { "550 5.1.8", "The domain of the sender does not exist" },
	[REPLY_SENDER_NULL_MX] = { "550 5.7.27", "The domain of the sender takes no mail" },
	[REPLY_RATE] = { "450 4.7.1", "Too much at once, try later" },
	[REPLY_DAY_MESSAGES] = { "450 4.7.1",
	    "You have sent as many messages as you may in a day" },
	[REPLY_DAY_RECIPIENTS] = { "450 4.7.1",
	    "That is more new recipients than you may write to in a day" },
	[REPLY_LISTED] = { "554 5.7.1", "Your address is on a block list" },
	[REPLY_GREYLISTED] = { "451 4.7.1", "We do not know you yet, try again in some minutes" },
	[REPLY_BAD_RCPT] = { "501 5.1.3", "Recipient address not understood" },
	[REPLY_PATH_TOO_LONG] = { "501 5.1.3", "Address too long" },
	[REPLY_BAD_PARAM] = { "555 5.5.4", "Parameter not known here" },
	[REPLY_BAD_VALUE] = { "501 5.5.4", "Parameter value not understood" },
	[REPLY_BY_TOO_LONG] = { "501 5.5.4", "That is too far away to deliver by" },
	[REPLY_HELD_TOO_LONG] = { "501 5.5.4", "Mail is not held for as long as that" },
	[REPLY_NEEDS_UTF8] = { "553 5.6.7", "Such an address needs SMTPUTF8" },
	[REPLY_TOO_BIG] = { "552 5.3.4", "Message too big" },
	[REPLY_TOO_MANY_RCPT] = { "452 4.5.3", "Too many recipients, send the rest separately" },
	[REPLY_NOT_OWNER] = { "553 5.7.1", "This sender address is not yours" },
	[REPLY_NOT_AUTHOR] = { "550 5.7.1", "From and Sender must be addresses of yours" },
	[REPLY_NO_USER] = { "550 5.1.1", "No such user here" },
	[REPLY_NO_RELAY] = { "550 5.7.1", "Mail for that domain is not taken here" },
	[REPLY_NOT_SENT] = { "550 5.7.1", "Mail for that domain is not sent from here" },
	[REPLY_DISABLED] = { "550 5.2.1", "Mailbox disabled" },
	[REPLY_NO_DOMAIN] = { "550 5.1.2", "There is no such domain, or no way to it" },
	[REPLY_NULL_MX] = { "556 5.1.10", "That domain takes no mail" },
	[REPLY_BAD_BOUNCE] = { "550 5.7.1", "This return address is not valid, or too old" },
	[REPLY_BOUNCES_ONLY] = { "550 5.7.1",
	    "This address takes reports about mail only, with MAIL FROM:<>" },
	[REPLY_QUOTA] = { "552 5.2.2", "Mailbox full" },
	[REPLY_QUOTA_LATER] = { "452 4.2.2", "Mailbox full" },
	[REPLY_DIRECTORY_DOWN] = { "451 4.3.0", "Recipients cannot be looked up now, try later" },
	[REPLY_DISK] = { "452 4.3.1", "Storage is not available now, try later" },
	[REPLY_QUEUE_FULL] = { "452 4.3.1", "Too much mail is waiting already, try later" },
	[REPLY_LOOP] = { "554 5.4.6", "The message goes round in a loop" },
	[REPLY_BAD_BINARY] = { "554 5.6.3", "The binary content cannot be kept: too intricate" },
	[REPLY_NOT_PROVED] = { "550 5.7.26",
	    "The author's domain wants mail refused that does not prove to be from there" },
	[REPLY_BAD_CONTENT] = { "554 5.6.0", "Lines must end with CR LF, never with one of them" },
	[REPLY_SOLICITATION] = { "550 5.7.1", "Mail of that kind is not wanted here" },
	[REPLY_BINARY_DATA] = { "503 5.5.1", "BODY=BINARYMIME needs BDAT" },
	[REPLY_BDAT_MIXED] = { "503 5.5.1", "BDAT and DATA do not mix" },
	[REPLY_BDAT_BROKEN] = { "503 5.5.1", "An earlier chunk failed, send RSET" },
	[REPLY_AUTH_FAILED] = { "535 5.7.8", "Name or password wrong" },
	[REPLY_AUTH_DOWN] = { "454 4.7.0", "Logins cannot be checked now, try later" },
	[REPLY_AUTH_UNKNOWN] = { "504 5.5.4", "Mechanism not offered" },
	[REPLY_AUTH_CANCELLED] = { "501 5.7.0", "Cancelled" },
	[REPLY_AUTH_SYNTAX] = { "501 5.5.2", "Not valid in this mechanism" },
	[REPLY_AUTH_TOO_LONG] = { "500 5.5.6", "Line too long" },
	[REPLY_AUTH_NEEDS_TLS] = { "538 5.7.11", "Use STARTTLS first" },
};

static_assert(ARRAY_LEN(replies) == REPLY_COUNT, "every reply has its text");

void
smtp_reply_write_with(struct buf *out, enum smtp_reply reply, struct str detail)
{
	buf_add_c(out, replies[reply].code);
	buf_add_char(out, ' ');
	buf_add_c(out, replies[reply].text);
	if (!str_empty(detail)) {
		buf_add(out, STR(" ("));
		buf_add(out, detail);
		buf_add_char(out, ')');
	}
	buf_add(out, STR("\r\n"));
}

void
smtp_reply_write(struct buf *out, enum smtp_reply reply)
{
	smtp_reply_write_with(out, reply, STR(""));
}

bool
smtp_reply_is_error(enum smtp_reply reply)
{
	return replies[reply].code[0] == '5';
}

bool
smtp_reply_is_failure(enum smtp_reply reply)
{
	return replies[reply].code[0] >= '4';
}

const char *
smtp_reply_code(enum smtp_reply reply)
{
	return replies[reply].code;
}
