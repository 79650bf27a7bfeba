/* The command about the full-text index (command.h). */
#include "server/commands.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "mail/mail.h"
#include "search/search.h"
#include "server/server.h"

#define FAR_MS   50   /* between two looks whether a message has come, which wakes only the index */
#define SLICE_US 5000 /* others wait so long while somebody waits for this */

/* Begin: one account, or all of them in a new file. */
static bool
begin(struct command_run *r)
{
	struct account *a = NULL;
	enum fail fail = FAIL_NONE;

	if (r->argument_count > 0) {
		fail = account_find(r->server->mail, r->arguments[0], &a);
		if (fail == FAIL_MISSING || fail == FAIL_SYNTAX)
			return command_fail(r, r->arguments[0], "has no mail");
		if (fail != FAIL_NONE)
			return command_fail(r, r->arguments[0], "cannot be read now");
	}
	r->at = a ? a->id : 0;
	account_close(&a);
	search_reindex(r->server->search, r->at);
	return true;
}

/* Index all of it, whatever else waits included. */
bool
command_reindex(struct command_run *r)
{
	struct search *s = r->server->search;
	struct search_status status;

	if (r->count++ == 0)
		return begin(r);
	if (search_work(s, clock_precise_us() + SLICE_US))
		return true;
	if (search_is_waiting(s)) { /* far away, at the pace of another machine */
		r->pause_ms = FAR_MS;
		return true;
	}
	status = search_status(s);
	if (status.is_usable && status.waiting > 0)
		return command_fail(r, STR("index"),
		    "not all messages can be reached now, see the log; a running server indexes them later");
	if (!status.is_usable)
		return command_fail(r, STR("index"), "cannot be made now, see the log");
	buf_add(&r->out, r->argument_count > 0 ? r->arguments[0] : STR("all mail"));
	buf_add(&r->out, STR(" is indexed\n"));
	return false;
}
