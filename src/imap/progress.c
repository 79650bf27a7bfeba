#include "imap/session.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "message/imap_string.h"

#define IMAP_PROGRESS_MS 10000 /* before the first, and between two of them (RFC 9585 section 3) */

/*
 * "* OK [INPROGRESS ("tag" 454 1000)] ..": messages looked at, of those in the mailbox. When all are, and something
 * else takes long, numbers say nothing: clients pass over those that are not below their goal (RFC 9585 section 4).
 */
void
imap_progress(struct imap_session *s, size_t done, size_t count)
{
	struct buf *out = conn_out(s->conn);

	if (clock_mono_ms() - s->run.progress_ms < IMAP_PROGRESS_MS ||
	    !imap_offers(s, CAP_INPROGRESS))
		return;
	s->run.progress_ms = clock_mono_ms();
	buf_add_c(out, "* OK [INPROGRESS (");
	imap_string_write(out, s->run.tag);
	if (done < count) {
		buf_add_char(out, ' ');
		buf_add_u64(out, done);
		buf_add_char(out, ' ');
		buf_add_u64(out, count);
	} else {
		buf_add_c(out, " NIL NIL");
	}
	buf_add_c(out, ")] Still at work\r\n");
}

void
imap_walk_progress(struct imap_session *s, const struct imap_walk *w)
{
	size_t count = view_session_count(&s->view), below;

	if (w->is_down && w->next == 0)
		return;
	below = w->is_uid ? view_lower(s->view.view, w->next) : w->next - 1;
	imap_progress(s, w->is_down && below < count ? count - below : below, count);
}
