/* The commands about the queue (command.h). */
#include "server/commands.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/json_writer.h"
#include "codec/utf8.h"
#include "message/date.h"
#include "queue/admin.h"
#include "server/server.h"

#define LIST_SLICE       50          /* messages listed before others run, and .. */
#define LIST_SLICE_BYTES (64 * 1024) /* .. of their lines: one may have a thousand recipients */

/* --- writing ---------------------------------------------------------------------------------------------- */

static void
add_time(struct buf *out, int64_t time_s)
{
	date_write_3339(out, time_s, 0);
}

static void
json_time(struct json_writer *w, const char *name, int64_t time_s)
{
	struct buf text;

	json_name(w, str_c(name));
	if (time_s == 0) {
		json_null(w);
		return;
	}
	buf_init(&text, 40);
	add_time(&text, time_s);
	json_string(w, buf_str(&text));
	buf_release(&text);
}

/* "in 5m", "now", "held" */
static void
add_wait(struct buf *out, int64_t next_s)
{
	int64_t wait_s = next_s - clock_wall_s();

	if (next_s == 0) {
		buf_add(out, STR("held"));
	} else if (wait_s <= 0) {
		buf_add(out, STR("now"));
	} else {
		buf_add(out, STR("in "));
		buf_add_i64(out,
		    wait_s >= 7200      ? wait_s / 3600
			: wait_s >= 120 ? wait_s / 60
					: wait_s);
		buf_add_char(out, wait_s >= 7200 ? 'h' : wait_s >= 120 ? 'm' : 's');
	}
}

static void
add_status(struct buf *out, const struct queue_last *last)
{
	if (last->code != 0) {
		buf_add_u64(out, last->code);
		buf_add_char(out, ' ');
	}
	status_write(out, last->status);
}

/* --- one message -------------------------------------------------------------------------------------------- */

static void
json_rcpt(struct command_run *r, struct json_writer *w, const struct queue_entry *e,
    const struct queue_rcpt *rcpt)
{
	struct buf status;

	json_object_begin(w);
	json_name_string(w, STR("address"), rcpt->envelope.address);
	json_name_string(w, STR("site"), rcpt->site);
	json_name_int(w, STR("tries"), rcpt->attempts);
	json_time(w, "nextTry", queue_next_try(r->server->queue, e, rcpt));
	json_time(w, "lastTry", rcpt->last.time_s);
	if (rcpt->last.time_s != 0) {
		buf_init(&status, 20);
		status_write(&status, rcpt->last.status);
		json_name_int(w, STR("code"), rcpt->last.code);
		json_name_string(w, STR("status"), buf_str(&status));
		json_name_string(w, STR("reply"), rcpt->last.text);
		json_name_string(w, STR("host"), rcpt->last.remote);
		buf_release(&status);
	}
	json_object_end(w);
	buf_add_char(w->out, '\n'); /* a thousand of them are no line for the control socket */
}

static void
json_entry(struct command_run *r, const struct queue_entry *e)
{
	struct json_writer w = { .out = &r->out };
	const struct queue_message *m = &e->message;

	json_object_begin(&w);
	json_name_int(&w, STR("id"), (int64_t)m->id);
	json_name_string(&w, STR("logId"), m->log_id);
	json_name_string(&w, STR("sender"), m->envelope.sender);
	json_name_string(&w, STR("account"), m->owner);
	json_time(&w, "arrived", m->arrived_s);
	json_time(&w, "expires", m->expires_s);
	json_name_int(&w, STR("size"), (int64_t)blob_name_size(m->blob));
	json_name_int(&w, STR("priority"), m->envelope.priority);
	json_name_bool(&w, STR("held"), m->is_held);
	json_name(&w, STR("recipients"));
	json_array_begin(&w);
	for (size_t i = 0; i < e->rcpt_count; i++)
		json_rcpt(r, &w, e, &e->rcpts[i]);
	json_array_end(&w);
	json_object_end(&w);
}

static void
text_rcpt(struct command_run *r, const struct queue_entry *e, const struct queue_rcpt *rcpt)
{
	struct buf *out = &r->out;

	buf_add(out, STR("    "));
	utf8_write_plain(out, rcpt->envelope.address);
	buf_add(out, STR("  next try "));
	add_wait(out, queue_next_try(r->server->queue, e, rcpt));
	buf_add(out, STR(", tries "));
	buf_add_u64(out, rcpt->attempts);
	if (rcpt->last.time_s != 0) {
		buf_add(out, STR("\n        "));
		utf8_write_plain(out, rcpt->last.remote);
		buf_add_c(out, str_empty(rcpt->last.remote) ? "" : ": ");
		add_status(out, &rcpt->last);
		buf_add_char(out, ' ');
		utf8_write_plain(out, rcpt->last.text);
	}
	buf_add_char(out, '\n');
}

