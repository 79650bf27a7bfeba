/* The life of a call: its steps, pauses and tries. */
#include "s3/inner.h"

/* system */
#include <assert.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "crypto/random.h"

#define PAUSE_FIRST_MS 200
#define PAUSE_MAX_MS   10000
#define DOCUMENT_MAX   ((size_t)4 << 20) /* bytes: 10000 parts of 120 */
#define RESTARTS_MAX   3                 /* of one upload */

const char *const s3_step_names[] = { "put", "begin", "part", "complete", "abort", "get", "copy",
	"delete", "list" };

static_assert(ARRAY_LEN(s3_step_names) == S3_STEP_COUNT, "every step has its name");

/* An upload in parts that nobody waits for any more. */
struct s3_abort {
	struct list_node node;
	struct s3_call call;
};

/* --- ends ---------------------------------------------------------------------------------- */

static void
say_failed(const struct s3_call *c, enum fail fail)
{
	if (fail == FAIL_NONE || fail == FAIL_MISSING)
		return;
	log_warn(&s3_log, "s3.failed", LOG_TEXT("step", str_c(s3_step_names[c->step])),
	    LOG_TEXT("server", c->s3->settings->endpoint), LOG_TEXT("key", buf_str(&c->key)),
	    LOG_TEXT("why", str_c(c->reason)), LOG_NUM("status", c->status),
	    LOG_TEXT("code", c->error.code), LOG_TEXT("message", c->error.message),
	    LOG_NUM("tries", c->tries));
}

/* The server may keep parts for ever: tell it that they are not wanted. One call, with its tries, is enough. */
static void
give_up_upload(struct s3_call *c)
{
	struct s3 *s = c->s3;
	struct s3_abort *a;

	if (c->upload_id.n == 0 || c->step == S3_ABORT)
		return;
	a = mem_new(1, sizeof *a);
	op_begin(&a->call.op, &s->task);
	a->call.s3 = s;
	a->call.step = S3_ABORT;
	a->call.key = c->key;
	a->call.upload_id = c->upload_id;
	buf_init(&c->key, S3_KEY_MAX);
	buf_init(&c->upload_id, S3_UPLOAD_ID_MAX);
	list_append(&s->aborts, &a->node);
	task_wake(&s->task);
}

/* Everything but the answer is given back. */
static void
detach(struct s3_call *c)
{
	if (c->s3 == NULL || c->state == S3_OFF)
		return;
	c->state = S3_OFF;
	http_fetch_release(&c->fetch);
	timer_stop(c->s3->loop, &c->timer);
	task_cancel(&c->task);
}

static enum s3_call_state
end(struct s3_call *c, enum fail fail)
{
	struct s3 *s = c->s3;

	say_failed(c, fail);
	s->counts.failed += fail != FAIL_NONE && fail != FAIL_MISSING;
	if (fail != FAIL_NONE)
		give_up_upload(c);
	http_fetch_release(&c->fetch);
	timer_stop(s->loop, &c->timer);
	op_finish(&c->op, fail);
	return S3_OFF;
}

/* --- steps --------------------------------------------------------------------------------- */

/* A new step has all the time again: a long upload is not over because it is long. */
static enum s3_call_state
begin(struct s3_call *c, enum s3_step step)
{
	c->step = step;
	c->tries = 0;
	c->deadline_ms = clock_mono_ms() + c->s3->settings->retry_ms;
	s3_request_send(c);
	return S3_TRY;
}

/* <CompleteMultipartUpload>: each part by its number and ETag */
static void
write_document(struct s3_call *c)
{
	struct buf *d = &c->document;

	buf_init(d, DOCUMENT_MAX);
	buf_add(d, STR("<CompleteMultipartUpload>"));
	for (size_t i = 0; i < c->sums->part_count; i++) {
		buf_add(d, STR("<Part><PartNumber>"));
		buf_add_u64(d, i + 1);
		buf_add(d, STR("</PartNumber><ETag>&quot;"));
		buf_add_hex(d, str_of(c->sums->parts[i].md5, S3_MD5_BYTES));
		buf_add(d, STR("&quot;</ETag></Part>"));
	}
	buf_add(d, STR("</CompleteMultipartUpload>"));
}

