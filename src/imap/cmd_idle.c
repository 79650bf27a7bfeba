#include "imap/command.h"

/* base */
#include "base/clock.h"
#include "base/limits.h"

/*
 * How long what changed before IDLE is kept back behind "+ idling": with COMPRESS, Thunderbird (153) does not look at
 * what comes in one packet with that before more comes, which may be hours later.
 */
#define IDLE_QUIET_MS 200

/* RFC 9051 6.3.13, RFC 2177 */
enum imap_state
imap_cmd_idle(struct imap_session *s, struct imap_cursor *args)
{
	(void)args;
	buf_add_c(conn_out(s->conn), "+ idling\r\n");
	if (imap_is_selected(s) && view_session_pending(&s->view))
		timer_start(s->service->loop, &s->delay, &s->task, clock_mono_ms() + IDLE_QUIET_MS);
	return IMAP_IDLING;
}

/* Tell what changed; false when there is more than may be told now. */
static bool
tell(struct imap_session *s)
{
	(void)mail_watch_take(&s->watch);
	if (timer_running(&s->delay))
		return true;
	if (s->notify) {
		if (!imap_notify_tell(s, true))
			return false;
	} else if (imap_is_selected(s) && !imap_update(s, true)) {
		if (!conn_is_high(s->conn))
			task_wake(&s->task); /* the slice was used up */
		return false;
	}
	if (imap_is_selected(s))
		imap_modseq_settle(s);
	return true;
}

/* DONE may stand in the packet of IDLE, and the next command behind it: lines are lines. */
enum imap_state
imap_idle_step(struct imap_session *s, bool *stop_out)
{
	struct str line;

	if (!tell(s)) {
		*stop_out = true;
		return IMAP_IDLING;
	}
	switch (conn_line(s->conn, IMAP_LINE_MAX, &line)) {
	case LINE_NONE: *stop_out = true; return IMAP_IDLING;
	case LINE_READY:
		if (str_eq_nocase(line, STR("DONE")))
			return imap_ok(s, NULL, "Idle ended");
		break;
	case LINE_TOO_LONG:
	case LINE_BARE: break;
	}
	return imap_bad(s, "Only DONE ends IDLE");
}
