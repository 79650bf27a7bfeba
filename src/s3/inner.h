/*
 * inner.h - what the room's files know of each other (private to s3).
 *
 * call.c is the life of a call; request.c makes the request of its step; judge.c says what an answer means.
 */
#ifndef S3_INNER_H
#define S3_INNER_H

/* base */
#include "base/log.h"

/* rooms */
#include "s3/s3.h"

extern const struct log s3_log;
extern const char *const s3_step_names[S3_STEP_COUNT]; /* "put", "begin" .. */

/* request.c: send what the call's step asks for. */
void s3_request_send(struct s3_call *c);

enum s3_verdict {
	S3_DONE,    /* the step is done */
	S3_AGAIN,   /* it may work in a moment; c->reason says why it did not */
	S3_RESTART, /* the server forgot the upload */
	S3_PLAIN,   /* perhaps it does not know x-amz-checksum-sha256: once more without */
	S3_FAILED,  /* *fail_out says how */
};

/* call.c: uploads that are being given up */
void s3_aborts_init(struct s3 *s);
void s3_aborts_release(struct s3 *s);

/* judge.c: the fetch has ended; what now? */
enum s3_verdict s3_judge(struct s3_call *c, enum fail *fail_out);

/* judge.c: bytes of a get that came; false: more than there may be, or they cannot be written. */
bool s3_take_bytes(struct s3_call *c);

#endif
