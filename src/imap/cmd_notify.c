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

static enum imap_state
refuse(struct imap_session *s, struct imap_notify *n, struct imap_cursor *args, enum fail fail)
{
	arena_release(&n->arena);
	mem_free(n);
	if (fail == FAIL_PERM)
		return imap_no(s, "BADEVENT (" NOTIFY_EVENT_NAMES ")", "There is no such event");
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
	fail = c.at.p ? imap_notify_parse(&c, &n->request) : FAIL_LIMIT;
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
