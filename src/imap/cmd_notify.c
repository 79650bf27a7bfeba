#include "imap/command.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/name.h"
#include "imap/notify.h"

/* Is it the Inbox of another account, in any case? */
static bool
is_shared_inbox(const struct imap_session *s, struct str path)
{
	enum mail_namespace space;
	struct str name;

	return imap_in_namespace(s, path, &space) && str_take_until(&path, IMAP_DELIMITER, &name) &&
	    str_take_until(&path, IMAP_DELIMITER, &name) && imap_name_is_inbox(path);
}

/* A path that lives as long as the request, as mailbox_path_write() has it. */
static struct str
path_keep(const struct imap_session *s, struct imap_notify *n, struct str path)
{
	struct buf whole;

	if (!is_shared_inbox(s, path))
		return arena_str(&n->arena, path);
	buf_init(&whole, IMAP_NAME_MAX);
	buf_add(&whole, str_head(path, path.n - STR("INBOX").n));
	buf_add_c(&whole, "INBOX");
	path = arena_str(&n->arena, buf_str(&whole));
	buf_release(&whole);
	return path;
}

/* The names of groups become paths. What is no name at all names no mailbox, and is ignored (RFC 5465 3.1). */
static void
paths_make(struct imap_session *s, struct imap_notify *n)
{
	for (size_t i = 0; i < n->request.group_count; i++) {
		struct notify_group *g = &n->request.groups[i];
		size_t kept = 0;

		for (size_t k = 0; k < g->name_count; k++) {
			struct str path;

			if (imap_name_path(s, g->names[k], &path) != FAIL_NONE)
				continue;
			g->names[kept] = path_keep(s, n, path);
			kept += g->names[kept].p != NULL;
		}
		g->name_count = kept;
	}
}

/* RFC 5465 5.6, 5.7: events of metadata are there where metadata is */
static unsigned
offered(const struct imap_session *s)
{
	unsigned none = imap_offers(s, CAP_METADATA) ? 0 : NOTIFY_METADATA | NOTIFY_SERVER_METADATA;

	return NOTIFY_ALL & ~none;
}

/* "NO [BADEVENT (MessageNew ..)]": all that there are (RFC 5465 3.1) */
static enum imap_state
no_such_event(struct imap_session *s)
{
	struct buf *out = imap_reply(s, "NO");

	buf_add_c(out, "[BADEVENT (");
	imap_notify_names_write(out, offered(s));
	buf_add_c(out, ")] There is no such event\r\n");
	return IMAP_REPLY;
}

static enum imap_state
refuse(struct imap_session *s, struct imap_notify *n, struct imap_cursor *args, enum fail fail)
{
	arena_release(&n->arena);
	mem_free(n);
	if (fail == FAIL_PERM)
		return no_such_event(s);
	if (fail == FAIL_LIMIT)
		return imap_no(s, "NOTIFICATIONOVERFLOW", "That is too much to be watched");
	return imap_wrong(s, args);
}

/* notify = "NOTIFY" SP ("SET" [SP "STATUS"] SP event-groups / "NONE") (RFC 5465 8) */
enum imap_state
imap_cmd_notify(struct imap_session *s, struct imap_cursor *args)
{
	struct imap_notify *n = mem_new(1, sizeof(*n));
	struct imap_cursor c = { .arena = &n->arena };
	enum fail fail;

	arena_init(&n->arena, NOTIFY_ARENA_MAX);
	c.at = arena_str(&n->arena, args->at); /* it is kept longer than the command */
	fail = c.at.p ? imap_notify_parse(&c, offered(s), &n->request) : FAIL_LIMIT;
	if (fail != FAIL_NONE)
		return refuse(s, n, &c, fail);
	paths_make(s, n);
	fail = imap_notify_start(s, n);
	if (fail != FAIL_NONE) {
		imap_notify_stop(s);
		return fail == FAIL_LIMIT
		    ? imap_no(s, "NOTIFICATIONOVERFLOW", "There are too many mailboxes")
		    : imap_fail(s, fail);
	}
	imap_notify_denied(s, &s->run.before);
	if (n->request.has_status)
		imap_notify_status(s, &s->run.before);
	return imap_ok(s, NULL, n->request.is_set ? "Events are told" : "No events are told");
}
