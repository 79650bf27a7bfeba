/* Commands that look into the queue: list and show (command.h). */
#include "server/command_queue.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/json_writer.h"
#include "codec/utf8.h"
#include "message/date.h"
#include "queue/admin.h"
#include "server/commands.h"
#include "server/server.h"

#define LIST_SLICE       50          /* messages listed before others run, and .. */
#define LIST_SLICE_BYTES (64 * 1024) /* .. of their lines: one may have a thousand recipients */
#define STATUS_TEXT_MAX  20          /* bytes of "5.999.999" */

/* --- writing ---------------------------------------------------------------------------------------------- */

void
command_add_time(struct buf *out, int64_t time_s)
{
	date_write_3339(out, time_s, 0);
}

void
command_json_time(struct json_writer *w, const char *name, int64_t time_s)
{
	struct buf text;

	json_name(w, str_c(name));
	if (time_s == 0) {
		json_null(w);
		return;
	}
	buf_init(&text, 40);
	command_add_time(&text, time_s);
	json_string(w, buf_str(&text));
	buf_release(&text);
}

void
command_add_wait(struct buf *out, int64_t next_s)
{
	int64_t wait_s = next_s - clock_wall_s();

	if (next_s == 0) {
		buf_add(out, STR("held"));
		return;
	}
	buf_add(out, STR("next try "));
	if (wait_s <= 0) {
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

/* "452 4.2.2 The mailbox is full": the status once, whoever says it. */
static void
add_answer(struct buf *out, const struct queue_last *last)
{
	struct str text = last->text;
	struct buf status;

	if (last->code != 0) {
		buf_add_u64(out, last->code);
		buf_add_char(out, ' ');
	}
	buf_init(&status, STATUS_TEXT_MAX);
	status_write(&status, last->status);
	if (str_skip(&text, buf_str(&status)) && (text.n == 0 || text.p[0] == ' '))
		text = str_trim(text);
	else
		text = last->text;
	buf_add(out, buf_str(&status));
	buf_add_char(out, ' ');
	utf8_write_plain(out, text);
	buf_release(&status);
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
	command_json_time(w, "nextTry", queue_next_try(r->server->queue, e, rcpt));
	command_json_time(w, "lastTry", rcpt->last.time_s);
	if (rcpt->last.time_s != 0) {
		buf_init(&status, STATUS_TEXT_MAX);
		status_write(&status, rcpt->last.status);
		json_name_int(w, STR("code"), rcpt->last.code);
		json_name_string(w, STR("status"), buf_str(&status));
		json_name_string(w, STR("reply"), rcpt->last.text);
		json_name_string(w, STR("host"), rcpt->last.remote);
		json_name_string(w, STR("tls"), rcpt->last.tls);
		json_name_bool(w, STR("verified"), rcpt->last.is_verified);
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
	command_json_time(&w, "arrived", m->arrived_s);
	command_json_time(&w, "expires", m->expires_s);
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

/* How the last try was protected. */
static void
add_tls(struct buf *out, const struct queue_last *last)
{
	if (str_empty(last->tls))
		return;
	buf_add(out, STR("\n        "));
	if (str_eq(last->tls, STR("no"))) {
		buf_add(out, STR("in clear, without TLS"));
		return;
	}
	buf_add(out, last->tls);
	buf_add_c(out, last->is_verified ? ", certificate verified" : ", certificate not verified");
}

static void
text_rcpt(struct command_run *r, const struct queue_entry *e, const struct queue_rcpt *rcpt,
    bool is_whole)
{
	struct buf *out = &r->out;

	buf_add(out, STR("    "));
	utf8_write_plain(out, rcpt->envelope.address);
	buf_add(out, STR("  "));
	command_add_wait(out, queue_next_try(r->server->queue, e, rcpt));
	buf_add(out, STR(", tries "));
	buf_add_u64(out, rcpt->attempts);
	buf_add(out, STR(", site "));
	utf8_write_plain(out, rcpt->site);
	if (rcpt->last.time_s != 0) {
		buf_add(out, STR("\n        "));
		utf8_write_plain(out, rcpt->last.remote);
		buf_add_c(out, str_empty(rcpt->last.remote) ? "" : ": ");
		add_answer(out, &rcpt->last);
		if (is_whole)
			add_tls(out, &rcpt->last);
	}
	buf_add_char(out, '\n');
}

static void
text_entry(struct command_run *r, const struct queue_entry *e, bool is_whole)
{
	struct buf *out = &r->out;
	const struct queue_message *m = &e->message;

	buf_add_u64(out, m->id);
	buf_add(out, STR("  "));
	command_add_time(out, m->arrived_s);
	buf_add(out, STR("  "));
	buf_add_u64(out, blob_name_size(m->blob));
	buf_add(out, STR(" bytes  from <"));
	utf8_write_plain(out, m->envelope.sender);
	buf_add_char(out, '>');
	buf_add_c(out, m->is_held ? "  held\n" : "\n");
	for (size_t i = 0; i < e->rcpt_count; i++)
		text_rcpt(r, e, &e->rcpts[i], is_whole);
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
			text_entry(r, &e, false);
		if (r->is_json)
			buf_add_char(&r->out, '\n');
		arena_reset(&r->arena);
	}
	return true;
}

/* --- one message by its id --------------------------------------------------------------------------------------- */

bool
command_take_id(struct command_run *r, uint64_t *id)
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

	if (!command_take_id(r, &id))
		return false;
	if (queue_entry_get(r->server->queue, id, &r->arena, &e) != FAIL_NONE)
		return command_fail(r, r->arguments[0], "there is no such message in the queue");
	if (r->is_json) {
		json_entry(r, &e);
		buf_add_char(&r->out, '\n');
	} else {
		text_entry(r, &e, true);
	}
	return false;
}
