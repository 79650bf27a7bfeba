/* SELECT, EXAMINE, UNSELECT (RFC 9051 6.3.2, 6.3.3, 6.4.2; the parameters of RFC 7162). */
#include "imap/command.h"
#include "imap/resync.h"

/* rooms */
#include "imap/context.h"
#include "imap/rights.h"
#include "imap/object_id.h"

void
imap_unselect(struct imap_session *s)
{
	mail_watch_stop(&s->watch);
	imap_contexts_end(s);
	view_session_close(&s->view);
	imap_ranges_release(&s->saved);
	imap_notify_left(s);
	s->told_keywords = 0;
	s->modseq_told = 0;
	s->is_modseq_held = false;
}

/* RFC 3501 7.1: the first message without \Seen, for clients of rev1 */
static uint32_t
first_unseen(struct imap_session *s, const struct mailbox *m)
{
	struct view_walk walk;
	struct view_seen seen;

	if (m->unseen == 0)
		return 0;
	view_walk_start(&walk, &s->view, 1);
	while (view_walk_next(&walk, &seen))
		if (seen.entry && !(seen.entry->flags & FLAG_SEEN))
			return seen.seq;
	return 0;
}

static void
number_line(struct buf *out, const char *before, uint64_t n, const char *behind)
{
	buf_add_c(out, before);
	buf_add_u64(out, n);
	buf_add_c(out, behind);
}

/* RFC 9051 6.3.2: what SELECT says of the mailbox */
static void
mailbox_told(struct imap_session *s, const struct mailbox *m)
{
	struct buf *out = &s->run.before;
	uint32_t unseen;

	s->told_keywords = m->keywords;
	buf_add_c(out, "* FLAGS ");
	imap_flag_names_write(s, out, m->keywords, false);
	buf_add_c(out, "\r\n* OK [PERMANENTFLAGS ");
	imap_permanent_flags_write(s, out, m->keywords);
	number_line(out, "] Limited\r\n* ", view_session_count(&s->view), " EXISTS\r\n");
	if (!imap_is_rev2(s)) {
		number_line(out, "* ", s->view.recent_count, " RECENT\r\n");
		unseen = s->have & HAVE_UIDONLY ? 0 : first_unseen(s, m); /* RFC 9586: a number */
		if (unseen > 0)
			number_line(out, "* OK [UNSEEN ", unseen, "] First unseen\r\n");
	}
	number_line(out, "* OK [UIDVALIDITY ", m->uid_validity, "] UIDs valid\r\n");
	number_line(out, "* OK [UIDNEXT ", m->uid_next, "] Predicted next UID\r\n");
	/* RFC 7162 3.1.2: also before CONDSTORE is enabled; Horde takes the mailbox for one without else */
	if (imap_offers(s, CAP_CONDSTORE))
		number_line(out, "* OK [HIGHESTMODSEQ ", m->highest_modseq, "] Highest\r\n");
	buf_add_c(out, "* OK [MAILBOXID (");
	imap_id_write(s, out, m->account, ID_MAILBOX, m->id);
	buf_add_c(out, ")] Its id\r\n");
	if (imap_is_rev2(s)) {
		buf_add_c(out, "* ");
		imap_list_write(s, out, m);
		buf_add_c(out, "\r\n");
	}
}

/* The parameters behind the name; false when they are wrong or not for this session. */
static bool
params_parse(struct imap_session *s, struct imap_cursor *args, struct imap_select_params *out)
{
	if (!imap_select_params(args, out) || !imap_at_end(args))
		return false;
	if (out->has_condstore && !imap_offers(s, CAP_CONDSTORE))
		return false;
	return !out->has_qresync || s->have & HAVE_QRESYNC; /* RFC 7162 3.2.5 */
}

static enum imap_state
open_mailbox(struct imap_session *s, struct mailbox *m, const struct imap_select_params *params,
    unsigned rights, bool is_read_only)
{
	struct account *account = m->account;
	uint32_t id = m->id;
	enum fail fail = view_session_open(&s->view, account, id, is_read_only);

	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	s->box_rights = rights;
	mail_watch_start(&s->watch, account, id, &s->task);
	m = mailbox_get(account, id);
	if (!m) {
		imap_unselect(s);
		return imap_fail(s, FAIL_MISSING);
	}
	if (params->has_condstore)
		s->have |= HAVE_CONDSTORE;
	mailbox_told(s, m);
	if (params->has_qresync && params->uid_validity == m->uid_validity)
		return imap_resync(s, params);
	return imap_selected(s);
}

enum imap_state
imap_selected(struct imap_session *s)
{
	return s->view.is_read_only ? imap_ok(s, "READ-ONLY", "Mailbox opened")
				    : imap_ok(s, "READ-WRITE", "Mailbox opened");
}

static enum imap_state
select_mailbox(struct imap_session *s, struct imap_cursor *args, bool is_read_only)
{
	struct imap_select_params params;
	enum imap_state refused;
	struct mailbox *m;
	struct str name, path;
	enum fail fail;
	unsigned rights;
	bool is_right = imap_astring(args, &name) && params_parse(s, args, &params);

	if (imap_is_selected(s)) {
		/* RFC 9051 7.1 CLOSED; also when the new one cannot be opened (6.3.2) */
		buf_add_c(&s->run.before, "* OK [CLOSED] Previous mailbox is closed\r\n");
		imap_unselect(s);
	}
	if (!is_right)
		return imap_wrong(s, args);
	fail = imap_name_path(s, name, &path);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	m = imap_find(s, path, (struct imap_need){ .all = ACL_READ }, &refused);
	if (!m)
		return refused;
	if (params.has_match && s->have & HAVE_UIDONLY)
		return imap_uid_required(s);
	fail = imap_rights(s, m, &rights);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	return open_mailbox(s, m, &params, rights, is_read_only || !(rights & RIGHTS_TO_WRITE));
}

enum imap_state
imap_cmd_select(struct imap_session *s, struct imap_cursor *args)
{
	return select_mailbox(s, args, false);
}

enum imap_state
imap_cmd_examine(struct imap_session *s, struct imap_cursor *args)
{
	return select_mailbox(s, args, true);
}

enum imap_state
imap_cmd_unselect(struct imap_session *s, struct imap_cursor *args)
{
	(void)args;
	imap_unselect(s);
	return imap_ok(s, NULL, "Mailbox left");
}
