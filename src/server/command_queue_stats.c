/* The command that counts what is in the queue (command.h). */
#include "server/command_queue.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "queue/admin.h"
#include "server/commands.h"
#include "server/server.h"

static void
json_blocked(struct json_writer *w, const struct queue_blocked *b)
{
	json_object_begin(w);
	json_name_string(w, STR("route"), b->route);
	json_name_string(w, STR("fallback"), b->fallback);
	json_name_int(w, STR("failures"), b->failures);
	command_json_time(w, "nextTry", b->probe_s);
	json_object_end(w);
}

static void
text_blocked(struct buf *out, const struct queue_blocked *b)
{
	buf_add(out, STR("route "));
	buf_add(out, b->route);
	buf_add(out, STR(": taken as blocked after "));
	buf_add_i64(out, b->failures);
	buf_add_c(out, b->failures == 1 ? " failure" : " failures");
	buf_add(out, STR(", mail goes by route "));
	buf_add(out, b->fallback);
	buf_add(out, STR(", "));
	command_add_wait(out, b->probe_s);
	buf_add_char(out, '\n');
}

/* Routes over which nobody answers. */
static void
stats_blocked(struct command_run *r, struct json_writer *w)
{
	struct queue_blocked b;
	size_t at = 0;

	if (r->is_json) {
		json_name(w, STR("blocked"));
		json_array_begin(w);
	}
	while (queue_blocked_next(r->server->queue, &at, &b)) {
		if (r->is_json)
			json_blocked(w, &b);
		else
			text_blocked(&r->out, &b);
	}
	if (r->is_json)
		json_array_end(w);
}

static void
stats_head(struct command_run *r, uint64_t held)
{
	struct queue_counts c = queue_counts(r->server->queue);
	const struct {
		const char *name;
		uint64_t n;
	} rows[] = {
		{ "messages", c.messages },
		{ "held", held },
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
	stats_blocked(r, &w);
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
		command_json_time(&w, "nextTry", e->host.wake_s);
		json_name_string(&w, STR("reply"), e->host.last.text);
		json_object_end(&w);
		buf_add_char(&r->out, '\n');
		return;
	}
	buf_add(&r->out, STR("site "));
	utf8_write_plain(&r->out, e->site);
	buf_add(&r->out, STR(": "));
	buf_add_u64(&r->out, e->waiting);
	buf_add(&r->out, STR(" waiting, "));
	command_add_wait(&r->out, e->host.wake_s);
	if (e->host.failures > 0) {
		buf_add(&r->out, STR(", failed "));
		if (e->host.failures > 1)
			buf_add_u64(&r->out, e->host.failures);
		buf_add_c(&r->out, e->host.failures > 1 ? " times: " : "once: ");
		utf8_write_plain(&r->out, e->host.last.text);
	}
	buf_add_char(&r->out, '\n');
}

/* The counts, routes that are blocked, then a line for each site that mail waits for. */
bool
command_queue_stats(struct command_run *r)
{
	struct queue_site_entry e;
	uint64_t held = 0;
	enum fail fail = FAIL_NONE;

	if (r->count == 0)
		fail = queue_count_held(r->server->queue, &held);
	if (fail != FAIL_NONE)
		return command_fail(r, STR("queue"), "cannot be read");
	if (r->count++ == 0)
		stats_head(r, held);
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
