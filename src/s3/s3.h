/*
 * s3.h - objects of an S3-compatible server: put, get, copy, delete, list, without waiting in place.
 *
 * Requests are signed (sign.h) and go through the HTTP client, TLS verified. What may work later is
 * tried again, with pauses that grow, until [s3] retry is over; a try ends after [s3] timeout without a byte,
 * and has for a body a second for every S3_SLOWEST bytes. When the server did not answer for that long, calls get one try
 * each until one works. Every checksum there is gets compared: the signature holds the body's SHA-256, the
 * ETag that comes back must be its MD5, and a get compares the length, and the SHA-256 where the put left one.
 *
 * Keys are given without [s3] prefix. Failures of all calls:
 *   FAIL_MISSING  there is no such object
 *   FAIL_DENIED   the keys are wrong, or may not do that, or there is no such bucket (logged)
 *   FAIL_TEMP     no answer, 429, 5xx, a wrong length or checksum, our clock is wrong (logged)
 *   FAIL_PERM     the server does not want that: another region, an unknown request .. (logged)
 *
 * Not done: redirects to other regions, encryption with keys of the customer, versions, asking for keys
 * (of an instance, a role). Ownership: a struct s3 is one per program and outlives its calls. A call is the caller's,
 * zeroed at first, until s3_call_release(); keys are copied, bodies and sums borrowed until the call ended.
 */
#ifndef S3_S3_H
#define S3_S3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* base */
#include "base/buf.h"
#include "base/op.h"
#include "base/str.h"

/* rooms */
#include "http/client.h"
#include "s3/answer.h"
#include "s3/settings.h"
#include "s3/sums.h"

#define S3_KEY_MAX 1024        /* bytes of a key with its prefix, says S3 */
#define S3_SLOWEST (16 * 1024) /* bytes a second: a slower line is of no use */

struct s3 { /* fields: read only */
	struct loop *loop;
	const struct s3_settings *settings; /* borrow */
	struct http_client client;
	struct http_client_settings client_settings;
	struct tls_trust *trust; /* own; NULL for http */
	struct buf base, host;   /* own: "https://host:port", "host:port" */
	bool is_down;            /* the last call that ended had no answer in all its time */
	bool is_plain;           /* it refused x-amz-checksum-sha256 */
	struct task task;        /* frees what was given up */
	struct list aborts;      /* uploads that are being given up */
	struct {                 /* since the start */
		uint64_t calls, failed;
	} counts;
};

enum s3_step { /* requests; README.md has their order */
	S3_PUT,
	S3_BEGIN,
	S3_PART,
	S3_COMPLETE,
	S3_ABORT,
	S3_GET,
	S3_COPY,
	S3_DELETE,
	S3_LIST,
	S3_STEP_COUNT
};

enum s3_call_state {
	S3_OFF,   /* zeroed or ended */
	S3_TRY,   /* a request is under way */
	S3_PAUSE, /* until the next try */
};

struct s3_call { /* zeroed before the first start; fields: read only */
	struct op op;
	unsigned status;     /* of the last answer; 0: none came */
	struct s3_page page; /* of a list; keys without the prefix */

	/* private */
	struct s3 *s3;
	enum s3_call_state state;
	enum s3_step step;
	struct task task;
	struct timer timer;
	struct http_fetch fetch;
	struct buf key,
	    from; /* own: with the prefix; what is copied, or what a list begins after */
	struct str body;
	const struct s3_sums *sums;
	size_t part;          /* of the body: which is sent now */
	struct buf upload_id; /* own */
	struct buf document;  /* own: the body of COMPLETE */
	int fd;               /* borrow: where a get writes */
	uint64_t size, got;
	struct hash_state got_hash;
	enum fail write_fail; /* of fd */
	bool has_checksum;    /* the last request had x-amz-checksum-sha256 */
	bool is_plain;        /* it was refused: without */
	unsigned tries;       /* of this step */
	unsigned restarts;    /* of an upload in parts that the server forgot */
	const char *reason;   /* why the last try was no good, for the log */
	struct s3_error error;
	int64_t deadline_ms; /* no new try after it */
};

/* Settings are borrowed and were checked. FAIL_PERM: nobody to trust for https (one line in `why`). */
MUST_CHECK enum fail s3_init(struct s3 *s, struct loop *loop, struct net *net, struct dns *dns,
    const struct s3_settings *settings, struct buf *why);

/* Read the authorities anew, for connections from now on. FAIL_PERM: it cannot be done, and the old ones stay. */
MUST_CHECK enum fail s3_trust_reload(struct s3 *s, struct buf *why);

/* Calls must have ended or been cancelled; uploads that are being given up are left as they are. */
void s3_release(struct s3 *s);

/* Put all of `body` there. FAIL_NONE: it is there, and its checksums are those of `sums`, which has ended. */
void s3_put_start(struct s3 *s, struct s3_call *c, struct task *owner, struct str key,
    struct str body, const struct s3_sums *sums);

/* Write the object's bytes to `fd`, from its beginning; `size` is what it must have. */
void s3_get_start(struct s3 *s, struct s3_call *c, struct task *owner, struct str key, int fd,
    uint64_t size);

/* Copy within the server. */
void s3_copy_start(struct s3 *s, struct s3_call *c, struct task *owner, struct str from,
    struct str to);

/* Delete; an object that is not there is no failure. */
void s3_delete_start(struct s3 *s, struct s3_call *c, struct task *owner, struct str key);

/* Keys that begin with `prefix` and come after `after` (a whole key, or empty), a page of them: c->page. */
void s3_list_start(struct s3 *s, struct s3_call *c, struct task *owner, struct str prefix,
    struct str after);

/* For programs without a loop of their own: turn it until the call has ended; its outcome. */
enum fail s3_wait(struct s3 *s, struct s3_call *c);

/* Stop; safe in any state. An upload in parts is given up behind the scenes. */
void s3_call_cancel(struct s3_call *c);
void s3_call_release(struct s3_call *c);

#endif
