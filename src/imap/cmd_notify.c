#include "imap/command.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/name.h"
#include "imap/notify.h"

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
			g->names[kept] = arena_str(&n->arena, path);
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
	if (imap_notify_start(s, n) != FAIL_NONE) {
		imap_notify_stop(n);
		return imap_no(s, "NOTIFICATIONOVERFLOW", "There are too many mailboxes");
	}
	if (n->request.has_status)
		imap_notify_status(s, &s->run.before);
	return imap_ok(s, NULL, n->request.is_set ? "Events are told" : "No events are told");
}
