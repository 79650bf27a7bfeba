/* A message's entry in the store, as a whole (inner.h). */
#include "queue/inner.h"

enum fail
queue_message_get(struct txn *t, uint64_t id, struct queue_message *out, struct buf *copy)
{
	struct key k = queue_key_message(id);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail != FAIL_NONE)
		return fail;
	buf_clear(copy);
	buf_add(copy, value);
	fail = queue_message_read(buf_str(copy), out);
	out->id = id;
	return fail;
}

enum fail
queue_message_put(struct txn *t, const struct queue_message *m)
{
	struct key k = queue_key_message(m->id);
	struct buf value;
	enum fail fail;

	buf_init(&value, STORE_VALUE_MAX);
	queue_message_write(&value, m);
	fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	return fail;
}

enum fail
queue_rcpt_put(struct txn *t, const struct queue_rcpt *r)
{
	struct key k = queue_key_rcpt(r->message, r->n);
	struct buf value;
	enum fail fail;

	buf_init(&value, STORE_VALUE_MAX);
	queue_rcpt_write(&value, r);
	fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	return fail;
}

enum fail
queue_blob_put(struct txn *t, const struct queue_message *m)
{
	struct key k = queue_key_blob(m->blob);
	struct buf value;
	enum fail fail;

	buf_init(&value, STORE_VALUE_MAX);
	record_begin(&value, 1);
	record_add_u64(&value, m->id);
	fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	return fail;
}

enum fail
queue_message_delete(struct queue *q, struct txn *t, const struct queue_message *m)
{
	struct key k = queue_key_message(m->id), blob = queue_key_blob(m->blob);
	struct key time = queue_key_time(m->time_s, m->id), count = queue_key(QUEUE_COUNT);
	struct key held = queue_key_held(m->id);
	int64_t left;
	enum fail fail = txn_delete(t, key_str(&k));

	if (fail == FAIL_NONE)
		fail = txn_delete(t, key_str(&blob));
	if (fail == FAIL_NONE && m->time_s != 0)
		fail = txn_delete(t, key_str(&time));
	if (fail == FAIL_NONE && m->is_held)
		fail = txn_delete(t, key_str(&held));
	if (fail == FAIL_NONE)
		fail = txn_add(t, key_str(&count), -1, &left);
	if (fail == FAIL_NONE)
		fail = blob_delete_later(q->house.blobs, t, STR(QUEUE_FOLDER), m->blob);
	return fail;
}

/* The time key follows the message's time; 0: none. */
enum fail
queue_message_retime(struct txn *t, struct queue_message *m, int64_t time_s)
{
	struct key was = queue_key_time(m->time_s, m->id), now = queue_key_time(time_s, m->id);
	enum fail fail = m->time_s != 0 ? txn_delete(t, key_str(&was)) : FAIL_NONE;

	if (fail == FAIL_NONE && time_s != 0)
		fail = txn_put(t, key_str(&now), STR(""));
	m->time_s = time_s;
	return fail;
}