/* It took without what it had refused with a checksum: the others need not try. */
static void
learn(const struct s3_call *c)
{
	if (!c->is_plain || c->s3->is_plain)
		return;
	c->s3->is_plain = true;
	log_info(&s3_log, "s3.plain", LOG_TEXT("refused", STR("x-amz-checksum-sha256")));
}

static enum s3_call_state
next(struct s3_call *c)
{
	c->s3->is_down = false;
	switch (c->step) {
	case S3_BEGIN: c->part = 0; return begin(c, S3_PART);
	case S3_PART:
		c->part++;
		if (c->part < c->sums->part_count)
			return begin(c, S3_PART);
		buf_release(&c->document);
		write_document(c);
		return begin(c, S3_COMPLETE);
	case S3_PUT: learn(c); break;
	case S3_COMPLETE:
	case S3_ABORT:
	case S3_GET:
	case S3_COPY:
	case S3_DELETE:
	case S3_LIST:
	case S3_STEP_COUNT: break;
	}
	return end(c, FAIL_NONE);
}

/* Twice as long each time, and not all at once: half of it is chance. */
static int64_t
pause_ms(const struct s3_call *c)
{
	unsigned shift = c->tries < 8 ? c->tries : 8;
	int64_t most = i64_min((int64_t)PAUSE_FIRST_MS << shift, PAUSE_MAX_MS);

	return most / 2 + (int64_t)random_below((uint64_t)most / 2 + 1);
}

static enum s3_call_state
try_again(struct s3_call *c)
{
	struct s3 *s = c->s3;
	int64_t until = clock_mono_ms() + pause_ms(c);

	c->tries++;
	log_debug(&s3_log, "s3.again", LOG_TEXT("step", str_c(s3_step_names[c->step])),
	    LOG_TEXT("key", buf_str(&c->key)), LOG_TEXT("why", str_c(c->reason)),
	    LOG_NUM("status", c->status));
	if (s->is_down || until > c->deadline_ms) {
		s->is_down = true;
		return end(c, FAIL_TEMP);
	}
	http_fetch_release(&c->fetch);
	timer_start(s->loop, &c->timer, &c->task, until);
	return S3_PAUSE;
}

static enum s3_call_state
restart(struct s3_call *c)
{
	buf_clear(&c->upload_id);
	if (c->restarts++ >= RESTARTS_MAX || c->sums == NULL)
		return end(c, FAIL_TEMP);
	return begin(c, S3_BEGIN);
}

static enum s3_call_state
conclude(struct s3_call *c)
{
	enum fail fail;

	switch (s3_judge(c, &fail)) {
	case S3_DONE: return next(c);
	case S3_AGAIN: return try_again(c);
	case S3_RESTART: return restart(c);
	case S3_PLAIN: c->is_plain = true; return begin(c, c->step);
	case S3_FAILED: break;
	}
	c->s3->is_down = false;
	c->tries++;
	return end(c, fail);
}

static enum step
call_step(struct task *task)
{
	struct s3_call *c = container_of(task, struct s3_call, task);

	for (unsigned turn = 0; turn < TASK_TURNS_MAX; turn++) {
		switch (c->state) {
		case S3_OFF: return STEP_WAIT;
		case S3_TRY:
			if (c->step == S3_GET && !s3_take_bytes(c))
				http_fetch_cancel(&c->fetch);
			if (op_pending(&c->fetch.op))
				return STEP_WAIT;
			c->state = conclude(c);
			break;
		case S3_PAUSE:
			if (!c->timer.has_fired)
				return STEP_WAIT;
			s3_request_send(c);
			c->state = S3_TRY;
			break;
		}
	}
	return STEP_YIELD;
}

/* --- starting ------------------------------------------------------------------------------ */

