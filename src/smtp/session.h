/*
 * session.h - one SMTP, submission or LMTP conversation (private to the room).
 *
 * What we are doing now (enum smtp_state); smtp_enter() makes every move and traces it:
 *
 *   READ_COMMAND --AUTH--> AUTH_READ <--challenge-- AUTH_WAIT      smtp_auth_*  (cmd_auth.c)
 *        ^                    |  \---message-------->  |
 *        |<--done, cancelled--+                        |
 *        |<--delay is over-- AUTH_DELAY <----failed----+
 *        |--RCPT--> RCPT_RESOLVE --answer--> READ_COMMAND         (cmd_rcpt.c)
 *        |--DATA--> READ_DATA ---CRLF.CRLF--> READ_COMMAND         (cmd_data.c)
 *        |--BDAT--> READ_CHUNK --last byte--> READ_COMMAND         (cmd_bdat.c; also without a
 *        |                                                          transaction: read and refused)
 *        '--QUIT, 421--> CLOSING --drained--> reaped               (session.c)
 *
 * True in each state (asserted by smtp_session_check()):
 *   READ_COMMAND                 no op is pending
 *   AUTH_*                       there is a sasl, nobody is logged in, no transaction
 *   RCPT_RESOLVE, READ_DATA      there is a transaction
 *   AUTH_WAIT, RCPT_RESOLVE      an op was started and the socket is not read
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/log.h"
#include "delivery/delivery.h"
#include "delivery/resolve.h"
#include "directory/directory.h"
#include "directory/sasl.h"
#include "envelope/envelope.h"
#include "envelope/path.h"
#include "loop/loop.h"
#include "net/net.h"
#include "smtp/intake.h"
#include "smtp/reply.h"
#include "smtp/smtp.h"

/* What has happened, in RFC 5321's terms; command rows say which bits they need. */
enum {
	HAVE_HELO = 1,
	HAVE_ESMTP = 2, /* EHLO or LHLO rather than HELO */
	HAVE_TLS = 4,
	HAVE_AUTH = 8,
	HAVE_MAIL = 16,
	HAVE_RCPT = 32,
	HAVE_CHUNK = 64, /* BDAT took a part of the message */
};

enum smtp_state {
	SMTP_READ_COMMAND,
	SMTP_AUTH_READ,
	SMTP_AUTH_WAIT,
	SMTP_AUTH_DELAY,
	SMTP_RCPT_RESOLVE,
	SMTP_READ_DATA,
	SMTP_READ_CHUNK,
	SMTP_CLOSING,
	SMTP_STATE_COUNT,
	SMTP_STAY = SMTP_STATE_COUNT /* no state: wait in the one we are in */
};

/* An envelope recipient that was accepted; LMTP answers each. */
struct smtp_rcpt {
	struct smtp_rcpt *next;
	struct envelope_rcpt envelope; /* arena: the transaction's */
};

/* From MAIL to the end of its data, RSET, or the next hello. smtp_txn_end() is the only way out. */
struct smtp_txn {
	struct arena arena;
	struct envelope envelope; /* arena */
	struct smtp_rcpt *rcpts;  /* arena; in order */
	struct smtp_rcpt *last_rcpt;
	size_t rcpt_count;
	struct delivery_targets targets;
	struct envelope_rcpt draft;      /* arena; the recipient being looked up */
	struct delivery_resolve resolve; /* own */
	struct dots_state dots;
	struct intake intake; /* own */
	bool is_refused;      /* the data is read to its end, then `refusal` is said */
	enum smtp_reply refusal;
	bool is_chunk_failed; /* BDAT: only RSET helps */
	bool is_last_chunk;
	char id[16]; /* in Received and the log */
};

struct smtp_session {
	struct task task;
	struct list_node node;                /* in service->sessions */
	struct smtp_service *service;         /* borrow */
	const struct smtp_listener *listener; /* borrow */
	struct conn *conn;                    /* own */
	struct log log;
	enum smtp_state state;
	unsigned have;        /* HAVE_ bits */
	struct smtp_txn *txn; /* own; NULL outside of a transaction */
	struct sasl *sasl;    /* own; NULL before AUTH; after success its account is the user */
	struct timer delay;   /* AUTH_DELAY */
	int64_t errors, messages, login_failures;
	uint64_t chunk_left; /* READ_CHUNK: bytes of the chunk still to come */
	uint64_t data_since; /* bytes of content since the deadline was set */
	struct buf helo;     /* own; what the client called itself */
};

