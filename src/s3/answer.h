/*
 * answer.h - what stands in the bodies of S3's answers.
 *
 * Pure, over xml.h. A body that is not what was asked for is FAIL_SYNTAX.
 */
#ifndef S3_ANSWER_H
#define S3_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define S3_CODE_MAX      64   /* bytes of an error's code, such as RequestTimeTooSkewed */
#define S3_MESSAGE_MAX   200  /* bytes of its text, for the log */
#define S3_UPLOAD_ID_MAX 1024 /* bytes; Amazon's have 128 */
#define S3_PAGE_MAX      1000 /* objects in one answer, says S3 */

struct s3_error { /* texts are cut */
	char code_text[S3_CODE_MAX], message_text[S3_MESSAGE_MAX];
	struct str code, message; /* in these */
};

/* <Error><Code>..</Code><Message>..</Message></Error>; false when it is none. */
MUST_CHECK bool s3_answer_error(struct str body, struct s3_error *out);

/* Is it <`root`> .. , and nothing that is malformed? */
MUST_CHECK enum fail s3_answer_is(struct str body, struct str root);

/* <InitiateMultipartUploadResult>: the id, appended. FAIL_LIMIT: too long. */
MUST_CHECK enum fail s3_answer_upload(struct str body, struct buf *id_out);

struct s3_object {
	struct str key; /* arena: the page's */
	uint64_t size;
};

struct s3_page {
	struct arena arena; /* own */
	struct s3_object *objects;
	size_t count;
	bool has_more; /* ask again, after the last key */
};

/* <ListBucketResult>, into a page that is released or zeroed. FAIL_LIMIT: more than S3_PAGE_MAX. */
MUST_CHECK enum fail s3_answer_list(struct str body, struct s3_page *out);
void s3_page_release(struct s3_page *page);

#endif
