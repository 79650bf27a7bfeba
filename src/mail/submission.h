/*
 * submission.h - what the user of an account sent, and what became of it (RFC 8621 7).
 *
 * A submission is a record: the message goes its own way once it was handed over. The queue tells what hosts say of
 * each recipient; reports that come back are tied to it by the envelope id or the Message-ID. The oldest that are not
 * pending go when there are SUBMISSIONS_MAX.
 *
 * Texts given are copied; texts of answers live in the arena. Units: _s seconds since 1970.
 */
#ifndef MAIL_SUBMISSION_H
#define MAIL_SUBMISSION_H

#include "base/arena.h"
#include "mail/mail.h"

#define SUBMISSIONS_MAX         1000 /* of one account */
#define SUBMISSION_RCPTS_MAX    100 /* recipients: one record holds them with what was said of each */
#define SUBMISSION_PARAMS_MAX   12          /* of one address: more than SMTP has */
#define SUBMISSION_ENVELOPE_MAX (40 * 1024) /* bytes of addresses and parameters together */
#define SUBMISSION_REPLY_MAX    300         /* bytes kept of one reply */
#define SUBMISSION_REPORTS_MAX  200         /* reports of each kind kept with one submission */

enum submission_undo {
	SUBMISSION_PENDING, /* nobody has it yet */
	SUBMISSION_FINAL,
	SUBMISSION_CANCELED,
	SUBMISSION_UNDO_COUNT
};
extern const struct str submission_undo_names[SUBMISSION_UNDO_COUNT]; /* JMAP's words */

enum submission_delivered {
	SUBMISSION_QUEUED,
	SUBMISSION_YES,
	SUBMISSION_NO,
	SUBMISSION_UNKNOWN, /* relayed */
	SUBMISSION_DELIVERED_COUNT
};
extern const struct str submission_delivered_names[SUBMISSION_DELIVERED_COUNT];

struct submission_param {
	struct str name, value; /* decoded; value.p is NULL: it takes none */
};

struct submission_address {
	struct str email;
	bool has_params; /* an object, be it empty; else null */
	const struct submission_param *params;
	size_t param_count;
};

struct submission_rcpt {
	struct submission_address address;
	struct str reply; /* "250 2.1.5 ..." */
	enum submission_delivered delivered;
	bool is_displayed;
};

struct submission {
	uint64_t id, identity_id, email_id, thread_id;
	struct submission_address from;
	struct submission_rcpt *rcpts;
	size_t rcpt_count;
	int64_t send_s;
	enum submission_undo undo;
	uint64_t queue_ids[2];              /* messages of the queue; 0: none */
	struct str envelope_id, message_id; /* that reports name; may be empty */
	uint64_t *dsns, *mdns;              /* Emails, oldest first */
	size_t dsn_count, mdn_count;
};

/*
 * An id for one that is about to be sent, so that the queue can name it, and room for its record. FAIL_LIMIT: all that
 * are kept are pending · FAIL_TEMP
 */
MUST_CHECK enum fail submission_reserve(struct account *a, uint64_t *id_out);

/*
 * Write it, under its reserved id. FAIL_LIMIT: too large · FAIL_TEMP
 */
MUST_CHECK enum fail submission_add(struct account *a, const struct submission *new);

/* Its addresses and parameters have so many bytes: at most SUBMISSION_ENVELOPE_MAX are taken. */
size_t submission_envelope_bytes(const struct submission *s);

/* FAIL_MISSING · FAIL_LIMIT arena full · FAIL_PERM damaged · FAIL_TEMP */
MUST_CHECK enum fail submission_get(struct account *a, uint64_t id, struct arena *arena,
    struct submission **out);

/* All of them by id, without envelopes and reports: rcpts is NULL. */
MUST_CHECK enum fail submission_list(struct account *a, struct arena *arena,
    struct submission **out, size_t *count_out);

/* It was taken back. FAIL_MISSING · FAIL_DENIED: it is not pending · FAIL_TEMP */
MUST_CHECK enum fail submission_cancel(struct account *a, uint64_t id);

/* The record goes; what was sent was sent. FAIL_MISSING · FAIL_TEMP */
MUST_CHECK enum fail submission_remove(struct account *a, uint64_t id);

/*
 * What is known of recipients now. One that is delivered, or was relayed, makes the submission final, and so does
 * the end of the last one. Addresses that it does not have are passed over. FAIL_MISSING · FAIL_TEMP
 */
struct submission_news {
	struct str address;
	struct str reply;
	enum submission_delivered delivered;
};
MUST_CHECK enum fail submission_tell(struct account *a, uint64_t id,
    const struct submission_news *news, size_t count);

/*
 * A report came in as this Email (message/report.h): it is kept with the submission that it is about. FAIL_MISSING:
 * it is about none of them · FAIL_TEMP
 */
struct report;
MUST_CHECK enum fail submission_report(struct account *a, uint64_t email_id,
    const struct report *report);

#endif