static void
text_entry(struct command_run *r, const struct queue_entry *e)
{
	struct buf *out = &r->out;
	const struct queue_message *m = &e->message;

	buf_add_u64(out, m->id);
	buf_add(out, STR("  "));
	add_time(out, m->arrived_s);
	buf_add(out, STR("  "));
	buf_add_u64(out, blob_name_size(m->blob));
	buf_add(out, STR(" bytes  from <"));
	utf8_write_plain(out, m->envelope.sender);
	buf_add_char(out, '>');
	buf_add_c(out, m->is_held ? "  held\n" : "\n");
	for (size_t i = 0; i < e->rcpt_count; i++)
		text_rcpt(r, e, &e->rcpts[i]);
}

/* --- queue list ------------------------------------------------------------------------------------------------ */

bool
command_queue_list(struct command_run *r)
{
	if (r->is_json && r->count == 0 && r->at == 0)
		buf_add(&r->out, STR("[\n"));
	for (size_t i = 0; i < LIST_SLICE && r->out.n < LIST_SLICE_BYTES; i++) {
		struct queue_entry e;
		enum fail fail = queue_entry_next(r->server->queue, r->at, &r->arena, &e);

		if (fail == FAIL_MISSING) {
			buf_add_c(&r->out,
			    r->is_json          ? "]\n"
				: r->count == 0 ? "the queue is empty\n"
						: "");
			return false;
		}
		if (fail != FAIL_NONE)
			return command_fail(r, STR("queue"), "cannot be read");
		if (r->is_json && r->count > 0)
			buf_add(&r->out, STR(",\n"));
		r->at = e.message.id;
		r->count++;
		if (r->is_json)
			json_entry(r, &e);
		else
			text_entry(r, &e);
		if (r->is_json)
			buf_add_char(&r->out, '\n');
		arena_reset(&r->arena);
	}
	return true;
}

/* --- one message by its id --------------------------------------------------------------------------------------- */

static bool
take_id(struct command_run *r, uint64_t *id)
{
	struct str text = r->arguments[0];

	if (str_u64(&text, UINT64_MAX, id) && text.n == 0)
		return true;
	(void)command_fail(r, r->arguments[0], "is not the number of a message");
	r->status = 2;
	return false;
}

bool
command_queue_show(struct command_run *r)
{
	struct queue_entry e;
	uint64_t id;

	if (!take_id(r, &id))
		return false;
	if (queue_entry_get(r->server->queue, id, &r->arena, &e) != FAIL_NONE)
		return command_fail(r, r->arguments[0], "there is no such message in the queue");
	if (r->is_json) {
		json_entry(r, &e);
		buf_add_char(&r->out, '\n');
	} else {
		text_entry(r, &e);
	}
	return false;
}

/* Change one message; the words say what became of it. */
static bool
change(struct command_run *r, enum fail (*fn)(struct queue *q, uint64_t id), const char *done)
{
	uint64_t id;
	enum fail fail;

	if (!take_id(r, &id))
		return false;
	fail = fn(r->server->queue, id);
	if (fail == FAIL_MISSING)
		return command_fail(r, r->arguments[0], "there is no such message in the queue");
	if (fail != FAIL_NONE)
		return command_fail(r, r->arguments[0], "the store cannot be written now");
	buf_add_u64(&r->out, id);
	buf_add_c(&r->out, done);
	return false;
}

bool
command_queue_hold(struct command_run *r)
{
	return change(r, queue_hold, " is held\n");
}

bool
command_queue_release(struct command_run *r)
{
	return change(r, queue_release, " is released\n");
}

bool
command_queue_cancel(struct command_run *r)
{
	return change(r, queue_cancel, " is cancelled\n");
}

/* --- queue retry ------------------------------------------------------------------------------------------------- */

static bool
retry_site(struct command_run *r, struct str site)
{
	bool is_done;
	enum fail fail = queue_retry_site(r->server->queue, site, &is_done);

	if (fail == FAIL_MISSING)
		return command_fail(r, site, "no mail waits there");
	if (fail != FAIL_NONE)
		return command_fail(r, site, "the store cannot be written now");
	if (!is_done)
		return true;
	buf_add(&r->out, site);
	buf_add(&r->out, STR(" is tried now\n"));
	return false;
}

