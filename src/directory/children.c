#include "directory/house.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "directory/answer.h"
#include "directory/child.h"
#include "sys/sys.h"

#define READ_BYTES (64 * 1024)

static const struct log house_log = { .room = "directory" };

/* --- life and death -------------------------------------------------------------------------- */

enum fail
child_start(struct directory_child *c)
{
	struct directory *d = c->directory;
	int pair[2];
	enum fail fail;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return fail_because(&house_log, FAIL_TEMP, "directory.socket", errno);
	fail = keeper_start(&d->keeper, c->place, pair[1]);
	close(pair[1]);
	if (fail == FAIL_NONE && fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0)
		fail = FAIL_TEMP;
	if (fail == FAIL_NONE)
		fail = watch_start(d->loop, &c->watch, pair[0], &d->task);
	if (fail != FAIL_NONE) {
		close(pair[0]); /* by which a child that was started ends */
		return fail;
	}
	c->fd = pair[0];
	c->heard_ms = clock_mono_ms();
	opening_begin(c);
	return FAIL_NONE;
}

void
child_stop(struct directory_child *c)
{
	struct directory *d = c->directory;
	struct list_node *node;

	while ((node = list_first(&c->asks)) != NULL) {
		struct directory_ask *ask = container_of(node, struct directory_ask, node);

		ask_tell(d, ask, STR(""), FAIL_TEMP);
		ask_free(d, ask);
	}
	c->ask_count = 0;
	buf_clear(&c->out);
	buf_release(&c->out);
	buf_clear(&c->in);
	buf_release(&c->in);
	if (c->fd < 0)
		return;
	watch_stop(d->loop, &c->watch);
	close(c->fd);
	c->fd = -1;
	if (!d->is_lost)
		keeper_end(&d->keeper, c->place);
}

/* It died, or we do not trust it any more: down, and up again after a while. */
static void
child_lost(struct directory_child *c, const char *why)
{
	log_warn(&house_log, "directory.child.lost", LOG_TEXT("why", str_c(why)),
	    LOG_NUM("child", c->place), LOG_NUM("questions", c->ask_count));
	child_stop(c);
	c->restart_ms = clock_mono_ms() + c->backoff_ms;
	c->backoff_ms = i64_min(c->backoff_ms * 2, BACKOFF_MAX_MS);
}

static void
child_raise(struct directory_child *c)
{
	if (c->fd >= 0 || clock_mono_ms() < c->restart_ms)
		return;
	if (child_start(c) == FAIL_NONE)
		return;
	c->restart_ms = clock_mono_ms() + c->backoff_ms;
	c->backoff_ms = i64_min(c->backoff_ms * 2, BACKOFF_MAX_MS);
}

/* --- reading --------------------------------------------------------------------------------- */

/* What every peer may be told again for a few seconds. */
static bool
is_cacheable(struct str line)
{
	return str_find(line, STR("\"result\":\"ok\"")) != STR_NONE ||
	    str_find(line, STR("\"result\":\"missing\"")) != STR_NONE ||
	    str_find(line, STR("\"result\":\"denied\"")) != STR_NONE;
}

static bool
child_line(struct directory_child *c, struct str line)
{
	struct directory *d = c->directory;
	struct directory_ask *ask = NULL;
	uint64_t id;

	if (!answer_id(line, &id))
		return false;
	for (struct list_node *n = list_first(&c->asks); n; n = list_next(&c->asks, n)) {
		ask = container_of(n, struct directory_ask, node);
		if (ask->id == id)
			break;
		ask = NULL;
	}
	if (ask == NULL)
		return false;
	/* Put before something changed, it may tell what was true then: not to be kept. */
	if (ask->is_shared && ask->epoch == d->epoch && d->settings->cache_ms > 0 &&
	    is_cacheable(line))
		cache_put(&d->answers, buf_str(&ask->key), line,
		    clock_mono_ms() + d->settings->cache_ms);
	ask_tell(d, ask, line, FAIL_TEMP);
	ask_free(d, ask);
	c->ask_count--;
	c->heard_ms = clock_mono_ms();
	c->backoff_ms = BACKOFF_MIN_MS;
	return true;
}

static bool
child_lines(struct directory_child *c)
{
	size_t end;

	while ((end = str_find_char(buf_str(&c->in), '\n')) != STR_NONE) {
		struct str line = str_head(buf_str(&c->in), end);

		if (!(c->is_open ? child_line(c, line) : opening_line(c, line)))
			return false;
		buf_consume(&c->in, end + 1);
	}
	return true;
}

static void
child_read(struct directory_child *c)
{
	while (c->fd >= 0 && (c->watch.ready & WATCH_READ)) {
		bool was_open = c->is_open;
		char *room = buf_room(&c->in, READ_BYTES);
		ssize_t n;

		if (room == NULL) {
			child_lost(c, "an endless line");
			return;
		}
		n = sys.recv(c->fd, room, READ_BYTES, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			watch_spent(&c->watch, WATCH_READ);
		} else if (n <= 0) {
			child_lost(c, "it ended");
		} else {
			buf_grow(&c->in, (size_t)n);
			if (!child_lines(c))
				child_lost(c,
				    was_open ? "an answer nobody asked for"
					     : "it could not be opened");
		}
	}
}

/* --- writing --------------------------------------------------------------------------------- */

