/* Messages that this host writes itself: reports, answers. */
#include "queue/inner.h"

/* system */
#include <assert.h>

#define RETURN_PATH \
	"Return-Path: <>\r\n" /* for a mailbox; not sent to other hosts (RFC 5321 4.4) */

static_assert(sizeof RETURN_PATH - 1 == QUEUE_OWN_SKIP, "what is skipped is the field");

enum fail
queue_write_own(struct blob_store *blobs, struct str text, struct blob_name *out)
{
	struct blob_writer w = { 0 };
	enum fail fail = blob_write_start(blobs, &w, STR(QUEUE_FOLDER));

	if (fail == FAIL_NONE)
		fail = blob_write(&w, STR(RETURN_PATH));
	if (fail == FAIL_NONE)
		fail = blob_write(&w, text);
	if (fail == FAIL_NONE)
		fail = blob_write_finish(&w, out);
	blob_write_cancel(&w);
	return fail;
}
