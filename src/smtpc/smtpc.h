/*
 * smtpc.h - hand messages to another host, by SMTP or LMTP.
 *
 * One smtpc is one conversation with one address: connect, greeting, EHLO (HELO where that is not
 * known), STARTTLS, EHLO again, AUTH, then any number of messages one after the other, then QUIT. It
 * uses what the host offers (PIPELINING, SIZE, 8BITMIME, CHUNKING, BINARYMIME, SMTPUTF8, DSN, REQUIRETLS,
 * DELIVERBY, MT-PRIORITY, LIMITS) and does without where it can: 8-bit text becomes quoted-printable,
 * UTF-8 domains become ASCII. RFC 5321, 2033, and those of the extensions.
 *
 * What a host says is sorted here, once, into FAIL_NONE, FAIL_TEMP and FAIL_PERM, with its words and
 * status kept for reports. Whether a failure is the host's (try another, leave it alone for a while) or
 * the message's is told by what failed: opening is about the host, sending about the message, unless the
 * conversation broke.
 *
 * Not done: choosing the host (mx.h, queue), retrying, finding TLS policies (the order says what is wanted; for
 * REQUIRETLS the caller makes sure that the certificate is right), RCPTDOMAINMAX of LIMITS.
 *
 * Ownership: an smtpc is the caller's, zeroed before its first start, until smtpc_release(). Texts of an
 * order and of a message are borrowed until the op they were given to ended; answers live in the
 * conversation's arena until the next smtpc_send_start() or release. Units: _ms, _bytes.
 */
#ifndef SMTPC_SMTPC_H
#define SMTPC_SMTPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/op.h"
#include "base/str.h"
#include "envelope/envelope.h"
#include "envelope/status.h"
#include "loop/loop.h"
#include "net/net.h"
#include "smtpc/settings.h"
#include "tls/tls.h"
#include "tlspolicy/dane.h"
#include "tlspolicy/result.h"

#define SMTPC_ANSWER_MAX 1000 /* bytes of a host's words that are kept of one reply */

/* --- answers -------------------------------------------------------------------------------------- */

enum smtpc_stage { /* what we were at */
	SMTPC_AT_CONNECT,
	SMTPC_AT_GREETING,
	SMTPC_AT_HELLO,
	SMTPC_AT_TLS,
	SMTPC_AT_AUTH,
	SMTPC_AT_MAIL,
	SMTPC_AT_RCPT,
	SMTPC_AT_DATA,    /* the reply to DATA, or to a chunk */
	SMTPC_AT_CONTENT, /* the reply to the end of the data */
	SMTPC_STAGE_COUNT
};

extern const char *const smtpc_stage_names[SMTPC_STAGE_COUNT]; /* "MAIL FROM", "end of data" .. */

struct smtpc_answer { /* fields: read only */
	enum smtpc_stage stage;
	unsigned code;        /* 550; 0: the host did not say it, the words are ours */
	struct status status; /* always set */
	struct str
	    text; /* what it said, without the code: printable UTF-8 on one line; may be empty */
};

/* --- opening -------------------------------------------------------------------------------------- */

enum smtpc_tls {
	SMTPC_TLS_NEVER,
	SMTPC_TLS_MAY, /* when offered; the certificate is judged and the result told, no more (RFC 7435) */
	SMTPC_TLS_MUST,     /* encrypted or not at all, whoever it is */
	SMTPC_TLS_VERIFIED, /* and the certificate must be right for `host` */
	SMTPC_TLS_DANE,     /* and it must be one that `dane` speaks of, whoever vouches for it */
};

enum smtpc_auth { /* whether to log in, and how */
	SMTPC_AUTH_NONE,
	SMTPC_AUTH_ANY, /* the best of what is offered: SCRAM-SHA-256, PLAIN, LOGIN */
};

struct smtpc_order {
	struct net_address to;   /* with port; or .. */
	struct str unix_path;    /* .. a unix socket when not empty */
	struct net_address from; /* our end; family NONE: any */
	struct str host;         /* its name: SNI, certificate, reports */
	struct str helo;         /* what we call ourselves */
	bool is_lmtp;            /* LHLO, one answer per recipient */
	bool is_implicit_tls; /* TLS from the first byte (RFC 8314); `tls` MUST, VERIFIED or DANE */
	enum smtpc_tls tls;
	const struct dane_question *dane; /* borrow: records and names, the first one for SNI */
	bool
	    is_demanded; /* `tls` is the receiving domain's wish: a failure may be mended there, FAIL_TEMP */
	enum smtpc_auth auth; /* passwords go over TLS only, or to loopback */
	struct str user, secret;
};

enum { /* what the host offers */
	SMTPC_HAS_ESMTP = 1,
	SMTPC_HAS_PIPELINING = 2,
	SMTPC_HAS_SIZE = 4,
	SMTPC_HAS_8BITMIME = 8,
	SMTPC_HAS_CHUNKING = 16,
	SMTPC_HAS_BINARYMIME = 32,
	SMTPC_HAS_SMTPUTF8 = 64,
	SMTPC_HAS_DSN = 128,
	SMTPC_HAS_REQUIRETLS = 256,
	SMTPC_HAS_DELIVERBY = 512,
	SMTPC_HAS_PRIORITY = 1024,
	SMTPC_HAS_STARTTLS = 2048,
	SMTPC_HAS_STATUS = 4096, /* ENHANCEDSTATUSCODES */
};

