/*
 * session.h - one SMTP, submission or LMTP conversation (private to the room).
 *
 * What we are doing now (enum smtp_state); smtp_enter() makes every move and traces it:
 *
 *   GREET --quiet until its time--> READ_COMMAND                  (door.c)
 *     \--talks first--> CLOSING
 *
 *   READ_COMMAND --AUTH--> AUTH_READ <--challenge-- AUTH_WAIT      smtp_auth_*  (cmd_auth.c)
 *        ^                    |  \---message-------->  |
 *        |<--done, cancelled--+                        |
 *        |<--delay is over-- AUTH_DELAY <----failed----+
 *        |--MAIL--> MAIL_CHECK --who it is is known--> READ_COMMAND (check.c; mail from outside)
 *        |--RCPT--> RCPT_RESOLVE --answer--> READ_COMMAND         (cmd_rcpt.c)
 *        |               \--elsewhere--> RCPT_CHECK --its domain is known--> READ_COMMAND
 *        |--VRFY--> VERIFY --answer--> READ_COMMAND               (cmd_vrfy.c; EXPN too)
 *        |--DATA--> READ_DATA ---CRLF.CRLF--> READ_COMMAND         (cmd_data.c)
 *        |--BDAT--> READ_CHUNK --last byte--> READ_COMMAND         (cmd_bdat.c; also without a
 *        |                                                          transaction: read and refused)
 *        |          READ_DATA, READ_CHUNK --from outside--> JUDGE --its origin is known--> as without it
 *        |          READ_DATA, READ_CHUNK, JUDGE --a stranger's mail--> SLOW --a while--> READ_COMMAND
 *        |          READ_DATA, READ_CHUNK, JUDGE, SLOW --mail is kept far away--> STORE --it is there--> READ_COMMAND
 *        '--QUIT, 421--> CLOSING --drained--> reaped               (session.c)
 *
 * True in each state (asserted by smtp_session_check()):
 *   GREET                        nothing was said
 *   READ_COMMAND                 no op is pending but those about the peer (client, hello)
 *   AUTH_*                       there is a sasl, nobody is logged in, no transaction
 *   MAIL_CHECK, RCPT_*, READ_DATA, JUDGE, SLOW, STORE   there is a transaction
 *   AUTH_WAIT, MAIL_CHECK, RCPT_*, VERIFY, JUDGE, STORE an op was started and the socket is not read
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
#include "policy/policy.h"
#include "queue/deposit.h"
#include "delivery/intake.h"
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
	SMTP_GREET,
	SMTP_READ_COMMAND,
	SMTP_AUTH_READ,
	SMTP_AUTH_WAIT,
	SMTP_AUTH_DELAY,
	SMTP_MAIL_CHECK,
	SMTP_RCPT_RESOLVE,
	SMTP_RCPT_CHECK,
	SMTP_VERIFY,
	SMTP_READ_DATA,
	SMTP_READ_CHUNK,
	SMTP_JUDGE,
	SMTP_SLOW,
	SMTP_STORE,
	SMTP_CLOSING,
	SMTP_STATE_COUNT,
	SMTP_STAY = SMTP_STATE_COUNT /* no state: wait in the one we are in */
};

/* From MAIL to the end of its data, RSET, or the next hello. smtp_txn_end() is the only way out. */
struct smtp_txn {
	struct arena arena;
	struct envelope envelope; /* arena */
	struct deposit_rcpt
	    *rcpts; /* arena; in order; one for each RCPT that was accepted: LMTP answers each */
	struct deposit_rcpt *last_rcpt;
	size_t rcpt_count;
	struct delivery_targets targets;
	struct envelope_rcpt draft;      /* arena; the recipient being looked up */
	bool is_priority_lowered;        /* MT-PRIORITY asked for more than it may have */
	struct delivery_resolve resolve; /* own */
	struct policy_domain domain;     /* own; of the sender, or of a recipient elsewhere */
	struct dots_state dots;
	struct intake intake;  /* own */
	struct origin *origin; /* own; where it is from, when that is judged, from the content on */
	bool is_refused;       /* the data is read to its end, then `refusal` is said */
	enum smtp_reply refusal;
	struct str detail;    /* arena; what else is to be said with a refusal, or empty */
	bool is_chunk_failed; /* BDAT: only RSET helps */
	bool is_last_chunk;
	char id[16];            /* in Received and the log */
	size_t skip;            /* bytes of our trace that are for mailboxes only */
	struct deposit deposit; /* own; from the end of the data on */
};

