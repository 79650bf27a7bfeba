#include "imap/command.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/list.h"
#include "imap/object_id.h"

static uint64_t
item_value(struct imap_session *s, const struct mailbox *m, unsigned item)
{
	switch (item) {
	case STATUS_MESSAGES: return m->messages;
	case STATUS_RECENT: return view_recent(m->account, m);
	case STATUS_UIDNEXT: return m->uid_next;
	case STATUS_UIDVALIDITY: return m->uid_validity;
	case STATUS_UNSEEN: return m->unseen;
	case STATUS_DELETED: return m->deleted;
	case STATUS_SIZE: return m->size;
	case STATUS_APPENDLIMIT: return (uint64_t)s->service->settings->message_bytes;
	case STATUS_HIGHESTMODSEQ: return m->highest_modseq;
	case STATUS_DELETED_STORAGE: return m->deleted_size;
	}
	return 0;
}

void
imap_status_write(struct imap_session *s, struct buf *out, const struct mailbox *m, unsigned items)
{
	bool is_first = true;

	buf_add_c(out, "STATUS ");
	imap_path_write(s, out, m);
	buf_add_c(out, " (");
	for (unsigned i = 0; i < STATUS_ITEM_COUNT; i++) {
		if (!(items & 1u << i))
			continue;
		if (!is_first)
			buf_add_char(out, ' ');
		is_first = false;
		buf_add(out, imap_status_names[i]);
		buf_add_char(out, ' ');
		if (1u << i == STATUS_MAILBOXID) {
			buf_add_char(out, '(');
			imap_id_write(s, out, m->account, ID_MAILBOX, m->id);
			buf_add_char(out, ')');
		} else {
			buf_add_u64(out, item_value(s, m, 1u << i));
		}
	}
	buf_add_c(out, ")\r\n");
}

bool
imap_status_begin(struct imap_session *s, unsigned items)
{
	if (!(items & STATUS_HIGHESTMODSEQ))
		return true;
	if (!imap_offers(s, CAP_CONDSTORE))
		return false;
	imap_condstore_begin(s); /* RFC 7162 3.1 */
	return true;
}

/* "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")" (RFC 9051 6.3.11) */
enum imap_state
imap_cmd_status(struct imap_session *s, struct imap_cursor *args)
{
	enum imap_state refused;
	struct mailbox *m;
	struct str path;
	unsigned items;

	if (!imap_path(s, args, &path, &refused))
		return refused;
	if (!imap_sp(args) || !imap_status_items(args, &items) || !imap_at_end(args) ||
	    !imap_status_begin(s, items))
		return imap_wrong(s, args);
	m = imap_find(s, path, (struct imap_need){ .all = ACL_READ }, &refused);
	if (!m)
		return refused;
	buf_add_c(&s->run.before, "* ");
	imap_status_write(s, &s->run.before, m, items);
	return imap_ok(s, NULL, "Status told");
}
