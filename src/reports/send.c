/* A report leaves: its message is queued, and what it tells goes from the store, in one transaction. */
#include "reports/inner.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "crypto/random.h"
#include "queue/queue.h"

#define MESSAGE_MAX \
	(8 * 1024 * 1024) /* bytes: a file of 4 MB (dmarc_send.c) in base64, and words */

static enum fail
delete_subject(struct txn *t, void *arg)
{
	const struct reports *r = arg;

	return tally_delete(t, buf_str(&r->place));
}

/* The message as a file of the queue. */
static enum fail
write_file(struct reports *r, struct blob_name *out)
{
	struct buf text;
	enum fail fail;

	buf_init(&text, MESSAGE_MAX);
	fail = report_message_write(&text, &r->message);
	if (fail == FAIL_LIMIT) /* its texts are too long: another day will not help */
		fail = FAIL_SYNTAX;
	if (fail == FAIL_NONE)
		fail = queue_write_own(r->house.blobs, buf_str(&text), out);
	buf_release(&text);
	return fail == FAIL_NONE || fail == FAIL_SYNTAX ? fail : FAIL_TEMP;
}

/* From the null sender: what comes back would tell nobody anything, and two hosts could go on for ever. */
enum fail
reports_send(struct reports *r)
{
	const struct envelope envelope = { .body = BODY_7BIT };
	struct envelope_rcpt rcpts[REPORT_TO_MAX] = { 0 };
	struct queue_new new = { .envelope = &envelope,
		.rcpts = rcpts,
		.rcpt_count = r->message.to_count,
		.skip = QUEUE_OWN_SKIP,
		.traits = QUEUE_OURS | (r->message.is_tls_optional ? QUEUE_TLS_OPTIONAL : 0),
		.log_id = STR("report"),
		.also = delete_subject,
		.also_arg = r };
	char random[REPORT_RANDOM_BYTES];
	struct blob_name blob;
	enum fail fail;

	random_bytes(random, sizeof random);
	r->message.random = str_of(random, sizeof random);
	r->message.from = buf_str(&r->from);
	r->message.hostname = r->house.hostname;
	r->message.now_s = clock_wall_s();
	for (size_t i = 0; i < r->message.to_count; i++)
		rcpts[i] =
		    (struct envelope_rcpt){ .address = r->message.to[i], .notify = NOTIFY_NEVER };
	if (!queue_has_room(r->house.queue))
		return FAIL_LIMIT;
	fail = write_file(r, &blob);
	if (fail != FAIL_NONE)
		return fail;
	new.blob = blob_name_str(&blob);
	return queue_add(r->house.queue, &new, NULL);
}

enum fail
reports_give_up(struct reports *r)
{
	return store_run(r->house.store, delete_subject, r);
}
