/* Commands that interfere with one message of the queue: hold, release, cancel (command.h). */
#include "server/command_queue.h"

/* rooms */
#include "queue/admin.h"
#include "server/commands.h"
#include "server/server.h"

#define WHY_MAX 200 /* bytes of a reason with a time in it */

/* The store's answer, in words when it is not what was wished. */
static bool
is_done(struct command_run *r, enum fail fail)
{
	if (fail == FAIL_MISSING)
		return command_fail(r, r->arguments[0], "there is no such message in the queue");
	if (fail != FAIL_NONE)
		return command_fail(r, r->arguments[0], "the store cannot be written now");
	return true;
}

static void
say(struct command_run *r, uint64_t id, const char *words)
{
	buf_add_u64(&r->out, id);
	buf_add_c(&r->out, words);
}

bool
command_queue_hold(struct command_run *r)
{
	uint64_t id;

	if (command_take_id(r, &id) && is_done(r, queue_hold(r->server->queue, id)))
		say(r, id, " is held\n");
	return false;
}

bool
command_queue_cancel(struct command_run *r)
{
	uint64_t id;

	if (command_take_id(r, &id) && is_done(r, queue_cancel(r->server->queue, id)))
		say(r, id, " is cancelled\n");
	return false;
}

bool
command_queue_release(struct command_run *r)
{
	struct queue_found found;
	uint64_t id;

	if (!command_take_id(r, &id) || !is_done(r, queue_release(r->server->queue, id, &found)))
		return false;
	say(r, id, " is released");
	if (found.until_s != 0) {
		buf_add(&r->out, STR(", before the time that its sender asked for, "));
		command_add_time(&r->out, found.until_s);
	}
	buf_add_char(&r->out, '\n');
	return false;
}

/* A message that is held, or waits as its sender asked, is left alone by all but `queue release`. */
bool
command_retry_one(struct command_run *r, uint64_t id)
{
	struct queue_found found;
	struct buf why;

	if (!is_done(r, queue_retry(r->server->queue, id, &found)))
		return false;
	if (found.is_held)
		return command_fail(r, r->arguments[0], "is held; \"queue release\" lets it go");
	if (found.until_s == 0) {
		say(r, id, " is tried now\n");
		return false;
	}
	buf_init(&why, WHY_MAX);
	buf_add(&why, STR("waits until "));
	command_add_time(&why, found.until_s);
	buf_add(&why, STR(", as its sender asked; \"queue release\" lets it go before"));
	(void)command_fail(r, r->arguments[0], buf_c(&why));
	buf_release(&why);
	return false;
}
