/*
 * A complete message goes where its recipients' copies go: into mailboxes here, into the queue. All of it is
 * in the store's one transaction of this turn, so the reply stands for all of it (D1).
 */
#include "smtp/session.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "envelope/path.h"
#include "mail/mail.h"
#include "message/seven.h"
#include "queue/dsn.h"
#include "queue/queue.h"

#define PIECE_MAX (64 * 1024) /* bytes of a message being written again */

struct deposit {            /* the finished file */
	struct str account; /* whose folder it lies in */
	struct blob_name blob;
	bool is_queued; /* the queue has a message of it: the next one takes a link */
};

/* --- binary mail ----------------------------------------------------------------------------------- */

/*
 * Write the message again with base64 in place of what is binary, headers and trace as they are.
 * FAIL_SYNTAX: too intricate for that.
 */
static enum fail
write_seven(struct blob_store *blobs, struct str bytes, struct deposit *d)
{
	struct blob_writer w = { .store = NULL };
	struct seven seven;
	struct buf piece;
	enum fail fail = seven_init(&seven, bytes, SEVEN_FOR_8BIT);

	if (fail != FAIL_NONE) {
		seven_release(&seven);
		return FAIL_SYNTAX;
	}
	buf_init(&piece, PIECE_MAX);
	fail = blob_write_start(blobs, &w, d->account);
	while (fail == FAIL_NONE && seven_next(&seven, &piece)) {
		fail = blob_write(&w, buf_str(&piece));
		buf_clear(&piece);
	}
	if (fail == FAIL_NONE)
		fail = blob_write_finish(&w, &d->blob);
	blob_write_cancel(&w);
	buf_release(&piece);
	seven_release(&seven);
	return fail;
}

/* RFC 3030 3: mail stores and most hosts cannot take binary parts; the first file is nobody's then. */
static enum fail
tame_binary(struct smtp_session *s, struct deposit *d)
{
	struct blob_store *blobs = mail_blobs(s->service->mail);
	struct blob_map map;
	enum fail fail = FAIL_NONE;

	if (s->txn->envelope.body != BODY_BINARYMIME)
		return FAIL_NONE;
	fail = blob_map(blobs, d->account, blob_name_str(&d->blob), &map);
	if (fail != FAIL_NONE)
		return FAIL_TEMP;
	if (seven_needs(map.bytes) & SEVEN_NEEDS_BINARY)
		fail = write_seven(blobs, map.bytes, d);
	blob_unmap(&map);
	s->txn->envelope.body = BODY_8BITMIME;
	return fail;
}

/* --- the queue ----------------------------------------------------------------------------------------- */

