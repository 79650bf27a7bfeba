#include "message/body.h"

/* base */
#include "base/limits.h"

/*
 * parseStructure() of RFC 8621 4.1.4, with its recursion turned into a bounded one: its depth is the
 * tree's, which MESSAGE_DEPTH_MAX bounds.
 */
struct collector {
	struct arena *a; /* borrow: the caller's */
	struct body_list text, html, attachments;
	size_t room; /* items in each list: the number of parts */
};

static void
push(struct body_list *list, size_t room, const struct part *p)
{
	if (list->count < room)
		list->items[list->count++] = p;
}

static bool
is_inline_media(const struct part *p)
{
	return part_is(p, STR("image"), STR("")) || part_is(p, STR("audio"), STR("")) ||
	    part_is(p, STR("video"), STR(""));
}

static bool
is_text(const struct part *p, const char *subtype)
{
	return part_is(p, STR("text"), str_c(subtype));
}

struct where {
	struct str multipart; /* the subtype of the multipart around */
	bool in_alternative;
	bool has_text, has_html; /* these lists are still wanted ("not null" in the RFC) */
};

static void walk(struct collector *c, const struct part *first, struct where w);

static void
leaf(struct collector *c, const struct part *p, struct where *w, bool is_first)
{
	bool is_inline = !p->is_attachment &&
	    (is_text(p, "plain") || is_text(p, "html") || is_inline_media(p)) &&
	    (is_first ||
		(!str_eq(w->multipart, STR("related")) && (is_inline_media(p) || p->name.n == 0)));

	if (!is_inline) {
		push(&c->attachments, c->room, p);
		return;
	}
	if (str_eq(w->multipart, STR("alternative"))) {
		struct body_list *list = is_text(p, "plain") ? &c->text
		    : is_text(p, "html")                     ? &c->html
							     : &c->attachments;
		bool is_wanted = list == &c->text ? w->has_text
		    : list == &c->html            ? w->has_html
						  : true;

		if (is_wanted)
			push(list, c->room, p);
		return;
	}
	if (w->in_alternative) {
		if (is_text(p, "plain"))
			w->has_html = false;
		if (is_text(p, "html"))
			w->has_text = false;
	}
	if (w->has_text)
		push(&c->text, c->room, p);
	if (w->has_html)
		push(&c->html, c->room, p);
	if ((!w->has_text || !w->has_html) && is_inline_media(p))
		push(&c->attachments, c->room, p);
}

/* The parts from `first` on, which are siblings. */
static void
walk(struct collector *c, const struct part *first, struct where w)
{
	size_t text_before = c->text.count, html_before = c->html.count;

	for (const struct part *p = first; p; p = p->next) {
		if (p->kind == PART_MULTIPART) {
			struct where inner = w;

			inner.multipart = p->subtype;
			inner.in_alternative |= str_eq(p->subtype, STR("alternative"));
			walk(c, p->child, inner);
		} else {
			leaf(c, p, &w, p == first);
		}
		if (p->parent == NULL)
			break;
	}
	/* A body in one form only is the body in the other form too. */
	if (str_eq(w.multipart, STR("alternative")) && w.has_text && w.has_html) {
		size_t text_after = c->text.count, html_after = c->html.count;

		if (text_before == text_after && html_before != html_after)
			for (size_t i = html_before; i < html_after; i++)
				push(&c->text, c->room, c->html.items[i]);
		if (html_before == html_after && text_before != text_after)
			for (size_t i = text_before; i < text_after; i++)
				push(&c->html, c->room, c->text.items[i]);
	}
}

void
bodies_find(const struct message *m, struct arena *a, struct bodies *out)
{
	struct collector c = { .a = a, .room = m->part_count };
	struct where w = { .multipart = STR("mixed"), .has_text = true, .has_html = true };

	*out = (struct bodies){ .text = { 0 } };
	c.text.items = arena_alloc(a, c.room, sizeof *c.text.items);
	c.html.items = arena_alloc(a, c.room, sizeof *c.html.items);
	c.attachments.items = arena_alloc(a, c.room, sizeof *c.attachments.items);
	if (c.text.items == NULL || c.html.items == NULL || c.attachments.items == NULL)
		return;
	walk(&c, &m->root, w);
	*out = (struct bodies){ c.text, c.html, c.attachments };
}

/* A picture that the text shows: it has a Content-ID and stands in a multipart/related. */
static bool
is_embedded(const struct part *p)
{
	return !p->is_attachment && p->id.n > 0 && part_is(p, STR("image"), STR("")) && p->parent &&
	    part_is(p->parent, STR("multipart"), STR("related"));
}

bool
message_has_attachment(const struct message *m)
{
	struct bodies bodies;
	struct arena a;
	bool has = false;

	if (m->is_summary)
		return m->has_attachment;
	arena_init(&a, 4 * (MESSAGE_PARTS_MAX + 1) * sizeof(void *));
	bodies_find(m, &a, &bodies);
	for (size_t i = 0; i < bodies.attachments.count && !has; i++) {
		const struct part *p = bodies.attachments.items[i];

		has = !p->is_inline && !is_embedded(p);
	}
	arena_release(&a);
	return has;
}
