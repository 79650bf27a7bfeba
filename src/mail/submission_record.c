/* The record of a submission, within that of a small thing (thing.h). */
#include "mail/submission_record.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "store/record.h"

enum { RECORD_VERSION = 1 };

/* --- writing ------------------------------------------------------------------------------------- */

static void
address_write(struct buf *out, const struct submission_address *a)
{
	record_add_bytes(out, a->email);
	record_add_bool(out, a->has_params);
	record_add_u64(out, a->param_count);
	for (size_t i = 0; i < a->param_count; i++) {
		record_add_bytes(out, a->params[i].name);
		record_add_bool(out, a->params[i].value.p != NULL);
		record_add_bytes(out, a->params[i].value);
	}
}

static void
ids_write(struct buf *out, const uint64_t *ids, size_t count)
{
	record_add_u64(out, count);
	for (size_t i = 0; i < count; i++)
		record_add_u64(out, ids[i]);
}

void
submission_record_write(struct buf *out, const struct submission *s)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, s->identity_id);
	record_add_u64(out, s->email_id);
	record_add_u64(out, s->thread_id);
	record_add_i64(out, s->send_s);
	record_add_u64(out, s->undo);
	record_add_bytes(out, s->envelope_id);
	record_add_bytes(out, s->message_id);
	for (size_t i = 0; i < ARRAY_LEN(s->queue_ids); i++)
		record_add_u64(out, s->queue_ids[i]);
	address_write(out, &s->from);
	record_add_u64(out, s->rcpt_count);
	for (size_t i = 0; i < s->rcpt_count; i++) {
		const struct submission_rcpt *r = &s->rcpts[i];

		address_write(out, &r->address);
		record_add_bytes(out, str_head(r->reply, SUBMISSION_REPLY_MAX));
		record_add_u64(out, r->delivered);
		record_add_bool(out, r->is_displayed);
	}
	ids_write(out, s->dsns, s->dsn_count);
	ids_write(out, s->mdns, s->mdn_count);
}

/* --- reading ------------------------------------------------------------------------------------- */

/* Room for so many, or NULL: a number that no writer writes, or a full arena. */
static void *
list_room(struct record *r, struct arena *arena, size_t max, size_t size, size_t *count_out)
{
	uint32_t count = record_u32(r);
	void *room = NULL;

	if (count > max)
		r->is_bad = true;
	*count_out = r->is_bad ? 0 : count;
	if (!r->is_bad)
		room = arena_alloc(arena, (size_t)count + 1, size);
	return room;
}

static enum fail
address_read(struct record *r, struct arena *arena, struct submission_address *out)
{
	struct submission_param *params;

	*out = (struct submission_address){ .email = record_bytes(r) };
	out->has_params = record_bool(r);
	params = list_room(r, arena, SUBMISSION_PARAMS_MAX, sizeof(*params), &out->param_count);
	if (!params)
		return r->is_bad ? FAIL_PERM : FAIL_LIMIT;
	for (size_t i = 0; i < out->param_count; i++) {
		bool has_value;

		params[i].name = record_bytes(r);
		has_value = record_bool(r);
		params[i].value = record_bytes(r);
		if (!has_value)
			params[i].value = (struct str){ 0 };
	}
	out->params = params;
	return FAIL_NONE;
}

static enum fail
rcpts_read(struct record *r, struct arena *arena, struct submission *out)
{
	enum fail fail = FAIL_NONE;

	out->rcpts =
	    list_room(r, arena, SUBMISSION_RCPTS_MAX, sizeof(*out->rcpts), &out->rcpt_count);
	if (!out->rcpts)
		return r->is_bad ? FAIL_PERM : FAIL_LIMIT;
	for (size_t i = 0; fail == FAIL_NONE && i < out->rcpt_count; i++) {
		struct submission_rcpt *rcpt = &out->rcpts[i];
		uint32_t delivered;

		fail = address_read(r, arena, &rcpt->address);
		rcpt->reply = record_bytes(r);
		delivered = record_u32(r);
		rcpt->is_displayed = record_bool(r);
		if (delivered >= SUBMISSION_DELIVERED_COUNT)
			return FAIL_PERM;
		rcpt->delivered = (enum submission_delivered)delivered;
	}
	return fail;
}

static enum fail
ids_read(struct record *r, struct arena *arena, uint64_t **out, size_t *count_out)
{
	/* one more than is kept, for what is about to be added */
	uint64_t *ids = list_room(r, arena, SUBMISSION_REPORTS_MAX, sizeof(*ids), count_out);

	if (!ids)
		return r->is_bad ? FAIL_PERM : FAIL_LIMIT;
	for (size_t i = 0; i < *count_out; i++)
		ids[i] = record_u64(r);
	*out = ids;
	return FAIL_NONE;
}

enum fail
submission_record_read(struct str value, struct arena *arena, struct submission *out)
{
	struct record r;
	uint32_t undo;
	enum fail fail;

	record_read(&r, value);
	*out = (struct submission){ .identity_id = record_u64(&r) };
	out->email_id = record_u64(&r);
	out->thread_id = record_u64(&r);
	out->send_s = record_i64(&r);
	undo = record_u32(&r);
	out->envelope_id = record_bytes(&r);
	out->message_id = record_bytes(&r);
	for (size_t i = 0; i < ARRAY_LEN(out->queue_ids); i++)
		out->queue_ids[i] = record_u64(&r);
	if (undo >= SUBMISSION_UNDO_COUNT)
		return FAIL_PERM;
	out->undo = (enum submission_undo)undo;
	if (!arena)
		return record_end(&r);
	fail = address_read(&r, arena, &out->from);
	if (fail == FAIL_NONE)
		fail = rcpts_read(&r, arena, out);
	if (fail == FAIL_NONE)
		fail = ids_read(&r, arena, &out->dsns, &out->dsn_count);
	if (fail == FAIL_NONE)
		fail = ids_read(&r, arena, &out->mdns, &out->mdn_count);
	return fail ? fail : record_end(&r);
}