/* Where the queue finds the file; empty: in its own folder, and it can have it as it is. */
static struct str
source(const struct deposit *d)
{
	return str_eq(d->account, STR(QUEUE_FOLDER)) && !d->is_queued ? STR("") : d->account;
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
gather(const struct smtp_txn *t, enum smtp_way way, struct envelope_rcpt *out)
{
	size_t count = 0;

	for (const struct smtp_rcpt *r = t->rcpts; r; r = r->next) {
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
enqueue(struct smtp_session *s, struct deposit *d, enum smtp_way way, uint64_t *id_out)
{
	struct smtp_txn *t = s->txn;
	const struct directory_account *user = smtp_user(s);
	struct envelope_rcpt *rcpts = mem_new(t->rcpt_count, sizeof *rcpts);
	struct queue_new new = { .envelope = &t->envelope,
		.rcpts = rcpts,
		.rcpt_count = gather(t, way, rcpts),
		.account = source(d),
		.blob = blob_name_str(&d->blob),
		.skip = t->skip,
		.helo = buf_str(&s->helo),
		.owner = user ? user->name : STR(""),
		.log_id = str_of(t->id, sizeof t->id),
		.is_remote = way == SMTP_WAY_REMOTE };
	enum fail fail = FAIL_NONE;

	if (new.rcpt_count > 0) {
		fail = queue_add(s->service->queue, &new, id_out);
		d->is_queued |= fail == FAIL_NONE;
	}
	mem_free(rcpts);
	return fail;
}

/* Both kinds, or none; ids are 0 where nothing was added. */
static enum fail
enqueue_all(struct smtp_session *s, struct deposit *d, uint64_t ids[2])
{
	enum fail fail;

	ids[0] = ids[1] = 0;
	fail = enqueue(s, d, SMTP_WAY_LOOKUP, &ids[0]);
	if (fail == FAIL_NONE)
		fail = enqueue(s, d, SMTP_WAY_REMOTE, &ids[1]);
	s->txn->is_queue_full = fail == FAIL_LIMIT;
	return fail;
}

static void
dequeue_all(struct smtp_session *s, const uint64_t ids[2])
{
	for (size_t i = 0; i < 2; i++)
		if (ids[i] != 0)
			queue_drop(s->service->queue, ids[i]);
}

/* --- mailboxes --------------------------------------------------------------------------------------------- */

/* Every account must have room: with one reply for all there is no telling who has it and who not. */
static enum fail
check_room(struct smtp_session *s)
{
	const struct smtp_txn *t = s->txn;

	for (size_t i = 0; i < t->targets.count; i++) {
		const struct delivery_target *target = &t->targets.targets[i];
		struct account *account;
		enum fail fail =
		    account_open(s->service->mail, target->account, &target->limits, &account);

		if (fail != FAIL_NONE)
			return fail;
		fail = account_room(account, t->intake.size);
		account_close(&account);
		if (fail != FAIL_NONE)
			return fail;
	}
	return FAIL_NONE;
}

static enum fail
store_all(struct smtp_session *s, const struct deposit *d)
{
	struct delivery delivery = { .account = d->account,
		.blob = blob_name_str(&d->blob),
		.sender = s->txn->envelope.sender,
		.received_s = clock_wall_s(),
		.is_all_or_none = !smtp_is_lmtp(s) };

	if (s->txn->targets.count == 0)
		return FAIL_NONE;
	return delivery_store(s->service->mail, &delivery, &s->txn->targets);
}

/* RFC 3461 4.1: who asked for it hears that the message is in the mailbox. */
static enum fail
tell_success(struct smtp_session *s, const struct deposit *d)
{
	struct smtp_txn *t = s->txn;
	struct dsn_rcpt *news = mem_new(t->rcpt_count, sizeof *news);
	struct queue_news report = { .envelope = &t->envelope,
		.rcpts = news,
		.helo = buf_str(&s->helo),
		.arrived_s = clock_wall_s() };
	struct blob_map map = { .is_mapped = false };
	enum fail fail = FAIL_NONE;

	for (const struct smtp_rcpt *r = t->rcpts; r; r = r->next) {
		if (r->way != SMTP_WAY_MAILBOX || !(r->envelope.notify & NOTIFY_SUCCESS) ||
		    smtp_deposited(s, r) != FAIL_NONE)
			continue;
		news[report.rcpt_count++] = (struct dsn_rcpt){ .rcpt = &r->envelope,
			.action = DSN_DELIVERED,
			.status = STATUS(2, 1, 5),
			.last_try_s = report.arrived_s,
			.log_id = str_of(t->id, sizeof t->id) };
	}
	if (report.rcpt_count > 0)
		fail = blob_map(mail_blobs(s->service->mail), d->account, blob_name_str(&d->blob),
		    &map);
	if (fail == FAIL_NONE && report.rcpt_count > 0) {
		report.message = str_from(map.bytes, t->skip);
		fail = queue_tell(s->service->queue, &report);
	}
	blob_unmap(&map);
	mem_free(news);
	return fail;
}

/* --- all of it --------------------------------------------------------------------------------------------- */

enum fail
smtp_deposited(const struct smtp_session *s, const struct smtp_rcpt *r)
{
	return r->way == SMTP_WAY_MAILBOX ? delivery_outcome(&s->txn->targets, r->envelope.address)
					  : s->txn->queued;
}

/* With one reply for all, what fails takes back what went well. */
static enum fail
deposit_for_all(struct smtp_session *s, const struct deposit *d, const uint64_t ids[2])
{
	enum fail fail = s->txn->queued;

	if (fail == FAIL_NONE)
		fail = store_all(s, d);
	if (fail != FAIL_NONE)
		dequeue_all(s, ids);
	return fail;
}

enum fail
smtp_deposit(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;
	struct deposit d = { .account = t->targets.count > 0 ? t->targets.targets[0].account
							     : STR(QUEUE_FOLDER) };
	uint64_t ids[2] = { 0, 0 };
	enum fail fail = smtp_is_lmtp(s) ? FAIL_NONE : check_room(s);

	if (fail == FAIL_NONE)
		fail = intake_finish(&t->intake, &d.blob);
	if (fail == FAIL_NONE)
		fail = tame_binary(s, &d);
	if (fail != FAIL_NONE)
		return fail;
	t->queued = enqueue_all(s, &d, ids);
	if (smtp_is_lmtp(s)) {
		if (t->queued != FAIL_NONE)
			dequeue_all(s, ids);
		fail = store_all(s, &d);
	} else {
		fail = deposit_for_all(s, &d, ids);
	}
	/* A report that cannot be written takes nothing from the mail that was stored. */
	if (tell_success(s, &d) != FAIL_NONE)
		log_warn(&s->log, "smtp.report.lost", LOG_TEXT("id", str_of(t->id, sizeof t->id)));
	return fail;
}