static void
child_write(struct directory_child *c)
{
	while (c->fd >= 0 && c->out.n > 0 && (c->watch.ready & WATCH_WRITE)) {
		ssize_t n = sys.send(c->fd, buf_str(&c->out).p, c->out.n, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			watch_spent(&c->watch, WATCH_WRITE);
		} else if (n <= 0) {
			child_lost(c, "it ended");
		} else {
			mem_wipe(c->out.p + c->out.start, (size_t)n); /* passwords */
			buf_consume(&c->out, (size_t)n);
		}
	}
}

/* The child with least to do. With more than one, the first never gets a slow password check. */
static struct directory_child *
child_for(struct directory *d, enum directory_kind kind)
{
	struct directory_child *best = NULL;
	size_t first = kind == DIRECTORY_LOGIN && d->child_count > 1 ? 1 : 0;

	for (size_t i = first; i < d->child_count; i++) {
		struct directory_child *c = &d->children[i];

		if (c->fd >= 0 && c->is_open && c->ask_count < ASKS_PER_CHILD &&
		    (best == NULL || c->ask_count < best->ask_count))
			best = c;
	}
	return best;
}

static void
child_send(struct directory_child *c, struct directory_ask *ask)
{
	if (c->ask_count == 0)
		c->heard_ms = clock_mono_ms();
	list_remove(&ask->node);
	list_append(&c->asks, &ask->node);
	c->ask_count++;
	buf_add(&c->out, buf_str(&ask->line));
	buf_add_char(&c->out, '\n');
	mem_wipe(ask->line.p + ask->line.start, ask->line.n);
	buf_release(&ask->line);
}

static void
dispatch(struct directory *d)
{
	struct list_node *next;

	for (struct list_node *n = list_first(&d->waiting); n; n = next) {
		struct directory_ask *ask = container_of(n, struct directory_ask, node);
		struct directory_child *c = child_for(d, ask->kind);

		next = list_next(&d->waiting, n);
		if (list_empty(&ask->waiters))
			ask_free(d, ask);
		else if (c)
			child_send(c, ask);
	}
}

/* --- time ------------------------------------------------------------------------------------ */

static void
expire_waiting(struct directory *d, int64_t now)
{
	struct list_node *n;

	while ((n = list_first(&d->waiting)) != NULL) {
		struct directory_ask *ask = container_of(n, struct directory_ask, node);

		if (ask->deadline_ms > now)
			break;
		ask_tell(d, ask, STR(""), FAIL_TEMP);
		ask_free(d, ask);
	}
}

/* Sent questions that took too long are given up; a child that answers nothing at all is stuck. */
static void
expire_sent(struct directory_child *c, int64_t now)
{
	struct directory *d = c->directory;

	for (struct list_node *n = list_first(&c->asks); n; n = list_next(&c->asks, n)) {
		struct directory_ask *ask = container_of(n, struct directory_ask, node);

		if (ask->deadline_ms > now)
			continue;
		ask_tell(d, ask, STR(""), FAIL_TEMP);
		if (ask->is_shared)
			map_remove(&d->by_key, &ask->by_key);
		ask->is_shared = false;
		ask->deadline_ms = DEADLINE_NONE;
		d->ask_count--;
	}
	if (c->fd >= 0 && (c->ask_count > 0 || !c->is_open) &&
	    now - c->heard_ms >= d->settings->timeout_ms)
		child_lost(c, "it answers nothing");
}

/* Questions given up have no deadline any more, so all must be looked at: a handful at a child. */
static int64_t
child_deadline(const struct directory_child *c, int64_t timeout_ms)
{
	int64_t at = DEADLINE_NONE;

	if (c->fd < 0)
		return c->restart_ms;
	for (struct list_node *n = list_first(&c->asks); n; n = list_next(&c->asks, n))
		at = i64_min(at, container_of(n, struct directory_ask, node)->deadline_ms);
	return c->ask_count > 0 || !c->is_open ? i64_min(at, c->heard_ms + timeout_ms) : at;
}

static void
set_timer(struct directory *d)
{
	struct list_node *first = list_first(&d->waiting);
	int64_t at = DEADLINE_NONE;

	if (first)
		at = container_of(first, struct directory_ask, node)->deadline_ms;
	for (size_t i = 0; i < d->child_count; i++)
		at = i64_min(at, child_deadline(&d->children[i], d->settings->timeout_ms));
	if (at == DEADLINE_NONE)
		timer_stop(d->loop, &d->timer);
	else
		timer_start(d->loop, &d->timer, &d->task, at);
}

/* It never ends by itself. Who answers for us next is the service manager's to start, with a new keeper. */
static void
look_at_keeper(struct directory *d)
{
	if (d->is_lost || d->keeper_watch.ready == 0)
		return;
	d->is_lost = (d->keeper_watch.ready & (WATCH_HANGUP | WATCH_END)) != 0;
	watch_spent(&d->keeper_watch, WATCH_READ | WATCH_WRITE);
	if (!d->is_lost)
		return;
	log_error(&house_log, "directory.keeper.lost", LOG_NUM("pid", d->keeper.pid),
	    LOG_TEXT("so", STR("the server ends")));
	loop_stop(d->loop);
}

void
children_serve(struct directory *d)
{
	int64_t now = clock_mono_ms();

	look_at_keeper(d);
	for (size_t i = 0; i < d->child_count; i++) {
		child_raise(&d->children[i]);
		child_read(&d->children[i]);
		expire_sent(&d->children[i], now);
	}
	expire_waiting(d, now);
	dispatch(d);
	for (size_t i = 0; i < d->child_count; i++)
		child_write(&d->children[i]);
	set_timer(d);
}
