#include "lib/sink.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define SINK_MESSAGE_MAX (64 * 1024 * 1024) /* bytes: the largest that a test sends */

struct sink_session {
	struct task task;
	struct list_node node;
	struct sink *sink;
	struct conn *conn;
	struct sink_message *message; /* under way */
	struct dots_state dots;
	size_t rcpt_count;
	bool is_in_data, is_ending;
};

static void
say(struct sink_session *s, const char *text)
{
	buf_add_c(conn_out(s->conn), text);
	buf_add_c(conn_out(s->conn), "\r\n");
}

static void
message_free(struct sink_message *m)
{
	if (m == NULL)
		return;
	buf_release(&m->mail);
	buf_release(&m->rcpts);
	buf_release(&m->content);
	mem_free(m);
}

/* --- commands ------------------------------------------------------------------------------------------- */

static bool
breaks(struct sink_session *s, enum sink_break at)
{
	s->is_ending |= s->sink->break_at == at;
	return s->is_ending;
}

static void
take_mail(struct sink_session *s, struct str argument)
{
	message_free(s->message);
	s->message = mem_new(1, sizeof *s->message);
	buf_init(&s->message->mail, 2000);
	buf_init(&s->message->rcpts, 1000000);
	buf_init(&s->message->content, SINK_MESSAGE_MAX);
	buf_add(&s->message->mail, argument);
	s->rcpt_count = 0;
	if (!breaks(s, SINK_BREAK_MAIL))
		say(s, "250 2.1.0 sender ok");
}

static void
take_rcpt(struct sink_session *s, struct str argument)
{
	if (str_find(argument, STR("<temp")) != STR_NONE) {
		say(s, "451 4.7.1 come again");
	} else if (str_find(argument, STR("<perm")) != STR_NONE) {
		say(s, "550 5.1.1 no such user");
	} else {
		buf_add(&s->message->rcpts, argument);
		buf_add_char(&s->message->rcpts, '\n');
		s->rcpt_count++;
		say(s, "250 2.1.5 recipient ok");
	}
}

static void
greet(struct sink_session *s)
{
	const char *extensions = s->sink->extensions;

	buf_add_c(conn_out(s->conn), "250-sink.test\r\n");
	buf_add_c(conn_out(s->conn),
	    extensions ? extensions : "250-PIPELINING\r\n250-8BITMIME\r\n");
	say(s, "250 ENHANCEDSTATUSCODES");
}

static void
take_line(struct sink_session *s, struct str line)
{
	if (str_starts_nocase(line, STR("EHLO ")) || str_starts_nocase(line, STR("LHLO "))) {
		greet(s);
	} else if (str_skip_nocase(&line, STR("MAIL FROM:"))) {
		take_mail(s, line);
	} else if (s->message && str_skip_nocase(&line, STR("RCPT TO:"))) {
		take_rcpt(s, line);
	} else if (s->message && str_eq_nocase(line, STR("DATA"))) {
		s->is_in_data = s->rcpt_count > 0;
		s->dots = (struct dots_state){ 0 };
		if (!breaks(s, SINK_BREAK_DATA))
			say(s, s->rcpt_count > 0 ? "354 go on" : "554 5.5.1 nobody to give it to");
	} else if (str_eq_nocase(line, STR("RSET"))) {
		message_free(s->message);
		s->message = NULL;
		say(s, "250 2.0.0 forgotten");
	} else if (str_eq_nocase(line, STR("QUIT"))) {
		say(s, "221 2.0.0 bye");
		s->is_ending = true;
	} else {
		say(s, "500 5.5.1 what?");
	}
}

static void
end_data(struct sink_session *s)
{
	const char *end = s->sink->end ? s->sink->end : "250 2.0.0 kept";
	size_t answers = s->sink->is_lmtp ? s->rcpt_count : 1;

	s->is_in_data = false;
	if (end[0] == '2') {
		list_append(&s->sink->messages, &s->message->node);
		s->sink->message_count++;
	} else {
		message_free(s->message);
	}
	s->message = NULL;
	if (breaks(s, SINK_BREAK_END))
		return;
	for (size_t i = 0; i < answers; i++)
		say(s, end);
	(void)breaks(s, SINK_BREAK_AFTER);
}

/* False: nothing to do now. */
static bool
advance(struct sink_session *s)
{
	struct str piece;

	if (s->is_in_data) {
		switch (conn_dots(s->conn, &s->dots, &piece)) {
		case DOTS_NONE: return false;
		case DOTS_TEXT: buf_add(&s->message->content, piece); return true;
		case DOTS_BARE: CHECK(!s->dots.has_bare); return true;
		case DOTS_END: end_data(s); return true;
		}
	}
	if (conn_line(s->conn, CONN_IN_MAX, &piece) != LINE_READY)
		return false;
	take_line(s, piece);
	return true;
}

static enum step
sink_step(struct task *task)
{
	struct sink_session *s = container_of(task, struct sink_session, task);

	while (!s->is_ending && !conn_broken(s->conn) && advance(s))
		continue;
	if (s->is_ending)
		conn_finish(s->conn);
	return s->is_ending || conn_closed(s->conn) ? STEP_CLOSE : STEP_WAIT;
}

static void
sink_reap(struct task *task)
{
	struct sink_session *s = container_of(task, struct sink_session, task);

	message_free(s->message);
	list_remove(&s->node);
	s->sink->open_count--;
	conn_free(&s->conn);
	mem_free(s);
}

/* --- life ------------------------------------------------------------------------------------------------- */

static void
sink_accept(struct service *service, struct listener *l, struct conn *c)
{
	struct sink *sink = container_of(service, struct sink, service);
	struct sink_session *s = mem_new(1, sizeof *s);

	s->sink = sink;
	s->conn = c;
	loop_task(l->net->loop, &s->task, sink_step, sink_reap);
	list_append(&sink->sessions, &s->node);
	conn_attach(c, &s->task);
	sink->connection_count++;
	if (++sink->open_count > sink->most_open)
		sink->most_open = sink->open_count;
	if (!breaks(s, SINK_BREAK_GREETING))
		say(s, sink->greeting ? sink->greeting : "220 sink.test");
}

void
sink_start(struct sink *s, struct net *net)
{
	struct buf why;

	buf_init(&why, 1000);
	*s = (struct sink){ .service = { .name = "sink", .accept = sink_accept } };
	s->listener.service = &s->service;
	CHECK(listener_start(net, &s->listener, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	buf_release(&why);
}

void
sink_forget(struct sink *s)
{
	struct list_node *node;

	while ((node = list_pop(&s->messages)) != NULL)
		message_free(container_of(node, struct sink_message, node));
	s->message_count = s->connection_count = 0;
	s->most_open = s->open_count;
}

void
sink_leave(struct sink *s)
{
	for (struct list_node *n = list_first(&s->sessions); n; n = list_next(&s->sessions, n)) {
		struct sink_session *session = container_of(n, struct sink_session, node);

		session->is_ending = true;
		task_wake(&session->task);
	}
}

void
sink_stop(struct sink *s)
{
	struct list_node *node;

	listener_stop(&s->listener);
	while ((node = list_first(&s->sessions)) != NULL) {
		struct sink_session *session = container_of(node, struct sink_session, node);

		task_cancel(&session->task);
		sink_reap(&session->task);
	}
	sink_forget(s);
}

struct sink_message *
sink_message(struct sink *s, size_t at)
{
	struct list_node *n = list_first(&s->messages);

	while (n && at-- > 0)
		n = list_next(&s->messages, n);
	return n ? container_of(n, struct sink_message, node) : NULL;
}
