#include "imap/command.h"

/* base */
#include "base/limits.h"

/* RFC 9051 6.3.13, RFC 2177 */
enum imap_state
imap_cmd_idle(struct imap_session *s, struct imap_cursor *args)
{
	(void)args;
	buf_add_c(conn_out(s->conn), "+ idling\r\n");
	return IMAP_IDLING;
}

/* DONE may stand in the packet of IDLE, and the next command behind it: lines are lines. */
enum imap_state
imap_idle_step(struct imap_session *s, bool *stop_out)
{
	struct str line;

	(void)mail_watch_take(&s->watch);
	if (s->notify) {
		if (!imap_notify_tell(s, true)) {
			*stop_out = true;
			return IMAP_IDLING;
		}
	} else if (imap_is_selected(s) && !imap_update(s, true)) {
		if (!conn_is_high(s->conn))
			task_wake(&s->task); /* the slice was used up */
		*stop_out = true;
		return IMAP_IDLING;
	}
	if (imap_is_selected(s))
		imap_modseq_settle(s);
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
