/*
 * The command that tries again: all, what waits for a site, or one message (command.h).
 *
 * A site is named as the owner likes: each meaning that the word has is tried in turn (queue/route.h). Where
 * nothing waits by any of them, what is held is looked through, so that the answer is true.
 */
#include "server/command_queue.h"

/* rooms */
#include "queue/admin.h"
#include "server/commands.h"
#include "server/server.h"

#define HELD_SLICE 50 /* held messages looked at before others run */

static void
add_count(struct buf *out, uint64_t n, const char *one, const char *many)
{
	buf_add_u64(out, n);
	buf_add_c(out, n == 1 ? one : many);
}

/* What is left alone, behind the words about what is not; and the end of the line. */
static void
say_future(struct command_run *r)
{
	if (r->retried.future > 0) {
		buf_add(&r->out, STR(", but for "));
		add_count(&r->out, r->retried.future, " recipient", " recipients");
		buf_add(&r->out, STR(" whose mail waits for the time that its sender asked for"));
	}
	buf_add_char(&r->out, '\n');
}

/* --- one site ----------------------------------------------------------------------------------------------- */

static void
say_site(struct command_run *r, struct str site)
{
	if (r->retried.is_tried) {
		buf_add(&r->out, site);
		buf_add(&r->out, STR(" is tried now"));
		say_future(r);
	} else {
		(void)command_fail(r, site,
		    "all mail there waits for the time that its sender asked for");
	}
	r->count++;
	r->retried = (struct queue_retried){ 0 };
}

/* Does a recipient of the message wait at something that the word may mean? */
static bool
is_meant(struct command_run *r, const struct queue_entry *e)
{
	bool is_one = false;

	for (unsigned m = 0; m < SITE_MEANING_COUNT && !is_one; m++) {
		buf_clear(&r->name);
		if (!queue_find_site(r->server->queue, &r->name, r->arguments[0],
			(enum site_meaning)m))
			continue;
		for (size_t i = 0; i < e->rcpt_count && !is_one; i++)
			is_one = str_eq(e->rcpts[i].site, buf_str(&r->name));
	}
	return is_one;
}

/* Nothing waits there: because it is held, or at all. */
static bool
look_at_held(struct command_run *r)
{
	for (size_t i = 0; i < HELD_SLICE; i++) {
		struct queue_entry e;
		enum fail fail = queue_held_next(r->server->queue, r->after, &r->arena, &e);

		if (fail == FAIL_MISSING)
			return command_fail(r, r->arguments[0], "no mail waits there");
		if (fail != FAIL_NONE)
			return command_fail(r, STR("queue"), "cannot be read");
		if (is_meant(r, &e))
			return command_fail(r, r->arguments[0],
			    "all mail there is held; \"queue release\" lets it go");
		r->after = e.message.id;
		arena_reset(&r->arena);
	}
	return true;
}

/* A slice of what the word means in one way; then the next way. */
static bool
retry_site(struct command_run *r)
{
	struct queue *q = r->server->queue;
	enum fail fail = FAIL_MISSING;

	if (r->at == SITE_MEANING_COUNT)
		return r->count == 0 && look_at_held(r);
	buf_clear(&r->name);
	if (queue_find_site(q, &r->name, r->arguments[0], (enum site_meaning)r->at))
		fail = queue_retry_site(q, buf_str(&r->name), &r->mark, &r->retried);
	if (fail != FAIL_NONE && fail != FAIL_MISSING)
		return command_fail(r, r->arguments[0], "the store cannot be written now");
	if (!str_empty(buf_str(&r->mark)) && fail == FAIL_NONE)
		return true;
	if (fail == FAIL_NONE)
		say_site(r, buf_str(&r->name));
	buf_clear(&r->mark);
	r->at++;
	return true;
}

/* --- all ---------------------------------------------------------------------------------------------------- */

/* All sites, one after the other, a slice of each at a time. */
static bool
retry_all(struct command_run *r)
{
	struct queue_site_entry e;
	enum fail fail = queue_site_next(r->server->queue, buf_str(&r->name), &r->arena, &e);

	if (fail == FAIL_MISSING) {
		add_count(&r->out, r->count, " site is tried now", " sites are tried now");
		say_future(r);
		return false;
	}
	if (fail == FAIL_NONE)
		fail = queue_retry_site(r->server->queue, e.site, &r->mark, &r->retried);
	if (fail != FAIL_NONE)
		return command_fail(r, STR("queue"), "the store cannot be written now");
	if (str_empty(buf_str(&r->mark))) {
		buf_clear(&r->name);
		buf_add(&r->name, e.site);
		r->count += r->retried.is_tried;
		r->retried.is_tried = false;
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
	if (str_u64(&text, UINT64_MAX, &id) && text.n == 0)
		return command_retry_one(r, id);
	return retry_site(r);
}