/* --- sending -------------------------------------------------------------------------------------- */

struct smtpc_rcpt {
	const struct envelope_rcpt *rcpt; /* borrow: set by the caller */
	enum fail fail;                   /* after sending: NONE taken over, TEMP, PERM */
	struct smtpc_answer answer;       /* .. and why, or what the host said when it took it */
};

struct smtpc_message {
	const struct envelope *envelope; /* borrow */
	struct smtpc_rcpt *rcpts;        /* borrow; at most smtpc.rcpt_max, at least 1 */
	size_t rcpt_count;
	struct str fields;  /* borrow; header fields before the content, each with CRLF; or empty */
	struct str content; /* borrow; the message, lines ending in CRLF */
	int64_t now_s;      /* for what is left of DELIVERBY */
};

/* --- the conversation ----------------------------------------------------------------------------- */

struct smtpc {                      /* fields: read only */
	struct op op;               /* of opening or sending */
	struct smtpc_answer answer; /* why opening failed, or the conversation broke or ended */
	unsigned has;               /* SMTPC_HAS_ bits, after opening */
	uint64_t size_max;          /* bytes the host takes; 0: not said */
	size_t rcpt_max;            /* recipients per message: RFC 9422, or our own limit */
	uint64_t mail_max;          /* messages per conversation (RFC 9422); 0: not said */
	uint64_t mail_count;        /* messages sent, whatever came of them */
	bool is_open;               /* messages can be sent */
	bool is_tls;
	bool is_tls_failed; /* opening failed in TLS: in clear it may work, where that is allowed */
	bool is_in_doubt; /* the end of data was sent and no answer came: it may have the message */
	bool is_authentic;    /* it proved to be who it should be, by its certificate or by DANE */
	struct tls_facts tls; /* when is_tls */
	enum tls_result
	    result; /* what came of TLS; SUCCESS also when nothing was demanded and nothing tried */
	const char *reason; /* .. why, more closely: words of ours or of TLS; or NULL */
	char local[NET_ADDRESS_TEXT_MAX]; /* our address in it; "": none */

	/* private: smtpc_private.h */
	struct smtpc_inner *inner; /* own */
};

/*
 * Connect and get ready to send. Ends with
 *   FAIL_NONE  s->is_open, unless the host left right behind its welcome: s->answer says so
 *   FAIL_TEMP  not now: s->answer says why; another address or a later time may do. A login that fails
 *              (4.7.8, 4.7.4) is one of these: the owner will mend it, and mail waits
 *   FAIL_PERM  this host will never take mail from us as ordered: 5xx greeting or EHLO, no TLS where it
 *              must be (5.7.10), wrong certificate where it must be right (5.7.5); both are FAIL_TEMP
 *              (4.7.10, 4.7.5) when the receiving domain demands it
 * `order` is copied, its texts are borrowed until then. `trust` is held; it may be NULL: nobody is verified.
 */
void smtpc_open_start(struct smtpc *s, struct loop *loop, struct net *net, struct tls_trust *trust,
    const struct smtpc_settings *settings, struct task *owner, const struct smtpc_order *order);

/*
 * Send one message; s->is_open must hold. Every recipient's `fail` and `answer` are set in any case. Ends
 * with
 *   FAIL_NONE  every recipient has a last word, of the host or ours; s->is_open tells whether the
 *              conversation goes on, too
 *   FAIL_TEMP  it broke (time-out, reset, 421): s->answer says why; s->is_open is false; recipients
 *              without a last word of the host are FAIL_TEMP with the same answer
 * What the host cannot take is found out before anything is said, as FAIL_PERM of each recipient: addresses
 * that need SMTPUTF8 (5.6.7) or are none (5.1.3, the sender's 5.1.7), a header that needs SMTPUTF8 (5.6.9),
 * more than SIZE (5.3.4), REQUIRETLS without it (5.7.30) or without TLS (5.7.10), DELIVERBY with "return" to a
 * host without it (5.3.3) or with too little time left (5.4.7), content that would have to be converted and
 * cannot be (5.6.3). May be done on return.
 */
void smtpc_send_start(struct smtpc *s, struct task *owner, struct smtpc_message *message);

/* What the host takes of content that not every host takes, in the bits of content_form() (content.h). */
unsigned smtpc_takes(const struct smtpc *s);

/* Say QUIT if there is anybody to say it to, and let go without waiting for the answer. */
void smtpc_close(struct smtpc *s);

/*
 * The caller cannot wait any longer: what is under way ends now, as if its time were over, with these words
 * (static). Nothing happens when nothing is under way.
 */
void smtpc_expire(struct smtpc *s, const char *why);

/* Stop what is under way; safe in any state. The conversation cannot be used further. */
void smtpc_cancel(struct smtpc *s);

/* Cancel, close and give back everything; s is as zeroed. */
void smtpc_release(struct smtpc *s);

#endif
