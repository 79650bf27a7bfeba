#include "mail/submission.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/submission_inner.h"
#include "mail/submission_record.h"

const struct str submission_undo_names[SUBMISSION_UNDO_COUNT] = { STR_INIT("pending"),
	STR_INIT("final"), STR_INIT("canceled") };
const struct str submission_delivered_names[SUBMISSION_DELIVERED_COUNT] = { STR_INIT("queued"),
	STR_INIT("yes"), STR_INIT("no"), STR_INIT("unknown") };

/* --- within an edit -------------------------------------------------------------------------------- */

enum fail
submission_load(struct edit *e, uint64_t id, struct submission *out)
{
	struct thing thing;
	enum fail fail = thing_get(e->txn, e->account, CHANGE_SUBMISSION, id, &thing);
	struct str body = fail ? (struct str){ 0 } : arena_str(&e->arena, thing.body);

	if (fail == FAIL_NONE && !body.p)
		fail = FAIL_LIMIT;
	if (fail == FAIL_NONE)
		fail = submission_record_read(body, &e->arena, out);
	out->id = id;
	return fail;
}

enum fail
submission_put(struct edit *e, const struct submission *s)
{
	struct buf body;
	enum fail fail = FAIL_LIMIT;

	buf_init(&body, THINGS_PUT_MAX);
	submission_record_write(&body, s);
	if (buf_ok(&body))
		fail = thing_put(e, CHANGE_SUBMISSION, s->id, buf_str(&body));
	buf_release(&body);
	return fail;
}

/* --- making ---------------------------------------------------------------------------------------- */

/* Room for one more: the oldest that nothing can come of any more goes. FAIL_LIMIT: there is none. */
static enum fail
prune(struct edit *e)
{
	struct submission s;
	struct thing thing;
	struct cursor c;
	uint64_t oldest = 0;
	size_t count = 0;
	enum fail fail;

	things_scan(e->txn, &c, e->account, CHANGE_SUBMISSION, false);
	while (things_next(&c, &thing)) {
		count++;
		if (oldest == 0 &&
		    (submission_record_read(thing.body, NULL, &s) != FAIL_NONE ||
			s.undo != SUBMISSION_PENDING))
			oldest = thing.id;
	}
	fail = cursor_end(&c);
	if (fail || count < SUBMISSIONS_MAX)
		return fail;
	return oldest ? thing_drop(e, CHANGE_SUBMISSION, oldest) : FAIL_LIMIT;
}

static enum fail
reserve_run(struct edit *e, void *arg)
{
	uint64_t *id = arg;
	enum fail fail = prune(e);

	*id = fail ? 0 : thing_id(e);
	return fail;
}

enum fail
submission_reserve(struct account *a, uint64_t *id_out)
{
	return edit_run(a, NULL, reserve_run, id_out);
}

static enum fail
add_run(struct edit *e, void *arg)
{
	return submission_put(e, arg);
}

static size_t
address_bytes(const struct submission_address *a)
{
	size_t n = a->email.n + 8; /* and what the record needs for lengths */

	for (size_t i = 0; i < a->param_count; i++)
		n += a->params[i].name.n + a->params[i].value.n + 8;
	return n;
}

size_t
submission_envelope_bytes(const struct submission *s)
{
	size_t n = address_bytes(&s->from);

	for (size_t i = 0; i < s->rcpt_count; i++)
		n += address_bytes(&s->rcpts[i].address);
	return n;
}

enum fail
submission_add(struct account *a, const struct submission *new)
{
	struct submission s = *new;

	if (new->rcpt_count > SUBMISSION_RCPTS_MAX ||
	    submission_envelope_bytes(new) > SUBMISSION_ENVELOPE_MAX)
		return FAIL_LIMIT;
	return edit_run(a, NULL, add_run, &s);
}

/* --- changing -------------------------------------------------------------------------------------- */

static enum fail
cancel_run(struct edit *e, void *arg)
{
	const uint64_t *id = arg;
	struct submission s;
	enum fail fail = submission_load(e, *id, &s);

	if (fail)
		return fail;
	if (s.undo != SUBMISSION_PENDING)
		return FAIL_DENIED;
	s.undo = SUBMISSION_CANCELED;
	for (size_t i = 0; i < s.rcpt_count; i++)
		if (s.rcpts[i].delivered == SUBMISSION_QUEUED) {
			s.rcpts[i].delivered = SUBMISSION_NO;
			s.rcpts[i].reply = STR("550 5.7.0 The sender took it back");
		}
	return submission_put(e, &s);
}

enum fail
submission_cancel(struct account *a, uint64_t id)
{
	return edit_run(a, NULL, cancel_run, &id);
}

static enum fail
remove_run(struct edit *e, void *arg)
{
	const uint64_t *id = arg;

	return thing_drop(e, CHANGE_SUBMISSION, *id);
}

enum fail
submission_remove(struct account *a, uint64_t id)
{
	return edit_run(a, NULL, remove_run, &id);
}

/* --- reading --------------------------------------------------------------------------------------- */

static enum fail
get_read(struct txn *t, void *arg)
{
	struct thing_reading *in = arg;
	struct submission *s = arena_alloc(in->arena, 1, sizeof(*s));
	struct str body;
	enum fail fail = s ? thing_copy(t, in, CHANGE_SUBMISSION, &body) : FAIL_LIMIT;

	if (fail == FAIL_NONE)
		fail = submission_record_read(body, in->arena, s);
	if (fail == FAIL_NONE)
		s->id = in->id;
	in->out = s;
	return fail;
}

enum fail
submission_get(struct account *a, uint64_t id, struct arena *arena, struct submission **out)
{
	struct thing_reading in = { .account = a, .id = id, .arena = arena };
	enum fail fail = account_read(a, get_read, &in);

	*out = fail ? NULL : in.out;
	return fail;
}

struct listing {
	struct account *account;
	struct submission *items;
	size_t count;
};

static enum fail
list_read(struct txn *t, void *arg)
{
	struct listing *in = arg;
	struct thing thing;
	struct cursor c;

	in->count = 0;
	things_scan(t, &c, in->account, CHANGE_SUBMISSION, false);
	while (in->count < SUBMISSIONS_MAX && things_next(&c, &thing)) {
		struct submission *s = &in->items[in->count];

		if (submission_record_read(thing.body, NULL, s) != FAIL_NONE)
			continue;
		s->id = thing.id;
		s->envelope_id = s->message_id = (struct str){ 0 };
		in->count++;
	}
	return cursor_end(&c);
}

enum fail
submission_list(struct account *a, struct arena *arena, struct submission **out, size_t *count_out)
{
	struct listing in = { .account = a };
	enum fail fail = account_usable(a);

	*out = in.items = arena_alloc(arena, SUBMISSIONS_MAX, sizeof(*in.items));
	if (fail == FAIL_NONE && !in.items)
		fail = FAIL_LIMIT;
	if (fail == FAIL_NONE)
		fail = store_read(a->mail->store, list_read, &in);
	*count_out = in.count;
	return fail;
}
