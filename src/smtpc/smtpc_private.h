/*
 * smtpc_private.h - what the files of the client know of each other (private to smtpc).
 *
 * What a conversation is doing (enum smtpc_state). smtpc_enter() makes every move and says what a state has to
 * say when it begins; smtpc_hear() takes replies to where they lead:
 *
 *   OFF -> CONNECT                  smtpc_open_start
 *   CONNECT -> GREETING             connected; HANDSHAKE first with TLS from the first byte    hello_connected
 *   GREETING -> EHLO                220                                                        hello_greeting
 *   EHLO -> HELO                    EHLO is not known                                          hello_reply
 *   EHLO, HELO -> STARTTLS          it is offered and wanted                                   hello_reply
 *   STARTTLS -> HANDSHAKE           220                                                        hello_starttls
 *   HANDSHAKE -> EHLO, GREETING     done                                                       hello_handshake
 *   EHLO, HELO, STARTTLS -> AUTH    a login is wanted                                          auth_begin
 *   AUTH -> AUTH, AUTH_WORK         a challenge                                                auth_reply
 *   AUTH_WORK -> AUTH               the response to it is ready                                auth_work
 *   EHLO .. AUTH -> IDLE            ready for messages: the op ends                            hello_done
 *
 *   IDLE -> LOOK                    smtpc_send_start
 *   LOOK -> ENVELOPE                all of the content was seen                                txn_look
 *   ENVELOPE -> ENVELOPE            each reply to MAIL, RCPT, DATA                             txn_envelope_reply
 *   ENVELOPE -> CONTENT             somebody is taken                                          txn_envelope
 *   ENVELOPE -> END                 nobody is, and the content is wanted: there is none        send_nothing
 *   ENVELOPE -> RSET                nobody is, or DATA was refused                             txn_envelope
 *   CONTENT -> END                  all of it was given to the kernel                          send_content
 *   CONTENT, END -> RSET            a chunk was refused                                        send_reply
 *   CONTENT, END -> IDLE            everybody has an answer: the op ends                       txn_done
 *   RSET -> IDLE                    the same                                                   txn_done
 *
 *   any -> OFF                      closed, too late, garbage, 421, refused                    smtpc_end
 *   any -> OFF                      smtpc_close, smtpc_cancel
 *
 * True in each state (asserted by smtpc_check()):
 *   OFF                      no connection, no op pending
 *   CONNECT .. AUTH_WORK     the op is pending, no message
 *   IDLE                     no op pending, no message; is_open
 *   LOOK .. RSET             the op is pending, there is a message; is_open
 *   all but OFF and CONNECT  there is a connection
 */
#ifndef SMTPC_SMTPC_PRIVATE_H
#define SMTPC_SMTPC_PRIVATE_H

#include "crypto/scram_client.h"
#include "smtpc/command.h"
#include "smtpc/content.h"
#include "smtpc/reply.h"
#include "smtpc/smtpc.h"
#include "smtpc/sort.h"

#define SMTPC_PIPELINE_MAX \
	50 /* commands that wait for their replies (RFC 2920 3.1: not too many) */
#define SMTPC_CHUNK_BYTES (64 * 1024) /* of one BDAT; RFC 3030 2: a reasonable size */
#define SMTPC_ARENA_MAX \
	(4 * 1024 * 1024) /* bytes: SMTP_RCPT_MAX answers, and what goes with them */

enum smtpc_state {
	SMTPC_OFF,
	SMTPC_CONNECT,
	SMTPC_HANDSHAKE,
	SMTPC_GREETING,
	SMTPC_EHLO,
	SMTPC_HELO,
	SMTPC_STARTTLS,
	SMTPC_AUTH,
	SMTPC_AUTH_WORK, /* a password is stretched, a slice per step */
	SMTPC_IDLE,
	SMTPC_LOOK, /* the content is looked through, a slice per step */
	SMTPC_ENVELOPE,
	SMTPC_CONTENT,
	SMTPC_END,
	SMTPC_RSET,
	SMTPC_STATE_COUNT,
	SMTPC_STAY = SMTPC_STATE_COUNT, /* no state: wait in the one we are in */
	SMTPC_MORE,                     /* no state: the same again next turn */
};

/* --- logging in ----------------------------------------------------------------------------------- */

enum { /* mechanisms offered */
	SMTPC_AUTH_SCRAM = 1,
	SMTPC_AUTH_PLAIN = 2,
	SMTPC_AUTH_LOGIN = 4,
};

enum smtpc_auth_step { /* whose reply is waited for */
	SMTPC_AUTH_SCRAM_FIRST,
	SMTPC_AUTH_SCRAM_FINAL,
	SMTPC_AUTH_LOGIN_USER,
	SMTPC_AUTH_LOGIN_SECRET,
	SMTPC_AUTH_LAST, /* all was said: 235 or not */
};

/* --- one message ---------------------------------------------------------------------------------- */

enum smtpc_rcpt_state {
	SMTPC_RCPT_ASK,   /* RCPT has no reply yet */
	SMTPC_RCPT_TAKEN, /* .. was taken */
	SMTPC_RCPT_DONE,  /* has its last word */
};

enum smtpc_data { /* the DATA command */
	SMTPC_DATA_UNSAID,
	SMTPC_DATA_SAID,
	SMTPC_DATA_GO,
	SMTPC_DATA_REFUSED,
};

struct smtpc_txn {
	struct smtpc_message *message; /* borrow: until the op ended; NULL: no message */
	unsigned char *rcpts;          /* arena; enum smtpc_rcpt_state of each */
	struct content content;        /* own */
	struct command_mail mail;
	bool is_bdat;

