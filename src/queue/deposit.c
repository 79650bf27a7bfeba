#include "queue/deposit.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "envelope/path.h"
#include "mail/mail.h"
#include "message/seven.h"
#include "queue/dsn.h"
#include "queue/inner.h"

#define PIECE_MAX (64 * 1024) /* bytes of a message being written again */

/* --- binary mail ----------------------------------------------------------------------------------- */

struct str
deposit_content_folder(const struct envelope *e, const struct delivery_targets *targets)
{
	return targets->count > 0 && e->body != BODY_BINARYMIME ? targets->targets[0].account
								: STR(QUEUE_FOLDER);
}

/*
 * Write the message again with base64 in place of what is binary, headers and trace as they are.
 * FAIL_SYNTAX: too intricate for that.
 */
static enum fail
write_seven(struct deposit *d, struct str bytes)
{
	struct seven seven;
	struct buf piece;
	enum fail fail = seven_init(&seven, bytes, SEVEN_FOR_8BIT);

	if (fail != FAIL_NONE) {
		seven_release(&seven);
		return FAIL_SYNTAX;
	}
	buf_init(&piece, PIECE_MAX);
	while (fail == FAIL_NONE && seven_next(&seven, &piece)) {
		fail = blob_write(&d->tamed, buf_str(&piece));
		buf_clear(&piece);
	}
	buf_release(&piece);
	seven_release(&seven);
	return fail;
}

/*
 * RFC 3030 3: mail stores and most hosts cannot take binary parts. The content lies in the queue's folder, which is
 * here always; it is finished to be read, and nobody's file at the end of the turn.
 */
static enum fail
tame_binary(struct deposit *d)
{
	struct blob_store *blobs = mail_blobs(d->mail);
	struct blob_name raw;
	struct blob_map map;
	enum fail fail;

	fail = blob_write_finish(d->content, &raw);
	if (fail == FAIL_NONE)
		fail = blob_map(blobs, STR(QUEUE_FOLDER), blob_name_str(&raw), &map);
	if (fail != FAIL_NONE)
		return FAIL_TEMP;
	fail = blob_write_start(blobs, &d->tamed, d->folder);
	if (fail == FAIL_NONE && seven_needs(map.bytes) & SEVEN_NEEDS_BINARY)
		fail = write_seven(d, map.bytes);
	else if (fail == FAIL_NONE)
		fail = blob_write(&d->tamed, map.bytes);
	d->content = &d->tamed;
	blob_unmap(&map);
	return fail;
}

/* --- the header ------------------------------------------------------------------------------------ */

void
deposit_note_header(struct deposit *d, const struct intake *i)
{
	if (i->is_tls_optional && !d->envelope->is_tls_must)
		d->traits |= QUEUE_TLS_OPTIONAL;
}

/* --- the queue ----------------------------------------------------------------------------------------- */

static bool
has_queued(const struct deposit *d)
{
	for (const struct deposit_rcpt *r = d->rcpts; r; r = r->next)
		if (r->way != DEPOSIT_WAY_MAILBOX)
			return true;
	return false;
}

static bool
is_of_queue(const struct deposit *d)
{
	return str_eq(d->folder, STR(QUEUE_FOLDER));
}

/* The file in the queue's folder. */
static enum fail
link_for_queue(struct deposit *d)
{
	enum fail fail = FAIL_NONE;

	if (is_of_queue(d))
		d->queue_blob = d->blob;
	else if (has_queued(d))
		fail = blob_link(mail_blobs(d->mail), d->folder, blob_name_str(&d->blob),
		    STR(QUEUE_FOLDER), &d->queue_blob);
	return fail == FAIL_MISSING ? FAIL_TEMP : fail;
}

/* RFC 3461 4.1: what a sender hears of whom it named twice is what it asked for either time. */
static unsigned
merge_notify(unsigned one, unsigned other)
{
	const unsigned usual = NOTIFY_FAILURE | NOTIFY_DELAY;
	unsigned both;

	if (one == other)
		return one;
	both = (one == 0 ? usual : one) | (other == 0 ? usual : other);
	return both == NOTIFY_NEVER ? both : both & ~(unsigned)NOTIFY_NEVER;
}

/* The one of them that is the same recipient, or NULL. */
static struct envelope_rcpt *
find_same(struct envelope_rcpt *rcpts, size_t count, struct str address)
{
	for (size_t i = 0; i < count; i++)
		if (path_is_same(rcpts[i].address, address))
			return &rcpts[i];
	return NULL;
}