/* All sites, one after the other, a slice of each at a time. */
static bool
retry_all(struct command_run *r)
{
	struct queue_site_entry e;
	bool is_done;
	enum fail fail = queue_site_next(r->server->queue, buf_str(&r->name), &r->arena, &e);

	if (fail == FAIL_MISSING) {
		buf_add_u64(&r->out, r->count);
		buf_add(&r->out, STR(" sites are tried now\n"));
		return false;
	}
	if (fail == FAIL_NONE)
		fail = queue_retry_site(r->server->queue, e.site, &is_done);
	if (fail != FAIL_NONE)
		return command_fail(r, STR("queue"), "the store cannot be written now");
	if (is_done) {
		buf_clear(&r->name);
		buf_add(&r->name, e.site);
		r->count++;
	}
	return true;
}

bool
command_queue_retry(struct command_run *r)
{
	struct str text;
	uint64_t id;

	if (r->argument_count == 0)
		return retry_all(r);
	text = r->arguments[0];
	if (!str_u64(&text, UINT64_MAX, &id) || text.n > 0)
		return retry_site(r, r->arguments[0]);
	return change(r, queue_retry, " is tried now\n");
}

/* --- queue stats ------------------------------------------------------------------------------------------------- */

static void
stats_head(struct command_run *r)
{
	struct queue_counts c = queue_counts(r->server->queue);
	const struct {
		const char *name;
		uint64_t n;
	} rows[] = {
		{ "messages", c.messages },
		{ "taken", c.taken },
		{ "delivered", c.delivered },
		{ "deferred", c.deferred },
		{ "failed", c.failed },
		{ "reports", c.reports },
		{ "connections", c.connections },
	};
	struct json_writer w = { .out = &r->out };

	if (r->is_json)
		json_object_begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (r->is_json) {
			json_name_int(&w, str_c(rows[i].name), (int64_t)rows[i].n);
			continue;
		}
		buf_add_c(&r->out, rows[i].name);
		buf_add_char(&r->out, ' ');
		buf_add_u64(&r->out, rows[i].n);
		buf_add_char(&r->out, '\n');
	}
	if (r->is_json)
		buf_add(&r->out, STR(",\"sites\":[\n"));
}

static void
stats_site(struct command_run *r, const struct queue_site_entry *e)
{
	struct json_writer w = { .out = &r->out };

	if (r->is_json) {
		buf_add_c(&r->out, r->count > 1 ? "," : "");
		json_object_begin(&w);
		json_name_string(&w, STR("site"), e->site);
		json_name_int(&w, STR("waiting"), (int64_t)e->waiting);
		json_name_int(&w, STR("failures"), e->host.failures);
		json_time(&w, "nextTry", e->host.wake_s);
		json_name_string(&w, STR("reply"), e->host.last.text);
		json_object_end(&w);
		buf_add_char(&r->out, '\n');
		return;
	}
	buf_add(&r->out, STR("site "));
	utf8_write_plain(&r->out, e->site);
	buf_add(&r->out, STR(": "));
	buf_add_u64(&r->out, e->waiting);
	buf_add(&r->out, STR(" waiting, next try "));
	add_wait(&r->out, e->host.wake_s);
	if (e->host.failures > 0) {
		buf_add(&r->out, STR(", failed "));
		buf_add_u64(&r->out, e->host.failures);
		buf_add(&r->out, STR(" times: "));
		utf8_write_plain(&r->out, e->host.last.text);
	}
	buf_add_char(&r->out, '\n');
}

/* The counts, then a line for each site that mail waits for. */
bool
command_queue_stats(struct command_run *r)
{
	struct queue_site_entry e;
	enum fail fail;

	if (r->count++ == 0)
		stats_head(r);
	fail = queue_site_next(r->server->queue, buf_str(&r->name), &r->arena, &e);
	if (fail == FAIL_MISSING) {
		buf_add_c(&r->out, r->is_json ? "]}\n" : "");
		return false;
	}
	if (fail != FAIL_NONE)
		return command_fail(r, STR("queue"), "cannot be read");
	stats_site(r, &e);
	buf_clear(&r->name);
	buf_add(&r->name, e.site);
	return true;
}
