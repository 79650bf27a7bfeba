/* The command that lists what waits to be reported to other domains (command.h). */
#include "server/command_queue.h"

/* rooms */
#include "codec/utf8.h"
#include "reports/reports.h"
#include "server/commands.h"
#include "server/server.h"

static void
json_pending(struct command_run *r, const struct reports_pending *p)
{
	struct json_writer w = { .out = &r->out };

	buf_add_c(&r->out, r->count > 0 ? "," : "");
	json_object_begin(&w);
	json_name_string(&w, STR("kind"), p->kind);
	json_name_string(&w, STR("domain"), p->domain);
	command_json_time(&w, "begin", p->begin_s);
	command_json_time(&w, "end", p->end_s);
	command_json_time(&w, "due", p->due_s);
	json_name_int(&w, STR("messages"), (int64_t)p->things);
	json_name_int(&w, STR("rows"), (int64_t)p->rows);
	json_name_int(&w, STR("dropped"), (int64_t)p->dropped);
	json_object_end(&w);
	buf_add_char(&r->out, '\n');
}

static void
text_pending(struct buf *out, const struct reports_pending *p)
{
	bool is_tls = str_eq(p->kind, STR("tls"));

	utf8_write_plain(out, p->domain);
	buf_add(out, STR(": "));
	buf_add_u64(out, p->things);
	buf_add_c(out, is_tls ? " connection" : " message");
	buf_add_c(out, p->things == 1 ? " in " : "s in ");
	buf_add_u64(out, p->rows);
	buf_add_c(out, p->rows == 1 ? " row from " : " rows from ");
	command_add_time(out, p->begin_s);
	buf_add(out, STR(", to be sent from "));
	command_add_time(out, p->due_s);
	buf_add(out, STR(" on"));
	if (p->dropped > 0) {
		buf_add(out, STR("; without room: "));
		buf_add_u64(out, p->dropped);
	}
	buf_add_char(out, '\n');
}

/* A domain in each slice; its place is kept in r->mark, its texts in r->name. */
bool
command_report_list(struct command_run *r)
{
	struct reports_pending p;
	enum fail fail;

	if (r->is_json && r->count == 0)
		buf_add(&r->out, STR("[\n"));
	fail = reports_next(r->server->reports, &r->mark, &r->name, &p);
	if (fail == FAIL_MISSING) {
		if (r->is_json)
			buf_add(&r->out, STR("]\n"));
		else if (r->count == 0)
			buf_add(&r->out, STR("nothing waits to be reported\n"));
		return false;
	}
	if (fail != FAIL_NONE)
		return command_fail(r, STR("reports"), "cannot be read");
	if (r->is_json)
		json_pending(r, &p);
	else
		text_pending(&r->out, &p);
	r->count++;
	return true;
}