/* How a command's row restricts it; the dispatcher answers for it (command.c). */
enum {
	NEED_HELO = 1,
	NEED_MAIL = 2,
	NEED_RCPT = 4,
	NEED_LOGIN = 8,  /* at submission */
	NOT_IN_TXN = 16, /* refused during a transaction */
	NO_ARGUMENT = 32,
	ONLY_SMTP = 64, /* not in LMTP */
	ONLY_LMTP = 128,
	ONLY_SUBMISSION = 256,
};

struct smtp_command {
	const char *name;
	enum smtp_state (*run)(struct smtp_session *s, struct str argument);
	unsigned flags;
	const char *help;
};

/* All commands, NULL name at the end. */
extern const struct smtp_command smtp_commands[];

/* Find and run the command of a line; what has to be done next. */
enum smtp_state smtp_dispatch(struct smtp_session *s, struct str line);

/* Append a reply, count errors, and say what comes next: READ_COMMAND, or CLOSING after too many. */
enum smtp_state smtp_say(struct smtp_session *s, enum smtp_reply reply);

/* The only one to change the state. */
void smtp_enter(struct smtp_session *s, enum smtp_state state);

/* Begin and end a transaction; ending cancels everything in it. NULL-safe. */
void smtp_txn_begin(struct smtp_session *s, struct str sender);
void smtp_txn_end(struct smtp_session *s);

/* Facts that several commands ask. */
static inline bool
smtp_is_lmtp(const struct smtp_session *s)
{
	return s->listener->kind == SMTP_KIND_LMTP;
}
static inline bool
smtp_is_submission(const struct smtp_session *s)
{
	return s->listener->kind == SMTP_KIND_SUBMISSION;
}
bool smtp_can_start_tls(const struct smtp_session *s);
bool smtp_can_login(const struct smtp_session *s);
void smtp_auth_forget(struct smtp_session *s); /* nobody is logged in any more */
const struct directory_account *smtp_user(const struct smtp_session *s); /* NULL: nobody */

/* The commands, one file each (or one for those that belong together). */
enum smtp_state cmd_helo(struct smtp_session *s, struct str argument);
enum smtp_state cmd_ehlo(struct smtp_session *s, struct str argument);
enum smtp_state cmd_mail(struct smtp_session *s, struct str argument);
enum smtp_state cmd_rcpt(struct smtp_session *s, struct str argument);
enum smtp_state cmd_data(struct smtp_session *s, struct str argument);
enum smtp_state cmd_bdat(struct smtp_session *s, struct str argument);
enum smtp_state cmd_auth(struct smtp_session *s, struct str argument);
enum smtp_state cmd_starttls(struct smtp_session *s, struct str argument);
enum smtp_state cmd_rset(struct smtp_session *s, struct str argument);
enum smtp_state cmd_noop(struct smtp_session *s, struct str argument);
enum smtp_state cmd_vrfy(struct smtp_session *s, struct str argument);
enum smtp_state cmd_help(struct smtp_session *s, struct str argument);
enum smtp_state cmd_quit(struct smtp_session *s, struct str argument);

/* Going on in a state; SMTP_STAY when there is nothing to go on with. */
enum smtp_state smtp_auth_line(struct smtp_session *s, struct str line);
enum smtp_state smtp_auth_answer(struct smtp_session *s);
enum smtp_state smtp_auth_delayed(struct smtp_session *s);
enum smtp_state smtp_rcpt_resolved(struct smtp_session *s);
enum smtp_state smtp_read_data(struct smtp_session *s);
enum smtp_state smtp_read_chunk(struct smtp_session *s);

/* The data is complete: judge, store, answer, end the transaction (finish.c). */
enum smtp_state smtp_finish_message(struct smtp_session *s);

/* Begin taking the content, with our trace headers in front. */
MUST_CHECK enum fail smtp_start_content(struct smtp_session *s);

#endif
