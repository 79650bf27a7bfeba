/* The control socket, the server's side (control.h). */
#include "server/control.h"

/* system */
#include <sys/stat.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "codec/json.h"

#define CONTROL_MS        60000 /* for the request, and for each piece of the answer to be read */
#define REQUEST_ARENA_MAX (64 * 1024) /* bytes: the tree of one request */

struct control {
	struct service service;
	struct listener listener;
	struct server *server; /* borrow */
	struct list calls;
};

/*
 *     READ --a line--> RUN --done, all lines told--> CLOSING --drained--> gone
 *       \               \--it waits--> PAUSE --its time is over--> RUN
 *        \--too long, no JSON: said-----------------^ CLOSING
 */
enum call_state { CALL_READ, CALL_RUN, CALL_PAUSE, CALL_CLOSING };

struct call {
	struct task task;
	struct timer timer;    /* while the command waits */
	struct list_node node; /* in control->calls */
	struct control *control;
	struct conn *conn; /* own */
	enum call_state state;
	struct arena arena; /* words */
	struct command_run run;
	bool has_run;
	bool has_more; /* the command is not done; else its last lines leave */
};

static const struct log control_log = { .room = "control" };

/* --- answering ------------------------------------------------------------------------------------------ */

/* Whole lines of a buffer, each with its mark, up to the output's; true when all left. */
static bool
send_lines(struct call *c, struct buf *lines, char mark)
{
	struct str rest = buf_str(lines), line;
	struct buf *out = conn_out(c->conn);

	while (!conn_is_high(c->conn) && str_take_until(&rest, '\n', &line)) {
		buf_add_char(out, mark);
		buf_add_char(out, ' ');
		buf_add(out, line);
		buf_add(out, STR("\r\n"));
	}
	buf_consume(lines, lines->n - rest.n);
	return lines->n == 0;
}

static enum call_state
finish(struct call *c, int status)
{
	struct buf *out = conn_out(c->conn);

	buf_add(out, STR("= "));
	buf_add_i64(out, status);
	buf_add(out, STR("\r\n"));
	conn_finish(c->conn);
	return CALL_CLOSING;
}

static enum call_state
refuse(struct call *c, const char *why)
{
	struct buf *out = conn_out(c->conn);

	buf_add(out, STR("- staunch: control: "));
	buf_add_c(out, why);
	buf_add(out, STR("\r\n"));
	return finish(c, 2);
}

/* --- a request ------------------------------------------------------------------------------------------- */

/* The words of a JSON array of strings; 0: it is none. */
static size_t
take_words(struct call *c, struct str line, struct str *words)
{
	const struct json *tree;

	if (json_parse(line, &c->arena, &tree) != FAIL_NONE || !json_is(tree, JSON_ARRAY) ||
	    tree->count > COMMAND_WORDS_MAX)
		return 0;
	for (size_t i = 0; i < tree->count; i++)
		if (!json_get_text(&tree->items[i], &words[i]))
			return 0;
	return tree->count;
}

static enum call_state
begin(struct call *c, struct str line)
{
	struct str words[COMMAND_WORDS_MAX], copy = arena_str(&c->arena, line);
	size_t count = take_words(c, copy, words);

	if (count == 0)
		return refuse(c, "the request is not understood");
	log_info(&control_log, "control.call", LOG_TEXT("command", words[0]),
	    LOG_TEXT("what", count > 1 ? words[1] : STR("")));
	c->has_run = true;
	c->has_more = command_begin(&c->run, c->control->server, words, count);
	return CALL_RUN;
}

static enum call_state
go_on(struct call *c)
{
	conn_deadline(c->conn, CONTROL_MS);
	if (!send_lines(c, &c->run.out, '+') || !send_lines(c, &c->run.err, '-'))
		return CALL_RUN;
	if (!c->has_more)
		return finish(c, c->run.status);
	c->has_more = command_step(&c->run);
	if (!c->has_more || c->run.pause_ms == 0)
		return CALL_RUN;
	timer_start(&c->control->server->loop, &c->timer, &c->task,
	    clock_mono_ms() + c->run.pause_ms);
	return CALL_PAUSE;
}

static enum step
call_step(struct task *task)
{
	struct call *c = container_of(task, struct call, task);
	struct str line;

	if (conn_broken(c->conn) || conn_expired(c->conn))
		return STEP_CLOSE;
	switch (c->state) {
	case CALL_READ:
		switch (conn_line(c->conn, CONTROL_LINE_MAX, &line)) {
		case LINE_NONE: return conn_closed(c->conn) ? STEP_CLOSE : STEP_WAIT;
		case LINE_READY: c->state = begin(c, line); break;
		case LINE_TOO_LONG:
		case LINE_BARE: c->state = refuse(c, "the request is no line"); break;
		}
		return STEP_YIELD;
	case CALL_RUN:
		if (conn_is_high(c->conn))
			return STEP_WAIT;
		c->state = go_on(c);
		return STEP_YIELD; /* others run between two slices */
	case CALL_PAUSE:
		if (!c->timer.has_fired)
			return STEP_WAIT;
		c->state = CALL_RUN;
		return STEP_YIELD;
	case CALL_CLOSING: return conn_drained(c->conn) ? STEP_CLOSE : STEP_WAIT;
	}
	return STEP_CLOSE;
}

/* --- life --------------------------------------------------------------------------------------------------- */

static void
call_release(struct task *task)
{
	struct call *c = container_of(task, struct call, task);

	timer_stop(&c->control->server->loop, &c->timer);
	list_remove(&c->node);
	conn_free(&c->conn);
	if (c->has_run)
		command_release(&c->run);
	arena_release(&c->arena);
	mem_free(c);
}

static void
control_accept(struct service *service, struct listener *l, struct conn *conn)
{
	struct control *control = container_of(service, struct control, service);
	struct call *c = mem_new(1, sizeof *c);

	(void)l;
	c->control = control;
	c->conn = conn;
	arena_init(&c->arena, REQUEST_ARENA_MAX);
	list_append(&control->calls, &c->node);
	loop_task(&control->server->loop, &c->task, call_step, call_release);
	conn_deadline(conn, CONTROL_MS);
	conn_attach(conn, &c->task);
}

enum fail
control_start(struct server *s)
{
	struct control *c = mem_new(1, sizeof *c);
	struct buf address, why;
	mode_t before;
	enum fail fail;

	c->server = s;
	c->service = (struct service){ .name = "control", .accept = control_accept };
	c->listener = (struct listener){ .service = &c->service, .name = STR("control") };
	buf_init(&address, 1024);
	buf_init(&why, 1024);
	buf_add(&address, STR("unix:"));
	buf_add(&address, server_path(s, "control"));
	before = umask(0177); /* nobody else may open it, from its first moment on */
	fail = listener_start(&s->net, &c->listener, buf_str(&address), &why);
	(void)umask(before);
	if (fail != FAIL_NONE) {
		log_warn(&control_log, "control.unavailable",
		    LOG_TEXT("why", str_trim(buf_str(&why))));
		mem_free(c);
		c = NULL;
	}
	s->control = c;
	buf_release(&address);
	buf_release(&why);
	return fail == FAIL_NONE ? FAIL_NONE : FAIL_TEMP;
}

void
control_stop(struct server *s)
{
	struct list_node *node;

	if (s->control == NULL)
		return;
	listener_stop(&s->control->listener);
	while ((node = list_first(&s->control->calls)) != NULL) {
		struct call *c = container_of(node, struct call, node);

		task_cancel(&c->task);
		call_release(&c->task);
	}
	mem_free(s->control);
	s->control = NULL;
}