/* Recipients that go this way, as the queue wants them: each once, however often it was named. How many. */
static size_t
gather(const struct deposit *d, enum deposit_way way, struct envelope_rcpt *out)
{
	size_t count = 0;

	for (const struct deposit_rcpt *r = d->rcpts; r; r = r->next) {
		struct envelope_rcpt *same;

		if (r->way != way)
			continue;
		same = find_same(out, count, r->to);
		if (same) {
			same->notify = merge_notify(same->notify, r->envelope.notify);
			continue;
		}
		out[count] = r->envelope;
		out[count++].address = r->to;
	}
	return count;
}

static enum fail
enqueue(struct deposit *d, enum deposit_way way, uint64_t *id_out)
{
	struct envelope_rcpt *rcpts = mem_new(d->rcpt_count, sizeof *rcpts);
	struct queue_new new = { .envelope = d->envelope,
		.rcpts = rcpts,
		.rcpt_count = gather(d, way, rcpts),
		.account = d->is_queued ? STR(QUEUE_FOLDER) : STR(""),
		.blob = blob_name_str(&d->queue_blob),
		.skip = d->skip,
		.helo = d->helo,
		.owner = d->owner,
		.submission = d->submission,
		.traits = d->traits,
		.log_id = d->log_id,
		.is_remote = way == DEPOSIT_WAY_REMOTE,
		.is_home = way == DEPOSIT_WAY_HOME };
	enum fail fail = FAIL_NONE;

	if (new.rcpt_count > 0) {
		fail = queue_add(d->queue, &new, id_out);
		d->is_queued |= fail == FAIL_NONE;
	}
	mem_free(rcpts);
	return fail;
}

/* All kinds, or none; ids are 0 where nothing was added. */
static enum fail
enqueue_all(struct deposit *d)
{
	static const enum deposit_way ways[ARRAY_LEN(d->ids)] = { DEPOSIT_WAY_LOOKUP,
		DEPOSIT_WAY_REMOTE, DEPOSIT_WAY_HOME };
	enum fail fail = link_for_queue(d);

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		d->ids[i] = 0;
		if (fail == FAIL_NONE)
			fail = enqueue(d, ways[i], &d->ids[i]);
	}
	d->is_queue_full = fail == FAIL_LIMIT;
	return fail;
}

static void
dequeue_all(struct deposit *d)
{
	for (size_t i = 0; i < ARRAY_LEN(d->ids); i++) {
		if (d->ids[i] != 0)
			queue_drop(d->queue, d->ids[i]);
		d->ids[i] = 0;
	}
}

/* --- mailboxes --------------------------------------------------------------------------------------------- */

enum fail
deposit_check_room(const struct deposit *d, uint64_t bytes)
{
	for (size_t i = 0; i < d->targets->count; i++) {
		const struct delivery_target *target = &d->targets->targets[i];
		struct account *account;
		enum fail fail = account_open(d->mail, target->account, &target->limits, &account);

		if (fail != FAIL_NONE)
			return fail;
		fail = account_room(account, bytes);
		account_close(&account);
		if (fail != FAIL_NONE)
			return fail;
	}
	return FAIL_NONE;
}

static struct delivery
delivery_of(const struct deposit *d)
{
	return (struct delivery){ .account = d->folder,
		.blob = blob_name_str(&d->blob),
		.sender = d->envelope->sender,
		.is_tls_must = d->envelope->is_tls_must,
		.received_s = clock_wall_s(),
		.is_junk = (d->traits & QUEUE_JUNK) != 0,
		.is_all_or_none = !d->is_each_told };
}

static enum fail
store_all(const struct deposit *d)
{
	struct delivery delivery = delivery_of(d);

	return d->targets->count > 0 ? delivery_store(d->mail, &delivery, d->targets) : FAIL_NONE;
}