	/* MAIL, RCPT and DATA are said in order and answered in order */
	size_t rcpt_said, rcpt_heard; /* the next one to be said, to be answered */
	size_t waiting;               /* replies that are due */
	size_t taken;                 /* recipients */
	bool has_said_mail, has_heard_mail, is_mail_refused;
	enum smtpc_data data;

	/* content */
	char last;         /* byte of the content sent: is a dot at the start of a line? */
	bool is_all_said;  /* the end of the content is on its way */
	bool is_abandoned; /* nobody wants it any more: replies mean nothing */
	size_t chunks;     /* replies to BDAT that are due, the last one's apart */
	size_t ends;       /* replies to the end of the content that are due */
	size_t end_heard;  /* LMTP: the recipient that the next of them is about */
};

/* --- the conversation ----------------------------------------------------------------------------- */

struct smtpc_inner {
	struct smtpc *s; /* borrow: who embeds us */
	struct task task;
	struct tls_trust *trust;               /* own: a hold, while opening */
	const struct smtpc_settings *settings; /* borrow */
	struct smtpc_order order;              /* texts borrowed: while opening */
	bool is_lmtp;
	enum smtpc_state state;
	struct conn_dial dial; /* own */
	struct conn *conn;     /* own */
	struct log log;
	struct reply reply; /* own: the one that comes in */
	struct arena arena; /* answers */

	/* opening */
	bool is_tls_refused; /* STARTTLS was, and need not be */
	unsigned mechanisms;
	int64_t by_min_s; /* DELIVERBY: the least that it promises; 0: not said */
	enum smtpc_auth_step auth_step;
	struct scram_login scram; /* own */

	struct smtpc_txn txn;
};

/* --- smtpc.c -------------------------------------------------------------------------------------- */

/* Begin opening on a connection that is there, in place of connecting: for tests. */
void smtpc_open_on_start(struct smtpc *s, struct loop *loop, struct tls_trust *trust,
    const struct smtpc_settings *settings, struct task *owner, const struct smtpc_order *order,
    struct conn *conn);

/* An answer in our words, and one in the host's, sorted or with a status of ours. */
struct smtpc_answer smtpc_answer_ours(const struct smtpc_inner *c, struct status status,
    const char *text);
struct smtpc_answer smtpc_answer_heard(struct smtpc_inner *c, enum smtpc_stage stage,
    struct status status);

/* What the reply that just came means at this stage. */
struct sorted smtpc_sorted(const struct smtpc_inner *c, enum smtpc_stage stage);

/*
 * The conversation is over, and so is what was under way: opening ends with `fail` and this answer, a
 * message as broken; QUIT is said or not. SMTPC_OFF, for returning.
 */
enum smtpc_state smtpc_end(struct smtpc_inner *c, enum fail fail, struct smtpc_answer answer,
    bool is_polite);

/* The host said what no reply can be here. */
enum smtpc_state smtpc_garbage(struct smtpc_inner *c);

/* Take lines until the reply is whole, and what that leads to; SMTPC_STAY when it is not there yet. */
enum smtpc_state smtpc_hear(struct smtpc_inner *c);

/* --- hello.c -------------------------------------------------------------------------------------- */

void hello_say(struct smtpc_inner *c, const char *verb);
void hello_take_line(struct smtpc_inner *c,
    struct str line); /* of EHLO's reply, behind the first */
enum smtpc_state hello_connected(struct smtpc_inner *c);
enum smtpc_state hello_greeting(struct smtpc_inner *c);
enum smtpc_state hello_reply(struct smtpc_inner *c);
enum smtpc_state hello_starttls(struct smtpc_inner *c);
enum smtpc_state hello_handshake(struct smtpc_inner *c);
enum smtpc_state hello_done(struct smtpc_inner *c); /* ready for messages */

/* --- auth.c --------------------------------------------------------------------------------------- */

void auth_take_mechanisms(struct smtpc_inner *c, struct str words);
enum smtpc_state auth_begin(struct smtpc_inner *c);
enum smtpc_state auth_reply(struct smtpc_inner *c);
enum smtpc_state auth_work(struct smtpc_inner *c);

/* --- txn.c ---------------------------------------------------------------------------------------- */

/* Begin; false when it was over at once: everybody has an answer. */
MUST_CHECK bool txn_begin(struct smtpc_inner *c, struct smtpc_message *message);
void txn_release(struct smtpc_inner *c);
enum smtpc_state txn_look(struct smtpc_inner *c);
enum smtpc_state txn_envelope(struct smtpc_inner *c);
enum smtpc_state txn_envelope_reply(struct smtpc_inner *c);

/* What the reply in ENVELOPE is about. */
enum smtpc_stage txn_stage(const struct smtpc_inner *c);

/* Everybody has an answer: the op ends well, the next message may come. SMTPC_IDLE. */
enum smtpc_state txn_done(struct smtpc_inner *c);

/* The last word about one recipient, about all that were taken, about all that have none. */
void txn_settle(struct smtpc_inner *c, size_t i, enum fail fail, struct smtpc_answer answer);
void txn_settle_taken(struct smtpc_inner *c, enum fail fail, struct smtpc_answer answer);
void txn_settle_all(struct smtpc_inner *c, enum fail fail, struct smtpc_answer answer);

/* --- send.c --------------------------------------------------------------------------------------- */

enum smtpc_state send_content(struct smtpc_inner *c);
enum smtpc_state send_reply(struct smtpc_inner *c);   /* in CONTENT and END */
enum smtpc_state send_nothing(struct smtpc_inner *c); /* the content that nobody wanted */

#endif
