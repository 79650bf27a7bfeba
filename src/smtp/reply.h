/*
 * reply.h - everything the server says, as a table (RFC 5321 4.2, RFC 2034, RFC 3463).
 *
 * A reply is a code, an enhanced status and a text of ours; bytes of a peer never become part of
 * one. Outcomes of other rooms (enum fail) are turned into replies in one place per question.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/buf.h"
#include "base/fail.h"

enum smtp_reply {
	REPLY_OK,
	REPLY_BYE,
	REPLY_FLUSHED,
	REPLY_SENDER_OK,
	REPLY_SENDER_LOWERED,
	REPLY_RCPT_OK,
	REPLY_ACCEPTED,
	REPLY_QUEUED,
	REPLY_CHUNK_OK,
	REPLY_VRFY,
	REPLY_VRFY_LIST,
	REPLY_START_TLS,
	REPLY_START_DATA,
	REPLY_AUTH_OK,
	REPLY_SHUTDOWN,
	REPLY_TIMEOUT,
	REPLY_TOO_MUCH_JUNK,
	REPLY_TOO_MANY_ERRORS,
	REPLY_TOO_MANY_MESSAGES,
	REPLY_HOST_CLOSED,
	REPLY_BANNED,
	REPLY_BUSY,
	REPLY_EARLY,
	REPLY_NO_HTTP,
	REPLY_UNKNOWN,
	REPLY_LINE_TOO_LONG,
	REPLY_BARE_LINE_END,
	REPLY_SYNTAX,
	REPLY_NO_ARGUMENT,
	REPLY_NEED_HELO,
	REPLY_NEED_MAIL,
	REPLY_NEED_RCPT,
	REPLY_NEED_AUTH,
	REPLY_NEED_TLS,
	REPLY_NOT_HERE,
	REPLY_HAS_MAIL,
	REPLY_HAS_TLS,
	REPLY_HAS_AUTH,
	REPLY_BAD_HELLO,
	REPLY_HELLO_FORGED,
	REPLY_HELLO_NO_NAME,
	REPLY_HELLO_MISSING,
	REPLY_NO_REVERSE,
	REPLY_BAD_SENDER,
	REPLY_SENDER_MISSING,
	REPLY_SENDER_NULL_MX,
	REPLY_RATE,
	REPLY_DAY_MESSAGES,
	REPLY_DAY_RECIPIENTS,
	REPLY_LISTED,
	REPLY_GREYLISTED,
	REPLY_BAD_RCPT,
	REPLY_PATH_TOO_LONG,
	REPLY_BAD_PARAM,
	REPLY_BAD_VALUE,
	REPLY_HELD_TOO_LONG,
	REPLY_BY_TOO_LONG,
	REPLY_NEEDS_UTF8,
	REPLY_TOO_BIG,
	REPLY_TOO_MANY_RCPT,
	REPLY_NOT_OWNER,
	REPLY_NOT_AUTHOR,
	REPLY_NO_USER,
	REPLY_NO_RELAY,
	REPLY_NOT_SENT,
	REPLY_DISABLED,
	REPLY_NO_DOMAIN,
	REPLY_NULL_MX,
	REPLY_BAD_BOUNCE,
	REPLY_BOUNCES_ONLY,
	REPLY_QUOTA,
	REPLY_QUOTA_LATER,
	REPLY_DIRECTORY_DOWN,
	REPLY_DISK,
	REPLY_QUEUE_FULL,
	REPLY_LOOP,
	REPLY_NOT_PROVED,
	REPLY_BAD_CONTENT,
	REPLY_BAD_BINARY,
	REPLY_SOLICITATION,
	REPLY_BINARY_DATA,
	REPLY_BDAT_MIXED,
	REPLY_BDAT_BROKEN,
	REPLY_AUTH_FAILED,
	REPLY_AUTH_DOWN,
	REPLY_AUTH_UNKNOWN,
	REPLY_AUTH_CANCELLED,
	REPLY_AUTH_SYNTAX,
	REPLY_AUTH_TOO_LONG,
	REPLY_AUTH_NEEDS_TLS,
	REPLY_COUNT
};

/* Append the reply as one line; LMTP and SMTP differ in nothing here. */
void smtp_reply_write(struct buf *out, enum smtp_reply reply);

/* The same with a detail in parentheses behind the text; it must be printable ASCII. */
void smtp_reply_write_with(struct buf *out, enum smtp_reply reply, struct str detail);

/* 5xx: counts against the peer's error allowance. */
bool smtp_reply_is_error(enum smtp_reply reply);

/* 4xx or 5xx. */
bool smtp_reply_is_failure(enum smtp_reply reply);

/* "550 5.1.1" for logs. */
const char *smtp_reply_code(enum smtp_reply reply);

#endif
