#include "mail/notify.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

void
mail_watch_start(struct mail_watch *w, struct account *a, uint32_t mailbox, struct task *task)
{
	mail_watch_stop(w);
	*w = (struct mail_watch){ .task = task, .mailbox = mailbox };
	list_append(&account_inner(a)->watches, &w->node);
	if (a->is_lost)
		w->bits = MAIL_LOST;
}

void
mail_watch_sharing(struct mail_watch *w, struct mail *m, struct task *task)
{
	mail_watch_stop(w);
	*w = (struct mail_watch){ .task = task };
	list_append(&m->sharing_watches, &w->node);
}

void
mail_watch_stop(struct mail_watch *w)
{
	list_remove(&w->node);
	w->bits = w->pending = 0;
}

unsigned
mail_watch_take(struct mail_watch *w)
{
	unsigned bits = w->bits;

	w->bits = 0;
	return bits;
}

void
watches_mark(struct account_private *p, uint32_t mailbox, unsigned bits)
{
	for (struct list_node *n = list_first(&p->watches); n; n = list_next(&p->watches, n)) {
		struct mail_watch *w = container_of(n, struct mail_watch, node);

		if (w->mailbox == mailbox)
			w->pending |= bits;
	}
}

static void
fire(const struct list *watches, unsigned more)
{
	for (struct list_node *n = list_first(watches); n; n = list_next(watches, n)) {
		struct mail_watch *w = container_of(n, struct mail_watch, node);
		unsigned bits = w->pending | more;

		w->pending = 0;
		if (!bits)
			continue;
		w->bits |= bits;
		if (w->task)
			task_wake(w->task);
	}
}

void
watches_fire(struct account_private *p, unsigned more)
{
	fire(&p->watches, more);
}

void
sharing_fire(struct mail *m)
{
	if (m->sharing == m->sharing_told)
		return;
	m->sharing_told = m->sharing;
	fire(&m->sharing_watches, MAIL_CHANGED_SHARING);
}
