/*
 * submission.h - an EmailSubmission on its way from a creation to the queue (private to the room; RFC 8621 7.5).
 *
 *     IDLE --properties, Email, envelope are right--> LOOKUP --all recipients lead somewhere--> WRITE --last byte-->
 *       ^          \--SetError--> IDLE                   \--some do not, no more today--> IDLE        STORE --> IDLE
 *       +-----------------------------------------------------------------------------------------------+
 *
 * True in LOOKUP: submit.op was started. In WRITE: the intake is started, map holds the message. In STORE: the
 * deposit was started.
 *
 * A disposition notification goes the same way from LOOKUP on (mdn_send.c): its message is made (`build`), not an
 * Email's, and nothing is kept of it.
 */
#ifndef JMAP_SUBMISSION_H
#define JMAP_SUBMISSION_H

/* rooms */
#include "delivery/intake.h"
#include "jmap/set.h"
#include "mail/submission.h"
#include "message/build.h"
#include "queue/submit.h"

enum submitting_state { SUBMITTING_IDLE, SUBMITTING_LOOKUP, SUBMITTING_WRITE, SUBMITTING_STORE };

struct jmap_submitting { /* zeroed at first */
	enum submitting_state state;
	struct arena arena;           /* own: everything below that is borrowed */
	struct submission submission; /* what will be recorded */
	struct envelope envelope;
	struct submit_rcpt *rcpts; /* as many as the submission has */
	struct delivery_targets targets;
	struct submit submit;
	struct blob_map map;
	struct blob_wait fetch; /* for it; of IDLE */
	bool is_made;           /* the message comes out of `build`, and there is no record of it */
	struct build build;     /* own; its tree is in the arena */
	struct buf piece;       /* own; of the build */
	struct intake intake;
	struct deposit deposit; /* own; from STORE on */
	size_t at;              /* bytes of the map that are written */
	size_t skip;            /* bytes of our trace that are for mailboxes only */
	char log_id[16];
};

/* A creation: SET_WAIT and SET_YIELD mean "again, with the same object". */
enum jmap_set_said jmap_submitting_run(struct jmap_call *c, struct jmap_submitting *s,
    const struct json *object, uint64_t *id_out, struct jmap_set_error *e);

/* From IDLE to LOOKUP: envelope, submission.rcpts and rcpts (their envelopes) are filled in. */
void jmap_submitting_start(struct jmap_call *c, struct jmap_submitting *s);

/* From LOOKUP on, as above; SET_OK: it is handed over, and `s` is to be reset. */
enum jmap_set_said jmap_submitting_go_on(struct jmap_call *c, struct jmap_submitting *s,
    struct jmap_set_error *e);

/* Break it off; safe in any state. */
void jmap_submitting_reset(struct jmap_submitting *s);

/* --- between submission_begin.c and submission_send.c --- */

void jmap_submitting_text(char *out, size_t n); /* letters and digits that nobody guesses */

/* --- submission_envelope.c --- */

/* Who a message says it is from and to. */
struct submission_head {
	struct str message_id;   /* without <> */
	struct str from;         /* the only address of Sender, else of From */
	const struct str *rcpts; /* of To, Cc and Bcc, each once */
	size_t rcpt_count;
	bool has_more_rcpts;  /* more than SUBMISSION_RCPTS_MAX */
	bool is_from_unclear; /* several, or none */
	struct str unclear;   /* the property of the Email that is wrong then */
	bool has_from;        /* a From field with an address */
};
MUST_CHECK enum fail jmap_submission_head(struct str bytes, struct arena *a,
    struct submission_head *out);

/* "envelope" of a creation: Envelope, not null. */
enum jmap_set_said jmap_envelope_read(const struct json *v, struct arena *a, struct submission *out,
    struct jmap_set_error *e);

/* The envelope that follows from the message. */
enum jmap_set_said jmap_envelope_make(const struct submission_head *head, struct str identity_email,
    struct arena *a, struct submission *out, struct jmap_set_error *e);

/* Every address is one of SMTP's; noRecipients, tooManyRecipients, invalidRecipients. */
enum jmap_set_said jmap_envelope_check(const struct submission *s, struct arena *a,
    struct jmap_set_error *e);

/* Mailbox of RFC 5321 4.1.2; the null path only where it may stand. */
bool jmap_is_mailbox(struct str email, bool may_be_null);

/* --- submission_param.c: what the parameters of MAIL and RCPT mean (decoded, RFC 8621 7) --- */

struct param_limits {
	int64_t now_s, hold_s; /* hold_s: how long a message may be held; 0: not at all */
	int64_t message_bytes;
};

/* False: there is no such parameter, or its value is wrong. `a` keeps what is written anew. */
MUST_CHECK bool jmap_mail_param(const struct submission_param *p, const struct param_limits *limits,
    struct envelope *out);
MUST_CHECK bool jmap_rcpt_param(const struct submission_param *p, struct arena *a,
    struct envelope_rcpt *out);

/* --- submission_get.c --- */

/* All of it, and what a creation answers. FAIL_MISSING. */
MUST_CHECK enum fail jmap_submission_write(struct jmap_call *c, uint64_t id);
MUST_CHECK enum fail jmap_submission_write_new(struct jmap_call *c, uint64_t id);

#endif