static void
start(struct s3 *s, struct s3_call *c, struct task *owner, struct str key)
{
	invariant(!op_pending(&c->op));
	s3_call_release(c);
	op_begin(&c->op, owner);
	c->s3 = s;
	c->reason = "";
	c->timer.owner = &c->task;
	s->counts.calls++;
	loop_task(s->loop, &c->task, call_step, NULL);
	buf_init(&c->key, S3_KEY_MAX);
	buf_init(&c->from, S3_KEY_MAX);
	buf_init(&c->upload_id, S3_UPLOAD_ID_MAX);
	buf_add(&c->key, s->settings->prefix);
	buf_add(&c->key, key);
}

static void
go(struct s3_call *c, enum s3_step step)
{
	c->step = step;
	if (!buf_ok(&c->key) || !buf_ok(&c->from)) {
		c->reason = "the name is too long";
		c->state = end(c, FAIL_PERM);
		return;
	}
	c->state = begin(c, step);
	task_wake(&c->task);
}

void
s3_put_start(struct s3 *s, struct s3_call *c, struct task *owner, struct str key, struct str body,
    const struct s3_sums *sums)
{
	invariant(sums->has_ended && sums->size == body.n);
	start(s, c, owner, key);
	c->body = body;
	c->sums = sums;
	go(c, body.n > S3_PART_BYTES ? S3_BEGIN : S3_PUT);
}

void
s3_get_start(struct s3 *s, struct s3_call *c, struct task *owner, struct str key, int fd,
    uint64_t size)
{
	start(s, c, owner, key);
	c->fd = fd;
	c->size = size;
	go(c, S3_GET);
}

void
s3_copy_start(struct s3 *s, struct s3_call *c, struct task *owner, struct str from, struct str to)
{
	start(s, c, owner, to);
	buf_add(&c->from, s->settings->prefix);
	buf_add(&c->from, from);
	go(c, S3_COPY);
}

void
s3_delete_start(struct s3 *s, struct s3_call *c, struct task *owner, struct str key)
{
	start(s, c, owner, key);
	go(c, S3_DELETE);
}

void
s3_list_start(struct s3 *s, struct s3_call *c, struct task *owner, struct str prefix,
    struct str after)
{
	start(s, c, owner, prefix);
	if (!str_empty(after)) {
		buf_add(&c->from, s->settings->prefix);
		buf_add(&c->from, after);
	}
	go(c, S3_LIST);
}

enum fail
s3_wait(struct s3 *s, struct s3_call *c)
{
	while (op_pending(&c->op))
		loop_turn(s->loop, -1);
	return c->op.fail;
}

void
s3_call_cancel(struct s3_call *c)
{
	if (c->s3 && c->state != S3_OFF)
		give_up_upload(c);
	detach(c);
	op_drop(&c->op);
}

void
s3_call_release(struct s3_call *c)
{
	s3_call_cancel(c);
	if (c->s3)
		task_cancel(&c->task);
	buf_release(&c->key);
	buf_release(&c->from);
	buf_release(&c->upload_id);
	buf_release(&c->document);
	s3_page_release(&c->page);
	*c = (struct s3_call){ .status = 0 };
}

/* --- uploads that are given up ------------------------------------------------------------- */

static void
abort_free(struct s3_abort *a)
{
	list_remove(&a->node);
	s3_call_release(&a->call);
	mem_free(a);
}

static enum step
abort_step(struct task *task)
{
	struct s3 *s = container_of(task, struct s3, task);
	struct list_node *after;

	for (struct list_node *n = list_first(&s->aborts); n; n = after) {
		struct s3_abort *a = container_of(n, struct s3_abort, node);
		struct s3_call *c = &a->call;

		after = list_next(&s->aborts, n);
		if (!op_pending(&c->op)) {
			abort_free(a);
		} else if (c->state == S3_OFF) {
			loop_task(s->loop, &c->task, call_step, NULL);
			c->timer.owner = &c->task;
			c->state = begin(c, S3_ABORT);
			task_wake(&c->task);
		}
	}
	return STEP_WAIT;
}

void
s3_aborts_init(struct s3 *s)
{
	loop_task(s->loop, &s->task, abort_step, NULL);
}

void
s3_aborts_release(struct s3 *s)
{
	struct list_node *n;

	while ((n = list_first(&s->aborts)) != NULL)
		abort_free(container_of(n, struct s3_abort, node));
	task_cancel(&s->task);
}