/* RFC 3461 4.1: who asked for it hears that the message is in the mailbox. */
static enum fail
tell_success(struct deposit *d)
{
	struct dsn_rcpt *news = mem_new(d->rcpt_count, sizeof *news);
	struct queue_news report = { .envelope = d->envelope,
		.rcpts = news,
		.helo = d->helo,
		.arrived_s = clock_wall_s(),
		.traits = d->traits };
	struct blob_map map = { .is_mapped = false };
	enum fail fail = FAIL_NONE;

	for (const struct deposit_rcpt *r = d->rcpts; r; r = r->next) {
		if (r->way != DEPOSIT_WAY_MAILBOX || !(r->envelope.notify & NOTIFY_SUCCESS) ||
		    deposit_outcome(d, r) != FAIL_NONE)
			continue;
		news[report.rcpt_count++] = (struct dsn_rcpt){ .rcpt = &r->envelope,
			.action = DSN_DELIVERED,
			.status = STATUS(2, 1, 5),
			.last_try_s = report.arrived_s,
			.log_id = d->log_id };
	}
	if (report.rcpt_count > 0)
		fail = blob_map(mail_blobs(d->mail), d->folder, blob_name_str(&d->blob), &map);
	if (fail == FAIL_NONE && report.rcpt_count > 0) {
		report.message = str_from(map.bytes, d->skip);
		fail = queue_tell(d->queue, &report);
	}
	blob_unmap(&map);
	mem_free(news);
	return fail;
}

/* Behind what was stored: it takes nothing from the mail when something of this cannot be written. */
static void
follow(struct deposit *d)
{
	struct delivery delivery = delivery_of(d);

	if (tell_success(d) != FAIL_NONE)
		log_warn(&d->queue->log, "queue.report.lost", LOG_TEXT("id", d->log_id));
	if (d->targets->count > 0)
		queue_follow(d->queue, &delivery, d->targets);
}

/* --- all of it --------------------------------------------------------------------------------------------- */

enum fail
deposit_outcome(const struct deposit *d, const struct deposit_rcpt *r)
{
	return r->way == DEPOSIT_WAY_MAILBOX ? delivery_outcome(d->targets, r->envelope.address)
					     : d->queued;
}

/* With one reply for all, what fails takes back what went well. */
static enum fail
deposit_for_all(struct deposit *d)
{
	enum fail fail = d->queued;

	if (fail == FAIL_NONE)
		fail = store_all(d);
	if (fail != FAIL_NONE)
		dequeue_all(d);
	return fail;
}

void
deposit_start(struct deposit *d, struct task *owner)
{
	bool is_binary = d->envelope->body == BODY_BINARYMIME;
	enum fail fail = FAIL_NONE;

	if (is_binary)
		d->envelope->body = BODY_8BITMIME; /* from here on */
	d->folder = deposit_content_folder(d->envelope, d->targets);
	if (is_binary)
		fail = tame_binary(d);
	if (fail == FAIL_NONE)
		blob_put_start(d->content, &d->put, owner);
	d->fail = fail;
}

/* It was put: now copies for whoever keeps one. */
static void
reach_start(struct deposit *d)
{
	struct str name = blob_writer_name(d->content);

	delivery_reach_start(&d->reach, d->mail, d->folder, name, d->targets, d->put.op.owner);
	if (!is_of_queue(d) && has_queued(d))
		blob_copy_start(mail_blobs(d->mail), &d->to_queue, d->put.op.owner, d->folder, name,
		    STR(QUEUE_FOLDER));
}

bool
deposit_is_ready(struct deposit *d)
{
	if (d->fail != FAIL_NONE)
		return true;
	if (op_pending(&d->put.op))
		return false;
	d->fail = d->put.op.fail;
	if (d->fail != FAIL_NONE)
		return true;
	if (!delivery_reach_is_started(&d->reach))
		reach_start(d);
	return delivery_reach_is_done(&d->reach) && !op_pending(&d->to_queue.op);
}

void
deposit_release(struct deposit *d)
{
	delivery_reach_release(&d->reach);
	blob_wait_release(&d->to_queue);
	blob_wait_release(&d->put);
	blob_write_cancel(&d->tamed);
	*d = (struct deposit){ .queue = NULL };
}

enum fail
deposit_run(struct deposit *d)
{
	enum fail fail = d->fail;

	if (fail == FAIL_NONE)
		fail = blob_write_finish(d->content, &d->blob);
	if (fail != FAIL_NONE)
		return fail == FAIL_SYNTAX ? fail : FAIL_TEMP;
	d->queued = enqueue_all(d);
	if (d->is_each_told) {
		if (d->queued != FAIL_NONE)
			dequeue_all(d);
		fail = store_all(d);
	} else {
		fail = deposit_for_all(d);
	}
	follow(d);
	return fail;
}