struct smtp_session {
	struct task task;
	struct list_node node;                /* in service->sessions */
	struct smtp_service *service;         /* borrow */
	const struct smtp_listener *listener; /* borrow */
	struct conn *conn;                    /* own */
	struct log log;
	enum smtp_state state;
	unsigned have;            /* HAVE_ bits */
	struct smtp_txn *txn;     /* own; NULL outside of a transaction */
	struct sasl *sasl;        /* own; NULL before AUTH; after success its account is the user */
	struct timer delay;       /* GREET, AUTH_DELAY, SLOW */
	struct net_address proxy; /* who connected; XCLIENT may name another peer */
	struct policy_client client;   /* own; who the peer is, while it is judged */
	struct policy_domain hello;    /* own; does what it calls itself exist */
	struct directory_query verify; /* own; VRFY, EXPN */
	bool is_counted;               /* policy_enter() let it in */
	bool has_hello_asked;
	bool is_expanding; /* EXPN rather than VRFY */
	int64_t errors, messages, login_failures;
	uint64_t chunk_left; /* READ_CHUNK: bytes of the chunk still to come */
	unsigned junk;       /* commands of that kind since the last message */
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
	IS_JUNK = 512, /* so many without a message between them are no mail client */
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

/* The same, and the transaction that was just begun ends. */
enum smtp_state smtp_refuse_mail(struct smtp_session *s, enum smtp_reply reply);

/* The answer to a MAIL that nothing speaks against. */
enum smtp_reply smtp_sender_reply(const struct smtp_session *s);

/* Append a reply, count errors, and say what comes next: READ_COMMAND, or CLOSING after too many. */
enum smtp_state smtp_say(struct smtp_session *s, enum smtp_reply reply);
enum smtp_state smtp_say_with(struct smtp_session *s, enum smtp_reply reply, struct str detail);

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
bool smtp_may_relay(const struct smtp_session *s); /* send to domains that are not ours */
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
enum smtp_state cmd_expn(struct smtp_session *s, struct str argument);
enum smtp_state cmd_xclient(struct smtp_session *s, struct str argument);
enum smtp_state cmd_help(struct smtp_session *s, struct str argument);
enum smtp_state cmd_quit(struct smtp_session *s, struct str argument);

/* Going on in a state; SMTP_STAY when there is nothing to go on with. */
enum smtp_state smtp_auth_line(struct smtp_session *s, struct str line);
enum smtp_state smtp_auth_answer(struct smtp_session *s);
enum smtp_state smtp_auth_delayed(struct smtp_session *s);
enum smtp_state smtp_door_open(struct smtp_session *s);  /* in, out, or wait */
enum smtp_state smtp_door_again(struct smtp_session *s); /* for another client: XCLIENT */
enum smtp_state smtp_door_wait(struct smtp_session *s);
enum smtp_state smtp_sender_checked(struct smtp_session *s);
enum smtp_state smtp_rcpt_resolved(struct smtp_session *s);
enum smtp_state smtp_rcpt_checked(struct smtp_session *s);
enum smtp_state smtp_verified(struct smtp_session *s);
enum smtp_state smtp_read_data(struct smtp_session *s);
enum smtp_state smtp_read_chunk(struct smtp_session *s);

/* --- mail from outside (door.c, check.c) ---------------------------------------------------------- */

/* The peer is no user, no host of ours, nobody the owner trusts: what the policy says applies. */
bool smtp_is_judged(const struct smtp_session *s);

/*
 * The peer is a host of the owner's that hands on what it took, and may have judged: it may speak in our name (RFC 8601
 * 5). Who only may send without a login is none.
 */
bool smtp_is_of_ours(const struct smtp_session *s);

void smtp_greet(struct smtp_session *s);

/* The peer leaves, or another one takes its place: nothing is asked about it any more. */
void smtp_door_close(struct smtp_session *s);

/* It did something that adds up to a ban: `next`, or CLOSING when it is banned now. */
enum smtp_state smtp_offend(struct smtp_session *s, enum policy_offence what, enum smtp_state next);

/* MAIL is fine by itself: ask about the sender; and is something still being asked? */
enum smtp_state smtp_check_sender(struct smtp_session *s);
bool smtp_check_pending(const struct smtp_session *s);

/* May the recipient at hand have mail from this peer now? REPLY_OK, or why not, with `detail` behind it. */
enum smtp_reply smtp_check_recipient(struct smtp_session *s, struct buf *detail);

/* Does the domain of the recipient at hand, which is not ours, take mail? REPLY_RCPT_OK, or why not. */
enum smtp_state smtp_check_remote(struct smtp_session *s);
enum smtp_reply smtp_remote_checked(struct smtp_session *s);

/* May this user send one more message today? REPLY_ACCEPTED, or why not. */
enum smtp_reply smtp_check_account(struct smtp_session *s);
enum smtp_reply smtp_check_author(struct smtp_session *s); /* `from = own` */

/* A message was taken. */
void smtp_note_accepted(struct smtp_session *s);

/* It must wait first; the delay runs. */
bool smtp_is_slowed(struct smtp_session *s);

/* Begin taking the content, with our trace headers in front (content.c). */
MUST_CHECK enum fail smtp_start_content(struct smtp_session *s);

/* Begin to find out where it is from, when that is to be judged; and what came of it (origin.c). */
void smtp_origin_start(struct smtp_session *s);
void smtp_origin_go_on(struct smtp_session *s); /* while the content comes in */
enum smtp_reply smtp_origin_judge(struct smtp_session *s);
void smtp_origin_note(struct smtp_session *s, enum smtp_reply reply); /* for who wants reports */

/* The data is complete: judge, store, answer, end the transaction (finish.c). */
enum smtp_state smtp_finish_message(struct smtp_session *s);
enum smtp_state smtp_finish_judged(struct smtp_session *s); /* of JUDGE */
enum smtp_state smtp_finish_slowed(struct smtp_session *s); /* after SLOW */
enum smtp_state smtp_finish_stored(
    struct smtp_session *s); /* of STORE; not yet: STORE, or STAY in it */

#endif
