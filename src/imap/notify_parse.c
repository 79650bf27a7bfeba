#include "imap/notify_parse.h"

/* base */
#include "base/mem.h"

static const struct {
	struct str name;
	unsigned event;
} events[] = {
	{ STR_INIT("MessageNew"), NOTIFY_NEW },
	{ STR_INIT("MessageExpunge"), NOTIFY_EXPUNGE },
	{ STR_INIT("FlagChange"), NOTIFY_FLAGS },
	{ STR_INIT("MailboxName"), NOTIFY_NAME },
	{ STR_INIT("SubscriptionChange"), NOTIFY_SUBSCRIPTION },
	{ STR_INIT("MailboxMetadataChange"), NOTIFY_METADATA },
	{ STR_INIT("ServerMetadataChange"), NOTIFY_SERVER_METADATA },
};

static const struct str filters[NOTIFY_FILTER_COUNT] = {
	[NOTIFY_SELECTED] = STR_INIT("selected"),
	[NOTIFY_DELAYED] = STR_INIT("selected-delayed"),
	[NOTIFY_INBOXES] = STR_INIT("inboxes"),
	[NOTIFY_PERSONAL] = STR_INIT("personal"),
	[NOTIFY_SUBSCRIBED] = STR_INIT("subscribed"),
	[NOTIFY_SUBTREE] = STR_INIT("subtree"),
	[NOTIFY_MAILBOXES] = STR_INIT("mailboxes"),
};

struct parser {
	struct imap_cursor *c;
	struct notify_request *out;
	unsigned offered;
	size_t name_count;
	bool has_selected;
	bool is_unknown; /* an event that there is not */
};

static bool
is_of_selected(const struct notify_group *g)
{
	return g->filter == NOTIFY_SELECTED || g->filter == NOTIFY_DELAYED;
}

static bool
over(struct parser *p)
{
	p->c->is_over = true;
	return false;
}

static bool
name(struct parser *p, struct notify_group *g)
{
	if (p->name_count == NOTIFY_NAMES_MAX)
		return over(p);
	p->name_count++;
	return imap_astring(p->c, &g->names[g->name_count++]);
}

/* Names that can stand in the rest of the command at most. */
static size_t
count_names(const struct imap_cursor *c)
{
	size_t count = 1;

	for (size_t i = 0; i < c->at.n && count < NOTIFY_NAMES_MAX; i++)
		count += c->at.p[i] == ' ';
	return count;
}

/* one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")" */
static bool
names(struct parser *p, struct notify_group *g)
{
	bool is_many = imap_char(p->c, '(');

	g->names = arena_alloc(p->c->arena, is_many ? count_names(p->c) : 1, sizeof(*g->names));
	if (!g->names)
		return over(p);
	if (!is_many)
		return name(p, g);
	do {
		if (!name(p, g))
			return false;
	} while (imap_sp(p->c));
	return imap_char(p->c, ')');
}

/* filter-mailboxes SP */
static bool
filter(struct parser *p, struct notify_group *g)
{
	struct str word;
	size_t i;

	if (!imap_atom(p->c, &word) || !imap_sp(p->c))
		return false;
	for (i = 0; i < NOTIFY_FILTER_COUNT; i++)
		if (str_eq_nocase(word, filters[i]))
			break;
	if (i == NOTIFY_FILTER_COUNT)
		return false;
	g->filter = (enum notify_filter)i;
	if (is_of_selected(g)) { /* RFC 5465 6.1: only one of them */
		if (p->has_selected)
			return false;
		p->has_selected = true;
	}
	if (g->filter != NOTIFY_SUBTREE && g->filter != NOTIFY_MAILBOXES)
		return true;
	return names(p, g) && imap_sp(p->c);
}

/* [SP "(" fetch-att *(SP fetch-att) ")"] of MessageNew, only for the selected mailbox */
static bool
fetch_atts(struct parser *p, const struct notify_group *g)
{
	struct imap_cursor at = *p->c;

	if (!imap_sp(&at) || !imap_next_is(&at, '('))
		return true;
	if (!is_of_selected(g) || !imap_fetch_parse(&at, &p->out->fetch)) {
		p->c->is_over = at.is_over;
		return false;
	}
	p->out->has_fetch = true;
	p->c->at = at.at;
	return true;
}

static bool
event(struct parser *p, struct notify_group *g)
{
	struct str word;

	if (!imap_atom(p->c, &word))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (!(events[i].event & p->offered) || !str_eq_nocase(word, events[i].name))
			continue;
		g->events |= events[i].event;
		return events[i].event != NOTIFY_NEW || fetch_atts(p, g);
	}
	p->is_unknown = true;
	return true;
}

/* RFC 5465 5: MessageNew and MessageExpunge go together, and FlagChange with both */
static bool
is_sound(const struct notify_group *g)
{
	unsigned both = NOTIFY_NEW | NOTIFY_EXPUNGE;

	if (g->events & NOTIFY_MESSAGES && (g->events & both) != both)
		return false;
	return !is_of_selected(g) || !(g->events & ~(unsigned)NOTIFY_MESSAGES);
}

/* event-group = "(" filter-mailboxes SP ( "(" event *(SP event) ")" / "NONE" ) ")" */
static bool
group(struct parser *p, struct notify_group *g)
{
	*g = (struct notify_group){ .events = 0 };
	if (!imap_char(p->c, '(') || !filter(p, g))
		return false;
	if (imap_keyword(p->c, STR("NONE")))
		return imap_char(p->c, ')');
	if (!imap_char(p->c, '('))
		return false;
	do {
		if (!event(p, g))
			return false;
	} while (imap_sp(p->c));
	return imap_char(p->c, ')') && imap_char(p->c, ')') && (p->is_unknown || is_sound(g));
}

/* "SET" [SP "STATUS"] SP event-group *(SP event-group) */
static bool
set(struct parser *p)
{
	struct notify_request *out = p->out;

	out->is_set = true;
	if (!imap_keyword(p->c, STR("SET")) || !imap_sp(p->c))
		return false;
	out->has_status = imap_keyword(p->c, STR("STATUS"));
	if (out->has_status && !imap_sp(p->c))
		return false;
	out->groups = arena_alloc(p->c->arena, NOTIFY_GROUPS_MAX, sizeof(*out->groups));
	if (!out->groups)
		return over(p);
	do {
		if (out->group_count == NOTIFY_GROUPS_MAX)
			return over(p);
		if (!group(p, &out->groups[out->group_count++]))
			return false;
	} while (imap_sp(p->c));
	return true;
}

enum fail
imap_notify_parse(struct imap_cursor *c, unsigned offered, struct notify_request *out)
{
	struct parser p = { .c = c, .out = out, .offered = offered };

	*out = (struct notify_request){ .is_set = false };
	if (!imap_keyword(c, STR("NONE")) && !set(&p))
		return imap_cursor_fail(c);
	if (!imap_at_end(c))
		return FAIL_SYNTAX;
	return p.is_unknown ? FAIL_PERM : FAIL_NONE;
}

void
imap_notify_names_write(struct buf *out, unsigned which)
{
	bool is_first = true;

	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (!(which & events[i].event))
			continue;
		if (!is_first)
			buf_add_char(out, ' ');
		buf_add(out, events[i].name);
		is_first = false;
	}
}
